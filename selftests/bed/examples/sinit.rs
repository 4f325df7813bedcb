// SPDX-License-Identifier: GPL-2.0
//! Writes the emulated SINIT module to a file, if one is named, and prints what
//! `selftests/launch/sinit/SHA256` publishes of it.

use launchguard_bed::sinit;

fn main() -> std::io::Result<()> {
    if let Some(path) = std::env::args_os().nth(1) {
        std::fs::write(path, sinit::image())?;
    }
    print!("{}", sinit::published());
    Ok(())
}
