// SPDX-License-Identifier: GPL-2.0

//! What tboot measures (tboot, policy.c), and what of its own start leads to other measurements.

use super::mle::Image;
use super::relog::Record;
use super::{refuse, Refused};
use launchguard_pure::decode::digest::{Digest, HashAlg, Hasher};
use launchguard_pure::decode::eventlog::EventType;
use launchguard_pure::decode::mle::Capabilities;
use launchguard_pure::hasher::HostHasher;

/// H(parts), where it can be computed here.
pub fn hash(alg: HashAlg, parts: &[&[u8]]) -> Option<Digest> {
    HostHasher.digest(alg, parts)
}

/// A module as tboot gets it from the boot loader.
#[derive(Clone, Debug)]
pub struct Module {
    /// Where it came from, for people.
    pub source: String,
    /// Its bytes, unpacked if the boot loader unpacks it.
    pub image: Vec<u8>,
    /// Its command line, without the file's name.
    pub command_line: String,
}

impl Module {
    /// The digest that is extended: H(H(command line) | H(image)).
    pub fn digest(&self, alg: HashAlg) -> Option<Digest> {
        let command_line = hash(alg, &[self.command_line.as_bytes()])?;
        let image = hash(alg, &[&self.image])?;
        hash(alg, &[command_line.as_bytes(), image.as_bytes()])
    }

    /// What it is, for people.
    pub fn words(&self) -> String {
        if self.command_line.is_empty() {
            self.source.clone()
        } else {
            format!(
                "{} with command line \"{}\"",
                self.source, self.command_line
            )
        }
    }
}

/// PolicyControl of tboot's default policies: the policy's hash is extended as well.
const CONTROL: [u8; 4] = [1, 0, 0, 0];

/// The policy that tboot follows when the owner has none in the TPM: module 0 and all others are
/// extended into PCR 17, with the mapping of details and authorities. It differs between versions in
/// the algorithm that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultPolicy {
    /// SHA-1, of tboot 1.8 and 1.9.
    Sha1,
    /// SHA-256, of tboot 1.10 and 1.11.
    Sha256,
}

impl DefaultPolicy {
    /// All that are known.
    pub const ALL: [Self; 2] = [Self::Sha1, Self::Sha256];

    /// tb_policy_t: version, type, algorithm, control, reserved, number of entries; then of each entry
    /// number of the module, PCR, type of hash, NV index, number of hashes.
    fn bytes(self) -> Vec<u8> {
        const ENTRIES: [[u8; 8]; 3] = [
            // Module 0, which is extended in any case and not once more by the policy.
            [0, 255, 0, 0, 0, 0, 0, 0],
            // Any other.
            [129, 17, 0, 0, 0, 0, 0, 0],
            // NV index 0x40000010 as it is.
            [131, 22, 0, 0x10, 0, 0, 0x40, 0],
        ];
        let alg = match self {
            Self::Sha1 => HashAlg::Sha1,
            Self::Sha256 => HashAlg::Sha256,
        };
        let [alg, _] = alg.tpm_id().to_le_bytes();
        let mut bytes = vec![2, 0, alg];
        bytes.extend(CONTROL);
        bytes.extend([0; 4]);
        bytes.push(ENTRIES.len() as u8);
        bytes.extend(ENTRIES.concat());
        bytes
    }

    /// The one that the image of a tboot holds.
    pub fn of_image(image: &Image) -> Result<Self, Refused> {
        let held: Vec<Self> = Self::ALL
            .into_iter()
            .filter(|policy| image.holds(&policy.bytes()))
            .collect();
        match held.as_slice() {
            [policy] => Ok(*policy),
            _ => refuse("the new tboot holds no default policy that is known here"),
        }
    }

    /// The digest of the policy's event in the bank of `alg`: H(control | H'(policy)). `inner` is H': the
    /// bank's own hash where tboot extends a single bank, SHA-256 with `extpol=embedded`.
    pub fn event_digest(self, alg: HashAlg, inner: HashAlg) -> Option<Digest> {
        let policy = hash(inner, &[&self.bytes()])?;
        hash(alg, &[&CONTROL, policy.as_bytes()])
    }
}

/// Refuses a command line of tboot that makes it extend other banks than `extended`, of those `logged`,
/// or log in another format.
pub fn check_options(
    command_line: &str,
    extended: &[HashAlg],
    logged: &[HashAlg],
    is_legacy: bool,
) -> Result<(), Refused> {
    let mut extpol = "sha256";
    let mut force_legacy = false;
    for word in command_line.split_ascii_whitespace() {
        let Some((name, value)) = word.split_once('=') else {
            continue;
        };
        // tboot takes the beginning of an option's name for the option.
        if name.is_empty() || value.is_empty() {
            continue;
        }
        if "extpol".starts_with(name) {
            extpol = value;
        }
        if "force_tpm2_legacy_log".starts_with(name) {
            force_legacy = value == "true";
        }
        if "force_pmrs".starts_with(name) && value == "true" {
            return refuse(format!("{word}: tboot changes what is measured of it"));
        }
        if "call_racm".starts_with(name) && value != "false" {
            return refuse(format!("{word}: this is no launch of a kernel"));
        }
    }
    let only = |alg: HashAlg| extended == [alg];
    let same = match extpol {
        "sha256" | "agile" => only(HashAlg::Sha256),
        "sha384" => only(HashAlg::Sha384),
        "sha512" => only(HashAlg::Sha512),
        "sm3" => only(HashAlg::Sm3),
        "embedded" => logged.iter().all(|alg| extended.contains(alg)),
        _ => return refuse(format!("extpol={extpol} is not known here")),
    };
    if !same {
        return refuse(format!(
            "extpol={extpol}: tboot will extend other banks than in the present launch; launch once, \
             and enroll"
        ));
    }
    if force_legacy != is_legacy {
        return refuse(
            "force_tpm2_legacy_log: the format of the log may be another one than in the present \
             launch, and with it what SINIT measures; launch once, and enroll",
        );
    }
    Ok(())
}

/// Bits of OsSinitData.Capabilities that tboot sets by what SINIT can do: how processors are woken, and
/// the format of the log.
const CHOSEN: [u32; 3] = [1 << 0, 1 << 1, 1 << 9];
/// Those bits, and others that tboot never takes from its MLE header: page table in ECX, mapping.
const NOT_FROM_HEADER: u32 = 0x237;

/// Refuses a launcher whose header claims other capabilities than it asked for in the present launch:
/// `record` is an event OSSINITDATA_CAP_HASH.
pub fn check_capabilities(record: &Record, header: Capabilities) -> Result<(), Refused> {
    let fixed = header.0 & !NOT_FROM_HEADER;
    let mut possible = vec![fixed];
    for bit in CHOSEN {
        let with: Vec<u32> = possible.iter().map(|value| value | bit).collect();
        possible.extend(with);
    }
    let same = |value: &u32| record.is_of(&value.to_le_bytes());
    if possible.iter().any(same) {
        return Ok(());
    }
    refuse(format!(
        "{} in PCR {}: the new tboot has other capabilities ({header}) than the present launch asked for",
        record.kind, record.pcr
    ))
}

/// Refuses where a launch control policy of lists is in force: `record` is an event of its details or
/// authorities. With a policy that takes any launcher it measured a single zero (SDG table E-6).
pub fn check_any_policy(record: &Record) -> Result<(), Refused> {
    if record.is_of(&[0]) {
        return Ok(());
    }
    refuse(format!(
        "{} in PCR {}: a launch control policy says which launcher SINIT takes, and what it will measure \
         of that for another one is not known",
        record.kind, record.pcr
    ))
}

/// Whether an event of this type stays as it is whatever launcher and modules follow SINIT: what SINIT
/// and the processor measure of themselves, of the firmware and of the policy. Those that have more
/// conditions are looked at where something changes.
pub const fn stays(kind: EventType) -> bool {
    matches!(
        kind,
        EventType::HashStart
            | EventType::BiosAcRegData
            | EventType::CpuScrtmStat
            | EventType::LcpControlHash
            | EventType::StmHash
            | EventType::OsSinitDataCapHash
            | EventType::SinitPubKeyHash
            | EventType::LcpDetailsHash
            | EventType::LcpAuthoritiesHash
            | EventType::NvInfoHash
            | EventType::ColdBootBiosHash
            | EventType::KmHash
            | EventType::BpmHash
            | EventType::KmInfoHash
            | EventType::BpmInfoHash
            | EventType::BootPolHash
    )
}
