// SPDX-License-Identifier: GPL-2.0

//! The running kernel.

use super::readable;
use crate::decode::bytes::Bytes;
use crate::decode::tboot::SharedPage;
use crate::plan::Tboot;
use crate::sys::boot::BootParams;
use crate::sys::params;
use crate::sys::power;
use crate::verify::facts::{loader_type, KernelFacts};
use kernel::prelude::*;

pub(super) fn read() -> KernelFacts {
    let boot = BootParams::read().ok();
    KernelFacts {
        tboot_addr: boot.map(|boot| boot.tboot_addr),
        loader_type: boot.map(|boot| loader_type(boot.type_of_loader, boot.ext_loader_type)),
        tboot_page: boot.and_then(|boot| is_tboot_page(boot.tboot_addr)),
        resumed_from_image: power::resumed_from_image(),
        rescue: Some(params::rescue()),
    }
}

fn is_tboot_page(address: u64) -> Option<bool> {
    if address == 0 {
        return Some(false);
    }
    shared_page(address).ok().map(|page| page.is_some())
}

/// What the page at `address` says, and nothing where it is not tboot's.
fn shared_page(address: u64) -> Result<Option<SharedPage>> {
    let size = u64::try_from(SharedPage::SIZE)?;
    let range = readable(address, size).map_err(|_| EINVAL)?;
    Ok(SharedPage::decode(Bytes::new(&range.copy()?)))
}

/// Where tboot lies, for a plan.
///
/// # Errors
///
/// ENOMEM: nothing was found out.
pub(crate) fn tboot() -> Result<Tboot> {
    let page = match BootParams::read() {
        Ok(boot) => boot.tboot_addr,
        Err(error) if error == ENOMEM => return Err(error),
        Err(_) => return Ok(Tboot::Unknown),
    };
    if page == 0 {
        return Ok(Tboot::Nowhere);
    }
    let shared = match shared_page(page) {
        Err(error) if error == ENOMEM => return Err(error),
        shared => shared.ok().flatten(),
    };
    Ok(Tboot::At { page, shared })
}
