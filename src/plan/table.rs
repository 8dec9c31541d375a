//! The plans of the operators whose i8 form is a table made by the compiler.

use core::marker::PhantomData;

use crate::activation::Activation;
use crate::backend::Backend;
use crate::const_math::exp;
use crate::error::{Buffer, Error};
use crate::geometry::{tri, volume};
use crate::kernel::elementwise::{activation, lut, softmax};
use crate::plan::cost::cost_methods;
use crate::plan::layout::put;
use crate::plan::meaning::meaning_methods;
use crate::plan::pack_int8::write;
use crate::plan::{backend_method, check_io, same_shape_methods};
use crate::quant::{FixedPoint, Quantization, round_half_away};
use crate::tensor::{Dtype, Element};

/// What a table translates between, input and output, checked.
const fn table_io<T: Element>(
    io: Option<[Quantization; 2]>,
) -> Result<Option<[Quantization; 2]>, Error> {
    match (T::DTYPE, io) {
        (Dtype::F32, _) => Ok(None),
        (Dtype::I8, None) => Err(Error::MissingQuantization),
        (Dtype::I8, Some([input, output])) => {
            tri!(input.validate());
            tri!(output.validate());
            Ok(io)
        }
    }
}

/// An [`Activate`](crate::Activate), checked and ready to run on slices.
///
/// ```
/// use nchw::{Activate, Activation, Quantization};
///
/// let q = Quantization { scale: 0.1, zero_point: 0 };
/// let plan = Activate::new([1, 1, 3], Activation::Relu).quantized(q, q).plan::<i8>()?;
/// let mut table = vec![0; plan.packed_len()];
/// plan.pack(&mut table)?;
/// let mut y = [0; 3];
/// plan.run(&table, &[-5, 0, 5], &mut y)?;
/// assert_eq!(y, [0, 0, 5]);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivatePlan<T> {
    shape: [usize; 3],
    activation: Activation,
    quantization: Option<[Quantization; 2]>,
    /// `None` is the best there is.
    backend: Option<Backend>,
    element: PhantomData<T>,
}

backend_method!(ActivatePlan);

/// What the inputs and the output of a plan with two quantizations mean.
macro_rules! table_meaning_methods {
    () => {
        meaning_methods! {
            |self|
            keeps: false,
            inputs: match self.quantization {
                Some([input, _]) => [Some(input), None],
                None => [None, None],
            },
            output: match self.quantization {
                Some([_, output]) => Some(output),
                None => None,
            },
        }
    };
}

impl<T: Element> ActivatePlan<T> {
    pub(crate) const fn new(
        shape: [usize; 3],
        activation: Activation,
        quantization: Option<[Quantization; 2]>,
    ) -> Result<Self, Error> {
        tri!(volume(shape));
        match (T::DTYPE, activation) {
            (Dtype::F32, _) => tri!(activation.validate_without_slopes()),
            (Dtype::I8, Activation::Prelu) => return Err(Error::Missing(Buffer::Prelu)),
            (Dtype::I8, Activation::Clamp { .. }) => tri!(activation.validate()),
            (Dtype::I8, _) => {}
        }
        let quantization = tri!(table_io::<T>(quantization));
        Ok(Self { shape, activation, quantization, backend: None, element: PhantomData })
    }

    same_shape_methods!();

    table_meaning_methods!();

    /// Elements of the table: 256 in i8, none in f32.
    pub const fn packed_len(&self) -> usize {
        match T::DTYPE {
            Dtype::F32 => 0,
            Dtype::I8 => 256,
        }
    }

    cost_methods! {
        |self|
        macs: 0,
        flash: self.packed_len() * size_of::<T>(),
        ram: (self.input_len() + self.output_len()) * size_of::<T>(),
    }
}

impl ActivatePlan<f32> {
    /// Computes the whole output `y` from `x`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, x: &[f32], y: &mut [f32]) -> Result<(), Error> {
        check_io(x, self.input_len(), y, self.input_len())?;
        for (x, y) in x.chunks(activation::PART).zip(y.chunks_mut(activation::PART)) {
            y.iter_mut().zip(x).for_each(|(y, x)| *y = *x);
            self.activation.apply(self.backend, y);
        }
        Ok(())
    }
}

impl ActivatePlan<i8> {
    /// Makes the table: the activation of every i8, rounded half away from zero.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `table` is then untouched.
    pub const fn pack(&self, table: &mut [i8]) -> Result<(), Error> {
        tri!(Buffer::Packed.check(table.len(), self.packed_len()));
        let Some([input, output]) = self.quantization else {
            return Err(Error::MissingQuantization);
        };
        let mut index = 0;
        while index < 256 {
            let x = (index as i32 - 128 - input.zero_point as i32) as f64 * input.scale as f64;
            put(table, index, self.activation.quantized_at(x, output));
            index += 1;
        }
        Ok(())
    }

    /// Looks every element of `x` up in the table that [`pack`](Self::pack) made.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, table: &[i8], x: &[i8], y: &mut [i8]) -> Result<(), Error> {
        Buffer::Packed.check(table.len(), self.packed_len())?;
        check_io(x, self.input_len(), y, self.input_len())?;
        lut::run(self.backend, table, x, y);
        Ok(())
    }
}

/// A [`Softmax`](crate::Softmax), checked and ready to run on slices.
///
/// ```
/// use nchw::{Quantization, Softmax};
///
/// let (x, y) = (
///     Quantization { scale: 0.1, zero_point: 5 },
///     Quantization { scale: 1.0 / 256.0, zero_point: -128 },
/// );
/// let plan = Softmax::new([2, 1, 1]).quantized(x, y).plan::<i8>()?;
/// let mut table = vec![0; plan.packed_len()];
/// plan.pack(&mut table)?;
/// let mut probabilities = [0; 2];
/// plan.run(&table, &[40, 40], &mut probabilities)?;
/// assert_eq!(probabilities, [0, 0]); // one half each
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftmaxPlan<T> {
    shape: [usize; 3],
    quantization: Option<[Quantization; 2]>,
    /// `1 / output scale`.
    factor: FixedPoint,
    /// `None` is the best there is.
    backend: Option<Backend>,
    element: PhantomData<T>,
}

backend_method!(SoftmaxPlan);

impl<T: Element> SoftmaxPlan<T> {
    pub(crate) const fn new(
        shape: [usize; 3],
        quantization: Option<[Quantization; 2]>,
    ) -> Result<Self, Error> {
        tri!(volume(shape));
        if matches!(T::DTYPE, Dtype::F32) && !cfg!(feature = "libm") {
            return Err(Error::NeedsLibm);
        }
        let quantization = tri!(table_io::<T>(quantization));
        let factor = FixedPoint::new(match quantization {
            Some([_, output]) => 1.0 / output.scale as f64,
            None => 1.0,
        });
        Ok(Self { shape, quantization, factor, backend: None, element: PhantomData })
    }

    same_shape_methods!();

    table_meaning_methods!();

    /// Elements of the table: 1024 in i8, none in f32.
    pub const fn packed_len(&self) -> usize {
        match T::DTYPE {
            Dtype::F32 => 0,
            Dtype::I8 => 4 * 256,
        }
    }

    cost_methods! {
        |self|
        macs: 0,
        flash: self.packed_len() * size_of::<T>(),
        ram: (self.input_len() + self.output_len()) * size_of::<T>(),
    }
}

impl SoftmaxPlan<f32> {
    /// Computes the whole output `y` from `x`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, x: &[f32], y: &mut [f32]) -> Result<(), Error> {
        check_io(x, self.input_len(), y, self.input_len())?;
        #[cfg(feature = "libm")]
        softmax::float::run(self.backend, self.shape[1] * self.shape[2], x, y);
        Ok(())
    }
}

impl SoftmaxPlan<i8> {
    /// Makes the table of exponentials.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `table` is then untouched.
    pub const fn pack(&self, table: &mut [i8]) -> Result<(), Error> {
        tri!(Buffer::Packed.check(table.len(), self.packed_len()));
        let Some([input, _]) = self.quantization else {
            return Err(Error::MissingQuantization);
        };
        let mut distance = 0;
        while distance < 256 {
            let exponential = exp(-(input.scale as f64) * distance as f64);
            let number = round_half_away(exponential * softmax::Int8::ONE as f64);
            write(table, 4 * distance, number as i32);
            distance += 1;
        }
        Ok(())
    }

    /// Computes the whole output `y` from `x` in integers, with the table that [`pack`](Self::pack)
    /// made.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, table: &[i8], x: &[i8], y: &mut [i8]) -> Result<(), Error> {
        Buffer::Packed.check(table.len(), self.packed_len())?;
        check_io(x, self.input_len(), y, self.input_len())?;
        let [_, output] = self.quantization.ok_or(Error::MissingQuantization)?;
        let (factor, zero_point) = (self.factor, output.zero_point);
        let kernel = softmax::Int8 { exponentials: table, factor, zero_point };
        kernel.run(self.shape[1] * self.shape[2], x, y);
        Ok(())
    }
}
