// SPDX-License-Identifier: GPL-2.0
/*
 * What launchguard needs in C. No policy here: each function does one thing
 * that Rust cannot reach, because it is inline, a macro or a structure's
 * inside.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/tpm.h>
#include <linux/utsname.h>
#include <linux/version.h>
#include <linux/workqueue.h>
#include <crypto/sha1.h>
#include <crypto/sha2.h>
#include <asm/bootparam.h>
#include <asm/setup_data.h>

#include <launchguard/helpers.h>

#include "tpm_buf.h"

/* More links than that are a loop. */
#define LG_SETUP_DATA_MAX 64

static char *policy = "";
module_param(policy, charp, 0444);
MODULE_PARM_DESC(policy, "firmware file that holds the guard policy");

static char *references = "";
module_param(references, charp, 0444);
MODULE_PARM_DESC(references, "firmware file that holds the references");

static unsigned int tpm_deadline = 30;
module_param(tpm_deadline, uint, 0444);
MODULE_PARM_DESC(tpm_deadline,
		 "seconds to wait for the TPM and for the files (default 30)");

static unsigned int settle_timeout = 300;
module_param(settle_timeout, uint, 0444);
MODULE_PARM_DESC(settle_timeout,
		 "seconds until boot counts as over, 0 for never (default 300)");

static bool await_references;
module_param(await_references, bool, 0444);
MODULE_PARM_DESC(await_references,
		 "references will be committed: wait for them as for a file (default N)");

static bool rescue;
module_param(rescue, bool, 0444);
MODULE_PARM_DESC(rescue, "carry nothing of the guard policy out (default N)");

const char *lg_param_policy(void)
{
	return policy ?: "";
}

const char *lg_param_references(void)
{
	return references ?: "";
}

unsigned int lg_param_tpm_deadline(void)
{
	return tpm_deadline;
}

unsigned int lg_param_settle_timeout(void)
{
	return settle_timeout;
}

bool lg_param_await_references(void)
{
	return await_references;
}

bool lg_param_rescue(void)
{
	return rescue;
}

static void digest_sha1(const struct lg_part *parts, size_t count, u8 *out)
{
	struct sha1_ctx ctx;
	size_t i;

	sha1_init(&ctx);
	for (i = 0; i < count; i++)
		sha1_update(&ctx, parts[i].data, parts[i].len);
	sha1_final(&ctx, out);
}

static void digest_sha256(const struct lg_part *parts, size_t count, u8 *out)
{
	struct sha256_ctx ctx;
	size_t i;

	sha256_init(&ctx);
	for (i = 0; i < count; i++)
		sha256_update(&ctx, parts[i].data, parts[i].len);
	sha256_final(&ctx, out);
}

static void digest_sha384(const struct lg_part *parts, size_t count, u8 *out)
{
	struct sha384_ctx ctx;
	size_t i;

	sha384_init(&ctx);
	for (i = 0; i < count; i++)
		sha384_update(&ctx, parts[i].data, parts[i].len);
	sha384_final(&ctx, out);
}

static void digest_sha512(const struct lg_part *parts, size_t count, u8 *out)
{
	struct sha512_ctx ctx;
	size_t i;

	sha512_init(&ctx);
	for (i = 0; i < count; i++)
		sha512_update(&ctx, parts[i].data, parts[i].len);
	sha512_final(&ctx, out);
}

int lg_digest(u16 alg, const struct lg_part *parts, size_t count, u8 *out,
	      size_t size)
{
	if (alg == TPM_ALG_SHA1 && size == SHA1_DIGEST_SIZE)
		digest_sha1(parts, count, out);
	else if (alg == TPM_ALG_SHA256 && size == SHA256_DIGEST_SIZE)
		digest_sha256(parts, count, out);
	else if (alg == TPM_ALG_SHA384 && size == SHA384_DIGEST_SIZE)
		digest_sha384(parts, count, out);
	else if (alg == TPM_ALG_SHA512 && size == SHA512_DIGEST_SIZE)
		digest_sha512(parts, count, out);
	else
		return -EOPNOTSUPP;
	return 0;
}

struct lg_sha256 {
	struct sha256_ctx ctx;
};

struct lg_sha256 *lg_sha256_new(void)
{
	struct lg_sha256 *state = kmalloc_obj(*state);

	if (state)
		sha256_init(&state->ctx);
	return state;
}

void lg_sha256_update(struct lg_sha256 *state, const u8 *data, size_t len)
{
	sha256_update(&state->ctx, data, len);
}

void lg_sha256_finish(struct lg_sha256 *state, u8 *out)
{
	sha256_final(&state->ctx, out);
	sha256_init(&state->ctx);
}

void lg_sha256_free(struct lg_sha256 *state)
{
	kfree(state);
}

const char *lg_kernel_release(void)
{
	return init_utsname()->release;
}

enum lg_range lg_memory_range(u64 base, size_t size)
{
	switch (region_intersects(base, size, IORESOURCE_SYSTEM_RAM,
				  IORES_DESC_NONE)) {
	case REGION_INTERSECTS:
		return LG_RANGE_RAM;
	case REGION_MIXED:
		return LG_RANGE_MIXED;
	}
	if (region_intersects(base, size, IORESOURCE_MEM,
			      IORES_DESC_RESERVED) == REGION_INTERSECTS)
		return LG_RANGE_RESERVED;
	if (region_intersects(base, size, IORESOURCE_MEM,
			      IORES_DESC_NONE) == REGION_DISJOINT)
		return LG_RANGE_FREE;
	return LG_RANGE_DEVICE;
}

int lg_memory_copy(u64 base, void *out, size_t size)
{
	void *mapped = memremap(base, size, MEMREMAP_WB);

	if (!mapped)
		return -ENOMEM;
	memcpy(out, mapped, size);
	memunmap(mapped);
	return 0;
}

int lg_memory_equal(u64 base, const void *bytes, size_t size)
{
	void *mapped = memremap(base, size, MEMREMAP_WB);
	int ret;

	if (!mapped)
		return -ENOMEM;
	ret = !memcmp(mapped, bytes, size);
	memunmap(mapped);
	return ret;
}

/*
 * boot_params is not exported, but /sys/kernel/boot_params/data shows it. Its
 * attribute is found through the node rather than through a path: no mount is
 * needed, and none can stand in front of it.
 */
static int boot_params_copy(struct kernfs_node *data, void *out, size_t size)
{
	const struct bin_attribute *attr;
	ssize_t ret;

	if (kernfs_type(data) != KERNFS_FILE)
		return -ENODATA;
	attr = data->priv;
	if (!attr->read || attr->size != size)
		return -ENODATA;
	ret = attr->read(NULL, kernel_kobj, attr, out, 0, size);
	if (ret < 0)
		return ret;
	return (size_t)ret == size ? 0 : -ENODATA;
}

/* A copy of boot_params, to be freed with kfree(). */
static struct boot_params *boot_params_read(void)
{
	struct kernfs_node *dir = NULL, *data = NULL;
	struct boot_params *params;
	int ret = -ENODATA;

	params = kzalloc_obj(*params);
	if (!params)
		return ERR_PTR(-ENOMEM);
	dir = kernfs_find_and_get(kernel_kobj->sd, "boot_params");
	if (dir)
		data = kernfs_find_and_get(dir, "data");
	if (data)
		ret = boot_params_copy(data, params, sizeof(*params));
	kernfs_put(data);
	kernfs_put(dir);
	if (ret) {
		kfree(params);
		return ERR_PTR(ret);
	}
	return params;
}

int lg_boot_read(struct lg_boot *boot)
{
	struct boot_params *params = boot_params_read();

	if (IS_ERR(params))
		return PTR_ERR(params);
	boot->tboot_addr = params->tboot_addr;
	boot->type_of_loader = params->hdr.type_of_loader;
	boot->ext_loader_type = params->hdr.ext_loader_type;
	kfree(params);
	return 0;
}

static size_t memory_map_add(const struct boot_e820_entry *entries,
			     size_t count, struct lg_memory_range *out,
			     size_t max)
{
	size_t i;

	for (i = 0; i < count && i < max; i++) {
		out[i].base = entries[i].addr;
		out[i].size = entries[i].size;
		out[i].kind = entries[i].type;
	}
	return i;
}

/*
 * Ranges beyond those that boot_params has room for. Returns how many are in
 * @out, or an error: a map with a hole in it is none.
 */
static ssize_t memory_map_extend(u64 pa, struct lg_memory_range *out,
				 size_t count, size_t max)
{
	unsigned int links;

	for (links = 0; pa && links < LG_SETUP_DATA_MAX; links++) {
		struct setup_data *data = memremap(pa, sizeof(*data),
						   MEMREMAP_WB);
		struct boot_e820_entry *entries;
		u32 type, len;
		u64 next;

		if (!data)
			return -ENOMEM;
		next = data->next;
		type = data->type;
		len = data->len;
		memunmap(data);
		if (type == SETUP_E820_EXT) {
			if (len > (max - count) * sizeof(*entries))
				return -E2BIG;
			entries = memremap(pa + sizeof(*data), len,
					   MEMREMAP_WB);
			if (!entries)
				return -ENOMEM;
			count += memory_map_add(entries,
						len / sizeof(*entries),
						out + count, max - count);
			memunmap(entries);
		}
		pa = next;
	}
	return pa ? -ELOOP : (ssize_t)count;
}

ssize_t lg_boot_memory_map(struct lg_memory_range *out, size_t max)
{
	struct boot_params *params = boot_params_read();
	ssize_t ret = -E2BIG;
	size_t count;

	if (IS_ERR(params))
		return PTR_ERR(params);
	count = min_t(size_t, params->e820_entries,
		      ARRAY_SIZE(params->e820_table));
	if (count <= max) {
		count = memory_map_add(params->e820_table, count, out, max);
		ret = memory_map_extend(params->hdr.setup_data, out, count,
					max);
	}
	kfree(params);
	return ret;
}

struct lg_queue {
	struct workqueue_struct *wq;
	struct delayed_work work;
	u32 (*run)(void *context);
	void *context;
};

static void queue_run(struct work_struct *work)
{
	struct lg_queue *queue = container_of(to_delayed_work(work),
					      struct lg_queue, work);
	u32 again = queue->run(queue->context);

	/* Does nothing when a kick has queued the job meanwhile. */
	if (again != LG_JOB_DONE)
		queue_delayed_work(queue->wq, &queue->work,
				   msecs_to_jiffies(again));
}

struct lg_queue *lg_queue_create(u32 (*run)(void *context), void *context)
{
	struct lg_queue *queue = kzalloc_obj(*queue);

	if (!queue)
		return NULL;
	queue->wq = alloc_ordered_workqueue("launchguard", 0);
	if (!queue->wq) {
		kfree(queue);
		return NULL;
	}
	queue->run = run;
	queue->context = context;
	INIT_DELAYED_WORK(&queue->work, queue_run);
	return queue;
}

void lg_queue_kick(struct lg_queue *queue)
{
	mod_delayed_work(queue->wq, &queue->work, 0);
}

void lg_queue_kick_in(struct lg_queue *queue, u32 msecs)
{
	mod_delayed_work(queue->wq, &queue->work, msecs_to_jiffies(msecs));
}

void lg_queue_flush(struct lg_queue *queue)
{
	flush_delayed_work(&queue->work);
}

void lg_queue_stop(struct lg_queue *queue)
{
	disable_delayed_work_sync(&queue->work);
}

void lg_queue_destroy(struct lg_queue *queue)
{
	lg_queue_stop(queue);
	destroy_workqueue(queue->wq);
	kfree(queue);
}

void lg_module_pin(void)
{
	__module_get(THIS_MODULE);
}

bool lg_module_get(void)
{
	return try_module_get(THIS_MODULE);
}

void lg_module_put(void)
{
	module_put(THIS_MODULE);
}

#if KERNEL_VERSION(7, 3, 0) > LINUX_VERSION_CODE
struct tpm_buf *lg_tpm_buf_create(u16 tag, u32 code)
{
	struct tpm_buf *buf = kzalloc_obj(*buf);

	if (buf && tpm_buf_init(buf, tag, code)) {
		kfree(buf);
		return NULL;
	}
	return buf;
}

void lg_tpm_buf_free(struct tpm_buf *buf)
{
	tpm_buf_destroy(buf);
	kfree(buf);
}
#else
struct tpm_buf *lg_tpm_buf_create(u16 tag, u32 code)
{
	struct tpm_buf *buf = kzalloc(TPM_BUFSIZE, GFP_KERNEL);

	if (buf) {
		tpm_buf_init(buf, TPM_BUFSIZE);
		tpm_buf_reset(buf, tag, code);
	}
	return buf;
}

void lg_tpm_buf_free(struct tpm_buf *buf)
{
	kfree(buf);
}
#endif
