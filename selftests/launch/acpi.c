// SPDX-License-Identifier: GPL-2.0
/* The ACPI tables that SINIT copies, and the memory type of the PCIe configuration space. */
#include "stage.h"

#define BIOS_AREA 0xe0000u
#define BIOS_AREA_END 0x100000u
#define RSDP_RSDT 16
#define TABLE_LENGTH 4
#define TABLE_HEADER 36
#define MCFG_FIRST 44

#define MSR_MTRR_CAP 0xfe
#define MSR_MTRR_BASE(n) (0x200 + 2 * (n))
#define MSR_MTRR_MASK(n) (0x201 + 2 * (n))
#define MTRR_VALID 0x800

static const u8 *find_rsdp(void)
{
	for (u32 a = BIOS_AREA; a < BIOS_AREA_END; a += 16)
		if (!memcmp((void *)a, "RSD PTR ", 8))
			return (const u8 *)a;
	return NULL;
}

/* A table of the RSDT by its signature; NULL if there is none. */
const u8 *acpi_find(const char *signature)
{
	const u8 *rsdp = find_rsdp(), *rsdt;
	u32 length;

	if (!rsdp)
		return NULL;
	rsdt = (const u8 *)get32(rsdp + RSDP_RSDT);
	length = get32(rsdt + TABLE_LENGTH);
	for (u32 i = TABLE_HEADER; i + 4 <= length; i += 4) {
		const u8 *table = (const u8 *)get32(rsdt + i);

		if (!memcmp(table, signature, 4))
			return table;
	}
	return NULL;
}

/*
 * tboot wants the memory-mapped configuration space uncached by a variable
 * MTRR; SeaBIOS covers only what lies from 3 GiB up.
 */
void reserve_ecam_uncached(void)
{
	const u8 *mcfg = acpi_find("MCFG");
	u32 a, b, c, d, free, count = rdmsr(MSR_MTRR_CAP) & 0xff;
	u64 base, size, width;

	if (!mcfg || get32(mcfg + TABLE_LENGTH) < MCFG_FIRST + 16)
		return;
	base = get64(mcfg + MCFG_FIRST);
	size = ((u64)mcfg[MCFG_FIRST + 11] - mcfg[MCFG_FIRST + 10] + 1) << 20;
	cpuid(0x80000008, &a, &b, &c, &d);
	width = a & 0xff;
	for (free = 0; free < count; free++)
		if (!(rdmsr(MSR_MTRR_MASK(free)) & MTRR_VALID))
			break;
	if (free == count)
		die("no free variable MTRR");
	wrmsr(MSR_MTRR_BASE(free), base);
	wrmsr(MSR_MTRR_MASK(free), (((1ull << width) - 1) & ~(size - 1)) | MTRR_VALID);
}
