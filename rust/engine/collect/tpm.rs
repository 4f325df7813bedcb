// SPDX-License-Identifier: GPL-2.0

//! PCRs.

use crate::decode::digest::{Digest, HashAlg};
use crate::decode::pcr::{self, Selection};
use crate::sys::memory;
use crate::sys::tpm::Chip;
use crate::verify::facts::{Evidence, PcrBank, TpmFacts, TpmFamily, DRTM_PCRS, FIRST_DRTM_PCR};
use kernel::prelude::*;

/// A TPM of which nothing has been read.
const UNREAD: TpmFacts = TpmFacts {
    family: TpmFamily::Tpm20,
    allocated: [false; HashAlg::ALL.len()],
    first: [[None; DRTM_PCRS]; HashAlg::ALL.len()],
    second: [[None; DRTM_PCRS]; HashAlg::ALL.len()],
    hmac: None,
};

pub(super) fn read(chip: Option<&Chip>) -> Result<Evidence<KBox<TpmFacts>>> {
    let Some(chip) = chip else {
        return Ok(Evidence::Unreadable("no TPM driver has registered a TPM"));
    };
    let Some(is_tpm2) = chip.is_tpm2() else {
        return Ok(Evidence::Unreadable("the TPM's driver has gone"));
    };
    let mut facts = memory::boxed(&UNREAD)?;
    if is_tpm2 {
        // The command goes without a session, as the kernel's own tpm2_pcr_read() does up to 7.3
        // whatever CONFIG_TCG_TPM2_HMAC says: that protects extends, random numbers and sealed keys.
        facts.hmac = Some(false);
    } else {
        facts.family = TpmFamily::Tpm12;
    }
    facts.allocated = chip.banks();
    read_pcrs(Some(chip), facts.allocated, &mut facts.first);
    // Until the second reading, the first one stands for it.
    let TpmFacts { first, second, .. } = &mut *facts;
    for (bank, value) in second.iter_mut().flatten().zip(first.iter().flatten()) {
        *bank = *value;
    }
    Ok(Evidence::Read(facts))
}

/// Reads PCR 17 to 22 of the `allocated` banks into `banks`; whether that changed them.
#[inline(never)]
pub(super) fn read_pcrs(
    chip: Option<&Chip>,
    allocated: [bool; HashAlg::ALL.len()],
    banks: &mut [PcrBank; HashAlg::ALL.len()],
) -> bool {
    let mut wanted = Selection::NONE;
    for (alg, _) in HashAlg::ALL.into_iter().zip(allocated).filter(|bank| bank.1) {
        for pcr in (FIRST_DRTM_PCR..).take(DRTM_PCRS) {
            wanted.add(alg, pcr);
        }
    }
    let mut changed = false;
    let mut put = |alg: HashAlg, pcr: u32, value| {
        let slot = usize::try_from(pcr.wrapping_sub(FIRST_DRTM_PCR)).ok();
        let bank = banks.get_mut(alg.index());
        if let Some(slot) = bank.zip(slot).and_then(|(bank, slot)| bank.get_mut(slot)) {
            changed |= *slot != value;
            *slot = value;
        }
    };
    let found = |alg, pcr, digest| put(alg, pcr, Some(digest));
    match chip.map(|chip| (chip, chip.is_tpm2())) {
        Some((chip, Some(true))) => read_many(chip, &mut wanted, found),
        Some((chip, Some(false))) => read_each(chip, &mut wanted, found),
        _ => {}
    }
    // What the TPM did not give has no value now.
    for (alg, pcr) in wanted.iter() {
        put(alg, pcr, None);
    }
    changed
}

/// Gives what a TPM 2.0 has of `wanted` to `found`, with as few commands as it takes: they, and hardly
/// anything else, are what a judgement costs.
fn read_many(chip: &Chip, wanted: &mut Selection, mut found: impl FnMut(HashAlg, u32, Digest)) {
    let mut response = [0; pcr::RESPONSE_MAX];
    while !wanted.is_empty() {
        let before = *wanted;
        let command = pcr::read(wanted);
        let Some(answer) = chip.command(command.as_bytes(), &mut response) else {
            return;
        };
        if pcr::parse_read(answer, wanted, &mut found).is_err() || *wanted == before {
            return;
        }
    }
}

/// The same of a TPM 1.2, which reads one at a time.
fn read_each(chip: &Chip, wanted: &mut Selection, mut found: impl FnMut(HashAlg, u32, Digest)) {
    let all = *wanted;
    for (alg, pcr) in all.iter() {
        if let Some(digest) = chip.pcr(alg, pcr) {
            wanted.remove(alg, pcr);
            found(alg, pcr, digest);
        }
    }
}
