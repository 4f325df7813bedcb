// SPDX-License-Identifier: GPL-2.0

//! The launch's own facts. Every structure is taken apart whole, so that a new field does not
//! compile before it is written.

use super::{machine, Out, Section, MAX_REASON};
use crate::decode::digest::HashAlg;
use crate::decode::eventlog::LogFormat;
use crate::decode::registers::{Reg, Registers};
use crate::verify::drift::{Baseline, Kind};
use crate::verify::facts::{
    Evidence, Facts, HeapCopy, KernelFacts, Latched, LogCopy, LogSet, MemoryFacts, PcrBank,
    TpmFacts, TpmFamily,
};

/// Writes the body of a section of facts.
pub(super) fn section(section: Section, facts: &Facts<'_>, out: &mut Out<'_>) {
    let Facts {
        registers,
        latched,
        baseline,
        heap,
        log,
        sinit,
        slrt,
        memory,
        tpm,
        kernel,
        nv,
        cpus,
        chipset,
        tables,
        dma,
    } = facts;
    match section {
        Section::Registers => write_registers(registers, out),
        Section::Latched => out.option(*latched, |out, latched| write_latched(&latched, out)),
        Section::Heap => out.evidence(*heap, |out, heap| write_heap(&heap, out)),
        Section::Log => write_log(log, out),
        Section::Sinit => out.evidence(*sinit, |out, bytes| out.bytes(bytes)),
        Section::Memory => write_memory(memory, out),
        Section::Tpm => out.evidence(*tpm, |out, tpm| write_tpm(tpm, out)),
        Section::Kernel => write_kernel(kernel, out),
        Section::Nv => out.evidence(*nv, |out, indices| machine::nv(indices, out)),
        Section::Cpus => out.evidence(*cpus, |out, cpus| machine::cpus(&cpus, out)),
        Section::Chipset => machine::chipset(chipset, out),
        Section::Tables => machine::tables(tables, out),
        Section::Dma => machine::dma(dma, out),
        Section::Baseline => out.option(*baseline, |out, baseline| write_baseline(baseline, out)),
        Section::Slrt => out.evidence(*slrt, |out, bytes| out.bytes(bytes)),
        Section::Info | Section::Recorded | Section::Texts => {}
    }
}

fn write_registers(registers: &Registers, out: &mut Out<'_>) {
    out.sized(&|out| {
        for reg in Reg::ALL {
            out.sized(&|out| {
                out.u16(reg.offset());
                out.option(registers.get(reg), Out::u64);
            });
        }
    });
    out.option(registers.public_key, |out, key| out.put(&key));
    out.option(registers.private_didvid, Out::u64);
}

fn write_latched(latched: &Latched, out: &mut Out<'_>) {
    let Latched {
        heap_base,
        heap_size,
        sinit_base,
        sinit_size,
    } = *latched;
    for value in [heap_base, heap_size, sinit_base, sinit_size] {
        out.u64(value);
    }
}

fn write_baseline(baseline: &Baseline, out: &mut Out<'_>) {
    let Baseline { marks, log_bytes } = baseline;
    out.sized(&|out| {
        for (kind, mark) in Kind::ALL.into_iter().zip(marks) {
            out.sized(&|out| {
                out.text(kind.name(), MAX_REASON);
                out.option(*mark, |out, mark| out.put(&mark));
            });
        }
    });
    out.sized(&|out| {
        for count in log_bytes {
            out.sized(&|out| out.u32(*count));
        }
    });
}

fn write_heap(heap: &HeapCopy<'_>, out: &mut Out<'_>) {
    let HeapCopy {
        base,
        bytes,
        stable,
    } = *heap;
    out.u64(base);
    out.maybe(stable);
    out.bytes(bytes);
}

fn write_log(log: &Evidence<LogSet<'_>>, out: &mut Out<'_>) {
    out.evidence(*log, |out, LogSet { logs }| {
        out.sized(&|out| {
            for (place, log) in (0u8..).zip(&logs) {
                if let Some(log) = log {
                    out.sized(&|out| write_log_copy(place, log, out));
                }
            }
        });
    });
}

fn write_log_copy(place: u8, log: &LogCopy<'_>, out: &mut Out<'_>) {
    let LogCopy {
        format,
        bytes,
        first,
        next,
    } = *log;
    let (format, alg) = match format {
        LogFormat::Tcg => (0, 0),
        LogFormat::Legacy { alg } => (1, alg),
        LogFormat::Tpm12Container => (2, 0),
    };
    out.u8(place);
    out.u8(format);
    out.u16(alg);
    out.u32(first);
    out.u32(next);
    out.bytes(bytes);
}

fn write_memory(memory: &MemoryFacts, out: &mut Out<'_>) {
    let MemoryFacts {
        heap_is_ram,
        sinit_is_ram,
        registers_are_ram,
        tpm_is_ram,
    } = *memory;
    for fact in [heap_is_ram, sinit_is_ram, registers_are_ram, tpm_is_ram] {
        out.maybe(fact);
    }
}

fn write_tpm(tpm: &TpmFacts, out: &mut Out<'_>) {
    let TpmFacts {
        family,
        allocated,
        first,
        second,
        hmac,
    } = tpm;
    out.u8(match family {
        TpmFamily::Tpm12 => 0,
        TpmFamily::Tpm20 => 1,
    });
    out.maybe(*hmac);
    out.sized(&|out| {
        let readings = first.iter().zip(second);
        for ((alg, allocated), (first, second)) in
            HashAlg::ALL.into_iter().zip(allocated).zip(readings)
        {
            out.sized(&|out| {
                out.u16(alg.tpm_id());
                out.bool(*allocated);
                write_bank(first, out);
                write_bank(second, out);
            });
        }
    });
}

fn write_bank(bank: &PcrBank, out: &mut Out<'_>) {
    for pcr in bank {
        out.digest(pcr.as_ref());
    }
}

fn write_kernel(kernel: &KernelFacts, out: &mut Out<'_>) {
    let KernelFacts {
        tboot_addr,
        loader_type,
        tboot_page,
        resumed_from_image,
        rescue,
    } = *kernel;
    out.option(tboot_addr, Out::u64);
    out.option(loader_type, Out::u32);
    out.maybe(tboot_page);
    out.maybe(resumed_from_image);
    out.maybe(rescue);
}
