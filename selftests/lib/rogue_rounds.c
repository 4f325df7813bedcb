// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses of iommu-testdev, many of them: one process, so that a shell's pace
 * does not decide what can happen between two of them.
 *
 *   rogue_rounds rounds DEVICE IOVA PHYSICAL WINDOWS COUNT WITH WITHOUT
 *       puts the policy in the file WITH in force, writes to each of its
 *       WINDOWS, which are pages side by side, puts WITHOUT in force, writes to
 *       the same places; COUNT times.
 *   rogue_rounds hammer DEVICE IOVA SIZE PHYSICAL
 *       writes to the first and last word of every page, again and again,
 *       until /tmp/stop is there.
 *
 * Prints how many writes landed, were refused, and were neither. What landed is
 * read from memory: the device's own word has to agree with it.
 */
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy.h"
#include "rogue.h"

static __u32 *device;
static unsigned long counts[OUTCOMES];

/* The word at an offset of a window that @memory maps. */
static void write_word(__u8 *memory, __u64 iova, __u64 physical, __u64 at)
{
	counts[reach(device, iova + at, physical + at, (void *)(memory + at))]++;
}

static void rounds(__u64 iova, __u64 physical, __u64 size, unsigned long count, const char *with,
		   const char *without)
{
	__u8 *windows = map("/dev/mem", physical, size);
	static struct policy in, out;
	unsigned long leaked = 0;
	enum outcome outcome;
	__u64 at;

	read_policy(&in, with);
	read_policy(&out, without);
	while (count--) {
		commit(&in);
		for (at = 0; at < size; at += PAGE)
			write_word(windows, iova, physical, at);
		commit(&out);
		for (at = 0; at < size; at += PAGE) {
			outcome = reach(device, iova + at, physical + at,
					(void *)(windows + at));
			leaked += outcome != REFUSED;
		}
	}
	printf("leaked %lu\n", leaked);
}

static void hammer(__u64 iova, __u64 size, __u64 physical)
{
	__u8 *window = map("/dev/mem", physical, size);
	__u64 at;

	while (access("/tmp/stop", F_OK)) {
		for (at = 0; at < size; at += PAGE) {
			__u64 last = at + PAGE - 4;

			write_word(window, iova, physical, at);
			write_word(window, iova, physical, last);
		}
		/* The emulator runs one device access at a time: others have to come to theirs. */
		usleep(100);
	}
}

static __u64 number(const char *text)
{
	return strtoull(text, NULL, 0);
}

int main(int argc, char **argv)
{
	if (argc == 9 && !strcmp(argv[1], "rounds")) {
		device = registers(argv[2], PAGE);
		rounds(number(argv[3]), number(argv[4]), number(argv[5]) * PAGE, number(argv[6]),
		       argv[7], argv[8]);
	} else if (argc == 6 && !strcmp(argv[1], "hammer")) {
		device = registers(argv[2], PAGE);
		hammer(number(argv[3]), number(argv[4]), number(argv[5]));
	} else {
		fprintf(stderr, "its source says what it takes\n");
		return 2;
	}
	printf("landed %lu refused %lu odd %lu\n", counts[LANDED], counts[REFUSED], counts[ODD]);
	return 0;
}
