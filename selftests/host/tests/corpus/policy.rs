// SPDX-License-Identifier: GPL-2.0

//! What modules are made for, and launch control policies, as public test suites carry them. The
//! expected values are those that tboot's txt-acminfo and lcp2_crtpol --show print of the same files.

use crate::Test;
use launchguard_host_tests::corpus::Corpus;
use launchguard_host_tests::HostHasher;
use launchguard_pure::decode::acm::{Acm, Lists};
use launchguard_pure::decode::digest::{HashAlg, Hasher};
use launchguard_pure::decode::lcp::{ElementBody, ElementKind, Policy, PolicyData, PolicyKind};
use launchguard_pure::decode::nv::NvInfo;
use launchguard_pure::decode::registers::DidVid;
use serde_json::Value;

/// The tests, by name.
pub const TESTS: &[Test] = &[
    ("decode_acm_lists", acm_lists),
    ("decode_policies", policies),
    ("decode_policy_data", policy_data),
    ("decode_nv_info_events", nv_info),
];

fn acm_lists(corpus: &Corpus) {
    const MASK: u32 = 0xfff_3ff0;
    for (name, devices, processors, algs) in [
        (
            "sinit_acm.bin",
            &[0xb002][..],
            &[0x306f0, 0x50660][..],
            &[4, 0xb, 0x14][..],
        ),
        (
            "bios_acm.bin",
            &[0xb001, 0xb002],
            &[0x306f0, 0x50660],
            &[4, 0xb, 0x14],
        ),
        (
            "bios_acm2.bin",
            &[0xb006],
            &[0x406e0, 0x506e0, 0x806e0, 0x906e0],
            &[4, 0xb, 0xc, 0xd, 0x14, 0x18],
        ),
    ] {
        let bytes = corpus.binary(name);
        let acm = Acm::decode(&bytes, bytes.len() as u64).expect(name);
        assert_eq!(
            (acm.header.major(), acm.header.key_size),
            (0, 256),
            "{name}"
        );
        let lists = Lists::decode(&bytes, &acm.header, &acm.info).expect(name);
        let chipsets: Vec<_> = lists.chipsets.expect(name).chipsets().collect();
        let found: Vec<u16> = chipsets.iter().map(|chipset| chipset.device).collect();
        assert_eq!(found, devices, "{name}");
        for chipset in &chipsets {
            assert_eq!((chipset.flags, chipset.vendor), (1, 0x8086), "{name}");
            assert_eq!(chipset.revision, 1, "{name}");
        }
        let list: Vec<_> = lists.processors.expect(name).processors().collect();
        let signatures: Vec<u32> = list.iter().map(|entry| entry.signature).collect();
        assert_eq!(signatures, processors, "{name}");
        assert!(
            list.iter().all(|entry| entry.signature_mask == MASK),
            "{name}"
        );
        let tpm = lists.tpm.expect(name);
        // ext_policy 3, tpm_family 3, tpm_nv_index_set 0.
        assert_eq!(tpm.capabilities & 0x7f, 3 | (3 << 2), "{name}");
        assert!(tpm.discrete_12() && tpm.discrete_20() && !tpm.new_indices());
        assert_eq!(tpm.algs().collect::<Vec<_>>(), algs, "{name}");
        let id = |revision: u64| DidVid((revision << 32) | (u64::from(devices[0]) << 16) | 0x8086);
        // As a mask: revision 3 has the bit, revision 2 has not.
        assert_eq!(lists.match_chipset(id(3)), Some(true), "{name}");
        assert_eq!(lists.match_chipset(id(2)), Some(false), "{name}");
        assert_eq!(
            lists.match_processor(processors[0] | 4, Some(0)),
            Some(true),
            "{name}"
        );
    }
}

fn policies(corpus: &Corpus) {
    for (name, kind, hash) in [
        (
            "pol.bin",
            PolicyKind::Any,
            "0102030405060708091011121314151617181920",
        ),
        (
            "pol2.bin",
            PolicyKind::List,
            "5c269b763d3beb6696380610c53f590ccabea380",
        ),
    ] {
        let policy = Policy::decode(&corpus.binary(name)).expect(name);
        assert_eq!((policy.version, policy.kind), (0x202, kind), "{name}");
        assert_eq!(policy.control.0, 0);
        assert_eq!(policy.revocation_counters, [0; 8]);
        assert_eq!(policy.hash.expect(name).to_string(), hash);
    }
    // Read by hand from the dump, by SDG E.1: version 3.0, SHA-256, ANY, control 0xa at 22, maxima 255,
    // masks 8, 8 and 8. It is of type ANY and ends without the hash.
    let policy = Policy::decode(&corpus.binary("pol3.bin")).expect("pol3.bin");
    assert_eq!((policy.version, policy.kind), (0x300, PolicyKind::Any));
    assert_eq!(policy.hash_alg, HashAlg::Sha256);
    assert_eq!((policy.control.0, policy.hash), (0xa, None));
    assert_eq!(
        (policy.max_sinit_min_version, policy.max_biosac_min_version),
        (255, 255)
    );
    assert_eq!(policy.hash_alg_mask, Some(8));
    assert_eq!(policy.sign_alg_mask, Some(8));
}

/// A signed list counts by its key: the hash of a policy of version 2 is SHA-1 of the SHA-1 hashes of
/// its lists' keys. pol2.bin is the policy of poldata.bin.
fn policy_data(corpus: &Corpus) {
    let bytes = corpus.binary("poldata.bin");
    let data = PolicyData::decode(&bytes).expect("poldata.bin");
    data.check().expect("poldata.bin");
    let [list] = data.lists().map(Result::unwrap).collect::<Vec<_>>()[..] else {
        panic!("one list");
    };
    assert_eq!((list.version, list.size), (0x100, 564));
    let [sbios] = list.elements().map(Result::unwrap).collect::<Vec<_>>()[..] else {
        panic!("one element");
    };
    assert_eq!(sbios.kind, ElementKind::Sbios);
    let ElementBody::Sbios { fallback, hashes } = sbios.body().unwrap() else {
        panic!();
    };
    // SHA-1 of nothing.
    let empty = HostHasher.digest(HashAlg::Sha1, &[]).unwrap();
    assert_eq!(fallback, empty.as_bytes());
    assert_eq!(hashes.iter().count(), 0);
    let signature = list.signature.expect("signed");
    assert_eq!((signature.alg, signature.key.len()), (0x14, 256));
    let key = HostHasher.digest(HashAlg::Sha1, &[signature.key]).unwrap();
    let lists = HostHasher.digest(HashAlg::Sha1, &[key.as_bytes()]).unwrap();
    let policy = Policy::decode(&corpus.binary("pol2.bin")).expect("pol2.bin");
    assert_eq!(policy.hash, Some(lists));

    let bytes = corpus.binary("poldata2.bin");
    let data = PolicyData::decode(&bytes).expect("poldata2.bin");
    data.check().expect("poldata2.bin");
    let list = data.lists().next().unwrap().unwrap();
    let elements: Vec<_> = list.elements().map(Result::unwrap).collect();
    assert_eq!(elements.len(), 2);
    assert!(matches!(
        elements[0].body(),
        Ok(ElementBody::Pconf { count: 1, .. })
    ));
    assert_eq!(elements[0].control, 1);
    let Ok(ElementBody::Mle {
        sinit_min_version,
        hashes,
    }) = elements[1].body()
    else {
        panic!();
    };
    assert_eq!((sinit_min_version, hashes.alg), (0x11, HashAlg::Sha1));
    let first: Vec<u8> = hashes.iter().flatten().copied().collect();
    assert_eq!(
        launchguard_host_tests::hex(&first),
        "3a3d4fe7fb33fdd3bc31e998d991a7c657eb3652"
    );
}

/// Two machines measured AUX and PS of the first set, and no PO; the event's digest is that of its data.
fn nv_info(corpus: &Corpus) {
    for number in ["02", "05"] {
        let case = corpus.case(number);
        let events = case.json["event_log"]["events"].as_array().expect("events");
        let mut seen = 0;
        for event in events.iter().filter(|event| is_nv_info(event)) {
            let text = event["data"].as_str().unwrap_or_default();
            let data: Vec<u8> = (0..text.len() / 2)
                .filter_map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok())
                .collect();
            let info = NvInfo::decode(&data).unwrap_or_else(|error| panic!("{number}: {error}"));
            let (aux, ps) = (info.aux.expect("AUX"), info.ps.expect("PS"));
            assert_eq!((aux.index, aux.data_size), (0x0180_0003, 104));
            assert_eq!((ps.index, ps.data_size), (0x0180_0001, 70));
            assert_eq!(info.po, None);
            let digest = HostHasher.digest(HashAlg::Sha1, &[&data]).unwrap();
            assert_eq!(event["digests"]["sha1"], digest.to_string());
            seen += 1;
        }
        assert_eq!(seen, 2, "case {number}: one in each PCR");
    }
}

fn is_nv_info(event: &Value) -> bool {
    event["type"] == 0x414 || event["type"] == "0x414"
}
