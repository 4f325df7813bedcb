// SPDX-License-Identifier: GPL-2.0

//! IOMMU groups: the unit that can be blocked or confined.

use super::statements::{Confinement, Statements};
use super::surroundings::{address, functions, path, Nothing, Surroundings};
use crate::verify::facts::PciFunction;
use crate::verify::policy::{Address, Arrivals, DevicePath, Exception, Policy, Unbound};

/// When something happens to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// When the policy comes in force: for groups there, at once.
    Load,
    /// At the end of boot.
    Settle,
    /// When the device arrives, before a driver can probe it.
    Arrival,
}

impl Phase {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Settle => "settle",
            Self::Arrival => "arrival",
        }
    }
}

/// What becomes of a group.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// Nothing.
    Leave,
    /// It reaches nothing from `Phase` on.
    Block(Phase),
    /// It reaches the windows of a compartment.
    Confine(Confinement<'a>),
    /// The policy wants it blocked, and nothing can block it.
    Refuse,
}

impl Action<'_> {
    /// The words in reports.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Leave => "leave",
            Self::Block(Phase::Load) => "block at load",
            Self::Block(Phase::Settle) => "block at settle",
            Self::Block(Phase::Arrival) => "block on arrival",
            Self::Confine(_) => "confine",
            Self::Refuse => "cannot block",
        }
    }
}

/// What a policy does with a group, and why.
#[derive(Clone, Copy, Debug)]
pub struct GroupPlan<'a> {
    /// Its number; `None` for a function that is in no group.
    pub group: Option<u32>,
    /// Its first function.
    pub first: Address,
    /// How many functions it has.
    pub members: usize,
    /// What becomes of it.
    pub action: Action<'a>,
    /// Why, in words.
    pub reason: &'static str,
}

/// Class codes, bits 23:16.
const CLASS_DISPLAY: u32 = 0x03;
const CLASS_BRIDGE: u32 = 0x06;

/// Whether a function only carries the traffic of others, or is the chipset itself.
pub(super) const fn is_bridge(function: &PciFunction) -> bool {
    function.bridge || function.class >> 16 == CLASS_BRIDGE
}

/// What else than policy and functions decides.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// The functions that came after the module was loaded.
    pub arrived: &'a [Address],
    /// The policy does not accept the verdict and wants quarantine then: everything is blocked that
    /// can be, whatever its other statements say.
    pub quarantine: bool,
    /// Functions that caused more faults than their budget: no compartment is for them. By address, because
    /// one that goes and comes back gets another group.
    pub over_budget: &'a [Address],
    /// Functions that should have been blocked when they came, and could not be: a driver may have been first.
    pub slipped: &'a [Address],
}

impl Situation<'_> {
    /// Nothing came, and nothing is amiss.
    pub const CALM: Situation<'static> = Situation {
        arrived: &[],
        quarantine: false,
        over_budget: &[],
        slipped: &[],
    };

    /// Whether a function counts as an arrival: what it says of itself was chosen by who brought it.
    pub fn is_foreign(&self, function: &PciFunction) -> bool {
        function.untrusted || function.virtual_function || self.arrived.contains(&address(function))
    }

    /// Whether a driver has a function that should have been blocked before it could.
    pub fn has_slipped(&self, function: &PciFunction) -> bool {
        function.driver && self.slipped.contains(&address(function))
    }

    fn is_over_budget(&self, function: &PciFunction) -> bool {
        self.over_budget.contains(&address(function))
    }

    /// Whether a function is left out as a display.
    pub fn is_display(&self, function: &PciFunction) -> bool {
        function.class >> 16 == CLASS_DISPLAY && !self.is_foreign(function)
    }

    /// Whether a function is left out as a bridge: by its header, which the kernel goes by as well; by
    /// its class only where that can be believed.
    pub fn is_bridge(&self, function: &PciFunction) -> bool {
        function.bridge || (is_bridge(function) && !self.is_foreign(function))
    }
}

/// What `policy` does with each group, in the order of their first functions.
///
/// # Errors
///
/// Why the functions are not known.
pub fn groups<'s>(
    statements: &Statements<'s>,
    surroundings: &dyn Surroundings,
    each: impl FnMut(&GroupPlan<'s>),
) -> Result<(), Nothing> {
    let facts = surroundings.facts();
    groups_of(statements, functions(&facts)?, &Situation::CALM, each);
    Ok(())
}

/// What `policy` does with each group of `all` functions, in the order of their first ones.
pub fn groups_of<'s>(
    statements: &Statements<'s>,
    all: &[PciFunction],
    situation: &Situation<'_>,
    mut each: impl FnMut(&GroupPlan<'s>),
) {
    for (position, first) in all.iter().enumerate() {
        let same = |other: &&PciFunction| other.group.is_some() && other.group == first.group;
        if all.iter().take(position).any(|other| same(&other)) {
            continue;
        }
        let alone = core::slice::from_ref(first);
        let (action, reason, members) = if first.group.is_some() {
            let members = || all.iter().filter(same);
            let (action, reason) = decide(statements, all, situation, members);
            (action, reason, members().count())
        } else {
            let (action, reason) = decide(statements, all, situation, || alone.iter());
            (action, reason, 1)
        };
        each(&GroupPlan {
            group: first.group,
            first: address(first),
            members,
            action,
            reason,
        });
    }
}

const UNACCEPTABLE: &str = "the policy does not accept the verdict";
const NAMED: &str = "a compartment names it";

fn decide<'s, 'f, I: Iterator<Item = &'f PciFunction>>(
    statements: &Statements<'s>,
    all: &[PciFunction],
    situation: &Situation<'_>,
    members: impl Fn() -> I,
) -> (Action<'s>, &'static str) {
    let (policy, quarantine) = (statements.policy(), situation.quarantine);
    let named = |member| statements.of_device(address(member));
    if let Some(confinement) = members().find_map(named) {
        let block = Action::Block(Phase::Load);
        return if quarantine {
            (block, UNACCEPTABLE)
        } else if members().count() != 1 {
            (
                block,
                "a compartment names it, and it is not alone in its group",
            )
        } else if members().any(|member| situation.is_over_budget(member)) {
            (block, "it caused more faults than the policy's budget")
        } else {
            (Action::Confine(confinement), NAMED)
        };
    }
    let foreign = |member: &PciFunction| situation.is_foreign(member);
    let devices = || members().filter(|member| !situation.is_bridge(member));
    if devices().next().is_none() {
        return (Action::Leave, "bridges only");
    }
    let arrivals = quarantine || policy.arrivals() == Arrivals::Quarantine;
    if devices().any(|member| member.driver) {
        // It reaches whatever the neighbour's driver maps, with a driver of its own or without.
        let intrudes = |member: &PciFunction| {
            let at = address(member);
            let neighbour = |other: &PciFunction| {
                other.driver && address(other) != at && !situation.has_slipped(other)
            };
            foreign(member)
                && devices().any(neighbour)
                && (quarantine || !is_allowed(statements, all, member, true))
        };
        let slipped = |member: &PciFunction| {
            situation.has_slipped(member)
                && (quarantine || !is_allowed(statements, all, member, true))
        };
        return if arrivals && devices().any(intrudes) {
            (
                Action::Refuse,
                "it counts as an arrival, and a driver has another function of its group",
            )
        } else if arrivals && devices().any(slipped) {
            (
                Action::Refuse,
                "it arrived and could not be blocked before a driver had it",
            )
        } else {
            (Action::Leave, "a driver has it")
        };
    }
    if devices().any(|member| situation.is_display(member)) {
        return (Action::Leave, "a display: only a compartment takes one");
    }
    if !quarantine && devices().all(|member| is_allowed(statements, all, member, foreign(member))) {
        return (Action::Leave, "the policy makes an exception");
    }
    let (phase, reason) = if arrivals && devices().any(foreign) {
        (Phase::Load, "it counts as an arrival, and has no driver")
    } else if quarantine {
        (Phase::Settle, UNACCEPTABLE)
    } else if policy.unbound() == Unbound::Quarantine {
        (Phase::Settle, "no driver has it")
    } else {
        return (Action::Leave, "the policy leaves it");
    };
    if members().any(|member| member.group.is_none()) {
        return (Action::Refuse, "no IOMMU group: nothing stands in its way");
    }
    (Action::Block(phase), reason)
}

/// Whether an exception is for a function that is there. What it says it is counts only for one that
/// was there at boot and is trusted: whoever brings a device chooses its ids.
fn is_allowed(
    statements: &Statements<'_>,
    all: &[PciFunction],
    function: &PciFunction,
    foreign: bool,
) -> bool {
    let mut allows = statements.allows().iter();
    allows.any(|allow| match allow.exception {
        Exception::Ids(vendor, device) => {
            !foreign && (vendor, device) == (function.vendor, function.device)
        }
        Exception::Path(excepted) => path(all, function) == Some(excepted),
    })
}

/// What `policy` does with a device that arrives at the end of `path`, when that is known.
pub fn arrival(policy: &Policy<'_>, path: Option<&DevicePath>) -> (Action<'static>, &'static str) {
    if policy.arrivals() == Arrivals::Allow {
        return (Action::Leave, "the policy lets devices arrive");
    }
    let excepted = path.is_some_and(|path| {
        policy
            .allows()
            .any(|allow| allow.exception == Exception::Path(*path))
    });
    if excepted {
        (Action::Leave, "the policy makes an exception for its path")
    } else {
        (Action::Block(Phase::Arrival), "it arrives")
    }
}

/// Why a function at `at` that arrives at the end of `path` is blocked before a driver is asked; `None` when it
/// is not. `quarantine` is that of a [`Situation`].
pub fn blocks_arrival(
    policy: &Policy<'_>,
    at: Address,
    path: Option<&DevicePath>,
    quarantine: bool,
) -> Option<&'static str> {
    let mut devices = policy.compartments().flat_map(|one| one.devices());
    if quarantine {
        Some(UNACCEPTABLE)
    } else if devices.any(|device| device.address == at) {
        Some(NAMED)
    } else {
        let (action, reason) = arrival(policy, path);
        matches!(action, Action::Block(_)).then_some(reason)
    }
}
