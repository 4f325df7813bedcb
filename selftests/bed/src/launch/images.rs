// SPDX-License-Identifier: GPL-2.0
//! The images of a machine in its folder: checked first, changed then.

use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{ensure, Context, Result};

use super::{Config, Image, ImagePatch, Start};
use crate::qemu::files;
use crate::{secure_boot, sinit, tboot};

/// Puts kernel, initrd and (with a stage) stage, parameters, SINIT and tboot into the folder.
pub fn prepare(config: &Config, folder: &Path) -> Result<()> {
    let patches = |image| {
        config
            .image_patches
            .iter()
            .filter(move |p| p.image == image)
    };
    put(
        folder,
        files::KERNEL,
        &config.kernel,
        patches(Image::Kernel),
    )?;
    if let Some(initrd) = &config.initrd {
        put(folder, files::INITRD, initrd, patches(Image::Initrd))?;
    }
    match config.start {
        Start::Plain => return Ok(()),
        Start::SecureBoot => return secure_boot::prepare(config, folder),
        Start::Launched | Start::Firmware => {}
    }
    put(folder, files::STAGE, &config.stage, std::iter::empty())
        .context("the stage is built by make -C selftests/launch")?;
    let acm = patched(sinit::image(), patches(Image::Sinit))?;
    std::fs::write(folder.join(files::SINIT), acm)?;
    let list = match config.start {
        Start::Launched => {
            let image = tboot::unpack(&config.tboot)?;
            let list = tboot::find_list(&config.opcode_lists, &image, &config.tboot)?;
            ensure!(
                config.before_kernel.is_empty() || list.has_handover(),
                "the opcode list of this tboot has no handover: no change before the kernel"
            );
            let image = patched(image, patches(Image::Tboot))?;
            std::fs::write(folder.join(files::TBOOT), image)?;
            Some(list)
        }
        _ => None,
    };
    let parameters = tboot::stage_params(config.start, list.as_ref())?;
    std::fs::write(folder.join(files::PARAMETERS), parameters)?;
    Ok(())
}

/// A link, or a copy if bytes of it change.
fn put<'a>(
    folder: &Path,
    name: &str,
    source: &Path,
    patches: impl Iterator<Item = &'a ImagePatch>,
) -> Result<()> {
    let mut patches = patches.peekable();
    let target = folder.join(name);
    let source = source
        .canonicalize()
        .with_context(|| format!("{name} {}", source.display()))?;
    if target.symlink_metadata().is_ok() {
        std::fs::remove_file(&target)?;
    }
    if patches.peek().is_none() {
        symlink(&source, &target)?;
    } else {
        std::fs::write(&target, patched(std::fs::read(&source)?, patches)?)?;
    }
    Ok(())
}

fn patched<'a>(
    mut bytes: Vec<u8>,
    patches: impl Iterator<Item = &'a ImagePatch>,
) -> Result<Vec<u8>> {
    for patch in patches {
        let start = match &patch.text {
            Some(text) => bytes
                .windows(text.len().max(1))
                .position(|w| w == text.as_bytes())
                .with_context(|| format!("{:?} has no text {text:?}", patch.image))?,
            None if patch.offset < 0 => bytes.len(),
            None => 0,
        };
        let byte = i64::try_from(start)?
            .checked_add(patch.offset)
            .and_then(|at| usize::try_from(at).ok())
            .and_then(|at| bytes.get_mut(at))
            .with_context(|| format!("{patch:?} is outside the image"))?;
        *byte ^= patch.xor;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(offset: i64, text: Option<&str>) -> ImagePatch {
        ImagePatch {
            image: Image::Kernel,
            offset,
            text: text.map(Into::into),
            xor: 0x20,
        }
    }

    #[test]
    fn patches_count_from_start_text_or_end() {
        let run = |p| patched(b"one two".to_vec(), std::iter::once(&p));
        assert_eq!(run(patch(0, None)).unwrap(), b"One two");
        assert_eq!(run(patch(-1, None)).unwrap(), b"one twO");
        assert_eq!(run(patch(1, Some("two"))).unwrap(), b"one tWo");
        assert!(run(patch(7, None)).is_err());
        assert!(run(patch(0, Some("three"))).is_err());
    }
}
