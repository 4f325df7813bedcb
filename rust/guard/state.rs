// SPDX-License-Identifier: GPL-2.0

//! What is in force, and how it becomes what the policy says.

mod charges;

use super::held::{Held, Trouble};
use super::spent::Spent;
use crate::decode::text::Text;
use crate::engine::{parse_policy, Document, KernelLists};
use crate::plan::{self, Action, Confinement, Phase, Sheet, Situation, Statements};
use crate::sys::iommu::{Group, Place};
use crate::sys::module::Reference;
use crate::verify::facts::{PciFunction, Translation};
use crate::verify::policy::{Address, DevicePath};
use charges::Charges;
use kernel::prelude::*;
use kernel::sync::Arc;

/// Functions that may come, and that may go, before all groups are looked at again, without an allocation
/// for the note: what could not be noted as arrived would be let go.
const ROOM: usize = 64;

/// A group that should be blocked and is not owned.
pub(super) struct Missed {
    pub(super) id: u32,
    pub(super) why: Trouble,
}

enum Want<'a> {
    Leave,
    /// To be blocked, and out of reach.
    Miss(Trouble),
    Block,
    Confine(Confinement<'a>),
}

struct Wanted<'a> {
    group: u32,
    first: Address,
    want: Want<'a>,
    reason: &'static str,
}

/// All of it, under the policy mutex.
pub(super) struct State {
    policy: Option<Arc<Document>>,
    /// The end of boot was told.
    pub(super) settled: bool,
    /// The policy does not accept the verdict, and wants quarantine then: [`State::set_quarantine`].
    pub(super) quarantine: bool,
    /// The groups that are owned.
    pub(super) held: KVVec<Held>,
    /// The groups that should be.
    pub(super) missed: KVVec<Missed>,
    /// Functions that came since load and are there.
    arrived: KVVec<Address>,
    /// Those of them that should have been blocked when they came, and could not be.
    slipped: KVVec<Address>,
    /// Functions that are about to go: their groups are not touched any more.
    departing: KVVec<Address>,
    /// Released functions that drivers have not been asked about yet.
    released: KVVec<Address>,
    /// Faults under this policy.
    charges: Charges,
    /// Held while a group is.
    pin: Option<Reference>,
    /// What is in force is not what the policy says yet: there was no memory to find out.
    pub(super) unfinished: bool,
    /// Nothing has been done yet for this policy, or for quarantine that began or ended.
    changed: bool,
    /// What windows took when they were last given or taken back.
    pub(super) spent: Spent,
}

/// An address of the language as a place.
pub(super) const fn place(address: Address) -> Place {
    Place {
        segment: address.segment,
        bus: address.bus,
        devfn: address.devfn,
    }
}

/// An address for the kernel's log.
fn name(at: Address) -> Text<24> {
    Text::format(format_args!("{at}"))
}

const fn address(function: &PciFunction) -> Address {
    Address {
        segment: function.segment,
        bus: function.bus,
        devfn: function.devfn,
    }
}

impl State {
    /// Nothing is in force.
    pub(super) const fn new() -> Self {
        Self {
            policy: None,
            settled: false,
            quarantine: false,
            held: KVVec::new(),
            missed: KVVec::new(),
            arrived: KVVec::new(),
            slipped: KVVec::new(),
            departing: KVVec::new(),
            released: KVVec::new(),
            charges: Charges::new(),
            pin: None,
            unfinished: false,
            changed: false,
            spent: Spent::NOTHING,
        }
    }

    /// The policy to carry out from now on.
    pub(super) fn set_policy(&mut self, policy: Arc<Document>) {
        self.charges
            .begin(parse_policy(Some(&policy)).fault_budget());
        self.policy = Some(policy);
        self.changed = true;
    }

    /// Whether everything is to be blocked that can be.
    pub(super) fn set_quarantine(&mut self, on: bool) {
        self.changed |= self.quarantine != on;
        self.quarantine = on;
    }

    /// Counts `faults` of a group at `now`, in milliseconds; its first function when it is to lose its
    /// windows for them. A group that has none has nothing to lose.
    pub(super) fn charge(&mut self, group: u32, faults: u64, now: u64) -> Option<Text<24>> {
        let held = self.held.iter().find(|held| held.id == group)?;
        held.windows()?;
        // It is alone in its group.
        let at = held.first;
        self.charges.count(at, faults, now).then(|| name(at))
    }

    /// Whether something is left to be tried again.
    pub(super) fn is_troubled(&self) -> bool {
        let troubled = |held: &Held| held.trouble.is_some_and(Trouble::passes);
        self.unfinished
            || self.held.iter().any(troubled) || self.missed.iter().any(|missed| missed.why.passes())
    }

    /// Takes the functions that drivers are to be asked about.
    pub(super) fn take_released(&mut self) -> KVVec<Address> {
        core::mem::replace(&mut self.released, KVVec::new())
    }

    fn find(&self, group: u32) -> Option<usize> {
        self.held.iter().position(|held| held.id == group)
    }

    /// Whether a group is owned.
    pub(super) fn owns(&self, group: u32) -> bool {
        self.find(group).is_some()
    }

    /// Whether a group reaches nothing and no driver has it, through which that could change.
    pub(super) fn is_stopped(&self, group: u32, functions: &[PciFunction]) -> bool {
        let situation = self.situation();
        let stopped = |one: &PciFunction| {
            one.translation == Translation::Blocked && (!one.driver || situation.is_bridge(one))
        };
        let mut members = functions.iter().filter(|one| one.group == Some(group));
        members.all(stopped)
    }

    /// What a plan has to know besides policy and functions.
    pub(super) fn situation(&self) -> Situation<'_> {
        Situation {
            arrived: &self.arrived,
            quarantine: self.quarantine,
            over_budget: self.charges.over(),
            slipped: &self.slipped,
        }
    }

    /// Makes every group what the policy says. `functions` are all that are there, if there was memory
    /// for them.
    ///
    /// # Errors
    ///
    /// ENOMEM: nothing was changed, but that windows of another policy than this one are gone. What goes
    /// wrong with a group is its trouble and no error.
    pub(super) fn reconcile(&mut self, functions: Option<KVVec<PciFunction>>) -> Result {
        let result = functions
            .ok_or(ENOMEM)
            .and_then(|functions| self.carry_out(functions));
        self.unfinished = result.is_err();
        if !self.unfinished {
            self.changed = false;
        } else if self.changed {
            for held in &mut self.held {
                held.block(Some(Trouble::Memory));
            }
        }
        result
    }

    fn carry_out(&mut self, mut functions: KVVec<PciFunction>) -> Result {
        for function in functions.iter_mut() {
            // What binds to a group that is owned manages DMA itself (pci-stub, vfio-pci), and does
            // not take the group away.
            if function.group.is_some_and(|group| self.owns(group)) {
                function.driver = false;
            }
        }
        self.arrived.reserve(ROOM, GFP_KERNEL)?;
        self.slipped.reserve(ROOM, GFP_KERNEL)?;
        self.departing.reserve(ROOM, GFP_KERNEL)?;
        let policy = self.policy.clone();
        let sheet = Sheet::<KernelLists>::of(&parse_policy(policy.as_deref()))?;
        let wanted = self.wanted(&sheet.statements(), &functions)?;
        self.held.reserve(wanted.len(), GFP_KERNEL)?;
        self.charges.reserve(wanted.len())?;
        let mut missed = KVVec::with_capacity(wanted.len(), GFP_KERNEL)?;
        self.released.reserve(functions.len(), GFP_KERNEL)?;
        for one in wanted.iter().filter(|one| matches!(one.want, Want::Leave)) {
            self.release(one.group, &functions);
        }
        let mut spent = Spent::NOTHING;
        for one in &wanted {
            let (held, want) = match one.want {
                Want::Leave => continue,
                Want::Miss(why) => (Err(why), None),
                Want::Block => (self.hold(one), None),
                Want::Confine(confinement) => (self.hold(one), Some(confinement)),
            };
            if let Err(why) = held {
                let id = one.group;
                let why = match why {
                    Trouble::Taken if self.is_stopped(id, &functions) => Trouble::Elsewhere,
                    why => why,
                };
                // There is room for all.
                let _ = missed.push(Missed { id, why }, GFP_KERNEL);
                continue;
            }
            let Some(held) = self.held.iter_mut().find(|held| held.id == one.group) else {
                continue;
            };
            match want {
                // To try would switch it on again, if for a moment only.
                Some(_) if held.trouble == Some(Trouble::Ats) && !self.changed => {}
                Some(confinement) => held.confine(&confinement, &mut spent),
                None => held.block(None),
            }
            held.reason = one.reason;
            // The one before may be gone.
            held.first = one.first;
        }
        self.missed = missed;
        if spent.is_something() {
            self.spent = spent;
        }
        self.unpin();
        Ok(())
    }

    /// What becomes of each group that can be told.
    fn wanted<'s>(
        &self,
        statements: &Statements<'s>,
        functions: &[PciFunction],
    ) -> Result<KVVec<Wanted<'s>>> {
        let mut wanted = KVVec::new();
        let mut result = Ok(());
        let departs = |group: u32| {
            let mut members = functions.iter().filter(|one| one.group == Some(group));
            members.any(|one| self.departing.contains(&address(one)))
        };
        let situation = self.situation();
        // Otherwise the driver that counts is a neighbour's.
        let slipped = |group: u32| {
            let mut members = functions.iter().filter(|one| one.group == Some(group));
            members.all(|one| !one.driver || situation.is_bridge(one) || situation.has_slipped(one))
        };
        plan::groups_of(statements, functions, &situation, |plan| {
            let Some(group) = plan.group.filter(|group| !departs(*group)) else {
                return;
            };
            let want = match plan.action {
                Action::Leave => Want::Leave,
                Action::Refuse if slipped(group) => Want::Miss(Trouble::Slipped),
                Action::Refuse => Want::Miss(Trouble::Beside),
                // What is owned already is not let go to be taken again.
                Action::Block(Phase::Settle) if !self.settled && !self.owns(group) => {
                    Want::Leave
                }
                Action::Block(_) => Want::Block,
                Action::Confine(confinement) => Want::Confine(confinement),
            };
            let one = Wanted {
                group,
                first: plan.first,
                want,
                reason: plan.reason,
            };
            if wanted.push(one, GFP_KERNEL).is_err() {
                result = Err(ENOMEM);
            }
        });
        result.map(|()| wanted)
    }

    /// Owns a group, if it does not yet.
    fn hold(&mut self, one: &Wanted<'_>) -> Result<(), Trouble> {
        if self.owns(one.group) {
            return Ok(());
        }
        self.claim(one.group, one.first, one.reason)
    }

    fn claim(&mut self, id: u32, first: Address, reason: &'static str) -> Result<(), Trouble> {
        if self.pin.is_none() {
            self.pin = Some(Reference::take().ok_or(Trouble::Busy)?);
        }
        self.held
            .reserve(1, GFP_KERNEL)
            .map_err(|_| Trouble::Memory)?;
        let group = Group::of(place(first)).filter(|group| group.id() == Some(id));
        let group = group.ok_or(Trouble::Busy)?;
        let identity = group.is_identity();
        let claim = group.claim().map_err(Trouble::of_claim)?;
        // A driver that gets it after its release was given it.
        self.slipped.retain(|one| *one != first);
        let held = Held::new(id, first, identity, claim, reason);
        // There is room; without it the group would stay blocked.
        self.held.push(held, GFP_KERNEL).map_err(|_| Trouble::Memory)
    }

    fn release(&mut self, group: u32, functions: &[PciFunction]) {
        let Some(held) = self.find(group).and_then(|at| self.held.remove(at).ok()) else {
            return;
        };
        held.release();
        // A bridge was not taken from a driver; while one is asked about it (shpchp) it has the group, and
        // what arrives behind it could not be blocked.
        let ours = |one: &&PciFunction| one.group == Some(group) && !one.bridge;
        for one in functions.iter().filter(ours) {
            // There is room for all.
            let _ = self.released.push(address(one), GFP_KERNEL);
        }
    }

    fn unpin(&mut self) {
        if self.held.is_empty() {
            self.pin = None;
        }
    }

    /// A function came: it is blocked before any driver can probe it, if the policy wants that, and
    /// so is a confined group that it joined.
    pub(super) fn arrive(
        &mut self,
        at: Address,
        group: Option<u32>,
        path: Option<&DevicePath>,
        bridge: bool,
    ) {
        if self.arrived.push(at, GFP_KERNEL).is_err() {
            pr_warn!("no memory to note that {} came\n", name(at).as_str());
        }
        let held = |held: &&mut Held| Some(held.id) == group;
        if let Some(held) = self.held.iter_mut().find(held) {
            let (name, id) = (name(at), held.id);
            let name = name.as_str();
            // Alone in it, it was found and confined before its arrival was told.
            if held.members() > 1 {
                if held.windows().is_some() {
                    held.block(Some(Trouble::Joined));
                    pr_alert!("{name} joined the confined group {id}: the group is blocked\n");
                } else {
                    // A look at all groups may have found it before this, and taken the group's windows.
                    pr_info!("{name} joined group {id}, which is blocked\n");
                }
            }
            return;
        }
        if bridge {
            return;
        }
        let policy = self.policy.clone();
        let policy = parse_policy(policy.as_deref());
        let Some(reason) = plan::blocks_arrival(&policy, at, path, self.quarantine) else {
            return;
        };
        let Some(group) = group else {
            pr_alert!(
                "{} arrived in no IOMMU group: nothing can block it\n",
                name(at).as_str()
            );
            return;
        };
        if let Err(why) = self.claim(group, at, reason) {
            pr_alert!(
                "{} arrived and could not be blocked: {}\n",
                name(at).as_str(),
                why.words()
            );
            // There is room. A driver that takes it now would count as its own at the next look at all groups.
            let _ = self.slipped.push(at, GFP_KERNEL);
            // Without memory for the note the next look at all groups finds it again.
            let _ = self.missed.push(Missed { id: group, why }, GFP_KERNEL);
        }
        self.unpin();
    }

    /// A function is about to go. Its group is given back with its last member: the kernel warns of
    /// one that is owned beyond that.
    pub(super) fn leave(&mut self, at: Address, group: Option<u32>) {
        if self.departing.push(at, GFP_KERNEL).is_err() {
            pr_warn!("no memory to note that {} goes\n", name(at).as_str());
        }
        let index = group.and_then(|group| self.find(group));
        let last = index.and_then(|index| self.held.get(index).map(|held| (index, held.members())));
        if let Some((index, 0 | 1)) = last {
            if let Ok(held) = self.held.remove(index) {
                held.release();
            }
            self.unpin();
        }
    }

    /// A function is gone.
    pub(super) fn forget(&mut self, at: Address) {
        self.departing.retain(|one| *one != at);
        self.arrived.retain(|one| *one != at);
        self.slipped.retain(|one| *one != at);
        self.released.retain(|one| *one != at);
    }
}
