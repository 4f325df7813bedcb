// SPDX-License-Identifier: GPL-2.0
/*
 * Processors, each asked on itself.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/cpuid/api.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include <launchguard/helpers.h>

/* SDM volume 4; the kernel's own names are in mixed case. */
#define MSR_MTRR_CAP 0xfe
#define MSR_MTRR_BASE(n) (0x200 + 2 * (n))
#define MSR_MTRR_MASK(n) (0x201 + 2 * (n))
#define MTRRCAP_COUNT 0xff

struct cpu_call {
	struct lg_cpu *cpu;
	const u32 *addresses;
	size_t count;
};

static void read_cpuid(struct lg_cpu *cpu)
{
	u32 eax, ebx, ecx, edx, highest;

	cpuid(0, &highest, &cpu->vendor[0], &cpu->vendor[2], &cpu->vendor[1]);
	cpuid(1, &cpu->signature, &ebx, &cpu->features, &edx);
	cpu->apic_id = ebx >> 24;
	if (highest >= 0xb) {
		cpuid_count(0xb, 0, &eax, &ebx, &ecx, &edx);
		/* A leaf without levels has no id either. */
		if (ebx & 0xffff)
			cpu->apic_id = edx;
	}
	cpuid(0x80000000, &eax, &ebx, &ecx, &edx);
	if (eax >= 0x80000008) {
		cpuid(0x80000008, &eax, &ebx, &ecx, &edx);
		cpu->address_bits = eax & 0xff;
	}
}

static void read_mtrrs(struct lg_cpu *cpu)
{
	u64 cap;
	u32 i, count;

	if (rdmsrq_safe(MSR_MTRR_CAP, &cap))
		return;
	count = min_t(u32, cap & MTRRCAP_COUNT, LG_MTRR_RANGES);
	for (i = 0; i < count; i++)
		if (!rdmsrq_safe(MSR_MTRR_BASE(i), &cpu->mtrr_base[i]) &&
		    !rdmsrq_safe(MSR_MTRR_MASK(i), &cpu->mtrr_mask[i]))
			cpu->mtrrs_read |= BIT(i);
}

/* Runs on the processor, with interrupts off. */
static void read_cpu(void *argument)
{
	struct cpu_call *call = argument;
	struct lg_cpu *cpu = call->cpu;
	u64 value;
	size_t i;

	read_cpuid(cpu);
	/*
	 * CPUID leaf 1 has just left the revision in the upper half (SDM volume
	 * 3, update signature). The kernel cleared the register at start.
	 */
	if (!rdmsrq_safe(MSR_IA32_UCODE_REV, &value)) {
		cpu->microcode = value >> 32;
		cpu->microcode_read = 1;
	}
	for (i = 0; i < call->count; i++)
		if (!rdmsrq_safe(call->addresses[i], &cpu->msrs[i]))
			cpu->msrs_read |= BIT(i);
	read_mtrrs(cpu);
	cpu->asked = 1;
}

u32 lg_cpu_possible(void)
{
	return num_possible_cpus();
}

size_t lg_cpu_read(struct lg_cpu *cpus, size_t max, const u32 *addresses,
		   size_t count, struct lg_cpu_counts *counts)
{
	unsigned int number;
	size_t filled = 0;

	/* No processor comes or goes meanwhile. */
	cpus_read_lock();
	counts->possible = num_possible_cpus();
	counts->present = num_present_cpus();
	counts->online = num_online_cpus();
	for_each_online_cpu(number) {
		struct cpu_call call = {
			.cpu = &cpus[filled],
			.addresses = addresses,
			.count = min_t(size_t, count, LG_CPU_MSRS),
		};

		if (filled == max)
			break;
		memset(call.cpu, 0, sizeof(*call.cpu));
		call.cpu->number = number;
		/* The last argument is int in 7.2 and bool in 7.3: wait. */
		if (!smp_call_function_single(number, read_cpu, &call, 1) &&
		    call.cpu->asked)
			filled++;
	}
	cpus_read_unlock();
	return filled;
}
