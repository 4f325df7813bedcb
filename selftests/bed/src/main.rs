// SPDX-License-Identifier: GPL-2.0
//! `bed`: the command of the test bed.

fn main() {
    eprintln!("bed: no command yet");
    std::process::exit(2);
}
