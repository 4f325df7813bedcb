// SPDX-License-Identifier: GPL-2.0
/*
 * Power transitions: the notifier, and whether this kernel came out of a
 * hibernation image.
 *
 * An aborted hibernation and a restored one end alike for a notifier, and the
 * driver core's restore callbacks run after some aborts too. The tracepoint
 * suspend_resume tells them apart: "machine_suspend" for hibernation begins
 * just before memory is copied into the image, so the note taken there is a
 * part of the image; the devices then resume with PM_EVENT_RESTORE only in the
 * kernel that was restored from it.
 */
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pm.h>
#include <linux/suspend.h>
#include <linux/tracepoint.h>
#include <trace/events/power.h>

#include <launchguard/helpers.h>

static void (*power_event)(void *context, bool sleeping);
static void *power_context;

/* Written by the probe below, on the one CPU that drives the transition. */
static bool image_taken;
static bool resumed_from_image;
static int probe_error = -ENODEV;

static void power_probe(void *unused, const char *action, int val, bool start)
{
	if (!start)
		return;
	if (!strcmp(action, "machine_suspend")) {
		image_taken = val == PM_EVENT_HIBERNATE;
	} else if (!strcmp(action, "dpm_resume")) {
		if (image_taken && val == PM_EVENT_RESTORE && !resumed_from_image) {
			/* To unload the module would be to forget. */
			__module_get(THIS_MODULE);
			WRITE_ONCE(resumed_from_image, true);
		}
		image_taken = false;
	}
}

static int power_notify(struct notifier_block *nb, unsigned long action,
			void *unused)
{
	switch (action) {
	case PM_HIBERNATION_PREPARE:
	case PM_SUSPEND_PREPARE:
	case PM_RESTORE_PREPARE:
		power_event(power_context, true);
		break;
	case PM_POST_HIBERNATION:
	case PM_POST_SUSPEND:
	case PM_POST_RESTORE:
		power_event(power_context, false);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block power_nb = {
	.notifier_call = power_notify,
};

int lg_power_start(void (*event)(void *context, bool sleeping), void *context)
{
	int ret;

	power_event = event;
	power_context = context;
	ret = register_pm_notifier(&power_nb);
	if (ret)
		return ret;
	/* Without the probe a resume cannot be excluded: unknown, no error. */
	probe_error = register_trace_suspend_resume(power_probe, NULL);
	return 0;
}

void lg_power_stop(void)
{
	if (!probe_error) {
		unregister_trace_suspend_resume(power_probe, NULL);
		tracepoint_synchronize_unregister();
		probe_error = -ENODEV;
	}
	unregister_pm_notifier(&power_nb);
}

int lg_power_resumed_from_image(void)
{
	if (probe_error)
		return probe_error;
	return READ_ONCE(resumed_from_image);
}
