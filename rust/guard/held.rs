// SPDX-License-Identifier: GPL-2.0

//! A group that launchguard owns, and the exact list of what it reaches.

use super::spent::Spent;
use crate::decode::text::Text;
use crate::plan::{between, ends, Confinement};
use crate::sys::iommu::{Claim, Confined, Domain};
use crate::verify::policy::{Address, Window, MAX_LABEL};
use kernel::prelude::*;
use kernel::time::Instant;

/// Why a group is not as the policy wants it. Its devices are blocked meanwhile, if it is owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A driver has it, or somebody else owns it.
    Taken,
    /// Its firmware forbids to block it (RMRR).
    Forbidden,
    /// It could not be claimed or attached just now.
    Busy,
    /// There was no memory.
    Memory,
    /// There could be no domain for it.
    Domain,
    /// The domain could not be attached.
    Attach,
    /// A window could not be mapped.
    Map,
    /// A window could not be taken back whole.
    Unmap,
    /// Its translated requests would pass windows by.
    Ats,
    /// Another function joined the group.
    Joined,
    /// It arrived in a group that a neighbour's driver has.
    Beside,
    /// It arrived, could not be blocked at once, and a driver came first.
    Slipped,
    /// Somebody else owns it, and it reaches nothing: a module that was removed by force, for one.
    Elsewhere,
}

impl Trouble {
    /// In words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Taken => "a driver or somebody else has the group",
            Self::Forbidden => "its firmware wants memory of its own (RMRR): it cannot be blocked",
            Self::Busy => "the group was busy",
            Self::Memory => "there was no memory for its domain",
            Self::Domain => "there could be no domain for it",
            Self::Attach => "its domain could not be attached",
            Self::Map => "a window could not be mapped",
            Self::Unmap => "a window could not be taken back whole",
            Self::Ats => "its address translation services are on, or came on with the domain",
            Self::Joined => "another function joined the confined group",
            Self::Beside => "it arrived where a driver has its group, which could not be blocked",
            Self::Slipped => "it arrived and could not be blocked before a driver had it",
            Self::Elsewhere => "somebody else owns the group, and it reaches nothing",
        }
    }

    /// What to do about it.
    pub(crate) const fn remedy(self) -> &'static str {
        match self {
            Self::Taken => "unbind what has the group; it is tried again by itself",
            Self::Forbidden => {
                "switch off in the firmware what needs that memory, or remove the device"
            }
            Self::Busy
            | Self::Memory
            | Self::Domain
            | Self::Attach
            | Self::Map
            | Self::Unmap => "none is needed: it is tried again by itself",
            Self::Ats => "boot with pci=noats",
            Self::Joined => "remove what joined the group",
            Self::Beside => {
                "remove it, or unbind the drivers of its group; it is tried again by itself"
            }
            Self::Slipped => "unbind its driver; it is tried again by itself",
            Self::Elsewhere => "reboot",
        }
    }

    /// Whether another attempt can end otherwise without a new policy.
    pub(crate) const fn passes(self) -> bool {
        !matches!(self, Self::Forbidden | Self::Ats | Self::Elsewhere)
    }

    /// Of a claim that failed.
    pub(super) fn of_claim(error: Error) -> Self {
        if error == EPERM {
            Self::Taken
        } else if error == EINVAL {
            Self::Forbidden
        } else if error == ENOMEM {
            Self::Memory
        } else {
            Self::Busy
        }
    }

    fn of_attach(error: Error) -> Self {
        if error == EACCES {
            Self::Ats
        } else if error == ENOMEM {
            Self::Memory
        } else if error == EBUSY {
            Self::Busy
        } else {
            Self::Attach
        }
    }

    fn of_map(error: Error) -> Self {
        if error == ENOMEM {
            Self::Memory
        } else {
            Self::Map
        }
    }
}

/// One call of iommu_map(), to be undone by one call of iommu_unmap(): parts of a superpage or a
/// range with a hole are not unmapped, silently.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// The address that the device uses.
    pub(crate) iova: u64,
    /// The physical address.
    pub(crate) base: u64,
    /// Bytes.
    pub(crate) size: u64,
    /// Whether the device may write.
    pub(crate) writable: bool,
}

impl Mapping {
    const fn of(window: &Window) -> Self {
        Self {
            iova: window.iova,
            base: window.base,
            size: window.size,
            writable: window.writable,
        }
    }

    fn put(&self, domain: &mut Domain) -> Result {
        domain.map(self.iova, self.base, self.size, self.writable)
    }
}

enum Hold {
    Blocked(Claim),
    Confined(Confined, KVVec<Mapping>),
    /// While it changes; never seen from outside.
    Changing,
}

/// An owned group.
pub(super) struct Held {
    /// Its number.
    pub(super) id: u32,
    /// Its first function.
    pub(super) first: Address,
    /// Its members get an identity domain when they are released.
    pub(super) identity: bool,
    /// Why the policy wants it so.
    pub(super) reason: &'static str,
    /// Why it is not as it should be.
    pub(super) trouble: Option<Trouble>,
    /// The compartment it is in.
    pub(super) compartment: Text<MAX_LABEL>,
    hold: Hold,
}

impl Held {
    /// A group that was just claimed: it is blocked.
    pub(super) fn new(
        id: u32,
        first: Address,
        identity: bool,
        claim: Claim,
        reason: &'static str,
    ) -> Self {
        Self {
            id,
            first,
            identity,
            reason,
            trouble: None,
            compartment: Text::EMPTY,
            hold: Hold::Blocked(claim),
        }
    }

    /// How many functions are in it now.
    pub(super) fn members(&self) -> usize {
        match &self.hold {
            Hold::Blocked(claim) => claim.members(),
            Hold::Confined(confined, _) => confined.members(),
            Hold::Changing => 0,
        }
    }

    /// What it reaches; `None` when it is blocked.
    pub(super) fn windows(&self) -> Option<&[Mapping]> {
        match &self.hold {
            Hold::Confined(_, ledger) => Some(ledger),
            Hold::Blocked(_) | Hold::Changing => None,
        }
    }

    /// Blocks it, whatever it was.
    pub(super) fn block(&mut self, trouble: Option<Trouble>) {
        let hold = core::mem::replace(&mut self.hold, Hold::Changing);
        self.hold = match hold {
            Hold::Confined(confined, _) => Hold::Blocked(confined.block()),
            hold => hold,
        };
        self.trouble = trouble;
        self.compartment = Text::EMPTY;
    }

    /// Lets it reach the windows of `confinement` and nothing else. Windows that it has already are
    /// not touched; those that are gone are taken back before new ones are given. On any failure it
    /// is blocked and its trouble says why. What that takes is added to `spent`.
    pub(super) fn confine(&mut self, confinement: &Confinement<'_>, spent: &mut Spent) {
        let hold = core::mem::replace(&mut self.hold, Hold::Changing);
        let (hold, trouble) = match hold {
            Hold::Blocked(claim) => enclose(claim, confinement.windows, spent),
            Hold::Confined(confined, ledger) => {
                adjust(confined, &ledger, confinement.windows, spent)
            }
            Hold::Changing => (Hold::Changing, None),
        };
        self.hold = hold;
        self.trouble = trouble;
        self.compartment = match trouble {
            None => Text::format(format_args!("{}", confinement.name)),
            Some(_) => Text::EMPTY,
        };
    }

    /// Stops its bus mastering and gives it back.
    pub(super) fn release(self) {
        match self.hold {
            Hold::Blocked(claim) => claim.release(),
            Hold::Confined(confined, _) => confined.block().release(),
            Hold::Changing => {}
        }
    }
}

/// A blocked group gets a domain with all windows in it.
fn enclose(claim: Claim, windows: &[Window], spent: &mut Spent) -> (Hold, Option<Trouble>) {
    let mut domain = match claim.domain() {
        Ok(domain) => domain,
        Err(error) if error == ENOMEM => return (Hold::Blocked(claim), Some(Trouble::Memory)),
        Err(_) => return (Hold::Blocked(claim), Some(Trouble::Domain)),
    };
    let Ok(mut ledger) = KVVec::with_capacity(windows.len(), GFP_KERNEL) else {
        return (Hold::Blocked(claim), Some(Trouble::Memory));
    };
    let begin = Instant::now();
    for window in windows {
        if let Err(trouble) = add(&mut domain, &mut ledger, Mapping::of(window)) {
            return (Hold::Blocked(claim), Some(trouble));
        }
    }
    spent.given.add(windows.len(), begin);
    match claim.confine(domain) {
        Ok(confined) => (Hold::Confined(confined, ledger), None),
        Err((claim, error)) => (Hold::Blocked(claim), Some(Trouble::of_attach(error))),
    }
}

/// A confined group gets other windows. They and the ledger are in the order of the addresses that the device
/// uses, so that one walk over what differs tells what goes, and another one what comes.
fn adjust(
    mut confined: Confined,
    ledger: &[Mapping],
    windows: &[Window],
    spent: &mut Spent,
) -> (Hold, Option<Trouble>) {
    // Before anything is changed; what is in force then is the policy's windows, one by one.
    let Ok(mut new) = KVVec::with_capacity(windows.len(), GFP_KERNEL) else {
        return (Hold::Blocked(confined.block()), Some(Trouble::Memory));
    };
    let (begin, mut taken) = (Instant::now(), 0_usize);
    let (head, tail) = ends(ledger, windows, |mapping, window| *mapping == Mapping::of(window));
    let going = between(ledger, head, tail);
    let coming = between(windows, head, tail);
    let mut wanted = coming.iter().peekable();
    for mapping in going {
        while wanted.next_if(|window| window.iova < mapping.iova).is_some() {}
        if wanted.peek().is_some_and(|window| Mapping::of(window) == *mapping) {
            continue;
        }
        if confined.domain().unmap(mapping.iova, mapping.size).is_err() {
            return (Hold::Blocked(confined.block()), Some(Trouble::Unmap));
        }
        taken = taken.saturating_add(1);
    }
    spent.taken.add(taken, begin);
    let (begin, mut given) = (Instant::now(), 0_usize);
    let first = between(ledger, 0, ledger.len().saturating_sub(head));
    let last = between(ledger, ledger.len().saturating_sub(tail), 0);
    if new.extend_from_slice(first, GFP_KERNEL).is_err() {
        return (Hold::Blocked(confined.block()), Some(Trouble::Memory));
    }
    let mut kept = going.iter().peekable();
    for window in coming {
        let mapping = Mapping::of(window);
        while kept.next_if(|kept| kept.iova < mapping.iova).is_some() {}
        let result = match kept.peek() {
            Some(kept) if **kept == mapping => new.push(mapping, GFP_KERNEL).map_err(|_| Trouble::Memory),
            _ => {
                given = given.saturating_add(1);
                add(confined.domain(), &mut new, mapping)
            }
        };
        if let Err(trouble) = result {
            return (Hold::Blocked(confined.block()), Some(trouble));
        }
    }
    if new.extend_from_slice(last, GFP_KERNEL).is_err() {
        return (Hold::Blocked(confined.block()), Some(Trouble::Memory));
    }
    spent.given.add(given, begin);
    (Hold::Confined(confined, new), None)
}

/// Maps, and notes it: the ledger has room before anything is mapped.
fn add(domain: &mut Domain, ledger: &mut KVVec<Mapping>, mapping: Mapping) -> Result<(), Trouble> {
    ledger
        .reserve(1, GFP_KERNEL)
        .map_err(|_| Trouble::Memory)?;
    mapping.put(domain).map_err(Trouble::of_map)?;
    ledger
        .push(mapping, GFP_KERNEL)
        .map_err(|_| Trouble::Memory)
}
