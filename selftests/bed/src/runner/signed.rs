// SPDX-License-Identifier: GPL-2.0
//! Modules that are signed, or not, for a machine with Secure Boot.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::guest::cpio::Archive;

/// The RAM disk behind an archive of the modules in `folder`, which the guest has in /signed.
pub fn with_modules(folder: &Path, initrd: &Path) -> Result<Vec<u8>> {
    let mut modules = Archive::default();
    modules.directory("signed");
    let entries = fs::read_dir(folder)
        .with_context(|| format!("{}: make secure-boot prepares it", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.context("file name")?;
        modules.file(&format!("signed/{name}"), 0o644, &fs::read(&path)?);
    }
    let mut bytes = modules.finish();
    bytes.extend(fs::read(initrd)?);
    Ok(bytes)
}
