// SPDX-License-Identifier: GPL-2.0

//! What the two texts have in common.

use super::lexer::{Kind, Lexer, Token};
use super::{PolicyError, MAX_TEXT};
use crate::decode::digest::{Digest, HashAlg};
use crate::decode::text::Text;

/// The text as characters, or where it is not text.
pub(super) fn characters(bytes: &[u8]) -> Result<&str, PolicyError> {
    if bytes.len() > MAX_TEXT {
        return Err(PolicyError {
            line: 1,
            column: 1,
            what: Text::format(format_args!(
                "the text has {} bytes, more than {MAX_TEXT}",
                bytes.len()
            )),
        });
    }
    core::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))
}

fn not_utf8(bytes: &[u8], offset: usize) -> PolicyError {
    let good = bytes
        .get(..offset)
        .and_then(|bytes| core::str::from_utf8(bytes).ok())
        .unwrap_or("");
    let last_line = good.rsplit('\n').next().unwrap_or("");
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).saturating_add(1);
    PolicyError {
        line: count(good.matches('\n').count()),
        column: count(last_line.chars().count()),
        what: Text::format(format_args!("byte {offset} is not UTF-8 text")),
    }
}

/// A lexer and the token that stands to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token<'a>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut lexer = Lexer::new(text);
        let token = lexer.token();
        Self { lexer, token }
    }

    /// The token that stands to be read.
    pub(super) const fn token(&self) -> &Token<'a> {
        &self.token
    }

    /// Takes the token.
    pub(super) fn take(&mut self) -> Token<'a> {
        let token = self.token;
        self.token = self.lexer.token();
        token
    }

    /// Walks over the ends of empty lines.
    pub(super) fn skip_lines(&mut self) {
        while self.token.kind == Kind::LineEnd {
            self.take();
        }
    }

    pub(super) fn at_text_end(&self) -> bool {
        self.token.kind == Kind::TextEnd
    }

    /// Takes a word; `expected` says which.
    pub(super) fn word(&mut self, expected: &str) -> Result<(Token<'a>, &'a str), PolicyError> {
        let word = self
            .token
            .word()
            .ok_or_else(|| self.token.expected(expected))?;
        Ok((self.take(), word))
    }

    /// Takes a text in double quotes that is not blank and has at most `max` bytes.
    pub(super) fn quoted(&mut self, expected: &str, max: usize) -> Result<&'a str, PolicyError> {
        let Kind::Quoted(text) = self.token.kind else {
            return Err(self.token.expected(expected));
        };
        if text.trim().is_empty() {
            return Err(self
                .token
                .error(format_args!("expected {expected}, found an empty one")));
        }
        if text.len() > max {
            return Err(self.token.error(format_args!(
                "expected {expected} of at most {max} bytes, found one of {}",
                text.len()
            )));
        }
        self.take();
        Ok(text)
    }

    /// Takes the end of the line, or stands at the end of the text.
    pub(super) fn end_of_statement(&mut self) -> Result<(), PolicyError> {
        match self.token.kind {
            Kind::LineEnd => {
                self.take();
                Ok(())
            }
            Kind::TextEnd => Ok(()),
            _ => Err(self.token.expected("the end of the line")),
        }
    }

    /// Takes the end of a line: the text cannot end here.
    pub(super) fn line_end(&mut self) -> Result<(), PolicyError> {
        if self.token.kind != Kind::LineEnd {
            return Err(self.token.expected("the end of the line"));
        }
        self.take();
        Ok(())
    }

    /// Takes the word `word`.
    pub(super) fn keyword(&mut self, word: &str) -> Result<(), PolicyError> {
        if self.token.word() != Some(word) {
            return Err(self.token.error(format_args!(
                "expected \"{word}\", found {}",
                self.token.kind
            )));
        }
        self.take();
        Ok(())
    }

    /// Takes "version 1".
    pub(super) fn version(&mut self) -> Result<(), PolicyError> {
        if self.token.word() != Some("version") {
            return Err(self.token.expected("\"version 1\" as the first statement"));
        }
        self.take();
        match self.token.word() {
            Some("1") => {
                self.take();
                Ok(())
            }
            Some(number) if number.parse::<u32>().is_ok() => Err(self.token.error(format_args!(
                "expected version 1, found version {number}: not supported by this version"
            ))),
            _ => Err(self.token.expected("the version number 1")),
        }
    }

    /// Takes the name of a bank and a digest of its size; weak banks only where `weak` allows them.
    pub(super) fn digest(&mut self, weak: bool) -> Result<Digest, PolicyError> {
        let expected = if weak {
            "a bank (sha1, sha256, sha384, sha512, sm3)"
        } else {
            "a bank of at least 256 bits (sha256, sha384, sha512, sm3)"
        };
        let alg = self
            .token
            .word()
            .and_then(HashAlg::from_name)
            .filter(|alg| weak || alg.is_strong())
            .ok_or_else(|| self.token.expected(expected))?;
        self.take();
        let digits = alg.size().saturating_mul(2);
        let Some(word) = self.token.word() else {
            return Err(self.token.error(format_args!(
                "expected {digits} hex digits for {alg}, found {}",
                self.token.kind
            )));
        };
        let Some(digest) = Digest::from_hex(alg, word) else {
            return Err(match word.chars().find(|c| !c.is_ascii_hexdigit()) {
                Some(c) => self.token.error(format_args!(
                    "expected {digits} hex digits for {alg}, found the character {c:?}"
                )),
                None => self.token.error(format_args!(
                    "expected {digits} hex digits for {alg}, found {}",
                    word.len()
                )),
            });
        };
        self.take();
        Ok(digest)
    }
}
