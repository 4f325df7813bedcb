// SPDX-License-Identifier: GPL-2.0
//! Writer of the archive format that the kernel unpacks as its initial RAM disk
//! ("newc", Documentation/driver-api/early-userspace/buffer-format.rst).
//!
//! Inode numbers count up, owners are root and times are zero: the same files give the same
//! bytes. A measured launch hashes the archive, so its bytes decide PCR 17.

use std::collections::BTreeSet;

/// File type bits of `c_mode`.
const REGULAR: u32 = 0o100000;
const DIRECTORY: u32 = 0o040000;
const SYMLINK: u32 = 0o120000;
const CHARACTER: u32 = 0o020000;

/// An archive under construction.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    directories: BTreeSet<String>,
    inode: u32,
}

impl Archive {
    /// Adds a regular file; folders that lead to it are added when they are new. `path` has no
    /// leading slash, `mode` is the permission bits.
    pub fn file(&mut self, path: &str, mode: u32, data: &[u8]) {
        self.parents(path);
        self.entry(path, REGULAR | mode, (0, 0), data);
    }

    /// Adds a symbolic link.
    pub fn symlink(&mut self, path: &str, target: &str) {
        self.parents(path);
        self.entry(path, SYMLINK | 0o777, (0, 0), target.as_bytes());
    }

    /// Adds a folder.
    pub fn directory(&mut self, path: &str) {
        self.parents(path);
        if self.directories.insert(path.to_owned()) {
            self.entry(path, DIRECTORY | 0o755, (0, 0), &[]);
        }
    }

    /// Adds a character device.
    pub fn character(&mut self, path: &str, mode: u32, device: (u32, u32)) {
        self.parents(path);
        self.entry(path, CHARACTER | mode, device, &[]);
    }

    /// The archive with its trailer.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
        self.bytes
    }

    fn parents(&mut self, path: &str) {
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.directory(parent);
        }
    }

    fn entry(&mut self, path: &str, mode: u32, device: (u32, u32), data: &[u8]) {
        self.inode += 1;
        let links = if mode & DIRECTORY == DIRECTORY { 2 } else { 1 };
        let fields = [
            self.inode,
            mode,
            0,
            0,
            links,
            0,
            data.len() as u32,
            0,
            0,
            device.0,
            device.1,
            path.len() as u32 + 1,
            0,
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes
                .extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(data);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    #[test]
    fn cpio_reads_what_was_written() {
        let mut archive = Archive::default();
        archive.file("a/b/data", 0o640, b"12345");
        archive.symlink("a/link", "b/data");
        archive.directory("a/b");
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 512, 0);
        let Ok(mut child) = Command::new("cpio")
            .args(["--list", "--verbose", "--quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
        else {
            // No cpio on this host: the kernel of every guest is the other reader.
            return;
        };
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let listing = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let names: Vec<_> = listing
            .lines()
            .map(|line| {
                line.split_whitespace()
                    .skip(8)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        assert_eq!(names, ["a", "a/b", "a/b/data", "a/link -> b/data"]);
        assert!(listing.lines().nth(2).unwrap().starts_with("-rw-r-----"));
    }

    #[test]
    fn same_input_same_bytes() {
        let build = || {
            let mut archive = Archive::default();
            archive.file("x", 0o755, b"y");
            archive.character("dev/console", 0o600, (5, 1));
            archive.finish()
        };
        assert_eq!(build(), build());
    }
}
