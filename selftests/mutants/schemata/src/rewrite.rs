// SPDX-License-Identifier: GPL-2.0
//! Writes a file with all its mutants. Nothing of the original is written twice, however deep they lie
//! in each other, and every line keeps its number.

use std::ops::Range;

use crate::mutant::Id;
use crate::places::{Change, Edit};

/// A file with its mutants.
#[derive(Debug, Default)]
pub struct Rewritten {
    /// Its text.
    pub text: String,
    // What was written for which mutants: an edit as a whole, and what is one mutant's alone.
    marks: Vec<(Range<usize>, Vec<Id>)>,
}

impl Rewritten {
    /// The mutants in this text.
    pub fn mutants(&self) -> impl Iterator<Item = Id> + '_ {
        self.marks.iter().flat_map(|mark| mark.1.iter().copied())
    }

    /// The mutants whose code this is, as narrow as it can be told.
    pub fn blame(&self, range: Range<usize>) -> &[Id] {
        let around = |mark: &&(Range<usize>, Vec<Id>)| {
            mark.0.start <= range.start && range.end <= mark.0.end
        };
        let narrowest = self
            .marks
            .iter()
            .filter(around)
            .min_by_key(|mark| mark.0.len());
        narrowest.map_or(&[], |mark| &mark.1)
    }
}

/// The file with these edits, each in front of those within it.
pub fn rewrite(source: &str, edits: &[Edit]) -> Rewritten {
    let mut writer = Writer {
        source,
        to: Rewritten::default(),
    };
    writer.part(0..source.len(), edits);
    writer.to
}

struct Writer<'w> {
    source: &'w str,
    to: Rewritten,
}

const EITHER: &str = "crate::mutant::Either";

fn is(id: Id) -> String {
    format!("crate::mutant::is({id})")
}

impl Writer<'_> {
    fn part(&mut self, range: Range<usize>, mut edits: &[Edit]) {
        let mut done = range.start;
        while let Some((edit, after)) = edits.split_first() {
            let within = after.partition_point(|other| other.range.start < edit.range.end);
            self.push(&self.source[done..edit.range.start]);
            self.edit(edit, &after[..within]);
            done = edit.range.end;
            edits = &after[within..];
        }
        self.push(&self.source[done..range.end]);
    }

    fn push(&mut self, text: &str) {
        self.to.text.push_str(text);
    }

    fn mark(&mut self, start: usize, mutants: Vec<Id>) {
        self.to.marks.push((start..self.to.text.len(), mutants));
    }

    // What is one mutant's alone.
    fn own(&mut self, id: Id, text: &str) {
        let start = self.to.text.len();
        self.push(text);
        self.mark(start, vec![id]);
    }

    // The line ends of what is left out. A comment there is lost.
    fn lines(&mut self, range: Range<usize>) {
        let lines = self.source[range].matches('\n').count();
        self.push(&"\n".repeat(lines));
    }

    fn edit(&mut self, edit: &Edit, within: &[Edit]) {
        let start = self.to.text.len();
        let range = edit.range.clone();
        let mutants = match &edit.change {
            Change::NotConst => return,
            Change::Body(values) => {
                for (id, value) in values {
                    self.push(&format!("if {} ", is(*id)));
                    self.own(*id, &format!("{{ return {value}; }} "));
                }
                self.part(range, within);
                values.iter().map(|value| value.0).collect()
            }
            Change::Iterator(values) => {
                for (id, value) in values {
                    self.push(&format!("if {} {{ {EITHER}::Mutant(", is(*id)));
                    self.own(*id, value);
                    self.push(&format!(") }} else {{ {EITHER}::Original("));
                }
                self.push("{ ");
                self.part(range, within);
                self.push(" }");
                self.push(&") }".repeat(values.len()));
                values.iter().map(|value| value.0).collect()
            }
            Change::Guard(always, never) => {
                if let Some(id) = always {
                    self.push(&format!("{} || ", is(*id)));
                }
                if let Some(id) = never {
                    self.push(&format!("!{} && ", is(*id)));
                }
                self.push("(");
                self.part(range, within);
                self.push(")");
                always.iter().chain(never).copied().collect()
            }
            Change::Arm(id) => {
                self.part(range, within);
                self.push(&format!(" if !{}", is(*id)));
                vec![*id]
            }
            Change::Matched(mutants) => {
                self.part(range, within);
                mutants.clone()
            }
            Change::Binary {
                left,
                operator,
                right,
                others,
            } => {
                let (before, after) =
                    within.split_at(within.partition_point(|edit| edit.range.start < right.start));
                let mut operands = Operands {
                    writer: self,
                    left,
                    before,
                    right,
                    after,
                };
                match operator.as_str() {
                    "&&" | "||" => operands.lazy(operator, others),
                    "==" | "!=" | "<" | "<=" | ">" | ">=" => {
                        operands.both("&(", "*left_", "*right_", operator, others)
                    }
                    _ if operator.ends_with('=') => operands.assign(operator, others),
                    _ => operands.both("(", "left_", "right_", operator, others),
                }
                others.iter().map(|other| other.0).collect()
            }
            Change::Unary {
                operator,
                operand,
                id,
            } => {
                self.push("(match (");
                self.lines(range.start..operand.start);
                self.part(operand.clone(), within);
                self.push(&format!(") {{ operand_ => if {} {{ ", is(*id)));
                self.own(*id, "operand_");
                self.push(&format!(" }} else {{ {operator}operand_ }} }})"));
                vec![*id]
            }
        };
        self.mark(start, mutants);
    }
}

// Two operands, with what is changed within them. No name of the tree ends as those that are given to their
// values, so that an operand which is evaluated later does not mean these.
struct Operands<'o, 'w> {
    writer: &'o mut Writer<'w>,
    left: &'o Range<usize>,
    before: &'o [Edit],
    right: &'o Range<usize>,
    after: &'o [Edit],
}

impl Operands<'_, '_> {
    fn left(&mut self) {
        self.writer.part(self.left.clone(), self.before);
        self.writer.lines(self.left.end..self.right.start);
    }

    fn right(&mut self) {
        self.writer.part(self.right.clone(), self.after);
    }

    fn choice(&mut self, left: &str, right: &str, operator: &str, others: &[(Id, String)]) {
        for (id, other) in others {
            self.writer.push(&format!("if {} {{ ", is(*id)));
            self.writer.own(*id, &format!("{left} {other} {right}"));
            self.writer.push(" } else ");
        }
        self.writer
            .push(&format!("{{ {left} {operator} {right} }}"));
    }

    // The operators themselves rather than functions: so types are found as they are in the original.
    fn both(
        &mut self,
        open: &str,
        left: &str,
        right: &str,
        operator: &str,
        others: &[(Id, String)],
    ) {
        self.writer.push(&format!("(match ({open}"));
        self.left();
        self.writer.push(&format!("), {open}"));
        self.right();
        self.writer.push(")) { (left_, right_) => ");
        self.choice(left, right, operator, others);
        self.writer.push(" })");
    }

    // Of numbers, the right side comes first.
    fn assign(&mut self, operator: &str, others: &[(Id, String)]) {
        // The left side keeps its line, and stands behind the right one's.
        self.writer.push("match (");
        self.writer.lines(self.left.end..self.right.start);
        self.right();
        self.writer.push(") { right_ => match &mut (");
        self.writer.part(self.left.clone(), self.before);
        self.writer.push(") { left_ => ");
        self.choice("*left_", "right_", operator, others);
        self.writer.push(" } }");
    }

    // Whether the right side is looked at is all that differs between the two.
    fn lazy(&mut self, operator: &str, others: &[(Id, String)]) {
        let opposite = if operator == "&&" { "||" } else { "&&" };
        self.writer.push("({ let left_: bool = ");
        self.left();
        self.writer.push("; if left_");
        for (id, _) in others.iter().filter(|other| other.1 == opposite) {
            self.writer.push(&format!(" ^ {}", is(*id)));
        }
        self.writer.push(" { ");
        if operator == "&&" {
            self.right();
            self.writer.push(" } else { left_ } })");
        } else {
            self.writer.push("left_ } else { ");
            self.right();
            self.writer.push(" } })");
        }
    }
}
