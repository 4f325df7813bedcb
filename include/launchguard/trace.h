/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM launchguard

#if !defined(_LAUNCHGUARD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _LAUNCHGUARD_TRACE_H

#include <linux/pci.h>
#include <linux/tracepoint.h>

#include <launchguard/helpers.h>

/* A DMA fault, when it is taken out of the ring; group is -1 without one. */
TRACE_EVENT(launchguard_fault,
	TP_PROTO(const struct lg_fault *fault),
	TP_ARGS(fault),
	TP_STRUCT__entry(
		__field(u64, unit)
		__field(u64, address)
		__field(u32, segment)
		__field(int, group)
		__field(u16, requester)
		__field(u8, reason)
		__field(u8, access)
	),
	TP_fast_assign(
		__entry->unit = fault->unit;
		__entry->address = fault->address;
		__entry->segment = fault->segment;
		__entry->group = fault->group;
		__entry->requester = fault->requester;
		__entry->reason = fault->reason;
		__entry->access = fault->access;
	),
	TP_printk("unit=%#llx requester=%04x:%02x:%02x.%u group=%d access=%s address=%#llx reason=%#04x",
		  __entry->unit, __entry->segment,
		  PCI_BUS_NUM(__entry->requester),
		  PCI_SLOT(__entry->requester & 0xff),
		  PCI_FUNC(__entry->requester & 0xff), __entry->group,
		  __print_symbolic(__entry->access,
				   { 0, "write" },
				   { 1, "read" },
				   { 2, "page" },
				   { 3, "atomic" },
				   { 4, "interrupt" }),
		  __entry->address, __entry->reason)
);

#endif /* _LAUNCHGUARD_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH launchguard
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
