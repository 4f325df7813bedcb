// SPDX-License-Identifier: GPL-2.0

//! Which kernels of a machine have the module, over a directory that looks like `/lib/modules`.

mod common;

use common::{directory, file, run, sysfs, with_sysfs};
use launchguard_host_tests::fixture::Machine;
use serde_json::json;
use std::fs;

/// Which kernels have the module is told when it is not loaded, and beside the verdict when it is.
#[test]
fn kernels_that_have_the_module_are_named() {
    let running = fs::read_to_string("/proc/sys/kernel/osrelease").expect("Linux");
    let running = running.trim();
    let modules = directory();
    let place = modules.path().to_str().expect("UTF-8").to_owned();
    let device = sysfs(&Machine::launched());
    let empty = directory();
    let absent = || run(&with_sysfs(&empty, &["status", "--modules", &place])).stderr;
    let status = |form| run(&with_sysfs(&device, &["status", "--modules", &place, form]));
    let line = || {
        let text = status("--color=never").stdout;
        let line = text.lines().find(|line| line.starts_with("kernel "));
        line.expect("a line for the kernel")["kernel ".len()..]
            .trim()
            .to_owned()
    };
    let installed = || status("--json").json()["kernel"]["installed"].clone();

    file(&modules, "7.4.0+deb13-amd64/updates/other.ko", "");
    let text = absent();
    let expected =
        format!("the running kernel is {running}\nlaunchguard is installed for no kernel\n");
    assert!(text.ends_with(&expected), "{text}");
    assert_eq!(line(), format!("{running}; no module is installed"));
    assert_eq!(installed(), json!([]));

    file(
        &modules,
        "7.10.1+deb13-amd64/updates/launchguard.ko.zst",
        "",
    );
    file(&modules, "7.9.2+deb13-amd64/updates/launchguard.ko.xz", "");
    let others = "7.9.2+deb13-amd64, 7.10.1+deb13-amd64";
    let text = absent();
    let expected = format!(
        "the running kernel is {running}\nlaunchguard is not installed for it, only for: {others}\n"
    );
    assert!(text.ends_with(&expected), "{text}");
    assert_eq!(line(), format!("{running}; module installed for {others}"));

    let own = format!("{running}/updates/launchguard.ko");
    file(&modules, &own, "");
    let text = absent();
    assert!(
        text.ends_with("load it with: modprobe launchguard\n"),
        "{text}"
    );
    let json = status("--json").json();
    assert_eq!(json["kernel"]["running"], running);
    let releases = json["kernel"]["installed"].as_array().map(Vec::len);
    assert_eq!(releases, Some(3), "{json}");

    // No directory at all is none installed; one that cannot be read is not known.
    let missing = modules.path().join("missing").display().to_string();
    let none = run(&with_sysfs(
        &device,
        &["status", "--json", "--modules", &missing],
    ));
    assert_eq!(none.json()["kernel"]["installed"], json!([]));
    let plain = modules.path().join(own).display().to_string();
    let unknown = run(&with_sysfs(
        &device,
        &["status", "--json", "--modules", &plain],
    ));
    assert!(
        unknown.json()["kernel"]["installed"].is_null(),
        "{unknown:?}"
    );
    let text = run(&with_sysfs(&empty, &["enroll", "--modules", &plain])).stderr;
    assert!(text.contains("is unknown: Not a directory"), "{text}");
}
