// SPDX-License-Identifier: GPL-2.0
/* The crypto-agile event log (SDG G.2.3), little endian throughout. */
#include "stage.h"

#define EV_NO_ACTION 3
#define SPEC_ID_SIZE 16

static u8 *start;
static u32 used;
static u32 room;

static void add(const void *data, u32 size)
{
	if (size > room - used)
		die("event log is full");
	memcpy(start + used, data, size);
	used += size;
}

static void add8(u8 v)
{
	add(&v, sizeof(v));
}

static void add16(u16 v)
{
	add(&v, sizeof(v));
}

static void add32(u32 v)
{
	add(&v, sizeof(v));
}

/* Steps over one TPMT_HA (big endian) and returns its algorithm and size. */
static const u8 *next_digest(const u8 *digest, u32 *alg, u32 *size)
{
	*alg = be16(digest);
	*size = tpm_digest_size(*alg);
	if (!*size)
		die("TPM: a bank of an unknown algorithm");
	return digest + 2 + *size;
}

/* Begins the log with its header event; the banks are those of `digests`. */
void log_start(u32 address, u32 size, const u8 *digests)
{
	static const u8 zero[20];
	const u8 version[4] = { 0, 2, 0, 2 };	/* minor, major, errata, size of uintn */
	u32 banks = be32(digests), alg, digest_size;
	const u8 *digest = digests + 4;

	start = (u8 *)address;
	room = size;
	used = 0;
	add32(0);
	add32(EV_NO_ACTION);
	add(zero, sizeof(zero));
	add32(SPEC_ID_SIZE + 4 + sizeof(version) + 4 + 4 * banks + 1);
	add("Spec ID Event03", SPEC_ID_SIZE);
	add32(0);
	add(version, sizeof(version));
	add32(banks);
	while (banks--) {
		digest = next_digest(digest, &alg, &digest_size);
		add16(alg);
		add16(digest_size);
	}
	add8(0);
}

/* Adds an event with the digests that the TPM returned (TPML_DIGEST_VALUES). */
void log_event(u32 pcr, u32 type, const u8 *digests, const void *data, u32 size)
{
	u32 banks = be32(digests), alg, digest_size;
	const u8 *digest = digests + 4, *next;

	add32(pcr);
	add32(type);
	add32(banks);
	for (; banks--; digest = next) {
		next = next_digest(digest, &alg, &digest_size);
		add16(alg);
		add(digest + 2, digest_size);
	}
	add32(size);
	add(data, size);
}

u32 log_size(void)
{
	return used;
}
