// SPDX-License-Identifier: GPL-2.0
//! A machine with UEFI firmware and Secure Boot: shim and GRUB start the kernel from a disk.
//!
//! Firmware, its variables (with the owner's certificate among them) and the loaders are those of
//! Debian's packages: `packaging/secure-boot` puts them into a folder.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};

use crate::launch::Config;
use crate::qemu::files;

/// The firmware.
const CODE: &str = "code.fd";
/// Its variables, of which each machine has a copy to write to.
const VARIABLES: &str = "variables.fd";
/// The disk, made of a folder by QEMU.
const DISK: &str = "esp";
/// Loaders, and where the firmware and shim look for them.
const LOADERS: [(&str, &str); 2] = [
    ("shimx64.efi", "EFI/BOOT/BOOTX64.EFI"),
    ("grubx64.efi", "EFI/BOOT/grubx64.efi"),
];
/// Where Debian's signed GRUB looks for its configuration.
const GRUB: &str = "EFI/debian/grub.cfg";

/// Puts the firmware and a disk with kernel and RAM disk into the machine's folder, where these are.
pub fn prepare(config: &Config, folder: &Path) -> Result<()> {
    let from = &config.secure_boot;
    ensure!(
        from.join(CODE).is_file(),
        "{}: there is no firmware; make secure-boot prepares it",
        from.display()
    );
    let put = |name: &str, target: &str| {
        let target = folder.join(target);
        let parent = target.parent().context("a file has a folder")?;
        fs::create_dir_all(parent)?;
        let source = from.join(name);
        fs::copy(&source, &target).with_context(|| source.display().to_string())?;
        anyhow::Ok(())
    };
    put(CODE, CODE)?;
    put(VARIABLES, VARIABLES)?;
    for (name, target) in LOADERS {
        put(name, &format!("{DISK}/{target}"))?;
    }
    fs::create_dir_all(folder.join(DISK).join("EFI/debian"))?;
    fs::write(folder.join(DISK).join(GRUB), menu(config)?)?;
    for name in [files::KERNEL, files::INITRD] {
        let source = folder.join(name);
        if source.exists() {
            fs::copy(&source, folder.join(DISK).join(name))?;
        }
    }
    Ok(())
}

/// GRUB's configuration.
fn menu(config: &Config) -> Result<String> {
    let args = &config.kernel_args;
    ensure!(
        args.chars()
            .all(|letter| letter.is_ascii_alphanumeric() || " =.,_-:/+".contains(letter)),
        "GRUB would read more than words in {args:?}"
    );
    let mut text = format!("linux /{} {args}\n", files::KERNEL);
    if config.initrd.is_some() {
        text.push_str(&format!("initrd /{}\n", files::INITRD));
    }
    text.push_str("boot\n");
    Ok(text)
}

/// QEMU's arguments. Debian's firmware with Secure Boot keeps its variables from the kernel by system
/// management mode, and refuses to start without it.
pub fn arguments(c: &mut Command) {
    c.args(["-machine", "smm=on"]);
    c.args(["-global", "driver=cfi.pflash01,property=secure,value=on"]);
    c.args(["-global", "ICH9-LPC.disable_s3=1"]);
    for (unit, file) in [(0, CODE), (1, VARIABLES)] {
        let readonly = if unit == 0 { "on" } else { "off" };
        let flash = format!("if=pflash,unit={unit},format=raw,file={file},readonly={readonly}");
        c.args(["-drive", &flash]);
    }
    let disk = format!("if=none,id=esp,format=raw,file=fat:{DISK},readonly=on");
    c.args(["-drive", &disk]);
    c.args(["-device", "virtio-blk-pci,drive=esp,bootindex=0"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_menu_holds_words_only() {
        let mut config = Config {
            kernel_args: "console=ttyS0 nopti".into(),
            initrd: Some("x".into()),
            ..Config::default()
        };
        let expected = "linux /kernel console=ttyS0 nopti\ninitrd /initrd\nboot\n";
        assert_eq!(menu(&config).unwrap(), expected);
        config.kernel_args = "a; halt".into();
        assert!(menu(&config).is_err());
    }
}
