// SPDX-License-Identifier: GPL-2.0

//! Events of the log in plain words (SDG tables E-5 and E-6; tboot; Secure Launch).

use launchguard_pure::decode::eventlog::EventType;
use std::fmt::Write;

/// What an event of type `kind` means.
pub(super) const fn meaning(kind: EventType) -> &'static str {
    match kind {
        EventType::NoAction => "Describes the log itself; extends nothing.",
        EventType::PcrMapping => {
            "Which way SINIT spreads measurements over PCR 17 and 18; extends nothing."
        }
        EventType::HashStart => "The processor reset PCR 17 to 22 and measured SINIT.",
        EventType::CombinedHash => {
            "SINIT's summary of BIOS ACM, SMM monitor, policy control and policy, in one hash."
        }
        EventType::MleHash => "SINIT measured the launcher: the measured launched environment.",
        EventType::BiosAcRegData => "What the BIOS ACM registered with the TPM at power-on.",
        EventType::CpuScrtmStat => "Whether the processor itself measured the first of the BIOS.",
        EventType::LcpControlHash => "Control bits of the launch control policy in force.",
        EventType::ElementsHash => "Elements of the launch control policy that matched.",
        EventType::StmHash => "The monitor that contains SMM, or that there is none.",
        EventType::OsSinitDataCapHash => "What the launcher asked of SINIT.",
        EventType::SinitPubKeyHash => "The key that signed SINIT, as the chipset holds it.",
        EventType::LcpHash => "Lists of the launch control policy that matched.",
        EventType::LcpDetailsHash => "Which policy elements allowed this launch.",
        EventType::LcpAuthoritiesHash => "Who signed the policy elements that allowed this launch.",
        EventType::NvInfoHash => "How the TPM's indices of the launch control policy are defined.",
        EventType::ColdBootBiosHash => "The BIOS as it was at power-on.",
        EventType::KmHash => "The Boot Guard key manifest.",
        EventType::BpmHash => "The Boot Guard boot policy manifest.",
        EventType::KmInfoHash => "What the Boot Guard key manifest says.",
        EventType::BpmInfoHash => "What the Boot Guard boot policy manifest says.",
        EventType::BootPolHash => "The Boot Guard boot policy.",
        EventType::RandomValue => {
            "Capped with a random value: this PCR can no longer be predicted. A pre-production \
             module ran."
        }
        EventType::CapValue => "Capped: from here on the PCR says nothing about the launch.",
        EventType::TbootMeasurement => "tboot measured a part of what it starts.",
        EventType::SlaunchEvent => "Secure Launch measured a part of what it starts.",
        EventType::SlaunchStart => "From here on Secure Launch measured early and extended late.",
        EventType::SlaunchEnd => "End of what Secure Launch extended late.",
        EventType::Unknown(_) => "An event that is not known here.",
    }
}

/// The data of an event in words, where its layout is defined.
pub(super) fn data(kind: EventType, data: &[u8]) -> Option<String> {
    let dword = || Some(u32::from_le_bytes(data.try_into().ok()?));
    match kind {
        EventType::HashStart if data.len() == 36 => {
            let (hash, edx) = data.split_at(32);
            let edx = u32::from_le_bytes(edx.try_into().ok()?);
            Some(format!(
                "SINIT has SHA-256 {}; SENTER was called with EDX {edx:#x}",
                crate::report::hex(hash)
            ))
        }
        EventType::CombinedHash => combined(data),
        EventType::PcrMapping => Some(match dword()? & 1 {
            0 => "legacy mapping".to_owned(),
            _ => "details (PCR 17) and authorities (PCR 18)".to_owned(),
        }),
        EventType::CpuScrtmStat => Some(match dword()? & 1 {
            0 => "the processor did not measure it".to_owned(),
            _ => "the processor measured it".to_owned(),
        }),
        EventType::LcpControlHash => Some(bits(dword()?, &POLICY_CONTROL)),
        EventType::OsSinitDataCapHash => Some(bits(dword()?, &CAPABILITIES)),
        EventType::StmHash if data == [0] => Some("no SMM monitor".to_owned()),
        EventType::LcpDetailsHash if data == [0] => {
            Some("no element was needed: the policy allows any launch".to_owned())
        }
        EventType::LcpAuthoritiesHash if data == [0] => {
            Some("no signature was needed: the policy allows any launch".to_owned())
        }
        EventType::NvInfoHash => nv_areas(data),
        EventType::SlaunchEvent => text(data),
        _ => None,
    }
}

/// Bits of PolicyControl (SDG 3.2.2, E.1).
const POLICY_CONTROL: [(u32, &str); 7] = [
    (1, "pre-production modules allowed"),
    (2, "capabilities are measured"),
    (3, "the supplier's policy binds the owner's"),
    (16, "the supplier's MLE elements are ignored"),
    (17, "the supplier's platform elements are ignored"),
    (20, "the supplier's SMM monitor elements are ignored"),
    (31, "the AUX index may be deleted"),
];

/// Capabilities (SDG table 2-2; tboot, mle.h).
const CAPABILITIES: [(u32, &str); 10] = [
    (0, "wake processors by GETSEC[WAKEUP]"),
    (1, "wake processors by MONITOR"),
    (2, "page table address in ECX"),
    (3, "SMM monitor"),
    (4, "no legacy PCR mapping"),
    (5, "details and authorities PCR mapping"),
    (8, "MTRRs of full address width"),
    (9, "crypto-agile event log"),
    (10, "CBnT"),
    (14, "TXT protected regions instead of PMRs"),
];

fn bits(value: u32, names: &[(u32, &str)]) -> String {
    let mut text = format!("{value:#x}");
    let mut separator = ": ";
    for (bit, name) in names {
        if value & (1 << bit) != 0 {
            let _ = write!(text, "{separator}{name}");
            separator = ", ";
        }
    }
    text
}

/// The parts of the combined hash: BiosAcmID, MsegValid, StmHash, PolicyControl, LcpPolicyHash and
/// capabilities, and the processor's S-CRTM status from SinitMleData version 8 on (SDG 1.10.1).
fn combined(data: &[u8]) -> Option<String> {
    if !matches!(data.len(), 76 | 80) {
        return None;
    }
    let dword = |at: usize| Some(u32::from_le_bytes(data.get(at..at + 4)?.try_into().ok()?));
    let mut words = match data.get(20..28)?.iter().all(|byte| *byte == 0) {
        true => "no SMM monitor".to_owned(),
        false => "an SMM monitor".to_owned(),
    };
    let _ = write!(
        words,
        "; policy control {}",
        bits(dword(48)?, &POLICY_CONTROL)
    );
    let _ = write!(words, "; capabilities {}", bits(dword(72)?, &CAPABILITIES));
    if let Some(status) = dword(76) {
        let not = if status & 1 == 0 {
            " did not measure"
        } else {
            " measured"
        };
        let _ = write!(words, "; the processor{not} the first of the BIOS");
    }
    Some(words)
}

/// The public areas of AUX, PS and PO: each a byte 1 and a TPMS_NV_PUBLIC, or a byte 0 (SDG 3.3.10).
fn nv_areas(data: &[u8]) -> Option<String> {
    const NAMES: [&str; 3] = ["AUX", "PS", "PO"];
    let mut rest = data;
    let mut words = Vec::new();
    for name in NAMES {
        let (present, behind) = rest.split_first()?;
        rest = behind;
        if *present == 0 {
            words.push(format!("{name} not defined"));
            continue;
        }
        let index = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
        let policy = usize::from(u16::from_be_bytes(rest.get(10..12)?.try_into().ok()?));
        let size = rest.get(policy.checked_add(12)?..policy.checked_add(14)?)?;
        let size = u16::from_be_bytes(size.try_into().ok()?);
        words.push(format!("{name} {index:#x} of {size} bytes"));
        rest = rest.get(policy.checked_add(14)?..)?;
    }
    rest.is_empty().then(|| words.join(", "))
}

/// Data that is text, without the zero that may end it.
fn text(data: &[u8]) -> Option<String> {
    let end = data.iter().position(|byte| *byte == 0);
    let text = std::str::from_utf8(data.get(..end.unwrap_or(data.len()))?).ok()?;
    let printable = !text.is_empty() && !text.chars().any(char::is_control);
    printable.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::data;
    use launchguard_pure::decode::eventlog::EventType;

    /// SDG 1.10.1: 20 bytes BiosAcmID, 8 MsegValid, 20 StmHash, 4 PolicyControl, 20 LcpPolicyHash,
    /// 4 capabilities and, from version 8 on, 4 of the S-CRTM status.
    #[test]
    fn the_combined_hash_is_told_part_by_part() {
        let mut bytes = vec![0xff; 20];
        bytes.extend(1u64.to_le_bytes());
        bytes.extend([0; 20]);
        bytes.extend(0x6u32.to_le_bytes());
        bytes.extend([0xaa; 20]);
        bytes.extend(0x2u32.to_le_bytes());
        let words = data(EventType::CombinedHash, &bytes).expect("words");
        assert_eq!(
            words,
            "an SMM monitor; policy control 0x6: pre-production modules allowed, capabilities are \
             measured; capabilities 0x2: wake processors by MONITOR"
        );
        bytes.extend(1u32.to_le_bytes());
        let words = data(EventType::CombinedHash, &bytes).expect("words");
        assert!(words.ends_with("; the processor measured the first of the BIOS"));
        bytes.push(0);
        assert_eq!(data(EventType::CombinedHash, &bytes), None);
    }

    /// SDG 3.3.10 and TPMS_NV_PUBLIC of the TPM 2.0 library: index, nameAlg, attributes, policy,
    /// size of the data; big endian.
    #[test]
    fn nv_areas_are_told_by_their_indices() {
        let mut bytes = vec![1];
        bytes.extend(0x01c1_0102u32.to_be_bytes());
        bytes.extend(0x000bu16.to_be_bytes());
        bytes.extend(0x2204_0408u32.to_be_bytes());
        bytes.extend(2u16.to_be_bytes());
        bytes.extend([0xee, 0xee]);
        bytes.extend(104u16.to_be_bytes());
        bytes.extend([0, 0]);
        assert_eq!(
            data(EventType::NvInfoHash, &bytes).as_deref(),
            Some("AUX 0x1c10102 of 104 bytes, PS not defined, PO not defined")
        );
        bytes.push(0);
        assert_eq!(data(EventType::NvInfoHash, &bytes), None);
        assert_eq!(data(EventType::NvInfoHash, &[1, 2, 3]), None);
    }
}
