// SPDX-License-Identifier: GPL-2.0

//! What the pages say.

use super::samples::{failed, page, references, WAIVER};
use super::{attributes, parse, render, selector, text};
use launchguard_host_tests::fixture::{launch, Machine, HEAP_BASE, HEAP_SIZE, SINIT_BASE};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::registers::Reg;

#[test]
fn the_verdict_stands_first() {
    for (name, page) in super::samples() {
        let document = parse(&render(&page));
        assert_eq!(text(&document, "h1"), page.headline.verdict, "{name}");
        assert!(text(&document, "title").contains(page.headline.verdict));
    }
    let verdicts: Vec<&str> = super::samples()
        .iter()
        .map(|(_, page)| page.headline.verdict)
        .collect();
    for verdict in ["verified", "unpinned", "failed", "unknown", "absent"] {
        assert!(verdicts.contains(&verdict), "{verdict} has no sample");
    }
}

#[test]
fn failing_checks_come_first_and_the_most_severe_before_others() {
    let mut machine = failed();
    // An advisory failure of medium severity and a required one of high severity.
    machine.change(Reg::E2sts, |value| value & !2);
    machine.set(Reg::Ests, 1);
    let document = parse(&render(&page(&machine, "", None)));
    let cards = attributes(&document, "article", "id");
    assert_eq!(
        cards,
        [
            "why-MAP-01",
            "why-MAP-03",
            "why-TPM-04",
            "why-TXT-06",
            "why-TXT-07"
        ]
    );
    let sections = attributes(&document, "main > section", "id");
    assert_eq!(
        sections,
        ["findings", "chain", "pcrs", "log", "memory", "checks", "evidence", "limits"]
    );
    let card = text(&document, "#why-TXT-06");
    for part in [
        "power-cycle the machine",
        "reset for a violation",
        "SDG B.1.2",
        "decides",
    ] {
        assert!(
            card.to_lowercase().contains(&part.to_lowercase()),
            "{part}: {card}"
        );
    }
    assert!(text(&document, "#why-TXT-07").contains("does not decide"));
}

#[test]
fn a_waiver_is_shown_with_its_reason_and_its_result() {
    let document = parse(&render(&page(&failed(), WAIVER, None)));
    let cards = attributes(&document, "article", "id");
    assert!(!cards.contains(&"why-MAP-01".to_owned()), "{cards:?}");
    let waived = text(&document, "#waived");
    assert!(
        waived.contains("see ticket 17") && waived.contains("fail"),
        "{waived}"
    );
    assert!(text(&document, "#MAP-01").contains("waived"));
}

#[test]
fn pcrs_are_compared_with_log_and_references() {
    let machine = failed();
    let good = Machine::launched();
    let document = parse(&render(&page(&machine, "", Some(&references(&good)))));
    let pcrs = text(&document, "#pcrs");
    assert!(pcrs.contains(&"ab".repeat(32)));
    let expected = good.pcr(HashAlg::Sha256, 17).to_string();
    assert_eq!(
        pcrs.matches(&expected).count(),
        2,
        "by the log and by the owner"
    );
    let chain = attributes(&document, ".wide", "aria-label").join("");
    assert!(
        chain.contains("PCR 17: the log does not explain it"),
        "{chain}"
    );
    assert!(chain.contains("PCR 18: the log explains it"), "{chain}");
    assert!(
        chain.contains("Processor: pass; SINIT: fail; tboot: fail; Kernel: fail"),
        "{chain}"
    );
}

#[test]
fn events_are_told_in_words() {
    let machine = Machine::launched();
    let shown = page(&machine, "", None);
    let document = parse(&render(&shown));
    assert_eq!(
        document.select(&selector("#log tbody tr")).count(),
        machine.records.len()
    );
    // Capabilities 0x602 (SDG table 2-2): bits 1, 9 and 10.
    let event = shown.log.events.iter().find(|event| event.kind == 0x40f);
    let words = event
        .and_then(|event| event.words.as_deref())
        .expect("words");
    assert_eq!(launch::CAPABILITIES, 0x602);
    for part in ["0x602", "MONITOR", "crypto-agile", "CBnT"] {
        assert!(words.contains(part), "{words}");
    }
    assert!(!words.contains("WAKEUP"), "{words}");
    let start = &shown.log.events[0];
    let hash = launchguard_host_tests::fixture::sinit_hash();
    let hash = crate::report::hex(&hash);
    assert!(start
        .words
        .as_deref()
        .is_some_and(|words| words.contains(&hash)));
    let kernel = &shown.log.events[18];
    assert!(kernel.part.is_some_and(|part| part.contains("kernel")));
    let policies: Vec<usize> = shown
        .log
        .events
        .iter()
        .filter(|event| event.part.is_some_and(|part| part.contains("policy")))
        .map(|event| event.number)
        .collect();
    assert_eq!(policies, [16, 17]);
}

/// The legacy mapping extends modules into PCR 18 and 19 (tboot, policy.c): the picture has them all.
#[test]
fn every_pcr_with_a_measurement_has_a_place_in_the_picture() {
    let mut machine = Machine::launched();
    machine.change_launch(|records| {
        let last = records.last_mut().expect("a record");
        last.pcr = 19;
    });
    let shown = page(&machine, "", None);
    let lanes: Vec<u32> = shown.chain.lanes.iter().map(|lane| lane.pcr).collect();
    assert_eq!(lanes, [17, 18, 19]);
    machine.set_pcr(HashAlg::Sha256, 19, Some(&[0xcd; 32]));
    let shown = page(&machine, "", None);
    let document = parse(&render(&shown));
    let chain = attributes(&document, ".tall", "aria-label").join("");
    assert!(
        chain.contains("PCR 19: the log does not explain it"),
        "{chain}"
    );
}

#[test]
fn memory_is_where_the_registers_say() {
    let shown = page(&Machine::launched(), "", None);
    let region = |name: &str| {
        let found = shown
            .memory
            .regions
            .iter()
            .find(|region| region.name == name);
        found.map(|region| (region.base, region.end))
    };
    assert_eq!(region("DPR"), Some((0x7ec0_0000, 0x7f00_0000)));
    assert_eq!(region("TXT heap"), Some((HEAP_BASE, HEAP_BASE + HEAP_SIZE)));
    assert_eq!(
        region("SINIT region").map(|(base, _)| base),
        Some(SINIT_BASE)
    );
    assert_eq!(region("BiosData").map(|(base, _)| base), Some(HEAP_BASE));
    let tables = ["BiosData", "OsMleData", "OsSinitData", "SinitMleData"].map(region);
    for pair in tables.windows(2) {
        assert_eq!(pair[0].map(|(_, end)| end), pair[1].map(|(base, _)| base));
    }
    assert!(
        shown.memory.remarks.is_empty(),
        "{:?}",
        shown.memory.remarks
    );
}

#[test]
fn what_lies_where_it_should_not_is_told() {
    let mut machine = Machine::launched();
    machine.set(Reg::HeapBase, 0x6000_0000);
    let document = parse(&render(&page(&machine, "", None)));
    let memory = text(&document, "#memory");
    assert!(
        memory.contains("TXT heap lies outside the DMA protected range"),
        "{memory}"
    );
    // SINIT's region reaches into the heap.
    let mut machine = Machine::launched();
    machine.set(Reg::SinitBase, HEAP_BASE - 0x1000);
    let shown = page(&machine, "", None);
    let remarks = format!("{:?}", shown.memory.remarks);
    assert!(
        remarks.contains("SINIT region and TXT heap overlap"),
        "{remarks}"
    );
    let mut machine = Machine::launched();
    machine.change(Reg::Dpr, |dpr| dpr & !1);
    let memory = text(&parse(&render(&page(&machine, "", None))), "#memory");
    assert!(memory.contains("not locked"), "{memory}");
}

/// A host bridge of a client (6th generation datasheet, volume 2: TSEGMB 0xb8, BGSM 0xb4, BDSM 0xb0,
/// TOLUD 0xbc), and one that has other things there.
#[test]
fn tseg_is_drawn_where_the_host_bridge_says() {
    let mut config = vec![0; 256];
    let mut put = |offset: usize, value: u32| {
        config[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
    };
    put(0, 0x1918_8086);
    put(0xb8, 0x7f00_0001);
    put(0xb4, 0x7f80_0001);
    put(0xb0, 0x8000_0001);
    put(0xbc, 0x8200_0001);
    let mut machine = Machine::launched();
    machine.chipset.host_bridge = Some(config.clone());
    let shown = page(&machine, "", None);
    let tseg = shown
        .memory
        .regions
        .iter()
        .find(|region| region.name == "TSEG");
    assert_eq!(
        tseg.map(|region| (region.base, region.end)),
        Some((0x7f00_0000, 0x7f80_0000))
    );
    config[0xb8..0xbc].copy_from_slice(&0xffff_ffffu32.to_le_bytes());
    machine.chipset.host_bridge = Some(config);
    let shown = page(&machine, "", None);
    assert!(!shown
        .memory
        .regions
        .iter()
        .any(|region| region.name == "TSEG"));
}

/// The data of `--json` are those of the page.
#[test]
fn data_and_page_say_the_same() {
    let shown = page(&failed(), WAIVER, None);
    let json = serde_json::to_value(&shown).expect("data");
    assert_eq!(json["headline"]["verdict"], "failed");
    assert_eq!(json["chain"]["links"][2]["name"], "tboot");
    assert_eq!(json["banks"][1]["name"], "sha256");
    assert_eq!(json["banks"][1]["pcrs"][0]["explained"], "fail");
    assert_eq!(json["memory"]["remarks"][0][0], "fail");
    let checks = json["checks"].as_array().expect("checks");
    let map = checks
        .iter()
        .find(|check| check["id"] == "MAP-01")
        .expect("MAP-01");
    assert_eq!(map["outcome"], "fail");
    assert_eq!(map["decides"], false);
    assert_eq!(map["waived"], "no DPR lock on this board, see ticket 17");
}
