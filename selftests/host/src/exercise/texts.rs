// SPDX-License-Identifier: GPL-2.0

//! The owner's texts.

use super::message;
use launchguard_pure::lists::sheet;
use launchguard_pure::plan;
use launchguard_pure::verify::catalogue::CheckId;
use launchguard_pure::verify::policy::{
    Policy, PolicyError, References, MAX_ENTRIES, MAX_NAME, MAX_REASON, MAX_STATEMENTS,
};

/// `verify::policy`: `text` is a guard policy.
pub fn policy(text: &[u8]) {
    let policy = match Policy::parse(text) {
        Ok(policy) => policy,
        Err(error) => return check_error(&error, text),
    };
    assert_eq!(policy.waived().iter().count(), policy.waivers().count());
    for (check, reason) in policy.waivers() {
        assert!(policy.waives(check));
        assert!(!reason.trim().is_empty() && reason.len() <= MAX_REASON);
    }
    for check in CheckId::ALL {
        assert_eq!(policy.requires(check), policy.required().contains(check));
    }
    assert_eq!(policy.expects_launch(), !policy.required().is_empty());
    assert!(policy.regions().count() <= MAX_STATEMENTS);
    assert!(policy
        .compartments()
        .all(|one| one.devices().next().is_some()));
    match plan::check(&sheet(&policy).statements(), None) {
        Ok(()) => {
            for window in policy.compartments().flat_map(|one| one.windows()) {
                assert!(window.size > 0 && window.base % plan::PAGE == 0);
                assert!(window.iova.checked_add(window.size).is_some());
            }
        }
        Err(error) => check_error(&error, text),
    }
    // A line's end and a comment never change what a text says.
    let longer = [text, b"\n# behind\n"].concat();
    if let Ok(longer) = Policy::parse(&longer) {
        assert_eq!(longer.required(), policy.required());
        assert_eq!(longer.waived(), policy.waived());
    }
}

/// `verify::policy`: `text` holds references.
pub fn references(text: &[u8]) {
    let references = match References::parse(text) {
        Ok(references) => references,
        Err(error) => return check_error(&error, text),
    };
    let mut launches = 0;
    for launch in references.launches() {
        launches += 1;
        assert!(launch.name.len() <= MAX_NAME);
        let pins = launch.pins().count();
        assert!(pins > 0, "{} pins nothing", launch.name);
        for pin in launch.pins() {
            assert!((17..=22).contains(&pin.pcr));
        }
    }
    assert!(launches <= MAX_ENTRIES);
    let identities = references.sinits().count() + references.mles().count();
    assert_eq!(references.is_empty(), launches + identities == 0);
}

/// The place must lie in the text, or right behind it.
fn check_error(error: &PolicyError, text: &[u8]) {
    message(error);
    let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
    assert!((1..=lines).contains(&(error.line as usize)), "{error:?}");
    assert!(error.column >= 1);
    assert!(error.column as usize <= text.len() + 1, "{error:?}");
}
