// SPDX-License-Identifier: GPL-2.0

//! The module's sysfs directory.

use anyhow::{Context, Result};
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The running module, seen through sysfs.
#[derive(Clone, Debug)]
pub struct Device {
    root: PathBuf,
}

/// The module is not there: the error below an [`anyhow::Error`] of [`Device::open`].
#[derive(Debug)]
pub struct NotLoaded {
    root: PathBuf,
    error: io::Error,
}

impl fmt::Display for NotLoaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: is launchguard loaded?", self.root.display())
    }
}

impl std::error::Error for NotLoaded {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// A sysfs write carries at most a page.
const PAGE: usize = 4096;
/// The number of what is published: no judgement changes without it.
pub const GENERATION: &str = "generation";
/// How often is read again what the module publishes anew meanwhile.
const TRIES: usize = 20;

impl Device {
    /// The module whose directory is `root`.
    ///
    /// # Errors
    ///
    /// [`NotLoaded`] when there is no such directory.
    pub fn open(root: &Path) -> Result<Self> {
        fs::metadata(root.join("verdict")).map_err(|error| NotLoaded {
            root: root.to_owned(),
            error,
        })?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// The text of a file, without the line's end.
    pub fn text(&self, name: &str) -> Result<String> {
        let bytes = self.bytes(name)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    /// What `read` makes of several files, given the generation that all of them belong to: it is
    /// called again when the module published meanwhile. `None` when it did so every time.
    pub fn of_one_generation<T>(&self, read: impl Fn(&str) -> Result<T>) -> Result<Option<T>> {
        let mut generation = self.text(GENERATION)?;
        for _ in 0..TRIES {
            let value = read(&generation)?;
            let now = self.text(GENERATION)?;
            if now == generation {
                return Ok(Some(value));
            }
            generation = now;
        }
        Ok(None)
    }

    /// The text of a file; `None` when the module has no value for it (ENODATA) or no such file.
    pub fn optional_text(&self, name: &str) -> Result<Option<String>> {
        let path = self.root.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim_end().to_owned()).filter(|text| !text.is_empty())),
            Err(error)
                if error.kind() == io::ErrorKind::NotFound
                    || error.raw_os_error() == Some(ENODATA) =>
            {
                Ok(None)
            }
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// The bytes of a file.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.root.join(name);
        fs::read(&path).with_context(|| path.display().to_string())
    }

    /// Stages `text` in `name`, page by page at its offset: nothing of it is in force yet.
    pub fn stage(&self, name: &str, text: &[u8]) -> Result<()> {
        let path = self.root.join(name);
        let stage = || {
            let file = OpenOptions::new().write(true).truncate(true).open(&path)?;
            let mut offset = 0;
            for page in text.chunks(PAGE) {
                file.write_all_at(page, offset)?;
                offset += page.len() as u64;
            }
            Ok::<(), io::Error>(())
        };
        stage().with_context(|| path.display().to_string())
    }

    /// Writes `value` in one write, as attributes that act want it.
    ///
    /// # Errors
    ///
    /// The outer error: the file could not be opened. The inner one: the module refused the value.
    pub fn write(&self, name: &str, value: &str) -> Result<io::Result<()>> {
        let path = self.root.join(name);
        let mut file = OpenOptions::new()
            .write(true)
            .open(&path)
            .with_context(|| path.display().to_string())?;
        Ok(file.write_all(value.as_bytes()))
    }

    /// Names of the files in a directory, sorted.
    pub fn list(&self, name: &str) -> Result<Vec<String>> {
        let path = self.root.join(name);
        let list = || {
            let mut names = Vec::new();
            for entry in fs::read_dir(&path)? {
                names.push(entry?.file_name().to_string_lossy().into_owned());
            }
            names.sort();
            Ok::<_, io::Error>(names)
        };
        list().with_context(|| path.display().to_string())
    }
}

/// The module has no value to give (Linux, x86).
const ENODATA: i32 = 61;
