// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses of iommu-testdev, many of them: one process, so that a shell's pace
 * does not decide what can happen between two of them.
 *
 *   rogue_rounds rounds DEVICE IOVA PHYSICAL WINDOWS COUNT WITH WITHOUT
 *       puts the policy in the file WITH in force, writes to each of its
 *       WINDOWS, which are pages side by side, puts WITHOUT in force, writes to
 *       the same places; COUNT times. While WITHOUT comes into force it writes
 *       to them all the time: a page that was refused must not come back.
 *   rogue_rounds hammer DEVICE IOVA SIZE PHYSICAL [PAUSE]
 *       writes to the first and last word of every page, and behind the last
 *       one, where nothing may land, again and again, until /tmp/stop is there,
 *       with so many microseconds in between (100).
 *
 * Prints how many writes landed, were refused, and were neither. What landed is
 * read from memory: the device's own word has to agree with it. Behind the last
 * page it is the device's word alone, and anything but a refusal is neither.
 */
#include <fcntl.h>
#include <linux/types.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy.h"
#include "rogue.h"

/* The most windows of a policy. */
#define MOST 64

static __u32 *device;
static unsigned long counts[OUTCOMES];

/* The word at an offset of a window that @memory maps. */
static void write_word(__u8 *memory, __u64 iova, __u64 physical, __u64 at)
{
	counts[reach(device, iova + at, physical + at, (void *)(memory + at))]++;
}

/* Pages that are taken back, and what became of writes to them meanwhile. */
struct race {
	pthread_t thread;
	__u8 *windows;
	__u64 iova, physical, size;
	bool began, over;
	unsigned long counts[OUTCOMES], returned, seen;
};

static void *attempts(void *argument)
{
	struct race *race = argument;
	bool gone[MOST] = {}, landed = false, refused = false;
	enum outcome outcome;
	__u64 at;

	while (!__atomic_load_n(&race->over, __ATOMIC_ACQUIRE)) {
		for (at = 0; at < race->size; at += PAGE) {
			outcome = reach(device, race->iova + at, race->physical + at,
					(void *)(race->windows + at));
			race->counts[outcome]++;
			landed |= outcome == LANDED;
			refused |= outcome == REFUSED;
			race->returned += gone[at / PAGE] && outcome != REFUSED;
			gone[at / PAGE] |= outcome == REFUSED;
		}
		__atomic_store_n(&race->began, true, __ATOMIC_RELEASE);
		/* As below: the processors that commit have to come to the emulator as well. */
		usleep(100);
	}
	race->seen += landed && refused;
	return NULL;
}

/* A commit under attempts. Nobody else uses the device meanwhile. */
static void commit_under(struct race *race, const struct policy *policy)
{
	race->began = false;
	race->over = false;
	if (pthread_create(&race->thread, NULL, attempts, race))
		die("pthread_create");
	while (!__atomic_load_n(&race->began, __ATOMIC_ACQUIRE))
		usleep(100);
	commit(policy);
	__atomic_store_n(&race->over, true, __ATOMIC_RELEASE);
	pthread_join(race->thread, NULL);
}

static void rounds(__u64 iova, __u64 physical, __u64 size, unsigned long count, const char *with,
		   const char *without)
{
	__u8 *windows = map("/dev/mem", physical, size);
	struct race race = {
		.windows = windows,
		.iova = iova,
		.physical = physical,
		.size = size,
	};
	static struct policy in, out;
	unsigned long leaked = 0;
	enum outcome outcome;
	__u64 at;

	if (size > MOST * PAGE) {
		fprintf(stderr, "too many windows\n");
		exit(2);
	}
	read_policy(&in, with);
	read_policy(&out, without);
	while (count--) {
		commit(&in);
		for (at = 0; at < size; at += PAGE)
			write_word(windows, iova, physical, at);
		commit_under(&race, &out);
		for (at = 0; at < size; at += PAGE) {
			outcome = reach(device, iova + at, physical + at,
					(void *)(windows + at));
			leaked += outcome != REFUSED;
		}
	}
	printf("leaked %lu\n", leaked);
	printf("meanwhile landed %lu refused %lu odd %lu\n", race.counts[LANDED],
	       race.counts[REFUSED], race.counts[ODD]);
	printf("seen to go %lu returned %lu\n", race.seen, race.returned);
}

static void hammer(__u64 iova, __u64 size, __u64 physical, useconds_t pause)
{
	__u8 *window = map("/dev/mem", physical, size);
	__u64 at;

	while (access("/tmp/stop", F_OK)) {
		for (at = 0; at < size; at += PAGE) {
			__u64 last = at + PAGE - 4;

			write_word(window, iova, physical, at);
			write_word(window, iova, physical, last);
		}
		if (attempt(device, iova + size, physical + size) != NOT_ALLOWED) {
			fprintf(stderr, "not refused at %#llx\n", iova + size);
			counts[ODD]++;
		}
		/* The emulator runs one device access at a time: others have to come to theirs. */
		usleep(pause);
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
	} else if ((argc == 6 || argc == 7) && !strcmp(argv[1], "hammer")) {
		device = registers(argv[2], PAGE);
		hammer(number(argv[3]), number(argv[4]), number(argv[5]),
		       argc == 7 ? number(argv[6]) : 100);
	} else {
		fprintf(stderr, "its source says what it takes\n");
		return 2;
	}
	printf("landed %lu refused %lu odd %lu\n", counts[LANDED], counts[REFUSED], counts[ODD]);
	return 0;
}
