// SPDX-License-Identifier: GPL-2.0

//! Colours. They are always written and taken out again where standard output is no terminal.

use anstyle::{AnsiColor, Style};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default().bold();
const QUIET: Style = Style::new().dimmed();

/// A verdict's word.
pub fn verdict(word: &str) -> String {
    paint(verdict_style(word), word)
}

fn verdict_style(word: &str) -> Style {
    match word {
        "verified" | "unpinned" => GOOD,
        "failed" => BAD,
        _ => OPEN,
    }
}

/// An outcome's word, padded to `width`.
pub fn outcome(word: &str, width: usize) -> String {
    let style = match word {
        "pass" => GOOD,
        "fail" => BAD,
        "unknown" => OPEN,
        _ => QUIET,
    };
    format!(
        "{}{}",
        paint(style, word),
        " ".repeat(width.saturating_sub(word.len()))
    )
}

fn paint(style: Style, word: &str) -> String {
    format!("{style}{word}{style:#}")
}
