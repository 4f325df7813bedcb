// SPDX-License-Identifier: GPL-2.0
//! Where things are: the checkout, the kernels of the toolchain root, the folder for logs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};

/// How many runs keep their logs.
const RUNS_KEPT: usize = 5;

/// The folder for what outlives a checkout: `${XDG_CACHE_HOME:-~/.cache}/launchguard`.
pub fn cache() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(base.join("launchguard"))
}

/// The checkout that holds the current folder.
pub fn checkout() -> Result<PathBuf> {
    let here = env::current_dir()?;
    here.ancestors()
        .find(|folder| folder.join("selftests/scenarios").is_dir())
        .map(Path::to_owned)
        .context("run this inside a checkout of launchguard")
}

/// The name of the debug kernel, which is never one of `all`.
pub const DEBUG: &str = "debug";

/// A kernel to boot.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// `7.3.4+deb13-amd64`
    pub release: String,
    /// The bzImage.
    pub image: PathBuf,
    /// The folder of its modules.
    pub modules: PathBuf,
    /// launchguard.ko built for it.
    pub module: PathBuf,
    /// Whether it is the debug kernel.
    pub debug: bool,
}

impl Kernel {
    /// The series, `7.3`, or `debug`: short enough for a test's name.
    pub fn series(&self) -> String {
        if self.debug {
            return DEBUG.into();
        }
        self.release
            .split('.')
            .take(2)
            .collect::<Vec<_>>()
            .join(".")
    }

    /// How many times as long everything may take on it: the debug kernel looks at each of its memory
    /// accesses and locks.
    pub const fn pace(&self) -> u32 {
        if self.debug {
            4
        } else {
            1
        }
    }

    /// What it needs on its command line: reports must not push each other out of its log, and with five
    /// levels of tables KASAN takes an early interrupt's accesses for wild ones, for as long as the kernel
    /// has forgotten what its processor can (identify_cpu()); that report switches lockdep off.
    pub const fn args(&self) -> &'static str {
        if self.debug {
            "log_buf_len=4M no5lvl"
        } else {
            ""
        }
    }
}

/// The SDKs' kernels for which a module was built, newest first; only `wanted` (a release, a series or
/// [`DEBUG`]) unless that is `all`.
pub fn kernels(checkout: &Path, wanted: &str) -> Result<Vec<Kernel>> {
    let (folder, how) = if wanted == DEBUG {
        ("debug/current", "`make test KERNEL=debug` makes it")
    } else {
        ("current", "`make sdk` makes them")
    };
    let list = cache()?.join(folder);
    let text = fs::read_to_string(&list)
        .with_context(|| format!("{}: there is no SDK yet, {how}", list.display()))?;
    let mut found = Vec::new();
    let mut without_module = Vec::new();
    for line in text.lines() {
        let Some((series, sdk)) = line.split_once(' ') else {
            continue;
        };
        let sdk = Path::new(sdk.trim());
        let release = fs::read_to_string(sdk.join("release"))
            .with_context(|| format!("{}", sdk.display()))?
            .trim()
            .to_owned();
        if ![release.as_str(), series, "all"].contains(&wanted) {
            continue;
        }
        let module = checkout.join("out").join(&release).join("launchguard.ko");
        if module.is_file() {
            found.push(Kernel {
                image: sdk.join("vmlinuz"),
                modules: sdk.join("lib/modules").join(&release),
                release,
                module,
                debug: series == DEBUG,
            });
        } else {
            without_module.push(release);
        }
    }
    if let [first, ..] = without_module.as_slice() {
        bail!("out/{first}/launchguard.ko is missing: `make` builds the module for each kernel");
    }
    if found.is_empty() {
        bail!("{} has no kernel {wanted}", list.display());
    }
    found.sort_by_key(|kernel| std::cmp::Reverse(version(&kernel.release)));
    Ok(found)
}

/// The numbers that a release starts with, for sorting.
fn version(release: &str) -> Vec<u32> {
    release
        .split(|letter: char| !letter.is_ascii_digit())
        .map_while(|part| part.parse().ok())
        .take(3)
        .collect()
}

/// Whether the run that made the folder is still going on; its name holds the process.
fn in_use(folder: &Path) -> bool {
    let process = folder
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.split('-').nth(1));
    process.is_some_and(|process| Path::new("/proc").join(process).is_dir())
}

/// A new folder for the logs of this run, with `latest` pointing at it; old ones are removed.
pub fn run_folder() -> Result<PathBuf> {
    let runs = cache()?.join("runs");
    fs::create_dir_all(&runs).with_context(|| format!("{}", runs.display()))?;
    let mut old: Vec<_> = fs::read_dir(&runs)?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    old.sort();
    for (_, folder) in old.iter().rev().skip(RUNS_KEPT - 1) {
        if in_use(folder) {
            continue;
        }
        fs::remove_dir_all(folder).ok();
    }
    let name = (1u32..)
        .map(|number| format!("run-{}-{number}", std::process::id()))
        .find(|name| !runs.join(name).exists())
        .context("a name for this run")?;
    let folder = runs.join(&name);
    fs::create_dir(&folder)?;
    let link = runs.join("latest");
    fs::remove_file(&link).ok();
    std::os::unix::fs::symlink(&name, &link).ok();
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_goes_on_keeps_its_folder() {
        let own = format!("run-{}-1", std::process::id());
        assert!(in_use(&Path::new("/runs").join(own)));
        // Beyond the largest process id that Linux gives.
        assert!(!in_use(Path::new("/runs/run-4194305-1")));
        assert!(!in_use(Path::new("/runs/latest")));
    }

    #[test]
    fn releases_sort_by_number() {
        assert!(version("7.10.1+deb13-amd64") > version("7.9.12+deb13-amd64"));
        assert_eq!(version("7.3.4+deb13-amd64"), [7, 3, 4]);
    }
}
