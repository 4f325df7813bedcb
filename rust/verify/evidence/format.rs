// SPDX-License-Identifier: GPL-2.0

//! Numbers of the format.

/// First bytes. Like those of other binary formats they do not survive a transfer as text.
pub const MAGIC: [u8; 8] = *b"LGEVID\r\n";
/// Version of what the fields mean. A reader refuses another one.
pub const MAJOR: u16 = 1;
/// Version of what there is: sections and fields at the end of records are added, never changed.
pub const MINOR: u16 = 2;
/// Size of the header in bytes: magic, both versions, its own size, total size, generation.
pub const HEADER_SIZE: usize = 32;
/// Size of the SHA-256 at the end, in bytes.
pub const DIGEST_SIZE: usize = 32;
/// Longest reason of what could not be read, in bytes.
pub const MAX_REASON: usize = 255;

macro_rules! sections {
    ($($(#[$doc:meta])* $variant:ident = $tag:literal, $name:literal;)+) => {
        /// A section.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Section {
            $($(#[$doc])* $variant = $tag,)+
        }

        impl Section {
            /// Every section, in the order in which they are written.
            pub const ALL: [Self; [$($tag),+].len()] = [$(Self::$variant),+];

            /// Its number in the bytes.
            pub const fn tag(self) -> u32 {
                self as u32
            }

            /// Its name in errors.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

sections! {
    /// Who made the evidence.
    Info = 1, "info";
    /// What was said of it where it was made.
    Recorded = 2, "recorded";
    /// The texts in force and the circumstances of the judgement.
    Texts = 3, "texts";
    /// TXT registers.
    Registers = 16, "registers";
    /// Registers of the first reading.
    Latched = 17, "latched";
    /// The TXT heap.
    Heap = 18, "heap";
    /// The event logs.
    Log = 19, "log";
    /// The SINIT region.
    Sinit = 20, "sinit";
    /// What lies in System RAM.
    Memory = 21, "memory";
    /// The TPM.
    Tpm = 22, "tpm";
    /// The running kernel.
    Kernel = 23, "kernel";
    /// NV indices.
    Nv = 24, "nv";
    /// The processors.
    Cpus = 25, "cpus";
    /// The chipset and the memory map.
    Chipset = 26, "chipset";
    /// ACPI tables.
    Tables = 27, "tables";
    /// DMA remapping.
    Dma = 28, "dma";
    /// Fingerprints of earlier evidence.
    Baseline = 29, "baseline";
    /// The Secure Launch resource table.
    Slrt = 30, "slrt";
}

/// Tag of what was read, in front of its value.
pub(super) const READ: u8 = 0;
/// Tag of what could not be read, in front of the reason.
pub(super) const UNREADABLE: u8 = 1;
/// Tag of what is not there, in front of the reason.
pub(super) const ABSENT: u8 = 2;
/// Tag of a truth that could not be told.
pub(super) const NOT_TOLD: u8 = 2;
