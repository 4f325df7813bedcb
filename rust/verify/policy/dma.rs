// SPDX-License-Identifier: GPL-2.0

//! Statements about devices: who may reach what memory.

use super::guard::Walk;
use super::lexer::{Kind, Token};
use super::number::{amount, count, parse_ids, Address, DevicePath};
use super::parser::Parser;
use super::{Place, PolicyError};

/// Longest name of a region or compartment, in bytes.
pub const MAX_LABEL: usize = 32;
/// Most regions, compartments and exceptions, each.
pub const MAX_STATEMENTS: usize = 256;
/// Most windows and most devices of all compartments together, each: bounds the memory that a commit takes.
pub const MAX_LINES: usize = 1024;

/// What happens to devices that arrive: hotplug, virtual functions, external-facing ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// Nothing.
    Allow,
    /// They are blocked before a driver can probe them.
    Quarantine,
}

/// What happens to devices that no driver has taken at the end of boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbound {
    /// Nothing.
    Leave,
    /// They are blocked at `settle`.
    Quarantine,
}

/// Most faults of a group in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultBudget {
    /// 1 to 1000000.
    pub faults: u32,
    /// 1 to 3600.
    pub seconds: u32,
}

/// Whom an exception is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    /// Whatever stands at the end of a path.
    Path(DevicePath),
    /// Devices that are there at boot, by what they say they are: vendor and device id.
    Ids(u16, u16),
}

/// An exception, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allow {
    /// Whom it is for.
    pub exception: Exception,
    /// Where it stands.
    pub place: Place,
}

/// Memory that windows may lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where the name stands.
    pub place: Place,
    /// Physical address of the first byte.
    pub base: u64,
    /// Where it stands.
    pub base_place: Place,
    /// Size in bytes.
    pub size: u64,
    /// Where it stands.
    pub size_place: Place,
}

/// Memory that the devices of a compartment reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Physical address of the first byte.
    pub base: u64,
    /// Where it stands.
    pub base_place: Place,
    /// Size in bytes.
    pub size: u64,
    /// Where it stands.
    pub size_place: Place,
    /// Whether the devices may write.
    pub writable: bool,
    /// The address that the devices use for the first byte.
    pub iova: u64,
    /// Where it stands: the base's place when it is not named.
    pub iova_place: Place,
}

/// A device of a compartment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its address.
    pub address: Address,
    /// Where it stands.
    pub place: Place,
}

/// Devices, and the memory that they reach.
#[derive(Clone, Copy, Debug)]
pub struct Compartment<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where the name stands.
    pub place: Place,
    body: Walk<'a>,
}

impl<'a> Compartment<'a> {
    /// Its windows, in the order of the text.
    pub fn windows(&self) -> impl Iterator<Item = Window> + 'a {
        self.body
            .statements("window")
            .filter_map(|(_, mut parser)| parse_window(&mut parser).ok())
    }

    /// Its devices, in the order of the text.
    pub fn devices(&self) -> impl Iterator<Item = Device> + 'a {
        self.body
            .statements("device")
            .filter_map(|(_, mut parser)| parse_device(&mut parser).ok())
    }
}

pub(super) fn parse_arrivals(parser: &mut Parser<'_>) -> Result<Arrivals, PolicyError> {
    const EXPECTED: &str = "\"allow\" or \"quarantine\"";
    match parser.word(EXPECTED)? {
        (_, "allow") => Ok(Arrivals::Allow),
        (_, "quarantine") => Ok(Arrivals::Quarantine),
        (token, _) => Err(token.expected(EXPECTED)),
    }
}

pub(super) fn parse_unbound(parser: &mut Parser<'_>) -> Result<Unbound, PolicyError> {
    const EXPECTED: &str = "\"leave\" or \"quarantine\"";
    match parser.word(EXPECTED)? {
        (_, "leave") => Ok(Unbound::Leave),
        (_, "quarantine") => Ok(Unbound::Quarantine),
        (token, _) => Err(token.expected(EXPECTED)),
    }
}

pub(super) fn parse_budget(parser: &mut Parser<'_>) -> Result<FaultBudget, PolicyError> {
    let faults = count(parser, "a number of faults", "", 1_000_000)?;
    parser.keyword("per")?;
    let seconds = count(parser, "a time", "s", 3600)?;
    Ok(FaultBudget { faults, seconds })
}

pub(super) fn parse_allow(parser: &mut Parser<'_>) -> Result<Allow, PolicyError> {
    let (token, word) = parser.word("\"path\" or vendor and device id (8086:10d3)")?;
    if word != "path" {
        let (vendor, device) = parse_ids(word)
            .ok_or_else(|| token.expected("\"path\" or vendor and device id (8086:10d3)"))?;
        return Ok(Allow {
            exception: Exception::Ids(vendor, device),
            place: token.place(),
        });
    }
    const PATH: &str = "a path from the root port (0000:00:1c.0/00.0)";
    let (token, word) = parser.word(PATH)?;
    let path = DevicePath::parse(word).ok_or_else(|| token.expected(PATH))?;
    Ok(Allow {
        exception: Exception::Path(path),
        place: token.place(),
    })
}

fn parse_label<'a>(
    parser: &mut Parser<'a>,
    what: &str,
) -> Result<(Token<'a>, &'a str), PolicyError> {
    let token = *parser.token();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match token.word() {
        Some(word) if word.len() > MAX_LABEL => Err(token.error(format_args!(
            "expected {what} of at most {MAX_LABEL} bytes, found one of {}",
            word.len()
        ))),
        Some(word) if word.chars().all(plain) => {
            parser.take();
            Ok((token, word))
        }
        _ => Err(token.error(format_args!(
            "expected {what} (letters, digits, '-', '_', '.'), found {}",
            token.kind
        ))),
    }
}

pub(super) fn parse_region<'a>(parser: &mut Parser<'a>) -> Result<Region<'a>, PolicyError> {
    let (label, name) = parse_label(parser, "a region's name")?;
    let (base_token, base) = amount(parser, "an address")?;
    parser.keyword("+")?;
    let (size_token, size) = amount(parser, "a size")?;
    Ok(Region {
        name,
        place: label.place(),
        base,
        base_place: base_token.place(),
        size,
        size_place: size_token.place(),
    })
}

fn parse_window(parser: &mut Parser<'_>) -> Result<Window, PolicyError> {
    let (base_token, base) = amount(parser, "an address")?;
    parser.keyword("+")?;
    let (size_token, size) = amount(parser, "a size")?;
    const ACCESS: &str = "\"r\" or \"rw\"";
    let writable = match parser.word(ACCESS)? {
        (_, "r") => false,
        (_, "rw") => true,
        (token, _) => return Err(token.expected(ACCESS)),
    };
    let mut window = Window {
        base,
        base_place: base_token.place(),
        size,
        size_place: size_token.place(),
        writable,
        iova: base,
        iova_place: base_token.place(),
    };
    match parser.token().kind {
        Kind::LineEnd | Kind::TextEnd => return Ok(window),
        Kind::Word("at") => parser.take(),
        _ => return Err(parser.token().expected("\"at\" or the end of the line")),
    };
    let (token, iova) = amount(parser, "an address")?;
    window.iova = iova;
    window.iova_place = token.place();
    Ok(window)
}

fn parse_device(parser: &mut Parser<'_>) -> Result<Device, PolicyError> {
    const ADDRESS: &str = "the address of a PCI function (0000:03:00.0)";
    let (token, word) = parser.word(ADDRESS)?;
    let address = Address::parse(word).ok_or_else(|| token.expected(ADDRESS))?;
    Ok(Device {
        address,
        place: token.place(),
    })
}

/// What the compartments of a text hold so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    windows: usize,
    devices: usize,
}

/// Takes a compartment with its braces. Each of its statements has its own line.
pub(super) fn parse_compartment<'a>(
    parser: &mut Parser<'a>,
    counted: &mut Counted,
) -> Result<Compartment<'a>, PolicyError> {
    let (label, name) = parse_label(parser, "a compartment's name")?;
    if parser.token().kind != Kind::Open {
        return Err(parser.token().expected("\"{\""));
    }
    parser.take();
    let body = Walk::new(*parser);
    let mut devices = 0usize;
    parser.line_end()?;
    loop {
        parser.skip_lines();
        if parser.token().kind == Kind::Close {
            let token = parser.take();
            if devices == 0 {
                return Err(token.error(format_args!("the compartment names no device")));
            }
            let place = label.place();
            return Ok(Compartment { name, place, body });
        }
        const STATEMENT: &str = "\"window\", \"device\" or \"}\"";
        let (token, word) = parser.word(STATEMENT)?;
        let total = match word {
            "window" => {
                parse_window(parser)?;
                counted.windows = counted.windows.saturating_add(1);
                counted.windows
            }
            "device" => {
                parse_device(parser)?;
                devices = devices.saturating_add(1);
                counted.devices = counted.devices.saturating_add(1);
                counted.devices
            }
            _ => return Err(token.expected(STATEMENT)),
        };
        if total > MAX_LINES {
            return Err(token.error(format_args!("more than {MAX_LINES} {word} statements")));
        }
        parser.line_end()?;
    }
}
