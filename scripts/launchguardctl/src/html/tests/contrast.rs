// SPDX-License-Identifier: GPL-2.0

//! Colours that can be read: WCAG 2.1, success criterion 1.4.3, level AA.

use super::STYLE;
use std::collections::HashMap;

/// Least contrast of text.
const LEAST: f64 = 4.5;

/// The colours of a palette: the custom properties of the first or the second `:root`.
fn palette(dark: bool) -> HashMap<String, [f64; 3]> {
    let block = STYLE
        .split(":root {")
        .nth(if dark { 2 } else { 1 })
        .and_then(|rest| rest.split('}').next())
        .expect("a palette");
    let mut colours = HashMap::new();
    for declaration in block.split(';') {
        let Some((name, value)) = declaration.split_once(": #") else {
            continue;
        };
        let digits: String = match value.len() {
            3 => value.chars().flat_map(|digit| [digit, digit]).collect(),
            _ => value.to_owned(),
        };
        let part = |at: usize| {
            let value = u8::from_str_radix(&digits[at..at + 2], 16).expect("a colour");
            f64::from(value) / 255.0
        };
        colours.insert(name.trim().to_owned(), [part(0), part(2), part(4)]);
    }
    colours
}

fn luminance(colour: [f64; 3]) -> f64 {
    let linear = colour.map(|part| {
        if part <= 0.03928 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_can_be_read() {
    let states = ["pass", "fail", "unknown", "none", "waived"];
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut pair =
        |text: &str, ground: &str| pairs.push((format!("--{text}"), format!("--{ground}")));
    for text in ["ink", "soft", "link"] {
        for ground in ["page", "card", "faint"] {
            pair(text, ground);
        }
    }
    for state in states {
        pair(state, "card");
        pair(state, "page");
        pair(state, &format!("{state}-soft"));
        pair("ink", &format!("{state}-soft"));
        pair("soft", &format!("{state}-soft"));
        pair("link", &format!("{state}-soft"));
    }
    for region in [
        "ram", "dpr", "sinit", "heap", "log", "stolen", "device", "launcher",
    ] {
        pair("ink", region);
        pair("soft", region);
    }
    // Outcomes stand on the ground of a failing row, too.
    for state in states {
        pair(state, "fail-soft");
    }
    let mut weak = Vec::new();
    for dark in [false, true] {
        let palette = palette(dark);
        for (text, ground) in &pairs {
            let ratio = contrast(palette[text], palette[ground]);
            if ratio < LEAST {
                weak.push(format!("{text} on {ground}, dark {dark}: {ratio:.2}"));
            }
        }
    }
    assert_eq!(weak, Vec::<String>::new());
}
