// SPDX-License-Identifier: GPL-2.0

//! Machines of every kind of verdict.

use crate::page::{About, Input, Page};
use launchguard_host_tests::fixture::log::Record;
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::registers::Reg;
use launchguard_pure::verify::policy::{Policy, References};

/// Every character that means something to HTML, and ways to use it.
pub(super) const HOSTILE: &str = "'&amp;</td></svg></style><script>alert(1)</script><img src=x>";

/// About a snapshot.
pub(super) fn about() -> About {
    About {
        source: "evidence.bin".to_owned(),
        generation: Some(3),
        release: Some("7.3.4+deb13-amd64".to_owned()),
        ..About::default()
    }
}

/// The page of `machine`, judged by the given texts.
pub(super) fn page(machine: &Machine, policy: &str, references: Option<&str>) -> Page {
    page_about(machine, policy, references, &about())
}

fn page_about(machine: &Machine, policy: &str, references: Option<&str>, about: &About) -> Page {
    let judgement = machine.judge(policy, references);
    let policy = Policy::parse(policy.as_bytes()).expect("a policy");
    let references = references.map(|text| References::parse(text.as_bytes()).expect("references"));
    Page::new(&Input {
        facts: &machine.facts(),
        judgement: &judgement,
        verdict: judgement.verdict,
        policy: &policy,
        references: references.as_ref(),
        about,
    })
}

/// A machine whose PCR 17 is another than the log's and whose DPR is not locked.
pub(super) fn failed() -> Machine {
    let mut machine = Machine::launched();
    machine.set_pcr(HashAlg::Sha256, 17, Some(&[0xab; 32]));
    machine.change(Reg::Dpr, |dpr| dpr & !1);
    machine
}

/// References that expect what `machine` launched.
pub(super) fn references(machine: &Machine) -> String {
    machine.references(HashAlg::Sha256, &[17, 18])
}

/// A waiver of what fails on the machine of [`failed`].
pub(super) const WAIVER: &str =
    "version 1\nwaive MAP-01 \"no DPR lock on this board, see ticket 17\"\n";

/// A machine with `count` events more than a launch has.
pub(super) fn long_log(count: u32) -> Machine {
    let mut machine = Machine::launched();
    machine.change_launch(|records| {
        for number in 0..count {
            let data = number.to_le_bytes();
            records.push(Record::of_data(19, 0x501, &[HashAlg::Sha256], &data));
        }
    });
    machine
}

/// A page in which every text that evidence, policy or references can carry is hostile.
pub(super) fn hostile() -> Page {
    let mut machine = failed();
    machine.dma.command_line = Some(HOSTILE.to_owned());
    machine.change_launch(|records| {
        let data = HOSTILE.as_bytes();
        records.push(Record::of_data(17, 0x502, &[HashAlg::Sha256], data));
    });
    let policy = format!("version 1\nwaive MAP-01 \"{HOSTILE}\"\n");
    let name: String = HOSTILE
        .chars()
        .rev()
        .take(64)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let references = references(&machine).replace("launch \"now\"", &format!("launch \"{name}\""));
    let about = About {
        source: HOSTILE.to_owned(),
        sha256: Some(HOSTILE.to_owned()),
        generation: Some(1),
        made: Some(HOSTILE.to_owned()),
        release: Some(HOSTILE.to_owned()),
        notes: vec![HOSTILE.to_owned()],
    };
    page_about(&machine, &policy, Some(&references), &about)
}

/// A page of each kind.
pub(super) fn samples() -> Vec<(&'static str, Page)> {
    let good = Machine::launched();
    let expected = references(&good);
    let mut moved = Machine::launched();
    moved.set(Reg::HeapBase, 0x6000_0000);
    let mut unread = Machine::launched();
    unread.heap = None;
    unread.log = None;
    let mut no_tpm = Machine::launched();
    no_tpm.tpm = None;
    vec![
        ("verified", page(&good, "", Some(&expected))),
        ("unpinned", page(&good, "", None)),
        ("failed", page(&failed(), "", Some(&expected))),
        ("moved", page(&moved, "", None)),
        ("waived", page(&failed(), WAIVER, None)),
        ("unknown", page(&unread, "", None)),
        ("no-tpm", page(&no_tpm, "", None)),
        ("absent", page(&Machine::never_launched(), "", None)),
        ("hostile", hostile()),
        ("long-log", page(&long_log(60), "", None)),
    ]
}
