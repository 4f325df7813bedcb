// SPDX-License-Identifier: GPL-2.0
/*
 * The authenticated code module: firmware puts the image that the bed hands
 * over into the SINIT region; the processor checks its shape and measures it.
 */
#include "stage.h"

/* Header 0.0 of SDG table A-1. */
#define ACM_TYPE 0
#define ACM_HEADER_LENGTH 4
#define ACM_VENDOR 16
#define ACM_SIZE 24
#define ACM_SCRATCH_SIZE 124
#define ACM_KEY 128
#define ACM_TYPE_CHIPSET 2
#define VENDOR_INTEL 0x8086

/* Processor-detected errors of SDG table I-2. */
#define ERROR_UNSUPPORTED 0x80000006
#define ERROR_BAD_FORMAT 0x80000008

#define SHA256_SIZE 32

static u32 placed;

void acm_place(const u8 *image, u32 size)
{
	u8 *region = (u8 *)layout.sinit;

	if (size > SINIT_SIZE)
		die("SINIT image larger than its region");
	memset(region, 0, SINIT_SIZE);
	memcpy(region, image, size);
	placed = size;
}

u32 acm_size(void)
{
	return placed;
}

static u32 user_area(u32 base)
{
	const u8 *acm = (const u8 *)base;

	return (get32(acm + ACM_HEADER_LENGTH) + get32(acm + ACM_SCRATCH_SIZE)) * 4;
}

/* What GETSEC[SENTER] looks at, short of the signature: 0 or the error to record. */
u32 acm_check(u32 base, u32 size)
{
	const u8 *acm = (const u8 *)base;

	if (base < layout.sinit || size > SINIT_SIZE ||
	    base - layout.sinit > SINIT_SIZE - size || base % PAGE_SIZE || size < ACM_KEY)
		return ERROR_BAD_FORMAT;
	if (get32(acm + ACM_TYPE) != ACM_TYPE_CHIPSET || get32(acm + ACM_VENDOR) != VENDOR_INTEL)
		return ERROR_UNSUPPORTED;
	if (get32(acm + ACM_SIZE) * 4 != size || user_area(base) > size ||
	    user_area(base) < ACM_KEY)
		return ERROR_BAD_FORMAT;
	return 0;
}

/*
 * SHA-256 over the module without key, signature and scratch area: bytes 0 to
 * 127 and from the user area to the end.
 */
void acm_measure(u32 base, u8 digest[SHA256_SIZE])
{
	u32 start = user_area(base), size = get32((const u8 *)base + ACM_SIZE) * 4;

	tpm_sequence_start(TPM_ALG_SHA256);
	tpm_sequence_update((const void *)base, ACM_KEY);
	tpm_sequence_update((const void *)(base + start), size - start);
	tpm_hash_end(digest, SHA256_SIZE);
}
