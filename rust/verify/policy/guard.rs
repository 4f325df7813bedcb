// SPDX-License-Identifier: GPL-2.0

//! The guard policy: what is required, what is waived, what follows a failure.

use super::lexer::{Kind, Lexer, Token};
use super::parser::{characters, Parser};
use super::PolicyError;
use crate::verify::catalogue::{CheckId, CheckSet};

/// Longest reason of a waiver, in bytes.
pub const MAX_REASON: usize = 200;

/// Statements of the language that this version does not act on. To accept them would be to promise.
const LATER: [&str; 7] = [
    "arrivals",
    "unbound",
    "allow",
    "fault-budget",
    "region",
    "compartment",
    "seal",
];

/// What happens on a verdict that is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// It is said in the kernel's log.
    Log,
}

/// A guard policy, as checked by [`Policy::parse`]. Keeps its text and a few words beside it.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    text: &'a str,
    required: CheckSet,
    waived: CheckSet,
    on_failure: OnFailure,
}

impl<'a> Policy<'a> {
    /// The policy that says nothing.
    pub const EMPTY: Policy<'static> = Policy {
        text: "",
        required: CheckSet::EMPTY,
        waived: CheckSet::EMPTY,
        on_failure: OnFailure::Log,
    };

    /// Parses a whole text. A text of nothing but blanks and comments is the empty policy.
    ///
    /// A text that was cut behind a complete statement is a policy too: the SHA-256 that a commit
    /// names is what protects against that, not the language.
    ///
    /// # Errors
    ///
    /// Where the text first departs from the language.
    pub fn parse(text: &'a [u8]) -> Result<Self, PolicyError> {
        let text = characters(text)?;
        let mut parser = Parser::new(text);
        let mut policy = Policy {
            text,
            ..Policy::EMPTY
        };
        parser.skip_lines();
        if parser.at_text_end() {
            return Ok(policy);
        }
        parser.version()?;
        if parser.token().word() == Some("references") {
            return Err(parser
                .token()
                .error(format_args!("these are references, not a guard policy")));
        }
        parser.end_of_statement()?;
        let mut on_failure_seen = false;
        loop {
            parser.skip_lines();
            if parser.at_text_end() {
                return Ok(policy);
            }
            let (token, statement) = parser.word("a statement")?;
            match statement {
                "require" => policy.parse_require(&mut parser)?,
                "waive" => policy.parse_waive(&mut parser)?,
                "on-failure" => {
                    if on_failure_seen {
                        return Err(token.error(format_args!("on-failure is said twice")));
                    }
                    on_failure_seen = true;
                    policy.on_failure = parse_on_failure(&mut parser)?;
                }
                _ => return Err(unknown_statement(&token, statement)),
            }
            parser.end_of_statement()?;
        }
    }

    fn parse_require(&mut self, parser: &mut Parser<'a>) -> Result<(), PolicyError> {
        let (token, check) = parse_check(parser)?;
        if self.waived.contains(check) {
            return Err(token.error(format_args!("{check} is already waived")));
        }
        if self.required.contains(check) {
            return Err(token.error(format_args!("{check} is already required")));
        }
        self.required.insert(check);
        Ok(())
    }

    fn parse_waive(&mut self, parser: &mut Parser<'a>) -> Result<(), PolicyError> {
        let (token, check) = parse_check(parser)?;
        if self.required.contains(check) {
            return Err(token.error(format_args!("{check} is already required")));
        }
        if self.waived.contains(check) {
            return Err(token.error(format_args!("{check} is already waived")));
        }
        parser.quoted("a reason in double quotes", MAX_REASON)?;
        self.waived.insert(check);
        Ok(())
    }

    /// Whether the text requires `check` by name.
    pub const fn requires(&self, check: CheckId) -> bool {
        self.required.contains(check)
    }

    /// Whether the text waives `check`.
    pub const fn waives(&self, check: CheckId) -> bool {
        self.waived.contains(check)
    }

    /// The checks that the text requires by name.
    pub const fn required(&self) -> CheckSet {
        self.required
    }

    /// The checks that the text waives.
    pub const fn waived(&self) -> CheckSet {
        self.waived
    }

    /// The waivers with their reasons, in the order of the text.
    pub fn waivers(&self) -> Waivers<'a> {
        Waivers {
            lexer: Lexer::new(self.text),
        }
    }

    /// What happens on a verdict that is not good.
    pub const fn on_failure(&self) -> OnFailure {
        self.on_failure
    }

    /// Whether the policy expects a launch: it requires something.
    pub const fn expects_launch(&self) -> bool {
        !self.required.is_empty()
    }
}

/// The waivers of a policy.
#[derive(Clone, Copy, Debug)]
pub struct Waivers<'a> {
    lexer: Lexer<'a>,
}

impl<'a> Iterator for Waivers<'a> {
    type Item = (CheckId, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.lexer.token().kind {
                Kind::TextEnd => return None,
                Kind::Word("waive") => {}
                _ => continue,
            }
            let check = self.lexer.token().word().and_then(CheckId::from_name)?;
            let Kind::Quoted(reason) = self.lexer.token().kind else {
                return None;
            };
            return Some((check, reason));
        }
    }
}

fn parse_check<'a>(parser: &mut Parser<'a>) -> Result<(Token<'a>, CheckId), PolicyError> {
    let (token, name) = parser.word("the id of a check")?;
    let check = CheckId::from_name(name)
        .ok_or_else(|| token.expected("the id of a check of this version (TXT-01, TPM-04, ...)"))?;
    Ok((token, check))
}

fn parse_on_failure(parser: &mut Parser<'_>) -> Result<OnFailure, PolicyError> {
    let (token, action) = parser.word("\"log\"")?;
    match action {
        "log" => Ok(OnFailure::Log),
        "quarantine" | "panic" => Err(token.error(format_args!(
            "expected \"log\", found \"{action}\": not supported by this version"
        ))),
        _ => Err(token.expected("\"log\"")),
    }
}

fn unknown_statement(token: &Token<'_>, statement: &str) -> PolicyError {
    match statement {
        "version" => token.error(format_args!("version is said twice")),
        "launch" | "sinit" | "mle" => token.error(format_args!(
            "statement \"{statement}\" belongs into the references, not into the guard policy"
        )),
        _ if LATER.contains(&statement) => token.error(format_args!(
            "statement \"{statement}\" is not supported by this version"
        )),
        _ => token.expected("a statement (require, waive, on-failure)"),
    }
}
