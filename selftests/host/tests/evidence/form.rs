// SPDX-License-Identifier: GPL-2.0

//! The bytes themselves, against an encoder written from Documentation/evidence-format.rst.

use super::Case;
use launchguard_evidence::{to_bytes, Snapshot};
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::hasher::HostChecksum;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::evidence::{size, write, Contents, Window, VERSION};
use launchguard_pure::verify::facts::{Evidence, Facts};
use launchguard_pure::verify::judgement::{Judgement, Verdict};
use launchguard_pure::verify::notes::Notes;
use sha2::Digest as _;

fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u16).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

fn sized(body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
    bytes.extend(body);
    bytes
}

fn unread(why: &str) -> Vec<u8> {
    [vec![1], text(why)].concat()
}

/// Evidence in which nothing was read, byte by byte as the document says.
fn encoded() -> Vec<u8> {
    const WHY: &str = "nobody looked";
    let mut body = Vec::new();
    let mut section = |tag: u32, bytes: Vec<u8>| {
        body.extend(tag.to_le_bytes());
        body.extend(sized(&bytes));
    };
    section(1, [text("0.1.0"), text("7.3.4+deb13-amd64")].concat());
    let findings: Vec<u8> = CheckId::ALL
        .into_iter()
        .flat_map(|check| sized(&[text(check.name()), text("unknown"), text(""), vec![0]].concat()))
        .collect();
    section(
        2,
        [
            text("unknown"),
            text("unpinned"),
            text("none"),
            sized(&findings),
        ]
        .concat(),
    );
    section(
        3,
        [
            vec![1],
            sized(b"version 1\n"),
            // No references, nothing awaited, not asleep; the policy's file is there, the
            // references' file is not.
            vec![0, 0, 0, 0, 1],
        ]
        .concat(),
    );
    let registers: Vec<u8> = [
        0x000u16, 0x008, 0x030, 0x0a0, 0x100, 0x110, 0x200, 0x270, 0x278, 0x300, 0x308, 0x310,
        0x318, 0x328, 0x330, 0x378, 0x8f0,
    ]
    .into_iter()
    .flat_map(|offset| {
        let mut record = offset.to_le_bytes().to_vec();
        if offset == 0x110 {
            record.push(1);
            record.extend(0x1_b006_8086u64.to_le_bytes());
        } else {
            record.push(0);
        }
        sized(&record)
    })
    .collect();
    section(
        16,
        [sized(&registers), vec![1], vec![0x5a; 32], vec![0]].concat(),
    );
    section(17, vec![0]);
    section(18, unread(WHY));
    section(19, unread(WHY));
    // SINIT is not there at all.
    section(20, [vec![2], text("no SINIT")].concat());
    section(21, vec![2, 2, 2, 2]);
    section(22, unread(WHY));
    section(23, vec![0, 0, 2, 2, 2]);
    section(24, unread(WHY));
    section(25, unread(WHY));
    section(26, unread(WHY).repeat(4));
    section(27, unread(WHY).repeat(5));
    section(
        28,
        [unread(WHY).repeat(3), vec![2, 2], unread(WHY).repeat(4)].concat(),
    );
    section(29, vec![0]);
    section(30, unread(WHY));

    let mut bytes = b"LGEVID\r\n".to_vec();
    bytes.extend(1u16.to_le_bytes());
    bytes.extend(2u16.to_le_bytes());
    bytes.extend(32u32.to_le_bytes());
    bytes.extend((32 + body.len() as u64 + 32).to_le_bytes());
    bytes.extend(0x0102_0304_0506_0708u64.to_le_bytes());
    bytes.extend(body);
    let digest = sha2::Sha256::digest(&bytes);
    bytes.extend(digest);
    bytes
}

#[test]
fn the_bytes_are_those_of_the_document() {
    let mut machine = Machine::launched();
    for reg in launchguard_pure::decode::registers::Reg::ALL {
        if reg.offset() != 0x110 {
            machine.registers.set(reg, None);
        }
    }
    machine.registers.private_didvid = None;
    let mut facts = Facts::unread(&machine.registers, "nobody looked");
    facts.sinit = Evidence::Absent("no SINIT");
    let mut judgement = Box::new(Judgement::NONE);
    judgement.verdict = Verdict::Unpinned;
    let notes = Notes {
        references_file: true,
        ..Notes::default()
    };
    let written = to_bytes(&Contents {
        generation: 0x0102_0304_0506_0708,
        kernel_release: "7.3.4+deb13-amd64",
        version: "0.1.0",
        facts: &facts,
        policy: Some(b"version 1\n"),
        references: None,
        awaiting: false,
        notes,
        verdict: notes.verdict(judgement.verdict),
        judgement: &judgement,
    });
    assert_eq!(written, encoded());
    let read = encoded();
    let read = Snapshot::read(&read).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(format!("{:?}", read.facts()), format!("{facts:?}"));
    assert_eq!(read.info.version, VERSION);
}

#[test]
fn the_version_is_that_of_the_project() {
    assert_eq!(VERSION, env!("CARGO_PKG_VERSION"));
}

/// A reader that takes the bytes piece by piece gets the same as one that takes all.
#[test]
fn windows_add_up() {
    let machine = Machine::launched();
    let case = Case::of(machine.facts());
    let judgement = case.judged();
    let whole = case.bytes();
    let contents = Contents {
        generation: 7,
        kernel_release: "7.3.4",
        version: "0.1.0",
        facts: &case.facts,
        policy: None,
        references: None,
        awaiting: false,
        notes: Notes::default(),
        verdict: judgement.verdict,
        judgement: &judgement,
    };
    assert_eq!(size(&contents), whole.len());
    for piece in [1021, 4096, 10_000, whole.len(), whole.len() + 1] {
        let mut read: Vec<u8> = Vec::new();
        loop {
            let mut buffer = vec![0xee; piece];
            let mut window = Window::new(read.len(), &mut buffer);
            write(&contents, &mut window, &mut HostChecksum::default());
            let filled = window.filled();
            if filled == 0 {
                break;
            }
            read.extend(&buffer[..filled]);
        }
        assert!(read == whole, "pieces of {piece} bytes");
    }
}
