// SPDX-License-Identifier: GPL-2.0

//! Walks over everything that a decoder can say about arbitrary bytes.
//!
//! Property tests and fuzz targets call these with hostile input. Each one reads every accessor and
//! formats every message, so that a panic anywhere shows, and asserts what must hold for any input.

mod dmar;
pub mod evidence;
mod heap;
mod judge;
mod log;
mod policy_formats;
mod texts;

pub use dmar::{dmar, unit};
pub use heap::heap;
pub use judge::{judge, Evidence};
pub use log::eventlog;
pub use policy_formats::{lcp, mle, nv, slrt};
pub use texts::{policy, references};

use launchguard_pure::decode::acm::{Acm, Lists};
use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::errorcode::{ErrorCode, Source};
use launchguard_pure::decode::registers::{
    launch_claimed, production_fused, DidVid, Dpr, Reg, RegisterSpace, Registers, Sts, Width,
};
use std::fmt::{Debug, Display};

/// A message must be there, and fit one line.
fn message(value: &(impl Display + Debug)) {
    let text = value.to_string();
    assert!(!text.is_empty(), "no message for {value:?}");
    assert!(!text.contains('\n'), "more than a line: {text}");
}

/// `decode::acm`: `bytes` starts a module in a region of as many bytes.
pub fn acm(bytes: &[u8]) {
    match Acm::decode(bytes, bytes.len() as u64) {
        Ok(Acm { header, info }) => {
            assert!(header.size <= bytes.len() as u64);
            assert!(header.header_size <= header.size);
            let end = info.offset.checked_add(u64::from(info.length));
            assert!(end.is_some_and(|end| end <= header.size), "{info:?}");
            message(&info.kind);
            if let Some(date) = header.date() {
                message(&date);
            }
            match Lists::decode(bytes, &header, &info) {
                Ok(lists) => {
                    let _ = lists.match_chipset(DidVid(0x1_b006_8086));
                    let _ = lists.match_processor(0x9_06ea, Some(1 << 50));
                    let algs = lists.tpm.map_or(0, |tpm| tpm.algs().count());
                    assert!(algs * 2 <= bytes.len());
                }
                Err(error) => message(&error),
            }
        }
        Err(error) => message(&error),
    }
}

/// `decode::errorcode`: every four bytes are a value.
pub fn errorcode(bytes: &[u8]) {
    for value in bytes
        .chunks_exact(4)
        .filter_map(|word| word.try_into().ok())
    {
        let code = ErrorCode::decode(u32::from_le_bytes(value));
        message(&code);
        message(&code.module());
        assert!(!code.text().is_empty());
        if code.value() == 0 {
            assert!(code.healthy() && !code.valid());
        }
        let fields = (u32::from(code.class()) << 4)
            | (u32::from(code.major()) << 10)
            | (u32::from(code.minor()) << 16);
        assert_eq!(fields, code.value() & 0x0fff_7ff0);
        assert_eq!(
            code.source() == Source::Cpu,
            code.value() & 0x4000_0000 == 0
        );
    }
}

/// A dump of the public window; what lies behind its end cannot be read.
#[derive(Clone, Copy, Debug)]
pub struct Dump<'a>(pub &'a [u8]);

impl RegisterSpace for Dump<'_> {
    fn read(&self, offset: u16, width: Width) -> Option<u64> {
        let bytes = Bytes::new(self.0);
        let offset = usize::from(offset);
        match width {
            Width::Byte => bytes.u8(offset).map(u64::from),
            Width::Dword => bytes.u32(offset).map(u64::from),
            Width::Qword => bytes.u64(offset),
        }
    }
}

/// `decode::registers`: `bytes` is a dump of the public window.
pub fn registers(bytes: &[u8]) {
    let dump = Dump(bytes);
    let registers = Registers::read(&dump, Some(&dump));
    assert_eq!(registers.private_didvid, registers.get(Reg::DidVid));
    let read = |reg| registers.get(reg);
    if launch_claimed(&registers) == Some(true) {
        let sts = Sts(read(Reg::Sts).unwrap_or(0));
        assert!(sts.senter_done() && !sts.sexit_done());
        assert!(read(Reg::HeapBase) > Some(0) && read(Reg::HeapSize) > Some(0));
        let didvid = DidVid(read(Reg::DidVid).unwrap_or(0));
        assert_eq!(didvid.vendor(), 0x8086);
    }
    if let Some(dpr) = read(Reg::Dpr).map(Dpr) {
        assert!(dpr.base().is_none_or(|base| base <= dpr.limit()));
        assert_eq!(dpr.size(), dpr.size_mib() << 20);
    }
    let fused = production_fused(read(Reg::VerFsbif), read(Reg::VerQpiif));
    if read(Reg::VerFsbif).is_none() {
        assert_eq!(fused, None);
    }
}
