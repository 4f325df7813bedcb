// SPDX-License-Identifier: GPL-2.0

//! The heap's decoders against bytes laid out by hand from the specification's tables.

mod bytes;
mod chain;
mod elements;
mod tables;
mod words;
