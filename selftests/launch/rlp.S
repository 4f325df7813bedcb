/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the responding processors (RLPs) wait: from SENTER's rendezvous until
 * the MLE writes the wake-up address of SinitMleData, then through
 * TXT.MLE.JOIN as GETSEC[WAKEUP] describes it.
 */
#define TXT_MLE_JOIN 0xfed20290

	.text
	.globl	rlp_trampoline, rlp_trampoline_end
	.code16
rlp_trampoline:
	cli
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	rlp_gdt_pointer - rlp_trampoline
	movl	%cr0, %eax
	orl	$1, %eax
	andl	$0x9fffffff, %eax
	movl	%eax, %cr0
	ljmpl	$8, $rlp_wait
	.align	8
rlp_gdt_pointer:
	.word	3 * 8 - 1		/* the three entries of gdt */
	.long	gdt
rlp_trampoline_end:

	.code32
rlp_wait:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	lock incl rlp_parked
1:	pause
	cmpl	$0, rlp_wakeup
	je	1b
	movl	TXT_MLE_JOIN, %esi	/* limit, base, selector, entry */
	movl	(%esi), %eax
	movw	%ax, join_gdt
	movl	4(%esi), %eax
	movl	%eax, join_gdt + 2
	lgdt	join_gdt
	movl	12(%esi), %eax
	movl	%eax, join_entry	/* all RLPs write the same values */
	movl	8(%esi), %eax
	movw	%ax, join_entry + 4
	addl	$8, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	ljmp	*join_entry

	.data
	.align	8
join_gdt:
	.word	0
	.long	0
join_entry:
	.long	0
	.word	0
	.globl	rlp_wakeup, rlp_parked
	.align	64
rlp_wakeup:
	.long	0
rlp_parked:
	.long	0

	.section .note.GNU-stack, "", @progbits
