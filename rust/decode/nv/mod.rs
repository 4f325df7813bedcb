// SPDX-License-Identifier: GPL-2.0

//! NV indices of the TPM: their public areas, and the commands that read them.

mod command;
mod info;
mod public;

pub use command::{
    get_public_12, handles, parse_data_12, parse_handles, parse_public_12, parse_read,
    parse_read_public, read, read_12, read_public, Handles, Response, READ_MAX,
};
pub use info::{NvInfo, NvInfoError};
pub use public::{Attributes, NvError, NvPublic, NvPublic12, PUBLIC_MAX};
