// SPDX-License-Identifier: GPL-2.0
//! The emulated SINIT module: the same bytes on every machine and every day.
//!
//! It is an authenticated code module in shape only (SDG appendix A): the header,
//! the information table and the lists that a launcher checks are right, the
//! modulus and the signature are no key's, and its code is never run (the
//! stage plays it). It says EMULATED where a person would look.

use sha2::{Digest, Sha256};

use crate::tboot::hex;

/// Bytes of the module.
pub const SIZE: usize = 0x2000;
/// Build date in the header, BCD.
const DATE: u32 = 0x2026_1123;

const HEADER_DWORDS: u32 = 161;
const SCRATCH_DWORDS: u32 = 143;
/// Where the user area (information table) begins: 0x4C0.
const USER_AREA: usize = (HEADER_DWORDS as usize + SCRATCH_DWORDS as usize) * 4;
const KEY: usize = 128;
const KEY_SIZE: usize = 256;
const EXPONENT: usize = 384;
const SIGNATURE: usize = 388;

const CHIPSET_LIST: usize = USER_AREA + 0x40;
const PROCESSOR_LIST: usize = USER_AREA + 0x80;
const TPM_LIST: usize = USER_AREA + 0xc0;
const LABEL: usize = USER_AREA + 0x100;
const GDT: usize = 0x800;
const CODE: usize = 0x1000;

/// What a person sees in a hex dump, in the signature field and the user area.
const NOTICE: &[u8] =
    b"EMULATED SINIT of the launchguard test bed. Not signed. Not code of Intel. For emulators only.";

/// UUID_V3 of the information table.
const INFO_UUID: [u32; 4] = [0x7fc0_3aaa, 0x18db_46a7, 0x8f69_ac2e, 0x5a7f_418d];
/// Supported TPM algorithms: SHA-1, SHA-256, SHA-384, SHA-512.
const TPM_ALGORITHMS: [u16; 4] = [0x0004, 0x000b, 0x000c, 0x000d];

/// GETSEC[WAKEUP] and MONITOR wake-up, page table in ECX, details and authorities,
/// client platform, TCG event log format.
const CAPABILITIES: u32 = 1 | (1 << 1) | (1 << 2) | (1 << 5) | (1 << 6) | (1 << 9);

struct Image(Vec<u8>);

impl Image {
    fn bytes(&mut self, at: usize, data: &[u8]) {
        self.0[at..at + data.len()].copy_from_slice(data);
    }
    fn words(&mut self, at: usize, words: &[u32]) {
        for (i, word) in words.iter().enumerate() {
            self.bytes(at + 4 * i, &word.to_le_bytes());
        }
    }
    fn halves(&mut self, at: usize, halves: &[u16]) {
        for (i, half) in halves.iter().enumerate() {
            self.bytes(at + 2 * i, &half.to_le_bytes());
        }
    }
}

/// The module's bytes.
pub fn image() -> Vec<u8> {
    let mut acm = Image(vec![0; SIZE]);
    header(&mut acm);
    information_table(&mut acm);
    acm.bytes(LABEL, NOTICE);
    // a flat code and data segment, and code that would stop at once: cli; hlt; jmp
    acm.words(
        GDT + 8,
        &[0x0000_ffff, 0x00cf_9b00, 0x0000_ffff, 0x00cf_9300],
    );
    acm.bytes(CODE, &[0xfa, 0xf4, 0xeb, 0xfd]);
    acm.0
}

fn header(acm: &mut Image) {
    // type 2, subtype 0; length; version 0.0; chipset id, flags 0 (production, not debug)
    acm.words(
        0,
        &[
            2,
            HEADER_DWORDS,
            0,
            0xb008,
            0x8086,
            DATE,
            SIZE as u32 / 4,
            0,
        ],
    );
    // code control, error entry, GDT limit, GDT base, segment, entry
    acm.words(32, &[0, 0, 0x17, GDT as u32, 8, CODE as u32]);
    acm.words(120, &[KEY_SIZE as u32 / 4, SCRATCH_DWORDS]);
    // a modulus without factors that anybody knows: hashes of a sentence
    for (i, part) in (0u8..).zip((0..KEY_SIZE).step_by(32)) {
        let digest = Sha256::new()
            .chain_update(b"launchguard emulated SINIT modulus ")
            .chain_update([i])
            .finalize();
        acm.bytes(KEY + part, &digest);
    }
    // odd and of full length, as a modulus is
    acm.0[KEY] |= 1;
    acm.0[KEY + KEY_SIZE - 1] |= 0x80;
    acm.words(EXPONENT, &[0x10001]);
    acm.bytes(SIGNATURE, NOTICE);
}

fn information_table(acm: &mut Image) {
    acm.words(USER_AREA, &INFO_UUID);
    // type SINIT, version 7, length 48
    acm.bytes(USER_AREA + 16, &[1, 7]);
    acm.halves(USER_AREA + 18, &[48]);
    acm.words(
        USER_AREA + 20,
        &[CHIPSET_LIST as u32, 7, 0x20000, CAPABILITIES],
    );
    // ACM version 1, revision 1.0.0
    acm.bytes(USER_AREA + 36, &[1, 1, 0, 0]);
    acm.words(USER_AREA + 40, &[PROCESSOR_LIST as u32, TPM_LIST as u32]);
    // one chipset: revision is a mask, 8086:b008
    acm.words(CHIPSET_LIST, &[1, 1, 0xb008_8086, 0xffff, 0]);
    // one processor entry with all masks zero: any
    acm.words(PROCESSOR_LIST, &[1]);
    // both extend policies, families as tboot knows them
    acm.words(TPM_LIST, &[3 | (0xf << 2)]);
    acm.halves(TPM_LIST + 4, &[TPM_ALGORITHMS.len() as u16]);
    acm.halves(TPM_LIST + 6, &TPM_ALGORITHMS);
}

/// What the processor measures of a module: SHA-256 over bytes 0 to 127 and from
/// the user area to the end, without key, signature and scratch area. The
/// locality 4 sequence hashes these 32 bytes and the EDX of GETSEC[SENTER] (0).
pub fn measurement(acm: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(&acm[..KEY])
        .chain_update(&acm[USER_AREA..])
        .finalize()
        .into()
}

/// The value of TXT.PUBLIC.KEY: SHA-256 of the modulus as stored.
pub fn public_key_hash(acm: &[u8]) -> [u8; 32] {
    Sha256::digest(&acm[KEY..KEY + KEY_SIZE]).into()
}

/// The published text: hash of the file, measurement, key hash.
pub fn published() -> String {
    let acm = image();
    format!(
        "# The emulated SINIT module: SHA-256 of the file, what the processor measures of it\n\
         # (bytes 0 to 127 and from 0x4c0 to the end), and the value of TXT.PUBLIC.KEY.\n\
         file        {}\nmeasurement {}\npublic-key  {}\n",
        hex(&Sha256::digest(&acm)),
        hex(&measurement(&acm)),
        hex(&public_key_hash(&acm)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_file_is_of_this_image() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../launch/sinit/SHA256");
        let text = std::fs::read_to_string(path).expect("sinit/SHA256");
        assert_eq!(text, published());
    }
}
