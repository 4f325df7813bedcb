// SPDX-License-Identifier: GPL-2.0

//! Ownership of IOMMU groups, and domains of our own.
//!
//! The types say what is in force: a [`Group`] is known, a [`Claim`] is owned and blocked, a
//! [`Confined`] is owned and attached to a domain. Dropping a claim gives nothing back: its devices
//! stay blocked. Everything here sleeps.

use super::bindings;
use core::mem::ManuallyDrop;
use core::ptr::{null_mut, NonNull};
use kernel::error::to_result;
use kernel::prelude::*;

/// Memory that the kernel maps one to one for a group.
pub(crate) use bindings::lg_direct as Direct;

/// Most regions of one group that are read.
const MAX_DIRECT: usize = 32;

/// Where a PCI function is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Segment.
    pub(crate) segment: u32,
    /// Bus.
    pub(crate) bus: u8,
    /// Device in bits 7:3, function in bits 2:0.
    pub(crate) devfn: u8,
}

impl Place {
    pub(super) const fn of(raw: &bindings::lg_address) -> Self {
        Self {
            segment: raw.segment,
            bus: raw.bus,
            devfn: raw.devfn,
        }
    }

    const fn raw(self) -> bindings::lg_address {
        bindings::lg_address {
            segment: self.segment,
            bus: self.bus,
            devfn: self.devfn,
        }
    }
}

/// A reference on an IOMMU group.
///
/// # Invariants
///
/// `raw` is a reference that this value owns.
pub(crate) struct Group {
    raw: NonNull<bindings::iommu_group>,
}

// SAFETY: A group may be used and put from any task.
unsafe impl Send for Group {}

impl Group {
    /// The group of the function at `place`; `None` when there is no such function or group.
    pub(crate) fn of(place: Place) -> Option<Self> {
        let at = place.raw();
        // SAFETY: `at` is valid for the call.
        let raw = unsafe { bindings::lg_group_get(&raw const at) };
        // INVARIANT: The call returned a reference of its own, or NULL.
        NonNull::new(raw).map(|raw| Self { raw })
    }

    /// The group of the function that uses `requester`, or has it as an alias.
    pub(super) fn of_requester(segment: u32, requester: u16) -> Option<Self> {
        // SAFETY: Any value will do.
        let raw = unsafe { bindings::lg_group_of_requester(segment, requester) };
        // INVARIANT: The call returned a reference of its own, or NULL.
        NonNull::new(raw).map(|raw| Self { raw })
    }

    const fn as_raw(&self) -> *mut bindings::iommu_group {
        self.raw.as_ptr()
    }

    /// Its number.
    pub(crate) fn id(&self) -> Option<u32> {
        // SAFETY: The group is valid, by the invariant.
        u32::try_from(unsafe { bindings::lg_group_id(self.as_raw()) }).ok()
    }

    /// Whether its members get, or have, an identity domain: that of its first one, which is the
    /// default domain as long as nobody owns the group.
    pub(crate) fn is_identity(&self) -> bool {
        // SAFETY: The group is valid, by the invariant.
        unsafe { bindings::lg_group_identity(self.as_raw()) != 0 }
    }

    /// Calls `each` with the memory that the kernel maps one to one for the members. Allocates for each of them.
    ///
    /// # Errors
    ///
    /// ENOMEM, EOVERFLOW for more than 32 regions, and those of `each`.
    pub(crate) fn direct(&self, each: impl FnMut(&Direct) -> Result) -> Result {
        let mut regions: [Direct; MAX_DIRECT] = Default::default();
        let mut count = 0;
        // SAFETY: The group is valid, by the invariant; `regions` has room for as many as the call is told, and
        // `count` is valid for writing.
        to_result(unsafe {
            bindings::lg_group_direct(
                self.as_raw(),
                regions.as_mut_ptr(),
                MAX_DIRECT,
                &raw mut count,
            )
        })?;
        let found = regions.get(..count).ok_or(EOVERFLOW)?;
        found.iter().try_for_each(each)
    }

    /// Takes ownership: the members reach nothing from then on, and ordinary drivers cannot probe.
    ///
    /// # Errors
    ///
    /// EPERM when a driver or somebody else has it, EINVAL when its firmware forbids to block it.
    pub(crate) fn claim(self) -> Result<Claim> {
        // SAFETY: The group is valid, by the invariant.
        to_result(unsafe { bindings::lg_group_claim(self.as_raw()) })?;
        // INVARIANT: Claimed just now.
        Ok(Claim {
            group: ManuallyDrop::new(self),
        })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // SAFETY: The reference is owned, by the invariant.
        unsafe { bindings::lg_group_put(self.as_raw()) };
    }
}

/// An owned group, blocked.
///
/// # Invariants
///
/// The group is owned by this module, and by this value only.
pub(crate) struct Claim {
    /// Kept for ever unless the claim is released: a group that is forgotten stays blocked.
    group: ManuallyDrop<Group>,
}

impl Claim {
    /// How many members the group has.
    pub(crate) fn members(&self) -> usize {
        // SAFETY: The group is valid.
        unsafe { bindings::lg_group_members(self.group.as_raw()) }
    }

    /// Stops the members' bus mastering and gives the group back: it gets its default domain.
    pub(crate) fn release(self) {
        // SAFETY: The group is owned, by the invariant, and not any more after this.
        unsafe { bindings::lg_group_release(self.group.as_raw()) };
        drop(ManuallyDrop::into_inner(self.group));
    }

    /// A domain for the members that maps nothing yet.
    ///
    /// # Errors
    ///
    /// ENODEV for a group without members, else those of iommu_paging_domain_alloc().
    pub(crate) fn domain(&self) -> Result<Domain> {
        let mut raw = null_mut();
        // SAFETY: The group is valid, and `raw` valid for writing.
        to_result(unsafe { bindings::lg_domain_new(self.group.as_raw(), &raw mut raw) })?;
        // INVARIANT: The call has written a domain of the caller's.
        NonNull::new(raw).map(|raw| Domain { raw }).ok_or(ENODEV)
    }

    /// Whether translated requests of a member would pass by every domain.
    fn has_ats(&self) -> bool {
        // SAFETY: The group is valid.
        unsafe { bindings::lg_group_ats(self.group.as_raw()) != 0 }
    }

    /// Attaches the members to `domain`.
    ///
    /// # Errors
    ///
    /// The claim, blocked as before, and the kernel's error: EBUSY while a member is being reset,
    /// EACCES when its address translation services are on, or came on with the domain.
    pub(crate) fn confine(self, domain: Domain) -> Result<Confined, (Self, Error)> {
        if self.has_ats() {
            return Err((self, EACCES));
        }
        // SAFETY: Group and domain are valid, and the group is owned.
        let attached = to_result(unsafe {
            bindings::lg_domain_attach(domain.raw.as_ptr(), self.group.as_raw())
        });
        if let Err(error) = attached {
            return Err((self, error));
        }
        let confined = Confined {
            // INVARIANT: Attached just now; the claim beside it keeps the group.
            attachment: Attachment {
                group: self.group.raw,
                domain,
            },
            claim: self,
        };
        if confined.claim.has_ats() {
            return Err((confined.block(), EACCES));
        }
        Ok(confined)
    }
}

/// A domain of our own.
///
/// # Invariants
///
/// `raw` is a domain that this value owns.
pub(crate) struct Domain {
    raw: NonNull<bindings::iommu_domain>,
}

// SAFETY: A domain may be changed and freed from any task.
unsafe impl Send for Domain {}

impl Domain {
    /// Lets `size` bytes at `iova` reach those at `base`. The kernel checks neither what is there nor
    /// whether a device may see it: the plan does.
    ///
    /// # Errors
    ///
    /// EINVAL for no bytes, EADDRINUSE for addresses that are mapped, ERANGE for those beyond the
    /// aperture, ENXIO for what is no whole page, ENOMEM. Nothing is mapped then.
    pub(crate) fn map(&mut self, iova: u64, base: u64, size: u64, writable: bool) -> Result {
        if size == 0 {
            return Err(EINVAL);
        }
        // SAFETY: The domain is valid, and this is the only reference to it.
        to_result(unsafe {
            bindings::lg_domain_map(self.raw.as_ptr(), iova, base, size, writable)
        })
    }

    /// Takes back a range that one [`map`](Self::map) gave; it is out of reach on return.
    ///
    /// # Errors
    ///
    /// EIO when not all of it was unmapped.
    pub(crate) fn unmap(&mut self, iova: u64, size: u64) -> Result {
        // SAFETY: The domain is valid, and this is the only reference to it.
        let unmapped = unsafe { bindings::lg_domain_unmap(self.raw.as_ptr(), iova, size) };
        if unmapped == size {
            Ok(())
        } else {
            Err(EIO)
        }
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        // SAFETY: Owned, by the invariant, and attached to nothing: an attachment detaches first.
        unsafe { bindings::lg_domain_free(self.raw.as_ptr()) };
    }
}

/// What holds a domain to a group.
///
/// # Invariants
///
/// `domain` is attached to `group`, which is owned and stays valid.
struct Attachment {
    group: NonNull<bindings::iommu_group>,
    domain: Domain,
}

// SAFETY: As for the group and the domain.
unsafe impl Send for Attachment {}

impl Drop for Attachment {
    fn drop(&mut self) {
        // SAFETY: Attached, by the invariant. The domain is freed after this.
        unsafe { bindings::lg_domain_detach(self.domain.raw.as_ptr(), self.group.as_ptr()) };
    }
}

/// An owned group whose members reach what a domain maps. Dropping it blocks them.
pub(crate) struct Confined {
    // Before the claim: detached first.
    attachment: Attachment,
    claim: Claim,
}

impl Confined {
    /// The domain.
    pub(crate) fn domain(&mut self) -> &mut Domain {
        &mut self.attachment.domain
    }

    /// How many members the group has.
    pub(crate) fn members(&self) -> usize {
        self.claim.members()
    }

    /// Takes the domain away: the members reach nothing.
    pub(crate) fn block(self) -> Claim {
        let Self { attachment, claim } = self;
        drop(attachment);
        claim
    }
}

/// Lets drivers probe the function at `place`. No lock may be held.
pub(crate) fn probe(place: Place) {
    let at = place.raw();
    // SAFETY: `at` is valid for the call.
    unsafe { bindings::lg_function_probe(&raw const at) };
}
