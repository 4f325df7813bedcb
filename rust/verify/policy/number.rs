// SPDX-License-Identifier: GPL-2.0

//! Numbers of the language: addresses, sizes, counts and device addresses.

use super::lexer::Token;
use super::parser::Parser;
use super::PolicyError;

/// Functions of a path behind its root port.
pub const MAX_STEPS: usize = 8;

/// An address or a size: decimal, or hexadecimal behind 0x; a suffix K, M or G counts KiB, MiB, GiB.
fn parse_amount(word: &str) -> Option<u64> {
    let (digits, shift) = match word.as_bytes().last()? {
        b'K' => (word.strip_suffix('K')?, 10u32),
        b'M' => (word.strip_suffix('M')?, 20),
        b'G' => (word.strip_suffix('G')?, 30),
        _ => (word, 0),
    };
    let value = match digits.strip_prefix("0x") {
        Some(hex) => parse_digits(hex, 16)?,
        None => parse_digits(digits, 10)?,
    };
    value.checked_mul(1u64.checked_shl(shift)?)
}

/// Digits only: from_str_radix() takes a sign as well.
fn parse_digits(digits: &str, radix: u32) -> Option<u64> {
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    u64::from_str_radix(digits, radix).ok().filter(|_| plain)
}

/// Exactly `len` hexadecimal digits.
fn parse_field(digits: &str, len: usize) -> Option<u64> {
    parse_digits(digits, 16).filter(|_| digits.len() == len)
}

/// Takes an address or a size; `what` names it.
pub(super) fn amount<'a>(
    parser: &mut Parser<'a>,
    what: &str,
) -> Result<(Token<'a>, u64), PolicyError> {
    let token = *parser.token();
    let value = token.word().and_then(parse_amount).ok_or_else(|| {
        token.error(format_args!(
            "expected {what} (1048576, 0x100000, 1M), found {}",
            token.kind
        ))
    })?;
    parser.take();
    Ok((token, value))
}

/// Takes a decimal count from 1 to `max`, with `suffix` behind it.
pub(super) fn count(
    parser: &mut Parser<'_>,
    what: &str,
    suffix: &str,
    max: u32,
) -> Result<u32, PolicyError> {
    let token = *parser.token();
    let value = token
        .word()
        .and_then(|word| parse_digits(word.strip_suffix(suffix)?, 10))
        .and_then(|value| u32::try_from(value).ok())
        .filter(|value| (1..=max).contains(value))
        .ok_or_else(|| {
            token.error(format_args!(
                "expected {what} from 1{suffix} to {max}{suffix}, found {}",
                token.kind
            ))
        })?;
    parser.take();
    Ok(value)
}

/// Takes a decimal number of 64 bits.
pub(super) fn serial(parser: &mut Parser<'_>) -> Result<u64, PolicyError> {
    let token = *parser.token();
    let number = token.word().and_then(|word| parse_digits(word, 10));
    let number = number.ok_or_else(|| {
        token.error(format_args!(
            "expected a decimal number from 0 to {}, found {}",
            u64::MAX,
            token.kind
        ))
    })?;
    parser.take();
    Ok(number)
}

/// The address of a PCI function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Segment; the kernel numbers those of its own making above 16 bits.
    pub segment: u32,
    /// Bus.
    pub bus: u8,
    /// Device in bits 7:3, function in bits 2:0.
    pub devfn: u8,
}

impl Address {
    /// The address written as the kernel writes it: 0000:03:00.0, lower-case digits or not.
    pub fn parse(word: &str) -> Option<Self> {
        let (segment, rest) = word.split_once(':')?;
        let (bus, devfn) = rest.split_once(':')?;
        Some(Self {
            segment: parse_segment(segment)?,
            bus: u8::try_from(parse_field(bus, 2)?).ok()?,
            devfn: parse_devfn(devfn)?,
        })
    }
}

impl core::fmt::Display for Address {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "{:04x}:{:02x}:{:02x}.{}",
            self.segment,
            self.bus,
            self.devfn >> 3,
            self.devfn & 7
        )
    }
}

/// Four digits, or more without a leading zero.
fn parse_segment(digits: &str) -> Option<u32> {
    let plain = digits.len() == 4 || (digits.len() > 4 && !digits.starts_with('0'));
    u32::try_from(parse_digits(digits, 16).filter(|_| plain)?).ok()
}

fn parse_devfn(word: &str) -> Option<u8> {
    let (device, function) = word.split_once('.')?;
    let device = u8::try_from(parse_field(device, 2)?).ok()?;
    let function = u8::try_from(parse_field(function, 1)?).ok()?;
    (device < 32 && function < 8).then_some((device << 3) | function)
}

/// The way from a root port, or another function of a root bus, down to a function: what a slot is,
/// whatever numbers the buses below get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DevicePath {
    /// The function on the root bus.
    pub root: Address,
    steps: [u8; MAX_STEPS],
    len: usize,
}

impl DevicePath {
    /// The path of a function of a root bus.
    pub const fn new(root: Address) -> Self {
        Self {
            root,
            steps: [0; MAX_STEPS],
            len: 0,
        }
    }

    /// The path one bus further down; `None` beyond [`MAX_STEPS`].
    pub fn below(mut self, devfn: u8) -> Option<Self> {
        *self.steps.get_mut(self.len)? = devfn;
        self.len = self.len.saturating_add(1);
        Some(self)
    }

    /// The path written as 0000:00:1c.0/00.0.
    pub fn parse(word: &str) -> Option<Self> {
        let mut parts = word.split('/');
        let mut path = Self::new(Address::parse(parts.next()?)?);
        for part in parts {
            path = path.below(parse_devfn(part)?)?;
        }
        Some(path)
    }

    /// Device and function on each bus below the root's.
    pub fn steps(&self) -> &[u8] {
        self.steps.get(..self.len).unwrap_or(&[])
    }
}

impl core::fmt::Display for DevicePath {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", self.root)?;
        for step in self.steps() {
            write!(f, "/{:02x}.{}", step >> 3, step & 7)?;
        }
        Ok(())
    }
}

/// Vendor and device id, written as 8086:10d3.
pub(super) fn parse_ids(word: &str) -> Option<(u16, u16)> {
    let (vendor, device) = word.split_once(':')?;
    Some((
        u16::try_from(parse_field(vendor, 4)?).ok()?,
        u16::try_from(parse_field(device, 4)?).ok()?,
    ))
}
