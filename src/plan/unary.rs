//! The plan of the operators that have one input and no weights.

use core::marker::PhantomData;

use crate::activation::Activation;
use crate::backend::Backend;
use crate::error::Error;
use crate::geometry::{elements, tri, volume};
use crate::kernel::pad;
use crate::kernel::pool::{self, Pool, Reduction, Windows};
use crate::kernel::registry::{Choice, PoolFloat, PoolInt8};
use crate::kernel::resample::{self, Grid};
use crate::plan::cost::cost_methods;
use crate::plan::meaning::meaning_methods;
use crate::plan::{backend_method, check_io};
use crate::quant::Quantization;
use crate::tensor::{Dtype, Element};

/// What such an operator does before its activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operator {
    Pool { pool: Pool, float: Choice<PoolFloat>, int8: Choice<PoolInt8> },
    UpsampleNearest(Grid),
    UpsampleBilinear { grid: Grid, align_corners: bool },
    ZeroPad { top: usize, left: usize },
}

impl Operator {
    pub(crate) const fn pool(
        channels: usize,
        [rows, columns]: [Windows; 2],
        reduction: Reduction,
    ) -> Self {
        let pool = Pool { channels, rows, columns, reduction };
        Self::Pool { pool, float: PoolFloat::choose(&pool), int8: PoolInt8::choose(&pool) }
    }

    /// Whether the i8 form has to know what stands for zero.
    const fn needs_zero(&self) -> bool {
        match self {
            Self::Pool { pool: Pool { rows, columns, reduction, .. }, .. } => match reduction {
                Reduction::Maximum | Reduction::AverageInside => false,
                Reduction::AveragePadded => !(rows.unpadded() && columns.unpadded()),
                Reduction::SumOver(_) => true,
            },
            Self::ZeroPad { .. } => true,
            Self::UpsampleNearest(_) | Self::UpsampleBilinear { .. } => false,
        }
    }

    /// Checks that there is an i8 form and that its sums fit into i32.
    const fn check_int8(&self) -> Result<(), Error> {
        match self {
            Self::UpsampleBilinear { .. } => Err(Error::NoQuantizedForm),
            Self::Pool { pool: Pool { reduction: Reduction::Maximum, .. }, .. } => Ok(()),
            Self::Pool { pool: Pool { rows, columns, reduction, .. }, .. } => {
                let count = rows.longest().saturating_mul(columns.longest());
                let count = count as u64;
                // The sum, as many zero points as are missing to the divisor or above it, and a half for rounding.
                let (elements, divisor) = match reduction {
                    Reduction::SumOver(divisor) if (*divisor as u64) < count => {
                        ((2 * count).saturating_sub(*divisor as u64), *divisor as u64)
                    }
                    Reduction::SumOver(divisor) => (*divisor as u64, *divisor as u64),
                    _ => (count, count),
                };
                let largest = elements.saturating_mul(128).saturating_add(divisor / 2);
                if largest > i32::MAX as u64 {
                    return Err(Error::AccumulatorOverflow { channel: 0, largest });
                }
                Ok(())
            }
            Self::UpsampleNearest(_) | Self::ZeroPad { .. } => Ok(()),
        }
    }
}

/// What a specification says of i8 numbers.
#[derive(Clone, Copy)]
pub(crate) struct Numbers {
    pub(crate) quantization: Option<Quantization>,
    /// The smallest and the largest output.
    pub(crate) range: [i8; 2],
}

/// An operator with one input and no weights (a pool, [`Upsample`](crate::Upsample) or
/// [`ZeroPad2d`](crate::ZeroPad2d)), checked and ready to run on slices.
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
    /// What i8 numbers mean, if that is stated.
    quantization: Option<Quantization>,
    /// In i8, what stands for zero.
    zero: i8,
    /// In i8, the smallest and the largest output.
    range: [i8; 2],
    /// `None` is the best there is.
    backend: Option<Backend>,
    element: PhantomData<T>,
}

backend_method!(UnaryPlan);

impl<T: Element> UnaryPlan<T> {
    pub(crate) const fn new(
        operator: Operator,
        input: [usize; 3],
        output: [usize; 3],
        activation: Activation,
        numbers: Numbers,
    ) -> Result<Self, Error> {
        tri!(volume(input));
        tri!(volume(output));
        if let Operator::Pool { pool: Pool { rows, columns, .. }, .. } = &operator {
            tri!(elements(&[rows.longest(), columns.longest()]));
        }
        let mut plan = Self {
            operator,
            input,
            output,
            activation,
            quantization: None,
            zero: 0,
            range: numbers.range,
            backend: None,
            element: PhantomData,
        };
        match T::DTYPE {
            Dtype::F32 => tri!(activation.validate_without_slopes()),
            Dtype::I8 => {
                if let Some(quantization) = numbers.quantization {
                    tri!(quantization.validate());
                    plan.quantization = Some(quantization);
                    plan.zero = quantization.zero_point;
                    plan.range = tri!(activation.quantized_range(quantization, plan.range));
                } else if operator.needs_zero() || !matches!(activation, Activation::Identity) {
                    return Err(Error::MissingQuantization);
                } else if plan.range[0] > plan.range[1] {
                    return Err(Error::EmptyOutputRange);
                }
                tri!(operator.check_int8());
            }
        }
        Ok(plan)
    }

    /// The kernel of a pool that runs, on the [`backend`](Self::backend) that this plan has, by its name in `KERNELS.md`;
    /// `None` for other operators, which have one for each instruction set.
    ///
    /// ```
    /// let plan = nchw::MaxPool2d::new([8, 28, 28], [2, 2]).plan::<f32>()?;
    /// assert_eq!(plan.backend(nchw::Backend::Scalar)?.kernel(), Some("Windows"));
    /// # Ok::<(), nchw::Error>(())
    /// ```
    pub fn kernel(&self) -> Option<&'static str> {
        match (&self.operator, T::DTYPE) {
            (Operator::Pool { float, .. }, Dtype::F32) => Some(float.on(self.backend).name()),
            (Operator::Pool { int8, .. }, Dtype::I8) => Some(int8.on(self.backend).name()),
            _ => None,
        }
    }

    /// `[channels, height, width]` of the input.
    pub const fn input_shape(&self) -> [usize; 3] {
        self.input
    }

    /// `[channels, height, width]` of the output.
    pub const fn output_shape(&self) -> [usize; 3] {
        self.output
    }

    meaning_methods! {
        |self|
        keeps: true,
        inputs: [self.quantization, None],
        output: self.quantization,
    }

    /// Elements of the input.
    pub const fn input_len(&self) -> usize {
        self.input[0] * self.input[1] * self.input[2]
    }

    /// Elements of the output.
    pub const fn output_len(&self) -> usize {
        self.output[0] * self.output[1] * self.output[2]
    }

    cost_methods! {
        |self|
        macs: 0,
        flash: 0,
        ram: (self.input_len() + self.output_len()) * size_of::<T>(),
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
            Operator::Pool { pool, float, .. } => {
                pool::float::run(*float, self.backend, pool, x, y);
            }
            Operator::UpsampleNearest(grid) => resample::nearest_float(self.backend, *grid, x, y),
            Operator::UpsampleBilinear { grid, align_corners } => {
                resample::bilinear(self.backend, *align_corners, *grid, x, y);
            }
            Operator::ZeroPad { top, left } => {
                pad::run(input, output, [*top, *left], 0.0, x, y);
            }
        }
        self.activation.apply(self.backend, y);
        Ok(())
    }
}

impl UnaryPlan<i8> {
    /// Computes the whole output `y` from `x`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, x: &[i8], y: &mut [i8]) -> Result<(), Error> {
        check_io(x, self.input_len(), y, self.output_len())?;
        let [_, height, width] = self.input;
        let [_, out_height, out_width] = self.output;
        let (input, output) = ([height, width], [out_height, out_width]);
        match &self.operator {
            Operator::Pool { pool, int8, .. } => {
                pool::int8::run(int8.on(self.backend), pool, self.zero, x, y);
            }
            Operator::UpsampleNearest(grid) => resample::nearest(*grid, x, y),
            // Refused by `plan`.
            Operator::UpsampleBilinear { .. } => {}
            Operator::ZeroPad { top, left } => {
                pad::run(input, output, [*top, *left], self.zero, x, y);
            }
        }
        if self.range != [i8::MIN, i8::MAX] {
            let [low, high] = self.range;
            for y in y {
                *y = (*y).max(low).min(high);
            }
        }
        Ok(())
    }
}
