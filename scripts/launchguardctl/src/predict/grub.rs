// SPDX-License-Identifier: GPL-2.0

//! Entries of a GRUB configuration that start tboot, as grub-mkconfig writes them (tboot,
//! 20_linux_tboot): `multiboot2 TBOOT WORD...` and `module2 FILE WORD...`, in the order in which tboot
//! numbers its modules.
//!
//! GRUB joins the words behind the file's name by single blanks and passes no more (GRUB,
//! grub_create_loader_cmdline). Words that its shell would change are not guessed at but refused.

use anyhow::{bail, ensure, Context, Result};
use std::path::{Path, PathBuf};

/// What GRUB's shell gives a meaning to, inside of words as well.
const SPECIAL: &[char] = &[
    '\'', '"', '\\', '$', ';', '|', '&', '<', '>', '{', '}', '*', '?', '[', ']',
];

/// A file that an entry loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The file's name as it stands there.
    pub path: String,
    /// The command line that is passed.
    pub command_line: String,
    /// Whether GRUB is told not to unpack it.
    pub as_it_is: bool,
}

/// An entry that starts tboot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its title.
    pub title: String,
    /// tboot.
    pub launcher: Loaded,
    /// Its modules.
    pub modules: Vec<Loaded>,
}

/// A menu entry as it stands in the file.
struct Block<'a> {
    title: &'a str,
    /// Lines with their numbers.
    lines: Vec<(usize, &'a str)>,
}

/// The entry with this title; without one, the only entry that starts tboot.
///
/// # Errors
///
/// When there is no such entry, or more than one, or it holds something that is not understood.
pub fn entry(text: &str, title: Option<&str>) -> Result<Entry> {
    let blocks = blocks(text)?;
    let starts_tboot = |block: &&Block<'_>| {
        let mut words = block.lines.iter().filter_map(|(_, line)| first_word(line));
        words.any(|word| word == "multiboot2")
    };
    let all: Vec<&Block<'_>> = blocks.iter().filter(starts_tboot).collect();
    let titled: Vec<&Block<'_>> = match title {
        Some(title) => all.iter().copied().filter(|b| b.title == title).collect(),
        None => all.clone(),
    };
    match titled.as_slice() {
        [block] => read(block).with_context(|| format!("entry \"{}\"", block.title)),
        _ if all.is_empty() => bail!("no entry loads anything by multiboot2, as tboot's do"),
        found => {
            let titles: Vec<String> = all.iter().map(|b| format!("\n  {}", b.title)).collect();
            let problem = if found.is_empty() {
                "no entry has this title"
            } else {
                "more than one entry fits"
            };
            bail!("{problem}; entries that start tboot:{}", titles.concat())
        }
    }
}

fn first_word(line: &str) -> Option<&str> {
    line.split_ascii_whitespace().next()
}

fn blocks(text: &str) -> Result<Vec<Block<'_>>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if first_word(line) == Some("menuentry") && line.ends_with('{') {
            ensure!(!open, "line {number}: an entry in an entry");
            blocks.push(Block {
                title: title(line).with_context(|| format!("line {number}"))?,
                lines: Vec::new(),
            });
            open = true;
        } else if line == "}" {
            // Of the entry, or of the submenu around it.
            open = false;
        } else if let Some(block) = blocks.last_mut().filter(|_| open) {
            block.lines.push((number, line));
        }
    }
    ensure!(!open, "ends inside an entry");
    Ok(blocks)
}

/// The title of a line `menuentry 'TITLE' ... {`.
fn title(line: &str) -> Result<&str> {
    let rest = line.trim_start_matches("menuentry").trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
    let quote = quote.context("a title without quotes")?;
    let (title, _) = rest
        .get(1..)
        .and_then(|rest| rest.split_once(quote))
        .context("a title that does not end")?;
    Ok(title)
}

fn read(block: &Block<'_>) -> Result<Entry> {
    let mut launcher = None;
    let mut modules = Vec::new();
    let mut conditions = 0usize;
    for (number, line) in &block.lines {
        let command = first_word(line).unwrap_or_default();
        match command {
            "if" => conditions += 1,
            "fi" => conditions = conditions.saturating_sub(1),
            "multiboot2" | "module2" => {
                let place = || format!("line {number}");
                ensure!(
                    conditions == 0,
                    "line {number}: {command} under a condition is not understood"
                );
                let loaded = loaded(line).with_context(place)?;
                if command == "module2" {
                    modules.push(loaded);
                } else {
                    ensure!(
                        launcher.is_none() && modules.is_empty(),
                        "line {number}: multiboot2 once more, or behind its modules"
                    );
                    launcher = Some(loaded);
                }
            }
            "multiboot" | "module" => {
                bail!("line {number}: {command}: only multiboot2 and module2 are understood")
            }
            "insmod" | "echo" => {}
            _ => {
                let hidden = |word: &str| matches!(word, "multiboot2" | "module2");
                ensure!(
                    !line.split([' ', '\t', ';']).any(hidden),
                    "line {number}: something before multiboot2 or module2 is not understood"
                );
            }
        }
    }
    let launcher = launcher.context("no multiboot2")?;
    ensure!(!modules.is_empty(), "no module2, so no kernel");
    Ok(Entry {
        title: block.title.to_owned(),
        launcher,
        modules,
    })
}

/// What a line `COMMAND [--nounzip] FILE [WORD...]` loads.
fn loaded(line: &str) -> Result<Loaded> {
    if let Some(special) = line.chars().find(|c| SPECIAL.contains(c)) {
        bail!("'{special}' is not understood");
    }
    let mut words = line.split_ascii_whitespace().skip(1).peekable();
    let as_it_is = words.next_if_eq(&"--nounzip").is_some();
    let path = words.next().context("no file is named")?;
    ensure!(!path.starts_with('-'), "option {path} is not understood");
    ensure!(path.starts_with('/'), "{path}: no absolute path");
    let words: Vec<&str> = words.collect();
    if let Some(comment) = words.iter().find(|word| word.starts_with('#')) {
        bail!("{comment} is not understood");
    }
    Ok(Loaded {
        path: path.to_owned(),
        command_line: words.join(" "),
        as_it_is,
    })
}

/// The file that a path of `configuration` names. Paths count from the root of the file system that
/// holds the directory of the configuration's directory (/boot, most often): either that directory or,
/// where it is no file system of its own, the one above it. `root` says it instead.
///
/// # Errors
///
/// When neither has the file, or both have one.
pub fn find(path: &str, configuration: &Path, root: Option<&Path>) -> Result<PathBuf> {
    let relative = path.trim_start_matches('/');
    if let Some(root) = root {
        return Ok(root.join(relative));
    }
    let configuration = configuration
        .canonicalize()
        .with_context(|| configuration.display().to_string())?;
    let roots = configuration.ancestors().skip(2).take(2);
    let found: Vec<PathBuf> = roots
        .map(|root| root.join(relative))
        .filter(|file| file.is_file())
        .collect();
    match found.as_slice() {
        [file] => Ok(file.clone()),
        [] => bail!("{path}: no such file above the configuration; --root says where paths start"),
        _ => bail!("{path}: two such files; --root says where paths start"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "submenu \"tboot 1.10.5\" {\n\
        menuentry 'Debian GNU/Linux, with tboot 1.10.5 and Linux 7.3' --class tboot {\n\
        \tinsmod multiboot2\n\
        \tif [ x$feature_platform_search_hint = xy ]; then\n\t  search --no-floppy\n\tfi\n\
        \techo\t'Loading tboot 1.10.5 ...'\n\
        \tmultiboot2\t/tboot.gz  logging=serial,memory   vga_delay=1 \n\
        \tmodule2 /vmlinuz-7.3 root=UUID=0 ro quiet\n\
        \tmodule2 --nounzip /initrd.img-7.3\n}\n}\n";

    #[test]
    fn an_entry_is_read() {
        let entry = entry(ENTRY, None).unwrap();
        assert_eq!(
            entry.title,
            "Debian GNU/Linux, with tboot 1.10.5 and Linux 7.3"
        );
        assert_eq!(entry.launcher.path, "/tboot.gz");
        assert_eq!(
            entry.launcher.command_line,
            "logging=serial,memory vga_delay=1"
        );
        assert_eq!(entry.modules[0].command_line, "root=UUID=0 ro quiet");
        assert!(!entry.modules[0].as_it_is);
        assert_eq!(entry.modules[1].path, "/initrd.img-7.3");
        assert_eq!(entry.modules[1].command_line, "");
        assert!(entry.modules[1].as_it_is);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (from, to, why) in [
            ("ro quiet", "ro $extra", "line 9: '$'"),
            ("ro quiet", "ro 'a b'", "line 9: '''"),
            ("ro quiet", "ro #x", "#x is not understood"),
            ("module2 /vmlinuz", "module /vmlinuz", "module: only"),
            ("--nounzip", "--other", "option --other"),
            ("/vmlinuz", "(hd0,1)/vmlinuz", "no absolute path"),
            ("\tfi\n", "\tfoo\n", "under a condition"),
            ("\tfi\n", "\tfi; module2 /a\n", "something before"),
            ("search --no-floppy", "true; module2 /a", "something before"),
            ("\tmodule2 /vm", "\tmultiboot2 /vm", "once more"),
        ] {
            assert!(ENTRY.contains(from));
            let error = entry(&ENTRY.replace(from, to), None).unwrap_err();
            assert!(format!("{error:#}").contains(why), "{to}: {error:#}");
        }
        let error = entry(ENTRY, Some("other")).unwrap_err().to_string();
        assert!(error.contains("and Linux 7.3"), "{error}");
        let twice = format!("{ENTRY}{ENTRY}");
        assert!(entry(&twice, None)
            .unwrap_err()
            .to_string()
            .contains("more than one"));
    }
}
