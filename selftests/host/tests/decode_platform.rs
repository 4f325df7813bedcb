// SPDX-License-Identifier: GPL-2.0

//! The table of platforms and the MCFG.

use launchguard_pure::decode::mcfg::{self, ConfigRange};
use launchguard_pure::decode::platform::{HostBridge, Platform, RemapPlace, PLATFORMS};

/// Host bridges of machines, by their datasheets.
#[test]
fn known_host_bridges_are_found() {
    for (device, name, remap) in [
        (0x1904, "Skylake", RemapPlace::Config),
        (0x1910, "Skylake", RemapPlace::Config),
        (0x5904, "Kaby Lake", RemapPlace::Config),
        (0x591f, "Kaby Lake", RemapPlace::Config),
        (0x3ec2, "Coffee Lake", RemapPlace::Config),
        (0x9b61, "Comet Lake", RemapPlace::Config),
        (0x8a12, "Ice Lake", RemapPlace::Mchbar(0x5090)),
        (0x9a14, "Tiger Lake U", RemapPlace::Unclear),
        (0x9a36, "Tiger Lake H", RemapPlace::Mchbar(0xd890)),
        (0x4c43, "Rocket Lake", RemapPlace::Mchbar(0x5090)),
        (0x4660, "Alder Lake", RemapPlace::Mchbar(0xd890)),
        (0xa700, "Raptor Lake", RemapPlace::Mchbar(0xd890)),
    ] {
        let platform = Platform::find(0x8086, device).expect(name);
        assert_eq!(
            (platform.name, platform.remap),
            (name, remap),
            "{device:#x}"
        );
        assert!(Platform::find(0x1022, device).is_none());
    }
    // QEMU's q35, a Skylake server, nothing.
    for device in [0x29c0, 0x2020, 0, 0xffff] {
        assert!(Platform::find(0x8086, device).is_none(), "{device:#x}");
    }
}

#[test]
fn no_id_stands_in_two_rows() {
    for id in 0..=u16::MAX {
        let rows = PLATFORMS.iter().filter(|platform| {
            let mut ids = platform.ids.iter();
            ids.any(|(first, last)| (*first..=*last).contains(&id))
        });
        let names: Vec<_> = rows.map(|platform| platform.name).collect();
        assert!(names.len() <= 1, "{id:#x}: {names:?}");
    }
    for platform in &PLATFORMS {
        assert!(!platform.source.is_empty(), "{}", platform.name);
    }
}

#[test]
fn registers_are_where_the_datasheet_has_them() {
    let config: Vec<u8> = (0..=255).collect();
    assert!(HostBridge::new(&config[..0xbf]).is_none());
    let bridge = HostBridge::new(&config).expect("long enough");
    assert_eq!((bridge.vendor(), bridge.device()), (0x0100, 0x0302));
    assert_eq!(bridge.dpr(), 0x5f5e_5d5c);
    assert_eq!(bridge.smramc(), 0x88);
    // Bits 41:20 of 0xa7a6a5a4a3a2a1a0 and of 0xafaeadacabaaa9a8.
    assert_eq!(bridge.tom(), 0x1a4_a3a0_0000);
    assert_eq!(bridge.touud(), 0x1ac_aba0_0000);
    assert_eq!(bridge.bdsm(), 0xb3b0_0000);
    assert_eq!(bridge.bgsm(), 0xb7b0_0000);
    assert_eq!(bridge.tsegmb(), 0xbbb0_0000);
    assert_eq!(bridge.tolud(), 0xbfb0_0000);
    assert_eq!(
        bridge.remap(),
        (0x9796_9594_9392_9190, 0x9f9e_9d9c_9b9a_9998)
    );
    let skylake = Platform::find(0x8086, 0x1904).expect("Skylake");
    // Bit 0 of 0x48 is clear: it is off.
    assert_eq!(bridge.mchbar(skylake), None);
    let mut on = config.clone();
    on[0x48..0x50].copy_from_slice(&0xfed1_0001u64.to_le_bytes());
    let bridge = HostBridge::new(&on).expect("long enough");
    assert_eq!(bridge.mchbar(skylake), Some(0xfed1_0000));
}

#[test]
fn mcfg_ranges_are_read_and_cut_ones_are_not() {
    let mut table = vec![0; 44];
    for (base, segment, first, last) in [(0xe000_0000u64, 0u16, 0u8, 255u8), (1 << 40, 1, 16, 31)] {
        table.extend(base.to_le_bytes());
        table.extend(segment.to_le_bytes());
        table.extend([first, last, 0, 0, 0, 0]);
    }
    let ranges: Vec<ConfigRange> = mcfg::ranges(&table).collect();
    assert_eq!(ranges.len(), 2);
    assert_eq!(
        (ranges[0].start(), ranges[0].size()),
        (0xe000_0000, 256 << 20)
    );
    assert_eq!(
        (ranges[1].start(), ranges[1].size()),
        ((1 << 40) + (16 << 20), 16 << 20)
    );
    assert_eq!(mcfg::ranges(&table[..75]).count(), 1);
    assert_eq!(mcfg::ranges(&table[..40]).count(), 0);
    table[44 + 10..44 + 12].copy_from_slice(&[9, 3]);
    assert_eq!(mcfg::ranges(&table).next().expect("a range").size(), 0);
}
