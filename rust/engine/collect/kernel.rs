// SPDX-License-Identifier: GPL-2.0

//! The running kernel.

use super::copy;
use crate::decode::bytes::Bytes;
use crate::decode::tboot::SharedPage;
use crate::plan::Tboot;
use crate::sys::boot::BootParams;
use crate::sys::power;
use crate::verify::facts::{loader_type, KernelFacts};

pub(super) fn read() -> KernelFacts {
    let boot = BootParams::read();
    KernelFacts {
        tboot_addr: boot.map(|boot| boot.tboot_addr),
        loader_type: boot.map(|boot| loader_type(boot.type_of_loader, boot.ext_loader_type)),
        tboot_page: boot.and_then(|boot| is_tboot_page(boot.tboot_addr)),
        resumed_from_image: power::resumed_from_image(),
    }
}

fn is_tboot_page(address: u64) -> Option<bool> {
    if address == 0 {
        return Some(false);
    }
    shared_page(address).map(|page| page.is_some())
}

/// What the page at `address` says, and nothing where it is not tboot's; `None`: it could not be read.
fn shared_page(address: u64) -> Option<Option<SharedPage>> {
    let bytes = copy(address, u64::try_from(SharedPage::SIZE).ok()?).ok()?;
    Some(SharedPage::decode(Bytes::new(&bytes)))
}

/// Where tboot lies, for a plan.
pub(crate) fn tboot() -> Tboot {
    match BootParams::read().map(|boot| boot.tboot_addr) {
        None => Tboot::Unknown,
        Some(0) => Tboot::Nowhere,
        Some(page) => Tboot::At {
            page,
            shared: shared_page(page).flatten(),
        },
    }
}
