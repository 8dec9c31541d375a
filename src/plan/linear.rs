//! The plan of a fully connected layer.

use core::marker::PhantomData;

use crate::activation::Activation;
use crate::batch_norm::check_len;
use crate::error::{Buffer, Error};
use crate::geometry::{Channels, tri, volume};
use crate::kernel::linear;
use crate::plan::{Layout, Parameters, check_io};
use crate::tensor::Element;

/// A [`Linear`](crate::Linear), checked and ready to run on slices.
///
/// ```
/// use nchw::{Linear, Parameters};
///
/// let plan = Linear::new([1, 1, 2], 1).plan::<f32>()?;
/// let mut packed = vec![0.0; plan.packed_len()];
/// plan.pack(&[3.0, 4.0], &Parameters::NONE, &mut packed)?;
/// let mut y = [0.0];
/// plan.run(&packed, &[1.0, 10.0], &mut y)?;
/// assert_eq!(y, [43.0]);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearPlan<T> {
    input: [usize; 3],
    channels: Channels,
    activation: Activation,
    element: PhantomData<T>,
}

impl<T: Element> LinearPlan<T> {
    pub(crate) const fn new(
        input: [usize; 3],
        out_features: usize,
        activation: Activation,
    ) -> Result<Self, Error> {
        let channels = tri!(Channels::divide(tri!(volume(input)), out_features, 1));
        let plan = Self { input, channels, activation, element: PhantomData };
        tri!(activation.validate());
        tri!(plan.layout().validate());
        Ok(plan)
    }

    const fn layout(&self) -> Layout {
        Layout {
            channels: self.channels,
            kernel: 1,
            input_major: false,
            uniform: true,
            prelu: self.activation.is_prelu(),
        }
    }

    /// `[channels, height, width]` of the input.
    pub const fn input_shape(&self) -> [usize; 3] {
        self.input
    }

    /// Features of the input.
    pub const fn input_len(&self) -> usize {
        self.channels.inputs
    }

    /// Features of the output.
    pub const fn output_len(&self) -> usize {
        self.channels.outputs
    }

    /// The weight's shape in PyTorch: `[out features, in features]`.
    pub const fn weight_shape(&self) -> [usize; 2] {
        [self.channels.outputs, self.channels.inputs]
    }

    /// `[out features, 1, 1]`.
    pub const fn output_shape(&self) -> [usize; 3] {
        [self.channels.outputs, 1, 1]
    }

    /// Elements of the packed weights: bias, slopes of a PReLU, weights.
    pub const fn packed_len(&self) -> usize {
        self.layout().packed_len()
    }
}

impl LinearPlan<f32> {
    /// Folds `parameters` into `weight` (out features, in features) and packs both. Runs in the
    /// compiler, in a build script, or at start-up.
    ///
    /// # Errors
    ///
    /// As [`ConvPlan::pack`](crate::ConvPlan::pack).
    pub const fn pack(
        &self,
        weight: &[f32],
        parameters: &Parameters<'_>,
        packed: &mut [f32],
    ) -> Result<(), Error> {
        self.layout().pack(weight, parameters, packed)
    }

    /// Computes `y` from `x`, with weights from [`pack`](Self::pack).
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length; `y` is then untouched.
    #[inline(always)]
    pub fn run(&self, packed: &[f32], x: &[f32], y: &mut [f32]) -> Result<(), Error> {
        check_len(Buffer::Packed, packed, self.packed_len())?;
        check_io(x, self.input_len(), y, self.output_len())?;
        let parts = self.layout().split(packed);
        linear::run(parts.weight, parts.bias, x, y);
        self.activation.apply_planes(y, 1, parts.prelu);
        Ok(())
    }
}
