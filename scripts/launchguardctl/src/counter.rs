// SPDX-License-Identifier: GPL-2.0

//! The owner's NV counter in the TPM: a number that nobody can turn back.

use anyhow::{bail, ensure, Context, Result};
use launchguard_pure::decode::command::Command;
use launchguard_pure::decode::nv::{
    self, parse_read, parse_read_public, Attributes, NvPublic, Response,
};
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;

/// TPM_NT_COUNTER (TPM 2.0, part 2, 13.4).
const COUNTER: u8 = 1;
/// Bytes of a counter's contents.
const SIZE: u16 = 8;
/// Most bytes of a response.
const RESPONSE_MAX: usize = 4096;

/// The counter at the NV index `index` of the TPM behind the device `tpm`; why it cannot serve as one when
/// it does not exist, is none or was never counted up.
///
/// # Errors
///
/// When the TPM does not answer.
pub fn read(tpm: &Path, index: u32) -> Result<Result<u64, String>> {
    let device = OpenOptions::new().read(true).write(true).open(tpm);
    let mut device = device.with_context(|| tpm.display().to_string())?;
    read_from(&mut device, index).with_context(|| tpm.display().to_string())
}

fn read_from(tpm: &mut (impl Read + Write), index: u32) -> Result<Result<u64, String>> {
    let answer = ask(tpm, &nv::read_public(index))?;
    let public = match parse_read_public(&answer) {
        Response::Read(public) => public,
        Response::Undefined => return Ok(Err(format!("the TPM has no NV index {index:#x}"))),
        other => bail!("the public area of NV index {index:#x}: {}", words(other)),
    };
    let public = match NvPublic::decode(public) {
        Ok(public) if public.index == index => public,
        Ok(other) => bail!("the TPM answered for NV index {:#x}", other.index),
        Err(error) => bail!("the public area of NV index {index:#x}: {error}"),
    };
    // Whoever has the owner's authorisation can define the index anew, but as a counter it then begins
    // above all that the TPM ever counted.
    if public.attributes.kind() != COUNTER {
        return Ok(Err(format!("NV index {index:#x} is no counter")));
    }
    if !public.attributes.has(Attributes::WRITTEN) {
        return Ok(Err(format!("NV index {index:#x} was never counted up")));
    }
    let answer = ask(tpm, &nv::read(index, index, 0, SIZE))?;
    match parse_read(&answer) {
        Response::Read(bytes) => match <[u8; SIZE as usize]>::try_from(bytes) {
            Ok(bytes) => Ok(Ok(u64::from_be_bytes(bytes))),
            Err(_) => bail!("NV index {index:#x} has {} bytes", bytes.len()),
        },
        other => bail!("NV index {index:#x}: {}", words(other)),
    }
}

fn words(response: Response<'_>) -> String {
    match response {
        Response::Read(_) => "an answer".to_owned(),
        Response::Undefined => "there is none".to_owned(),
        Response::Refused(code) => format!("the TPM refused with {code:#x}"),
        Response::Malformed => "the TPM's answer is malformed".to_owned(),
    }
}

/// Sends one command; the kernel's device answers each with one read.
fn ask(tpm: &mut (impl Read + Write), command: &Command) -> Result<Vec<u8>> {
    tpm.write_all(command.as_bytes()).context("command")?;
    let mut answer = vec![0; RESPONSE_MAX];
    let size = tpm.read(&mut answer).context("response")?;
    ensure!(size > 0, "no response");
    answer.truncate(size);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::io;

    /// A TPM that answers what was prepared, and keeps what it was asked.
    struct Tpm {
        answers: VecDeque<Vec<u8>>,
        asked: Vec<Vec<u8>>,
    }

    impl Write for Tpm {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.asked.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Read for Tpm {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let answer = self.answers.pop_front().unwrap_or_default();
            into[..answer.len()].copy_from_slice(&answer);
            Ok(answer.len())
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// TPM2_NV_ReadPublic's response with these attributes: a public area of 14 bytes, a name of 34.
    fn public(attributes: &str) -> Vec<u8> {
        let name = "000b".to_owned() + &"ab".repeat(32);
        hex(&format!(
            "8001 0000003e 00000000 000e 0180c001 000b {attributes} 0000 0008 0022 {name}"
        ))
    }

    fn contents(value: &str) -> Vec<u8> {
        hex(&format!(
            "8002 0000001d 00000000 0000000a 0008 {value} 0000 01 0000"
        ))
    }

    fn read(answers: &[Vec<u8>]) -> (Result<Result<u64, String>>, Vec<Vec<u8>>) {
        let mut tpm = Tpm {
            answers: answers.iter().cloned().collect(),
            asked: Vec::new(),
        };
        let value = read_from(&mut tpm, 0x0180_c001);
        (value, tpm.asked)
    }

    /// ownerwrite, authread, no_da, written, nt=counter.
    const WRITTEN: &str = "22040012";

    #[test]
    fn a_counter_is_read() {
        let (value, asked) = read(&[public(WRITTEN), contents("00000000 0000012c")]);
        assert_eq!(value.unwrap(), Ok(300));
        let expected = [
            hex("8001 0000000e 00000169 0180c001"),
            hex(
                "8002 00000023 0000014e 0180c001 0180c001 00000009 40000009 0000 00 0000 0008 0000",
            ),
        ];
        assert_eq!(asked, expected);
    }

    #[test]
    fn what_is_no_counter_does_not_serve() {
        for (answer, words) in [
            (hex("8001 0000000a 0000018b"), "no NV index 0x180c001"),
            (public("22040002"), "is no counter"),
            (public("02040012"), "never counted up"),
        ] {
            let why = read(&[answer]).0.unwrap().unwrap_err();
            assert!(why.contains(words), "{why}");
        }
    }

    #[test]
    fn a_tpm_that_does_not_answer_is_an_error() {
        for (answers, words) in [
            (vec![], "no response"),
            (vec![hex("8001 0000000a 00000922")], "refused with 0x922"),
            (vec![hex("8001 0000000a 00000000")], "malformed"),
            (vec![hex("8001")], "malformed"),
            (
                vec![public(WRITTEN), hex("8001 0000000a 00000149")],
                "refused with 0x149",
            ),
            (
                vec![
                    public(WRITTEN),
                    contents("00000000 0000012c")[..20].to_vec(),
                ],
                "malformed",
            ),
        ] {
            let error = format!("{:#}", read(&answers).0.unwrap_err());
            assert!(error.contains(words), "{error}");
        }
    }
}
