// SPDX-License-Identifier: GPL-2.0
/*
 * The TPM at locality 3, through the ordinary TIS page. The TPM is the hash
 * engine too: it returns the digests in every bank it has, so the log carries
 * the banks of whatever TPM is there.
 */
#include "stage.h"

#define TIS TPM_LOCALITY(3)
#define TIS_ACCESS (TIS + 0x00)
#define TIS_STS (TIS + 0x18)
#define TIS_FIFO (TIS + 0x24)

#define ACCESS_REQUEST 0x02
#define ACCESS_ACTIVE 0x20
#define ACCESS_ABSENT 0xff
#define STS_READY 0x40
#define STS_GO 0x20
#define STS_DATA_AVAILABLE 0x90	/* with STS_VALID */

#define ST_NO_SESSIONS 0x8001
#define ST_SESSIONS 0x8002
#define RS_PW 0x40000009
#define CC_PCR_EVENT 0x13c
#define CC_SEQUENCE_UPDATE 0x15c
#define CC_SEQUENCE_COMPLETE 0x13e
#define CC_EVENT_SEQUENCE_COMPLETE 0x185
#define CC_HASH_SEQUENCE_START 0x186

#define CHUNK 1024u
#define HEADER 10
#define PARAMETERS (HEADER + 4)	/* behind the parameter size of a response with sessions */
#define PATIENCE 100000000u

static u8 command[CHUNK + 64];
static u8 response[1024];
static u32 length;
static u32 sequence;

static void wait_for(u32 address, u32 mask, const char *what)
{
	for (u32 i = 0; i < PATIENCE; i++) {
		if ((mmio_read8(address) & mask) == mask)
			return;
		cpu_relax();
	}
	die(what);
}

/* False without a TPM. */
bool tpm_open(void)
{
	if (mmio_read8(TIS_ACCESS) == ACCESS_ABSENT)
		return false;
	mmio_write8(TIS_ACCESS, ACCESS_REQUEST);
	wait_for(TIS_ACCESS, ACCESS_ACTIVE, "TPM: locality 3 is not granted");
	return true;
}

void tpm_close(void)
{
	mmio_write8(TIS_ACCESS, ACCESS_ACTIVE);
}

static void add8(u8 v)
{
	command[length++] = v;
}

static void add16(u16 v)
{
	add8(v >> 8);
	add8(v);
}

static void add32(u32 v)
{
	add16(v >> 16);
	add16(v);
}

static void add_bytes(const void *data, u32 size)
{
	memcpy(command + length, data, size);
	length += size;
}

static void begin(u16 tag, u32 code)
{
	length = 0;
	add16(tag);
	add32(0);
	add32(code);
}

/* Empty password sessions. */
static void add_sessions(u32 count)
{
	add32(9 * count);
	while (count--) {
		add32(RS_PW);
		add16(0);
		add8(0);
		add16(0);
	}
}

static void transmit(void)
{
	u32 size;

	command[2] = length >> 24;
	command[3] = length >> 16;
	command[4] = length >> 8;
	command[5] = length;
	mmio_write32(TIS_STS, STS_READY);
	wait_for(TIS_STS, STS_READY, "TPM: not ready");
	for (u32 i = 0; i < length; i++)
		mmio_write8(TIS_FIFO, command[i]);
	mmio_write32(TIS_STS, STS_GO);
	wait_for(TIS_STS, STS_DATA_AVAILABLE, "TPM: no answer");
	for (u32 i = 0; i < HEADER; i++)
		response[i] = mmio_read8(TIS_FIFO);
	size = be32(response + 2);
	if (size > sizeof(response))
		die("TPM: answer too long");
	for (u32 i = HEADER; i < size; i++)
		response[i] = mmio_read8(TIS_FIFO);
	mmio_write32(TIS_STS, STS_READY);
	if (be32(response + 6)) {
		say_value("TPM: response code", be32(response + 6));
		die("TPM: command failed");
	}
}

/* 0 for an algorithm that no bank has. */
u32 tpm_digest_size(u32 alg)
{
	switch (alg) {
	case TPM_ALG_SHA1:
		return 20;
	case TPM_ALG_SHA256:
	case TPM_ALG_SM3_256:
		return 32;
	case TPM_ALG_SHA384:
		return 48;
	case TPM_ALG_SHA512:
		return 64;
	default:
		return 0;
	}
}

/* A hash sequence; TPM_ALG_NULL makes an event sequence, one hash in every bank. */
void tpm_sequence_start(u16 alg)
{
	begin(ST_NO_SESSIONS, CC_HASH_SEQUENCE_START);
	add16(0);
	add16(alg);
	transmit();
	sequence = be32(response + HEADER);
}

void tpm_sequence_update(const void *data, u32 size)
{
	const u8 *p = data;

	while (size) {
		u32 part = size < CHUNK ? size : CHUNK;

		begin(ST_SESSIONS, CC_SEQUENCE_UPDATE);
		add32(sequence);
		add_sessions(1);
		add16(part);
		add_bytes(p, part);
		transmit();
		p += part;
		size -= part;
	}
}

/* Ends a hash sequence of one algorithm; the digest must be of `size` bytes. */
void tpm_hash_end(u8 *digest, u32 size)
{
	begin(ST_SESSIONS, CC_SEQUENCE_COMPLETE);
	add32(sequence);
	add_sessions(1);
	add16(0);
	add32(TPM_RH_NULL);
	transmit();
	if (be16(response + PARAMETERS) != size)
		die("TPM: digest of another size");
	memcpy(digest, response + PARAMETERS + 2, size);
}

/* Ends an event sequence into a PCR (TPM_RH_NULL: into none); returns TPML_DIGEST_VALUES. */
const u8 *tpm_sequence_end(u32 pcr)
{
	begin(ST_SESSIONS, CC_EVENT_SEQUENCE_COMPLETE);
	add32(pcr);
	add32(sequence);
	add_sessions(2);
	add16(0);
	transmit();
	return response + PARAMETERS;
}

/* Hashes up to 1024 bytes into a PCR (TPM_RH_NULL: into none); returns TPML_DIGEST_VALUES. */
const u8 *tpm_event(u32 pcr, const void *data, u32 size)
{
	begin(ST_SESSIONS, CC_PCR_EVENT);
	add32(pcr);
	add_sessions(1);
	add16(size);
	add_bytes(data, size);
	transmit();
	return response + PARAMETERS;
}
