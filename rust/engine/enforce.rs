// SPDX-License-Identifier: GPL-2.0

//! How texts come in force: those of a commit, and those of named files.

use super::collect::Collected;
use super::extend::{self, Failure};
use super::machine::Machine;
use super::snapshot::{self, Examined, Snapshot};
use super::texts::{Document, Kind, Prepared};
use super::timing::{Stopwatch, Timing};
use super::{response, Core};
use crate::sys::firmware;
use crate::sys::hash::KernelHasher;
use crate::sys::memory;
use crate::sys::module;
use crate::sys::params;
use crate::sys::tpm::Chip;
use crate::verify::judge;
use crate::verify::judgement::Judgement;
use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::sync::Arc;

// Functions that are not inlined keep their large values off each other's stack.
impl Core {
    /// The evidence to plan with: what was collected last, or else what can be collected now.
    pub(super) fn examined(&self) -> Result<Arc<Examined>> {
        let published = self.published();
        if published.generation != 0 {
            return Ok(published.examined.clone());
        }
        Ok(Arc::new(
            Examined {
                collected: Collected::read(None, None, None, &self.guard, &mut Stopwatch::start())?,
                judgement: memory::boxed(&Judgement::NONE)?,
                awaiting: true,
                timing: Timing::default(),
            },
            GFP_KERNEL,
        )?)
    }

    /// Puts prepared texts in force. A policy that names a PCR is extended into it before.
    ///
    /// # Errors
    ///
    /// EIO when the policy could not be extended; [`Texts::refusal`] then says why.
    #[inline(never)]
    pub(super) fn enforce(&self, log: &mut extend::Log, prepared: Prepared) -> Result {
        if let Some((pcr, text)) = prepared.to_extend() {
            let chip = Chip::first();
            if let Err(failure) = log.extend(chip.as_ref(), pcr, text) {
                let mut texts = self.texts.lock();
                match failure {
                    Failure::NoTpm => texts
                        .refuse_prepared(&prepared, format_args!("extend-pcr {pcr}: no TPM is there")),
                    Failure::Full => texts.refuse_prepared(
                        &prepared,
                        format_args!("extend-pcr {pcr}: the log of policies is full"),
                    ),
                    Failure::Error(error) => texts.refuse_prepared(
                        &prepared,
                        format_args!("extend-pcr {pcr}: the TPM did not extend it ({error:?})"),
                    ),
                }
                return Err(EIO);
            }
        }
        let policy = prepared.policy();
        let sealed = self.texts.lock().apply(prepared);
        if sealed {
            module::pin();
            pr_info!("sealed: policy and references stay as they are until reboot\n");
        }
        if let Some(policy) = policy {
            let quarantine = self.foreseen(&policy);
            self.guard.enforce(policy, quarantine);
        }
        Ok(())
    }

    /// Whether `policy`, which comes in force, does not accept what is known of the launch and wants
    /// quarantine then: its windows are not open until the next judgement says so. `None` while there is no
    /// verdict.
    #[inline(never)]
    fn foreseen(&self, policy: &Arc<Document>) -> Option<bool> {
        let last = self.published();
        if last.generation == 0 {
            return None;
        }
        let Ok(mut judgement) = memory::boxed(&Judgement::NONE) else {
            // The judgement that follows ends it.
            return Some(response::wants_quarantine(policy));
        };
        let references = self.texts.lock().in_force(Kind::References);
        judge(
            &last.examined.collected.facts(),
            &snapshot::parse_policy(Some(policy)),
            snapshot::parse_references(references.as_deref()).as_ref(),
            last.examined.awaiting,
            &KernelHasher,
            &mut judgement,
        );
        response::quarantine(&Snapshot {
            generation: last.generation,
            verdict: last.notes.verdict(judgement.verdict),
            notes: last.notes,
            examined: last.examined.clone(),
            policy: Some(policy.clone()),
            references,
            announced: Atomic::new(0),
        })
    }

    /// Looks for the named files; whether something new is in force, or known to be no use.
    #[inline(never)]
    pub(super) fn load_files(&self, requested: bool, deadline_over: bool) -> Result<bool> {
        let mut news = false;
        for kind in Kind::ALL {
            let name = match kind {
                Kind::Policy => params::policy(),
                Kind::References => params::references(),
            };
            let Some(name) = name else { continue };
            let (settled, awaited) = {
                let texts = self.texts.lock();
                (texts.is_settled(kind), texts.awaits_file(kind))
            };
            // A file that was no use is looked at again only when somebody asks.
            if settled || !(requested || awaited) {
                continue;
            }
            if let Ok(file) = firmware::File::load(name, &self.device) {
                news |= self.load_file(kind, file.bytes(), deadline_over)?;
            }
        }
        Ok(news)
    }

    /// Puts the contents of a named file in force; whether that, or that it is no use, is news. A
    /// policy that is to be extended waits for the TPM until the deadline.
    #[inline(never)]
    fn load_file(&self, kind: Kind, bytes: &[u8], deadline_over: bool) -> Result<bool> {
        let mut log = self.transaction.lock();
        let examined = self.examined()?;
        let machine = Machine::now(&examined.collected)?;
        let prepared = self.texts.lock().prepare_file(kind, bytes, &machine)?;
        let Some(prepared) = prepared else {
            return Ok(true);
        };
        if prepared.to_extend().is_some() && !deadline_over && Chip::first().is_none() {
            return Ok(false);
        }
        // The reason of a refusal is kept with the texts.
        let _ = self.enforce(&mut log, prepared);
        Ok(true)
    }
}
