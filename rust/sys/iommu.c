// SPDX-License-Identifier: GPL-2.0
/*
 * Ownership of IOMMU groups, and domains of our own. The only file that takes
 * ownership: the kernel wants no new callers of iommu_group_claim_dma_owner(),
 * and so there is one. Everything here sleeps, takes the group's mutex, and
 * must not be called from a walk over a group.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include <launchguard/helpers.h>

/* Its address says who owns a group; nothing is read from it. */
static char owner;

static struct pci_dev *find(const struct lg_address *at)
{
	return pci_get_domain_bus_and_slot(at->segment, at->bus, at->devfn);
}

struct iommu_group *lg_group_get(const struct lg_address *at)
{
	struct pci_dev *dev = find(at);
	struct iommu_group *group;

	if (!dev)
		return NULL;
	group = iommu_group_get(&dev->dev);
	pci_dev_put(dev);
	return group;
}

struct iommu_group *lg_group_of_requester(u32 segment, u16 requester)
{
	const struct lg_address at = {
		.segment = segment,
		.bus = PCI_BUS_NUM(requester),
		.devfn = requester & 0xff,
	};
	struct iommu_group *group = lg_group_get(&at);
	struct pci_dev *dev = NULL;

	if (group)
		return group;
	/*
	 * An alias, such as that of what is behind a conventional bridge: some
	 * function of that bus, when they are all in one group.
	 */
	for_each_pci_dev(dev) {
		struct iommu_group *other;

		if (pci_domain_nr(dev->bus) != segment || !dev->bus->self ||
		    dev->bus->number != at.bus)
			continue;
		other = iommu_group_get(&dev->dev);
		if (group && other != group) {
			iommu_group_put(other);
			iommu_group_put(group);
			pci_dev_put(dev);
			return NULL;
		}
		iommu_group_put(group);
		group = other;
	}
	return group;
}

void lg_group_put(struct iommu_group *group)
{
	iommu_group_put(group);
}

int lg_group_id(struct iommu_group *group)
{
	return iommu_group_id(group);
}

struct member_walk {
	struct device *first;
	size_t count;
	bool identity;
	bool ats;
	bool clear;
};

static int visit(struct device *dev, void *data)
{
	struct member_walk *walk = data;

	if (!walk->first) {
		struct iommu_domain *domain =
			iommu_driver_get_domain_for_dev(dev);

		/* The group's mutex is held: the domain stays. */
		walk->identity = domain &&
				 domain->type == IOMMU_DOMAIN_IDENTITY;
		walk->first = get_device(dev);
	}
	walk->count++;
	if (dev_is_pci(dev)) {
		if (to_pci_dev(dev)->ats_enabled)
			walk->ats = true;
		/* A bridge carries what others do, and is not stopped. */
		if (walk->clear && !to_pci_dev(dev)->subordinate)
			pci_clear_master(to_pci_dev(dev));
	}
	return 0;
}

static struct member_walk members(struct iommu_group *group, bool clear)
{
	struct member_walk walk = { .clear = clear };

	iommu_group_for_each_dev(group, &walk, visit);
	return walk;
}

size_t lg_group_members(struct iommu_group *group)
{
	struct member_walk walk = members(group, false);

	put_device(walk.first);
	return walk.count;
}

int lg_group_ats(struct iommu_group *group)
{
	struct member_walk walk = members(group, false);

	put_device(walk.first);
	return walk.ats;
}

int lg_group_identity(struct iommu_group *group)
{
	struct member_walk walk = members(group, false);

	put_device(walk.first);
	return walk.identity;
}

int lg_group_direct(struct iommu_group *group, struct lg_direct *out,
		    size_t room, size_t *count)
{
	struct iommu_resv_region *region, *next;
	LIST_HEAD(regions);
	int ret = iommu_get_group_resv_regions(group, &regions);

	*count = 0;
	/* They are copies, and the caller's to free, also after an error. */
	list_for_each_entry_safe(region, next, &regions, list) {
		bool relaxable = region->type == IOMMU_RESV_DIRECT_RELAXABLE;

		if (relaxable || region->type == IOMMU_RESV_DIRECT) {
			if (*count < room)
				out[*count] = (struct lg_direct){
					.base = region->start,
					.size = region->length,
					.relaxable = relaxable,
				};
			++*count;
		}
		kfree(region);
	}
	return ret;
}

int lg_group_claim(struct iommu_group *group)
{
	/*
	 * A function that arrives is told of its group before the group has
	 * it (iommu_init_device()), and the kernel claims for a first member
	 * without looking whether there is one.
	 */
	if (!lg_group_members(group))
		return -EBUSY;
	return iommu_group_claim_dma_owner(group, &owner);
}

void lg_group_release(struct iommu_group *group)
{
	struct member_walk walk = members(group, true);

	put_device(walk.first);
	iommu_group_release_dma_owner(group);
}

int lg_domain_new(struct iommu_group *group, struct iommu_domain **out)
{
	struct member_walk walk = members(group, false);
	struct iommu_domain *domain;

	if (!walk.first)
		return -ENODEV;
	domain = iommu_paging_domain_alloc(walk.first);
	put_device(walk.first);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	*out = domain;
	return 0;
}

void lg_domain_free(struct iommu_domain *domain)
{
	iommu_domain_free(domain);
}

int lg_domain_map(struct iommu_domain *domain, u64 iova, u64 base, u64 size,
		  bool writable)
{
	int prot = IOMMU_READ | IOMMU_CACHE;

	if (writable)
		prot |= IOMMU_WRITE;
	return iommu_map(domain, iova, base, size, prot, GFP_KERNEL);
}

u64 lg_domain_unmap(struct iommu_domain *domain, u64 iova, u64 size)
{
	return iommu_unmap(domain, iova, size);
}

int lg_domain_attach(struct iommu_domain *domain, struct iommu_group *group)
{
	return iommu_attach_group(domain, group);
}

void lg_domain_detach(struct iommu_domain *domain, struct iommu_group *group)
{
	iommu_detach_group(domain, group);
}

void lg_function_probe(const struct lg_address *at)
{
	struct pci_dev *dev = find(at);

	if (!dev)
		return;
	/* Whether a driver wants it is not our business. */
	if (device_attach(&dev->dev) < 0)
		pci_dbg(dev, "no driver took it after its release\n");
	pci_dev_put(dev);
}
