// SPDX-License-Identifier: GPL-2.0
/*
 * The emulator cannot hold CR4.SMXE (it takes the bit for a guest's exit and
 * wedges) and knows no IA32_FEATURE_CONTROL, so these instructions of tboot
 * become undefined ones that the stage plays; and it spins in MWAIT, so HLT
 * stands there. Which ones a disassembler found when the list of this very
 * tboot was made; every old byte is compared before the first one is changed.
 * While tboot is measured, it is as it was.
 */
#include "stage.h"

#define GATE_SELECTOR 0x08
#define GATE_INTERRUPT 0x8e00

u32 ud_next;

#define LIST_MAX 8192

/* The stage's own copy: tboot and the kernel overwrite the boot modules. */
static u8 list_copy[LIST_MAX];
static const struct stage_params *list;
static u8 gate_new[8];

static u32 gate_target(const u8 *gate)
{
	return get16(gate) | (u32)get16(gate + 6) << 16;
}

static void check(u32 address, const u8 *old, u32 length)
{
	if (memcmp((const void *)address, old, length)) {
		say_value("opcode list differs from the image at", address);
		die("this tboot does not fit its opcode list; nothing was changed");
	}
}

/* Takes the list for the image now in memory, or refuses. */
void opcodes_init(const struct stage_params *params)
{
	u32 target = (u32)ud_entry;

	if (params->size < sizeof(*params) || params->size > sizeof(list_copy) ||
	    params->changes > (params->size - sizeof(*params)) / sizeof(params->change[0]))
		die("opcode list: wrong size");
	memcpy(list_copy, params, params->size);
	list = (const struct stage_params *)list_copy;
	check(list->gate, list->gate_old, sizeof(list->gate_old));
	for (u32 i = 0; i < list->changes; i++) {
		const struct change *c = &list->change[i];

		if (!c->length || c->length > sizeof(c->old))
			die("opcode list: an entry of a wrong length");
		check(c->address, c->old, c->length);
	}
	ud_next = gate_target(list->gate_old);
	put16(gate_new, target);
	put16(gate_new + 2, GATE_SELECTOR);
	put16(gate_new + 4, GATE_INTERRUPT);
	put16(gate_new + 6, target >> 16);
}

u32 opcodes_count(void)
{
	return list->changes;
}

void opcodes_apply(bool on)
{
	for (u32 i = 0; i < list->changes; i++) {
		const struct change *c = &list->change[i];

		memcpy((void *)c->address, on ? c->new : c->old, c->length);
	}
	memcpy((void *)list->gate, on ? gate_new : list->gate_old, sizeof(gate_new));
}

const struct change *opcodes_find(u32 eip)
{
	for (u32 i = 0; i < list->changes; i++)
		if (list->change[i].address == eip)
			return &list->change[i];
	return NULL;
}

void opcodes_restore_one(const struct change *change)
{
	memcpy((void *)change->address, change->old, change->length);
}
