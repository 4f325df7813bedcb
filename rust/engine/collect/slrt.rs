// SPDX-License-Identifier: GPL-2.0

//! The Secure Launch resource table that OsMleData names.

use super::{copy, Heap};
use crate::decode::heap::{Chain, OsMleData};
use crate::decode::slrt::MAX_SIZE;
use crate::verify::facts::Evidence;
use kernel::prelude::*;

/// As much as is copied: the table says itself how much of it is in use.
const SIZE: u64 = MAX_SIZE as u64;

pub(super) fn read(heap: &Evidence<Heap>) -> Evidence<KVVec<u8>> {
    let heap = match heap {
        Evidence::Read(heap) => heap,
        Evidence::Unreadable(_) => return Evidence::Unreadable("the heap could not be read"),
        Evidence::Absent(_) => return Evidence::Absent("there is no heap"),
    };
    let Ok(chain) = Chain::split(&heap.bytes) else {
        return Evidence::Unreadable("the heap's tables do not lead to it");
    };
    let Ok(table) = OsMleData::decode(chain.os_mle_data.bytes) else {
        return Evidence::Unreadable("OsMleData cannot be decoded");
    };
    match table.slr_table() {
        None | Some(0) => Evidence::Absent("OsMleData names no resource table"),
        Some(address) => match copy(address, SIZE) {
            Ok(bytes) => Evidence::Read(bytes),
            Err(why) => Evidence::Unreadable(why),
        },
    }
}
