// SPDX-License-Identifier: GPL-2.0

//! A snapshot that was read.

use crate::intern::intern;
use launchguard_pure::decode::registers::Registers;
use launchguard_pure::hasher::HostHasher;
use launchguard_pure::verify::drift::Baseline;
use launchguard_pure::verify::evidence::{Blob, FormatError, Info, Texts};
use launchguard_pure::verify::facts::{
    ChipsetFacts, Cpu, CpuFacts, Direct, DmaFacts, Evidence, Facts, FaultCounts, FaultFacts,
    FirmwareTables, HeapCopy, KernelFacts, Latched, LogSet, MemoryFacts, MemoryRange, NvIndex,
    PciFunction, Reach, Refused, Remap, TpmFacts, Tpr, Unit,
};
use launchguard_pure::verify::judge;
use launchguard_pure::verify::judgement::{Judgement, Verdict};
use launchguard_pure::verify::policy::{Policy, References};

/// What a check found where the evidence was made: words, as the module published them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check's id.
    pub check: String,
    /// The outcome's word.
    pub outcome: String,
    /// Why.
    pub detail: String,
    /// Whether the check stands behind the verdict.
    pub decisive: bool,
}

/// Evidence, read. Large parts stay where they are in the bytes.
#[derive(Clone, Debug)]
pub struct Snapshot<'a> {
    /// Minor version of its format.
    pub minor: u16,
    /// Number of the published snapshot.
    pub generation: u64,
    /// Who made it: what it says of itself.
    pub info: Info<'a>,
    /// The texts in force and the circumstances of the judgement.
    pub texts: Texts<'a>,
    /// The word of the verdict that was published; for comparison, never for a judgement.
    pub recorded_verdict: &'a str,
    /// What each check found there; for comparison, never for a judgement.
    pub recorded: Vec<Finding>,
    /// The registers.
    pub registers: Registers,
    /// The registers of the first reading.
    pub latched: Option<Latched>,
    /// Fingerprints of earlier evidence.
    pub baseline: Option<Box<Baseline>>,
    /// The heap.
    pub heap: Evidence<HeapCopy<'a>>,
    /// The event logs.
    pub log: Evidence<LogSet<'a>>,
    /// The start of the SINIT region.
    pub sinit: Evidence<&'a [u8]>,
    /// The Secure Launch resource table.
    pub slrt: Evidence<&'a [u8]>,
    /// What lies in System RAM.
    pub memory: MemoryFacts,
    /// The TPM.
    pub tpm: Evidence<Box<TpmFacts>>,
    /// The running kernel.
    pub kernel: KernelFacts,
    /// NV indices.
    pub nv: Evidence<Vec<NvIndex<'a>>>,
    /// Numbers of possible, present and online processors, and those that were asked.
    pub cpus: Evidence<(u32, u32, u32, Vec<Cpu>)>,
    /// Configuration space of the host bridge.
    pub host_bridge: Evidence<&'a [u8]>,
    /// The remap window.
    pub remap: Evidence<Remap>,
    /// The memory map.
    pub memory_map: Evidence<Vec<MemoryRange>>,
    /// Where configuration space is reached.
    pub ecam: Evidence<(u64, u64)>,
    /// ACPI tables.
    pub tables: FirmwareTables<'a>,
    /// The remapping units.
    pub units: Evidence<Vec<Unit>>,
    /// The PCI functions.
    pub functions: Evidence<Vec<PciFunction>>,
    /// The kernel's command line.
    pub command_line: Evidence<&'a [u8]>,
    /// iommu_default_passthrough().
    pub passthrough: Option<bool>,
    /// intel_iommu_enabled.
    pub driver_enabled: Option<bool>,
    /// The TXT protected regions.
    pub tprs: Evidence<Vec<Tpr>>,
    /// The guard's windows.
    pub windows: Evidence<Vec<Reach>>,
    /// What the guard has seen of faults, and who caused them.
    pub faults: Evidence<(FaultCounts, Vec<Refused>)>,
    /// What is mapped one to one.
    pub direct: Evidence<Vec<Direct>>,
}

impl<'a> Snapshot<'a> {
    /// Reads `bytes`.
    ///
    /// # Errors
    ///
    /// When they are no evidence that is known here; the error names the place.
    pub fn read(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let blob = Blob::open(bytes, &HostHasher, intern)?;
        let recorded = blob.recorded()?;
        let chipset = blob.chipset()?;
        let dma = blob.dma()?;
        let findings = recorded.findings.map(|finding| {
            finding.map(|finding| Finding {
                check: finding.check.to_owned(),
                outcome: finding.outcome.to_owned(),
                detail: finding.detail.to_owned(),
                decisive: finding.decisive,
            })
        });
        Ok(Self {
            minor: blob.minor,
            generation: blob.generation,
            info: blob.info()?,
            texts: blob.texts()?,
            recorded_verdict: recorded.verdict,
            recorded: findings.collect::<Result<_, _>>()?,
            registers: blob.registers()?,
            latched: blob.latched()?,
            baseline: blob.baseline()?.map(Box::new),
            heap: blob.heap()?,
            log: blob.log()?,
            sinit: blob.sinit()?,
            slrt: blob.slrt()?,
            memory: blob.memory()?,
            tpm: try_map(blob.tpm()?, |tpm| Ok(Box::new(tpm)))?,
            kernel: blob.kernel()?,
            nv: try_map(blob.nv()?, Iterator::collect)?,
            cpus: try_map(blob.cpus()?, |cpus| {
                let list = cpus.cpus.collect::<Result<_, _>>()?;
                Ok((cpus.possible, cpus.present, cpus.online, list))
            })?,
            host_bridge: chipset.host_bridge,
            remap: chipset.remap,
            memory_map: try_map(chipset.memory_map, Iterator::collect)?,
            ecam: chipset.ecam,
            tables: blob.tables()?,
            units: try_map(dma.units, Iterator::collect)?,
            functions: try_map(dma.functions, Iterator::collect)?,
            command_line: dma.command_line,
            passthrough: dma.passthrough,
            driver_enabled: dma.driver_enabled,
            tprs: try_map(dma.tprs, Iterator::collect)?,
            windows: try_map(dma.windows, Iterator::collect)?,
            faults: try_map(dma.faults, |(counts, refused)| {
                Ok((counts, refused.collect::<Result<_, _>>()?))
            })?,
            direct: try_map(dma.direct, Iterator::collect)?,
        })
    }

    /// The facts, as the engine hands them over.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            registers: &self.registers,
            latched: self.latched,
            baseline: self.baseline.as_deref(),
            heap: self.heap,
            log: self.log,
            sinit: self.sinit,
            slrt: self.slrt,
            memory: self.memory,
            tpm: view(&self.tpm, |tpm| &**tpm),
            kernel: self.kernel,
            nv: view(&self.nv, Vec::as_slice),
            cpus: view(&self.cpus, |(possible, present, online, cpus)| CpuFacts {
                possible: *possible,
                present: *present,
                online: *online,
                cpus,
            }),
            chipset: ChipsetFacts {
                host_bridge: self.host_bridge,
                remap: self.remap,
                memory_map: view(&self.memory_map, Vec::as_slice),
                ecam: self.ecam,
            },
            tables: self.tables,
            dma: DmaFacts {
                units: view(&self.units, Vec::as_slice),
                functions: view(&self.functions, Vec::as_slice),
                command_line: self.command_line,
                passthrough: self.passthrough,
                driver_enabled: self.driver_enabled,
                tprs: view(&self.tprs, Vec::as_slice),
                windows: view(&self.windows, Vec::as_slice),
                faults: view(&self.faults, |(counts, refused)| FaultFacts {
                    counts: *counts,
                    refused,
                }),
                direct: view(&self.direct, Vec::as_slice),
            },
        }
    }

    /// Judges by other texts than those in force, or by these. Evidence that was awaited where the
    /// snapshot was made is awaited here too: more is not to come, but the module said no other.
    pub fn judge(
        &self,
        policy: &Policy<'_>,
        references: Option<&References<'_>>,
    ) -> Box<Judgement> {
        let mut judgement = Box::new(Judgement::NONE);
        judge(
            &self.facts(),
            policy,
            references,
            self.texts.awaiting,
            &HostHasher,
            &mut judgement,
        );
        judgement
    }

    /// The verdict that the module publishes for `judgement`.
    pub fn verdict(&self, judgement: &Judgement) -> Verdict {
        self.texts.notes.verdict(judgement.verdict)
    }
}

fn try_map<T, U>(
    evidence: Evidence<T>,
    change: impl FnOnce(T) -> Result<U, FormatError>,
) -> Result<Evidence<U>, FormatError> {
    Ok(match evidence {
        Evidence::Read(value) => Evidence::Read(change(value)?),
        Evidence::Unreadable(why) => Evidence::Unreadable(why),
        Evidence::Absent(why) => Evidence::Absent(why),
    })
}

fn view<'a, T, U>(evidence: &'a Evidence<T>, view: impl FnOnce(&'a T) -> U) -> Evidence<U> {
    match evidence {
        Evidence::Read(value) => Evidence::Read(view(value)),
        Evidence::Unreadable(why) => Evidence::Unreadable(why),
        Evidence::Absent(why) => Evidence::Absent(why),
    }
}
