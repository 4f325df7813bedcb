// SPDX-License-Identifier: GPL-2.0
//! Requester ids.

use std::fmt;
use std::str::FromStr;

use anyhow::{ensure, Context, Error, Result};

/// A PCI function as the IOMMU knows it. The emulated machine has one segment, number 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requester {
    /// Bus.
    pub bus: u8,
    /// Device (5 bits) and function (3 bits).
    pub devfn: u8,
}

impl Requester {
    /// All there can be, in order.
    pub fn all() -> impl Iterator<Item = Requester> {
        (0..=u8::MAX).flat_map(|bus| (0..=u8::MAX).map(move |devfn| Requester { bus, devfn }))
    }
}

impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (device, function) = (self.devfn >> 3, self.devfn & 7);
        write!(f, "0000:{:02x}:{device:02x}.{function}", self.bus)
    }
}

impl FromStr for Requester {
    type Err = Error;

    /// As the kernel writes it: `0000:00:06.0`.
    fn from_str(text: &str) -> Result<Self> {
        let parse = || {
            let (bus, rest) = text.strip_prefix("0000:")?.split_once(':')?;
            let (device, function) = rest.split_once('.')?;
            let bus = u8::from_str_radix(bus, 16).ok()?;
            let device = u8::from_str_radix(device, 16).ok()?;
            let function = function.parse::<u8>().ok()?;
            (device < 32 && function < 8).then_some(Requester {
                bus,
                devfn: (device << 3) | function,
            })
        };
        let requester = parse().with_context(|| format!("{text:?} is no PCI function"))?;
        ensure!(
            requester.to_string() == text,
            "{text:?} is written {requester}"
        );
        Ok(requester)
    }
}

#[cfg(test)]
mod tests {
    use super::Requester;

    #[test]
    fn as_the_kernel_writes_it() {
        let requester: Requester = "0000:02:1f.7".parse().unwrap();
        assert_eq!((requester.bus, requester.devfn), (2, 0xff));
        assert_eq!(requester.to_string(), "0000:02:1f.7");
        for text in [
            "",
            "00:06.0",
            "0001:00:06.0",
            "0000:00:20.0",
            "0000:00:06.8",
            "0000:0:6.0",
            "0000:00:06",
            "0000:00:+6.0",
        ] {
            assert!(text.parse::<Requester>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn each_once() {
        let all: std::collections::BTreeSet<_> = Requester::all().collect();
        assert_eq!(all.len(), 65536);
    }
}
