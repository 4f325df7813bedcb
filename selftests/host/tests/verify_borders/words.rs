// SPDX-License-Identifier: GPL-2.0

//! DMA-09: how words are quoted, by lib/cmdline.c (next_arg) and lib/kstrtox.c.

use super::{try_all, Case};
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::verify::catalogue::CheckId::Dma09;
use launchguard_pure::verify::judgement::Outcome::{Fail, Pass, Unknown};

fn line(machine: &mut Machine, words: &str) {
    machine.dma.command_line = Some(words.into());
}

const OFF: &str = "the IOMMU is not wanted";
const NONE: &str = "no word weakens";

/// Quotes hold a value or a whole word together and are no part of it.
const QUOTED: &[Case] = &[
    (Dma09, Fail, OFF, |m| line(m, "iommu=off")),
    (Dma09, Fail, OFF, |m| line(m, "iommu=\"off\"")),
    (Dma09, Fail, OFF, |m| line(m, "\"iommu=off\"")),
    (Dma09, Fail, OFF, |m| line(m, "x=\"a b\" iommu=\"off\" y")),
    (Dma09, Pass, NONE, |m| line(m, "x=\"a iommu=off b\" y")),
    (Dma09, Pass, NONE, |m| line(m, "xommu=\"off\"")),
    (Dma09, Pass, NONE, |m| line(m, "iommux=\"off\"")),
    (Dma09, Pass, NONE, |m| line(m, "ommu=\"off\"")),
];

/// What the kernel does without a word; the word outweighs it.
const DEFAULT: &[Case] = &[
    (Dma09, Unknown, "(passthrough) could not be told", |m| {
        m.dma.passthrough = None;
    }),
    (Dma09, Fail, OFF, |m| {
        line(m, "iommu=off");
        m.dma.passthrough = None;
    }),
    (Dma09, Pass, NONE, |m| m.dma.passthrough = Some(false)),
];

#[test]
fn a_default_that_is_not_told_passes_nothing() {
    try_all(Machine::launched, DEFAULT);
}

#[test]
fn quotes_are_no_part_of_a_word() {
    try_all(Machine::launched, QUOTED);
}
