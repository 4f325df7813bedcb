// SPDX-License-Identifier: GPL-2.0

//! The contents of the files in sysfs.

use crate::decode::digest::{Digest, HashAlg};
use crate::decode::registers::Reg;
use crate::engine::{sha256, Engine, Kind, Snapshot};
use crate::guard::Tally;
use crate::sys::compat;
use crate::sys::hash::Sha256;
use crate::sys::power;
use crate::sys::sysfs::Owner;
use crate::verify::catalogue::{CheckId, CheckSet};
use crate::verify::evidence::{write, Window};
use crate::verify::facts::{Evidence, PcrBank};
use core::fmt::{self, Write as _};
use kernel::prelude::*;
use kernel::str::Formatter;
use kernel::sync::Arc;

/// A file.
#[derive(Clone, Copy)]
pub(crate) enum File {
    /// `verdict`
    Verdict,
    /// `reason`
    Reason,
    /// `generation`
    Generation,
    /// `waivers`
    Waivers,
    /// `launcher`
    Launcher,
    /// `policy_error`
    PolicyError,
    /// `policy_digest` and `references_digest`
    TextDigest(Kind),
    /// `references_serial`
    ReferencesSerial,
    /// `pinned_by`
    PinnedBy,
    /// `checks/<ID>`
    Check(CheckId),
    /// `registers/<name>`
    Register(Reg),
    /// `registers/TXT.PUBLIC.KEY`
    PublicKey,
    /// `measurements/sinit`
    Sinit,
    /// `measurements/mle`
    Mle,
    /// `measurements/pcr<17 + index>_<alg>`
    Pcr(usize, HashAlg),
    /// `measurements/replay<17 + index>_<alg>`
    Replay(usize, HashAlg),
    /// `event_log`
    EventLog,
    /// `evidence`
    Evidence,
    /// `policy` and `references`
    Text(Kind),
    /// `policy_log`
    PolicyLog,
    /// `commit`
    Commit,
    /// `reverify`
    Reverify,
    /// `settle`
    Settle,
    /// `dma/<name>`
    Dma(Guarded),
}

/// A file of the guard.
#[derive(Clone, Copy)]
pub(crate) enum Guarded {
    /// `groups`
    Groups,
    /// `blocked`
    Blocked,
    /// `confined`
    Confined,
    /// `exposed`
    Exposed,
    /// `exposed_devices`
    ExposedDevices,
    /// `faults`
    Faults,
    /// `faults_unattributed`
    FaultsUnattributed,
}

/// Most devices that a file lists: each takes at most 18 bytes of a page of 4096.
const MAX_DEVICES: usize = 220;

/// Answers for the files.
pub(crate) struct Report {
    engine: Arc<Engine>,
}

impl Report {
    /// Reports what `engine` publishes.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(crate) fn new(engine: Arc<Engine>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self { engine }, GFP_KERNEL)?)
    }
}

impl Report {
    /// Why the module cannot be unloaded.
    fn pinned_by(&self) -> &'static str {
        let resumed = power::resumed_from_image() == Some(true);
        let protects = !self.engine.guarded().owned.is_empty();
        match (self.engine.is_sealed(), resumed, protects) {
            (true, true, true) => "seal hibernation protection",
            (true, true, false) => "seal hibernation",
            (true, false, true) => "seal protection",
            (true, false, false) => "seal",
            (false, true, true) => "hibernation protection",
            (false, true, false) => "hibernation",
            (false, false, true) => "protection",
            (false, false, false) => "none",
        }
    }
}

impl Owner for Report {
    type Key = File;

    fn show(&self, file: File, page: &mut Formatter<'_>) -> Result {
        let snapshot = self.engine.published();
        let judgement = &snapshot.examined.judgement;
        let collected = &snapshot.examined.collected;
        match file {
            File::Verdict => writeln!(page, "{}", snapshot.verdict)?,
            File::Reason => writeln!(page, "{}", Reasons(&snapshot))?,
            File::Generation => writeln!(page, "{}", snapshot.generation)?,
            File::Waivers => writeln!(page, "{}", snapshot.policy().waived())?,
            File::Launcher => writeln!(page, "{}", judgement.launcher.word())?,
            File::PolicyError => {
                let refusal = self.engine.refusal();
                if !refusal.is_empty() {
                    writeln!(page, "{refusal}")?;
                }
            }
            File::TextDigest(kind) => writeln!(page, "{}", text_digest(&snapshot, kind)?)?,
            File::ReferencesSerial => writeln!(page, "{}", snapshot.references_serial())?,
            File::PinnedBy => writeln!(page, "{}", self.pinned_by())?,
            File::Check(check) => writeln!(page, "{}", judgement.outcome(check))?,
            File::Register(reg) => match collected.registers.get(reg) {
                Some(value) => writeln!(page, "{value:#x}")?,
                None => writeln!(page, "unknown")?,
            },
            File::PublicKey => match collected.registers.public_key {
                Some(key) => writeln!(page, "{}", Hex(&key))?,
                None => writeln!(page, "unknown")?,
            },
            File::Sinit => show_digest(judgement.sinit.as_ref(), page)?,
            File::Mle => show_digest(judgement.mle.as_ref(), page)?,
            File::Pcr(index, alg) => match &collected.tpm {
                Evidence::Read(tpm) => show_digest(value(&tpm.first, index, alg), page)?,
                _ => return Err(compat::no_data()),
            },
            File::Replay(index, alg) => show_digest(value(&judgement.replay, index, alg), page)?,
            File::Dma(file) => show_guarded(&self.engine, file, page)?,
            File::EventLog
            | File::Evidence
            | File::Text(_)
            | File::PolicyLog
            | File::Commit
            | File::Reverify
            | File::Settle => return Err(EIO),
        }
        Ok(())
    }

    fn store(&self, file: File, text: &[u8]) -> Result {
        let text = core::str::from_utf8(text).map_err(|_| EINVAL)?.trim_ascii();
        match file {
            File::Commit => self.engine.commit(text),
            File::Reverify if text == "1" => {
                self.engine.reverify();
                Ok(())
            }
            File::Settle if text == "1" => {
                self.engine.settle();
                Ok(())
            }
            _ => Err(EINVAL),
        }
    }

    fn read(&self, file: File, offset: usize, out: &mut [u8]) -> Result<usize> {
        let snapshot = self.engine.published();
        match file {
            File::EventLog => Ok(read_event_log(&snapshot, offset, out)),
            File::Evidence => read_evidence(&snapshot, offset, out),
            File::Text(kind) => {
                let text = snapshot.document(kind).map(|text| text.bytes());
                Ok(copy_pieces(text.into_iter(), offset, out))
            }
            File::PolicyLog => Ok(self
                .engine
                .policy_log(|log| copy_pieces(core::iter::once(log), offset, out))),
            _ => Err(EIO),
        }
    }

    fn write(&self, file: File, offset: usize, bytes: &[u8]) -> Result {
        match file {
            File::Text(kind) => self.engine.stage(kind, offset, bytes),
            _ => Err(EIO),
        }
    }
}

fn show_guarded(engine: &Engine, file: Guarded, page: &mut Formatter<'_>) -> fmt::Result {
    let (view, faults) = (engine.guarded(), engine.faults());
    match file {
        Guarded::Faults | Guarded::FaultsUnattributed if faults.blind().is_some() => {
            writeln!(page, "unknown")
        }
        Guarded::Faults => writeln!(page, "{}", faults.tally(Tally::total)),
        Guarded::FaultsUnattributed => {
            let unattributed = faults.unattributed();
            let sum = unattributed.dropped.saturating_add(unattributed.overflows);
            writeln!(page, "{sum}")
        }
        Guarded::Groups => writeln!(page, "{}", view.groups),
        Guarded::Blocked => writeln!(page, "{}", view.blocked()),
        Guarded::Confined => writeln!(page, "{}", view.confined()),
        Guarded::Exposed => writeln!(page, "{}", view.exposed.len()),
        // The table in debugfs has all of them, with reasons.
        Guarded::ExposedDevices => {
            let mut devices = view.exposed.iter().take(MAX_DEVICES);
            devices.try_for_each(|exposed| writeln!(page, "{}", exposed.device))
        }
    }
}

/// The SHA-256 of a text in force. What is not there is as good as the empty text: the digest says
/// so, too.
fn text_digest(snapshot: &Snapshot, kind: Kind) -> Result<Digest> {
    match snapshot.document(kind) {
        Some(document) => Ok(*document.sha256()),
        None => sha256(&[]).ok_or(EIO),
    }
}

/// The checks and circumstances behind a verdict.
pub(super) struct Reasons<'a>(pub(super) &'a Snapshot);

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let notes = self.0.notes;
        let checks = match notes.sleeping {
            true => CheckSet::EMPTY,
            false => self.0.reasons(),
        };
        write!(f, "{checks}")?;
        let mut first = checks.is_empty();
        for word in notes.words() {
            if !first {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
            first = false;
        }
        Ok(())
    }
}

/// Copies from the event log: in the TCG format as its tools read it, of the legacy format every log
/// one behind the other, and a TPM 1.2 container as it is. So is what cannot be opened as a log.
fn read_event_log(snapshot: &Snapshot, offset: usize, out: &mut [u8]) -> usize {
    let Evidence::Read(logs) = &snapshot.examined.collected.log else {
        return 0;
    };
    let pieces = logs.iter().flat_map(|log| {
        let copy = log.copy();
        let slices = copy.open().ok().map(|opened| opened.tcg_slices());
        let whole = slices.is_none().then_some(copy.bytes);
        Iterator::chain(slices.into_iter().flatten(), whole)
    });
    copy_pieces(pieces, offset, out)
}

/// Copies from the snapshot as evidence. It is written anew for every read, from what is kept
/// already: heap and log are not copied a second time. Reads that meet different snapshots do not
/// fit together, which the digest at the end tells.
#[inline(never)]
fn read_evidence(snapshot: &Snapshot, offset: usize, out: &mut [u8]) -> Result<usize> {
    let facts = snapshot.examined.collected.facts();
    let mut window = Window::new(offset, out);
    write(&snapshot.contents(&facts), &mut window, &mut Sha256::new()?);
    Ok(window.filled())
}

/// Copies from the concatenation of `pieces`, from `offset` on, as much as fits; how much that was.
fn copy_pieces<'a>(pieces: impl Iterator<Item = &'a [u8]>, offset: usize, out: &mut [u8]) -> usize {
    let mut skip = offset;
    let mut copied = 0usize;
    for piece in pieces {
        let Some(wanted) = piece.get(skip..) else {
            skip = skip.saturating_sub(piece.len());
            continue;
        };
        skip = 0;
        let Some(room) = out.get_mut(copied..) else {
            break;
        };
        for (to, from) in room.iter_mut().zip(wanted) {
            *to = *from;
        }
        copied = copied.saturating_add(wanted.len()).min(out.len());
        if copied == out.len() {
            break;
        }
    }
    copied
}

fn value(banks: &[PcrBank], index: usize, alg: HashAlg) -> Option<&Digest> {
    banks.get(alg.index())?.get(index)?.as_ref()
}

/// A digest, or ENODATA, so that two values that are not there never compare as equal.
fn show_digest(digest: Option<&Digest>, page: &mut Formatter<'_>) -> Result {
    let digest = digest.ok_or_else(compat::no_data)?;
    writeln!(page, "{digest}")?;
    Ok(())
}

/// Bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
