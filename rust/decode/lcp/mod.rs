// SPDX-License-Identifier: GPL-2.0

//! Launch control policy (LCP): the policies in the TPM's NV indices, the policy data file that a
//! LIST policy stands for, and the indices themselves (SDG appendices D, E and J; tboot, lcp3.h).

mod control;
mod data;
mod element;
mod error;
mod index;
mod policy;
mod signature;

pub use control::{Holder, PolicyControl};
pub use data::{List, Lists, PolicyData, DATA_MAGIC, MAX_LISTS};
pub use element::{Element, ElementBody, ElementKind, Elements, Hashes};
pub use error::LcpError;
pub use index::{aux_minimum, IndexSet, KnownIndex, Role, INDICES_12, INDICES_20};
pub use policy::{Policy, PolicyKind};
pub use signature::Signature;
