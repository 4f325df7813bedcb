// SPDX-License-Identifier: GPL-2.0

//! Typed registers against the bit layouts of SDG appendix B.

use launchguard_pure::decode::registers::{
    launch_claimed, production_fused, AcmPolicyStatus, AcmStatus, BootStatus, CpuScrtm, DidVid,
    Dpr, Reg, Registers, Sts, TpmKind, Width,
};

#[test]
fn status_bits_are_the_specifications() {
    type Getter = fn(Sts) -> bool;
    let bits: [(u32, Getter); 6] = [
        (0, Sts::senter_done),
        (1, Sts::sexit_done),
        (6, Sts::mem_config_lock),
        (7, Sts::private_open),
        (15, Sts::locality1_open),
        (16, Sts::locality2_open),
    ];
    for (bit, getter) in bits {
        for set in 0..64 {
            assert_eq!(getter(Sts(1 << set)), set == bit, "bit {set}");
        }
    }
}

#[test]
fn the_protected_range_ends_at_top() {
    // TOP 0xb90 MiB, 4 MiB, locked.
    let dpr = Dpr(0xb900_0041);
    assert!(dpr.lock());
    assert_eq!(dpr.size_mib(), 4);
    assert_eq!(dpr.size(), 0x40_0000);
    assert_eq!(dpr.limit(), 0xb900_0000);
    assert_eq!(dpr.base(), Some(0xb8c0_0000));
    assert!(!Dpr(0xb900_0040).lock());
    assert_eq!(Dpr(0x0000_0001).base(), Some(0));
    assert_eq!(Dpr(0x0010_0ff1).size_mib(), 255);
    assert_eq!(Dpr(0x0010_0ff1).base(), None);
    assert_eq!(Dpr(u64::MAX).limit(), 0xfff0_0000);
}

#[test]
fn the_identity_has_four_fields() {
    let id = DidVid(0x4444_3333_2222_1111);
    assert_eq!(id.vendor(), 0x1111);
    assert_eq!(id.device(), 0x2222);
    assert_eq!(id.revision(), 0x3333);
    assert_eq!(id.extension(), 0x4444);
}

#[test]
fn the_fuse_is_read_from_the_second_register_when_the_first_is_empty() {
    const SET: u64 = 0x9d00_3000;
    const CLEAR: u64 = 0x1d00_3000;
    for (fsbif, qpiif, fused) in [
        (Some(SET), None, Some(true)),
        (Some(CLEAR), Some(SET), Some(false)),
        (Some(0), Some(SET), Some(true)),
        (Some(u64::MAX), Some(CLEAR), Some(false)),
        (Some(0xffff_ffff), Some(SET), Some(true)),
        (Some(0x1234_0000_0000), Some(SET), Some(true)),
        (Some(0), Some(0), None),
        (Some(u64::MAX), Some(u64::MAX), None),
        (Some(0), None, None),
        (None, Some(SET), None),
    ] {
        assert_eq!(
            production_fused(fsbif, qpiif),
            fused,
            "{fsbif:x?} {qpiif:x?}"
        );
    }
}

fn launched() -> Registers {
    let mut registers = Registers::UNREADABLE;
    registers.set(Reg::Sts, Some(0x1_c091));
    registers.set(Reg::DidVid, Some(0x1_b007_8086));
    registers.set(Reg::HeapBase, Some(0x6ff0_0000));
    registers.set(Reg::HeapSize, Some(0x10_0000));
    registers
}

#[test]
fn a_launch_takes_every_sign_of_it() {
    assert_eq!(launch_claimed(&launched()), Some(true));
    for (reg, value) in [
        (Reg::Sts, 0x1_c090),
        (Reg::Sts, 0x1_c093),
        (Reg::DidVid, 0x1_b007_1022),
        (Reg::DidVid, u64::MAX),
        (Reg::DidVid, 0),
        (Reg::HeapBase, 0),
        (Reg::HeapSize, 0),
    ] {
        let mut registers = launched();
        registers.set(reg, Some(value));
        assert_eq!(
            launch_claimed(&registers),
            Some(false),
            "{reg:?} {value:#x}"
        );
    }
}

#[test]
fn what_was_not_read_leaves_it_open_unless_something_else_decides() {
    for reg in [Reg::Sts, Reg::DidVid, Reg::HeapBase, Reg::HeapSize] {
        let mut registers = launched();
        registers.set(reg, None);
        assert_eq!(launch_claimed(&registers), None, "{reg:?}");
        let other = if reg == Reg::HeapBase {
            Reg::HeapSize
        } else {
            Reg::HeapBase
        };
        registers.set(other, Some(0));
        assert_eq!(launch_claimed(&registers), Some(false), "{reg:?}");
    }
    assert_eq!(launch_claimed(&Registers::UNREADABLE), None);
}

/// Guide 315168-017 as converged-security-suite lists the fields: each getter sees its bits only.
#[test]
fn status_of_the_startup_acm_has_the_listed_bits() {
    type Flag = fn(u64) -> bool;
    let flags: [(u32, Flag); 18] = [
        (30, |v| BootStatus(v).txt_startup_success()),
        (47, |v| BootStatus(v).memory_power_down()),
        (53, |v| BootStatus(v).txt_policy_enable()),
        (59, |v| BootStatus(v).bios_trusted()),
        (60, |v| BootStatus(v).txt_disabled_by_policy()),
        (62, |v| BootStatus(v).acm_error()),
        (63, |v| BootStatus(v).acm_success()),
        (4, |v| AcmPolicyStatus(v).measured()),
        (5, |v| AcmPolicyStatus(v).verified()),
        (6, |v| AcmPolicyStatus(v).high_assurance()),
        (7, |v| AcmPolicyStatus(v).txt_supported()),
        (9, |v| AcmPolicyStatus(v).cpu_debug_disabled()),
        (10, |v| AcmPolicyStatus(v).bsp_init_disabled()),
        (11, |v| AcmPolicyStatus(v).protect_bios()),
        (15, |v| AcmPolicyStatus(v).tpm_success()),
        (19, |v| AcmPolicyStatus(v).backup_action()),
        (29, |v| AcmPolicyStatus(v).ibb_dma_protection()),
        (35, |v| AcmPolicyStatus(v).cpu_cosigned()),
    ];
    for (bit, flag) in flags {
        for set in 0..64 {
            assert_eq!(flag(1 << set), set == bit, "bit {bit}, {set} set");
        }
    }
    assert_eq!(BootStatus(0x1234 << 31).code(), 0x1234);
    assert_eq!(BootStatus(u64::MAX).code(), 0xffff);
    let policy = AcmPolicyStatus;
    assert_eq!(policy(0xd).key_manifest_id(), 0xd);
    assert_eq!(policy(0x16 << 20).txt_profile(), 0x16);
    assert_eq!(policy(3 << 25).scrub_policy(), 3);
    assert_eq!(policy(5 << 32).scrtm().0, 5);
    assert_eq!(policy(1 << 36).tpm_startup_locality(), 3);
    assert_eq!(policy(0).tpm_startup_locality(), 0);
    assert_eq!(policy(2 << 13).tpm(), TpmKind::Discrete20);
    for (value, silent) in [
        (0, true),
        (u64::MAX, true),
        (1, false),
        (u64::MAX >> 1, false),
    ] {
        assert_eq!(BootStatus(value).is_silent(), silent);
        assert_eq!(policy(value).is_silent(), silent);
    }

    // SINIT (1), class 6, major 4, minor 0x123, started, valid.
    let status = AcmStatus(0x8000_0000 | (0x123 << 16) | (1 << 15) | (4 << 10) | (6 << 4) | 1);
    assert!(status.valid() && status.acm_started() && status.has_error());
    assert_eq!((status.module_type(), status.class()), (1, 6));
    assert_eq!((status.major(), status.minor()), (4, 0x123));
    assert!(!AcmStatus(0x8000_0000).has_error());
    assert!(!AcmStatus(0x0000_0010).has_error());
}

/// ACM_STATUS and the fields of more than one bit, each alone and with all others set.
#[test]
fn fields_of_the_startup_acm_do_not_see_each_other() {
    type Field = (u64, u32, fn(u64) -> u64);
    let fields: [Field; 10] = [
        (0xf, 0, |v| AcmStatus(v as u32).module_type().into()),
        (0x3f, 4, |v| AcmStatus(v as u32).class().into()),
        (0x1f, 10, |v| AcmStatus(v as u32).major().into()),
        (0xfff, 16, |v| AcmStatus(v as u32).minor().into()),
        (0xffff, 31, |v| BootStatus(v).code().into()),
        (0xf, 0, |v| AcmPolicyStatus(v).key_manifest_id().into()),
        (0x1f, 20, |v| AcmPolicyStatus(v).txt_profile().into()),
        (0x3, 25, |v| AcmPolicyStatus(v).scrub_policy().into()),
        (0x7, 32, |v| AcmPolicyStatus(v).scrtm().0.into()),
        (0x1, 36, |v| {
            (AcmPolicyStatus(v).tpm_startup_locality() / 3).into()
        }),
    ];
    for (number, (mask, shift, field)) in fields.into_iter().enumerate() {
        for value in [0, 1, mask, mask >> 1, 0x5555 & mask] {
            assert_eq!(field(value << shift), value, "field {number}");
            let others = !(mask << shift);
            assert_eq!(field(others | (value << shift)), value, "field {number}");
        }
    }
    for (value, valid, started, error) in [
        (0x8000_0000, true, false, false),
        (0x0000_8000, false, true, false),
        (0x8000_8000, true, true, false),
        (0x8000_000f, true, false, false),
        (0x8000_0010, true, false, true),
        (0x8000_0400, true, false, true),
        (0x8001_0000, true, false, true),
        (0x7fff_ffff, false, true, false),
    ] {
        let status = AcmStatus(value);
        assert_eq!(status.valid(), valid, "{value:#x}");
        assert_eq!(status.acm_started(), started, "{value:#x}");
        assert_eq!(status.has_error(), error, "{value:#x}");
        assert!(!status.is_floating());
    }
    assert!(AcmStatus(u32::MAX).is_floating());
    for (value, tpm, words) in [
        (0, TpmKind::None, "none"),
        (1, TpmKind::Discrete12, "discrete TPM 1.2"),
        (2, TpmKind::Discrete20, "discrete TPM 2.0"),
        (3, TpmKind::Firmware, "firmware TPM 2.0"),
    ] {
        let found = AcmPolicyStatus(value << 13).tpm();
        assert_eq!((found, found.to_string().as_str()), (tpm, words));
    }
    for value in 0..8 {
        assert_eq!(CpuScrtm(value).established(), value != 0);
    }
}

/// SDG appendix B, tboot's config_regs.h, converged-security-suite; how wide Linux reads them.
#[test]
fn every_register_has_its_name_its_place_and_its_width() {
    use Width::{Byte, Dword, Qword};
    let registers = [
        ("TXT.STS", 0x000, Qword),
        ("TXT.ESTS", 0x008, Byte),
        ("TXT.ERRORCODE", 0x030, Qword),
        ("TXT.SPAD", 0x0a0, Qword),
        ("TXT.VER.FSBIF", 0x100, Qword),
        ("TXT.DIDVID", 0x110, Qword),
        ("TXT.VER.QPIIF", 0x200, Qword),
        ("TXT.SINIT.BASE", 0x270, Qword),
        ("TXT.SINIT.SIZE", 0x278, Qword),
        ("TXT.HEAP.BASE", 0x300, Qword),
        ("TXT.HEAP.SIZE", 0x308, Qword),
        ("TXT.MSEG.BASE", 0x310, Qword),
        ("TXT.MSEG.SIZE", 0x318, Qword),
        ("TXT.ACM_STATUS", 0x328, Dword),
        ("TXT.DPR", 0x330, Qword),
        ("TXT.ACM_POLICY_STATUS", 0x378, Qword),
        ("TXT.E2STS", 0x8f0, Qword),
    ];
    let found = Reg::ALL.map(|reg| (reg.name(), reg.offset(), reg.width()));
    assert_eq!(found, registers);
}

/// Offsets and widths: SDG appendix B, tboot's config_regs.h, converged-security-suite. 0x370 must
/// never be read, not even in part.
#[test]
fn every_register_is_read_where_it_is() {
    for (reg, offset) in [
        (Reg::MsegBase, 0x310),
        (Reg::MsegSize, 0x318),
        (Reg::AcmStatus, 0x328),
        (Reg::AcmPolicyStatus, 0x378),
    ] {
        assert_eq!(reg.offset(), offset, "{}", reg.name());
    }
    let mut last = 0;
    for reg in Reg::ALL {
        let size = match reg.width() {
            Width::Byte => 1,
            Width::Dword => 4,
            Width::Qword => 8,
        };
        let (start, end) = (reg.offset(), reg.offset() + size);
        assert!(start >= last, "{} overlaps the one before", reg.name());
        assert!(
            end <= 0x370 || start >= 0x378,
            "{} touches 0x370",
            reg.name()
        );
        last = end;
    }
}
