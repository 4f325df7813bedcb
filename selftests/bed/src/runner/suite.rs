// SPDX-License-Identifier: GPL-2.0
//! A whole run: every scenario on every kernel, a few machines at a time, one report.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use launchguard_bed::dmar::{self, Reserved};
use launchguard_bed::launch::{Config, Start};
use launchguard_bed::ssdt::external_facing;

use super::guest::Guest;
use super::ktap::{Case, Group, Outcome, Totals};
use super::place::{self, Kernel};
use super::signed;
use super::system::System;
use crate::guest::cpio::Archive;
use crate::guest::initramfs::{self, Contents};
use crate::scenario::engine::{self, Surroundings};
use crate::scenario::exercised::Journal;
use crate::scenario::pins::Pcrs;
use crate::scenario::{self, Disk, MachineSpec, Rmrr, Scenario};

/// The folder of the scenarios that `make test` runs.
pub const SCENARIOS: &str = "selftests/scenarios";

/// What is run, and how.
pub struct Options {
    /// A release, or `all`.
    pub kernel: String,
    /// Only scenarios with one of these in their name, and those that they need; all when empty.
    pub only: Vec<String>,
    /// Machines at a time.
    pub jobs: usize,
    /// The folder of the scenarios, in the checkout.
    pub scenarios: PathBuf,
}

/// What every machine of a run shares.
pub struct Bench {
    /// The checkout.
    pub checkout: PathBuf,
    /// The folder for logs and RAM disks.
    pub folder: PathBuf,
}

impl Bench {
    /// A new run in the checkout that holds the current folder. Builds the stage when it is not
    /// up to date.
    pub fn new() -> Result<Self> {
        let checkout = place::checkout()?;
        let stage = Command::new("make")
            .args(["--silent", "-C", "selftests/launch"])
            .current_dir(&checkout)
            .stdout(std::io::stderr())
            .status()
            .context("make")?;
        anyhow::ensure!(stage.success(), "selftests/launch cannot be built");
        Ok(Self {
            checkout,
            folder: place::run_folder()?,
        })
    }

    /// Builds the RAM disk of `kernel`.
    pub fn ram_disk(&self, kernel: &Kernel) -> Result<PathBuf> {
        let path = self.folder.join(format!("initrd-{}.img", kernel.release));
        // Who loads what was not built finds out.
        let beside = |name: &str| {
            let file = kernel.module.with_file_name(name);
            file.is_file().then_some(file)
        };
        let contents = Contents {
            kernel_modules: kernel.modules.clone(),
            module: Some(kernel.module.clone()),
            refuse: beside("refuse.ko"),
            measure: beside("measure.ko"),
            selftests: Some(self.checkout.join("selftests")),
            command: Some(self.checkout.join("out/launchguardctl")).filter(|file| file.is_file()),
        };
        initramfs::build(&contents, &path)?;
        Ok(path)
    }

    /// The machine of a scenario.
    pub fn config(&self, spec: &MachineSpec, kernel: &Kernel, initrd: &Path) -> Result<Config> {
        // Without nopti the emulator forgets its translations at every system call.
        let args = format!(
            "console=ttyS0 iomem=relaxed panic=1 nopti {} {}",
            spec.kernel_args,
            kernel.args()
        );
        // As a boot loader does it.
        let args = args.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let mut config = Config {
            start: spec.start,
            kernel: kernel.image.clone(),
            kernel_args: args,
            initrd: Some(initrd.to_owned()),
            tboot_args: spec.tboot_args.clone(),
            memory_mib: spec.memory,
            smp: spec.smp,
            tpm: spec.tpm.then(|| spec.banks.clone()),
            iommu: spec.iommu,
            interrupt_remapping: spec.interrupt_remapping,
            iommu_options: spec.iommu_options.clone(),
            image_patches: spec.patches.clone(),
            before_kernel: spec.before_kernel.clone(),
            devices: spec.devices.clone(),
            qemu_args: spec.qemu_args.clone(),
            stage: self.checkout.join("selftests/launch/stage.bin"),
            opcode_lists: self.checkout.join("selftests/launch/tboot"),
            ..Config::default()
        };
        // A whole system's is another one for each machine: see System.
        if let Some(disk) = spec.disk.filter(|disk| *disk != Disk::System) {
            let path = self
                .folder
                .join(format!("disk-{}-{disk:?}.img", kernel.series()));
            write_disk(disk, &path, kernel, initrd)?;
            let interface = match disk {
                Disk::Images | Disk::Swap => "if=virtio",
                Disk::Nvme | Disk::System => "if=none,id=nvme",
            };
            config.qemu_args.extend([
                "-drive".to_owned(),
                format!("file={},format=raw,{interface}", path.display()),
            ]);
            config.kernel_args.push_str(match disk {
                Disk::Images => " bed.disk",
                Disk::Swap => " bed.disk bed.resume",
                Disk::Nvme | Disk::System => "",
            });
            if disk == Disk::Nvme {
                config
                    .devices
                    .push("nvme,drive=nvme,serial=launchguard".into());
            }
        }
        if !spec.external_facing.is_empty() {
            let path = self.folder.join(format!("ssdt-{}.aml", kernel.series()));
            fs::write(&path, external_facing(&spec.external_facing))?;
            let table = format!("file={}", path.display());
            config.qemu_args.extend(["-acpitable".to_owned(), table]);
        }
        if !spec.rmrr.is_empty() {
            let path = self
                .folder
                .join(format!("initrd-rmrr-{}.img", kernel.series()));
            fs::write(&path, with_rmrr(&spec.rmrr, initrd)?)?;
            config.initrd = Some(path);
        }
        if spec.start == Start::SecureBoot {
            config.secure_boot = self.checkout.join("out/secure-boot");
            let path = self
                .folder
                .join(format!("initrd-signed-{}.img", kernel.series()));
            let modules = config.secure_boot.join(&kernel.release);
            fs::write(&path, signed::with_modules(&modules, initrd)?)?;
            config.initrd = Some(path);
        }
        config
            .devices
            .extend(crowd(spec.crowd, spec.crowd_functions));
        if spec.network {
            for card in ["left", "right"] {
                let end = format!("hubport,hubid=0,id={card}");
                config.qemu_args.extend(["-netdev".to_owned(), end]);
                config.devices.push(format!("e1000e,netdev={card}"));
            }
        }
        Ok(config)
    }

    /// The folder for the logs of one machine.
    pub fn logs(&self, kernel: &Kernel, name: &str) -> PathBuf {
        self.folder.join(format!("{}-{name}", kernel.series()))
    }
}

/// The RAM disk behind an archive of the DMAR table, which the kernel takes for the firmware's.
fn with_rmrr(rmrr: &[Rmrr], initrd: &Path) -> Result<Vec<u8>> {
    let reserved: Vec<Reserved> = rmrr
        .iter()
        .map(|one| Reserved {
            slot: one.slot,
            start: one.range.start,
            end: one.range.end,
        })
        .collect();
    let mut tables = Archive::default();
    tables.file(dmar::PATH, 0o644, &dmar::table(&reserved));
    let mut bytes = tables.finish();
    bytes.extend(fs::read(initrd)?);
    Ok(bytes)
}

/// Root ports, eight to a slot from slot 0x10 on, and a device of so many functions behind each.
fn crowd(ports: u32, functions: u32) -> impl Iterator<Item = String> {
    (0..ports).flat_map(move |port| {
        let (slot, function) = (0x10 + port / 8, port % 8);
        let chassis = port + 1;
        let bridge = format!(
            "pcie-root-port,id=port{port},chassis={chassis},multifunction=on,addr={slot:x}.{function}"
        );
        let device = move |function| format!("edu,bus=port{port},multifunction=on,addr=0.{function}");
        [bridge].into_iter().chain((0..functions).map(device))
    })
}

/// Scenarios that the debug kernel is for: its detectors are there for what the guard does.
const OF_DEBUG: &[&str] = &["dma-guard", "dma-hotplug"];

/// Offset of the RAM disk on an [`Disk::Images`] disk.
const INITRD_AT: u64 = 32 << 20;
/// Size of an [`Disk::Swap`] disk.
const SWAP_SIZE: u64 = 1 << 30;
/// Size of a [`Disk::Nvme`] disk.
const NVME_SIZE: u64 = 64 << 20;

fn write_disk(disk: Disk, path: &Path, kernel: &Kernel, initrd: &Path) -> Result<()> {
    let file = fs::File::create(path).with_context(|| format!("{}", path.display()))?;
    match disk {
        Disk::Swap => file.set_len(SWAP_SIZE)?,
        Disk::Nvme => file.set_len(NVME_SIZE)?,
        Disk::System => anyhow::bail!("a system's disk is not made here"),
        Disk::Images => {
            use std::os::unix::fs::FileExt;
            file.write_all_at(&fs::read(&kernel.image)?, 0)?;
            let initrd = fs::read(initrd)?;
            file.write_all_at(&initrd, INITRD_AT)?;
            file.set_len((INITRD_AT + initrd.len() as u64).next_multiple_of(1 << 20))?;
        }
    }
    Ok(())
}

/// Runs what `options` say; whether nothing failed.
pub fn run(options: &Options) -> Result<bool> {
    let bench = Bench::new()?;
    let mut scenarios = scenario::read_all(&bench.checkout.join(&options.scenarios))?;
    let mut only: Vec<&str> = options.only.iter().map(String::as_str).collect();
    if only.is_empty() && options.kernel == place::DEBUG {
        only.extend(OF_DEBUG);
    }
    if !only.is_empty() {
        let named = |name: &str| only.iter().any(|only| name.contains(only));
        let wanted: BTreeSet<String> = scenarios
            .iter()
            .filter(|scenario| named(&scenario.name))
            .flat_map(|scenario| [Some(scenario.name.clone()), scenario.after.clone()])
            .flatten()
            .collect();
        scenarios.retain(|scenario| wanted.contains(&scenario.name));
        anyhow::ensure!(
            !scenarios.is_empty(),
            "no scenario is named {}",
            only.join(", ")
        );
    }
    let kernels = place::kernels(&bench.checkout, &options.kernel)?;
    let mut ram_disks = BTreeMap::new();
    for kernel in &kernels {
        ram_disks.insert(kernel.release.clone(), bench.ram_disk(kernel)?);
    }
    let mut jobs: Vec<Job<'_>> = scenarios
        .iter()
        .flat_map(|scenario| {
            kernels.iter().enumerate().map(move |(place, kernel)| Job {
                scenario,
                kernel,
                newest: place == 0,
            })
        })
        .filter(Job::is_for_its_kernel)
        .collect();
    anyhow::ensure!(
        !jobs.is_empty(),
        "no scenario is for the kernel {}",
        options.kernel
    );
    jobs.sort_by_key(Job::rank);

    println!("KTAP version 1\n1..{}", jobs.len());
    let board = Board::new(jobs.len());
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..options.jobs.clamp(1, jobs.len()) {
            scope.spawn(|| {
                while let Some(index) = board.take(&jobs) {
                    let job = &jobs[index];
                    let (group, kept) = work(job, &bench, &ram_disks, &board, begin);
                    board.done(index, job, &group, kept);
                }
            });
        }
    });
    let totals = board.totals();
    println!("# logs: {}", bench.folder.display());
    println!(
        "# {} machines in {} s",
        jobs.len(),
        begin.elapsed().as_secs()
    );
    print!("{}", totals.report());
    Ok(totals.failed == 0 && totals.passed > 0)
}

struct Job<'a> {
    scenario: &'a Scenario,
    kernel: &'a Kernel,
    /// Whether no kernel of this run is newer.
    newest: bool,
}

impl Job<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.kernel.series(), self.scenario.name)
    }

    fn is_for_its_kernel(&self) -> bool {
        let wanted = self.scenario.kernel.as_deref();
        wanted.is_none_or(|wanted| match wanted {
            "newest" => self.newest,
            "shipped" => !self.kernel.debug,
            series => series == self.kernel.series(),
        })
    }

    /// Low ones start first: what waits for no other, then what may take longest, then what has the most
    /// steps, so that no long machine is left over at the end while the other places are empty.
    fn rank(&self) -> (bool, Reverse<u64>, Reverse<usize>) {
        (
            self.scenario.after.is_some(),
            Reverse(self.scenario.timeout),
            Reverse(self.scenario.steps.len()),
        )
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    Running,
    Done,
}

/// What the workers share.
struct Board {
    inner: Mutex<Inner>,
    changed: Condvar,
}

struct Inner {
    progress: Vec<Progress>,
    kept: BTreeMap<(String, String), Pcrs>,
    totals: Totals,
    reported: usize,
}

impl Board {
    fn new(jobs: usize) -> Self {
        Self {
            inner: Mutex::new(Inner {
                progress: vec![Progress::Waiting; jobs],
                kept: BTreeMap::new(),
                totals: Totals::default(),
                reported: 0,
            }),
            changed: Condvar::new(),
        }
    }

    /// The next job that may run; `None` when no job is left.
    fn take(&self, jobs: &[Job<'_>]) -> Option<usize> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if !inner.progress.contains(&Progress::Waiting) {
                return None;
            }
            let ready = |index: usize| {
                let Some(after) = &jobs[index].scenario.after else {
                    return true;
                };
                !jobs.iter().enumerate().any(|(other, job)| {
                    job.kernel.release == jobs[index].kernel.release
                        && job.scenario.name == *after
                        && inner.progress[other] != Progress::Done
                })
            };
            let next = (0..jobs.len())
                .find(|index| inner.progress[*index] == Progress::Waiting && ready(*index));
            if let Some(index) = next {
                inner.progress[index] = Progress::Running;
                return Some(index);
            }
            inner = self
                .changed
                .wait(inner)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The values that the scenario kept which `job` comes after.
    fn kept(&self, job: &Job<'_>) -> Option<Pcrs> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let after = job.scenario.after.clone()?;
        inner
            .kept
            .get(&(job.kernel.release.clone(), after))
            .cloned()
    }

    fn done(&self, index: usize, job: &Job<'_>, group: &Group, kept: Option<Pcrs>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.progress[index] = Progress::Done;
        if let Some(kept) = kept {
            let key = (job.kernel.release.clone(), job.scenario.name.clone());
            inner.kept.insert(key, kept);
        }
        inner.totals.add(group);
        inner.reported += 1;
        print!("{}", group.report(inner.reported));
        std::io::stdout().flush().ok();
        self.changed.notify_all();
    }

    fn totals(&self) -> Totals {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .totals
    }
}

/// Runs one scenario on one kernel, from the machine's start to its end.
fn work(
    job: &Job<'_>,
    bench: &Bench,
    ram_disks: &BTreeMap<String, PathBuf>,
    board: &Board,
    begin: Instant,
) -> (Group, Option<Pcrs>) {
    let name = job.name();
    let logs = bench.logs(job.kernel, &job.scenario.name);
    let progress = |text: &str| {
        eprintln!("[{:4} s] {name}: {text}", begin.elapsed().as_secs());
    };
    let mut group = Group {
        name: format!("{name}: {}", job.scenario.summary),
        ..Group::default()
    };
    let references = board.kept(job);
    let earlier = job.scenario.after.as_ref().unwrap_or(&job.scenario.name);
    let present = bench.logs(job.kernel, earlier).join("evidence");
    let started = Instant::now();
    let result = (|| {
        let initrd = ram_disks.get(&job.kernel.release).context("no RAM disk")?;
        let mut config = bench.config(&job.scenario.machine, job.kernel, initrd)?;
        let system = match job.scenario.machine.disk {
            Some(Disk::System) => Some(System::new(&bench.checkout, job.kernel)?),
            _ => None,
        };
        if let Some(system) = &system {
            system.set_up(&mut config)?;
        }
        progress("starting the machine");
        let timeout = Duration::from_secs(job.scenario.timeout);
        let mut guest = Guest::start(&config, timeout, job.kernel.pace(), &logs, &progress)?;
        let journal = Journal::default();
        let surroundings = Surroundings {
            config: &config,
            system: system.as_ref(),
            checkout: &bench.checkout,
            references: references.as_ref(),
            present: &present,
            journal: &journal,
        };
        let report = engine::run(job.scenario, &mut guest, &surroundings, &progress);
        journal.write(&job.scenario.name, &job.kernel.series())?;
        guest.power_off().ok();
        anyhow::Ok(report)
    })();
    let kept = match result {
        Ok(report) => {
            group.cases = report.cases;
            group.notes = report.notes;
            report.kept
        }
        Err(error) => {
            let outcome = Outcome::Fail(format!("{error:#}"));
            group.cases.push(Case::new("the machine starts", outcome));
            let rest =
                job.scenario.steps.iter().map(|step| {
                    Case::new(step.name(), Outcome::Fail("not run: no machine".into()))
                });
            group.cases.extend(rest);
            None
        }
    };
    let seconds = started.elapsed().as_secs();
    group.notes.push(format!("{seconds} s"));
    if !group.passed() {
        group.notes.push(format!("logs: {}", logs.display()));
        progress("FAILED");
    }
    (group, kept)
}
