// SPDX-License-Identifier: GPL-2.0

//! Where written bytes go.

/// Takes bytes, one piece behind the other.
pub trait Sink {
    /// Takes `bytes`.
    fn put(&mut self, bytes: &[u8]);

    /// Passes over the next `count` bytes, when it wants none of them; whether it did.
    fn pass(&mut self, count: usize) -> bool {
        let _ = count;
        false
    }
}

/// Computes the SHA-256 of pieces.
pub trait Checksum {
    /// Takes `bytes`.
    fn update(&mut self, bytes: &[u8]);

    /// The SHA-256 of everything taken so far; nothing is taken afterwards.
    fn finish(&mut self) -> [u8; super::DIGEST_SIZE];
}

/// Counts bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count(pub usize);

impl Sink for Count {
    fn put(&mut self, bytes: &[u8]) {
        self.0 = self.0.saturating_add(bytes.len());
    }

    fn pass(&mut self, count: usize) -> bool {
        self.0 = self.0.saturating_add(count);
        true
    }
}

/// Keeps the bytes from an offset on, as many as fit.
#[derive(Debug)]
pub struct Window<'a> {
    skip: usize,
    out: &'a mut [u8],
    filled: usize,
}

impl<'a> Window<'a> {
    /// Keeps what begins `offset` bytes behind the first one in `out`.
    pub fn new(offset: usize, out: &'a mut [u8]) -> Self {
        Self {
            skip: offset,
            out,
            filled: 0,
        }
    }

    /// How many bytes were kept.
    pub const fn filled(&self) -> usize {
        self.filled
    }

    /// Whether nothing more fits.
    pub const fn is_full(&self) -> bool {
        self.filled >= self.out.len()
    }
}

impl Sink for Window<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let Some(wanted) = bytes.get(self.skip..) else {
            self.skip = self.skip.saturating_sub(bytes.len());
            return;
        };
        self.skip = 0;
        let room = self.out.get_mut(self.filled..).unwrap_or_default();
        let count = room.len().min(wanted.len());
        if let (Some(to), Some(from)) = (room.get_mut(..count), wanted.get(..count)) {
            to.copy_from_slice(from);
        }
        self.filled = self.filled.saturating_add(count);
    }

    fn pass(&mut self, count: usize) -> bool {
        if self.is_full() {
            return true;
        }
        match self.skip.checked_sub(count) {
            Some(rest) => {
                self.skip = rest;
                true
            }
            None => false,
        }
    }
}

/// Feeds a checksum.
pub(super) struct Hashed<'a>(pub(super) &'a mut dyn Checksum);

impl Sink for Hashed<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}
