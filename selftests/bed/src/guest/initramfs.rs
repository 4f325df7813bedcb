// SPDX-License-Identifier: GPL-2.0
//! Builds the initial RAM disk of a test machine: busybox, the independent readers of the
//! evidence (`tpm2_pcrread`, `tpm2_eventlog`, `txt-stat`), the module, the kselftests, and the
//! agent that takes the bed's commands.
//!
//! The result depends on nothing but its contents, so that two boots measure the same bytes.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{bail, ensure, Context, Result};

use super::cpio::Archive;

/// Programs taken from the toolchain root with the libraries they need.
const PROGRAMS: &[&str] = &[
    "/usr/bin/tpm2",
    "/usr/sbin/txt-stat",
    "/usr/sbin/kexec",
    "/usr/lib/x86_64-linux-gnu/libtss2-tcti-device.so.0",
];
/// Names under which `tpm2` is called.
const TPM2_NAMES: &[&str] = &["tpm2_pcrread", "tpm2_eventlog", "tpm2_pcrextend"];
/// Kernel modules that some scenarios need: a disk for kexec and hibernation, an ordinary driver that
/// takes any device it is told of, drivers that move data, a file system, VFIO, and a network card with
/// virtual functions and the driver of these.
const MODULES: &[&str] = &[
    "kernel/drivers/block/virtio_blk.ko",
    "kernel/lib/crc/crc16.ko",
    "kernel/fs/mbcache.ko",
    "kernel/fs/jbd2/jbd2.ko",
    "kernel/fs/ext4/ext4.ko",
    "kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko",
    "kernel/drivers/nvme/common/nvme-auth.ko",
    "kernel/drivers/nvme/common/nvme-keyring.ko",
    "kernel/drivers/nvme/host/nvme-core.ko",
    "kernel/drivers/nvme/host/nvme.ko",
    "kernel/drivers/vfio/pci/vfio-pci-core.ko",
    "kernel/drivers/vfio/pci/vfio-pci.ko",
    "kernel/drivers/vfio/vfio.ko",
    "kernel/drivers/vfio/vfio_iommu_type1.ko",
    "kernel/virt/lib/irqbypass.ko",
    "kernel/drivers/uio/uio.ko",
    "kernel/drivers/uio/uio_pci_generic.ko",
    "kernel/drivers/dca/dca.ko",
    "kernel/drivers/i2c/algos/i2c-algo-bit.ko",
    "kernel/drivers/net/ethernet/intel/igb/igb.ko",
    "kernel/drivers/net/ethernet/intel/igbvf/igbvf.ko",
];
/// Programs of the tests, compiled for the guest: their sources below `selftests`.
const OWN_PROGRAMS: &[&str] = &[
    "poll_verdict.c",
    "lib/clock.c",
    "lib/disk_verify.c",
    "lib/hammer.c",
    "lib/inject.c",
    "lib/rogue_rounds.c",
    "lib/rogue_storm.c",
    "lib/vfio_map.c",
    "lib/vfio_open.c",
];

/// What is at the beginning of each RAM disk, not compressed and read by nobody, for scenarios that change one byte.
const MARK: &str = "One byte of this may be changed.\n";

const INIT: &str = include_str!("init.sh");
const AGENT: &str = include_str!("agent.sh");

/// What goes into a RAM disk apart from the tools.
#[derive(Debug, Clone)]
pub struct Contents {
    /// The kernel's folder, `/usr/lib/modules/<release>`.
    pub kernel_modules: PathBuf,
    /// launchguard.ko; without it the machine has the tools only.
    pub module: Option<PathBuf>,
    /// refuse.ko, which some scenarios load beside it.
    pub refuse: Option<PathBuf>,
    /// measure.ko, which the benchmarks load.
    pub measure: Option<PathBuf>,
    /// The folder of the kselftests; without it the machine has none.
    pub selftests: Option<PathBuf>,
    /// launchguardctl; without it the machine has none.
    pub command: Option<PathBuf>,
}

/// Builds the RAM disk of `contents` and writes it to `path`.
pub fn build(contents: &Contents, path: &Path) -> Result<()> {
    let archive = archive(contents)?;
    let mut mark = Archive::default();
    mark.file("mark", 0o644, MARK.as_bytes());
    fs::write(path, mark.finish()).with_context(|| format!("{}", path.display()))?;
    let file = fs::File::options().append(true).open(path)?;
    // Of what the kernel takes, the smallest that unpacks fast in an emulated processor.
    let mut zstd = Command::new("zstd")
        .args(["--quiet", "--stdout", "--single-thread", "-9"])
        .stdin(Stdio::piped())
        .stdout(file)
        .spawn()
        .context("zstd cannot be started")?;
    // Its end of the pipe is closed with this value.
    let written = zstd.stdin.take().map(|mut pipe| pipe.write_all(&archive));
    let ended = zstd.wait()?;
    written.transpose()?;
    ensure!(ended.success(), "zstd: {ended}");
    Ok(())
}

fn archive(contents: &Contents) -> Result<Vec<u8>> {
    let mut archive = Archive::default();
    for folder in [
        "dev", "proc", "sys", "tmp", "run", "root", "usr/bin", "usr/sbin",
    ] {
        archive.directory(folder);
    }
    for (link, target) in [("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib")] {
        archive.symlink(link, target);
    }
    archive.symlink("lib64", "usr/lib64");
    archive.character("dev/console", 0o600, (5, 1));
    archive.file("init", 0o755, INIT.as_bytes());
    archive.file("usr/sbin/agent", 0o755, AGENT.as_bytes());

    busybox(&mut archive)?;
    let command = contents.command.as_deref().map(Path::to_str);
    let command = command.map(|path| path.context("file name")).transpose()?;
    let programs: Vec<&str> = PROGRAMS.iter().copied().chain(command).collect();
    for file in closure(&programs)? {
        if contents.command.as_ref() != Some(&file) {
            copy(&mut archive, &file)?;
        }
    }
    for name in TPM2_NAMES {
        archive.symlink(&format!("usr/bin/{name}"), "tpm2");
    }
    for module in MODULES {
        kernel_module(&mut archive, &contents.kernel_modules, module)?;
    }
    archive.directory("usr/lib/firmware");
    if let Some(module) = &contents.module {
        archive.file("launchguard.ko", 0o644, &stripped(module)?);
    }
    for (file, name) in [
        (&contents.refuse, "modules/refuse.ko"),
        (&contents.measure, "modules/measure.ko"),
    ] {
        if let Some(file) = file {
            archive.file(name, 0o644, &stripped(file)?);
        }
    }
    if let Some(command) = &contents.command {
        archive.file("usr/bin/launchguardctl", 0o755, &stripped(command)?);
    }
    if let Some(selftests) = &contents.selftests {
        tests(&mut archive, selftests)?;
        for source in OWN_PROGRAMS {
            let source = selftests.join(source);
            let name = source.file_stem().and_then(|stem| stem.to_str());
            let path = format!("usr/bin/{}", name.context("file name")?);
            archive.file(&path, 0o755, &compiled(&source)?);
        }
    }
    Ok(archive.finish())
}

fn busybox(archive: &mut Archive) -> Result<()> {
    let binary =
        fs::read("/usr/bin/busybox").context("/usr/bin/busybox (package busybox-static)")?;
    archive.file("usr/bin/busybox", 0o755, &binary);
    let list = Command::new("/usr/bin/busybox").arg("--list").output()?;
    for applet in String::from_utf8(list.stdout)?.lines() {
        if applet != "busybox" {
            archive.symlink(&format!("usr/bin/{applet}"), "busybox");
        }
    }
    Ok(())
}

/// The programs and every shared library that the loader brings in for them.
fn closure(programs: &[&str]) -> Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for program in programs {
        if !Path::new(program).exists() {
            bail!("{program} is missing: the bed runs inside the toolchain root (`make sdk`)");
        }
        files.insert(PathBuf::from(program));
        let output = Command::new("ldd").arg(program).output().context("ldd")?;
        for line in String::from_utf8(output.stdout)?.lines() {
            // "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x..)" or "/lib64/ld-linux.. (0x..)"
            let path = line.rsplit("=> ").next().unwrap_or_default();
            let path = path.trim().split(' ').next().unwrap_or_default();
            if path == "not" {
                bail!("{program} needs a library that is missing: {}", line.trim());
            }
            if path.starts_with('/') {
                files.insert(merged(path));
            }
        }
    }
    Ok(files)
}

/// The one name of a library: `/lib` and `/lib64` are links on a merged-/usr system.
fn merged(path: &str) -> PathBuf {
    match path.strip_prefix("/lib") {
        Some(rest) => PathBuf::from(format!("/usr/lib{rest}")),
        None => PathBuf::from(path),
    }
}

/// Copies a file of the root.
fn copy(archive: &mut Archive, file: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("{}", file.display()))?;
    let path = file.to_str().context("file name")?;
    archive.file(path.trim_start_matches('/'), 0o755, &bytes);
    Ok(())
}

/// Adds a kernel module, unpacked. Debian compresses them with xz.
fn kernel_module(archive: &mut Archive, folder: &Path, name: &str) -> Result<()> {
    let plain = folder.join(name);
    let packed = folder.join(format!("{name}.xz"));
    let bytes = if plain.exists() {
        fs::read(&plain)?
    } else if packed.exists() {
        Command::new("xz")
            .arg("-dc")
            .arg(&packed)
            .output()
            .context("xz")?
            .stdout
    } else if folder.join("modules.builtin").is_file() {
        // Not every kernel has all of them: who loads one that is not there finds out.
        return Ok(());
    } else {
        bail!("{} has no modules", folder.display());
    };
    let file = Path::new(name)
        .file_name()
        .and_then(|n| n.to_str())
        .unwrap_or(name);
    archive.file(&format!("modules/{file}"), 0o644, &bytes);
    Ok(())
}

/// A module or program without its debug information, as a distribution installs it.
fn stripped(module: &Path) -> Result<Vec<u8>> {
    let output = scratch("ko");
    let status = Command::new("strip")
        .args(["--strip-debug", "-o"])
        .arg(&output)
        .arg(module)
        .status()
        .context("strip")?;
    if !status.success() {
        bail!("{} cannot be stripped (`make` builds it)", module.display());
    }
    take(&output)
}

/// A name for a file that lives for a moment.
fn scratch(kind: &str) -> PathBuf {
    std::env::temp_dir().join(format!("bed-{}.{kind}", std::process::id()))
}

fn take(file: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(file)?;
    fs::remove_file(file).ok();
    Ok(bytes)
}

/// Compiles one C file for the guest. The C library is there for [`PROGRAMS`].
fn compiled(source: &Path) -> Result<Vec<u8>> {
    let output = scratch("out");
    let status = Command::new("gcc")
        .args(["-O2", "-s", "-o"])
        .arg(&output)
        .arg(source)
        .status()
        .context("gcc")?;
    if !status.success() {
        bail!("{} does not compile", source.display());
    }
    take(&output)
}

/// Adds the scripts of `selftests`, its settings and its library.
fn tests(archive: &mut Archive, selftests: &Path) -> Result<()> {
    for (folder, prefix) in [
        (selftests.to_owned(), "selftests"),
        (selftests.join("lib"), "selftests/lib"),
    ] {
        let mut names: Vec<_> = fs::read_dir(&folder)
            .with_context(|| format!("{}", folder.display()))?
            .collect::<Result<_, _>>()?;
        names.sort_by_key(|entry| entry.file_name());
        for entry in names {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if !entry.file_type()?.is_file() || !(name.ends_with(".sh") || name == "settings") {
                continue;
            }
            // Permissions by name, not by checkout: a clone's umask must not change PCR 17.
            let mode = if name.ends_with(".sh") { 0o755 } else { 0o644 };
            archive.file(&format!("{prefix}/{name}"), mode, &fs::read(entry.path())?);
        }
    }
    Ok(())
}
