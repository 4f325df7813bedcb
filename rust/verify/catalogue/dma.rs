// SPDX-License-Identifier: GPL-2.0

//! Entries of DMA remapping.

use super::{Entry, Severity, Weight};

pub(super) const DMA_01: Entry = Entry {
    name: "DMA-01",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "protected memory regions during the launch",
    meaning: "the PMRs that the launcher asked for are whole pieces of 2 MiB from 0 and from 4 GiB on, the high one covers all memory there, and the MLE lies in the low one or in the DPR",
    attack: "between SENTER and the first translation a device could change the launcher that was just measured",
    remedy: "update the launcher; check its min_ram and no_usb options",
    source: "SDG 1.11.2, table C-4; tboot verify_vtd_pmrs()",
};

pub(super) const DMA_02: Entry = Entry {
    name: "DMA-02",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "TXT protected regions during the launch",
    meaning: "where the launcher asked for TPRs in place of PMRs, a region of TPR_REQ holds the MLE, DTPR names the registers, and by these (TPRn_BASE and TPRn_LIMIT) a region holds the MLE now, or every unit translates. Whether the regions were on until then cannot be told",
    attack: "as for DMA-01 on platforms that have no PMRs any more, where a check of PMRs says nothing",
    remedy: "update launcher and SINIT",
    source: "Xen intel-txt.h; Linux include/acpi/actbl1.h, acpi_table_dtpr",
};

pub(super) const DMA_03: Entry = Entry {
    name: "DMA-03",
    severity: Severity::Critical,
    weight: Weight::Alarm,
    title: "each unit protects something",
    meaning: "each remapping unit translates, or its protected memory regions are in force",
    attack: "the devices of a unit that does neither reach all memory",
    remedy: "enable the IOMMU: see DMA-06",
    source: "VT-d specification 11.4.8; Linux iommu_disable_protect_mem_regions()",
};

pub(super) const DMA_04: Entry = Entry {
    name: "DMA-04",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "DMAR copy in the heap well-formed",
    meaning: "the copy that SINIT left has its signature, length and checksum, and its structures and device scopes end where they say",
    attack: "the kernel takes its units from this copy: what is malformed there hides devices from it",
    remedy: "reboot; compare the copy with the firmware's table and update the firmware",
    source: "SDG table C-5; VT-d specification chapter 8",
};

pub(super) const DMA_05: Entry = Entry {
    name: "DMA-05",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "DMAR copy is the firmware's table",
    meaning: "the copy in the heap and the table that ACPI hands out are the same bytes",
    attack: "the kernel takes units from the copy but flags from ACPI: a changed one turns remapping off for some or all devices",
    remedy: "cold boot; tboot hides the ACPI table from a system that it launches again, which shows here too",
    source: "SDG table C-5; Linux tboot_get_dmar_table(), detect_intel_iommu()",
};

pub(super) const DMA_06: Entry = Entry {
    name: "DMA-06",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "every unit translates",
    meaning: "GSTS has TES and RTPS set in every unit that the DMAR table names",
    attack: "the devices of a unit that is off read and write all memory, the launched kernel's too",
    remedy: "enable VT-d in the firmware, boot without intel_iommu=off, iommu=off, igfx_off and tboot_noforce",
    source: "VT-d specification 11.4.4.2; Linux intel_iommu_init()",
};

pub(super) const DMA_07: Entry = Entry {
    name: "DMA-07",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "interrupts are remapped",
    meaning: "GSTS has IRES and IRTPS set and CFIS clear in every unit",
    attack: "a device writes any interrupt vector to any CPU: enough to take a kernel over",
    remedy: "enable interrupt remapping (x2APIC) in the firmware; boot without intremap=off",
    source: "VT-d specification chapter 5, 11.4.4.2",
};

pub(super) const DMA_08: Entry = Entry {
    name: "DMA-08",
    severity: Severity::Critical,
    weight: Weight::Alarm,
    title: "translation tables in the kernel's memory",
    meaning: "root table and interrupt table of every unit lie in System RAM, in no region that firmware lets devices reach, and in no window of the policy in force",
    attack: "tables elsewhere are somebody else's, and what a device writes is its own: they say what devices may reach",
    remedy: "reboot; look for what writes RTADDR or IRTA, and at the policy's windows",
    source: "VT-d specification 11.4.5, 11.4.36",
};

pub(super) const DMA_09: Entry = Entry {
    name: "DMA-09",
    severity: Severity::Critical,
    weight: Weight::Required,
    title: "no word that weakens remapping",
    meaning: "the kernel's command line holds nothing that turns the IOMMU, its strictness or interrupt remapping off or devices through, and neither does the kernel's default; a default that could not be told is unknown",
    attack: "tboot_noforce leaves the IOMMU off and the PMRs with it; iommu=pt lets every device reach all memory",
    remedy: "take the word off the command line; iommu=strict is ignored, iommu.strict=1 works",
    source: "Linux arch/x86/kernel/pci-dma.c, drivers/iommu/intel/iommu.c, Documentation/admin-guide/kernel-parameters.txt",
};

pub(super) const DMA_10: Entry = Entry {
    name: "DMA-10",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "every device translated or blocked",
    meaning: "the domain that each PCI function is attached to now is neither identity nor none. Exceptions of the policy (allow) keep a device out of quarantine and do not count here. Memory that the kernel maps one to one for a group, as for firmware's RMRRs and the first 16 MiB for an ISA bridge, is said and is no failure",
    attack: "such a device, or what controls its firmware, reaches all memory",
    remedy:
        "boot without iommu=pt; a quirk of the IOMMU driver may want identity for graphics or sound: on such a machine waive the check with that as the reason",
    source: "Linux iommu_driver_get_domain_for_dev(), device_def_domain_type()",
};

pub(super) const DMA_11: Entry = Entry {
    name: "DMA-11",
    severity: Severity::Critical,
    weight: Weight::Alarm,
    title: "reserved memory regions keep off",
    meaning: "no RMRR overlaps heap, SINIT, DPR, MLE or tboot, and each lies in memory that the memory map reserves",
    attack: "the kernel maps these regions for the devices that firmware names: one over the kernel or the heap opens it",
    remedy: "update the firmware",
    source: "VT-d specification 8.4; Linux arch_rmrr_sanity_check()",
};

pub(super) const DMA_12: Entry = Entry {
    name: "DMA-12",
    severity: Severity::Critical,
    weight: Weight::Alarm,
    title: "every device has a unit",
    meaning:
        "each PCI function is in the scope of a DRHD structure or in a group of the IOMMU driver",
    attack: "a device without a unit passes all remapping by",
    remedy: "update the firmware; on an emulated machine, without bypass_iommu",
    source: "VT-d specification 8.3",
};

pub(super) const DMA_13: Entry = Entry {
    name: "DMA-13",
    severity: Severity::High,
    weight: Weight::Alarm,
    title: "no address translation services outside",
    meaning: "no untrusted function, and none behind an external-facing port, has ATS switched on",
    attack: "such a device says itself that its addresses are translated, and they are not looked at again",
    remedy: "boot with pci=noats; find out what switched it on, as Linux does not",
    source: "PCI Express base specification chapter 10; Linux pci_ats_supported()",
};

pub(super) const DMA_14: Entry = Entry {
    name: "DMA-14",
    severity: Severity::High,
    weight: Weight::Advisory,
    title: "devices are apart from each other",
    meaning: "the functions of a group are those of one slot, and no pcie_acs_override is on the command line",
    attack: "devices of one group reach each other without any IOMMU seeing it",
    remedy: "move the device to a slot behind a port with ACS; enable ACS in the firmware",
    source: "PCI Express base specification 6.12; Linux pci_device_group()",
};

pub(super) const DMA_15: Entry = Entry {
    name: "DMA-15",
    severity: Severity::Critical,
    weight: Weight::Alarm,
    title: "firmware does not opt out of remapping",
    meaning: "flag 8 of the DMAR table is clear; flag 4 (DMA kept off before boot) is a claim without proof",
    attack: "firmware, or who changed its table, tells the kernel to leave every unit off",
    remedy: "update the firmware or reset its settings",
    source: "VT-d specification 8.1; Linux include/linux/dmar.h",
};

pub(super) const DMA_16: Entry = Entry {
    name: "DMA-16",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "no faults",
    meaning:
        "FSTS of every unit shows neither a pending fault nor lost faults nor failed invalidations, and the guard has recorded no refused access since the module was loaded, neither of devices that it owns nor of others",
    attack: "a device tries what it may not, or floods the records so that its tries are lost",
    remedy: "the table of faults names the requesters; one that is owned reached nothing but its windows, one that is not has a driver that errs or something else in it: block it, or set a fault-budget. It stands until the module is loaded anew",
    source: "VT-d specification 11.4.7.1",
};

pub(super) const DMA_17: Entry = Entry {
    name: "DMA-17",
    severity: Severity::Medium,
    weight: Weight::Advisory,
    title: "no idle bus masters",
    meaning: "no endpoint without a driver has bus mastering on, unless its group is blocked, or confined to windows that somebody gave it",
    attack: "what firmware left running keeps writing to memory that is now the kernel's",
    remedy: "bind a driver, or confine or block the device",
    source: "PCI local bus specification 6.2.2; SDG 1.11",
};
