// SPDX-License-Identifier: GPL-2.0

//! KRN-01 and KRN-03: whether the running kernel is the one that was launched, and whether the policy is
//! carried out in it.

use super::context::Context;
use crate::verify::catalogue::CheckId;
use crate::verify::facts::LOADER_KEXEC;
use crate::verify::judgement::{Judgement, Launcher, Outcome};

/// KRN-01.
pub(super) fn launched(c: &Context<'_>, out: &mut Judgement) {
    let check = CheckId::Krn01;
    let kernel = &c.facts.kernel;
    // What excludes the launched kernel does so under any launcher.
    if kernel.resumed_from_image == Some(true) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("this kernel was resumed from a hibernation image"),
        );
    }
    if let Some(loader) = kernel.loader_type.filter(|kind| kind >> 4 == LOADER_KEXEC) {
        return out.set(
            check,
            Outcome::Fail,
            format_args!("this kernel was loaded by kexec (loader type {loader:#04x})"),
        );
    }
    if c.launcher != Launcher::Tboot {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!(
                "launcher {}: only tboot leaves a trace in the launched kernel",
                c.launcher.word()
            ),
        );
    }
    match (kernel.tboot_addr, kernel.tboot_page) {
        (Some(0), _) => {
            return out.set(
                check,
                Outcome::Fail,
                format_args!("tboot launched, but boot_params.tboot_addr is 0: another kernel"),
            );
        }
        (Some(address), Some(false)) => {
            return out.set(
                check,
                Outcome::Fail,
                format_args!("no shared page of tboot at boot_params.tboot_addr {address:#x}"),
            );
        }
        _ => {}
    }
    let unread = [
        ("boot_params.tboot_addr", kernel.tboot_addr.is_none()),
        ("tboot's shared page", kernel.tboot_page.is_none()),
        ("the loader's type", kernel.loader_type.is_none()),
        (
            "whether it was resumed",
            kernel.resumed_from_image.is_none(),
        ),
    ];
    if let Some((what, _)) = unread.iter().find(|(_, unread)| *unread) {
        return out.set(
            check,
            Outcome::Unknown,
            format_args!("{what} could not be read"),
        );
    }
    out.set(
        check,
        Outcome::Pass,
        format_args!(
            "shared page of tboot at {:#x}, loader type {:#04x}, not resumed",
            kernel.tboot_addr.unwrap_or(0),
            kernel.loader_type.unwrap_or(0)
        ),
    );
}

/// KRN-03.
pub(super) fn enforced(c: &Context<'_>, out: &mut Judgement) {
    let (outcome, detail) = match c.facts.kernel.rescue {
        Some(false) => (Outcome::Pass, "not loaded for rescue"),
        Some(true) => (
            Outcome::Fail,
            "loaded for rescue: nothing of the policy is carried out",
        ),
        None => (
            Outcome::Unknown,
            "whether the module was loaded for rescue could not be read",
        ),
    };
    out.set(CheckId::Krn03, outcome, format_args!("{detail}"));
}
