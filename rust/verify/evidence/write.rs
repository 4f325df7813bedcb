// SPDX-License-Identifier: GPL-2.0

//! Writes evidence.

mod facts;
mod machine;
mod recorded;

use super::format::{
    Section, ABSENT, DIGEST_SIZE, HEADER_SIZE, MAGIC, MAJOR, MAX_REASON, MINOR, NOT_TOLD, READ,
    UNREADABLE,
};
use super::sink::{Checksum, Count, Hashed, Sink};
use crate::decode::digest::Digest;
use crate::verify::facts::{Evidence, Facts};
use crate::verify::judgement::{Judgement, Verdict};
use crate::verify::notes::Notes;

/// Everything that is written.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// Number of the published snapshot.
    pub generation: u64,
    /// Release of the running kernel.
    pub kernel_release: &'a str,
    /// Version of what made the evidence.
    pub version: &'a str,
    /// The facts.
    pub facts: &'a Facts<'a>,
    /// The guard policy in force; `None` when there is none.
    pub policy: Option<&'a [u8]>,
    /// The references in force; `None` when there are none.
    pub references: Option<&'a [u8]>,
    /// Whether evidence may still arrive, as [`judge`](crate::verify::judge) is told.
    pub awaiting: bool,
    /// What else stands behind the verdict.
    pub notes: Notes,
    /// The verdict that was published.
    pub verdict: Verdict,
    /// The judgement that it comes from.
    pub judgement: &'a Judgement,
}

/// Size of the evidence in bytes.
pub fn size(contents: &Contents<'_>) -> usize {
    let mut body = Count::default();
    sections(contents, &mut Out::new(&mut body));
    body.0
        .saturating_add(HEADER_SIZE)
        .saturating_add(DIGEST_SIZE)
}

/// Writes the evidence into `sink`. `checksum` is asked only when the sink wants the digest at the
/// end: it then reads everything once more.
pub fn write(contents: &Contents<'_>, sink: &mut dyn Sink, checksum: &mut dyn Checksum) {
    let total = size(contents);
    head(contents, total, &mut Out::new(sink));
    if sink.pass(DIGEST_SIZE) {
        return;
    }
    head(contents, total, &mut Out::new(&mut Hashed(checksum)));
    sink.put(&checksum.finish());
}

/// Everything in front of the digest.
fn head(contents: &Contents<'_>, total: usize, out: &mut Out<'_>) {
    out.put(&MAGIC);
    out.u16(MAJOR);
    out.u16(MINOR);
    out.u32(number(HEADER_SIZE));
    out.u64(total as u64);
    out.u64(contents.generation);
    sections(contents, out);
}

fn sections(contents: &Contents<'_>, out: &mut Out<'_>) {
    for section in Section::ALL {
        out.u32(section.tag());
        out.sized(&|out| match section {
            Section::Info => recorded::info(contents, out),
            Section::Recorded => recorded::recorded(contents, out),
            Section::Texts => recorded::texts(contents, out),
            fact => facts::section(fact, contents.facts, out),
        });
    }
}

/// A size in 32 bits: nothing that is collected comes near 4 GiB.
fn number(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// Writes fields.
pub(super) struct Out<'a> {
    sink: &'a mut dyn Sink,
}

impl<'a> Out<'a> {
    fn new(sink: &'a mut dyn Sink) -> Self {
        Self { sink }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.sink.put(bytes);
    }

    fn u8(&mut self, value: u8) {
        self.put(&[value]);
    }

    fn u16(&mut self, value: u16) {
        self.put(&value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.put(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.put(&value.to_le_bytes());
    }

    fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    fn maybe(&mut self, value: Option<bool>) {
        self.u8(value.map_or(NOT_TOLD, u8::from));
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.bool(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.u32(number(bytes.len()));
        self.put(bytes);
    }

    /// Text, cut to `most` bytes.
    fn text(&mut self, text: &str, most: usize) {
        let mut end = text.len().min(most);
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let bytes = text.as_bytes().get(..end).unwrap_or_default();
        self.u16(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
        self.put(bytes);
    }

    fn evidence<T>(&mut self, evidence: Evidence<T>, write: impl FnOnce(&mut Self, T)) {
        match evidence {
            Evidence::Read(value) => {
                self.u8(READ);
                write(self, value);
            }
            Evidence::Unreadable(why) => {
                self.u8(UNREADABLE);
                self.text(why, MAX_REASON);
            }
            Evidence::Absent(why) => {
                self.u8(ABSENT);
                self.text(why, MAX_REASON);
            }
        }
    }

    fn digest(&mut self, digest: Option<&Digest>) {
        let bytes = digest.map(Digest::as_bytes).unwrap_or_default();
        self.u8(u8::try_from(bytes.len()).unwrap_or(0));
        self.put(bytes);
    }

    /// What `body` writes, behind its size: a record, a list of records, a section.
    fn sized(&mut self, body: &dyn Fn(&mut Out<'_>)) {
        let mut count = Count::default();
        body(&mut Out::new(&mut count));
        self.u32(number(count.0));
        if !self.sink.pass(count.0) {
            body(self);
        }
    }
}
