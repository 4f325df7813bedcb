// SPDX-License-Identifier: GPL-2.0

//! The checks: what fails first, then what could not be told, what is waived, and in the end all.

use super::icons::{self, icon};
use crate::page::{Check, Page, State, FAMILIES};
use maud::{html, Markup};

/// The sections in front of everything else.
pub(super) fn sections(page: &Page) -> Markup {
    let (failing, unknown, waived) = (page.failing(), page.unknown(), page.waived());
    html! {
        section id="findings" aria-labelledby="findings-h" {
            h2 id="findings-h" { @if failing.is_empty() { "Findings" } @else { "Failing checks" } }
            @if failing.is_empty() {
                p { "No check fails" @if !waived.is_empty() { ", apart from what the policy waives" } "." }
            } @else {
                p { "The most severe first. A failing check decides the verdict unless it is advisory." }
            }
            @for check in &failing { (card(check)) }
        }
        @if !unknown.is_empty() {
            section id="unknown" aria-labelledby="unknown-h" {
                h2 id="unknown-h" { "What could not be told" }
                p { "Evidence that could not be read is never taken for good." }
                (unknown_table(&unknown))
            }
        }
        @if !waived.is_empty() {
            section id="waived" aria-labelledby="waived-h" {
                h2 id="waived-h" { "What the policy waives" }
                p { "A waiver takes a check out of the decision. It changes nothing about what the check found." }
                (waived_table(&waived))
            }
        }
    }
}

fn card(check: &Check) -> Markup {
    let class = icons::class(check.outcome);
    html! {
        article class={ "card finding " (class) } id={ "why-" (check.id) } {
            header {
                h3 { (icon(check.outcome)) " " span.id { (check.id) } (check.title) }
                span class={ "tag" @if check.rank >= 2 { " strong" } } { (check.severity) }
                span.tag { @if check.decides { "decides the verdict" } @else { "does not decide" } }
            }
            p.found { span.hidden { "Found: " } (check.detail) }
            (explanation(check))
        }
    }
}

fn explanation(check: &Check) -> Markup {
    html! {
        dl {
            dt { "What to do" } dd.do { (sentence(check.remedy)) }
            dt { "Why it matters" } dd { (sentence(check.attack)) }
            dt { "It passes when" } dd { (sentence(check.meaning)) }
            dt { "Source" } dd { (check.source) }
        }
    }
}

/// Begins with a capital letter and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase());
    let mut sentence: String = first.into_iter().flatten().chain(letters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

fn unknown_table(checks: &[&Check]) -> Markup {
    html! {
        div.frame {
            table {
                thead { tr { th scope="col" { "Check" } th scope="col" { "Why it could not be told" } th scope="col" { "Weight" } } }
                tbody {
                    @for check in checks {
                        tr {
                            th scope="row" { (icon(check.outcome)) " " a href={ "#" (check.id) } { (check.id) } }
                            td data-l="Why it could not be told" { (check.title) br; span.soft { (check.detail) } }
                            td data-l="Weight" { (check.severity) ", " @if check.decides { b { "decides" } } @else { "does not decide" } }
                        }
                    }
                }
            }
        }
    }
}

fn waived_table(checks: &[&Check]) -> Markup {
    html! {
        div.frame {
            table {
                thead { tr { th scope="col" { "Check" } th scope="col" { "Reason in the policy" } th scope="col" { "What it found" } } }
                tbody {
                    @for check in checks {
                        tr {
                            th scope="row" { (icons::waived()) " " a href={ "#" (check.id) } { (check.id) } }
                            td data-l="Reason in the policy" { "“" (check.waived.as_deref().unwrap_or_default()) "”" br; span.soft { (check.severity) ": " (check.title) } }
                            td data-l="What it found" { (icons::state(check.outcome, check.outcome.word())) br; span.soft { (check.detail) } }
                        }
                    }
                }
            }
        }
    }
}

/// Every check, by family.
pub(super) fn all(page: &Page) -> Markup {
    html! {
        section id="checks" aria-labelledby="checks-h" {
            h2 id="checks-h" { "All checks" }
            p {
                "What each check found on this machine. A " b { "required" } " check decides the verdict when \
                 it fails or cannot be told, an " b { "alarm" } " only when it fails, an " b { "advisory" } " \
                 one never; the policy may say otherwise."
            }
            @for (prefix, family) in FAMILIES {
                (family_table(prefix, family, page))
            }
        }
    }
}

fn family_table(prefix: &str, family: &str, page: &Page) -> Markup {
    let belongs = |check: &&Check| check.id.split('-').next() == Some(prefix);
    let checks: Vec<&Check> = page.checks.iter().filter(belongs).collect();
    if checks.is_empty() {
        return Markup::default();
    }
    html! {
        div.frame {
            table.checks {
                caption { (family) }
                colgroup { col.c1; col; col.c3; col.c4; }
                thead { tr { th scope="col" { "Check" } th scope="col" { "What it found" } th scope="col" { "Outcome" } th scope="col" { "Weight" } } }
                tbody { @for check in checks { (row(check)) } }
            }
        }
    }
}

fn row(check: &Check) -> Markup {
    // Entries of checks that a version does not judge have nothing to say.
    let described = check.title != "-";
    html! {
        tr id=(check.id) class={ @if check.outcome == State::Fail { "bad" } } {
            th scope="row" { (check.id) }
            td data-l="What it found" {
                @if described { (check.title) }
                @if !check.detail.is_empty() {
                    @if described { br; }
                    span.soft { (check.detail) }
                }
                @if described {
                    details.more-of {
                        summary { "What it means" }
                        dl.more {
                            dt { "It passes when" } dd { (sentence(check.meaning)) }
                            dt { "Why it matters" } dd { (sentence(check.attack)) }
                            dt { "What to do" } dd { (sentence(check.remedy)) }
                            dt { "Source" } dd { (check.source) }
                        }
                    }
                }
            }
            td data-l="Outcome" {
                (icons::state(check.outcome, check.outcome.word()))
                @if check.waived.is_some() { br; span.state.waived { (icons::waived()) "waived" } }
            }
            td.small data-l="Weight" { (check.severity) br; span.soft { (check.weight) } }
        }
    }
}
