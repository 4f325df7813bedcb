// SPDX-License-Identifier: GPL-2.0

//! ACM-03 to ACM-08: the modules' status, kind, and the least version.

use super::{try_all, Case};
use launchguard_host_tests::fixture::acm::{DATE, INFO, VENDOR};
use launchguard_host_tests::fixture::log::Record;
use launchguard_host_tests::fixture::{Machine, BANKS};
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::judgement::Outcome::{Fail, Pass, Unknown};

fn sinit(machine: &mut Machine) -> &mut Vec<u8> {
    machine.sinit.as_mut().expect("SINIT")
}

/// Bits 9:4, 14:10 and 27:16 hold an error, bit 31 says that they do.
const STATUS: &[Case] = &[
    (
        Acm03,
        Fail,
        "type 0x1, class 0x1, major 0x0, minor 0x0",
        |m| {
            m.set(Reg::AcmStatus, 0x8000_0011);
        },
    ),
    (
        Acm03,
        Fail,
        "type 0x1, class 0x0, major 0x1, minor 0x0",
        |m| {
            m.set(Reg::AcmStatus, 0x8000_0401);
        },
    ),
    (
        Acm03,
        Fail,
        "type 0x1, class 0x0, major 0x0, minor 0x1",
        |m| {
            m.set(Reg::AcmStatus, 0x8001_0001);
        },
    ),
    (Acm03, Pass, "0x80008001: no error", |m| {
        m.set(Reg::AcmStatus, 0x8000_8001)
    }),
    (Acm03, Pass, "0x01230461: no error", |m| {
        m.set(Reg::AcmStatus, 0x0123_0461)
    }),
];

/// What the heap and both events say of the static root of trust.
fn scrtm(machine: &mut Machine, heap: u8, logged: u32) {
    machine.change_launch(|records| {
        for record in records.iter_mut().filter(|record| record.kind == 0x40b) {
            *record = Record::of_data(record.pcr, 0x40b, &BANKS, &logged.to_le_bytes());
        }
    });
    machine.change_tables(|tables| tables.sinit_mle_data[144] = heap);
}

const SCRTM: &[Case] = &[
    (
        Acm04,
        Pass,
        "=S-CRTM status 0x1 in the heap, 0x1 in the log: the log agrees",
        |_| {},
    ),
    // Not silent, and bits 34:32 are zero.
    (
        Acm04,
        Pass,
        "the log agrees; ACM_POLICY_STATUS says otherwise",
        |m| {
            m.set(Reg::AcmPolicyStatus, 0x80);
        },
    ),
    (
        Acm04,
        Pass,
        "=S-CRTM status 0x1 in the heap, 0x1 in the log: the log agrees",
        |m| {
            m.set(Reg::AcmPolicyStatus, 0);
        },
    ),
    (
        Acm04,
        Pass,
        "=S-CRTM status 0x1 in the heap, 0x1 in the log: the log agrees",
        |m| {
            m.set(Reg::AcmPolicyStatus, u64::MAX);
        },
    ),
    (
        Acm04,
        Pass,
        "0x0 in the log: the log agrees; ACM_POLICY_STATUS says otherwise",
        |m| {
            scrtm(m, 0, 0);
        },
    ),
    (
        Acm04,
        Pass,
        "=S-CRTM status 0x0 in the heap, 0x0 in the log: the log agrees",
        |m| {
            scrtm(m, 0, 0);
            m.set(Reg::AcmPolicyStatus, 0);
        },
    ),
    (
        Acm04,
        Pass,
        "=S-CRTM status 0x0 in the heap, 0x0 in the log: the log agrees",
        |m| {
            scrtm(m, 0, 0);
            m.set(Reg::AcmPolicyStatus, 0x80);
        },
    ),
    // Bit 0 only is defined.
    (
        Acm04,
        Pass,
        "=S-CRTM status 0x2 in the heap, 0x4 in the log: the log agrees",
        |m| {
            scrtm(m, 2, 4);
            m.set(Reg::AcmPolicyStatus, 0);
        },
    ),
    (
        Acm04,
        Fail,
        "0x1 in the heap, 0x0 in the log: the log has another status",
        |m| {
            scrtm(m, 1, 0);
        },
    ),
];

const MODULE: &[Case] = &[
    (
        Acm05,
        Pass,
        "=SINIT: type 2, subtype 0, vendor 0x8086, 0x1000 bytes in a region of 0x10000, date 20261123",
        |_| {},
    ),
    (Acm05, Fail, "SINIT: type 3, subtype 0, vendor 0x8086", |m| sinit(m)[0] = 3),
    (Acm05, Fail, "SINIT: type 2, subtype 1, vendor 0x8086", |m| sinit(m)[2] = 1),
    (Acm05, Fail, "SINIT: type 2, subtype 0, vendor 0x8022", |m| sinit(m)[VENDOR] = 0x22),
    (Acm05, Fail, "BIOS ACM: type 2, subtype 0, vendor 0x8086", |m| sinit(m)[INFO + 16] = 0),
    (Acm05, Fail, "BIOS revocation ACM: type 2", |m| sinit(m)[INFO + 16] = 8),
    (Acm05, Fail, "unknown kind 0x5: type 2", |m| sinit(m)[INFO + 16] = 5),
    // The region may be as small as the module.
    (Acm05, Pass, "0x1000 bytes in a region of 0x1000,", |m| m.set(Reg::SinitSize, 0x1000)),
    (Acm05, Fail, "0x1000", |m| m.set(Reg::SinitSize, 0xfff)),
    // What was not copied is not there to be judged; what the region does not hold is.
    (Acm05, Unknown, "100", |m| sinit(m).truncate(100)),
    (Acm05, Fail, "100", |m| {
        sinit(m).truncate(100);
        m.set(Reg::SinitSize, 100);
    }),
];

/// Both policies ask for version 1, AUX for SVN 1; SINIT has version 1 and SVN 2.
const VERSION: &[Case] = &[
    (
        Acm08,
        Pass,
        "=AcmVersion 1, at least 1 (PS); TXT SVN 2, at least 1; date 20261123",
        |_| {},
    ),
    (Acm08, Pass, "at least 1 (PO)", |m| {
        m.nv.change(|indices| indices[1].data.as_mut().expect("PS")[5] = 0);
    }),
    (Acm08, Pass, "at least 1 (PS)", |m| {
        m.nv.change(|indices| indices[2].data.as_mut().expect("PO")[5] = 0);
    }),
    (Acm08, Pass, "at least 1 (PO)", |m| {
        m.nv.change(|indices| indices[1].public = None)
    }),
    (Acm08, Pass, "at least 0 (-)", |m| {
        m.nv.change(|indices| {
            indices[1].public = None;
            indices[2].public = None;
        });
    }),
    (
        Acm08,
        Fail,
        "AcmVersion 1 is less than the 2 that PO asks for",
        |m| {
            m.nv.change(|indices| indices[2].data.as_mut().expect("PO")[5] = 2);
        },
    ),
    (Acm08, Pass, "TXT SVN 2, at least 2;", |m| {
        m.nv.change(|indices| indices[0].data.as_mut().expect("AUX")[96] = 2);
    }),
    (
        Acm08,
        Fail,
        "TXT SVN 2 is less than the 4 that AUX asks for",
        |m| {
            m.nv.change(|indices| indices[0].data.as_mut().expect("AUX")[96] = 4);
        },
    ),
    (Acm08, Fail, "SINIT of 20101231: INTEL-SA-00030", |m| {
        sinit(m)[DATE..DATE + 4].copy_from_slice(&0x2010_1231u32.to_le_bytes());
    }),
    (Acm08, Pass, "date 20110101", |m| {
        sinit(m)[DATE..DATE + 4].copy_from_slice(&0x2011_0101u32.to_le_bytes());
    }),
    (Acm08, Pass, "date 20110102", |m| {
        sinit(m)[DATE..DATE + 4].copy_from_slice(&0x2011_0102u32.to_le_bytes());
    }),
    // No day of any year, before the advisory and behind it, with and without policies.
    (
        Acm08,
        Unknown,
        "=the module's date is no date: it does not tell whether Intel warns of it",
        |m| {
            sinit(m)[DATE..DATE + 4].copy_from_slice(&0x2010_1301u32.to_le_bytes());
        },
    ),
    (Acm08, Unknown, "the module's date is no date", |m| {
        sinit(m)[DATE..DATE + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        m.nv.set(vec![]);
    }),
    (Acm08, Fail, "TXT SVN 2 is less than the 4", |m| {
        sinit(m)[DATE..DATE + 4].copy_from_slice(&0x2010_1301u32.to_le_bytes());
        m.nv.change(|indices| indices[0].data.as_mut().expect("AUX")[96] = 4);
    }),
];

#[test]
fn each_field_of_the_status_is_an_error() {
    try_all(Machine::launched, STATUS);
}

#[test]
fn the_static_root_of_trust_in_three_places() {
    try_all(Machine::launched, SCRTM);
}

#[test]
fn what_is_a_sinit() {
    try_all(Machine::launched, MODULE);
}

#[test]
fn the_least_version_and_who_asks_for_it() {
    try_all(Machine::launched, VERSION);
}
