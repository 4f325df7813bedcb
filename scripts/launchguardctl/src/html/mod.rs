// SPDX-License-Identifier: GPL-2.0

//! A report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.
//!
//! Everything that comes out of evidence may have been written by an attacker. maud escapes every
//! text that is put into the page and closes every element that was opened; nothing here hands it
//! text as markup but the style sheet. The content security policy refuses everything else.

mod appendix;
mod chain;
mod findings;
mod icons;
mod log;
mod memory;
mod pcrs;
#[cfg(test)]
mod tests;

use crate::page::{Page, State};
use base64::prelude::{Engine, BASE64_STANDARD};
use icons::icon;
use launchguard_pure::decode::digest::{HashAlg, Hasher};
use launchguard_pure::hasher::HostHasher;
use maud::{html, Markup, PreEscaped, DOCTYPE};

const STYLE: &str = include_str!("style.css");

/// Draws `page`.
pub fn render(page: &Page) -> String {
    let verdict = page.headline.verdict;
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(security_policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "launchguard: " (verdict) @if let Some(kernel) = &page.about.release { ", " (kernel) } }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (icons::sprite())
                a.skip href="#findings" { "Skip to the findings" }
                (top(page))
                (contents(page))
                main {
                    (findings::sections(page))
                    (chain::section(page))
                    (pcrs::section(page))
                    (log::section(page))
                    (memory::section(page))
                    (findings::all(page))
                    (appendix::section(page))
                    (appendix::limits())
                }
                (foot(page))
            }
        }
    };
    printable(markup.into_string())
}

/// The page without what no text of it needs: control characters, and those that turn the direction
/// of writing and so make a text look like another.
fn printable(page: String) -> String {
    const MARKS: [std::ops::RangeInclusive<char>; 4] = [
        '\u{200e}'..='\u{200f}',
        '\u{202a}'..='\u{202e}',
        '\u{2066}'..='\u{2069}',
        '\u{61c}'..='\u{61c}',
    ];
    let unwanted = |letter: char| {
        (letter.is_control() && letter != '\n') || MARKS.iter().any(|mark| mark.contains(&letter))
    };
    page.replace(unwanted, "\u{fffd}")
}

/// Nothing may be loaded, run or sent; only the page's own style sheet counts, known by its hash.
fn security_policy() -> String {
    let hash = HostHasher
        .digest(HashAlg::Sha256, &[STYLE.as_bytes()])
        .map_or_else(String::new, |hash| BASE64_STANDARD.encode(hash.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

fn top(page: &Page) -> Markup {
    let head = &page.headline;
    html! {
        div class={ "top " (head.verdict) } {
            header {
                div.brand {
                    span { b { "launchguard" } " · report on a measured launch" }
                    @if let Some(made) = &page.about.made { span { (made) } }
                }
                div.verdict {
                    (icons::verdict(head.verdict))
                    div {
                        h1 { (head.verdict) }
                        p { (head.sentence) }
                    }
                }
                @if !head.good && !head.reasons.is_empty() {
                    div.reasons {
                        "Because of"
                        ul {
                            @for id in &head.reasons {
                                @if let Some(check) = page.check(id) {
                                    li { a href={ "#" (id) } { (id) } ": " (check.title) }
                                }
                            }
                        }
                    }
                }
                @for note in &page.about.notes { p.note { (note) } }
                ul.tally {
                    @for (state, count, word) in [
                        (State::Pass, head.passed, "pass"),
                        (State::Fail, head.failed, "fail"),
                        (State::Unknown, head.unknown, "unknown"),
                        (State::None, head.not_applicable, "not applicable"),
                    ].into_iter().filter(|(state, count, _)| *count > 0 || *state == State::Pass) {
                        li class={ "state " (icons::class(state)) } { (icon(state)) (count) " " (word) }
                    }
                }
                dl.facts {
                    @for (name, value) in &head.machine {
                        div { dt { (name) } dd { (value) } }
                    }
                }
            }
        }
    }
}

fn contents(page: &Page) -> Markup {
    let failing = page.failing().len();
    html! {
        nav aria-label="Contents" {
            ul {
                li { a href="#findings" { @if failing > 0 { "Failing checks (" (failing) ")" } @else { "Findings" } } }
                li { a href="#chain" { "Chain" } }
                li { a href="#pcrs" { "PCRs" } }
                li { a href="#log" { "Event log" } }
                li { a href="#memory" { "Memory" } }
                li { a href="#checks" { "All checks" } }
                li { a href="#evidence" { "Evidence" } }
                li { a href="#limits" { "Limits" } }
            }
        }
    }
}

fn foot(page: &Page) -> Markup {
    html! {
        footer {
            "Made by launchguardctl " (env!("CARGO_PKG_VERSION")) " from " code { (page.about.source) }
            @if let Some(hash) = &page.about.sha256 { ", SHA-256 " code { (hash) } }
            ". The same evidence can be judged again with " code { "launchguardctl judge" } "."
        }
    }
}

/// A digest's first digits.
fn short(digest: &str) -> String {
    match digest.get(..16) {
        Some(start) if digest.len() > 20 => format!("{start}…"),
        _ => digest.to_owned(),
    }
}
