// SPDX-License-Identifier: GPL-2.0
/*
 * Tells how long something takes, in nanoseconds:
 *
 *   clock load MODULE [PARAMETERS]
 *       from the call that loads launchguard.ko until it returns, and until a
 *       verdict is published that is not "pending": two numbers
 *   clock write FILE TEXT
 *       a write to a file, such as one of sysfs
 *   clock read FILE...
 *       all files are opened, read to their end and closed
 *   clock run PROGRAM [ARGUMENTS]
 *       a program runs, its output thrown away
 *   clock disk DEVICE SIZE BLOCK
 *       SIZE bytes of a disk are read, past the page cache, BLOCK by BLOCK: all
 *       of them, and the median of one
 *
 * Exit status 1, with a word, when that cannot be done.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MINUTE 60000

static const char verdict[] = "/sys/devices/faux/launchguard/verdict";

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int fails(const char *what)
{
	perror(what);
	return 1;
}

static int load(const char *module, const char *parameters)
{
	struct pollfd wait = { .events = POLLPRI };
	int file = open(module, O_RDONLY | O_CLOEXEC);
	long long begin, loaded;
	char word[32];
	ssize_t length;

	if (file < 0)
		return fails(module);
	begin = now();
	if (syscall(SYS_finit_module, file, parameters, 0))
		return fails("finit_module");
	loaded = now();
	wait.fd = open(verdict, O_RDONLY);
	if (wait.fd < 0)
		return fails(verdict);
	for (;;) {
		length = pread(wait.fd, word, sizeof(word), 0);
		if (length < 0)
			return fails(verdict);
		if (length < 7 || strncmp(word, "pending", 7))
			break;
		if (poll(&wait, 1, MINUTE) != 1)
			return fails("no verdict in a minute");
	}
	printf("%lld %lld\n", loaded - begin, now() - begin);
	return 0;
}

static int write_text(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);
	long long begin;

	if (file < 0)
		return fails(path);
	begin = now();
	if (write(file, text, strlen(text)) != (ssize_t)strlen(text))
		return fails(path);
	printf("%lld\n", now() - begin);
	return 0;
}

static int read_all(char **paths)
{
	static char bytes[1 << 16];
	long long begin = now();

	for (; *paths; paths++) {
		int file = open(*paths, O_RDONLY);
		ssize_t length;

		if (file < 0)
			return fails(*paths);
		do {
			length = read(file, bytes, sizeof(bytes));
		} while (length > 0);
		if (length < 0)
			return fails(*paths);
		close(file);
	}
	printf("%lld\n", now() - begin);
	return 0;
}

static int run(char **arguments)
{
	long long begin = now();
	int status;
	pid_t child = fork();

	if (child < 0)
		return fails("fork");
	if (!child) {
		int nowhere = open("/dev/null", O_WRONLY);

		dup2(nowhere, 1);
		dup2(nowhere, 2);
		execvp(*arguments, arguments);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child || status) {
		fprintf(stderr, "%s: status %#x\n", *arguments, status);
		return 1;
	}
	printf("%lld\n", now() - begin);
	return 0;
}

static int by_size(const void *one, const void *other)
{
	long long difference = *(const long long *)one - *(const long long *)other;

	return difference < 0 ? -1 : difference > 0;
}

static int disk(const char *device, size_t size, size_t block)
{
	int file = open(device, O_RDONLY | O_DIRECT);
	size_t count = block ? size / block : 0, done;
	long long *took = calloc(count + 1, sizeof(*took));
	long long begin, before;
	void *bytes;

	if (file < 0)
		return fails(device);
	if (!count || !took || posix_memalign(&bytes, 4096, block))
		return fails("no memory");
	begin = now();
	for (done = 0; done < count; done++) {
		before = now();
		if (read(file, bytes, block) != (ssize_t)block)
			return fails(device);
		took[done] = now() - before;
	}
	printf("%lld ", now() - begin);
	qsort(took, count, sizeof(*took), by_size);
	printf("%lld\n", took[count / 2]);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (!strcmp(what, "load"))
		return load(argv[2], argc > 3 ? argv[3] : "");
	if (!strcmp(what, "write") && argc == 4)
		return write_text(argv[2], argv[3]);
	if (!strcmp(what, "read"))
		return read_all(argv + 2);
	if (!strcmp(what, "run"))
		return run(argv + 2);
	if (!strcmp(what, "disk") && argc == 5)
		return disk(argv[2], strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0));
	fprintf(stderr, "usage: see the source\n");
	return 2;
}
