// SPDX-License-Identifier: GPL-2.0

//! TXT-11: whether SINIT was signed with the chipset's key.

use super::context::{Context, LogState};
use super::hex::Hex;
use crate::decode::digest::HashAlg;
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
    let mut compared: Option<HashAlg> = None;
    let events = logs
        .events()
        .filter(|event| event.kind == EventType::SinitPubKeyHash);
    for event in events {
        for alg in HashAlg::ALL {
            let (Some(logged), Some(hash)) =
                (event.digest(alg), c.hasher.digest(alg, &[key.as_slice()]))
            else {
                continue;
            };
            if logged != hash {
                return out.set(
                    check,
                    Outcome::Fail,
                    format_args!(
                        "the event at {} is not the {alg} of TXT.PUBLIC.KEY: {:.16}, not {:.16}",
                        event.offset,
                        Hex(&logged),
                        Hex(&hash)
                    ),
                );
            }
            compared.get_or_insert(alg);
        }
    }
    match compared {
        Some(_) => out.set(
            check,
            Outcome::Pass,
            format_args!("event SINIT_PUBKEY_HASH is the hash of TXT.PUBLIC.KEY in every bank"),
        ),
        None => out.set(
            check,
            Outcome::Unknown,
            format_args!("the log has no event SINIT_PUBKEY_HASH to compare TXT.PUBLIC.KEY with"),
        ),
    }
}
