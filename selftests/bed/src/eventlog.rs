// SPDX-License-Identifier: GPL-2.0
//! The crypto-agile event log: a walker of the bed's own, and replay.

use std::collections::BTreeMap;

use anyhow::{bail, ensure, Context, Result};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// TPM algorithm ids with the sizes of their digests.
const ALGORITHMS: [(u16, usize); 5] = [(4, 20), (11, 32), (12, 48), (13, 64), (18, 32)];
/// EV_NO_ACTION, the header's type; never extended.
const EV_NO_ACTION: u32 = 3;
/// EVTYPE_PCR_MAPPING, an index entry; never extended.
const EV_PCR_MAPPING: u32 = 0x401;

/// One digest of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDigest {
    /// TPM algorithm id.
    pub alg: u16,
    /// The digest.
    pub bytes: Vec<u8>,
    /// Where the digest starts in the log.
    pub offset: usize,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// PCR index.
    pub pcr: u32,
    /// Event type.
    pub kind: u32,
    /// Digests in the log's order.
    pub digests: Vec<EventDigest>,
    /// Event data.
    pub data: Vec<u8>,
    /// Where the event starts in the log.
    pub offset: usize,
    /// Where its data starts.
    pub data_offset: usize,
    /// One past its last byte.
    pub end: usize,
}

/// The log: banks of the header, events after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLog {
    /// Algorithm ids of the header, in its order.
    pub banks: Vec<u16>,
    /// Events after the header.
    pub events: Vec<Event>,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(n).context("length overflows")?;
        let part = self.bytes.get(self.at..end);
        let part = part.with_context(|| format!("log ends inside {n} bytes at {:#x}", self.at))?;
        self.at = end;
        Ok(part)
    }
    fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.take(2)?.try_into()?))
    }
    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.take(4)?.try_into()?))
    }
}

/// Walks a log of exactly these bytes.
pub fn parse(bytes: &[u8]) -> Result<EventLog> {
    let mut r = Reader { bytes, at: 0 };
    let (pcr, kind) = (r.u32()?, r.u32()?);
    ensure!((pcr, kind) == (0, EV_NO_ACTION), "no header event");
    r.take(20)?;
    let size = r.u32()? as usize;
    let mut body = Reader {
        bytes: r.take(size)?,
        at: 0,
    };
    ensure!(body.take(16)? == b"Spec ID Event03\0", "header signature");
    body.take(8)?;
    let mut banks = Vec::new();
    for _ in 0..body.u32()? {
        let (alg, size) = (body.u16()?, body.u16()?);
        ensure!(
            digest_size(alg)? == usize::from(size),
            "size of bank {alg:#x}"
        );
        banks.push(alg);
    }
    let mut events = Vec::new();
    while r.at < bytes.len() {
        let offset = r.at;
        let (pcr, kind) = (r.u32()?, r.u32()?);
        let mut digests = Vec::new();
        for _ in 0..r.u32()? {
            let alg = r.u16()?;
            let offset = r.at;
            let bytes = r.take(digest_size(alg)?)?.to_vec();
            digests.push(EventDigest { alg, bytes, offset });
        }
        let size = r.u32()? as usize;
        let data_offset = r.at;
        let data = r.take(size)?.to_vec();
        events.push(Event {
            pcr,
            kind,
            digests,
            data,
            offset,
            data_offset,
            end: r.at,
        });
    }
    Ok(EventLog { banks, events })
}

fn digest_size(alg: u16) -> Result<usize> {
    match ALGORITHMS.iter().find(|(a, _)| *a == alg) {
        Some((_, size)) => Ok(*size),
        None => bail!("unknown algorithm {alg:#x}"),
    }
}

/// Hash of the parts in a bank's algorithm; none for SM3.
pub fn hash(alg: u16, parts: &[&[u8]]) -> Result<Vec<u8>> {
    fn run<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
        let mut d = D::new();
        parts.iter().for_each(|p| d.update(p));
        d.finalize().to_vec()
    }
    Ok(match alg {
        4 => run::<Sha1>(parts),
        11 => run::<Sha256>(parts),
        12 => run::<Sha384>(parts),
        13 => run::<Sha512>(parts),
        _ => bail!("algorithm {alg:#x} is not available"),
    })
}

impl EventLog {
    /// The PCR values that the log explains, by (algorithm, PCR). Launch PCRs
    /// start from zeros.
    pub fn replay(&self) -> Result<BTreeMap<(u16, u32), Vec<u8>>> {
        let mut pcrs = BTreeMap::new();
        for event in &self.events {
            if matches!(event.kind, EV_NO_ACTION | EV_PCR_MAPPING) {
                continue;
            }
            for digest in &event.digests {
                let pcr = pcrs
                    .entry((digest.alg, event.pcr))
                    .or_insert_with(|| vec![0; digest.bytes.len()]);
                *pcr = hash(digest.alg, &[pcr, &digest.bytes])?;
            }
        }
        Ok(pcrs)
    }

    /// The digests of the first event of a type, by algorithm.
    pub fn digest(&self, kind: u32, alg: u16) -> Option<&[u8]> {
        let event = self.events.iter().find(|e| e.kind == kind)?;
        let digest = event.digests.iter().find(|d| d.alg == alg)?;
        Some(&digest.bytes)
    }
}

/// Bytes of one event with digests of its data in these banks.
pub fn encode(pcr: u32, kind: u32, banks: &[u16], data: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for word in [pcr, kind, banks.len() as u32] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    for alg in banks {
        out.extend_from_slice(&alg.to_le_bytes());
        out.extend_from_slice(&hash(*alg, &[data])?);
    }
    out.extend_from_slice(&(data.len() as u32).to_le_bytes());
    out.extend_from_slice(data);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(events: &[Vec<u8>]) -> Vec<u8> {
        let mut out = [0u32, 3].map(u32::to_le_bytes).concat();
        out.extend_from_slice(&[0; 20]);
        out.extend_from_slice(&33u32.to_le_bytes());
        out.extend_from_slice(b"Spec ID Event03\0\0\0\0\0\0\x02\0\x02");
        out.extend_from_slice(&[1, 0, 0, 0, 11, 0, 32, 0, 0]);
        events.iter().for_each(|e| out.extend_from_slice(e));
        out
    }

    #[test]
    fn replay_of_one_byte_is_the_known_value() {
        let bytes = log(&[encode(17, 0x40e, &[11], &[0]).unwrap()]);
        let parsed = parse(&bytes).unwrap();
        assert_eq!(parsed.banks, [11]);
        // sha256(0^32 | sha256("\0")), from sha256sum
        let digest = crate::tboot::hex(parsed.digest(0x40e, 11).unwrap());
        assert_eq!(
            digest,
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(parsed.replay().unwrap()[&(11, 17)].len(), 32);
    }

    #[test]
    fn every_cut_inside_an_event_is_refused() {
        let bytes = log(&[encode(17, 0x40e, &[11], &[0]).unwrap()]);
        let header = bytes.len() - encode(17, 0x40e, &[11], &[0]).unwrap().len();
        for end in 0..bytes.len() {
            assert_eq!(parse(&bytes[..end]).is_ok(), end == header, "cut at {end}");
        }
    }
}
