// SPDX-License-Identifier: GPL-2.0
//! A complete Debian system as a machine: its disk, what is to be installed on it, and what it boots.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, ensure, Context, Result};
use ext4_view::Ext4;
use launchguard_bed::launch::{Config, TempFolder};

use super::place::Kernel;

/// What a boot loader would hand over for this disk. The kernel looks for a controller's namespaces side by side:
/// which is `nvme0n1` is not settled.
const ROOT: &str = "root=LABEL=root ro";
/// MiB of RAM.
const MEMORY: u32 = 2048;

/// A machine's own disk and what belongs to it; gone when it is dropped.
pub struct System {
    folder: TempFolder,
    release: String,
}

impl System {
    /// A copy of the disk that `scripts/sdk/disk` made, and another one with what is to be installed: a tar
    /// archive of the packages.
    pub fn new(checkout: &Path, kernel: &Kernel) -> Result<Self> {
        let system = Self {
            folder: TempFolder::new()?,
            release: kernel.release.clone(),
        };
        let output = Command::new(checkout.join("scripts/sdk/disk"))
            .arg("path")
            .output()
            .context("scripts/sdk/disk")?;
        let base = String::from_utf8(output.stdout)?;
        let base = Path::new(base.trim());
        ensure!(
            base.is_file(),
            "there is no system's disk yet: `make system` makes it"
        );
        // The holes stay holes.
        done(
            Command::new("cp")
                .arg("--sparse=always")
                .arg(base)
                .arg(system.disk()),
        )?;
        system.pack(checkout, kernel)?;
        Ok(system)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn disk(&self) -> PathBuf {
        self.at("disk.img")
    }

    fn payload(&self) -> PathBuf {
        self.at("payload.tar")
    }

    fn pack(&self, checkout: &Path, kernel: &Kernel) -> Result<()> {
        let packages = checkout.join("out/deb");
        let wanted = [
            "launchguard_".to_owned(),
            format!("launchguard-modules-{}_", kernel.release),
        ];
        let mut tar = Command::new("tar");
        tar.args(["--owner=root:0", "--group=root:0", "-C"])
            .arg(&packages)
            .arg("-cf")
            .arg(self.payload());
        for prefix in wanted {
            let entries =
                fs::read_dir(&packages).context("out/deb: `make deb` makes the packages")?;
            let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            let name = names.into_iter().find(|name| name.starts_with(&prefix));
            tar.arg(
                name.with_context(|| format!("out/deb: no {prefix}*.deb; `make deb` makes it"))?,
            );
        }
        done(&mut tar)
    }

    /// Gives the machine its disks and what is on them to boot.
    pub fn set_up(&self, config: &mut Config) -> Result<()> {
        config.kernel_args = format!("{ROOT} {}", config.kernel_args);
        config.memory_mib = config.memory_mib.max(MEMORY);
        config.work_dir = Some(self.at("machine"));
        for (path, more) in [
            (self.disk(), "if=none,id=root"),
            (self.payload(), "if=none,id=payload,readonly=on"),
        ] {
            let drive = format!("file={},format=raw,{more}", path.display());
            config.qemu_args.extend(["-drive".to_owned(), drive]);
        }
        // Namespaces of one controller: two of them are probed in any order.
        config.devices.extend([
            "nvme,id=controller,serial=launchguard".into(),
            "nvme-ns,drive=root,bus=controller,nsid=1".into(),
            "nvme-ns,drive=payload,bus=controller,nsid=2".into(),
        ]);
        self.take_images(config)
    }

    /// Takes kernel and RAM disk from the disk, which nobody else may use meanwhile.
    pub fn take_images(&self, config: &mut Config) -> Result<()> {
        let disk = self.disk();
        let place = || disk.display().to_string();
        let system = match Ext4::load_from_path(&disk) {
            Ok(system) => system,
            Err(error) => bail!("{}: {error}", place()),
        };
        let take = |name: String| -> Result<PathBuf> {
            let bytes = system.read(format!("/boot/{name}").as_str());
            let bytes = bytes.map_err(|error| anyhow::anyhow!("{}: {name}: {error}", place()))?;
            let path = self.at(&name);
            fs::write(&path, bytes)?;
            Ok(path)
        };
        config.kernel = take(format!("vmlinuz-{}", self.release))?;
        config.initrd = Some(take(format!("initrd.img-{}", self.release))?);
        Ok(())
    }
}

fn done(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("{:?}", command.get_program()))?;
    ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
