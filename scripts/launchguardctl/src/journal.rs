// SPDX-License-Identifier: GPL-2.0

//! Entries in the system's journal, with fields that programs can ask for.

use crate::uevent::Event;
use anyhow::{anyhow, Result};
use libsystemd::logging::{journal_send, Priority};

/// MESSAGE_ID of a judgement.
const JUDGEMENT: &str = "7d0d4f1a86b24d4c9a2f5a1c3be0e6d1";
/// MESSAGE_ID of an event of the module's.
const EVENT: &str = "b2a54f0e0c7c4f8f8f9c0d2b64a1f35e";

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry {
    priority: Priority,
    message: String,
    /// Names and values; a name may stand there several times.
    fields: Vec<(String, String)>,
}

/// How bad a verdict is.
fn priority(verdict: &str) -> Priority {
    match verdict {
        "verified" => Priority::Info,
        "unpinned" | "pending" => Priority::Notice,
        "failed" => Priority::Critical,
        _ => Priority::Warning,
    }
}

impl Entry {
    /// An entry for a judgement, with `message` for people.
    pub fn of_judgement(verdict: &str, reason: &str, launcher: &str, message: String) -> Self {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields = vec![
            field("MESSAGE_ID", JUDGEMENT),
            field("LAUNCHGUARD_EVENT", "verdict"),
            field("LAUNCHGUARD_VERDICT", verdict),
            field("LAUNCHGUARD_LAUNCHER", launcher),
        ];
        let reasons = reason.split_whitespace();
        fields.extend(reasons.map(|word| field("LAUNCHGUARD_REASON", word)));
        Self {
            priority: priority(verdict),
            message,
            fields,
        }
    }

    /// An entry for an event, with `message` for people.
    pub fn of_event(event: &Event, message: String) -> Self {
        let mut fields = vec![
            ("MESSAGE_ID".to_owned(), EVENT.to_owned()),
            ("LAUNCHGUARD_EVENT".to_owned(), event.kind.clone()),
        ];
        fields.extend(event.fields.iter().cloned());
        Self {
            priority: match event.kind.as_str() {
                "fault" => Priority::Warning,
                _ => Priority::Notice,
            },
            message,
            fields,
        }
    }

    /// An entry that says that the module has gone.
    pub fn of_end(message: String) -> Self {
        Self {
            priority: Priority::Warning,
            message,
            fields: vec![("LAUNCHGUARD_EVENT".to_owned(), "gone".to_owned())],
        }
    }

    /// Sends it to the journal.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn send(&self) -> Result<()> {
        let fields = self.fields.iter().map(|(name, value)| (name, value));
        journal_send(self.priority, &self.message, fields)
            .map_err(|error| anyhow!("the system's journal: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_a_field() {
        let entry = Entry::of_judgement(
            "failed",
            "TPM-10 KRN-03",
            "tboot",
            "verdict failed".to_owned(),
        );
        assert!(matches!(entry.priority, Priority::Critical));
        let reasons = entry.fields.iter();
        let reasons = reasons.filter(|(name, _)| name == "LAUNCHGUARD_REASON");
        let reasons: Vec<&str> = reasons.map(|(_, value)| value.as_str()).collect();
        assert_eq!(reasons, ["TPM-10", "KRN-03"]);
    }

    #[test]
    fn an_event_keeps_its_fields() {
        let event = Event {
            kind: "block".to_owned(),
            fields: vec![("LAUNCHGUARD_BLOCKED".to_owned(), "3".to_owned())],
        };
        let entry = Entry::of_event(&event, "block: blocked 3".to_owned());
        assert!(matches!(entry.priority, Priority::Notice));
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert!(entry.fields.contains(&field("LAUNCHGUARD_EVENT", "block")));
        assert!(entry.fields.contains(&field("LAUNCHGUARD_BLOCKED", "3")));
    }
}
