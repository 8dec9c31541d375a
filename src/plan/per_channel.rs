//! The plans of the operators with parameters per channel and nothing else.

use core::marker::PhantomData;

use crate::activation::Activation;
use crate::backend::Backend;
use crate::batch_norm::BatchNorm;
use crate::error::{Buffer, Error};
use crate::geometry::{elements, tri, volume};
use crate::kernel::elementwise::{activation, scale_shift};
use crate::plan::cost::{cost_methods, multiply_adds};
use crate::plan::layout::put;
use crate::plan::meaning::meaning_methods;
use crate::plan::{backend_method, check_io, same_shape_methods};
use crate::tensor::{Dtype, Element};

/// A [`BatchNorm2d`](crate::BatchNorm2d), checked and ready to run on slices.
///
/// ```
/// use nchw::{BatchNorm, BatchNorm2d};
///
/// let plan = BatchNorm2d::new([1, 1, 2]).plan::<f32>()?;
/// let mut packed = vec![0.0; plan.packed_len()];
/// plan.pack(&BatchNorm { eps: 0.0, ..BatchNorm::new(&[1.0], &[4.0]) }, &mut packed)?;
/// let mut y = [0.0; 2];
/// plan.run(&packed, &[3.0, 5.0], &mut y)?;
/// assert_eq!(y, [1.0, 2.0]);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm2dPlan<T> {
    shape: [usize; 3],
    activation: Activation,
    /// `None` is the best there is.
    backend: Option<Backend>,
    element: PhantomData<T>,
}

backend_method!(BatchNorm2dPlan);

impl<T: Element> BatchNorm2dPlan<T> {
    pub(crate) const fn new(shape: [usize; 3], activation: Activation) -> Result<Self, Error> {
        if matches!(T::DTYPE, Dtype::I8) {
            return Err(Error::NoQuantizedForm);
        }
        tri!(volume(shape));
        tri!(elements(&[2, shape[0]]));
        tri!(activation.validate_without_slopes());
        Ok(Self { shape, activation, backend: None, element: PhantomData })
    }

    same_shape_methods!();

    meaning_methods! { |self| keeps: false, inputs: [None, None], output: None }

    /// Elements of the packed parameters: a shift and a factor per channel.
    pub const fn packed_len(&self) -> usize {
        2 * self.shape[0]
    }

    cost_methods! {
        |self|
        macs: multiply_adds(&self.shape),
        flash: self.packed_len() * size_of::<T>(),
        ram: (self.input_len() + self.output_len()) * size_of::<T>(),
    }
}

impl BatchNorm2dPlan<f32> {
    /// Turns a batch norm into a shift and a factor per channel.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length, [`Error::NotFinite`], [`Error::InvalidVariance`],
    /// [`Error::ZeroVariance`], [`Error::InvalidEps`] and [`Error::FoldOverflow`] for numbers that make no batch norm;
    /// `packed` is then untouched.
    pub const fn pack(&self, batch_norm: &BatchNorm<'_>, packed: &mut [f32]) -> Result<(), Error> {
        let channels = self.shape[0];
        tri!(batch_norm.validate(channels));
        tri!(Buffer::Packed.check(packed.len(), self.packed_len()));
        let mut channel = 0;
        while channel < channels {
            let (factor, shift) = batch_norm.scale_and_shift(channel);
            if !((factor as f32).is_finite() && (shift as f32).is_finite()) {
                return Err(Error::FoldOverflow { channel });
            }
            channel += 1;
        }
        channel = 0;
        while channel < channels {
            let (factor, shift) = batch_norm.scale_and_shift(channel);
            put(packed, channel, shift as f32);
            put(packed, channels + channel, factor as f32);
            channel += 1;
        }
        Ok(())
    }

    /// Computes `x * factor + shift` for every channel, with parameters from [`pack`](Self::pack).
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, packed: &[f32], x: &[f32], y: &mut [f32]) -> Result<(), Error> {
        Buffer::Packed.check(packed.len(), self.packed_len())?;
        check_io(x, self.input_len(), y, self.input_len())?;
        let [channels, height, width] = self.shape;
        let (shift, factor) = packed.split_at_checked(channels).unwrap_or_default();
        scale_shift::run(self.backend, height * width, factor, shift, x, y);
        self.activation.apply(self.backend, y);
        Ok(())
    }
}

/// A [`Prelu`](crate::Prelu), checked and ready to run on slices.
///
/// ```
/// let plan = nchw::Prelu::new([2, 1, 2]).plan::<f32>()?;
/// let mut y = [0.0; 4];
/// plan.run(&[0.5, 0.1], &[-2.0, 1.0, -10.0, 3.0], &mut y)?;
/// assert_eq!(y, [-1.0, 1.0, -1.0, 3.0]);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreluPlan<T> {
    shape: [usize; 3],
    /// `None` is the best there is.
    backend: Option<Backend>,
    element: PhantomData<T>,
}

backend_method!(PreluPlan);

impl<T: Element> PreluPlan<T> {
    pub(crate) const fn new(shape: [usize; 3]) -> Result<Self, Error> {
        if matches!(T::DTYPE, Dtype::I8) {
            return Err(Error::NoQuantizedForm);
        }
        tri!(volume(shape));
        Ok(Self { shape, backend: None, element: PhantomData })
    }

    same_shape_methods!();

    meaning_methods! { |self| keeps: false, inputs: [None, None], output: None }
}

impl<T: Element> PreluPlan<T> {
    /// Elements of the parameters: a slope per channel.
    pub const fn packed_len(&self) -> usize {
        self.shape[0]
    }

    cost_methods! {
        |self|
        macs: 0,
        flash: self.packed_len() * size_of::<T>(),
        ram: (self.input_len() + self.output_len()) * size_of::<T>(),
    }
}

impl PreluPlan<f32> {
    /// Copies the slopes, one per channel, if they are finite numbers. [`run`](Self::run) takes any.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length, [`Error::NotFinite`]; `packed` is then untouched.
    pub const fn pack(&self, slopes: &[f32], packed: &mut [f32]) -> Result<(), Error> {
        tri!(Buffer::Prelu.check(slopes.len(), self.packed_len()));
        tri!(Buffer::Packed.check(packed.len(), self.packed_len()));
        tri!(Buffer::Prelu.check_finite(Some(slopes)));
        let mut channel = 0;
        while channel < slopes.len() {
            put(packed, channel, slopes[channel]);
            channel += 1;
        }
        Ok(())
    }

    /// Computes `x` where it is positive and `slope * x` elsewhere, with one slope per channel.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, slopes: &[f32], x: &[f32], y: &mut [f32]) -> Result<(), Error> {
        let [channels, height, width] = self.shape;
        Buffer::Prelu.check(slopes.len(), channels)?;
        check_io(x, self.input_len(), y, self.input_len())?;
        y.iter_mut().zip(x).for_each(|(y, x)| *y = *x);
        activation::prelu(self.backend, y, height * width, slopes);
        Ok(())
    }
}
