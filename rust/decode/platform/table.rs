// SPDX-License-Identifier: GPL-2.0

//! The table of platforms, from the definitions of chipsec (`chipsec/cfg/8086`; for platforms that its
//! newest definitions leave out, those of its 1.13 series).

use super::{Platform, RemapPlace};

/// Up to Comet Lake all registers are in configuration space and have their own locks.
const LEGACY: Platform = Platform {
    name: "",
    ids: &[],
    remap: RemapPlace::Config,
    mchbar_mask: 0x7f_ffff_8000,
    dpr_enable: false,
    legacy_locks: true,
    lt_lock: true,
    ia_untrusted: false,
    in_band_ecc: false,
    source: "",
};

/// From Tiger Lake H on: the window is in MCHBAR, and IA_UNTRUSTED locks everything.
const MODERN: Platform = Platform {
    name: "",
    ids: &[],
    remap: RemapPlace::Mchbar(0xd890),
    mchbar_mask: 0x3ff_fffe_0000,
    dpr_enable: true,
    legacy_locks: false,
    lt_lock: false,
    ia_untrusted: true,
    in_band_ecc: true,
    source: "",
};

/// The platforms. Some ids stand for two generations, of which the earlier row is meant: their
/// registers are the same.
pub const PLATFORMS: [Platform; 14] = [
    Platform {
        name: "Sandy Bridge",
        ids: &[(0x0100, 0x0100), (0x0104, 0x0104), (0x0108, 0x0108)],
        source: "chipsec snb.xml, common.xml",
        ..LEGACY
    },
    Platform {
        name: "Ivy Bridge",
        ids: &[(0x0150, 0x0150), (0x0154, 0x0154), (0x0158, 0x0158)],
        source: "chipsec ivb.xml, common.xml",
        ..LEGACY
    },
    Platform {
        name: "Haswell",
        ids: &[
            (0x0a00, 0x0a00),
            (0x0a04, 0x0a04),
            (0x0a08, 0x0a08),
            (0x0c00, 0x0c00),
            (0x0c04, 0x0c04),
            (0x0c08, 0x0c08),
            (0x0d00, 0x0d00),
            (0x0d04, 0x0d04),
            (0x0d08, 0x0d08),
        ],
        source: "chipsec hsw.xml, common.xml",
        ..LEGACY
    },
    Platform {
        name: "Broadwell",
        ids: &[
            (0x1600, 0x1600),
            (0x1604, 0x1604),
            (0x1610, 0x1610),
            (0x1614, 0x1614),
            (0x1618, 0x1618),
        ],
        source: "chipsec bdw.xml, common.xml",
        ..LEGACY
    },
    Platform {
        name: "Skylake",
        ids: &[
            (0x1900, 0x1900),
            (0x1904, 0x1904),
            (0x190c, 0x190c),
            (0x190f, 0x1910),
            (0x1918, 0x1918),
            (0x191f, 0x191f),
        ],
        source: "chipsec skl.xml, common.xml",
        ..LEGACY
    },
    Platform {
        name: "Kaby Lake",
        ids: &[
            (0x5900, 0x5900),
            (0x5904, 0x5904),
            (0x590c, 0x590c),
            (0x590f, 0x5910),
            (0x5914, 0x5914),
            (0x5918, 0x5918),
            (0x591f, 0x591f),
        ],
        dpr_enable: true,
        source: "chipsec kbl.xml, common.xml; hostctl1.xml for DPR",
        ..LEGACY
    },
    Platform {
        name: "Coffee Lake",
        ids: &[
            (0x3e0f, 0x3e10),
            (0x3e18, 0x3e18),
            (0x3e1f, 0x3e1f),
            (0x3e30, 0x3e34),
            (0x3ec2, 0x3ec2),
            (0x3ec4, 0x3ec4),
            (0x3ec6, 0x3ec6),
            (0x3eca, 0x3eca),
            (0x3ecc, 0x3ecc),
            (0x3ed0, 0x3ed0),
        ],
        source: "chipsec cfl.xml, whl.xml, common.xml",
        ..LEGACY
    },
    Platform {
        name: "Comet Lake",
        ids: &[
            (0x3e20, 0x3e20),
            (0x3e35, 0x3e35),
            (0x9b33, 0x9b33),
            (0x9b43, 0x9b44),
            (0x9b51, 0x9b51),
            (0x9b53, 0x9b54),
            (0x9b61, 0x9b61),
            (0x9b63, 0x9b64),
            (0x9b71, 0x9b71),
            (0x9b73, 0x9b73),
        ],
        source: "chipsec cml.xml, common.xml",
        ..LEGACY
    },
    Platform {
        name: "Ice Lake",
        ids: &[
            (0x8a00, 0x8a00),
            (0x8a02, 0x8a02),
            (0x8a10, 0x8a10),
            (0x8a12, 0x8a12),
        ],
        remap: RemapPlace::Mchbar(0x5090),
        mchbar_mask: 0x7f_ffff_0000,
        dpr_enable: false,
        lt_lock: true,
        in_band_ecc: false,
        source: "chipsec icl.xml, common.xml",
        ..MODERN
    },
    Platform {
        name: "Tiger Lake U",
        ids: &[
            (0x9a02, 0x9a02),
            (0x9a04, 0x9a04),
            (0x9a12, 0x9a12),
            (0x9a14, 0x9a14),
        ],
        // 0x5090 in hostctl11gen.xml, 0xd890 in mmio0.xml, both for this platform.
        remap: RemapPlace::Unclear,
        mchbar_mask: 0x7f_fffe_0000,
        source: "chipsec tglu.xml, hostctl11gen.xml",
        ..MODERN
    },
    Platform {
        name: "Tiger Lake H",
        ids: &[(0x9a26, 0x9a26), (0x9a36, 0x9a36)],
        mchbar_mask: 0x7f_fffe_0000,
        source: "chipsec tglh.xml",
        ..MODERN
    },
    Platform {
        name: "Rocket Lake",
        ids: &[(0x4c43, 0x4c43), (0x4c53, 0x4c53)],
        remap: RemapPlace::Mchbar(0x5090),
        mchbar_mask: 0x7f_ffff_0000,
        in_band_ecc: false,
        source: "chipsec rkl.xml",
        ..MODERN
    },
    Platform {
        name: "Alder Lake",
        ids: &[
            (0x4601, 0x4602),
            (0x4609, 0x460a),
            (0x4610, 0x4610),
            (0x4619, 0x461a),
            (0x4621, 0x4621),
            (0x4629, 0x4629),
            (0x4630, 0x4630),
            (0x4641, 0x4641),
            (0x4648, 0x4650),
            (0x4660, 0x4660),
            (0x4668, 0x4668),
        ],
        source: "chipsec adl.xml, mmio0.xml",
        ..MODERN
    },
    Platform {
        name: "Raptor Lake",
        ids: &[
            (0x4637, 0x4637),
            (0x463b, 0x463b),
            (0x4640, 0x4640),
            (0x4647, 0x4647),
            (0x4740, 0x4740),
            (0xa700, 0xa700),
            (0xa702, 0xa70a),
            (0xa711, 0xa713),
            (0xa715, 0xa716),
            (0xa719, 0xa719),
            (0xa71b, 0xa71c),
            (0xa728, 0xa72a),
        ],
        source: "chipsec rpl.xml, hostctl13gen.xml, mmio13gen.xml",
        ..MODERN
    },
];
