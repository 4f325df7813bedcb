/* SPDX-License-Identifier: GPL-2.0 */
/* Policies that are put in force, for programs of the tests. */
#ifndef POLICY_H
#define POLICY_H

#include <stdio.h>
#include <string.h>

#include "rogue.h"

#define GUARD "/sys/devices/faux/launchguard/"

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

#endif
