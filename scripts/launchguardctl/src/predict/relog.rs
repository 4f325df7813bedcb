// SPDX-License-Identifier: GPL-2.0

//! A log whose digests can be changed.

use super::tboot::hash;
use super::{refuse, Change, Refused};
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::decode::eventlog::{EventType, Log, LogFormat};
use launchguard_pure::verify::facts::{LogCopy, LogSet};

/// A record of a log.
#[derive(Clone, Debug)]
pub struct Record {
    /// The PCR that it names.
    pub pcr: u32,
    /// Its type.
    pub kind: EventType,
    /// TPM_ALG_ID and bytes of each digest, in the record's order.
    digests: Vec<(u16, Vec<u8>)>,
    data: Vec<u8>,
}

impl Record {
    /// The algorithms of its digests, as far as they are known.
    pub fn algs(&self) -> impl Iterator<Item = HashAlg> + '_ {
        let ids = self.digests.iter().map(|(id, _)| *id);
        ids.filter_map(HashAlg::from_tpm_id)
    }

    /// The digest in the bank of `alg`.
    pub fn digest(&self, alg: HashAlg) -> Option<Digest> {
        let (_, bytes) = self.digests.iter().find(|(id, _)| *id == alg.tpm_id())?;
        Digest::new(alg, bytes)
    }

    /// Whether every digest that can be computed here is that of `bytes`, and there is one.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        let mut any = false;
        for alg in self.algs() {
            if let Some(hash) = hash(alg, &[bytes]) {
                any = true;
                if self.digest(alg) != Some(hash) {
                    return false;
                }
            }
        }
        any
    }

    /// Takes the digests that `digest` says, where it can: what cannot be computed here is replayed in
    /// no bank.
    fn set_digests(&mut self, digest: &dyn Fn(HashAlg) -> Option<Digest>) {
        for (id, bytes) in &mut self.digests {
            if let Some(new) = HashAlg::from_tpm_id(*id).and_then(digest) {
                *bytes = new.as_bytes().to_vec();
            }
        }
    }

    /// The bytes of the record in a log of `format`.
    fn encode(&self, format: LogFormat, bytes: &mut Vec<u8>) {
        let size = |len: usize| u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
        bytes.extend(self.pcr.to_le_bytes());
        bytes.extend(self.kind.value().to_le_bytes());
        if format == LogFormat::Tcg {
            bytes.extend(size(self.digests.len()));
        }
        for (id, digest) in &self.digests {
            if format == LogFormat::Tcg {
                bytes.extend(id.to_le_bytes());
            }
            bytes.extend(digest);
        }
        bytes.extend(size(self.data.len()));
        bytes.extend(&self.data);
    }
}

/// A log as records. Indices of records stay what they are.
#[derive(Clone, Debug)]
pub struct Relog {
    format: LogFormat,
    header: Vec<u8>,
    records: Vec<Record>,
    /// Records that stand behind the one with this index.
    added: Vec<(usize, Record)>,
    removed: Vec<usize>,
}

impl Relog {
    /// The records of `log`, which must be readable.
    pub fn of(log: &Log<'_>) -> Self {
        let records = log.events().filter_map(Result::ok).map(|event| Record {
            pcr: event.pcr,
            kind: event.kind,
            digests: event
                .digests()
                .map(|logged| (logged.bank.id, logged.bytes.to_vec()))
                .collect(),
            data: event.data.to_vec(),
        });
        Self {
            format: log.format(),
            header: log.header().to_vec(),
            records: records.collect(),
            added: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// Whether it is of the legacy format.
    pub const fn is_legacy(&self) -> bool {
        matches!(self.format, LogFormat::Legacy { .. })
    }

    /// The records that it was made of.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// One of them.
    pub fn record(&self, index: usize) -> &Record {
        &self.records[index]
    }

    /// The only record of type `kind`.
    pub fn only(&self, kind: EventType) -> Result<usize, Refused> {
        let mut found = self.records.iter().enumerate();
        let mut next = || found.find(|(_, record)| record.kind == kind);
        match (next(), next()) {
            (Some((index, _)), None) => Ok(index),
            (None, _) => refuse(format!("{kind}: the log holds no such event")),
            _ => refuse(format!("{kind}: the log holds more than one such event")),
        }
    }

    /// Gives the record at `index` the digests that `digest` says, where it can; whether one of them is
    /// another one than before.
    pub fn replace(
        &mut self,
        index: usize,
        what: &str,
        digest: &dyn Fn(HashAlg) -> Option<Digest>,
        changes: &mut Vec<Change>,
    ) -> bool {
        let before = changes.len();
        let record = &mut self.records[index];
        let old = record.clone();
        record.set_digests(digest);
        for alg in old.algs() {
            let change = Change {
                pcr: old.pcr,
                event: old.kind,
                what: what.to_owned(),
                alg,
                old: old.digest(alg),
                new: record.digest(alg),
            };
            if change.old != change.new {
                changes.push(change);
            }
        }
        changes.len() > before
    }

    /// Adds a record like the one at `index` behind that and what was added before.
    pub fn append_like(
        &mut self,
        index: usize,
        what: &str,
        digest: &dyn Fn(HashAlg) -> Option<Digest>,
        changes: &mut Vec<Change>,
    ) {
        let mut record = self.records[index].clone();
        record.set_digests(digest);
        changes.extend(record.algs().map(|alg| Change {
            pcr: record.pcr,
            event: record.kind,
            what: what.to_owned(),
            alg,
            old: None,
            new: record.digest(alg),
        }));
        self.added.push((index, record));
    }

    /// Leaves the record at `index` out.
    pub fn remove(&mut self, index: usize, what: &str, changes: &mut Vec<Change>) {
        let record = &self.records[index];
        changes.extend(record.algs().map(|alg| Change {
            pcr: record.pcr,
            event: record.kind,
            what: what.to_owned(),
            alg,
            old: record.digest(alg),
            new: None,
        }));
        self.removed.push(index);
    }

    /// The log's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.header.clone();
        for (index, record) in self.records.iter().enumerate() {
            if !self.removed.contains(&index) {
                record.encode(self.format, &mut bytes);
            }
            for (_, added) in self.added.iter().filter(|(behind, _)| *behind == index) {
                added.encode(self.format, &mut bytes);
            }
        }
        bytes
    }
}

/// Logs as one set; `bytes` are theirs.
pub fn set<'a>(logs: &[Relog], bytes: &'a [Vec<u8>]) -> LogSet<'a> {
    let mut set = LogSet {
        logs: [None; HashAlg::ALL.len()],
    };
    for ((slot, log), bytes) in set.logs.iter_mut().zip(logs).zip(bytes) {
        *slot = Some(LogCopy {
            format: log.format,
            bytes,
            first: 0,
            next: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        });
    }
    set
}
