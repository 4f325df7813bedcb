// SPDX-License-Identifier: GPL-2.0
//! Changes that a scenario makes to a machine's evidence, as data: a register,
//! bytes in guest memory relative to a table of the TXT heap, or an edit of the
//! event log. Applied before the kernel starts ([`crate::launch::Config::before_kernel`])
//! or while it runs ([`crate::launch::Machine::mutate`], which can be undone).

mod apply;

pub use apply::{heap, Evidence, Heap, Undo};

use serde::{Deserialize, Serialize};

/// One change of the evidence. In TOML: `{ register = "ERRORCODE", set = "0xc0008001" }`,
/// `{ at = "sinit-mle-data", offset = 0, xor = "01" }`, `{ log = { duplicate = 3 } }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Mutation {
    /// A TXT register, by the name of [`crate::chipset::registers`] or by offset (`"0x330"`).
    Register {
        /// Name without the `TXT.` prefix (`"STS"`, `"HEAP.BASE"`) or offset in hex.
        register: String,
        /// What happens to its 64 bits.
        #[serde(flatten)]
        change: Number,
    },
    /// Bytes in guest-physical memory.
    Memory {
        /// What `offset` counts from.
        at: Place,
        /// Bytes from `at`; negative reaches the size field of a table (-8).
        #[serde(default)]
        offset: i64,
        /// What happens to the bytes there.
        #[serde(flatten)]
        change: Bytes,
    },
    /// The event log as a structure.
    Log {
        /// The edit.
        log: LogEdit,
    },
}

/// A change of a 64-bit register; values are hex strings with `0x`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Number {
    /// Replace the value.
    Set(String),
    /// Flip these bits.
    Xor(String),
}

/// A change of bytes; values are hex digits without prefix, blanks allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bytes {
    /// Replace the bytes.
    Set(String),
    /// Flip these bits, byte by byte.
    Xor(String),
}

/// What a memory offset counts from. A heap table is counted from its first
/// *data* byte, so its own size field is at -8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Guest-physical address 0.
    Physical,
    /// TXT.HEAP.BASE.
    Heap,
    /// BiosData.
    BiosData,
    /// OsMleData.
    OsMleData,
    /// OsSinitData.
    OsSinitData,
    /// SinitMleData.
    SinitMleData,
    /// The SinitMleData copy of the DMAR table.
    Dmar,
    /// The first memory descriptor record of SinitMleData.
    Mdr,
    /// The data of the event log pointer element (u64 address, u32 allocated, first, next).
    LogPointer,
    /// First byte of the event log container.
    Log,
    /// One past the last byte of the event log (its next-record offset).
    LogEnd,
    /// TXT.SINIT.BASE.
    Sinit,
}

/// A change of the crypto-agile event log that keeps its framing right (the
/// next-record offset in the heap follows). Events count from 0 after the
/// `Spec ID Event03` header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogEdit {
    /// A copy of this event is added right behind it.
    Duplicate(usize),
    /// This event is taken out.
    Drop(usize),
    /// This many bytes are cut off the end.
    Cut(u32),
    /// Only this many events are left.
    Keep(usize),
    /// A foreign event is added at the end: digests of one data byte 00.
    Append {
        /// PCR index.
        pcr: u32,
        /// Event type.
        kind: u32,
    },
    /// One bit of an event's digest in one bank is flipped.
    FlipDigest {
        /// Event number.
        event: usize,
        /// TPM algorithm id of the bank (0x0b = SHA-256).
        alg: u16,
    },
    /// One bit of an event's data is flipped.
    FlipData {
        /// Event number.
        event: usize,
    },
    /// The type of an event is replaced.
    Retype {
        /// Event number.
        event: usize,
        /// New event type.
        kind: u32,
    },
}
