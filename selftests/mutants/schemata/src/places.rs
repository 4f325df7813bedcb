// SPDX-License-Identifier: GPL-2.0
//! Finds the mutants of a file in its syntax tree, and what has to be written where.

use std::collections::HashSet;
use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use crate::mutant::{Genre, Id, Places};

/// A part of the file that is written anew. Two of them lie apart or one in the other.
#[derive(Debug)]
pub struct Edit {
    /// Its bytes in the original.
    pub range: Range<usize>,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of a part of the file.
#[derive(Debug)]
pub enum Change {
    /// `const` in front of a function: a switch cannot be read at compile time.
    NotConst,
    /// A function's body: what it returns at once with each mutant.
    Body(Vec<(Id, String)>),
    /// The same of a function that returns `impl Iterator`.
    Iterator(Vec<(Id, String)>),
    /// An arm's condition: with the first it always holds, with the second never.
    Guard(Option<Id>, Option<Id>),
    /// An arm's pattern: with the mutant it never matches.
    Arm(Id),
    /// What is matched, which stays: where it is said that these mutants' arms are needed.
    Matched(Vec<Id>),
    /// Two operands, what is between them, and what else could be.
    Binary {
        /// The first operand.
        left: Range<usize>,
        /// The operator.
        operator: String,
        /// The second operand.
        right: Range<usize>,
        /// Each mutant's operator.
        others: Vec<(Id, String)>,
    },
    /// An operator in front of its operand, which the mutant leaves away.
    Unary {
        /// The operator.
        operator: String,
        /// The operand.
        operand: Range<usize>,
        /// The mutant.
        id: Id,
    },
}

/// All edits of a file, each in front of those that lie within it. Functions in `kept` stay `const`,
/// and so without their mutants; they are named as the compiler does, with their type if they have one.
pub fn edits(source: &str, places: &Places, kept: &HashSet<String>) -> syn::Result<Vec<Edit>> {
    let file = syn::parse_file(source)?;
    let mut finder = Finder {
        source,
        places,
        kept,
        owner: None,
        constant: false,
        edits: Vec::new(),
    };
    finder.visit_file(&file);
    let mut edits = finder.edits;
    // Of equal ranges the outer one was found first.
    edits.sort_by_key(|edit| (edit.range.start, usize::MAX - edit.range.end));
    Ok(edits)
}

struct Finder<'f> {
    source: &'f str,
    places: &'f Places<'f>,
    kept: &'f HashSet<String>,
    // The type whose implementation this is.
    owner: Option<String>,
    // In what is evaluated at compile time.
    constant: bool,
    edits: Vec<Edit>,
}

impl Finder<'_> {
    fn edit(&mut self, range: Range<usize>, change: Change) {
        self.edits.push(Edit { range, change });
    }

    fn text(&self, span: Span) -> String {
        self.source[span.byte_range()].to_owned()
    }

    fn alternatives(&self, genre: Genre, first: Span, last: Span) -> Vec<(Id, String)> {
        if self.constant {
            return Vec::new();
        }
        let found = self.places.at(genre, first, last).iter();
        found
            .map(|mutant| (mutant.id, mutant.replacement.clone()))
            .collect()
    }

    fn function(
        &mut self,
        signature: &syn::Signature,
        body: Option<&syn::Block>,
        inside: impl FnOnce(&mut Self),
    ) {
        let name = match &self.owner {
            Some(owner) => format!("{owner}::{}", signature.ident),
            None => signature.ident.to_string(),
        };
        let around = std::mem::take(&mut self.constant);
        if let Some(token) = &signature.constness {
            self.constant = self.kept.contains(&name);
            if !self.constant {
                self.edit(token.span.byte_range(), Change::NotConst);
            }
        }
        if let Some((first, last)) =
            body.and_then(|body| Some((body.stmts.first()?, body.stmts.last()?)))
        {
            let (first, last) = (first.span(), last.span());
            let mut values = self.alternatives(Genre::Body, first, last);
            // Most of what has a path cannot be called in a function that is constant, as it really is.
            values.retain(|value| signature.constness.is_none() || !value.1.contains("::"));
            let range = first.byte_range().start..last.byte_range().end;
            // A type that is not named is that of one expression only.
            if values.is_empty() {
            } else if !names_no_type(&signature.output) {
                self.edit(range, Change::Body(values));
            } else if is_iterator(&signature.output) && !body.is_some_and(returns) {
                self.edit(range, Change::Iterator(values));
            }
        }
        inside(self);
        self.constant = around;
    }

    fn constant(&mut self, inside: impl FnOnce(&mut Self)) {
        let around = std::mem::replace(&mut self.constant, true);
        inside(self);
        self.constant = around;
    }

    fn owned(&mut self, owner: Option<String>, inside: impl FnOnce(&mut Self)) {
        let around = std::mem::replace(&mut self.owner, owner);
        inside(self);
        self.owner = around;
    }
}

fn names_no_type(output: &syn::ReturnType) -> bool {
    struct Search(bool);
    impl Visit<'_> for Search {
        fn visit_type_impl_trait(&mut self, _: &syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut search = Search(false);
    search.visit_return_type(output);
    search.0
}

// Whether it is `impl Iterator`, perhaps with other bounds.
fn is_iterator(output: &syn::ReturnType) -> bool {
    let syn::ReturnType::Type(_, output) = output else {
        return false;
    };
    let syn::Type::ImplTrait(output) = &**output else {
        return false;
    };
    output.bounds.iter().any(|bound| match bound {
        syn::TypeParamBound::Trait(bound) => {
            let last = bound.path.segments.last();
            last.is_some_and(|last| last.ident == "Iterator")
        }
        _ => false,
    })
}

// Whether a function has more than one place that its value comes from.
fn returns(body: &syn::Block) -> bool {
    struct Search(bool);
    impl Visit<'_> for Search {
        fn visit_expr_return(&mut self, _: &syn::ExprReturn) {
            self.0 = true;
        }
        // What returns within is its own.
        fn visit_expr_closure(&mut self, _: &syn::ExprClosure) {}
        fn visit_item(&mut self, _: &syn::Item) {}
    }
    let mut search = Search(false);
    search.visit_block(body);
    search.0
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.owned(None, |finder| {
            finder.function(&item.sig, Some(&item.block), |finder| {
                visit::visit_item_fn(finder, item)
            });
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, Some(&item.block), |finder| {
            visit::visit_impl_item_fn(finder, item)
        });
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.function(&item.sig, item.default.as_ref(), |finder| {
            visit::visit_trait_item_fn(finder, item)
        });
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let owner = match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        self.owned(owner, |finder| visit::visit_item_impl(finder, item));
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constant(|finder| visit::visit_item_const(finder, item));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.constant(|finder| visit::visit_item_static(finder, item));
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.constant(|finder| visit::visit_item_enum(finder, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.constant(|finder| visit::visit_impl_item_const(finder, item));
    }

    fn visit_trait_item_const(&mut self, item: &'ast syn::TraitItemConst) {
        self.constant(|finder| visit::visit_trait_item_const(finder, item));
    }

    fn visit_expr_const(&mut self, expression: &'ast syn::ExprConst) {
        self.constant(|finder| visit::visit_expr_const(finder, expression));
    }

    fn visit_expr_repeat(&mut self, expression: &'ast syn::ExprRepeat) {
        self.visit_expr(&expression.expr);
        self.constant(|finder| finder.visit_expr(&expression.len));
    }

    // The lengths of arrays and the arguments of types.
    fn visit_type(&mut self, ty: &'ast syn::Type) {
        self.constant(|finder| visit::visit_type(finder, ty));
    }

    fn visit_generic_argument(&mut self, argument: &'ast syn::GenericArgument) {
        self.constant(|finder| visit::visit_generic_argument(finder, argument));
    }

    fn visit_pat(&mut self, pattern: &'ast syn::Pat) {
        self.constant(|finder| visit::visit_pat(finder, pattern));
    }

    fn visit_expr_match(&mut self, expression: &'ast syn::ExprMatch) {
        let arms = expression.arms.iter().map(|arm| arm.span());
        let mutants: Vec<_> = arms
            .flat_map(|arm| self.alternatives(Genre::Arm, arm, arm))
            .collect();
        if !mutants.is_empty() {
            let matched = mutants.into_iter().map(|mutant| mutant.0).collect();
            self.edit(
                expression.expr.span().byte_range(),
                Change::Matched(matched),
            );
        }
        visit::visit_expr_match(self, expression);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let span = arm.span();
        for (id, _) in self.alternatives(Genre::Arm, span, span) {
            self.edit(arm.pat.span().byte_range(), Change::Arm(id));
        }
        if let Some((_, condition)) = &arm.guard {
            let span = condition.span();
            let mutants = self.alternatives(Genre::Guard, span, span);
            let with = |value: &str| {
                mutants
                    .iter()
                    .find(|mutant| mutant.1 == value)
                    .map(|mutant| mutant.0)
            };
            if !mutants.is_empty() {
                self.edit(
                    span.byte_range(),
                    Change::Guard(with("true"), with("false")),
                );
            }
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_binary(&mut self, expression: &'ast syn::ExprBinary) {
        let operator = expression.op.span();
        let others = self.alternatives(Genre::Binary, operator, operator);
        if !others.is_empty() {
            let change = Change::Binary {
                left: expression.left.span().byte_range(),
                operator: self.text(operator),
                right: expression.right.span().byte_range(),
                others,
            };
            self.edit(expression.span().byte_range(), change);
        }
        visit::visit_expr_binary(self, expression);
    }

    fn visit_expr_unary(&mut self, expression: &'ast syn::ExprUnary) {
        let operator = expression.op.span();
        for (id, _) in self.alternatives(Genre::Unary, operator, operator) {
            let operand = expression.expr.span().byte_range();
            let change = Change::Unary {
                operator: self.text(operator),
                operand,
                id,
            };
            self.edit(expression.span().byte_range(), change);
        }
        visit::visit_expr_unary(self, expression);
    }
}
