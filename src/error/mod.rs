//! The one error type: every way a parameter or a slice can be wrong, with what was expected and
//! what came.

mod sentence;

use crate::algorithm::Algorithm;
use crate::backend::Backend;
use crate::padding::PaddingMode;
use crate::target::Target;
use crate::tensor::Dtype;

/// Why a specification was refused or a slice did not fit.
///
/// The run-time door returns it as a value. The typed door ([`layer!`](crate::layer)) meets the same
/// value inside the compiler and stops the build with the same sentence.
///
/// ```
/// use nchw::{Conv2d, Direction, Error};
///
/// let error = Conv2d::new([8, 4, 4], 16, [5, 5]).plan::<f32>().unwrap_err();
/// assert_eq!(
///     error,
///     Error::KernelTooLarge { direction: Direction::Height, extent: 5, padded_input: 4 }
/// );
/// assert_eq!(
///     error.to_string(),
///     "kernel is taller than the padded input: it covers 5 rows, the padded input has 4"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A size, stride, dilation or count that has to be at least 1 is 0.
    Zero(Parameter),
    /// Input or output channels do not divide into `groups` equal parts.
    ChannelsNotDivisible {
        /// [`Parameter::InChannels`] or [`Parameter::OutChannels`].
        parameter: Parameter,
        /// How many channels there are.
        channels: usize,
        /// The number of groups asked for.
        groups: usize,
    },
    /// The dilated kernel, `dilation * (kernel - 1) + 1`, does not fit into the padded input.
    KernelTooLarge {
        /// Rows or columns.
        direction: Direction,
        /// What the dilated kernel covers.
        extent: usize,
        /// What the input and its padding offer.
        padded_input: usize,
    },
    /// The same along W, with a shape that looks like `[height, width, channels]`.
    ChannelsLast {
        /// The shape given as `[channels, height, width]`.
        input: [usize; 3],
        /// What the dilated kernel covers.
        extent: usize,
        /// What the input and its padding offer.
        padded_input: usize,
    },
    /// More padding than the padding mode can fill from the input.
    PaddingTooLarge {
        /// Rows or columns.
        direction: Direction,
        /// The mode that sets the limit.
        mode: PaddingMode,
        /// The padding asked for on one side.
        padding: usize,
        /// The most that this input allows.
        limit: usize,
    },
    /// `Padding::Same` together with a stride other than 1.
    SamePaddingWithStride {
        /// Rows or columns.
        direction: Direction,
        /// The stride asked for.
        stride: usize,
    },
    /// `output_padding` has to be smaller than the stride or the dilation.
    OutputPaddingTooLarge {
        /// Rows or columns.
        direction: Direction,
        /// What was asked for.
        output_padding: usize,
        /// The largest value allowed here.
        limit: usize,
    },
    /// The padding of a transposed convolution crops its whole output away.
    EmptyOutput {
        /// Rows or columns.
        direction: Direction,
        /// What the input spreads to, output padding included.
        full: usize,
        /// What the padding crops.
        cropped: usize,
    },
    /// A pooling window that holds padding alone, so there is nothing to take the maximum or the
    /// average of.
    WindowInPadding {
        /// Rows or columns.
        direction: Direction,
        /// Index of such an output.
        output: usize,
    },
    /// A factor to upsample by that is not a positive, finite number.
    InvalidScaleFactor {
        /// Rows or columns.
        direction: Direction,
    },
    /// Two inputs whose shapes do not go together.
    ShapeMismatch {
        /// Shape `[channels, height, width]` of the first input.
        first: [usize; 3],
        /// Shape of the second.
        second: [usize; 3],
    },
    /// A weight whose number of dimensions is not that of the plan's `weight_shape`.
    WeightRank {
        /// What PyTorch's weight has: 4 dimensions, or 2 in a linear layer.
        expected: usize,
        /// What came.
        actual: usize,
    },
    /// A weight of another shape than the plan's `weight_shape`, though it may have as many elements. Dimensions that
    /// neither has are 0.
    WeightShape {
        /// The plan's.
        expected: [usize; 4],
        /// What came.
        actual: [usize; 4],
    },
    /// Two parts of one block of memory that overlap while both are needed, see
    /// [`memory::plan`](crate::memory::plan).
    PartsOverlap {
        /// Index of the first slot.
        first: usize,
        /// Index of the second.
        second: usize,
    },
    /// A clamp whose lower bound is above its upper bound.
    EmptyClampRange,
    /// An `output_range` whose minimum is above its maximum, or with which the activation has no result in common.
    EmptyOutputRange,
    /// A clamp with a bound that is NaN.
    NanClampBound,
    /// A tensor, or a plane with its padding and all that windows reach over, whose size in bytes no address space can
    /// hold.
    Overflow,
    /// A stride, dilation or padding that takes inputs or outputs of a size that is all right further apart than any
    /// address space is long.
    SpanTooLarge(Parameter),
    /// A batch norm in front of a convolution with zero padding and a shift other than zero: the
    /// padding is not shifted, so no set of weights gives the same result.
    InexactFold {
        /// The first input channel whose shift is not zero.
        channel: usize,
    },
    /// The specification does not say what its i8 numbers mean.
    MissingQuantization,
    /// This operator or activation has no i8 form.
    NoQuantizedForm,
    /// In i8 this activation is a layer of its own, [`Activate`](crate::Activate), not one that is fused.
    NotFused,
    /// The f32 form of this activation or operator comes with the feature `libm`.
    NeedsLibm,
    /// A zero point of the weights other than 0 where they are quantized from f32: those have none.
    WeightZeroPoint,
    /// A scale of a tensor, or the one of all weights, that is not a positive, finite number.
    InvalidScale,
    /// The same, of the weights of an output channel.
    InvalidWeightScale {
        /// The output channel.
        channel: usize,
    },
    /// A parameter that is NaN or infinite.
    NotFinite {
        /// Which one.
        buffer: Buffer,
        /// The channel that it belongs to; of weights, the output channel.
        channel: usize,
    },
    /// A `running_var` of a batch norm that is negative, NaN or infinite.
    InvalidVariance {
        /// Its channel.
        channel: usize,
    },
    /// A batch norm that divides by zero: its `running_var` and its `eps` are both 0.
    ZeroVariance {
        /// The channel.
        channel: usize,
    },
    /// An `eps` of a batch norm that is negative, NaN or infinite.
    InvalidEps,
    /// Finite weights, bias and batch norms that fold into what is too large for an f32.
    FoldOverflow {
        /// The output channel.
        channel: usize,
    },
    /// A fixed-point factor with a negative multiplier or a shift above 30.
    InvalidMultiplier {
        /// The output channel, of the weights' factors.
        channel: Option<usize>,
        /// The multiplier given.
        multiplier: i32,
        /// The shift given.
        shift: i32,
    },
    /// A plan that packs weights for another target and is to run here, see [`Target`].
    OtherTarget(Target),
    /// i8 weights in another order than the plan's, packed for another [`Target`] or another algorithm, or not packed at
    /// all.
    OtherOrder,
    /// Instructions that the processor or this build of the crate does not have.
    BackendUnavailable(Backend),
    /// An algorithm that cannot compute this layer, see [`Algorithm`].
    AlgorithmUnavailable {
        /// The one asked for.
        algorithm: Algorithm,
        /// What it should compute.
        dtype: Dtype,
    },
    /// Weights and bias so large that a sum of products could leave i32.
    AccumulatorOverflow {
        /// The output channel.
        channel: usize,
        /// The largest sum its weights and bias can come to, by absolute value.
        largest: u64,
    },
    /// The specification asks for parameters that were not given.
    Missing(Buffer),
    /// Parameters were given that the specification does not ask for.
    Unexpected(Buffer),
    /// A slice of the wrong length.
    Length {
        /// Which slice.
        buffer: Buffer,
        /// Elements expected; for a workspace, the least.
        expected: usize,
        /// Elements given.
        actual: usize,
    },
}

/// The parameter that an [`Error`] is about.
///
/// ```
/// use nchw::{Conv2d, Direction, Error, Parameter};
///
/// let error = Conv2d::new([1, 4, 4], 1, [3, 3]).stride([1, 0]).plan::<f32>().unwrap_err();
/// assert_eq!(error, Error::Zero(Parameter::Stride(Direction::Width)));
/// assert_eq!(error.to_string(), "the stride along W must be at least 1, it is 0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Parameter {
    /// Channels of the input.
    InChannels,
    /// Channels of the output.
    OutChannels,
    /// Height or width of the input.
    Input(Direction),
    /// Height or width of the output, where the specification names it.
    Output(Direction),
    /// The kernel's height or width.
    KernelSize(Direction),
    /// The step between windows.
    Stride(Direction),
    /// The step between taps.
    Dilation(Direction),
    /// What the input is extended by, or the output cropped.
    Padding(Direction),
    /// The number of groups.
    Groups,
    /// The divisor that replaces an average pool's own.
    DivisorOverride,
    /// The number of jobs that a layer is split into.
    Jobs,
}

/// A spatial direction of an NCHW tensor.
///
/// ```
/// use nchw::{Direction, Error, MaxPool2d};
///
/// let error = MaxPool2d::new([1, 4, 2], [3, 3]).plan::<f32>().unwrap_err();
/// assert!(matches!(error, Error::KernelTooLarge { direction: Direction::Width, .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Direction {
    /// Along H: rows.
    Height,
    /// Along W: columns.
    Width,
}

/// The slice that an [`Error`] is about.
///
/// ```
/// use nchw::{Add, Buffer, Error};
///
/// let plan = Add::new([1, 1, 2]).plan::<f32>()?;
/// let error = plan.run(&[1.0, 2.0], &[1.0], &mut [0.0; 2]).unwrap_err();
/// assert_eq!(error, Error::Length { buffer: Buffer::SecondInput, expected: 2, actual: 1 });
/// assert_eq!(error.to_string(), "the second input: 2 elements expected, 1 given");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Buffer {
    /// The input, `C * H * W` elements.
    Input,
    /// The second input of an operator that has two.
    SecondInput,
    /// The output.
    Output,
    /// The weights, in PyTorch's order.
    Weight,
    /// The bias, one value per output channel.
    Bias,
    /// The slopes of a PReLU, one per channel.
    Prelu,
    /// The scales of i8 weights, one per output channel.
    WeightScale,
    /// The fixed-point multipliers of i8 output channels.
    Multiplier,
    /// The shifts of i8 output channels.
    Shift,
    /// `weight` (gamma) of a batch norm.
    BatchNormWeight,
    /// `bias` (beta) of a batch norm.
    BatchNormBias,
    /// `running_mean` of a batch norm.
    RunningMean,
    /// `running_var` of a batch norm.
    RunningVar,
    /// The packed weights, `packed_len` elements.
    Packed,
    /// Scratch memory, at least `workspace_len` elements.
    Workspace,
    /// The places of activations, one for each slot.
    Offsets,
    /// The memory that a network works in.
    Memory,
}

impl Error {
    /// Stops the compiler with this error's sentence.
    ///
    /// For constant evaluation, where a panic is a compile error (E0080). Firmware has no use for
    /// it: print the error, or match on it.
    ///
    /// # Panics
    ///
    /// Always.
    #[cold]
    #[track_caller]
    pub const fn compile_error(self) -> ! {
        panic!("{}", self.message().as_str())
    }
}

impl Buffer {
    /// [`Error::Length`] unless a slice has as many elements as expected.
    pub(crate) const fn check(self, actual: usize, expected: usize) -> Result<(), Error> {
        if actual == expected {
            Ok(())
        } else {
            Err(Error::Length { buffer: self, expected, actual })
        }
    }

    /// [`Error::NotFinite`] if one of a channel's numbers is none.
    pub(crate) const fn check_finite(self, numbers: Option<&[f32]>) -> Result<(), Error> {
        let Some(numbers) = numbers else { return Ok(()) };
        let mut channel = 0;
        while channel < numbers.len() {
            if !numbers[channel].is_finite() {
                return Err(Error::NotFinite { buffer: self, channel });
            }
            channel += 1;
        }
        Ok(())
    }

    /// [`check`](Self::check), for a slice that need not be there.
    pub(crate) const fn check_optional<T>(
        self,
        slice: Option<&[T]>,
        expected: usize,
    ) -> Result<(), Error> {
        match slice {
            Some(slice) => self.check(slice.len(), expected),
            None => Ok(()),
        }
    }
}
