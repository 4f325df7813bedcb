// SPDX-License-Identifier: GPL-2.0
/* The TXT heap (SDG appendix C): firmware's BiosData, SINIT's SinitMleData. */
#include "stage.h"

/* BiosData, version 6, from its first data byte. */
#define BIOS_VERSION 0
#define BIOS_SINIT_SIZE 4
#define BIOS_LOGICAL_PROCESSORS 24
#define BIOS_MLE_FLAGS 32
#define BIOS_ELEMENTS 36
#define MLE_FLAGS_CLIENT (1 << 1)

/* OsSinitData, version 7. */
#define OS_SINIT_VERSION 0
#define OS_SINIT_ELEMENTS 92

/* SinitMleData, version 9. */
#define SINIT_MLE_VERSION 0
#define SINIT_MLE_RLP_WAKEUP 120
#define SINIT_MLE_MDR_COUNT 128
#define SINIT_MLE_MDR_OFFSET 132
#define SINIT_MLE_DMAR_SIZE 136
#define SINIT_MLE_DMAR_OFFSET 140
#define SINIT_MLE_ELEMENTS 148

#define ELEMENT_HEADER 8
#define ELEMENT_END 0
#define ELEMENT_BIOS_SPEC_VERSION 1
#define ELEMENT_ACM 2
#define ELEMENT_MADT 6
#define ELEMENT_EVENT_LOG 8
#define ELEMENT_MCFG 9

#define MDR_SIZE 24
#define MDR_TYPE_RAM 0
#define MDR_TYPE_ECAM 3

#define ACPI_LENGTH 4
#define MCFG_FIRST 44

/* TXT.ERRORCODE of an ACM: SINIT, class 0xc (ACPI), major 4 (DMAR missing). */
#define ERROR_NO_DMAR 0xc00010c1

static u8 *add_element(u8 *at, u32 type, const void *data, u32 size)
{
	put32(at, type);
	put32(at + 4, ELEMENT_HEADER + size);
	memcpy(at + ELEMENT_HEADER, data, size);
	return at + ELEMENT_HEADER + size;
}

/* Firmware: BiosData at the heap's base, the rest zero. */
void heap_init(void)
{
	static const u8 spec_version[6] = { 2, 0, 1, 0, 0, 0 };	/* 2.1.0 as three u16 */
	u8 *heap = (u8 *)layout.heap, *bios = heap + 8, *at = bios + BIOS_ELEMENTS;
	u8 acm[12];

	memset(heap, 0, HEAP_SIZE);
	put32(bios + BIOS_VERSION, 6);
	put32(bios + BIOS_SINIT_SIZE, acm_size());
	put32(bios + BIOS_LOGICAL_PROCESSORS, cpu_count);
	put32(bios + BIOS_MLE_FLAGS, MLE_FLAGS_CLIENT);
	at = add_element(at, ELEMENT_BIOS_SPEC_VERSION, spec_version, sizeof(spec_version));
	put32(acm, 1);
	put64(acm + 4, layout.sinit);
	at = add_element(at, ELEMENT_ACM, acm, sizeof(acm));
	at = add_element(at, ELEMENT_END, NULL, 0);
	put64(heap, align_up((u32)(at - heap), 8));
}

/* Walks to the tables that SINIT needs; false on anything SINIT would refuse. */
bool heap_tables(struct heap_tables *tables)
{
	u8 *table = (u8 *)layout.heap, *end = table + HEAP_SIZE, *element, *limit = NULL;

	for (int i = 0; i < 3; i++) {
		u64 size = get64(table);

		if (size < 8 || size > (u64)(end - table) - 8)
			return false;
		if (i == 2) {
			tables->os_sinit = table + 8;
			limit = table + size;
		}
		table += size;
	}
	tables->sinit_mle = table;
	tables->sinit_mle_room = end - table;
	tables->log_pointer = NULL;
	if (get32(tables->os_sinit + OS_SINIT_VERSION) != 7)
		return false;
	element = tables->os_sinit + OS_SINIT_ELEMENTS;
	while (element + ELEMENT_HEADER <= limit && get32(element) != ELEMENT_END) {
		u32 size = get32(element + 4);

		if (size < ELEMENT_HEADER || size > (u32)(limit - element))
			return false;
		if (get32(element) == ELEMENT_EVENT_LOG)
			tables->log_pointer = element + ELEMENT_HEADER;
		element += size;
	}
	return tables->log_pointer;
}

static void add_mdr(u8 *mdr, u64 base, u64 length, u8 type)
{
	memset(mdr, 0, MDR_SIZE);
	put64(mdr, base);
	put64(mdr + 8, length);
	mdr[16] = type;
}

static u32 add_mdrs(u8 *at)
{
	const u8 *mcfg = acpi_find("MCFG");
	u32 count = 0;

	for (u32 i = 0; i < e820_count; i++)
		if (e820[i].type == E820_RAM)
			add_mdr(at + MDR_SIZE * count++, e820[i].base, e820[i].length,
				MDR_TYPE_RAM);
	if (mcfg && get32(mcfg + ACPI_LENGTH) >= MCFG_FIRST + 16) {
		const u8 *first = mcfg + MCFG_FIRST;

		add_mdr(at + MDR_SIZE * count++, get64(first),
			((u64)first[11] - first[10] + 1) << 20, MDR_TYPE_ECAM);
	}
	return count;
}

static u8 *add_table(u8 *at, u32 type, const char *signature)
{
	const u8 *table = acpi_find(signature);

	if (!table)
		return at;
	return add_element(at, type, table, get32(table + ACPI_LENGTH));
}

/* SINIT: version 9. Both offsets count from the table's size field (tboot, Linux). */
void heap_write_sinit_mle(const struct heap_tables *tables)
{
	u8 *table = tables->sinit_mle, *data = table + 8, *at;
	const u8 *dmar = acpi_find("DMAR");
	u32 mdrs;

	if (!dmar)
		txt_shutdown(ERROR_NO_DMAR, "SINIT: no DMAR table");
	memset(table, 0, tables->sinit_mle_room);
	put32(data + SINIT_MLE_VERSION, 9);
	put32(data + SINIT_MLE_RLP_WAKEUP, (u32)&rlp_wakeup);
	at = add_table(data + SINIT_MLE_ELEMENTS, ELEMENT_MADT, "APIC");
	at = add_table(at, ELEMENT_MCFG, "MCFG");
	at = add_element(at, ELEMENT_END, NULL, 0);
	at = (u8 *)align_up((u32)at, 16);
	mdrs = add_mdrs(at);
	put32(data + SINIT_MLE_MDR_COUNT, mdrs);
	put32(data + SINIT_MLE_MDR_OFFSET, at - table);
	at = (u8 *)align_up((u32)at + MDR_SIZE * mdrs, 16);
	memcpy(at, dmar, get32(dmar + ACPI_LENGTH));
	put32(data + SINIT_MLE_DMAR_SIZE, get32(dmar + ACPI_LENGTH));
	put32(data + SINIT_MLE_DMAR_OFFSET, at - table);
	at += get32(dmar + ACPI_LENGTH);
	put64(table, align_up((u32)(at - table), 16));
}
