// SPDX-License-Identifier: GPL-2.0

//! What a command answers.

use serde_json::Value;

/// An answer, for people and for programs.
#[derive(Clone, Debug)]
pub struct Report {
    /// Lines for people.
    pub text: String,
    /// The same for programs (`--json`).
    pub json: Value,
    /// Whether what was looked at is good.
    pub good: bool,
}

impl Report {
    /// The answer has been printed already.
    pub const fn printed(good: bool) -> Self {
        Self {
            text: String::new(),
            json: Value::Null,
            good,
        }
    }

    /// The answer as it is printed.
    pub fn render(&self, json: bool) -> String {
        let body = if json && !self.json.is_null() {
            format!("{:#}", self.json)
        } else {
            self.text.clone()
        };
        if body.is_empty() || body.ends_with('\n') {
            body
        } else {
            body + "\n"
        }
    }
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// Text of somebody else, without what a terminal would act upon.
pub fn harmless(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// One line `name value` of a table, names padded to a common width. `value` may be in colour.
pub fn line(text: &mut String, name: &str, value: &str) {
    text.push_str(&format!("{name:<24}{value}\n"));
}

/// JSON as indented lines for people: `name: value`, lists with a dash for each entry.
pub fn tree(value: &Value) -> String {
    let mut text = String::new();
    branch(&mut text, value, 0);
    text
}

fn branch(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaf_or_branch(text, &format!("{indent}{name}:"), value, depth);
            }
        }
        Value::Array(entries) => {
            for entry in entries {
                leaf_or_branch(text, &format!("{indent}-"), entry, depth);
            }
        }
        other => text.push_str(&format!("{indent}{}\n", word(other))),
    }
}

fn leaf_or_branch(text: &mut String, head: &str, value: &Value, depth: usize) {
    text.push_str(head);
    match value {
        Value::Object(fields) if fields.is_empty() => text.push_str(" none\n"),
        Value::Array(entries) if entries.is_empty() => text.push_str(" none\n"),
        Value::Object(_) | Value::Array(_) => {
            text.push('\n');
            branch(text, value, depth + 1);
        }
        leaf => text.push_str(&format!(" {}\n", word(leaf))),
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => harmless(text),
        other => other.to_string(),
    }
}
