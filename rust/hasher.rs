// SPDX-License-Identifier: GPL-2.0

//! Digests on the host.

use crate::decode::digest::{Digest, HashAlg, Hasher};
use crate::verify::evidence::{Checksum, DIGEST_SIZE};
use sha2::Digest as _;

/// Computes digests with the RustCrypto crates, independently of the kernel's library. SM3 is not
/// computed, as in the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostHasher;

impl Hasher for HostHasher {
    fn digest(&self, alg: HashAlg, parts: &[&[u8]]) -> Option<Digest> {
        match alg {
            HashAlg::Sha1 => digest_of::<sha1::Sha1>(alg, parts),
            HashAlg::Sha256 => digest_of::<sha2::Sha256>(alg, parts),
            HashAlg::Sha384 => digest_of::<sha2::Sha384>(alg, parts),
            HashAlg::Sha512 => digest_of::<sha2::Sha512>(alg, parts),
            HashAlg::Sm3 => None,
        }
    }
}

fn digest_of<D: sha2::Digest>(alg: HashAlg, parts: &[&[u8]]) -> Option<Digest> {
    let mut hasher = D::new();
    for part in parts {
        hasher.update(part);
    }
    Digest::new(alg, &hasher.finalize())
}

/// The SHA-256 at the end of evidence.
#[derive(Clone, Debug, Default)]
pub struct HostChecksum(sha2::Sha256);

impl Checksum for HostChecksum {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&mut self) -> [u8; DIGEST_SIZE] {
        self.0.finalize_reset().into()
    }
}
