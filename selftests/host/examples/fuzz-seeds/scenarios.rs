// SPDX-License-Identifier: GPL-2.0

//! What the scenarios change on a launched guest, done to the fixtures' machine.
//!
//! Only the changes of registers, tables and log are of use here. A change that the fixtures'
//! machine has no place for is left out: a seed need not be exact.

use launchguard_host_tests::fixture::log::{hash, Record};
use launchguard_host_tests::fixture::{Machine, BANKS};
use launchguard_pure::decode::digest::HashAlg;
use launchguard_pure::decode::registers::Reg;
use std::path::Path;
use std::{fs, io};
use toml::{Table, Value};

/// The heap's tables by their names in scenarios, in the heap's order.
const TABLES: [&str; 4] = [
    "bios-data",
    "os-mle-data",
    "os-sinit-data",
    "sinit-mle-data",
];
/// Index of OsSinitData, and offset in it of the log pointer's data in the fixtures.
const LOG_POINTER: (usize, i64) = (2, 92 + 8);

/// A machine for each step of the scenarios in `directory` that changes evidence.
pub fn changed_machines(directory: &Path) -> io::Result<Vec<(String, Machine)>> {
    let mut machines = Vec::new();
    let mut paths: Vec<_> = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let scenario: Table = fs::read_to_string(&path)?
            .parse()
            .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
        let file = path.file_stem().unwrap_or_default().to_string_lossy();
        let steps = list(scenario.get("step"));
        for (index, step) in steps.iter().enumerate() {
            let mut machine = Machine::launched();
            let changes = list(step.get("change"));
            let applied = changes
                .iter()
                .filter(|change| apply(change, &mut machine).is_some());
            if applied.count() > 0 {
                machines.push((format!("{file}-{index:02}"), machine));
            }
        }
    }
    Ok(machines)
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn apply(change: &Value, machine: &mut Machine) -> Option<()> {
    if let Some(name) = change.get("register") {
        return register(name.as_str()?, change, machine);
    }
    if let Some(edit) = change.get("log") {
        let (name, value) = edit.as_table()?.iter().next()?;
        return log(name, value, machine);
    }
    let offset = change.get("offset").map_or(Some(0), Value::as_integer)?;
    let place = change.get("at")?.as_str()?;
    let (bytes, start) = match place {
        "log" => (machine.log.as_mut()?, 0),
        "sinit" => (machine.sinit.as_mut()?, 0),
        "log-pointer" => in_heap(machine, LOG_POINTER.0, LOG_POINTER.1)?,
        table => {
            let index = TABLES.iter().position(|name| *name == table)?;
            in_heap(machine, index, 0)?
        }
    };
    let start = usize::try_from(i64::try_from(start).ok()?.checked_add(offset)?).ok()?;
    edit(bytes.get_mut(start..)?, change)
}

/// The heap, and the place that is `offset` bytes behind the start of a table's data.
fn in_heap(machine: &mut Machine, table: usize, offset: i64) -> Option<(&mut Vec<u8>, usize)> {
    let data = machine.tables().size_field(table) + 8;
    let place = usize::try_from(offset).ok()? + data;
    Some((machine.heap.as_mut()?, place))
}

/// `set` or `xor`, in hex digits with blanks.
fn edit(bytes: &mut [u8], change: &Value) -> Option<()> {
    let set = change.get("set");
    let digits: String = set.or(change.get("xor"))?.as_str()?.split(' ').collect();
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let value = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        *byte = if set.is_some() { value } else { *byte ^ value };
    }
    Some(())
}

fn register(name: &str, change: &Value, machine: &mut Machine) -> Option<()> {
    let number = |key: &str| {
        let digits = change.get(key)?.as_str()?.strip_prefix("0x")?;
        u64::from_str_radix(digits, 16).ok()
    };
    let is_named = |reg: &Reg| reg.name().strip_prefix("TXT.") == Some(name);
    let reg = Reg::ALL.into_iter().find(is_named)?;
    match (number("set"), number("xor")) {
        (Some(value), _) => machine.set(reg, value),
        (None, Some(bits)) => machine.change(reg, |value| value ^ bits),
        (None, None) => return None,
    }
    Some(())
}

/// Edits of the log as a structure; the TPM keeps the values of the good one.
fn log(name: &str, value: &Value, machine: &mut Machine) -> Option<()> {
    let number = |key: &str| value.get(key)?.as_integer();
    let index = |number: i64| usize::try_from(number).ok();
    let mut records = machine.records.clone();
    match name {
        "duplicate" => {
            let event = index(value.as_integer()?)?;
            records.insert(event + 1, records.get(event)?.clone());
        }
        "drop" => {
            let event = index(value.as_integer()?)?;
            records.get(event)?;
            records.remove(event);
        }
        "keep" => records.truncate(index(value.as_integer()?)?),
        "cut" => {
            let bytes = u32::try_from(value.as_integer()?).ok()?;
            machine.log_next = machine.log_next.checked_sub(bytes)?;
            return Some(());
        }
        "append" => records.push(Record {
            pcr: u32::try_from(number("pcr")?).ok()?,
            kind: u32::try_from(number("kind")?).ok()?,
            digests: BANKS.map(|alg| (alg, hash(alg, &[&[0]]))).to_vec(),
            data: vec![0],
        }),
        "flip-digest" => {
            let alg = HashAlg::from_tpm_id(u16::try_from(number("alg")?).ok()?)?;
            let record = records.get_mut(index(number("event")?)?)?;
            let mut digests = record.digests.iter_mut();
            let (_, digest) = digests.find(|(bank, _)| *bank == alg)?;
            *digest.first_mut()? ^= 1;
        }
        "flip-data" => {
            let record = records.get_mut(index(number("event")?)?)?;
            *record.data.first_mut()? ^= 1;
        }
        "retype" => {
            let record = records.get_mut(index(number("event")?)?)?;
            record.kind = u32::try_from(number("kind")?).ok()?;
        }
        _ => return None,
    }
    machine.set_log(&BANKS, records);
    Some(())
}
