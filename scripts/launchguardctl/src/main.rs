// SPDX-License-Identifier: GPL-2.0

//! launchguardctl: the user's command of launchguard.

fn main() {}
