// SPDX-License-Identifier: GPL-2.0

//! `decode mle FILE`.

use super::hexadecimal;
use crate::input;
use crate::report::{tree, Report};
use anyhow::{anyhow, Context, Result};
use launchguard_pure::decode::mle::{MleHeader, UUID};
use serde_json::json;
use std::path::Path;

/// Decodes the MLE header in `file`: at its start, or where the header's UUID stands first, as in the
/// image of a launcher.
pub fn run(file: &Path) -> Result<Report> {
    let bytes = input::read(file)?;
    let uuid: Vec<u8> = UUID.into_iter().flat_map(u32::to_le_bytes).collect();
    let found = bytes.windows(uuid.len()).position(|part| part == uuid);
    let offset = found.unwrap_or(0);
    let header = MleHeader::decode(bytes.get(offset..).unwrap_or_default())
        .map_err(|error| anyhow!("at {offset:#x}: {error}"))
        .with_context(|| file.display().to_string())?;
    let json = json!({
        "offset": hexadecimal(offset as u64),
        "length": header.length,
        "version": hexadecimal(header.version),
        "entry": hexadecimal(header.entry),
        "first_page": hexadecimal(header.first_page),
        "start": hexadecimal(header.start),
        "end": hexadecimal(header.end),
        "capabilities": hexadecimal(header.capabilities.0),
        "capability_names": header.capabilities.names().collect::<Vec<_>>(),
        "command_line": header.command_line.map(|(start, end)| json!({
            "start": hexadecimal(start),
            "end": hexadecimal(end),
        })),
    });
    Ok(Report {
        text: tree(&json),
        json,
        good: true,
    })
}
