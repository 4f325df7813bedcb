// SPDX-License-Identifier: GPL-2.0
//! Reference values: made from what `tpm2_pcrread` says in a guest, written as the text that the
//! module takes. The form is written down here anew, not taken from the code under test.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{ensure, Context, Result};
use launchguard_bed::launch::Bank;
use serde::Deserialize;

/// PCR 17 and 18 in each bank, in hex.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pcrs {
    values: BTreeMap<(String, u32), String>,
}

/// The script that prints the PCRs.
pub const READ_PCRS: &str = "tpm2_pcrread";

impl Pcrs {
    /// Reads what `tpm2_pcrread` prints.
    pub fn parse(output: &str) -> Result<Self> {
        let mut pcrs = Self::default();
        let mut bank = None;
        for line in output.lines().map(str::trim) {
            if let Some(name) = line.strip_suffix(':') {
                bank = Some(name.to_owned());
            } else if let Some((number, value)) = line.split_once(':') {
                let (Ok(number), Some(bank)) = (number.trim().parse(), &bank) else {
                    continue;
                };
                if let Some(hex) = value.trim().strip_prefix("0x") {
                    pcrs.values
                        .insert((bank.clone(), number), hex.to_ascii_lowercase());
                }
            }
        }
        // The active banks are the machine's own business.
        ensure!(
            pcrs.values.keys().any(|(_, number)| *number == 17),
            "no PCR 17 in: {output}"
        );
        Ok(pcrs)
    }

    /// A PCR's value in hex.
    pub fn get(&self, bank: &str, number: u32) -> Option<&str> {
        self.values
            .get(&(bank.to_owned(), number))
            .map(String::as_str)
    }
}

/// References to make from a launch.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pins {
    /// The scenario that kept its values; this one's own when left out.
    pub from: Option<String>,
    /// The banks that are pinned, one launch entry for all.
    #[serde(default = "default_banks")]
    pub banks: Vec<Bank>,
    /// Entries of other launches that stand before the good one.
    #[serde(default)]
    pub others: usize,
    /// A digit of the pinned PCR is changed: 17 or 18.
    pub wrong: Option<u32>,
    /// Only this PCR is pinned.
    pub only: Option<u32>,
}

fn default_banks() -> Vec<Bank> {
    vec![Bank::Sha256]
}

/// What happens between the making of a text and its commit.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Damage {
    /// Only this many bytes are staged; the digest is that of the whole.
    Truncate(usize),
    /// The byte at this offset is changed; the digest is that of the good text.
    Flip(usize),
    /// The last this many bytes are left out and the digest is that of what is left.
    Cut(usize),
    /// The digest that is committed is cut short by this many digits.
    ShortDigest(usize),
}

impl Pins {
    /// PCR 17 and 18 in the sha256 bank.
    pub fn sha256() -> Self {
        Self {
            from: None,
            banks: default_banks(),
            others: 0,
            wrong: None,
            only: None,
        }
    }

    /// The text.
    pub fn text(&self, pcrs: &Pcrs) -> Result<String> {
        let mut text = String::from("version 1 references\n# made from tpm2_pcrread\n");
        for number in 0..self.others {
            let value = format!("{:064x}", number + 1);
            writeln!(
                text,
                "launch \"other {number}\" {{ pcr 17 sha256 {value}  pcr 18 sha256 {value} }}"
            )?;
        }
        writeln!(text, "launch \"this one\" {{")?;
        for bank in &self.banks {
            let bank = bank_name(*bank);
            for number in [17, 18] {
                if self.only.is_some_and(|only| only != number) {
                    continue;
                }
                let value = pcrs
                    .get(bank, number)
                    .with_context(|| format!("PCR {number} was not read in {bank}"))?;
                let value = match self.wrong {
                    Some(wrong) if wrong == number => change_first_digit(value),
                    _ => value.to_owned(),
                };
                writeln!(text, "\tpcr {number} {bank} {value}")?;
            }
        }
        text.push_str("}\n");
        Ok(text)
    }
}

/// A bank's name in policies and in the tools' output.
pub fn bank_name(bank: Bank) -> &'static str {
    match bank {
        Bank::Sha1 => "sha1",
        Bank::Sha256 => "sha256",
        Bank::Sha384 => "sha384",
        Bank::Sha512 => "sha512",
    }
}

fn change_first_digit(hex: &str) -> String {
    let first = if hex.starts_with('0') { '1' } else { '0' };
    hex.char_indices()
        .map(|(index, digit)| if index == 0 { first } else { digit })
        .collect()
}

/// The text as staged and the digest as committed.
pub fn damaged(text: &str, damage: Option<Damage>) -> (Vec<u8>, String) {
    use sha2::{Digest, Sha256};
    let hex = |bytes: &[u8]| -> String { format!("{:064x}", Sha256::digest(bytes)) };
    let mut staged = text.as_bytes().to_vec();
    let mut digest = hex(&staged);
    match damage {
        None => {}
        Some(Damage::Truncate(length)) => staged.truncate(length),
        Some(Damage::Flip(offset)) => {
            if let Some(byte) = staged.get_mut(offset) {
                *byte ^= 1;
            }
        }
        Some(Damage::Cut(count)) => {
            staged.truncate(staged.len().saturating_sub(count));
            digest = hex(&staged);
        }
        Some(Damage::ShortDigest(count)) => digest.truncate(digest.len().saturating_sub(count)),
    }
    (staged, digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str =
        "  sha1:\n    17: 0x00AB\n    18: 0x00CD\n  sha256:\n    17: 0xFF01\n    18: 0xFF02\n";

    #[test]
    fn tpm2_pcrread_is_read() {
        let pcrs = Pcrs::parse(OUTPUT).unwrap();
        assert_eq!(pcrs.get("sha1", 17), Some("00ab"));
        assert_eq!(pcrs.get("sha256", 18), Some("ff02"));
        assert_eq!(pcrs.get("sha384", 17), None);
        assert!(Pcrs::parse("ERROR: no TPM").is_err());
    }

    #[test]
    fn references_are_written() {
        let mut pins = Pins {
            from: None,
            banks: vec![Bank::Sha256],
            others: 0,
            wrong: None,
            only: None,
        };
        let pcrs = Pcrs::parse(OUTPUT).unwrap();
        assert_eq!(
            pins.text(&pcrs).unwrap(),
            "version 1 references\n# made from tpm2_pcrread\nlaunch \"this one\" {\n\
             \tpcr 17 sha256 ff01\n\tpcr 18 sha256 ff02\n}\n"
        );
        pins.wrong = Some(18);
        assert!(pins
            .text(&pcrs)
            .unwrap()
            .contains("pcr 17 sha256 ff01\n\tpcr 18 sha256 0f02"));
        pins.banks = vec![Bank::Sha512];
        assert!(pins.text(&pcrs).is_err());
    }

    #[test]
    fn damage_is_done_where_it_says() {
        // SHA-256 of "abc", FIPS 180-2 appendix B.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(damaged("abc", None), (b"abc".to_vec(), abc.to_owned()));
        assert_eq!(damaged("abc", Some(Damage::Flip(1))).0, b"acc");
        assert_eq!(
            damaged("abc", Some(Damage::Truncate(1))),
            (b"a".to_vec(), abc.to_owned())
        );
        assert_eq!(
            damaged("abcd", Some(Damage::Cut(1))),
            (b"abc".to_vec(), abc.to_owned())
        );
        assert_eq!(damaged("abc", Some(Damage::ShortDigest(2))).1, abc[..62]);
    }
}
