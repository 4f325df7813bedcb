// SPDX-License-Identifier: GPL-2.0

//! The chain of tables, and whole heaps that are cut or changed.

use crate::bytes::{bios_data, heap, set, sinit_mle_data};
use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::heap::{
    event_log_pointer, BiosData, Body, Chain, ChainErrorKind, OsMleData, OsSinitData, SinitMleData,
    TableId,
};
use proptest::prelude::*;

/// Reads everything that can be read, as a reader of hostile bytes would.
fn walk(heap: &[u8]) -> usize {
    let Ok(chain) = Chain::split(heap) else {
        return 0;
    };
    let mut seen = chain.tables().len();
    let mut elements = vec![];
    if let Ok(table) = BiosData::decode(chain.bios_data.bytes) {
        let _ = table.platform();
        elements.push(table.elements());
    }
    if let Ok(table) = OsMleData::decode(chain.os_mle_data.bytes) {
        let _ = (table.slr_table(), table.boot_params(), table.event_log());
        let _ = table.ap_wake_block();
    }
    if let Ok(table) = OsSinitData::decode(chain.os_sinit_data.bytes) {
        let _ = event_log_pointer(&table).map_err(|error| error.to_string());
        elements.push(table.elements());
    }
    if let Ok(table) = SinitMleData::decode(chain.sinit_mle_data.bytes) {
        let _ = table.reserved_not_zero();
        seen += table.mdrs().map_or(0, |mdrs| mdrs.iter().count());
        let _ = table.dmar().map_err(|error| error.to_string());
        elements.push(table.elements());
    }
    for element in elements.into_iter().flatten() {
        seen += 1;
        match element.and_then(|element| element.body()) {
            Ok(Body::Acm(list)) => seen += list.iter().count(),
            Ok(Body::EventLogPointer2(list)) => seen += list.iter().count(),
            Ok(Body::TprReq(list)) => seen += list.iter().count(),
            Ok(Body::Dtpr(dtpr)) => seen += dtpr.instances().count(),
            Ok(_) => {}
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    seen
}

#[test]
fn the_chain_has_four_tables_behind_their_size_fields() {
    let heap = heap();
    let chain = Chain::split(&heap).unwrap();
    assert_eq!(chain.bios_data.bytes.as_slice(), bios_data());
    assert_eq!(chain.bios_data.offset, 8);
    assert_eq!(chain.os_mle_data.bytes.as_slice(), [0x77; 24]);
    assert_eq!(chain.os_mle_data.offset, 8 + bios_data().len() + 8);
    assert_eq!(chain.sinit_mle_data.bytes.as_slice(), sinit_mle_data());
    assert_eq!(chain.end, heap.len() - 100);
    assert_eq!(
        chain.tables().map(|table| table.id),
        [
            TableId::BiosData,
            TableId::OsMleData,
            TableId::OsSinitData,
            TableId::SinitMleData
        ]
    );
    assert!(!chain.bios_data.is_aligned());
    assert!(chain.os_mle_data.is_aligned());
}

#[test]
fn every_wrong_size_field_is_refused_with_its_place() {
    let good = heap();
    let tables = Chain::split(&good).unwrap().tables();
    for table in tables {
        let field = table.offset - 8;
        let left = (good.len() - field) as u64;
        for size in [0, 1, 7] {
            let mut heap = good.clone();
            set(&mut heap, field, &u64::to_le_bytes(size));
            let error = Chain::split(&heap).unwrap_err();
            assert_eq!((error.table, error.offset), (table.id, field));
            assert_eq!(error.kind, ChainErrorKind::TooSmall { size });
        }
        let wraps = (field as u64).wrapping_neg().max(1 << 40);
        for size in [
            left + 1,
            1 << 32,
            1 << 63,
            wraps,
            wraps.saturating_add(8),
            u64::MAX - 7,
            u64::MAX,
        ] {
            let mut heap = good.clone();
            set(&mut heap, field, &u64::to_le_bytes(size));
            let error = Chain::split(&heap).unwrap_err();
            assert_eq!((error.table, error.offset), (table.id, field), "{size:#x}");
            let available = left as usize;
            assert_eq!(error.kind, ChainErrorKind::TooLarge { size, available });
        }
        // A table may end exactly with the heap, then the next one has no room.
        let mut heap = good.clone();
        set(&mut heap, field, &u64::to_le_bytes(left));
        match Chain::split(&heap) {
            Ok(chain) => {
                assert_eq!(table.id, TableId::SinitMleData);
                assert_eq!(chain.end, heap.len());
            }
            Err(error) => {
                assert_eq!(error.offset, heap.len());
                assert_eq!(error.kind, ChainErrorKind::NoSizeField { available: 0 });
            }
        }
    }
}

#[test]
fn an_error_of_the_chain_names_table_place_and_sizes() {
    let mut heap = heap();
    set(&mut heap, 0, &0x1000_u64.to_le_bytes());
    assert_eq!(
        Chain::split(&heap).unwrap_err().to_string(),
        format!(
            "BiosData at heap offset 0x0: size 0x1000 is more than the {:#x} bytes left",
            heap.len()
        )
    );
    set(&mut heap, 0, &7_u64.to_le_bytes());
    assert_eq!(
        Chain::split(&heap).unwrap_err().to_string(),
        "BiosData at heap offset 0x0: size 7 does not cover the size field's 8 bytes"
    );
    assert_eq!(
        Chain::split(&heap[..5]).unwrap_err().to_string(),
        "BiosData at heap offset 0x0: the size field takes 8 bytes, 5 are left"
    );
}

#[test]
fn every_prefix_of_a_heap_is_an_answer() {
    let heap = heap();
    let whole = walk(&heap);
    assert_eq!(whole, 4 + 3 + 2 + 2 + 1 + 1);
    for end in 0..heap.len() - 100 {
        assert_eq!(walk(&heap[..end]), 0, "{end}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = walk(&bytes);
        let _ = SinitMleData::decode(Bytes::new(&bytes)).map(|table| table.mdrs().map(|mdrs| mdrs.len()));
    }

    #[test]
    fn any_change_of_a_good_heap_is_an_answer(
        changes in prop::collection::vec((0..1000_usize, any::<u8>()), 1..6)
    ) {
        let mut heap = heap();
        for (offset, value) in changes {
            let offset = offset % heap.len();
            heap[offset] = value;
        }
        let _ = walk(&heap);
    }
}
