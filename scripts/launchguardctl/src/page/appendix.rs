// SPDX-License-Identifier: GPL-2.0

//! What else was read: registers and the running kernel.

use super::{chipset, hexadecimal, Input};
use crate::report::hex;
use launchguard_pure::decode::errorcode::ErrorCode;
use launchguard_pure::decode::registers::{
    production_fused, Dpr, Reg, Registers, Sts, PUBLIC_KEY_NAME, PUBLIC_KEY_OFFSET,
};
use launchguard_pure::verify::facts::{Evidence, LOADER_KEXEC};
use serde::Serialize;

/// Registers and the running kernel.
#[derive(Clone, Debug, Serialize)]
pub struct Appendix {
    /// The registers of the public window.
    pub registers: Vec<Row>,
    /// The running kernel.
    pub kernel: Vec<Row>,
    /// What could not be read, and why.
    pub missing: Vec<Row>,
}

/// A name, a value, and the value in words.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The name.
    pub name: String,
    /// Where it was read: offset in the window.
    #[serde(serialize_with = "hexadecimal::optional")]
    pub offset: Option<u16>,
    /// The value; `None` where it could not be read.
    pub value: Option<String>,
    /// The value in words.
    pub words: String,
}

pub(super) fn appendix(input: &Input<'_>) -> Appendix {
    Appendix {
        registers: registers(input.facts.registers),
        kernel: kernel(input),
        missing: missing(input),
    }
}

fn registers(registers: &Registers) -> Vec<Row> {
    let mut rows: Vec<Row> = Reg::ALL
        .into_iter()
        .map(|reg| Row {
            name: reg.name().to_owned(),
            offset: Some(reg.offset()),
            value: registers.get(reg).map(|value| format!("{value:#x}")),
            words: registers
                .get(reg)
                .map_or_else(String::new, |value| words(registers, reg, value)),
        })
        .collect();
    rows.push(Row {
        name: PUBLIC_KEY_NAME.to_owned(),
        offset: Some(PUBLIC_KEY_OFFSET),
        value: registers.public_key.map(|key| hex(&key)),
        words: "hash of the key that may sign SINIT".to_owned(),
    });
    rows
}

fn words(registers: &Registers, reg: Reg, value: u64) -> String {
    match reg {
        Reg::Sts => {
            let sts = Sts(value);
            let bits = [
                (sts.senter_done(), "SENTER done"),
                (sts.sexit_done(), "SEXIT done"),
                (sts.mem_config_lock(), "memory configuration locked"),
                (sts.private_open(), "private space open"),
                (sts.locality1_open(), "locality 1 open"),
                (sts.locality2_open(), "locality 2 open"),
            ];
            let set = bits.iter().filter(|(set, _)| *set).map(|(_, name)| *name);
            set.collect::<Vec<_>>().join(", ")
        }
        Reg::Ests if value & 1 != 0 => "a TXT reset is recorded".to_owned(),
        Reg::Ests => "no TXT reset recorded".to_owned(),
        Reg::ErrorCode => ErrorCode::decode(value as u32).to_string(),
        Reg::VerFsbif | Reg::VerQpiif => {
            let fused =
                production_fused(registers.get(Reg::VerFsbif), registers.get(Reg::VerQpiif));
            match fused {
                Some(true) => "together with its twin: production-fused".to_owned(),
                Some(false) => "together with its twin: debug-fused".to_owned(),
                None => String::new(),
            }
        }
        Reg::DidVid => chipset::identity(registers).unwrap_or_default(),
        Reg::SinitSize | Reg::HeapSize | Reg::MsegSize => super::memory::size(value),
        Reg::Dpr => {
            let dpr = Dpr(value);
            format!(
                "{} below {:#x}, {}",
                super::memory::size(dpr.size()),
                dpr.limit(),
                if dpr.lock() { "locked" } else { "not locked" }
            )
        }
        Reg::E2sts if value & 2 != 0 => "secrets in memory: a reset scrubs it".to_owned(),
        Reg::E2sts => "no secrets announced".to_owned(),
        _ => String::new(),
    }
}

fn kernel(input: &Input<'_>) -> Vec<Row> {
    let kernel = &input.facts.kernel;
    let mut rows = Vec::new();
    let mut add = |name: &str, value: Option<String>, words: &str| {
        rows.push(Row {
            name: name.to_owned(),
            offset: None,
            value,
            words: words.to_owned(),
        });
    };
    let line = input.facts.dma.command_line.read();
    add(
        "command line",
        line.map(|line| String::from_utf8_lossy(line).into_owned()),
        "",
    );
    add(
        "tboot's page",
        kernel.tboot_addr.map(|address| format!("{address:#x}")),
        match (kernel.tboot_addr, kernel.tboot_page) {
            (Some(0), _) => "the boot loader announced none",
            (_, Some(true)) => "tboot's UUID stands there: no proof by itself",
            (_, Some(false)) => "tboot's UUID does not stand there",
            (_, None) => "",
        },
    );
    let is_kexec = |loader: u32| loader >> 4 == LOADER_KEXEC;
    add(
        "boot loader",
        kernel.loader_type.map(|loader| format!("{loader:#x}")),
        match kernel.loader_type {
            Some(loader) if is_kexec(loader) => "kexec",
            Some(0xff) => "one without a number of its own, as tboot",
            _ => "",
        },
    );
    let resumed = kernel.resumed_from_image;
    add(
        "hibernation",
        resumed.map(|resumed| if resumed { "resumed" } else { "no" }.to_owned()),
        "whether this kernel came out of an image on disk",
    );
    add(
        "rescue",
        kernel
            .rescue
            .map(|rescue| if rescue { "yes" } else { "no" }.to_owned()),
        "whether the module was loaded to carry nothing of a policy out",
    );
    rows
}

fn missing(input: &Input<'_>) -> Vec<Row> {
    let facts = input.facts;
    let mut rows = Vec::new();
    let mut look = |name: &str, why: Option<&str>| {
        if let Some(why) = why {
            rows.push(Row {
                name: name.to_owned(),
                offset: None,
                value: None,
                words: why.to_owned(),
            });
        }
    };
    look("TXT heap", reason(&facts.heap));
    look("event log", reason(&facts.log));
    look("SINIT region", reason(&facts.sinit));
    look("Secure Launch resource table", reason(&facts.slrt));
    look("TPM", reason(&facts.tpm));
    look("policy indices of the TPM", reason(&facts.nv));
    look("processors", reason(&facts.cpus));
    look("host bridge", reason(&facts.chipset.host_bridge));
    look("memory remap window", reason(&facts.chipset.remap));
    look("memory map of the boot", reason(&facts.chipset.memory_map));
    look("PCI configuration window", reason(&facts.chipset.ecam));
    look("ACPI DMAR", reason(&facts.tables.dmar));
    look("ACPI MCFG", reason(&facts.tables.mcfg));
    look("ACPI MADT", reason(&facts.tables.madt));
    look("ACPI DTPR", reason(&facts.tables.dtpr));
    look("ACPI CEDT", reason(&facts.tables.cedt));
    look("DMA remapping units", reason(&facts.dma.units));
    look("PCI functions", reason(&facts.dma.functions));
    rows
}

fn reason<T>(evidence: &Evidence<T>) -> Option<&'static str> {
    match evidence {
        Evidence::Read(_) => None,
        Evidence::Unreadable(why) | Evidence::Absent(why) => Some(why),
    }
}
