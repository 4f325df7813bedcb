// SPDX-License-Identifier: GPL-2.0
/*
 * What the firmware keeps in memory that the resource map only calls reserved:
 * ACPI tables, where the memory map does not mark them (SeaBIOS), and memory
 * of EFI's runtime services, which the map of an EFI machine never marks.
 */
#include <linux/acpi.h>
#include <linux/efi.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include <launchguard/helpers.h>

static bool overlaps(u64 base, u64 size, u64 other, u64 other_size)
{
	/* No sums: what the firmware says of itself may wrap. */
	return base < other ? other - base < size : base - other < other_size;
}

/* ACPICA knows where its tables are, and only tells where it mapped them. */
static u64 table_base(const struct acpi_table_header *table)
{
	if (is_vmalloc_addr(table))
		return PFN_PHYS(vmalloc_to_pfn(table)) + offset_in_page(table);
	return virt_addr_valid(table) ? virt_to_phys((void *)table) : 0;
}

static bool holds_acpi(u64 base, u64 size)
{
	struct acpi_table_header *table;
	bool found = false;
	acpi_status status;
	u32 index;

	for (index = 0; !found; index++) {
		status = acpi_get_table_by_index(index, &table);
		if (status == AE_BAD_PARAMETER)
			return false;
		if (ACPI_FAILURE(status))
			continue;
		found = overlaps(base, size, table_base(table), table->length);
		acpi_put_table(table);
	}
	return found;
}

static bool holds_efi(u64 base, u64 size)
{
#ifdef CONFIG_EFI
	efi_memory_desc_t *md;

	if (!efi_enabled(EFI_MEMMAP))
		return false;
	for_each_efi_memory_desc(md) {
		if (!(md->attribute & EFI_MEMORY_RUNTIME) &&
		    md->type != EFI_ACPI_RECLAIM_MEMORY &&
		    md->type != EFI_ACPI_MEMORY_NVS)
			continue;
		if (overlaps(base, size, md->phys_addr,
			     md->num_pages << EFI_PAGE_SHIFT))
			return true;
	}
#endif
	return false;
}

enum lg_firmware lg_memory_firmware(u64 base, u64 size)
{
	if (holds_acpi(base, size))
		return LG_FIRMWARE_ACPI;
	if (holds_efi(base, size))
		return LG_FIRMWARE_EFI;
	return LG_FIRMWARE_NONE;
}
