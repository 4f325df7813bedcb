// SPDX-License-Identifier: GPL-2.0
//! Walks over tables that are put together by hand, word by word.

mod entries;
mod pages;

use std::cell::Cell;
use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::{Access, Memory, Range, Reach, Requester, Unit};

const ROOT: u64 = 0x10_0000;
const TES: u32 = 1 << 31;
const SCALABLE: u64 = 1 << 10;
/// Bus 2, device 0x10, function 1: in the upper half of the bus.
const REQUESTER: Requester = Requester {
    bus: 2,
    devfn: 0x81,
};
const R: Access = Access {
    read: true,
    write: false,
};
const W: Access = Access {
    read: false,
    write: true,
};
const RW: Access = Access::ALL;

/// Memory that is there where something was written, page by page.
#[derive(Default)]
struct Image {
    pages: BTreeMap<u64, Vec<u64>>,
    reads: Cell<usize>,
}

impl Image {
    fn put(&mut self, at: u64, word: u64) -> &mut Self {
        let page = self.pages.entry(at & !0xfff).or_insert(vec![0; 512]);
        page[(at & 0xfff) as usize / 8] = word;
        self
    }
}

impl Memory for Image {
    fn read(&self, address: u64, buffer: &mut [u8]) -> Result<()> {
        self.reads.set(self.reads.get() + 1);
        let page = self.pages.get(&(address & !0xfff)).context("no memory")?;
        let from = (address & 0xfff) as usize / 8;
        for (bytes, word) in buffer.chunks_exact_mut(8).zip(&page[from..]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Ok(())
    }
}

/// Legacy mode; the context entry is `low`, `high`.
fn legacy(low: u64, high: u64) -> (Image, Unit) {
    let mut image = Image::default();
    image
        .put(ROOT + 2 * 16, 0x20_0001)
        .put(0x20_0000 + 0x81 * 16, low)
        .put(0x20_0000 + 0x81 * 16 + 8, high);
    (image, Unit::new(TES, ROOT).unwrap())
}

/// Scalable mode; the PASID table entry has these words: 0, and 2.
fn scalable(word0: u64, word2: u64) -> (Image, Unit) {
    let mut image = Image::default();
    image
        .put(ROOT + 2 * 16 + 8, 0x20_0001)
        .put(0x20_0000 + 32, 0x20_1001)
        .put(0x20_1000, 0x20_2001)
        .put(0x20_2000, word0)
        .put(0x20_2000 + 8, 7)
        .put(0x20_2000 + 16, word2);
    (image, Unit::new(TES, ROOT | SCALABLE).unwrap())
}

/// Second stage of four levels at 0x300000 in legacy mode, with a table of each.
fn second_stage() -> (Image, Unit) {
    let (mut image, unit) = legacy(0x30_0001, 2);
    image
        .put(0x30_0000, 0x30_1003)
        .put(0x30_1000, 0x30_2003)
        .put(0x30_2000, 0x30_3003)
        .put(0x30_3000, 0);
    (image, unit)
}

/// First stage of four levels at 0x300000, with a table of each: present, writable, for all,
/// accessed.
fn first_stage() -> (Image, Unit) {
    let (mut image, unit) = scalable(1 | (1 << 6), 0x30_0000);
    image
        .put(0x30_0000, 0x30_1027)
        .put(0x30_1000, 0x30_2027)
        .put(0x30_2000, 0x30_3027)
        .put(0x30_3000, 0);
    (image, unit)
}

fn reach(image: &Image, unit: Unit) -> Result<Reach> {
    unit.reach(image, REQUESTER)
}

#[track_caller]
fn ranges(image: &Image, unit: Unit, expected: &[(u64, u64, u64, Access)]) {
    let range = |(iova, physical, size, access)| Range {
        iova,
        physical,
        size,
        access,
    };
    let expected = expected.iter().copied().map(range).collect();
    assert_eq!(reach(image, unit).unwrap(), Reach::Ranges(expected));
}

#[track_caller]
fn error(image: &Image, unit: Unit, reason: &str) {
    let error = format!("{:#}", reach(image, unit).unwrap_err());
    assert!(error.contains(reason), "{error}");
}
