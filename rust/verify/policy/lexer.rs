// SPDX-License-Identifier: GPL-2.0

//! Text to tokens, each with its place.

use super::{Place, PolicyError};
use core::fmt;

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// Anything between blanks that is not one of the others.
    Word(&'a str),
    /// What stands between two double quotes, on one line.
    Quoted(&'a str),
    /// `{`
    Open,
    /// `}`
    Close,
    /// The end of a line.
    LineEnd,
    /// The end of the text.
    TextEnd,
    /// A control character, which no part of the language holds.
    Control(char),
    /// A double quote that is not closed on its line.
    Unclosed,
}

/// How much of a word an error message repeats, in characters.
const SHOWN: usize = 24;

impl fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Quoted(text) => {
                let end = text.char_indices().nth(SHOWN).map(|(at, _)| at);
                match end.and_then(|end| text.get(..end)) {
                    Some(start) => write!(f, "\"{start}...\""),
                    None => write!(f, "\"{text}\""),
                }
            }
            Self::Open => f.write_str("\"{\""),
            Self::Close => f.write_str("\"}\""),
            Self::LineEnd => f.write_str("the end of the line"),
            Self::TextEnd => f.write_str("the end of the text"),
            Self::Control(c) => write!(f, "the control character 0x{:02x}", u32::from(*c)),
            Self::Unclosed => f.write_str("a double quote that is not closed on its line"),
        }
    }
}

/// A token and where it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    /// Line, from 1.
    pub(super) line: u32,
    /// Column, from 1, in characters.
    pub(super) column: u32,
}

impl<'a> Token<'a> {
    /// The word, if the token is one.
    pub(super) fn word(&self) -> Option<&'a str> {
        match self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Where it starts.
    pub(super) const fn place(&self) -> Place {
        Place {
            line: self.line,
            column: self.column,
        }
    }

    /// The error that stands at this token.
    pub(super) fn error(&self, what: fmt::Arguments<'_>) -> PolicyError {
        self.place().error(what)
    }

    /// The error "expected ..., found ...".
    pub(super) fn expected(&self, expected: &str) -> PolicyError {
        self.error(format_args!("expected {expected}, found {}", self.kind))
    }
}

/// Walks a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer<'a> {
    rest: &'a str,
    line: u32,
    column: u32,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            line: 1,
            column: 1,
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn bump(&mut self) {
        let mut chars = self.rest.chars();
        if let Some(c) = chars.next() {
            if c == '\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.rest = chars.as_str();
    }

    /// Walks while `inside` holds and answers what was walked over.
    fn span(&mut self, inside: impl Fn(char) -> bool) -> &'a str {
        let start = self.rest;
        while self.peek().is_some_and(&inside) {
            self.bump();
        }
        let len = start.len().saturating_sub(self.rest.len());
        start.get(..len).unwrap_or("")
    }

    /// The next token; `TextEnd` again and again at the end.
    pub(super) fn token(&mut self) -> Token<'a> {
        self.span(is_blank);
        if self.peek() == Some('#') {
            // Control characters are refused in comments too: texts are shown on terminals.
            self.span(|c| c != '\n' && (is_blank(c) || !c.is_control()));
        }
        let (line, column) = (self.line, self.column);
        let kind = match self.peek() {
            None => Kind::TextEnd,
            Some('\n') => self.single(Kind::LineEnd),
            Some('{') => self.single(Kind::Open),
            Some('}') => self.single(Kind::Close),
            Some('"') => self.quoted(),
            Some(c) if c.is_control() => self.single(Kind::Control(c)),
            Some(_) => Kind::Word(self.span(is_word)),
        };
        Token { kind, line, column }
    }

    fn single(&mut self, kind: Kind<'a>) -> Kind<'a> {
        self.bump();
        kind
    }

    fn quoted(&mut self) -> Kind<'a> {
        self.bump();
        let text = self.span(|c| c != '"' && !c.is_control());
        match self.peek() {
            Some('"') => self.single(Kind::Quoted(text)),
            Some(c) if c != '\n' => self.single(Kind::Control(c)),
            _ => Kind::Unclosed,
        }
    }
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

fn is_word(c: char) -> bool {
    !c.is_control() && !matches!(c, ' ' | '#' | '"' | '{' | '}')
}
