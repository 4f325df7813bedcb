// SPDX-License-Identifier: GPL-2.0
/* Starts a kernel without a launch, by the 32-bit protocol of Documentation/arch/x86/boot.rst. */
#include "stage.h"

#define SETUP_SECTS 0x1f1
#define HEADER_START 0x1f1
#define HEADER_JUMP 0x201
#define HEADER_MAGIC 0x202
#define TYPE_OF_LOADER 0x210
#define RAMDISK_IMAGE 0x218
#define RAMDISK_SIZE 0x21c
#define CMD_LINE_PTR 0x228
#define RELOCATABLE 0x234
#define PREF_ADDRESS 0x258
#define E820_ENTRIES 0x1e8
#define E820_TABLE 0x2d0
#define E820_TABLE_ENTRY 20

#define LOADER_UNDEFINED 0xff
#define SECTOR 512
#define BOOT_CS 0x10
#define BOOT_DS 0x18

/* The boot protocol names these selectors. */
static const u64 boot_gdt[] = { 0, 0, 0x00cf9b000000ffffull, 0x00cf93000000ffffull };

static void __noreturn enter(u32 entry)
{
	struct {
		u16 limit;
		u32 base;
	} __packed pointer = { sizeof(boot_gdt) - 1, (u32)boot_gdt };

	asm volatile("lgdt %0\n\t"
		     "mov %w1, %%ds\n\t"
		     "mov %w1, %%es\n\t"
		     "mov %w1, %%fs\n\t"
		     "mov %w1, %%gs\n\t"
		     "mov %w1, %%ss\n\t"
		     "ljmp %2, $1f\n"
		     "1:" : : "m"(pointer), "r"(BOOT_DS), "i"(BOOT_CS) : "memory");
	jump_to(entry, 0, 0, 0, LOW_BOOT_PARAMS);
}

void __noreturn linux_start(const u8 *image, u32 size, u32 initrd, u32 initrd_size,
			    const char *command_line)
{
	u8 *params = (u8 *)LOW_BOOT_PARAMS;
	u32 sectors = image[SETUP_SECTS] ? image[SETUP_SECTS] : 4;
	u32 setup = (sectors + 1) * SECTOR, load;

	if (size < setup || memcmp(image + HEADER_MAGIC, "HdrS", 4) || !image[RELOCATABLE])
		die("the kernel is not a relocatable bzImage");
	memset(params, 0, PAGE_SIZE);
	memcpy(params + HEADER_START, image + HEADER_START,
	       HEADER_MAGIC + image[HEADER_JUMP] - HEADER_START);
	params[TYPE_OF_LOADER] = LOADER_UNDEFINED;
	put32(params + RAMDISK_IMAGE, initrd);
	put32(params + RAMDISK_SIZE, initrd_size);
	put32(params + CMD_LINE_PTR, (u32)command_line);
	for (u32 i = 0; i < e820_count; i++)
		memcpy(params + E820_TABLE + i * E820_TABLE_ENTRY, &e820[i].base, E820_TABLE_ENTRY);
	params[E820_ENTRIES] = e820_count;
	load = get32(params + PREF_ADDRESS);
	memcpy((void *)load, image + setup, size - setup);
	mailbox(MAILBOX_KERNEL, NULL, 0);
	enter(load);
}
