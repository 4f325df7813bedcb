// SPDX-License-Identifier: GPL-2.0

//! Files that a command reads.

use anyhow::{bail, Context, Result};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Largest file that is read, in bytes: many times the size of any TXT heap.
const MAX_SIZE: u64 = 64 << 20;

/// Largest image of something that is booted, in bytes.
const MAX_IMAGE: u64 = 2 << 30;

/// The bytes of `path`; `-` is standard input.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    read_at_most(path, MAX_SIZE)
}

/// The bytes of `path`, a kernel or something else that is booted.
pub fn read_image(path: &Path) -> Result<Vec<u8>> {
    read_at_most(path, MAX_IMAGE)
}

fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>> {
    if path == Path::new("-") {
        return read_all(io::stdin().lock(), "standard input", most);
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| name.clone())?;
    read_all(file, &name, most)
}

fn read_all(source: impl Read, name: &str, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than is allowed tells a file that is too large from one that just fits.
    source
        .take(most + 1)
        .read_to_end(&mut bytes)
        .with_context(|| name.to_owned())?;
    if bytes.len() as u64 > most {
        bail!("{name}: more than {} MiB", most >> 20);
    }
    Ok(bytes)
}
