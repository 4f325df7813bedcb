// SPDX-License-Identifier: GPL-2.0
/*
 * DMA faults. The IOMMU's driver gives them to nobody but the kernel's log, so
 * its function is watched: an fprobe sees a unit's records before the driver
 * clears them. A kprobe could be switched off through debugfs.
 */
#include <linux/fprobe.h>
#include <linux/ftrace_regs.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/uaccess.h>

#include <launchguard/helpers.h>

static void (*fault_event)(void *context, const struct lg_fault_call *call);
static void *fault_context;

/* dmar_fault(int irq, void *dev_id): the second argument is the unit. */
static int fault_entry(struct fprobe *fp, unsigned long entry_ip,
		       unsigned long ret_ip, struct ftrace_regs *fregs,
		       void *entry_data)
{
	const void *unit = (const void *)ftrace_regs_get_argument(fregs, 1);
	struct lg_fault_call call = { .in_interrupt = in_hardirq() };

	call.words_read = !copy_from_kernel_nofault(call.words, unit,
						    sizeof(call.words));
	fault_event(fault_context, &call);
	return 0;
}

static struct fprobe fault_probe = {
	.entry_handler = fault_entry,
};

int lg_fault_watch_start(void (*event)(void *context,
				       const struct lg_fault_call *call),
			 void *context)
{
	const char *name = "dmar_fault";

	fault_event = event;
	fault_context = context;
	/* A pattern would be compared with each of the kernel's symbols, twice. */
	return register_fprobe_syms(&fault_probe, &name, 1);
}

void lg_fault_watch_stop(void)
{
	/* Waits for handlers that run. */
	unregister_fprobe(&fault_probe);
}

u64 lg_fault_watch_missed(void)
{
	return READ_ONCE(fault_probe.nmissed);
}
