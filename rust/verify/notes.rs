// SPDX-License-Identifier: GPL-2.0

//! What stands behind a verdict beside the checks.

use super::judgement::Verdict;

/// What stands behind a verdict beside the checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// The machine is about to sleep, or has not been judged since it did.
    pub sleeping: bool,
    /// The policy's file was not there in time, or cannot be used.
    pub policy_file: bool,
    /// The references' file was not there in time, or cannot be used.
    pub references_file: bool,
}

impl Notes {
    /// The words for what holds, in `reason`. What was judged before a sleep says nothing about why
    /// it counts no longer: `suspend` stands alone.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let awake = !self.sleeping;
        [
            (self.sleeping, "suspend"),
            (awake && self.policy_file, "policy-file"),
            (awake && self.references_file, "references-file"),
        ]
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, word)| word)
    }

    /// The verdict that is published for a judgement's `verdict`. An owner who named a file that
    /// could not be used expected something of it: nothing good can be said of a launch that was
    /// judged without.
    pub const fn verdict(self, verdict: Verdict) -> Verdict {
        let lacking = self.policy_file || self.references_file;
        match verdict {
            _ if self.sleeping => Verdict::Pending,
            Verdict::Verified | Verdict::Unpinned if lacking => Verdict::Unknown,
            verdict => verdict,
        }
    }
}
