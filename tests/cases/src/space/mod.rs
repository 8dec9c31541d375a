//! Sizes and windows, from what networks have to what nobody should ask for, and which of them PyTorch takes.

pub mod conv;
pub mod conv_transpose;
mod far;
pub mod pool;
pub mod sizes;

use core::fmt::Debug;

use nchw::Error;

/// From here on a parameter is so large that sums and products with it may leave an address space, as that of a kernel's
/// dilation and of all strides, down and across.
const FAR: usize = if usize::BITS < 64 { 1 << 6 } else { 1 << 14 };

/// What a plan has to say to a specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// PyTorch refuses it, so there must be an error.
    Invalid,
    /// There must be a plan.
    Valid,
    /// PyTorch's rules allow it, but it may be too large.
    Far,
}

impl Verdict {
    /// The verdict for something valid or not, with these parameters.
    pub fn new(valid: bool, parameters: impl IntoIterator<Item = usize>) -> Self {
        match valid {
            false => Self::Invalid,
            true if parameters.into_iter().any(|parameter| parameter >= FAR) => Self::Far,
            true => Self::Valid,
        }
    }

    /// The plan, if there is one, as there may or must be.
    #[track_caller]
    pub fn accept<T: Debug>(self, plan: Result<T, Error>) -> Option<T> {
        match (self, plan) {
            (Self::Valid | Self::Far, Ok(plan)) => Some(plan),
            (Self::Invalid, Err(_))
            | (Self::Far, Err(Error::Overflow | Error::SpanTooLarge(_))) => None,
            (_, plan) => panic!("{self:?} by PyTorch's rules, but {plan:?}"),
        }
    }
}

/// Elements of a buffer that is not worth the time.
const LARGEST: usize = 1_000_000;

/// Whether buffers of these lengths, and so many multiplications, can be had in a moment.
pub fn runnable(lengths: &[usize], multiplications: u64) -> bool {
    lengths.iter().all(|length| *length <= LARGEST) && multiplications <= 10_000_000
}
