// SPDX-License-Identifier: GPL-2.0

//! `decode errorcode VALUE`.

use crate::report::Report;
use launchguard_pure::decode::errorcode::{ErrorCode, Source};
use serde_json::json;

/// Decodes a value of TXT.ERRORCODE. Fields that this kind of code does not have are null: without
/// the valid bit none means anything, and only an ACM's code has module, class, major and minor.
pub fn run(value: u32) -> Report {
    let code = ErrorCode::decode(value);
    let source = code.valid().then(|| code.source());
    let acm = (source == Some(Source::Acm)).then_some(code);
    let json = json!({
        "value": format!("{value:#010x}"),
        "healthy": code.healthy(),
        "valid": code.valid(),
        "source": source.map(Source::word),
        "module": acm.map(|code| code.module().name()),
        "class": acm.map(ErrorCode::class),
        "major": acm.map(ErrorCode::major),
        "minor": acm.map(ErrorCode::minor),
        "text": code.text(),
    });
    Report {
        text: code.to_string(),
        json,
        good: true,
    }
}
