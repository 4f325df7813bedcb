// SPDX-License-Identifier: GPL-2.0

//! The judgement as a whole.

use super::Dump;
use crate::fixture::dma::Dma;
use crate::fixture::Machine;
use crate::HostHasher;
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::decode::heap::LogFormat;
use launchguard_pure::decode::registers::{Reg, Registers, PUBLIC_KEY_OFFSET};
use launchguard_pure::verify::catalogue::{CheckId, Weight};
use launchguard_pure::verify::facts::{
    Evidence as Found, Facts, FirmwareTables, HeapCopy, KernelFacts, Latched, LogCopy, LogSet,
    MemoryFacts, TpmFacts, TpmFamily, DRTM_PCRS,
};
use launchguard_pure::verify::judgement::{Judgement, Outcome, Verdict};
use launchguard_pure::verify::policy::{Policy, References};
use std::sync::LazyLock;

/// What stands for a TPM 1.2 container in [`Evidence::format`].
const TPM12: u32 = 0x1_0000;

/// Everything that is judged, in a form that arbitrary bytes can be read as.
///
/// A fuzzer's input is a run of parts, each with a 32-bit size in front (little-endian); a part that
/// is missing is empty. Whole evidence that becomes a seed is written the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// See [`Evidence::FLAGS`].
    pub flags: u32,
    /// Log pointer: offsets of the first record and behind the last one.
    pub range: (u32, u32),
    /// The log's format: 0 crypto-agile, 0x10000 a TPM 1.2 container, else TPM_ALG_ID of a legacy
    /// log.
    pub format: u32,
    /// A dump of the public register window.
    pub registers: Vec<u8>,
    /// The heap.
    pub heap: Vec<u8>,
    /// The event log's container.
    pub log: Vec<u8>,
    /// The start of the SINIT region.
    pub sinit: Vec<u8>,
    /// PCR 17 to 22 of each bank, one behind the other in the order of [`HashAlg::ALL`].
    pub pcrs: Vec<u8>,
    /// The guard policy.
    pub policy: Vec<u8>,
    /// The references.
    pub references: Vec<u8>,
    /// The firmware's DMAR table.
    pub dmar: Vec<u8>,
}

/// DMA remapping of a good machine: what fuzzing changes is the table that describes it.
static DMA: LazyLock<Dma> = LazyLock::new(Dma::good);

impl Evidence {
    /// What the bits of `flags` mean, from bit 0 on.
    pub const FLAGS: [&'static str; 10] = [
        "evidence may still arrive",
        "there is no heap",
        "there is no log",
        "there is no TPM",
        "the TPM is a TPM 1.2",
        "the second reading of the TPM differs from the first",
        "the PCRs are those that the log replays to",
        "ranges lie in RAM",
        "the kernel is not the one that was launched",
        "the registers have changed since the first reading",
    ];
    /// Bit of `flags`: the PCRs are those that the log replays to.
    pub const PCRS_FROM_LOG: u32 = 1 << 6;

    /// The evidence of `machine`. What is behind the heap's tables is left out, and TXT.HEAP.SIZE
    /// says so; PCRs that were not read are zero.
    pub fn of(machine: &Machine) -> Self {
        const PAGE: usize = 4096;
        let mut registers = machine.registers;
        let heap = machine.heap.as_ref().map(|heap| {
            let used = heap.iter().rposition(|byte| *byte != 0);
            let size = used.map_or(0, |last| last + 1).next_multiple_of(PAGE);
            heap.get(..size).unwrap_or(heap).to_vec()
        });
        if let Some(heap) = &heap {
            registers.set(Reg::HeapSize, Some(heap.len() as u64));
        }
        let pcrs = machine.tpm.as_ref().map(|tpm| {
            let banks = HashAlg::ALL.into_iter().zip(&tpm.first);
            let banks = banks.filter(|(alg, _)| tpm.allocated[alg.index()]);
            let pcrs = banks.flat_map(|(alg, bank)| {
                let value = move |pcr: &Option<Digest>| pcr.unwrap_or(Digest::zero(alg));
                bank.iter()
                    .flat_map(move |pcr| value(pcr).as_bytes().to_vec())
            });
            pcrs.collect()
        });
        let missing = [
            (1, heap.is_none()),
            (2, machine.log.is_none()),
            (3, pcrs.is_none()),
        ];
        let missing = missing.into_iter().filter(|(_, missing)| *missing);
        Self {
            flags: missing.fold(0, |flags, (bit, _)| flags | (1 << bit)),
            range: (machine.log_first, machine.log_next),
            format: match machine.log_format {
                LogFormat::Tcg => 0,
                LogFormat::Legacy { alg } => alg.into(),
                LogFormat::Tpm12Container => TPM12,
            },
            registers: dump(&registers),
            heap: heap.unwrap_or_default(),
            log: machine.log.clone().unwrap_or_default(),
            sinit: machine.sinit.clone().unwrap_or_default(),
            pcrs: pcrs.unwrap_or_default(),
            policy: Vec::new(),
            references: Vec::new(),
            dmar: machine.firmware.dmar.clone().unwrap_or_default(),
        }
    }

    fn format(&self) -> LogFormat {
        match self.format {
            0 => LogFormat::Tcg,
            TPM12 => LogFormat::Tpm12Container,
            // The algorithm's id takes the low half.
            alg => LogFormat::Legacy {
                alg: (alg & 0xffff) as u16,
            },
        }
    }

    fn flag(&self, bit: usize) -> bool {
        (self.flags >> bit) & 1 != 0
    }

    /// Reads arbitrary bytes as evidence.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut rest = bytes;
        let mut part = || {
            let Some((size, behind)) = rest.split_first_chunk::<4>() else {
                return Vec::new();
            };
            let size = u32::from_le_bytes(*size) as usize;
            let size = size.min(behind.len());
            let (part, behind) = behind.split_at(size);
            rest = behind;
            part.to_vec()
        };
        let fixed = part();
        let word = |index: usize| {
            let bytes = fixed.get(index * 4..).and_then(<[u8]>::first_chunk::<4>);
            bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
        };
        Self {
            flags: word(0),
            range: (word(1), word(2)),
            format: word(3),
            registers: part(),
            heap: part(),
            log: part(),
            sinit: part(),
            pcrs: part(),
            policy: part(),
            references: part(),
            dmar: part(),
        }
    }

    /// Writes evidence in the form that [`Evidence::from_bytes`] reads.
    ///
    /// # Panics
    ///
    /// When a part is larger than 4 GiB.
    pub fn to_bytes(&self) -> Vec<u8> {
        let fixed: Vec<u8> = [self.flags, self.range.0, self.range.1, self.format]
            .into_iter()
            .flat_map(u32::to_le_bytes)
            .collect();
        let parts = [
            &fixed,
            &self.registers,
            &self.heap,
            &self.log,
            &self.sinit,
            &self.pcrs,
            &self.policy,
            &self.references,
            &self.dmar,
        ];
        let mut bytes = Vec::new();
        for part in parts {
            let size = u32::try_from(part.len()).expect("a part is smaller than 4 GiB");
            bytes.extend(size.to_le_bytes());
            bytes.extend(part);
        }
        bytes
    }

    fn tpm(&self) -> TpmFacts {
        let mut first = [[None; DRTM_PCRS]; HashAlg::ALL.len()];
        let mut allocated = [false; HashAlg::ALL.len()];
        let mut rest = self.pcrs.as_slice();
        for ((bank, allocated), alg) in first.iter_mut().zip(&mut allocated).zip(HashAlg::ALL) {
            for pcr in bank {
                let Some((value, behind)) = rest.split_at_checked(alg.size()) else {
                    break;
                };
                *pcr = Digest::new(alg, value);
                *allocated = true;
                rest = behind;
            }
        }
        let mut second = first;
        if self.flag(5) {
            second[HashAlg::Sha256.index()][0] = Some(Digest::zero(HashAlg::Sha256));
        }
        TpmFacts {
            family: if self.flag(4) {
                TpmFamily::Tpm12
            } else {
                TpmFamily::Tpm20
            },
            allocated,
            first,
            second,
            hmac: None,
        }
    }

    /// What the engine would hand over.
    fn facts<'a>(&'a self, registers: &'a Registers, tpm: &'a TpmFacts) -> Facts<'a> {
        let in_ram = Some(self.flag(7));
        let foreign = self.flag(8);
        let unread = Facts::unread(registers, "not part of the input");
        Facts {
            registers,
            latched: self.flag(9).then_some(Latched {
                heap_base: 0,
                heap_size: 0,
                sinit_base: 0,
                sinit_size: 0,
            }),
            baseline: None,
            heap: found(
                HeapCopy {
                    base: registers.get(Reg::HeapBase).unwrap_or(0),
                    bytes: &self.heap,
                    stable: Some(true),
                },
                self.flag(1),
            ),
            log: found(
                LogSet::single(LogCopy {
                    format: self.format(),
                    bytes: &self.log,
                    first: self.range.0,
                    next: self.range.1,
                }),
                self.flag(2),
            ),
            sinit: found(self.sinit.as_slice(), self.sinit.is_empty()),
            memory: MemoryFacts {
                heap_is_ram: in_ram,
                sinit_is_ram: in_ram,
                registers_are_ram: in_ram,
                tpm_is_ram: in_ram,
            },
            tpm: found(tpm, self.flag(3)),
            kernel: KernelFacts {
                tboot_addr: Some(if foreign { 0 } else { 0x247_2000 }),
                loader_type: Some(0xff),
                tboot_page: Some(!foreign),
                resumed_from_image: Some(false),
                rescue: Some(self.flag(4)),
            },
            tables: FirmwareTables {
                dmar: found(self.dmar.as_slice(), self.dmar.is_empty()),
                ..unread.tables
            },
            dma: DMA.facts(),
            ..unread
        }
    }
}

/// A dump of the public window in which `registers` would be read.
fn dump(registers: &Registers) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    let mut put = |offset: u16, value: &[u8]| {
        let offset = usize::from(offset);
        bytes[offset..offset + value.len()].copy_from_slice(value);
    };
    for reg in Reg::ALL {
        let value = registers.get(reg).unwrap_or(0).to_le_bytes();
        put(reg.offset(), &value);
    }
    put(PUBLIC_KEY_OFFSET, &registers.public_key.unwrap_or_default());
    bytes
}

fn found<T>(evidence: T, missing: bool) -> Found<T> {
    if missing {
        Found::Unreadable("not there")
    } else {
        Found::Read(evidence)
    }
}

/// `verify::judge`: `bytes` are [`Evidence`]. Texts that are malformed are left out: the engine
/// never hands them over.
pub fn judge(bytes: &[u8]) -> Box<Judgement> {
    let evidence = Evidence::from_bytes(bytes);
    let policy = Policy::parse(&evidence.policy).unwrap_or(Policy::EMPTY);
    let references = References::parse(&evidence.references).ok();
    let dump = Dump(&evidence.registers);
    let registers = Registers::read(&dump, Some(&dump));
    let mut tpm = evidence.tpm();
    let mut judged = run(&evidence, &registers, &tpm, &policy, references.as_ref());
    if evidence.flags & Evidence::PCRS_FROM_LOG != 0 {
        tpm.first = judged.replay;
        tpm.second = judged.replay;
        for (allocated, bank) in tpm.allocated.iter_mut().zip(&judged.replay) {
            *allocated = bank.iter().any(Option::is_some);
        }
        judged = run(&evidence, &registers, &tpm, &policy, references.as_ref());
    }
    check(&evidence, &judged, &policy, references.as_ref());
    judged
}

fn run(
    evidence: &Evidence,
    registers: &Registers,
    tpm: &TpmFacts,
    policy: &Policy<'_>,
    references: Option<&References<'_>>,
) -> Box<Judgement> {
    let facts = evidence.facts(registers, tpm);
    let mut judged = Box::new(Judgement::NONE);
    let awaiting = evidence.flag(0);
    launchguard_pure::verify::judge(
        &facts,
        policy,
        references,
        awaiting,
        &HostHasher,
        &mut judged,
    );
    judged
}

/// What holds of every judgement.
fn check(
    evidence: &Evidence,
    judged: &Judgement,
    policy: &Policy<'_>,
    references: Option<&References<'_>>,
) {
    let decides = |check: CheckId, outcome: Outcome| {
        let by_default = match check.weight() {
            Weight::Required => true,
            Weight::Alarm => outcome == Outcome::Fail,
            Weight::Advisory => false,
        };
        !policy.waives(check) && (by_default || policy.requires(check))
    };
    let any = |outcome: Outcome| {
        CheckId::ALL
            .into_iter()
            .any(|check| decides(check, outcome) && judged.outcome(check) == outcome)
    };
    for check in CheckId::ALL {
        let finding = judged.finding(check);
        assert!(!finding.detail.as_str().contains('\n'), "{check}");
        if matches!(finding.outcome, Outcome::Fail | Outcome::Unknown) {
            assert!(!finding.detail.is_empty(), "{check} fails without a word");
        }
    }
    let verdict = judged.verdict;
    assert_eq!(evidence.flag(0), verdict == Verdict::Pending);
    if matches!(verdict, Verdict::Verified | Verdict::Unpinned) {
        assert!(!any(Outcome::Fail), "{verdict} although a check fails");
        assert!(
            !any(Outcome::Unknown),
            "{verdict} although a check is unknown"
        );
        assert!(!evidence.flag(3), "{verdict} without a TPM");
    }
    if verdict == Verdict::Verified {
        let references = references.expect("references make a verdict verified");
        assert!(!references.is_empty());
        assert!(judged.launch.is_some(), "no launch matched");
    }
    if matches!(
        verdict,
        Verdict::Failed | Verdict::Unknown | Verdict::Absent
    ) {
        assert!(
            judged.reasons().next().is_some(),
            "{verdict} without a reason"
        );
    }
    if verdict == Verdict::Failed {
        let mut reasons = judged.reasons();
        assert!(
            reasons.any(|check| judged.outcome(check) == Outcome::Fail),
            "failed, but no reason failed"
        );
    }
}
