// SPDX-License-Identifier: GPL-2.0

//! The DMAR table and the registers of its units.

use super::{message, Dump};
use launchguard_pure::decode::dmar::{Dmar, Structure};
use launchguard_pure::decode::vtd::UnitRegisters;

/// `decode::dmar`: `bytes` is a table, or starts with one.
pub fn dmar(bytes: &[u8]) {
    let table = match Dmar::decode(bytes) {
        Ok(table) => table,
        Err(error) => return message(&error),
    };
    assert!(table.bytes.len() <= bytes.len());
    let mut broken = false;
    let mut units = 0;
    let mut reserved = 0;
    for structure in table.structures() {
        assert!(!broken, "an error ends the walk");
        match structure {
            Ok(structure) => {
                units += usize::from(matches!(structure, Structure::Drhd(_)));
                reserved += usize::from(matches!(structure, Structure::Rmrr(_)));
                scopes(&structure);
            }
            Err(error) => {
                assert!(error.offset <= table.bytes.len(), "{error:?}");
                message(&error);
                broken = true;
            }
        }
    }
    assert_eq!(table.units().count(), units);
    assert_eq!(table.reserved().count(), reserved);
    match table.check() {
        Ok(()) => assert!(!broken, "what is broken was not noticed"),
        Err(error) => message(&error),
    }
}

fn scopes(structure: &Structure<'_>) {
    assert!(!structure.name().is_empty());
    for scope in structure.scopes() {
        match scope {
            Ok(scope) => {
                message(&scope);
                assert!(scope.path.steps().count() > 0, "a path leads somewhere");
                for step in scope.path.steps() {
                    let devfn = step.devfn();
                    assert_eq!(devfn.is_some(), step.device < 32 && step.function < 8);
                }
            }
            Err(error) => message(&error),
        }
    }
}

/// `decode::vtd`: `bytes` is a dump of a unit's register page.
pub fn unit(bytes: &[u8]) {
    let Some(unit) = UnitRegisters::read(&Dump(bytes)) else {
        return;
    };
    assert!(bytes.len() >= 0x38, "the registers that every unit has");
    assert_eq!(unit.root() % 4096, 0);
    assert_eq!(unit.interrupt_table() % 4096, 0);
    assert!((1..=256).contains(&unit.cap().fault_records()));
    if !unit.cap().pmr_low() && !unit.cap().pmr_high() {
        assert!(!unit.pmr_active(), "there is nothing that could be active");
    }
}
