// SPDX-License-Identifier: GPL-2.0
//! What the kernel itself reports: in its log, and about memory that was lost.

use std::time::Duration;

use anyhow::{ensure, Result};

use crate::runner::guest::Guest;
use crate::runner::ktap::{Case, Outcome};

/// Kernel log lines that no test may cause. Lockdep, the sleep checks and the object checks of a debug
/// kernel say WARNING or BUG as well.
const COMPLAINTS: &[&str] = &[
    "WARNING:",
    "BUG:",
    "Oops",
    "kernel BUG at",
    "UBSAN:",
    "KASAN:",
    "ODEBUG:",
    "general protection fault",
    "INFO: task",
    "INFO: trying to register non-static key",
    "possible recursive locking",
    "possible circular locking",
    "inconsistent lock state",
    "suspicious RCU usage",
    "sleeping function called from invalid context",
    "scheduling while atomic",
    "turning off the locking correctness validator",
    "new suspected memory leaks",
    "kmemleak: Kernel memory leak detector disabled",
    "sysfs: cannot create duplicate",
    "unable to handle",
];

/// How lockdep's report of a lock order begins.
const LOCK_ORDER: &str = "possible circular locking dependency detected";

/// Time for a scan of all memory, which takes seconds where the kernel has to look at its own accesses.
const SCAN: Duration = Duration::from_secs(120);
const MOMENT: Duration = Duration::from_secs(30);

/// Forgets what has no reference now: it is not what this scenario lost. Nothing on a kernel without
/// kmemleak.
pub fn forget_leaks(guest: &mut Guest) -> Result<()> {
    guest.check(
        "leaks=/sys/kernel/debug/kmemleak
        [ ! -e $leaks ] || { echo scan > $leaks && echo clear > $leaks; }",
        SCAN,
    )?;
    Ok(())
}

/// Memory that nothing refers to, of an age at which something should. An object is listed when it did
/// not change between two scans; one that was moved about meanwhile is found by the second.
pub fn leaks(guest: &mut Guest) -> Result<()> {
    let found = guest.check(
        "leaks=/sys/kernel/debug/kmemleak
        [ -e $leaks ] || exit 0
        sleep 6; echo scan > $leaks
        sleep 6; echo scan > $leaks
        cat $leaks",
        SCAN,
    )?;
    ensure!(found.trim().is_empty(), "memory was lost: {found}");
    Ok(())
}

/// The last tests of every machine; lines of the kernel's log that hold some of the `known` words are no
/// complaints.
pub fn cases(guest: &mut Guest, known: &[String]) -> Vec<Case> {
    let case = |name: &str, result: Result<()>| {
        let outcome = match result {
            Ok(()) => Outcome::Pass,
            Err(error) => Outcome::Fail(format!("{error:#}")),
        };
        Case::new(name, outcome)
    };
    let mut cases = Vec::new();
    if guest.is_debug() {
        cases.push(case("no memory was lost", leaks(guest)));
        cases.push(case(
            "what reports mistakes is still on",
            watchful(guest, known),
        ));
    }
    cases.push(case(
        "the kernel log holds no complaint",
        kernel_log(guest, known),
    ));
    cases
}

/// Lockdep ends at its first report or when it runs out of memory, kmemleak when it fails; nothing that
/// came later would have been seen. Lockdep ends as well, and says so in the log, where a module was removed
/// by force (TAINT_FORCED_RMMOD, bit 3), and at a report of the kernel's own that is known: it watched until
/// then.
fn watchful(guest: &mut Guest, known: &[String]) -> Result<()> {
    let log = guest.dmesg()?;
    if !ended_by_a_known_report(&log, known) {
        guest.check(
            "[ $(($(cat /proc/sys/kernel/tainted) & 8)) != 0 ] ||
                grep -q 'debug_locks: *1$' /proc/lockdep_stats || { echo 'lockdep is off'; exit 1; }",
            MOMENT,
        )?;
    }
    guest.check(
        "[ -e /sys/kernel/debug/kmemleak ] || { echo 'no kmemleak'; exit 1; }
        grep -q kasan /proc/kallsyms || { echo 'no KASAN'; exit 1; }",
        MOMENT,
    )?;
    Ok(())
}

fn kernel_log(guest: &mut Guest, known: &[String]) -> Result<()> {
    let log = guest.dmesg()?;
    let bad = complaints(&log, known);
    ensure!(bad.is_empty(), "{}", bad.join("\n"));
    Ok(())
}

fn complaints<'a>(log: &'a str, known: &[String]) -> Vec<&'a str> {
    let lines: Vec<&str> = log.lines().collect();
    (0..lines.len())
        .map(|at| &lines[at..])
        .filter(|rest| COMPLAINTS.iter().any(|words| rest[0].contains(words)))
        .filter(|rest| !is_known(rest, known))
        .map(|rest| rest[0])
        .collect()
}

/// Whether words that are known are in a complaint's line; or, of a lock order that lockdep found, in the
/// lines that name the lock which was to be taken. Others print between them.
fn is_known(report: &[&str], known: &[String]) -> bool {
    let lines = if report[0].contains(LOCK_ORDER) {
        let held = |line: &&str| line.contains("already holding lock");
        report.iter().position(held).unwrap_or(1)
    } else {
        1
    };
    report
        .iter()
        .take(lines)
        .any(|line| known.iter().any(|words| line.contains(words.as_str())))
}

fn ended_by_a_known_report(log: &str, known: &[String]) -> bool {
    let lines: Vec<&str> = log.lines().collect();
    (0..lines.len()).any(|at| lines[at].contains(LOCK_ORDER) && is_known(&lines[at..], known))
}

#[cfg(test)]
mod tests {
    use super::{complaints, ended_by_a_known_report};

    /// As kernels of the series 7.3 print them.
    #[test]
    fn what_a_debug_kernel_reports_is_seen() {
        for line in [
            "[    9.1] BUG: KASAN: slab-use-after-free in lg_group_put+0x1a/0x40 [launchguard]",
            "[    9.1] UBSAN: array-index-out-of-bounds in drivers/iommu/intel/iommu.c:12:3",
            "[    9.1] WARNING: possible circular locking dependency detected",
            "[    9.1] WARNING: possible recursive locking detected",
            "[    9.1] WARNING: inconsistent lock state",
            "[    9.1] WARNING: suspicious RCU usage",
            "[    9.1] BUG: sleeping function called from invalid context at mm/slub.c:1",
            "[    9.1] INFO: task kworker/0:1:12 blocked for more than 120 seconds.",
            "[    9.1] INFO: trying to register non-static key.",
            "[    9.1] BUG: MAX_LOCKDEP_CHAINS too low!",
            "[    9.1] ODEBUG: free active (active state 0) object: 0000000012345678",
            "[    9.1] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
            "[    9.1] kmemleak: Kernel memory leak detector disabled",
        ] {
            assert_eq!(complaints(line, &[]), [line]);
        }
        assert!(complaints("[    9.1] FAULT_INJECTION: forcing a failure.", &[]).is_empty());
    }

    #[test]
    fn a_warning_that_is_known_hides_no_other() {
        let known = "WARNING: drivers/iommu/iommu.c:743 at __iommu_group_remove_device+0x1/0x2";
        let other = "WARNING: drivers/iommu/iommu.c:157 at __iommu_group_set_domain_nofail+0x1/0x2";
        let log = format!("[ 1.0] {known}\n[ 2.0] {other}\n");
        let words = ["at __iommu_group_remove_device".to_owned()];
        assert_eq!(complaints(&log, &words), [format!("[ 2.0] {other}")]);
    }

    /// As a kernel of the series 7.3 prints it when pciehp takes a device in.
    #[test]
    fn a_lock_order_is_known_by_the_lock_that_was_to_be_taken() {
        let report = |place: &str| {
            format!(
                "[ 9.1] WARNING: possible circular locking dependency detected\n\
                 [ 9.1] 7.3.4-debug #1 Tainted: G           OE\n\
                 [ 9.1] ------------------------------------------------------\n\
                 [ 9.1] irq/25-pciehp/44 is trying to acquire lock:\n\
                 [ 9.1] ffff8880\n\
                 [ 9.1] launchguard: groups blocked 1, confined 0; devices exposed 2\n\
                 [ 9.1]  (&ctrl->reset_lock){{.+.+}}-{{4:4}}, at: {place}+0x183/0x240\n\
                 [ 9.1]\n\
                 [ 9.1] but task is already holding lock:\n\
                 [ 9.1] ffffffff (pci_rescan_remove_lock){{+.+.}}-{{4:4}}, at: pci_lock_rescan_remove+0x17/0x20\n"
            )
        };
        let words = ["at: pciehp_configure_device".to_owned()];
        let known = report("pciehp_configure_device");
        assert!(complaints(&known, &words).is_empty());
        assert!(ended_by_a_known_report(&known, &words));
        let other = report("lg_group_put");
        assert_eq!(complaints(&other, &words).len(), 1);
        assert!(!ended_by_a_known_report(&other, &words));
        // What the held lock is says nothing of who made the mistake.
        assert_eq!(
            complaints(&known, &["at: pci_lock_rescan_remove".to_owned()]).len(),
            1
        );
    }
}
