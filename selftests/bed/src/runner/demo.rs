// SPDX-License-Identifier: GPL-2.0
//! The demonstration: a good launch, the same machine with one byte of the launcher changed, the same
//! kernel never launched, and a rogue device. A screen each, with words for what one sees.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::{ensure, Context, Result};
use launchguard_bed::launch::{Config, Image, ImagePatch, Start};

use super::guest::Guest;
use super::place::{self, Kernel};
use super::suite::Bench;
use crate::scenario::compare::What;
use crate::scenario::engine::{self, SYSFS};
use crate::scenario::expect::State;
use crate::scenario::pins::{damaged, Pcrs, Pins, READ_PCRS};
use crate::scenario::MachineSpec;

/// A machine of the demonstration has to be through after this time.
const TIMEOUT: Duration = Duration::from_secs(240);
const MOMENT: Duration = Duration::from_secs(60);

/// What tboot says when it was launched, but for the letter that the second machine changes.
const LAUNCHED: &str = "easured launch succeeded";

/// What the serial line shows on the way, and what it means.
const MILESTONES: &[(&str, &str)] = &[
    (
        "executing GETSEC[SENTER]",
        "tboot executes GETSEC[SENTER]: the emulated CPU and SINIT measure it",
    ),
    (
        LAUNCHED,
        "tboot is the measured environment now and measures the kernel",
    ),
    ("Linux version", "Debian's kernel starts"),
    ("bed: machine is up", "the machine is up"),
];

/// Shows the four machines on `release`, or on the newest kernel; whether each showed what it
/// should.
pub fn run(release: Option<&str>) -> Result<bool> {
    let bench = Bench::new()?;
    let kernel = place::kernels(&bench.checkout, release.unwrap_or("all"))?.remove(0);
    println!("launchguard on Debian's kernel {}\n", kernel.release);
    println!("Genuine: kernel, tboot, TPM (swtpm), heap and log formats, launchguard itself.");
    println!(
        "Emulated: what Intel's CPU, chipset and SINIT module do, so no TXT hardware is needed."
    );
    println!("Each machine gets the same RAM disk, which is being built now.");
    let initrd = bench.ram_disk(&kernel)?;
    let show = Show {
        bench,
        kernel,
        initrd,
    };
    let (first, pcrs) = show.good()?;
    let second = show.changed(&pcrs)?;
    let third = show.never()?;
    let stolen = show.rogue()?;
    println!(
        "\nLogs of the four machines: {}",
        show.bench.folder.display()
    );
    let words = [first, second, third];
    println!("Verdicts: {}", words.join(", "));
    Ok(words == ["verified", "failed", "absent"] && !stolen)
}

struct Show {
    bench: Bench,
    kernel: Kernel,
    initrd: std::path::PathBuf,
}

impl Show {
    fn title(&self, number: u32, text: &str) {
        println!("\n{}", "=".repeat(78));
        println!("{number} of 4   {text}");
        println!("{}", "=".repeat(78));
    }

    /// Boots a machine and tells how far it is.
    fn boot(&self, spec: &MachineSpec, name: &str) -> Result<(Guest, Config)> {
        let config = self.bench.config(spec, &self.kernel, &self.initrd)?;
        let begin = Instant::now();
        let mut seen = 0;
        let terminal = std::io::stdout().is_terminal();
        let mut watch = |serial: &str| {
            // A machine that is not launched leaves the launch's milestones out.
            for (index, (text, meaning)) in MILESTONES.iter().enumerate().skip(seen) {
                if serial.contains(text) {
                    println!("\r  [{:3} s] {meaning}", begin.elapsed().as_secs());
                    seen = index + 1;
                }
            }
            if terminal {
                print!("\r  [{:3} s] ...", begin.elapsed().as_secs());
                std::io::stdout().flush().ok();
            }
        };
        println!("  [  0 s] the machine is switched on");
        let logs = self.bench.logs(&self.kernel, &format!("demo-{name}"));
        let guest = Guest::start_watched(&config, TIMEOUT, &logs, &mut watch)?;
        println!("\r  [{:3} s] the system is up", begin.elapsed().as_secs());
        Ok((guest, config))
    }

    fn good(&self) -> Result<(String, Pcrs)> {
        self.title(1, "a good launch");
        let (mut guest, config) = self.boot(&MachineSpec::default(), "good")?;
        shell(
            &mut guest,
            "insmod launchguard.ko",
            "insmod /launchguard.ko",
        )?;
        let state = judged(&mut guest)?;
        headline(&state);
        println!(
            "  Everything holds, but nobody has said yet which launch is expected (TPM-10).\n"
        );
        println!("  Evidence that agrees though it comes from different places:");
        for (bank, number) in [("sha256", 17), ("sha256", 18), ("sha384", 17)] {
            let replay = value(&mut guest, &format!("measurements/replay{number}_{bank}"))?;
            let pcr = value(&mut guest, &format!("measurements/pcr{number}_{bank}"))?;
            compared(&format!("PCR {number} {bank}"), "log", &replay, "TPM", &pcr);
        }
        for (title, what, source) in [
            ("tboot measured", What::Mle, "lcp2_mlehash tboot.gz"),
            ("SINIT measured", What::Sinit, "published"),
        ] {
            let found = value(&mut guest, what.file())?;
            let expected = what.expected(&config, &self.bench.checkout)?;
            compared(title, "log", &found, source, &expected);
        }
        println!("\n  Now the owner pins PCR 17 and 18 of this launch (launchguardctl enroll does the same):");
        let pcrs = Pcrs::parse(&guest.check(READ_PCRS, MOMENT)?)?;
        commit(&mut guest, &pcrs)?;
        let state = engine::reverify(&mut guest)?;
        headline(&state);
        guest.power_off().ok();
        Ok((state.verdict, pcrs))
    }

    fn changed(&self, pcrs: &Pcrs) -> Result<String> {
        self.title(2, "the same machine, one byte of tboot changed");
        println!("  One letter of one of its messages is another. Nothing that it does changes.");
        let spec = MachineSpec {
            patches: vec![ImagePatch {
                image: Image::Tboot,
                offset: 0,
                text: Some("measured launch succeeded".into()),
                xor: 0x20,
            }],
            ..MachineSpec::default()
        };
        let (mut guest, _) = self.boot(&spec, "changed")?;
        let claim = guest.check("txt-stat 2> /dev/null | grep 'TXT measured launch'", MOMENT)?;
        let said = guest.machine().serial()?;
        if let Some(line) = said.lines().find(|line| line.contains(LAUNCHED)) {
            println!("  tboot says          {}", line.trim());
        }
        println!("  $ txt-stat            {}", claim.trim());
        println!("  tboot's own tool reads the registers, and they say that all is well.");
        put_references(&mut guest, pcrs)?;
        shell(
            &mut guest,
            "insmod launchguard.ko references=launchguard/references",
            "insmod /launchguard.ko references=launchguard/references",
        )?;
        let state = judged(&mut guest)?;
        headline(&state);
        let found = value(&mut guest, "measurements/pcr17_sha256")?;
        let expected = pcrs.get("sha256", 17).unwrap_or("none").to_owned();
        println!(
            "  The log explains the TPM's PCRs, so this was a launch; it was not the owner's."
        );
        compared("PCR 17 sha256", "TPM", &found, "owner", &expected);
        detail(&mut guest, &state)?;
        guest.power_off().ok();
        Ok(state.verdict)
    }

    fn never(&self) -> Result<String> {
        self.title(3, "the same kernel, started without a measured launch");
        let spec = MachineSpec {
            start: Start::Firmware,
            ..MachineSpec::default()
        };
        let (mut guest, _) = self.boot(&spec, "never")?;
        shell(
            &mut guest,
            "insmod launchguard.ko",
            "insmod /launchguard.ko",
        )?;
        let state = judged(&mut guest)?;
        headline(&state);
        let pcr = value(&mut guest, "measurements/pcr17_sha256").unwrap_or_default();
        if !pcr.is_empty() {
            println!("  PCR 17 sha256       {}", short(&pcr));
        }
        println!("  All ones: since the TPM was switched on no CPU has launched anything.");
        detail(&mut guest, &state)?;
        guest.power_off().ok();
        Ok(state.verdict)
    }

    /// A device reads memory that was set aside for a guest; whether it still does at the end.
    fn rogue(&self) -> Result<bool> {
        self.title(4, "a device that reads a guest's memory");
        let spec = MachineSpec {
            kernel_args: format!("memmap=64M${GUEST:#x} iommu=pt"),
            devices: vec!["edu,addr=4,dma_mask=0xffffffffffffffff".into()],
            ..MachineSpec::default()
        };
        let (mut guest, _) = self.boot(&spec, "rogue")?;
        println!("  The kernel lets devices through (iommu=pt), as many hosts of guests do.");
        println!(
            "  A guest keeps a secret at {GUEST:#x}. Device 0000:00:04.0 copies it to {LOOT:#x}."
        );
        let before = steal(&mut guest, 0x5ec2_e701)?;
        println!("  without launchguard     the device found {before}");
        ensure!(before == "0x5EC2E701", "the device does not work");
        shell(
            &mut guest,
            "insmod launchguard.ko",
            "insmod /launchguard.ko",
        )?;
        judged(&mut guest)?;
        let policy = format!(
            "version 1\nregion shared {GUEST:#x} + 64M\ncompartment io {{\n    \
             window {LOOT:#x} + 4K rw\n    device 0000:00:04.0\n}}\n"
        );
        println!("  # cat policy");
        for line in policy.lines() {
            println!("      {line}");
        }
        put_text(&mut guest, "policy", &policy)?;
        let after = steal(&mut guest, 0x5ec2_e702)?;
        println!("  with a window for its own page   the device found {after}");
        let windows = guest.check("cat /sys/kernel/debug/launchguard/windows", MOMENT)?;
        for line in windows.lines().skip(1) {
            println!("  {line}");
        }
        let said = guest.run("dmesg | grep 'DMA Read' | tail -n 1 | cut -c 1-150", MOMENT)?;
        println!("  the kernel's log: {}", said.text().trim());
        guest.power_off().ok();
        Ok(after == "0x5EC2E702")
    }
}

/// Memory that is kept from the kernel, for a guest.
const GUEST: u64 = 0x3000_0000;
/// A page of it that the device may have.
const LOOT: u64 = 0x3010_0000;

/// Puts `secret` into the guest's memory and lets the device go for it; what it brought back.
fn steal(guest: &mut Guest, secret: u32) -> Result<String> {
    let script = format!(
        ". /selftests/lib/rogue.sh; devmem {GUEST:#x} 32 {secret:#x}; \
         edu_steal 0000:00:04.0 {GUEST:#x} {LOOT:#x} {LOOT:#x}"
    );
    Ok(guest.check(&script, MOMENT)?.trim().to_owned())
}

fn shell(guest: &mut Guest, shown: &str, script: &str) -> Result<()> {
    println!("  # {shown}");
    guest.check(script, MOMENT).map(|_| ())
}

/// The judgement when it is not pending any more.
fn judged(guest: &mut Guest) -> Result<State> {
    let begin = Instant::now();
    loop {
        let state = engine::state(guest)?;
        if state.verdict != "pending" {
            return Ok(state);
        }
        ensure!(begin.elapsed() < MOMENT, "the verdict stays pending");
    }
}

fn headline(state: &State) {
    let count = |word: &str| state.checks.values().filter(|found| *found == word).count();
    println!("  # cat verdict         {}", state.verdict.to_uppercase());
    if !state.reason.is_empty() && state.verdict != "verified" {
        println!("  # cat reason          {}", state.reason);
    }
    println!(
        "  launcher {}; of {} checks {} pass, {} fail, {} unknown, {} not applicable",
        state.launcher,
        state.checks.len(),
        count("pass"),
        count("fail"),
        count("unknown"),
        count("n/a")
    );
}

/// What debugfs says of the checks behind the verdict.
fn detail(guest: &mut Guest, state: &State) -> Result<()> {
    for id in state.reason.split_whitespace().take(2) {
        let line = guest.run(
            &format!("grep '^{id}' /sys/kernel/debug/launchguard/checks"),
            MOMENT,
        )?;
        let text = line.text().split_whitespace().collect::<Vec<_>>().join(" ");
        println!("  {text}");
    }
    Ok(())
}

fn value(guest: &mut Guest, file: &str) -> Result<String> {
    Ok(guest
        .check(&format!("cat {SYSFS}/{file}"), MOMENT)?
        .trim()
        .to_owned())
}

fn compared(title: &str, one: &str, left: &str, other: &str, right: &str) {
    let sign = if left == right { "= " } else { "/=" };
    println!(
        "    {title:<16} {one:>4} {} {sign} {} {other}",
        short(left),
        short(right)
    );
}

fn short(hex: &str) -> String {
    match hex.get(..16) {
        Some(start) => format!("{start}.."),
        None => hex.to_owned(),
    }
}

fn references(pcrs: &Pcrs) -> Result<String> {
    Pins::sha256().text(pcrs)
}

fn put_references(guest: &mut Guest, pcrs: &Pcrs) -> Result<()> {
    guest.put(
        "/usr/lib/firmware/launchguard/references",
        references(pcrs)?.as_bytes(),
    )
}

fn commit(guest: &mut Guest, pcrs: &Pcrs) -> Result<()> {
    put_text(guest, "references", &references(pcrs)?)
}

/// Commits a text as `file`.
fn put_text(guest: &mut Guest, file: &str, text: &str) -> Result<()> {
    let (text, digest) = damaged(text, None);
    guest.put(&format!("/tmp/{file}"), &text)?;
    for line in [
        format!("cat /tmp/{file} > {SYSFS}/{file}"),
        format!("echo {digest} > {SYSFS}/commit"),
    ] {
        guest
            .check(&line, MOMENT)
            .with_context(|| format!("commit of the {file}"))?;
    }
    println!("  # cat {file} > {SYSFS}/{file}");
    println!("  # sha256sum {file} > {SYSFS}/commit");
    Ok(())
}
