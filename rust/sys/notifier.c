// SPDX-License-Identifier: GPL-2.0
/*
 * PCI functions that come and go. The notifier runs behind that of the IOMMU
 * core (priority 0, registered at boot), in task context, under the bus's
 * rwsem: it may only say that something happened.
 */
#include <linux/device.h>
#include <linux/device/bus.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pci.h>

#include <launchguard/helpers.h>

static void (*pci_event)(void *context);
static void *pci_context;

static int pci_notify(struct notifier_block *nb, unsigned long action,
		      void *data)
{
	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
	case BUS_NOTIFY_REMOVED_DEVICE:
		pci_event(pci_context);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block pci_nb = {
	.notifier_call = pci_notify,
	.priority = -1,
};

int lg_pci_watch_start(void (*event)(void *context), void *context)
{
	pci_event = event;
	pci_context = context;
	return bus_register_notifier(&pci_bus_type, &pci_nb);
}

void lg_pci_watch_stop(void)
{
	bus_unregister_notifier(&pci_bus_type, &pci_nb);
}
