// SPDX-License-Identifier: GPL-2.0
/*
 * GETSEC[SENTER] from the rendezvous on, then SINIT, up to the MLE's first
 * instruction. Order and content of the events: SDG table E-6, TPM 2.0, no
 * launch control policy (ANY), no STM, no AUX index.
 */
#include "stage.h"

#define ICR_LOW (LAPIC + 0x300)
#define ICR_INIT_OTHERS 0xc4500
#define ICR_STARTUP_OTHERS (0xc4600 | LOW_TRAMPOLINE >> 12)

#define OS_SINIT_PAGE_TABLE 8
#define OS_SINIT_MLE_SIZE 16
#define OS_SINIT_MLE_HEADER 24
#define OS_SINIT_CAPABILITIES 80

#define LOG_ADDRESS 0
#define LOG_ALLOCATED 8
#define LOG_FIRST 12
#define LOG_NEXT 16

#define MLE_ENTRY 24
#define PTE_ADDRESS 0xfffffffffffff000ull
#define MLE_MAX 0x40000000u

#define EV_HASH_START 0x402
#define EV_MLE_HASH 0x404
#define EV_BIOSAC_REG_DATA 0x40a
#define EV_CPU_SCRTM_STAT 0x40b
#define EV_LCP_CONTROL_HASH 0x40c
#define EV_STM_HASH 0x40e
#define EV_OSSINITDATA_CAP_HASH 0x40f
#define EV_SINIT_PUBKEY_HASH 0x410
#define EV_LCP_DETAILS_HASH 0x412
#define EV_LCP_AUTHORITIES_HASH 0x413
#define EV_NV_INFO_HASH 0x414

#define TXT_PUBLIC_KEY (TXT_PRIVATE + 0x400)
#define PUBLIC_KEY_SIZE 32

/* ACM errors of SINIT (SDG I-3, I-4): class 9 heap, 0xf MLE header, 0x10 page tables, 4 TPM. */
#define ERROR_HEAP 0xc0000491
#define ERROR_MLE_HEADER 0xc00004f1
#define ERROR_PAGE_TABLE 0xc0000501
#define ERROR_TPM 0xc0000441

struct hash_start {
	u8 sinit[32];
	u32 edx;
} __packed;

static void pause_for(u32 rounds)
{
	while (rounds--)
		cpu_relax();
}

/* All other processors into the stage, by INIT and SIPI. */
static void rendezvous(void)
{
	memcpy((void *)LOW_TRAMPOLINE, rlp_trampoline, rlp_trampoline_end - rlp_trampoline);
	mmio_write32(ICR_LOW, ICR_INIT_OTHERS);
	pause_for(1000000);
	/* one that waits already ignores another SIPI */
	while (rlp_parked != cpu_count - 1) {
		mmio_write32(ICR_LOW, ICR_STARTUP_OTHERS);
		for (u32 i = 0; i < 10000000 && rlp_parked != cpu_count - 1; i++)
			cpu_relax();
	}
	say_value("RLPs parked:", rlp_parked);
}

/* Physical address of a linear address in the MLE's page tables. */
static u32 translate(u64 tables, u32 linear)
{
	u32 index[3] = { linear >> 30, linear >> 21 & 511, linear >> 12 & 511 };
	u64 entry = tables & PTE_ADDRESS;

	for (int level = 0; level < 3; level++) {
		if (entry >> 32)
			txt_shutdown(ERROR_PAGE_TABLE, "SINIT: MLE page table above 4 GiB");
		entry = get64((const u64 *)(u32)(entry & PTE_ADDRESS) + index[level]);
		if (!(entry & 1))
			txt_shutdown(ERROR_PAGE_TABLE, "SINIT: MLE page not present");
	}
	return (u32)(entry & PTE_ADDRESS) | (linear & (PAGE_SIZE - 1));
}

static const u8 *measure_mle(u64 tables, u32 size)
{
	tpm_sequence_start(TPM_ALG_NULL);
	for (u32 at = 0; at < size; at += PAGE_SIZE) {
		u32 part = size - at < PAGE_SIZE ? size - at : PAGE_SIZE;

		tpm_sequence_update((const void *)translate(tables, at), part);
	}
	return tpm_sequence_end(17);
}

static void extend(u32 pcr, u32 type, const void *data, u32 size)
{
	log_event(pcr, type, tpm_event(pcr, data, size), data, size);
}

/* The events of SINIT. HASH_START was extended by the processor and is only logged. */
static void measure(const struct heap_tables *tables, const struct hash_start *start)
{
	static const u8 zero[32];
	const u8 *os_sinit = tables->os_sinit;
	const u8 *capabilities = os_sinit + OS_SINIT_CAPABILITIES, *digests;
	u8 *pointer = tables->log_pointer;

	digests = tpm_event(TPM_RH_NULL, start, sizeof(*start));
	log_start(get32(pointer + LOG_ADDRESS), get32(pointer + LOG_ALLOCATED), digests);
	log_event(17, EV_HASH_START, digests, start, sizeof(*start));
	extend(17, EV_BIOSAC_REG_DATA, zero, 32);
	extend(17, EV_CPU_SCRTM_STAT, zero, 4);
	extend(17, EV_LCP_CONTROL_HASH, zero, 4);
	extend(17, EV_LCP_DETAILS_HASH, zero, 1);
	extend(17, EV_STM_HASH, zero, 1);
	extend(17, EV_OSSINITDATA_CAP_HASH, capabilities, 4);
	digests = measure_mle(get64(os_sinit + OS_SINIT_PAGE_TABLE),
			      get32(os_sinit + OS_SINIT_MLE_SIZE));
	log_event(17, EV_MLE_HASH, digests, NULL, 0);
	extend(17, EV_NV_INFO_HASH, zero, 3);

	digests = tpm_event(18, (const void *)TXT_PUBLIC_KEY, PUBLIC_KEY_SIZE);
	log_event(18, EV_SINIT_PUBKEY_HASH, digests, NULL, 0);
	extend(18, EV_CPU_SCRTM_STAT, zero, 4);
	extend(18, EV_LCP_CONTROL_HASH, zero, 4);
	extend(18, EV_OSSINITDATA_CAP_HASH, capabilities, 4);
	extend(18, EV_LCP_AUTHORITIES_HASH, zero, 1);
	extend(18, EV_NV_INFO_HASH, zero, 3);
	put32(pointer + LOG_FIRST, 0);
	put32(pointer + LOG_NEXT, log_size());
}

/* Physical address of the MLE's entry point, its header checked. */
static u32 mle_entry(const u8 *os_sinit)
{
	static const u8 uuid[16] = { 0x5a, 0xac, 0x82, 0x90, 0x6f, 0x47, 0xa7, 0x74,
				     0x0f, 0x5c, 0x55, 0xa2, 0xcb, 0x51, 0xb6, 0x42 };
	u64 tables = get64(os_sinit + OS_SINIT_PAGE_TABLE);
	u64 header = get64(os_sinit + OS_SINIT_MLE_HEADER);
	u64 size = get64(os_sinit + OS_SINIT_MLE_SIZE);
	const u8 *at;

	if (!size || size > MLE_MAX || header > size - 52)
		txt_shutdown(ERROR_MLE_HEADER, "SINIT: MLE size");
	at = (const u8 *)translate(tables, header);
	if (memcmp(at, uuid, sizeof(uuid)) || get32(at + MLE_ENTRY) >= size)
		txt_shutdown(ERROR_MLE_HEADER, "SINIT: MLE header");
	return translate(tables, get32(at + MLE_ENTRY));
}

void __noreturn senter(void)
{
	struct hash_start start = { .edx = 0 };
	struct heap_tables tables;
	u32 entry, page_tables;

	if (cpu_count > 1)
		rendezvous();
	opcodes_apply(false);

	/* the processor: the module's hash, then the locality 4 sequence over hash and EDX */
	if (!tpm_open())
		txt_shutdown(ERROR_TPM, "SENTER: no TPM");
	acm_measure(layout.sinit, start.sinit);
	tpm_close();
	mailbox(MAILBOX_HASH_START, NULL, 0);
	mailbox(MAILBOX_HASH_DATA, &start, sizeof(start));
	mailbox(MAILBOX_HASH_END, NULL, 0);

	/* SINIT */
	if (!heap_tables(&tables))
		txt_shutdown(ERROR_HEAP, "SINIT: heap");
	entry = mle_entry(tables.os_sinit);
	page_tables = get32(tables.os_sinit + OS_SINIT_PAGE_TABLE);
	tpm_open();
	measure(&tables, &start);
	tpm_close();
	heap_write_sinit_mle(&tables);
	mailbox(MAILBOX_SENTER_DONE, NULL, 0);

	opcodes_apply(true);
	smxe_set_all();
	say_value("entering the MLE at", entry);
	jump_to(entry, 0, entry, page_tables, 0);
}
