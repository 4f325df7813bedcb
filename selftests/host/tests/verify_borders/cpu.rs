// SPDX-License-Identifier: GPL-2.0

//! CPU-01 to CPU-12: registers of processors, as the SDM lays them out.

use super::{try_all, Case};
use launchguard_host_tests::fixture::slrt::{self, Intel, Wide};
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::msr::Msr;
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::judgement::Outcome::{Fail, NotApplicable, Pass, Unknown};

fn features(machine: &mut Machine, clear: u32) {
    for cpu in machine.cpus.list.iter_mut().flatten() {
        cpu.features &= !clear;
    }
}

const FEATURES: &[Case] = &[
    (
        Cpu01,
        Pass,
        "=4 processors of GenuineIntel with SMX and VMX",
        |_| {},
    ),
    (
        Cpu01,
        Fail,
        "CPU 1: the vendor is not GenuineIntel; signature (0x806e9)",
        |m| {
            m.cpus.cpu_mut(1).vendor = *b"GenuineIntfl";
        },
    ),
    (Cpu01, Fail, "CPU 0: no SMX in CPUID.1 ECX (0x829)", |m| {
        features(m, 1 << 6)
    }),
    (Cpu01, Fail, "CPU 0: no VMX in CPUID.1 ECX (0x849)", |m| {
        features(m, 1 << 5)
    }),
    (
        Cpu02,
        Pass,
        "=IA32_FEATURE_CONTROL 0xff07 on every processor",
        |_| {},
    ),
    (Cpu02, Pass, "VMX is off inside SMX", |m| {
        m.cpus.set_all(Msr::FeatureControl, Some(0xff05));
    }),
    (Cpu02, Fail, "does not allow SENTER (0x7f07)", |m| {
        m.cpus.set_all(Msr::FeatureControl, Some(0x7f07));
    }),
    (Cpu02, Fail, "does not allow all of SENTER (0xfe07)", |m| {
        m.cpus.set_all(Msr::FeatureControl, Some(0xfe07));
    }),
    (Cpu02, Fail, "is not locked (0xff06)", |m| {
        m.cpus.set_all(Msr::FeatureControl, Some(0xff06));
    }),
    (Cpu03, NotApplicable, "bit 11 is clear", |m| {
        features(m, 1 << 11)
    }),
    // One without the interface has nothing to be asked.
    (Cpu03, Pass, "off and locked", |m| {
        m.cpus.cpu_mut(1).features &= !(1 << 11);
        m.cpus.set(1, Msr::DebugInterface, None);
    }),
    (
        Cpu03,
        Unknown,
        "IA32_DEBUG_INTERFACE could not be read",
        |m| {
            m.cpus.set(1, Msr::DebugInterface, None);
        },
    ),
    (
        Cpu03,
        Fail,
        "has been debugged: IA32_DEBUG_INTERFACE (0xc0000000)",
        |m| {
            m.cpus.set(2, Msr::DebugInterface, Some(0xc000_0000));
        },
    ),
    (
        Cpu03,
        Fail,
        "is not locked: IA32_DEBUG_INTERFACE (0x0)",
        |m| {
            m.cpus.set(2, Msr::DebugInterface, Some(0));
        },
    ),
    (
        Cpu04,
        Fail,
        "CPU 0: MSR_LT_LOCK_MEMORY is not locked (0x0)",
        |m| {
            m.cpus.set_all(Msr::LtLockMemory, Some(0));
        },
    ),
    (Cpu04, Fail, "MSR_LT_LOCK_MEMORY is not locked (0x2)", |m| {
        m.cpus.set_all(Msr::LtLockMemory, Some(2));
    }),
    (Cpu04, Pass, "is locked on every processor", |m| {
        m.cpus.set_all(Msr::LtLockMemory, Some(3));
    }),
    (
        Cpu10,
        NotApplicable,
        "4 of 4 processors have SMX, SENTER.DONE is 1",
        |_| {},
    ),
    (Cpu10, NotApplicable, "4 of 4 processors have SMX", |m| {
        m.cpus.cpu_mut(2).features = 1 << 6;
    }),
    (Cpu10, NotApplicable, "3 of 4 processors have SMX", |m| {
        m.cpus.cpu_mut(3).features = !(1 << 6);
    }),
];

/// Version 2 of the enclaves in SINIT's header.
fn version_2(machine: &mut Machine) {
    machine.sinit.as_mut().expect("SINIT")[30] = 2;
}

const ENCLAVES: &[Case] = &[
    (Cpu07, Pass, "version 0 of the enclaves", |_| {}),
    (
        Cpu07,
        Fail,
        "asks for another version of SINIT (0x1)",
        version_2,
    ),
    (Cpu07, Pass, "version 2 of the enclaves", |m| {
        version_2(m);
        m.cpus.set_all(Msr::SeSvnStatus, Some(0x2_0001));
    }),
    // The version has eight bits.
    (Cpu07, Pass, "version 2 of the enclaves", |m| {
        version_2(m);
        m.cpus.set_all(Msr::SeSvnStatus, Some(0x102_0001));
    }),
    (Cpu07, Fail, "another version of SINIT (0x3ff01)", |m| {
        version_2(m);
        m.cpus.set_all(Msr::SeSvnStatus, Some(0x3_ff01));
    }),
    (Cpu07, Pass, "version 2 of the enclaves", |m| {
        version_2(m);
        m.cpus.set_all(Msr::SeSvnStatus, Some(0x2_0001));
        m.cpus.set(3, Msr::SeSvnStatus, Some(0x5_0000));
    }),
    // Without bit 0 it says nothing.
    (
        Cpu07,
        NotApplicable,
        "is not locked: any SINIT may run",
        |m| {
            version_2(m);
            m.cpus.set_all(Msr::SeSvnStatus, Some(0x5_0000));
        },
    ),
];

/// TSEG of the fixture is 0x7f000000 to 0x7f800000.
const SMM: &[Case] = &[
    (Cpu09, Pass, "SMRR 0x7f000000-0x7f800000 is TSEG", |_| {}),
    (Cpu09, Fail, "there is no SMRR: IA32_MTRRCAP (0x50a)", |m| {
        m.cpus.set_all(Msr::MtrrCap, Some(0x50a));
    }),
    (Cpu09, Fail, "SMRR is off: its mask (0xff800000)", |m| {
        m.cpus.set_all(Msr::SmrrPhysMask, Some(0xff80_0000));
    }),
    (Cpu09, Fail, "SMRR describes no range", |m| {
        m.cpus.set_all(Msr::SmrrPhysMask, Some(0xfe80_0800));
    }),
    (Cpu09, Fail, "SMRR describes no range", |m| {
        m.cpus.set_all(Msr::SmrrPhysBase, Some(0x7f40_0006));
    }),
];

/// The default type and the ranges of all processors; a mask of 1 MiB holds TXT's and the TPM's pages.
fn memory(machine: &mut Machine, default: u64, ranges: &[(u64, u64)]) {
    machine.cpus.set_all(Msr::MtrrDefType, Some(default));
    for cpu in machine.cpus.list.iter_mut().flatten() {
        for (index, slot) in cpu.mtrrs.iter_mut().take(10).enumerate() {
            *slot = Some(ranges.get(index).copied().unwrap_or((0, 0)));
        }
    }
}

const MIB: u64 = 0x7f_fff0_0800;
const CACHED: &str = "TXT or TPM registers are cached at (0xfed20000)";

const MEMORY: &[Case] = &[
    (
        Cpu12,
        Fail,
        "MTRRs are off: IA32_MTRR_DEF_TYPE (0x406)",
        |m| memory(m, 0x406, &[]),
    ),
    (
        Cpu12,
        Fail,
        "no memory type: IA32_MTRR_DEF_TYPE (0xc02)",
        |m| memory(m, 0xc02, &[]),
    ),
    (
        Cpu12,
        Fail,
        "no memory type: IA32_MTRR_DEF_TYPE (0xc07)",
        |m| memory(m, 0xc07, &[]),
    ),
    (Cpu12, Pass, "TXT and TPM are uncached", |m| {
        memory(m, 0xc00, &[])
    }),
    (Cpu12, Fail, CACHED, |m| memory(m, 0xc06, &[])),
    (Cpu12, Fail, CACHED, |m| memory(m, 0xc01, &[])),
    (Cpu12, Pass, "are uncached", |m| {
        memory(m, 0xc06, &[(0xfed0_0000, MIB)])
    }),
    // Neither a range that is off nor one that lies beside them says anything.
    (Cpu12, Fail, CACHED, |m| {
        memory(m, 0xc06, &[(0xfed0_0000, MIB & !0x800)])
    }),
    (Cpu12, Fail, CACHED, |m| {
        memory(m, 0xc06, &[(0xfec0_0000, MIB)])
    }),
    (Cpu12, Pass, "are uncached", |m| {
        memory(m, 0xc00, &[(0xfed0_0006, MIB & !0x800)])
    }),
    (Cpu12, Fail, CACHED, |m| {
        memory(m, 0xc00, &[(0xfed0_0006, MIB)])
    }),
    (Cpu12, Fail, CACHED, |m| {
        memory(m, 0xc00, &[(0xfed0_0001, MIB)])
    }),
    // Uncached wins, in whatever order; any other two do not make it so.
    (Cpu12, Pass, "are uncached", |m| {
        memory(m, 0xc06, &[(0xfed0_0006, MIB), (0xfed0_0000, MIB)]);
    }),
    (Cpu12, Pass, "are uncached", |m| {
        memory(m, 0xc06, &[(0xfed0_0000, MIB), (0xfed0_0006, MIB)]);
    }),
    (Cpu12, Pass, "are uncached", |m| {
        memory(
            m,
            0xc06,
            &[(0xfed0_0001, MIB), (0xfed0_0006, MIB), (0xfed0_0000, MIB)],
        );
    }),
    (Cpu12, Fail, CACHED, |m| {
        memory(m, 0xc00, &[(0xfed0_0004, MIB), (0xfed0_0006, MIB)]);
    }),
    (Cpu12, Fail, CACHED, |m| {
        memory(m, 0xc00, &[(0xfed0_0006, MIB), (0xfed0_0006, MIB)]);
    }),
    // The last page only: 0xfed4f000.
    (Cpu12, Fail, "are cached at (0xfed4f000)", |m| {
        memory(m, 0xc00, &[(0xfed4_f006, 0x7f_ffff_f800)]);
    }),
    (Cpu12, Pass, "are uncached", |m| {
        memory(m, 0xc00, &[(0xfed5_0006, 0x7f_ffff_f800)])
    }),
    // A type that does not exist matters where the range is on.
    (
        Cpu12,
        Fail,
        "no memory type: IA32_MTRR_PHYSBASE (0x80000002)",
        |m| {
            memory(m, 0xc00, &[(0x8000_0002, MIB)]);
        },
    ),
    (Cpu12, Pass, "are uncached", |m| {
        memory(m, 0xc00, &[(0x8000_0002, MIB & !0x800)])
    }),
];

#[test]
fn features_and_locks() {
    try_all(Machine::launched, FEATURES);
}

#[test]
fn the_version_of_the_enclaves() {
    try_all(Machine::launched, ENCLAVES);
}

#[test]
fn the_range_of_smm() {
    try_all(Machine::launched, SMM);
}

#[test]
fn memory_types_of_the_registers() {
    try_all(Machine::launched, MEMORY);
}

fn microcode(machine: &mut Machine, signature: u32, revision: u32) {
    for cpu in machine.cpus.list.iter_mut().flatten() {
        cpu.signature = signature;
        cpu.microcode = Some(revision);
    }
}

/// Revisions by Intel's guidance of March 2018; a processor that it does not name is none of them.
#[test]
fn withdrawn_microcode_is_known() {
    try_all(
        Machine::launched,
        &[
            (Cpu06, Pass, "=microcode 0xf0 on every processor", |_| {}),
            (
                Cpu06,
                Fail,
                "=CPU 0: microcode 0x80 for signature 0x806e9 is one that Intel has withdrawn, or older",
                |m| microcode(m, 0x8_06e9, 0x80),
            ),
            (Cpu06, Pass, "microcode 0x81", |m| microcode(m, 0x8_06e9, 0x81)),
            (Cpu06, Fail, "signature 0x306f2", |m| microcode(m, 0x3_06f2, 0x10)),
            (Cpu06, Pass, "microcode 0x3c", |m| microcode(m, 0x3_06f2, 0x3c)),
            (Cpu06, Pass, "microcode 0x10", |m| microcode(m, 0x3_06f0, 0x10)),
        ],
    );
}

/// tboot's mtrr_state_t behind the version: u64 default type, u32 count, 16 bases, 16 masks (heap.h).
fn save(machine: &mut Machine, default: u64, ranges: &[(u64, u64)]) {
    machine.change_tables(|tables| {
        let data = &mut tables.os_mle_data;
        data[4..12].copy_from_slice(&default.to_le_bytes());
        data[12..16].copy_from_slice(&(ranges.len() as u32).to_le_bytes());
        for (index, (base, mask)) in ranges.iter().enumerate() {
            data[16 + index * 8..][..8].copy_from_slice(&base.to_le_bytes());
            data[144 + index * 8..][..8].copy_from_slice(&mask.to_le_bytes());
        }
    });
}

/// The one range of the fixture's processors that is on, and one beside it.
const IN_FORCE: (u64, u64) = (0x8000_0000, 0x7f_8000_0800);
const OTHER: (u64, u64) = (0xc000_0000, 0x7f_c000_0800);

#[test]
fn mtrrs_are_compared_with_those_saved() {
    try_all(
        Machine::launched,
        &[
            (Cpu12, Pass, "; no launcher left saved MTRRs", |_| {}),
            (
                Cpu12,
                Pass,
                "; the MTRRs are those that the launcher saved",
                |m| save(m, 0xc06, &[IN_FORCE, (0, 0), OFF]),
            ),
            (
                Cpu12,
                Pass,
                "; the MTRRs are those that the launcher saved",
                |m| save(m, 0xc06, &[IN_FORCE]),
            ),
            // In another slot.
            (
                Cpu12,
                Pass,
                "; the MTRRs are those that the launcher saved",
                |m| save(m, 0xc06, &[(0, 0), IN_FORCE]),
            ),
            (
                Cpu12,
                Fail,
                "=IA32_MTRR_DEF_TYPE is not what the launcher saved (0xc00)",
                |m| save(m, 0xc00, &[IN_FORCE]),
            ),
            (
                Cpu12,
                Fail,
                "one of them gone, is not what the launcher saved (0xc0000000)",
                |m| save(m, 0xc06, &[IN_FORCE, OTHER]),
            ),
            (
                Cpu12,
                Fail,
                "one of them new, is not what the launcher saved (0x80000000)",
                |m| save(m, 0xc06, &[]),
            ),
            (Cpu12, Pass, "; no launcher left saved MTRRs", |m| {
                save(m, 0xc00, &[OTHER]);
                unknown_launcher_keeping(m);
            }),
        ],
    );
}

/// Secure Launch keeps them beside its table.
#[test]
fn mtrrs_are_compared_with_those_of_the_resource_table() {
    fn secure_launch(m: &mut Machine, def_type: u64, mtrrs: &[(u64, u64)]) {
        m.change_tables(|tables| {
            tables.os_mle_data = vec![0; 96];
            tables.os_mle_data[0] = 1;
        });
        let intel = Intel {
            boot_params: None,
            txt_heap: Some(0x7efe_0000),
            misc_enable: 0x85_0089,
            def_type,
            mtrrs,
        };
        m.slrt = Some(slrt::table(&[
            slrt::entry(Wide::Yes, 0x99, &[]),
            slrt::intel_info(Wide::Yes, &intel),
            slrt::entry(Wide::Yes, 0xffff, &[]),
        ]));
    }
    try_all(
        Machine::launched,
        &[
            (
                Cpu12,
                Pass,
                "; the MTRRs are those that the launcher saved",
                |m| secure_launch(m, 0xc06, &[IN_FORCE]),
            ),
            (
                Cpu12,
                Fail,
                "one of them gone, is not what the launcher saved (0xc0000000)",
                |m| secure_launch(m, 0xc06, &[IN_FORCE, OTHER]),
            ),
            (
                Cpu12,
                Fail,
                "=IA32_MTRR_DEF_TYPE is not what the launcher saved (0xc00)",
                |m| secure_launch(m, 0xc00, &[IN_FORCE]),
            ),
            // A broken table is of no launcher's.
            (Cpu12, Pass, "; no launcher left saved MTRRs", |m| {
                secure_launch(m, 0xc00, &[IN_FORCE]);
                m.slrt = Some(vec![0; 4096]);
            }),
        ],
    );
}

/// A range that is off says nothing.
const OFF: (u64, u64) = (0xc000_0006, 0x7f_c000_0000);

/// The same bytes, but of nobody that is known.
fn unknown_launcher_keeping(machine: &mut Machine) {
    let heap = machine.heap.as_mut().expect("a heap");
    let bios = u64::from_le_bytes(heap[..8].try_into().expect("eight")) as usize;
    heap[bios + 8] = 99;
}
