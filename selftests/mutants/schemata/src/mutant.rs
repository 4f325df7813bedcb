// SPDX-License-Identifier: GPL-2.0
//! The mutants, as cargo-mutants lists them.

use std::collections::HashMap;

use proc_macro2::Span;
use serde_json::Value;

/// A mutant's number: its place in the list, from 1. 0 is none.
pub type Id = u32;

/// What kind of change a mutant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Genre {
    /// A function returns something else at once.
    Body,
    /// Another operator between two operands.
    Binary,
    /// The operator in front of an operand is gone.
    Unary,
    /// An arm of a match is gone.
    Arm,
    /// An arm's condition always or never holds.
    Guard,
}

/// Lines from 1 and columns from 1, the end not included.
type Place = (usize, usize, usize, usize);

/// One mutant.
#[derive(Debug)]
pub struct Mutant {
    /// Its number.
    pub id: Id,
    /// As cargo-mutants names it, with line and column.
    pub name: String,
    /// The file it changes, from the tree's root.
    pub file: String,
    /// What stands there instead.
    pub replacement: String,
    /// Whether what the compiler says of the replacement behind a switch it says of the mutant itself: a
    /// function's value, whose type is written down.
    pub is_verbatim: bool,
    genre: Genre,
    place: Place,
}

/// The mutants of `cargo mutants --list --json`, with the names that `--list` alone prints: in the
/// JSON they are not.
pub fn read(json: &str, names: &str) -> Result<Vec<Mutant>, String> {
    let list: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let list = list.as_array().ok_or("not a list")?;
    if list.len() != names.lines().count() {
        return Err("the list and the names differ in length".into());
    }
    list.iter()
        .zip(names.lines())
        .zip(1..)
        .map(|((entry, name), id)| {
            mutant(id, entry, name).ok_or(format!("not understood: {name}: {entry}"))
        })
        .collect()
}

fn mutant(id: Id, entry: &Value, name: &str) -> Option<Mutant> {
    let number = |pointer: &str| entry.pointer(pointer)?.as_u64()?.try_into().ok();
    let text = |key: &str| Some(entry.get(key)?.as_str()?.to_owned());
    let genre = match text("genre")?.as_str() {
        "FnValue" => Genre::Body,
        "BinaryOperator" => Genre::Binary,
        "UnaryOperator" => Genre::Unary,
        "MatchArm" => Genre::Arm,
        "MatchArmGuard" => Genre::Guard,
        _ => return None,
    };
    let place = (
        number("/span/start/line")?,
        number("/span/start/column")?,
        number("/span/end/line")?,
        number("/span/end/column")?,
    );
    let file = text("file")?;
    // Of `impl Trait` there can be one type in a function, and the switch adds another.
    let type_is_told = entry
        .pointer("/function/return_type")
        .and_then(Value::as_str)
        .is_some_and(|returns| !returns.contains("impl "));
    // The two lists are of one order.
    name.starts_with(&format!("{file}:{}:{}: ", place.0, place.1))
        .then_some(Mutant {
            id,
            name: name.to_owned(),
            file,
            replacement: text("replacement")?,
            is_verbatim: genre == Genre::Body && type_is_told,
            genre,
            place,
        })
}

/// The mutants of one file by where they are.
pub struct Places<'m>(HashMap<(Genre, Place), Vec<&'m Mutant>>);

impl<'m> Places<'m> {
    /// Those mutants.
    pub fn new(mutants: impl Iterator<Item = &'m Mutant>) -> Self {
        let mut places: HashMap<_, Vec<_>> = HashMap::new();
        for mutant in mutants {
            places
                .entry((mutant.genre, mutant.place))
                .or_default()
                .push(mutant);
        }
        Places(places)
    }

    /// The mutants of what stretches from the start of one span to the end of another.
    pub fn at(&self, genre: Genre, first: Span, last: Span) -> &[&'m Mutant] {
        let (start, end) = (first.start(), last.end());
        let place = (start.line, start.column + 1, end.line, end.column + 1);
        self.0.get(&(genre, place)).map_or(&[], Vec::as_slice)
    }
}
