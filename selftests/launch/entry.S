/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry by multiboot 1, relocation to the block that stage_place() chose,
 * the gate that tboot's IDT gets for #UD, and the stage's own exceptions.
 */
#define MULTIBOOT_MAGIC 0x1badb002
/* modules on page boundaries, memory map wanted, addresses in this header */
#define MULTIBOOT_FLAGS 0x00010003

	.section .multiboot, "awx"
	.align	4
multiboot_header:
	.long	MULTIBOOT_MAGIC
	.long	MULTIBOOT_FLAGS
	.long	-(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)
	.long	multiboot_header
	.long	stage_start
	.long	image_end
	.long	stage_end
	.long	entry

	.text
entry:
	cli
	cld
	movl	$stack_end, %esp
	pushl	%ebx
	pushl	%eax
	pushl	%ebx
	call	stage_place
	addl	$4, %esp
	movl	%eax, %ebp
	popl	%eax
	popl	%ebx

	movl	$stage_start, %esi
	movl	%ebp, %edi
	movl	$image_end, %ecx
	subl	%esi, %ecx
	rep movsb
	movl	$stage_end, %ecx
	subl	$image_end, %ecx
	movl	%eax, %edx
	xorl	%eax, %eax
	rep stosb
	movl	%edx, %eax

	/* every R_386_RELATIVE of the copy: a word at r_offset moves along */
	subl	$stage_start, %ebp
	movl	$relocations, %esi
1:	cmpl	$relocations_end, %esi
	jae	2f
	movl	(%esi), %edi
	addl	%ebp, (%edi, %ebp)
	addl	$8, %esi
	jmp	1b
2:	leal	relocated(%ebp), %edx
	jmp	*%edx

relocated:
	lgdt	gdt_pointer
	ljmp	$8, $1f
1:	movl	$16, %ecx
	movl	%ecx, %ds
	movl	%ecx, %es
	movl	%ecx, %fs
	movl	%ecx, %gs
	movl	%ecx, %ss
	movl	$stack_end, %esp
	pushl	%ebx
	pushl	%eax
	call	stage_main
	hlt

/* jump_to(eip, eax, ebx, ecx, esi), interrupts off, no frame behind */
	.globl	jump_to
jump_to:
	popl	%edx
	popl	%edx
	popl	%eax
	popl	%ebx
	popl	%ecx
	popl	%esi
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	pushl	$2
	popf
	jmp	*%edx

/* #UD through tboot's IDT, on tboot's stack and segments */
	.globl	ud_entry
ud_entry:
	pusha
	pushl	%esp
	call	ud_handler
	addl	$4, %esp
	testl	%eax, %eax
	jz	1f
	popa
	iret
1:	popa
	jmp	*ud_next

	.globl	senter_on_own_stack
senter_on_own_stack:
	movl	$stack_end, %esp
	call	senter
	hlt

/* The stage's own exceptions, while tboot's IDT is not loaded yet */
	.globl	exception_stubs
	.align	16
exception_stubs:
	.set	vector, 0
	.rept	32
	.align	16
	.if	(vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17)
	.else
	pushl	$0
	.endif
	pushl	$vector
	jmp	exception
	.set	vector, vector + 1
	.endr
exception:
	pushl	%esp
	call	exception_handler
	hlt

	.data
	.globl	gdt, gdt_end
	.align	8
gdt:	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x08: code, flat */
	.quad	0x00cf93000000ffff	/* 0x10: data, flat */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt

	.bss
	.align	4096
	.skip	32768
stack_end:

	.section .note.GNU-stack, "", @progbits
