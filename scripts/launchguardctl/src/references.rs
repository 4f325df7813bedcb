// SPDX-License-Identifier: GPL-2.0

//! References as a text to be edited: what the owner wrote around the entries stays as it is.

use anyhow::{anyhow, Context, Result};
use launchguard_pure::decode::digest::Digest;
use launchguard_pure::verify::policy::References;
use std::ops::Range;

/// A launch entry in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry<'a> {
    name: &'a str,
    /// From the word `launch` to the end of the line that the closing brace stands on, if nothing else
    /// does.
    range: Range<usize>,
}

/// What a references file starts with.
pub const HEADER: &str = "version 1 references\n";

/// A launch entry with its comments.
pub fn entry(name: &str, comments: &[String], pins: &[(u32, Digest)]) -> String {
    let mut text = format!("launch \"{name}\" {{\n");
    for comment in comments {
        text.push_str(&format!("\t# {comment}\n"));
    }
    for (pcr, digest) in pins {
        text.push_str(&format!("\tpcr {pcr} {} {digest}\n", digest.alg()));
    }
    text.push_str("}\n");
    text
}

/// `text`, which must be well-formed, with `entry` for the launch `name`: in the place of one with this
/// name, else at the end. It gets the next serial number, if it has one. Where the text lists measurements of
/// launchers, those of `mle` that are in a bank of theirs are listed as well.
pub fn merged(text: &str, name: &str, entry: &str, mle: &[Digest]) -> Result<String> {
    let mut merged = text.to_owned();
    let there = entries(text).into_iter().find(|entry| entry.name == name);
    match there {
        Some(there) => merged.replace_range(there.range, entry),
        None => {
            if words(text).next().is_none() {
                append(&mut merged, HEADER);
            }
            append(&mut merged, entry);
        }
    }
    let references = parse(text)?;
    for new in mle {
        let of_bank = |old: &Digest| old.alg() == new.alg();
        let mut listed = references.mles().filter(of_bank).peekable();
        if listed.peek().is_some() && !listed.any(|old| old == *new) {
            append(&mut merged, &format!("mle {} {new}\n", new.alg()));
        }
    }
    parse(&merged).context("with the new entry")?;
    raised(merged, text)
}

/// `text`, which must be well-formed, without the launches for which `keep` does not hold, with the next
/// serial number, if it has one.
pub fn pruned(text: &str, keep: impl Fn(&str) -> bool) -> Result<String> {
    let mut pruned = text.to_owned();
    for entry in entries(text).into_iter().rev() {
        if !keep(entry.name) {
            pruned.replace_range(entry.range, "");
        }
    }
    raised(pruned, text)
}

/// `text`, which takes the place of `old`, with the number behind that of `old`: what was in force before
/// is then refused. A text without a number stays without, and what changes nothing keeps its number.
fn raised(mut text: String, old: &str) -> Result<String> {
    if text == old {
        return Ok(text);
    }
    let found = words(&text)
        .skip_while(|(_, word)| *word != "serial")
        .nth(1)
        .map(|(start, number)| (start..start + number.len(), number.to_owned()));
    let Some((range, number)) = found else {
        return Ok(text);
    };
    let next = number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_add(1));
    let next = next.with_context(|| format!("there is no serial number behind {number}"))?;
    text.replace_range(range, &next.to_string());
    Ok(text)
}

/// Parses a text of references.
pub fn parse(text: &str) -> Result<References<'_>> {
    References::parse(text.as_bytes()).map_err(|error| anyhow!("{error}"))
}

fn append(text: &mut String, more: &str) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(more);
}

/// The launch entries of a well-formed text.
fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let mut words = words(text);
    while let Some((start, word)) = words.next() {
        if word != "launch" {
            continue;
        }
        let Some((_, name)) = words.next() else { break };
        let Some((close, _)) = words.find(|(_, word)| *word == "}") else {
            break;
        };
        let mut end = close + 1;
        let rest = text.get(end..).unwrap_or_default();
        let line = rest.split_inclusive('\n').next().unwrap_or_default();
        if line.trim().is_empty() {
            end += line.len();
        }
        entries.push(Entry {
            name: name.trim_matches('"'),
            range: start..end,
        });
    }
    entries
}

/// The words of a text with their offsets: braces by themselves, quoted text with its quotes, comments
/// left out (Documentation/admin-guide/policy.rst).
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || loop {
        let rest = text.get(at..)?;
        let first = rest.chars().next()?;
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => rest.get(1..)?.find('"')? + 2,
            '{' | '}' => 1,
            c if c.is_whitespace() => c.len_utf8(),
            _ => rest
                .find(|c: char| c.is_whitespace() || matches!(c, '#' | '"' | '{' | '}'))
                .unwrap_or(rest.len()),
        };
        let start = at;
        at += length;
        if first != '#' && !first.is_whitespace() {
            return Some((start, rest.get(..length)?));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# launch \"no\" { }\nversion 1 references\n\nlaunch \"a # b\" { pcr 17 sha256 \
        1111111111111111111111111111111111111111111111111111111111111111 } # kept\n# of b\nlaunch \"b\" \
        {\n\t# }\n\tpcr 18 sha256 2222222222222222222222222222222222222222222222222222222222222222\n}\n\
        # end";

    #[test]
    fn what_stands_around_entries_stays() {
        let names: Vec<&str> = entries(TEXT).iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["a # b", "b"]);
        let only_b = pruned(TEXT, |name| name == "b").unwrap();
        assert!(only_b
            .starts_with("# launch \"no\" { }\nversion 1 references\n\n # kept\n# of b\nlaunch"));
        assert_eq!(parse(&only_b).unwrap().launches().count(), 1);
        let only_a = pruned(TEXT, |name| name == "a # b").unwrap();
        assert!(only_a.ends_with("# kept\n# of b\n# end"));
        let new = entry(
            "b",
            &["new".into()],
            &[(
                17,
                Digest::new(launchguard_pure::decode::digest::HashAlg::Sha256, &[3; 32]).unwrap(),
            )],
        );
        let replaced = merged(TEXT, "b", &new, &[]).unwrap();
        assert!(!replaced.contains("2222"), "{replaced}");
        assert!(replaced.contains("# of b\nlaunch \"b\" {\n\t# new\n\tpcr 17 sha256 0303"));
        let added = merged("# nothing yet", "b", &new, &[]).unwrap();
        assert!(added.starts_with("# nothing yet\nversion"));
        assert_eq!(parse(&added).unwrap().launches().count(), 1);
    }

    #[test]
    fn a_text_that_changes_gets_the_next_number() {
        let text = TEXT.replacen("references\n", "references\nserial 0041 # mine\n", 1);
        let only_b = pruned(&text, |name| name == "b").unwrap();
        assert!(only_b.contains("\nserial 42 # mine\n"), "{only_b}");
        assert_eq!(pruned(&text, |_| true).unwrap(), text);
        let new = "launch \"c\" { pcr 17 sha256 1111111111111111111111111111111111111111111111111111111111111111 }\n";
        let both = merged(&text, "c", new, &[]).unwrap();
        assert_eq!(parse(&both).unwrap().serial(), 42);
        assert_eq!(merged(&both, "c", new, &[]).unwrap(), both);
        let last = text.replace("0041", "18446744073709551615");
        let error = merged(&last, "c", new, &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no serial number behind 18446744073709551615"
        );
        assert_eq!(
            parse(&merged(TEXT, "c", new, &[]).unwrap())
                .unwrap()
                .serial(),
            0
        );
    }
}
