// SPDX-License-Identifier: GPL-2.0

//! Collect, judge, publish: everything that happens, happens here, on the engine's own queue.

mod collect;
mod enforce;
mod extend;
mod lists;
mod machine;
mod response;
mod snapshot;
mod texts;
mod timing;

use crate::guard::{Faults, Guard, View};
use crate::sys::device::Device;
use crate::sys::hash::KernelHasher;
use crate::sys::memory;
use crate::sys::notifier::{Change, Event, Watcher};
use crate::sys::params;
use crate::sys::power::Sleeper;
use crate::sys::tpm::Chip;
use crate::sys::workqueue::{Job, Queue};
use crate::verify::drift::Baseline;
use crate::verify::facts::Latched;
use crate::verify::judge;
use crate::verify::judgement::{Judgement, Verdict};
use crate::verify::notes::Notes;
use collect::Collected;
use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Full, Relaxed};
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::time::{Instant, Monotonic};
use machine::Machine;
use texts::Texts;
use timing::{Part, Stopwatch, Timing};

pub(crate) use collect::{functions, map_unit, note_group, remapping_units};
pub(crate) use lists::KernelLists;
pub(crate) use snapshot::{parse_policy, Examined, Snapshot};
pub(crate) use texts::{sha256, Document, Kind, Refusal};

/// How often is looked for what is awaited before the deadline, in milliseconds.
const SOON: u32 = 500;
/// How often is looked whether the TPM has come or gone after the deadline, in milliseconds.
const LATE: u32 = 5_000;
/// How long after a change of the devices a new judgement begins, in milliseconds: changes come in
/// bursts, and a new function is not set up yet when it is told of.
const BURST: u32 = 1_000;

/// Told of every publication: the snapshot, and the one before it.
pub(crate) type Announce = fn(&Device, &Snapshot, &Snapshot);

/// What the queue's job keeps from one run to the next. Only the job takes its lock.
struct Progress {
    /// The places of heap and SINIT at the first reading since load.
    latched: Option<Latched>,
    /// Fingerprints of what each kind of evidence was when it could first be read.
    baseline: Option<Arc<Baseline>>,
    /// The TPM of the last judgement, by [`Chip::id`].
    chip: Option<usize>,
    /// What was last answered to by the policy's `on-failure`.
    answered: Option<response::Answered>,
    /// No TPM has answered yet.
    awaits_tpm: bool,
    /// What was published last said that evidence may still arrive.
    awaiting: bool,
    /// When to look for the named files again, in milliseconds since load.
    next_look: i64,
}

/// The part that the job works on.
#[pin_data]
struct Core {
    device: Arc<Device>,
    announce: Announce,
    guard: Arc<Guard>,
    started: Instant<Monotonic>,
    /// 1: somebody asked for a new judgement.
    requested: Atomic<i32>,
    /// 1: PCI functions came or went since the last judgement began.
    devices: Atomic<i32>,
    /// 1: between the notice of a suspend and that of its end.
    sleeping: Atomic<i32>,
    /// Held for a clone or a swap of the pointer only.
    #[pin]
    published: Mutex<Arc<Snapshot>>,
    /// Held while a text is checked, never while a device is asked.
    #[pin]
    texts: Mutex<Texts>,
    /// Held from the check of a text until it is in force: one at a time. The outermost lock; also
    /// while the TPM extends.
    #[pin]
    transaction: Mutex<extend::Log>,
    #[pin]
    progress: Mutex<Progress>,
}

/// The engine: owner of all work.
pub(crate) struct Engine {
    queue: Queue<Core>,
}

impl Engine {
    /// Starts the engine: a snapshot that knows nothing is published at once, the first judgement
    /// follows on the queue.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(crate) fn start(
        device: Arc<Device>,
        announce: Announce,
        guard: Arc<Guard>,
    ) -> Result<Arc<Self>> {
        let nothing = Arc::new(
            Snapshot {
                generation: 0,
                verdict: Verdict::Pending,
                notes: Notes::default(),
                examined: Arc::new(
                    Examined {
                        collected: KBox::new(Collected::NOTHING, GFP_KERNEL)?,
                        judgement: memory::boxed(&Judgement::NONE)?,
                        awaiting: true,
                        timing: Timing::default(),
                    },
                    GFP_KERNEL,
                )?,
                policy: None,
                references: None,
                announced: Atomic::new(0),
            },
            GFP_KERNEL,
        )?;
        let references = params::references().is_some() || params::awaits_references();
        let texts = Texts::new(params::policy().is_some(), references);
        let progress = Progress {
            latched: None,
            baseline: None,
            chip: None,
            answered: None,
            awaits_tpm: true,
            awaiting: true,
            next_look: 0,
        };
        let core = Arc::pin_init(
            pin_init!(Core {
                device,
                announce,
                guard,
                started: Instant::now(),
                requested: Atomic::new(1),
                devices: Atomic::new(0),
                sleeping: Atomic::new(0),
                published <- new_mutex!(nothing),
                texts <- new_mutex!(texts),
                transaction <- new_mutex!(extend::Log::new()),
                progress <- new_mutex!(progress),
            }),
            GFP_KERNEL,
        )?;
        let queue = Queue::new(core)?;
        Ok(Arc::new(Self { queue }, GFP_KERNEL)?)
    }

    /// Lets the first judgement begin.
    pub(crate) fn run(&self) {
        self.queue.kick();
    }

    /// Waits for running work. Afterwards nothing is judged or published any more.
    pub(crate) fn stop(&self) {
        self.queue.stop();
    }

    /// The published snapshot.
    pub(crate) fn published(&self) -> Arc<Snapshot> {
        self.queue.job().published()
    }

    /// Judges anew, with new evidence; returns when that is published.
    pub(crate) fn reverify(&self) {
        self.queue.job().requested.store(1, Relaxed);
        self.queue.kick();
        self.queue.flush();
    }

    /// Stages a piece of a text.
    ///
    /// # Errors
    ///
    /// Those of [`Texts::stage`].
    pub(crate) fn stage(&self, kind: Kind, offset: usize, bytes: &[u8]) -> Result {
        self.queue.job().texts.lock().stage(kind, offset, bytes)
    }

    /// Puts the staged text with the SHA-256 `hex` in force and judges anew; returns when that is
    /// published.
    ///
    /// # Errors
    ///
    /// Those of [`Texts::prepare`] and of [`Core::enforce`]: nothing is in force then that was not.
    pub(crate) fn commit(&self, hex: &str) -> Result {
        let core = self.queue.job();
        {
            let mut log = core.transaction.lock();
            let examined = core.examined()?;
            let machine = Machine::now(&examined.collected)?;
            let prepared = core
                .texts
                .lock()
                .prepare(hex, &machine, core.deadline_is_over())?;
            core.enforce(&mut log, prepared)?;
        }
        self.reverify();
        Ok(())
    }

    /// The guard's view of what is in force.
    pub(crate) fn guarded(&self) -> Arc<View> {
        self.queue.job().guard.view()
    }

    /// What devices tried and were refused.
    pub(crate) fn faults(&self) -> &Faults {
        self.queue.job().guard.faults()
    }

    /// Boot is over.
    pub(crate) fn settle(&self) {
        self.queue.job().guard.settle();
    }

    /// Whether a policy in force has said that nothing may be changed until reboot.
    pub(crate) fn is_sealed(&self) -> bool {
        self.queue.job().texts.lock().is_sealed()
    }

    /// Gives the log of extended policies to `read`: see [`extend::Log::bytes`].
    pub(crate) fn policy_log<T>(&self, read: impl FnOnce(&[u8]) -> T) -> T {
        read(self.queue.job().transaction.lock().bytes())
    }

    /// Why the last text was refused; empty when it was not.
    pub(crate) fn refusal(&self) -> Refusal {
        *self.queue.job().texts.lock().refusal()
    }
}

impl Sleeper for Engine {
    /// Before a sleep `pending` is published; after it a new judgement follows.
    fn transition(&self, sleeping: bool) {
        let core = self.queue.job();
        core.sleeping.store(i32::from(sleeping), Relaxed);
        core.requested.store(1, Relaxed);
        self.queue.kick();
        if sleeping {
            self.queue.flush();
        }
    }
}

impl Watcher for Engine {
    /// The guard answers at once. For the judgement a burst of changes is answered to once, counted
    /// from its first one.
    fn function(&self, event: &Event<'_>) {
        let core = self.queue.job();
        core.guard.function(event);
        if event.change() != Change::Leaving && core.devices.xchg(1, Full) == 0 {
            self.queue.kick_in(BURST);
        }
    }
}

impl Job for Core {
    fn run(&self) -> Option<u32> {
        if self.sleeping.load(Relaxed) != 0 {
            if self.publish_sleeping().is_err() {
                pr_err!("no memory to say that the verdict is pending\n");
            }
            return None;
        }
        let requested = self.requested.xchg(0, Full) != 0;
        let devices = self.devices.xchg(0, Full) != 0;
        match self.work(requested, devices) {
            Ok(again) => again,
            Err(error) => {
                pr_err!("no judgement: {error:?}, trying again\n");
                self.requested.store(1, Relaxed);
                Some(LATE)
            }
        }
    }
}

// Functions that are not inlined keep their large values off each other's stack.
impl Core {
    fn published(&self) -> Arc<Snapshot> {
        self.published.lock().clone()
    }

    /// Whether what has not arrived yet is not waited for any more.
    fn deadline_is_over(&self) -> bool {
        let deadline = i64::from(params::tpm_deadline()).saturating_mul(1000);
        self.started.elapsed().as_millis() >= deadline
    }

    /// Looks whether there is a reason to judge, and judges; when to look again.
    fn work(&self, requested: bool, devices: bool) -> Result<Option<u32>> {
        let mut progress = self.progress.lock();
        let age = self.started.elapsed().as_millis();
        let deadline_over = self.deadline_is_over();
        let given_up = progress.awaiting && deadline_over;
        let mut new_text = false;
        if requested || given_up || (progress.awaiting && age >= progress.next_look) {
            new_text = self.load_files(requested, deadline_over)?;
            // The loader tells the kernel's log of every file that is not there: each look comes
            // after twice the time.
            progress.next_look = age.saturating_mul(2).max(i64::from(SOON));
        }
        let chip = Chip::first();
        let id = chip.as_ref().map(Chip::id);
        let arrived = new_text || (progress.awaits_tpm && chip.is_some());
        if requested || devices || arrived || given_up || id != progress.chip {
            progress.chip = id;
            self.judge(&mut progress, chip.as_ref(), deadline_over)?;
        }
        Ok(Some(if progress.awaiting { SOON } else { LATE }))
    }

    /// Collects, judges and publishes.
    #[inline(never)]
    fn judge(&self, progress: &mut Progress, chip: Option<&Chip>, deadline_over: bool) -> Result {
        let mut watch = Stopwatch::start();
        let (latched, baseline) = (progress.latched, progress.baseline.clone());
        let mut collected = Collected::read(latched, baseline, chip, &self.guard, &mut watch)?;

        let (policy, references, awaits_file, missing) = {
            let texts = self.texts.lock();
            (
                texts.in_force(Kind::Policy),
                texts.in_force(Kind::References),
                Kind::ALL.iter().any(|kind| texts.awaits_file(*kind)),
                Notes {
                    sleeping: false,
                    policy_file: !texts.is_settled(Kind::Policy),
                    references_file: !texts.is_settled(Kind::References),
                },
            )
        };
        progress.awaits_tpm = !collected.tpm_answers();
        progress.awaiting = !deadline_over && (progress.awaits_tpm || awaits_file);

        let mut judgement = memory::boxed(&Judgement::NONE)?;
        let mut judge_collected = |collected: &Collected| {
            judge(
                &collected.facts(),
                &snapshot::parse_policy(policy.as_deref()),
                snapshot::parse_references(references.as_deref()).as_ref(),
                progress.awaiting,
                &KernelHasher,
                &mut judgement,
            );
        };
        judge_collected(&collected);
        watch.lap(Part::Checks);
        // The second look comes after the judgement, so that it brackets it; it decides something
        // only when it differs from the first.
        if collected.read_again(chip) {
            judge_collected(&collected);
        }
        watch.lap(Part::Again);

        if progress.latched.is_none() {
            progress.latched = collected.latch();
        }
        remember(&mut progress.baseline, &collected)?;
        let published = self.publish(Snapshot {
            generation: 0,
            verdict: missing.verdict(judgement.verdict),
            notes: missing,
            examined: Arc::new(
                Examined {
                    collected,
                    judgement,
                    awaiting: progress.awaiting,
                    timing: watch.timing(),
                },
                GFP_KERNEL,
            )?,
            policy,
            references,
            announced: Atomic::new(0),
        })?;
        progress.answered = response::answer(&published, progress.answered);
        if let Some(quarantine) = response::quarantine(&published) {
            self.guard.quarantine(quarantine);
        }
        Ok(())
    }

    /// Publishes what is known with the verdict `pending`.
    fn publish_sleeping(&self) -> Result<Arc<Snapshot>> {
        let last = self.published();
        self.publish(Snapshot {
            generation: 0,
            verdict: Verdict::Pending,
            notes: Notes {
                sleeping: true,
                ..last.notes
            },
            examined: last.examined.clone(),
            policy: last.policy.clone(),
            references: last.references.clone(),
            announced: Atomic::new(0),
        })
    }

    /// Numbers and publishes `snapshot`, and says so.
    #[inline(never)]
    fn publish(&self, mut snapshot: Snapshot) -> Result<Arc<Snapshot>> {
        let last = self.published();
        snapshot.generation = last.generation.wrapping_add(1);
        let new = Arc::new(snapshot, GFP_KERNEL)?;
        *self.published.lock() = new.clone();
        let begin = Instant::<Monotonic>::now();
        (self.announce)(&self.device, &new, &last);
        new.announced.store(begin.elapsed().as_nanos(), Relaxed);
        Ok(new)
    }
}

/// Takes into `baseline` the kinds of evidence that could not be read before.
#[inline(never)]
fn remember(baseline: &mut Option<Arc<Baseline>>, collected: &Collected) -> Result {
    if baseline
        .as_deref()
        .is_some_and(|baseline| baseline.is_complete())
    {
        return Ok(());
    }
    let before = baseline.as_deref().copied();
    let mut now = before.unwrap_or(Baseline::EMPTY);
    now.complete(&collected.facts(), &KernelHasher);
    if before != Some(now) && now != Baseline::EMPTY {
        *baseline = Some(Arc::new(now, GFP_KERNEL)?);
    }
    Ok(())
}
