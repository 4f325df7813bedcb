// SPDX-License-Identifier: GPL-2.0

//! The running kernel, and the kernels of this machine for which the module is installed.

use serde_json::{json, Value};
use std::cmp::Ordering;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// The running kernel's release.
pub const RELEASE: &str = "/proc/sys/kernel/osrelease";
/// Names of the module below a kernel's `updates`, where packages put it.
const NAMES: [&str; 4] = [
    "launchguard.ko",
    "launchguard.ko.xz",
    "launchguard.ko.zst",
    "launchguard.ko.gz",
];

/// Kernels by their releases, such as `7.3.4+deb13-amd64`.
#[derive(Debug)]
pub struct Kernels {
    running: Option<String>,
    /// Those with an installed module, oldest first.
    installed: io::Result<Vec<String>>,
}

impl Kernels {
    /// What `modules`, a directory with one for each release, holds.
    pub fn find(modules: &Path) -> Self {
        Self {
            running: fs::read_to_string(RELEASE)
                .ok()
                .map(|release| release.trim().to_owned()),
            installed: installed(modules),
        }
    }

    /// All of it in a line.
    pub fn line(&self) -> String {
        let installed = match &self.installed {
            Ok(releases) if releases.is_empty() => "no module is installed".to_owned(),
            Ok(releases) => format!("module installed for {}", releases.join(", ")),
            Err(error) => format!("installed modules unknown: {error}"),
        };
        format!("{}; {installed}", self.name())
    }

    /// What somebody needs to know whose module is not loaded, in lines.
    pub fn advice(&self) -> String {
        let then = match &self.installed {
            Ok(releases) if releases.iter().any(|release| release == self.name()) => {
                "launchguard is installed for it; load it with: modprobe launchguard".to_owned()
            }
            Ok(releases) if releases.is_empty() => "launchguard is installed for no kernel".into(),
            Ok(releases) => format!(
                "launchguard is not installed for it, only for: {}",
                releases.join(", ")
            ),
            Err(error) => format!("which kernels have launchguard installed is unknown: {error}"),
        };
        format!("the running kernel is {}\n{then}\n", self.name())
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        json!({"running": self.running, "installed": self.installed.as_ref().ok()})
    }

    fn name(&self) -> &str {
        self.running.as_deref().unwrap_or("unknown")
    }
}

fn installed(modules: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(modules) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut releases = Vec::new();
    for entry in entries {
        let entry = entry?;
        let updates = entry.path().join("updates");
        if NAMES.iter().any(|name| updates.join(name).is_file()) {
            releases.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    releases.sort_by(|one, other| by_version(one, other));
    Ok(releases)
}

/// By the numbers in front, so that 7.10 is behind 7.9.
fn by_version(one: &str, other: &str) -> Ordering {
    let numbers = |release: &str| {
        release
            .split(|letter: char| !letter.is_ascii_digit())
            .map_while(|part| part.parse::<u32>().ok())
            .collect::<Vec<_>>()
    };
    numbers(one)
        .cmp(&numbers(other))
        .then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::by_version;

    #[test]
    fn releases_sort_by_number() {
        let mut releases = [
            "7.10.1+deb13-amd64",
            "7.2.12+deb13-amd64",
            "7.9.1-rt",
            "7.9.1",
        ];
        releases.sort_by(|one, other| by_version(one, other));
        let sorted = [
            "7.2.12+deb13-amd64",
            "7.9.1",
            "7.9.1-rt",
            "7.10.1+deb13-amd64",
        ];
        assert_eq!(releases, sorted);
    }
}
