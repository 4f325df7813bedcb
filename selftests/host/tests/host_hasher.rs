// SPDX-License-Identifier: GPL-2.0

//! The host's hasher against the vectors of FIPS 180-4.

use launchguard_host_tests::HostHasher;
use launchguard_pure::decode::digest::{HashAlg, Hasher};

/// The one-block message of the FIPS 180 examples, in two parts.
const ABC: &[&[u8]] = &[b"a", b"bc"];

fn hex(alg: HashAlg) -> Option<String> {
    HostHasher.digest(alg, ABC).map(|digest| digest.to_string())
}

#[test]
fn digests_are_those_of_fips_180() {
    assert_eq!(
        hex(HashAlg::Sha1).as_deref(),
        Some("a9993e364706816aba3e25717850c26c9cd0d89d")
    );
    assert_eq!(
        hex(HashAlg::Sha256).as_deref(),
        Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    );
    assert_eq!(
        hex(HashAlg::Sha384).as_deref(),
        Some(
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
             8086072ba1e7cc2358baeca134c825a7"
        )
    );
}

#[test]
fn sm3_is_not_computed() {
    assert_eq!(hex(HashAlg::Sm3), None);
}
