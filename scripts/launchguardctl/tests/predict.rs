// SPDX-License-Identifier: GPL-2.0

//! `predict` and `prune`: the next launch from the log of the present one and from files.

mod common;

use common::{directory, evidence, exported_log, file, run, sysfs, with_sysfs, Run};
use flate2::write::GzEncoder;
use launchguard_host_tests::fixture::launch::{self, TBOOT};
use launchguard_host_tests::fixture::log::{hash, pcr_after, Record};
use launchguard_host_tests::fixture::{acm, Machine, BANKS};
use launchguard_host_tests::hex;
use launchguard_pure::decode::digest::HashAlg::{self, Sha1, Sha256, Sha384};
use launchguard_pure::verify::judgement::Verdict;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Debian's tboot, in the toolchain root.
const IMAGE: &str = "/boot/tboot.gz";
/// Its default policy with the mapping of details and authorities (tboot, policy.c, _def_policy_da).
const POLICY: [u8; 36] = [
    2, 0, 0x0b, 1, 0, 0, 0, 0, 0, 0, 0, 3, //
    0, 255, 0, 0, 0, 0, 0, 0, //
    129, 17, 0, 0, 0, 0, 0, 0, //
    131, 22, 0, 0x10, 0, 0, 0x40, 0,
];
/// What tboot 1.10.5 with this policy logged on a real machine, in sha256.
const POLICY_EVENT: &str = "71be5852a14eabefebf0df0e1acc5da291883b6d4c5ab20914ed987c1daf3f91";

const KERNEL: &[u8] = b"a kernel";
const KERNEL_ARGS: &str = "root=/dev/sda ro";
const INITRD: &[u8] = b"an initrd";
const TBOOT_ARGS: &str = "logging=serial,memory";

/// An event of tboot in `banks` that measured a module (policy.c, hash_module).
fn module(banks: &[HashAlg], args: &str, image: &[u8]) -> Record {
    let digest = |alg: &HashAlg| {
        let (args, image) = (hash(*alg, &[args.as_bytes()]), hash(*alg, &[image]));
        (*alg, hash(*alg, &[&args, &image]))
    };
    Record {
        pcr: 17,
        kind: TBOOT,
        digests: banks.iter().map(digest).collect(),
        data: Vec::new(),
    }
}

/// A launch as tboot logs it: SINIT's events in all banks, tboot's in `banks`.
fn records(banks: &[HashAlg], modules: &[(&str, &[u8])]) -> Vec<Record> {
    let mut records = launch::records(&BANKS, banks);
    records.retain(|record| record.kind != TBOOT);
    let policy = |pcr| {
        let inner = hash(Sha256, &[&POLICY]);
        Record::measured(
            pcr,
            TBOOT,
            banks,
            &[&[1, 0, 0, 0], inner.as_slice()].concat(),
            &[],
        )
    };
    records.extend([policy(17), policy(18)]);
    records.extend(
        modules
            .iter()
            .map(|(args, image)| module(banks, args, image)),
    );
    records
}

/// The present launch.
fn present() -> Vec<Record> {
    records(&[Sha256], &[(KERNEL_ARGS, KERNEL), ("", INITRD)])
}

fn machine(records: Vec<Record>) -> Machine {
    Machine::with_records(&BANKS, records)
}

/// Digests of Debian's tboot with `args`, by lcp2_mlehash.
fn mlehash(alg: HashAlg, args: &str) -> Vec<u8> {
    let output = Command::new("lcp2_mlehash")
        .args(["--create", "--alg", alg.name(), "--cmdline", args, IMAGE])
        .output()
        .expect("lcp2_mlehash of package tboot");
    let text = String::from_utf8(output.stdout).expect("text");
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    assert_eq!(digits.len(), alg.size() * 2, "{text}");
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("hex"), 16).expect("hex"))
        .collect()
}

/// The records of a launch with Debian's tboot.
fn with_tboot(mut records: Vec<Record>, args: &str) -> Vec<Record> {
    for record in records.iter_mut().filter(|record| record.kind == 0x404) {
        for (alg, digest) in &mut record.digests {
            *digest = mlehash(*alg, args);
        }
    }
    records
}

/// A place with the evidence of a machine.
struct Place {
    directory: TempDir,
    evidence: String,
}

impl Place {
    fn of(machine: &Machine) -> Self {
        let directory = directory();
        let evidence = file(&directory, "evidence", evidence(machine, None, None));
        Self {
            evidence: evidence.display().to_string(),
            directory,
        }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        file(&self.directory, name, bytes).display().to_string()
    }

    fn predict(&self, arguments: &[&str]) -> Run {
        let first = ["predict", "--json", "--evidence", &self.evidence];
        run(&[&first, arguments].concat())
    }
}

/// What was predicted is what a machine that logged `records` has.
fn assert_predicts(answer: &Run, banks: &[HashAlg], records: &[Record]) -> Value {
    assert_eq!(answer.status, Some(0), "{answer:?}");
    let json = answer.json();
    let found = json["banks"].as_object().expect("banks");
    let names: Vec<&str> = banks.iter().map(|bank| bank.name()).collect();
    assert!(found.keys().eq(&names), "{json:#}");
    for bank in banks {
        for pcr in [17, 18] {
            let expected = hex(&pcr_after(*bank, pcr, records));
            assert_eq!(
                found[bank.name()][pcr.to_string()],
                expected,
                "{pcr}: {json:#}"
            );
        }
    }
    json
}

fn assert_refused(answer: &Run, why: &str) {
    assert_eq!(answer.status, Some(1), "{answer:?}");
    let json = answer.json();
    let error = json["error"].as_str().unwrap_or_default();
    assert!(error.contains(why), "no {why:?} in: {error}");
    assert!(json["banks"]
        .as_object()
        .is_some_and(|banks| banks.is_empty()));
    assert!(answer.stderr.contains(error), "{answer:?}");
}

#[test]
fn the_policy_is_that_of_a_real_tboot() {
    let inner = hash(Sha256, &[&POLICY]);
    assert_eq!(hex(&hash(Sha256, &[&[1, 0, 0, 0], &inner])), POLICY_EVENT);
}

/// The measurement of tboot's file with its command line is that of tboot's own tool.
#[test]
fn the_measurement_of_tboot_is_that_of_its_own_tool() {
    let old = records(&BANKS, &[(KERNEL_ARGS, KERNEL), ("", INITRD)]);
    let place = Place::of(&machine(old.clone()));
    let longest = format!("extpol=embedded {}", "x".repeat(510 - 17));
    for args in [
        "extpol=embedded",
        "logging=none extpol=embedded  vga_delay=1",
        &longest[..509],
    ] {
        let arguments = ["--tboot", IMAGE, "--tboot-cmdline", args];
        let new = with_tboot(old.clone(), args);
        let json = assert_predicts(&place.predict(&arguments), &[Sha256, Sha384], &new);
        let changes = json["changes"].as_array().expect("changes");
        assert_eq!(changes.len(), 2, "{json:#}");
        for (change, alg) in changes.iter().zip([Sha256, Sha384]) {
            assert_eq!(change["event"], "MLE_HASH");
            assert_eq!(change["new"], hex(&mlehash(alg, args)));
            assert_eq!(change["old"], hex(&hash(alg, &[launch::MLE])));
        }
    }
    let arguments = ["--tboot", IMAGE, "--tboot-cmdline", &longest.repeat(2)];
    assert_refused(&place.predict(&arguments), "of which it keeps at most");
}

/// Each change alone, and all of them.
#[test]
fn what_changes_is_put_in_its_place() {
    let place = Place::of(&machine(present()));
    let kernel = place.file("vmlinuz-7.9", b"another kernel");
    let initrd = place.file("initrd", b"another initrd");
    let same = place.file("same", KERNEL);
    let with = |modules: &[(&str, &[u8])]| records(&[Sha256], modules);
    let args = "root=/dev/sdb";
    for (arguments, new) in [
        (
            vec!["--kernel", &kernel, "--kernel-cmdline", args],
            with(&[(args, b"another kernel"), ("", INITRD)]),
        ),
        (
            vec!["--kernel", &same, "--kernel-cmdline", "single  x"],
            with(&[("single  x", KERNEL), ("", INITRD)]),
        ),
        (
            vec!["--kernel", &same, "--kernel-cmdline", KERNEL_ARGS],
            present(),
        ),
        (
            vec!["--initrd", &initrd],
            with(&[(KERNEL_ARGS, KERNEL), ("", b"another initrd")]),
        ),
        (
            vec![
                "--tboot",
                IMAGE,
                "--tboot-cmdline",
                TBOOT_ARGS,
                "--kernel",
                &kernel,
                "--kernel-cmdline",
                "",
                "--initrd",
                &initrd,
            ],
            with_tboot(
                with(&[("", b"another kernel"), ("", b"another initrd")]),
                TBOOT_ARGS,
            ),
        ),
    ] {
        let json = assert_predicts(&place.predict(&arguments), &[Sha256], &new);
        // The text makes the new launch verified, and the old one failed unless it is the same.
        let text = json["references"].as_str().expect("references");
        assert_eq!(
            machine(new.clone()).judge("", Some(text)).verdict,
            Verdict::Verified
        );
        let old = machine(present()).judge("", Some(text)).verdict;
        let is_same = new == present();
        assert_eq!(
            old,
            if is_same {
                Verdict::Verified
            } else {
                Verdict::Failed
            }
        );
        assert_eq!(json["changes"].as_array().map_or(0, Vec::len) == 0, is_same);
        assert_eq!(text.contains("No event changes"), is_same, "{text}");
    }
}

/// The running module, a log by itself, and logs of the legacy format lead to the same.
#[test]
fn the_present_launch_comes_from_several_places() {
    let old = machine(present());
    let new = records(&[Sha256], &[(KERNEL_ARGS, KERNEL), ("", b"another")]);
    let device = sysfs(&old);
    let initrd = file(&device, "initrd", b"another").display().to_string();
    let answer = run(&with_sysfs(
        &device,
        &["predict", "--json", "--initrd", &initrd],
    ));
    let json = assert_predicts(&answer, &[Sha256], &new);
    assert_eq!(json["name"], "next launch");
    let log = file(&device, "log", exported_log(&old))
        .display()
        .to_string();
    let answer = run(&["predict", "--json", "--log", &log, "--initrd", &initrd]);
    assert_predicts(&answer, &[Sha256], &new);
    let mut legacy = Machine::launched_with_legacy_logs();
    legacy.set_log(&BANKS, present());
    let log = file(&device, "legacy", exported_log(&legacy))
        .display()
        .to_string();
    let initrd = ["predict", "--json", "--log", &log, "--initrd", &initrd];
    assert_predicts(&run(&initrd), &[Sha256], &new);
    let forced = "force_tpm2_legacy_log=true";
    let tboot = ["--tboot", IMAGE, "--tboot-cmdline", forced];
    assert_predicts(
        &run(&[&initrd[..], &tboot].concat()),
        &[Sha256],
        &with_tboot(new, forced),
    );
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    let change = |change: &dyn Fn(&mut Vec<Record>)| {
        let mut records = present();
        change(&mut records);
        records
    };
    let find = |records: &[Record], kind: u32, pcr: u32| {
        let mut found = records.iter();
        found
            .position(|record| record.kind == kind && record.pcr == pcr)
            .expect("a record")
    };
    let replaced = |kind, pcr, measured: &'static [u8]| {
        change(&|records| {
            let at = find(records, kind, pcr);
            let banks: Vec<HashAlg> = records[at].digests.iter().map(|(alg, _)| *alg).collect();
            records[at] = Record::measured(pcr, kind, &banks, measured, &[]);
        })
    };
    let added =
        |kind, pcr| change(&|records| records.push(Record::of_data(pcr, kind, &BANKS, &[0])));
    let removed = |kind, pcr| {
        change(&|records| {
            records.remove(find(records, kind, pcr));
        })
    };
    for (records, tboot, why) in [
        (
            replaced(TBOOT, 17, b"an owner's"),
            false,
            "TBOOT_MEASUREMENT in PCR 17: tboot follows a policy",
        ),
        (
            replaced(TBOOT, 18, b"an owner's"),
            false,
            "TBOOT_MEASUREMENT in PCR 18: tboot follows a policy",
        ),
        (removed(TBOOT, 18), false, "and 0 in PCR 18"),
        (added(TBOOT, 18), false, "and 2 in PCR 18"),
        (added(0x502, 17), false, "SLAUNCH in PCR 17"),
        (added(0x4ff, 18), false, "CAP_VALUE in PCR 18"),
        (added(0x4fe, 17), false, "RANDOM_VALUE in PCR 17"),
        (added(0x777, 17), false, "unknown type 0x777 in PCR 17"),
        (added(0x404, 18), false, "MLE_HASH in PCR 18"),
        (
            added(0x404, 17),
            false,
            "MLE_HASH: the log holds more than one",
        ),
        (removed(0x404, 17), false, "MLE_HASH: the log holds no"),
        (
            replaced(0x412, 17, b"a list"),
            true,
            "LCP_DETAILS_HASH in PCR 17: a launch control",
        ),
        (
            replaced(0x413, 18, b"a list"),
            true,
            "LCP_AUTHORITIES_HASH in PCR 18: a launch control",
        ),
        (
            replaced(0x40f, 18, &[2, 2, 0, 0]),
            true,
            "OSSINITDATA_CAP_HASH in PCR 18: the new tboot",
        ),
    ] {
        let place = Place::of(&machine(records));
        let initrd = place.file("initrd", b"another");
        let answer = place.predict(&["--initrd", &initrd]);
        if tboot {
            // It counts where tboot changes, and there alone.
            assert_eq!(answer.status, Some(0), "{answer:?}");
            let answer = place.predict(&["--tboot", IMAGE, "--tboot-cmdline", TBOOT_ARGS]);
            assert_refused(&answer, why);
        } else {
            assert_refused(&answer, why);
        }
    }
    for (machine, why) in [
        (Machine::launched_with_tpm12(), "TPM 1.2, legacy mapping"),
        (
            Machine::launched_with_tpm12_details(),
            "TPM 1.2, details and authorities",
        ),
        (
            machine(records(&[Sha1], &[("", KERNEL), ("", INITRD)])),
            "no bank of at least 256 bits",
        ),
        (Machine::never_launched(), "the event log"),
    ] {
        let place = Place::of(&machine);
        let initrd = place.file("initrd", b"another");
        assert_refused(&place.predict(&["--initrd", &initrd]), why);
    }
}

#[test]
fn a_log_that_is_not_of_the_launch_is_refused() {
    let mut other = machine(present());
    other.set_pcr(Sha256, 18, Some(&[7; 32]));
    let place = Place::of(&other);
    let initrd = place.file("initrd", b"another");
    let answer = place.predict(&["--initrd", &initrd]);
    assert_refused(&answer, "in PCR 18 sha256, the TPM holds 0707");
    other.set_pcr(Sha256, 18, None);
    let answer = Place::of(&other).predict(&["--initrd", &initrd]);
    assert_refused(&answer, "PCR 18 sha256 could not be read");
}

#[test]
fn what_the_new_parts_ask_for_is_refused_where_it_leads_elsewhere() {
    let place = Place::of(&machine(present()));
    for (args, why) in [
        (
            "extpol=embedded",
            "extpol=embedded: tboot will extend other banks",
        ),
        ("ext=sha384", "extpol=sha384"),
        ("extpol=md5", "extpol=md5 is not known"),
        ("force_tpm2_legacy_log=true", "force_tpm2_legacy_log"),
        ("force_pmrs=true", "force_pmrs=true"),
        ("call_racm=check", "call_racm=check"),
    ] {
        let answer = place.predict(&["--tboot", IMAGE, "--tboot-cmdline", args]);
        assert_refused(&answer, why);
    }
    let one = place.file("one", b"1");
    let initrds = ["--initrd", &one, "--initrd", &one];
    assert_refused(&place.predict(&initrds), "there is no module 2");
    // What is no tboot, or none that is known here, is unreadable or refused.
    let kernel = ["--tboot", &one, "--tboot-cmdline", ""];
    assert_eq!(place.predict(&kernel).status, Some(2));
    let packed = std::fs::read(IMAGE).expect("Debian's tboot");
    let mut image = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut image)
        .expect("it is packed");
    let unpacked = place.file("unpacked", &image);
    let arguments = ["--tboot", &unpacked, "--tboot-cmdline", TBOOT_ARGS];
    let new = with_tboot(present(), TBOOT_ARGS);
    assert_predicts(&place.predict(&arguments), &[Sha256], &new);
    let at = image
        .windows(POLICY.len())
        .position(|part| part == POLICY)
        .expect("the policy");
    image[at + 13] = 18;
    let other = place.file("other", &image);
    let answer = place.predict(&["--tboot", &other, "--tboot-cmdline", TBOOT_ARGS]);
    assert_refused(&answer, "no default policy");
}

/// Wrong usage.
#[test]
fn a_prediction_needs_something_that_changes() {
    let place = Place::of(&machine(present()));
    for arguments in [
        &[][..],
        &["--kernel", IMAGE],
        &["--kernel-cmdline", "x"],
        &["--tboot", IMAGE],
        &["--initrd", IMAGE, "--grub", IMAGE],
        &["--initrd", "/nowhere"],
        &["--initrd", IMAGE, "--name", "with \" quote"],
    ] {
        let answer = place.predict(arguments);
        assert_eq!(answer.status, Some(2), "{arguments:?}: {answer:?}");
        assert_eq!(answer.stdout, "");
    }
}

/// A boot directory with a tboot entry.
struct Boot {
    place: Place,
    configuration: String,
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

impl Boot {
    /// The files are `boot/NAME`; their paths in the configuration start with `prefix`.
    fn new(machine: &Machine, prefix: &str, files: &[(&str, &[u8], &str)]) -> Self {
        let place = Place::of(machine);
        let image = std::fs::read(IMAGE).expect("Debian's tboot");
        place.file("boot/tboot.gz", &image);
        let mut text = format!(
            "menuentry 'Debian, with tboot' --class tboot {{\n\tinsmod multiboot2\n\
             \tmultiboot2\t{prefix}/tboot.gz  {TBOOT_ARGS} \n"
        );
        for (name, bytes, words) in files {
            place.file(
                &format!("boot/{}", name.trim_start_matches("--nounzip ")),
                bytes,
            );
            let (option, name) = match name.strip_prefix("--nounzip ") {
                Some(name) => ("--nounzip ", name),
                None => ("", *name),
            };
            text += &format!("\tmodule2 {option}{prefix}/{name} {words}\n");
        }
        text += "}\n";
        Self {
            configuration: place.file("boot/grub/grub.cfg", text.as_bytes()),
            place,
        }
    }

    fn predict(&self, more: &[&str]) -> Run {
        self.place
            .predict(&[&["--grub", &self.configuration], more].concat())
    }
}

/// GRUB unpacks, joins words, and hands modules on; tboot takes SINIT and policy data out.
#[test]
fn an_entry_of_grub_is_predicted() {
    let old = machine(present());
    let sinit = acm::sinit();
    let mut data = b"Intel(R) TXT LCP_POLICY_DATA\0\0\0\0".to_vec();
    data.extend([0; 4]);
    let files: [(&str, &[u8], &str); 6] = [
        ("vmlinuz-7.9", b"kernel", "root=UUID=1   ro"),
        ("initrd", &gzip(b"initrd"), ""),
        ("--nounzip third", &gzip(b"third"), ""),
        ("SINIT.bin", &sinit, ""),
        ("SINIT2.bin", &sinit, ""),
        ("list.data", &data, ""),
    ];
    let new = with_tboot(
        records(
            &[Sha256],
            &[
                ("root=UUID=1 ro", b"kernel"),
                ("", b"initrd"),
                ("", &gzip(b"third")),
            ],
        ),
        TBOOT_ARGS,
    );
    for prefix in ["", "/boot"] {
        let boot = Boot::new(&old, prefix, &files);
        let json = assert_predicts(&boot.predict(&[]), &[Sha256], &new);
        assert_eq!(json["name"], "kernel 7.9");
        assert!(json["changes"][3]["old"].is_null(), "{json:#}");
        let text = json["references"].as_str().expect("references");
        for note in [
            "SINIT.bin: a SINIT, not newer",
            "list.data: data of the launch control",
        ] {
            assert!(text.contains(note), "{text}");
        }
        let titled = ["--entry", "Debian, with tboot"];
        assert_predicts(&boot.predict(&titled), &[Sha256], &new);
        let root = Path::new(&boot.configuration)
            .ancestors()
            .nth(if prefix.is_empty() { 2 } else { 3 });
        let root = root.expect("a directory").display().to_string();
        assert_predicts(&boot.predict(&["--root", &root]), &[Sha256], &new);
        for more in [["--entry", "Debian"], ["--root", "/nowhere"]] {
            assert_eq!(boot.predict(&more).status, Some(2));
        }
    }
    // Fewer modules than there were.
    let boot = Boot::new(&old, "", &[("vmlinuz", KERNEL, KERNEL_ARGS)]);
    let new = with_tboot(records(&[Sha256], &[(KERNEL_ARGS, KERNEL)]), TBOOT_ARGS);
    let json = assert_predicts(&boot.predict(&[]), &[Sha256], &new);
    assert!(json["changes"][1]["new"].is_null(), "{json:#}");
}

#[test]
fn what_grub_or_tboot_does_with_a_file_is_not_guessed() {
    let old = machine(present());
    let refused = |name: &str, bytes: &[u8], why: &str| {
        let files: [(&str, &[u8], &str); 2] = [("vmlinuz", KERNEL, ""), (name, bytes, "")];
        assert_refused(&Boot::new(&old, "", &files).predict(&[]), why);
    };
    refused(
        "initrd",
        b"\xfd7zXZ\0more",
        "initrd: whether GRUB unpacks it",
    );
    let mut newer = acm::sinit();
    newer[acm::DATE] += 1;
    refused("new.bin", &newer, "new.bin: a SINIT of 20261124, newer");
    let mut longer = acm::sinit();
    longer.push(0);
    refused(
        "long.bin",
        &longer,
        "an authenticated code module of another size",
    );
    // One for another chipset is taken out all the same.
    let mut foreign = newer.clone();
    foreign[acm::CHIPSETS + 8] ^= 1;
    let files: [(&str, &[u8], &str); 3] = [
        ("vmlinuz", KERNEL, KERNEL_ARGS),
        ("initrd", INITRD, ""),
        ("foreign.bin", &foreign, ""),
    ];
    let answer = Boot::new(&old, "", &files).predict(&[]);
    let json = assert_predicts(&answer, &[Sha256], &with_tboot(present(), TBOOT_ARGS));
    assert!(json["references"]
        .to_string()
        .contains("for another chipset"));
    // Two streams, of which GRUB reads one.
    let files: [(&str, &[u8], &str); 1] = [("vmlinuz", &[gzip(b"a"), gzip(b"b")].concat(), "")];
    assert_eq!(Boot::new(&old, "", &files).predict(&[]).status, Some(2));
}

/// References hold the old and the new launch; once the new one runs, it alone.
#[test]
fn references_go_through_an_update() {
    let old = machine(present());
    let place = Place::of(&old);
    let initrd = place.file("initrd", b"another");
    let new = machine(records(
        &[Sha256],
        &[(KERNEL_ARGS, KERNEL), ("", b"another")],
    ));
    let mine = format!("# mine\n{}# the end", old.references(Sha256, &[17, 18]));
    let references = place.file("references", mine.as_bytes());
    let merge = |more: &[&str]| {
        let arguments = [
            "predict",
            "--evidence",
            &place.evidence,
            "--initrd",
            &initrd,
        ];
        run(&[&arguments, more, &["--merge", &references]].concat())
    };
    let merged = merge(&[]);
    assert_eq!(merged.status, Some(0), "{merged:?}");
    assert!(merged
        .stdout
        .starts_with(&format!("{mine}\nlaunch \"next launch\" {{\n\t# Pred")));
    for machine in [&old, &new] {
        let judged = machine.judge("", Some(&merged.stdout));
        assert_eq!(judged.verdict, Verdict::Verified);
    }
    // Its name must not put it in the place of what runs.
    let answer = merge(&["--name", "now"]);
    assert_eq!(answer.status, Some(1), "{answer:?}");
    assert!(
        answer.stderr.contains("\"now\" is the present one"),
        "{answer:?}"
    );
    // Once more: in the place of the one with this name.
    let both = place.file("references", merged.stdout.as_bytes());
    assert_eq!(merge(&[]).stdout, merged.stdout);
    let device = sysfs(&old);
    let pruned = run(&with_sysfs(&device, &["prune", &both]));
    assert_eq!(pruned.stdout, format!("{mine}\n"), "{pruned:?}");
    let device = sysfs(&new);
    let pruned = run(&with_sysfs(&device, &["prune", &both]));
    assert_eq!(pruned.status, Some(0), "{pruned:?}");
    assert!(pruned.stdout.contains("# mine") && !pruned.stdout.contains("\"now\""));
    assert_eq!(
        new.judge("", Some(&pruned.stdout)).verdict,
        Verdict::Verified
    );
    assert_eq!(old.judge("", Some(&pruned.stdout)).verdict, Verdict::Failed);
    // Nothing is dropped for a launch that they do not list, nor for one that is not good.
    let mut other = machine(records(&[Sha256], &[("", KERNEL), ("", b"a third")]));
    let refused = run(&with_sysfs(&sysfs(&other), &["prune", &both]));
    assert_eq!((refused.status, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("failed: TPM-10"), "{refused:?}");
    other = new.clone();
    other.set(launchguard_pure::decode::registers::Reg::Ests, 1);
    let refused = run(&with_sysfs(&sysfs(&other), &["prune", &both]));
    assert_eq!((refused.status, refused.stdout.as_str()), (Some(1), ""));
}

/// Where measurements of launchers are listed, that of the new one is listed, too.
#[test]
fn a_listed_launcher_gets_company() {
    let place = Place::of(&machine(present()));
    let pins = machine(present()).references(Sha256, &[17, 18]);
    let mine = format!("{pins}mle sha256 {}\n", hex(&hash(Sha256, &[launch::MLE])));
    let mine = place.file("references", mine.as_bytes());
    let arguments = [
        "--tboot",
        IMAGE,
        "--tboot-cmdline",
        TBOOT_ARGS,
        "--merge",
        &mine,
    ];
    let json = place.predict(&arguments).json();
    let text = json["references"].as_str().expect("references");
    assert_eq!(text.matches("\nmle sha256").count(), 2, "{text}");
    let new = machine(with_tboot(present(), TBOOT_ARGS));
    for machine in [machine(present()), new] {
        assert_eq!(
            machine.judge("", Some(text)).verdict,
            Verdict::Verified,
            "{text}"
        );
    }
}
