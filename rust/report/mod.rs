// SPDX-License-Identifier: GPL-2.0

//! What others see. The only room that knows names of files and events; everything is taken from
//! the published snapshot, input goes to the engine.

mod debugfs;
mod events;
mod files;
mod table;

pub(crate) use debugfs::Tables;
pub(crate) use events::{announce, GUARD_OUTLETS};
pub(crate) use files::Report;
pub(crate) use table::GROUPS;

/// Name of the device, and of the directory in debugfs.
pub(crate) const NAME: &kernel::str::CStr = c"launchguard";
