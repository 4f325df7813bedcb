// SPDX-License-Identifier: GPL-2.0
/*
 * Firmware's part: TXT registers, heap and SINIT in place, then tboot as a boot
 * loader would start it. Modules: parameters, SINIT, then (tboot mode) tboot and
 * what tboot starts, or (Linux mode) kernel and initrd.
 */
#include "stage.h"

#define MULTIBOOT_LOADER 0x2badb002
#define MBI_FLAGS 0
#define MBI_COMMAND_LINE 4
#define MBI_MODULE_COUNT 5
#define MBI_MODULES 6
#define MBI_MMAP_LENGTH 11
#define MBI_MMAP_ADDRESS 12
#define MBI_SIZE 128
#define MBI_FLAG_MEMORY 1
#define MBI_FLAG_COMMAND_LINE 4
#define MBI_FLAG_MODULES 8
#define MBI_FLAG_MMAP 0x40
#define MODULES_MAX 32

#define FW_CFG_SELECT 0x510
#define FW_CFG_DATA 0x511
#define FW_CFG_CPUS 5
#define CPUS_MAX 8

#define MSR_FEATURE_CONTROL 0x3a

#define TXT_SINIT_BASE 0x270
#define TXT_SINIT_SIZE 0x278
#define TXT_HEAP_BASE 0x300
#define TXT_HEAP_SIZE 0x308
#define TXT_DPR 0x330
#define DPR_LOCK 1

#define ELF_ENTRY 24
#define ELF_PROGRAM_HEADERS 28
#define ELF_PROGRAM_HEADER_COUNT 44
#define PT_LOAD 1

struct module {
	u32 start;
	u32 end;
	const char *text;
	u32 reserved;
};

struct program_header {
	u32 type, offset, virtual, physical, file_size, memory_size, flags, align;
};

struct exception_frame {
	u32 vector, error, eip, cs, eflags;
};

u32 cpu_count;

static char *strings = (char *)LOW_STRINGS;

void __noreturn exception_handler(const struct exception_frame *frame)
{
	say_value("exception", frame->vector);
	say_value("  error code", frame->error);
	say_value("  at", frame->eip);
	die("the stage itself faulted");
}

static void load_own_idt(void)
{
	static u64 idt[32];
	struct {
		u16 limit;
		u32 base;
	} __packed pointer = { sizeof(idt) - 1, (u32)idt };

	for (u32 i = 0; i < ARRAY_SIZE(idt); i++) {
		u32 stub = (u32)exception_stubs + 16 * i;

		idt[i] = (u64)((stub & 0xffff0000) | 0x8e00) << 32 | 8 << 16 | (stub & 0xffff);
	}
	asm volatile("lidt %0" : : "m"(pointer));
}

static void count_cpus(void)
{
	outw(FW_CFG_SELECT, FW_CFG_CPUS);
	cpu_count = inb(FW_CFG_DATA);
	cpu_count |= (u32)inb(FW_CFG_DATA) << 8;
	if (!cpu_count || cpu_count > CPUS_MAX)
		die("1 to 8 processors are supported");
}

static void firmware(const struct module *sinit)
{
	chipset_open();
	mailbox(MAILBOX_RESET, NULL, 0);
	acm_place((const u8 *)sinit->start, sinit->end - sinit->start);
	heap_init();
	mmio_write64(TXT_PRIVATE + TXT_SINIT_BASE, layout.sinit);
	mmio_write64(TXT_PRIVATE + TXT_SINIT_SIZE, SINIT_SIZE);
	mmio_write64(TXT_PRIVATE + TXT_HEAP_BASE, layout.heap);
	mmio_write64(TXT_PRIVATE + TXT_HEAP_SIZE, HEAP_SIZE);
	mmio_write64(TXT_PRIVATE + TXT_DPR, layout.top | BLOCK_SIZE / MIB << 4 | DPR_LOCK);
	if (mmio_read32(TXT_PUBLIC + TXT_HEAP_BASE) != layout.heap)
		die("the public window does not show the registers");
	reserve_ecam_uncached();
}

/* A module's arguments without its file name, as GRUB 2 hands them on, in low memory. */
static char *arguments(const char *text)
{
	char *copy = strings;

	while (*text && *text != ' ')
		text++;
	while (*text == ' ')
		text++;
	do {
		if (strings == (char *)LOW_STRINGS_END)
			die("command lines too long");
		*strings++ = *text;
	} while (*text++);
	return copy;
}

static u32 load_elf(const u8 *image, u32 size)
{
	const struct program_header *header;
	u32 count;

	if (size < 52 || memcmp(image, "\177ELF\1\1", 6))
		die("the launcher is not a 32-bit ELF file");
	header = (const struct program_header *)(image + get32(image + ELF_PROGRAM_HEADERS));
	count = get16(image + ELF_PROGRAM_HEADER_COUNT);
	for (; count--; header++) {
		u8 *to = (u8 *)header->physical;

		if (header->type != PT_LOAD)
			continue;
		if (header->offset > size || header->file_size > size - header->offset ||
		    header->file_size > header->memory_size ||
		    header->physical + header->memory_size > (u32)stage_start)
			die("the launcher's segments do not fit");
		memcpy(to, image + header->offset, header->file_size);
		memset(to + header->file_size, 0, header->memory_size - header->file_size);
	}
	return get32(image + ELF_ENTRY);
}

/*
 * Boot information in low memory: tboot moves a relocatable kernel above the end
 * of all that it refers to, and that must not be this block.
 */
static u32 *boot_information(const u32 *old, const struct module *modules, u32 count)
{
	u32 *info = (u32 *)LOW_BOOT_INFO;
	struct module *copy = (struct module *)LOW_MODULES;

	memcpy(info, old, MBI_SIZE);
	memcpy((void *)LOW_E820, e820, e820_count * sizeof(e820[0]));
	info[MBI_FLAGS] = MBI_FLAG_MEMORY | MBI_FLAG_COMMAND_LINE | MBI_FLAG_MODULES |
			  MBI_FLAG_MMAP;
	info[MBI_COMMAND_LINE] = (u32)arguments(modules[0].text);
	info[MBI_MODULE_COUNT] = count - 1;
	info[MBI_MODULES] = (u32)copy;
	info[MBI_MMAP_LENGTH] = e820_count * sizeof(e820[0]);
	info[MBI_MMAP_ADDRESS] = LOW_E820;
	for (u32 i = 1; i < count; i++, copy++) {
		*copy = modules[i];
		copy->text = arguments(modules[i].text);
	}
	return info;
}

void __noreturn stage_main(u32 magic, const u32 *boot_info)
{
	const struct module *modules = (const struct module *)boot_info[MBI_MODULES];
	u32 count = boot_info[MBI_MODULE_COUNT], entry;
	const struct stage_params *params;

	load_own_idt();
	if (magic != MULTIBOOT_LOADER || !(boot_info[MBI_FLAGS] & MBI_FLAG_MODULES) ||
	    count < 3 || count > MODULES_MAX)
		die("no boot modules: this stage must be started by the test bed");
	params = (const struct stage_params *)modules[0].start;
	if (memcmp(params->magic, "LGSTAGE1", 8) ||
	    params->size != modules[0].end - modules[0].start)
		die("the first module is not the bed's parameters");
	if ((u32)rdmsr(MSR_FEATURE_CONTROL))
		die("this emulator has IA32_FEATURE_CONTROL: the stage does not know it");
	count_cpus();
	e820_init(boot_info);
	say_value("block at", layout.block);
	firmware(&modules[1]);
	modules += 2;
	count -= 2;

	if (params->mode == STAGE_MODE_LINUX) {
		say("firmware done, kernel without a launch");
		linux_start((const u8 *)modules[0].start, modules[0].end - modules[0].start,
			    count > 1 ? modules[1].start : 0,
			    count > 1 ? modules[1].end - modules[1].start : 0,
			    arguments(modules[0].text));
	}
	if (params->mode != STAGE_MODE_TBOOT || count < 2)
		die("unknown mode or no kernel");
	entry = load_elf((const u8 *)modules[0].start, modules[0].end - modules[0].start);
	opcodes_init(params);
	opcodes_apply(true);
	say_value("instructions to be emulated:", opcodes_count());
	jump_to(entry, MULTIBOOT_LOADER, (u32)boot_information(boot_info, modules, count), 0, 0);
}
