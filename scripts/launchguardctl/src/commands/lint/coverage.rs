// SPDX-License-Identifier: GPL-2.0

//! Which banks see a whole launch: what pins in references are worth.

use crate::commands::judge;
use crate::device::Device;
use anyhow::{bail, Context, Result};
use launchguard_evidence::Snapshot;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::verify::policy::Policy;
use std::path::Path;

/// The banks that cover a launch.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Whose launch, in words.
    pub source: String,
    banks: Vec<HashAlg>,
}

impl Coverage {
    /// That of the launch in the evidence `file`.
    ///
    /// # Errors
    ///
    /// When the evidence cannot be read, or its log leads to no PCR.
    pub fn of_file(file: &Path) -> Result<Self> {
        let source = file.display().to_string();
        match Self::read(file, source.clone())? {
            Some(coverage) => Ok(coverage),
            None => bail!("{source}: no log of a launch that could be replayed"),
        }
    }

    /// That of the machine whose module is at `sysfs`; `None` where there is no module, no launch, or
    /// where the caller may not look.
    pub fn of_machine(sysfs: &Path) -> Option<Self> {
        Device::open(sysfs).ok()?;
        Self::read(&sysfs.join("evidence"), "this machine".to_owned()).ok()?
    }

    fn read(file: &Path, source: String) -> Result<Option<Self>> {
        let bytes = judge::read(file)?;
        let snapshot = Snapshot::read(&bytes).with_context(|| file.display().to_string())?;
        let judged = snapshot.judge(&Policy::EMPTY, None);
        let replayed = |alg: &HashAlg| judged.replayed(*alg, 17).is_some();
        if !HashAlg::ALL.iter().any(replayed) {
            return Ok(None);
        }
        let banks = HashAlg::ALL.into_iter().filter(|alg| judged.covers(*alg));
        Ok(Some(Self {
            source,
            banks: banks.collect(),
        }))
    }

    /// Whether the bank of `alg` sees the whole launch.
    pub fn covers(&self, alg: HashAlg) -> bool {
        self.banks.contains(&alg)
    }

    /// The banks that do.
    pub fn names(&self) -> Vec<&'static str> {
        self.banks.iter().map(|alg| alg.name()).collect()
    }

    /// The same for a sentence.
    pub fn words(&self) -> String {
        if self.banks.is_empty() {
            "none".to_owned()
        } else {
            self.names().join(" ")
        }
    }
}
