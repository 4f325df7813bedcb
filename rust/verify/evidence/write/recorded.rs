// SPDX-License-Identifier: GPL-2.0

//! What stands around the facts.

use super::{Contents, Out};
use crate::verify::catalogue::CheckId;
use crate::verify::notes::Notes;

/// Longest text of these sections, in bytes.
const MAX_TEXT: usize = 1024;

pub(super) fn info(contents: &Contents<'_>, out: &mut Out<'_>) {
    out.text(contents.version, MAX_TEXT);
    out.text(contents.kernel_release, MAX_TEXT);
}

pub(super) fn recorded(contents: &Contents<'_>, out: &mut Out<'_>) {
    let judgement = contents.judgement;
    out.text(contents.verdict.word(), MAX_TEXT);
    out.text(judgement.verdict.word(), MAX_TEXT);
    out.text(judgement.launcher.word(), MAX_TEXT);
    out.sized(&|out| {
        for check in CheckId::ALL {
            out.sized(&|out| {
                let finding = judgement.finding(check);
                out.text(check.name(), MAX_TEXT);
                out.text(finding.outcome.word(), MAX_TEXT);
                out.text(finding.detail.as_str(), MAX_TEXT);
                out.bool(judgement.decisive.contains(check));
            });
        }
    });
}

pub(super) fn texts(contents: &Contents<'_>, out: &mut Out<'_>) {
    let Notes {
        sleeping,
        policy_file,
        references_file,
    } = contents.notes;
    out.option(contents.policy, |out, text| out.bytes(text));
    out.option(contents.references, |out, text| out.bytes(text));
    out.bool(contents.awaiting);
    out.bool(sleeping);
    out.bool(policy_file);
    out.bool(references_file);
}
