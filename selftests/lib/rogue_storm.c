// SPDX-License-Identifier: GPL-2.0
/*
 * Refused accesses, as many as a machine can make.
 *
 *   rogue_storm writer ADDRESS IOVA COUNT
 *       iommu-testdev at ADDRESS writes to IOVA, COUNT times.
 *   rogue_storm crowd IOVA ADDRESS...
 *       edu at each ADDRESS reads from IOVA, all started together.
 *
 * Prints how many accesses were made, and how many of them were refused, as far
 * as the devices tell: edu does not.
 */
#include <string.h>

#include "rogue.h"

/* edu: from, to, bytes and command of a transfer, and its buffer. */
#define EDU_SIZE 0x100000
#define EDU_FROM (0x80 / 4)
#define EDU_TO (0x88 / 4)
#define EDU_COUNT (0x90 / 4)
#define EDU_COMMAND (0x98 / 4)
#define EDU_BUFFER 0x40000
#define EDU_RUN 1
#define CROWD 256

static __u64 number(const char *text)
{
	return strtoull(text, NULL, 0);
}

static void write64(__u32 *at, __u64 value)
{
	__atomic_store_n((__u64 *)at, value, __ATOMIC_RELEASE);
}

static void writer(const char *address, __u64 iova, unsigned long count)
{
	__u32 *device = registers(address, PAGE);
	unsigned long refused = 0, made;

	for (made = 0; made < count; made++)
		refused += attempt(device, iova, iova) == NOT_ALLOWED;
	printf("made %lu refused %lu\n", made, refused);
}

static void crowd(__u64 iova, char **addresses, int count)
{
	static __u32 *devices[CROWD];
	int index;

	if (count > CROWD)
		count = CROWD;
	for (index = 0; index < count; index++) {
		devices[index] = registers(addresses[index], EDU_SIZE);
		write64(devices[index] + EDU_FROM, iova);
		write64(devices[index] + EDU_TO, EDU_BUFFER);
		write64(devices[index] + EDU_COUNT, 4);
	}
	for (index = 0; index < count; index++)
		write64(devices[index] + EDU_COMMAND, EDU_RUN);
	for (index = 0; index < count; index++)
		while (load(devices[index] + EDU_COMMAND) & EDU_RUN)
			usleep(10000);
	printf("made %d\n", count);
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "writer")) {
		writer(argv[2], number(argv[3]), number(argv[4]));
	} else if (argc > 3 && !strcmp(argv[1], "crowd")) {
		crowd(number(argv[2]), argv + 3, argc - 3);
	} else {
		fprintf(stderr, "its source says what it takes\n");
		return 2;
	}
	return 0;
}
