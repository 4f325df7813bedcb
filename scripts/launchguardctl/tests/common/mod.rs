// SPDX-License-Identifier: GPL-2.0

//! Runs the command, and builds what it reads.

#![allow(dead_code, reason = "each test program uses a part")]

use launchguard_host_tests::exercise::evidence::written;
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::verify::catalogue::CheckId;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A public key of minisign's.
pub const KEY: &str = "untrusted comment: minisign public key C2C1CA121C129D99\n\
    RWSZnRIcEsrBwrYLbZ5mndEIE362GcEmX4dPO8SntD91Tq3FkDNKxnwK\n";

/// What a run of the command gave.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its exit status; `None` when a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Run {
    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

/// Runs `launchguardctl ARGUMENTS`.
pub fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_launchguardctl"))
        .args(arguments)
        .output()
        .expect("the command can be run");
    Run {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A directory that is removed in the end.
pub fn directory() -> TempDir {
    TempDir::new().expect("a temporary directory")
}

/// Writes a file and gives its path.
pub fn file(directory: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = directory.path().join(name);
    let parent = path.parent().expect("a file has a directory");
    fs::create_dir_all(parent).expect("a directory can be made");
    fs::write(&path, bytes).expect("a file can be written");
    path
}

/// Evidence of `machine`, judged by the texts that it carries.
pub fn evidence(machine: &Machine, policy: Option<&str>, references: Option<&str>) -> Vec<u8> {
    written(&machine.facts(), policy, references)
}

/// A directory as the module shows itself: `machine` judged without references.
pub fn sysfs(machine: &Machine) -> TempDir {
    let directory = directory();
    let judged = machine.judge("", None);
    let lines = |text: &str| format!("{text}\n");
    let reason: Vec<&str> = judged.reasons().map(|check| check.name()).collect();
    file(&directory, "verdict", lines(judged.verdict.word()));
    file(&directory, "reason", lines(&reason.join(" ")));
    file(&directory, "generation", "7\n");
    file(&directory, "launcher", lines(judged.launcher.word()));
    file(&directory, "waivers", "\n");
    file(&directory, "references_serial", "0\n");
    for check in CheckId::ALL {
        let word = judged.outcome(check).word();
        file(&directory, &format!("checks/{check}"), lines(word));
    }
    let tpm = machine.tpm.as_ref().expect("a TPM");
    for alg in HashAlg::ALL
        .into_iter()
        .filter(|alg| tpm.is_allocated(*alg))
    {
        for pcr in 17..=22 {
            let name = format!("measurements/pcr{pcr}_{alg}");
            if let Some(value) = tpm.pcr(alg, pcr) {
                file(&directory, &name, lines(&value.to_string()));
            }
        }
    }
    for name in [
        "groups",
        "blocked",
        "confined",
        "exposed",
        "faults",
        "faults_unattributed",
    ] {
        file(&directory, &format!("dma/{name}"), "0\n");
    }
    file(&directory, "dma/exposed_devices", "");
    file(&directory, "event_log", exported_log(machine));
    file(&directory, "evidence", evidence(machine, None, None));
    for name in ["policy", "references", "commit", "policy_error"] {
        file(&directory, name, "");
    }
    directory
}

/// The logs as the module exports them: what is in use of each, one behind the other.
pub fn exported_log(machine: &Machine) -> Vec<u8> {
    let first = machine.log.as_deref().unwrap_or_default();
    let first = (first, machine.log_next);
    let further = machine.further_logs.iter();
    let further = further.map(|log| (log.bytes.as_slice(), log.next));
    std::iter::once(first)
        .chain(further)
        .flat_map(|(bytes, next)| bytes.get(..next as usize).unwrap_or_default())
        .copied()
        .collect()
}

/// Makes `name` a file that is made anew for each reading: `content` is given its number, from 0.
pub fn fifo(directory: &TempDir, name: &str, content: impl Fn(usize) -> Vec<u8> + Send + 'static) {
    let path = directory.path().join(name);
    // Takes the place of what is there at once: somebody always finds a file.
    let next = move |path: &Path| {
        let new = path.with_extension("next");
        let made = Command::new("mkfifo").arg(&new).status();
        assert!(made.expect("mkfifo can be run").success());
        fs::rename(&new, path).expect("a file can be renamed");
    };
    next(&path);
    // The thread waits for a reader in the end, and goes with the test.
    std::thread::spawn(move || {
        for reading in 0.. {
            let Ok(mut pipe) = fs::OpenOptions::new().write(true).open(&path) else {
                return;
            };
            // One reader has this one, and the next one gets another: neither reads on in what is the other's.
            if path.parent().is_some_and(Path::exists) {
                next(&path);
            }
            pipe.write_all(&content(reading)).ok();
        }
    });
}

/// Sets a file of such a directory. Who reads it sees the old text or the new one, as in sysfs.
pub fn set(directory: &TempDir, name: &str, text: &str) {
    let path = directory.path().join(name);
    fs::create_dir_all(path.parent().expect("a file has a directory"))
        .expect("a directory can be made");
    let new = file(directory, ".new", format!("{text}\n"));
    fs::rename(new, path).expect("a file can be renamed");
}

/// Its text.
pub fn get(directory: &TempDir, name: &str) -> String {
    fs::read_to_string(directory.path().join(name)).expect("a file can be read")
}

/// `--sysfs DIRECTORY` and more arguments.
pub fn with_sysfs<'a>(directory: &'a TempDir, arguments: &[&'a str]) -> Vec<&'a OsStr> {
    let path: &Path = directory.path();
    let mut all: Vec<&OsStr> = vec!["--sysfs".as_ref(), path.as_os_str()];
    all.extend(arguments.iter().map(|argument| OsStr::new(*argument)));
    all
}
