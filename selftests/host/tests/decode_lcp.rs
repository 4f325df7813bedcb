// SPDX-License-Identifier: GPL-2.0

//! Launch control policies against SDG D.1 and E.1, and policy data files against tboot's lcp3.h.

use launchguard_host_tests::fixture::lcp;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::lcp::{
    aux_minimum, ElementBody, ElementKind, Holder, IndexSet, KnownIndex, LcpError, Policy,
    PolicyControl, PolicyData, PolicyKind, Role,
};
use proptest::prelude::*;

#[test]
fn policies_of_both_versions_are_read() {
    let (two, three) = (
        lcp::policy_2(lcp::LIST, 0x11, 0x8001_000a),
        lcp::policy_3(lcp::ANY, 0x11, 0x8001_000a),
    );
    for (bytes, version, alg, kind, size) in [
        (two, 0x202, HashAlg::Sha1, PolicyKind::List, 54),
        (three, 0x300, HashAlg::Sha256, PolicyKind::Any, 70),
    ] {
        let policy = Policy::decode(&bytes).unwrap();
        assert_eq!(
            (policy.version, policy.hash_alg, policy.kind),
            (version, alg, kind)
        );
        assert_eq!((policy.sinit_min_version, policy.size), (0x11, size));
        assert_eq!(policy.revocation_counters, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(policy.control, PolicyControl(0x8001_000a));
        assert_eq!(
            (policy.max_sinit_min_version, policy.max_biosac_min_version),
            (0xff, 0xfe)
        );
        assert_eq!(policy.hash.unwrap().as_bytes(), vec![0x5c; alg.size()]);
        // An index may be larger than its policy.
        let longer = [bytes.clone(), vec![0; 9]].concat();
        assert_eq!(Policy::decode(&longer).unwrap().size, size);
        for cut in 0..bytes.len() {
            let error = Policy::decode(&bytes[..cut]);
            // ANY needs no hash: version 3 without it has 38 bytes.
            let whole = kind == PolicyKind::Any && cut == 38;
            assert_eq!(error.is_ok(), whole, "{cut} bytes: {error:?}");
        }
    }
    let mut bytes = lcp::policy_3(lcp::LIST, 0, 0);
    assert_eq!(Policy::decode(&bytes).unwrap().aux_hash_alg_mask, Some(8));
    bytes[4] = 2;
    assert_eq!(Policy::decode(&bytes), Err(LcpError::Kind(2)));
    bytes[2] = 0x99;
    assert_eq!(Policy::decode(&bytes), Err(LcpError::HashAlg(0x99)));
    bytes[1] = 4;
    assert!(matches!(
        Policy::decode(&bytes),
        Err(LcpError::Version { version: 0x400, .. })
    ));
}

/// SDG 3.2.2 and E.1.
#[test]
fn control_bits_have_their_meaning() {
    let control = PolicyControl(0x8000_0006);
    assert!(control.allows_non_production() && control.extends_capabilities());
    assert!(control.allows_aux_deletion());
    assert!(!PolicyControl(!0x8000_0006).allows_non_production());
    let words = |value, holder| -> Vec<_> { PolicyControl(value).words(holder).collect() };
    assert_eq!(
        words(8, Holder::Supplier),
        [(3, Some("owner policy required"))]
    );
    assert_eq!(
        words(8, Holder::Owner),
        [(3, Some("supplier's platform configuration enforced"))]
    );
    assert_eq!(words(1, Holder::Owner), [(0, None)]);
    assert_eq!(words(1 << 31, Holder::Owner), [(31, None)]);
}

/// SDG J-3 and E.5: the last 8 bytes (4 of a TPM 1.2) are pairs, SINIT's first.
#[test]
fn the_minimum_stands_in_front_of_the_last_slots() {
    let mut aux = vec![0; 104];
    aux[96] = 7;
    aux[100] = 9;
    assert_eq!(aux_minimum(&aux, true), Some(7));
    assert_eq!(aux_minimum(&aux, false), Some(9));
    assert_eq!(aux_minimum(&[1; 7], true), None);
}

/// SDG tables J-1 and J-2.
#[test]
fn indices_are_known_by_their_handles() {
    for (index, role, set) in [
        (0x0180_0001, Role::Ps, IndexSet::Old),
        (0x01c1_0103, Role::Ps, IndexSet::New),
        (0x0140_0001, Role::Po, IndexSet::Old),
        (0x01c1_0106, Role::Po, IndexSet::New),
        (0x0180_0003, Role::Aux, IndexSet::Old),
        (0x01c1_0102, Role::Aux, IndexSet::New),
        (0x01c1_0104, Role::Sgx, IndexSet::New),
        (0x5000_0001, Role::Ps, IndexSet::Old),
        (0x4000_0001, Role::Po, IndexSet::Old),
        (0x5000_0003, Role::Aux, IndexSet::Old),
    ] {
        let known = KnownIndex::find(index).unwrap();
        assert_eq!((known.role, known.set), (role, set), "{index:#x}");
    }
    assert_eq!(KnownIndex::find(0x01c1_0105), None);
}

/// Signatures as lcp3.h lays them out: counter, size of the key, key, signature.
fn rsa(size: u16) -> Vec<u8> {
    let mut bytes = vec![5, 0];
    bytes.extend(size.to_le_bytes());
    bytes.extend(vec![0xaa; size.into()]);
    bytes.extend(vec![0xbb; size.into()]);
    bytes
}

fn ecc(size: u16) -> Vec<u8> {
    let mut bytes = vec![6, 0];
    bytes.extend(size.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(vec![0xcc; usize::from(size) * 2]);
    bytes.extend(vec![0xdd; usize::from(size) * 2]);
    bytes
}

/// Version 3: counter; version, kind of key, key; scheme, version, size, hash, signature.
fn rsa_3(bits: u16) -> Vec<u8> {
    let size = usize::from(bits / 8);
    let mut bytes = vec![7, 0, 0x10, 1, 0, 0x10];
    bytes.extend(bits.to_le_bytes());
    bytes.extend(65537u32.to_le_bytes());
    bytes.extend(vec![0xee; size]);
    bytes.extend([0x16, 0, 0x10]);
    bytes.extend(bits.to_le_bytes());
    bytes.extend([0x0b, 0]);
    bytes.extend(vec![0xff; size]);
    bytes
}

fn all_elements() -> Vec<Vec<u8>> {
    let mut sbios = vec![0x0b, 0, 0, 0];
    sbios.extend([1; 32]);
    sbios.extend([0, 0, 2, 0]);
    sbios.extend([[2; 32], [3; 32]].concat());
    let mut stm = vec![4, 0, 1, 0];
    stm.extend([4; 20]);
    let mut custom = vec![9; 16];
    custom.extend(b"data");
    vec![
        lcp::mle_element(0x11, 0x000c, &[vec![5; 48], vec![6; 48]]),
        lcp::element(0x12, 1, &sbios),
        lcp::element(0x14, 0, &stm),
        lcp::element(0x13, 0, &custom),
        lcp::element(0x11, 0, &[0x0b, 0, 3, 0, 0xab]),
        lcp::element(0x77, 0, b"?"),
    ]
}

#[test]
fn lists_of_every_version_end_where_their_signature_does() {
    let elements = all_elements();
    let lists = [
        lcp::list_2(0x10, &elements, &[]),
        lcp::list_2(0x14, &elements, &rsa(256)),
        lcp::list_2(0x18, &elements, &ecc(48)),
        lcp::list_3(&elements, &[]),
        lcp::list_3(&elements, &rsa_3(3072)),
    ];
    let bytes = lcp::data(&lists);
    let data = PolicyData::decode(&bytes).unwrap();
    data.check().unwrap();
    let found: Vec<_> = data.lists().map(Result::unwrap).collect();
    let mut offset = 36;
    for (list, expected) in found.iter().zip(&lists) {
        assert_eq!((list.offset, list.size), (offset, expected.len()));
        offset += expected.len();
    }
    let signatures: Vec<_> = found
        .iter()
        .map(|list| {
            list.signature
                .map(|s| (s.alg, s.revocation_counter, s.key.len(), s.key[0]))
        })
        .collect();
    assert_eq!(
        signatures,
        [
            None,
            Some((0x14, 5, 256, 0xaa)),
            Some((0x18, 6, 96, 0xcc)),
            None,
            Some((0x16, 7, 384, 0xee)),
        ]
    );
    let elements: Vec<_> = found[4].elements().map(Result::unwrap).collect();
    let kinds: Vec<_> = elements.iter().map(|element| element.kind).collect();
    assert_eq!(
        kinds,
        [
            ElementKind::Mle2,
            ElementKind::Sbios2,
            ElementKind::Stm2,
            ElementKind::Custom2,
            ElementKind::Pconf2,
            ElementKind::Unknown(0x77),
        ]
    );
    let ElementBody::Mle {
        sinit_min_version,
        hashes,
    } = elements[0].body().unwrap()
    else {
        panic!();
    };
    assert_eq!((sinit_min_version, hashes.alg), (0x11, HashAlg::Sha384));
    assert!(hashes.contains(&[6; 48]) && !hashes.contains(&[7; 48]));
    let ElementBody::Sbios { fallback, hashes } = elements[1].body().unwrap() else {
        panic!();
    };
    assert_eq!(
        (fallback, hashes.iter().count(), elements[1].control),
        (&[1; 32][..], 2, 1)
    );
    assert!(matches!(
        elements[3].body().unwrap(),
        ElementBody::Custom { data: b"data", .. }
    ));
    assert!(matches!(
        elements[4].body().unwrap(),
        ElementBody::Pconf {
            count: 3,
            data: [0xab]
        }
    ));

    // Cut anywhere, the file is refused; so is anything behind its last list.
    for cut in (0..bytes.len()).step_by(7) {
        let whole = PolicyData::decode(&bytes[..cut]).and_then(|data| data.check());
        assert!(whole.is_err(), "{cut} bytes");
    }
    let longer = [bytes.clone(), vec![0]].concat();
    let data = PolicyData::decode(&longer).unwrap();
    assert_eq!(data.check(), Err(LcpError::Rest(1)));
}

#[test]
fn broken_files_are_refused_with_the_place() {
    let good = lcp::data(&[lcp::list_2(0x10, &all_elements(), &[])]);
    let checked = |bytes: &[u8]| PolicyData::decode(bytes).and_then(|data| data.check());
    let with = |offset: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[offset] = value;
        checked(&bytes).unwrap_err()
    };
    assert_eq!(checked(&good), Ok(()));
    assert_eq!(with(0, b'i'), LcpError::Magic);
    assert_eq!(with(35, 0), LcpError::ListCount(0));
    assert_eq!(with(35, 9), LcpError::ListCount(9));
    assert!(matches!(
        with(37, 5),
        LcpError::Version { version: 0x501, .. }
    ));
    assert_eq!(
        with(38, 0x15),
        LcpError::SignatureAlg {
            alg: 0x15,
            offset: good.len()
        }
    );
    assert!(matches!(
        with(44, 11),
        LcpError::ElementSize {
            offset: 44,
            size: 11,
            ..
        }
    ));
    // The number of hashes of the first element.
    assert_eq!(
        with(44 + 12 + 4, 3),
        LcpError::ElementBody {
            kind: ElementKind::Mle2,
            offset: 44,
            size: 12 + 6 + 96
        }
    );
    let mut moved = lcp::list_3(&all_elements(), &rsa_3(2048));
    moved[2] ^= 1;
    let moved = lcp::data(&[moved]);
    assert!(matches!(
        checked(&moved),
        Err(LcpError::SignatureOffset { .. })
    ));
}

proptest! {
    /// What was written is read back.
    #[test]
    fn policies_come_back(kind in 0u8..2, minimum in any::<u8>(), control in any::<u32>()) {
        for bytes in [lcp::policy_2(kind, minimum, control), lcp::policy_3(kind, minimum, control)] {
            let policy = Policy::decode(&bytes).unwrap();
            prop_assert_eq!(policy.kind == PolicyKind::Any, kind == 1);
            prop_assert_eq!(policy.sinit_min_version, minimum);
            prop_assert_eq!(policy.control.0, control);
            prop_assert_eq!(policy.size, bytes.len());
        }
    }

    /// As many elements come back as were written, with their data.
    #[test]
    fn elements_come_back(
        elements in prop::collection::vec((20u32..1000, any::<u32>(), prop::collection::vec(any::<u8>(), 0..40)), 0..12)
    ) {
        let encoded: Vec<_> = elements.iter().map(|(kind, control, data)| lcp::element(*kind + 1, *control, data)).collect();
        let bytes = lcp::data(&[lcp::list_3(&encoded, &[])]);
        let data = PolicyData::decode(&bytes).unwrap();
        let list = data.lists().next().unwrap().unwrap();
        let found: Vec<_> = list.elements().map(Result::unwrap).collect();
        prop_assert_eq!(found.len(), elements.len());
        for (found, (kind, control, data)) in found.iter().zip(&elements) {
            prop_assert_eq!(found.kind, ElementKind::Unknown(kind + 1));
            prop_assert_eq!(found.control, *control);
            prop_assert_eq!(found.body().unwrap(), ElementBody::Other(data));
        }
    }
}
