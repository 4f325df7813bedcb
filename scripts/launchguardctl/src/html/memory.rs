// SPDX-License-Identifier: GPL-2.0

//! The memory map as a drawing: everything below 4 GiB, then the DMA protected range, then the heap.

use super::icons;
use crate::page::{Level, Memory, Page, Region, Role, State};
use maud::{html, Markup};

/// Height of the drawn range, and the least that one part of it takes.
const HEIGHT: i32 = 470;
const LEAST: i32 = 26;
/// Memory that is smaller is no part of the picture; the table below has it.
const LEAST_RAM: u64 = 16 << 20;
/// Where the bar stands.
const LEFT: i32 = 82;
const WIDTH: i32 = 186;

pub(super) fn section(page: &Page) -> Markup {
    let memory = &page.memory;
    html! {
        section id="memory" aria-labelledby="memory-h" {
            h2 id="memory-h" { "Memory" }
            p {
                "Where the launch keeps its things. Heights are not to scale: small ranges are drawn \
                 larger, large ones smaller. Hatched ranges hold nothing that matters here."
            }
            (remarks(memory))
            div.card.maps { (maps(memory)) }
            (table(memory))
        }
    }
}

fn remarks(memory: &Memory) -> Markup {
    if memory.remarks.is_empty() {
        return Markup::default();
    }
    html! {
        ul.remarks {
            @for (state, text) in &memory.remarks {
                li class=(icons::class(*state)) { (icons::icon(*state)) span { (text) } }
            }
        }
    }
}

/// A part of a drawn range; `None` is a gap.
struct Segment<'a> {
    base: u64,
    end: u64,
    region: Option<&'a Region>,
}

/// Cuts `range` where a region starts or ends, and gives each part the smallest region that it lies
/// in.
fn segments<'a>(regions: &[&'a Region], range: (u64, u64)) -> Vec<Segment<'a>> {
    let mut cuts: Vec<u64> = vec![range.0, range.1];
    for region in regions {
        cuts.extend([region.base, region.end]);
    }
    cuts.retain(|cut| *cut >= range.0 && *cut <= range.1);
    cuts.sort_unstable();
    cuts.dedup();
    let mut found: Vec<Segment<'a>> = Vec::new();
    for pair in cuts.windows(2) {
        let &[base, end] = pair else { continue };
        let holders = regions
            .iter()
            .filter(|region| region.base <= base && end <= region.end);
        let region = holders
            .min_by_key(|region| region.end - region.base)
            .copied();
        match found.last_mut() {
            Some(last) if same(last.region, region) => last.end = end,
            _ => found.push(Segment { base, end, region }),
        }
    }
    found
}

fn same(a: Option<&Region>, b: Option<&Region>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => std::ptr::eq(a, b),
        _ => false,
    }
}

/// Heights of the parts, from the logarithm of their sizes.
fn heights(segments: &[Segment<'_>]) -> Vec<i32> {
    let weight = |segment: &Segment<'_>| {
        // A gap says nothing: as small as can be.
        let size = segment.region.map_or(1, |_| segment.end - segment.base);
        (size as f64 / 4096.0 + 1.0).log2()
    };
    let total: f64 = segments.iter().map(weight).sum();
    let count = i32::try_from(segments.len()).unwrap_or(i32::MAX);
    let spare = f64::from((HEIGHT - count.saturating_mul(LEAST)).max(0));
    segments
        .iter()
        .map(|segment| LEAST + (spare * weight(segment) / total.max(1.0)) as i32)
        .collect()
}

fn maps(memory: &Memory) -> Markup {
    let level = |level: Level| {
        let here = memory
            .regions
            .iter()
            .filter(move |region| region.level == level);
        here.filter(|region| region.role != Role::Ram || region.end - region.base >= LEAST_RAM)
            .collect::<Vec<&Region>>()
    };
    let named = |name: &str| memory.regions.iter().find(|region| region.name == name);
    let (dpr, heap) = (named("DPR"), named("TXT heap"));
    let tables = level(Level::Heap);
    html! {
        (map("Below 4 GiB", &level(Level::Whole), (0, 1 << 32), dpr))
        @if let Some(dpr) = dpr {
            (map("DMA protected range", &level(Level::Dpr), (dpr.base, dpr.end), heap.filter(|heap| heap.level == Level::Dpr)))
        }
        @if let (Some(heap), false) = (memory.heap, tables.is_empty()) {
            (map("TXT heap", &tables, heap, None))
        }
    }
}

/// One bar, high addresses on top; `zoomed` is the part that the next bar enlarges.
fn map(title: &str, regions: &[&Region], range: (u64, u64), zoomed: Option<&Region>) -> Markup {
    let segments = segments(regions, range);
    let heights = heights(&segments);
    let total: i32 = heights.iter().sum();
    let words: Vec<String> = segments
        .iter()
        .filter_map(|segment| segment.region)
        .map(|region| {
            let wrong = region
                .wrong
                .map_or_else(String::new, |wrong| format!(", {wrong}"));
            format!(
                "{} from {:#x} to {:#x}{wrong}",
                region.name, region.base, region.end
            )
        })
        .collect();
    let mut y = 30 + total;
    let mut drawn = Vec::new();
    for (segment, height) in segments.iter().zip(&heights) {
        y -= height;
        drawn.push(part(segment, y, *height, zoomed, total));
    }
    html! {
        svg viewBox={ "0 0 340 " (total + 44) } role="img" aria-label={ (title) ": " (words.join("; ")) } {
            text.b x=(LEFT) y="16" font-size="14" { (title) }
            @for part in drawn { (part) }
            text class="m t" x=(LEFT - 7) y="34" font-size="10.5" text-anchor="end" { (address(range.1)) }
        }
    }
}

fn address(address: u64) -> String {
    if address == 1 << 32 {
        "4 GiB".to_owned()
    } else {
        format!("{address:#x}")
    }
}

fn part(segment: &Segment<'_>, y: i32, height: i32, zoomed: Option<&Region>, total: i32) -> Markup {
    let role = segment.region.map_or("gap", |region| class(region.role));
    let wrong = segment.region.is_some_and(|region| region.wrong.is_some());
    let middle = y + height / 2;
    html! {
        @if segment.region.is_some() && same(segment.region, zoomed) {
            path.flare d={ "M" (LEFT + WIDTH + 3) " " (y) "L340 30V" (30 + total) "L" (LEFT + WIDTH + 3) " " (y + height) "z" } {}
        }
        rect class={ "seg " (role) @if wrong { " wrong" } } x=(LEFT) y=(y) width=(WIDTH) height=(height) {}
        text class="m t" x=(LEFT - 7) y=(y + height + 4) font-size="10.5" text-anchor="end" { (address(segment.base)) }
        @if let Some(region) = segment.region {
            text x=(LEFT + 9) y=(middle + 4) font-size="12.5" { (region.name) }
            text.t x=(LEFT + WIDTH - 8) y=(middle + 4) font-size="11" text-anchor="end" { (size(segment.end - segment.base)) }
        }
        @if wrong { (icons::placed(State::Fail, LEFT + WIDTH + 8, middle - 9, 18)) }
    }
}

const fn class(role: Role) -> &'static str {
    match role {
        Role::Ram => "ram",
        Role::Protected => "protected",
        Role::Sinit => "sinit",
        Role::Heap => "heap",
        Role::Log => "log",
        Role::Launcher => "launcher",
        Role::Stolen => "stolen",
        Role::Device => "device",
    }
}

/// About how large something is.
fn size(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        let one = 1u64 << shift;
        if bytes >= one {
            let tenths = (bytes % one) * 10 / one;
            return match (bytes / one, tenths) {
                (whole, 0) => format!("{whole} {unit}"),
                (whole, _) if whole >= 100 => format!("{whole} {unit}"),
                (whole, tenths) => format!("{whole}.{tenths} {unit}"),
            };
        }
    }
    format!("{bytes} B")
}

fn table(memory: &Memory) -> Markup {
    html! {
        div.frame {
            table {
                caption { "The same by address" }
                thead { tr {
                    th scope="col" { "What" } th scope="col" { "From" } th scope="col" { "To, exclusive" }
                    th scope="col" { "Size" } th scope="col" { "What it is for" }
                } }
                tbody {
                    @for region in &memory.regions {
                        tr class={ @if region.wrong.is_some() { "bad" } } {
                            th scope="row" { (region.name) }
                            td data-l="From" { code { (format!("{:#x}", region.base)) } }
                            td data-l="To" { code { (format!("{:#x}", region.end)) } }
                            td data-l="Size" { (size(region.end - region.base)) }
                            td data-l="What it is for" {
                                (region.what)
                                @if let Some(wrong) = region.wrong { " " (icons::state(State::Fail, wrong)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
