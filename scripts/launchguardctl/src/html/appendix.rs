// SPDX-License-Identifier: GPL-2.0

//! What was read, and what a page like this cannot show.

use super::icons;
use crate::page::{Page, Row, State};
use maud::{html, Markup};

pub(super) fn section(page: &Page) -> Markup {
    let evidence = &page.evidence;
    html! {
        section id="evidence" aria-labelledby="evidence-h" {
            h2 id="evidence-h" { "Evidence" }
            p { "The values that the judgement looked at." }
            (table("TXT registers, public window at 0xfed30000", &evidence.registers, true))
            (table("The running kernel", &evidence.kernel, false))
            @if !evidence.missing.is_empty() {
                (missing(&evidence.missing))
            }
        }
    }
}

fn table(caption: &str, rows: &[Row], offsets: bool) -> Markup {
    html! {
        div.frame {
            table {
                caption { (caption) }
                thead { tr {
                    th scope="col" { "Name" }
                    @if offsets { th scope="col" { "Offset" } }
                    th scope="col" { "Value" }
                    th scope="col" { "In words" }
                } }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" { (row.name) }
                            @if offsets {
                                td data-l="Offset" { @if let Some(offset) = row.offset { code { (format!("{offset:#05x}")) } } }
                            }
                            td data-l="Value" {
                                @match &row.value {
                                    Some(value) => { code { (value) } }
                                    None => (icons::state(State::Unknown, "not read")),
                                }
                            }
                            td data-l="In words" { (row.words) }
                        }
                    }
                }
            }
        }
    }
}

fn missing(rows: &[Row]) -> Markup {
    html! {
        div.frame {
            table {
                caption { "What is not there" }
                thead { tr { th scope="col" { "Evidence" } th scope="col" { "Why" } } }
                tbody { @for row in rows { tr { th scope="row" { (row.name) } td data-l="Why" { (row.words) } } } }
            }
        }
    }
}

/// What the page does not prove.
pub(super) fn limits() -> Markup {
    html! {
        section id="limits" aria-labelledby="limits-h" {
            h2 id="limits-h" { "What this page does not prove" }
            div.card.limits {
                ul {
                    li {
                        b { "The kernel was its own witness." } " Registers, heap, log and PCRs were read by \
                        the kernel that is judged here. Whoever controls its ring 0, or a hypervisor below \
                        it, can make it report anything."
                    }
                    li {
                        b { "Compare PCR 17 and 18 on another machine." } " A quote that the TPM signs over \
                        them, with a nonce, checked away from this machine against the values above, is what \
                        a liar cannot forge."
                    }
                    li {
                        b { "It is about one moment." } " Nothing here tells what happened to the kernel after \
                        its launch, nor after this snapshot."
                    }
                    li {
                        b { "This file is not signed." } " Whoever had it in hand could have changed it. Trust it \
                        as much as the way that it came."
                    }
                }
            }
        }
    }
}
