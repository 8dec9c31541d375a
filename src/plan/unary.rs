//! The plan of the operators that have one input and no weights.

use core::marker::PhantomData;

use crate::activation::Activation;
use crate::error::Error;
use crate::geometry::{tri, volume};
use crate::kernel::pool::{self, Reduction, Windows};
#[cfg(feature = "libm")]
use crate::kernel::softmax;
use crate::kernel::upsample::{self, Interpolation};
use crate::kernel::zero_pad;
use crate::plan::check_io;
use crate::tensor::Element;

/// What such an operator does before its activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operator {
    Copy,
    Pool {
        rows: Windows,
        columns: Windows,
        reduction: Reduction,
    },
    Upsample(Interpolation),
    ZeroPad {
        top: usize,
        left: usize,
    },
    #[cfg(feature = "libm")]
    Softmax,
}

/// An operator with one input and no weights (a pool, an activation, [`Upsample`](crate::Upsample),
/// [`ZeroPad2d`](crate::ZeroPad2d) or softmax), checked and ready to run on slices.
///
/// ```
/// let plan = nchw::MaxPool2d::new([1, 2, 4], [2, 2]).plan::<f32>()?;
/// let mut y = [0.0; 2];
/// plan.run(&[1.0, 2.0, 3.0, 4.0, 8.0, 7.0, 6.0, 5.0], &mut y)?;
/// assert_eq!(y, [8.0, 6.0]);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnaryPlan<T> {
    operator: Operator,
    input: [usize; 3],
    output: [usize; 3],
    activation: Activation,
    element: PhantomData<T>,
}

impl<T: Element> UnaryPlan<T> {
    pub(crate) const fn new(
        operator: Operator,
        input: [usize; 3],
        output: [usize; 3],
        activation: Activation,
    ) -> Result<Self, Error> {
        tri!(volume(input));
        tri!(volume(output));
        tri!(activation.validate_without_slopes());
        Ok(Self { operator, input, output, activation, element: PhantomData })
    }

    /// `[channels, height, width]` of the input.
    pub const fn input_shape(&self) -> [usize; 3] {
        self.input
    }

    /// `[channels, height, width]` of the output.
    pub const fn output_shape(&self) -> [usize; 3] {
        self.output
    }

    /// Elements of the input.
    pub const fn input_len(&self) -> usize {
        self.input[0] * self.input[1] * self.input[2]
    }

    /// Elements of the output.
    pub const fn output_len(&self) -> usize {
        self.output[0] * self.output[1] * self.output[2]
    }
}

impl UnaryPlan<f32> {
    /// Computes the whole output `y` from `x`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, x: &[f32], y: &mut [f32]) -> Result<(), Error> {
        check_io(x, self.input_len(), y, self.output_len())?;
        let [_, height, width] = self.input;
        let [_, out_height, out_width] = self.output;
        let (input, output) = ([height, width], [out_height, out_width]);
        match &self.operator {
            Operator::Copy => y.iter_mut().zip(x).for_each(|(y, x)| *y = *x),
            Operator::Pool { rows, columns, reduction } => {
                pool::run(rows, columns, *reduction, x, y);
            }
            Operator::Upsample(interpolation) => upsample::run(*interpolation, input, output, x, y),
            Operator::ZeroPad { top, left } => zero_pad::run(input, output, [*top, *left], x, y),
            #[cfg(feature = "libm")]
            Operator::Softmax => softmax::run(height * width, x, y),
        }
        self.activation.apply(y, 0.0);
        Ok(())
    }
}
