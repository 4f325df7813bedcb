// SPDX-License-Identifier: GPL-2.0

//! What a judgement's time is spent on.

use kernel::time::{Instant, Monotonic};

/// A part of a judgement, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// PCRs, the first time.
    Pcrs,
    /// TXT registers.
    Registers,
    /// The heap, copied.
    Heap,
    /// Event logs, copied.
    Log,
    /// What SINIT, resource table, kernel and memory map say.
    Launch,
    /// NV indices of the launch control policy.
    Nv,
    /// Registers of each processor.
    Processors,
    /// ACPI tables and the chipset's registers.
    Platform,
    /// IOMMU groups, their devices, and the IOMMU's registers.
    Devices,
    /// Everything replayed and checked.
    Checks,
    /// What could have changed is read again, and judged again where it has.
    Again,
}

impl Part {
    /// All of them.
    pub(crate) const ALL: [Self; 11] = [
        Self::Pcrs,
        Self::Registers,
        Self::Heap,
        Self::Log,
        Self::Launch,
        Self::Nv,
        Self::Processors,
        Self::Platform,
        Self::Devices,
        Self::Checks,
        Self::Again,
    ];

    /// Its name in debugfs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pcrs => "pcrs",
            Self::Registers => "registers",
            Self::Heap => "heap",
            Self::Log => "log",
            Self::Launch => "launch",
            Self::Nv => "nv",
            Self::Processors => "processors",
            Self::Platform => "platform",
            Self::Devices => "devices",
            Self::Checks => "checks",
            Self::Again => "again",
        }
    }
}

/// Nanoseconds for each part.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timing([i64; Part::ALL.len()]);

impl Timing {
    /// The parts and their nanoseconds.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Part, i64)> + '_ {
        Part::ALL.into_iter().zip(self.0)
    }
}

/// Tells the time of one part from that of the next.
pub(crate) struct Stopwatch {
    timing: Timing,
    since: Instant<Monotonic>,
}

impl Stopwatch {
    /// Starts.
    pub(crate) fn start() -> Self {
        Self {
            timing: Timing::default(),
            since: Instant::now(),
        }
    }

    /// The time since the last call, or since the start, was that of `part`.
    pub(crate) fn lap(&mut self, part: Part) {
        let parts = Part::ALL.iter().zip(&mut self.timing.0);
        if let Some((_, time)) = parts.into_iter().find(|(known, _)| **known == part) {
            *time = time.saturating_add(self.since.elapsed().as_nanos());
        }
        self.since = Instant::now();
    }

    /// What it told.
    pub(crate) fn timing(&self) -> Timing {
        self.timing
    }
}
