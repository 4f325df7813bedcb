// SPDX-License-Identifier: GPL-2.0
//! What devices reach, read from outside the guest: the IOMMU's tables against windows that a
//! scenario lists. The windows are read here, by nothing of the module.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{bail, ensure, Context, Error, Result};
use launchguard_bed::launch::Machine;
use launchguard_bed::vtd::{self, Access, Range, Reach, Requester};
use serde::Deserialize;

use crate::runner::guest::Guest;

/// See [`super::Step::Walk`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Walk {
    /// What it shows.
    pub name: String,
    /// What each of these reaches, exactly.
    pub devices: BTreeMap<Function, Expected>,
    /// All others whose requests are translated or let through, whatever they reach.
    pub others: Option<BTreeSet<Function>>,
}

/// A requester, by the address of its function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Function(Requester);

impl TryFrom<String> for Function {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse().map(Function)
    }
}

/// What a device is to reach.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Expected(Reach);

/// How a scenario says it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Word(String),
    Windows(Vec<String>),
}

impl TryFrom<Written> for Expected {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self> {
        Ok(Expected(match written {
            Written::Windows(windows) => {
                let windows: Result<Vec<_>> = windows.iter().map(|text| window(text)).collect();
                Reach::Ranges(vtd::merged(windows?))
            }
            Written::Word(word) => match word.as_str() {
                "nothing" => Reach::Nothing,
                "pass-through" => Reach::PassThrough,
                _ => bail!("{word:?} is neither \"nothing\" nor \"pass-through\""),
            },
        }))
    }
}

/// `0x30200000 + 2M rw at 0x0`, as a policy has it behind the word `window`.
fn window(text: &str) -> Result<Range> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (base, size, access, at) = match words[..] {
        [base, "+", size, access] => (base, size, access, base),
        [base, "+", size, access, "at", at] => (base, size, access, at),
        _ => bail!("{text:?} is no window"),
    };
    let range = Range {
        iova: amount(at)?,
        physical: amount(base)?,
        size: amount(size)?,
        access: match access {
            "r" => Access {
                read: true,
                write: false,
            },
            "rw" => Access::ALL,
            _ => bail!("{access:?} is neither r nor rw"),
        },
    };
    ensure!(range.size > 0, "{text:?} has no bytes");
    Ok(range)
}

/// A number, decimal or behind 0x, with K, M or G for binary multiples.
pub(super) fn amount(text: &str) -> Result<u64> {
    let (digits, shift) = match text.strip_suffix(['K', 'M', 'G']) {
        Some(digits) if text.ends_with('K') => (digits, 10),
        Some(digits) if text.ends_with('M') => (digits, 20),
        Some(digits) => (digits, 30),
        None => (text, 0),
    };
    let value = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    let value = value.ok().and_then(|value| value.checked_mul(1 << shift));
    value.with_context(|| format!("{text:?} is no amount"))
}

/// Looks at the tables of the halted machine and compares.
pub fn run(step: &Walk, guest: &Guest) -> Result<()> {
    let machine = guest.machine();
    machine.pause()?;
    let wrong = compare(step, machine);
    machine.resume()?;
    let wrong = wrong?;
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// What is not as expected.
fn compare(step: &Walk, machine: &Machine) -> Result<Vec<String>> {
    let unit = vtd::unit(machine)?;
    let memory = machine.memory();
    let mut wrong = Vec::new();
    for (Function(requester), Expected(expected)) in &step.devices {
        let found = unit
            .reach(memory, *requester)
            .with_context(|| requester.to_string())?;
        if found != *expected {
            wrong.push(format!("{requester} reaches {found}, expected {expected}"));
        }
    }
    if let Some(others) = &step.others {
        let named = |function: &Function| step.devices.contains_key(function);
        let present = unit.present(memory)?.into_iter().map(Function);
        let present: BTreeSet<_> = present.filter(|function| !named(function)).collect();
        for Function(requester) in present.symmetric_difference(others) {
            let found = unit
                .reach(memory, *requester)
                .with_context(|| requester.to_string())?;
            wrong.push(format!("others: {requester} reaches {found}"));
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Walk> {
        Ok(toml::from_str(&format!("name = 'n'\n{text}"))?)
    }

    fn expected(text: &str) -> Reach {
        let walk = read(&format!("devices = {{ '0000:00:06.0' = {text} }}")).unwrap();
        let only = walk.devices.into_iter().next().unwrap();
        assert_eq!(
            only.0 .0,
            Requester {
                bus: 0,
                devfn: 0x30
            }
        );
        only.1 .0
    }

    #[test]
    fn what_a_device_is_to_reach() {
        assert_eq!(expected("'nothing'"), Reach::Nothing);
        assert_eq!(expected("'pass-through'"), Reach::PassThrough);
        assert_eq!(expected("[]"), Reach::Ranges(vec![]));
        let range = |iova, physical, size, write| Range {
            iova,
            physical,
            size,
            access: Access { read: true, write },
        };
        assert_eq!(
            expected("['0x30200000 + 2M rw at 0x0', '0x30100000 + 64K r', '4096 + 0x1K r']"),
            Reach::Ranges(vec![
                range(0, 0x3020_0000, 0x20_0000, true),
                range(4096, 4096, 1024, false),
                range(0x3010_0000, 0x3010_0000, 0x1_0000, false),
            ])
        );
    }

    #[test]
    fn windows_that_go_on_in_one_another_are_one() {
        let whole = expected("['0x1000 + 8K rw at 0x8000']");
        let parts = "['0x2000 + 4K rw at 0x9000', '0x1000 + 4K rw at 0x8000']";
        assert_eq!(expected(parts), whole);
        for apart in [
            "['0x2000 + 4K r at 0x9000', '0x1000 + 4K rw at 0x8000']",
            "['0x3000 + 4K rw at 0x9000', '0x1000 + 4K rw at 0x8000']",
            "['0x2000 + 4K rw at 0xa000', '0x1000 + 4K rw at 0x8000']",
        ] {
            let Reach::Ranges(ranges) = expected(apart) else {
                panic!()
            };
            assert_eq!(ranges.len(), 2, "{apart}");
        }
    }

    #[test]
    fn mistakes_are_refused() {
        for (text, reason) in [
            ("devices = { '00:06.0' = 'nothing' }", "no PCI function"),
            (
                "devices = { '0000:00:06.0' = 'none' }",
                "\"none\" is neither",
            ),
            ("devices = { '0000:00:06.0' = ['4K rw'] }", "no window"),
            (
                "devices = { '0000:00:06.0' = ['0 + 4K w'] }",
                "\"w\" is neither",
            ),
            ("devices = { '0000:00:06.0' = ['0 + 4T r'] }", "no amount"),
            ("devices = { '0000:00:06.0' = ['0 + 0 r'] }", "no bytes"),
            (
                "devices = { '0000:00:06.0' = ['0x1000000000000000K + 1 r'] }",
                "no amount",
            ),
            ("others = []", "devices"),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
