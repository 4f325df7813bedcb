// SPDX-License-Identifier: GPL-2.0

//! The event log as a table.

use super::{icons, short};
use crate::page::{EventRow, Page, State};
use maud::{html, Markup};

pub(super) fn section(page: &Page) -> Markup {
    let log = &page.log;
    html! {
        section id="log" aria-labelledby="log-h" {
            h2 id="log-h" { "Event log" }
            p {
                "What was measured, in the order of the log. The log itself is no evidence: only a \
                 replay that ends in the TPM's values is."
                @if let Some(format) = log.format { " Format: " (format) "." }
            }
            @if let Some(problem) = &log.problem {
                p { (icons::state(State::Unknown, "")) " " (problem) "." }
            }
            @if !log.events.is_empty() {
                div.frame {
                    table.events {
                        colgroup { col.c1; col.c2; col.c3; col; col.c5; }
                        thead { tr {
                            th scope="col" { "No." } th scope="col" { "PCR" } th scope="col" { "Event" }
                            th scope="col" { "What it means" } th scope="col" { "Digests" }
                        } }
                        tbody { @for event in &log.events { (row(event)) } }
                    }
                }
            }
            @if log.left_out > 0 {
                p { (log.left_out) " more events are not shown. " code { "launchguardctl decode eventlog" } " shows them all." }
            }
        }
    }
}

fn row(event: &EventRow) -> Markup {
    html! {
        tr id={ "event-" (event.number) } {
            th.num scope="row" { span.hidden { "Event " } (event.number) }
            td.num data-l="PCR" {
                @match event.pcr {
                    Some(pcr) if event.extended => { (pcr) }
                    Some(pcr) => { span.soft { "(" (pcr) ")" } }
                    None => { span.soft { "none" } }
                }
            }
            td data-l="Event" { code { (event.name) } br; span.soft.small { (format!("{:#05x}", event.kind)) } }
            td data-l="What it means" {
                (event.meaning)
                @if let Some(part) = event.part { " " b { "By tboot's order: " (part) "." } }
                @if let Some(words) = &event.words { span.other.small { (words) } }
                @else if event.size > 0 {
                    span.other.small.soft {
                        "Data, " (event.size) @if event.size == 1 { " byte: " } @else { " bytes: " }
                        code { (event.data) @if event.data.len() < event.size * 2 { "…" } }
                    }
                }
            }
            td data-l="Digests" { (digests(event)) }
        }
    }
}

fn digests(event: &EventRow) -> Markup {
    if !event.extended {
        return html! { span.soft { "not extended" } };
    }
    if event.digests.is_empty() {
        return html! { (icons::state(State::Fail, "none")) };
    }
    html! {
        details.digests {
            summary {
                @for (position, (bank, digest)) in event.digests.iter().enumerate() {
                    @if position > 0 { br; }
                    (bank) " " code { (short(digest)) }
                }
            }
            dl { @for (bank, digest) in &event.digests { dt { (bank) } dd { code { (digest) } } } }
        }
    }
}
