// SPDX-License-Identifier: GPL-2.0

//! NV public areas, the commands that read them and the TPM's answers, against the TPM library
//! specification (parts 2 and 3) and the log of a real machine.

use launchguard_host_tests::fixture::nv;
use launchguard_pure::decode::mle::{Capabilities, MleError, MleHeader};
use launchguard_pure::decode::nv::{
    get_public_12, handles, parse_data_12, parse_handles, parse_public_12, parse_read,
    parse_read_public, read, read_12, read_public, Attributes, NvError, NvInfo, NvInfoError,
    NvPublic, NvPublic12, Response,
};
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|index| u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).expect("hex"))
        .collect()
}

/// Event NV_INFO_HASH of a Dell with tboot 1.10.5 (published log): AUX and PS of the first set, no PO.
const DELL: &str = "0101800003000b620444080020ef9a26fc22d1ae8cecff59e9481ac1ec533dbe228bec6d17930f4cb2\
                    cc5b972400680101800001000b62042c0400201169a46a813a8ccdd0f3066785207bb9b67afd3a6cd6\
                    dfe5c5aee120867a96df004600";

#[test]
fn the_event_of_a_real_machine_is_two_areas_and_none() {
    let data = hex(&DELL.replace(' ', ""));
    let info = NvInfo::decode(&data).unwrap();
    let (aux, ps) = (info.aux.unwrap(), info.ps.unwrap());
    assert_eq!(info.po, None);
    assert_eq!(
        (aux.index, aux.name_alg, aux.data_size),
        (0x0180_0003, 0x000b, 104)
    );
    assert_eq!(
        (ps.index, ps.name_alg, ps.data_size),
        (0x0180_0001, 0x000b, 70)
    );
    assert_eq!(
        aux.attributes.to_string(),
        "policywrite|policydelete|write_stclear|authread|no_da|written|platformcreate"
    );
    assert_eq!(
        ps.attributes.to_string(),
        "authwrite|policydelete|writelocked|writedefine|authread|no_da|written|platformcreate"
    );
    assert_eq!(aux.policy, nv::AUX_POLICY);
    // The separate encoder makes the same event of the same indices.
    let indices = [
        nv::Index::new(nv::AUX, aux.attributes.0, aux.policy, vec![0; 104]),
        nv::Index::new(nv::PS, ps.attributes.0, ps.policy, vec![0; 70]),
    ];
    assert_eq!(nv::info(&indices), data);
}

#[test]
fn events_that_are_no_such_list_are_refused() {
    let data = hex(&DELL.replace(' ', ""));
    assert_eq!(NvInfo::decode(&[0, 0]), Err(NvInfoError::Missing));
    assert_eq!(NvInfo::decode(&[0, 2, 0]), Err(NvInfoError::Presence(2)));
    assert_eq!(NvInfo::decode(&[0, 0, 0, 0]), Err(NvInfoError::Rest(1)));
    for cut in 0..data.len() {
        assert!(NvInfo::decode(&data[..cut]).is_err(), "{cut} bytes");
    }
    assert!(NvInfo::decode(&[0, 0, 0]).is_ok());
}

/// TPM 2.0, part 2, table 204: every bit has its own name.
#[test]
fn attributes_are_the_specifications() {
    for (bit, name) in [
        (0, "ppwrite"),
        (1, "ownerwrite"),
        (2, "authwrite"),
        (3, "policywrite"),
        (10, "policydelete"),
        (11, "writelocked"),
        (12, "writeall"),
        (13, "writedefine"),
        (14, "write_stclear"),
        (15, "globallock"),
        (16, "ppread"),
        (17, "ownerread"),
        (18, "authread"),
        (19, "policyread"),
        (25, "no_da"),
        (26, "orderly"),
        (27, "clear_stclear"),
        (28, "readlocked"),
        (29, "written"),
        (30, "platformcreate"),
        (31, "read_stclear"),
    ] {
        assert_eq!(Attributes(1 << bit).to_string(), name);
    }
    assert_eq!(Attributes::BITS.len(), 21);
    assert_eq!(
        Attributes(u32::MAX).without_state().0,
        !((1 << 29) | (1 << 28) | (1 << 11))
    );
    assert_eq!(Attributes(0x40).kind(), 4);
}

#[test]
fn an_index_is_the_same_whatever_its_state() {
    let bytes = nv::public(nv::PS, 0x6204_2c04, &[1; 32], 70);
    let public = NvPublic::decode(&bytes).unwrap();
    let as_new = nv::public(nv::PS, 0x4204_2404, &[1; 32], 70);
    assert!(public.is_defined_as(&NvPublic::decode(&as_new).unwrap()));
    for other in [
        nv::public(nv::PO, 0x6204_2c04, &[1; 32], 70),
        nv::public(nv::PS, 0x6204_2c06, &[1; 32], 70),
        nv::public(nv::PS, 0x6204_2c04, &[2; 32], 70),
        nv::public(nv::PS, 0x6204_2c04, &[], 70),
        nv::public(nv::PS, 0x6204_2c04, &[1; 32], 71),
    ] {
        assert!(!public.is_defined_as(&NvPublic::decode(&other).unwrap()));
    }
    assert_eq!(
        NvPublic::decode(&bytes[1..]),
        Err(NvError::Short { got: 45 })
    );
    let longer = [bytes, vec![0]].concat();
    assert_eq!(
        NvPublic::decode(&longer),
        Err(NvError::Long { size: 46, got: 47 })
    );
}

/// The bytes that tpm2-tools sends (TPM 2.0, part 3, 31.6 and 31.13; TPM 1.2, part 3, 7.1 and 20.4).
#[test]
fn commands_are_the_specifications_bytes() {
    let public = read_public(0x0180_0001);
    assert_eq!(public.as_bytes(), hex("80010000000e0000016901800001"));
    let owner = read(0x0180_0001, 0x4000_0001, 0x10, 0x46);
    assert_eq!(
        owner.as_bytes(),
        hex(
            "8002000000230000014e400000010180000100000009400000090000000000\
             00460010"
                .replace(' ', "")
                .as_str()
        )
    );
    let public = get_public_12(0x5000_0001);
    assert_eq!(
        public.as_bytes(),
        hex("00c1000000160000006500000011000000045000\
                                       0001"
            .replace(' ', "")
            .as_str())
    );
    let contents = read_12(0x5000_0001, 0, 54);
    assert_eq!(
        contents.as_bytes(),
        hex("00c100000016000000cf500000010000000000000036")
    );
}

fn response(tag: u16, code: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = tag.to_be_bytes().to_vec();
    bytes.extend((body.len() as u32 + 10).to_be_bytes());
    bytes.extend(code.to_be_bytes());
    bytes.extend(body);
    bytes
}

#[test]
fn answers_are_read_and_not_believed() {
    let area = nv::public(nv::PS, nv::PS_ATTRIBUTES, &[1; 32], 70);
    let mut body = (area.len() as u16).to_be_bytes().to_vec();
    body.extend(&area);
    // The name follows.
    body.extend([0, 2, 0, 0x0b]);
    let good = response(0x8001, 0, &body);
    assert_eq!(parse_read_public(&good), Response::Read(&area));
    for cut in 0..good.len() {
        assert_eq!(
            parse_read_public(&good[..cut]),
            Response::Malformed,
            "{cut} bytes"
        );
    }
    // The size of the area is larger than the answer.
    let mut larger = good.clone();
    larger[11] = 200;
    assert_eq!(parse_read_public(&larger), Response::Malformed);

    let mut contents = 6u32.to_be_bytes().to_vec();
    contents.extend([0, 4, 1, 2, 3, 4, 0, 0, 0, 0, 0]);
    assert_eq!(
        parse_read(&response(0x8002, 0, &contents)),
        Response::Read(&[1, 2, 3, 4])
    );
    assert_eq!(
        parse_read(&response(0x8001, 0, &contents)),
        Response::Malformed
    );

    // TPM_RC_HANDLE of the first handle; TPM_RC_NV_UNINITIALIZED; TPM_RC_NV_LOCKED.
    assert_eq!(
        parse_read_public(&response(0x8001, 0x18b, &[])),
        Response::Undefined
    );
    assert_eq!(
        parse_read(&response(0x8001, 0x14a, &[])),
        Response::Refused(0x14a)
    );
    assert_eq!(
        parse_read(&response(0x8001, 0x148, &[])),
        Response::Refused(0x148)
    );

    let sized = [&4u32.to_be_bytes()[..], &[9, 8, 7, 6]].concat();
    assert_eq!(
        parse_data_12(&response(0xc4, 0, &sized)),
        Response::Read(&[9, 8, 7, 6])
    );
    assert_eq!(
        parse_public_12(&response(0xc4, 2, &[])),
        Response::Undefined
    );
    assert_eq!(
        parse_public_12(&response(0xc4, 0x18b, &[])),
        Response::Refused(0x18b)
    );
}

/// What tpm2_getcap handles-nv-index sent to a swtpm with two indices, and what it answered, from the
/// trace of tpm2-tss. It asked from the first handle of all on, and for 254 of them.
#[test]
fn handles_are_listed() {
    let command = handles(0x0100_0000);
    let bytes = command.as_bytes();
    assert_eq!(bytes[..18], hex("8001000000160000017a0000000101000000"));
    assert_eq!(bytes[18..], hex("00000040"));

    let answer = hex("80010000001b000000000000000001000000020180000101c10106");
    let list = parse_handles(&answer).unwrap();
    assert!(!list.more);
    assert!(list.iter().eq([0x0180_0001, 0x01c1_0106]));
    let mut more = answer.clone();
    more[10] = 1;
    assert!(parse_handles(&more).unwrap().more);

    for cut in 0..answer.len() {
        assert_eq!(parse_handles(&answer[..cut]), None, "{cut}");
    }
    // Another capability (TPM_CAP_COMMANDS); a count that its handles are not; a refusal.
    for (at, value) in [(14, 2), (18, 1), (18, 3), (9, 1)] {
        let mut wrong = answer.clone();
        wrong[at] = value;
        assert_eq!(parse_handles(&wrong), None, "{at}");
    }
    let none = hex("80010000001300000000000000000100000000");
    assert_eq!(parse_handles(&none).unwrap().iter().count(), 0);
}

/// TPM 1.2, part 2, 19.3: two selections of three bytes.
#[test]
fn public_areas_of_a_tpm_12_are_read() {
    let mut bytes = vec![0, 0x18];
    bytes.extend(0x5000_0001u32.to_be_bytes());
    for _ in 0..2 {
        bytes.extend([0, 3, 0, 0, 0, 0x1f]);
        bytes.extend([0; 20]);
    }
    bytes.extend([0, 0x17]);
    bytes.extend(0x2000u32.to_be_bytes());
    bytes.extend([0, 0, 1]);
    bytes.extend(54u32.to_be_bytes());
    let public = NvPublic12::decode(&bytes).unwrap();
    assert_eq!((public.index, public.permissions), (0x5000_0001, 0x2000));
    assert!(public.write_define);
    assert_eq!(public.data_size, 54);
    for cut in 0..bytes.len() {
        assert!(NvPublic12::decode(&bytes[..cut]).is_err());
    }
}

/// SDG table 2-1, with the UUID of table 2-1 in memory order as tboot's image holds it.
#[test]
fn an_mle_header_is_read() {
    let mut bytes = hex("5aac82906f47a7740f5c55a2cb51b642");
    for value in [
        52u32,
        0x2_0003,
        0x100,
        0,
        0,
        0x4_8000,
        0x0000_4227,
        0x1000,
        0x2000,
    ] {
        bytes.extend(value.to_le_bytes());
    }
    let header = MleHeader::decode(&bytes).unwrap();
    assert_eq!(
        (header.version, header.entry, header.end),
        (0x2_0003, 0x100, 0x4_8000)
    );
    assert_eq!(header.command_line, Some((0x1000, 0x2000)));
    assert_eq!(
        header.capabilities.to_string(),
        "rlp-wake-getsec, rlp-wake-monitor, ecx-page-table, da-pcr-map, tcg-event-log, tpr"
    );
    assert!(header.capabilities.tpr() && header.capabilities.da_mapping());
    assert_eq!(Capabilities(0).to_string(), "none");
    for cut in 0..bytes.len() {
        assert!(matches!(
            MleHeader::decode(&bytes[..cut]),
            Err(MleError::Short { .. })
        ));
    }
    type Change = (usize, u32, fn(&MleError) -> bool);
    let changes: [Change; 4] = [
        (0, 0, |error| matches!(error, MleError::Uuid(_))),
        (16, 43, |error| *error == MleError::Length(43)),
        (20, 0x2_0000, |error| *error == MleError::Version(0x2_0000)),
        (24, 0x4_8000, |error| {
            matches!(error, MleError::Range { .. })
        }),
    ];
    for (offset, value, expected) in changes {
        let mut changed = bytes.clone();
        changed[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        let error = MleHeader::decode(&changed).unwrap_err();
        assert!(expected(&error), "{error}");
    }
}

proptest! {
    /// What was marshalled is read back.
    #[test]
    fn public_areas_come_back(
        index in any::<u32>(), attributes in any::<u32>(), size in any::<u16>(),
        policy in prop::collection::vec(any::<u8>(), 0..65)
    ) {
        let bytes = nv::public(index, attributes, &policy, size);
        let public = NvPublic::decode(&bytes).unwrap();
        prop_assert_eq!(public.index, index);
        prop_assert_eq!(public.attributes.0, attributes);
        prop_assert_eq!(public.policy, &policy[..]);
        prop_assert_eq!(public.data_size, size);
    }
}
