// SPDX-License-Identifier: GPL-2.0
/* The four functions that a freestanding compiler may call. */
#include "stage.h"

void *memcpy(void *to, const void *from, u32 n)
{
	u8 *d = to;
	const u8 *s = from;

	while (n--)
		*d++ = *s++;
	return to;
}

void *memset(void *to, int value, u32 n)
{
	u8 *d = to;

	while (n--)
		*d++ = value;
	return to;
}

int memcmp(const void *a, const void *b, u32 n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}
