// SPDX-License-Identifier: GPL-2.0
//! An ACPI table that marks root ports as external facing, as firmware does for those behind a connector
//! that anybody can reach (Thunderbolt, USB4).
//!
//! It is what a compiler would make of, for each port,
//!
//! ```text
//! Scope (\_SB.PCI0.Sxx) { Name (_DSD, Package () { ToUUID ("efcc06cc-73ac-4bc3-bff0-76143807c389"),
//!     Package () { Package () { "ExternalFacingPort", One } } }) }
//! ```
//!
//! with QEMU's name of the port (ACPI 6.5, chapter 20; Microsoft, DMA protection, "ExternalFacingPort").

/// `efcc06cc-73ac-4bc3-bff0-76143807c389`, in the byte order of ToUUID.
const EXTERNAL_FACING: [u8; 16] = [
    0xcc, 0x06, 0xcc, 0xef, 0xac, 0x73, 0xc3, 0x4b, 0xbf, 0xf0, 0x76, 0x14, 0x38, 0x07, 0xc3, 0x89,
];

/// The table for the ports in these slots of the root bus, function 0.
pub fn external_facing(slots: &[u8]) -> Vec<u8> {
    let body: Vec<u8> = slots.iter().flat_map(|slot| scope(*slot)).collect();
    let length = u32::try_from(36 + body.len()).expect("a few slots");
    let mut table = Vec::new();
    table.extend(b"SSDT");
    table.extend(length.to_le_bytes());
    // Revision 2: integers have 64 bits. The checksum follows.
    table.extend([2, 0]);
    table.extend(b"LGUARD");
    table.extend(b"EXTPORTS");
    table.extend(1u32.to_le_bytes());
    table.extend(b"BED ");
    table.extend(1u32.to_le_bytes());
    table.extend(body);
    let sum = table.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    table[9] = sum.wrapping_neg();
    table
}

fn scope(slot: u8) -> Vec<u8> {
    // A name of four characters; QEMU's is S and twice four bits: device and function.
    let port = format!("S{:02X}_", slot << 3);
    let pair = package(&[string("ExternalFacingPort"), vec![0x01]]);
    let uuid = buffer(&EXTERNAL_FACING);
    let data = package(&[uuid, package(&[pair])]);
    // DualName and MultiName prefixes are for paths of more than one name.
    let mut content = vec![b'\\', 0x2f, 3];
    content.extend(b"_SB_PCI0");
    content.extend(port.bytes());
    content.push(0x08);
    content.extend(b"_DSD");
    content.extend(data);
    sized(&[0x10], &content)
}

fn string(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x0d];
    bytes.extend(text.bytes());
    bytes.push(0);
    bytes
}

fn buffer(bytes: &[u8]) -> Vec<u8> {
    let mut content = vec![0x0a, u8::try_from(bytes.len()).expect("a short buffer")];
    content.extend(bytes);
    sized(&[0x11], &content)
}

fn package(elements: &[Vec<u8>]) -> Vec<u8> {
    let mut content = vec![u8::try_from(elements.len()).expect("few elements")];
    content.extend(elements.concat());
    sized(&[0x12], &content)
}

/// Opcode, PkgLength, content: the length counts its own bytes.
fn sized(opcode: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = opcode.to_vec();
    if content.len() < 0x3f {
        bytes.push(u8::try_from(content.len() + 1).expect("below 64"));
    } else {
        let length = content.len() + 2;
        assert!(length < 0x1000, "longer than this needs");
        let [low, high, ..] = length.to_le_bytes();
        bytes.extend([0x40 | (low & 0xf), (high << 4) | (low >> 4)]);
    }
    bytes.extend(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_themselves() {
        let table = external_facing(&[3]);
        assert_eq!(
            table.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)),
            0
        );
        let length = u32::from_le_bytes(table[4..8].try_into().unwrap());
        assert_eq!(length as usize, table.len());
        let scope = &table[36..];
        let length = usize::from(scope[1] & 0xf) | (usize::from(scope[2]) << 4);
        assert_eq!((scope[0], scope[1] >> 6), (0x10, 1));
        assert_eq!(length + 1, scope.len());
        assert_eq!(&scope[3..18], b"\\\x2f\x03_SB_PCI0S18_");
    }
}
