//! The plan of a convolution and of a transposed convolution.

use core::marker::PhantomData;

use crate::activation::Activation;
use crate::algorithm::Algorithm;
use crate::batch_norm::check_len;
use crate::error::{Buffer, Error};
use crate::geometry::{elements, tri};
use crate::kernel::direct::{self, Forward, Shape, Transposed};
use crate::padding::PaddingMode;
use crate::plan::{Layout, Parameters, check_io};
use crate::tensor::Element;

/// Which way the window runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Convolution(PaddingMode),
    Transposed,
}

/// A [`Conv2d`](crate::Conv2d) or [`ConvTranspose2d`](crate::ConvTranspose2d), checked and ready to
/// run on slices.
///
/// ```
/// use nchw::{Conv2d, Parameters};
///
/// let plan = Conv2d::new([2, 1, 1], 1, [1, 1]).plan::<f32>()?;
/// let mut packed = vec![0.0; plan.packed_len()];
/// plan.pack(&[3.0, 4.0], &Parameters::NONE.bias(&[0.5]), &mut packed)?;
///
/// let mut workspace = vec![0.0; plan.workspace_len()];
/// let mut y = [0.0];
/// plan.run(&packed, &[1.0, 10.0], &mut y, &mut workspace)?;
/// assert_eq!(y, [43.5]);
/// # Ok::<(), nchw::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvPlan<T> {
    operator: Operator,
    shape: Shape,
    activation: Activation,
    element: PhantomData<T>,
}

impl<T: Element> ConvPlan<T> {
    pub(crate) const fn new(
        operator: Operator,
        shape: Shape,
        activation: Activation,
    ) -> Result<Self, Error> {
        let plan = Self { operator, shape, activation, element: PhantomData };
        tri!(activation.validate());
        tri!(plan.layout().validate());
        tri!(elements(&plan.input_shape()));
        tri!(elements(&plan.output_shape()));
        Ok(plan)
    }

    const fn layout(&self) -> Layout {
        let Shape { rows, columns, channels } = self.shape;
        Layout {
            channels,
            kernel: rows.kernel * columns.kernel,
            input_major: matches!(self.operator, Operator::Transposed),
            uniform: match self.operator {
                Operator::Convolution(PaddingMode::Zeros) => rows.unpadded() && columns.unpadded(),
                Operator::Convolution(_) => true,
                Operator::Transposed => rows.one_to_one() && columns.one_to_one(),
            },
            prelu: self.activation.is_prelu(),
        }
    }

    /// The algorithm that will run; never [`Algorithm::Auto`].
    pub const fn algorithm(&self) -> Algorithm {
        Algorithm::Direct
    }

    /// `[channels, height, width]` of the input.
    pub const fn input_shape(&self) -> [usize; 3] {
        let Shape { rows, columns, channels } = self.shape;
        [channels.all_inputs(), rows.input, columns.input]
    }

    /// `[channels, height, width]` of the output.
    pub const fn output_shape(&self) -> [usize; 3] {
        let Shape { rows, columns, channels } = self.shape;
        [channels.all_outputs(), rows.output, columns.output]
    }

    /// Elements of the input.
    pub const fn input_len(&self) -> usize {
        let [channels, height, width] = self.input_shape();
        channels * height * width
    }

    /// Elements of the output.
    pub const fn output_len(&self) -> usize {
        let [channels, height, width] = self.output_shape();
        channels * height * width
    }

    /// The weight's shape in PyTorch: `[O, I / groups, height, width]` for a convolution,
    /// `[I, O / groups, height, width]` for a transposed one.
    pub const fn weight_shape(&self) -> [usize; 4] {
        let Shape { rows, columns, channels } = self.shape;
        match self.operator {
            Operator::Convolution(_) => {
                [channels.all_outputs(), channels.inputs, rows.kernel, columns.kernel]
            }
            Operator::Transposed => {
                [channels.all_inputs(), channels.outputs, rows.kernel, columns.kernel]
            }
        }
    }

    /// Elements of the packed weights: bias, slopes of a PReLU, weights.
    pub const fn packed_len(&self) -> usize {
        self.layout().packed_len()
    }

    /// Elements of scratch memory that `run` asks for; 0 for [`Algorithm::Direct`].
    pub const fn workspace_len(&self) -> usize {
        0
    }
}

impl ConvPlan<f32> {
    /// Folds `parameters` into `weight` and packs both. Runs in the compiler, in a build script, or
    /// at start-up; the result is the same to the bit.
    ///
    /// `weight` is in PyTorch's order, see [`weight_shape`](Self::weight_shape).
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length, [`Error::Missing`] and
    /// [`Error::Unexpected`] for the slopes of a PReLU, [`Error::InexactFold`] for a batch norm in
    /// front of the layer that it cannot absorb. `packed` is then untouched.
    pub const fn pack(
        &self,
        weight: &[f32],
        parameters: &Parameters<'_>,
        packed: &mut [f32],
    ) -> Result<(), Error> {
        self.layout().pack(weight, parameters, packed)
    }

    /// Computes the whole output `y` from `x`, with weights from [`pack`](Self::pack).
    ///
    /// # Errors
    ///
    /// [`Error::Length`] for a slice of the wrong length or a workspace that is too short; `y` is
    /// then untouched.
    #[inline(always)]
    pub fn run(
        &self,
        packed: &[f32],
        x: &[f32],
        y: &mut [f32],
        workspace: &mut [f32],
    ) -> Result<(), Error> {
        check_len(Buffer::Packed, packed, self.packed_len())?;
        check_io(x, self.input_len(), y, self.output_len())?;
        if workspace.len() < self.workspace_len() {
            return Err(Error::Length {
                buffer: Buffer::Workspace,
                expected: self.workspace_len(),
                actual: workspace.len(),
            });
        }
        let parts = self.layout().split(packed);
        let Shape { rows, columns, .. } = self.shape;
        match self.operator {
            Operator::Convolution(border) => {
                let taps = Forward { rows, columns, border };
                direct::run(&self.shape, taps, parts.weight, parts.bias, x, y);
            }
            Operator::Transposed => {
                let taps = Transposed { rows, columns };
                direct::run(&self.shape, taps, parts.weight, parts.bias, x, y);
            }
        }
        self.activation.apply_planes(y, rows.output * columns.output, parts.prelu);
        Ok(())
    }
}
