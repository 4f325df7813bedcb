// SPDX-License-Identifier: GPL-2.0

//! `decode`, `replay`, `explain`: files in, words and JSON out.

mod common;

use common::{directory, exported_log, file, run, Run};
use launchguard_host_tests::exercise::Evidence;
use launchguard_host_tests::fixture::{acm, dmar, lcp, log, sinit_hash, slrt, Machine, BANKS};
use launchguard_pure::decode::digest::{Digest, HashAlg};
use serde_json::json;
use std::path::Path;

fn decode(what: &str, path: &Path) -> Run {
    let path = path.to_str().expect("UTF-8");
    run(&["decode", what, path, "--json"])
}

/// SDG appendix I and tables I-2 and I-4; most of the values are failures of real machines. Class,
/// major and minor are those of an ACM only.
#[test]
fn errorcodes_have_their_fields() {
    for (value, healthy, valid, source, fields) in [
        ("0x00000000", true, false, None, None),
        ("0xc0000001", true, true, Some("acm"), Some([0, 0, 0])),
        ("0xc0007051", false, true, Some("acm"), Some([5, 0x1c, 0])),
        ("0xc00c0491", false, true, Some("acm"), Some([9, 1, 0xc])),
        ("0xc00010a1", false, true, Some("acm"), Some([0xa, 4, 0])),
        ("0x8000000a", false, true, Some("cpu"), None),
        ("0xc0008001", false, true, Some("mle"), None),
        ("0x40000001", false, false, None, None),
    ] {
        let decoded = run(&["decode", "errorcode", value, "--json"]);
        assert_eq!(decoded.status, Some(0), "{decoded:?}");
        let found = decoded.json();
        assert_eq!(found["value"], value);
        assert_eq!(found["healthy"], healthy, "{value}");
        assert_eq!(found["valid"], valid, "{value}");
        assert_eq!(found["source"].as_str(), source, "{value}");
        let names = ["class", "major", "minor"];
        for (index, name) in names.into_iter().enumerate() {
            let expected = fields.map(|fields| fields[index]);
            assert_eq!(found[name].as_u64(), expected, "{name} of {value}");
            assert_eq!(found[name].is_null(), expected.is_none());
        }
        assert!(found["text"].as_str().is_some_and(|text| !text.is_empty()));
        let mut keys: Vec<&String> = found.as_object().expect("an object").keys().collect();
        keys.sort();
        let expected = [
            "class", "healthy", "major", "minor", "module", "source", "text", "valid", "value",
        ];
        assert_eq!(keys, expected);
    }
    let decimal = run(&["decode", "errorcode", "3221254225", "--json"]);
    assert_eq!(decimal.json()["value"], "0xc0007051");
    assert_eq!(decimal.json()["module"], "sinit");
}

#[test]
fn errorcodes_that_are_no_32_bit_values_are_usage_errors() {
    for value in [
        "",
        "0x",
        "0x1c0000001",
        "-1",
        "0x+1",
        "c0000001",
        "4294967296",
        "0x1 ",
    ] {
        let refused = run(&["decode", "errorcode", "--", value]);
        assert_eq!(refused.status, Some(2), "{value:?}: {refused:?}");
        assert_eq!(refused.stdout, "");
    }
}

#[test]
fn registers_are_shown_by_name() {
    let place = directory();
    for (machine, launched) in [
        (Machine::launched(), true),
        (Machine::never_launched(), false),
    ] {
        let dump = file(&place, "dump", Evidence::of(&machine).registers);
        let decoded = decode("registers", &dump);
        assert_eq!(decoded.status, Some(0), "{decoded:?}");
        let found = decoded.json();
        assert_eq!(found["launched"], launched);
        assert_eq!(found["registers"]["TXT.DIDVID"], "0x1b0068086");
        assert_eq!(found["registers"]["TXT.PUBLIC.KEY"], "5a".repeat(32));
        let fields = &found["fields"];
        assert_eq!(fields["TXT.STS"]["senter_done"], launched);
        assert_eq!(fields["TXT.DPR"]["base"], "0x7ec00000");
        assert_eq!(fields["TXT.SPAD"]["bios_trusted"], true);
        assert_eq!(fields["TXT.ACM_POLICY_STATUS"]["scrtm"], 1);
        let sts = if launched { "0x1c091" } else { "0x2" };
        assert_eq!(found["registers"]["TXT.STS"], sts);
        assert_eq!(
            found["registers"].as_object().map(|all| all.len()),
            Some(18)
        );
    }
    for (fill, name) in [(0u8, "zeros"), (0xff, "ones")] {
        let dump = file(&place, name, [fill; 4096]);
        assert_eq!(decode("registers", &dump).json()["launched"], false);
    }
    let larger = file(&place, "larger", [0; 0x1_0000]);
    assert_eq!(decode("registers", &larger).status, Some(0));
    let short = decode("registers", &file(&place, "short", [0; 4095]));
    assert_eq!(short.status, Some(2));
    assert!(short.stderr.contains("4095 bytes"), "{short:?}");
}

#[test]
fn a_heap_is_shown_with_its_four_tables() {
    let place = directory();
    let machine = Machine::launched();
    let heap = machine.heap.clone().expect("a heap");
    let decoded = decode("heap", &file(&place, "heap", &heap));
    assert_eq!(decoded.status, Some(0), "{decoded:?}");
    let found = decoded.json();
    assert_eq!(found["problems"], json!([]));
    let tables = &found["tables"];
    assert_eq!(tables["BiosData"]["version"], 6);
    assert_eq!(
        tables["BiosData"]["elements"][0]["body"]["version"],
        "2.1.0"
    );
    assert_eq!(tables["OsMleData"]["producer"], "tboot");
    assert_eq!(tables["OsSinitData"]["capabilities"], "0x602");
    assert_eq!(
        tables["SinitMleData"]["mdrs"][3]["kind"],
        "PCIe configuration"
    );
    assert_eq!(tables["SinitMleData"]["dmar"], 64);
    let log = json!({
        "format": "tcg2",
        "alg": null,
        "address": format!("{:#x}", launchguard_host_tests::fixture::HEAP_BASE - 8192),
        "allocated": 8192,
        "first": 0,
        "next": machine.log_next,
    });
    assert_eq!(found["event_log"], log);

    // The element's size, which the END behind it depends on.
    let mut broken = machine.clone();
    broken.change_tables(|tables| tables.os_sinit_data[96] = 0);
    let decoded = decode(
        "heap",
        &file(&place, "broken", broken.heap.expect("a heap")),
    );
    assert_eq!(decoded.status, Some(1), "{decoded:?}");
    let problem = &decoded.json()["problems"][0];
    assert!(
        problem
            .as_str()
            .is_some_and(|text| text.contains("OsSinitData")),
        "{problem}"
    );

    let cut = decode("heap", &file(&place, "cut", &heap[..4000]));
    assert_eq!(cut.status, Some(2), "{cut:?}");
    assert!(cut.stderr.contains("OsMleData at heap offset"), "{cut:?}");
}

#[test]
fn a_module_is_shown_with_header_and_table() {
    let place = directory();
    let module = Machine::launched().sinit.expect("a module");
    let decoded = decode("acm", &file(&place, "acm", &module));
    assert_eq!(decoded.status, Some(0), "{decoded:?}");
    let found = decoded.json();
    assert_eq!(found["header"]["date"], "2026-11-23");
    assert_eq!(found["header"]["chipset_id"], "0xb006");
    assert_eq!(found["header"]["pre_production"], false);
    assert_eq!(found["info"]["kind"], "SINIT");
    assert_eq!(found["header"]["key_size"], 256);
    assert_eq!(found["chipsets"][0]["device"], "0xb006");
    assert_eq!(found["processors"][0]["signature_mask"], "0x0");
    assert_eq!(found["tpm"]["algs"], json!(["0xb"]));
    assert_eq!(found["tpm"]["nv_indices"], "0x018000..");
    // Header and table are there as a whole, and the rest of the module is not.
    for size in [2048, module.len() - 1] {
        let cut = decode("acm", &file(&place, "cut", &module[..size]));
        assert_eq!(cut.status, Some(2), "{cut:?}");
        let words = format!("has {} bytes, {size} are in the file", module.len());
        assert!(cut.stderr.contains(&words), "{cut:?}");
    }
    // All of it is there, and a list has more entries than would fit.
    let mut wrong = module.clone();
    wrong[acm::PROCESSORS..acm::PROCESSORS + 4].copy_from_slice(&1024u32.to_le_bytes());
    let wrong = decode("acm", &file(&place, "wrong", wrong));
    assert_eq!(wrong.status, Some(1), "{wrong:?}");
    let problems = wrong.json()["problems"].to_string();
    assert!(problems.contains("processor list at"), "{problems}");
    let none = decode("acm", &file(&place, "none", &module[..100]));
    assert_eq!(none.status, Some(2), "{none:?}");
}

#[test]
fn a_policy_is_shown_by_its_fields() {
    let place = directory();
    let policy = lcp::policy_3(lcp::LIST, 17, 0x8000_0008);
    let decoded = decode("lcp", &file(&place, "ps", &policy));
    assert_eq!(decoded.status, Some(0), "{decoded:?}");
    let found = &decoded.json()["policy"];
    assert_eq!(found["policy_type"], "LIST");
    assert_eq!(found["sinit_min_version"], 17);
    assert_eq!(
        found["policy_control_ps"],
        json!(["owner policy required", "AUX deletion allowed"])
    );
    assert_eq!(found["policy_hash"], "5c".repeat(32));
    let longer = [policy.clone(), vec![0]].concat();
    assert_eq!(
        decode("lcp", &file(&place, "longer", longer)).status,
        Some(1)
    );
    let short = decode("lcp", &file(&place, "short", &policy[..60]));
    assert_eq!(short.status, Some(2));
    assert!(
        short.stderr.contains("takes 70 bytes, 60 are there"),
        "{short:?}"
    );

    let list = lcp::list_2(0x10, &[lcp::mle_element(3, 0x000b, &[vec![7; 32]])], &[]);
    let data = lcp::data(&[list]);
    let decoded = decode("lcp", &file(&place, "data", &data));
    assert_eq!(decoded.status, Some(0), "{decoded:?}");
    let element = &decoded.json()["lists"][0]["elements"][0];
    assert_eq!(element["type"], "MLE2");
    assert_eq!(element["hashes"], json!(["07".repeat(32)]));
    for size in [33, data.len() - 1] {
        let cut = decode("lcp", &file(&place, "cut", &data[..size]));
        assert_eq!(cut.status, Some(2), "{cut:?}");
        assert!(cut.stderr.contains("are there"), "{cut:?}");
    }
    // A file that is longer than what it holds was read as a whole.
    let longer = decode("lcp", &file(&place, "more", [&data[..], &[0]].concat()));
    assert_eq!(longer.status, Some(1), "{longer:?}");
    let problems = longer.json()["problems"].to_string();
    assert!(problems.contains("1 bytes are left behind"), "{problems}");
}

/// An MLE header of version 2.1 (SDG table 2-1).
fn mle_header() -> Vec<u8> {
    [
        0x9082_ac5a_u32,
        0x74a7_476f,
        0xa255_5c0f,
        0x42b6_51cb,
        52,
        0x2_0001,
        0x1100,
        0x1000,
        0,
        0x4_8000,
        0x227,
        0x1111,
        0x2222,
    ]
    .into_iter()
    .flat_map(u32::to_le_bytes)
    .collect()
}

#[test]
fn an_mle_header_is_found_in_an_image() {
    let place = directory();
    let header = mle_header();
    let image = [&[0x90; 0x61][..], &header, &[0; 100]].concat();
    for (name, bytes, offset) in [("header", &header, "0x0"), ("image", &image, "0x61")] {
        let decoded = decode("mle", &file(&place, name, bytes));
        assert_eq!(decoded.status, Some(0), "{decoded:?}");
        let found = decoded.json();
        assert_eq!(found["offset"], offset);
        assert_eq!(found["version"], "0x20001");
        assert_eq!(found["entry"], "0x1100");
        assert_eq!(found["end"], "0x48000");
        assert_eq!(found["capabilities"], "0x227");
        assert_eq!(found["command_line"]["start"], "0x1111");
        assert_eq!(found["command_line"]["end"], "0x2222");
        let names = found["capability_names"].to_string();
        assert!(names.contains("da-pcr-map"), "{names}");
    }
    for (bytes, words) in [
        (&header[..51], "52 bytes are needed, 51 are there"),
        (&header[..12], "44 bytes are needed, 12 are there"),
        (&[7; 64][..], "UUID 07070707"),
    ] {
        let refused = decode("mle", &file(&place, "other", bytes));
        assert_eq!(refused.status, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
}

/// Both layouts say the same of a launch; the values are those of the encoder.
#[test]
fn a_resource_table_is_shown_in_both_layouts() {
    let place = directory();
    for (table, layout, pcr, uefi_pcr, heap, boot) in [
        (
            slrt::narrow(),
            "a",
            17,
            json!(null),
            json!(null),
            json!(null),
        ),
        (
            slrt::wide(false),
            "b",
            18,
            json!(18),
            json!("0x7efe0000"),
            json!(null),
        ),
        (
            slrt::wide(true),
            "b",
            18,
            json!(18),
            json!("0x7efe0000"),
            json!("0x90000"),
        ),
    ] {
        // As memory holds it: the table starts a page.
        let mut page = table.clone();
        page.resize(4096, 0);
        let decoded = decode("slrt", &file(&place, "table", &page));
        assert_eq!(decoded.status, Some(0), "{decoded:?}");
        let found = decoded.json();
        assert_eq!(found["architecture"], "Intel TXT");
        assert_eq!(found["layout"], layout);
        assert_eq!(found["size"], table.len());
        let entries = found["entries"].as_array().expect("entries");
        let names: Vec<_> = entries.iter().map(|entry| &entry["name"]).collect();
        let expected = [
            "DL_INFO",
            "LOG_INFO",
            "ENTRY_POLICY",
            "INTEL_INFO",
            "UEFI_CONFIG",
        ];
        assert_eq!(names, expected);
        let body = |index: usize| &entries[index]["body"];
        assert_eq!(body(0)["dce_base"], "0x7ec10000");
        assert_eq!(body(0)["dce_size"], "0x10000");
        assert_eq!(body(0)["handler"], "0x1111");
        let log = json!({"format": 2, "address": "0x7efde000", "size": 0x8000});
        assert_eq!(*body(1), log);
        let policy = &body(2)["entries"][0];
        assert_eq!(policy["pcr"], pcr);
        assert_eq!(policy["entity"], "0xabc000");
        assert_eq!(policy["size"], "0x1234");
        let info = policy["info"].as_str().expect("text");
        assert!(info.starts_with("Measured boot parameters"), "{info}");
        assert_eq!(body(3)["txt_heap"], heap);
        assert_eq!(body(3)["boot_params"], boot);
        assert_eq!(body(3)["misc_enable"], "0x850089");
        assert_eq!(body(4)["entries"][0]["pcr"], uefi_pcr);
        assert_eq!(body(4)["entries"][0]["config"], "0xdef000");

        for size in [15, table.len() - 1] {
            let cut = decode("slrt", &file(&place, "cut", &table[..size]));
            assert_eq!(cut.status, Some(2), "{cut:?}");
            assert!(
                cut.stderr.contains("bytes are there") || size < 16,
                "{cut:?}"
            );
        }
    }
    // A table that is there as a whole, with an entry of a size that its kind does not have.
    let odd = slrt::table(&[slrt::entry(slrt::Wide::No, 2, &[0; 4])]);
    let odd = decode("slrt", &file(&place, "odd", odd));
    assert_eq!(odd.status, Some(1), "{odd:?}");
    assert_eq!(odd.json()["entries"][0]["body"], json!(null));
    let problems = odd.json()["problems"].to_string();
    assert!(
        problems.contains("LOG_INFO at 0x10 cannot have"),
        "{problems}"
    );
}

#[test]
fn the_table_of_the_iommus_is_shown_by_its_structures() {
    use dmar::{Entry, ScopeSpec};
    let place = directory();
    let scopes = vec![ScopeSpec {
        kind: 2,
        flags: 0,
        id: 0,
        bus: 1,
        path: vec![(0x1c, 2), (3, 0)],
    }];
    let entries = [
        Entry::Drhd {
            flags: 0,
            size: 1,
            segment: 4,
            base: 0xfed9_0000,
            scopes,
        },
        Entry::Rmrr {
            segment: 0,
            base: 0x7d00_0000,
            limit: 0x7d0f_ffff,
            scopes: vec![ScopeSpec::endpoint(0, 0x14, 0)],
        },
        Entry::Rhsa {
            base: 0xfed9_0000,
            domain: 3,
        },
        Entry::Andd {
            number: 2,
            name: b"\\_SB.\x1b[2JI2C0\0".to_vec(),
        },
        Entry::Unknown {
            kind: 0x77,
            body: vec![1, 2],
        },
    ];
    let table = dmar::encode(38, 0b101, &entries);
    let path = file(&place, "table", &table);
    let decoded = decode("dmar", &path);
    assert_eq!(decoded.status, Some(0), "{decoded:?}");
    let found = decoded.json();
    assert_eq!(found["length"], table.len());
    assert_eq!(found["host_address_width"], 39);
    assert_eq!(found["flags"], "0x5");
    assert_eq!(found["interrupt_remapping"], true);
    assert_eq!(found["x2apic_opt_out"], false);
    assert_eq!(found["platform_opt_in"], true);
    let structures = json!([
        {
            "type": "DRHD",
            "segment": 4,
            "base": "0xfed90000",
            "pages": 2,
            "include_all": false,
            "scopes": ["bridge 01:1c.2/03.0"],
        },
        {
            "type": "RMRR",
            "segment": 0,
            "base": "0x7d000000",
            "limit": "0x7d0fffff",
            "scopes": ["endpoint 00:14.0"],
        },
        {"type": "RHSA", "base": "0xfed90000", "proximity_domain": 3, "scopes": []},
        {"type": "ANDD", "number": 2, "name": "\\_SB.\u{1b}[2JI2C0", "scopes": []},
        {"type": "other", "kind": 0x77, "length": 6, "scopes": []},
    ]);
    assert_eq!(found["structures"], structures);
    // A name that the firmware chose does nothing to a terminal.
    let path = path.to_str().expect("UTF-8");
    let text = run(&["--color", "always", "decode", "dmar", path]).stdout;
    assert!(
        text.contains("I2C0") && !text.contains('\u{1b}'),
        "{text:?}"
    );

    let mut wrong = table.clone();
    wrong[9] ^= 1;
    let wrong = decode("dmar", &file(&place, "wrong", wrong));
    assert_eq!(wrong.status, Some(1), "{wrong:?}");
    assert_eq!(wrong.json()["structures"], structures);
    let problems = wrong.json()["problems"].to_string();
    assert!(problems.contains("checksum"), "{problems}");
    let longer = decode("dmar", &file(&place, "longer", [&table[..], &[0]].concat()));
    assert_eq!(longer.status, Some(1), "{longer:?}");
    // A structure that reaches beyond the table.
    let mut beyond = table.clone();
    beyond[50] = 0xff;
    dmar::seal(&mut beyond);
    let beyond = decode("dmar", &file(&place, "beyond", beyond));
    assert_eq!(beyond.status, Some(1), "{beyond:?}");
    assert_eq!(beyond.json()["structures"], json!([]));
    for size in [3, 47, table.len() - 1] {
        let cut = decode("dmar", &file(&place, "cut", &table[..size]));
        assert_eq!(cut.status, Some(2), "{cut:?}");
    }
}

/// Launchers by version and size of their table (Linux, slaunch.h, and tboot, heap.h).
#[test]
fn the_producer_of_a_launchers_table_is_a_word() {
    let place = directory();
    for (version, size, word) in [
        (1u32, 628, "secure-launch-g0"),
        (1, 104, "secure-launch-g1"),
        (1, 96, "secure-launch-g2"),
        (1, 200, "unknown"),
    ] {
        let mut machine = Machine::launched();
        machine.change_tables(|tables| {
            tables.os_mle_data = version.to_le_bytes().to_vec();
            tables.os_mle_data.resize(size, 0);
        });
        let heap = machine.heap.expect("a heap");
        let found = decode("heap", &file(&place, "heap", heap)).json();
        assert_eq!(found["tables"]["OsMleData"]["producer"], word);
    }
}

/// Copies of ACPI tables in the heap: lengths by the ACPI specification (36 bytes of header, MADT 8
/// and 8 for each of four processors, MCFG 8 and 16 for its one range).
#[test]
fn copies_of_acpi_tables_have_length_and_checksum() {
    let place = directory();
    let mut machine = Machine::launched();
    let copies = |machine: &Machine| {
        let heap = machine.heap.as_deref().expect("a heap");
        let decoded = decode("heap", &file(&place, "heap", heap));
        assert_eq!(decoded.status, Some(0), "{decoded:?}");
        let table = decoded.json()["tables"]["SinitMleData"].clone();
        let of = |index: usize, field: &str| table["elements"][index]["body"][field].clone();
        assert_eq!(of(0, "acpi_length"), 36 + 8 + 4 * 8);
        assert_eq!(of(1, "acpi_length"), 36 + 8 + 16);
        [
            of(0, "checksum_good"),
            of(1, "checksum_good"),
            table["dmar_checksum_good"].clone(),
        ]
    };
    assert_eq!(copies(&machine), [true, true, true]);
    // The MADT's local APIC address: the element starts at 148, the table 8 bytes behind that.
    machine.change_tables(|tables| tables.sinit_mle_data[148 + 8 + 36] ^= 1);
    assert_eq!(copies(&machine), [false, true, true]);
}

#[test]
fn a_log_replays_to_what_the_launch_extended() {
    let place = directory();
    let machine = Machine::launched();
    let container = machine.log.clone().expect("a log");
    let exact = &container[..machine.log_next as usize];
    for (name, bytes) in [("container", container.as_slice()), ("exact", exact)] {
        let path = file(&place, name, bytes);
        let replayed = run(&["replay", "--json", path.to_str().expect("UTF-8")]);
        assert_eq!(replayed.status, Some(0), "{replayed:?}");
        let found = replayed.json();
        assert_eq!(found["format"], "tcg2");
        assert_eq!(found["events"], machine.records.len());
        assert_eq!(found["problems"], json!([]));
        let banks = found["banks"].as_object().expect("banks");
        assert_eq!(banks.len(), BANKS.len());
        for alg in BANKS {
            for pcr in [17, 18] {
                let value = &found["banks"][alg.name()][pcr.to_string()];
                assert_eq!(
                    *value,
                    machine.pcr(alg, pcr).to_string(),
                    "{name} {pcr} {alg}"
                );
            }
        }
        let decoded = decode("eventlog", &path);
        assert_eq!(decoded.status, Some(0), "{decoded:?}");
        let decoded = decoded.json();
        assert_eq!(decoded["problems"], json!([]));
        let events = decoded["events"].as_array().expect("events");
        assert_eq!(events.len(), machine.records.len());
        let start = events[0]["data"].as_str().expect("hex");
        let hash = Digest::new(HashAlg::Sha256, &sinit_hash()).expect("SHA-256");
        assert_eq!(start, format!("{hash}00000000"));
    }
}

/// What the module exports of legacy logs: all of them, one behind the other.
#[test]
fn legacy_logs_in_one_file_replay_in_every_bank() {
    let place = directory();
    let machine = Machine::launched_with_legacy_logs();
    let path = file(&place, "all", exported_log(&machine));
    let path = path.to_str().expect("UTF-8");
    let replayed = run(&["replay", "--json", path]);
    assert_eq!(replayed.status, Some(0), "{replayed:?}");
    let found = replayed.json();
    assert_eq!(found["format"], "tpm2-legacy");
    assert_eq!(found["events"], machine.records.len());
    for alg in BANKS {
        for pcr in [17, 18] {
            let value = &found["banks"][alg.name()][pcr.to_string()];
            assert_eq!(*value, machine.pcr(alg, pcr).to_string(), "{pcr} {alg}");
        }
    }
    // One log alone, told by its descriptor, or by the command line where it has none.
    let log = &machine.further_logs[0];
    let path = file(&place, "sha256", &log.bytes);
    let path = path.to_str().expect("UTF-8");
    for arguments in [
        &["replay", "--json", path][..],
        &["replay", "--json", "--alg", "sha256", path],
    ] {
        let found = run(arguments).json();
        let value = &found["banks"]["sha256"]["17"];
        assert_eq!(*value, machine.pcr(HashAlg::Sha256, 17).to_string());
    }
    let wrong = run(&["replay", "--alg", "sha384", path]);
    assert_eq!(wrong.status, Some(2), "{wrong:?}");
    assert!(wrong.stderr.contains("in a log of sha384"), "{wrong:?}");
}

#[test]
fn a_tpm12_container_says_itself_where_its_records_are() {
    let place = directory();
    let machine = Machine::launched_with_tpm12();
    let log = machine.log.clone().expect("a log");
    let exact = &log[..machine.log_next as usize];
    for (name, bytes) in [("container", log.as_slice()), ("exact", exact)] {
        let path = file(&place, name, bytes);
        let replayed = run(&["replay", "--json", path.to_str().expect("UTF-8")]);
        assert_eq!(replayed.status, Some(0), "{replayed:?}");
        let found = replayed.json();
        assert_eq!(found["format"], "tpm12");
        for pcr in [17, 18, 19] {
            let value = &found["banks"]["sha1"][pcr.to_string()];
            assert_eq!(*value, machine.pcr(HashAlg::Sha1, pcr).to_string());
        }
    }
    // Records that nobody counted: the last event's 32 bytes are left out of the end.
    let mut short = log.clone();
    let next = machine.log_next - 32;
    short[44..48].copy_from_slice(&next.to_le_bytes());
    let path = file(&place, "short", short);
    let replayed = run(&["replay", "--json", path.to_str().expect("UTF-8")]);
    assert_eq!(replayed.status, Some(1), "{replayed:?}");
    let problems = replayed.json()["problems"].to_string();
    assert!(problems.contains("1 records stand behind"), "{problems}");
    let decoded = decode("eventlog", &path);
    assert_eq!(decoded.status, Some(1), "{decoded:?}");
    // A header that contradicts itself is no log.
    let mut broken = log;
    broken[40] = 47;
    let path = file(&place, "broken", broken);
    let refused = run(&["replay", path.to_str().expect("UTF-8")]);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("from 47 to"), "{refused:?}");
}

#[test]
fn a_log_with_something_behind_it_needs_its_range() {
    let place = directory();
    let machine = Machine::launched();
    let next = machine.log_next;
    let log = &machine.log.clone().expect("a log")[..next as usize];
    let dirty = [&[0xaa; 3], log, &[0xaa; 40]].concat();
    let path = file(&place, "dirty", dirty);
    let path = path.to_str().expect("UTF-8");
    let end = (next + 3).to_string();
    let found = run(&["replay", "--json", "--first", "3", "--next", &end, path]).json();
    let value = &found["banks"]["sha256"]["17"];
    assert_eq!(*value, machine.pcr(HashAlg::Sha256, 17).to_string());
    let without = run(&["replay", "--json", "--first", "3", path]);
    assert_eq!(without.status, Some(2), "{without:?}");
    assert!(
        without.stderr.contains(&format!("--next {end}")),
        "{without:?}"
    );
}

/// A change of a log's records.
type Change = fn(&mut Vec<log::Record>);

#[test]
fn a_log_that_is_not_good_says_why() {
    let place = directory();
    let good = Machine::launched();
    let changes: [(&str, Change); 4] = [
        ("TPM-07", |records| records[4].data[0] ^= 1),
        ("TPM-08", |records| records.insert(5, records[4].clone())),
        ("TPM-08", |records| drop(records.remove(8))),
        ("TPM-08", |records| records[8].kind = 0x7ff),
    ];
    for (check, change) in changes {
        let mut machine = good.clone();
        machine.change_log(change);
        let path = file(&place, "log", machine.log.expect("a log"));
        let replayed = run(&["replay", "--json", path.to_str().expect("UTF-8")]);
        assert_eq!(replayed.status, Some(1), "{replayed:?}");
        let problems = &replayed.json()["problems"];
        let first = problems[0].as_str().expect("a problem");
        assert!(first.starts_with(check), "{first}");
        // The events are shown all the same, and the same is said of them.
        let decoded = decode("eventlog", &path);
        assert_eq!(decoded.status, Some(1), "{decoded:?}");
        assert_eq!(decoded.json()["problems"], *problems);
        assert_eq!(
            decoded.json()["events"].as_array().map(Vec::len),
            Some(machine.records.len())
        );
        let text = run(&["decode", "eventlog", path.to_str().expect("UTF-8")]);
        assert!(text.stdout.contains(first), "{text:?}");
    }
}

/// A log that ends inside a record is no log: the error names the place and how to leave that out.
#[test]
fn a_log_that_is_cut_is_unreadable() {
    let place = directory();
    let machine = Machine::launched();
    let log = machine.log.clone().expect("a log");
    let next = machine.log_next as usize;
    let whole = decode("eventlog", &file(&place, "whole", &log[..next])).json();
    let last = &whole["events"][machine.records.len() - 1]["offset"];
    let last = usize::try_from(last.as_u64().expect("a number")).expect("an offset");
    let mut cuts = vec![last + 1, last + 4, last + 8, last + 12, next - 9, next - 1];
    // Inside the header that every crypto-agile log begins with, too.
    cuts.push(40);
    for cut in cuts {
        let path = file(&place, "cut", &log[..cut]);
        let path = path.to_str().expect("UTF-8");
        for command in [&["replay", "--json"][..], &["decode", "eventlog"]] {
            let refused = run(&[command, &[path]].concat());
            assert_eq!(refused.status, Some(2), "{cut}: {refused:?}");
            assert_eq!(refused.stdout, "");
            let place = refused.stderr.contains("event log offset");
            assert!(place && refused.stderr.contains("left"), "{refused:?}");
            let hint = format!("--next {last} leaves out");
            assert_eq!(refused.stderr.contains(&hint), cut > 40, "{refused:?}");
        }
        if cut > 40 {
            let read = run(&["replay", "--json", "--next", &last.to_string(), path]);
            assert_eq!(read.json()["events"], machine.records.len() - 1, "{read:?}");
        }
    }
    // The other formats: a container and a legacy log whose last record is cut.
    let tpm12 = Machine::launched_with_tpm12();
    let legacy = Machine::launched_with_legacy_logs();
    for log in [
        exported_log(&tpm12),
        legacy.further_logs[0].bytes[..legacy.further_logs[0].next as usize].to_vec(),
    ] {
        let path = file(&place, "cut", &log[..log.len() - 3]);
        let refused = run(&["replay", path.to_str().expect("UTF-8")]);
        assert_eq!(refused.status, Some(2), "{refused:?}");
    }
    // A container that was copied as a whole, and counts a part of a record.
    let mut log = exported_log(&tpm12);
    let next = tpm12.log_next - 3;
    log[44..48].copy_from_slice(&next.to_le_bytes());
    let path = file(&place, "counted", log);
    let refused = run(&["replay", path.to_str().expect("UTF-8")]);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("left"), "{refused:?}");
    assert!(!refused.stderr.contains("--next"), "{refused:?}");
}

#[test]
fn no_file_makes_it_panic() {
    let place = directory();
    let machine = Machine::launched();
    let evidence = Evidence::of(&machine);
    let mut files = vec![
        file(&place, "empty", []),
        file(&place, "zeros", [0; 5000]),
        file(&place, "ones", [0xff; 5000]),
        file(&place, "text", "version 1\nrequire TXT-01\n"),
        place.path().to_owned(),
        place.path().join("missing"),
    ];
    for part in [
        &evidence.heap,
        &evidence.log,
        &evidence.sinit,
        &evidence.registers,
    ] {
        for size in [1, 8, 31, 100, 600, 1210, 4096] {
            let name = format!("{}-{size}", files.len());
            files.push(file(&place, &name, &part[..size.min(part.len())]));
        }
    }
    let table = dmar::encode(38, 1, &[dmar::Entry::unit(0xfed9_0000)]);
    for part in [slrt::narrow(), slrt::wide(true), mle_header(), table] {
        for size in [4, 15, 16, 20, 40, part.len() - 1] {
            let name = format!("{}-{size}", files.len());
            files.push(file(&place, &name, &part[..size.min(part.len())]));
        }
    }
    for machine in [
        Machine::launched_with_tpm12(),
        Machine::launched_with_legacy_logs(),
    ] {
        let log = exported_log(&machine);
        for size in [4, 33, 47, 48, 60, 200, log.len() - 3] {
            let name = format!("{}-{size}", files.len());
            files.push(file(&place, &name, &log[..size.min(log.len())]));
        }
    }
    for path in files {
        let path = path.to_str().expect("UTF-8");
        answers(&["replay", "--alg", "sha512", path]);
        answers(&["replay", "--first", "7", "--next", "3", path]);
        for command in [
            "registers",
            "heap",
            "acm",
            "eventlog",
            "lcp",
            "mle",
            "slrt",
            "dmar",
        ] {
            answers(&["decode", command, path]);
            answers(&["decode", command, path, "--json"]);
        }
        answers(&["replay", path]);
        answers(&["lint", path]);
        answers(&["lint", "--as", "references", path]);
    }
}

/// An answer is an exit status of its own, and a reason where there is nothing else.
fn answers(arguments: &[&str]) {
    let answer = run(arguments);
    assert!(
        matches!(answer.status, Some(0..=2)),
        "{arguments:?}: {answer:?}"
    );
    if answer.status == Some(2) {
        assert!(answer.stderr.starts_with("launchguardctl: "), "{answer:?}");
        assert_eq!(answer.stdout, "", "{arguments:?}");
    } else {
        assert!(!answer.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn checks_are_explained() {
    let explained = run(&["explain", "txt-01"]);
    assert_eq!(explained.status, Some(0));
    assert!(explained.stdout.starts_with("TXT-01: "), "{explained:?}");
    let json = run(&["--json", "explain", "TPM-10"]).json();
    assert_eq!(json["id"], "TPM-10");
    for field in ["title", "meaning", "attack", "remedy", "source", "severity"] {
        assert!(
            json[field].as_str().is_some_and(|text| !text.is_empty()),
            "{field}"
        );
    }
    let unknown = run(&["explain", "TXT-99"]);
    assert_eq!(unknown.status, Some(2));
    assert!(unknown.stderr.contains("TXT-99"), "{unknown:?}");
}

#[test]
fn wrong_usage_is_status_2() {
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["decode", "nothing"],
        &["replay"],
    ] {
        assert_eq!(run(arguments).status, Some(2), "{arguments:?}");
    }
    assert_eq!(run(&["--help"]).status, Some(0));
}
