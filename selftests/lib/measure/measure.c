// SPDX-License-Identifier: GPL-2.0
/*
 * What launchguard cannot do without, done alone: the floor that its benchmarks
 * are compared with. For test machines.
 *
 * Orders are written to /sys/module/measure/parameters/order and carried out at
 * once; read, the file says what the last one took, in nanoseconds.
 *
 *   pcrs
 *       PCR 17 to 22 of all allocated banks are read from a TPM 2.0 with as few
 *       commands as it takes: "NS commands N digests N".
 *   attach DEVICE
 *       DEVICE, such as 0000:00:04.0, which must be alone in its group and have
 *       no driver, gets a domain for the orders that follow, until unload.
 *   map IOVA BASE SIZE STRIDE COUNT
 *   unmap IOVA BASE SIZE STRIDE COUNT
 *       COUNT ranges of SIZE bytes, STRIDE bytes apart, are mapped in it, or
 *       unmapped: "NS".
 *   watch
 *       Ordered twice, there are two handlers at the kernel's for DMA faults,
 *       around those of whoever came between. Read after "watched", what passed
 *       from one to the other, and how often, since the last reading: "NS calls
 *       N". After "unwatch" there are none.
 */
#include <linux/err.h>
#include <linux/fprobe.h>
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/tpm.h>
#include <linux/unaligned.h>
#include <linux/version.h>

/* TPM2_PCR_Read, and the tag of a command without sessions. */
#define CC_PCR_READ 0x17e
#define ST_NO_SESSIONS 0x8001
/* Where the answer says how many selections follow. */
#define ANSWER_COUNT 14
#define MAX_BANKS 8
/* PCR 17 to 22. */
#define WANTED 0x7e0000

struct bank {
	u16 alg;
	u32 left;
};

static DEFINE_MUTEX(lock);
static char result[80];
static struct {
	struct iommu_group *group;
	struct iommu_domain *domain;
} attached;

/* The kernel's buffer for commands, which is made differently from 7.3 on. */
#if KERNEL_VERSION(7, 3, 0) > LINUX_VERSION_CODE
static struct tpm_buf *command_new(void)
{
	struct tpm_buf *buf = kzalloc_obj(*buf);

	if (buf && tpm_buf_init(buf, ST_NO_SESSIONS, CC_PCR_READ)) {
		kfree(buf);
		return NULL;
	}
	return buf;
}

static void command_free(struct tpm_buf *buf)
{
	tpm_buf_destroy(buf);
	kfree(buf);
}
#else
static struct tpm_buf *command_new(void)
{
	struct tpm_buf *buf = kzalloc(TPM_BUFSIZE, GFP_KERNEL);

	if (buf) {
		tpm_buf_init(buf, TPM_BUFSIZE);
		tpm_buf_reset(buf, ST_NO_SESSIONS, CC_PCR_READ);
	}
	return buf;
}

static void command_free(struct tpm_buf *buf)
{
	kfree(buf);
}
#endif

/* Takes out of @banks what the answer holds; how many digests that are. */
static int answered(const u8 *answer, struct bank *banks, unsigned int count)
{
	const u8 *at = answer + ANSWER_COUNT + 4;
	u32 selections = get_unaligned_be32(answer + ANSWER_COUNT);
	int digests = 0;
	unsigned int i;

	if (selections > MAX_BANKS)
		return -EIO;
	while (selections--) {
		u16 alg = get_unaligned_be16(at);
		u32 bits;

		if (at[2] != 3)
			return -EIO;
		bits = get_unaligned_le24(at + 3);
		for (i = 0; i < count; i++)
			if (banks[i].alg == alg)
				banks[i].left &= ~bits;
		digests += hweight32(bits);
		at += 6;
	}
	return digests;
}

/* One command; how many digests the TPM gave, 0 when nothing is left. */
static int read_some(struct tpm_chip *chip, struct bank *banks,
		     unsigned int count)
{
	unsigned int i, used = 0;
	struct tpm_buf *buf;
	int ret;

	for (i = 0; i < count; i++)
		used += banks[i].left != 0;
	if (!used)
		return 0;
	buf = command_new();
	if (!buf)
		return -ENOMEM;
	tpm_buf_append_u32(buf, used);
	for (i = 0; i < count; i++) {
		if (!banks[i].left)
			continue;
		tpm_buf_append_u16(buf, banks[i].alg);
		tpm_buf_append_u8(buf, 3);
		tpm_buf_append_u8(buf, banks[i].left);
		tpm_buf_append_u8(buf, banks[i].left >> 8);
		tpm_buf_append_u8(buf, banks[i].left >> 16);
	}
	ret = tpm_try_get_ops(chip);
	if (!ret) {
		ret = tpm_transmit_cmd(chip, buf, 0, NULL);
		tpm_put_ops(chip);
	}
	if (!ret)
		ret = answered(buf->data, banks, count) ?: -EIO;
	else if (ret > 0)
		ret = -EIO;
	command_free(buf);
	return ret;
}

static int measure_pcrs(void)
{
	struct tpm_chip *chip = tpm_default_chip();
	unsigned int count, i, commands = 0, digests = 0;
	struct bank banks[MAX_BANKS];
	int ret;
	u64 ns;

	if (!chip)
		return -ENODEV;
	count = min_t(unsigned int, chip->nr_allocated_banks, MAX_BANKS);
	for (i = 0; i < count; i++) {
		banks[i].alg = chip->allocated_banks[i].alg_id;
		banks[i].left = WANTED;
	}
	ns = ktime_get_ns();
	while ((ret = read_some(chip, banks, count)) > 0) {
		commands++;
		digests += ret;
	}
	ns = ktime_get_ns() - ns;
	put_device(&chip->dev);
	scnprintf(result, sizeof(result), "%llu commands %u digests %u\n", ns,
		  commands, digests);
	return ret;
}

struct ranges {
	u64 iova;
	u64 base;
	u64 size;
	u64 stride;
	u32 count;
};

static int map(struct iommu_domain *domain, const struct ranges *all)
{
	const int prot = IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE;
	u64 begin = ktime_get_ns();
	int ret = 0;
	u32 i;

	for (i = 0; i < all->count && !ret; i++)
		ret = iommu_map(domain, all->iova + i * all->stride,
				all->base + i * all->stride, all->size, prot,
				GFP_KERNEL);
	scnprintf(result, sizeof(result), "%llu\n", ktime_get_ns() - begin);
	return ret;
}

static int unmap(struct iommu_domain *domain, const struct ranges *all)
{
	u64 begin = ktime_get_ns();
	int ret = 0;
	u32 i;

	for (i = 0; i < all->count; i++)
		if (iommu_unmap(domain, all->iova + i * all->stride,
				all->size) != all->size)
			ret = -EIO;
	scnprintf(result, sizeof(result), "%llu\n", ktime_get_ns() - begin);
	return ret;
}

static int attach(unsigned int segment, unsigned int bus, unsigned int devfn)
{
	struct pci_dev *dev = pci_get_domain_bus_and_slot(segment, bus, devfn);
	int ret = -ENODEV;

	if (attached.domain)
		ret = -EBUSY;
	else if (dev)
		attached.group = iommu_group_get(&dev->dev);
	if (!attached.group || attached.domain)
		goto out;
	ret = iommu_group_claim_dma_owner(attached.group, &attached);
	if (ret)
		goto put;
	attached.domain = iommu_paging_domain_alloc(&dev->dev);
	ret = PTR_ERR_OR_ZERO(attached.domain);
	if (ret)
		goto release;
	ret = iommu_attach_group(attached.domain, attached.group);
	if (!ret)
		goto out;
	iommu_domain_free(attached.domain);
release:
	attached.domain = NULL;
	iommu_group_release_dma_owner(attached.group);
put:
	iommu_group_put(attached.group);
	attached.group = NULL;
out:
	pci_dev_put(dev);
	return ret;
}

static void detach(void)
{
	if (!attached.domain)
		return;
	iommu_detach_group(attached.domain, attached.group);
	iommu_domain_free(attached.domain);
	iommu_group_release_dma_owner(attached.group);
	iommu_group_put(attached.group);
}

/*
 * Handlers of one function run one after the other, in the order in which they
 * came or in the reverse one: what came between two of them runs between them.
 * The only unit's interrupt is never handled twice at a time.
 */
static struct {
	u64 first;
	u64 ns;
	u64 calls;
	bool between;
} watched;

static unsigned int probes;

static int fault_seen(struct fprobe *fp, unsigned long entry_ip,
		      unsigned long ret_ip, struct ftrace_regs *fregs,
		      void *entry_data)
{
	u64 now = ktime_get_ns();

	if (READ_ONCE(probes) != 2)
		return 0;
	if (watched.between) {
		watched.ns += now - watched.first;
		watched.calls++;
	}
	watched.first = now;
	watched.between = !watched.between;
	return 0;
}

static struct fprobe fault_probes[] = {
	{ .entry_handler = fault_seen },
	{ .entry_handler = fault_seen },
};

static int watch(void)
{
	const char *name = "dmar_fault";
	int ret;

	if (probes == ARRAY_SIZE(fault_probes))
		return -EBUSY;
	ret = register_fprobe_syms(&fault_probes[probes], &name, 1);
	if (!ret)
		WRITE_ONCE(probes, probes + 1);
	return ret;
}

static void unwatch(void)
{
	while (probes)
		unregister_fprobe(&fault_probes[--probes]);
	memset(&watched, 0, sizeof(watched));
}

static int tell_watched(void)
{
	if (probes != ARRAY_SIZE(fault_probes))
		return -EINVAL;
	scnprintf(result, sizeof(result), "%llu calls %llu\n", watched.ns,
		  watched.calls);
	watched.ns = 0;
	watched.calls = 0;
	return 0;
}

static int carry_out(const char *text)
{
	unsigned int segment, bus, slot, function;
	struct ranges all;
	char what[8];

	if (sysfs_streq(text, "pcrs"))
		return measure_pcrs();
	if (sysfs_streq(text, "watch"))
		return watch();
	if (sysfs_streq(text, "watched"))
		return tell_watched();
	if (sysfs_streq(text, "unwatch")) {
		unwatch();
		return 0;
	}
	if (sscanf(text, "attach %x:%x:%x.%u", &segment, &bus, &slot,
		   &function) == 4)
		return attach(segment, bus, PCI_DEVFN(slot, function));
	if (!attached.domain ||
	    sscanf(text, "%7s %lli %lli %lli %lli %u", what, &all.iova,
		   &all.base, &all.size, &all.stride, &all.count) != 6)
		return -EINVAL;
	if (!strcmp(what, "map"))
		return map(attached.domain, &all);
	if (!strcmp(what, "unmap"))
		return unmap(attached.domain, &all);
	return -EINVAL;
}

static int order_set(const char *text, const struct kernel_param *param)
{
	int ret;

	mutex_lock(&lock);
	result[0] = '\0';
	ret = carry_out(text);
	mutex_unlock(&lock);
	return ret;
}

static int order_get(char *out, const struct kernel_param *param)
{
	int length;

	mutex_lock(&lock);
	length = sysfs_emit(out, "%s", result);
	mutex_unlock(&lock);
	return length;
}

static const struct kernel_param_ops order_ops = {
	.set = order_set,
	.get = order_get,
};
module_param_cb(order, &order_ops, NULL, 0600);
MODULE_PARM_DESC(order, "What to measure, and what it took");

static void __exit measure_exit(void)
{
	unwatch();
	detach();
}
module_exit(measure_exit);

static int __init measure_init(void)
{
	return 0;
}
module_init(measure_init);

MODULE_DESCRIPTION("The floor of launchguard's benchmarks");
MODULE_LICENSE("GPL");
