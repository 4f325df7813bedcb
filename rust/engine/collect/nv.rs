// SPDX-License-Identifier: GPL-2.0

//! NV indices of the launch control policy.
//!
//! Each command takes milliseconds of the TPM, so it is asked first which indices there are. They are
//! read on the engine's queue like the PCRs: loading the module never waits for them.

use crate::decode::lcp::{INDICES_12, INDICES_20};
use crate::decode::nv::{self, Attributes, NvPublic, NvPublic12, Response, READ_MAX};
use crate::sys::tpm::Chip;
use crate::sys::views::{View, Views};
use crate::verify::facts::{Evidence, NvIndex, MAX_INDICES};
use core::ops::Range;
use kernel::prelude::*;

/// Largest answer that is taken, in bytes: [`READ_MAX`] of contents with all that stands around them.
const ANSWER: usize = 512;
/// Largest contents that are read, in bytes; policies and AUX take about a hundred.
const CONTENTS_MAX: usize = 1024;
/// Most lists of handles that are asked for: more than the indices that any TPM has room for.
const MOST_LISTS: usize = 8;
/// The owner's handle (TPM 2.0, part 2, 7.4).
const RH_OWNER: u32 = 0x4000_0001;

const REFUSED: &str = "the TPM refused to read it";
const SILENT: &str = "the TPM did not answer";
const MALFORMED: &str = "the TPM's answer is malformed";
const UNDEFINED: &str = "not defined";

/// The views of indices.
struct Indices;

impl View for Indices {
    type Of<'a> = NvIndex<'a>;
}

/// What was read.
pub(super) struct Collected(Evidence<Views<Indices>>);

/// An index, its bytes as ranges of one buffer.
struct Entry {
    index: u32,
    public: Evidence<Range<usize>>,
    data: Evidence<Range<usize>>,
}

impl Collected {
    /// Before anything was read.
    pub(super) const NOTHING: Self = Self(Evidence::Unreadable("not read yet"));

    /// Reads it.
    pub(super) fn read(chip: Option<&Chip>) -> Self {
        let Some(chip) = chip else {
            return Self(Evidence::Unreadable(
                "no TPM driver has registered a TPM",
            ));
        };
        let Some(tpm2) = chip.is_tpm2() else {
            return Self(Evidence::Unreadable("the TPM's driver has gone"));
        };
        Self(match read_all(chip, tpm2) {
            Ok(views) => Evidence::Read(views),
            Err(_) => Evidence::Unreadable("there is no memory to hold it"),
        })
    }

    /// As facts.
    pub(super) fn facts(&self) -> Evidence<&[NvIndex<'_>]> {
        super::map(&self.0, Views::as_slice)
    }
}

#[inline(never)]
fn read_all(chip: &Chip, tpm2: bool) -> Result<Views<Indices>> {
    let mut reader = Reader {
        chip,
        tpm2,
        answer: KVec::from_elem(0, ANSWER, GFP_KERNEL)?,
        bytes: KVVec::new(),
    };
    let mut entries = KVec::with_capacity(MAX_INDICES, GFP_KERNEL)?;
    let known: &[_] = if tpm2 { &INDICES_20 } else { &INDICES_12 };
    let defined = match tpm2 {
        true => reader.defined(),
        // It has a capability for this as well, which not all of them answer.
        false => None,
    };
    for (number, known) in known.iter().enumerate() {
        let is_defined = defined.and_then(|defined| defined.get(number).copied());
        let public = match is_defined {
            Some(false) => Evidence::Absent(UNDEFINED),
            Some(true) | None => reader.public(known.index)?,
        };
        let data = match &public {
            Evidence::Read(range) => reader.contents(known.index, range.clone())?,
            Evidence::Unreadable(why) => Evidence::Unreadable(why),
            Evidence::Absent(why) => Evidence::Absent(why),
        };
        let entry = Entry {
            index: known.index,
            public,
            data,
        };
        entries.push(entry, GFP_KERNEL)?;
    }
    Views::new(reader.bytes, |bytes, number| {
        let entry = entries.get(number)?;
        Some(NvIndex {
            index: entry.index,
            public: view(bytes, &entry.public),
            data: view(bytes, &entry.data),
        })
    })
}

fn view<'a>(bytes: &'a [u8], range: &Evidence<Range<usize>>) -> Evidence<&'a [u8]> {
    match range {
        Evidence::Read(range) => match bytes.get(range.clone()) {
            Some(bytes) => Evidence::Read(bytes),
            None => Evidence::Unreadable(MALFORMED),
        },
        Evidence::Unreadable(why) => Evidence::Unreadable(why),
        Evidence::Absent(why) => Evidence::Absent(why),
    }
}

/// Asks the TPM and gathers what it says in one buffer.
struct Reader<'a> {
    chip: &'a Chip,
    tpm2: bool,
    answer: KVec<u8>,
    bytes: KVVec<u8>,
}

impl Reader<'_> {
    /// Which of [`INDICES_20`] there are; `None` where the TPM does not say it.
    fn defined(&mut self) -> Option<[bool; INDICES_20.len()]> {
        let mut defined = [false; INDICES_20.len()];
        let mut first = INDICES_20.iter().map(|known| known.index).min()?;
        // A TPM that goes round in circles is not followed.
        for _ in 0..MOST_LISTS {
            let command = nv::handles(first);
            let answer = self.chip.command(command.as_bytes(), &mut self.answer)?;
            let handles = nv::parse_handles(answer)?;
            for handle in handles.iter() {
                for (defined, known) in defined.iter_mut().zip(&INDICES_20) {
                    *defined |= known.index == handle;
                }
                first = first.max(handle.saturating_add(1));
            }
            if !handles.more {
                return Some(defined);
            }
        }
        None
    }

    /// The public area of `index`.
    fn public(&mut self, index: u32) -> Result<Evidence<Range<usize>>> {
        let response = if self.tpm2 {
            let command = nv::read_public(index);
            let answer = self.chip.command(command.as_bytes(), &mut self.answer);
            answer.map(nv::parse_read_public)
        } else {
            let command = nv::get_public_12(index);
            let answer = self.chip.command(command.as_bytes(), &mut self.answer);
            answer.map(nv::parse_public_12)
        };
        match response {
            Some(Response::Read(bytes)) => keep(&mut self.bytes, bytes).map(Evidence::Read),
            Some(Response::Undefined) => Ok(Evidence::Absent(UNDEFINED)),
            other => Ok(Evidence::Unreadable(why(other))),
        }
    }

    /// The contents of `index`, whose public area stands at `public`.
    fn contents(&mut self, index: u32, public: Range<usize>) -> Result<Evidence<Range<usize>>> {
        let area = self.bytes.get(public).unwrap_or(&[]);
        let how = if self.tpm2 {
            NvPublic::decode(area)
                .map(|public| (usize::from(public.data_size), authorisation(&public)))
        } else {
            NvPublic12::decode(area).map(|public| {
                let size = usize::try_from(public.data_size).unwrap_or(usize::MAX);
                (size, Some(index))
            })
        };
        let (size, auth) = match how {
            Ok((size, Some(auth))) if size <= CONTENTS_MAX => (size, auth),
            Ok((_, Some(_))) => return Ok(Evidence::Unreadable("larger than any policy")),
            Ok((_, None)) => return Ok(Evidence::Unreadable("its attributes let nobody read it")),
            Err(_) => return Ok(Evidence::Unreadable(MALFORMED)),
        };
        let start = self.bytes.len();
        Ok(match self.parts(index, auth, size)? {
            Ok(()) => Evidence::Read(start..self.bytes.len()),
            Err(reason) => Evidence::Unreadable(reason),
        })
    }

    /// Reads `size` bytes of `index` part by part; the reason when the TPM does not give them.
    fn parts(&mut self, index: u32, auth: u32, size: usize) -> Result<Result<(), &'static str>> {
        let end = self.bytes.len().saturating_add(size);
        let start = self.bytes.len();
        while self.bytes.len() < end {
            let offset = u16::try_from(self.bytes.len().saturating_sub(start)).unwrap_or(u16::MAX);
            let left = end.saturating_sub(self.bytes.len());
            let part = u16::try_from(left).unwrap_or(READ_MAX).min(READ_MAX);
            let response = if self.tpm2 {
                let command = nv::read(index, auth, offset, part);
                let answer = self.chip.command(command.as_bytes(), &mut self.answer);
                answer.map(nv::parse_read)
            } else {
                let command = nv::read_12(index, u32::from(offset), u32::from(part));
                let answer = self.chip.command(command.as_bytes(), &mut self.answer);
                answer.map(nv::parse_data_12)
            };
            match response {
                Some(Response::Read(bytes)) if bytes.len() == usize::from(part) => {
                    keep(&mut self.bytes, bytes)?;
                }
                other => return Ok(Err(why(other))),
            }
        }
        Ok(Ok(()))
    }
}

/// Who reads an index with an empty password: the index itself, or the owner. A wrong password must
/// never count towards the TPM's lockout, so the index itself is not used without NO_DA.
const fn authorisation(public: &NvPublic<'_>) -> Option<u32> {
    let attributes = public.attributes;
    if attributes.has(Attributes::AUTHREAD) && attributes.has(Attributes::NO_DA) {
        Some(public.index)
    } else if attributes.has(Attributes::OWNERREAD) {
        Some(RH_OWNER)
    } else {
        None
    }
}

fn keep(bytes: &mut KVVec<u8>, more: &[u8]) -> Result<Range<usize>> {
    let start = bytes.len();
    bytes.extend_from_slice(more, GFP_KERNEL)?;
    Ok(start..bytes.len())
}

const fn why(response: Option<Response<'_>>) -> &'static str {
    match response {
        None => SILENT,
        Some(Response::Refused(_)) => REFUSED,
        Some(Response::Undefined) => UNDEFINED,
        Some(Response::Read(_) | Response::Malformed) => MALFORMED,
    }
}
