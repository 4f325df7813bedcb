// SPDX-License-Identifier: GPL-2.0
/*
 * The TPM: what is inside struct tpm_chip, and commands that the kernel has no
 * function for.
 */
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tpm.h>
#include <linux/unaligned.h>

#include <launchguard/helpers.h>

#include "tpm_buf.h"

struct tpm_chip *lg_tpm_get(void)
{
	return tpm_default_chip();
}

void lg_tpm_put(struct tpm_chip *chip)
{
	put_device(&chip->dev);
}

int lg_tpm_is_tpm2(struct tpm_chip *chip)
{
	return tpm_is_tpm2(chip);
}

size_t lg_tpm_banks(struct tpm_chip *chip, u16 *algs, size_t max)
{
	size_t count = min_t(size_t, chip->nr_allocated_banks, max);
	size_t i;

	for (i = 0; i < count; i++)
		algs[i] = chip->allocated_banks[i].alg_id;
	return count;
}

int lg_tpm_pcr_read(struct tpm_chip *chip, u16 alg, u32 pcr, u8 *out,
		    size_t size)
{
	struct tpm_digest digest = { .alg_id = alg };
	int ret;

	if (size > sizeof(digest.digest))
		return -EINVAL;
	ret = tpm_pcr_read(chip, pcr, &digest);
	if (!ret)
		memcpy(out, digest.digest, size);
	return ret;
}

static const struct lg_bank_digest *
bank_digest(const struct lg_bank_digest *digests, size_t count, u16 alg)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (digests[i].alg == alg)
			return &digests[i];
	return NULL;
}

int lg_tpm_pcr_extend(struct tpm_chip *chip, u32 pcr,
		      const struct lg_bank_digest *digests, size_t count)
{
	size_t banks = chip->nr_allocated_banks, i;
	const struct lg_bank_digest *from;
	struct tpm_digest *to;
	int ret = -EOPNOTSUPP;

	to = kzalloc_objs(*to, banks);
	if (!to)
		return -ENOMEM;
	for (i = 0; i < banks; i++) {
		from = bank_digest(digests, count,
				   chip->allocated_banks[i].alg_id);
		if (!from)
			goto out;
		to[i].alg_id = from->alg;
		memcpy(to[i].digest, from->digest,
		       min(sizeof(to[i].digest), sizeof(from->digest)));
	}
	/* Positive values are the TPM's own, and no success either. */
	ret = tpm_pcr_extend(chip, pcr, to);
	if (ret > 0)
		ret = -EIO;
out:
	kfree(to);
	return ret;
}

/* Bytes of tag, size and code, with which every command and answer starts. */
#define HEADER_SIZE 10

/*
 * The kernel wants its own buffer for a command, and makes it differently from
 * 7.3 on: see lg_tpm_buf_create().
 */
static ssize_t transmit(struct tpm_chip *chip, struct tpm_buf *buf,
			u8 *response, size_t max)
{
	ssize_t ret = tpm_transmit_cmd(chip, buf, 0, NULL);
	u32 size;

	/* Positive is the TPM's own error code, which is part of the answer. */
	if (ret < 0)
		return ret;
	size = get_unaligned_be32(buf->data + 2);
	if (size < HEADER_SIZE || size > max)
		return -EMSGSIZE;
	memcpy(response, buf->data, size);
	return size;
}

ssize_t lg_tpm_command(struct tpm_chip *chip, const u8 *command, size_t size,
		       u8 *response, size_t max)
{
	struct tpm_buf *buf;
	ssize_t ret;

	/* The answer must fit in the buffer as well, whose size is 4096. */
	if (size < HEADER_SIZE || size > 1024 || max > 2048)
		return -EINVAL;
	buf = lg_tpm_buf_create(get_unaligned_be16(command),
				get_unaligned_be32(command + 6));
	if (!buf)
		return -ENOMEM;
	tpm_buf_append(buf, command + HEADER_SIZE, size - HEADER_SIZE);
	ret = tpm_try_get_ops(chip);
	if (!ret) {
		ret = transmit(chip, buf, response, max);
		tpm_put_ops(chip);
	}
	lg_tpm_buf_free(buf);
	return ret;
}
