// SPDX-License-Identifier: GPL-2.0
//! `launchguardctl predict`, on the host, against what the machine's TPM holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, ensure, Context, Result};
use launchguard_bed::launch::{Config, TempFolder};
use launchguard_bed::qemu::files;
use serde::Deserialize;
use serde_json::Value;

use super::engine::Surroundings;
use super::pins::{Pcrs, Pins};
use crate::runner::guest::Guest;
use crate::runner::ktap::Outcome;

/// Where the references go in the guest: the present launch and the predicted one.
const REFERENCES: &str = "/tmp/predicted";

/// See [`super::Step::Predict`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predict {
    /// What it shows.
    pub name: String,
    /// What the command is told of; the rest stays as in the log of the earlier launch.
    pub changed: Vec<Part>,
    /// Banks in which something must be predicted, and no others.
    pub banks: Vec<String>,
}

/// A part of a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// tboot and its command line.
    Tboot,
    /// The kernel and its command line.
    Kernel,
    /// The RAM disk.
    Initrd,
}

impl Predict {
    /// Predicts this machine's launch from the evidence of the one before it and from the images, and
    /// compares with `actual`. Then the same once more, with all of it in a GRUB configuration.
    pub fn run(
        &self,
        guest: &mut Guest,
        actual: &Pcrs,
        context: &Surroundings<'_>,
    ) -> Result<Outcome> {
        let command = context.checkout.join("out/launchguardctl");
        if !command.is_file() {
            return Ok(Outcome::Skip("make launchguardctl".into()));
        }
        let folder = TempFolder::new()?;
        let old = folder.path().join("old");
        let values = context.references.unwrap_or(actual);
        fs::write(&old, Pins::sha256().text(values)?)?;
        let predict = |arguments: &[String]| {
            let mut command = Command::new(&command);
            command.args(["--json", "predict", "--name", "next"]);
            command.arg("--evidence").arg(context.present);
            command.arg("--merge").arg(&old).args(arguments);
            let output = command.output().context("launchguardctl")?;
            ensure!(
                output.status.success(),
                "launchguardctl predict {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            );
            Ok(serde_json::from_slice::<Value>(&output.stdout)?)
        };
        let images = guest.machine().work_dir().to_owned();
        let named = predict(&self.named(&images, context.config))?;
        self.compare(&named, actual)?;
        let configuration = configuration(folder.path(), &images, context.config)?;
        let arguments = ["--grub".to_owned(), configuration.display().to_string()];
        self.compare(&predict(&arguments)?, actual)
            .context("by a GRUB configuration")?;
        let text = named["references"].as_str().context("no references")?;
        guest.put(REFERENCES, text.as_bytes())?;
        Ok(Outcome::Pass)
    }

    fn named(&self, images: &Path, config: &Config) -> Vec<String> {
        let file = |name: &str| images.join(name).display().to_string();
        let mut arguments = Vec::new();
        for part in &self.changed {
            let more: &[String] = &match part {
                Part::Tboot => vec![
                    "--tboot".into(),
                    file(files::TBOOT),
                    "--tboot-cmdline".into(),
                    config.tboot_args.clone(),
                ],
                Part::Kernel => vec![
                    "--kernel".into(),
                    file(files::KERNEL),
                    "--kernel-cmdline".into(),
                    config.kernel_args.clone(),
                ],
                Part::Initrd => vec!["--initrd".into(), file(files::INITRD)],
            };
            arguments.extend_from_slice(more);
        }
        arguments
    }

    fn compare(&self, predicted: &Value, actual: &Pcrs) -> Result<()> {
        let banks = predicted["banks"].as_object().context("no banks")?;
        let found: Vec<&String> = banks.keys().collect();
        ensure!(
            found.iter().copied().eq(&self.banks),
            "predicted in the banks {found:?}"
        );
        for bank in &self.banks {
            for pcr in [17, 18] {
                let value = banks[bank][pcr.to_string()].as_str();
                if value.is_none() || value != actual.get(bank, pcr) {
                    bail!(
                        "PCR {pcr} {bank} is {:?}, predicted was {value:?} with the changes {:#}",
                        actual.get(bank, pcr),
                        predicted["changes"]
                    );
                }
            }
        }
        Ok(())
    }
}

/// The machine as an entry of a GRUB configuration: `boot/grub/grub.cfg` in `folder`, with the images
/// in `boot`. The emulated firmware hands everything on as it is.
fn configuration(folder: &Path, images: &Path, config: &Config) -> Result<PathBuf> {
    let boot = folder.join("boot");
    fs::create_dir_all(boot.join("grub"))?;
    for file in [files::TBOOT, files::KERNEL, files::INITRD] {
        let image = images.join(file);
        let image = image
            .canonicalize()
            .with_context(|| image.display().to_string())?;
        std::os::unix::fs::symlink(image, boot.join(file))?;
    }
    let text = format!(
        "menuentry 'tboot' {{\n\tmultiboot2 /{} {}\n\tmodule2 --nounzip /{} {}\n\
         \tmodule2 --nounzip /{}\n}}\n",
        files::TBOOT,
        config.tboot_args,
        files::KERNEL,
        config.kernel_args,
        files::INITRD
    );
    let path = boot.join("grub/grub.cfg");
    fs::write(&path, text)?;
    Ok(path)
}
