// SPDX-License-Identifier: GPL-2.0
//! A guest that prints what the tests compare: PCRs, txt-stat, kernel messages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use launchguard_bed::launch::{Config, Exit, Machine, TempFolder};

const INIT: &str = r#"#!/bin/busybox sh
/bin/busybox mkdir -p /bin /proc /sys /dev
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
dmesg -n 1
dmesg | grep -E 'tboot: |TPM'
echo "CPUS $(nproc)"
for f in /sys/class/tpm/tpm0/pcr-*/1[78]; do echo "PCR $f $(cat $f)"; done
/bin/txt-stat 2>&1 | grep -E 'TXT measured launch|secrets flag set'
devmem 0xfed30000 32
echo "GUEST READY"
case "$(cat /proc/cmdline)" in
*test.txt-reset*) devmem 0xfed20038 8 1; sleep 60;;
*test.stay*) sleep 600;;
*test.reboot*) reboot -f;;
esac
poweroff -f
"#;

fn cpio_entry(out: &mut Vec<u8>, name: &str, mode: u32, data: &[u8]) {
    let fields = [
        0,
        mode,
        0,
        0,
        1,
        0,
        data.len() as u32,
        0,
        0,
        0,
        0,
        name.len() as u32 + 1,
        0,
    ];
    out.extend_from_slice(b"070701");
    for field in fields {
        out.extend_from_slice(format!("{field:08x}").as_bytes());
    }
    for part in [name.as_bytes(), b"\0"] {
        out.extend_from_slice(part);
    }
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// Writes the initial RAM disk: busybox, txt-stat and what that is linked with.
pub fn initrd(path: &Path) {
    let mut out = Vec::new();
    let mut folders = std::collections::BTreeSet::new();
    let mut files = vec![
        ("/bin/busybox".to_string(), "/usr/bin/busybox".to_string()),
        (
            "/bin/txt-stat".to_string(),
            "/usr/sbin/txt-stat".to_string(),
        ),
    ];
    let ldd = Command::new("ldd")
        .arg("/usr/sbin/txt-stat")
        .output()
        .expect("ldd");
    for word in String::from_utf8_lossy(&ldd.stdout).split_whitespace() {
        if word.starts_with('/') {
            files.push((word.into(), word.into()));
        }
    }
    for (target, _) in &files {
        let mut folder = Path::new(target).parent();
        while let Some(name) = folder.filter(|f| *f != Path::new("/")) {
            folders.insert(name.to_owned());
            folder = name.parent();
        }
    }
    for folder in folders {
        cpio_entry(&mut out, &folder.display().to_string()[1..], 0o40755, &[]);
    }
    for (target, source) in files {
        let data = std::fs::read(&source).expect(&source);
        cpio_entry(&mut out, &target[1..], 0o100755, &data);
    }
    cpio_entry(&mut out, "init", 0o100755, INIT.as_bytes());
    cpio_entry(&mut out, "TRAILER!!!", 0, &[]);
    std::fs::write(path, out).expect("initrd");
}

/// The kernel that `LAUNCHGUARD_KERNEL` names.
pub fn kernel() -> PathBuf {
    std::env::var_os("LAUNCHGUARD_KERNEL")
        .expect("LAUNCHGUARD_KERNEL names the bzImage to boot")
        .into()
}

pub fn config(folder: &TempFolder) -> Config {
    let launch = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../launch"));
    let ram_disk = folder.path().join("test-initrd");
    if !ram_disk.exists() {
        initrd(&ram_disk);
    }
    Config {
        kernel: kernel(),
        // a loaded host is late with interrupts: the kernel must not give up on its timer
        kernel_args: "console=ttyS0 iomem=relaxed no_timer_check".into(),
        initrd: Some(ram_disk),
        stage: launch.join("stage.bin"),
        opcode_lists: launch.join("tboot"),
        ..Config::default()
    }
}

/// tboot's last words.
const HANDED_OVER: &str = "transfering control to kernel";

/// Eight emulated CPUs on a loaded two-core host.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// PCR lines of the guest: ("sha256", 17) to the value.
pub fn pcrs(serial: &str) -> BTreeMap<(String, u32), Vec<u8>> {
    let mut all = BTreeMap::new();
    for line in serial.lines() {
        let Some((path, value)) = line
            .trim()
            .strip_prefix("PCR /sys/class/tpm/tpm0/pcr-")
            .and_then(|l| l.split_once(' '))
        else {
            continue;
        };
        let (bank, index) = path.split_once('/').expect("bank/index");
        let bytes = (0..value.len() / 2)
            .map(|i| u8::from_str_radix(&value[2 * i..2 * i + 2], 16).expect("hex"))
            .collect();
        all.insert((bank.to_string(), index.parse().expect("index")), bytes);
    }
    all
}

/// Starts a machine and waits for the end of the guest's report; returns where that is in the serial text.
///
/// A kernel that got control and does not come up is started once more, as the runner does (see
/// `Guest::start`): the launch, which is what these tests are about, is over by then.
pub fn come_up(config: &Config) -> (Machine, usize) {
    let machine = Machine::start(config).expect("start");
    match machine.wait_serial("GUEST READY", 0, PATIENCE) {
        Ok(end) => return (machine, end),
        Err(error) => {
            let serial = machine.serial().expect("serial");
            assert!(serial.contains(HANDED_OVER), "{error:#}");
            println!("the kernel did not come up, starting it once more: {error:#}");
        }
    }
    drop(machine);
    let machine = Machine::start(config).expect("start");
    let end = machine
        .wait_serial("GUEST READY", 0, PATIENCE)
        .expect("report");
    (machine, end)
}

/// Boots to the end of the guest's report and the power-off behind it.
pub fn run(config: &Config) -> (Machine, String) {
    let (machine, _) = come_up(config);
    let exit = machine.wait(PATIENCE).expect("power-off");
    assert_eq!(exit, Exit::Shutdown);
    let serial = machine.serial().expect("serial");
    (machine, serial)
}
