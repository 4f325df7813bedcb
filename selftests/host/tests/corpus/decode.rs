// SPDX-License-Identifier: GPL-2.0

//! The decoders against what real machines printed.

use crate::Test;
use launchguard_host_tests::corpus::{Case, Corpus};
use launchguard_pure::decode::acm::{Acm, AcmKind};
use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::decode::errorcode::{ErrorCode, Module, Source};
use launchguard_pure::decode::eventlog::Log;
use launchguard_pure::decode::heap::{MemoryKind, SinitMleData};
use launchguard_pure::decode::registers::{
    launch_claimed, production_fused, DidVid, Dpr, Reg, RegisterSpace, Registers, Width,
};
use serde_json::Value;

/// The tests, by name.
pub const TESTS: &[Test] = &[
    ("decode_registers_of_launches", registers_of_launches),
    ("decode_register_dump_without_launch", register_dump),
    ("decode_protected_range_covers_the_heap", protected_range),
    ("decode_errorcodes_seen_in_the_wild", errorcodes),
    ("decode_acm_headers", acm_headers),
    ("decode_agile_logs", agile_logs),
    ("decode_log_as_first_printed", log_as_first_printed),
    ("decode_descriptors_where_they_were_printed", descriptors),
];

fn number(value: &Value) -> u64 {
    let text = value.as_str().unwrap_or_else(|| panic!("no text: {value}"));
    text.strip_prefix("0x")
        .map_or_else(|| text.parse(), |hex| u64::from_str_radix(hex, 16))
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn registers(case: &Case) -> Registers {
    let mut registers = Registers::UNREADABLE;
    for reg in Reg::ALL {
        let value = &case.json["registers"][reg.name()];
        registers.set(reg, (!value.is_null()).then(|| number(value)));
    }
    registers
}

fn registers_of_launches(corpus: &Corpus) {
    for (number, launched) in [("01", true), ("12", false), ("14", false), ("24", true)] {
        let registers = registers(&corpus.case(number));
        assert_eq!(launch_claimed(&registers), Some(launched), "case {number}");
        let (fsbif, qpiif) = (registers.get(Reg::VerFsbif), registers.get(Reg::VerQpiif));
        assert_eq!(production_fused(fsbif, qpiif), Some(true), "case {number}");
        let id = DidVid(registers.get(Reg::DidVid).unwrap());
        assert_eq!((id.vendor(), id.revision()), (0x8086, 1), "case {number}");
    }
    // Sources that printed no TXT.STS.
    for number in ["02", "05", "09"] {
        assert_eq!(launch_claimed(&registers(&corpus.case(number))), None);
    }
}

struct Dump(Vec<u8>);

impl RegisterSpace for Dump {
    fn read(&self, offset: u16, width: Width) -> Option<u64> {
        let (bytes, offset) = (Bytes::new(&self.0), usize::from(offset));
        match width {
            Width::Byte => bytes.u8(offset).map(u64::from),
            Width::Dword => bytes.u32(offset).map(u64::from),
            Width::Qword => bytes.u64(offset),
        }
    }
}

fn register_dump(corpus: &Corpus) {
    let dump = Dump(corpus.binary("chipsec-txt-public-space.bin"));
    let registers = Registers::read(&dump, None::<&Dump>);
    assert_eq!(launch_claimed(&registers), Some(false));
    assert_eq!(
        registers.public_key.unwrap().as_slice(),
        &dump.0[0x400..0x420]
    );
}

fn protected_range(corpus: &Corpus) {
    for (number, size_mib) in [("01", 4), ("24", 5)] {
        let registers = registers(&corpus.case(number));
        let read = |reg| registers.get(reg).unwrap();
        let dpr = Dpr(read(Reg::Dpr));
        assert!(dpr.lock());
        assert_eq!(dpr.size_mib(), size_mib);
        // These machines place the heap at the very end of the range.
        assert_eq!(dpr.limit(), read(Reg::HeapBase) + read(Reg::HeapSize));
        assert!(dpr.base().unwrap() <= read(Reg::SinitBase));
    }
}

/// Rows of failures.md: `| 0x.. | module 1 (SINIT), class 0x5, major 0x1c, minor 0x0, src ACM |`, or
/// `| 0x.. | processor shutdown, type 0x5 |`.
fn errorcodes(corpus: &Corpus) {
    let text = corpus.text("failures.md");
    let mut rows = 0;
    for line in text.lines().filter(|line| line.starts_with("| 0x")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let value = u32::from_str_radix(&cells[1][2..], 16).unwrap();
        let field = |name: &str| {
            let (_, rest) = cells[2].split_once(name)?;
            let digits = rest.trim_start().split([',', ' ']).next()?;
            let hex = digits.strip_prefix("0x");
            Some(hex.map_or_else(
                || digits.parse().unwrap(),
                |hex| u32::from_str_radix(hex, 16).unwrap(),
            ))
        };
        let code = ErrorCode::decode(value);
        assert!(code.valid() && !code.healthy(), "{line}");
        if let Some(kind) = field("processor shutdown, type") {
            assert_eq!(code.source(), Source::Cpu);
            assert_eq!(u32::from(code.cpu_type()), kind, "{line}");
        } else {
            assert_eq!(code.source(), Source::Acm);
            let module = match field("module").unwrap() {
                0 => Module::Bios,
                1 => Module::Sinit,
                other => panic!("module {other}"),
            };
            assert_eq!(code.module(), module, "{line}");
            assert_eq!(Some(u32::from(code.class())), field("class"), "{line}");
            assert_eq!(Some(u32::from(code.major())), field("major"), "{line}");
            assert_eq!(Some(u32::from(code.minor())), field("minor"), "{line}");
        }
        rows += 1;
    }
    assert_eq!(rows, 8);
    // Meanings that the source quotes for its chipset and that the SDG has too.
    for (value, part) in [
        (0xc000_10a1, "DMAR table is missing"),
        (0xc00c_0491, "does not match a table's size"),
        (0xc006_0000, "progress"),
        (0x8000_0005, "not write-back"),
        (0x8000_000a, "event that is not allowed"),
    ] {
        let text = ErrorCode::decode(value).to_string();
        assert!(text.contains(part), "{text}");
    }
}

fn acm_headers(corpus: &Corpus) {
    for (name, kind, chipset, date, acm_version, subtype) in [
        ("bios_acm.bin", AcmKind::Bios, 0xb002, "2015-08-28", 0x3c, 1),
        (
            "bios_acm2.bin",
            AcmKind::Bios,
            0xb006,
            "2019-05-29",
            0xa8,
            0,
        ),
        (
            "sinit_acm.bin",
            AcmKind::Sinit,
            0x1d00,
            "2015-08-28",
            0x3c,
            0,
        ),
    ] {
        let bytes = corpus.binary(name);
        let size = bytes.len() as u64;
        let acm = Acm::decode(&bytes, size).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(acm.header.size, size, "{name}");
        assert_eq!(acm.header.module_type, 2, "{name}");
        assert_eq!(acm.header.vendor, 0x8086, "{name}");
        assert_eq!(acm.header.subtype, subtype, "{name}");
        assert_eq!(acm.header.chipset_id, chipset, "{name}");
        assert_eq!(acm.header.date().unwrap().to_string(), date, "{name}");
        assert!(acm.header.is_pre_production(), "{name}");
        assert!(!acm.header.is_debug_signed(), "{name}");
        assert_eq!(acm.info.kind, kind, "{name}");
        assert_eq!((acm.info.version, acm.info.length), (6, 48), "{name}");
        assert_eq!(acm.info.acm_version, Some(acm_version), "{name}");
        // A region that is a byte too small, and every cut of header and table.
        assert!(Acm::decode(&bytes, size - 1).is_err(), "{name}");
        for end in 0..0x4f0 {
            assert!(Acm::decode(&bytes[..end], size).is_err(), "{name}, {end}");
        }
    }
}

/// Compares the log's records with the source's list of them.
fn compare(number: &str, case: &Case, log: &Log<'_>, count: usize) {
    let expected = case.json["event_log"]["events"].as_array().unwrap();
    let events: Vec<_> = log
        .events()
        .map(|event| event.unwrap_or_else(|error| panic!("case {number}: {error}")))
        .collect();
    assert_eq!(events.len(), count, "case {number}");
    for (event, expected) in events.iter().zip(expected) {
        let place = format!("case {number}, offset {}", event.offset);
        assert_eq!(u64::from(event.pcr), expected["pcr"], "{place}");
        let kind = number_of(&expected["type"]);
        assert_eq!(event.kind.value(), kind, "{place}");
        assert_eq!(
            event.data,
            hex(expected["data"].as_str().unwrap()),
            "{place}"
        );
        let digests = expected["digests"].as_object().unwrap();
        assert_eq!(event.digests().count(), digests.len(), "{place}");
        for (alg, digest) in digests {
            let alg = HashAlg::from_name(alg).unwrap();
            let expected = Digest::from_hex(alg, digest.as_str().unwrap());
            assert_eq!(event.digest(alg), expected, "{place}");
        }
    }
}

fn number_of(value: &Value) -> u32 {
    u32::try_from(number(value)).unwrap()
}

fn used(case: &Case) -> u32 {
    let used = &case.json["event_log"]["binary"]["used_bytes"];
    u32::try_from(used.as_u64().unwrap()).unwrap()
}

fn agile_logs(corpus: &Corpus) {
    for (number, banks) in [
        ("02", &[HashAlg::Sha1, HashAlg::Sha256][..]),
        ("16", &[HashAlg::Sha1, HashAlg::Sha256]),
        ("18", &[HashAlg::Sha1, HashAlg::Sha256]),
        ("20", &[HashAlg::Sha256]),
    ] {
        let case = corpus.case(number);
        let bytes = case.log.as_deref().unwrap();
        let log = Log::open(bytes, 0, used(&case)).unwrap();
        assert!(log
            .banks()
            .iter()
            .map(|bank| bank.alg().unwrap())
            .eq(banks.iter().copied()));
        let events = case.json["event_log"]["events"].as_array().unwrap();
        compare(number, &case, &log, events.len());

        // The record of PCR 255 is the only one that case 02 has and the export must not have.
        let exported: Vec<u8> = log.tcg_slices().collect::<Vec<_>>().concat();
        let left_out: Vec<_> = log
            .events()
            .flatten()
            .filter(|event| event.pcr == 255)
            .map(|event| event.bytes.len())
            .collect();
        assert_eq!(left_out.len(), usize::from(number == "02"));
        assert_eq!(
            exported.len() + left_out.iter().sum::<usize>(),
            used(&case) as usize
        );
        let again = Log::open(&exported, 0, exported.len() as u32).unwrap();
        assert!(again.events().all(|event| event.unwrap().is_extended()));
    }
}

/// tboot printed the heap's offset before it appended its own records.
fn log_as_first_printed(corpus: &Corpus) {
    let case = corpus.case("02");
    let printed = &case.json["event_log"]["printed_offsets"];
    let next = u32::try_from(printed[1].as_u64().unwrap()).unwrap();
    let log = Log::open(case.log.as_deref().unwrap(), 0, next).unwrap();
    compare("02", &case, &log, 16);
    // No other end is one: a record is cut, or zeros stand behind the last one.
    for end in 1..next {
        let whole = Log::open(case.log.as_deref().unwrap(), 0, end)
            .is_ok_and(|log| log.events().all(|event| event.is_ok()) && log.events().count() == 16);
        assert!(!whole, "{end}");
    }
}

/// SinitMleData as its source printed it, put back to the offsets that it printed.
fn descriptors(corpus: &Corpus) {
    for number_of_case in ["01", "02"] {
        let case = corpus.case(number_of_case);
        let printed = &case.json["heap"]["sinit_mle_data"];
        let field = |name: &str| number_of(&printed[name]);
        let size = field("_size_field") as usize;
        // Offsets count from the size field, so build it too and cut it off again.
        let mut table = vec![0; size];
        let mut put = |offset: usize, value: &[u8]| {
            table[offset..offset + value.len()].copy_from_slice(value);
        };
        put(8, &field("version").to_le_bytes());
        put(8 + 128, &field("num_mdrs").to_le_bytes());
        put(8 + 132, &field("mdrs_off").to_le_bytes());
        put(8 + 136, &field("num_vtd_dmars").to_le_bytes());
        put(8 + 140, &field("vtd_dmars_off").to_le_bytes());
        let dmar = field("vtd_dmars_off") as usize;
        put(dmar, b"DMAR");
        let list = printed["mdrs"].as_array().unwrap();
        for (index, mdr) in list.iter().enumerate() {
            let place = field("mdrs_off") as usize + index * 24;
            let (base, end) = (number(&mdr["base"]), number(&mdr["end"]));
            let kind: u8 = match mdr["type"].as_str().unwrap() {
                "GOOD" => 0,
                "SMRAM NON-OVERLAY" => 2,
                "PCIE EXTENDED CONFIG" => 3,
                other => panic!("{other}"),
            };
            put(place, &base.to_le_bytes());
            put(place + 8, &(end - base).to_le_bytes());
            put(place + 16, &[kind]);
        }
        let decoded = SinitMleData::decode(Bytes::new(&table[8..])).unwrap();
        let copy = decoded.dmar().unwrap().unwrap();
        assert_eq!(copy.array(0), Some(*b"DMAR"));
        assert_eq!(copy.len(), field("num_vtd_dmars") as usize);
        let mdrs: Vec<_> = decoded.mdrs().unwrap().iter().collect();
        assert_eq!(mdrs.len(), list.len());
        for (mdr, printed) in mdrs.iter().zip(list) {
            assert_eq!(mdr.base, number(&printed["base"]));
            assert_eq!(mdr.end(), Some(number(&printed["end"])));
        }
        assert_eq!(mdrs[5].kind, MemoryKind::PcieConfig);
        assert_eq!(mdrs[4].kind, MemoryKind::SmramNonOverlay);
        // The last descriptor ends with the table: one more does not fit.
        assert_eq!(field("mdrs_off") as usize + list.len() * 24, size);
    }
}
