// SPDX-License-Identifier: GPL-2.0
//! `bed`: the command of the test bed.

mod guest;
mod runner;
mod scenario;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use launchguard_bed::launch::{self, Config, Exit, Start};
use launchguard_bed::tboot;

use guest::initramfs::{self, Contents};
use runner::{bench, demo, place, suite};

/// Boots machines with an emulated Intel TXT launch: for launchguard's tests, and for people who
/// test other D-RTM software.
#[derive(Parser)]
#[command(version)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the scenarios and report in KTAP
    Test(Test),
    /// Measure in the machines what launchguard costs, and write that as JSON
    Bench(BenchOptions),
    /// Boot a kernel of your own, with the console on this terminal
    Boot(Box<Boot>),
    /// Show a good launch, a changed launcher, and a kernel that was never launched
    Demo {
        /// Kernel release; the newest by default
        #[arg(long)]
        kernel: Option<String>,
    },
    /// Build the RAM disk of the tests; boot it with `bed.shell` on the command line for a shell
    RamDisk {
        /// Where it goes
        output: PathBuf,
        /// Folder of the kernel's modules, /usr/lib/modules/RELEASE
        #[arg(long)]
        modules: PathBuf,
        /// launchguard.ko; without it the RAM disk has the tools only
        #[arg(long)]
        module: Option<PathBuf>,
    },
    /// Print the opcode list of a launcher's image, to be reviewed and kept
    Opcodes {
        /// tboot.gz or the unpacked ELF file
        image: PathBuf,
        /// What it is, e.g. "tboot 1.10.5-5, Debian"
        #[arg(long, default_value = "")]
        title: String,
    },
}

#[derive(Args)]
struct Test {
    /// Kernel release or series, all, or debug for the debug kernel
    #[arg(long, default_value = "all")]
    kernel: String,
    /// Only scenarios with this in their name, and those that they need
    #[arg(long, num_args = 1..)]
    only: Vec<String>,
    /// Machines at a time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Folder of the scenarios, in the checkout
    #[arg(long, default_value = suite::SCENARIOS)]
    scenarios: PathBuf,
    /// List the scenarios and their steps
    #[arg(long)]
    list: bool,
}

#[derive(Args)]
struct BenchOptions {
    /// Kernel release or series; the newest by default
    #[arg(long)]
    kernel: Option<String>,
    /// Only parts with this in their name
    #[arg(long, num_args = 1..)]
    only: Vec<String>,
    /// Fewer rounds
    #[arg(long)]
    quick: bool,
    /// Folder for the parts (NAME.json)
    #[arg(long)]
    output: PathBuf,
}

#[derive(Args)]
struct Boot {
    /// bzImage
    #[arg(long)]
    kernel: PathBuf,
    /// Initial RAM disk
    #[arg(long)]
    initrd: Option<PathBuf>,
    /// Kernel command line
    #[arg(long, default_value = "console=ttyS0")]
    append: String,
    /// How the kernel gets started: launched, firmware (TXT is there, nobody launched) or plain
    #[arg(long, default_value = "launched", value_parser = parse_start)]
    start: Start,
    /// The launcher, a tboot.gz or ELF file with an opcode list
    #[arg(long, default_value = "/boot/tboot.gz")]
    tboot: PathBuf,
    /// The launcher's command line
    #[arg(long, default_value = "logging=serial,memory ap_wake_mwait=true")]
    tboot_args: String,
    /// MiB of RAM, from 512
    #[arg(long, default_value_t = 1024)]
    memory: u32,
    /// CPUs, 1 to 8
    #[arg(long, default_value_t = 1)]
    smp: u32,
    /// No TPM
    #[arg(long)]
    no_tpm: bool,
    /// No IOMMU (not with a launch)
    #[arg(long)]
    no_iommu: bool,
    /// The built stage
    #[arg(long, default_value = "selftests/launch/stage.bin")]
    stage: PathBuf,
    /// Folder of the opcode lists
    #[arg(long, default_value = "selftests/launch/tboot")]
    opcode_lists: PathBuf,
    /// Keep logs and TPM state in this folder; a TPM that is there already goes on
    #[arg(long)]
    work_dir: Option<PathBuf>,
    /// End instead of rebooting
    #[arg(long)]
    no_reboot: bool,
    /// More arguments for QEMU
    #[arg(last = true)]
    qemu_args: Vec<String>,
}

fn parse_start(word: &str) -> Result<Start, String> {
    match word {
        "launched" => Ok(Start::Launched),
        "firmware" => Ok(Start::Firmware),
        "plain" => Ok(Start::Plain),
        _ => Err("one of launched, firmware, plain".into()),
    }
}

fn main() -> ExitCode {
    match run(Command::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("bed: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> Result<bool> {
    match command.verb {
        Verb::Test(options) if options.list => list(&options.scenarios),
        Verb::Test(options) => suite::run(&suite::Options {
            kernel: options.kernel,
            only: options.only,
            jobs: options.jobs,
            scenarios: options.scenarios,
        }),
        Verb::Bench(options) => bench::run(&bench::Options {
            kernel: options.kernel,
            only: options.only,
            quick: options.quick,
            output: options.output,
        }),
        Verb::Boot(options) => boot(*options),
        Verb::Demo { kernel } => demo::run(kernel.as_deref()),
        Verb::RamDisk {
            output,
            modules,
            module,
        } => {
            let selftests = place::checkout().ok().map(|tree| tree.join("selftests"));
            let contents = Contents {
                kernel_modules: modules,
                module,
                refuse: None,
                measure: None,
                selftests,
                command: None,
            };
            initramfs::build(&contents, &output)?;
            Ok(true)
        }
        Verb::Opcodes { image, title } => {
            print!("{}", tboot::make_opcode_list(&image, &title)?);
            Ok(true)
        }
    }
}

fn list(folder: &Path) -> Result<bool> {
    let folder = place::checkout()?.join(folder);
    for scenario in scenario::read_all(&folder)? {
        println!("{}: {}", scenario.name, scenario.summary);
        for step in &scenario.steps {
            println!("    {}", step.name());
        }
    }
    Ok(true)
}

fn boot(options: Boot) -> Result<bool> {
    let exit = launch::boot(&Config {
        start: options.start,
        kernel: options.kernel,
        kernel_args: options.append,
        initrd: options.initrd,
        tboot: options.tboot,
        tboot_args: options.tboot_args,
        memory_mib: options.memory,
        smp: options.smp,
        tpm: if options.no_tpm {
            None
        } else {
            Config::default().tpm
        },
        iommu: !options.no_iommu,
        interrupt_remapping: true,
        qemu_args: options.qemu_args,
        stage: options.stage,
        opcode_lists: options.opcode_lists,
        no_reboot: options.no_reboot,
        work_dir: options.work_dir,
        ..Config::default()
    })
    .context("boot")?;
    Ok(matches!(exit, Exit::Shutdown | Exit::Reset))
}
