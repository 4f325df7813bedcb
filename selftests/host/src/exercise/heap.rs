// SPDX-License-Identifier: GPL-2.0

//! The heap's tables.

use super::message;
use launchguard_pure::decode::heap::{
    event_log_pointer, BiosData, Body, Chain, Elements, OsMleData, OsSinitData, SinitMleData,
    TableError,
};

/// `decode::heap`: `bytes` is a copy of the whole heap.
pub fn heap(bytes: &[u8]) {
    let chain = match Chain::split(bytes) {
        Ok(chain) => chain,
        Err(error) => {
            assert!(error.offset <= bytes.len(), "{error:?}");
            return message(&error);
        }
    };
    let mut end = 0;
    for table in chain.tables() {
        assert_eq!(table.offset, end + 8, "tables stand behind each other");
        end = table.offset + table.bytes.len();
        let place = bytes.get(table.offset..end);
        assert_eq!(place, Some(table.bytes.as_slice()));
        let _ = table.is_aligned();
    }
    assert_eq!(chain.end, end);

    if let Some(data) = told(BiosData::decode(chain.bios_data.bytes)) {
        let _ = data.platform();
        elements(data.elements(), chain.bios_data.bytes.len());
    }
    if let Some(data) = told(OsMleData::decode(chain.os_mle_data.bytes)) {
        let _ = (data.slr_table(), data.boot_params(), data.event_log());
        let _ = data.ap_wake_block();
        assert_eq!(data.bytes(), chain.os_mle_data.bytes);
    }
    if let Some(data) = told(OsSinitData::decode(chain.os_sinit_data.bytes)) {
        let _ = data.max_performance();
        elements(data.elements(), chain.os_sinit_data.bytes.len());
        match event_log_pointer(&data) {
            Ok(pointer) => {
                assert!(pointer.first <= pointer.next && pointer.next <= pointer.allocated);
                assert!(pointer.address != 0);
            }
            Err(error) => message(&error),
        }
    }
    if let Some(data) = told(SinitMleData::decode(chain.sinit_mle_data.bytes)) {
        sinit_mle_data(&data, chain.sinit_mle_data.bytes.len());
    }
}

fn told<T>(table: Result<T, TableError>) -> Option<T> {
    table.inspect_err(message).ok()
}

fn sinit_mle_data(data: &SinitMleData<'_>, size: usize) {
    elements(data.elements(), size);
    let _ = data.reserved_not_zero();
    match data.mdrs() {
        Ok(mdrs) => {
            assert_eq!(mdrs.len(), mdrs.iter().count());
            assert_eq!(mdrs.len(), data.mdr_count as usize);
            for mdr in mdrs.iter() {
                message(&mdr.kind);
                assert!(mdr.end().is_none_or(|end| end >= mdr.base));
            }
        }
        Err(error) => message(&error),
    }
    match data.dmar() {
        Ok(dmar) => assert_eq!(
            dmar.map_or(0, |dmar| dmar.len()),
            data.dmar_size as usize,
            "the size is in bytes"
        ),
        Err(error) => message(&error),
    }
}

/// Walks `list`, the elements of a table of `size` bytes.
fn elements(list: Elements<'_>, size: usize) {
    let mut last = None;
    let mut broken = false;
    for element in list {
        assert!(!broken, "an error ends the walk");
        let offset = match element {
            Ok(element) => {
                assert!(element.size >= 8);
                assert_eq!(element.data.len() + 8, element.size as usize);
                assert!(element.offset + element.size as usize <= size);
                message(&element.kind);
                match element.body() {
                    Ok(content) => body(&content),
                    Err(error) => message(&error),
                }
                element.offset
            }
            Err(error) => {
                message(&error);
                broken = true;
                error.offset
            }
        };
        assert!(last < Some(offset), "the walk goes on");
        last = Some(offset);
    }
}

fn body(content: &Body<'_>) {
    match content {
        Body::Acm(addresses) => assert_eq!(addresses.len(), addresses.iter().count()),
        Body::EventLogPointer2(logs) => assert!(logs.iter().count() > 0),
        Body::TprReq(regions) => drop(regions.iter().collect::<Vec<_>>()),
        Body::Madt(table) | Body::Mcfg(table) | Body::Cedt(table) => {
            assert!(table.bytes.len() >= 36);
        }
        Body::Dtpr(table) => {
            for instance in table.instances() {
                let registers = instance.registers;
                assert_eq!(registers.len(), registers.iter().count());
            }
            let serialize = table.serialize_requests();
            assert_eq!(serialize.is_empty(), serialize.iter().next().is_none());
        }
        Body::BiosSpecVer { .. }
        | Body::Stm(_)
        | Body::Custom { .. }
        | Body::EventLogPtr(_)
        | Body::EventLogPointer21(_)
        | Body::Other(_) => {}
    }
}
