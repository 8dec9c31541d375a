//! The plan of the operators that have two inputs.

use core::marker::PhantomData;

use crate::activation::Activation;
use crate::batch_norm::check_len;
use crate::error::{Buffer, Error};
use crate::geometry::{elements, total, tri, volume};
use crate::kernel::binary::{self, Operation};
use crate::plan::check_io;
use crate::tensor::Element;

/// How two inputs meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Elementwise(Operation),
    Concat,
}

/// An operator with two inputs ([`Add`](crate::Add), [`Mul`](crate::Mul) or
/// [`Concat`](crate::Concat)), checked and ready to run on slices.
///
/// ```
/// let plan = nchw::Add::new([1, 1, 3]).plan::<f32>()?;
/// let mut y = [0.0; 3];
/// plan.run(&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0], &mut y)?;
/// assert_eq!(y, [11.0, 22.0, 33.0]);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinaryPlan<T> {
    operator: Operator,
    first: [usize; 3],
    second: [usize; 3],
    activation: Activation,
    element: PhantomData<T>,
}

impl<T: Element> BinaryPlan<T> {
    pub(crate) const fn new(
        operator: Operator,
        first: [usize; 3],
        second: [usize; 3],
        activation: Activation,
    ) -> Result<Self, Error> {
        tri!(volume(first));
        tri!(volume(second));
        tri!(activation.validate_without_slopes());
        let [channels, height, width] = first;
        let fits = match (operator, second) {
            (Operator::Elementwise(_), [c, 1, 1]) if c == channels => true,
            (Operator::Elementwise(_), [c, h, w]) => c == channels && h == height && w == width,
            (Operator::Concat, [_, h, w]) => h == height && w == width,
        };
        if !fits {
            return Err(Error::ShapeMismatch { first, second });
        }
        let plan = Self { operator, first, second, activation, element: PhantomData };
        if let Operator::Concat = operator {
            tri!(elements(&[tri!(total(&[channels, second[0]])), height, width]));
        }
        Ok(plan)
    }

    /// `[channels, height, width]` of the first input.
    pub const fn input_shape(&self) -> [usize; 3] {
        self.first
    }

    /// `[channels, height, width]` of the second input.
    pub const fn second_input_shape(&self) -> [usize; 3] {
        self.second
    }

    /// `[channels, height, width]` of the output.
    pub const fn output_shape(&self) -> [usize; 3] {
        let [channels, height, width] = self.first;
        match self.operator {
            Operator::Elementwise(_) => self.first,
            Operator::Concat => [channels + self.second[0], height, width],
        }
    }

    /// Elements of the first input.
    pub const fn input_len(&self) -> usize {
        self.first[0] * self.first[1] * self.first[2]
    }

    /// Elements of the second input.
    pub const fn second_input_len(&self) -> usize {
        self.second[0] * self.second[1] * self.second[2]
    }

    /// Elements of the output.
    pub const fn output_len(&self) -> usize {
        let [channels, height, width] = self.output_shape();
        channels * height * width
    }
}

impl BinaryPlan<f32> {
    /// Computes the whole output `y` from `first` and `second`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, first: &[f32], second: &[f32], y: &mut [f32]) -> Result<(), Error> {
        check_io(first, self.input_len(), y, self.output_len())?;
        check_len(Buffer::SecondInput, second, self.second_input_len())?;
        match self.operator {
            Operator::Elementwise(operation) if self.input_len() == self.second_input_len() => {
                binary::same_shape(operation, first, second, y);
            }
            Operator::Elementwise(operation) => {
                let [_, height, width] = self.first;
                binary::per_channel(operation, height * width, first, second, y);
            }
            Operator::Concat => {
                let inputs = first.iter().chain(second);
                y.iter_mut().zip(inputs).for_each(|(y, x)| *y = *x);
            }
        }
        self.activation.apply(y, 0.0);
        Ok(())
    }
}
