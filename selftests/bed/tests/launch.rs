// SPDX-License-Identifier: GPL-2.0
//! The emulated launch against independent sources: the TPM's own PCRs, Debian's
//! lcp2_mlehash and txt-stat, the published SINIT values. These boot machines:
//!
//! ```text
//! make -C selftests/launch
//! LAUNCHGUARD_KERNEL=/boot/vmlinuz-... cargo test -p launchguard-bed --test launch \
//!     -- --ignored --test-threads=1
//! ```

mod common;

use std::process::Command;

use common::{come_up, config, pcrs, run, PATIENCE};
use launchguard_bed::eventlog::{self, hash};
use launchguard_bed::launch::{Bank, Image, ImagePatch, Machine, Start, TempFolder};
use launchguard_bed::mutation::Mutation;
use launchguard_bed::sinit;
use launchguard_bed::tboot::hex;

const BANKS: [(&str, u16); 4] = [("sha1", 4), ("sha256", 11), ("sha384", 12), ("sha512", 13)];

const LAUNCHED: [&str; 5] = [
    "measured launch succeeded",
    "tboot: found shared page",
    "TXT measured launch: TRUE",
    "secrets flag set: TRUE",
    "executing GETSEC[SEXIT]",
];

fn mutation(text: &str) -> Mutation {
    let table: toml::Table = format!("m = {text}").parse().expect("TOML");
    table["m"].clone().try_into().expect("mutation")
}

fn mlehash(command_line: &str) -> String {
    let output = Command::new("lcp2_mlehash")
        .args(["--create", "--cmdline", command_line, "--alg", "sha256"])
        .arg("/boot/tboot.gz")
        .output()
        .expect("lcp2_mlehash");
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .replace(' ', "")
}

/// The good launch of one shape: replay in every bank, contents, order.
fn good(smp: u32, memory_mib: u32, banks: &[Bank]) -> Vec<u8> {
    let folder = TempFolder::new().expect("folder");
    let mut config = config(&folder);
    config.smp = smp;
    config.memory_mib = memory_mib;
    config.tpm = Some(banks.to_vec());
    config.no_reboot = true;
    let (machine, serial) = run(&config);
    for text in LAUNCHED {
        assert!(serial.contains(text), "{text:?} is missing:\n{serial}");
    }
    assert!(serial.contains(&format!("CPUS {smp}")));
    assert!(!serial.contains("verification of post-launch failed"));

    // memory and registers outlive the machine: the shutdown path leaves heap and log alone
    let log = eventlog::parse(&machine.event_log().expect("log")).expect("log");
    let replayed = log.replay().expect("replay");
    let read = pcrs(&serial);
    assert_eq!(read.len(), 2 * banks.len());
    for ((bank, pcr), value) in &read {
        let alg = BANKS.iter().find(|(n, _)| n == bank).expect("bank").1;
        assert_eq!(&replayed[&(alg, *pcr)], value, "PCR {pcr} {bank}");
    }

    let kinds = |pcr| -> Vec<u32> {
        let of = log.events.iter().filter(|e| e.pcr == pcr && e.kind < 0x500);
        of.map(|e| e.kind).collect()
    };
    assert_eq!(
        kinds(17),
        [0x402, 0x40a, 0x40b, 0x40c, 0x412, 0x40e, 0x40f, 0x404, 0x414]
    );
    assert_eq!(kinds(18), [0x410, 0x40b, 0x40c, 0x40f, 0x413, 0x414]);
    for event in log.events.iter().filter(|e| !e.data.is_empty()) {
        for digest in &event.digests {
            let expected = hash(digest.alg, &[&event.data]).expect("hash");
            assert_eq!(digest.bytes, expected, "event {:#x}", event.kind);
        }
    }
    let start = &log.events[0].data;
    assert_eq!(start[..32], sinit::measurement(&sinit::image()));
    assert_eq!(start[32..], [0; 4]);
    if let Some(mle) = log.digest(0x404, 11) {
        assert_eq!(hex(mle), mlehash(&config.tboot_args));
    }
    read.get(&("sha256".to_string(), 17))
        .cloned()
        .unwrap_or_default()
}

const DEFAULT: [Bank; 3] = [Bank::Sha1, Bank::Sha256, Bank::Sha384];

#[test]
#[ignore = "boots machines; make test runs it"]
fn any_number_of_cpus_and_any_memory_measure_the_same() {
    let first = good(1, 1024, &DEFAULT);
    for (smp, memory) in [(2, 512), (4, 2048), (8, 1024), (2, 4096)] {
        assert_eq!(
            good(smp, memory, &DEFAULT),
            first,
            "{smp} CPUs, {memory} MiB"
        );
    }
}

#[test]
#[ignore = "boots machines; make test runs it"]
fn other_banks() {
    good(1, 512, &[Bank::Sha256]);
    good(
        1,
        512,
        &[Bank::Sha1, Bank::Sha256, Bank::Sha384, Bank::Sha512],
    );
}

#[test]
#[ignore = "boots machines; make test runs it"]
fn reboots_launch_again_and_txt_reset_resets() {
    let folder = TempFolder::new().expect("folder");
    let mut config = config(&folder);
    config.kernel_args += " test.reboot";
    let (machine, first) = come_up(&config);
    let second = machine
        .wait_serial("GUEST READY", first, PATIENCE)
        .expect("second");
    let serial = machine.serial().expect("serial");
    assert_eq!(pcrs(&serial[..first]), pcrs(&serial[first..second]));
    assert_eq!(
        serial[..second]
            .matches("TXT measured launch: TRUE")
            .count(),
        2
    );
    assert!(machine.resets() >= 1);
    drop(machine);

    config.kernel_args = "console=ttyS0 iomem=relaxed no_timer_check test.txt-reset".into();
    let (machine, first) = come_up(&config);
    machine
        .wait_serial("STAGE: block at", first, PATIENCE)
        .expect("firmware again");
    assert!(machine.resets() >= 1);
    assert!(machine.chipset_log().iter().any(|l| l == "TXT.CMD.RESET"));
    // sticky until power is lost
    assert_eq!(machine.registers().read(8) & 1, 1);
}

#[test]
#[ignore = "boots machines; make test runs it"]
fn one_byte_of_an_image_changes_the_right_pcr() {
    let folder = TempFolder::new().expect("folder");
    let mut base = config(&folder);
    base.smp = 1;
    base.no_reboot = true;
    let good = pcrs(&run(&base).1);
    let patch = |image, offset: i64, text: Option<&str>| ImagePatch {
        image,
        offset,
        text: text.map(Into::into),
        xor: 0x20,
    };
    let changes = [
        patch(Image::Tboot, 0, Some("measured launch succeeded")),
        patch(Image::Sinit, 0x1f00, None),
        patch(Image::Initrd, 0, Some("GUEST READY")),
    ];
    for change in changes {
        let mut config = base.clone();
        config.image_patches = vec![change.clone()];
        let machine = Machine::start(&config).expect("start");
        machine
            .wait_serial("STAGE: GETSEC[SEXIT]", 0, PATIENCE)
            .expect("end");
        let changed = pcrs(&machine.serial().expect("serial"));
        let pcr = |n: u32| ("sha256".to_string(), n);
        assert_ne!(good[&pcr(17)], changed[&pcr(17)], "{change:?}");
        assert_eq!(good[&pcr(18)], changed[&pcr(18)], "{change:?}");
    }
}

#[test]
#[ignore = "boots machines; make test runs it"]
fn evidence_changes_before_the_kernel_and_under_it() {
    let folder = TempFolder::new().expect("folder");
    let mut config = config(&folder);
    config.kernel_args += " test.stay";
    config.before_kernel = vec![
        mutation(r#"{ register = "ERRORCODE", set = "0xc0008001" }"#),
        mutation(r#"{ at = "sinit-mle-data", offset = 4, xor = "01" }"#),
        mutation("{ log = { duplicate = 1 } }"),
    ];
    let (machine, _) = come_up(&config);
    assert_eq!(machine.registers().read(0x30), 0xc000_8001);
    let heap = machine.heap().expect("heap");
    assert_eq!(
        machine
            .memory()
            .bytes(heap.sinit_mle + 4, 2)
            .expect("memory"),
        [1, 0]
    );
    let bytes = machine.event_log().expect("log");
    let log = eventlog::parse(&bytes).expect("log");
    assert_eq!(log.events[1].kind, 0x40a);
    assert_eq!(log.events[2].kind, 0x40a);

    let edits = [
        r#"{ log = { drop = 2 } }"#,
        r#"{ log = { cut = 1 } }"#,
        r#"{ log = { append = { pcr = 17, kind = 0x501 } } }"#,
        r#"{ log = { flip-digest = { event = 3, alg = 11 } } }"#,
        r#"{ register = "STS", xor = "0x1" }"#,
        r#"{ register = "ESTS", set = "0x1" }"#,
        r#"{ at = "os-mle-data", offset = -8, set = "ffffffff" }"#,
    ];
    for text in edits {
        let undo = machine.mutate(&mutation(text)).expect(text);
        // the chipset must keep what the host set
        std::thread::sleep(std::time::Duration::from_millis(20));
        let changed = machine.registers().read(0) != 0x180c1
            || machine.registers().read(8) != 0
            || machine.event_log().map_or(true, |l| l != bytes);
        assert!(changed, "{text}");
        machine.restore(&undo).expect("restore");
        assert_eq!(machine.event_log().expect("log"), bytes, "{text}");
    }
    assert_eq!(
        (machine.registers().read(0), machine.registers().read(8)),
        (0x180c1, 0)
    );
    // public window as the guest read it
    assert!(machine.serial().expect("serial").contains("0x000180C1"));
}

#[test]
#[ignore = "boots machines; make test runs it"]
fn never_launched() {
    let folder = TempFolder::new().expect("folder");
    let mut config = config(&folder);
    config.no_reboot = true;
    config.start = Start::Firmware;
    let (machine, serial) = run(&config);
    assert_eq!(machine.registers().read(0), 2);
    assert!(serial.contains("TXT measured launch: FALSE"));
    let never = vec![0xff; 32];
    assert_eq!(pcrs(&serial)[&("sha256".to_string(), 17)], never);
    drop(machine);

    config.start = Start::Plain;
    config.tpm = None;
    config.iommu = false;
    let (_machine, serial) = run(&config);
    assert!(!serial.contains("STAGE") && !serial.contains("TBOOT"));
}

#[test]
fn unknown_launcher_and_emulator_are_refused_before_anything_starts() {
    let folder = TempFolder::new().expect("folder");
    let tboot = folder.path().join("tboot");
    std::fs::write(&tboot, b"\x7fELF\x01\x01 of another launcher").expect("file");
    let launch = concat!(env!("CARGO_MANIFEST_DIR"), "/../launch/tboot");
    let image = launchguard_bed::tboot::unpack(&tboot).expect("unpack");
    let error = launchguard_bed::tboot::find_list(launch.as_ref(), &image, &tboot);
    let error = error.expect_err("refusal").to_string();
    assert!(error.contains("bed opcodes"), "{error}");

    let error = launchguard_bed::qemu::check_version("/bin/true".as_ref());
    assert!(error.expect_err("refusal").to_string().contains("11.1"));
}
