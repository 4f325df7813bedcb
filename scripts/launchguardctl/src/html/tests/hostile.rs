// SPDX-License-Identifier: GPL-2.0

//! Nothing that evidence says becomes a part of the page.

use super::samples::{hostile, page, HOSTILE};
use super::{attributes, parse, render, selector, text};
use launchguard_host_tests::fixture::Machine;
use std::collections::BTreeSet;

/// Kinds of elements and attributes of a page whose texts are harmless.
fn kinds(drawn: &str) -> BTreeSet<String> {
    let document = parse(drawn);
    let mut kinds = BTreeSet::new();
    for element in document.select(&selector("*")) {
        let name = element.value().name();
        kinds.insert(name.to_owned());
        kinds.extend(
            element
                .value()
                .attrs()
                .map(|(attribute, _)| format!("{name} {attribute}")),
        );
    }
    kinds
}

#[test]
fn hostile_texts_stay_texts() {
    let drawn = render(&hostile());
    let document = parse(&drawn);
    assert_eq!(document.errors, Vec::<String>::new());
    assert!(!drawn.contains("<script") && !drawn.contains("<img"));
    assert_eq!(document.select(&selector("script, img")).count(), 0);
    // The kinds of elements and attributes that the other pages have, and no more.
    let mut harmless = BTreeSet::new();
    for (name, page) in super::samples() {
        if name != "hostile" {
            harmless.extend(kinds(&render(&page)));
        }
    }
    let foreign: Vec<String> = kinds(&drawn).difference(&harmless).cloned().collect();
    assert_eq!(foreign, Vec::<String>::new());
}

/// Each text is there, as it was: escaped once and not lost.
#[test]
fn hostile_texts_are_shown_as_they_are() {
    let document = parse(&render(&hostile()));
    for place in [
        "title",
        "footer",
        "#waived td",
        "#evidence",
        "#log",
        ".note",
        ".brand",
    ] {
        let shown = text(&document, place);
        assert!(shown.contains(HOSTILE), "{place}: {shown}");
    }
    assert!(text(&document, "#pcrs").contains(&HOSTILE[HOSTILE.len() - 30..]));
    for label in attributes(&document, "svg[aria-label]", "aria-label") {
        assert!(!label.contains('<') || label.contains("</"), "{label}");
    }
}

/// A log of any length, and bytes that are no text at all.
#[test]
fn a_long_log_is_cut_and_says_so() {
    let machine = super::samples::long_log(60);
    let shown = page(&machine, "", None);
    assert_eq!(shown.log.events.len(), machine.records.len());
    assert_eq!(shown.log.left_out, 0);
    let mut machine = Machine::launched();
    let mut records = machine.records.clone();
    let filler = records.last().cloned().expect("a record");
    records.resize(3000, filler);
    let mut bytes = launchguard_host_tests::fixture::log::encode(
        &launchguard_host_tests::fixture::BANKS,
        &records,
    );
    machine.log_next = bytes.len() as u32;
    bytes.extend([0; 16]);
    machine.log = Some(bytes);
    let shown = page(&machine, "", None);
    assert_eq!(shown.log.events.len() + shown.log.left_out, 3000);
    let drawn = render(&shown);
    assert!(drawn.len() < super::MOST, "{} bytes", drawn.len());
    assert!(text(&parse(&drawn), "#log").contains("2800 more events"));
}

#[test]
fn data_that_is_no_text_is_shown_in_hex() {
    let mut machine = Machine::launched();
    machine.dma.command_line = Some("\u{202e}evil\u{7}".to_owned());
    machine.change_launch(|records| {
        records.push(launchguard_host_tests::fixture::log::Record::of_data(
            17,
            0x502,
            &launchguard_host_tests::fixture::BANKS,
            &[0x1b, b'[', b'2', b'J'],
        ));
    });
    let drawn = render(&page(&machine, "", None));
    assert!(drawn.contains("1b5b324a"));
    // Neither a control character nor one that turns the writing direction reaches the page.
    let forbidden = |letter: char| {
        (letter.is_control() && letter != '\n')
            || ('\u{202a}'..='\u{202e}').contains(&letter)
            || ('\u{2066}'..='\u{2069}').contains(&letter)
    };
    assert!(!drawn.contains(forbidden));
}
