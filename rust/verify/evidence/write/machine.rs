// SPDX-License-Identifier: GPL-2.0

//! The machine's facts. Every structure is taken apart whole, so that a new field does not compile
//! before it is written.

use super::Out;
use crate::decode::msr::Msr;
use crate::verify::facts::{
    Ats, ChipsetFacts, Cpu, CpuFacts, Direct, DmaFacts, FaultCounts, FaultFacts, FirmwareTables,
    MemoryRange, NvIndex, PciFunction, Reach, Refused, Remap, Tpr, TprRegisters, Translation, Unit,
    UnitRegisters,
};

/// Writes a list with a record for each entry.
fn list<T>(out: &mut Out<'_>, entries: &[T], write: fn(&T, &mut Out<'_>)) {
    out.sized(&|out| {
        for entry in entries {
            out.sized(&|out| write(entry, out));
        }
    });
}

pub(super) fn nv(indices: &[NvIndex<'_>], out: &mut Out<'_>) {
    list(out, indices, |index, out| {
        let NvIndex {
            index,
            public,
            data,
        } = *index;
        out.u32(index);
        out.evidence(public, Out::bytes);
        out.evidence(data, Out::bytes);
    });
}

pub(super) fn cpus(cpus: &CpuFacts<'_>, out: &mut Out<'_>) {
    let CpuFacts {
        possible,
        present,
        online,
        cpus,
    } = *cpus;
    for count in [possible, present, online] {
        out.u32(count);
    }
    list(out, cpus, cpu);
}

fn cpu(cpu: &Cpu, out: &mut Out<'_>) {
    let Cpu {
        number,
        apic_id,
        vendor,
        signature,
        features,
        address_bits,
        microcode,
        msrs,
        mtrrs,
    } = cpu;
    out.u32(*number);
    out.u32(*apic_id);
    out.put(vendor);
    out.u32(*signature);
    out.u32(*features);
    out.u8(*address_bits);
    out.option(*microcode, Out::u32);
    out.sized(&|out| {
        for (msr, value) in Msr::ALL.into_iter().zip(msrs) {
            out.sized(&|out| {
                out.u32(msr.address());
                out.option(*value, Out::u64);
            });
        }
    });
    out.sized(&|out| {
        for range in mtrrs {
            out.sized(&|out| {
                out.option(*range, |out, (base, mask)| {
                    out.u64(base);
                    out.u64(mask);
                });
            });
        }
    });
}

pub(super) fn chipset(chipset: &ChipsetFacts<'_>, out: &mut Out<'_>) {
    let ChipsetFacts {
        host_bridge,
        remap,
        memory_map,
        ecam,
    } = *chipset;
    out.evidence(host_bridge, Out::bytes);
    out.evidence(remap, |out, Remap { base, limit }| {
        out.u64(base);
        out.u64(limit);
    });
    out.evidence(memory_map, |out, ranges| {
        list(out, ranges, |range, out| {
            let MemoryRange { base, size, kind } = *range;
            out.u64(base);
            out.u64(size);
            out.u32(kind);
        });
    });
    out.evidence(ecam, |out, (base, size)| {
        out.u64(base);
        out.u64(size);
    });
}

pub(super) fn tables(tables: &FirmwareTables<'_>, out: &mut Out<'_>) {
    let FirmwareTables {
        dmar,
        mcfg,
        madt,
        dtpr,
        cedt,
    } = *tables;
    for table in [dmar, mcfg, madt, dtpr, cedt] {
        out.evidence(table, Out::bytes);
    }
}

pub(super) fn dma(dma: &DmaFacts<'_>, out: &mut Out<'_>) {
    let DmaFacts {
        units,
        functions,
        command_line,
        passthrough,
        driver_enabled,
        tprs,
        windows,
        faults,
        direct,
    } = *dma;
    out.evidence(units, |out, units| list(out, units, unit));
    out.evidence(functions, |out, functions| list(out, functions, function));
    out.evidence(command_line, Out::bytes);
    out.maybe(passthrough);
    out.maybe(driver_enabled);
    out.evidence(tprs, |out, tprs| list(out, tprs, tpr));
    out.evidence(windows, |out, windows| list(out, windows, window));
    out.evidence(faults, |out, faults| {
        let FaultFacts {
            counts:
                FaultCounts {
                    watched,
                    others,
                    lost,
                    unseen,
                },
            refused,
        } = faults;
        out.u32(watched);
        for count in [others, lost, unseen] {
            out.u64(count);
        }
        list(out, refused, requester);
    });
    out.evidence(direct, |out, regions| list(out, regions, region));
}

fn window(window: &Reach, out: &mut Out<'_>) {
    let Reach {
        segment,
        bus,
        devfn,
        base,
        size,
        writable,
    } = *window;
    out.u32(segment);
    out.u8(bus);
    out.u8(devfn);
    out.u64(base);
    out.u64(size);
    out.bool(writable);
}

fn requester(refused: &Refused, out: &mut Out<'_>) {
    let Refused {
        segment,
        requester,
        group,
        owned,
        faults,
    } = *refused;
    out.u32(segment);
    out.u16(requester);
    out.option(group, Out::u32);
    out.bool(owned);
    out.u64(faults);
}

fn region(region: &Direct, out: &mut Out<'_>) {
    let Direct {
        group,
        base,
        size,
        relaxable,
    } = *region;
    out.u32(group);
    out.u64(base);
    out.u64(size);
    out.bool(relaxable);
}

fn tpr(tpr: &Tpr, out: &mut Out<'_>) {
    let Tpr { address, registers } = *tpr;
    out.u64(address);
    out.option(registers, |out, TprRegisters { base, limit }| {
        out.u64(base);
        out.u64(limit);
    });
}

fn unit(unit: &Unit, out: &mut Out<'_>) {
    let Unit {
        segment,
        base,
        registers,
        root_in_ram,
        irt_in_ram,
    } = *unit;
    out.u16(segment);
    out.u64(base);
    out.option(registers, |out, registers| unit_registers(&registers, out));
    out.maybe(root_in_ram);
    out.maybe(irt_in_ram);
}

fn unit_registers(registers: &UnitRegisters, out: &mut Out<'_>) {
    let UnitRegisters {
        version,
        cap,
        ecap,
        gsts,
        rtaddr,
        fsts,
        pmen,
        pmr_low: (low_base, low_limit),
        pmr_high: (high_base, high_limit),
        irta,
    } = *registers;
    out.u32(version);
    out.u64(cap);
    out.u64(ecap);
    out.u32(gsts);
    out.u64(rtaddr);
    out.u32(fsts);
    out.u32(pmen);
    out.u32(low_base);
    out.u32(low_limit);
    out.u64(high_base);
    out.u64(high_limit);
    out.u64(irta);
}

fn function(function: &PciFunction, out: &mut Out<'_>) {
    let PciFunction {
        segment,
        bus,
        devfn,
        vendor,
        device,
        class,
        port_type,
        bridge,
        buses,
        group,
        group_size,
        translation,
        bus_master,
        driver,
        untrusted,
        external_facing,
        virtual_function,
        ats,
        acs,
        isolated_msi,
    } = *function;
    out.u32(segment);
    out.u8(bus);
    out.u8(devfn);
    out.u16(vendor);
    out.u16(device);
    out.u32(class);
    out.option(port_type, Out::u8);
    out.bool(bridge);
    out.option(buses, |out, (first, last)| {
        out.u8(first);
        out.u8(last);
    });
    out.option(group, Out::u32);
    out.u32(group_size);
    out.u8(match translation {
        Translation::None => 0,
        Translation::Blocked => 1,
        Translation::Identity => 2,
        Translation::Dma => 3,
        Translation::Managed => 4,
        Translation::Unknown => 5,
    });
    out.maybe(bus_master);
    out.bool(driver);
    out.bool(untrusted);
    out.bool(external_facing);
    out.bool(virtual_function);
    out.u8(match ats {
        Ats::None => 0,
        Ats::Off => 1,
        Ats::On => 2,
    });
    out.option(acs, Out::u16);
    out.maybe(isolated_msi);
}
