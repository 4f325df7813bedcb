// SPDX-License-Identifier: GPL-2.0

//! Tables for people, in debugfs.

mod dma;
mod guard;

use super::NAME;
use crate::decode::bytes::Bytes;
use crate::decode::errorcode::ErrorCode;
use crate::decode::eventlog::{Log, LogFormat};
use crate::decode::heap::{
    event_log_pointers, BiosData, Chain, Elements, OsMleData, OsSinitData, SinitMleData,
};
use crate::decode::registers::Reg;
use crate::engine::{Engine, Snapshot};
use crate::guard::View;
use crate::verify::catalogue::{CheckId, Weight};
use crate::verify::facts::Evidence;
use core::fmt::{self, Formatter};
use kernel::debugfs::Scope;
use kernel::prelude::*;
use kernel::sync::atomic::Relaxed;
use kernel::sync::Arc;

/// The directory, as long as this value lives.
#[pin_data]
pub(crate) struct Tables {
    #[pin]
    directory: Scope<Arc<Engine>>,
}

impl Tables {
    /// Creates the tables of what `engine` publishes.
    pub(crate) fn new(engine: Arc<Engine>) -> impl PinInit<Self, Error> {
        pin_init!(Self {
            directory <- Scope::dir(engine, NAME, |engine, directory| {
                directory.read_callback_file(c"checks", engine, &|engine: &Arc<Engine>, f| {
                    write_checks(&engine.published(), f)
                });
                directory.read_callback_file(c"heap", engine, &|engine: &Arc<Engine>, f| {
                    write_heap(&engine.published(), f)
                });
                directory.read_callback_file(c"event_log", engine, &|engine: &Arc<Engine>, f| {
                    write_event_log(&engine.published(), f)
                });
                directory.read_callback_file(c"dmar", engine, &|engine: &Arc<Engine>, f| {
                    dma::write_dmar(&engine.published(), f)
                });
                directory.read_callback_file(c"groups", engine, &|engine: &Arc<Engine>, f| {
                    dma::write_groups(&engine.published(), &engine.guarded(), f)
                });
                directory.read_callback_file(c"windows", engine, &|engine: &Arc<Engine>, f| {
                    guard::write_windows(&engine.guarded(), f)
                });
                directory.read_callback_file(c"exposed", engine, &|engine: &Arc<Engine>, f| {
                    guard::write_exposed(&engine.guarded(), f)
                });
                directory.read_callback_file(c"faults", engine, &|engine: &Arc<Engine>, f| {
                    guard::write_faults(engine.faults(), f)
                });
                directory.read_callback_file(c"timing", engine, &|engine: &Arc<Engine>, f| {
                    write_timing(&engine.published(), &engine.guarded(), f)
                });
            }),
        }? Error)
    }
}

fn write_checks(snapshot: &Snapshot, f: &mut Formatter<'_>) -> fmt::Result {
    let policy = snapshot.policy();
    writeln!(
        f,
        "{:<8} {:<8} {:<8} {:<8} detail",
        "id", "severity", "outcome", "counts"
    )?;
    for check in CheckId::ALL {
        let finding = snapshot.examined.judgement.finding(check);
        let counts = if policy.waives(check) {
            "waived"
        } else if policy.requires(check) {
            Weight::Required.word()
        } else {
            check.weight().word()
        };
        writeln!(
            f,
            "{:<8} {:<8} {:<8} {counts:<8} {}",
            check.name(),
            check.severity().word(),
            finding.outcome.word(),
            finding.detail
        )?;
    }
    if let Some(value) = snapshot.examined.collected.registers.get(Reg::ErrorCode) {
        // The upper half is not defined.
        let code = ErrorCode::decode(u32::try_from(value & 0xffff_ffff).unwrap_or(u32::MAX));
        writeln!(f, "\nTXT.ERRORCODE {value:#x}: {code}")?;
    }
    Ok(())
}

fn write_heap(snapshot: &Snapshot, f: &mut Formatter<'_>) -> fmt::Result {
    let heap = match &snapshot.examined.collected.heap {
        Evidence::Read(heap) => heap,
        Evidence::Unreadable(why) => return writeln!(f, "unknown: {why}"),
        Evidence::Absent(why) => return writeln!(f, "none: {why}"),
    };
    writeln!(f, "{} bytes at {:#x}", heap.bytes.len(), heap.base)?;
    let chain = match Chain::split(&heap.bytes) {
        Ok(chain) => chain,
        Err(error) => return writeln!(f, "{error}"),
    };
    for table in chain.tables() {
        writeln!(
            f,
            "\n{}: {} bytes at offset {:#x}",
            table.id,
            table.bytes.len(),
            table.offset
        )?;
        write_table(table.id.name(), table.bytes, f)?;
    }
    Ok(())
}

fn write_table(name: &str, bytes: Bytes<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    match name {
        "BiosData" => match BiosData::decode(bytes) {
            Ok(table) => {
                writeln!(f, "  version {}", table.version)?;
                writeln!(f, "  logical processors {}", table.num_log_procs)?;
                write_elements(table.elements(), f)
            }
            Err(error) => writeln!(f, "  {error}"),
        },
        "OsMleData" => match OsMleData::decode(bytes) {
            Ok(table) => writeln!(f, "  version {}, {:?}", table.version, table.producer),
            Err(error) => writeln!(f, "  {error}"),
        },
        "OsSinitData" => match OsSinitData::decode(bytes) {
            Ok(table) => write_os_sinit(&table, f),
            Err(error) => writeln!(f, "  {error}"),
        },
        _ => match SinitMleData::decode(bytes) {
            Ok(table) => write_sinit_mle(&table, f),
            Err(error) => writeln!(f, "  {error}"),
        },
    }
}

fn write_os_sinit(table: &OsSinitData<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(f, "  version {}, flags {:#x}", table.version, table.flags)?;
    writeln!(
        f,
        "  MLE: page table {:#x}, size {:#x}, header at {:#x}",
        table.mle_page_table, table.mle_size, table.mle_header
    )?;
    writeln!(
        f,
        "  PMR: {:#x} + {:#x}, {:#x} + {:#x}",
        table.pmr_low_base, table.pmr_low_size, table.pmr_high_base, table.pmr_high_size
    )?;
    writeln!(f, "  capabilities {:#x}", table.capabilities)?;
    write_elements(table.elements(), f)?;
    let logs = match event_log_pointers(table) {
        Ok(logs) => logs,
        Err(error) => return writeln!(f, "  event log: {error}"),
    };
    for log in logs.iter() {
        let word = log.format.word();
        match log.format {
            LogFormat::Tpm12Container => {
                writeln!(f, "  event log: format {word} at {:#x}", log.address)?;
            }
            LogFormat::Tcg | LogFormat::Legacy { .. } => writeln!(
                f,
                "  event log: format {word}, {} bytes at {:#x}, records {} to {}",
                log.allocated, log.address, log.first, log.next
            )?,
        }
    }
    Ok(())
}

fn write_sinit_mle(table: &SinitMleData<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "  version {}, SENTER EDX {:#x}",
        table.version, table.edx_senter_flags
    )?;
    match table.mdrs() {
        Ok(ranges) => {
            for range in ranges.iter() {
                writeln!(
                    f,
                    "  {:#x} + {:#x} {}",
                    range.base, range.length, range.kind
                )?;
            }
        }
        Err(error) => writeln!(f, "  {error}")?,
    }
    match table.dmar() {
        Ok(Some(dmar)) => writeln!(f, "  DMAR copy: {} bytes", dmar.len())?,
        Ok(None) => writeln!(f, "  DMAR copy: none")?,
        Err(error) => writeln!(f, "  {error}")?,
    }
    write_elements(table.elements(), f)
}

fn write_elements(elements: Elements<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    for element in elements {
        match element {
            Ok(element) => writeln!(
                f,
                "  element {} at offset {:#x}, {} bytes",
                element.kind, element.offset, element.size
            )?,
            Err(error) => writeln!(f, "  {error}")?,
        }
    }
    Ok(())
}

fn write_event_log(snapshot: &Snapshot, f: &mut Formatter<'_>) -> fmt::Result {
    let logs = match &snapshot.examined.collected.log {
        Evidence::Read(logs) => logs,
        Evidence::Unreadable(why) => return writeln!(f, "unknown: {why}"),
        Evidence::Absent(why) => return writeln!(f, "none: {why}"),
    };
    for log in logs.iter() {
        match log.copy().open() {
            Ok(opened) => write_log(&opened, f)?,
            Err(error) => writeln!(f, "{}: {error}", log.copy().format.word())?,
        }
    }
    Ok(())
}

fn write_log(log: &Log<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    let size = log.as_bytes().len();
    writeln!(f, "format {}, {size} bytes of records", log.format().word())?;
    for event in log.events() {
        match event {
            Ok(event) => {
                writeln!(
                    f,
                    "\n{:#06x} pcr {} {}, {} bytes of data",
                    event.offset,
                    event.pcr,
                    event.kind,
                    event.data.len()
                )?;
                for logged in event.digests() {
                    match logged.digest() {
                        Some(digest) => writeln!(f, "  {} {digest}", digest.alg())?,
                        None => writeln!(f, "  algorithm {:#06x}", logged.bank.id)?,
                    }
                }
            }
            Err(error) => writeln!(f, "{error}")?,
        }
    }
    Ok(())
}

fn write_timing(snapshot: &Snapshot, view: &View, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(f, "generation {}", snapshot.generation)?;
    for (part, nanoseconds) in snapshot.examined.timing.parts() {
        writeln!(f, "{:<10} {nanoseconds:>12}", part.name())?;
    }
    writeln!(f, "announced  {:>12}", snapshot.announced.load(Relaxed))?;
    for (name, calls) in [("given", view.spent.given), ("taken", view.spent.taken)] {
        writeln!(f, "{name:<10} {:>12} windows {}", calls.nanoseconds, calls.count)?;
    }
    Ok(())
}
