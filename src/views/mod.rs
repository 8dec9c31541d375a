//! Memory that is there already, seen as something else: slices as tensors, parts of an arena as tensors, numbers as bytes.
#![allow(unsafe_code)]

pub(crate) mod arena;
pub(crate) mod bytes;
mod view;
