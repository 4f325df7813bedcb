// SPDX-License-Identifier: GPL-2.0

//! decode(encode(x)) = x for headers and tables, whatever stands in their fields.

use launchguard_host_tests::fixture::heap::{
    element, mdr, BiosFields, OsSinitFields, SinitMleFields,
};
use launchguard_host_tests::fixture::slrt::{self, Wide};
use launchguard_host_tests::fixture::{acm, acpi, mle};
use launchguard_pure::decode::acm::{Acm, AcmKind, Header, Info};
use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::heap::{
    BiosData, Body as Contents, Elements, OsSinitData, SinitMleData,
};
use launchguard_pure::decode::mle::{Capabilities, MleHeader};
use launchguard_pure::decode::slrt::{Body, DlInfo, Layout, LogInfo, PolicyEntry, Slrt, UefiEntry};
use proptest::array::{uniform2, uniform20, uniform4, uniform9};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Text without a NUL, as long as a description can be.
fn info() -> impl Strategy<Value = Vec<u8>> {
    vec(1u8..=255, 0..=32)
}

fn width() -> impl Strategy<Value = Wide> {
    select(&[Wide::No, Wide::Yes][..])
}

/// The table in `bytes`, and the contents of its only entry.
fn only_entry(bytes: &[u8], wide: Wide) -> Body<'_> {
    let table = Slrt::decode(bytes).expect("a table");
    let layout = match wide {
        Wide::No => Layout::A,
        Wide::Yes => Layout::B,
    };
    assert_eq!((table.layout, table.size as usize), (layout, bytes.len()));
    let mut entries = table.entries();
    let entry = entries.next().expect("an entry").expect("well-formed");
    assert!(entries.next().is_none());
    assert_eq!(entry.offset, 16);
    entry.body().expect("well-formed")
}

/// A table of one entry.
fn slrt_of(wide: Wide, entry: Vec<u8>) -> Vec<u8> {
    match wide {
        Wide::No => slrt::table(&[entry]),
        Wide::Yes => slrt::table(&[entry, slrt::entry(wide, 0xffff, &[])]),
    }
}

/// A header and an information table whose sizes fit each other.
fn module() -> impl Strategy<Value = (Header, Info)> {
    let sizes = (0u64..128, 0u64..16, 0u64..64, 36u16..=60, 0u64..64);
    let header = (any::<[u16; 6]>(), any::<[u32; 4]>());
    let info = (any::<[u8; 3]>(), any::<[u32; 3]>(), any::<[u32; 3]>());
    (sizes, header, info).prop_map(|(sizes, halves_words, fields)| {
        let (key, more, scratch, length, behind) = sizes;
        let ([module_type, subtype, chipset_id, flags, txt_svn, se_svn], words) = halves_words;
        let ([kind, version, acm_version], known, lists) = fields;
        let header_size = 128 + key * 4 + more * 4;
        let offset = header_size + scratch * 4;
        let size = (offset + u64::from(length)).next_multiple_of(4) + behind * 4;
        // Up to version 8 a list lies in the module, or there is none.
        let list = |value: u32| match version {
            0..=8 => value % (size as u32 - 3),
            _ => value,
        };
        let header = Header {
            module_type,
            subtype,
            header_size,
            header_version: words[0],
            chipset_id,
            flags,
            vendor: words[1],
            date_bcd: words[2],
            size,
            txt_svn,
            se_svn,
            entry: words[3],
            key_size: key * 4,
            scratch_size: scratch * 4,
        };
        let info = Info {
            offset,
            kind: match kind % 10 {
                0 => AcmKind::Bios,
                1 => AcmKind::Sinit,
                8 => AcmKind::BiosRevocation,
                9 => AcmKind::SinitRevocation,
                _ => AcmKind::Unknown(0xf0 | kind),
            },
            version,
            length,
            chipset_list: list(lists[0]),
            os_sinit_data_version: known[0],
            min_mle_header_version: known[1],
            capabilities: known[2],
            // Each is there from the length on that reaches behind it (SDG table A-3).
            acm_version: (length >= 40).then_some(acm_version),
            processor_list: (length >= 44).then_some(list(lists[1])),
            tpm_list: (version >= 5 && length >= 48).then_some(list(lists[2])),
        };
        (header, info)
    })
}

/// Elements of types that are not known here, so that any data will do.
fn elements() -> impl Strategy<Value = Vec<(u32, Vec<u8>)>> {
    vec((100u32.., vec(any::<u8>(), 0..40)), 0..5)
}

fn encoded(elements: &[(u32, Vec<u8>)]) -> Vec<Vec<u8>> {
    let encode = |(kind, data): &(u32, Vec<u8>)| element(*kind, data);
    elements.iter().map(encode).collect()
}

fn read(elements: Elements<'_>) -> Vec<(u32, Vec<u8>)> {
    elements
        .map(|element| {
            let element = element.expect("well-formed");
            assert_eq!(element.size as usize, element.data.len() + 8);
            (element.kind.value(), element.data.as_slice().to_vec())
        })
        .collect()
}

/// The contents of one element.
fn contents(kind: u32, data: &[u8]) -> String {
    let fields = OsSinitFields {
        version: 7,
        flags: 0,
        values: [0; 9],
        capabilities: 0,
        rsdp: 0,
    };
    let table = fields.encode(&[element(kind, data)]);
    let table = OsSinitData::decode(Bytes::new(&table)).expect("a table");
    let element = table.elements().next().expect("an element");
    match element.expect("well-formed").body().expect("well-formed") {
        Contents::Acm(list) => format!("{:?}", list.iter().collect::<Vec<_>>()),
        Contents::Custom { uuid, data } => format!("{uuid:?} {:?}", data.as_slice()),
        Contents::EventLogPointer2(logs) => {
            let of = |area: launchguard_pure::decode::heap::LogArea| {
                (area.address, area.allocated, area.first, area.next)
            };
            let logs: Vec<_> = logs.iter().map(|log| (log.alg, of(log.area))).collect();
            format!("{logs:?}")
        }
        Contents::TprReq(regions) => format!("{:?}", regions.iter().collect::<Vec<_>>()),
        Contents::BiosSpecVer {
            major,
            minor,
            revision,
        } => format!("{:?}", [major, minor, revision]),
        Contents::EventLogPtr(address) => format!("{address}"),
        Contents::Madt(table) | Contents::Mcfg(table) | Contents::Cedt(table) => {
            format!("{:?}", table.bytes.as_slice())
        }
        Contents::Stm(data) | Contents::Other(data) => format!("{:?}", data.as_slice()),
        Contents::EventLogPointer21(_) | Contents::Dtpr(_) => "another kind".to_owned(),
    }
}

/// A count of 32 bits, and 64-bit values.
fn counted(count: usize, values: &[u64]) -> Vec<u8> {
    let mut bytes = (count as u32).to_le_bytes().to_vec();
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

proptest! {
    #[test]
    fn an_mle_header_is_read_as_it_was_written(
        length in 44u32..100,
        version in 0x2_0001u32..,
        words in any::<[u32; 4]>(),
        command_line in any::<(u32, u32)>(),
    ) {
        let (start, end) = (words[0].min(words[1]), words[0].max(words[1]).max(1));
        prop_assume!(start < end);
        let first_page = words[3].min(u32::MAX - (end - start));
        let header = MleHeader {
            length,
            version,
            entry: first_page + words[2] % (end - start),
            first_page,
            start,
            end,
            capabilities: Capabilities(words[2]),
            command_line: (length >= 52).then_some(command_line),
        };
        prop_assert_eq!(MleHeader::decode(&mle::encode(&header)), Ok(header));
    }

    #[test]
    fn a_module_is_read_as_it_was_written((header, info) in module()) {
        let bytes = acm::encode(&header, &info);
        let region = header.size;
        prop_assert_eq!(Header::decode(&bytes, region), Ok(header));
        // The table stands only behind its own UUID, so it is found where it was written.
        prop_assert_eq!(Acm::decode(&bytes, region), Ok(Acm { header, info }));
        prop_assert!(Acm::decode(&bytes, region - 1).is_err());
    }

    #[test]
    fn dl_info_and_log_info_are_read_as_they_were_written(
        wide in width(),
        words in any::<[u64; 7]>(),
        format in any::<u16>(),
        size in any::<u32>(),
    ) {
        let is_wide = wide == Wide::Yes;
        let info = DlInfo {
            dce_base: words[0],
            // 32 bits in the first layout.
            dce_size: if is_wide { words[1] } else { words[1] >> 32 },
            dlme_base: is_wide.then_some(words[2]),
            dlme_size: is_wide.then_some(words[3]),
            entry: words[4],
            handler: words[5],
        };
        let bytes = slrt_of(wide, slrt::dl_info(wide, &info));
        match only_entry(&bytes, wide) {
            Body::DlInfo(found) => prop_assert_eq!(found, info),
            other => prop_assert!(false, "{:?}", other),
        }
        let log = LogInfo { format, size, address: words[6] };
        let bytes = slrt_of(wide, slrt::log_info(wide, &log));
        match only_entry(&bytes, wide) {
            Body::LogInfo(found) => prop_assert_eq!(found, log),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn intel_info_is_read_as_it_was_written(
        wide in width(),
        newest in any::<bool>(),
        words in any::<[u64; 4]>(),
        mtrrs in vec(any::<(u64, u64)>(), 0..=32),
    ) {
        let is_wide = wide == Wide::Yes;
        let info = slrt::Intel {
            boot_params: (is_wide && newest).then_some(words[0]),
            txt_heap: is_wide.then_some(words[1]),
            misc_enable: words[2],
            def_type: words[3],
            mtrrs: &mtrrs,
        };
        let bytes = slrt_of(wide, slrt::intel_info(wide, &info));
        match only_entry(&bytes, wide) {
            Body::IntelInfo(found) => {
                prop_assert_eq!(
                    (found.boot_params, found.txt_heap, found.misc_enable, found.mtrrs.def_type),
                    (info.boot_params, info.txt_heap, info.misc_enable, info.def_type)
                );
                prop_assert_eq!(found.mtrrs.ranges().collect::<Vec<_>>(), mtrrs);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn what_a_policy_measures_is_read_as_it_was_written(
        wide in width(),
        revision in any::<u16>(),
        specs in vec((any::<[u16; 3]>(), any::<[u64; 2]>(), info()), 0..6),
    ) {
        let written: Vec<PolicyEntry<'_>> = specs
            .iter()
            .map(|([pcr, entity_type, flags], [entity, size], info)| PolicyEntry {
                pcr: *pcr,
                entity_type: *entity_type,
                flags: *flags,
                entity: *entity,
                size: *size,
                info,
            })
            .collect();
        let bytes = slrt_of(wide, slrt::policy(wide, revision, &written));
        let Body::Policy(found) = only_entry(&bytes, wide) else {
            return Err(TestCaseError::fail("no policy"));
        };
        prop_assert_eq!((found.revision, usize::from(found.count)), (revision, written.len()));
        prop_assert_eq!(found.entries().collect::<Vec<_>>(), written);
    }

    #[test]
    fn uefi_config_is_read_as_it_was_written(
        wide in width(),
        revision in any::<u16>(),
        specs in vec((any::<u16>(), any::<u64>(), any::<u32>(), info()), 0..6),
    ) {
        let written: Vec<UefiEntry<'_>> = specs
            .iter()
            .map(|(pcr, config, size, info)| UefiEntry {
                pcr: (wide == Wide::Yes).then_some(*pcr),
                config: *config,
                size: *size,
                info,
            })
            .collect();
        let bytes = slrt_of(wide, slrt::uefi_config(wide, revision, &written));
        let Body::UefiConfig(found) = only_entry(&bytes, wide) else {
            return Err(TestCaseError::fail("no configuration"));
        };
        prop_assert_eq!((found.revision, usize::from(found.count)), (revision, written.len()));
        prop_assert_eq!(found.entries().collect::<Vec<_>>(), written);
    }

    #[test]
    fn entries_of_other_kinds_are_found_where_they_were_written(
        wide in width(),
        specs in vec((9u32..0xfffe, vec(any::<u8>(), 0..40)), 1..6),
    ) {
        let mut parts: Vec<Vec<u8>> = specs
            .iter()
            .map(|(tag, data)| slrt::entry(wide, *tag, data))
            .collect();
        if wide == Wide::Yes {
            parts.push(slrt::entry(wide, 0xffff, &[]));
        }
        let bytes = slrt::table(&parts);
        let table = Slrt::decode(&bytes).expect("a table");
        let mut offset = 16;
        let mut found = table.entries();
        for ((tag, _), part) in specs.iter().zip(&parts) {
            let entry = found.next().expect("an entry").expect("well-formed");
            let place = (entry.tag.value(), entry.offset, entry.size);
            prop_assert_eq!(place, (*tag, offset, part.len()));
            offset += part.len();
        }
        prop_assert!(found.next().is_none());
    }

    #[test]
    fn bios_data_is_read_as_it_was_written(
        version in 2u32..10,
        sinit_size in any::<u32>(),
        lcp in uniform2(any::<u64>()),
        processors in any::<u32>(),
        flags in uniform2(any::<u32>()),
        more in elements(),
    ) {
        let fields = BiosFields { version, sinit_size, lcp, processors, flags };
        let bytes = fields.encode(&encoded(&more));
        let found = BiosData::decode(Bytes::new(&bytes)).expect("a table");
        prop_assert_eq!(found.version, version);
        prop_assert_eq!(found.bios_sinit_size, sinit_size);
        prop_assert_eq!([found.lcp_pd_base, found.lcp_pd_size], lcp);
        prop_assert_eq!(found.num_log_procs, processors);
        prop_assert_eq!(found.sinit_flags, (version >= 3).then_some(flags[0]));
        // Version 4 reserves the second word.
        prop_assert_eq!(found.mle_flags, (version >= 5).then_some(flags[1]));
        let expected = if version >= 4 { more } else { Vec::new() };
        prop_assert_eq!(read(found.elements()), expected);
    }

    #[test]
    fn os_sinit_data_is_read_as_it_was_written(
        version in 4u32..10,
        flags in any::<u32>(),
        values in uniform9(any::<u64>()),
        capabilities in any::<u32>(),
        rsdp in any::<u64>(),
        more in elements(),
    ) {
        let fields = OsSinitFields { version, flags, values, capabilities, rsdp };
        let bytes = fields.encode(&encoded(&more));
        let found = OsSinitData::decode(Bytes::new(&bytes)).expect("a table");
        prop_assert_eq!((found.version, found.flags), (version, flags));
        let read_values = [
            found.mle_page_table,
            found.mle_size,
            found.mle_header,
            found.pmr_low_base,
            found.pmr_low_size,
            found.pmr_high_base,
            found.pmr_high_size,
            found.lcp_po_base,
            found.lcp_po_size,
        ];
        prop_assert_eq!(read_values, values);
        prop_assert_eq!(found.capabilities, capabilities);
        prop_assert_eq!(found.rsdp, (version >= 5).then_some(rsdp));
        let expected = if version >= 6 { more } else { Vec::new() };
        prop_assert_eq!(read(found.elements()), expected);
    }

    #[test]
    fn sinit_mle_data_is_read_as_it_was_written(
        version in 6u32..12,
        bios_acm_id in uniform20(any::<u8>()),
        hashes in uniform4(uniform20(any::<u8>())),
        words in any::<[u32; 4]>(),
        mseg_valid in any::<u64>(),
        more in elements(),
        dmar in vec(any::<u8>(), 0..60),
        memory in vec((any::<u64>(), any::<u64>(), 0u8..5), 0..5),
    ) {
        let fields = SinitMleFields {
            version,
            bios_acm_id,
            edx: words[0],
            mseg_valid,
            hashes,
            control: words[1],
            wakeup: words[2],
            scrtm: words[3],
        };
        let mdrs: Vec<_> = memory.iter().map(|(base, size, kind)| mdr(*base, *size, *kind)).collect();
        let bytes = fields.encode(&encoded(&more), &dmar, &mdrs);
        let found = SinitMleData::decode(Bytes::new(&bytes)).expect("a table");
        prop_assert_eq!((found.version, found.bios_acm_id), (version, bios_acm_id));
        prop_assert_eq!(
            [found.sinit_hash, found.mle_hash, found.stm_hash, found.lcp_policy_hash],
            hashes
        );
        prop_assert_eq!(
            (found.edx_senter_flags, found.policy_control, found.mseg_valid),
            (words[0], words[1], mseg_valid)
        );
        // Version 7 brought the wake-up address, version 8 the status.
        prop_assert_eq!(found.rlp_wakeup_addr, (version >= 7).then_some(words[2]));
        prop_assert_eq!(found.scrtm_status, (version >= 8).then_some(words[3]));
        let expected = if version >= 9 { more } else { Vec::new() };
        prop_assert_eq!(read(found.elements()), expected);
        let copy = found.dmar().expect("in the table").map(|copy| copy.as_slice().to_vec());
        prop_assert_eq!(copy, (!dmar.is_empty()).then_some(dmar));
        let names = ["good", "SMRAM overlay", "SMRAM non-overlay", "PCIe configuration", "persistent"];
        let expected: Vec<_> = memory
            .iter()
            .map(|(base, size, kind)| (*base, *size, names[usize::from(*kind)].to_owned()))
            .collect();
        let read: Vec<_> = found
            .mdrs()
            .expect("in the table")
            .iter()
            .map(|mdr| (mdr.base, mdr.length, mdr.kind.to_string()))
            .collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn elements_are_read_as_they_were_written(
        version in any::<[u16; 3]>(),
        list in vec(any::<u64>(), 1..8),
        data in vec(any::<u8>(), 16..60),
        logs in vec((any::<u16>(), any::<u64>(), any::<[u32; 3]>()), 1..5),
    ) {
        let spec: Vec<u8> = version.iter().flat_map(|part| part.to_le_bytes()).collect();
        prop_assert_eq!(contents(1, &spec), format!("{version:?}"));
        prop_assert_eq!(contents(2, &counted(list.len(), &list)), format!("{list:?}"));
        prop_assert_eq!(contents(3, &data), format!("{data:?}"));
        prop_assert_eq!(contents(4, &data), format!("{:?} {:?}", &data[..16], &data[16..]));
        prop_assert_eq!(contents(5, &list[0].to_le_bytes()), format!("{}", list[0]));
        prop_assert_eq!(contents(6, &acpi::madt()), format!("{:?}", acpi::madt()));
        prop_assert_eq!(contents(9, &acpi::mcfg()), format!("{:?}", acpi::mcfg()));
        let mut pointers = (logs.len() as u32).to_le_bytes().to_vec();
        for (alg, address, sizes) in &logs {
            pointers.extend(u32::from(*alg).to_le_bytes());
            pointers.extend(address.to_le_bytes());
            pointers.extend(sizes.iter().flat_map(|size| size.to_le_bytes()));
        }
        let expected: Vec<_> = logs
            .iter()
            .map(|(alg, address, [allocated, first, next])| {
                (*alg, (*address, *allocated, *first, *next))
            })
            .collect();
        prop_assert_eq!(contents(7, &pointers), format!("{expected:?}"));
        let regions: Vec<(u64, u64)> = list.iter().map(|base| (*base, base / 2)).collect();
        let flat: Vec<u64> = regions.iter().flat_map(|(base, size)| [*base, *size]).collect();
        prop_assert_eq!(contents(13, &counted(regions.len(), &flat)), format!("{regions:?}"));
    }
}
