// SPDX-License-Identifier: GPL-2.0

//! Events that the module sends through the kernel's uevents (Documentation/ABI: faults, groups that are
//! blocked, texts that come in force).

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::socket::{
    bind, recvfrom, socket, AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType,
};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// The module's device, as uevents name it.
const DEVPATH: &str = "/devices/faux/launchguard";
/// What the names of the module's own fields begin with.
const PREFIX: &str = "LAUNCHGUARD_";
/// The field that says what happened.
const EVENT: &str = "LAUNCHGUARD_EVENT";
/// The group of the kernel's own messages; udev sends on another one.
const KERNEL: u32 = 1;
/// Most bytes of a message (Linux, UEVENT_BUFFER_SIZE and the header before it).
const MESSAGE_MAX: usize = 8192;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `verdict`, `fault`, `block` or `policy`.
    pub kind: String,
    /// The other fields with their names, in the order in which they were sent.
    pub fields: Vec<(String, String)>,
}

impl Event {
    /// The module's event in a message of the kernel's, if it is one.
    fn parse(message: &[u8]) -> Option<Self> {
        let mut kind = None;
        let mut is_ours = false;
        let mut fields = Vec::new();
        for field in message.split(|byte| *byte == 0) {
            let field = String::from_utf8_lossy(field);
            let Some((name, value)) = field.split_once('=') else {
                continue;
            };
            if name == "DEVPATH" {
                is_ours = value == DEVPATH;
            } else if name == EVENT {
                kind = Some(value.to_owned());
            } else if name.starts_with(PREFIX) {
                fields.push((name.to_owned(), value.to_owned()));
            }
        }
        Some(Self {
            kind: kind.filter(|_| is_ours)?,
            fields,
        })
    }

    /// The fields, in small letters and without what all names begin with.
    pub fn words(&self) -> impl Iterator<Item = (String, &str)> {
        self.fields.iter().map(|(name, value)| {
            let name = name.strip_prefix(PREFIX).unwrap_or(name);
            (name.to_ascii_lowercase(), value.as_str())
        })
    }
}

/// Listens to the kernel.
#[derive(Debug)]
pub struct Listener(OwnedFd);

impl Listener {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// When the kernel does not let it.
    pub fn new() -> Result<Self> {
        let open = || {
            let socket = socket(
                AddressFamily::Netlink,
                SockType::Datagram,
                SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
                SockProtocol::NetlinkKObjectUEvent,
            )?;
            bind(socket.as_raw_fd(), &NetlinkAddr::new(0, KERNEL))?;
            Ok::<_, Errno>(socket)
        };
        open().map(Self).context("uevents of the kernel")
    }

    /// The module's next event that has arrived already; `None` when there is no further one. What anybody
    /// but the kernel sent is passed over. Where events were lost, those that were not go on.
    ///
    /// # Errors
    ///
    /// When the socket cannot be read.
    pub fn next(&self) -> Result<Option<Event>> {
        let mut message = [0; MESSAGE_MAX];
        loop {
            match recvfrom::<NetlinkAddr>(self.0.as_raw_fd(), &mut message) {
                Ok((size, Some(sender))) if sender.pid() == 0 => {
                    let message = message.get(..size).unwrap_or_default();
                    if let Some(event) = Event::parse(message) {
                        return Ok(Some(event));
                    }
                }
                Ok(_) | Err(Errno::EINTR | Errno::ENOBUFS) => {}
                Err(Errno::EAGAIN) => return Ok(None),
                Err(error) => return Err(error).context("uevents of the kernel"),
            }
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_module_s_events_are_events() {
        // As Linux puts them together (lib/kobject_uevent.c).
        let fault = b"change@/devices/faux/launchguard\0ACTION=change\0\
            DEVPATH=/devices/faux/launchguard\0SUBSYSTEM=faux\0LAUNCHGUARD_EVENT=fault\0\
            LAUNCHGUARD_REQUESTER=0000:00:06.0\0LAUNCHGUARD_REASON=a=b\0DRIVER=faux_driver\0SEQNUM=1234\0";
        let event = Event::parse(fault).expect("an event");
        assert_eq!(event.kind, "fault");
        let words: Vec<_> = event.words().collect();
        let expected = [("requester", "0000:00:06.0"), ("reason", "a=b")];
        assert!(words
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .eq(expected));
        for other in [
            &b""[..],
            b"add@/devices/faux/launchguard\0ACTION=add\0DEVPATH=/devices/faux/launchguard\0",
            b"change@/devices/x\0DEVPATH=/devices/x\0LAUNCHGUARD_EVENT=fault\0",
            b"LAUNCHGUARD_EVENT=fault\0",
            b"\xff\xfe\0=\0DEVPATH\0",
        ] {
            assert_eq!(Event::parse(other), None, "{other:?}");
        }
    }
}
