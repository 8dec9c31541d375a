//! The plan of the operators that have two inputs.

use core::marker::PhantomData;

use crate::activation::Activation;
use crate::backend::Backend;
use crate::error::{Buffer, Error};
use crate::geometry::{elements, total, tri, volume};
use crate::kernel::elementwise::activation;
use crate::kernel::elementwise::binary::{
    self, AddInt8, Combine, Int8Offsets, MulInt8, per_channel, rescale, same_shape,
};
use crate::plan::cost::cost_methods;
use crate::plan::meaning::meaning_methods;
use crate::plan::{backend_method, check_io};
use crate::quant::{FixedPoint, Quantization};
use crate::tensor::{Dtype, Element};

/// How two inputs meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Mul,
    Concat,
}

/// What a specification says of i8 numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Numbers {
    first: Quantization,
    second: Quantization,
    output: Quantization,
    /// The smallest and the largest output.
    range: [i8; 2],
    /// Those of an addition, of both inputs and of the output, if they are prepared.
    prepared: Option<[FixedPoint; 3]>,
}

impl Numbers {
    pub(crate) const fn of(
        quantization: Option<[Quantization; 3]>,
        range: [i8; 2],
        prepared: Option<[FixedPoint; 3]>,
    ) -> Option<Self> {
        match quantization {
            Some([first, second, output]) => Some(Self { first, second, output, range, prepared }),
            None => None,
        }
    }

    const fn validate(&self) -> Result<(), Error> {
        tri!(self.first.validate());
        tri!(self.second.validate());
        tri!(self.output.validate());
        if let Some([first, second, output]) = self.prepared {
            tri!(first.validate(None));
            tri!(second.validate(None));
            tri!(output.validate(None));
        }
        Ok(())
    }
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
    /// There if `T` is i8.
    numbers: Option<Numbers>,
    factors: Option<Factors>,
    /// `None` is the best there is.
    backend: Option<Backend>,
    element: PhantomData<T>,
}

backend_method!(BinaryPlan);

impl<T: Element> BinaryPlan<T> {
    pub(crate) const fn new(
        operator: Operator,
        first: [usize; 3],
        second: [usize; 3],
        activation: Activation,
        numbers: Option<Numbers>,
    ) -> Result<Self, Error> {
        tri!(volume(first));
        tri!(volume(second));
        let numbers = match (T::DTYPE, numbers) {
            (Dtype::F32, _) => {
                tri!(activation.validate_without_slopes());
                None
            }
            (Dtype::I8, None) => return Err(Error::MissingQuantization),
            (Dtype::I8, Some(mut io)) => {
                tri!(io.validate());
                io.range = tri!(activation.quantized_range(io.output, io.range));
                Some(io)
            }
        };
        let [channels, height, width] = first;
        let fits = match (operator, second) {
            (Operator::Concat, [_, h, w]) => h == height && w == width,
            (_, [c, 1, 1]) if c == channels => true,
            (_, [c, h, w]) => c == channels && h == height && w == width,
        };
        if !fits {
            return Err(Error::ShapeMismatch { first, second });
        }
        let factors = match &numbers {
            Some(io) => Some(io.factors(operator)),
            None => None,
        };
        let plan = Self {
            operator,
            first,
            second,
            activation,
            numbers,
            factors,
            backend: None,
            element: PhantomData,
        };
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
            Operator::Add | Operator::Mul => self.first,
            Operator::Concat => [channels + self.second[0], height, width],
        }
    }

    meaning_methods! {
        |self|
        keeps: false,
        inputs: match &self.numbers {
            Some(io) => [Some(io.first), Some(io.second)],
            None => [None, None],
        },
        output: match &self.numbers {
            Some(io) => Some(io.output),
            None => None,
        },
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

    cost_methods! {
        |self|
        macs: 0,
        flash: 0,
        ram: (self.input_len() + self.second_input_len() + self.output_len()) * size_of::<T>(),
    }

    fn check_run(&self, first: &[T], second: &[T], y: &[T]) -> Result<(), Error> {
        check_io(first, self.input_len(), y, self.output_len())?;
        Buffer::SecondInput.check(second.len(), self.second_input_len())
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
        self.check_run(first, second, y)?;
        let (pairs, with_channels) = match self.operator {
            Operator::Add => (binary::add as Pairs, binary::add_per_channel as PerChannel),
            Operator::Mul => (binary::mul as Pairs, binary::mul_per_channel as PerChannel),
            Operator::Concat => {
                let (upper, lower) = y.split_at_mut_checked(first.len()).unwrap_or_default();
                upper.iter_mut().zip(first).for_each(|(y, x)| *y = *x);
                lower.iter_mut().zip(second).for_each(|(y, x)| *y = *x);
                self.activation.apply(self.backend, y);
                return Ok(());
            }
        };
        if self.input_len() == self.second_input_len() {
            let inputs = first.chunks(activation::PART).zip(second.chunks(activation::PART));
            for ((first, second), y) in inputs.zip(y.chunks_mut(activation::PART)) {
                pairs(self.backend, first, second, y);
                self.activation.apply(self.backend, y);
            }
        } else {
            let [_, height, width] = self.first;
            with_channels(self.backend, height * width, first, second, y);
            self.activation.apply(self.backend, y);
        }
        Ok(())
    }
}

/// [`binary::add`] or the like.
type Pairs = fn(Option<Backend>, &[f32], &[f32], &mut [f32]);

/// [`binary::add_per_channel`] or the like.
type PerChannel = fn(Option<Backend>, usize, &[f32], &[f32], &mut [f32]);

/// What the i8 operators multiply by.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Factors {
    Add([FixedPoint; 3]),
    Mul(FixedPoint),
    Concat([FixedPoint; 2]),
}

impl Numbers {
    const fn factors(&self, operator: Operator) -> Factors {
        let (first, second) = (self.first.scale as f64, self.second.scale as f64);
        let output = self.output.scale as f64;
        match (operator, self.prepared) {
            (Operator::Add, Some([first, second, output])) => {
                Factors::Add([first.flushed(), second.flushed(), output.flushed()])
            }
            (Operator::Add, None) => {
                // Both inputs are brought to twice the larger scale, where their sum has room.
                let common = 2.0 * if first > second { first } else { second };
                let enlarged = (1_u64 << AddInt8::LEFT_SHIFT) as f64;
                Factors::Add([
                    FixedPoint::new(first / common),
                    FixedPoint::new(second / common),
                    FixedPoint::new(common / (enlarged * output)),
                ])
            }
            (Operator::Mul, _) => Factors::Mul(FixedPoint::new(first * second / output)),
            (Operator::Concat, _) => {
                Factors::Concat([FixedPoint::new(first / output), FixedPoint::new(second / output)])
            }
        }
    }
}

impl BinaryPlan<i8> {
    /// Computes the whole output `y` from `first` and `second`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, first: &[i8], second: &[i8], y: &mut [i8]) -> Result<(), Error> {
        self.check_run(first, second, y)?;
        let (Some(io), Some(factors)) = (&self.numbers, self.factors) else {
            return Err(Error::MissingQuantization);
        };
        let offsets = Int8Offsets {
            first: io.first.zero_point,
            second: io.second.zero_point,
            output: io.output.zero_point,
            range: io.range,
        };
        match factors {
            Factors::Add([first_factor, second_factor, output]) => {
                let add = AddInt8 { offsets, first: first_factor, second: second_factor, output };
                self.combine(add, first, second, y);
            }
            Factors::Mul(factor) => self.combine(MulInt8 { offsets, factor }, first, second, y),
            Factors::Concat([first_factor, second_factor]) => {
                let (upper, lower) = y.split_at_mut_checked(first.len()).unwrap_or_default();
                rescale(io.first, io.output, first_factor, io.range, first, upper);
                rescale(io.second, io.output, second_factor, io.range, second, lower);
            }
        }
        Ok(())
    }

    /// Adds or multiplies, whatever `operation` does.
    #[inline(always)]
    fn combine(&self, operation: impl Combine, first: &[i8], second: &[i8], y: &mut [i8]) {
        let [_, height, width] = self.first;
        if self.input_len() == self.second_input_len() {
            same_shape(self.backend, operation, first, second, y);
        } else {
            per_channel(self.backend, operation, height * width, first, second, y);
        }
    }
}
