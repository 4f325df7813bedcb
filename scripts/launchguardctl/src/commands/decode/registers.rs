// SPDX-License-Identifier: GPL-2.0

//! `decode registers FILE`.

use super::hexadecimal;
use crate::input;
use crate::report::{hex, line, tree, Report};
use anyhow::{ensure, Result};
use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::registers::{
    launch_claimed, AcmPolicyStatus, AcmStatus, BootStatus, Dpr, Reg, RegisterSpace, Registers,
    Sts, Width, PUBLIC_KEY_NAME,
};
use serde_json::{json, Map, Value};
use std::path::Path;

/// The least that a dump must hold: every register that is read lies in the first page.
const MIN_SIZE: usize = 4096;

/// A dump of the public space.
struct Dump<'a>(Bytes<'a>);

impl RegisterSpace for Dump<'_> {
    fn read(&self, offset: u16, width: Width) -> Option<u64> {
        let offset = usize::from(offset);
        match width {
            Width::Byte => self.0.u8(offset).map(u64::from),
            Width::Dword => self.0.u32(offset).map(u64::from),
            Width::Qword => self.0.u64(offset),
        }
    }
}

/// Decodes the dump in `file`.
pub fn run(file: &Path) -> Result<Report> {
    let bytes = input::read(file)?;
    ensure!(
        bytes.len() >= MIN_SIZE,
        "{}: {} bytes, a dump of the public space has {MIN_SIZE} or more",
        file.display(),
        bytes.len()
    );
    let registers = Registers::read(&Dump(Bytes::new(&bytes)), None::<&Dump<'_>>);
    let mut values = Map::new();
    for reg in Reg::ALL {
        let value = registers.get(reg).map_or(Value::Null, hexadecimal);
        values.insert(reg.name().to_owned(), value);
    }
    let key = registers.public_key.map(|key| hex(&key));
    values.insert(PUBLIC_KEY_NAME.to_owned(), Value::from(key));
    let launched = launch_claimed(&registers) == Some(true);

    let mut text = String::new();
    for (name, value) in &values {
        line(&mut text, name, value.as_str().unwrap_or("unknown"));
    }
    line(&mut text, "launched", if launched { "yes" } else { "no" });
    let fields = fields(&registers);
    text.push_str(&tree(&fields));
    Ok(Report {
        text,
        json: json!({"registers": values, "launched": launched, "fields": fields}),
        good: true,
    })
}

/// The registers of several fields, field by field. Those of the startup ACM are null where the
/// chipset does not report there.
fn fields(registers: &Registers) -> Value {
    let read = |reg| registers.get(reg);
    json!({
        "TXT.STS": read(Reg::Sts).map(Sts).map(|sts| json!({
            "senter_done": sts.senter_done(),
            "sexit_done": sts.sexit_done(),
            "mem_config_lock": sts.mem_config_lock(),
            "private_open": sts.private_open(),
            "locality1_open": sts.locality1_open(),
            "locality2_open": sts.locality2_open(),
        })),
        "TXT.DPR": read(Reg::Dpr).map(Dpr).map(|dpr| json!({
            "lock": dpr.lock(),
            "size_mib": dpr.size_mib(),
            "base": dpr.base().map(hexadecimal),
            "limit": hexadecimal(dpr.limit()),
        })),
        "TXT.SPAD": read(Reg::BootStatus)
            .map(BootStatus)
            .filter(|status| !status.is_silent())
            .map(boot_status),
        "TXT.ACM_STATUS": read(Reg::AcmStatus)
            .and_then(|value| u32::try_from(value).ok())
            .map(AcmStatus)
            .filter(|status| !status.is_floating())
            .map(acm_status),
        "TXT.ACM_POLICY_STATUS": read(Reg::AcmPolicyStatus)
            .map(AcmPolicyStatus)
            .filter(|status| !status.is_silent())
            .map(acm_policy_status),
    })
}

fn boot_status(status: BootStatus) -> Value {
    json!({
        "txt_startup_success": status.txt_startup_success(),
        "boot_status": hexadecimal(status.code()),
        "memory_power_down": status.memory_power_down(),
        "txt_policy_enable": status.txt_policy_enable(),
        "bios_trusted": status.bios_trusted(),
        "txt_disabled_by_policy": status.txt_disabled_by_policy(),
        "acm_error": status.acm_error(),
        "acm_success": status.acm_success(),
    })
}

fn acm_status(status: AcmStatus) -> Value {
    json!({
        "valid": status.valid(),
        "acm_started": status.acm_started(),
        "module_type": status.module_type(),
        "class": status.class(),
        "major": status.major(),
        "minor": status.minor(),
    })
}

fn acm_policy_status(status: AcmPolicyStatus) -> Value {
    json!({
        "key_manifest_id": status.key_manifest_id(),
        "measured": status.measured(),
        "verified": status.verified(),
        "high_assurance": status.high_assurance(),
        "txt_supported": status.txt_supported(),
        "cpu_debug_disabled": status.cpu_debug_disabled(),
        "bsp_init_disabled": status.bsp_init_disabled(),
        "protect_bios": status.protect_bios(),
        "tpm": status.tpm().to_string(),
        "tpm_success": status.tpm_success(),
        "backup_action": status.backup_action(),
        "txt_profile": status.txt_profile(),
        "scrub_policy": status.scrub_policy(),
        "ibb_dma_protection": status.ibb_dma_protection(),
        "scrtm": status.scrtm().0,
        "cpu_cosigned": status.cpu_cosigned(),
        "tpm_startup_locality": status.tpm_startup_locality(),
    })
}
