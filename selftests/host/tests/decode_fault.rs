// SPDX-License-Identifier: GPL-2.0

//! Fault records: what a register page written from the specification's figures holds is read back.

use launchguard_host_tests::exercise::Dump;
use launchguard_pure::decode::fault::{extent, is_idle, pending, Access, FaultRecord, Reason};
use launchguard_pure::decode::vtd::Cap;
use proptest::collection::vec;
use proptest::prelude::*;

/// A register page with fault recording registers at 0x220, as QEMU has them.
struct Page(Vec<u8>);

impl Page {
    /// With `records` of them; nothing is recorded.
    fn new(records: u64) -> Self {
        let mut page = Self(vec![0; 0x220 + 16 * 256]);
        page.put64(0x8, ((records - 1) << 40) | (0x22 << 24));
        page
    }

    fn put64(&mut self, offset: usize, value: u64) {
        self.0[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
    }

    /// FSTS: PPF in bit 1, PFO in bit 0, FRI in bits 15:8.
    fn status(&mut self, pending: bool, overflow: bool, index: u8) {
        let value = (u32::from(pending) << 1) | u32::from(overflow) | (u32::from(index) << 8);
        self.0[0x34..0x38].copy_from_slice(&value.to_le_bytes());
    }

    fn record(&mut self, index: usize, low: u64, high: u64) {
        self.put64(0x220 + 16 * index, low);
        self.put64(0x220 + 16 * index + 8, high);
    }

    fn cap(&self) -> Cap {
        Cap(u64::from_le_bytes(
            self.0[8..16].try_into().expect("eight bytes"),
        ))
    }

    fn read(&self) -> (Vec<FaultRecord>, bool) {
        let mut records = Vec::new();
        let seen =
            pending(&Dump(&self.0), self.cap(), |record| records.push(record)).expect("readable");
        assert_eq!(seen.records, records.len() as u64);
        (records, seen.fsts.overflow())
    }
}

/// F, with the fields of figure 11-51.
fn high(requester: u16, reason: u8, t1: bool, t2: bool) -> u64 {
    let (t1, t2) = (u64::from(t1) << 62, u64::from(t2) << 28);
    (1 << 63) | t1 | (u64::from(reason) << 32) | t2 | u64::from(requester)
}

#[test]
fn a_record_says_who_wanted_what_and_why_not() {
    for (t1, t2, access) in [
        (false, false, Access::Write),
        (false, true, Access::Page),
        (true, false, Access::Read),
        (true, true, Access::Atomic),
    ] {
        let record = FaultRecord {
            low: 0x1234_5678_9abc_def0,
            high: high(0x0130, 0x05, t1, t2),
        };
        assert!(record.is_valid());
        assert_eq!(record.requester(), 0x0130);
        assert_eq!(record.access(), access);
        assert_eq!(record.address(), 0x1234_5678_9abc_d000, "page granular");
        assert_eq!(record.pasid(), None);
    }
    let with_pasid = FaultRecord {
        low: 0,
        high: high(0x0030, 0x71, true, false) | (1 << 31) | (0xf_edcb << 40),
    };
    assert_eq!(with_pasid.pasid(), Some(0xf_edcb));
    assert_eq!(with_pasid.reason(), Reason(0x71));
    assert_eq!(with_pasid.access(), Access::Read);
    let interrupt = FaultRecord {
        low: 0xabcd_0000_0000_0000,
        high: high(0x0030, 0x26, false, false),
    };
    assert_eq!(interrupt.access(), Access::Interrupt);
    assert_eq!(interrupt.address(), 0xabcd, "the index in the table");
}

/// The kernel's own words for what QEMU was seen to record, in its log.
#[test]
fn reasons_are_said_in_words() {
    for (number, words) in [
        (0x02, "it has no context entry (reason 0x02)"),
        (0x05, "writing is not permitted there (reason 0x05)"),
        (0x06, "reading is not permitted there (reason 0x06)"),
        (0x26, "the interrupt is another device's (reason 0x26)"),
        (0x5b, "there is no valid PASID table entry (reason 0x5b)"),
        (0x71, "nothing is mapped there (reason 0x71)"),
        (0x85, "writing is not permitted there (reason 0x85)"),
        (0xff, "a reason that has no words here (reason 0xff)"),
    ] {
        assert_eq!(Reason(number).to_string(), words);
        assert_eq!(Reason(number).is_interrupt(), number == 0x26);
    }
    // What the specification names has words, what it reserves has none.
    let named = [
        0x01..=0x0d,
        0x20..=0x26,
        0x30..=0x32,
        0x38..=0x3a,
        0x40..=0x48,
        0x50..=0x52,
    ]
    .into_iter()
    .chain([0x58..=0x5d, 0x70..=0x7c, 0x80..=0x87, 0x90..=0x90]);
    let named: Vec<u8> = named.flatten().collect();
    for number in 0..=255 {
        let words = Reason(number).words() != "a reason that has no words here";
        assert_eq!(words, named.contains(&number), "{number:#x}");
    }
}

#[test]
fn nothing_pending_is_nothing_read() {
    let mut page = Page::new(1);
    page.record(0, 0x1000, high(1, 2, false, false));
    page.status(false, false, 0);
    assert_eq!(page.read(), (vec![], false));
    page.status(false, true, 0);
    assert_eq!(
        page.read(),
        (vec![], true),
        "lost faults are told all the same"
    );
}

#[test]
fn records_are_followed_from_the_oldest_on_and_round_the_end() {
    let mut page = Page::new(4);
    for (index, requester) in [(3, 1), (0, 2), (1, 3)] {
        page.record(index, 0, high(requester, 2, false, false));
    }
    page.status(true, false, 3);
    let (records, _) = page.read();
    let order: Vec<_> = records.iter().map(FaultRecord::requester).collect();
    assert_eq!(order, [1, 2, 3]);

    // The driver stops at an empty one, and so does this.
    page.record(0, 0, 2);
    assert_eq!(page.read().0.len(), 1);
}

#[test]
fn a_full_set_is_read_once() {
    let mut page = Page::new(3);
    for index in 0..3 {
        page.record(index, 0, high(7, 2, false, false));
    }
    page.status(true, true, 2);
    let (records, overflow) = page.read();
    assert_eq!((records.len(), overflow), (3, true));
}

#[test]
fn what_a_unit_does_not_have_is_not_read() {
    let mut page = Page::new(2);
    page.record(2, 0, high(7, 2, false, false));
    page.status(true, false, 2);
    assert_eq!(page.read().0, vec![], "an index above the last record");
    page.status(true, false, 0);
    page.record(0, 0, high(7, 2, false, false));
    let cut = &page.0[..0x22c];
    assert_eq!(pending(&Dump(cut), page.cap(), |_| ()), None);
    assert_eq!(pending(&Dump(&[]), page.cap(), |_| ()), None);
}

/// PPF is bit 1 of FSTS_REG, PFO bit 0 (VT-d specification, 11.4.7.1).
#[test]
fn a_unit_is_idle_when_nothing_is_pending_or_lost() {
    let mut page = Page::new(2);
    for (overflow, pending, idle) in [
        (false, false, true),
        (true, false, false),
        (false, true, false),
        (true, true, false),
    ] {
        page.status(pending, overflow, 0);
        assert_eq!(is_idle(&Dump(&page.0)), idle, "{overflow} {pending}");
    }
    // What cannot be read may hold anything.
    assert!(!is_idle(&Dump(&[])));
}

#[test]
fn the_extent_holds_every_record() {
    assert_eq!(extent(Cap(0x22 << 24)), 0x230);
    assert_eq!(extent(Cap((255 << 40) | (0x3ff << 24))), 0x3ff0 + 4096);
}

proptest! {
    #[test]
    fn no_page_gives_more_than_its_records(
        bytes in vec(any::<u8>(), 0..0x900),
        cap in any::<u64>(),
        status in any::<u16>(),
    ) {
        let mut bytes = bytes;
        if bytes.len() > 0x38 {
            bytes[0x34..0x36].copy_from_slice(&status.to_le_bytes());
        }
        let mut count = 0u64;
        let seen = pending(&Dump(&bytes), Cap(cap), |record| {
            assert!(record.is_valid());
            count += 1;
        });
        if let Some(seen) = seen {
            prop_assert_eq!(seen.records, count);
            prop_assert!(count <= 256);
            prop_assert!(count == 0 || seen.fsts.pending());
        }
    }
}

#[test]
fn each_kind_of_access_has_its_word() {
    for (access, word) in [
        (Access::Write, "write"),
        (Access::Read, "read"),
        (Access::Page, "page request"),
        (Access::Atomic, "atomic"),
        (Access::Interrupt, "interrupt"),
    ] {
        assert_eq!(access.word(), word);
    }
}
