// SPDX-License-Identifier: GPL-2.0

//! Launch control policies, NV indices, resource tables and MLE headers.

use super::message;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::lcp::{aux_minimum, Holder, Policy, PolicyData};
use launchguard_pure::decode::mle::{MleHeader, VERSION_MIN};
use launchguard_pure::decode::nv::{
    parse_data_12, parse_handles, parse_public_12, parse_read, parse_read_public, NvInfo, NvPublic,
    NvPublic12, Response,
};
use launchguard_pure::decode::pcr::{self, Selection, PCRS};
use launchguard_pure::decode::slrt::{Body, Slrt};

/// `decode::lcp`: `bytes` are a policy, a policy data file, and the contents of AUX.
pub fn lcp(bytes: &[u8]) {
    match Policy::decode(bytes) {
        Ok(policy) => {
            assert!(policy.size <= bytes.len());
            assert!([2, 3].contains(&policy.major()));
            message(&policy.kind);
            for holder in [Holder::Supplier, Holder::Owner] {
                let words = policy.control.words(holder);
                assert_eq!(words.count() as u32, policy.control.0.count_ones());
            }
            // Nothing behind a policy is part of it.
            assert_eq!(Policy::decode(&bytes[..policy.size]), Ok(policy));
        }
        Err(error) => message(&error),
    }
    let _ = aux_minimum(bytes, true);
    match PolicyData::decode(bytes) {
        Ok(data) => policy_data(&data, bytes.len()),
        Err(error) => message(&error),
    }
}

fn policy_data(data: &PolicyData<'_>, size: usize) {
    let mut end = 36;
    for list in data.lists() {
        let list = match list {
            Ok(list) => list,
            Err(error) => return message(&error),
        };
        assert_eq!(list.offset, end, "lists follow each other");
        end += list.size;
        assert!(end <= size);
        for element in list.elements() {
            match element.and_then(|element| element.body()) {
                Ok(_) => {}
                Err(error) => message(&error),
            }
        }
    }
    if let Err(error) = data.check() {
        message(&error);
    } else {
        assert_eq!(end, size, "a whole file has nothing behind its lists");
    }
}

/// `decode::nv`: `bytes` are a public area, an event's data and a TPM's answer.
pub fn nv(bytes: &[u8]) {
    match NvPublic::decode(bytes) {
        Ok(public) => {
            assert_eq!(public.policy.len() + 14, bytes.len());
            assert!(public.is_defined_as(&public));
            let _ = public.attributes.to_string();
        }
        Err(error) => message(&error),
    }
    match NvInfo::decode(bytes) {
        Ok(info) => {
            let area = |public: Option<NvPublic<'_>>| public.map_or(1, |p| p.policy.len() + 15);
            let size = area(info.aux) + area(info.ps) + area(info.po);
            assert_eq!(size, bytes.len());
        }
        Err(error) => message(&error),
    }
    if let Err(error) = NvPublic12::decode(bytes) {
        message(&error);
    }
    for parse in [
        parse_read_public,
        parse_read,
        parse_public_12,
        parse_data_12,
    ] {
        if let Response::Read(found) = parse(bytes) {
            assert!(found.len() + 12 <= bytes.len());
        }
    }
    if let Some(handles) = parse_handles(bytes) {
        assert!(handles.iter().count() * 4 + 19 <= bytes.len());
    }
    let mut left = Selection::NONE;
    for alg in HashAlg::ALL {
        (0..PCRS).for_each(|pcr| left.add(alg, pcr));
    }
    let all = left.iter().count();
    let mut found = 0;
    let _ = pcr::parse_read(bytes, &mut left, |_, _, _| found += 1);
    assert_eq!(found + left.iter().count(), all);
}

/// `decode::slrt`: `bytes` start with a resource table.
pub fn slrt(bytes: &[u8]) {
    let table = match Slrt::decode(bytes) {
        Ok(table) => table,
        Err(error) => return message(&error),
    };
    assert!(Slrt::has_magic(bytes));
    assert!(table.size as usize <= bytes.len());
    message(&table.layout);
    message(&table.architecture);
    let mut end = 16;
    for entry in table.entries() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return message(&error),
        };
        assert_eq!(entry.offset, end, "entries follow each other");
        end += entry.size;
        assert!(end <= table.size as usize);
        message(&entry.tag);
        match entry.body() {
            Ok(Body::Policy(policy)) => {
                assert_eq!(policy.entries().count(), usize::from(policy.count));
            }
            Ok(Body::UefiConfig(config)) => {
                assert_eq!(config.entries().count(), usize::from(config.count));
            }
            Ok(Body::IntelInfo(info)) => assert!(info.mtrrs.ranges().count() <= 32),
            Ok(_) => {}
            Err(error) => message(&error),
        }
    }
}

/// `decode::mle`: `bytes` start with a header.
pub fn mle(bytes: &[u8]) {
    match MleHeader::decode(bytes) {
        Ok(header) => {
            assert!(header.version >= VERSION_MIN && header.length >= 44);
            assert!(header.start < header.end && header.first_page <= header.entry);
            assert!(header.entry - header.first_page < header.end - header.start);
            message(&header.capabilities);
        }
        Err(error) => message(&error),
    }
}
