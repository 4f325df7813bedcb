// SPDX-License-Identifier: GPL-2.0

//! The owner's texts: staged, checked, put in force.
//!
//! A commit has three steps, so that no lock is held while the TPM is asked: prepare, extend, apply.
//! The engine lets one commit run at a time.

use crate::decode::digest::{Digest, HashAlg, Hasher};
use crate::decode::text::Text;
use super::lists::KernelLists;
use crate::plan::{self, Sheet, Surroundings};
use crate::sys::compat;
use crate::sys::hash::KernelHasher;
use crate::sys::params;
use crate::verify::policy::{Policy, PolicyError, References, MAX_TEXT};
use core::fmt;
use kernel::prelude::*;
use kernel::sync::Arc;

/// Which text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The guard policy.
    Policy,
    /// The references.
    References,
}

impl Kind {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Policy, Self::References];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::References => "references",
        }
    }

    /// Checks a whole text; a policy also for whether it can be carried out here.
    ///
    /// # Errors
    ///
    /// ENOMEM: nothing can be said of it.
    fn check(
        self,
        bytes: &[u8],
        machine: &dyn Surroundings,
    ) -> Result<core::result::Result<(), PolicyError>> {
        let policy = match self {
            Self::Policy => Policy::parse(bytes),
            Self::References => return Ok(References::parse(bytes).map(|_| ())),
        };
        let policy = match policy {
            Ok(policy) => policy,
            Err(error) => return Ok(Err(error)),
        };
        let sheet = Sheet::<KernelLists>::of(&policy)?;
        Ok(plan::check(&sheet.statements(), Some(machine)))
    }
}

/// The serial number of a checked text of references; 0 without one.
fn serial(text: &[u8]) -> u64 {
    References::parse(text).map_or(0, |references| references.serial())
}

/// Why a text was refused.
pub(crate) type Refusal = Text<200>;

/// A checked text with its digest.
pub(crate) struct Document {
    bytes: KVVec<u8>,
    sha256: Digest,
}

impl Document {
    /// A copy of a checked text.
    fn copy(text: &[u8]) -> Result<Arc<Self>> {
        let mut bytes = KVVec::new();
        bytes.extend_from_slice(text, GFP_KERNEL)?;
        let sha256 = sha256(text).ok_or(EINVAL)?;
        Ok(Arc::new(Self { bytes, sha256 }, GFP_KERNEL)?)
    }

    /// The text.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its SHA-256.
    pub(crate) fn sha256(&self) -> &Digest {
        &self.sha256
    }
}

/// How it stands with the text that a module parameter announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum File {
    /// None is announced, or what the owner committed has taken its place, or it is in force.
    Settled,
    /// It has not been found, or been committed, yet.
    Awaited,
    /// It was found and is no use.
    Refused,
}

struct Slot {
    staged: Option<KVVec<u8>>,
    in_force: Option<Arc<Document>>,
    file: File,
}

impl Slot {
    const fn new(named: bool) -> Self {
        Self {
            staged: None,
            in_force: None,
            file: if named { File::Awaited } else { File::Settled },
        }
    }

    /// Puts a checked text in force.
    fn enforce(&mut self, document: Arc<Document>) {
        self.in_force = Some(document);
        self.file = File::Settled;
    }
}

/// Checked texts that are to come in force together.
pub(crate) struct Prepared {
    documents: [Option<Arc<Document>>; Kind::ALL.len()],
    /// The kinds that come from a named file.
    from_file: bool,
}

impl Prepared {
    /// The policy, if that is one of them.
    pub(crate) fn policy(&self) -> Option<Arc<Document>> {
        let [policy, _] = &self.documents;
        policy.clone()
    }

    /// The PCR that the policy's text is to be extended into, and that text. For rescue there is none: a PCR
    /// that names a policy would say that it is carried out.
    pub(crate) fn to_extend(&self) -> Option<(u32, &[u8])> {
        if params::rescue() {
            return None;
        }
        let [policy, _] = &self.documents;
        let text = policy.as_ref()?.bytes();
        Some((Policy::parse(text).ok()?.extend_pcr()?, text))
    }
}

/// All texts.
pub(crate) struct Texts {
    policy: Slot,
    references: Slot,
    refusal: Refusal,
    sealed: bool,
}

impl Texts {
    /// No text yet; whether each is announced: a file is named, or somebody will commit it.
    pub(crate) const fn new(policy_named: bool, references_named: bool) -> Self {
        Self {
            policy: Slot::new(policy_named),
            references: Slot::new(references_named),
            refusal: Refusal::EMPTY,
            sealed: false,
        }
    }

    const fn slot(&self, kind: Kind) -> &Slot {
        match kind {
            Kind::Policy => &self.policy,
            Kind::References => &self.references,
        }
    }

    fn slot_mut(&mut self, kind: Kind) -> &mut Slot {
        match kind {
            Kind::Policy => &mut self.policy,
            Kind::References => &mut self.references,
        }
    }

    /// What is in force.
    pub(crate) fn in_force(&self, kind: Kind) -> Option<Arc<Document>> {
        self.slot(kind).in_force.clone()
    }

    /// The serial number of the references in force, below which none come in force any more; 0
    /// without references or a number.
    fn serial(&self) -> u64 {
        let references = self.references.in_force.as_deref();
        references.map_or(0, |document| serial(document.bytes()))
    }

    /// Why the last text was refused; empty when it was not.
    pub(crate) const fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// Whether a policy in force has said that nothing may be changed until reboot.
    pub(crate) const fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// Whether the named file is still expected.
    pub(crate) fn awaits_file(&self, kind: Kind) -> bool {
        self.slot(kind).file == File::Awaited
    }

    /// Whether the named file is in force, or none is named.
    pub(crate) fn is_settled(&self, kind: Kind) -> bool {
        self.slot(kind).file == File::Settled
    }

    /// Stages `bytes` at `offset`. At 0 a new text begins; elsewhere the text must reach that far.
    ///
    /// # Errors
    ///
    /// EFBIG for a text beyond [`MAX_TEXT`], EINVAL for a gap, ENOMEM.
    pub(crate) fn stage(&mut self, kind: Kind, offset: usize, bytes: &[u8]) -> Result {
        let end = offset.checked_add(bytes.len()).ok_or(EFBIG)?;
        if end > MAX_TEXT {
            return Err(EFBIG);
        }
        let slot = self.slot_mut(kind);
        if offset == 0 {
            let mut text = KVVec::new();
            text.extend_from_slice(bytes, GFP_KERNEL)?;
            slot.staged = Some(text);
            return Ok(());
        }
        let text = slot.staged.as_mut().ok_or(EINVAL)?;
        let over = text.get_mut(offset..).ok_or(EINVAL)?;
        let shared = over.len().min(bytes.len());
        let (replacing, added) = bytes.split_at_checked(shared).ok_or(EINVAL)?;
        over.get_mut(..shared)
            .ok_or(EINVAL)?
            .copy_from_slice(replacing);
        text.extend_from_slice(added, GFP_KERNEL)?;
        Ok(())
    }

    /// Checks the staged text whose SHA-256 is `hex`; nothing comes in force yet. What follows the
    /// digest's word does not count: sha256sum names a file there.
    ///
    /// References that were announced when the module was loaded are taken once in spite of a seal, until
    /// the deadline: `deadline_over` says whether it is.
    ///
    /// # Errors
    ///
    /// EPERM when a policy in force is sealed, EINVAL when `hex` is no SHA-256 or that of no staged
    /// text, EBADMSG when the text is not in the language or cannot be carried out, ESTALE when
    /// references are older than those in force; [`Texts::refusal`] then says why. ENOMEM.
    pub(crate) fn prepare(
        &mut self,
        hex: &str,
        machine: &dyn Surroundings,
        deadline_over: bool,
    ) -> Result<Prepared> {
        let announced = !deadline_over && self.awaits_file(Kind::References);
        if self.sealed && !announced {
            return self.refuse_sealed();
        }
        let hex = hex.split_ascii_whitespace().next().unwrap_or("");
        let Some(wanted) = Digest::from_hex(HashAlg::Sha256, hex) else {
            self.refuse(format_args!("commit: expected 64 hexadecimal digits"));
            return Err(EINVAL);
        };
        let mut matches = [None, None];
        for (found, kind) in matches.iter_mut().zip(Kind::ALL) {
            *found = self.staged_as(kind, &wanted).then_some(kind);
        }
        if matches.iter().all(Option::is_none) {
            self.refuse(format_args!("commit: no staged text has this SHA-256"));
            return Err(EINVAL);
        }
        if self.sealed && matches.contains(&Some(Kind::Policy)) {
            return self.refuse_sealed();
        }
        // The empty text is a policy and references alike: all that match are applied, or none.
        for kind in matches.into_iter().flatten() {
            let staged = self.slot(kind).staged.as_deref().unwrap_or(&[]);
            if let Err(error) = kind.check(staged, machine)? {
                self.refuse(format_args!("{}: {error}", kind.name()));
                return Err(compat::bad_message());
            }
            if kind == Kind::References {
                let (new, floor) = (serial(staged), self.serial());
                if new < floor {
                    self.refuse(format_args!(
                        "references: serial {new} is below {floor}, that of the references in force"
                    ));
                    return Err(compat::stale());
                }
            }
        }
        let mut documents = [None, None];
        for (document, kind) in documents.iter_mut().zip(matches) {
            if let Some(staged) = kind.and_then(|kind| self.slot(kind).staged.as_deref()) {
                *document = Some(Document::copy(staged)?);
            }
        }
        Ok(Prepared {
            documents,
            from_file: false,
        })
    }

    fn refuse_sealed(&mut self) -> Result<Prepared> {
        self.refuse(format_args!(
            "sealed: policy and references cannot be changed until reboot"
        ));
        Err(EPERM)
    }

    /// Puts what was prepared in force; whether that has sealed it.
    pub(crate) fn apply(&mut self, prepared: Prepared) -> bool {
        let was_sealed = self.sealed;
        let Prepared {
            documents,
            from_file,
        } = prepared;
        for (document, kind) in documents.into_iter().zip(Kind::ALL) {
            let Some(document) = document else { continue };
            if kind == Kind::Policy {
                let policy = Policy::parse(document.bytes()).unwrap_or(Policy::EMPTY);
                // What is loaded for rescue can be put right.
                self.sealed |= policy.seal() && !params::rescue();
            }
            let slot = self.slot_mut(kind);
            slot.enforce(document);
            if !from_file {
                slot.staged = None;
            }
        }
        self.refusal = Refusal::EMPTY;
        self.sealed && !was_sealed
    }

    /// Says that what was prepared does not come in force.
    pub(crate) fn refuse_prepared(&mut self, prepared: &Prepared, why: fmt::Arguments<'_>) {
        if prepared.from_file {
            self.slot_mut(Kind::Policy).file = File::Refused;
            self.refuse(format_args!("policy file: {why}"));
        } else {
            self.refuse(format_args!("policy: {why}"));
        }
    }

    fn staged_as(&self, kind: Kind, wanted: &Digest) -> bool {
        let staged = self.slot(kind).staged.as_ref();
        staged.and_then(|text| sha256(text)).as_ref() == Some(wanted)
    }

    /// Checks the contents of the named file; `None` when something else has been put in force
    /// meanwhile, or when it is no use: [`Texts::refusal`] then says why.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(crate) fn prepare_file(
        &mut self,
        kind: Kind,
        bytes: &[u8],
        machine: &dyn Surroundings,
    ) -> Result<Option<Prepared>> {
        if self.is_settled(kind) {
            return Ok(None);
        }
        if bytes.len() > MAX_TEXT {
            self.refuse(format_args!(
                "{} file: larger than {MAX_TEXT} bytes",
                kind.name()
            ));
            self.slot_mut(kind).file = File::Refused;
            return Ok(None);
        }
        if let Err(error) = kind.check(bytes, machine)? {
            self.refuse(format_args!("{} file: {error}", kind.name()));
            self.slot_mut(kind).file = File::Refused;
            return Ok(None);
        }
        let document = Some(Document::copy(bytes)?);
        Ok(Some(Prepared {
            documents: match kind {
                Kind::Policy => [document, None],
                Kind::References => [None, document],
            },
            from_file: true,
        }))
    }

    fn refuse(&mut self, why: fmt::Arguments<'_>) {
        self.refusal = Refusal::format(why);
    }
}

/// The SHA-256 of a text.
pub(crate) fn sha256(text: &[u8]) -> Option<Digest> {
    KernelHasher.digest(HashAlg::Sha256, &[text])
}
