// SPDX-License-Identifier: GPL-2.0
/*
 * PCI functions that come and go. The notifier runs behind that of the IOMMU
 * core (priority 0, registered at boot), so that a function that comes is in
 * its group already and one that goes still is; before any driver can probe,
 * in task context, under the bus's rwsem and often the rescan lock.
 */
#include <linux/device.h>
#include <linux/device/bus.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pci.h>

#include <launchguard/helpers.h>

static void (*pci_event)(void *context, const struct lg_pci_event *event);
static void *pci_context;

/* The function's place below the root bus, the nearest step first. */
static void describe(struct pci_dev *dev, struct lg_pci_event *event)
{
	event->at.segment = pci_domain_nr(dev->bus);
	event->at.bus = dev->bus->number;
	event->at.devfn = dev->devfn;
	event->bridge = dev->hdr_type == PCI_HEADER_TYPE_BRIDGE ||
			dev->hdr_type == PCI_HEADER_TYPE_CARDBUS;
	while (dev->bus->self && event->steps < LG_PATH_STEPS) {
		event->step[event->steps++] = dev->devfn;
		dev = dev->bus->self;
	}
	event->path_known = !dev->bus->self && !dev->is_virtfn;
	event->root.segment = pci_domain_nr(dev->bus);
	event->root.bus = dev->bus->number;
	event->root.devfn = dev->devfn;
}

static int pci_notify(struct notifier_block *nb, unsigned long action,
		      void *data)
{
	struct lg_pci_event event = {};

	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		event.what = LG_PCI_ADDED;
		break;
	case BUS_NOTIFY_DEL_DEVICE:
		event.what = LG_PCI_LEAVING;
		break;
	case BUS_NOTIFY_REMOVED_DEVICE:
		event.what = LG_PCI_REMOVED;
		break;
	default:
		return NOTIFY_DONE;
	}
	describe(to_pci_dev(data), &event);
	if (event.what != LG_PCI_REMOVED)
		event.group = iommu_group_get(data);
	pci_event(pci_context, &event);
	if (event.group)
		iommu_group_put(event.group);
	return NOTIFY_DONE;
}

static struct notifier_block pci_nb = {
	.notifier_call = pci_notify,
	.priority = -1,
};

int lg_pci_watch_start(void (*event)(void *context,
				     const struct lg_pci_event *event),
		       void *context)
{
	pci_event = event;
	pci_context = context;
	return bus_register_notifier(&pci_bus_type, &pci_nb);
}

void lg_pci_watch_stop(void)
{
	bus_unregister_notifier(&pci_bus_type, &pci_nb);
}
