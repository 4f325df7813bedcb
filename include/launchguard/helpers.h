/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the Rust side of launchguard calls in C: inline functions, macros and
 * structures that the kernel's own Rust bindings do not reach. The bindings of
 * this file are generated from it, so the two sides cannot disagree.
 */
#ifndef _LAUNCHGUARD_HELPERS_H
#define _LAUNCHGUARD_HELPERS_H

#include <linux/compiler.h>
#include <linux/types.h>

struct tpm_chip;

/* Module parameters (helpers.c); strings are never NULL, "" when not given. */
const char *lg_param_policy(void);
const char *lg_param_references(void);
unsigned int lg_param_tpm_deadline(void);
unsigned int lg_param_settle_timeout(void);
bool lg_param_await_references(void);
bool lg_param_rescue(void);

/*
 * TPM. lg_tpm_get() takes a reference on the first registered chip, NULL when
 * there is none; lg_tpm_put() gives it back.
 */
struct tpm_chip *lg_tpm_get(void);
void lg_tpm_put(struct tpm_chip *chip);
/* 1: TPM 2.0, 0: TPM 1.2, negative: the chip's driver is gone. */
int lg_tpm_is_tpm2(struct tpm_chip *chip);
/* Writes the TPM_ALG_ID of at most @max allocated banks, returns how many. */
size_t lg_tpm_banks(struct tpm_chip *chip, u16 *algs, size_t max);
/* Reads @size bytes of @pcr in bank @alg; 0, or non-zero on failure. */
int lg_tpm_pcr_read(struct tpm_chip *chip, u16 alg, u32 pcr, u8 *out,
		    size_t size);

/* Bytes of the largest digest. */
#define LG_MAX_DIGEST 64

struct lg_bank_digest {
	u16 alg;
	u8 digest[LG_MAX_DIGEST];
};

/*
 * Extends @pcr in every allocated bank. -EOPNOTSUPP: @digests lacks a bank,
 * then nothing is extended; else as the chip answers.
 */
int lg_tpm_pcr_extend(struct tpm_chip *chip, u32 pcr,
		      const struct lg_bank_digest *digests, size_t count);
/*
 * Sends @command, a whole command with its header, and writes the TPM's answer,
 * error or not, to @response. Returns the answer's size, or negative when there
 * is none or it is larger than @max.
 */
ssize_t lg_tpm_command(struct tpm_chip *chip, const u8 *command, size_t size,
		       u8 *response, size_t max);

/* A piece of a message that is hashed. */
struct lg_part {
	const u8 *data;
	size_t len;
};

/*
 * Hashes @count pieces with the algorithm of TPM_ALG_ID @alg; @size is the
 * digest's size and that of @out. -EOPNOTSUPP for an unknown algorithm.
 */
int lg_digest(u16 alg, const struct lg_part *parts, size_t count, u8 *out,
	      size_t size);

/*
 * SHA-256 of a message that comes piece by piece: lg_sha256_new() gives NULL
 * without memory, lg_sha256_finish() writes 32 bytes and begins a new message.
 */
struct lg_sha256;
struct lg_sha256 *lg_sha256_new(void);
void lg_sha256_update(struct lg_sha256 *state, const u8 *data, size_t len);
void lg_sha256_finish(struct lg_sha256 *state, u8 *out);
void lg_sha256_free(struct lg_sha256 *state);

/* The running kernel's release, never NULL. */
const char *lg_kernel_release(void);

/* What a physical range consists of, by the kernel's resource map. */
enum lg_range {
	/* System RAM, all of it. */
	LG_RANGE_RAM,
	/* Reserved by the firmware's memory map, all of it. */
	LG_RANGE_RESERVED,
	/* In no resource at all. */
	LG_RANGE_FREE,
	/* System RAM and something else. */
	LG_RANGE_MIXED,
	/* Something else, such as device memory. */
	LG_RANGE_DEVICE,
};

/* @base + @size must not wrap, @size must not be 0. */
enum lg_range lg_memory_range(u64 base, size_t size);

/* What the firmware keeps in a range, as far as the kernel knows. */
enum lg_firmware {
	LG_FIRMWARE_NONE,
	LG_FIRMWARE_ACPI,
	LG_FIRMWARE_EFI,
};

/* The same of @base and @size; sleeps (reserved.c). */
enum lg_firmware lg_memory_firmware(u64 base, u64 size);
/* Copies from physical memory; 0 or negative. */
int lg_memory_copy(u64 base, void *out, size_t size);
/* 1: physical memory holds the same bytes, 0: it does not; or negative. */
int lg_memory_equal(u64 base, const void *bytes, size_t size);

/* Fields of boot_params. */
struct lg_boot {
	u64 tboot_addr;
	u8 type_of_loader;
	u8 ext_loader_type;
};

int lg_boot_read(struct lg_boot *boot);

/* A range of the memory map that the kernel was booted with. */
struct lg_memory_range {
	u64 base;
	u64 size;
	u32 kind;
};

/*
 * Writes that map, at most @max ranges, and returns how many there are;
 * negative when it cannot be read as a whole.
 */
ssize_t lg_boot_memory_map(struct lg_memory_range *out, size_t max);

/* Most variable MTRRs that are read of a processor. */
#define LG_MTRR_RANGES 16
/* Most registers that a caller of lg_cpu_read() may ask for. */
#define LG_CPU_MSRS 32

/* One processor (cpu.c); a bit in the masks says that the value was read. */
struct lg_cpu {
	u32 number;
	u32 apic_id;
	u32 vendor[3];
	u32 signature;
	u32 features;
	u32 address_bits;
	u32 microcode;
	u32 microcode_read;
	u32 asked;
	u32 msrs_read;
	u32 mtrrs_read;
	u64 msrs[LG_CPU_MSRS];
	u64 mtrr_base[LG_MTRR_RANGES];
	u64 mtrr_mask[LG_MTRR_RANGES];
};

struct lg_cpu_counts {
	u32 possible;
	u32 present;
	u32 online;
};

/*
 * Has every processor that runs fill one of @max entries on itself: CPUID, the
 * @count registers at @addresses, its variable MTRRs. Returns how many entries
 * were filled. @counts is of the same moment.
 */
size_t lg_cpu_read(struct lg_cpu *cpus, size_t max, const u32 *addresses,
		   size_t count, struct lg_cpu_counts *counts);
/* How many processors can ever be there. */
u32 lg_cpu_possible(void);

/*
 * Chipset (chipset.c). Reads @size bytes of the configuration space of
 * 0000:00:00.0; -ENODEV when there is no such device.
 */
int lg_host_bridge_read(u8 *out, size_t size);
/* Reads two registers of 64 bits, neither of which may lie in RAM. */
int lg_mmio_read_pair(u64 first, u64 second, u64 *out);
/*
 * The busy range of the kernel's resource map that starts at @base and is no
 * part of the firmware's memory map; -ENOENT when there is none.
 */
int lg_ecam_find(u64 base, u64 *size);

/*
 * A job on its own ordered workqueue. @run returns the milliseconds after
 * which it wants to run again, or LG_JOB_DONE.
 */
#define LG_JOB_DONE 0xffffffffU

struct lg_queue;

struct lg_queue *lg_queue_create(u32 (*run)(void *context), void *context);
/* Runs the job as soon as the queue is free. */
void lg_queue_kick(struct lg_queue *queue);
/* Runs the job in @msecs, instead of when it was due. */
void lg_queue_kick_in(struct lg_queue *queue, u32 msecs);
/* Waits until the job is neither running nor due. */
void lg_queue_flush(struct lg_queue *queue);
/* Waits for a running job; from then on the job never runs again. */
void lg_queue_stop(struct lg_queue *queue);
void lg_queue_destroy(struct lg_queue *queue);

/*
 * Power transitions. @event runs in process context with @sleeping true
 * before a suspend, hibernation or restore, and false after one.
 */
int lg_power_start(void (*event)(void *context, bool sleeping), void *context);
void lg_power_stop(void);
/* 1: this kernel came out of a hibernation image, 0: not, negative: unknown. */
int lg_power_resumed_from_image(void);

/* How DMA of a function is translated now. */
enum lg_translation {
	LG_TRANSLATION_NONE,
	LG_TRANSLATION_BLOCKED,
	LG_TRANSLATION_IDENTITY,
	LG_TRANSLATION_DMA,
	LG_TRANSLATION_MANAGED,
	LG_TRANSLATION_UNKNOWN,
};

enum lg_ats {
	LG_ATS_NONE,
	LG_ATS_OFF,
	LG_ATS_ON,
};

/* A PCI function; -1 stands for what it does not have or did not answer. */
struct lg_function {
	u32 segment;
	u32 class_code;
	u32 group_size;
	enum lg_translation translation;
	enum lg_ats ats;
	int group;
	int port_type;
	int secondary;
	int subordinate;
	int bus_master;
	int acs;
	int isolated_msi;
	u16 vendor;
	u16 device;
	u8 bus;
	u8 devfn;
	bool bridge;
	bool driver;
	bool untrusted;
	bool external_facing;
	bool virtual_function;
};

struct pci_dev;

/*
 * Describes the function behind @from, which is NULL for the first one. Takes a
 * reference on what it returns and gives that on @from back; NULL at the end.
 */
struct pci_dev *lg_pci_next(struct pci_dev *from, struct lg_function *out);
/* Gives back the reference of a walk that ends early. */
void lg_pci_put(struct pci_dev *dev);
/* Whether new devices get an identity domain. */
int lg_iommu_passthrough(void);
/* Exported by the IOMMU's driver, which declares it in no header of its own. */
extern int intel_iommu_enabled;
/* Whether that driver runs. */
int lg_intel_iommu_enabled(void);
/* Copies the command line, at most @size bytes; how many, or negative. */
ssize_t lg_command_line(u8 *out, size_t size);

/* Where a PCI function is. */
struct lg_address {
	u32 segment;
	u8 bus;
	u8 devfn;
};

struct iommu_group;
struct iommu_domain;

/* Most steps of a path that are described. */
#define LG_PATH_STEPS 8

enum lg_pci_change {
	/* It is there, in its group, and no driver could probe it yet. */
	LG_PCI_ADDED,
	/* It goes, and is still in its group. */
	LG_PCI_LEAVING,
	/* It is in no group any more. */
	LG_PCI_REMOVED,
};

/*
 * A function that comes or goes. @step holds the devfn of each device below
 * the one at @root, the nearest to the function first; @group is borrowed, and
 * NULL without one.
 */
struct lg_pci_event {
	enum lg_pci_change what;
	struct lg_address at;
	struct lg_address root;
	struct iommu_group *group;
	u32 steps;
	u8 step[LG_PATH_STEPS];
	bool path_known;
	bool bridge;
};

/* @event runs in process context, under the bus's rwsem. */
int lg_pci_watch_start(void (*event)(void *context,
				     const struct lg_pci_event *event),
		       void *context);
void lg_pci_watch_stop(void);

/*
 * IOMMU groups (iommu.c). lg_group_get() takes a reference on the group of a
 * function, NULL without one; lg_group_put() gives it back.
 */
struct iommu_group *lg_group_get(const struct lg_address *at);
void lg_group_put(struct iommu_group *group);
int lg_group_id(struct iommu_group *group);
size_t lg_group_members(struct iommu_group *group);
/* Whether a member has ATS switched on. */
int lg_group_ats(struct iommu_group *group);
/* Whether the first member has an identity domain. */
int lg_group_identity(struct iommu_group *group);

/* Memory that the kernel maps one to one for a group. */
struct lg_direct {
	u64 base;
	u64 size;
	bool relaxable;
};

/* Writes @room of these at most to @out, and to @count how many there are. */
int lg_group_direct(struct iommu_group *group, struct lg_direct *out,
		    size_t room, size_t *count);
/* Takes ownership: from then on all members are blocked. */
int lg_group_claim(struct iommu_group *group);
/* Stops bus mastering of the members and gives ownership back. */
void lg_group_release(struct iommu_group *group);
/* A domain for the devices of @group. */
int lg_domain_new(struct iommu_group *group, struct iommu_domain **out);
void lg_domain_free(struct iommu_domain *domain);
int lg_domain_map(struct iommu_domain *domain, u64 iova, u64 base, u64 size,
		  bool writable);
/* How many bytes were unmapped, synchronously. */
u64 lg_domain_unmap(struct iommu_domain *domain, u64 iova, u64 size);
/* @group must be owned; afterwards it is blocked again. */
int lg_domain_attach(struct iommu_domain *domain, struct iommu_group *group);
void lg_domain_detach(struct iommu_domain *domain, struct iommu_group *group);
/* Lets drivers probe a function. Takes its lock: no lock may be held. */
void lg_function_probe(const struct lg_address *at);

/* The group of the function that uses a requester id, as lg_group_get(). */
struct iommu_group *lg_group_of_requester(u32 segment, u16 requester);

/* Words of the driver's own description of a unit that are looked at. */
#define LG_UNIT_WORDS 8

/*
 * A call of the function that takes the faults of a unit. @words are the first
 * ones of the driver's description of the unit, if they could be read.
 */
struct lg_fault_call {
	bool in_interrupt;
	bool words_read;
	u64 words[LG_UNIT_WORDS];
};

/*
 * Calls @event before the driver takes faults: with interrupts off, often in a
 * hard interrupt, on several CPUs at once.
 */
int lg_fault_watch_start(void (*event)(void *context,
				       const struct lg_fault_call *call),
			 void *context);
void lg_fault_watch_stop(void);
/* Calls that @event did not see. */
u64 lg_fault_watch_missed(void);

/* A fault, for the tracepoint; @group is -1 when it is not known. */
struct lg_fault {
	u64 unit;
	u64 address;
	u32 segment;
	int group;
	u16 requester;
	u8 reason;
	u8 access;
};

void lg_trace_fault(const struct lg_fault *fault);

/* A reference on this module, and its return; false while it goes. */
bool lg_module_get(void);
void lg_module_put(void);
/* Takes a reference on this module for ever. */
void lg_module_pin(void);

#endif /* _LAUNCHGUARD_HELPERS_H */
