// SPDX-License-Identifier: GPL-2.0
/*
 * PCI functions and their IOMMU groups, and what the kernel was told about
 * DMA remapping. Everything here sleeps: call it from process context.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/mount.h>
#include <linux/pci.h>

#include <launchguard/helpers.h>

struct group_walk {
	struct device *dev;
	u32 size;
	enum lg_translation translation;
};

static enum lg_translation translation(struct iommu_domain *domain)
{
	if (!domain)
		return LG_TRANSLATION_UNKNOWN;
	switch (domain->type) {
	case IOMMU_DOMAIN_BLOCKED:
		return LG_TRANSLATION_BLOCKED;
	case IOMMU_DOMAIN_IDENTITY:
		return LG_TRANSLATION_IDENTITY;
	case IOMMU_DOMAIN_UNMANAGED:
		return LG_TRANSLATION_MANAGED;
	}
	if (domain->type & __IOMMU_DOMAIN_DMA_API)
		return LG_TRANSLATION_DMA;
	return LG_TRANSLATION_UNKNOWN;
}

/*
 * Runs under the group's mutex, without which the domain could be freed: its
 * type is copied and the pointer goes no further.
 */
static int group_member(struct device *dev, void *data)
{
	struct group_walk *walk = data;

	walk->size++;
	if (dev == walk->dev)
		walk->translation =
			translation(iommu_driver_get_domain_for_dev(dev));
	return 0;
}

static void read_group(struct pci_dev *dev, struct lg_function *out)
{
	struct group_walk walk = {
		.dev = &dev->dev,
		.translation = LG_TRANSLATION_UNKNOWN,
	};
	struct iommu_group *group = iommu_group_get(&dev->dev);

	out->group = -1;
	out->group_size = 0;
	out->isolated_msi = -1;
	out->translation = LG_TRANSLATION_NONE;
	/* Without an IOMMU there is no group, and NULL is not looked for. */
	if (!group)
		return;
	iommu_group_for_each_dev(group, &walk, group_member);
	out->group = iommu_group_id(group);
	out->group_size = walk.size;
	out->translation = walk.translation;
	out->isolated_msi = iommu_group_has_isolated_msi(group);
	iommu_group_put(group);
}

static int read_word(struct pci_dev *dev, int where)
{
	u16 word;

	/* All ones: the device is gone, or asleep too deeply to answer. */
	if (pci_read_config_word(dev, where, &word) || word == 0xffff)
		return -1;
	return word;
}

static int read_ats(struct pci_dev *dev)
{
	int cap = dev->ats_cap ?:
		  pci_find_ext_capability(dev, PCI_EXT_CAP_ID_ATS);
	int control;

	if (!cap)
		return LG_ATS_NONE;
	control = read_word(dev, cap + PCI_ATS_CTRL);
	if (dev->ats_enabled ||
	    (control >= 0 && control & PCI_ATS_CTRL_ENABLE))
		return LG_ATS_ON;
	return LG_ATS_OFF;
}

static void read_function(struct pci_dev *dev, struct lg_function *out)
{
	int acs = pci_find_ext_capability(dev, PCI_EXT_CAP_ID_ACS);
	int command = read_word(dev, PCI_COMMAND);

	out->segment = pci_domain_nr(dev->bus);
	out->bus = dev->bus->number;
	out->devfn = dev->devfn;
	out->vendor = dev->vendor;
	out->device = dev->device;
	out->class_code = dev->class;
	out->port_type = pci_is_pcie(dev) ? pci_pcie_type(dev) : -1;
	out->bridge = dev->hdr_type == PCI_HEADER_TYPE_BRIDGE ||
		      dev->hdr_type == PCI_HEADER_TYPE_CARDBUS;
	out->secondary = -1;
	out->subordinate = -1;
	if (dev->subordinate) {
		out->secondary = dev->subordinate->busn_res.start;
		out->subordinate = dev->subordinate->busn_res.end;
	}
	out->bus_master = command < 0 ? -1 : !!(command & PCI_COMMAND_MASTER);
	out->driver = !!READ_ONCE(dev->dev.driver);
	out->untrusted = dev->untrusted;
	out->external_facing = dev->external_facing;
	out->virtual_function = dev->is_virtfn;
	out->ats = read_ats(dev);
	out->acs = acs ? read_word(dev, acs + PCI_ACS_CTRL) : -1;
	read_group(dev, out);
}

struct pci_dev *lg_pci_next(struct pci_dev *from, struct lg_function *out)
{
	/* Gives the reference on @from back. */
	struct pci_dev *dev = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, from);

	if (dev)
		read_function(dev, out);
	return dev;
}

void lg_pci_put(struct pci_dev *dev)
{
	pci_dev_put(dev);
}

int lg_iommu_passthrough(void)
{
	return iommu_default_passthrough();
}

int lg_intel_iommu_enabled(void)
{
#ifdef CONFIG_INTEL_IOMMU
	return READ_ONCE(intel_iommu_enabled) != 0;
#else
	return 0;
#endif
}

/*
 * saved_command_line is not exported, but proc's file cmdline shows it. A mount
 * of our own needs none of the machine's, and none can stand in front of it. It
 * is in no namespace, not even the kernel's own: kern_unmount() takes a mount
 * out of that and waits for readers of RCU, longer than all the rest takes.
 */
ssize_t lg_command_line(u8 *out, size_t size)
{
	struct file_system_type *proc = get_fs_type("proc");
	struct path root;
	struct vfsmount *mnt;
	struct file *file;
	loff_t pos = 0;
	ssize_t ret;

	/* Built in: there is no reference on a module to give back. */
	if (!proc)
		return -ENODEV;
	mnt = vfs_kern_mount(proc, SB_KERNMOUNT, proc->name, NULL);
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	root.mnt = mnt;
	root.dentry = mnt->mnt_root;
	file = file_open_root(&root, "cmdline", O_RDONLY, 0);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
	} else {
		ret = kernel_read(file, out, size, &pos);
		fput(file);
	}
	mntput(mnt);
	return ret;
}
