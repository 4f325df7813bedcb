// SPDX-License-Identifier: GPL-2.0

//! The files in sysfs: names, modes and what each of them is.

use super::files::{File, Guarded, Report};
use crate::decode::digest::HashAlg;
use crate::decode::registers::{Reg, PUBLIC_KEY_NAME};
use crate::engine::Kind;
use crate::sys::sysfs::{mode, Attribute, BinAttribute, Binaries, Group, Groups, Name, Texts};
use crate::verify::catalogue::CheckId;
use crate::verify::facts::DRTM_PCRS;

type TextFile = Attribute<Report>;
type BinFile = BinAttribute<Report>;

/// All files of the device.
pub(crate) static GROUPS: Groups<Report, 6> = Groups::new(&[
    &TOP_GROUP,
    &CHECK_GROUP,
    &REGISTER_GROUP,
    &MEASUREMENT_GROUP,
    &DMA_GROUP,
]);

static TOP_GROUP: Group<Report> = Group::top(&TOP_LIST, &BINARY_LIST);
static CHECK_GROUP: Group<Report> = Group::directory(&DIRECTORIES[0], &CHECK_LIST);
static REGISTER_GROUP: Group<Report> = Group::directory(&DIRECTORIES[1], &REGISTER_LIST);
static MEASUREMENT_GROUP: Group<Report> = Group::directory(&DIRECTORIES[2], &MEASUREMENT_LIST);
static DMA_GROUP: Group<Report> = Group::directory(&DIRECTORIES[3], &DMA_LIST);

static DIRECTORIES: [Name; 4] = [
    Name::joined(&["checks"]),
    Name::joined(&["registers"]),
    Name::joined(&["measurements"]),
    Name::joined(&["dma"]),
];

/// The text files in the device's own directory.
const TOP: [(&str, u16, File); 13] = [
    ("verdict", mode::READ, File::Verdict),
    ("reason", mode::READ, File::Reason),
    ("generation", mode::READ, File::Generation),
    ("waivers", mode::READ, File::Waivers),
    ("launcher", mode::READ, File::Launcher),
    ("policy_error", mode::READ, File::PolicyError),
    (
        "policy_digest",
        mode::READ,
        File::TextDigest(Kind::Policy),
    ),
    (
        "references_digest",
        mode::READ,
        File::TextDigest(Kind::References),
    ),
    ("references_serial", mode::READ, File::ReferencesSerial),
    ("pinned_by", mode::READ, File::PinnedBy),
    ("commit", mode::ROOT_WRITE, File::Commit),
    ("reverify", mode::ROOT_WRITE, File::Reverify),
    ("settle", mode::ROOT_WRITE, File::Settle),
];

static TOP_NAMES: [Name; TOP.len()] = {
    let mut names = [Name::joined(&[]); TOP.len()];
    let mut index = 0;
    while index < TOP.len() {
        names[index] = Name::joined(&[TOP[index].0]);
        index += 1;
    }
    names
};

static TOP_FILES: [TextFile; TOP.len()] = {
    let mut files = [TextFile::new(&TOP_NAMES[0], mode::READ, File::Verdict); TOP.len()];
    let mut index = 0;
    while index < TOP.len() {
        let (_, mode, file) = TOP[index];
        files[index] = TextFile::new(&TOP_NAMES[index], mode, file);
        index += 1;
    }
    files
};

static TOP_LIST: Texts<Report, { TOP.len() + 1 }> = Texts::new(&TOP_FILES);

/// What the guard shows, in the directory `dma`.
const DMA: [(&str, Guarded); 7] = [
    ("groups", Guarded::Groups),
    ("blocked", Guarded::Blocked),
    ("confined", Guarded::Confined),
    ("exposed", Guarded::Exposed),
    ("exposed_devices", Guarded::ExposedDevices),
    ("faults", Guarded::Faults),
    ("faults_unattributed", Guarded::FaultsUnattributed),
];

static DMA_NAMES: [Name; DMA.len()] = {
    let mut names = [Name::joined(&[]); DMA.len()];
    let mut index = 0;
    while index < DMA.len() {
        names[index] = Name::joined(&[DMA[index].0]);
        index += 1;
    }
    names
};

static DMA_FILES: [TextFile; DMA.len()] = {
    let mut files = [TextFile::new(&DMA_NAMES[0], mode::READ, File::Verdict); DMA.len()];
    let mut index = 0;
    while index < DMA.len() {
        let file = File::Dma(DMA[index].1);
        files[index] = TextFile::new(&DMA_NAMES[index], mode::READ, file);
        index += 1;
    }
    files
};

static DMA_LIST: Texts<Report, { DMA.len() + 1 }> = Texts::new(&DMA_FILES);

static BINARY_NAMES: [Name; 5] = [
    Name::joined(&["event_log"]),
    Name::joined(&[Kind::Policy.name()]),
    Name::joined(&[Kind::References.name()]),
    Name::joined(&["evidence"]),
    Name::joined(&["policy_log"]),
];

static BINARY_FILES: [BinFile; 5] = [
    BinFile::new(&BINARY_NAMES[0], mode::ROOT_READ, File::EventLog),
    BinFile::new(
        &BINARY_NAMES[1],
        mode::ROOT_READ_WRITE,
        File::Text(Kind::Policy),
    ),
    BinFile::new(
        &BINARY_NAMES[2],
        mode::ROOT_READ_WRITE,
        File::Text(Kind::References),
    ),
    BinFile::new(&BINARY_NAMES[3], mode::ROOT_READ, File::Evidence),
    BinFile::new(&BINARY_NAMES[4], mode::ROOT_READ, File::PolicyLog),
];

static BINARY_LIST: Binaries<Report, 6> = Binaries::new(&BINARY_FILES);

static CHECK_NAMES: [Name; CheckId::COUNT] = {
    let mut names = [Name::joined(&[]); CheckId::COUNT];
    let mut index = 0;
    while index < CheckId::COUNT {
        names[index] = Name::joined(&[CheckId::ALL[index].name()]);
        index += 1;
    }
    names
};

static CHECK_FILES: [TextFile; CheckId::COUNT] = {
    let mut files = [TextFile::new(&CHECK_NAMES[0], mode::READ, File::Verdict); CheckId::COUNT];
    let mut index = 0;
    while index < CheckId::COUNT {
        let file = File::Check(CheckId::ALL[index]);
        files[index] = TextFile::new(&CHECK_NAMES[index], mode::READ, file);
        index += 1;
    }
    files
};

static CHECK_LIST: Texts<Report, { CheckId::COUNT + 1 }> = Texts::new(&CHECK_FILES);

/// The registers, and TXT.PUBLIC.KEY behind them.
const REGISTERS: usize = Reg::ALL.len() + 1;

static REGISTER_NAMES: [Name; REGISTERS] = {
    let mut names = [Name::joined(&[PUBLIC_KEY_NAME]); REGISTERS];
    let mut index = 0;
    while index < Reg::ALL.len() {
        names[index] = Name::joined(&[Reg::ALL[index].name()]);
        index += 1;
    }
    names
};

static REGISTER_FILES: [TextFile; REGISTERS] = {
    let key = TextFile::new(&REGISTER_NAMES[Reg::ALL.len()], mode::READ, File::PublicKey);
    let mut files = [key; REGISTERS];
    let mut index = 0;
    while index < Reg::ALL.len() {
        let file = File::Register(Reg::ALL[index]);
        files[index] = TextFile::new(&REGISTER_NAMES[index], mode::READ, file);
        index += 1;
    }
    files
};

static REGISTER_LIST: Texts<Report, { REGISTERS + 1 }> = Texts::new(&REGISTER_FILES);

/// The PCRs by name.
const PCRS: [&str; DRTM_PCRS] = ["17", "18", "19", "20", "21", "22"];
/// The banks that have files: those whose algorithm can be computed.
const BANKS: [HashAlg; 4] = [
    HashAlg::Sha1,
    HashAlg::Sha256,
    HashAlg::Sha384,
    HashAlg::Sha512,
];
/// Files of one kind, pcr or replay.
const VALUES: usize = PCRS.len() * BANKS.len();
/// All measurements: the values twice, sinit and mle.
const MEASUREMENTS: usize = 2 * VALUES + 2;

static MEASUREMENT_NAMES: [Name; MEASUREMENTS] = {
    let mut names = [Name::joined(&["sinit"]); MEASUREMENTS];
    names[2 * VALUES + 1] = Name::joined(&["mle"]);
    let mut index = 0;
    while index < VALUES {
        let pcr = PCRS[index / BANKS.len()];
        let bank = BANKS[index % BANKS.len()].name();
        names[index] = Name::joined(&["pcr", pcr, "_", bank]);
        names[VALUES + index] = Name::joined(&["replay", pcr, "_", bank]);
        index += 1;
    }
    names
};

static MEASUREMENT_FILES: [TextFile; MEASUREMENTS] = {
    let sinit = TextFile::new(&MEASUREMENT_NAMES[2 * VALUES], mode::READ, File::Sinit);
    let mut files = [sinit; MEASUREMENTS];
    files[2 * VALUES + 1] =
        TextFile::new(&MEASUREMENT_NAMES[2 * VALUES + 1], mode::READ, File::Mle);
    let mut index = 0;
    while index < VALUES {
        let pcr = index / BANKS.len();
        let bank = BANKS[index % BANKS.len()];
        files[index] = TextFile::new(&MEASUREMENT_NAMES[index], mode::READ, File::Pcr(pcr, bank));
        files[VALUES + index] = TextFile::new(
            &MEASUREMENT_NAMES[VALUES + index],
            mode::READ,
            File::Replay(pcr, bank),
        );
        index += 1;
    }
    files
};

static MEASUREMENT_LIST: Texts<Report, { MEASUREMENTS + 1 }> = Texts::new(&MEASUREMENT_FILES);
