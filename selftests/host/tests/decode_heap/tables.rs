// SPDX-License-Identifier: GPL-2.0

//! The fixed parts of the four tables.

use crate::bytes::{bios_data, os_sinit_data, set, sinit_mle_data, Build};
use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::heap::{
    BiosData, MemoryKind, OsMleData, OsSinitData, Platform, Producer, SinitMleData,
};

#[test]
fn bios_data_fields_depend_on_the_version() {
    let bytes = bios_data();
    let table = BiosData::decode(Bytes::new(&bytes)).unwrap();
    assert_eq!(table.version, 6);
    assert_eq!(table.bios_sinit_size, 0x1_0000);
    assert_eq!(table.lcp_pd_base, 0x1111_2222_3333_4444);
    assert_eq!(table.lcp_pd_size, 0x5555);
    assert_eq!(table.num_log_procs, 8);
    assert_eq!(table.sinit_flags, Some(0xa));
    assert_eq!(table.mle_flags, Some(5));
    assert_eq!(table.platform(), Some(Platform::Server));
    assert_eq!(table.elements().count(), 2);

    for (version, needed, flags, mle_flags, elements) in [
        (2_u32, 28, None, None, 0),
        (3, 32, Some(0xa), None, 0),
        (4, 36, Some(0xa), None, 2),
        (5, 36, Some(0xa), Some(5), 2),
    ] {
        let mut bytes = bios_data();
        set(&mut bytes, 0, &version.to_le_bytes());
        let table = BiosData::decode(Bytes::new(&bytes)).unwrap();
        assert_eq!(table.sinit_flags, flags, "version {version}");
        assert_eq!(table.mle_flags, mle_flags, "version {version}");
        assert_eq!(table.platform(), None, "version {version}");
        assert_eq!(table.elements().count(), elements, "version {version}");
        // Exactly the fixed part is enough; one byte less is not.
        let exact = BiosData::decode(Bytes::new(&bytes[..needed])).unwrap();
        assert_eq!(exact.elements().count(), 0);
        let end = if version >= 4 { needed } else { 0 };
        assert_eq!(exact.elements().end(), Ok(end));
        let error = BiosData::decode(Bytes::new(&bytes[..needed - 1])).unwrap_err();
        assert_eq!((error.version, error.needed), (Some(version), needed));
        assert_eq!(error.size, needed - 1);
    }
    let error = BiosData::decode(Bytes::new(&bytes[..3])).unwrap_err();
    assert_eq!(error.version, None);
}

#[test]
fn os_sinit_data_fields_depend_on_the_version() {
    let bytes = os_sinit_data(&Build::default().element(3, &[]).end().0);
    let table = OsSinitData::decode(Bytes::new(&bytes)).unwrap();
    assert_eq!((table.version, table.flags), (7, 1));
    assert_eq!(table.elements().count(), 1);
    assert!(table.max_performance());
    assert_eq!(table.mle_page_table, 0x1_0000_1000);
    assert_eq!(table.mle_size, 0x2_0000_2000);
    assert_eq!(table.mle_header, 0x3_0000_3000);
    assert_eq!(table.pmr_low_base, 0x4_0000_4000);
    assert_eq!(table.pmr_low_size, 0x5_0000_5000);
    assert_eq!(table.pmr_high_base, 0x6_0000_6000);
    assert_eq!(table.pmr_high_size, 0x7_0000_7000);
    assert_eq!(table.lcp_po_base, 0x8_0000_8000);
    assert_eq!(table.lcp_po_size, 0x9_0000_9000);
    assert_eq!(table.capabilities, 0x602);
    assert_eq!(table.rsdp, Some(0x7fff_e014));
    for (version, needed, rsdp) in [(4_u32, 84, None), (5, 92, Some(0x7fff_e014))] {
        let mut bytes = bytes.clone();
        set(&mut bytes, 0, &version.to_le_bytes());
        let table = OsSinitData::decode(Bytes::new(&bytes)).unwrap();
        assert_eq!(table.rsdp, rsdp);
        assert!(!table.max_performance());
        assert_eq!(table.elements().count(), 0);
        assert!(OsSinitData::decode(Bytes::new(&bytes[..needed])).is_ok());
        let error = OsSinitData::decode(Bytes::new(&bytes[..needed - 1])).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "OsSinitData version {version} takes {needed} bytes, {} are there",
                needed - 1
            )
        );
    }
}

#[test]
fn sinit_mle_data_of_tpm_2() {
    let bytes = sinit_mle_data();
    let table = SinitMleData::decode(Bytes::new(&bytes)).unwrap();
    assert_eq!(table.version, 9);
    assert_eq!(table.rlp_wakeup_addr, Some(0xb8ed_1ce0));
    assert_eq!(table.scrtm_status, Some(1));
    assert_eq!(table.mle_hash, [0xee; 20]);
    assert_eq!(table.elements().count(), 1);
    assert_eq!(table.dmar().unwrap().unwrap().as_slice(), [0x44; 48]);
    let mdrs: Vec<_> = table.mdrs().unwrap().iter().collect();
    assert_eq!(mdrs.len(), 3);
    assert_eq!((mdrs[0].base, mdrs[0].length), (0x10_0000, 0xb8b0_0000));
    assert_eq!(mdrs[0].end(), Some(0xb8c0_0000));
    assert_eq!(mdrs[1].kind, MemoryKind::PcieConfig);
    assert_eq!(mdrs[2].kind, MemoryKind::Reserved(9));
    assert_eq!(mdrs[2].end(), None);
}

#[test]
fn sinit_mle_data_of_tpm_12() {
    // What stands behind the fixed part are no elements yet.
    let mut bytes = Build(vec![0; 148]).element(6, &[0; 4]).end().0;
    for (offset, fill, len) in [
        (4, 1, 20),
        (36, 2, 20),
        (56, 3, 20),
        (76, 4, 20),
        (96, 5, 20),
    ] {
        set(&mut bytes, offset, &vec![fill; len]);
    }
    set(&mut bytes, 24, &0x66_u32.to_le_bytes());
    set(&mut bytes, 28, &0x77_u64.to_le_bytes());
    set(&mut bytes, 116, &0x88_u32.to_le_bytes());
    set(&mut bytes, 120, &0x99_u32.to_le_bytes());
    set(&mut bytes, 144, &1_u32.to_le_bytes());
    for (version, needed, wakeup, scrtm) in [
        (6_u32, 144, None, None),
        (7, 144, Some(0x99), None),
        (8, 148, Some(0x99), Some(1)),
    ] {
        set(&mut bytes, 0, &version.to_le_bytes());
        let table = SinitMleData::decode(Bytes::new(&bytes)).unwrap();
        assert_eq!(table.bios_acm_id, [1; 20]);
        assert_eq!((table.edx_senter_flags, table.mseg_valid), (0x66, 0x77));
        assert_eq!((table.sinit_hash, table.mle_hash), ([2; 20], [3; 20]));
        assert_eq!((table.stm_hash, table.lcp_policy_hash), ([4; 20], [5; 20]));
        assert_eq!(table.policy_control, 0x88);
        assert_eq!(table.rlp_wakeup_addr, wakeup);
        assert_eq!(table.scrtm_status, scrtm);
        assert_eq!(table.reserved_not_zero(), None);
        assert_eq!(table.elements().count(), 0);
        assert_eq!(table.mdrs().unwrap().len(), 0);
        assert!(table.dmar().unwrap().is_none());
        assert!(SinitMleData::decode(Bytes::new(&bytes[..needed])).is_ok());
        assert!(SinitMleData::decode(Bytes::new(&bytes[..needed - 1])).is_err());
    }
}

#[test]
fn every_reserved_byte_of_version_9_is_looked_at() {
    let good = sinit_mle_data();
    for offset in 0..148 {
        let mut bytes = good.clone();
        bytes[offset] |= 0x80;
        let Ok(table) = SinitMleData::decode(Bytes::new(&bytes)) else {
            continue;
        };
        let reserved = (4..56).contains(&offset) || (76..120).contains(&offset);
        assert_eq!(
            table.reserved_not_zero(),
            reserved.then_some(offset),
            "offset {offset}"
        );
    }
}

#[test]
fn descriptors_and_dmar_copy_must_lie_behind_the_fixed_part() {
    let good = sinit_mle_data();
    let size = good.len() as u32;
    let with = |field: usize, value: u32| {
        let mut bytes = good.clone();
        set(&mut bytes, field, &value.to_le_bytes());
        bytes
    };
    // 24 * 0x0aaa_aaab is 8 more than 2^32.
    for count in [4, 5, 0x0aaa_aaab, 0x8000_0000, u32::MAX] {
        let bytes = with(128, count);
        let table = SinitMleData::decode(Bytes::new(&bytes)).unwrap();
        let error = table.mdrs().unwrap_err();
        assert_eq!((error.count, error.entry), (count, 24));
    }
    for offset in [0, 7, 8, 155, size - 72 + 9, size, u32::MAX - 7, u32::MAX] {
        let bytes = with(132, offset);
        let table = SinitMleData::decode(Bytes::new(&bytes)).unwrap();
        assert_eq!(table.mdrs().unwrap_err().offset, offset);
        assert!(table.dmar().is_ok());
    }
    assert!(SinitMleData::decode(Bytes::new(&with(132, 156)))
        .unwrap()
        .mdrs()
        .is_ok());
    for (field, value) in [
        (136, size),
        (136, u32::MAX),
        (140, 7),
        (140, 155),
        (140, size),
    ] {
        let bytes = with(field, value);
        let table = SinitMleData::decode(Bytes::new(&bytes)).unwrap();
        assert!(table.dmar().is_err(), "{field}: {value:#x}");
        assert!(table.mdrs().is_ok());
    }
}

#[test]
fn the_producer_of_os_mle_data_is_told_by_version_and_size() {
    // tboot: 280 bytes of fields, 65536 of policy data, 20480 of log.
    for (version, size, producer) in [
        (3_u32, 280 + 65536 + 20480, Producer::Tboot),
        (3, 86000, Producer::Unknown),
        (2, 280 + 65536 + 20480, Producer::Unknown),
        (1, 628, Producer::SecureLaunchG0),
        (1, 632, Producer::SecureLaunchG0),
        (1, 633, Producer::Unknown),
        (1, 627, Producer::Unknown),
        (1, 104, Producer::SecureLaunchG1),
        (1, 96, Producer::SecureLaunchG2),
        (1, 97, Producer::Unknown),
        (1, 95, Producer::Unknown),
        (3, 104, Producer::Unknown),
        (1, 4, Producer::Unknown),
    ] {
        let mut bytes = vec![0; size];
        set(&mut bytes, 0, &version.to_le_bytes());
        let table = OsMleData::decode(Bytes::new(&bytes)).unwrap();
        assert_eq!(table.producer, producer, "version {version}, {size} bytes");
    }
    assert!(OsMleData::decode(Bytes::new(&[1, 0, 0])).is_err());
    for (producer, word) in [
        (Producer::Tboot, "tboot"),
        (Producer::SecureLaunchG0, "secure-launch-g0"),
        (Producer::SecureLaunchG1, "secure-launch-g1"),
        (Producer::SecureLaunchG2, "secure-launch-g2"),
        (Producer::Unknown, "unknown"),
    ] {
        assert_eq!(producer.word(), word);
    }

    let counting: Vec<u8> = (0..157_u32).flat_map(u32::to_le_bytes).collect();
    let at = |len: usize| {
        let mut bytes = counting[..len].to_vec();
        set(&mut bytes, 0, &1_u32.to_le_bytes());
        bytes
    };
    // The dword at offset 4 * n holds n.
    let qword = |offset: u64| ((offset / 4 + 1) << 32) | (offset / 4);
    let bytes = at(628);
    let g0 = OsMleData::decode(Bytes::new(&bytes)).unwrap();
    assert_eq!(g0.boot_params(), Some(1));
    assert_eq!(g0.event_log().unwrap().address, qword(552));
    assert_eq!(g0.event_log().unwrap().size, 560 / 4);
    assert_eq!(g0.ap_wake_block().unwrap().address, 544 / 4);
    assert_eq!(g0.slr_table(), None);
    let bytes = at(104);
    let g1 = OsMleData::decode(Bytes::new(&bytes)).unwrap();
    assert_eq!(g1.boot_params(), Some(qword(8)));
    assert_eq!(g1.slr_table(), Some(qword(16)));
    assert_eq!(g1.ap_wake_block().unwrap().address, 32 / 4);
    assert_eq!(g1.event_log(), None);
    let bytes = at(96);
    let g2 = OsMleData::decode(Bytes::new(&bytes)).unwrap();
    assert_eq!(g2.slr_table(), Some(qword(8)));
    assert_eq!(g2.ap_wake_block().unwrap().size, 28 / 4);
    assert_eq!(g2.boot_params(), None);
}
