// SPDX-License-Identifier: GPL-2.0
//! A DMAR table that reserves memory for devices (RMRR), which QEMU's never does.
//!
//! The kernel takes it instead of QEMU's when it is in the RAM disk
//! (Documentation/admin-guide/acpi/initrd_table_override.rst): signature, OEM id and table id are those of QEMU's
//! table, its revision is higher. It says what QEMU's says of the one unit and of the I/O APIC (VT-d
//! specification, 8.1 to 8.4).

/// Where the kernel looks for tables in a RAM disk.
pub const PATH: &str = "kernel/firmware/acpi/DMAR.aml";

/// QEMU's unit (Q35_HOST_BRIDGE_IOMMU_ADDR), and the bus that its I/O APIC pretends to be on.
const UNIT: u64 = 0xfed9_0000;
const PLATFORM_BUS: u8 = 0xff;

/// Device scopes.
const ENDPOINT: u8 = 1;
const IO_APIC: u8 = 3;

/// Memory that the firmware wants a device to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// The slot on the root bus; its function 0.
    pub slot: u8,
    /// The first byte.
    pub start: u64,
    /// The first byte behind it.
    pub end: u64,
}

/// The table.
pub fn table(reserved: &[Reserved]) -> Vec<u8> {
    let mut body = Vec::new();
    // Addresses of 48 bits; interrupts can be remapped; ten reserved bytes.
    body.extend([47, 1]);
    body.extend([0; 10]);
    // The unit: flags (all devices of the segment), reserved, segment, registers.
    let unit = [
        &[1, 0, 0, 0][..],
        &UNIT.to_le_bytes(),
        &scope(IO_APIC, PLATFORM_BUS, 0),
    ];
    body.extend(structure(0, &unit.concat()));
    for one in reserved {
        // Reserved, segment, first and last byte.
        let memory = [
            &[0; 4][..],
            &one.start.to_le_bytes(),
            &(one.end - 1).to_le_bytes(),
            &scope(ENDPOINT, 0, one.slot),
        ];
        body.extend(structure(1, &memory.concat()));
    }
    let mut table = Vec::new();
    table.extend(b"DMAR");
    table.extend(length(36 + body.len()).to_le_bytes());
    // Revision. The checksum follows.
    table.extend([1, 0]);
    table.extend(b"BOCHS BXPC    ");
    table.extend(2u32.to_le_bytes());
    table.extend(b"BED ");
    table.extend(1u32.to_le_bytes());
    table.extend(body);
    let sum = table.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    table[9] = sum.wrapping_neg();
    table
}

/// Type, length with both of them, content.
fn structure(kind: u16, content: &[u8]) -> Vec<u8> {
    let size = u16::try_from(4 + content.len()).expect("a short structure");
    [&kind.to_le_bytes(), &size.to_le_bytes(), content].concat()
}

/// Type, length, two reserved bytes, enumeration id, bus, and a path of one step: device and function.
const fn scope(kind: u8, bus: u8, device: u8) -> [u8; 8] {
    [kind, 8, 0, 0, 0, bus, device, 0]
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("a short table")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_as_the_specification_has_it() {
        let table = table(&[Reserved {
            slot: 6,
            start: 0x33f0_0000,
            end: 0x33f1_0000,
        }]);
        let sum = table.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
        assert_eq!(sum, 0);
        assert_eq!(table[4..8], 104u32.to_le_bytes());
        assert_eq!(table.len(), 104);
        assert_eq!(table[48..52], [0, 0, 24, 0]);
        let rmrr = [
            1, 0, 32, 0, 0, 0, 0, 0, // type, length, reserved, segment
            0, 0, 0xf0, 0x33, 0, 0, 0, 0, // base
            0xff, 0xff, 0xf0, 0x33, 0, 0, 0, 0, // limit
            1, 8, 0, 0, 0, 0, 6, 0, // 00:06.0, an endpoint
        ];
        assert_eq!(table[72..], rmrr);
    }
}
