// SPDX-License-Identifier: GPL-2.0

//! The machine's facts.

use super::super::error::What;
use super::{Blob, Cursor, FormatError, Items, Section};
use crate::decode::msr::Msr;
use crate::verify::facts::{
    Ats, Cpu, Direct, Evidence, FaultCounts, FirmwareTables, MemoryRange, NvIndex, PciFunction,
    Reach, Refused, Remap, Tpr, TprRegisters, Translation, Unit, UnitRegisters, MTRR_RANGES,
};

/// The NV indices.
pub type NvParts<'a> = Evidence<Items<'a, NvIndex<'a>>>;

/// [`CpuFacts`](crate::verify::facts::CpuFacts) whose list is still to be walked.
#[derive(Clone, Copy, Debug)]
pub struct CpuParts<'a> {
    /// How many can ever be there.
    pub possible: u32,
    /// How many are there.
    pub present: u32,
    /// How many run.
    pub online: u32,
    /// Those that were asked.
    pub cpus: Items<'a, Cpu>,
}

/// [`ChipsetFacts`](crate::verify::facts::ChipsetFacts) whose list is still to be walked.
#[derive(Clone, Copy, Debug)]
pub struct ChipsetParts<'a> {
    /// Configuration space of the host bridge.
    pub host_bridge: Evidence<&'a [u8]>,
    /// The remap window.
    pub remap: Evidence<Remap>,
    /// The memory map.
    pub memory_map: Evidence<Items<'a, MemoryRange>>,
    /// Where configuration space is reached.
    pub ecam: Evidence<(u64, u64)>,
}

/// [`DmaFacts`](crate::verify::facts::DmaFacts) whose lists are still to be walked.
#[derive(Clone, Copy, Debug)]
pub struct DmaParts<'a> {
    /// The units.
    pub units: Evidence<Items<'a, Unit>>,
    /// The PCI functions.
    pub functions: Evidence<Items<'a, PciFunction>>,
    /// The kernel's command line.
    pub command_line: Evidence<&'a [u8]>,
    /// iommu_default_passthrough().
    pub passthrough: Option<bool>,
    /// intel_iommu_enabled.
    pub driver_enabled: Option<bool>,
    /// The TXT protected regions.
    pub tprs: Evidence<Items<'a, Tpr>>,
    /// The guard's windows.
    pub windows: Evidence<Items<'a, Reach>>,
    /// What it has seen of faults, and who caused them.
    pub faults: Evidence<(FaultCounts, Items<'a, Refused>)>,
    /// What is mapped one to one.
    pub direct: Evidence<Items<'a, Direct>>,
}

impl<'a> Blob<'a> {
    /// The NV indices.
    ///
    /// # Errors
    ///
    /// When the section cannot be read; so for all functions here.
    pub fn nv(&self) -> Result<NvParts<'a>, FormatError> {
        let mut at = self.section(Section::Nv)?;
        at.evidence("indices", |at| {
            Ok(Items::new(at.records("indices")?, index))
        })
    }

    /// The processors.
    pub fn cpus(&self) -> Result<Evidence<CpuParts<'a>>, FormatError> {
        let mut at = self.section(Section::Cpus)?;
        at.evidence("processors", |at| {
            Ok(CpuParts {
                possible: at.u32("possible")?,
                present: at.u32("present")?,
                online: at.u32("online")?,
                cpus: Items::new(at.records("processors")?, cpu),
            })
        })
    }

    /// The chipset.
    pub fn chipset(&self) -> Result<ChipsetParts<'a>, FormatError> {
        let mut at = self.section(Section::Chipset)?;
        Ok(ChipsetParts {
            host_bridge: at.evidence("host bridge", |at| at.bytes("contents"))?,
            remap: at.evidence("remap window", |at| {
                Ok(Remap {
                    base: at.u64("base")?,
                    limit: at.u64("limit")?,
                })
            })?,
            memory_map: at.evidence("memory map", |at| {
                Ok(Items::new(at.records("ranges")?, range))
            })?,
            ecam: at.evidence("ECAM", |at| Ok((at.u64("base")?, at.u64("size")?)))?,
        })
    }

    /// ACPI tables.
    pub fn tables(&self) -> Result<FirmwareTables<'a>, FormatError> {
        let mut at = self.section(Section::Tables)?;
        Ok(FirmwareTables {
            dmar: at.evidence("DMAR", |at| at.bytes("DMAR"))?,
            mcfg: at.evidence("MCFG", |at| at.bytes("MCFG"))?,
            madt: at.evidence("MADT", |at| at.bytes("MADT"))?,
            dtpr: at.evidence("DTPR", |at| at.bytes("DTPR"))?,
            cedt: at.evidence("CEDT", |at| at.bytes("CEDT"))?,
        })
    }

    /// DMA remapping.
    pub fn dma(&self) -> Result<DmaParts<'a>, FormatError> {
        let mut at = self.section(Section::Dma)?;
        Ok(DmaParts {
            units: at.evidence("units", |at| Ok(Items::new(at.records("units")?, unit)))?,
            functions: at.evidence("functions", |at| {
                Ok(Items::new(at.records("functions")?, function))
            })?,
            command_line: at.evidence("command line", |at| at.bytes("command line"))?,
            passthrough: at.maybe("passthrough")?,
            driver_enabled: at.maybe("driver enabled")?,
            // From minor version 1 on.
            tprs: newer(&mut at, "TPRs", |at| {
                Ok(Items::new(at.records("TPRs")?, tpr))
            })?,
            // From minor version 2 on.
            windows: newer(&mut at, "windows", |at| {
                Ok(Items::new(at.records("windows")?, window))
            })?,
            faults: newer(&mut at, "faults", |at| {
                let counts = FaultCounts {
                    watched: at.u32("watched units")?,
                    others: at.u64("faults of others")?,
                    lost: at.u64("lost faults")?,
                    unseen: at.u64("calls not seen")?,
                };
                Ok((counts, Items::new(at.records("requesters")?, requester)))
            })?,
            direct: newer(&mut at, "direct regions", |at| {
                Ok(Items::new(at.records("direct regions")?, region))
            })?,
        })
    }
}

/// Something that older writers did not look for.
fn newer<'a, T>(
    at: &mut Cursor<'a>,
    field: &'static str,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, FormatError>,
) -> Result<Evidence<T>, FormatError> {
    if at.is_at_end() {
        return Ok(Evidence::Unreadable(
            "who made the evidence did not read it",
        ));
    }
    at.evidence(field, read)
}

fn window(mut at: Cursor<'_>) -> Result<Reach, FormatError> {
    Ok(Reach {
        segment: at.u32("segment")?,
        bus: at.u8("bus")?,
        devfn: at.u8("device and function")?,
        base: at.u64("base")?,
        size: at.u64("size")?,
        writable: at.bool("writable")?,
    })
}

fn requester(mut at: Cursor<'_>) -> Result<Refused, FormatError> {
    Ok(Refused {
        segment: at.u32("segment")?,
        requester: at.u16("requester id")?,
        group: at.option("group", |at| at.u32("group"))?,
        owned: at.bool("owned")?,
        faults: at.u64("faults")?,
    })
}

fn region(mut at: Cursor<'_>) -> Result<Direct, FormatError> {
    Ok(Direct {
        group: at.u32("group")?,
        base: at.u64("base")?,
        size: at.u64("size")?,
        relaxable: at.bool("relaxable")?,
    })
}

fn tpr(mut at: Cursor<'_>) -> Result<Tpr, FormatError> {
    Ok(Tpr {
        address: at.u64("address")?,
        registers: at.option("registers", |at| {
            Ok(TprRegisters {
                base: at.u64("TPRn_BASE")?,
                limit: at.u64("TPRn_LIMIT")?,
            })
        })?,
    })
}

fn index(mut at: Cursor<'_>) -> Result<NvIndex<'_>, FormatError> {
    Ok(NvIndex {
        index: at.u32("index")?,
        public: at.evidence("public area", |at| at.bytes("public area"))?,
        data: at.evidence("contents", |at| at.bytes("contents"))?,
    })
}

fn range(mut at: Cursor<'_>) -> Result<MemoryRange, FormatError> {
    Ok(MemoryRange {
        base: at.u64("base")?,
        size: at.u64("size")?,
        kind: at.u32("type")?,
    })
}

fn cpu(mut at: Cursor<'_>) -> Result<Cpu, FormatError> {
    let mut cpu = Cpu {
        number: at.u32("number")?,
        apic_id: at.u32("APIC id")?,
        vendor: at.array("vendor")?,
        signature: at.u32("signature")?,
        features: at.u32("features")?,
        address_bits: at.u8("address bits")?,
        microcode: at.option("microcode", |at| at.u32("microcode"))?,
        msrs: [None; Msr::ALL.len()],
        mtrrs: [None; MTRR_RANGES],
    };
    for record in at.records("MSRs")? {
        let mut record = record?;
        let address = record.u32("address")?;
        let value = record.option("value", |at| at.u64("value"))?;
        // A newer module may read more of them.
        let known = Msr::ALL.into_iter().find(|msr| msr.address() == address);
        if let Some(slot) = known.and_then(|msr| cpu.msrs.get_mut(msr.index())) {
            *slot = value;
        }
    }
    let mut slots = cpu.mtrrs.iter_mut();
    for record in at.records("MTRRs")? {
        let mut record = record?;
        let range = record.option("range", |at| Ok((at.u64("base")?, at.u64("mask")?)))?;
        match slots.next() {
            Some(slot) => *slot = range,
            None => return Err(record.error(0, "range", What::Many(MTRR_RANGES))),
        }
    }
    Ok(cpu)
}

fn unit(mut at: Cursor<'_>) -> Result<Unit, FormatError> {
    Ok(Unit {
        segment: at.u16("segment")?,
        base: at.u64("base")?,
        registers: at.option("registers", unit_registers)?,
        root_in_ram: at.maybe("root table in RAM")?,
        irt_in_ram: at.maybe("interrupt remapping table in RAM")?,
    })
}

fn unit_registers(at: &mut Cursor<'_>) -> Result<UnitRegisters, FormatError> {
    Ok(UnitRegisters {
        version: at.u32("VER_REG")?,
        cap: at.u64("CAP_REG")?,
        ecap: at.u64("ECAP_REG")?,
        gsts: at.u32("GSTS_REG")?,
        rtaddr: at.u64("RTADDR_REG")?,
        fsts: at.u32("FSTS_REG")?,
        pmen: at.u32("PMEN_REG")?,
        pmr_low: (at.u32("PLMBASE_REG")?, at.u32("PLMLIMIT_REG")?),
        pmr_high: (at.u64("PHMBASE_REG")?, at.u64("PHMLIMIT_REG")?),
        irta: at.u64("IRTA_REG")?,
    })
}

fn function(mut at: Cursor<'_>) -> Result<PciFunction, FormatError> {
    Ok(PciFunction {
        segment: at.u32("segment")?,
        bus: at.u8("bus")?,
        devfn: at.u8("device and function")?,
        vendor: at.u16("vendor")?,
        device: at.u16("device")?,
        class: at.u32("class")?,
        port_type: at.option("port type", |at| at.u8("port type"))?,
        bridge: at.bool("bridge")?,
        buses: at.option("buses", |at| Ok((at.u8("first bus")?, at.u8("last bus")?)))?,
        group: at.option("group", |at| at.u32("group"))?,
        group_size: at.u32("group size")?,
        translation: at.choice("translation", translation)?,
        bus_master: at.maybe("bus master")?,
        driver: at.bool("driver")?,
        untrusted: at.bool("untrusted")?,
        external_facing: at.bool("external facing")?,
        virtual_function: at.bool("virtual function")?,
        ats: at.choice("ATS", ats)?,
        acs: at.option("ACS", |at| at.u16("ACS"))?,
        isolated_msi: at.maybe("isolated MSI")?,
    })
}

const fn translation(byte: u8) -> Option<Translation> {
    Some(match byte {
        0 => Translation::None,
        1 => Translation::Blocked,
        2 => Translation::Identity,
        3 => Translation::Dma,
        4 => Translation::Managed,
        5 => Translation::Unknown,
        _ => return None,
    })
}

const fn ats(byte: u8) -> Option<Ats> {
    Some(match byte {
        0 => Ats::None,
        1 => Ats::Off,
        2 => Ats::On,
        _ => return None,
    })
}
