// SPDX-License-Identifier: GPL-2.0

//! `decode registers FILE`.

use super::hexadecimal;
use crate::input;
use crate::report::{hex, line, Report};
use anyhow::{ensure, Result};
use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::registers::{
    launch_claimed, Reg, RegisterSpace, Registers, Width, PUBLIC_KEY_NAME,
};
use serde_json::{json, Map, Value};
use std::path::Path;

/// The least that a dump must hold: every register that is read lies in the first page.
const MIN_SIZE: usize = 4096;

/// A dump of the public space.
struct Dump<'a>(Bytes<'a>);

impl RegisterSpace for Dump<'_> {
    fn read(&self, offset: u16, width: Width) -> Option<u64> {
        let offset = usize::from(offset);
        match width {
            Width::Byte => self.0.u8(offset).map(u64::from),
            Width::Dword => self.0.u32(offset).map(u64::from),
            Width::Qword => self.0.u64(offset),
        }
    }
}

/// Decodes the dump in `file`.
pub fn run(file: &Path) -> Result<Report> {
    let bytes = input::read(file)?;
    ensure!(
        bytes.len() >= MIN_SIZE,
        "{}: {} bytes, a dump of the public space has {MIN_SIZE} or more",
        file.display(),
        bytes.len()
    );
    let registers = Registers::read(&Dump(Bytes::new(&bytes)), None::<&Dump<'_>>);
    let mut values = Map::new();
    for reg in Reg::ALL {
        let value = registers.get(reg).map_or(Value::Null, hexadecimal);
        values.insert(reg.name().to_owned(), value);
    }
    let key = registers.public_key.map(|key| hex(&key));
    values.insert(PUBLIC_KEY_NAME.to_owned(), Value::from(key));
    let launched = launch_claimed(&registers) == Some(true);

    let mut text = String::new();
    for (name, value) in &values {
        line(&mut text, name, value.as_str().unwrap_or("unknown"));
    }
    line(&mut text, "launched", if launched { "yes" } else { "no" });
    Ok(Report {
        text,
        json: json!({"registers": values, "launched": launched}),
        good: true,
    })
}
