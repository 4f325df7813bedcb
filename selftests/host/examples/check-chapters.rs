// SPDX-License-Identifier: GPL-2.0

//! Writes the reference part of the admin guide's chapters about checks from the catalogue, so that
//! the guide and `launchguardctl explain` say the same.
//!
//! `check-chapters DIRECTORY` rewrites what stands behind the marker in each chapter;
//! `check-chapters --check DIRECTORY` only says which chapters are not up to date.

use launchguard_pure::verify::catalogue::{CheckId, Entry};
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

/// What stands above it is written by hand.
const MARKER: &str =
    ".. Made from rust/verify/catalogue by \"make check-chapters\": change it there.";

/// The chapters: file and the start of the ids that it is about.
const CHAPTERS: [(&str, &str); 9] = [
    ("cpu.rst", "CPU-"),
    ("txt.rst", "TXT-"),
    ("acm.rst", "ACM-"),
    ("heap.rst", "HEAP-"),
    ("map.rst", "MAP-"),
    ("dma.rst", "DMA-"),
    ("tpm.rst", "TPM-"),
    ("lcp.rst", "LCP-"),
    ("kernel.rst", "KRN-"),
];

fn main() -> ExitCode {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let check = arguments.first().is_some_and(|first| first == "--check");
    if check {
        arguments.remove(0);
    }
    let [directory] = arguments.as_slice() else {
        eprintln!("usage: check-chapters [--check] DIRECTORY");
        return ExitCode::from(2);
    };
    let mut stale = false;
    for (file, prefix) in CHAPTERS {
        let path = Path::new(directory).join(file);
        match chapter(&path, prefix) {
            Ok((old, new)) if old == new => {}
            Ok(_) if check => {
                eprintln!("{}: not what the catalogue says", path.display());
                stale = true;
            }
            Ok((_, new)) => {
                if let Err(error) = fs::write(&path, new) {
                    eprintln!("{}: {error}", path.display());
                    stale = true;
                }
            }
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                stale = true;
            }
        }
    }
    if stale {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// The chapter as it is and as it should be.
fn chapter(path: &Path, prefix: &str) -> Result<(String, String), String> {
    let old = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let (above, _) = old
        .split_once(MARKER)
        .ok_or("the line that says where the reference begins is missing")?;
    let mut new = format!("{above}{MARKER}\n");
    for check in CheckId::ALL {
        if check.name().starts_with(prefix) {
            section(check.entry(), &mut new);
        }
    }
    Ok((old, new))
}

fn section(entry: &Entry, out: &mut String) {
    let heading = format!("{}: {}", entry.name, entry.title);
    let line = "-".repeat(heading.chars().count());
    let _ = writeln!(out, "\n{heading}\n{line}\n");
    let _ = writeln!(out, "{}, {}.\n", entry.severity, entry.weight.word());
    for (word, text) in [
        ("Passes when", entry.meaning),
        ("Why it counts", entry.attack),
        ("What to do", entry.remedy),
        ("Source", entry.source),
    ] {
        let _ = writeln!(out, "{word}");
        for line in wrapped(text, 96) {
            let _ = writeln!(out, "  {line}");
        }
    }
}

/// `text` in lines of at most `width` characters where its words allow, with what reStructuredText
/// would take for markup escaped.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = word
            .replace('*', "\\*")
            .replace('|', "\\|")
            .replace('`', "\\`");
        let word = match word.strip_suffix('_') {
            Some(start) => format!("{start}\\_"),
            None => word,
        };
        let line = lines.last_mut().expect("never empty");
        if line.is_empty() {
            line.push_str(&word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}
