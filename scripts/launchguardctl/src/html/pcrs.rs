// SPDX-License-Identifier: GPL-2.0

//! PCR 17 to 22 by bank.

use super::icons;
use crate::page::{Bank, Page, PcrRow, State};
use maud::{html, Markup};

pub(super) fn section(page: &Page) -> Markup {
    html! {
        section id="pcrs" aria-labelledby="pcrs-h" {
            h2 id="pcrs-h" { "PCR 17 to 22" }
            p {
                "What the TPM holds, whether the event log leads to the same value, and whether it is \
                 what the owner expects. Nobody but a new launch can set PCR 17 and 18 back."
            }
            @if page.banks.is_empty() {
                p { (icons::state(State::Unknown, "No bank was read, and no log could be replayed.")) }
            }
            @for bank in &page.banks { (table(bank)) }
        }
    }
}

fn table(bank: &Bank) -> Markup {
    // Of PCR 19 to 22, those that hold something.
    let idle = |row: &&PcrRow| {
        row.pcr > 18
            && row.remark.is_some()
            && row.pinned.is_empty()
            && row.explained != State::Fail
    };
    let (quiet, shown): (Vec<&PcrRow>, Vec<&PcrRow>) = bank.pcrs.iter().partition(idle);
    html! {
        div.frame {
            table.pcrs {
                caption {
                    (bank.name) " "
                    @if !bank.allocated { span.tag { "in the log only, not allocated in the TPM" } " " }
                    @if bank.covers { span.tag.strong.pass { "covers the launch" } }
                    @else { span.tag { "does not cover the launch" } }
                    @if !bank.strong { " " span.tag { "too weak for a pin" } }
                }
                colgroup { col.c1; col; col.c3; col.c4; }
                thead { tr { th scope="col" { "PCR" } th scope="col" { "Value in the TPM" } th scope="col" { "Log" } th scope="col" { "Owner" } } }
                tbody {
                    @for row in shown { (pcr(row)) }
                    @if let (Some(first), Some(last)) = (quiet.first(), quiet.last()) {
                        tr {
                            th scope="row" { (first.pcr) @if first.pcr != last.pcr { "–" (last.pcr) } }
                            td.soft colspan="3" { (first.remark.unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}

fn pcr(row: &PcrRow) -> Markup {
    let bad = row.explained == State::Fail || row.expected == State::Fail;
    html! {
        tr class={ @if bad { "bad" } } {
            th scope="row" { (row.pcr) }
            td data-l="Value in the TPM" {
                @match &row.tpm {
                    Some(value) => { code { (value) } }
                    None => { span.soft { "not read" } }
                }
                @if let Some(remark) = row.remark { span.other.soft.small { (remark) } }
                @if let (State::Fail, Some(replay)) = (row.explained, &row.replay) {
                    span.other.small { "The log leads to" br; code { (replay) } }
                }
                @if row.expected == State::Fail {
                    @for (name, value) in &row.pinned {
                        span.other.small { "Launch “" (name) "” expects" br; code { (value) } }
                    }
                }
            }
            td data-l="Log" {
                @match row.explained {
                    State::Pass => (icons::state(State::Pass, "explains it")),
                    State::Fail => (icons::state(State::Fail, "differs")),
                    State::Unknown => (icons::state(State::Unknown, "not compared")),
                    State::None => (icons::state(State::None, "no replay")),
                }
            }
            td data-l="Owner" {
                @match row.expected {
                    State::Pass => {
                        (icons::state(State::Pass, "as expected"))
                        @if let Some((name, _)) = row.pinned.first() { span.other.soft.small { "launch “" (name) "”" } }
                    }
                    State::Fail => (icons::state(State::Fail, "not expected")),
                    State::Unknown => (icons::state(State::Unknown, "not compared")),
                    State::None => (icons::state(State::None, "no pin")),
                }
            }
        }
    }
}
