// SPDX-License-Identifier: GPL-2.0
//! Files that go with the machine.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

static COUNT: AtomicU32 = AtomicU32::new(0);

fn unique(prefix: &str) -> String {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{}-{number}", std::process::id())
}

/// A fresh folder under the system's temporary one, removed when dropped.
pub struct TempFolder(PathBuf);

impl TempFolder {
    /// Makes the folder, readable by its owner only.
    pub fn new() -> Result<TempFolder> {
        use std::os::unix::fs::DirBuilderExt;
        let path = std::env::temp_dir().join(unique("launchguard-bed"));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("work folder {}", path.display()))?;
        Ok(TempFolder(path))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // a leftover in the temporary folder is no reason to fail
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The name of the guest memory's file, in memory where that can be had: on a disk
/// every page that the guest writes would be written back. Removed when dropped.
pub struct RamFile(PathBuf);

impl RamFile {
    /// Chooses the name; the file is made by its user.
    pub fn new(folder: &Path) -> RamFile {
        let shm = Path::new("/dev/shm");
        let probe = shm.join(unique("launchguard-ram"));
        match std::fs::File::create_new(&probe) {
            Ok(_) => RamFile(probe),
            Err(_) => RamFile(folder.join("ram")),
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for RamFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
