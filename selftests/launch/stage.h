/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The launch stage: plays what real, unmodified tboot expects around it and
 * an emulator lacks. Firmware that knows TXT, the processor's GETSEC, and SINIT.
 *
 * It runs in ring 0 of the machine, in memory that the e820 map reserves.
 */
#ifndef STAGE_H
#define STAGE_H

#include <stdbool.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
#define __packed __attribute__((packed))
#define __noreturn __attribute__((noreturn))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define MIB 0x100000u
#define PAGE_SIZE 4096u

/* Windows of the chipset (SDG appendix B) and of the interrupt controller. */
#define TXT_PRIVATE 0xfed20000u
#define TXT_PUBLIC 0xfed30000u
#define TXT_WINDOW_SIZE 0x10000u
#define TPM_LOCALITY(n) (0xfed40000u + ((n) << 12))
#define MAILBOX 0xfed60000u
#define LAPIC 0xfee00000u

/* Low memory that no boot loader hands on: the RLPs' 16-bit entry, boot information. */
#define LOW_TRAMPOLINE 0x8000u
#define LOW_BOOT_INFO 0xa000u
#define LOW_E820 0xa400u
#define LOW_MODULES 0xac00u
#define LOW_STRINGS 0xb000u
#define LOW_STRINGS_END 0xd000u
#define LOW_BOOT_PARAMS 0x90000u

/* SINIT, heap and stage, downwards from the top of the RAM below 4 GiB. */
#define BLOCK_SIZE (4 * MIB)
#define SINIT_OFFSET 0u
#define SINIT_SIZE 0x50000u
#define HEAP_OFFSET (1 * MIB)
#define HEAP_SIZE 0xf0000u
#define STAGE_OFFSET (2 * MIB)

struct layout {
	u32 block;	/* first byte of the block; also the base of the DPR */
	u32 top;	/* one past its last byte; TOP of the DPR */
	u32 sinit;
	u32 heap;
};

extern struct layout layout;
extern u32 cpu_count;

static inline u32 align_up(u32 value, u32 unit)
{
	return (value + unit - 1) & ~(unit - 1);
}

/* mem.c */
void *memcpy(void *to, const void *from, u32 n);
void *memset(void *to, int value, u32 n);
int memcmp(const void *a, const void *b, u32 n);

static inline u16 get16(const void *p)
{
	u16 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline u32 get32(const void *p)
{
	u32 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline u64 get64(const void *p)
{
	u64 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static inline void put16(void *p, u16 v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void put32(void *p, u32 v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline void put64(void *p, u64 v)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static inline u32 be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static inline u32 be16(const u8 *p)
{
	return (u32)p[0] << 8 | p[1];
}

static inline u8 mmio_read8(u32 a)
{
	return *(volatile u8 *)a;
}

static inline u32 mmio_read32(u32 a)
{
	return *(volatile u32 *)a;
}

static inline void mmio_write8(u32 a, u8 v)
{
	*(volatile u8 *)a = v;
}

static inline void mmio_write32(u32 a, u32 v)
{
	*(volatile u32 *)a = v;
}

static inline void mmio_write64(u32 a, u64 v)
{
	*(volatile u64 *)a = v;
}

static inline void outb(u16 port, u8 v)
{
	asm volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 v;

	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void outw(u16 port, u16 v)
{
	asm volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outl(u16 port, u32 v)
{
	asm volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline u32 inl(u16 port)
{
	u32 v;

	asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline u64 rdmsr(u32 index)
{
	u64 v;

	asm volatile("rdmsr" : "=A"(v) : "c"(index));
	return v;
}

static inline void wrmsr(u32 index, u64 v)
{
	asm volatile("wrmsr" : : "A"(v), "c"(index));
}

static inline void cpuid(u32 leaf, u32 *a, u32 *b, u32 *c, u32 *d)
{
	asm volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d) : "0"(leaf), "2"(0));
}

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

/* console.c */
void say(const char *text);
void say_value(const char *text, u32 value);
void __noreturn die(const char *why);

/* chipset.c: the register file's devices and the mailbox to the host */
enum mailbox_command {
	MAILBOX_RESET = 1,
	MAILBOX_HASH_START,
	MAILBOX_HASH_DATA,
	MAILBOX_HASH_END,
	MAILBOX_SENTER_DONE,
	MAILBOX_SEXIT_DONE,
	MAILBOX_TXT_SHUTDOWN,
	MAILBOX_KERNEL,
};

void chipset_open(void);
void mailbox(enum mailbox_command command, const void *data, u32 size);
void __noreturn txt_shutdown(u32 error, const char *why);

/* e820.c */
struct e820_entry {
	u32 size;	/* of what follows, as multiboot 1 wants it */
	u64 base;
	u64 length;
	u32 type;
} __packed;

#define E820_RAM 1
#define E820_RESERVED 2
#define E820_MAX 64

extern struct e820_entry e820[E820_MAX];
extern u32 e820_count;

u32 stage_place(const u32 *boot_info);
void e820_init(const u32 *boot_info);

/* acpi.c */
const u8 *acpi_find(const char *signature);
void reserve_ecam_uncached(void);

/* tpm.c: TIS at locality 3 and the TPM 2.0 commands that SINIT needs */
#define TPM_RH_NULL 0x40000007u
#define TPM_ALG_SHA1 0x0004
#define TPM_ALG_SHA256 0x000b
#define TPM_ALG_SHA384 0x000c
#define TPM_ALG_SHA512 0x000d
#define TPM_ALG_NULL 0x0010
#define TPM_ALG_SM3_256 0x0012

bool tpm_open(void);
void tpm_close(void);
u32 tpm_digest_size(u32 alg);
void tpm_sequence_start(u16 alg);
void tpm_sequence_update(const void *data, u32 size);
void tpm_hash_end(u8 *digest, u32 size);
const u8 *tpm_sequence_end(u32 pcr);
const u8 *tpm_event(u32 pcr, const void *data, u32 size);

/* log.c */
void log_start(u32 address, u32 size, const u8 *digests);
void log_event(u32 pcr, u32 type, const u8 *digests, const void *data, u32 size);
u32 log_size(void);

/* acm.c */
void acm_place(const u8 *image, u32 size);
u32 acm_size(void);
u32 acm_check(u32 base, u32 size);
void acm_measure(u32 base, u8 digest[32]);

/* heap.c */
void heap_init(void);

struct heap_tables {
	u8 *os_sinit;		/* data of OsSinitData */
	u8 *sinit_mle;		/* size field of SinitMleData */
	u32 sinit_mle_room;	/* bytes from there to the heap's end */
	u8 *log_pointer;	/* data of the event log element of OsSinitData */
};

bool heap_tables(struct heap_tables *tables);
void heap_write_sinit_mle(const struct heap_tables *tables);

/* opcodes.c: the changes that an emulator needs in tboot's image */
enum change_kind {
	CHANGE_CR4_WRITE = 1,
	CHANGE_CR4_READ,
	CHANGE_FEATURE_CONTROL,
	CHANGE_HANDOVER,
	CHANGE_MWAIT,		/* defined afterwards: never comes to the stage */
};

struct change {
	u32 address;
	u8 kind;
	u8 length;
	u8 old[8];
	u8 new[8];
	u8 reserved[2];
} __packed;

#define STAGE_MODE_TBOOT 1
#define STAGE_MODE_LINUX 2

struct stage_params {
	char magic[8];		/* "LGSTAGE1" */
	u32 size;		/* of all, changes included */
	u32 mode;
	u32 gate;		/* address of tboot's IDT entry for #UD */
	u8 gate_old[8];
	u32 changes;
	struct change change[];
} __packed;

extern u32 ud_next;

void opcodes_init(const struct stage_params *params);
void opcodes_apply(bool on);
u32 opcodes_count(void);
const struct change *opcodes_find(u32 eip);
void opcodes_restore_one(const struct change *change);

/* getsec.c */
struct ud_frame {
	u32 edi, esi, ebp, esp, ebx, edx, ecx, eax, eip, cs, eflags;
};

void smxe_set_all(void);

/* senter.c */
void __noreturn senter(void);

/* linux.c */
void __noreturn linux_start(const u8 *image, u32 size, u32 initrd, u32 initrd_size,
			    const char *command_line);

/* rlp.S, entry.S */
extern volatile u32 rlp_wakeup;
extern volatile u32 rlp_parked;
extern u8 rlp_trampoline[], rlp_trampoline_end[];
extern u8 stage_start[], stage_end[];
extern u8 exception_stubs[];
void ud_entry(void);
void __noreturn jump_to(u32 eip, u32 eax, u32 ebx, u32 ecx, u32 esi);
void __noreturn senter_on_own_stack(void);

#endif
