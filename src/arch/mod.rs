//! The only code of the crate that may be `unsafe`.
#![allow(unsafe_code)]

mod view;
