// SPDX-License-Identifier: GPL-2.0

//! TXT-11: whether SINIT was signed with the chipset's key.

use super::context::{Context, LogState};
use super::hex::Hex;
use super::measured::{measured, Difference, Measured};
use crate::decode::eventlog::EventType;
use crate::verify::catalogue::CheckId;
use crate::verify::judgement::{Judgement, Outcome};

/// TXT-11.
pub(super) fn public_key(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Txt11;
    let Some(key) = c.facts.registers.public_key else {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("TXT.PUBLIC.KEY could not be read"),
        );
    };
    if key.iter().all(|byte| *byte == 0) || key.iter().all(|byte| *byte == 0xff) {
        let digit = if key.contains(&0) { "zero" } else { "ones" };
        return out.set(
            check,
            Outcome::Fail,
            format_args!("TXT.PUBLIC.KEY is all {digit}"),
        );
    }
    if c.is_tpm12() {
        return out.set(
            check,
            Outcome::Pass,
            format_args!("TXT.PUBLIC.KEY holds a value; TPM 1.2 logs hold another hash of the key"),
        );
    }
    compare_key(c, &key, out);
}

/// The second half of TXT-11: event 0x410 is the hash of the register in each bank.
#[inline(never)]
fn compare_key(c: &Context<'_>, key: &[u8; 32], out: &mut Judgement) {
    let check = CheckId::Txt11;
    let LogState::Sound(logs) = &c.log else {
        return out.set(check, Outcome::Unknown, format_args!("{}", c.log_reason()));
    };
    match measured(c, logs, EventType::SinitPubKeyHash, key) {
        Measured::Differs(Difference {
            alg,
            offset,
            logged,
            hash,
        }) => out.set(
            check,
            Outcome::Fail,
            format_args!(
                "the event at {offset} is not the {alg} of TXT.PUBLIC.KEY: {:.16}, not {:.16}",
                Hex(&logged),
                Hex(&hash)
            ),
        ),
        Measured::Same(compared) => out.set(
            check,
            Outcome::Pass,
            format_args!("event SINIT_PUBKEY_HASH is the hash of TXT.PUBLIC.KEY {compared}"),
        ),
        Measured::Nothing => out.set(
            check,
            Outcome::Unknown,
            format_args!("the log has no event SINIT_PUBKEY_HASH to compare TXT.PUBLIC.KEY with"),
        ),
    }
}
