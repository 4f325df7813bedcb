// SPDX-License-Identifier: GPL-2.0

//! Evidence as bytes: what is written reads back as the same facts, and nothing else reads at all.

mod any;
mod damage;
mod form;
mod machines;

use launchguard_evidence::{to_bytes, Snapshot};
use launchguard_host_tests::HostHasher;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::evidence::Contents;
use launchguard_pure::verify::facts::Facts;
use launchguard_pure::verify::judgement::Judgement;
use launchguard_pure::verify::notes::Notes;
use launchguard_pure::verify::policy::{Policy, References};

/// Judges `facts`, and what is written of them by the texts that travel with it.
struct Case<'a> {
    facts: Facts<'a>,
    policy: Option<&'a str>,
    references: Option<&'a str>,
    awaiting: bool,
    notes: Notes,
}

impl<'a> Case<'a> {
    fn of(facts: Facts<'a>) -> Self {
        Self {
            facts,
            policy: None,
            references: None,
            awaiting: false,
            notes: Notes::default(),
        }
    }

    fn judged(&self) -> Box<Judgement> {
        let mut judgement = Box::new(Judgement::NONE);
        launchguard_pure::verify::judge(
            &self.facts,
            &policy(self.policy.map(str::as_bytes)),
            references(self.references.map(str::as_bytes)).as_ref(),
            self.awaiting,
            &HostHasher,
            &mut judgement,
        );
        judgement
    }

    fn bytes(&self) -> Vec<u8> {
        let judgement = self.judged();
        to_bytes(&Contents {
            generation: 7,
            kernel_release: "7.3.4",
            version: "0.1.0",
            facts: &self.facts,
            policy: self.policy.map(str::as_bytes),
            references: self.references.map(str::as_bytes),
            awaiting: self.awaiting,
            notes: self.notes,
            verdict: self.notes.verdict(judgement.verdict),
            judgement: &judgement,
        })
    }

    /// Writes and reads; facts and judgement must be the same.
    fn check(&self) {
        let bytes = self.bytes();
        let read = Snapshot::read(&bytes).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.generation, 7);
        assert_eq!(read.info.kernel_release, "7.3.4");
        assert_eq!(read.texts.policy, self.policy.map(str::as_bytes));
        assert_eq!(read.texts.references, self.references.map(str::as_bytes));
        assert_eq!(read.texts.awaiting, self.awaiting);
        assert_eq!(read.texts.notes, self.notes);
        // Facts are compared as what Debug prints of them: every field, and every byte.
        assert_eq!(
            format!("{:?}", read.facts()),
            format!("{:?}", self.facts),
            "the facts"
        );
        let before = self.judged();
        let after = read.judge(
            &policy(read.texts.policy),
            references(read.texts.references).as_ref(),
        );
        assert_eq!(format!("{after:?}"), format!("{before:?}"), "the judgement");
        assert_eq!(
            read.recorded_verdict,
            read.verdict(&after).word(),
            "the verdict"
        );
        assert_eq!(read.recorded.len(), CheckId::COUNT);
        for (check, recorded) in CheckId::ALL.into_iter().zip(&read.recorded) {
            let finding = before.finding(check);
            assert_eq!(recorded.check, check.name());
            assert_eq!(recorded.outcome, finding.outcome.word());
            assert_eq!(recorded.detail, finding.detail.as_str());
            assert_eq!(recorded.decisive, before.decisive.contains(check));
        }
    }
}

fn policy(text: Option<&[u8]>) -> Policy<'_> {
    text.map_or(Policy::EMPTY, |text| Policy::parse(text).expect("a policy"))
}

fn references(text: Option<&[u8]>) -> Option<References<'_>> {
    text.map(|text| References::parse(text).expect("references"))
}
