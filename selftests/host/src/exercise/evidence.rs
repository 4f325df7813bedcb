// SPDX-License-Identifier: GPL-2.0

//! Evidence as bytes: facts of every shape to write, and hostile bytes to read.

use launchguard_evidence::{to_bytes, Snapshot, What};
use launchguard_pure::decode::digest::{Digest, HashAlg, Hasher};
use launchguard_pure::decode::eventlog::LogFormat;
use launchguard_pure::decode::msr::Msr;
use launchguard_pure::decode::registers::{Reg, Registers};
use launchguard_pure::hasher::HostHasher;
use launchguard_pure::verify::drift::{Baseline, MARK};
use launchguard_pure::verify::evidence::{
    Contents, Info, Texts, DIGEST_SIZE, HEADER_SIZE, VERSION,
};
use launchguard_pure::verify::facts::{
    Ats, Cpu, Direct, Evidence, Facts, FaultCounts, FirmwareTables, HeapCopy, KernelFacts, Latched,
    LogCopy, LogSet, MemoryFacts, MemoryRange, NvIndex, PciFunction, Reach, Refused, Remap,
    TpmFacts, TpmFamily, Tpr, TprRegisters, Translation, Unit, UnitRegisters, DRTM_PCRS,
    MTRR_RANGES,
};
use launchguard_pure::verify::judgement::Judgement;
use launchguard_pure::verify::notes::Notes;
use launchguard_pure::verify::policy::{Policy, References};

/// Makes values of bytes; behind the last byte everything is zero.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    /// Makes values of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn slice(&mut self) -> &'a [u8] {
        let size = usize::from(self.number::<1>() as u8 % 64).min(self.0.len());
        let (slice, rest) = self.0.split_at(size);
        self.0 = rest;
        slice
    }

    /// A number of `N` bytes.
    fn number<const N: usize>(&mut self) -> u64 {
        let mut value = 0;
        for _ in 0..N {
            let (byte, rest) = self.0.split_first().unwrap_or((&0, &[]));
            self.0 = rest;
            value = (value << 8) | u64::from(*byte);
        }
        value
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.number::<1>() as usize % all.len()]
    }

    fn truth(&mut self) -> bool {
        self.one_of(&[false, true])
    }

    fn maybe(&mut self) -> Option<bool> {
        self.one_of(&[None, Some(false), Some(true)])
    }

    fn option<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.truth().then(|| value(self))
    }

    fn evidence<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Evidence<T> {
        match self.number::<1>() % 6 {
            0 => Evidence::Unreadable(self.one_of(&["", "no reason", "ein Grund – länger"])),
            1 => Evidence::Absent(self.one_of(&["", "there is none"])),
            _ => Evidence::Read(value(self)),
        }
    }

    fn list<T>(&mut self, value: impl Fn(&mut Self) -> T) -> Vec<T> {
        let count = self.number::<1>() % 4;
        (0..count).map(|_| value(self)).collect()
    }

    /// A snapshot of any facts, judged by no text.
    pub fn snapshot(mut self) -> Snapshot<'a> {
        let from = &mut self;
        let mut registers = Registers::UNREADABLE;
        for reg in Reg::ALL {
            registers.set(reg, from.option(|from| from.number::<8>()));
        }
        registers.public_key = from.option(|from| [from.number::<1>() as u8; 32]);
        registers.private_didvid = from.option(|from| from.number::<8>());
        Snapshot {
            minor: 0,
            generation: 0,
            info: Info {
                version: "",
                kernel_release: "",
            },
            texts: Texts {
                policy: None,
                references: None,
                awaiting: false,
                notes: Notes::default(),
            },
            recorded_verdict: "",
            recorded: Vec::new(),
            registers,
            latched: from.option(|from| Latched {
                heap_base: from.number::<8>(),
                heap_size: from.number::<8>(),
                sinit_base: from.number::<8>(),
                sinit_size: from.number::<8>(),
            }),
            baseline: from.option(|from| {
                Box::new(Baseline {
                    marks: core::array::from_fn(|_| {
                        from.option(|from| [from.number::<1>() as u8; MARK])
                    }),
                    log_bytes: core::array::from_fn(|_| from.number::<4>() as u32),
                })
            }),
            heap: from.evidence(|from| HeapCopy {
                base: from.number::<8>(),
                bytes: from.slice(),
                stable: from.maybe(),
            }),
            log: from.evidence(|from| LogSet {
                logs: core::array::from_fn(|_| from.option(Self::log)),
            }),
            sinit: from.evidence(Self::slice),
            slrt: from.evidence(Self::slice),
            memory: MemoryFacts {
                heap_is_ram: from.maybe(),
                sinit_is_ram: from.maybe(),
                registers_are_ram: from.maybe(),
                tpm_is_ram: from.maybe(),
            },
            tpm: from.evidence(|from| Box::new(from.tpm())),
            kernel: KernelFacts {
                tboot_addr: from.option(|from| from.number::<8>()),
                loader_type: from.option(|from| from.number::<4>() as u32),
                tboot_page: from.maybe(),
                resumed_from_image: from.maybe(),
                rescue: from.maybe(),
            },
            nv: from.evidence(|from| {
                from.list(|from| NvIndex {
                    index: from.number::<4>() as u32,
                    public: from.evidence(Self::slice),
                    data: from.evidence(Self::slice),
                })
            }),
            cpus: from.evidence(|from| {
                let mut count = || from.number::<4>() as u32;
                let (possible, present, online) = (count(), count(), count());
                (possible, present, online, from.list(Self::cpu))
            }),
            host_bridge: from.evidence(Self::slice),
            remap: from.evidence(|from| Remap {
                base: from.number::<8>(),
                limit: from.number::<8>(),
            }),
            memory_map: from.evidence(|from| {
                from.list(|from| MemoryRange {
                    base: from.number::<8>(),
                    size: from.number::<8>(),
                    kind: from.number::<4>() as u32,
                })
            }),
            ecam: from.evidence(|from| (from.number::<8>(), from.number::<8>())),
            tables: FirmwareTables {
                dmar: from.evidence(Self::slice),
                mcfg: from.evidence(Self::slice),
                madt: from.evidence(Self::slice),
                dtpr: from.evidence(Self::slice),
                cedt: from.evidence(Self::slice),
            },
            units: from.evidence(|from| from.list(Self::unit)),
            functions: from.evidence(|from| from.list(Self::function)),
            command_line: from.evidence(Self::slice),
            passthrough: from.maybe(),
            driver_enabled: from.maybe(),
            tprs: from.evidence(|from| {
                from.list(|from| Tpr {
                    address: from.number::<8>(),
                    registers: from.option(|from| TprRegisters {
                        base: from.number::<8>(),
                        limit: from.number::<8>(),
                    }),
                })
            }),
            windows: from.evidence(|from| {
                from.list(|from| Reach {
                    segment: from.number::<4>() as u32,
                    bus: from.number::<1>() as u8,
                    devfn: from.number::<1>() as u8,
                    base: from.number::<8>(),
                    size: from.number::<8>(),
                    writable: from.truth(),
                })
            }),
            faults: from.evidence(|from| {
                let counts = FaultCounts {
                    watched: from.number::<4>() as u32,
                    others: from.number::<8>(),
                    lost: from.number::<8>(),
                    unseen: from.number::<8>(),
                };
                let refused = from.list(|from| Refused {
                    segment: from.number::<4>() as u32,
                    requester: from.number::<2>() as u16,
                    group: from.option(|from| from.number::<4>() as u32),
                    owned: from.truth(),
                    faults: from.number::<8>(),
                });
                (counts, refused)
            }),
            direct: from.evidence(|from| {
                from.list(|from| Direct {
                    group: from.number::<4>() as u32,
                    base: from.number::<8>(),
                    size: from.number::<8>(),
                    relaxable: from.truth(),
                })
            }),
        }
    }

    fn log(&mut self) -> LogCopy<'a> {
        let alg = self.number::<2>() as u16;
        LogCopy {
            format: self.one_of(&[
                LogFormat::Tcg,
                LogFormat::Legacy { alg },
                LogFormat::Tpm12Container,
            ]),
            bytes: self.slice(),
            first: self.number::<4>() as u32,
            next: self.number::<4>() as u32,
        }
    }

    fn tpm(&mut self) -> TpmFacts {
        let mut facts = TpmFacts {
            family: self.one_of(&[TpmFamily::Tpm12, TpmFamily::Tpm20]),
            allocated: core::array::from_fn(|_| self.truth()),
            first: [[None; DRTM_PCRS]; HashAlg::ALL.len()],
            second: [[None; DRTM_PCRS]; HashAlg::ALL.len()],
            hmac: self.maybe(),
        };
        for reading in [&mut facts.first, &mut facts.second] {
            for (alg, bank) in HashAlg::ALL.into_iter().zip(reading) {
                for pcr in bank {
                    let byte = self.number::<1>() as u8;
                    *pcr = self
                        .option(|_| Digest::new(alg, &vec![byte; alg.size()]))
                        .flatten();
                }
            }
        }
        facts
    }

    fn cpu(&mut self) -> Cpu {
        Cpu {
            number: self.number::<4>() as u32,
            apic_id: self.number::<4>() as u32,
            vendor: core::array::from_fn(|_| self.number::<1>() as u8),
            signature: self.number::<4>() as u32,
            features: self.number::<4>() as u32,
            address_bits: self.number::<1>() as u8,
            microcode: self.option(|from| from.number::<4>() as u32),
            msrs: [(); Msr::ALL.len()].map(|()| self.option(|from| from.number::<8>())),
            mtrrs: [(); MTRR_RANGES]
                .map(|()| self.option(|from| (from.number::<8>(), from.number::<8>()))),
        }
    }

    fn unit(&mut self) -> Unit {
        Unit {
            segment: self.number::<2>() as u16,
            base: self.number::<8>(),
            registers: self.option(|from| UnitRegisters {
                version: from.number::<4>() as u32,
                cap: from.number::<8>(),
                ecap: from.number::<8>(),
                gsts: from.number::<4>() as u32,
                rtaddr: from.number::<8>(),
                fsts: from.number::<4>() as u32,
                pmen: from.number::<4>() as u32,
                pmr_low: (from.number::<4>() as u32, from.number::<4>() as u32),
                pmr_high: (from.number::<8>(), from.number::<8>()),
                irta: from.number::<8>(),
            }),
            root_in_ram: self.maybe(),
            irt_in_ram: self.maybe(),
        }
    }

    fn function(&mut self) -> PciFunction {
        PciFunction {
            segment: self.number::<4>() as u32,
            bus: self.number::<1>() as u8,
            devfn: self.number::<1>() as u8,
            vendor: self.number::<2>() as u16,
            device: self.number::<2>() as u16,
            class: self.number::<4>() as u32,
            port_type: self.option(|from| from.number::<1>() as u8),
            bridge: self.truth(),
            buses: self.option(|from| (from.number::<1>() as u8, from.number::<1>() as u8)),
            group: self.option(|from| from.number::<4>() as u32),
            group_size: self.number::<4>() as u32,
            translation: self.one_of(&[
                Translation::None,
                Translation::Blocked,
                Translation::Identity,
                Translation::Dma,
                Translation::Managed,
                Translation::Unknown,
            ]),
            bus_master: self.maybe(),
            driver: self.truth(),
            untrusted: self.truth(),
            external_facing: self.truth(),
            virtual_function: self.truth(),
            ats: self.one_of(&[Ats::None, Ats::Off, Ats::On]),
            acs: self.option(|from| from.number::<2>() as u16),
            isolated_msi: self.maybe(),
        }
    }
}

/// Evidence of `facts`, judged by the texts that it carries.
///
/// # Panics
///
/// When a text is malformed.
pub fn written(facts: &Facts<'_>, policy: Option<&str>, references: Option<&str>) -> Vec<u8> {
    let policy = policy.map(str::as_bytes);
    let references = references.map(str::as_bytes);
    let parsed = policy.map(|text| Policy::parse(text).expect("a policy"));
    let pins = references.map(|text| References::parse(text).expect("references"));
    let mut judgement = Box::new(Judgement::NONE);
    launchguard_pure::verify::judge(
        facts,
        &parsed.unwrap_or(Policy::EMPTY),
        pins.as_ref(),
        false,
        &HostHasher,
        &mut judgement,
    );
    to_bytes(&Contents {
        generation: 7,
        kernel_release: "7.3.4",
        version: VERSION,
        facts,
        policy,
        references,
        awaiting: false,
        notes: Notes::default(),
        verdict: judgement.verdict,
        judgement: &judgement,
    })
}

/// Makes header and digest agree with the rest, so that what lies behind them is looked at.
pub fn seal(bytes: &mut Vec<u8>) {
    if bytes.len() < HEADER_SIZE + DIGEST_SIZE {
        return;
    }
    let size = (bytes.len() as u64).to_le_bytes();
    bytes[16..24].copy_from_slice(&size);
    let end = bytes.len() - DIGEST_SIZE;
    let digest = HostHasher.digest(HashAlg::Sha256, &[&bytes[..end]]);
    bytes.truncate(end);
    bytes.extend(digest.expect("SHA-256").as_bytes());
}

/// Reads and judges hostile bytes, as they are and with a digest that fits.
///
/// # Panics
///
/// When an error points outside, or what was sealed is refused for its digest.
pub fn read(bytes: &[u8]) {
    let check = |bytes: &[u8]| match Snapshot::read(bytes) {
        Ok(snapshot) => {
            let policy = snapshot
                .texts
                .policy
                .and_then(|text| Policy::parse(text).ok());
            let references = snapshot.texts.references;
            let references = references.and_then(|text| References::parse(text).ok());
            snapshot.judge(&policy.unwrap_or(Policy::EMPTY), references.as_ref());
            None
        }
        Err(error) => {
            assert!(error.offset <= bytes.len(), "{error}");
            assert!(!error.to_string().is_empty());
            Some(error.what)
        }
    };
    check(bytes);
    let mut sealed = bytes.to_vec();
    seal(&mut sealed);
    if sealed.len() >= HEADER_SIZE + DIGEST_SIZE {
        assert_ne!(check(&sealed), Some(What::Digest));
    }
}
