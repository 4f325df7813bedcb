// SPDX-License-Identifier: GPL-2.0
//! Scenarios: a machine and what is done and expected in it, as data (`selftests/scenarios`).

pub mod compare;
pub mod engine;
pub mod exercised;
pub mod expect;
pub mod health;
pub mod hotplug;
pub mod judge;
pub mod memory;
pub mod pins;
pub mod predict;
pub mod walk;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{bail, Context, Result};
use launchguard_bed::launch::{Bank, ImagePatch, Start};
use launchguard_bed::mutation::Mutation;
use serde::Deserialize;

use expect::Expect;
use hotplug::Hotplug;
use pins::{Damage, Pins};

/// A scenario file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// The file's name without `.toml`.
    #[serde(skip)]
    pub name: String,
    /// What it shows, in one line.
    pub summary: String,
    /// The scenario that has to come first because its reference values are used here.
    pub after: Option<String>,
    /// Seconds for the whole machine, after which it counts as hung.
    #[serde(default = "default_timeout")]
    pub timeout: u64,
    /// Words of warnings of the kernel that are documented: a line of its log that holds them is no complaint,
    /// nor is a lock order whose report says them of the lock that was to be taken.
    #[serde(default)]
    pub warns: Vec<String>,
    /// The only kernel that it is for, by its series; or the newest of a run; or those as they are shipped,
    /// not the debug kernel; every one when it is left out.
    pub kernel: Option<String>,
    /// The machine.
    #[serde(default)]
    pub machine: MachineSpec,
    /// The scenario whose steps are done in this machine.
    pub steps_of: Option<String>,
    /// What happens in it.
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
}

fn default_timeout() -> u64 {
    420
}

/// A machine; what is left out is that of a good launch.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct MachineSpec {
    /// `launched` (by tboot), `firmware` (TXT is there, nobody launched), `plain` (no TXT) or `secure-boot`
    /// (no TXT either).
    pub start: Start,
    /// CPUs.
    pub smp: u32,
    /// MiB of RAM.
    pub memory: u32,
    /// Whether there is a TPM.
    pub tpm: bool,
    /// Its active banks.
    pub banks: Vec<Bank>,
    /// Whether there is an IOMMU.
    pub iommu: bool,
    /// Whether it can remap interrupts.
    pub interrupt_remapping: bool,
    /// More properties of the IOMMU, as QEMU takes them.
    pub iommu_options: String,
    /// More words for the kernel's command line.
    pub kernel_args: String,
    /// tboot's command line.
    pub tboot_args: String,
    /// Bytes changed in copies of the images.
    pub patches: Vec<ImagePatch>,
    /// Evidence changed after the launch, before the kernel runs.
    pub before_kernel: Vec<Mutation>,
    /// A disk, and what is on it.
    pub disk: Option<Disk>,
    /// Two network cards (e1000e) on one wire, and nothing else on it.
    pub network: bool,
    /// Root ports, each with a device (edu) behind it.
    pub crowd: u32,
    /// Functions of each of those devices, up to eight.
    pub crowd_functions: u32,
    /// Slots of the root bus whose ports (function 0) the firmware says are external facing.
    pub external_facing: Vec<u8>,
    /// Memory that the firmware reserves for devices (RMRR). Not for a launched machine, whose kernel takes the
    /// heap's copy of the DMAR table.
    pub rmrr: Vec<Rmrr>,
    /// More devices, as QEMU's `-device` takes them.
    pub devices: Vec<String>,
    /// More arguments for QEMU, word by word.
    pub qemu_args: Vec<String>,
}

/// Memory that the firmware reserves for a device.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rmrr {
    /// The device's slot on the root bus.
    pub slot: u8,
    /// The memory, in pages.
    pub range: memory::Part,
}

/// What a machine's disk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disk {
    /// The kernel from the first byte, the RAM disk from 32 MiB: for kexec.
    Images,
    /// Swap space: for hibernation.
    Swap,
    /// Nothing, behind an NVMe controller: for tests of its driver.
    Nvme,
    /// A complete Debian system behind an NVMe controller, which the machine boots: kernel and RAM disk are
    /// those in its `/boot`. A second namespace has what is to be installed.
    System,
}

impl Default for MachineSpec {
    fn default() -> Self {
        Self {
            start: Start::Launched,
            smp: 1,
            memory: 1024,
            tpm: true,
            banks: vec![Bank::Sha1, Bank::Sha256, Bank::Sha384],
            iommu: true,
            interrupt_remapping: true,
            iommu_options: String::new(),
            kernel_args: String::new(),
            tboot_args: "logging=serial,memory ap_wake_mwait=true".into(),
            patches: Vec::new(),
            before_kernel: Vec::new(),
            disk: None,
            network: false,
            crowd: 0,
            crowd_functions: 8,
            external_facing: Vec::new(),
            rmrr: Vec::new(),
            devices: Vec::new(),
            qemu_args: Vec::new(),
        }
    }
}

/// Something done in a machine; each is one test of the report (a [`Step::Selftest`] is one for
/// each line of its scripts' reports).
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Step {
    /// Loads the module.
    Load(Load),
    /// Unloads it and sees that nothing is left.
    Unload(Plain),
    /// Looks at the published judgement.
    Expect(Look),
    /// Changes evidence in the running machine, judges anew, compares, puts it back and sees
    /// that the judgement is the old one.
    Corrupt(Corrupt),
    /// Stages and commits a text.
    Commit(Commit),
    /// Runs kselftests.
    Selftest(Selftest),
    /// Runs a shell script.
    Run(Run),
    /// Keeps PCR 17 and 18, as `tpm2_pcrread` reads them, as this scenario's reference values.
    Keep(Plain),
    /// Compares a published measurement with its independent source on the host.
    Compare(Compare),
    /// Compares what `launchguardctl predict` says of this launch, from the evidence of another, with the
    /// TPM.
    Predict(predict::Predict),
    /// Compares what devices reach, by the IOMMU's tables, with what they should.
    Walk(walk::Walk),
    /// Keeps what memory holds, or compares it with what was kept.
    Memory(memory::Memory),
    /// Starts a kernel anew in the same machine.
    Restart(Restart),
    /// Runs a shell script under which the kernel must panic, and waits for the next kernel.
    Panic(Panic),
    /// Plugs devices in and pulls them out, again and again.
    Hotplug(Hotplug),
}

/// A step that is nothing but its name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plain {
    /// What it shows.
    pub name: String,
}

/// See [`Step::Load`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Load {
    /// What it shows.
    pub name: String,
    /// Module parameters.
    #[serde(default)]
    pub params: String,
    /// References that a firmware file holds.
    pub references: Option<Pins>,
    /// Seconds after which the verdict is looked at; it must not be `pending` any more unless
    /// that is what is expected.
    #[serde(default = "default_settle")]
    pub settle: u64,
    /// The judgement.
    #[serde(default)]
    pub expect: Expect,
}

fn default_settle() -> u64 {
    20
}

/// See [`Step::Expect`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// What it shows.
    pub name: String,
    /// The judgement.
    #[serde(default)]
    pub expect: Expect,
}

/// See [`Step::Corrupt`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrupt {
    /// What it shows.
    pub name: String,
    /// What is changed, in this order.
    pub change: Vec<Mutation>,
    /// The judgement after it.
    #[serde(default)]
    pub expect: Expect,
}

/// See [`Step::Commit`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Commit {
    /// What it shows.
    pub name: String,
    /// Which text: `policy` or `references`.
    #[serde(default)]
    pub target: Target,
    /// The text as it stands.
    pub text: Option<String>,
    /// Or references made from a launch.
    pub references: Option<Pins>,
    /// What happens to the staged text or to the digest that is committed.
    pub damage: Option<Damage>,
    /// The commit is refused, and `policy_error` holds this.
    pub error: Option<String>,
    /// The judgement after it.
    #[serde(default)]
    pub expect: Expect,
}

/// Where a text is staged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The guard policy.
    Policy,
    /// The reference values.
    #[default]
    References,
}

impl Target {
    /// The sysfs file.
    pub fn file(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::References => "references",
        }
    }
}

/// See [`Step::Selftest`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selftest {
    /// The scripts, without `.sh`.
    pub scripts: Vec<String>,
    /// Variables for them.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Seconds for each.
    #[serde(default = "default_script")]
    pub timeout: u64,
}

fn default_script() -> u64 {
    120
}

/// See [`Step::Run`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// What it shows.
    pub name: String,
    /// The script.
    pub script: String,
    /// The exit status that it must have; status 4 skips with the script's output as the reason.
    #[serde(default)]
    pub status: i32,
    /// Text that its output must hold.
    pub output: Option<String>,
    /// Its output is put into the report.
    #[serde(default)]
    pub record: bool,
    /// Seconds.
    #[serde(default = "default_script")]
    pub timeout: u64,
}

/// See [`Step::Compare`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// What it shows.
    pub name: String,
    /// What is compared.
    pub what: compare::What,
}

/// See [`Step::Panic`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panic {
    /// What it shows.
    pub name: String,
    /// The script.
    pub script: String,
    /// What the kernel must say behind "Kernel panic - not syncing: ".
    pub output: String,
    /// Seconds until then.
    #[serde(default = "default_script")]
    pub timeout: u64,
}

/// See [`Step::Restart`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// What it shows.
    pub name: String,
    /// How.
    pub how: How,
    /// More words for the kernel's command line of this start, where it is a power cycle.
    #[serde(default, rename = "kernel-args")]
    pub kernel_args: String,
    /// What a start without these words must come to, where it is a power cycle: a panic of the kernel that says
    /// this behind "Kernel panic - not syncing: ". Power is taken away then.
    #[serde(default)]
    pub panics: Option<String>,
}

/// A way to start a kernel anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// `reboot`, through the launcher.
    Reboot,
    /// The machine's reset line.
    Reset,
    /// Power off by a complete system, and on again with the kernel and the RAM disk that its disk has then.
    PowerCycle,
    /// kexec of the same kernel from the machine's disk.
    Kexec,
    /// Hibernation to the machine's disk, a new launch, and resume from the image.
    Hibernate,
}

impl Step {
    /// What it shows.
    pub fn name(&self) -> String {
        match self {
            Self::Load(step) => step.name.clone(),
            Self::Unload(step) | Self::Keep(step) => step.name.clone(),
            Self::Expect(step) => step.name.clone(),
            Self::Corrupt(step) => step.name.clone(),
            Self::Commit(step) => step.name.clone(),
            Self::Selftest(step) => format!("kselftests {}", step.scripts.join(", ")),
            Self::Run(step) => step.name.clone(),
            Self::Compare(step) => step.name.clone(),
            Self::Predict(step) => step.name.clone(),
            Self::Walk(step) => step.name.clone(),
            Self::Memory(step) => step.name.clone(),
            Self::Restart(step) => step.name.clone(),
            Self::Panic(step) => step.name.clone(),
            Self::Hotplug(step) => step.name.clone(),
        }
    }
}

/// Reads one scenario.
pub fn parse(name: &str, text: &str) -> Result<Scenario> {
    let mut scenario: Scenario = toml::from_str(text)?;
    scenario.name = name.to_owned();
    if scenario.steps.is_empty() == scenario.steps_of.is_none() {
        bail!("needs either a `step` or `steps-of`");
    }
    if !scenario.machine.rmrr.is_empty() && scenario.machine.start == Start::Launched {
        bail!("a launched kernel takes no table from its RAM disk");
    }
    for step in &scenario.steps {
        check(step).with_context(|| format!("step {:?}", step.name()))?;
    }
    Ok(scenario)
}

/// What the types cannot say.
fn check(step: &Step) -> Result<()> {
    match step {
        Step::Corrupt(step) => {
            if step.change.is_empty() {
                bail!("changes nothing");
            }
            if step.expect.fails.is_none() || step.expect.verdict.is_none() {
                bail!("needs `verdict` and `fails`");
            }
            step.expect.check()
        }
        Step::Commit(step) => {
            if step.text.is_some() == step.references.is_some() {
                bail!("needs either `text` or `references`");
            }
            step.expect.check()
        }
        Step::Load(step) => step.expect.check(),
        Step::Expect(step) => step.expect.check(),
        Step::Hotplug(step) => step.check(),
        Step::Memory(step) => step.check(),
        _ => Ok(()),
    }
}

/// Reads every scenario of a folder, those that others wait for first.
pub fn read_all(folder: &Path) -> Result<Vec<Scenario>> {
    let mut scenarios = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        if path.extension().and_then(|extension| extension.to_str()) != Some("toml") {
            continue;
        }
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default()
            .to_owned();
        let text = fs::read_to_string(&path)?;
        let scenario = parse(&name, &text).with_context(|| format!("{}", path.display()))?;
        scenarios.push(scenario);
    }
    borrow_steps(&mut scenarios)?;
    scenarios.sort_by_key(|scenario| (scenario.after.is_some(), scenario.name.clone()));
    for scenario in &scenarios {
        if let Some(after) = &scenario.after {
            let first = scenarios.iter().find(|other| other.name == *after);
            if first.is_none_or(|first| first.after.is_some()) {
                bail!(
                    "{}: `after` names {after}, which is no scenario that can come first",
                    scenario.name
                );
            }
        }
    }
    Ok(scenarios)
}

/// Gives the scenarios that name another one its steps.
fn borrow_steps(scenarios: &mut [Scenario]) -> Result<()> {
    let own = |scenario: &Scenario| (scenario.name.clone(), scenario.steps.clone());
    let lenders: BTreeMap<_, _> = scenarios.iter().map(own).collect();
    for scenario in scenarios {
        if let Some(other) = &scenario.steps_of {
            match lenders.get(other) {
                Some(steps) if !steps.is_empty() => scenario.steps.clone_from(steps),
                _ => bail!("{}: {other} has no steps of its own", scenario.name),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_of_the_tree_is_well_formed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
        let scenarios = read_all(&folder).unwrap();
        assert!(scenarios
            .iter()
            .any(|scenario| scenario.name == "good-launch"));
    }

    #[test]
    fn a_whole_scenario() {
        let scenario = parse(
            "x",
            r#"
            summary = "s"
            after = "good-launch"
            [machine]
            smp = 2
            kernel-args = "quiet"
            patches = [{ image = "tboot", text = "measured launch", offset = 1, xor = 1 }]
            [[step]]
            do = "load"
            name = "loads"
            params = "a=1"
            references = { from = "good-launch", banks = ["sha256"] }
            expect = { verdict = "verified" }
            [[step]]
            do = "corrupt"
            name = "STS"
            change = [{ register = "STS", xor = "0x1" }]
            expect = { verdict = "failed", fails = ["TXT-01", "TXT-13"] }
            "#,
        )
        .unwrap();
        assert_eq!(scenario.machine.smp, 2);
        assert_eq!(scenario.machine.memory, 1024);
        let Step::Corrupt(step) = &scenario.steps[1] else {
            panic!()
        };
        assert_eq!(step.expect.fails.as_deref().unwrap(), ["TXT-01", "TXT-13"]);
    }

    #[test]
    fn steps_are_borrowed_from_who_has_some() {
        let lender = "summary = 's'\n[[step]]\ndo = 'keep'\nname = 'n'\n";
        let borrower = "summary = 's'\nsteps-of = 'a'\n[machine]\nsmp = 2\n";
        let mut both = [parse("a", lender).unwrap(), parse("b", borrower).unwrap()];
        borrow_steps(&mut both).unwrap();
        assert_eq!(both[1].steps[0].name(), "n");
        assert_eq!((both[0].machine.smp, both[1].machine.smp), (1, 2));

        let mut chain = [parse("a", borrower).unwrap(), parse("b", borrower).unwrap()];
        let error = borrow_steps(&mut chain).unwrap_err().to_string();
        assert_eq!(error, "a: a has no steps of its own");
        let error = parse("x", &format!("steps-of = 'a'\n{lender}")).unwrap_err();
        assert_eq!(error.to_string(), "needs either a `step` or `steps-of`");
    }

    #[test]
    fn mistakes_are_refused() {
        for (text, reason) in [
            ("summary = 's'\n", "step"),
            ("summary = 's'\nsize = 1\n[[step]]\ndo = 'keep'\nname = 'n'\n", "size"),
            ("summary = 's'\n[[step]]\ndo = 'dance'\nname = 'n'\n", "dance"),
            (
                "summary = 's'\n[[step]]\ndo = 'corrupt'\nname = 'n'\nchange = []\nexpect = { verdict = 'failed', fails = [] }\n",
                "changes nothing",
            ),
            (
                "summary = 's'\n[[step]]\ndo = 'corrupt'\nname = 'n'\nchange = [{ register = 'STS', set = '0x0' }]\n",
                "needs `verdict`",
            ),
            (
                "summary = 's'\n[[step]]\ndo = 'expect'\nname = 'n'\nexpect = { verdict = 'good' }\n",
                "verdict",
            ),
            (
                "summary = 's'\n[[step]]\ndo = 'expect'\nname = 'n'\nexpect = { fails = ['TXT-1'] }\n",
                "TXT-1",
            ),
            (
                "summary = 's'\n[[step]]\ndo = 'commit'\nname = 'n'\n",
                "either",
            ),
            (
                "summary = 's'\n[[step]]\ndo = 'hotplug'\nname = 'n'\nrounds = 2\nplug = ['edu,id=a']\n",
                "goes again",
            ),
            (
                "summary = 's'\n[[step]]\ndo = 'memory'\nname = 'n'\nrange = '0 + 4K'\n",
                "`keep` or `same`",
            ),
            (
                "summary = 's'\n[machine]\nrmrr = [{ slot = 6, range = '0 + 4K' }]\n[[step]]\ndo = 'keep'\nname = 'n'\n",
                "takes no table",
            ),
        ] {
            let error = format!("{:#}", parse("x", text).unwrap_err());
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
