// SPDX-License-Identifier: GPL-2.0
/*
 * The host bridge, registers that it maps, and the kernel's resource map.
 */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/pci.h>
#include <linux/unaligned.h>

#include <launchguard/helpers.h>

int lg_host_bridge_read(u8 *out, size_t size)
{
	struct pci_dev *bridge = pci_get_domain_bus_and_slot(0, 0, 0);
	size_t at;
	int ret = 0;

	if (!bridge)
		return -ENODEV;
	for (at = 0; at + 4 <= size && !ret; at += 4) {
		u32 value;

		ret = pci_read_config_dword(bridge, at, &value);
		put_unaligned_le32(value, out + at);
	}
	pci_dev_put(bridge);
	return ret ? -EIO : 0;
}

static int mmio_read(u64 address, u64 *out)
{
	void __iomem *mapped;

	/* What is RAM is no register, and must not be mapped as one. */
	if (region_intersects(address, sizeof(*out), IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT)
		return -EINVAL;
	mapped = ioremap(address, sizeof(*out));
	if (!mapped)
		return -ENOMEM;
	*out = readq(mapped);
	iounmap(mapped);
	return 0;
}

int lg_mmio_read_pair(u64 first, u64 second, u64 *out)
{
	int ret = mmio_read(first, &out[0]);

	return ret ?: mmio_read(second, &out[1]);
}

struct ecam_walk {
	u64 base;
	u64 size;
};

static int ecam_match(struct resource *res, void *argument)
{
	struct ecam_walk *walk = argument;

	/* The firmware's own ranges carry a description, the kernel's do not. */
	if (res->start == walk->base && res->desc == IORES_DESC_NONE)
		walk->size = resource_size(res);
	return 0;
}

int lg_ecam_find(u64 base, u64 *size)
{
	struct ecam_walk walk = { .base = base };

	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_MEM | IORESOURCE_BUSY,
			    0, U64_MAX, &walk, ecam_match);
	*size = walk.size;
	return walk.size ? 0 : -ENOENT;
}
