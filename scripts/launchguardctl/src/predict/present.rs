// SPDX-License-Identifier: GPL-2.0

//! Which event of the present log measured what.

use super::relog::{Record, Relog};
use super::tboot::{stays, DefaultPolicy};
use super::{refuse, Refused};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::eventlog::{EventType, Log, LogFormat};

/// The events of a log by what they measured, as indices of its records.
#[derive(Clone, Debug)]
pub struct Present {
    /// tboot's policy, in PCR 17 and 18.
    pub policy: [usize; 2],
    /// The hash that the policy was hashed with.
    pub inner: HashAlg,
    /// Modules in their order.
    pub modules: Vec<usize>,
    /// The last of these.
    pub last_module: usize,
    /// OSSINITDATA_CAP_HASH.
    pub capabilities: Vec<usize>,
    /// Details and authorities of the launch control policy.
    pub lcp: Vec<usize>,
    /// Banks that tboot extends.
    pub extended: Vec<HashAlg>,
}

impl Present {
    /// Reads a log of a TPM 2.0. `None` for a legacy log without any event of tboot: it is of a bank
    /// that tboot does not extend.
    ///
    /// tboot writes no data into its events. What they are follows from their order, which its default
    /// policy leads to (policy.c, verify_all_modules): the policy, once in each PCR, then the modules.
    pub fn read(log: &Log<'_>) -> Result<Option<Self>, Refused> {
        let relog = Relog::of(log);
        let mut present = Self {
            policy: [0; 2],
            inner: HashAlg::Sha256,
            modules: Vec::new(),
            last_module: 0,
            capabilities: Vec::new(),
            lcp: Vec::new(),
            extended: Vec::new(),
        };
        let mut tboot: [Vec<usize>; 2] = Default::default();
        for (index, record) in relog.records().iter().enumerate() {
            let in_18 = match record.pcr {
                17 => 0,
                18 => 1,
                _ => continue,
            };
            match record.kind {
                kind if !kind.is_extended() => {}
                EventType::TbootMeasurement => tboot[in_18].push(index),
                EventType::MleHash if record.pcr == 17 => {}
                EventType::OsSinitDataCapHash => present.capabilities.push(index),
                EventType::LcpDetailsHash | EventType::LcpAuthoritiesHash => {
                    present.lcp.push(index)
                }
                kind if stays(kind) => {}
                kind => {
                    return refuse(format!(
                        "{kind} in PCR {}: what a next launch puts there is not known",
                        record.pcr
                    ))
                }
            }
        }
        relog.only(EventType::MleHash)?;
        let [in_17, in_18] = tboot;
        if in_17.is_empty() && in_18.is_empty() && matches!(log.format(), LogFormat::Legacy { .. })
        {
            return Ok(None);
        }
        let (Some((policy, modules)), [policy_18]) = (in_17.split_first(), in_18.as_slice()) else {
            return refuse(format!(
                "{}: {} stand in PCR 17 and {} in PCR 18, where tboot's default policy leads to one \
                 for itself in each, and to those of modules in PCR 17",
                EventType::TbootMeasurement,
                in_17.len(),
                in_18.len()
            ));
        };
        present.policy = [*policy, *policy_18];
        for index in present.policy {
            let record = relog.record(index);
            let Some(inner) = inner_hash(record) else {
                return refuse(format!(
                    "{} in PCR {}: tboot follows a policy of the owner's, not its default one, and \
                     what that measures is not known",
                    record.kind, record.pcr
                ));
            };
            present.inner = inner;
        }
        let Some(last) = modules.last() else {
            return refuse("TBOOT_MEASUREMENT: no event of a kernel stands in PCR 17");
        };
        present.last_module = *last;
        present.modules = modules.to_vec();
        present.extended = relog.record(*policy).algs().collect();
        Ok(Some(present))
    }
}

/// The hash that a default policy was hashed with, when `record` is the event of one in every bank that
/// can be computed here.
fn inner_hash(record: &Record) -> Option<HashAlg> {
    let algs: Vec<HashAlg> = record.algs().filter(|alg| *alg != HashAlg::Sm3).collect();
    let is_of = |policy: DefaultPolicy, inner| {
        algs.iter()
            .all(|alg| record.digest(*alg) == policy.event_digest(*alg, inner))
    };
    // The only bank that tboot extends, or the only one that there is for `extpol=embedded`.
    let inner = [*algs.first()?, HashAlg::Sha256];
    inner.into_iter().find(|inner| {
        DefaultPolicy::ALL
            .into_iter()
            .any(|policy| is_of(policy, *inner))
    })
}
