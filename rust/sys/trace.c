// SPDX-License-Identifier: GPL-2.0
/* The tracepoints of launchguard. */
#include <linux/module.h>

#include <launchguard/helpers.h>

#define CREATE_TRACE_POINTS
#include <launchguard/trace.h>

void lg_trace_fault(const struct lg_fault *fault)
{
	trace_launchguard_fault(fault);
}
