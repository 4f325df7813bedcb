// SPDX-License-Identifier: GPL-2.0
/* The processor's part: GETSEC, CR4.SMXE and IA32_FEATURE_CONTROL behind #UD. */
#include "stage.h"

#define GETSEC_CAPABILITIES 0
#define GETSEC_SENTER 4
#define GETSEC_SEXIT 5
#define GETSEC_PARAMETERS 6
#define GETSEC_SMCTRL 7
#define GETSEC_WAKEUP 8

/* Chipset present; leaves ENTERACCS, EXITAC, SENTER, SEXIT, PARAMETERS, SMCTRL, WAKEUP. */
#define CAPABILITIES 0x1fd

#define CR4_SMXE 0x4000
/* Locked, VMX inside and outside SMX, all SENTER functions. */
#define FEATURE_CONTROL 0xff07

#define MODRM_REGISTER 7

/* One bit a processor: CR4.SMXE as that processor believes to have it. */
static volatile u32 smxe;

static u32 own_bit(void)
{
	u32 a, b, c, d;

	cpuid(1, &a, &b, &c, &d);
	return 1u << ((b >> 24) & 31);
}

void smxe_set_all(void)
{
	smxe = ~0u;
}

static u32 *frame_register(struct ud_frame *frame, u8 modrm)
{
	u32 *all[8] = { &frame->eax, &frame->ecx, &frame->edx, &frame->ebx,
			&frame->esp, &frame->ebp, &frame->esi, &frame->edi };

	return all[modrm & MODRM_REGISTER];
}

static void write_cr4(u32 value)
{
	if (value & CR4_SMXE)
		__atomic_or_fetch(&smxe, own_bit(), __ATOMIC_SEQ_CST);
	else
		__atomic_and_fetch(&smxe, ~own_bit(), __ATOMIC_SEQ_CST);
	value &= ~CR4_SMXE;
	asm volatile("mov %0, %%cr4" : : "r"(value));
}

static u32 read_cr4(void)
{
	u32 value;

	asm volatile("mov %%cr4, %0" : "=r"(value));
	return value | (smxe & own_bit() ? CR4_SMXE : 0);
}

/* SDM table of GETSEC[PARAMETERS]: type in bits 4:0 of EAX; type 0 ends it. */
static void parameters(struct ud_frame *frame)
{
	static const u32 table[][2] = {
		{ 1, 0xffffffff },	/* ACM version comparison mask */
		{ 0x80000 | 2, 0 },	/* largest ACM, in bytes (units of 32) */
		{ 0x4000 | 3, 0 },	/* memory types during AC mode: uncacheable */
		{ 4, 0 },		/* no SENTER function disable bits */
		{ 0x60 | 5, 0 },	/* machine check handling, S-CRTM */
	};

	if (frame->ebx < ARRAY_SIZE(table)) {
		frame->eax = table[frame->ebx][0];
		frame->ebx = table[frame->ebx][1];
	} else {
		frame->eax = 0;
		frame->ebx = 0;
	}
	frame->ecx = 0;
}

static void enter(u32 base, u32 size)
{
	u32 error = acm_check(base, size);

	say("GETSEC[SENTER]");
	if (error)
		txt_shutdown(error, "SENTER: the module is refused");
	senter_on_own_stack();
}

static void getsec(struct ud_frame *frame)
{
	switch (frame->eax) {
	case GETSEC_CAPABILITIES:
		frame->eax = CAPABILITIES;
		break;
	case GETSEC_SENTER:
		enter(frame->ebx, frame->ecx);
		break;
	case GETSEC_SEXIT:
		say("GETSEC[SEXIT]");
		mailbox(MAILBOX_SEXIT_DONE, NULL, 0);
		break;
	case GETSEC_PARAMETERS:
		parameters(frame);
		break;
	case GETSEC_SMCTRL:
		break;
	case GETSEC_WAKEUP:
		rlp_wakeup = 1;
		break;
	default:
		say_value("GETSEC leaf", frame->eax);
		die("this leaf is not emulated");
	}
	frame->eip += 2;
}

/*
 * An undefined instruction in tboot. 0 hands it on to tboot's own handler.
 * Runs on any processor: no output where several may come at once.
 */
u32 ud_handler(struct ud_frame *frame)
{
	const u8 *p = (const u8 *)frame->eip;
	const struct change *change = opcodes_find(frame->eip);

	if (!change) {
		if (p[0] != 0x0f || p[1] != 0x37 || !(smxe & own_bit()))
			return 0;
		getsec(frame);
		return 1;
	}
	switch (change->kind) {
	case CHANGE_CR4_WRITE:
		write_cr4(*frame_register(frame, change->old[2]));
		break;
	case CHANGE_CR4_READ:
		*frame_register(frame, change->old[2]) = read_cr4();
		break;
	case CHANGE_FEATURE_CONTROL:
		frame->eax = FEATURE_CONTROL;
		frame->edx = 0;
		break;
	case CHANGE_HANDOVER:
		/* the host may change the evidence now; then the instruction runs for real */
		mailbox(MAILBOX_KERNEL, NULL, 0);
		opcodes_restore_one(change);
		return 1;
	default:
		die("opcode list: an entry of an unknown kind");
	}
	frame->eip += change->length;
	return 1;
}
