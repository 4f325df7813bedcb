// SPDX-License-Identifier: GPL-2.0
//! What the rewriter makes of small sources. That it is still Rust is asked of the parser, that it means
//! the same of the tests of the tree, which run without any mutant first.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Mutex;

use serde_json::json;

use crate::build::called;
use crate::mutant::{read, Mutant, Places};
use crate::places::edits;
use crate::rewrite::{rewrite, Rewritten};
use crate::switch;
use crate::trial::{Program, Verdict};

// The mutants that change a text of the source; a text may occur once only.
fn mutants(source: &str, changes: &[(&str, &str, &str)]) -> Vec<Mutant> {
    let (mut list, mut names) = (Vec::new(), String::new());
    for (genre, text, replacement) in changes {
        assert_eq!(source.matches(text).count(), 1, "{text}");
        let start = source.find(text).expect("it occurs");
        let place = |at: usize| {
            let before = &source[..at];
            let line = before.rfind('\n').map_or(0, |end| end + 1);
            (
                before.matches('\n').count() + 1,
                before[line..].chars().count() + 1,
            )
        };
        let ((line, column), (last, end)) = (place(start), place(start + text.len()));
        list.push(json!({
            "file": "a.rs",
            "genre": genre,
            "replacement": replacement,
            "span": {
                "start": { "line": line, "column": column },
                "end": { "line": last, "column": end },
            },
        }));
        names.push_str(&format!("a.rs:{line}:{column}: a change\n"));
    }
    read(&json!(list).to_string(), &names).expect("a list")
}

fn rewritten(source: &str, changes: &[(&str, &str, &str)], kept: &[&str]) -> Rewritten {
    let mutants = mutants(source, changes);
    let kept: HashSet<_> = kept.iter().map(|name| (*name).to_owned()).collect();
    let edits = edits(source, &Places::new(mutants.iter()), &kept).expect("it parses");
    let rewritten = rewrite(source, &edits);
    syn::parse_file(&rewritten.text).expect("still Rust");
    assert_eq!(
        rewritten.text.lines().count(),
        source.lines().count(),
        "{}",
        rewritten.text
    );
    rewritten
}

// The text with shorter switches.
fn text(source: &str, changes: &[(&str, &str, &str)]) -> String {
    rewritten(source, changes, &[])
        .text
        .replace("crate::mutant::is", "is")
}

#[test]
fn a_function_returns_at_once() {
    let changes = [
        ("FnValue", "let a = 1;\n    a", "0"),
        ("FnValue", "let a = 1;\n    a", "1"),
    ];
    assert_eq!(
        text("fn f() -> u8 {\n    let a = 1;\n    a\n}\n", &changes),
        "fn f() -> u8 {\n    if is(1) { return 0; } if is(2) { return 1; } let a = 1;\n    a\n}\n"
    );
}

#[test]
fn a_type_without_a_name_is_left_alone() {
    let source = "fn f() -> Option<impl Iterator<Item = u8>> { None }";
    assert_eq!(
        text(source, &[("FnValue", "None", "Some(::std::iter::empty())")]),
        source
    );
}

#[test]
fn an_iterator_is_one_of_two() {
    let changes = [
        (
            "FnValue",
            "(0..n).map(|x| { return x; })",
            "::std::iter::empty()",
        ),
        (
            "FnValue",
            "(0..n).map(|x| { return x; })",
            "::std::iter::once(1)",
        ),
    ];
    assert_eq!(
        text(
            "fn f(n: u8) -> impl Iterator<Item = u8> + Clone { (0..n).map(|x| { return x; }) }",
            &changes
        )
        .replace("crate::mutant::Either", "E"),
        "fn f(n: u8) -> impl Iterator<Item = u8> + Clone { \
         if is(1) { E::Mutant(::std::iter::empty()) } else { E::Original(\
         if is(2) { E::Mutant(::std::iter::once(1)) } else { E::Original(\
         { (0..n).map(|x| { return x; }) }) }) } }"
    );
    // With two expressions it would be of two types already.
    let source = "fn f(n: u8) -> impl Iterator<Item = u8> { if n == 0 { return 0..1; } 0..n }";
    let value = (
        "FnValue",
        "if n == 0 { return 0..1; } 0..n",
        "::std::iter::empty()",
    );
    assert_eq!(text(source, &[value]), source);
    let either = |mutant: bool| {
        if mutant {
            switch::Either::Mutant(std::iter::once(5))
        } else {
            switch::Either::Original(0..2)
        }
    };
    assert_eq!(either(true).collect::<Vec<_>>(), [5]);
    assert_eq!(either(false).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn operators_are_chosen() {
    assert_eq!(
        text(
            "fn f(a: u8, b: u8) -> bool { a <= b }",
            &[("BinaryOperator", "<=", ">")]
        ),
        "fn f(a: u8, b: u8) -> bool { (match (&(a), &(b)) { (left_, right_) => \
         if is(1) { *left_ > *right_ } else { *left_ <= *right_ } }) }"
    );
    assert_eq!(
        text(
            "fn f(a: u8) -> u8 { a\n    & 3 }",
            &[("BinaryOperator", "&", "|"), ("BinaryOperator", "&", "^")]
        ),
        "fn f(a: u8) -> u8 { (match ((a\n), (3)) { (left_, right_) => \
         if is(1) { left_ | right_ } else if is(2) { left_ ^ right_ } else { left_ & right_ } }) }"
    );
    assert_eq!(
        text(
            "fn f(a: &mut u8) { *a &= 3; }",
            &[("BinaryOperator", "&=", "|=")]
        ),
        "fn f(a: &mut u8) { match (3) { right_ => match &mut (*a) { left_ => \
         if is(1) { *left_ |= right_ } else { *left_ &= right_ } } }; }"
    );
    assert_eq!(
        text("fn f(a: bool) -> bool { !a }", &[("UnaryOperator", "!", "")]),
        "fn f(a: bool) -> bool { (match (a) { operand_ => if is(1) { operand_ } else { !operand_ } }) }"
    );
}

#[test]
fn lazy_operators_stay_lazy() {
    assert_eq!(
        text("fn f(a: bool, b: bool) -> bool { a && b }", &[("BinaryOperator", "&&", "||")]),
        "fn f(a: bool, b: bool) -> bool { ({ let left_: bool = a; if left_ ^ is(1) { b } else { left_ } }) }"
    );
    assert_eq!(
        text("fn f(a: bool, b: bool) -> bool { a || b }", &[("BinaryOperator", "||", "&&")]),
        "fn f(a: bool, b: bool) -> bool { ({ let left_: bool = a; if left_ ^ is(1) { left_ } else { b } }) }"
    );
}

#[test]
fn arms_get_conditions() {
    let source = "fn f(a: u8) -> u8 { match a { 1 | 2 => 3, b if b > 4 => 5, _ => 6 } }";
    let changes = [
        ("MatchArm", "1 | 2 => 3,", ""),
        ("MatchArmGuard", "b > 4", "true"),
        ("MatchArmGuard", "b > 4", "false"),
    ];
    assert_eq!(
        text(source, &changes),
        "fn f(a: u8) -> u8 { match a { 1 | 2 if !is(1) => 3, b if is(2) || !is(3) && (b > 4) => 5, _ => 6 } }"
    );
}

#[test]
fn mutants_lie_in_each_other() {
    let source = "fn f(a: u8, b: bool) -> bool {\n    !b // so\n        || a + 1 == 2\n}\n";
    let changes = [
        ("FnValue", "!b // so\n        || a + 1 == 2", "true"),
        ("BinaryOperator", "||", "&&"),
        ("UnaryOperator", "!", ""),
        ("BinaryOperator", "==", "!="),
        ("BinaryOperator", "+", "-"),
    ];
    let rewritten = rewritten(source, &changes, &[]);
    let mut mutants: Vec<_> = rewritten.mutants().collect();
    mutants.sort_unstable();
    mutants.dedup();
    assert_eq!(mutants, [1, 2, 3, 4, 5]);
    // What the compiler complains about is the innermost mutant's that it can be.
    let blame = |text: &str| {
        let start = rewritten.text.find(text).expect("it is there");
        rewritten.blame(start..start + text.len())
    };
    assert_eq!(blame("left_ - right_"), [5]);
    assert_eq!(blame("return true"), [1]);
    assert_eq!(blame("match (b)"), [3]);
    assert!(blame("fn f").is_empty());
}

#[test]
fn what_the_compiler_computes_has_no_switches() {
    let source = "const A: [u8; 1 + 1] = [3 * 3; 2 % 3];\nimpl T { const fn f() -> u8 { 5 & 4 } }\nconst fn g() -> u8 { 7 | 1 }\n";
    let changes = [
        ("BinaryOperator", "+", "-"),
        ("BinaryOperator", "*", "+"),
        ("BinaryOperator", "%", "+"),
        ("BinaryOperator", "&", "^"),
        ("BinaryOperator", "|", "^"),
    ];
    let kept = rewritten(source, &changes, &["T::f"]);
    let mutants: HashSet<_> = kept.mutants().collect();
    assert_eq!(mutants, HashSet::from([5]));
    assert!(
        kept.text
            .contains("impl T { const fn f() -> u8 { 5 & 4 } }\n fn g()"),
        "{}",
        kept.text
    );
}

#[test]
fn lists_that_do_not_agree_are_refused() {
    let list = r#"[{"file": "a.rs", "genre": "FnValue", "replacement": "0",
        "span": {"start": {"line": 1, "column": 2}, "end": {"line": 1, "column": 3}}}]"#;
    assert!(read(list, "a.rs:1:2: a change\n").is_ok());
    assert!(read(list, "a.rs:1:3: a change\n").is_err());
    assert!(read(list, "").is_err());
    assert!(read(&list.replace("FnValue", "Else"), "a.rs:1:2: a change\n").is_err());
}

#[test]
fn functions_that_have_to_stay_constant_are_named_as_in_the_source() {
    let name = |path: &str| {
        called(&format!(
            "cannot call non-const function `{path}` in constants"
        ))
    };
    assert_eq!(name("a").as_deref(), Some("a"));
    assert_eq!(name("decode::bytes::a").as_deref(), Some("a"));
    assert_eq!(name("decode::Bytes::<'_>::a").as_deref(), Some("Bytes::a"));
    assert_eq!(
        name("decode::Bytes::<Of<u8>>::a").as_deref(),
        Some("Bytes::a")
    );
    assert_eq!(called("no path at all"), None);
}

// A program with two tests, both of which reach two mutants; the second test catches the second of these.
const PROGRAM: &str = r#"#!/bin/sh
[ "$1" != --list ] || { printf 'a: test\nb: test\n'; exit; }
[ -z "$LAUNCHGUARD_REACHED" ] || printf '\001\0\0\0\002\0\0\0' >"$LAUNCHGUARD_REACHED"
[ "$LAUNCHGUARD_MUTANT $2" != "2 b" ]
"#;

#[test]
fn a_mutant_is_caught_when_a_test_that_reaches_it_fails() {
    let folder = std::env::temp_dir().join(format!("launchguard-schemata-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("program");
    let program = Program {
        path: &path,
        folder: &folder,
        jobs: 2,
    };
    let verdicts = |text: &str| {
        fs::write(&path, text).expect("room");
        fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("ours");
        let tests = program.tests(&folder)?;
        let told = Mutex::new(BTreeMap::new());
        program.tries(
            &tests,
            |_| "a.rs",
            |id, verdict| {
                told.lock().expect("no panic").insert(id, verdict);
                Ok(())
            },
        )?;
        Ok::<_, String>(told.into_inner().expect("no panic"))
    };
    let expected = BTreeMap::from([(1, Verdict::Survived), (2, Verdict::Caught)]);
    let found = verdicts(PROGRAM);
    let broken = verdicts(&PROGRAM.replace("2 b", " b"));
    fs::remove_dir_all(&folder).expect("ours");
    assert_eq!(found, Ok(expected));
    assert!(broken.is_err_and(|error| error.contains("without any mutant")));
}

#[test]
fn no_switch_is_on() {
    assert!(!switch::is(1));
}
