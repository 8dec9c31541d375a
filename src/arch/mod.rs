//! The only code of the crate that may be `unsafe`.
#![allow(unsafe_code)]

pub(crate) mod arena;
mod view;
