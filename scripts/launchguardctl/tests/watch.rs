// SPDX-License-Identifier: GPL-2.0

//! `watch`, metrics, completion and manual page.

mod common;

use common::{directory, run, set, sysfs, with_sysfs};
use launchguard_host_tests::fixture::Machine;
use launchguard_pure::verify::catalogue::CheckId;
use serde_json::{json, Value};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Starts `watch` with `more` and gives its lines one by one.
fn watch(
    device: &TempDir,
    more: &[&str],
    mut each: impl FnMut(usize, Value),
) -> (Option<i32>, usize) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_launchguardctl"))
        .arg("--sysfs")
        .arg(device.path())
        .args(["--json", "watch", "--interval", "0.02"])
        .args(more)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command can be run");
    let out = child.stdout.take().expect("a pipe");
    let mut count = 0;
    for line in BufReader::new(out).lines() {
        let line = line.expect("UTF-8");
        each(count, serde_json::from_str(&line).expect("a JSON line"));
        count += 1;
    }
    (child.wait().expect("it ends").code(), count)
}

#[test]
fn every_change_is_a_line() {
    let device = sysfs(&Machine::launched());
    let (status, lines) = watch(&device, &[], |line, value| match line {
        0 => {
            assert_eq!(value["verdict"], "unpinned");
            assert_eq!(value["before"], Value::Null);
            assert_eq!(value["changes"], json!([]));
            set(&device, "reason", "TXT-02");
            set(&device, "checks/TXT-02", "fail");
            set(&device, "verdict", "failed");
            set(&device, "generation", "8");
        }
        _ if value["gone"] == true => {}
        // The files change one after the other here: the last line has it all.
        _ if value["generation"] == 8 && value["verdict"] == "failed" => {
            assert_eq!(value["reason"], json!(["TXT-02"]));
            std::fs::remove_file(device.path().join("generation")).expect("removed");
        }
        _ => {}
    });
    assert_eq!(status, Some(1));
    assert!(lines >= 3, "{lines} lines");
}

#[test]
fn once_leaves_after_the_first_change() {
    let device = sysfs(&Machine::launched());
    let (status, lines) = watch(&device, &["--once"], |line, value| {
        if line == 0 {
            // A publication that says the same is no change.
            set(&device, "generation", "8");
            std::thread::sleep(std::time::Duration::from_millis(100));
            set(&device, "verdict", "verified");
        } else {
            assert_eq!(value["before"], "unpinned");
            assert_eq!(value["verdict"], "verified");
        }
    });
    assert_eq!((status, lines), (Some(0), 2));
}

#[test]
fn metrics_say_what_status_says() {
    let device = sysfs(&Machine::launched());
    set(&device, "verdict", "failed");
    set(&device, "checks/TPM-04", "fail");
    set(&device, "waivers", "HEAP-05");
    let status = run(&with_sysfs(&device, &["status", "--format", "prometheus"]));
    assert_eq!(status.status, Some(1), "{status:?}");
    let has = |line: &str| {
        let found = status.stdout.lines().filter(|found| *found == line).count();
        assert_eq!(found, 1, "{line} in:\n{}", status.stdout);
    };
    has("# TYPE launchguard_verdict gauge");
    has("launchguard_verdict{verdict=\"failed\"} 1");
    has("launchguard_verdict{verdict=\"verified\"} 0");
    has("launchguard_generation 7");
    has("launchguard_launcher_info{launcher=\"tboot\"} 1");
    has("launchguard_check_outcome{check=\"TPM-04\",severity=\"critical\",outcome=\"fail\"} 1");
    has("launchguard_check_outcome{check=\"TPM-04\",severity=\"critical\",outcome=\"pass\"} 0");
    has("launchguard_check_waived{check=\"HEAP-05\"} 1");
    has("launchguard_check_waived{check=\"HEAP-06\"} 0");
    // Every line is a comment or a sample: name, perhaps labels, a number; and every metric has its
    // help and its type in front of it (Prometheus, exposition formats).
    let mut described = Vec::new();
    for line in status.stdout.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            described.push(rest.split(' ').next().unwrap_or_default().to_owned());
        } else if !line.starts_with('#') {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            let name = name.split('{').next().unwrap_or_default();
            assert!(described.iter().any(|known| known == name), "{line}");
            assert!(value.parse::<u64>().is_ok(), "{line}");
        }
    }
    assert_eq!(described.len(), 11);
    let outcomes = status.stdout.matches("launchguard_check_outcome{").count();
    assert_eq!(outcomes, CheckId::COUNT * 4);
}

#[test]
fn completion_and_manual_know_every_command() {
    let help = run(&["help"]).stdout;
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .collect();
    assert!(commands.contains(&"judge"), "{commands:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completion", shell]);
        assert_eq!(script.status, Some(0), "{script:?}");
        for command in &commands {
            assert!(script.stdout.contains(command), "{shell}: {command}");
        }
    }
    let syntax = Command::new("bash")
        .args(["-n", "/dev/stdin"])
        .stdin(Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            use std::io::Write;
            let script = run(&["completion", "bash"]).stdout;
            let mut input = child.stdin.take().expect("a pipe");
            input.write_all(script.as_bytes())?;
            drop(input);
            child.wait()
        });
    assert!(syntax.expect("bash").success());
    let place = directory();
    let path = place.path().to_str().expect("UTF-8");
    let man = run(&["man", "--directory", path]);
    assert_eq!(man.status, Some(0), "{man:?}");
    for command in &commands {
        let page = place.path().join(format!("launchguardctl-{command}.1"));
        let page = std::fs::read_to_string(&page).unwrap_or_else(|_| panic!("{command}"));
        assert!(page.contains(".TH"), "{command}");
    }
    assert!(run(&["man"]).stdout.contains("Exit status"));
}

#[test]
fn colours_are_for_terminals() {
    let device = sysfs(&Machine::launched());
    let plain = run(&with_sysfs(&device, &["status"]));
    assert!(!plain.stdout.contains('\u{1b}'), "{plain:?}");
    let painted = run(&with_sysfs(&device, &["status", "--color", "always"]));
    assert!(painted.stdout.contains("\u{1b}["), "{painted:?}");
}
