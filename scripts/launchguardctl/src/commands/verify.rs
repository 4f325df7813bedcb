// SPDX-License-Identifier: GPL-2.0

//! `verify REFERENCES`: whether references are those that their owner signed.

use crate::counter;
use crate::input;
use crate::references;
use crate::report::{harmless, Report};
use anyhow::{anyhow, Context, Result};
use minisign_verify::{Error, PublicKey, Signature};
use serde_json::json;
use std::path::{Path, PathBuf};

/// What is verified, and by what.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The references; - for standard input
    pub references: PathBuf,
    /// The owner's public key, as minisign makes it
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Their signature, as minisign makes it; default: the file's name with .minisig behind it
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
    #[command(flatten)]
    pub floor: Floor,
}

/// The lowest serial number that is good.
#[derive(Clone, Debug, clap::Args)]
pub struct Floor {
    /// The owner's counter in the TPM: references with a lower serial number are refused
    #[arg(long, value_name = "INDEX", value_parser = parse_index)]
    pub nv_index: Option<u32>,
    /// The TPM's device
    #[arg(long, value_name = "FILE", default_value = "/dev/tpmrm0")]
    pub tpm: PathBuf,
}

impl Floor {
    /// The counter; 0 where none is named, and why there is none where one is.
    pub fn read(&self) -> Result<Result<u64, String>> {
        self.nv_index
            .map_or(Ok(Ok(0)), |index| counter::read(&self.tpm, index))
    }
}

/// An NV index of a TPM 2.0, whose handles begin with 1.
fn parse_index(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0x").ok_or("hexadecimal, with 0x")?;
    match u32::from_str_radix(digits, 16) {
        Ok(index) if index >> 24 == 1 && digits.len() <= 8 => Ok(index),
        _ => Err("an NV index, from 0x1000000 to 0x1ffffff".to_owned()),
    }
}

/// Says whether the references are good.
pub fn run(signed: &Arguments) -> Result<Report> {
    let text = input::read(&signed.references)?;
    let name = signed.references.display();
    Ok(match verify(&text, signed)? {
        Ok(verified) => Report {
            text: format!(
                "{name}: signed by the owner, serial {}; {}",
                verified.serial,
                harmless(&verified.comment)
            ),
            json: json!({
                "good": true,
                "serial": verified.serial,
                "floor": verified.floor,
                "comment": verified.comment,
                "error": null,
            }),
            good: true,
        },
        Err(Refused { why, floor }) => Report {
            text: format!("{name}: not verified: {why}"),
            json: json!({
                "good": false,
                "serial": null,
                "floor": floor,
                "comment": null,
                "error": why,
            }),
            good: false,
        },
    })
}

/// What is known of a text that the owner signed.
pub struct Verified {
    serial: u64,
    /// The counter, where one is named.
    floor: Option<u64>,
    /// The comment that is signed as well.
    comment: String,
}

/// Why a text is not good.
pub struct Refused {
    /// In words.
    pub why: String,
    /// The counter, where it was read.
    floor: Option<u64>,
}

impl Refused {
    fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            floor: None,
        }
    }
}

/// Verifies `text`, which was read from the file that `signed` names. The signature over the whole text
/// comes first: nothing else of what nobody has signed counts.
///
/// # Errors
///
/// When signature, key or counter cannot be read.
pub fn verify(text: &[u8], signed: &Arguments) -> Result<Result<Verified, Refused>> {
    let signature = match &signed.signature {
        Some(signature) => signature.clone(),
        None => {
            let mut name = signed.references.clone().into_os_string();
            name.push(".minisig");
            name.into()
        }
    };
    let signature = read_text(&signature)?;
    let key = read_text(&signed.key)?;
    let key = PublicKey::decode(&key)
        .map_err(|_| anyhow!("{}: no minisign public key", signed.key.display()))?;
    let mut verified = match check(text, &signature, &key) {
        Ok(verified) => verified,
        Err(why) => return Ok(Err(Refused::new(why))),
    };
    if signed.floor.nv_index.is_none() {
        return Ok(Ok(verified));
    }
    let floor = match signed.floor.read()? {
        Ok(floor) => floor,
        Err(why) => return Ok(Err(Refused::new(why))),
    };
    verified.floor = Some(floor);
    let serial = verified.serial;
    if serial < floor {
        return Ok(Err(Refused {
            why: format!("serial {serial} is below {floor}, the counter in the TPM"),
            floor: Some(floor),
        }));
    }
    Ok(Ok(verified))
}

fn check(text: &[u8], signature: &str, key: &PublicKey) -> Result<Verified, &'static str> {
    let Ok(signature) = Signature::decode(signature) else {
        return Err("its signature is none of minisign's");
    };
    // Signatures of the text itself, which minisign makes no more, are not taken.
    key.verify(text, &signature, false)
        .map_err(|error| match error {
            Error::UnexpectedKeyId => "it is signed with another key",
            Error::UnsupportedLegacyMode | Error::UnexpectedAlgorithm => {
                "its signature is of a kind that is not taken"
            }
            _ => "the signature is not that of this text",
        })?;
    let text = std::str::from_utf8(text).map_err(|_| "it is signed, and no text")?;
    let references =
        references::parse(text).map_err(|_| "it is signed, and not well-formed: see lint")?;
    Ok(Verified {
        serial: references.serial(),
        floor: None,
        comment: signature.trusted_comment().to_owned(),
    })
}

fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(input::read(path)?).with_context(|| path.display().to_string())
}
