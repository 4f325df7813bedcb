// SPDX-License-Identifier: GPL-2.0

//! The page as a browser would read it, and as a person should be able to.

mod content;
mod contrast;
mod hostile;
mod samples;

use super::{render, STYLE};
use launchguard_pure::verify::catalogue::CheckId;
use samples::samples;
use scraper::{Html, Selector};
use std::collections::HashSet;

/// More than this is no page to send.
const MOST: usize = 300 << 10;

fn parse(page: &str) -> Html {
    Html::parse_document(page)
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("a selector")
}

/// The text of the first element that `css` selects.
fn text(document: &Html, css: &str) -> String {
    let found = document.select(&selector(css)).next();
    found
        .unwrap_or_else(|| panic!("{css} selects nothing"))
        .text()
        .collect()
}

/// Attribute `name` of every element that `css` selects.
fn attributes(document: &Html, css: &str, name: &str) -> Vec<String> {
    let selector = selector(css);
    let found = document.select(&selector);
    found
        .filter_map(|element| element.attr(name).map(str::to_owned))
        .collect()
}

#[test]
fn every_page_is_well_formed_and_small() {
    for (name, page) in samples() {
        let drawn = render(&page);
        let document = parse(&drawn);
        assert_eq!(document.errors, Vec::<String>::new(), "{name}");
        assert!(drawn.len() < MOST, "{name}: {} bytes", drawn.len());
        let ids = attributes(&document, "[id]", "id");
        let unique: HashSet<&String> = ids.iter().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: an id is there twice");
    }
}

#[test]
fn a_page_needs_nothing_else_and_runs_nothing() {
    for (name, page) in samples() {
        let drawn = render(&page);
        let document = parse(&drawn);
        for forbidden in ["http:", "https:", "//", "@import", "javascript:", "data:"] {
            assert!(!drawn.contains(forbidden), "{name}: {forbidden}");
        }
        let urls: Vec<&str> = STYLE.split("url(").skip(1).collect();
        assert!(urls.iter().all(|url| url.starts_with('#')), "{urls:?}");
        let elements = "script, link, img, iframe, object, embed, form, base, audio, video, \
                        [src], [srcset], [style], [action], [ping]";
        assert_eq!(document.select(&selector(elements)).count(), 0, "{name}");
        let ids: HashSet<String> = attributes(&document, "[id]", "id").into_iter().collect();
        for target in attributes(&document, "[href]", "href") {
            let place = target.strip_prefix('#');
            assert!(
                place.is_some_and(|id| ids.contains(id)),
                "{name}: {target} leads nowhere"
            );
        }
    }
}

/// The policy lets through the style sheet that is in the page, and nothing else. The hash is
/// computed by another implementation than the page's.
#[test]
fn the_security_policy_knows_the_style_sheet_only() {
    use base64::Engine;
    use sha2::Digest;
    let (_, page) = samples().remove(0);
    let document = parse(&render(&page));
    let policy = attributes(&document, "meta[http-equiv]", "content").join("");
    let hash = sha2::Sha256::digest(text(&document, "style"));
    let hash = base64::prelude::BASE64_STANDARD.encode(hash);
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
        )
    );
}

#[test]
fn every_check_is_in_the_table_once() {
    for (name, page) in samples() {
        let document = parse(&render(&page));
        let mut rows = attributes(&document, "#checks tbody tr", "id");
        rows.sort_unstable();
        let mut checks = CheckId::ALL.map(|check| check.name().to_owned());
        checks.sort_unstable();
        assert_eq!(rows, checks, "{name}");
    }
}

/// Whoever does not see the drawings is told what they show; signs beside a word are not read twice.
#[test]
fn drawings_speak() {
    for (name, page) in samples() {
        let document = parse(&render(&page));
        for drawing in document.select(&selector("svg")) {
            let element = drawing.value();
            let spoken = element.attr("role") == Some("img")
                && element
                    .attr("aria-label")
                    .is_some_and(|label| label.len() > 10);
            let silent = element.attr("aria-hidden") == Some("true");
            let nested = drawing
                .ancestors()
                .filter_map(scraper::ElementRef::wrap)
                .any(|ancestor| ancestor.value().name() == "svg");
            assert!(spoken || silent || nested, "{name}: {}", drawing.html());
        }
        for table in document.select(&selector("table")) {
            for heading in table.select(&selector("thead th")) {
                assert_eq!(heading.value().attr("scope"), Some("col"), "{name}");
            }
        }
        let levels: Vec<&str> = document
            .select(&selector("h1, h2, h3"))
            .map(|heading| heading.value().name())
            .collect();
        assert_eq!(levels.first(), Some(&"h1"), "{name}");
        assert_eq!(levels.iter().filter(|level| **level == "h1").count(), 1);
    }
}
