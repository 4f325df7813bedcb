// SPDX-License-Identifier: GPL-2.0

//! Writes the inputs that fuzzing starts from: `fuzz-seeds DIRECTORY` makes a directory for each
//! target in it.
//!
//! They come from the fixtures' launched machine, from every change that the scenarios make to one,
//! and from the evidence of real machines where that is at hand.

mod scenarios;

use launchguard_host_tests::corpus::Corpus;
use launchguard_host_tests::exercise::evidence::{written, Source};
use launchguard_host_tests::exercise::Evidence;
use launchguard_host_tests::fixture::dmar::{encode, Entry, ScopeSpec};
use launchguard_host_tests::fixture::{lcp, nv, slrt, Machine, BANKS};
use launchguard_pure::decode::digest::HashAlg;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Cases of the corpus with a log, and the log's format as [`Evidence::format`] has it.
const CASES: [(&str, u32); 6] = [
    ("01", 0x1_0000),
    ("02", 0),
    ("05", 4),
    ("16", 0),
    ("18", 0),
    ("20", 0),
];
/// Files of the corpus, and the target that decodes them.
const BINARIES: [(&str, &str); 9] = [
    ("lcp", "pol.bin"),
    ("lcp", "pol2.bin"),
    ("lcp", "pol3.bin"),
    ("lcp", "poldata.bin"),
    ("lcp", "poldata2.bin"),
    ("acm", "bios_acm.bin"),
    ("acm", "bios_acm2.bin"),
    ("acm", "sinit_acm.bin"),
    ("registers", "chipsec-txt-public-space.bin"),
];

/// Guard policies: every statement, and errors that a person makes.
const POLICIES: [&str; 6] = [
    "",
    "version 1\n",
    "version 1\nrequire TXT-05 # locality\nwaive HEAP-05 \"old firmware\"\non-failure log\n",
    "version 2\n",
    "version 1\nrequire TXT-99\n",
    "version 1\nwaive TPM-04 \"no end\n",
];

/// References, apart from those of the fixtures' machine.
const REFERENCES: [&str; 4] = [
    "",
    "version 1 references\n",
    "version 1 references\nlaunch \"a\" { pcr 17 sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709 }\n",
    "version 1 references\nsinit sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
];

/// Writes seeds below a directory.
struct Seeds {
    root: PathBuf,
    written: usize,
}

impl Seeds {
    fn write(&mut self, target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
        let directory = self.root.join(target);
        fs::create_dir_all(&directory)?;
        fs::write(directory.join(name), bytes)?;
        self.written += 1;
        Ok(())
    }

    /// Every part of the machine for its own decoder, and the whole for the judgement.
    fn machine(&mut self, name: &str, machine: &Machine) -> io::Result<()> {
        let evidence = Evidence::of(machine);
        self.write("registers", name, &evidence.registers)?;
        self.write("heap", name, &evidence.heap)?;
        self.write("acm", name, &evidence.sinit)?;
        self.log(name, &evidence.log, evidence.range)?;
        self.write("judge", name, &evidence.to_bytes())?;
        // Small enough for a fuzzer: it would change nothing but padding.
        let mut small = machine.clone();
        small.heap = Some(evidence.heap);
        small.sinit = Some(evidence.sinit.into_iter().take(4096).collect());
        self.write("evidence", name, &written(&small.facts(), None, None))
    }

    /// A log as it stands, and in a container with the range behind it.
    fn log(&mut self, name: &str, container: &[u8], range: (u32, u32)) -> io::Result<()> {
        let exact = container.get(range.0 as usize..range.1 as usize);
        self.write("eventlog", &format!("{name}-exact"), exact.unwrap_or(&[]))?;
        let range = [range.0.to_le_bytes(), range.1.to_le_bytes()].concat();
        self.write("eventlog", name, &[container, &range].concat())
    }
}

/// Policies, NV indices, resource tables and an MLE header.
fn formats(seeds: &mut Seeds) -> io::Result<()> {
    let list = lcp::list_2(0x10, &[lcp::mle_element(1, 0x000b, &[vec![7; 32]])], &[]);
    seeds.write("lcp", "policy-2", &lcp::policy_2(lcp::LIST, 1, 4))?;
    seeds.write("lcp", "policy-3", &lcp::policy_3(lcp::ANY, 1, 6))?;
    seeds.write("lcp", "data", &lcp::data(&[list.clone(), list]))?;
    let area = nv::public(nv::AUX, nv::AUX_ATTRIBUTES, &nv::AUX_POLICY, 104);
    seeds.write("nv", "public", &area)?;
    seeds.write("nv", "event", &nv::info(&nv::good()))?;
    let mut answer = vec![0x80, 1, 0, 0, 0, 12 + area.len() as u8, 0, 0, 0, 0];
    answer.extend([0, area.len() as u8]);
    answer.extend(area);
    seeds.write("nv", "answer", &answer)?;
    // TPM2_PCR_Read: PCR 17 of SHA-1 and nothing of SHA-256.
    let mut pcrs = vec![0x80, 1, 0, 0, 0, 56, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 2];
    pcrs.extend([0, 4, 3, 0, 0, 2, 0, 11, 3, 0, 0, 0, 0, 0, 0, 1, 0, 20]);
    pcrs.extend([7; 20]);
    seeds.write("nv", "pcrs", &pcrs)?;
    seeds.write("slrt", "narrow", &slrt::narrow())?;
    seeds.write("slrt", "wide", &slrt::wide(false))?;
    seeds.write("slrt", "newest", &slrt::wide(true))?;
    let mut header = vec![
        0x5a, 0xac, 0x82, 0x90, 0x6f, 0x47, 0xa7, 0x74, 0x0f, 0x5c, 0x55, 0xa2, 0xcb, 0x51, 0xb6,
        0x42,
    ];
    for value in [
        52u32, 0x2_0003, 0x100, 0, 0, 0x4_8000, 0x227, 0x1000, 0x2000,
    ] {
        header.extend(value.to_le_bytes());
    }
    seeds.write("mle", "tboot", &header)
}

fn fixtures(seeds: &mut Seeds) -> io::Result<()> {
    let launched = Machine::launched();
    seeds.machine("launched", &launched)?;
    seeds.machine("never-launched", &Machine::never_launched())?;
    formats(seeds)?;
    seeds.machine("tpm12", &Machine::launched_with_tpm12())?;
    seeds.machine("tpm12-details", &Machine::launched_with_tpm12_details())?;
    let legacy = Machine::launched_with_legacy_logs();
    seeds.machine("legacy", &legacy)?;
    for log in &legacy.further_logs {
        seeds.log(&format!("legacy-{}", log.alg), &log.bytes, (0, log.next))?;
    }
    let mut pinned = Evidence::of(&launched);
    for alg in BANKS {
        let references = launched.references(alg, &[17, 18]);
        seeds.write("references", alg.name(), references.as_bytes())?;
        pinned.references = references.into_bytes();
        seeds.write("judge", &format!("pinned-{alg}"), &pinned.to_bytes())?;
    }
    pinned.references = launched.references(HashAlg::Sha256, &[17, 18]).into_bytes();
    pinned.flags |= Evidence::PCRS_FROM_LOG;
    let text = launched.references(HashAlg::Sha256, &[17, 18]);
    let policy = "version 1\nwaive TXT-01 \"a seed\"\n";
    let facts = launched.facts();
    let whole = written(&facts, Some(policy), Some(&text));
    seeds.write("evidence", "pinned", &whole)?;
    for seed in 0u8..8 {
        let bytes: Vec<u8> = (0..4000u32).map(|at| (at * 31) as u8 ^ seed).collect();
        let snapshot = Source::new(&bytes).snapshot();
        let whole = written(&snapshot.facts(), None, None);
        seeds.write("evidence", &format!("any-{seed}"), &whole)?;
    }
    seeds.write("judge", "replayed", &pinned.to_bytes())?;
    for (index, table) in dmar_tables().iter().enumerate() {
        seeds.write("dmar", &index.to_string(), table)?;
    }
    for (index, text) in POLICIES.iter().enumerate() {
        seeds.write("policy", &index.to_string(), text.as_bytes())?;
    }
    for (index, text) in REFERENCES.iter().enumerate() {
        seeds.write("references", &index.to_string(), text.as_bytes())?;
    }
    let codes = [
        0u32,
        0xc000_0001,
        0xc000_0009,
        0x8000_0005,
        0xc000_7051,
        0xc000_8001,
    ];
    let codes: Vec<u8> = codes.into_iter().flat_map(u32::to_le_bytes).collect();
    seeds.write("errorcode", "known", &codes)
}

/// DMAR tables: one with each structure.
fn dmar_tables() -> Vec<Vec<u8>> {
    let scopes = || {
        vec![
            ScopeSpec::endpoint(0, 2, 0),
            ScopeSpec::endpoint(0, 0x1f, 3),
        ]
    };
    let (flags, segment) = (1, 0);
    let entries = [
        Entry::unit(0xfed9_0000),
        Entry::Drhd {
            flags: 0,
            size: 0,
            segment,
            base: 0xfed9_1000,
            scopes: scopes(),
        },
        Entry::Rmrr {
            segment,
            base: 0x7c00_0000,
            limit: 0x7c7f_ffff,
            scopes: scopes(),
        },
        Entry::Atsr {
            flags,
            segment,
            scopes: scopes(),
        },
        Entry::Rhsa {
            base: 0xfed9_0000,
            domain: 1,
        },
        Entry::Andd {
            number: 1,
            name: b"\\_SB.PCI0.I2C0\0".to_vec(),
        },
        Entry::Satc {
            flags,
            segment,
            scopes: scopes(),
        },
        Entry::Sidp {
            segment,
            scopes: scopes(),
        },
    ];
    let each = entries.iter().map(|entry| encode(38, 5, &[entry.clone()]));
    each.chain([encode(38, 1, &[]), encode(38, 1, &entries)])
        .collect()
}

fn real_machines(seeds: &mut Seeds, corpus: &Corpus) -> io::Result<()> {
    for (target, name) in BINARIES {
        seeds.write(target, name, &corpus.binary(name))?;
    }
    for (number, format) in CASES {
        let case = corpus.case(number);
        let used = case.json["event_log"]["binary"]["used_bytes"].as_u64();
        let (Some(log), Some(used)) = (case.log, used) else {
            panic!("case {number} has no log");
        };
        let range = (0, u32::try_from(used).expect("a log is small"));
        seeds.log(number, &log, range)?;
        let evidence = Evidence {
            range,
            format,
            log,
            flags: Evidence::PCRS_FROM_LOG,
            ..Evidence::of(&Machine::launched())
        };
        seeds.write("judge", number, &evidence.to_bytes())?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let root = env::args_os().nth(1).expect("usage: fuzz-seeds DIRECTORY");
    let root = PathBuf::from(root);
    let mut seeds = Seeds { root, written: 0 };
    fixtures(&mut seeds)?;
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let changed = scenarios::changed_machines(&directory)?;
    for (name, machine) in &changed {
        seeds.machine(name, machine)?;
    }
    let corpus = match Corpus::find() {
        Ok(corpus) => real_machines(&mut seeds, &corpus).map(|()| "with".to_owned())?,
        Err(reason) => format!("without ({reason})"),
    };
    println!(
        "{} seeds, {} changes of scenarios, {corpus} evidence of real machines",
        seeds.written,
        changed.len()
    );
    Ok(())
}
