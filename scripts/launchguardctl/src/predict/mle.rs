// SPDX-License-Identifier: GPL-2.0

//! The measurement that SINIT will take of a launcher, told from the launcher's file.

use super::unpack::{gunzip, Packing};
use anyhow::{bail, ensure, Context, Result};
use elf::abi::{EM_386, ET_EXEC, PT_LOAD};
use elf::endian::LittleEndian;
use elf::file::Class;
use elf::ElfBytes;
use launchguard_pure::decode::mle::{Capabilities, MleHeader, UUID};

/// Largest image in memory that is taken for a launcher's, in bytes.
const LARGEST: usize = 1 << 30;
/// What the header is aligned to.
const ALIGNMENT: usize = 16;

/// A launcher's image as it is loaded, up to the end of what is measured, with its MLE header.
#[derive(Clone, Debug)]
pub struct Image {
    loaded: Vec<u8>,
    header: MleHeader,
}

impl Image {
    /// Loads an image from its file: a 32-bit ELF executable, packed by gzip or not.
    ///
    /// # Errors
    ///
    /// When it is no such file, or its segments do not follow each other in memory: then offsets in its
    /// header could mean several things.
    pub fn read(file: &[u8]) -> Result<Self> {
        let unpacked = match Packing::of(file) {
            Packing::Gzip => Some(gunzip(file)?),
            Packing::None | Packing::Other => None,
        };
        let mut loaded = load(unpacked.as_deref().unwrap_or(file))?;
        let uuid: Vec<u8> = UUID.into_iter().flat_map(u32::to_le_bytes).collect();
        let at = loaded
            .chunks(ALIGNMENT)
            .position(|part| part == uuid)
            .context("has no MLE header: it is no launcher")?;
        let header = MleHeader::decode(loaded.get(at * ALIGNMENT..).unwrap_or_default());
        let header = header.map_err(|error| anyhow::anyhow!("{error}"))?;
        // What is not measured is of no interest, most of all the room for variables behind it.
        let (_, end) = header.command_line.unwrap_or_default();
        loaded.truncate(header.end.max(end) as usize);
        Ok(Self { loaded, header })
    }

    /// The capabilities that its header claims.
    pub const fn capabilities(&self) -> Capabilities {
        self.header.capabilities
    }

    /// Whether `bytes` stand somewhere in what is measured.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        self.loaded.windows(bytes.len()).any(|part| part == bytes)
    }

    /// The bytes that are measured when it is started with `command_line`: what the header calls the
    /// range of the command line holds it, and zeros behind it (SDG table 2-1; tboot, begin_launch).
    ///
    /// # Errors
    ///
    /// When a range does not lie in the image, or there is no room for the command line.
    pub fn measured(&self, command_line: &str) -> Result<Vec<u8>> {
        let range = |start: u32, end: u32| start as usize..end as usize;
        let mut loaded = self.loaded.clone();
        let Some((start, end)) = self.header.command_line.filter(|(start, end)| start < end) else {
            bail!("its MLE header has no room for a command line");
        };
        let room = loaded
            .get_mut(range(start, end))
            .context("the range of its command line lies outside of it")?;
        // A zero ends it.
        ensure!(
            command_line.len() < room.len(),
            "the command line has {} bytes, of which it keeps at most {}",
            command_line.len(),
            room.len() - 1
        );
        room.fill(0);
        for (to, from) in room.iter_mut().zip(command_line.bytes()) {
            *to = from;
        }
        let measured = loaded.get(range(self.header.start, self.header.end));
        Ok(measured
            .context("the range that is measured lies outside of it")?
            .to_vec())
    }
}

/// The image of an ELF file in memory.
fn load(file: &[u8]) -> Result<Vec<u8>> {
    let elf = ElfBytes::<LittleEndian>::minimal_parse(file).context("is no launcher")?;
    ensure!(
        elf.ehdr.class == Class::ELF32
            && elf.ehdr.e_type == ET_EXEC
            && elf.ehdr.e_machine == EM_386,
        "is no launcher: no 32-bit executable for x86"
    );
    let mut loaded = Vec::new();
    let mut next = None;
    let segments = elf.segments().context("has no segments")?;
    for segment in segments.iter().filter(|segment| segment.p_type == PT_LOAD) {
        ensure!(
            next.is_none_or(|next| next == segment.p_paddr),
            "its segments do not follow each other in memory"
        );
        let data = elf.segment_data(&segment).context("is cut short")?;
        let size = usize::try_from(segment.p_memsz)?;
        ensure!(
            data.len() <= size && size <= LARGEST - loaded.len(),
            "a segment has {size} bytes in memory"
        );
        let end = loaded.len() + size;
        loaded.extend_from_slice(data);
        loaded.resize(end, 0);
        next = Some(segment.p_paddr + segment.p_memsz);
    }
    Ok(loaded)
}
