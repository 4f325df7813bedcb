// SPDX-License-Identifier: GPL-2.0
/*
 * The way to the chipset, which the host plays: functions 1 to 3 of PCI device
 * 5 without a function 0, so that neither firmware nor kernel finds them.
 * Functions 1 and 2 are the register file (private and public window), function
 * 3 is a mailbox that decodes only while the stage speaks.
 */
#include "stage.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc
#define PCI_DEVICE 5
#define PCI_ID 0x00
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 2
#define PCI_BAR2 0x18
#define PCI_BAR3 0x1c
#define IVSHMEM_ID 0x11101af4

#define FUNCTION_PRIVATE 1
#define FUNCTION_PUBLIC 2
#define FUNCTION_MAILBOX 3

/* Words of the mailbox page. The host clears COMMAND when it is done. */
#define MAILBOX_COMMAND (MAILBOX + 0)
#define MAILBOX_SIZE (MAILBOX + 4)
#define MAILBOX_STATUS (MAILBOX + 8)
#define MAILBOX_DATA (MAILBOX + 16)
#define MAILBOX_DATA_MAX 256

static void pci_select(u32 function, u32 offset)
{
	outl(PCI_ADDRESS, 0x80000000 | PCI_DEVICE << 11 | function << 8 | offset);
}

static u32 pci_read(u32 function, u32 offset)
{
	pci_select(function, offset);
	return inl(PCI_DATA);
}

static void pci_write(u32 function, u32 offset, u32 value)
{
	pci_select(function, offset);
	outl(PCI_DATA, value);
}

static void place(u32 function, u32 address)
{
	if (pci_read(function, PCI_ID) != IVSHMEM_ID)
		die("no register file at 00:05: this stage must be started by the test bed");
	pci_write(function, PCI_BAR2, address);
	pci_write(function, PCI_BAR3, 0);
}

void chipset_open(void)
{
	place(FUNCTION_PRIVATE, TXT_PRIVATE);
	place(FUNCTION_PUBLIC, TXT_PUBLIC);
	place(FUNCTION_MAILBOX, MAILBOX);
	pci_write(FUNCTION_PRIVATE, PCI_COMMAND, PCI_COMMAND_MEMORY);
	pci_write(FUNCTION_PUBLIC, PCI_COMMAND, PCI_COMMAND_MEMORY);
}

void mailbox(enum mailbox_command command, const void *data, u32 size)
{
	u32 saved = inl(PCI_ADDRESS), status;

	if (size > MAILBOX_DATA_MAX)
		die("mailbox message too long");
	pci_write(FUNCTION_MAILBOX, PCI_COMMAND, PCI_COMMAND_MEMORY);
	memcpy((void *)MAILBOX_DATA, data, size);
	mmio_write32(MAILBOX_SIZE, size);
	asm volatile("mfence" : : : "memory");
	mmio_write32(MAILBOX_COMMAND, command);
	while (mmio_read32(MAILBOX_COMMAND))
		cpu_relax();
	status = mmio_read32(MAILBOX_STATUS);
	pci_write(FUNCTION_MAILBOX, PCI_COMMAND, 0);
	outl(PCI_ADDRESS, saved);
	if (status) {
		say_value("mailbox command", command);
		die("the host refused it");
	}
}

/* A TXT shutdown: the error is recorded, then the platform resets. */
void __noreturn txt_shutdown(u32 error, const char *why)
{
	say(why);
	say_value("TXT shutdown, error", error);
	mailbox(MAILBOX_TXT_SHUTDOWN, &error, sizeof(error));
	for (;;)
		asm volatile("cli; hlt");
}
