// SPDX-License-Identifier: GPL-2.0
//! Measurements that the module publishes against their independent sources on the host.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, Context, Result};
use launchguard_bed::launch::Config;
use serde::Deserialize;

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// `measurements/mle` with what Debian's `lcp2_mlehash` computes from the launcher's file.
    Mle,
    /// `measurements/sinit` with the published hash of the emulated SINIT module.
    Sinit,
}

impl What {
    /// The file below the module's folder that holds the published value.
    pub fn file(self) -> &'static str {
        match self {
            Self::Mle => "measurements/mle",
            Self::Sinit => "measurements/sinit",
        }
    }

    /// The value that it must have, in hex.
    pub fn expected(self, config: &Config, checkout: &Path) -> Result<String> {
        match self {
            Self::Mle => mle_hash(config),
            Self::Sinit => published_sinit(checkout),
        }
    }
}

fn mle_hash(config: &Config) -> Result<String> {
    let output = Command::new("lcp2_mlehash")
        .args([
            "--create",
            "--alg",
            "sha256",
            "--cmdline",
            &config.tboot_args,
        ])
        .arg(&config.tboot)
        .output()
        .context("lcp2_mlehash (package tboot)")?;
    // "78 5f .. " or "785f..": the digits are what counts.
    let text = String::from_utf8(output.stdout)?;
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    if !output.status.success() || digits.len() != 64 {
        bail!(
            "lcp2_mlehash said: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(digits.to_ascii_lowercase())
}

/// The line `measurement VALUE` of the list of published hashes.
fn published_sinit(checkout: &Path) -> Result<String> {
    let path = checkout.join("selftests/launch/sinit/SHA256");
    let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("measurement "))
        .with_context(|| format!("{} has no measurement", path.display()))?;
    Ok(value.trim().to_ascii_lowercase())
}
