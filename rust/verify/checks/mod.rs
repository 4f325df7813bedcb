// SPDX-License-Identifier: GPL-2.0

//! The checks: each looks at the facts and records one finding.

mod acm;
mod agreement;
mod context;
mod cpu;
mod cpu_count;
mod cpu_memory;
mod cpu_state;
mod dma;
mod dpr;
mod drift;
mod events;
mod heap;
mod hex;
mod kernel;
mod key;
mod lcp;
mod log;
mod map;
mod map_memory;
mod map_remap;
mod measured;
mod measurement;
mod platform;
mod references;
mod tables;
mod tpm;
mod txt;

use super::catalogue::CheckId;
use super::judgement::{Judgement, Outcome};

pub(super) use context::{Context, State};

/// A check: records its finding, or more where one look decides several.
type Check = fn(&Context<'_>, &mut Judgement);

/// What can be told of any platform, launched or not.
const PLATFORM: [Check; 4] = [txt::reset, txt::error_code, txt::fused, txt::identity];

/// What is left to tell of a launch.
const LAUNCH: [Check; 26] = [
    txt::left,
    txt::memory_lock,
    txt::private_space,
    txt::localities,
    txt::secrets,
    key::public_key,
    txt::latched,
    heap::range,
    heap::sizes,
    heap::versions,
    heap::elements,
    heap::reserved,
    heap::descriptors,
    heap::memory_map,
    heap::stable,
    tpm::family,
    tpm::coverage,
    tpm::pcr17,
    measurement::pcr17,
    measurement::pcr18,
    log::structure,
    log::data,
    events::events,
    log::capped,
    references::expected,
    kernel::launched,
];

/// Runs every check. What does not apply says so.
pub(super) fn run(context: &Context<'_>, out: &mut Judgement) {
    txt::claim(context, out);
    txt::agreement(context, out);
    tpm::stable(context, out);
    match context.state {
        State::Launched => {
            run_all(&PLATFORM, context, out);
            run_all(&acm::CHECKS, context, out);
            run_all(&dpr::CHECKS, context, out);
            run_all(&LAUNCH, context, out);
            run_all(&agreement::CHECKS, context, out);
            run_all(&lcp::CHECKS, context, out);
        }
        State::Absent => {
            rest_not_applicable(out);
            if context.is_intel() {
                run_all(&PLATFORM, context, out);
            }
        }
        State::Unconfirmed => rest_unconfirmed(context, out),
    }
    // The machine's own state can be told with and without a launch.
    run_all(&cpu::CHECKS, context, out);
    run_all(&cpu_state::CHECKS, context, out);
    run_all(&cpu_memory::CHECKS, context, out);
    run_all(&cpu_count::CHECKS, context, out);
    run_all(&map::CHECKS, context, out);
    run_all(&map_remap::CHECKS, context, out);
    run_all(&map_memory::CHECKS, context, out);
    run_all(&dma::CHECKS, context, out);
    drift::unchanged(context, out);
    kernel::enforced(context, out);
}

fn run_all(checks: &[Check], context: &Context<'_>, out: &mut Judgement) {
    for check in checks {
        check(context, out);
    }
}

/// The checks that speak in every state.
const ALWAYS: [CheckId; 3] = [CheckId::Txt01, CheckId::Txt13, CheckId::Tpm15];

fn rest_not_applicable(out: &mut Judgement) {
    for check in CheckId::ALL {
        if !ALWAYS.contains(&check) {
            out.set(
                check,
                Outcome::NotApplicable,
                format_args!("no measured launch took place"),
            );
        }
    }
}

/// The registers claim no launch, and no TPM is there to confirm it.
fn rest_unconfirmed(context: &Context<'_>, out: &mut Judgement) {
    for check in CheckId::ALL {
        if ALWAYS.contains(&check) {
            continue;
        }
        if check.name().starts_with("TPM") {
            out.set(
                check,
                Outcome::Unknown,
                format_args!("{}", context.tpm_reason()),
            );
        } else {
            out.set(
                check,
                Outcome::NotApplicable,
                format_args!("the registers claim no launch"),
            );
        }
    }
}
