// SPDX-License-Identifier: GPL-2.0

//! The words, numbers and views that everything else is made of. The numbers are those of the TCG
//! Algorithm Registry, the digests those of FIPS 180-4; the words are fixed by Documentation/ABI.

use launchguard_pure::decode::bytes::Bytes;
use launchguard_pure::decode::digest::{Digest, HashAlg};
use launchguard_pure::decode::text::Text;
use launchguard_pure::verify::catalogue::{CheckId, CheckSet, Severity, Weight};
use launchguard_pure::verify::judgement::{Judgement, Launcher, Outcome, Verdict};

#[test]
fn algorithms_are_those_of_the_registry() {
    let registry = [
        (HashAlg::Sha1, 0x0004, 20, "sha1"),
        (HashAlg::Sha256, 0x000b, 32, "sha256"),
        (HashAlg::Sha384, 0x000c, 48, "sha384"),
        (HashAlg::Sha512, 0x000d, 64, "sha512"),
        (HashAlg::Sm3, 0x0012, 32, "sm3"),
    ];
    assert_eq!(registry.map(|(alg, ..)| alg), HashAlg::ALL);
    for (position, (alg, id, size, name)) in registry.into_iter().enumerate() {
        assert_eq!(alg.index(), position);
        assert_eq!((alg.tpm_id(), alg.size(), alg.name()), (id, size, name));
        assert_eq!(HashAlg::from_tpm_id(id), Some(alg));
        assert_eq!(HashAlg::from_name(name), Some(alg));
        assert_eq!(alg.is_strong(), size * 8 >= 256, "{alg}");
        assert_eq!(alg.to_string(), name);
    }
    // TPM_ALG_HMAC, TPM_ALG_NULL and SHA3-256 are in the registry, and no bank's algorithm here.
    for id in [0x0000, 0x0005, 0x0010, 0x0027, 0xffff] {
        assert_eq!(HashAlg::from_tpm_id(id), None, "{id:#x}");
    }
    for name in ["", "SHA256", "sha-256", "sha2"] {
        assert_eq!(HashAlg::from_name(name), None, "{name:?}");
    }
}

#[test]
fn a_digest_has_exactly_its_size() {
    for alg in HashAlg::ALL {
        let bytes: Vec<u8> = (1..).take(alg.size()).collect();
        let digest = Digest::new(alg, &bytes).expect("the right size");
        assert_eq!((digest.alg(), digest.as_bytes()), (alg, bytes.as_slice()));
        assert_eq!(Digest::new(alg, &bytes[1..]), None);
        assert_eq!(Digest::new(alg, &[&bytes[..], &[0]].concat()), None);
    }
    assert_eq!(Digest::new(HashAlg::Sha1, &[]), None);
}

#[test]
fn a_digest_is_written_and_read_as_hex() {
    // FIPS 180-4 over "abc".
    let text = "a9993e364706816aba3e25717850c26c9cd0d89d";
    let digest = Digest::from_hex(HashAlg::Sha1, text).expect("hex");
    assert_eq!(digest.as_bytes()[..4], [0xa9, 0x99, 0x3e, 0x36]);
    assert_eq!(digest.as_bytes()[19], 0x9d);
    assert_eq!(digest.to_string(), text);
    assert_eq!(format!("{digest:?}"), format!("sha1:{text}"));
    let upper = Digest::from_hex(HashAlg::Sha1, &text.to_uppercase());
    assert_eq!(upper, Some(digest));
    for wrong in [
        &text[1..],
        &text[2..],
        &format!("{text}00"),
        &text.replace('a', "g"),
        &text.replace("a9", "+9"),
        "",
    ] {
        assert_eq!(Digest::from_hex(HashAlg::Sha1, wrong), None, "{wrong:?}");
    }
    assert_eq!(Digest::from_hex(HashAlg::Sha256, text), None);
}

/// One other byte, the first, a middle or the last, is enough.
#[test]
fn zero_and_ones_are_every_byte() {
    for alg in HashAlg::ALL {
        let zero = Digest::zero(alg);
        assert!(zero.is_zero() && !zero.is_ones(), "{alg}");
        let ones = Digest::new(alg, &vec![0xff; alg.size()]).expect("the right size");
        assert!(ones.is_ones() && !ones.is_zero(), "{alg}");
        for at in [0, alg.size() / 2, alg.size() - 1] {
            let mut bytes = vec![0; alg.size()];
            bytes[at] = 1;
            assert!(!Digest::new(alg, &bytes).expect("a digest").is_zero());
            let mut bytes = vec![0xff; alg.size()];
            bytes[at] = 0xfe;
            assert!(!Digest::new(alg, &bytes).expect("a digest").is_ones());
        }
    }
}

#[test]
fn a_view_ends_where_its_bytes_do() {
    let data: Vec<u8> = (0x10..0x1a).collect();
    let view = Bytes::new(&data);
    assert_eq!((view.len(), view.is_empty()), (10, false));
    assert!(Bytes::new(&[]).is_empty());
    assert_eq!(view.as_slice(), data);
    assert_eq!(view.get(8, 2), Some(&data[8..]));
    assert_eq!(view.get(10, 0), Some(&[][..]));
    for (offset, len) in [(8, 3), (10, 1), (11, 0), (usize::MAX, 1), (1, usize::MAX)] {
        assert_eq!(view.get(offset, len), None, "{offset} {len}");
        assert_eq!(view.sub(offset, len), None, "{offset} {len}");
    }
    assert_eq!(view.sub(2, 3), Some(Bytes::new(&data[2..5])));
    assert_eq!(view.from(10), Some(Bytes::new(&[])));
    assert_eq!(view.from(4), Some(Bytes::new(&data[4..])));
    assert_eq!(view.from(11), None);
    assert_eq!(view.array::<2>(8), Some([0x18, 0x19]));
    assert_eq!(view.array::<2>(9), None);
    assert_eq!((view.u8(9), view.u8(10)), (Some(0x19), None));
    assert_eq!((view.u16(8), view.u16(9)), (Some(0x1918), None));
    assert_eq!((view.u32(6), view.u32(7)), (Some(0x1918_1716), None));
    assert_eq!(view.u32(usize::MAX), None);
    let long = 0x1918_1716_1514_1312;
    assert_eq!((view.u64(2), view.u64(3)), (Some(long), None));
}

#[test]
fn text_is_cut_between_characters() {
    let text = Text::<5>::format(format_args!("{}{}", "abc", "de"));
    assert_eq!((text.as_str(), text.is_empty()), ("abcde", false));
    assert_eq!(Text::<5>::format(format_args!("abcdef")).as_str(), "abcde");
    // Two bytes do not fit into the one that is left, and what follows does not slip in.
    let cut = Text::<5>::format(format_args!("abcd\u{e9}f"));
    assert_eq!(cut.as_str(), "abcd");
    assert_eq!(
        Text::<6>::format(format_args!("abcd\u{e9}f")).as_str(),
        "abcd\u{e9}"
    );
    assert!(Text::<5>::EMPTY.is_empty());
    assert_eq!(Text::<5>::EMPTY.as_str(), "");
    assert_eq!(
        (text.to_string(), format!("{text:?}")),
        ("abcde".into(), "\"abcde\"".into())
    );
}

#[test]
fn the_words_are_those_of_the_interface() {
    let verdicts = [
        (Verdict::Pending, "pending"),
        (Verdict::Verified, "verified"),
        (Verdict::Unpinned, "unpinned"),
        (Verdict::Failed, "failed"),
        (Verdict::Unknown, "unknown"),
        (Verdict::Absent, "absent"),
    ];
    for (verdict, word) in verdicts {
        assert_eq!(
            (verdict.word(), verdict.to_string()),
            (word, word.to_owned())
        );
    }
    let outcomes = [
        (Outcome::Pass, "pass"),
        (Outcome::Fail, "fail"),
        (Outcome::Unknown, "unknown"),
        (Outcome::NotApplicable, "n/a"),
    ];
    for (outcome, word) in outcomes {
        assert_eq!(
            (outcome.word(), outcome.to_string()),
            (word, word.to_owned())
        );
    }
    let launchers = [
        (Launcher::Tboot, "tboot"),
        (Launcher::SecureLaunch, "secure-launch"),
        (Launcher::Unknown, "unknown"),
        (Launcher::None, "none"),
    ];
    for (launcher, word) in launchers {
        assert_eq!(launcher.word(), word);
    }
    let severities = [
        (Severity::Info, "info"),
        (Severity::Medium, "medium"),
        (Severity::High, "high"),
        (Severity::Critical, "critical"),
    ];
    for (severity, word) in severities {
        assert_eq!(
            (severity.word(), severity.to_string()),
            (word, word.to_owned())
        );
    }
    assert!(severities.is_sorted_by_key(|(severity, _)| *severity));
    let weights = [
        (Weight::Required, "required"),
        (Weight::Alarm, "alarm"),
        (Weight::Advisory, "advisory"),
    ];
    for (weight, word) in weights {
        assert_eq!(weight.word(), word);
    }
}

#[test]
fn a_check_is_found_by_its_name_alone() {
    for (position, check) in CheckId::ALL.into_iter().enumerate() {
        assert_eq!(check.index(), position);
        assert_eq!(CheckId::from_name(check.name()), Some(check));
        assert_eq!(CheckId::from_name(&check.name().to_lowercase()), None);
        assert_eq!(check.to_string(), check.name());
        assert_eq!(check.severity(), check.entry().severity);
        assert_eq!(check.weight(), check.entry().weight);
        let required = check.weight() == Weight::Required;
        assert_eq!(check.required_by_default(), required, "{check}");
    }
    assert_eq!(CheckId::from_name(""), None);
}

#[test]
fn a_set_holds_what_was_put_in() {
    let mut set = CheckSet::EMPTY;
    assert!(set.is_empty());
    assert_eq!(set.to_string(), "");
    for check in [
        CheckId::Tpm10,
        CheckId::Cpu01,
        CheckId::Tpm10,
        CheckId::Krn02,
    ] {
        set.insert(check);
        assert!(set.contains(check) && !set.is_empty());
    }
    let members: Vec<CheckId> = set.iter().collect();
    assert_eq!(members, [CheckId::Cpu01, CheckId::Tpm10, CheckId::Krn02]);
    assert_eq!(set.to_string(), "CPU-01 TPM-10 KRN-02");
    for check in CheckId::ALL {
        assert_eq!(set.contains(check), members.contains(&check), "{check}");
    }
}

/// What was not judged counts as unknown, and is not mistaken for anything else.
#[test]
fn an_empty_judgement_says_nothing_good() {
    let judgement = Judgement::NONE;
    assert_eq!(judgement.verdict, Verdict::Pending);
    assert_eq!(judgement.reasons().count(), 0);
    for check in CheckId::ALL {
        assert_eq!(judgement.outcome(check), Outcome::Unknown);
    }
    for alg in HashAlg::ALL {
        assert!(!judgement.covers(alg));
        assert_eq!(judgement.replayed(alg, 17), None);
    }
}
