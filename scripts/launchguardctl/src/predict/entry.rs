// SPDX-License-Identifier: GPL-2.0

//! The files of a boot loader's entry, as tboot gets and measures them.

use super::grub::{find, Entry, Loaded};
use super::mle::Image;
use super::tboot::Module;
use super::unpack::{gunzip, Packing};
use super::{refuse, Next, NextLauncher, NextModules, Refused};
use crate::input;
use anyhow::{Context, Result};
use launchguard_pure::decode::acm::{Acm, AcmKind, Header, Lists};
use launchguard_pure::decode::lcp::PolicyData;
use launchguard_pure::decode::registers::{DidVid, VENDOR_INTEL};
use std::path::Path;

/// Type of an authenticated code module (SDG table A-1).
const CHIPSET_ACM: u16 = 2;

/// What is known of the SINIT of the present launch.
#[derive(Clone, Copy, Debug, Default)]
pub struct PresentSinit<'a> {
    /// The start of its region.
    pub bytes: Option<&'a [u8]>,
    /// TXT.DIDVID.
    pub chipset: Option<DidVid>,
}

/// What an entry starts, and what there is to say of it.
pub type Read = Result<(Next, Vec<String>), Refused>;

/// Reads the files of `entry` of the file `configuration`; `root` is where its paths start.
///
/// # Errors
///
/// The outer one: a file cannot be read. The inner one: what GRUB or tboot does with one is not known.
pub fn read(
    entry: &Entry,
    configuration: &Path,
    root: Option<&Path>,
    sinit: PresentSinit<'_>,
) -> Result<Read> {
    let bytes = |loaded: &Loaded| input::read_image(&find(&loaded.path, configuration, root)?);
    let launcher = bytes(&entry.launcher)?;
    // A GRUB that cannot unpack gzip could not load such a tboot either.
    let unpacks = Packing::of(&launcher) == Packing::Gzip;
    let image = Image::read(&launcher).with_context(|| entry.launcher.path.clone())?;
    let mut modules = Vec::new();
    let mut notes = Vec::new();
    let mut policy_data = false;
    for loaded in &entry.modules {
        let image = match unpacked(loaded, bytes(loaded)?, unpacks)? {
            Ok(image) => image,
            Err(refused) => return Ok(Err(refused)),
        };
        let path = &loaded.path;
        // tboot takes SINIT modules and one policy data file out of the list before it measures what is
        // left, but never the first (loader.c, remove_txt_modules).
        if !modules.is_empty() {
            match is_sinit(path, &image, sinit) {
                Err(refused) => return Ok(Err(refused)),
                Ok(Some(note)) => {
                    notes.push(note);
                    continue;
                }
                Ok(None) => {}
            }
            if PolicyData::has_magic(&image) && !policy_data {
                policy_data = true;
                notes.push(format!(
                    "{path}: data of the launch control policy, taken to be those of the present launch"
                ));
                continue;
            }
        }
        modules.push(Module {
            source: path.clone(),
            image,
            command_line: loaded.command_line.clone(),
        });
    }
    let launcher = NextLauncher {
        source: entry.launcher.path.clone(),
        image,
        command_line: entry.launcher.command_line.clone(),
    };
    let next = Next {
        launcher: Some(launcher),
        modules: NextModules::All(modules),
    };
    Ok(Ok((next, notes)))
}

/// A module as GRUB hands it on.
fn unpacked(loaded: &Loaded, file: Vec<u8>, unpacks: bool) -> Result<Result<Vec<u8>, Refused>> {
    let path = &loaded.path;
    match Packing::of(&file) {
        _ if loaded.as_it_is => Ok(Ok(file)),
        Packing::None => Ok(Ok(file)),
        Packing::Gzip if unpacks => gunzip(&file).with_context(|| path.clone()).map(Ok),
        Packing::Gzip | Packing::Other => Ok(refuse(format!(
            "{path}: whether GRUB unpacks it is not known (module2 --nounzip would say so)"
        ))),
    }
}

/// Whether `module` is a SINIT, with what there is to say of it.
fn is_sinit(
    path: &str,
    module: &[u8],
    present: PresentSinit<'_>,
) -> Result<Option<String>, Refused> {
    let size = module.len() as u64;
    let Ok(header) = Header::decode(module, u64::MAX) else {
        return Ok(None);
    };
    if header.module_type != CHIPSET_ACM || header.vendor != u32::from(VENDOR_INTEL) {
        return Ok(None);
    }
    let acm = match Acm::decode(module, size) {
        Ok(acm) if acm.header.size == size => acm,
        Ok(_) => {
            return refuse(format!(
                "{path}: an authenticated code module of another size"
            ))
        }
        Err(error) => return refuse(format!("{path}: {error}")),
    };
    if acm.info.kind != AcmKind::Sinit {
        return Ok(None);
    }
    let lists = Lists::decode(module, &acm.header, &acm.info);
    let lists = lists.map_err(|error| Refused(format!("{path}: {error}")))?;
    let foreign = present.chipset.and_then(|id| lists.match_chipset(id)) == Some(false);
    if foreign {
        return Ok(Some(format!("{path}: a SINIT for another chipset")));
    }
    let running = present
        .bytes
        .and_then(|bytes| Header::decode(bytes, u64::MAX).ok());
    let Some(running) = running else {
        return Ok(Some(format!(
            "{path}: a SINIT, taken to be no newer than that of the present launch"
        )));
    };
    // tboot takes the module if it is newer than the firmware's (acmod.c, copy_sinit).
    if header.date_bcd > running.date_bcd {
        return refuse(format!(
            "{path}: a SINIT of {:08x}, newer than that of the present launch ({:08x}): what HASH_START \
             and the events of SINIT will hold is not known",
            header.date_bcd, running.date_bcd
        ));
    }
    Ok(Some(format!(
        "{path}: a SINIT, not newer than that of the present launch"
    )))
}
