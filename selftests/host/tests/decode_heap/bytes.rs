// SPDX-License-Identifier: GPL-2.0

//! A heap laid out by hand, byte by byte, from the specification's tables.

/// Bytes under construction, little-endian.
#[derive(Clone, Default)]
pub struct Build(pub Vec<u8>);

impl Build {
    pub fn u16(mut self, value: u16) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }
    pub fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }
    pub fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }
    pub fn element(self, kind: u32, data: &[u8]) -> Self {
        let size = 8 + data.len() as u32;
        self.u32(kind).u32(size).raw(data)
    }
    pub fn end(self) -> Self {
        self.element(0, &[])
    }
}

pub fn set(bytes: &mut [u8], offset: usize, value: &[u8]) {
    bytes[offset..offset + value.len()].copy_from_slice(value);
}

/// SDG table C-2, version 6: 36 bytes and elements.
pub fn bios_data() -> Vec<u8> {
    Build::default()
        .u32(6)
        .u32(0x1_0000)
        .u64(0x1111_2222_3333_4444)
        .u64(0x5555)
        .u32(8)
        .u32(0xa)
        .u32(0b101)
        .element(1, &[2, 0, 1, 0, 3, 0])
        .element(
            2,
            &Build::default().u32(2).u64(0xfff4_f000).u64(0xfff0_0000).0,
        )
        .end()
        .0
}

/// SDG table C-4, version 7: 92 bytes and elements.
pub fn os_sinit_data(elements: &[u8]) -> Vec<u8> {
    let mut table = Build::default().u32(7).u32(1);
    for value in 1..=9_u64 {
        table = table.u64((value << 32) | (0x1000 * value));
    }
    table.u32(0x602).u64(0x7fff_e014).raw(elements).0
}

/// An EVENT_LOG_POINTER2_1 (SDG C.4.3).
pub fn pointer(address: u64, allocated: u32, first: u32, next: u32) -> Vec<u8> {
    let data = Build::default()
        .u64(address)
        .u32(allocated)
        .u32(first)
        .u32(next);
    Build::default().element(8, &data.0).0
}

/// SDG table C-5, version 9: 148 bytes, elements, a DMAR copy of 48 bytes, 3 descriptors.
pub fn sinit_mle_data() -> Vec<u8> {
    let mut madt = vec![0; 44];
    set(&mut madt, 0, b"APIC");
    set(&mut madt, 4, &44_u32.to_le_bytes());
    let elements = Build::default().element(6, &madt).end().0;
    let dmar = 148 + elements.len();
    let mdrs = dmar + 48;
    let mut table = vec![0; 148];
    set(&mut table, 0, &9_u32.to_le_bytes());
    set(&mut table, 56, &[0xee; 20]);
    set(&mut table, 120, &0xb8ed_1ce0_u32.to_le_bytes());
    set(&mut table, 124, &[0xdd; 4]);
    set(&mut table, 128, &3_u32.to_le_bytes());
    // Both offsets count from the size field, 8 bytes before the data.
    set(&mut table, 132, &(mdrs as u32 + 8).to_le_bytes());
    set(&mut table, 136, &48_u32.to_le_bytes());
    set(&mut table, 140, &(dmar as u32 + 8).to_le_bytes());
    set(&mut table, 144, &1_u32.to_le_bytes());
    Build(table)
        .raw(&elements)
        .raw(&[0x44; 48])
        .u64(0x10_0000)
        .u64(0xb8b0_0000)
        .u64(0)
        .u64(0xf800_0000)
        .u64(0x400_0000)
        .u64(3)
        .u64(u64::MAX)
        .u64(2)
        .u64(0xaabb_ccdd_eeff_0009)
        .0
}

pub fn heap() -> Vec<u8> {
    let log = Build(pointer(0x7ff0_0000, 0x2000, 0, 1510)).end().0;
    let mut heap = Build::default();
    for table in [
        bios_data(),
        vec![0x77; 24],
        os_sinit_data(&log),
        sinit_mle_data(),
    ] {
        heap = heap.u64(table.len() as u64 + 8).raw(&table);
    }
    heap.raw(&[0xcc; 100]).0
}
