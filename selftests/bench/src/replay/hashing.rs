// SPDX-License-Identifier: GPL-2.0

//! The floor: the digests that a replay takes, and nothing else.

use super::log::{TestLog, BANKS};
use super::process::Pcrs;
use launchguard_host_tests::hex;
use sha1::Sha1;
use sha2::digest::Output;
use sha2::{Digest, Sha256, Sha384};

/// Event type HASH_START: a replay hashes its data, to tell whether its digest is that of the data.
const HASH_START: u32 = 0x402;

/// PCR 17 and 18 of the three banks.
type Values = ([Output<Sha1>; 2], [Output<Sha256>; 2], [Output<Sha384>; 2]);

/// An extend: 0 for PCR 17, 1 for PCR 18, and its digest in each bank.
struct Extend {
    slot: usize,
    sha1: Output<Sha1>,
    sha256: Output<Sha256>,
    sha384: Output<Sha384>,
}

/// The digests of a log, lying ready.
pub struct Hashing {
    start: Vec<u8>,
    extends: Vec<Extend>,
}

impl Hashing {
    /// Takes the digests out of `log`.
    pub fn new(log: &TestLog) -> Self {
        let start = log.records.iter().find(|record| record.kind == HASH_START);
        let extends = log.records.iter().map(|record| {
            let digest = |index: usize| record.digests[index].1.as_slice();
            Extend {
                slot: usize::from(record.pcr == 18),
                sha1: *Output::<Sha1>::from_slice(digest(0)),
                sha256: *Output::<Sha256>::from_slice(digest(1)),
                sha384: *Output::<Sha384>::from_slice(digest(2)),
            }
        });
        Self {
            start: start.map_or(Vec::new(), |record| record.data.clone()),
            extends: extends.collect(),
        }
    }

    /// Computes every digest of a replay.
    pub fn extend(&self) -> Values {
        let mut values = Values::default();
        std::hint::black_box((
            Sha1::digest(&self.start),
            Sha256::digest(&self.start),
            Sha384::digest(&self.start),
        ));
        for event in &self.extends {
            extend::<Sha1>(&mut values.0[event.slot], &event.sha1);
            extend::<Sha256>(&mut values.1[event.slot], &event.sha256);
            extend::<Sha384>(&mut values.2[event.slot], &event.sha384);
        }
        values
    }

    /// The PCRs that come out.
    pub fn run(&self) -> Pcrs {
        let (sha1, sha256, sha384) = self.extend();
        let mut pcrs = Pcrs::new();
        for slot in 0..2 {
            let values = [&sha1[slot][..], &sha256[slot][..], &sha384[slot][..]];
            for (alg, value) in BANKS.iter().zip(values) {
                let pcr = if slot == 0 { 17 } else { 18 };
                pcrs.insert((alg.name().to_owned(), pcr), hex(value));
            }
        }
        pcrs
    }
}

fn extend<D: Digest>(pcr: &mut Output<D>, digest: &Output<D>) {
    *pcr = D::new().chain_update(&*pcr).chain_update(digest).finalize();
}
