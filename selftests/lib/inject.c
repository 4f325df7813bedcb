// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail while a policy is carried out, one after the other: the
 * kernel fails the N-th of a task that writes N to its fail-nth. Which ones count
 * is set up before (inject.sh).
 *
 *   inject once N FILE TEXT
 *       writes TEXT to FILE while the N-th allocation fails; "failed" or "not
 *       reached", and what write(2) said.
 *   inject commits DEVICE REGION PROBES FROM OUTCOME TO OUTCOME
 *       with the policy of the file FROM in force commits that of TO while the
 *       first allocation fails, then the second, until none fails any more. PROBES
 *       are IOVA=PHYSICAL, separated by commas, an OUTCOME is a letter for each:
 *       L lands, R is refused. The region is 64 MiB.
 *   inject storm DEVICE REGION PROBES FROM OUTCOME TO OUTCOME COUNT
 *       puts one and the other in force COUNT times, whatever fails meanwhile.
 *   inject now DEVICE REGION PROBES
 *       prints what the device reaches.
 *
 * At every moment the device reaches what one of the two policies gives it, or
 * nothing. A commit that was refused has changed nothing, one that was taken is in
 * force soon without anybody's help, and one that nothing disturbs is at once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy.h"
#include "rogue.h"

#define REGION_SIZE (64UL << 20)
#define MOST_PROBES 16
/* How long what could not be carried out may take, in tenths of a second. */
#define SOON 200
/* Fewer allocations than these and it was not the module's that failed. */
#define FEW 5

static struct {
	__u64 iova, physical;
} probes[MOST_PROBES];
static size_t probe_count;
static __u32 *device;
static __u64 region;
static __u8 *memory;

struct side {
	struct policy policy;
	const char *outcome;
};

static void fail(const char *what, unsigned int nth, const char *seen)
{
	printf("allocation %u: %s: %s\n", nth, what, seen);
	fflush(stdout);
	execlp("cat", "cat", "/sys/kernel/debug/launchguard/windows", GUARD "policy_error", NULL);
	exit(1);
}

static __u64 number(const char *text)
{
	return strtoull(text, NULL, 0);
}

static void read_probes(char *text)
{
	char *word;

	for (word = strtok(text, ","); word; word = strtok(NULL, ",")) {
		if (probe_count == MOST_PROBES)
			exit(2);
		probes[probe_count].iova = strtoull(word, &word, 0);
		probes[probe_count++].physical = number(word + 1);
	}
}

/* What the device reaches now, a letter for each probe. */
static const char *reached(void)
{
	static char now[MOST_PROBES + 1];
	size_t i;

	for (i = 0; i < probe_count; i++) {
		__u32 *word = (void *)(memory + (probes[i].physical - region));

		now[i] = "LR?"[reach(device, probes[i].iova, probes[i].physical, word)];
	}
	return now;
}

/* Writes while the allocation fails; errno, and whether it came to it. */
static int write_failing(int file, const char *text, unsigned int nth, int *failed)
{
	int control = open("/proc/self/fail-nth", O_RDWR);
	char number[16];
	int error = 0;

	if (control < 0)
		die("fail-nth");
	snprintf(number, sizeof(number), "%u", nth);
	if (write(control, number, strlen(number)) < 0)
		die("fail-nth");
	if (write(file, text, strlen(text)) < 0)
		error = errno;
	memset(number, 0, sizeof(number));
	if (pread(control, number, sizeof(number) - 1, 0) <= 0)
		die("fail-nth");
	*failed = atoi(number) == 0;
	/* What this task does from now on does not fail. */
	if (write(control, "0", 1) != 1)
		die("fail-nth");
	close(control);
	return error;
}

static int open_writing(const char *path)
{
	int file = open(path, O_WRONLY);

	if (file < 0)
		die(path);
	return file;
}

/* Waits until the device reaches what the policy gives it. */
static void await(const struct side *side, unsigned int nth)
{
	int tries = SOON;

	while (strcmp(reached(), side->outcome) && tries--)
		usleep(100000);
	if (tries < 0)
		fail("never carried out", nth, reached());
}

static void expect_text(const struct side *side, unsigned int nth)
{
	char text[sizeof(side->policy.text)];
	FILE *file = fopen(GUARD "policy", "r");
	size_t size;

	if (!file)
		die(GUARD "policy");
	size = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (size != side->policy.size || memcmp(text, side->policy.text, size))
		fail("the policy that reads back is another one", nth, "");
}

/* Whether what is reached now is reached with @side as well. */
static int is_within(const char *now, const struct side *side)
{
	size_t i;

	for (i = 0; i < probe_count; i++)
		if (now[i] != 'R' && now[i] != side->outcome[i])
			return 0;
	return 1;
}

/*
 * All of one policy, or a part of it: windows are taken back one by one, and then
 * given. The device is asked one address after the other, and what could not be
 * carried out may be made up for in between: then the next answer is of one piece.
 */
static void expect_allowed(const struct side *from, const struct side *to, unsigned int nth)
{
	const char *now;
	int tries;

	for (tries = 0; tries < 3; tries++) {
		now = reached();
		if (is_within(now, from) || is_within(now, to))
			return;
	}
	fail("the device reaches what no policy gives it", nth, now);
}

/* One commit under failure; whether there was one. */
static int step(const struct side *from, const struct side *to, unsigned int nth,
		unsigned int *refused, unsigned int *late)
{
	int file, error, failed;

	commit(&from->policy);
	await(from, nth);
	put(GUARD "policy", to->policy.text, to->policy.size);
	file = open_writing(GUARD "commit");
	error = write_failing(file, to->policy.digest, nth, &failed);
	close(file);
	if (error) {
		if (!failed || error != ENOMEM)
			fail("an error that was not caused", nth, strerror(error));
		if (strcmp(reached(), from->outcome))
			fail("a refused commit changed something", nth, reached());
		expect_text(from, nth);
		++*refused;
		commit(&to->policy);
	} else if (failed) {
		expect_allowed(from, to, nth);
		*late += strcmp(reached(), to->outcome) != 0;
	} else if (strcmp(reached(), to->outcome)) {
		fail("not in force after a commit that nothing disturbed", nth, reached());
	}
	await(to, nth);
	expect_text(to, nth);
	return failed;
}

static void commits(const struct side *from, const struct side *to)
{
	unsigned int nth = 0, refused = 0, late = 0;

	while (step(from, to, ++nth, &refused, &late))
		;
	if (nth < FEW)
		fail("hardly anything was allocated", nth, "");
	printf("failed %u refused %u late %u\n", nth - 1, refused, late);
}

static void storm(const struct side *from, const struct side *to, unsigned int count)
{
	unsigned int round, refused = 0;

	for (round = 1; round <= count; round++) {
		const struct side *side = round % 2 ? to : from;
		int file = open_writing(GUARD "policy");

		if (write(file, side->policy.text, side->policy.size) < 0 && errno != ENOMEM)
			fail("staging", round, strerror(errno));
		close(file);
		file = open_writing(GUARD "commit");
		/* What could not be staged is not there to be committed. */
		if (write(file, side->policy.digest, 64) < 0) {
			if (errno != ENOMEM && errno != EINVAL)
				fail("commit", round, strerror(errno));
			refused++;
		}
		close(file);
		expect_allowed(from, to, round);
	}
	printf("rounds %u refused %u\n", count, refused);
}

static int once(unsigned int nth, const char *path, const char *text)
{
	int failed, file = open_writing(path);
	int error = write_failing(file, text, nth, &failed);

	printf("%s: %s\n", failed ? "failed" : "not reached", strerror(error));
	return 0;
}

int main(int argc, char **argv)
{
	static struct side from, to;

	if (argc == 5 && !strcmp(argv[1], "once"))
		return once(number(argv[2]), argv[3], argv[4]);
	if (argc != 5 && argc < 9) {
		fprintf(stderr, "its source says what it takes\n");
		return 2;
	}
	device = registers(argv[2], PAGE);
	region = number(argv[3]);
	memory = map("/dev/mem", region, REGION_SIZE);
	read_probes(argv[4]);
	if (argc == 5)
		return puts(reached()) < 0;
	read_policy(&from.policy, argv[5]);
	from.outcome = argv[6];
	read_policy(&to.policy, argv[7]);
	to.outcome = argv[8];
	if (argc == 9 && !strcmp(argv[1], "commits"))
		commits(&from, &to);
	else if (argc == 10 && !strcmp(argv[1], "storm"))
		storm(&from, &to, number(argv[9]));
	else
		return 2;
	return 0;
}
