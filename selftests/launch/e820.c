// SPDX-License-Identifier: GPL-2.0
/* The memory map, and the block at the top of the RAM below 4 GiB that leaves it. */
#include "stage.h"

#define MBI_FLAG_MMAP 0x40
#define MBI_MMAP_LENGTH 11
#define MBI_MMAP_ADDRESS 12

/* What is left to the machine below the block, at least. */
#define LOWEST_BLOCK (256 * MIB)

struct e820_entry e820[E820_MAX];
u32 e820_count;
struct layout layout;

/*
 * One past the last byte of the highest RAM below 4 GiB, on a 2 MiB boundary
 * (the granularity of VT-d's protected memory regions); 0 if there is none.
 */
static u32 top_of_ram(const u32 *boot_info)
{
	const u8 *p = (const u8 *)boot_info[MBI_MMAP_ADDRESS];
	const u8 *end = p + boot_info[MBI_MMAP_LENGTH];
	u32 top = 0;

	for (; p < end; p += get32(p) + 4) {
		const struct e820_entry *entry = (const struct e820_entry *)p;
		u64 limit = entry->base + entry->length;
		u32 candidate;

		if (entry->type != E820_RAM || limit > 0xffffffffull)
			continue;
		candidate = (u32)limit & ~(2 * MIB - 1);
		if (candidate > top && candidate - BLOCK_SIZE >= entry->base)
			top = candidate;
	}
	return top;
}

/* Runs before relocation: no variables of its own. Returns the stage's place. */
u32 stage_place(const u32 *boot_info)
{
	u32 top;

	if (!(boot_info[0] & MBI_FLAG_MMAP))
		die("the loader gave no memory map");
	top = top_of_ram(boot_info);
	if (top < LOWEST_BLOCK + BLOCK_SIZE)
		die("not enough RAM below 4 GiB: 512 MiB are needed");
	return top - BLOCK_SIZE + STAGE_OFFSET;
}

static void add(u64 base, u64 length, u32 type)
{
	struct e820_entry *entry = &e820[e820_count];
	u32 i;

	if (!length)
		return;
	if (e820_count == E820_MAX)
		die("memory map too long");
	for (i = e820_count++; i && e820[i - 1].base > base; i--, entry--)
		*entry = *(entry - 1);
	entry->size = sizeof(*entry) - sizeof(entry->size);
	entry->base = base;
	entry->length = length;
	entry->type = type;
}

/* Copies the map, sorted; the RAM from the block on to its region's end is reserved. */
void e820_init(const u32 *boot_info)
{
	const u8 *p = (const u8 *)boot_info[MBI_MMAP_ADDRESS];
	const u8 *end = p + boot_info[MBI_MMAP_LENGTH];

	layout.top = top_of_ram(boot_info);
	layout.block = layout.top - BLOCK_SIZE;
	layout.sinit = layout.block + SINIT_OFFSET;
	layout.heap = layout.block + HEAP_OFFSET;
	for (; p < end; p += get32(p) + 4) {
		struct e820_entry entry;

		memcpy(&entry, p, sizeof(entry));
		if (entry.type == E820_RAM && entry.base < layout.block &&
		    entry.base + entry.length > layout.block) {
			add(layout.block, entry.base + entry.length - layout.block, E820_RESERVED);
			entry.length = layout.block - entry.base;
		}
		add(entry.base, entry.length, entry.type);
	}
}
