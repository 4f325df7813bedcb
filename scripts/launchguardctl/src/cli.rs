// SPDX-License-Identifier: GPL-2.0

//! The command line.

use clap::{Parser, Subcommand, ValueEnum};
use launchguard_pure::decode::digest::HashAlg;
use std::path::PathBuf;

/// Where the module shows itself.
const SYSFS: &str = "/sys/devices/faux/launchguard";

/// Decode, replay and judge the evidence of a measured launch, and talk to launchguard.ko.
///
/// Exit status: 0 good or well-formed, 1 not good, 2 wrong usage or unreadable input.
#[derive(Clone, Debug, Parser)]
#[command(name = "launchguardctl", version)]
pub struct Cli {
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// The module's sysfs directory
    #[arg(long, global = true, value_name = "DIR", default_value = SYSFS)]
    pub sysfs: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Say what the module found: verdict, reason, checks that do not pass
    Status,
    /// Explain a check: what it looks at, what its failure means, what to do
    Explain {
        /// The check's id, for example TXT-01
        id: String,
    },
    /// Print references for the launch that is running
    Enroll {
        /// Name of the launch; default: the running kernel's release
        #[arg(long)]
        name: Option<String>,
    },
    /// Check a policy or a references file without loading it
    Lint {
        /// The file; - for standard input
        file: PathBuf,
        /// What the file is; default: what its version line says
        #[arg(long = "as", value_name = "KIND")]
        kind: Option<TextKind>,
    },
    /// Put a policy or references in force
    Load {
        /// The file; - for standard input
        file: PathBuf,
        /// What the file is; default: what its version line says
        #[arg(long = "as", value_name = "KIND")]
        kind: Option<TextKind>,
    },
    /// Replay an event log: the PCR values that it leads to
    Replay {
        #[command(flatten)]
        log: LogFile,
    },
    /// Make one HTML page of evidence: verdict, chain, failing checks, log, memory map
    Report {
        #[command(flatten)]
        page: crate::commands::page::Arguments,
    },
    /// Show evidence in words
    Decode {
        /// What to decode
        #[command(subcommand)]
        what: Decode,
    },
}

/// An event log in a file.
#[derive(Clone, Debug, clap::Args)]
pub struct LogFile {
    /// The log, in any format; - for standard input
    pub file: PathBuf,
    /// Offset of the first record, in bytes; a TPM 1.2 container says it itself
    #[arg(long, value_name = "OFFSET", default_value_t = 0)]
    pub first: u32,
    /// Offset behind the last record, in bytes; default: where nothing but zeros follows
    #[arg(long, value_name = "OFFSET")]
    pub next: Option<u32>,
    /// Take the file for a legacy log of this algorithm; default: what the file looks like
    #[arg(long, value_name = "ALG")]
    pub alg: Option<Alg>,
}

/// The algorithm of a legacy log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Alg {
    /// SHA-1
    Sha1,
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
    /// SM3-256
    Sm3,
}

impl From<Alg> for HashAlg {
    fn from(alg: Alg) -> Self {
        match alg {
            Alg::Sha1 => Self::Sha1,
            Alg::Sha256 => Self::Sha256,
            Alg::Sha384 => Self::Sha384,
            Alg::Sha512 => Self::Sha512,
            Alg::Sm3 => Self::Sm3,
        }
    }
}

/// Evidence to decode.
#[derive(Clone, Debug, Subcommand)]
pub enum Decode {
    /// A dump of the TXT public space at 0xfed30000, 4 KiB or more
    Registers {
        /// The dump; - for standard input
        file: PathBuf,
    },
    /// A copy of the TXT heap
    Heap {
        /// The copy; - for standard input
        file: PathBuf,
    },
    /// An authenticated code module, or the start of one
    Acm {
        /// The module; - for standard input
        file: PathBuf,
    },
    /// An event log
    Eventlog {
        #[command(flatten)]
        log: LogFile,
    },
    /// A value of TXT.ERRORCODE
    Errorcode {
        /// The value, 32 bits: decimal, or hexadecimal with 0x
        #[arg(value_parser = parse_value)]
        value: u32,
    },
}

/// The owner's two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TextKind {
    /// The guard policy.
    Policy,
    /// The references: launches that the owner expects.
    References,
}

impl TextKind {
    /// Its name, also that of its sysfs file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::References => "references",
        }
    }
}

fn parse_value(text: &str) -> Result<u32, String> {
    let hexadecimal = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    let value = match hexadecimal {
        // from_str_radix takes a sign, which is no digit.
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            u32::from_str_radix(digits, 16)
        }
        Some(_) => return Err("not hexadecimal".to_owned()),
        None => text.parse(),
    };
    value.map_err(|error| error.to_string())
}
