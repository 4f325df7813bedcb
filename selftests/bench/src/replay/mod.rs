// SPDX-License-Identifier: GPL-2.0

//! The part "Replay and decoding on the host".

mod hashing;
mod log;
mod process;
mod processor_time;

use crate::format::{Axis, Fact, Goal, Pair, Part, Row, Table};
use crate::interleave::{interleave, Contender};
use crate::numbers;
use crate::stats::Quartiles;
use anyhow::{bail, Context, Result};
use hashing::Hashing;
use launchguard_host_tests::HostHasher;
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::eventlog::Log;
use launchguard_pure::verify::facts::DRTM_PCRS;
use launchguard_pure::verify::replay::{replay_banks, PcrBanks, Start};
use log::TestLog;
use processor_time::of_thread;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;

/// Events of the logs: a real launch by tboot has about 20; the others show how cost grows.
const SIZES: [usize; 3] = [20, 1_000, 100_000];
/// What one sample of the in-process measurement decodes at least, in events: about 10 ms.
const EVENTS_OF_A_SAMPLE: usize = 20_000;

const REPLAY: &str = "decode and replay";
const HASHING: &str = "hashing alone";
const OURS: &str = "launchguardctl replay";
const THEIRS: &str = "tpm2_eventlog";
const NOTHING: &str = "true";

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    quick: bool,
}

impl Settings {
    /// All of it, or with `quick` so little that it takes less than a minute.
    pub const fn new(quick: bool) -> Self {
        Self { quick }
    }

    /// Samples within the process.
    const fn samples(self) -> usize {
        if self.quick {
            25
        } else {
            101
        }
    }

    /// Samples of processes on a log of `events`.
    const fn runs(self, events: usize) -> usize {
        match (self.quick, events) {
            (true, 100_000..) => 5,
            (true, _) => 25,
            (false, 100_000..) => 15,
            (false, _) => 101,
        }
    }
}

/// Makes the logs and measures; `ours` is launchguardctl.
///
/// # Errors
///
/// When a command cannot be run or refuses a log, or when anybody's replay ends in other values than
/// another one's.
pub fn measure(ours: &Path, settings: &Settings) -> Result<Part> {
    let mut logs = Vec::new();
    for events in SIZES {
        let log = TestLog::new(events)?;
        agree(&log, ours).with_context(|| format!("log of {events} events"))?;
        logs.push(log);
    }
    let in_process = in_process(&logs, settings)?;
    let growth = growth(&logs, settings)?;
    let processes = processes(&logs, ours, settings)?;
    let facts = rates(&logs, &[&in_process, &processes]);
    Ok(Part {
        name: "replay".to_owned(),
        title: "Replay and decoding on the host".to_owned(),
        text: text(&logs),
        commands: vec![
            format!(
                "bench replay{} OUTPUT",
                if settings.quick { " --quick" } else { "" }
            ),
            "launchguardctl replay FILE >/dev/null".to_owned(),
            "tpm2_eventlog FILE >/dev/null".to_owned(),
        ],
        tables: vec![in_process, growth, processes],
        facts,
        notes: vec![START.to_owned()],
    })
}

/// Why a goal is missed.
const START: &str = "*Short logs* are read in the time that it takes to start a process: compare the row of 20 events with `true`. \
     The command is one executable for all that it can do, and each of its pages that is touched is a page fault, \
     some 200 in all; the dynamic loader's own work is a twentieth of a millisecond (`LD_DEBUG=statistics`). \
     Optimising it as a whole when it is linked took 24 of these away and no time. *Long ones* are hashed for half of \
     the time, with the processor's instructions where it has them, and decoded for a fifth, once for each check that \
     looks at all events (perf); how fast `tpm2_eventlog` is beside that differs by a factor of three between \
     processors.";

fn text(logs: &[TestLog]) -> String {
    let sizes: Vec<String> = logs
        .iter()
        .map(|log| {
            let (events, bytes) = (log.events as f64, log.bytes.len() as f64);
            format!(
                "{} ({})",
                numbers::plain(events),
                numbers::quantity(bytes, "bytes")
            )
        })
        .collect();
    format!(
        "Crypto-agile DRTM logs with the banks sha1, sha256 and sha384: the events of a launch by tboot, in the form in \
         which the module exports them, and as many more events of tboot in PCR 17 and 18 as make {} events. Before \
         anything is timed, the PCRs that `tpm2_eventlog` computes from each log, those that `launchguardctl replay` \
         prints and those of the replay in the process are compared: all three do the whole job. Times are those of the \
         processor, in user and system mode: what else runs on the machine makes everything take longer, and these \
         hardly so.",
        sizes.join(", ")
    )
}

/// Replays `log` in every bank, as a judgement does.
fn replay(log: &[u8]) -> Option<PcrBanks> {
    let mut banks: PcrBanks = [[None; DRTM_PCRS]; HashAlg::ALL.len()];
    let next = u32::try_from(log.len()).ok()?;
    let log = Log::open(log, 0, next).ok()?;
    let mut carried = [false; HashAlg::ALL.len()];
    replay_banks(&log, &Start::ZERO, &HostHasher, &mut carried, &mut banks);
    Some(banks)
}

/// Whether everybody finds the same in PCR 17 and 18, and all of it.
fn agree(log: &TestLog, ours: &Path) -> Result<()> {
    let Some(banks) = replay(&log.bytes) else {
        bail!("the replay does not read it");
    };
    let mut expected = process::Pcrs::new();
    for (alg, bank) in HashAlg::ALL.into_iter().zip(&banks) {
        for (pcr, value) in (17..).zip(bank).take(2) {
            if let Some(value) = value {
                expected.insert((alg.name().to_owned(), pcr), value.to_string());
            }
        }
    }
    if expected.len() != 2 * log::BANKS.len() {
        bail!("the replay found {} PCRs", expected.len());
    }
    let hashed = Hashing::new(log).run();
    for (name, found) in [
        (HASHING, hashed),
        (THEIRS, process::tpm2_eventlog(&log.path)?),
        (OURS, process::launchguardctl(ours, &log.path)?),
    ] {
        if found != expected {
            bail!("{name} found {found:?}, the replay {expected:?}");
        }
    }
    Ok(())
}

/// Nanoseconds that `work` takes each time, from `times` in a row.
fn time_each(times: usize, mut work: impl FnMut()) -> Result<f64> {
    let began = of_thread()?;
    for _ in 0..times {
        work();
    }
    Ok((of_thread()? - began) / times as f64)
}

fn take<E>(
    count: usize,
    mut contenders: Vec<Contender<'_, E>>,
) -> Result<BTreeMap<String, Vec<f64>>, E> {
    interleave(count, &mut contenders)
}

fn row_name(events: usize) -> String {
    format!("{} events", numbers::plain(events as f64))
}

fn axis() -> Option<Axis> {
    Some(Axis {
        name: "events".to_owned(),
        unit: String::new(),
    })
}

fn in_process(logs: &[TestLog], settings: &Settings) -> Result<Table> {
    let row = |log: &TestLog| -> Result<Row> {
        let times = EVENTS_OF_A_SAMPLE.div_ceil(log.events);
        let hashing = Hashing::new(log);
        let contenders: Vec<Contender<'_, anyhow::Error>> = vec![
            (
                REPLAY,
                Box::new(|| {
                    time_each(times, || {
                        black_box(replay(black_box(&log.bytes)));
                    })
                }),
            ),
            (
                HASHING,
                Box::new(|| {
                    time_each(times, || {
                        black_box(black_box(&hashing).extend());
                    })
                }),
            ),
        ];
        Ok(Row {
            name: row_name(log.events),
            x: Some(log.events as f64),
            samples: take(settings.samples(), contenders)?,
        })
    };
    Ok(Table {
        name: "in-process".to_owned(),
        title: "Decoding and replaying a log in the process".to_owned(),
        text: "Opening the log, checking every record and replaying all PCRs of all three banks, with the functions that \
               the module uses, beside nothing but the digests that this takes, with the same library (RustCrypto) from \
               digests that lie ready."
            .to_owned(),
        x: axis(),
        unit: "ns".to_owned(),
        contenders: vec![REPLAY.to_owned(), HASHING.to_owned()],
        rows: logs.iter().map(row).collect::<Result<_>>()?,
        ratios: Vec::new(),
        goals: vec![Goal {
            of: REPLAY.to_owned(),
            over: HASHING.to_owned(),
            at_most: Some(1.3),
            ..Goal::default()
        }],
    })
}

/// Time per event of two sizes: linear growth is a ratio near 1.
fn growth(logs: &[TestLog], settings: &Settings) -> Result<Table> {
    let [_, small, large] = logs else {
        unreachable!("one log for each of SIZES");
    };
    let name = |log: &TestLog| format!("of {}", row_name(log.events));
    let (of_small, of_large) = (name(small), name(large));
    let contender = |log: &TestLog| {
        let (bytes, events) = (log.bytes.clone(), log.events);
        move || {
            let times = 2 * EVENTS_OF_A_SAMPLE.div_ceil(events);
            let each = time_each(times, || {
                black_box(replay(black_box(&bytes)));
            })?;
            Ok(each / events as f64)
        }
    };
    let contenders: Vec<Contender<'_, anyhow::Error>> = vec![
        (&of_small, Box::new(contender(small))),
        (&of_large, Box::new(contender(large))),
    ];
    let samples = take(settings.samples(), contenders)?;
    Ok(Table {
        name: "growth".to_owned(),
        title: "Time for each event of a short log and of a long one".to_owned(),
        text: "Decoding and replaying in the process, as above.".to_owned(),
        x: None,
        unit: "ns/event".to_owned(),
        contenders: vec![of_small.clone(), of_large.clone()],
        rows: vec![Row {
            name: REPLAY.to_owned(),
            x: None,
            samples,
        }],
        ratios: Vec::new(),
        goals: vec![Goal {
            of: of_large.clone(),
            over: of_small.clone(),
            at_most: Some(1.2),
            ..Goal::default()
        }],
    })
}

fn processes(logs: &[TestLog], ours: &Path, settings: &Settings) -> Result<Table> {
    let row = |log: &TestLog| -> Result<Row> {
        let contenders: Vec<Contender<'_, anyhow::Error>> = vec![
            (
                OURS,
                Box::new(|| process::time(&mut process::replay_of(ours, &log.path))),
            ),
            (
                THEIRS,
                Box::new(|| process::time(&mut process::eventlog_of(&log.path))),
            ),
            (NOTHING, Box::new(|| process::time(&mut process::nothing()))),
        ];
        Ok(Row {
            name: row_name(log.events),
            x: Some(log.events as f64),
            samples: take(settings.runs(log.events), contenders)?,
        })
    };
    Ok(Table {
        name: "processes".to_owned(),
        title: "A log in a file, from the start of the process to its end".to_owned(),
        text: "Both print to `/dev/null`: `tpm2_eventlog` every event and the PCRs, `launchguardctl replay` the PCRs and \
               what the checks that look at the log alone object to. `true` is a process that does nothing: what starting \
               one costs. It is most of the time for a log of 20 events, so there is no goal for that."
            .to_owned(),
        x: axis(),
        unit: "ns".to_owned(),
        contenders: vec![OURS.to_owned(), THEIRS.to_owned(), NOTHING.to_owned()],
        rows: logs.iter().map(row).collect::<Result<_>>()?,
        ratios: vec![Pair {
            of: OURS.to_owned(),
            over: NOTHING.to_owned(),
        }],
        goals: vec![Goal {
            of: THEIRS.to_owned(),
            over: OURS.to_owned(),
            at_least: Some(10.0),
            rows: SIZES[1..].iter().map(|events| row_name(*events)).collect(),
            ..Goal::default()
        }],
    })
}

/// Events and bytes a second, from the medians.
fn rates(logs: &[TestLog], tables: &[&Table]) -> Vec<Fact> {
    let mut facts = Vec::new();
    for table in tables {
        for contender in table.contenders.iter().filter(|name| *name != NOTHING) {
            for (log, row) in logs.iter().zip(&table.rows) {
                let samples = row.samples.get(contender);
                let Some(time) = samples.and_then(|samples| Quartiles::of(samples)) else {
                    continue;
                };
                let seconds = time.median / 1e9;
                for (count, unit) in [(log.events, "events/s"), (log.bytes.len(), "bytes/s")] {
                    facts.push(Fact {
                        name: format!("{contender}, {}", row.name),
                        value: count as f64 / seconds,
                        unit: unit.to_owned(),
                        ..Fact::default()
                    });
                }
            }
        }
    }
    facts
}
