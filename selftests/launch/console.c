// SPDX-License-Identifier: GPL-2.0
/* The first serial port, polled. Firmware has set its speed. */
#include "stage.h"

#define COM1 0x3f8
#define LINE_STATUS (COM1 + 5)
#define TRANSMIT_EMPTY 0x20

static void put(char c)
{
	while (!(inb(LINE_STATUS) & TRANSMIT_EMPTY))
		cpu_relax();
	outb(COM1, c);
}

static void print(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			put('\r');
		put(*text);
	}
}

void say(const char *text)
{
	print("STAGE: ");
	print(text);
	print("\n");
}

void say_value(const char *text, u32 value)
{
	print("STAGE: ");
	print(text);
	print(" 0x");
	for (int shift = 28; shift >= 0; shift -= 4)
		put("0123456789abcdef"[(value >> shift) & 15]);
	print("\n");
}

void __noreturn die(const char *why)
{
	print("STAGE: FATAL: ");
	print(why);
	print("\n");
	for (;;)
		asm volatile("cli; hlt");
}
