// SPDX-License-Identifier: GPL-2.0

//! launchguard: was this system launched the way its owner measured it, and can a device reach
//! memory that it should not?
//!
//! Data flows one way: `sys` reads hardware, `decode` makes facts of bytes, `verify` a verdict of
//! facts; `engine` drives that, `guard` carries out what `plan` makes of a policy, and `report` shows
//! what they publish.

#[allow(
    clippy::enum_variant_names,
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "a library for the host too"
)]
mod decode;
mod engine;
mod guard;
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "a library for the host too"
)]
mod plan;
mod report;
mod sys;
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "a library for the host too"
)]
mod verify;

use engine::Engine;
use guard::Guard;
use kernel::prelude::*;
use kernel::sync::Arc;
use report::{Report, Tables};
use sys::device::Device;
use sys::notifier;
use sys::params;
use sys::power;
use sys::sysfs::Files;

module! {
    type: Launchguard,
    name: "launchguard",
    authors: ["launchguard maintainers"],
    description: "Verifies measured launches (Intel TXT)",
    license: "GPL",
}

/// The loaded module.
#[pin_data]
struct Launchguard {
    parts: Parts,
    #[pin]
    tables: Tables,
}

impl kernel::InPlaceModule for Launchguard {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            parts: Parts::start()?,
            tables <- Tables::new(parts.engine.clone()),
        }? Error)
    }
}

/// What has to start and to stop in a certain order.
struct Parts {
    watcher: Option<notifier::Registration<Engine>>,
    power: Option<power::Registration<Engine>>,
    files: Option<Files<Report>>,
    engine: Arc<Engine>,
    guard: Arc<Guard>,
}

impl Parts {
    fn start() -> Result<Self> {
        if params::rescue() {
            pr_alert!("rescue: policies are judged by, and nothing of them is carried out\n");
        }
        let device = Arc::new(Device::new(report::NAME)?, GFP_KERNEL)?;
        let guard = Guard::start(device.clone(), report::GUARD_OUTLETS)?;
        let engine = Engine::start(device.clone(), report::announce, guard.clone())?;
        let report = Report::new(engine.clone())?;
        let parts = Self {
            files: Some(Files::new(device, &report::GROUPS, report)?),
            power: Some(power::Registration::new(engine.clone())?),
            watcher: Some(notifier::Registration::new(engine.clone())?),
            engine,
            guard,
        };
        parts.guard.run();
        parts.engine.run();
        Ok(parts)
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        // Nothing new comes in, running work ends, then the files go. A file whose writer still
        // waits for work finds that it has stopped.
        self.watcher = None;
        self.power = None;
        self.engine.stop();
        self.guard.stop();
        self.files = None;
    }
}
