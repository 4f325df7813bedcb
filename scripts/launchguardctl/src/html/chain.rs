// SPDX-License-Identifier: GPL-2.0

//! The chain as a drawing: side by side where there is room, one below the other where there is not.

use super::{icons, short};
use crate::page::{Chain, Lane, Link, Measured, Page, State};
use maud::{html, Markup};

/// Measurements of one link that are drawn.
const MAX_CHIPS: usize = 3;
/// What the picture tells with words, below its signs.
const LINK_WORDS: [&str; 5] = ["measures", "measures", "measures", "", ""];

pub(super) fn section(page: &Page) -> Markup {
    let chain = &page.chain;
    html! {
        section id="chain" aria-labelledby="chain-h" {
            h2 id="chain-h" { "From the processor to the kernel" }
            @if chain.launched {
                p {
                    "Each link measures the next into the TPM before it hands over. What the TPM holds in \
                     the end is compared with the log and with the owner's values."
                    @if let Some(bank) = chain.bank { " Digests are those of the bank " (bank) "." }
                }
            } @else {
                p { "Nothing of this took place: it is drawn for comparison." }
            }
            div.card.chain {
                (wide(chain))
                (tall(chain))
            }
            (list(chain))
        }
    }
}

/// A measurement with every PCR that it went into.
struct Chip<'a> {
    what: &'a str,
    digest: Option<&'a str>,
    pcrs: Vec<u32>,
}

fn chips(link: &Link) -> Vec<Chip<'_>> {
    let mut chips: Vec<Chip<'_>> = Vec::new();
    for Measured {
        what, pcr, digest, ..
    } in &link.measured
    {
        let digest = digest.as_deref();
        let same = chips
            .iter_mut()
            .find(|chip| chip.what == what && chip.digest == digest);
        match same {
            Some(chip) => chip.pcrs.push(*pcr),
            None => chips.push(Chip {
                what,
                digest,
                pcrs: vec![*pcr],
            }),
        }
    }
    chips
}

impl Chip<'_> {
    fn target(&self) -> String {
        let pcrs: Vec<String> = self.pcrs.iter().map(u32::to_string).collect();
        format!("→ {}", pcrs.join(", "))
    }
}

fn spoken(chain: &Chain) -> String {
    let links: Vec<String> = chain
        .links
        .iter()
        .map(|link| format!("{}: {}", link.name, link.state.word()))
        .collect();
    let lanes: Vec<String> = chain
        .lanes
        .iter()
        .map(|lane| format!("PCR {}: {}", lane.pcr, explained(lane)))
        .collect();
    format!("{}; {}", links.join("; "), lanes.join("; "))
}

fn explained(lane: &Lane) -> &'static str {
    match lane.explained {
        State::Pass => "the log explains it",
        State::Fail => "the log does not explain it",
        State::Unknown => "not compared with the log",
        State::None => "no log to compare with",
    }
}

fn expected(lane: &Lane) -> &'static str {
    match lane.expected {
        State::Pass => "as expected",
        State::Fail => "not expected",
        State::Unknown => "not compared",
        State::None => "nothing pinned",
    }
}

/// What a link's checks say, in a few words.
fn tally(link: &Link) -> String {
    let count = |state: State| link.checks.iter().filter(|(_, s)| *s == state).count();
    let parts: Vec<String> = [
        (State::Fail, "fail"),
        (State::Unknown, "unknown"),
        (State::Pass, "pass"),
    ]
    .into_iter()
    .filter(|(state, _)| count(*state) > 0)
    .map(|(state, word)| format!("{} {word}", count(state)))
    .collect();
    if parts.is_empty() {
        "not judged".to_owned()
    } else {
        parts.join(", ")
    }
}

/// A box: sign, name, what it is, what its checks say.
fn boxed(link: &Link, launched: bool, x: i32, y: i32, width: i32) -> Markup {
    let class = icons::class(link.state);
    html! {
        g class=(class) {
            rect class={ "box soft" @if !launched { " dash" } } x=(x) y=(y) width=(width) height="84" rx="8" {}
            (icons::placed(link.state, x + 12, y + 12, 22))
            text.b x=(x + 42) y=(y + 29) font-size="16" { (link.name) }
            // A drawing of its own, so that letters of any width end where it does.
            svg x=(x + 12) y=(y + 36) width=(width - 20) height="22" {
                text.t x="0" y="16" font-size="12.5" { (cut(&link.what, 30)) }
            }
            text.word x=(x + 12) y=(y + 71) font-size="12.5" { (tally(link)) }
        }
    }
}

fn chip(chip: &Chip<'_>, x: i32, y: i32, width: i32) -> Markup {
    html! {
        rect.chip x=(x) y=(y) width=(width) height="40" rx="5" {}
        text x=(x + 9) y=(y + 16) font-size="12" { (cut(chip.what, 17)) }
        text.t x=(x + width - 9) y=(y + 16) font-size="12" text-anchor="end" { (chip.target()) }
        text class="m t" x=(x + 9) y=(y + 32) font-size="11" {
            @match chip.digest { Some(digest) => (short(digest)), None => "no digest in this bank" }
        }
    }
}

/// An arrow to the right or down.
fn arrow(x1: i32, y1: i32, x2: i32, y2: i32, dashed: bool) -> Markup {
    let (head, line) = if y1 == y2 {
        (
            format!("M{x2} {y2}l-9 -5v10z"),
            format!("M{x1} {y1}H{}", x2 - 8),
        )
    } else {
        (
            format!("M{x2} {y2}l-5 -9h10z"),
            format!("M{x1} {y1}V{}", y2 - 8),
        )
    };
    html! {
        path class={ "line" @if dashed { " dash" } } d=(line) {}
        path.head d=(head) {}
    }
}

/// At most `most` characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Side by side: links above, PCRs below, measurements between.
fn wide(chain: &Chain) -> Markup {
    const WIDTH: i32 = 174;
    const STEP: i32 = 236;
    let all: Vec<Vec<Chip<'_>>> = chain.links.iter().map(chips).collect();
    let most = all.iter().map(|chips| chips.len().min(MAX_CHIPS)).max();
    let rows = i32::try_from(most.unwrap_or(0)).unwrap_or(0);
    let more = all.iter().any(|chips| chips.len() > MAX_CHIPS);
    let chips_end = 100 + rows * 46 + if more { 16 } else { 0 };
    let lanes = chips_end + 34;
    let count = i32::try_from(chain.lanes.len()).unwrap_or(2).max(2);
    let height = lanes + count * 56 + 4;
    // Where the arrows to each PCR start below a box.
    let column = |index: i32| 36 + index * (WIDTH - 72) / (count - 1);
    let dashed = !chain.launched;
    html! {
        svg.wide viewBox={ "-2 -2 1124 " (height + 4) } role="img" aria-label={ "The chain of the launch. " (spoken(chain)) } {
            @for (position, (link, chips)) in (0i32..).zip(chain.links.iter().zip(&all)) {
                @let x = position * STEP;
                @let owner = position == 4;
                (boxed(link, chain.launched, x, 4, WIDTH))
                @if position < 3 {
                    text.t x=(x + WIDTH + 31) y="38" font-size="11" text-anchor="middle" { (LINK_WORDS[position as usize]) }
                    (arrow(x + WIDTH + 4, 46, x + STEP - 4, 46, dashed))
                }
                @if !owner && (position == 0 || !chips.is_empty()) {
                    @let first = if position == 0 { 92 } else { chips_end - 4 };
                    @for (index, lane) in (0i32..).zip(&chain.lanes) {
                        @let goes = position == 0 || chips.iter().any(|chip| chip.pcrs.contains(&lane.pcr));
                        @if goes {
                            (arrow(x + column(index), first, x + column(index), lanes + index * 56 - 2, dashed))
                        }
                    }
                    @if position == 0 && chain.launched {
                        text class="t halo" x="87" y="116" font-size="12" text-anchor="middle" { "resets" }
                    }
                }
                @for (row, entry) in (0i32..).zip(chips.iter().take(MAX_CHIPS)) {
                    (chip(entry, x, 98 + row * 46, WIDTH))
                }
                @if chips.len() > MAX_CHIPS {
                    text.t x=(x + 9) y=(98 + rows * 46 + 10) font-size="12" { "and " (chips.len() - MAX_CHIPS) " more" }
                }
            }
            @if chain.lanes.iter().any(|lane| lane.expected != State::None) {
                (arrow(4 * STEP + WIDTH / 2, 92, 4 * STEP + WIDTH / 2, lanes - 2, dashed))
                text.t x=(4 * STEP + WIDTH / 2 + 10) y="116" font-size="12" { "expects" }
            }
            @for (index, lane) in (0i32..).zip(&chain.lanes) {
                @let y = lanes + index * 56;
                g class=(icons::class(lane.explained)) {
                    rect class={ "box soft" @if dashed { " dash" } } x="0" y=(y) width=(3 * STEP + WIDTH) height="44" rx="6" {}
                    text.b x="14" y=(y + 28) font-size="16" { "PCR " (lane.pcr) }
                    text.m x=(STEP) y=(y + 27) font-size="13" { (value(lane)) }
                    (icons::placed(lane.explained, 2 * STEP + 160, y + 12, 20))
                    text.word x=(2 * STEP + 188) y=(y + 27) font-size="13" { (explained(lane)) }
                }
                (arrow(3 * STEP + WIDTH + 4, y + 22, 4 * STEP - 4, y + 22, dashed))
                g class=(icons::class(lane.expected)) {
                    rect class={ "box soft" @if dashed { " dash" } } x=(4 * STEP) y=(y) width=(WIDTH) height="44" rx="6" {}
                    (icons::placed(lane.expected, 4 * STEP + 12, y + 12, 20))
                    text.word x=(4 * STEP + 40) y=(y + 27) font-size="13" { (expected(lane)) }
                }
            }
        }
    }
}

fn value(lane: &Lane) -> String {
    match &lane.value {
        Some(value) => match value.get(..32) {
            Some(start) => format!("{start}…"),
            None => value.clone(),
        },
        None => "not read".to_owned(),
    }
}

/// One below the other, for narrow pages.
fn tall(chain: &Chain) -> Markup {
    let mut y = 4;
    let mut parts = Vec::new();
    for (position, link) in chain.links.iter().enumerate() {
        let owner = position == 4;
        if owner {
            for lane in &chain.lanes {
                parts.push(tall_lane(lane, y, !chain.launched));
                y += 86;
            }
            parts.push(html! { (arrow(180, y - 12, 180, y + 14, !chain.launched)) });
            y += 18;
        }
        parts.push(boxed(link, chain.launched, 4, y, 352));
        y += 90;
        if owner {
            break;
        }
        let chips = chips(link);
        for entry in chips.iter().take(MAX_CHIPS) {
            parts.push(chip(entry, 40, y, 316));
            y += 46;
        }
        if chips.len() > MAX_CHIPS {
            let more = chips.len() - MAX_CHIPS;
            parts.push(html! { text.t x="50" y=(y + 10) font-size="12" { "and " (more) " more" } });
            y += 18;
        }
        let word = LINK_WORDS.get(position).copied().unwrap_or_default();
        parts.push(html! {
            (arrow(20, y - 2, 20, y + 28, !chain.launched))
            text.t x="40" y=(y + 18) font-size="12" { @if word.is_empty() { "and in the end the TPM holds" } @else { (word) } }
        });
        y += 32;
    }
    html! {
        svg.tall viewBox={ "0 0 360 " (y + 4) } role="img" aria-label={ "The chain of the launch. " (spoken(chain)) } {
            @for part in parts { (part) }
        }
    }
}

fn tall_lane(lane: &Lane, y: i32, dashed: bool) -> Markup {
    html! {
        g class=(icons::class(lane.explained)) {
            rect class={ "box soft" @if dashed { " dash" } } x="4" y=(y) width="352" height="76" rx="6" {}
            text.b x="16" y=(y + 24) font-size="15" { "PCR " (lane.pcr) }
            text.m x="84" y=(y + 23) font-size="11.5" { (value(lane)) }
            (icons::placed(lane.explained, 16, y + 36, 16))
            text.word x="38" y=(y + 49) font-size="12.5" { (explained(lane)) }
        }
        g class=(icons::class(lane.expected)) {
            (icons::placed(lane.expected, 16, y + 55, 16))
            text.word x="38" y=(y + 68) font-size="12.5" { "owner: " (expected(lane)) }
        }
    }
}

/// The same as a list, with the checks that vouch for each link.
fn list(chain: &Chain) -> Markup {
    html! {
        div.frame {
            table {
                caption { "What vouches for each link" }
                thead { tr { th scope="col" { "Link" } th scope="col" { "State" } th scope="col" { "Checks" } } }
                tbody {
                    @for link in &chain.links {
                        tr {
                            th scope="row" { (link.name) }
                            td data-l="State" { (icons::state(link.state, link.state.word())) }
                            td data-l="Checks" {
                                @for (id, state) in &link.checks {
                                    span class={ "vouch " (icons::class(*state)) } {
                                        (icons::icon(*state)) " " a href={ "#" (id) } { (id) }
                                        span.hidden { " " (state.word()) }
                                    } " "
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
