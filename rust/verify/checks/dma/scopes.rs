// SPDX-License-Identifier: GPL-2.0

//! Which PCI functions a device scope names.

use crate::decode::dmar::{Dmar, Drhd, Scope, ScopeKind};
use crate::verify::facts::PciFunction;

/// Whether a unit of `table` remaps `function`.
pub(super) fn is_covered(
    table: &Dmar<'_>,
    functions: &[PciFunction],
    function: &PciFunction,
) -> bool {
    table.units().any(|unit| {
        u32::from(unit.segment) == function.segment
            && (unit.include_all || names(&unit, functions, function))
    })
}

fn names(unit: &Drhd<'_>, functions: &[PciFunction], function: &PciFunction) -> bool {
    unit.scopes.filter_map(Result::ok).any(|scope| {
        let Some((bus, devfn)) = resolve(&scope, function.segment, functions) else {
            return false;
        };
        let itself = function.bus == bus && function.devfn == devfn;
        match scope.kind {
            ScopeKind::Endpoint => itself,
            ScopeKind::Bridge => {
                let bridge = find(functions, function.segment, bus, devfn);
                itself || bridge.is_some_and(|bridge| is_behind(bridge, function))
            }
            _ => false,
        }
    })
}

/// Bus and devfn of the device that a scope's path leads to.
fn resolve(scope: &Scope<'_>, segment: u32, functions: &[PciFunction]) -> Option<(u8, u8)> {
    let mut place: Option<(u8, u8)> = None;
    for step in scope.path.steps() {
        let bus = match place {
            None => scope.start_bus,
            Some((bus, devfn)) => find(functions, segment, bus, devfn)?.buses?.0,
        };
        place = Some((bus, step.devfn()?));
    }
    place
}

fn find(functions: &[PciFunction], segment: u32, bus: u8, devfn: u8) -> Option<&PciFunction> {
    functions
        .iter()
        .find(|one| one.segment == segment && one.bus == bus && one.devfn == devfn)
}

/// Whether `function` lies on a bus behind `bridge`.
pub(super) fn is_behind(bridge: &PciFunction, function: &PciFunction) -> bool {
    bridge.segment == function.segment
        && bridge
            .buses
            .is_some_and(|(first, last)| (first..=last).contains(&function.bus))
}
