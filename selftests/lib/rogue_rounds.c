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
#include <sys/mman.h>
#include <unistd.h>

#define GUARD "/sys/devices/faux/launchguard/"
#define PAGE 4096
/* What the device writes, and what is there before. */
#define PATTERN 0x12345678u
#define CANARY 0x55aa55aau

enum { TRIGGER, IOVA_LOW, IOVA_HIGH, LENGTH, RESULT, ARM, ATTRIBUTES, PHYS_LOW, PHYS_HIGH };

enum outcome { LANDED, REFUSED, ODD, OUTCOMES };

static __u32 *device;
static unsigned long counts[OUTCOMES];

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

static void open_device(const char *address)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", address);
	device = map(path, 0, PAGE);
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

/* One write of four bytes; @word is where it should land. */
static enum outcome reach(__u64 iova, __u64 physical, __u32 *word)
{
	__u32 result;

	store(word, CANARY);
	store(device + IOVA_LOW, iova);
	store(device + IOVA_HIGH, iova >> 32);
	store(device + LENGTH, 4);
	store(device + PHYS_LOW, physical);
	store(device + PHYS_HIGH, physical >> 32);
	store(device + ARM, 1);
	load(device + TRIGGER);
	result = load(device + RESULT);
	if (result == 0 && load(word) == PATTERN)
		return LANDED;
	if (result == 0xdead0002 && load(word) == CANARY)
		return REFUSED;
	fprintf(stderr, "answer %#x at %#llx, memory holds %#x\n", result, iova, load(word));
	return ODD;
}

/* A policy with its digest, as a commit wants it. */
struct policy {
	char text[4096];
	size_t size;
	char digest[65];
};

static void read_policy(struct policy *policy, const char *path)
{
	char command[256];
	FILE *file = fopen(path, "r");

	if (!file)
		die(path);
	policy->size = fread(policy->text, 1, sizeof(policy->text), file);
	fclose(file);
	snprintf(command, sizeof(command), "sha256sum < %s", path);
	file = popen(command, "r");
	if (!file || !fgets(policy->digest, sizeof(policy->digest), file))
		die(command);
	pclose(file);
}

static void put(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		die(path);
	close(fd);
}

static void commit(const struct policy *policy)
{
	put(GUARD "policy", policy->text, policy->size);
	put(GUARD "commit", policy->digest, strlen(policy->digest));
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
			counts[reach(iova + at, physical + at, (void *)(windows + at))]++;
		commit(&out);
		for (at = 0; at < size; at += PAGE) {
			outcome = reach(iova + at, physical + at, (void *)(windows + at));
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

			counts[reach(iova + at, physical + at, (void *)(window + at))]++;
			counts[reach(iova + last, physical + last, (void *)(window + last))]++;
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
		open_device(argv[2]);
		rounds(number(argv[3]), number(argv[4]), number(argv[5]) * PAGE, number(argv[6]),
		       argv[7], argv[8]);
	} else if (argc == 6 && !strcmp(argv[1], "hammer")) {
		open_device(argv[2]);
		hammer(number(argv[3]), number(argv[4]), number(argv[5]));
	} else {
		fprintf(stderr, "its source says what it takes\n");
		return 2;
	}
	printf("landed %lu refused %lu odd %lu\n", counts[LANDED], counts[REFUSED], counts[ODD]);
	return 0;
}
