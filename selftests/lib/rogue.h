/* SPDX-License-Identifier: GPL-2.0 */
/* QEMU's iommu-testdev, for programs that have it write where it may not. */
#ifndef ROGUE_H
#define ROGUE_H

#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
/* What the device writes, and what is there before. */
#define PATTERN 0x12345678u
#define CANARY 0x55aa55aau
/* Its answer when the write was refused. */
#define NOT_ALLOWED 0xdead0002u

enum { TRIGGER, IOVA_LOW, IOVA_HIGH, LENGTH, RESULT, ARM, ATTRIBUTES, PHYS_LOW, PHYS_HIGH };

enum outcome { LANDED, REFUSED, ODD, OUTCOMES };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *map(const char *path, off_t offset, size_t size)
{
	int fd = open(path, O_RDWR | O_SYNC);
	void *mapped;

	if (fd < 0)
		die(path);
	mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	if (mapped == MAP_FAILED)
		die(path);
	close(fd);
	return mapped;
}

/* The first range of registers of the function at @address. */
static inline void *registers(const char *address, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", address);
	return map(path, 0, size);
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

/* Has the device write four bytes; its answer. */
static inline __u32 attempt(__u32 *device, __u64 iova, __u64 physical)
{
	store(device + IOVA_LOW, iova);
	store(device + IOVA_HIGH, iova >> 32);
	store(device + LENGTH, 4);
	store(device + PHYS_LOW, physical);
	store(device + PHYS_HIGH, physical >> 32);
	store(device + ARM, 1);
	load(device + TRIGGER);
	return load(device + RESULT);
}

/* The same; @word is where it should land. */
static inline enum outcome reach(__u32 *device, __u64 iova, __u64 physical, __u32 *word)
{
	__u32 result;

	store(word, CANARY);
	result = attempt(device, iova, physical);
	if (result == 0 && load(word) == PATTERN)
		return LANDED;
	if (result == NOT_ALLOWED && load(word) == CANARY)
		return REFUSED;
	fprintf(stderr, "answer %#x at %#llx, memory holds %#x\n", result, iova, load(word));
	return ODD;
}

#endif
