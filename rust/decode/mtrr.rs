// SPDX-License-Identifier: GPL-2.0

//! MTRRs as a launcher saves them before SENTER, to restore them afterwards.

use super::bytes::Bytes;

/// Bytes of [`SavedMtrrs::secure_launch`]: default type and count, 32 pairs.
pub const SECURE_LAUNCH_SIZE: usize = 528;

/// What a launcher saved. Untrusted, like the table that holds it.
#[derive(Clone, Copy, Debug)]
pub struct SavedMtrrs<'a> {
    /// IA32_MTRR_DEF_TYPE.
    pub def_type: u64,
    count: usize,
    /// Bases and masks, from the first base on.
    list: Bytes<'a>,
    /// Offset of the first mask from the first base, in bytes.
    masks: usize,
    /// Bytes from a base to the next one.
    step: usize,
}

impl<'a> SavedMtrrs<'a> {
    /// tboot's (mtrrs.h, mtrr_state_t): u64 default type, u32 count, 16 bases, 16 masks. `None` where
    /// `bytes` end too early, or with more MTRRs than there is room for.
    pub fn tboot(bytes: Bytes<'a>) -> Option<Self> {
        Some(Self {
            def_type: bytes.u64(0)?,
            count: fitting(u64::from(bytes.u32(8)?), 16)?,
            list: bytes.sub(12, 256)?,
            masks: 128,
            step: 8,
        })
    }

    /// Secure Launch's (slr_table.h, slr_txt_mtrr_state): u64 default type, u64 count, 32 pairs of base
    /// and mask. `None` like [`SavedMtrrs::tboot`].
    pub fn secure_launch(bytes: Bytes<'a>) -> Option<Self> {
        Some(Self {
            def_type: bytes.u64(0)?,
            count: fitting(bytes.u64(8)?, 32)?,
            list: bytes.sub(16, SECURE_LAUNCH_SIZE.checked_sub(16)?)?,
            masks: 8,
            step: 16,
        })
    }

    /// Base and mask of each variable MTRR.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + 'a {
        let Self {
            count,
            list,
            masks,
            step,
            ..
        } = *self;
        (0..count).filter_map(move |number| {
            let base = number.checked_mul(step)?;
            Some((list.u64(base)?, list.u64(base.checked_add(masks)?)?))
        })
    }
}

fn fitting(count: u64, room: usize) -> Option<usize> {
    usize::try_from(count).ok().filter(|count| *count <= room)
}
