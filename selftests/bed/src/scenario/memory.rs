// SPDX-License-Identifier: GPL-2.0
//! The machine's memory, read from outside the guest: whether a byte of it changed between two steps.

use std::collections::BTreeMap;

use anyhow::{bail, ensure, Context, Error, Result};
use launchguard_bed::guestmem::GuestMemory;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::walk::amount;
use crate::runner::guest::Guest;

/// Bytes of a page.
const PAGE: u64 = 4096;

/// See [`super::Step::Memory`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// What it shows.
    pub name: String,
    /// What is looked at.
    range: Part,
    /// What of it may change.
    #[serde(default)]
    but: Vec<Part>,
    /// What is there now is kept.
    #[serde(default)]
    keep: bool,
    /// It is what was kept.
    #[serde(default)]
    same: bool,
}

/// Whole pages of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Part {
    /// The first byte.
    pub start: u64,
    /// The first one behind it.
    pub end: u64,
}

impl TryFrom<String> for Part {
    type Error = Error;

    /// `0x30000000 + 64M`, as a policy has it.
    fn try_from(text: String) -> Result<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [base, "+", size] = words[..] else {
            bail!("{text:?} is no range");
        };
        let (start, size) = (amount(base)?, amount(size)?);
        let end = start
            .checked_add(size)
            .filter(|end| size > 0 && start % PAGE == 0 && end % PAGE == 0)
            .with_context(|| format!("{text:?} is not made of pages"))?;
        Ok(Self { start, end })
    }
}

impl Part {
    fn holds(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }
}

/// The SHA-256 of each page, by its address.
#[derive(Debug, PartialEq, Eq)]
pub struct Pages(BTreeMap<u64, [u8; 32]>);

impl Memory {
    /// What the types cannot say.
    pub fn check(&self) -> Result<()> {
        ensure!(self.keep != self.same, "needs either `keep` or `same`");
        for part in &self.but {
            ensure!(
                self.range.holds(part.start) && part.end <= self.range.end,
                "a part of `but` is not in the range"
            );
        }
        Ok(())
    }

    /// Looks at the halted machine's memory; `kept` is what the step before it kept.
    pub fn run(&self, guest: &Guest, kept: &mut Option<Pages>) -> Result<()> {
        let machine = guest.machine();
        machine.pause()?;
        let now = self.pages(machine.memory());
        machine.resume()?;
        let now = now?;
        if self.keep {
            *kept = Some(now);
            return Ok(());
        }
        kept.as_ref()
            .context("no step kept anything")?
            .compare(&now)
    }

    fn pages(&self, memory: &GuestMemory) -> Result<Pages> {
        let mut pages = BTreeMap::new();
        let mut page = [0; PAGE as usize];
        for address in (self.range.start..self.range.end).step_by(page.len()) {
            if !self.but.iter().any(|part| part.holds(address)) {
                memory.read(address, &mut page)?;
                pages.insert(address, Sha256::digest(page).into());
            }
        }
        Ok(Pages(pages))
    }
}

impl Pages {
    fn compare(&self, now: &Self) -> Result<()> {
        ensure!(
            self.0.keys().eq(now.0.keys()),
            "other pages were kept than are looked at"
        );
        let digests = self.0.iter().zip(now.0.values());
        let changed = digests.filter(|((_, before), now)| before != now);
        let changed: Vec<u64> = changed.map(|((address, _), _)| *address).collect();
        match changed[..] {
            [] => Ok(()),
            [first, ..] => bail!("{} pages differ, the first at {first:#x}", changed.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use launchguard_bed::launch::TempFolder;

    use super::*;

    fn read(text: &str) -> Result<Memory> {
        let step: Memory = toml::from_str(&format!("name = 'n'\n{text}"))?;
        step.check()?;
        Ok(step)
    }

    #[test]
    fn what_is_looked_at() {
        let step = read("range = '0x30000000 + 64M'\nbut = ['0x30200000 + 8K']\nkeep = true");
        let step = step.unwrap();
        let part = |start, end| Part { start, end };
        assert_eq!(step.range, part(0x3000_0000, 0x3400_0000));
        assert_eq!(step.but, [part(0x3020_0000, 0x3020_2000)]);
        assert!(step.keep && !step.same);
    }

    #[test]
    fn mistakes_are_refused() {
        for (text, reason) in [
            ("keep = true", "range"),
            ("range = '0x1000 - 4K'\nkeep = true", "no range"),
            ("range = '0x1000 + 4T'\nkeep = true", "no amount"),
            ("range = '0x1000 + 0'\nkeep = true", "not made of pages"),
            ("range = '0x1000 + 5K'\nkeep = true", "not made of pages"),
            ("range = '0x800 + 4K'\nkeep = true", "not made of pages"),
            (
                "range = '0xfffffffffffff000 + 4K'\nkeep = true",
                "not made of pages",
            ),
            ("range = '0x1000 + 4K'", "either"),
            ("range = '0x1000 + 4K'\nkeep = true\nsame = true", "either"),
            (
                "range = '0x1000 + 4K'\nbut = ['0x2000 + 4K']\nkeep = true",
                "not in the range",
            ),
            (
                "range = '0x1000 + 4K'\nbut = ['0x1000 + 8K']\nkeep = true",
                "not in the range",
            ),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn one_byte_is_a_difference_wherever_it_is() {
        let folder = TempFolder::new().unwrap();
        let memory = GuestMemory::create(&folder.path().join("ram"), 1).unwrap();
        let step = "range = '0x1000 + 16K'\nbut = ['0x3000 + 4K']\nkeep = true";
        let step = read(step).unwrap();
        let kept = step.pages(&memory).unwrap();
        let compare = || kept.compare(&step.pages(&memory).unwrap());
        for inside in [0x1000, 0x1fff, 0x2000, 0x2abc, 0x2fff, 0x4000, 0x4fff] {
            memory.write(inside, &[1]).unwrap();
            let found = compare().unwrap_err().to_string();
            let page = inside & !0xfff;
            assert_eq!(found, format!("1 pages differ, the first at {page:#x}"));
            memory.write(inside, &[0]).unwrap();
            compare().unwrap();
        }
        for outside in [0xfff, 0x3000, 0x3fff, 0x5000] {
            memory.write(outside, &[1]).unwrap();
            compare().unwrap();
        }
        memory.write(0x4000, &[1]).unwrap();
        memory.write(0x2000, &[1]).unwrap();
        let found = compare().unwrap_err().to_string();
        assert_eq!(found, "2 pages differ, the first at 0x2000");
    }

    #[test]
    fn only_the_same_pages_are_compared() {
        let folder = TempFolder::new().unwrap();
        let memory = GuestMemory::create(&folder.path().join("ram"), 1).unwrap();
        let pages = |text: &str| read(text).unwrap().pages(&memory);
        let kept = pages("range = '0x1000 + 16K'\nkeep = true").unwrap();
        for other in [
            "range = '0x1000 + 12K'\nsame = true",
            "range = '0x2000 + 16K'\nsame = true",
            "range = '0x1000 + 16K'\nbut = ['0x4000 + 4K']\nsame = true",
        ] {
            let error = kept.compare(&pages(other).unwrap()).unwrap_err();
            assert!(error.to_string().starts_with("other pages"), "{other}");
        }
        assert!(pages("range = '0x1000 + 1M'\nkeep = true").is_err());
    }
}
