// SPDX-License-Identifier: GPL-2.0

//! Signs of states, and the pattern of what is left out: each sign has a shape of its own, so that none is told by its colour alone.

use crate::page::State;
use maud::{html, Markup};

/// The shapes, drawn once and used by name.
pub(super) fn sprite() -> Markup {
    html! {
        svg.sprite aria-hidden="true" focusable="false" {
            pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect.hatchbg width="8" height="8" {}
                path.hatch d="M0 0V8" {}
            }
            // A disc with a tick.
            symbol id="i-pass" viewBox="0 0 24 24" {
                circle cx="12" cy="12" r="10.5" fill="currentColor" {}
                path d="M7 12.6l3.4 3.4L17.2 8.8" fill="none" stroke="var(--card)" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round" {}
            }
            // An octagon with a cross.
            symbol id="i-fail" viewBox="0 0 24 24" {
                path d="M7.6 1.5h8.8l6.1 6.1v8.8l-6.1 6.1H7.6l-6.1-6.1V7.6z" fill="currentColor" {}
                path d="M8.2 8.2l7.6 7.6M15.8 8.2l-7.6 7.6" fill="none" stroke="var(--card)" stroke-width="2.6" stroke-linecap="round" {}
            }
            // A diamond with a question mark.
            symbol id="i-unknown" viewBox="0 0 24 24" {
                path d="M12 .8L23.2 12 12 23.2.8 12z" fill="currentColor" {}
                path d="M9.3 9.6a2.75 2.75 0 1 1 4.2 2.3c-.9.6-1.5 1.1-1.5 2.1" fill="none" stroke="var(--card)" stroke-width="2.1" stroke-linecap="round" {}
                circle cx="12" cy="17.2" r="1.35" fill="var(--card)" {}
            }
            // An empty ring.
            symbol id="i-na" viewBox="0 0 24 24" {
                circle cx="12" cy="12" r="9.5" fill="none" stroke="currentColor" stroke-width="2" {}
                path d="M8 12h8" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" {}
            }
            // A square with an arrow that goes around.
            symbol id="i-waived" viewBox="0 0 24 24" {
                rect x="1.5" y="1.5" width="21" height="21" rx="4" fill="currentColor" {}
                path d="M6.5 15.5a5.5 5.5 0 0 1 11 0M17.5 15.5l2-3.4M17.5 15.5l-3.3-2" fill="none" stroke="var(--card)" stroke-width="2" stroke-linecap="round" {}
            }
            // A ring with a tick and a gap: good so far, nothing to compare with.
            symbol id="i-unpinned" viewBox="0 0 24 24" {
                circle cx="12" cy="12" r="10" fill="none" stroke="currentColor" stroke-width="2.2" stroke-dasharray="4.3 2" {}
                path d="M7.4 12.4l3.2 3.2 6-6.8" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" {}
            }
            // A disc with three dots.
            symbol id="i-pending" viewBox="0 0 24 24" {
                circle cx="12" cy="12" r="10.5" fill="currentColor" {}
                circle cx="7" cy="12" r="1.6" fill="var(--card)" {}
                circle cx="12" cy="12" r="1.6" fill="var(--card)" {}
                circle cx="17" cy="12" r="1.6" fill="var(--card)" {}
            }
        }
    }
}

/// The class of a state.
pub(super) const fn class(state: State) -> &'static str {
    match state {
        State::Pass => "pass",
        State::Fail => "fail",
        State::Unknown => "unknown",
        State::None => "na",
    }
}

const fn href(state: State) -> &'static str {
    match state {
        State::Pass => "#i-pass",
        State::Fail => "#i-fail",
        State::Unknown => "#i-unknown",
        State::None => "#i-na",
    }
}

/// The sign of a state, beside the state's word.
pub(super) fn icon(state: State) -> Markup {
    html! {
        svg class={ "ic " (class(state)) } viewBox="0 0 24 24" aria-hidden="true" { use href=(href(state)) {} }
    }
}

/// The sign of a waiver, beside the word.
pub(super) fn waived() -> Markup {
    html! {
        svg class="ic waived" viewBox="0 0 24 24" aria-hidden="true" { use href="#i-waived" {} }
    }
}

/// The sign of a verdict, beside the word.
pub(super) fn verdict(word: &str) -> Markup {
    let href = match word {
        "verified" => "#i-pass",
        "unpinned" => "#i-unpinned",
        "failed" => "#i-fail",
        "pending" => "#i-pending",
        "absent" => "#i-na",
        _ => "#i-unknown",
    };
    html! {
        svg.ic viewBox="0 0 24 24" aria-hidden="true" { use href=(href) {} }
    }
}

/// The sign of a state within a drawing.
pub(super) fn placed(state: State, x: i32, y: i32, size: i32) -> Markup {
    html! {
        svg class={ "ic " (class(state)) } x=(x) y=(y) width=(size) height=(size) viewBox="0 0 24 24" { use href=(href(state)) {} }
    }
}

/// A state: sign and word.
pub(super) fn state(state: State, word: &str) -> Markup {
    html! {
        span class={ "state " (class(state)) } { (icon(state)) (word) }
    }
}
