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
#include <signal.h>

#include "rogue.h"

static sig_atomic_t over;

static void end(int signal)
{
	(void)signal;
	__atomic_store_n(&over, 1, __ATOMIC_RELAXED);
}

static __u32 *at(__u64 address)
{
	char *page = map("/dev/mem", address & -PAGE, PAGE);

	return (__u32 *)(page + address % PAGE);
}

int main(int argc, char **argv)
{
	unsigned long landed = 0, refused = 0, other = 0;
	struct sigaction action = { .sa_handler = end };
	__u32 *device, *target;
	__u64 iova, physical;

	if (argc != 4) {
		fprintf(stderr, "hammer REGISTERS IOVA PHYSICAL\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	iova = strtoull(argv[2], NULL, 0);
	physical = strtoull(argv[3], NULL, 0);
	device = at(strtoull(argv[1], NULL, 0));
	target = at(physical);
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		__u32 result;

		store(target, CANARY);
		result = attempt(device, iova, physical);
		if (load(target) != CANARY)
			landed++;
		else if (result == NOT_ALLOWED)
			refused++;
		else
			other++;
	}
	printf("landed=%lu refused=%lu other=%lu\n", landed, refused, other);
	return 0;
}
