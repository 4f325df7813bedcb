// SPDX-License-Identifier: GPL-2.0

//! A bounds-checked little-endian view of untrusted bytes.

/// Untrusted bytes. Every access is checked and answers `None` instead of reading outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// Wraps `data`.
    pub const fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// Number of bytes in view.
    pub const fn len(self) -> usize {
        self.0.len()
    }

    /// Whether nothing is in view.
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// All bytes in view.
    pub const fn as_slice(self) -> &'a [u8] {
        self.0
    }

    /// `len` bytes at `offset`.
    pub fn get(self, offset: usize, len: usize) -> Option<&'a [u8]> {
        self.0.get(offset..offset.checked_add(len)?)
    }

    /// A narrower view: `len` bytes at `offset`.
    pub fn sub(self, offset: usize, len: usize) -> Option<Self> {
        self.get(offset, len).map(Self)
    }

    /// A narrower view: everything from `offset` on.
    pub fn from(self, offset: usize) -> Option<Self> {
        self.0.get(offset..).map(Self)
    }

    /// `N` bytes at `offset`.
    pub fn array<const N: usize>(self, offset: usize) -> Option<[u8; N]> {
        self.get(offset, N)?.try_into().ok()
    }

    /// The byte at `offset`.
    pub fn u8(self, offset: usize) -> Option<u8> {
        self.0.get(offset).copied()
    }

    /// The little-endian 16-bit value at `offset`; need not be aligned.
    pub fn u16(self, offset: usize) -> Option<u16> {
        self.array(offset).map(u16::from_le_bytes)
    }

    /// The little-endian 32-bit value at `offset`; need not be aligned.
    pub fn u32(self, offset: usize) -> Option<u32> {
        self.array(offset).map(u32::from_le_bytes)
    }

    /// The little-endian 64-bit value at `offset`; need not be aligned.
    pub fn u64(self, offset: usize) -> Option<u64> {
        self.array(offset).map(u64::from_le_bytes)
    }
}
