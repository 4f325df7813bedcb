// SPDX-License-Identifier: GPL-2.0

//! Reading many PCRs with one command: what tpm2_pcrread sent to a swtpm (libtpms) for
//! `sha1:16,17,18,19,20,21,22+sha256:16,17,18`, and what it answered, byte by byte from the trace of
//! tpm2-tss; and answers that a TPM must not give (TPM 2.0, part 2, 10.6, and part 3, 22.4).

use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::decode::pcr::{parse_read, read, PcrError, Selection, PCRS, RESPONSE_MAX};
use proptest::prelude::*;

/// What PCR 16 was in SHA-256, says tpm2_pcrread.
const PCR_16: &str = "8878b15a7d6a3a4f464e8f9f42591dbc0cf4bedea0ec309003d2b2ee53655ef8";

fn hex(text: &str) -> Vec<u8> {
    let text = text.replace(' ', "");
    (0..text.len() / 2)
        .map(|index| u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).expect("hex"))
        .collect()
}

/// The first response: eight digests, all seven of SHA-1 and one of SHA-256.
fn first_response() -> Vec<u8> {
    let mut bytes = hex("8001000000de 00000000 00000014 00000002 00040300007f 000b03000001");
    bytes.extend(hex("00000008"));
    bytes.extend(hex(&format!("0014{}", "00".repeat(20))));
    for _ in 0..6 {
        bytes.extend(hex(&format!("0014{}", "ff".repeat(20))));
    }
    bytes.extend(hex(&format!("0020{PCR_16}")));
    bytes
}

/// The second one: the two that were left, and a bank of which nothing was asked for.
fn second_response() -> Vec<u8> {
    let mut bytes = hex("800100000066 00000000 00000014 00000002 000403000000 000b03000006");
    bytes.extend(hex("00000002"));
    for _ in 0..2 {
        bytes.extend(hex(&format!("0020{}", "ff".repeat(32))));
    }
    bytes
}

fn wanted() -> Selection {
    let mut wanted = Selection::NONE;
    for pcr in 16..=22 {
        wanted.add(HashAlg::Sha1, pcr);
    }
    for pcr in 16..=18 {
        wanted.add(HashAlg::Sha256, pcr);
    }
    wanted
}

type Found = Vec<(HashAlg, u32, Digest)>;

fn parsed(response: &[u8], wanted: &mut Selection) -> (Result<(), PcrError>, Found) {
    let mut found = Vec::new();
    let result = parse_read(response, wanted, |alg, pcr, digest| {
        found.push((alg, pcr, digest));
    });
    (result, found)
}

#[test]
fn two_commands_read_ten_digests() {
    let mut wanted = wanted();
    assert_eq!(
        read(&wanted).as_bytes(),
        hex("80010000001a 0000017e 00000002 00040300007f 000b03000007")
    );
    let (result, mut found) = parsed(&first_response(), &mut wanted);
    assert_eq!(result, Ok(()));
    assert_eq!(found.len(), 8);
    let left: Vec<_> = wanted.iter().collect();
    assert_eq!(left, [(HashAlg::Sha256, 17), (HashAlg::Sha256, 18)]);

    // tpm2_pcrread names the bank that is done as well, we do not; the TPM's answer may.
    assert_eq!(
        read(&wanted).as_bytes(),
        hex("8001000000140000017e00000001000b03000006")
    );
    let (result, more) = parsed(&second_response(), &mut wanted);
    assert_eq!(result, Ok(()));
    assert!(wanted.is_empty());
    found.extend(more);

    let digest =
        |alg: HashAlg, byte: &str| Digest::from_hex(alg, &byte.repeat(alg.size())).unwrap();
    let sha1 = (16..=22).map(|pcr| {
        let byte = if pcr == 16 { "00" } else { "ff" };
        (HashAlg::Sha1, pcr, digest(HashAlg::Sha1, byte))
    });
    let mut expected: Found = sha1.collect();
    expected.push((
        HashAlg::Sha256,
        16,
        Digest::from_hex(HashAlg::Sha256, PCR_16).unwrap(),
    ));
    for pcr in [17, 18] {
        expected.push((HashAlg::Sha256, pcr, digest(HashAlg::Sha256, "ff")));
    }
    assert_eq!(found, expected);
}

#[test]
fn every_bank_has_room_in_a_command() {
    let mut all = Selection::NONE;
    for alg in HashAlg::ALL {
        for pcr in 0..PCRS + 40 {
            all.add(alg, pcr);
        }
    }
    let bytes = read(&all);
    assert_eq!(
        bytes.as_bytes(),
        hex("80010000002c 0000017e 00000005 000403ffffff 000b03ffffff 000c03ffffff 000d03ffffff 001203ffffff")
    );
    assert_eq!(all.iter().count(), 24 * 5);
    assert_eq!(
        read(&Selection::NONE).as_bytes(),
        hex("80010000000e0000017e00000000")
    );
}

#[test]
fn what_was_not_asked_for_is_refused() {
    let mut without = Selection::NONE;
    without.add(HashAlg::Sha1, 16);
    let (result, found) = parsed(&first_response(), &mut without);
    assert_eq!(result, Err(PcrError::NotAsked));
    assert_eq!(found.len(), 1);

    // The same bank twice.
    let mut twice = first_response();
    twice[24..26].copy_from_slice(&[0, 4]);
    assert_eq!(parsed(&twice, &mut wanted()).0, Err(PcrError::NotAsked));
    // A bank that is not known.
    let mut other = first_response();
    other[18..20].copy_from_slice(&[0, 0x27]);
    assert_eq!(parsed(&other, &mut wanted()).0, Err(PcrError::NotAsked));
    // PCR 25, of which there is none: a fourth byte of the selection.
    let mut wide = hex("800100000033 00000000 00000014 00000001 00040400000002 00000001 0014");
    wide.extend([0; 20]);
    assert_eq!(wide.len(), 0x33);
    assert_eq!(parsed(&wide, &mut wanted()).0, Err(PcrError::Malformed));
}

#[test]
fn sizes_must_agree() {
    // One digest more, and one less, than the selections say.
    for count in [7, 9] {
        let mut bytes = first_response();
        bytes[33] = count;
        assert_eq!(
            parsed(&bytes, &mut wanted()).0,
            Err(PcrError::Malformed),
            "{count}"
        );
    }
    // A digest that is not as long as its algorithm says.
    let mut bytes = first_response();
    bytes[35] = 0x13;
    assert_eq!(parsed(&bytes, &mut wanted()).0, Err(PcrError::Malformed));
    // Cut anywhere, with the size that it says and with the one that it has.
    let whole = first_response();
    for cut in 0..whole.len() {
        assert_eq!(
            parsed(&whole[..cut], &mut wanted()).0,
            Err(PcrError::Malformed),
            "{cut}"
        );
        let mut fitting = whole[..cut].to_vec();
        if cut >= 10 {
            let size = u32::try_from(cut).unwrap().to_be_bytes();
            fitting[2..6].copy_from_slice(&size);
            assert_eq!(
                parsed(&fitting, &mut wanted()).0,
                Err(PcrError::Malformed),
                "{cut}"
            );
        }
    }
    assert!(whole.len() <= RESPONSE_MAX);
}

#[test]
fn a_refusal_is_told_apart() {
    // TPM_RC_LOCALITY, and TPM_RC_HASH with the first parameter.
    for code in [0x907, 0x1c3] {
        let bytes = hex(&format!("80010000000a{code:08x}"));
        assert_eq!(
            parsed(&bytes, &mut wanted()),
            (Err(PcrError::Refused(code)), vec![])
        );
    }
    // With sessions nothing was asked.
    let mut bytes = first_response();
    bytes[1] = 2;
    assert_eq!(parsed(&bytes, &mut wanted()).0, Err(PcrError::Malformed));
}

proptest! {
    /// Whatever the TPM answers, only what was asked for comes out, and nothing twice.
    #[test]
    fn nothing_comes_out_twice(start in 0usize..224, bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut response = first_response();
        for (to, from) in response.iter_mut().skip(start).zip(&bytes) {
            *to = *from;
        }
        let mut left = wanted();
        let (_, found) = parsed(&response, &mut left);
        let mut seen: Vec<_> = found.iter().map(|(alg, pcr, _)| (*alg, *pcr)).collect();
        let count = seen.len();
        seen.extend(left.iter());
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(&seen, &wanted().iter().collect::<Vec<_>>());
        prop_assert_eq!(count + left.iter().count(), seen.len());
    }
}
