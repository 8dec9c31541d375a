//! What a specification becomes once it is known to be right: an algorithm, the sizes of its
//! buffers, the packing of its weights, and `run`.
//!
//! `run` is inlined always: with a plan known to the compiler only the kernel and the activation
//! that it names are linked.

pub(crate) mod binary;
pub(crate) mod conv;
mod linear;
mod pack;
mod per_channel;
pub(crate) mod unary;

pub use binary::BinaryPlan;
pub use conv::ConvPlan;
pub use linear::LinearPlan;
pub use pack::Parameters;
pub use per_channel::{BatchNorm2dPlan, PreluPlan};
pub use unary::UnaryPlan;

use pack::Layout;

use crate::batch_norm::check_len;
use crate::error::{Buffer, Error};

/// Checks the lengths of an operator's input and output.
const fn check_io(x: &[f32], x_len: usize, y: &[f32], y_len: usize) -> Result<(), Error> {
    match check_len(Buffer::Input, x, x_len) {
        Ok(()) => check_len(Buffer::Output, y, y_len),
        Err(error) => Err(error),
    }
}
