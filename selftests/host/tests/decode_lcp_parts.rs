// SPDX-License-Identifier: GPL-2.0

//! Parts of launch control policies one by one: bits of PolicyControl (SDG 3.2.2, E.1), kinds of
//! elements, and signatures of every scheme (tboot, lcp3.h).

use launchguard_host_tests::fixture::lcp;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::lcp::{
    ElementBody, ElementKind, Holder, LcpError, PolicyControl, PolicyData,
};

#[test]
fn each_bit_of_the_control_has_its_meaning() {
    let both = [
        (1, "non-production modules allowed"),
        (2, "capabilities measured"),
    ];
    let supplier = [(3, "owner policy required"), (31, "AUX deletion allowed")];
    let owner = [
        (3, "supplier's platform configuration enforced"),
        (16, "supplier's MLE elements ignored"),
        (17, "supplier's platform configuration ignored"),
        (20, "supplier's STM elements ignored"),
    ];
    for bit in 0..32 {
        let control = PolicyControl(1 << bit);
        assert_eq!(control.allows_non_production(), bit == 1, "bit {bit}");
        assert_eq!(control.extends_capabilities(), bit == 2, "bit {bit}");
        assert_eq!(control.allows_aux_deletion(), bit == 31, "bit {bit}");
        for (holder, own) in [
            (Holder::Supplier, &supplier[..]),
            (Holder::Owner, &owner[..]),
        ] {
            let meaning = both.iter().chain(own).find(|(of, _)| *of == bit);
            let words: Vec<_> = control.words(holder).collect();
            assert_eq!(words, [(bit, meaning.map(|(_, words)| *words))]);
        }
    }
    assert_eq!(PolicyControl(0x8001_000a).to_string(), "0x8001000a");
}

#[test]
fn each_kind_of_element_has_its_name() {
    for (value, kind, name) in [
        (0, ElementKind::Mle, "MLE"),
        (1, ElementKind::Pconf, "PCONF"),
        (2, ElementKind::Sbios, "SBIOS"),
        (3, ElementKind::Custom, "CUSTOM"),
        (0x10, ElementKind::Mle2, "MLE2"),
        (0x11, ElementKind::Pconf2, "PCONF2"),
        (0x12, ElementKind::Sbios2, "SBIOS2"),
        (0x13, ElementKind::Custom2, "CUSTOM2"),
        (0x14, ElementKind::Stm2, "STM2"),
    ] {
        assert_eq!(ElementKind::from_value(value), kind);
        assert_eq!(kind.name(), name);
        assert_eq!(kind.to_string(), name);
    }
    let unknown = ElementKind::from_value(0x15);
    assert_eq!(unknown.name(), "unknown");
    assert_eq!(unknown.to_string(), "unknown type 0x15");
}

/// The first list of a file that holds `list` alone.
fn file(list: Vec<u8>) -> Vec<u8> {
    lcp::data(&[list])
}

/// A list of version 1: the second byte of its second field is the algorithm of its signature.
fn list_1(alg: u8, elements: &[Vec<u8>], signature: &[u8]) -> Vec<u8> {
    let mut bytes = lcp::list_2(u16::from(alg) << 8, elements, signature);
    bytes[..2].copy_from_slice(&0x100u16.to_le_bytes());
    bytes
}

/// Elements of a TPM 1.2: the algorithm is one byte, 0 for SHA-1.
#[test]
fn elements_of_version_1_have_sha1_only() {
    let mut mle = vec![0x21, 0, 2, 0];
    mle.extend([[1; 20], [2; 20]].concat());
    let mut sbios = vec![0, 0, 0, 0];
    sbios.extend([3; 20]);
    sbios.extend([0, 0, 1, 0]);
    sbios.extend([4; 20]);
    let elements = [
        lcp::element(0, 0, &mle),
        lcp::element(2, 0, &sbios),
        lcp::element(1, 0, &[5, 0, 0xab]),
        lcp::element(3, 0, &[[7; 16].as_slice(), b"own"].concat()),
    ];
    let bytes = file(list_1(0, &elements, &[]));
    let data = PolicyData::decode(&bytes).unwrap();
    data.check().unwrap();
    let list = data.lists().next().unwrap().unwrap();
    assert_eq!(list.signature, None);
    let bodies: Vec<_> = list
        .elements()
        .map(|element| element.unwrap().body().unwrap())
        .collect();
    let ElementBody::Mle {
        sinit_min_version,
        hashes,
    } = bodies[0]
    else {
        panic!("{:?}", bodies[0]);
    };
    assert_eq!((sinit_min_version, hashes.alg), (0x21, HashAlg::Sha1));
    assert_eq!(hashes.iter().collect::<Vec<_>>(), [&[1; 20], &[2; 20]]);
    let ElementBody::Sbios { fallback, hashes } = bodies[1] else {
        panic!("{:?}", bodies[1]);
    };
    assert_eq!(fallback, [3; 20]);
    assert_eq!(hashes.iter().collect::<Vec<_>>(), [&[4; 20]]);
    let pconf = ElementBody::Pconf {
        count: 5,
        data: &[0xab],
    };
    assert_eq!(bodies[2], pconf);
    let custom = ElementBody::Custom {
        uuid: [7; 16],
        data: b"own",
    };
    assert_eq!(bodies[3], custom);

    for (kind, at, mut body) in [(0, 1, mle), (2, 0, sbios)] {
        body[at] = 1;
        let bytes = file(list_1(0, &[lcp::element(kind, 0, &body)], &[]));
        let data = PolicyData::decode(&bytes).unwrap();
        assert!(
            matches!(data.check(), Err(LcpError::ElementBody { .. })),
            "kind {kind}"
        );
    }
}

/// Counter 5, then the signature as its scheme lays it out; key bytes 0xaa.
#[test]
fn a_signature_has_the_size_of_its_scheme() {
    let old = |reserved: usize, key: usize, signature: usize, size: u16| {
        let mut bytes = vec![5, 0];
        bytes.extend(size.to_le_bytes());
        bytes.extend(vec![0; reserved]);
        bytes.extend(vec![0xaa; key]);
        bytes.extend(vec![0xbb; signature]);
        bytes
    };
    let new = |key_alg: u16, size: u16, exponent: usize, key: usize, alg: u16, signature: usize| {
        let mut bytes = vec![5, 0, 0x10];
        bytes.extend(key_alg.to_le_bytes());
        bytes.push(0x10);
        bytes.extend(size.to_le_bytes());
        bytes.extend(vec![1; exponent]);
        bytes.extend(vec![0xaa; key]);
        bytes.extend(alg.to_le_bytes());
        bytes.extend([0x10, 0, 0, 0x0b, 0]);
        bytes.extend(vec![0xbb; signature]);
        bytes
    };
    let element = [lcp::element(0x77, 0, b"?")];
    // LMS: leaf, type, seed and 67 hashes of 32 bytes, type, 20 nodes of 32 bytes.
    let lms = 4 + 4 + 32 + 2144 + 4 + 640;
    let two = |alg, signature: Vec<u8>| lcp::list_2(alg, &element, &signature);
    let three = |signature: Vec<u8>| lcp::list_3(&element, &signature);
    for (list, alg, key) in [
        (list_1(1, &element, &old(0, 256, 256, 256)), 0x14, 256),
        (two(0x14, old(0, 384, 384, 384)), 0x14, 384),
        (two(0x16, old(0, 256, 256, 256)), 0x16, 256),
        (two(0x18, old(4, 64, 64, 32)), 0x18, 64),
        (two(0x1b, old(4, 96, 96, 48)), 0x1b, 96),
        (three(new(0x01, 2048, 4, 256, 0x14, 256)), 0x14, 256),
        (three(new(0x01, 3072, 4, 384, 0x16, 384)), 0x16, 384),
        (three(new(0x23, 256, 0, 64, 0x18, 64)), 0x18, 64),
        (three(new(0x23, 384, 0, 96, 0x18, 96)), 0x18, 96),
        (three(new(0x70, 48, 0, 48, 0x70, lms)), 0x70, 48),
    ] {
        let bytes = file(list);
        let data = PolicyData::decode(&bytes).unwrap();
        // Nothing is left behind the list, and a byte less is too short.
        assert_eq!(data.check(), Ok(()), "{alg:#x}, {key}");
        let found = data.lists().next().unwrap().unwrap();
        let signature = found.signature.unwrap();
        assert_eq!((signature.alg, signature.revocation_counter), (alg, 5));
        assert_eq!(signature.key, vec![0xaa; key]);
        let cut = PolicyData::decode(&bytes[..bytes.len() - 1]).unwrap();
        let short = matches!(cut.check(), Err(LcpError::Short { .. }));
        assert!(short, "{alg:#x}, {key}: {:?}", cut.check());
    }
    let bytes = file(list_1(2, &element, &[]));
    let data = PolicyData::decode(&bytes).unwrap();
    let error = LcpError::SignatureAlg { alg: 2, offset: 36 };
    assert_eq!(data.check(), Err(error));
}
