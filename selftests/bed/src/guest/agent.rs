// SPDX-License-Identifier: GPL-2.0
//! The host's end of the agent that listens in a test machine (`agent.sh`, which describes the
//! protocol).

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{bail, Context, Result};

/// How long the guest may take on top of a command's own limit before it counts as hung.
const GRACE: Duration = Duration::from_secs(20);
/// A step of waiting: how often callers' `alive` is asked.
const STEP: Duration = Duration::from_millis(200);
/// Bytes of a file carried by one command; a line stays far below the guest's input buffer.
const CHUNK: usize = 1500;

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Standard output and error.
    pub output: Vec<u8>,
    /// Exit status.
    pub status: i32,
}

impl Answer {
    /// The output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }
}

/// A connection to the agent.
pub struct Agent {
    stream: UnixStream,
    buffer: Vec<u8>,
    next: u32,
    boot: String,
}

impl Agent {
    /// Takes over the machine's second serial line.
    pub fn new(stream: UnixStream) -> Result<Self> {
        stream.set_read_timeout(Some(STEP))?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
            next: 0,
            boot: String::new(),
        })
    }

    /// Waits until a kernel other than the last one that was seen listens. `alive` is asked again
    /// and again and ends the waiting with its error.
    pub fn wait_ready(
        &mut self,
        timeout: Duration,
        alive: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        let deadline = Instant::now() + timeout;
        loop {
            let line = self
                .line(deadline, alive)
                .context("waiting for the guest to come up")?;
            if let Some(boot) = line.strip_prefix("ready ") {
                if boot != self.boot {
                    self.boot = boot.to_owned();
                    return Ok(());
                }
            }
        }
    }

    /// Runs a shell script in the guest, for `timeout` at most.
    pub fn run(
        &mut self,
        script: &str,
        timeout: Duration,
        alive: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Answer> {
        self.next += 1;
        let id = self.next;
        self.send(script, timeout)?;
        let deadline = Instant::now() + timeout + GRACE;
        let mut encoded: Option<String> = None;
        loop {
            let line = self.line(deadline, alive)?;
            if line == format!("begin {id}") {
                encoded = Some(String::new());
            } else if let Some(status) = line.strip_prefix(&format!("end {id} ")) {
                let status = status.trim().parse().context("the agent's status")?;
                let output = base64::decode(encoded.as_deref().unwrap_or_default())
                    .context("the agent's answer is garbled")?;
                return Ok(Answer { output, status });
            } else if line.starts_with("ready ") {
                bail!("the guest restarted while it ran: {script}");
            } else if let Some(text) = &mut encoded {
                text.push_str(&line);
            }
        }
    }

    /// Sends a script whose answer will not come because the kernel goes away.
    pub fn send_last(&mut self, script: &str) -> Result<()> {
        self.next += 1;
        self.send(script, Duration::from_secs(300))
    }

    /// Writes a file in the guest.
    pub fn put(
        &mut self,
        path: &str,
        data: &[u8],
        alive: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        let mut script = format!("mkdir -p \"$(dirname {path})\" && : > {path}");
        for chunk in data.chunks(CHUNK) {
            script = format!(
                "{script} && echo {} | base64 -d >> {path}",
                base64::encode(chunk)
            );
            self.checked(&script, alive)?;
            script = "true".into();
        }
        if data.is_empty() {
            self.checked(&script, alive)?;
        }
        Ok(())
    }

    fn checked(&mut self, script: &str, alive: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        let answer = self.run(script, Duration::from_secs(30), alive)?;
        if answer.status != 0 {
            bail!("writing a file into the guest: {}", answer.text());
        }
        Ok(())
    }

    fn send(&mut self, script: &str, timeout: Duration) -> Result<()> {
        let line = format!(
            "run {} {} {}\n",
            self.next,
            timeout.as_secs().max(1),
            base64::encode(script.as_bytes())
        );
        self.stream
            .write_all(line.as_bytes())
            .context("serial line to the guest")
    }

    /// The next line, without its end.
    fn line(&mut self, deadline: Instant, alive: &mut dyn FnMut() -> Result<()>) -> Result<String> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim().to_owned());
            }
            if Instant::now() > deadline {
                bail!("the guest did not answer in time");
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) => bail!("the machine is gone"),
                Ok(count) => self.buffer.extend_from_slice(&bytes[..count]),
                Err(error)
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock
                            | std::io::ErrorKind::TimedOut
                            | std::io::ErrorKind::Interrupted
                    ) =>
                {
                    alive()?;
                }
                Err(error) => return Err(error).context("serial line from the guest"),
            }
        }
    }
}

/// RFC 4648 base 64, the form that busybox speaks.
mod base64 {
    use anyhow::{bail, Result};

    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    pub fn encode(data: &[u8]) -> String {
        let mut text = String::new();
        for group in data.chunks(3) {
            let bits = group
                .iter()
                .fold(0u32, |sum, byte| (sum << 8) | u32::from(*byte))
                << (8 * (3 - group.len()));
            for digit in 0..4 {
                if digit <= group.len() {
                    let index = (bits >> (18 - 6 * digit)) & 63;
                    text.push(char::from(DIGITS[index as usize]));
                } else {
                    text.push('=');
                }
            }
        }
        text
    }

    pub fn decode(text: &str) -> Result<Vec<u8>> {
        let mut data = Vec::new();
        let (mut bits, mut count) = (0u32, 0);
        for letter in text.bytes().filter(|letter| *letter != b'=') {
            let Some(value) = DIGITS.iter().position(|digit| *digit == letter) else {
                bail!("not base 64: {letter:#x}");
            };
            bits = (bits << 6) | value as u32;
            count += 6;
            if count >= 8 {
                count -= 8;
                data.push((bits >> count) as u8);
                bits &= (1 << count) - 1;
            }
        }
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn base64_test_vectors_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64::encode(plain.as_bytes()), coded);
            assert_eq!(base64::decode(coded).unwrap(), plain.as_bytes());
        }
        assert!(base64::decode("Zm9v!").is_err());
    }

    fn pair(answers: &'static str) -> Agent {
        let (host, mut guest) = UnixStream::pair().unwrap();
        thread::spawn(move || {
            let mut request = [0; 256];
            let _ = guest.read(&mut request);
            guest.write_all(answers.as_bytes()).unwrap();
            thread::sleep(Duration::from_secs(2));
        });
        Agent::new(host).unwrap()
    }

    #[test]
    fn an_answer_with_noise_around_it() {
        let mut agent = pair("noise\r\nbegin 1\r\nZm9v\r\nYmFy\r\nend 1 3\r\n");
        let answer = agent
            .run("x", Duration::from_secs(5), &mut || Ok(()))
            .unwrap();
        assert_eq!((answer.text().as_str(), answer.status), ("foobar", 3));
    }

    #[test]
    fn a_guest_that_restarts_or_dies_is_an_error() {
        let mut agent = pair("ready 1234\n");
        let error = agent
            .run("x", Duration::from_secs(5), &mut || Ok(()))
            .unwrap_err();
        assert!(error.to_string().contains("restarted"));
        let mut agent = pair("");
        let error = agent
            .run("x", Duration::from_secs(5), &mut || bail!("QEMU ended"))
            .unwrap_err();
        assert_eq!(error.to_string(), "QEMU ended");
    }
}
