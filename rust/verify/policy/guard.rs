// SPDX-License-Identifier: GPL-2.0

//! The guard policy: what is required, what is waived, what follows a failure, and what devices may
//! do.

use super::dma::{
    parse_allow, parse_arrivals, parse_budget, parse_compartment, parse_region, parse_unbound,
    Allow, Arrivals, Compartment, Counted, FaultBudget, Region, Unbound, MAX_STATEMENTS,
};
use super::lexer::{Kind, Token};
use super::parser::{characters, Parser};
use super::{Place, PolicyError};
use crate::verify::catalogue::{CheckId, CheckSet};

/// Longest reason of a waiver, in bytes.
pub const MAX_REASON: usize = 200;

/// What happens on a verdict that is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// It is said in the kernel's log.
    Log,
    /// Every group that launchguard owns is blocked.
    Quarantine,
    /// The machine stops.
    Panic,
}

impl OnFailure {
    /// The word in the text.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Quarantine => "quarantine",
            Self::Panic => "panic",
        }
    }
}

/// A guard policy, as checked by [`Policy::parse`]. Keeps its text and a few words beside it.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    text: &'a str,
    required: CheckSet,
    waived: CheckSet,
    on_failure: Option<OnFailure>,
    arrivals: Option<Arrivals>,
    unbound: Option<Unbound>,
    budget: Option<FaultBudget>,
    extend_pcr: Option<u32>,
    seal: bool,
    /// Regions, compartments, exceptions.
    counts: [usize; 3],
}

impl<'a> Policy<'a> {
    /// The policy that says nothing.
    pub const EMPTY: Policy<'static> = Policy {
        text: "",
        required: CheckSet::EMPTY,
        waived: CheckSet::EMPTY,
        on_failure: None,
        arrivals: None,
        unbound: None,
        budget: None,
        extend_pcr: None,
        seal: false,
        counts: [0; 3],
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
        let mut counted = Counted::default();
        loop {
            parser.skip_lines();
            if parser.at_text_end() {
                return Ok(policy);
            }
            let (token, statement) = parser.word("a statement")?;
            policy.parse_statement(&token, statement, &mut parser, &mut counted)?;
            parser.end_of_statement()?;
        }
    }

    #[inline(never)]
    fn parse_statement(
        &mut self,
        token: &Token<'a>,
        statement: &'a str,
        parser: &mut Parser<'a>,
        counted: &mut Counted,
    ) -> Result<(), PolicyError> {
        match statement {
            "require" => self.parse_require(parser),
            "waive" => self.parse_waive(parser),
            "on-failure" => once(&mut self.on_failure, token, || parse_on_failure(parser)),
            "arrivals" => once(&mut self.arrivals, token, || parse_arrivals(parser)),
            "unbound" => once(&mut self.unbound, token, || parse_unbound(parser)),
            "fault-budget" => once(&mut self.budget, token, || parse_budget(parser)),
            "extend-pcr" => once(&mut self.extend_pcr, token, || parse_extend_pcr(parser)),
            "seal" if self.seal => Err(said_twice(token)),
            "seal" => {
                self.seal = true;
                Ok(())
            }
            "region" => {
                self.count(0, token)?;
                parse_region(parser).map(|_| ())
            }
            "compartment" => {
                self.count(1, token)?;
                parse_compartment(parser, counted).map(|_| ())
            }
            "allow" => {
                self.count(2, token)?;
                parse_allow(parser).map(|_| ())
            }
            _ => Err(unknown_statement(token, statement)),
        }
    }

    fn count(&mut self, kind: usize, token: &Token<'_>) -> Result<(), PolicyError> {
        let Some(count) = self.counts.get_mut(kind) else {
            return Ok(());
        };
        *count = count.saturating_add(1);
        if *count > MAX_STATEMENTS {
            let word = token.word().unwrap_or("");
            return Err(token.error(format_args!("more than {MAX_STATEMENTS} {word} statements")));
        }
        Ok(())
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
    pub fn waivers(&self) -> impl Iterator<Item = (CheckId, &'a str)> + 'a {
        self.walk()
            .statements("waive")
            .filter_map(|(_, mut parser)| {
                let (_, check) = parse_check(&mut parser).ok()?;
                match parser.token().kind {
                    Kind::Quoted(reason) => Some((check, reason)),
                    _ => None,
                }
            })
    }

    /// The checks that the text requires by name, in the order of the text.
    pub fn requires_in_order(&self) -> impl Iterator<Item = CheckId> + 'a {
        self.walk()
            .statements("require")
            .filter_map(|(_, mut parser)| parse_check(&mut parser).ok())
            .map(|(_, check)| check)
    }

    /// What happens on a verdict that is not good.
    pub fn on_failure(&self) -> OnFailure {
        self.on_failure.unwrap_or(OnFailure::Log)
    }

    /// Whether the policy expects a launch: it requires something.
    pub const fn expects_launch(&self) -> bool {
        !self.required.is_empty()
    }

    /// What happens to devices that arrive.
    pub fn arrivals(&self) -> Arrivals {
        self.arrivals.unwrap_or(Arrivals::Allow)
    }

    /// What happens to devices without a driver at the end of boot.
    pub fn unbound(&self) -> Unbound {
        self.unbound.unwrap_or(Unbound::Leave)
    }

    /// How many faults a group may cause.
    pub const fn fault_budget(&self) -> Option<FaultBudget> {
        self.budget
    }

    /// The PCR that the text's digest is extended into: 8 to 15.
    pub const fn extend_pcr(&self) -> Option<u32> {
        self.extend_pcr
    }

    /// Whether nothing can be changed until reboot once the text is in force.
    pub const fn seal(&self) -> bool {
        self.seal
    }

    /// The exceptions, in the order of the text.
    pub fn allows(&self) -> impl Iterator<Item = Allow> + 'a {
        self.counted(2, "allow")
            .filter_map(|(_, mut parser)| parse_allow(&mut parser).ok())
    }

    /// The regions, in the order of the text.
    pub fn regions(&self) -> impl Iterator<Item = Region<'a>> + 'a {
        self.counted(0, "region")
            .filter_map(|(_, mut parser)| parse_region(&mut parser).ok())
    }

    /// The compartments, in the order of the text.
    pub fn compartments(&self) -> impl Iterator<Item = Compartment<'a>> + 'a {
        self.counted(1, "compartment")
            .filter_map(|(_, mut parser)| {
                parse_compartment(&mut parser, &mut Counted::default()).ok()
            })
    }

    /// Where the statements with the keyword `word` stand, in the order of the text.
    pub fn places(&self, word: &'static str) -> impl Iterator<Item = Place> + 'a {
        self.walk()
            .statements(word)
            .map(|(keyword, _)| keyword.place())
    }

    /// The statements that were counted as `kind`; nothing is read behind the last of them.
    fn counted(
        &self,
        kind: usize,
        word: &'static str,
    ) -> impl Iterator<Item = (Token<'a>, Parser<'a>)> + 'a {
        let count = self.counts.get(kind).copied().unwrap_or(0);
        self.walk().statements(word).take(count)
    }

    fn walk(&self) -> Walk<'a> {
        Walk::new(Parser::new(self.text))
    }
}

/// Walks the statements of a checked text, from a place that is the start of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'a>(Parser<'a>);

impl<'a> Walk<'a> {
    pub(super) const fn new(parser: Parser<'a>) -> Self {
        Self(parser)
    }

    /// Every statement that begins with `word`, up to the brace that ends the block in which the walk
    /// began: its keyword, and a parser behind that.
    pub(super) fn statements(
        self,
        word: &'static str,
    ) -> impl Iterator<Item = (Token<'a>, Parser<'a>)> + 'a {
        let mut parser = self.0;
        let mut depth = 0u32;
        core::iter::from_fn(move || loop {
            parser.skip_lines();
            let keyword = parser.take();
            let found = (keyword.word() == Some(word)).then_some((keyword, parser));
            let mut token = keyword;
            loop {
                match token.kind {
                    Kind::TextEnd => return None,
                    Kind::Open => depth = depth.saturating_add(1),
                    Kind::Close if depth == 0 => return None,
                    Kind::Close => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if matches!(parser.token().kind, Kind::LineEnd | Kind::TextEnd) {
                    break;
                }
                token = parser.take();
            }
            if found.is_some() {
                return found;
            }
        })
    }
}

/// Takes what may be said once.
fn once<T>(
    slot: &mut Option<T>,
    token: &Token<'_>,
    parse: impl FnOnce() -> Result<T, PolicyError>,
) -> Result<(), PolicyError> {
    if slot.is_some() {
        return Err(said_twice(token));
    }
    *slot = Some(parse()?);
    Ok(())
}

fn said_twice(token: &Token<'_>) -> PolicyError {
    token.error(format_args!(
        "{} is said twice",
        token.word().unwrap_or("this")
    ))
}

fn parse_check<'a>(parser: &mut Parser<'a>) -> Result<(Token<'a>, CheckId), PolicyError> {
    let (token, name) = parser.word("the id of a check")?;
    let check = CheckId::from_name(name)
        .ok_or_else(|| token.expected("the id of a check of this version (TXT-01, TPM-04, ...)"))?;
    Ok((token, check))
}

fn parse_on_failure(parser: &mut Parser<'_>) -> Result<OnFailure, PolicyError> {
    const EXPECTED: &str = "\"log\", \"quarantine\" or \"panic\"";
    match parser.word(EXPECTED)? {
        (_, "log") => Ok(OnFailure::Log),
        (_, "quarantine") => Ok(OnFailure::Quarantine),
        (_, "panic") => Ok(OnFailure::Panic),
        (token, _) => Err(token.expected(EXPECTED)),
    }
}

/// Takes the number of a PCR that can carry a digest: one that locality 0 can extend, that nobody can
/// reset, and that firmware's own log does not have to explain.
fn parse_extend_pcr(parser: &mut Parser<'_>) -> Result<u32, PolicyError> {
    const EXPECTED: &str = "a PCR from 8 to 15";
    let (token, word) = parser.word(EXPECTED)?;
    let pcr = word
        .bytes()
        .all(|digit| digit.is_ascii_digit())
        .then(|| word.parse::<u32>().ok())
        .flatten();
    let why = match pcr {
        Some(pcr @ 8..=15) if !(word.len() > 1 && word.starts_with('0')) => return Ok(pcr),
        Some(0..=7) => "the firmware's log could not explain it any more",
        Some(17..=22) => "locality 0, from which a kernel talks, cannot extend it",
        Some(16 | 23) => "anyone can reset it",
        _ => return Err(token.expected(EXPECTED)),
    };
    Err(token.error(format_args!("expected {EXPECTED}, found {word}: {why}")))
}

fn unknown_statement(token: &Token<'_>, statement: &str) -> PolicyError {
    match statement {
        "version" => said_twice(token),
        "launch" | "sinit" | "mle" => token.error(format_args!(
            "statement \"{statement}\" belongs into the references: a pin in a text that it \
             covers has no fixed point"
        )),
        _ => token.expected("a statement (require, waive, region, ...)"),
    }
}
