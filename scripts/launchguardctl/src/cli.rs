// SPDX-License-Identifier: GPL-2.0

//! The command line.

use clap::{Parser, Subcommand, ValueEnum};
use launchguard_pure::decode::digest::HashAlg;
use std::path::PathBuf;
use std::time::Duration;

/// Where the module shows itself.
const SYSFS: &str = "/sys/devices/faux/launchguard";
/// Where the kernels' modules are, in a directory for each release.
const MODULES: &str = "/lib/modules";

/// Decode, replay and judge the evidence of a measured launch, and talk to launchguard.ko.
///
/// Exit status: 0 good or well-formed, 1 not good, 2 wrong usage or unreadable input. A file that ends
/// inside a structure is unreadable; one that can be read, and whose content is wrong, is not good.
#[derive(Clone, Debug, Parser)]
#[command(name = "launchguardctl", version)]
pub struct Cli {
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// The module's sysfs directory
    #[arg(long, global = true, value_name = "DIR", default_value = SYSFS)]
    pub sysfs: PathBuf,
    /// The kernels' modules, to see for which of them launchguard is installed
    #[arg(long, global = true, value_name = "DIR", default_value = MODULES)]
    pub modules: PathBuf,
    /// When to use colours; also NO_COLOR and CLICOLOR_FORCE count
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Say what the module found: verdict, reason, checks that do not pass
    Status {
        /// Form of the answer; --json is the same as json
        #[arg(
            long,
            value_name = "FORM",
            default_value = "text",
            conflicts_with = "json"
        )]
        format: Form,
        /// Make an entry in the system's journal, too
        #[arg(long)]
        journal: bool,
    },
    /// Explain a check: what it looks at, what its failure means, what to do
    Explain {
        /// The check's id, for example TXT-01; without one all checks are listed
        id: Option<String>,
    },
    /// Print references for the launch that is running, if it is good by the policy alone
    Enroll {
        /// Name of the launch; default: the running kernel's release
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        floor: crate::commands::verify::Floor,
    },
    /// Print references for the next launch by tboot, from the log of the present one and the files that
    /// change
    Predict {
        #[command(flatten)]
        next: crate::commands::predict::Arguments,
    },
    /// Print references without the launches that are over: those that are not the running one
    Prune {
        /// The references; - for standard input
        references: PathBuf,
    },
    /// Check a policy or a references file without loading it
    Lint {
        /// The file; - for standard input
        file: PathBuf,
        /// What the file is; default: what its version line says
        #[arg(long = "as", value_name = "KIND")]
        kind: Option<TextKind>,
        /// Exit with status 1 for warnings, too
        #[arg(long)]
        strict: bool,
        /// Compare references with the launch in this evidence; default: that of this machine, if
        /// there is one
        #[arg(long, value_name = "EVIDENCE")]
        evidence: Option<PathBuf>,
    },
    /// Say what a policy would do with each IOMMU group of this machine, without loading it
    DryRun {
        /// The policy; - for standard input
        policy: PathBuf,
    },
    /// Check that references are those that their owner signed, and not older than a counter in the TPM
    Verify {
        #[command(flatten)]
        signed: crate::commands::verify::Arguments,
    },
    /// Put a policy or references in force
    Load {
        /// The file; - for standard input
        file: PathBuf,
        /// What the file is; default: what its version line says
        #[arg(long = "as", value_name = "KIND")]
        kind: Option<TextKind>,
        /// Only if they are references that this key's owner signed, as verify has it
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// The signature; default: the file's name with .minisig behind it
        #[arg(long, value_name = "FILE", requires = "key")]
        signature: Option<PathBuf>,
        #[command(flatten)]
        floor: crate::commands::verify::Floor,
    },
    /// Judge the evidence of a machine again, here
    Judge {
        /// The evidence, from the module's file of that name; - for standard input
        evidence: PathBuf,
        /// Judge by this policy; default: the one in the evidence
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// Judge by these references; default: those in the evidence
        #[arg(long, value_name = "FILE")]
        references: Option<PathBuf>,
        /// List the checks that pass and those that do not apply, too
        #[arg(long)]
        all: bool,
    },
    /// Print a line for the judgement, and for every change of it
    Watch {
        /// Leave after the first change
        #[arg(long)]
        once: bool,
        /// Look so often, in seconds, beside waking up when the module says so
        #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_seconds)]
        interval: Duration,
        /// Tell of the module's events, too: faults, groups that are blocked, texts that come in force
        #[arg(long)]
        events: bool,
        /// Make entries in the system's journal, of judgements and of events, instead of printing lines
        #[arg(long, conflicts_with = "json")]
        journal: bool,
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
    /// Print the completion of a shell
    Completion {
        /// The shell
        shell: CompletedShell,
    },
    /// Print the manual page
    Man {
        /// Write a page for each command here instead
        #[arg(long, value_name = "DIR")]
        directory: Option<PathBuf>,
    },
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Lines for people
    Text,
    /// JSON
    Json,
    /// Metrics for node_exporter's textfile collector
    Prometheus,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Makes it the choice of everything that prints.
    pub fn apply(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// A shell whose completion can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompletedShell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

impl From<CompletedShell> for clap_complete::Shell {
    fn from(shell: CompletedShell) -> Self {
        match shell {
            CompletedShell::Bash => Self::Bash,
            CompletedShell::Zsh => Self::Zsh,
            CompletedShell::Fish => Self::Fish,
        }
    }
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
    /// An authenticated code module
    Acm {
        /// The module; - for standard input
        file: PathBuf,
    },
    /// A launch control policy (contents of NV index PS or PO), or a policy data file
    Lcp {
        /// The policy or data file; - for standard input
        file: PathBuf,
    },
    /// The header of a measured launch environment, at the start of a file or in a launcher's image
    Mle {
        /// The header or the image; - for standard input
        file: PathBuf,
    },
    /// A Secure Launch resource table, in either layout
    Slrt {
        /// The table, or the memory that it starts; - for standard input
        file: PathBuf,
    },
    /// The ACPI table of the IOMMUs
    Dmar {
        /// The table, for example /sys/firmware/acpi/tables/DMAR; - for standard input
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

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "no number".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if duration >= Duration::from_millis(10) => Ok(duration),
        _ => Err("0.01 seconds at least".to_owned()),
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
