// SPDX-License-Identifier: GPL-2.0

//! TXT-01 to TXT-10, by the bits of SDG appendix B.

use super::{try_all, unknown_launcher, Case};
use launchguard_host_tests::fixture::{Machine, BANKS};
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::catalogue::CheckId::*;
use launchguard_pure::verify::judgement::Outcome::{Fail, Pass, Unknown};

/// A launch that registers claim, with no heap and no D-RTM event behind it.
fn no_heap_and_no_event(machine: &mut Machine) {
    machine.set(Reg::HeapBase, 0);
    for alg in BANKS {
        machine.set_all_pcrs(alg, &vec![0xff; alg.size()]);
    }
}

/// The fixture's TXT.STS: private space and both localities are open.
const CASES: &[Case] = &[
    (Txt01, Pass, "=TXT.STS 0x1c091: SENTER.DONE is set", |_| {}),
    (Txt01, Fail, "=TXT.STS 0x1c090: SENTER.DONE is clear", |m| {
        m.set(Reg::Sts, 0x1_c090)
    }),
    (
        Txt01,
        Fail,
        "no launch stands behind it: DIDVID 0x1b0068086, heap 0x0 + 0x20000",
        |m| {
            no_heap_and_no_event(m);
        },
    ),
    (
        Txt01,
        Fail,
        "no launch stands behind it: DIDVID unread, heap 0x0 + 0x20000",
        |m| {
            no_heap_and_no_event(m);
            m.registers.set(Reg::DidVid, None);
        },
    ),
    (Txt02, Pass, "=TXT.STS 0x1c091: SEXIT.DONE is clear", |_| {}),
    (Txt02, Fail, "=TXT.STS 0x1c093: SEXIT.DONE is set", |m| {
        m.set(Reg::Sts, 0x1_c093)
    }),
    (Txt03, Pass, "MEM-CONFIG-LOCK reads clear", |_| {}),
    (Txt03, Pass, "MEM-CONFIG-LOCK reads set", |m| {
        m.set(Reg::Sts, 0x1_c0d1)
    }),
    (Txt04, Pass, "private space is open; launcher tboot", |_| {}),
    (
        Txt04,
        Pass,
        "private space is closed; launcher tboot",
        |m| m.set(Reg::Sts, 0x1_c011),
    ),
    (
        Txt04,
        Fail,
        "private space is open; launcher unknown",
        unknown_launcher,
    ),
    (
        Txt04,
        Pass,
        "private space is closed; launcher unknown",
        |m| {
            unknown_launcher(m);
            m.set(Reg::Sts, 0x1_c011);
        },
    ),
    (
        Txt05,
        Pass,
        "locality 1 open, locality 2 open; launcher tboot",
        |_| {},
    ),
    (
        Txt05,
        Fail,
        "locality 1 open, locality 2 closed; launcher unknown",
        |m| {
            unknown_launcher(m);
            m.set(Reg::Sts, 0xc091);
        },
    ),
    (
        Txt05,
        Fail,
        "locality 1 closed, locality 2 open; launcher unknown",
        |m| {
            unknown_launcher(m);
            m.set(Reg::Sts, 0x1_4091);
        },
    ),
    (
        Txt05,
        Pass,
        "locality 1 closed, locality 2 closed; launcher unknown",
        |m| {
            unknown_launcher(m);
            m.set(Reg::Sts, 0x4091);
        },
    ),
    (Txt06, Pass, "=TXT.ESTS 0x0: TXT_RESET.STS is clear", |_| {}),
    (Txt06, Fail, "=TXT.ESTS 0x1: TXT_RESET.STS is set", |m| {
        m.set(Reg::Ests, 1)
    }),
    (Txt06, Pass, "=TXT.ESTS 0xfe: TXT_RESET.STS is clear", |m| {
        m.set(Reg::Ests, 0xfe)
    }),
    (Txt07, Pass, "=TXT.E2STS 0x6: SECRETS.STS is set", |_| {}),
    (Txt07, Fail, "SECRETS.STS is clear", |m| {
        m.set(Reg::E2sts, !2)
    }),
    (
        Txt08,
        Pass,
        "=TXT.ERRORCODE 0x00000000: no error recorded",
        |_| {},
    ),
    // The upper half is not defined.
    (Txt08, Pass, "0xc0000001: SINIT ended without error", |m| {
        m.set(Reg::ErrorCode, 0x1_c000_0001);
    }),
    (
        Txt09,
        Pass,
        "=TXT.VER.FSBIF 0xffffffffffffffff, TXT.VER.QPIIF 0x9d003000: production-fused",
        |_| {},
    ),
    (Txt09, Fail, "TXT.VER.QPIIF 0x1d003000: debug-fused", |m| {
        m.set(Reg::VerQpiif, 0x1d00_3000);
    }),
    (
        Txt09,
        Unknown,
        "=TXT.VER.FSBIF unread, TXT.VER.QPIIF unread: cannot be told",
        |m| {
            m.registers.set(Reg::VerFsbif, None);
            m.registers.set(Reg::VerQpiif, None);
        },
    ),
    (Txt10, Pass, "in the private window 0x1b0068086", |_| {}),
    (Txt10, Fail, "vendor 0x8087, device 0xb006", |m| {
        m.set(Reg::DidVid, 0x1_b006_8087)
    }),
    (Txt10, Fail, "vendor 0x8086, device 0x0000", |m| {
        m.set(Reg::DidVid, 0x1_0000_8086)
    }),
    (Txt10, Fail, "vendor 0x8086, device 0xffff", |m| {
        m.set(Reg::DidVid, 0x1_ffff_8086)
    }),
    (
        Txt10,
        Unknown,
        "the private window could not be read",
        |m| {
            m.registers.private_didvid = None;
        },
    ),
    (Txt10, Pass, "the private window is closed", |m| {
        m.registers.private_didvid = None;
        m.set(Reg::Sts, 0x1_c011);
    }),
    (Txt10, Pass, "the private window is closed", |m| {
        m.registers.private_didvid = Some(0);
        m.set(Reg::Sts, 0x1_c011);
    }),
    (Txt10, Pass, "the private window is closed", |m| {
        m.registers.private_didvid = Some(u64::MAX);
        m.set(Reg::Sts, 0x1_c011);
    }),
    // PRIVATE-OPEN is set: what reads as closed is not the window that the chipset opened.
    (Txt10, Fail, "is open, and nothing answers there", |m| {
        m.registers.private_didvid = Some(0);
    }),
    (Txt10, Fail, "is open, and nothing answers there", |m| {
        m.registers.private_didvid = Some(u64::MAX);
    }),
    (
        Txt10,
        Unknown,
        "whether the private window is open could not be read",
        |m| {
            m.registers.private_didvid = Some(0);
            m.registers.set(Reg::Sts, None);
        },
    ),
    (
        Txt10,
        Unknown,
        "whether the private window is open could not be read",
        |m| {
            m.registers.private_didvid = None;
            m.registers.set(Reg::Sts, None);
        },
    ),
];

#[test]
fn registers_are_judged_bit_by_bit() {
    try_all(Machine::launched, CASES);
}
