// SPDX-License-Identifier: GPL-2.0
/*
 * Writes to a disk past every cache and reads it back, until /tmp/stop is there:
 *
 *   disk_verify /dev/nvme0n1
 *
 * Every 8 bytes say where they belong and in which round they were written.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK (64 << 10)
#define BLOCKS 64
/* Microseconds for others, who have the same processors. */
#define PAUSE 5000
#define WORDS (BLOCK / sizeof(__u64))

static __u64 expected(__u64 round, __u64 block, __u64 word)
{
	return round << 40 ^ (block * WORDS + word) * 0x9e3779b97f4a7c15ull;
}

int main(int argc, char **argv)
{
	unsigned long blocks = 0, differ = 0, errors = 0;
	__u64 *buffer = aligned_alloc(4096, BLOCK);
	int fd = open(argc > 1 ? argv[1] : "", O_RDWR | O_DIRECT | O_SYNC);
	__u64 round, block, word;

	if (fd < 0 || !buffer) {
		perror("disk_verify");
		return 2;
	}
	for (round = 1; access("/tmp/stop", F_OK); round++) {
		for (block = 0; block < BLOCKS; block++) {
			for (word = 0; word < WORDS; word++)
				buffer[word] = expected(round, block, word);
			errors += pwrite(fd, buffer, BLOCK, block * BLOCK) != BLOCK;
			usleep(PAUSE);
		}
		for (block = 0; block < BLOCKS; block++) {
			unsigned long wrong = 0;

			errors += pread(fd, buffer, BLOCK, block * BLOCK) != BLOCK;
			for (word = 0; word < WORDS; word++)
				wrong += buffer[word] != expected(round, block, word);
			differ += wrong != 0;
			blocks++;
			usleep(PAUSE);
		}
	}
	printf("%lu blocks, %lu differ, %lu errors\n", blocks, differ, errors);
	return 0;
}
