// SPDX-License-Identifier: GPL-2.0
/*
 * Waits with poll(2) until the verdict changes, as a monitor would.
 *
 *   poll_verdict SECONDS
 *
 * Prints the word before and, after the wake-up, the word after. Exit status: 0 woken, 1 time over,
 * 2 no such file.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char verdict[] = "/sys/devices/faux/launchguard/verdict";

/* A sysfs file is read from its start, or it stays at its end. */
static int show(int fd)
{
	char word[64];
	ssize_t length = pread(fd, word, sizeof(word), 0);

	if (length < 0)
		return -1;
	fwrite(word, 1, length, stdout);
	return fflush(stdout);
}

int main(int argc, char **argv)
{
	struct pollfd wait = { .events = POLLPRI };
	int seconds = argc > 1 ? atoi(argv[1]) : 10;

	wait.fd = open(verdict, O_RDONLY);
	if (wait.fd < 0 || show(wait.fd)) {
		perror(verdict);
		return 2;
	}
	if (poll(&wait, 1, seconds * 1000) != 1 || !(wait.revents & POLLPRI)) {
		fprintf(stderr, "no wake-up in %d s\n", seconds);
		return 1;
	}
	return show(wait.fd) ? 2 : 0;
}
