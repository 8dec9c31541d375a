//! Sizes and sliding windows. Validated once; after that no method can overflow or divide by zero, and any distance within
//! a padded plane, or from it by the length of some strides, fits `isize` ([`windows`], [`spread`]).

mod axis;
mod window;

use core::num::NonZeroUsize;

use crate::error::{Direction, Error, Parameter};
pub(crate) use axis::Axis;
pub(crate) use window::{Window, spread, windows};

/// Returns early with the error of a `Result`; `?` is not yet to be had in a `const fn`.
macro_rules! tri {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}
pub(crate) use tri;

/// The most elements a tensor may have: even at eight bytes each it fits into an allocation.
pub(crate) const MAX_ELEMENTS: usize = isize::MAX as usize / 8;

/// The product of `sizes`, or [`Error::Overflow`].
pub(crate) const fn elements(sizes: &[usize]) -> Result<usize, Error> {
    let mut product = 1_usize;
    let mut rest = sizes;
    while let Some((&size, tail)) = rest.split_first() {
        product = match product.checked_mul(size) {
            Some(product) if product <= MAX_ELEMENTS => product,
            _ => return Err(Error::Overflow),
        };
        rest = tail;
    }
    Ok(product)
}

/// The sum of `sizes`, or [`Error::Overflow`].
pub(crate) const fn total(sizes: &[usize]) -> Result<usize, Error> {
    let mut sum = 0_usize;
    let mut rest = sizes;
    while let Some((&size, tail)) = rest.split_first() {
        sum = match sum.checked_add(size) {
            Some(sum) if sum <= MAX_ELEMENTS => sum,
            _ => return Err(Error::Overflow),
        };
        rest = tail;
    }
    Ok(sum)
}

/// What validated geometry says is there is not: a fault of this crate, on which nothing is written. Builds with debug
/// assertions, such as those of tests, show it.
#[inline(always)]
#[track_caller]
pub(crate) const fn missing() {
    debug_assert!(
        false,
        "validated geometry, but a slice is too short, or there is no code for a shape"
    );
}

/// `a / b` for a `b` that is known not to be zero, if not to the compiler.
pub(crate) const fn divide(a: usize, b: usize) -> usize {
    match a.checked_div(b) {
        Some(quotient) => quotient,
        None => 0,
    }
}

/// `a / b`, rounded up, for a `b` as in [`divide`].
pub(crate) const fn rounded_up(a: usize, b: usize) -> usize {
    divide(a + (b - 1), b)
}

/// `value`, or [`Error::Zero`] naming `parameter`.
pub(crate) const fn positive(value: usize, parameter: Parameter) -> Result<NonZeroUsize, Error> {
    match NonZeroUsize::new(value) {
        Some(value) => Ok(value),
        None => Err(Error::Zero(parameter)),
    }
}

/// A non-empty `[channels, height, width]` and the number of its elements.
pub(crate) const fn volume([channels, height, width]: [usize; 3]) -> Result<usize, Error> {
    tri!(positive(channels, Parameter::InChannels));
    tri!(positive(height, Parameter::Input(Direction::Height)));
    tri!(positive(width, Parameter::Input(Direction::Width)));
    elements(&[channels, height, width])
}

/// How channels are connected: `groups` times, `inputs` channels with `outputs` channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Channels {
    pub(crate) groups: usize,
    /// Input channels of one group.
    pub(crate) inputs: usize,
    /// Output channels of one group.
    pub(crate) outputs: usize,
}

impl Channels {
    /// Divides `inputs` and `outputs` channels into `groups`.
    pub(crate) const fn divide(
        inputs: usize,
        outputs: usize,
        groups: usize,
    ) -> Result<Self, Error> {
        tri!(positive(inputs, Parameter::InChannels));
        tri!(positive(outputs, Parameter::OutChannels));
        tri!(positive(groups, Parameter::Groups));
        if !inputs.is_multiple_of(groups) {
            return Err(Error::ChannelsNotDivisible {
                parameter: Parameter::InChannels,
                channels: inputs,
                groups,
            });
        }
        if !outputs.is_multiple_of(groups) {
            return Err(Error::ChannelsNotDivisible {
                parameter: Parameter::OutChannels,
                channels: outputs,
                groups,
            });
        }
        Ok(Self { groups, inputs: inputs / groups, outputs: outputs / groups })
    }

    pub(crate) const fn all_inputs(&self) -> usize {
        self.groups * self.inputs
    }

    pub(crate) const fn all_outputs(&self) -> usize {
        self.groups * self.outputs
    }
}
