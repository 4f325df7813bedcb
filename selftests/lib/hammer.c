// SPDX-License-Identifier: GPL-2.0
/*
 * Makes QEMU's iommu-testdev write to memory as fast as it can, until SIGTERM. Through /dev/mem,
 * because the device goes meanwhile: sysfs takes its mapping away before that.
 *
 *   hammer REGISTERS IOVA PHYSICAL
 *
 * REGISTERS is where its registers are, PHYSICAL where a write to IOVA would land. Prints how many
 * writes landed, as memory shows; how many the device says were refused; and how many had another
 * answer, or none because the device is gone.
 */
#include <fcntl.h>
#include <linux/types.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096
#define CANARY 0x55aa55aau
#define REFUSED 0xdead0002u

enum { TRIGGER, IOVA_LOW, IOVA_HIGH, LENGTH, RESULT, ARM, ATTRIBUTES, PHYS_LOW, PHYS_HIGH };

static sig_atomic_t over;

static void end(int signal)
{
	(void)signal;
	__atomic_store_n(&over, 1, __ATOMIC_RELAXED);
}

/* Registers, and memory that a device writes: each access is made, once and in order. */
static void store(__u32 *at, __u32 value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static __u32 load(__u32 *at)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static __u32 *map(int fd, __u64 at)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at & -PAGE);

	if (page == MAP_FAILED) {
		perror("/dev/mem");
		exit(2);
	}
	return (__u32 *)(page + at % PAGE);
}

int main(int argc, char **argv)
{
	unsigned long landed = 0, refused = 0, other = 0;
	struct sigaction action = { .sa_handler = end };
	int fd = open("/dev/mem", O_RDWR | O_SYNC);
	__u32 *device, *target;
	__u64 iova, physical;

	if (fd < 0 || argc != 4) {
		fprintf(stderr, "hammer REGISTERS IOVA PHYSICAL, with /dev/mem\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	iova = strtoull(argv[2], NULL, 0);
	physical = strtoull(argv[3], NULL, 0);
	device = map(fd, strtoull(argv[1], NULL, 0));
	target = map(fd, physical);
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		store(target, CANARY);
		store(device + IOVA_LOW, iova);
		store(device + IOVA_HIGH, iova >> 32);
		store(device + LENGTH, 4);
		store(device + PHYS_LOW, physical);
		store(device + PHYS_HIGH, physical >> 32);
		store(device + ARM, 1);
		load(device + TRIGGER);
		if (load(target) != CANARY)
			landed++;
		else if (load(device + RESULT) == REFUSED)
			refused++;
		else
			other++;
	}
	printf("landed=%lu refused=%lu other=%lu\n", landed, refused, other);
	return 0;
}
