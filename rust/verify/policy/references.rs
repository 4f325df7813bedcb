// SPDX-License-Identifier: GPL-2.0

//! The references: launches that the owner expects.

use super::lexer::{Kind, Lexer, Token};
use super::number;
use super::parser::{characters, Parser};
use super::PolicyError;
use crate::decode::digest::{Digest, HashAlg};

/// Longest name of a launch, in bytes.
pub const MAX_NAME: usize = 64;
/// Most entries of each kind: keeps the search for duplicates short.
pub const MAX_ENTRIES: usize = 64;

/// What a line may begin with.
const STATEMENTS: &str = "a statement (serial, launch, sinit, mle)";

/// One pinned PCR value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// 17 to 22.
    pub pcr: u32,
    /// The expected value, with its bank.
    pub digest: Digest,
}

/// A launch that the owner expects.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// Its name, at most [`MAX_NAME`] bytes.
    pub name: &'a str,
    body: Lexer<'a>,
}

impl<'a> Launch<'a> {
    /// The pinned PCR values, in the order of the text.
    pub const fn pins(&self) -> Pins<'a> {
        Pins { lexer: self.body }
    }
}

/// The references, as checked by [`References::parse`].
#[derive(Clone, Copy, Debug)]
pub struct References<'a> {
    text: &'a str,
    launches: usize,
    identities: usize,
    serial: Option<u64>,
}

impl<'a> References<'a> {
    /// Parses a whole text. A text of nothing but blanks and comments holds no references.
    ///
    /// A text that was cut behind a complete entry is well-formed too: the SHA-256 that a commit
    /// names is what protects against that, not the language.
    ///
    /// # Errors
    ///
    /// Where the text first departs from the language.
    pub fn parse(text: &'a [u8]) -> Result<Self, PolicyError> {
        let text = characters(text)?;
        let mut parser = Parser::new(text);
        let mut references = References {
            text,
            launches: 0,
            identities: 0,
            serial: None,
        };
        parser.skip_lines();
        if parser.at_text_end() {
            return Ok(references);
        }
        parser.version()?;
        let (token, word) = parser.word("\"references\"")?;
        if word != "references" {
            return Err(token.expected("\"references\""));
        }
        parser.end_of_statement()?;
        loop {
            parser.skip_lines();
            if parser.at_text_end() {
                return Ok(references);
            }
            let (token, statement) = parser.word(STATEMENTS)?;
            match statement {
                "launch" => references.parse_launch(&mut parser)?,
                "sinit" | "mle" => references.parse_identity(&token, statement, &mut parser)?,
                "serial" => references.parse_serial(&token, &mut parser)?,
                "version" => return Err(token.error(format_args!("version is said twice"))),
                _ => return Err(token.expected(STATEMENTS)),
            }
            parser.end_of_statement()?;
        }
    }

    fn parse_serial(
        &mut self,
        token: &Token<'a>,
        parser: &mut Parser<'a>,
    ) -> Result<(), PolicyError> {
        if self.serial.is_some() {
            return Err(token.error(format_args!("serial is said twice")));
        }
        self.serial = Some(number::serial(parser)?);
        // A text that was cut inside the number would say another one.
        match parser.at_text_end() {
            true => Err(parser.token().expected("the end of the line")),
            false => Ok(()),
        }
    }

    fn parse_launch(&mut self, parser: &mut Parser<'a>) -> Result<(), PolicyError> {
        let token = *parser.token();
        let name = parser.quoted("a name in double quotes", MAX_NAME)?;
        if self.launches >= MAX_ENTRIES {
            return Err(token.error(format_args!("more than {MAX_ENTRIES} launch entries")));
        }
        // Only the entries before this one: the text behind it is not checked yet.
        if self
            .launches()
            .take(self.launches)
            .any(|launch| launch.name == name)
        {
            return Err(token.error(format_args!("there is already a launch \"{name}\"")));
        }
        self.launches = self.launches.saturating_add(1);
        if parser.token().kind != Kind::Open {
            return Err(parser.token().expected("\"{\""));
        }
        parser.take();
        let mut seen = PinSet(0);
        loop {
            parser.skip_lines();
            if parser.token().kind == Kind::Close && !seen.is_empty() {
                parser.take();
                return Ok(());
            }
            parse_pin(parser, &mut seen)?;
        }
    }

    fn parse_identity(
        &mut self,
        token: &Token<'a>,
        statement: &str,
        parser: &mut Parser<'a>,
    ) -> Result<(), PolicyError> {
        if self.identities >= MAX_ENTRIES {
            return Err(token.error(format_args!(
                "more than {MAX_ENTRIES} sinit and mle entries"
            )));
        }
        let place = *parser.token();
        let digest = parser.digest(false)?;
        if self.is_named_above(statement == "mle", &digest, token.line) {
            return Err(place.error(format_args!("this {statement} is already there")));
        }
        self.identities = self.identities.saturating_add(1);
        Ok(())
    }

    /// Whether an entry above `line` names `digest`; what stands above is checked already.
    fn is_named_above(&self, mle: bool, digest: &Digest, line: u32) -> bool {
        let mut identities = Identities::new(self.text, mle);
        while let Some((at, other)) = identities.next_with_line() {
            if at >= line {
                return false;
            }
            if other == *digest {
                return true;
            }
        }
        false
    }

    /// Whether nothing is expected.
    pub const fn is_empty(&self) -> bool {
        self.launches == 0 && self.identities == 0
    }

    /// Number of the text among those of its owner: each is to have a higher one than the one it
    /// replaces. 0 where the text says none.
    pub fn serial(&self) -> u64 {
        self.serial.unwrap_or(0)
    }

    /// Whether the text says its [`References::serial`].
    pub const fn has_serial(&self) -> bool {
        self.serial.is_some()
    }

    /// The launches, in the order of the text.
    pub const fn launches(&self) -> Launches<'a> {
        Launches {
            lexer: Lexer::new(self.text),
        }
    }

    /// SINIT measurements of which one is expected; none means any.
    pub const fn sinits(&self) -> Identities<'a> {
        Identities::new(self.text, false)
    }

    /// MLE measurements of which one is expected; none means any.
    pub const fn mles(&self) -> Identities<'a> {
        Identities::new(self.text, true)
    }
}

/// Which PCRs of which banks a launch has pinned.
struct PinSet(u64);

impl PinSet {
    const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// Adds a pin; whether it was new.
    fn insert(&mut self, pin: &Pin) -> bool {
        let bank = u32::try_from(pin.digest.alg().index()).unwrap_or(0);
        let slot = bank
            .saturating_mul(8)
            .saturating_add(pin.pcr.saturating_sub(17));
        let bit = 1u64.wrapping_shl(slot);
        let new = self.0 & bit == 0;
        self.0 |= bit;
        new
    }
}

fn parse_pin(parser: &mut Parser<'_>, seen: &mut PinSet) -> Result<(), PolicyError> {
    let expected = if seen.is_empty() {
        "\"pcr\""
    } else {
        "\"pcr\" or \"}\""
    };
    if parser.token().word() != Some("pcr") {
        return Err(parser.token().expected(expected));
    }
    let token = parser.take();
    let Some(pcr) = parser.token().word().and_then(parse_pcr) else {
        return Err(parser.token().expected("a PCR from 17 to 22"));
    };
    parser.take();
    let digest = parser.digest(true)?;
    if seen.insert(&Pin { pcr, digest }) {
        Ok(())
    } else {
        Err(token.error(format_args!(
            "pcr {pcr} {} is already pinned in this launch",
            digest.alg()
        )))
    }
}

fn parse_pcr(word: &str) -> Option<u32> {
    match word {
        "17" => Some(17),
        "18" => Some(18),
        "19" => Some(19),
        "20" => Some(20),
        "21" => Some(21),
        "22" => Some(22),
        _ => None,
    }
}

/// The launches of the references.
#[derive(Clone, Copy, Debug)]
pub struct Launches<'a> {
    lexer: Lexer<'a>,
}

impl<'a> Iterator for Launches<'a> {
    type Item = Launch<'a>;

    fn next(&mut self) -> Option<Launch<'a>> {
        loop {
            match self.lexer.token().kind {
                Kind::TextEnd => return None,
                Kind::Word("launch") => {}
                _ => continue,
            }
            let Kind::Quoted(name) = self.lexer.token().kind else {
                return None;
            };
            return Some(Launch {
                name,
                body: self.lexer,
            });
        }
    }
}

/// The pins of a launch.
#[derive(Clone, Copy, Debug)]
pub struct Pins<'a> {
    lexer: Lexer<'a>,
}

impl Iterator for Pins<'_> {
    type Item = Pin;

    fn next(&mut self) -> Option<Pin> {
        loop {
            match self.lexer.token().kind {
                Kind::TextEnd | Kind::Close => return None,
                Kind::Word("pcr") => {}
                _ => continue,
            }
            let pcr = parse_pcr(self.lexer.token().word()?)?;
            let digest = digest_behind(&mut self.lexer)?;
            return Some(Pin { pcr, digest });
        }
    }
}

/// The `sinit` or the `mle` entries of the references.
#[derive(Clone, Copy, Debug)]
pub struct Identities<'a> {
    lexer: Lexer<'a>,
    mle: bool,
}

impl<'a> Identities<'a> {
    const fn new(text: &'a str, mle: bool) -> Self {
        Self {
            lexer: Lexer::new(text),
            mle,
        }
    }

    fn next_with_line(&mut self) -> Option<(u32, Digest)> {
        let word = if self.mle { "mle" } else { "sinit" };
        loop {
            let token = self.lexer.token();
            if token.kind == Kind::TextEnd {
                return None;
            }
            if token.word() == Some(word) {
                return Some((token.line, digest_behind(&mut self.lexer)?));
            }
        }
    }
}

impl Iterator for Identities<'_> {
    type Item = Digest;

    fn next(&mut self) -> Option<Digest> {
        self.next_with_line().map(|(_, digest)| digest)
    }
}

fn digest_behind(lexer: &mut Lexer<'_>) -> Option<Digest> {
    let alg = lexer.token().word().and_then(HashAlg::from_name)?;
    Digest::from_hex(alg, lexer.token().word()?)
}
