// SPDX-License-Identifier: GPL-2.0

//! DMA-09: words on the kernel's command line that weaken DMA remapping.
//!
//! They are read as Linux reads them (arch/x86/kernel/pci-dma.c, drivers/iommu/iommu.c,
//! drivers/iommu/intel/iommu.c, drivers/iommu/irq_remapping.c): options by their first letters, the
//! last word of a kind wins, and words that Linux does not know have no effect, whatever they seem
//! to say.

use super::super::context::Context;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::Evidence;
use crate::verify::judgement::{Judgement, Outcome};
use core::fmt;

/// A switch that words turn one way or the other, and the word that did it last.
type Switch<'a> = Option<(bool, Word<'a>)>;

/// A word of the command line, for reports.
#[derive(Clone, Copy)]
pub(super) struct Word<'a>(&'a [u8]);

/// Longest word that is shown, in bytes.
const SHOWN: usize = 40;

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.iter().take(SHOWN) {
            let byte = if byte.is_ascii_graphic() { *byte } else { b'?' };
            fmt::Write::write_char(f, char::from(byte))?;
        }
        Ok(())
    }
}

/// What the words say together.
#[derive(Default)]
struct Words<'a> {
    /// intel_iommu=on or off.
    driver: Switch<'a>,
    /// iommu=off, which nothing takes back.
    off: Option<Word<'a>>,
    /// Untranslated devices.
    passthrough: Switch<'a>,
    /// Invalidation before memory is given back.
    strict: Switch<'a>,
    /// intel_iommu=tboot_noforce.
    no_force: Option<Word<'a>>,
    /// intel_iommu=igfx_off.
    graphics: Option<Word<'a>>,
    /// Interrupt remapping.
    interrupts: Switch<'a>,
    /// intremap=nosid.
    no_source_id: Option<Word<'a>>,
    /// A word that looks as if it did something.
    ignored: Option<Word<'a>>,
}

/// The words: separated by blanks outside of quotes, up to `--`, behind which stand those of init.
fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    line.split(move |byte| {
        quoted ^= *byte == b'"';
        byte.is_ascii_whitespace() && !quoted
    })
    .filter(|word| !word.is_empty())
    .take_while(|word| *word != b"--")
}

/// The value of `word` if its name is `name`; Linux takes dashes for underscores.
fn value<'a>(word: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let word = match word {
        [b'"', inner @ .., b'"'] => inner,
        other => other,
    };
    let at = word.iter().position(|byte| *byte == b'=')?;
    let (left, right) = word.split_at_checked(at)?;
    let plain = |byte: u8| if byte == b'-' { b'_' } else { byte };
    let same = left.len() == name.len()
        && left
            .iter()
            .zip(name)
            .all(|(left, right)| plain(*left) == plain(*right));
    match right {
        [b'=', b'"', inner @ .., b'"'] if same => Some(inner),
        [b'=', inner @ ..] if same => Some(inner),
        _ => None,
    }
}

/// A truth value as kstrtobool() reads it.
fn truth(value: &[u8]) -> Option<bool> {
    match value {
        [b'y' | b'Y' | b't' | b'T' | b'1', ..] | [b'o' | b'O', b'n' | b'N', ..] => Some(true),
        [b'n' | b'N' | b'f' | b'F' | b'0', ..] | [b'o' | b'O', b'f' | b'F', ..] => Some(false),
        _ => None,
    }
}

impl<'a> Words<'a> {
    fn of(line: &'a [u8]) -> Self {
        let mut all = Self::default();
        for word in words(line) {
            let shown = Word(word);
            if let Some(options) = value(word, b"iommu") {
                all.iommu(options, shown);
            } else if let Some(options) = value(word, b"intel_iommu") {
                all.intel_iommu(options, shown);
            } else if let Some(options) = value(word, b"intremap") {
                all.intremap(options, shown);
            } else if let Some(text) = value(word, b"iommu.passthrough") {
                all.passthrough = truth(text).map(|on| (on, shown)).or(all.passthrough);
            } else if let Some(text) = value(word, b"iommu.strict") {
                all.strict = truth(text).map(|on| (on, shown)).or(all.strict);
            } else if word == b"nointremap" {
                all.interrupts = Some((false, shown));
            }
        }
        all
    }

    fn iommu(&mut self, options: &[u8], word: Word<'a>) {
        for option in options.split(|byte| *byte == b',') {
            if option.starts_with(b"off") {
                self.off = Some(word);
            } else if option.starts_with(b"pt") {
                self.passthrough = Some((true, word));
            } else if option.starts_with(b"nopt") {
                self.passthrough = Some((false, word));
            } else if option.starts_with(b"strict") {
                self.ignored = Some(word);
            } else if option.starts_with(b"usedac") {
                // Linux reads no option behind this one.
                return;
            }
        }
    }

    fn intel_iommu(&mut self, options: &[u8], word: Word<'a>) {
        for option in options.split(|byte| *byte == b',') {
            if option.starts_with(b"on") {
                self.driver = Some((true, word));
            } else if option.starts_with(b"off") {
                self.driver = Some((false, word));
            } else if option.starts_with(b"igfx_off") {
                self.graphics = Some(word);
            } else if option.starts_with(b"strict") {
                self.strict = Some((true, word));
            } else if option.starts_with(b"tboot_noforce") {
                self.no_force = Some(word);
            }
        }
    }

    fn intremap(&mut self, options: &[u8], word: Word<'a>) {
        for option in options.split(|byte| *byte == b',') {
            if option.starts_with(b"on") {
                self.interrupts = Some((true, word));
            } else if option.starts_with(b"off") {
                self.interrupts = Some((false, word));
            } else if option.starts_with(b"nosid") {
                self.no_source_id = Some(word);
            }
        }
    }

    /// The words that weaken, the worst first, with what they do.
    fn weak(&self) -> [Option<(Word<'a>, &'static str)>; 8] {
        let against = |switch: Switch<'a>, bad: bool, what| {
            switch
                .filter(|(state, _)| *state == bad)
                .map(|(_, word)| (word, what))
        };
        [
            self.no_force
                .map(|word| (word, "a launch by tboot does not turn the IOMMU on")),
            self.off.map(|word| (word, "the IOMMU is not wanted")),
            against(self.driver, false, "the IOMMU is not wanted"),
            against(self.passthrough, true, "devices reach all memory"),
            against(self.strict, false, "memory stays reachable for a while"),
            self.graphics
                .map(|word| (word, "graphics reach all memory")),
            against(self.interrupts, false, "interrupts are not remapped"),
            self.no_source_id
                .map(|word| (word, "who sends an interrupt is not checked")),
        ]
    }
}

/// The word that makes a patched kernel invent ACS, if it is there.
pub(super) fn acs_override(line: &[u8]) -> Option<Word<'_>> {
    words(line)
        .find(|word| value(word, b"pcie_acs_override").is_some())
        .map(Word)
}

/// DMA-09.
pub(in crate::verify::checks) fn command_line(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Dma09;
    let line = match c.facts.dma.command_line {
        Evidence::Read(line) => line,
        Evidence::Unreadable(why) | Evidence::Absent(why) => {
            return out.set(
                check,
                Outcome::Unknown,
                format_args!("the kernel's command line: {why}"),
            )
        }
    };
    let found = Words::of(line);
    let weak = found.weak();
    let count = weak.iter().flatten().count();
    if let Some((word, what)) = weak.iter().flatten().next() {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("{word}: {what}; {count} words weaken DMA remapping"),
        );
    }
    match c.facts.dma.passthrough {
        Some(false) => {}
        Some(true) => {
            return out.set(
                check,
                Outcome::Fail,
                format_args!("new devices reach all memory by the kernel's default (passthrough)"),
            )
        }
        None => {
            return out.set(
                check,
                Outcome::Unknown,
                format_args!(
                    "no word weakens DMA remapping; the kernel's default (passthrough) could not be told"
                ),
            )
        }
    }
    match found.ignored {
        Some(word) => out.set(
            check,
            Outcome::Pass,
            format_args!("no word weakens DMA remapping; {word} is ignored, iommu.strict=1 works"),
        ),
        None => out.set(
            check,
            Outcome::Pass,
            format_args!("no word weakens DMA remapping"),
        ),
    }
}
