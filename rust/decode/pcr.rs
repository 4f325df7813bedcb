// SPDX-License-Identifier: GPL-2.0

//! TPM2_PCR_Read (TPM 2.0, part 3, 22.4): many PCRs of many banks in one command. A response holds as
//! many digests as the TPM puts into it, eight at most (TPML_DIGEST), and says which these are; whoever
//! wants more asks for the rest. The TPM's answer is not trusted: it gives only what was asked for.

use super::bytes::Bytes;
use super::command::{be16, be32, split, Command, ST_NO_SESSIONS};
use super::digest::{Digest, HashAlg};

/// Largest response, in bytes: header, counter, a selection of each bank known here, and eight digests.
pub const RESPONSE_MAX: usize = 10 + 4 + 4 + 6 * HashAlg::ALL.len() + 4 + 8 * (2 + 64);
/// PCRs that there can be: those whose bits fit in a selection of three bytes (PC Client Platform TPM
/// Profile, 4.6.2).
pub const PCRS: u32 = 24;

const CC_PCR_READ: u32 = 0x17e;
/// Bytes of a selection made here (TPMS_PCR_SELECTION, sizeofSelect).
const SELECT: u8 = 3;

/// PCRs of several banks. Bit N of a bank is PCR N.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection([u32; HashAlg::ALL.len()]);

impl Selection {
    /// Nothing.
    pub const NONE: Self = Self([0; HashAlg::ALL.len()]);

    /// Adds `pcr` of the bank of `alg`. There is no PCR from [`PCRS`] on.
    pub fn add(&mut self, alg: HashAlg, pcr: u32) {
        if let Some(bank) = self.0.get_mut(alg.index()) {
            *bank |= bit(pcr);
        }
    }

    /// Takes `pcr` of the bank of `alg` out.
    pub fn remove(&mut self, alg: HashAlg, pcr: u32) {
        if let Some(bank) = self.0.get_mut(alg.index()) {
            *bank &= !bit(pcr);
        }
    }

    /// Whether `pcr` of the bank of `alg` is in it.
    pub fn holds(&self, alg: HashAlg, pcr: u32) -> bool {
        let bank = self.0.get(alg.index());
        bank.is_some_and(|bank| bank & bit(pcr) != 0)
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|bank| *bank == 0)
    }

    /// What is selected, bank by bank.
    pub fn iter(&self) -> impl Iterator<Item = (HashAlg, u32)> + '_ {
        HashAlg::ALL
            .into_iter()
            .zip(self.0)
            .flat_map(|(alg, bank)| {
                let pcrs = (0..PCRS).filter(move |pcr| bank & bit(*pcr) != 0);
                pcrs.map(move |pcr| (alg, pcr))
            })
    }
}

/// The bit of `pcr`; none from [`PCRS`] on.
fn bit(pcr: u32) -> u32 {
    match pcr {
        0..PCRS => 1_u32.checked_shl(pcr).unwrap_or(0),
        _ => 0,
    }
}

/// The command that reads `wanted`, or as much of it as a response holds.
pub fn read(wanted: &Selection) -> Command {
    let mut command = Command::new(ST_NO_SESSIONS, CC_PCR_READ);
    let banks = || HashAlg::ALL.iter().zip(wanted.0).filter(|bank| bank.1 != 0);
    let count = u32::try_from(banks().count()).unwrap_or(0);
    command.put(&count.to_be_bytes());
    for (alg, bank) in banks() {
        let [first, second, third, _] = bank.to_le_bytes();
        command.put(&alg.tpm_id().to_be_bytes());
        command.put(&[SELECT, first, second, third]);
    }
    command.finished()
}

/// Gives every digest of the response of [`read`] to `found` and takes it out of `wanted`. What is left
/// then was not in the response.
///
/// # Errors
///
/// [`PcrError`]; digests in front of the mistake have been given.
pub fn parse_read(
    response: &[u8],
    wanted: &mut Selection,
    mut found: impl FnMut(HashAlg, u32, Digest),
) -> Result<(), PcrError> {
    let body = match split(response) {
        Some((ST_NO_SESSIONS, 0, body)) => body,
        Some((_, code, _)) if code != 0 => return Err(PcrError::Refused(code)),
        _ => return Err(PcrError::Malformed),
    };
    // Behind the counter of updates: which ones, and their digests in the same order.
    let count = be32(body, 4).ok_or(PcrError::Malformed)?;
    let selections = body.from(8).ok_or(PcrError::Malformed)?;
    let mut digests = behind(selections, count).ok_or(PcrError::Malformed)?;
    let mut left = be32(digests, 0).ok_or(PcrError::Malformed)?;
    digests = digests.from(4).ok_or(PcrError::Malformed)?;
    let mut rest = selections;
    for _ in 0..count {
        let (id, selected, next) = selection(rest).ok_or(PcrError::Malformed)?;
        rest = next;
        for pcr in (0..PCRS).filter(|pcr| selected & bit(*pcr) != 0) {
            let alg = HashAlg::from_tpm_id(id).ok_or(PcrError::NotAsked)?;
            if !wanted.holds(alg, pcr) {
                return Err(PcrError::NotAsked);
            }
            let (bytes, next) = sized(digests).ok_or(PcrError::Malformed)?;
            let digest = Digest::new(alg, bytes).ok_or(PcrError::Malformed)?;
            left = left.checked_sub(1).ok_or(PcrError::Malformed)?;
            digests = next;
            // Not before: what is left in has no value.
            wanted.remove(alg, pcr);
            found(alg, pcr, digest);
        }
    }
    match left {
        0 => Ok(()),
        _ => Err(PcrError::Malformed),
    }
}

/// Algorithm, bits and what follows of the TPMS_PCR_SELECTION that `bytes` start with. PCRs from
/// [`PCRS`] on are not asked for.
fn selection(bytes: Bytes<'_>) -> Option<(u16, u32, Bytes<'_>)> {
    let size = usize::from(bytes.u8(2)?);
    let select = bytes.get(3, size)?;
    let mut bits = [0; 4];
    for (bit, byte) in bits.iter_mut().take(usize::from(SELECT)).zip(select) {
        *bit = *byte;
    }
    if select
        .iter()
        .skip(usize::from(SELECT))
        .any(|byte| *byte != 0)
    {
        return None;
    }
    let next = bytes.from(size.checked_add(3)?)?;
    Some((be16(bytes, 0)?, u32::from_le_bytes(bits), next))
}

/// What stands behind `count` selections.
fn behind(mut bytes: Bytes<'_>, count: u32) -> Option<Bytes<'_>> {
    for _ in 0..count {
        bytes = selection(bytes)?.2;
    }
    Some(bytes)
}

/// The bytes behind a size of 16 bits, and what follows.
fn sized(bytes: Bytes<'_>) -> Option<(&[u8], Bytes<'_>)> {
    let size = usize::from(be16(bytes, 0)?);
    Some((bytes.get(2, size)?, bytes.from(size.checked_add(2)?)?))
}

/// What is wrong with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PcrError {
    /// The TPM refused, with this code.
    Refused(u32),
    /// It is no response to such a command.
    Malformed,
    /// It holds what was not asked for, or something twice.
    NotAsked,
}
