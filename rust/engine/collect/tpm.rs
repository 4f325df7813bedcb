// SPDX-License-Identifier: GPL-2.0

//! PCRs.

use crate::decode::digest::HashAlg;
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
        // tpm2_pcr_read() sends its command without a session, on kernels up to 7.3 whatever
        // CONFIG_TCG_TPM2_HMAC says: that protects extends, random numbers and sealed keys.
        facts.hmac = Some(false);
    } else {
        facts.family = TpmFamily::Tpm12;
    }
    facts.allocated = chip.banks();
    let allocated = facts.allocated;
    for ((bank, allocated), alg) in facts.first.iter_mut().zip(allocated).zip(HashAlg::ALL) {
        if allocated {
            read_bank(Some(chip), alg, bank);
        }
    }
    // Until the second reading, the first one stands for it.
    let TpmFacts { first, second, .. } = &mut *facts;
    for (bank, value) in second.iter_mut().flatten().zip(first.iter().flatten()) {
        *bank = *value;
    }
    Ok(Evidence::Read(facts))
}

/// Reads PCR 17 to 22 of `alg` into `bank`; whether that changed it.
pub(super) fn read_bank(chip: Option<&Chip>, alg: HashAlg, bank: &mut PcrBank) -> bool {
    let mut changed = false;
    for (pcr, value) in (FIRST_DRTM_PCR..).zip(bank) {
        let read = chip.and_then(|chip| chip.pcr(alg, pcr));
        changed |= read != *value;
        *value = read;
    }
    changed
}
