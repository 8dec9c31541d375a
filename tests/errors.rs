//! Everything that can be wrong, through the run-time door: which error it is, what it says, and
//! that nothing was written.

use core::cell::Cell;
use core::ops::Range;
use core::time::Duration;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, AvgPool2d, BatchNorm,
    BatchNorm2d, Buffer, Concat, Conv2d, ConvTranspose2d, Direction, Error, Linear, MaxPool2d, Mul,
    Padding, PaddingMode, Parameter, Parameters, Prelu, Softmax, Tensor, Upsample, UpsampleMode,
    ZeroPad2d,
};
use nchw_test_support::{Guarded, Random};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use Direction::{Height, Width};

/// The largest number of elements that a tensor may have.
const MOST: usize = isize::MAX as usize / 8;

/// The error of a specification, whichever it is.
macro_rules! refused {
    ($spec:expr) => {
        $spec.plan::<f32>().map(|_| ()).unwrap_err()
    };
}

fn conv() -> Conv2d {
    Conv2d::new([4, 5, 6], 6, [3, 3])
}

fn transposed() -> ConvTranspose2d {
    ConvTranspose2d::new([4, 5, 6], 6, [3, 3])
}

/// Every error that a specification can cause, in the words that it is reported in.
#[test]
fn specifications_that_are_refused() {
    const EMPTY: Activation = Activation::Clamp { min: 1.0, max: 0.5 };
    const NAN: Activation = Activation::Clamp { min: f32::NAN, max: 0.5 };
    let max_pool = MaxPool2d::new([4, 5, 6], [2, 2]);
    let avg_pool = AvgPool2d::new([4, 5, 6], [2, 2]);
    let zero = Error::Zero;
    let table = [
        // Zero.
        (
            refused!(Conv2d::new([0, 5, 6], 6, [3, 3])),
            zero(Parameter::InChannels),
            "the number of input channels must be at least 1, it is 0",
        ),
        (
            refused!(Conv2d::new([4, 5, 6], 0, [3, 3])),
            zero(Parameter::OutChannels),
            "the number of output channels must be at least 1, it is 0",
        ),
        (
            refused!(Conv2d::new([4, 0, 6], 6, [3, 3])),
            zero(Parameter::Input(Height)),
            "the input's height must be at least 1, it is 0",
        ),
        (
            refused!(Conv2d::new([4, 5, 0], 6, [3, 3])),
            zero(Parameter::Input(Width)),
            "the input's width must be at least 1, it is 0",
        ),
        (
            refused!(Conv2d::new([4, 5, 6], 6, [0, 3])),
            zero(Parameter::KernelSize(Height)),
            "the kernel's height must be at least 1, it is 0",
        ),
        (
            refused!(Conv2d::new([4, 5, 6], 6, [3, 0])),
            zero(Parameter::KernelSize(Width)),
            "the kernel's width must be at least 1, it is 0",
        ),
        (
            refused!(conv().stride([0, 1])),
            zero(Parameter::Stride(Height)),
            "the stride along H must be at least 1, it is 0",
        ),
        (
            refused!(conv().stride([1, 0])),
            zero(Parameter::Stride(Width)),
            "the stride along W must be at least 1, it is 0",
        ),
        (
            refused!(conv().dilation([0, 1])),
            zero(Parameter::Dilation(Height)),
            "the dilation along H must be at least 1, it is 0",
        ),
        (
            refused!(conv().dilation([1, 0])),
            zero(Parameter::Dilation(Width)),
            "the dilation along W must be at least 1, it is 0",
        ),
        (refused!(conv().groups(0)), zero(Parameter::Groups), "groups must be at least 1, it is 0"),
        (
            refused!(avg_pool.divisor_override(0)),
            zero(Parameter::DivisorOverride),
            "divisor_override must be at least 1, it is 0",
        ),
        (
            refused!(AdaptiveAvgPool2d::new([4, 5, 6], [0, 2])),
            zero(Parameter::Output(Height)),
            "the output's height must be at least 1, it is 0",
        ),
        (
            refused!(Upsample::to([4, 5, 6], [2, 0])),
            zero(Parameter::Output(Width)),
            "the output's width must be at least 1, it is 0",
        ),
        (
            refused!(transposed().groups(0)),
            zero(Parameter::Groups),
            "groups must be at least 1, it is 0",
        ),
        (
            refused!(transposed().stride([1, 0])),
            zero(Parameter::Stride(Width)),
            "the stride along W must be at least 1, it is 0",
        ),
        (
            refused!(ConvTranspose2d::new([4, 0, 6], 6, [3, 3])),
            zero(Parameter::Input(Height)),
            "the input's height must be at least 1, it is 0",
        ),
        (
            refused!(max_pool.stride([0, 1])),
            zero(Parameter::Stride(Height)),
            "the stride along H must be at least 1, it is 0",
        ),
        (
            refused!(max_pool.dilation([1, 0])),
            zero(Parameter::Dilation(Width)),
            "the dilation along W must be at least 1, it is 0",
        ),
        (
            refused!(MaxPool2d::new([0, 5, 6], [2, 2])),
            zero(Parameter::InChannels),
            "the number of input channels must be at least 1, it is 0",
        ),
        (
            refused!(AvgPool2d::new([4, 5, 6], [2, 0])),
            zero(Parameter::KernelSize(Width)),
            "the kernel's width must be at least 1, it is 0",
        ),
        (
            refused!(AdaptiveMaxPool2d::new([4, 5, 6], [2, 0])),
            zero(Parameter::Output(Width)),
            "the output's width must be at least 1, it is 0",
        ),
        (
            refused!(Linear::new([4, 5, 6], 0)),
            zero(Parameter::OutChannels),
            "the number of output channels must be at least 1, it is 0",
        ),
        (
            refused!(Linear::new([4, 5, 0], 3)),
            zero(Parameter::Input(Width)),
            "the input's width must be at least 1, it is 0",
        ),
        (
            refused!(Add::new([0, 5, 6])),
            zero(Parameter::InChannels),
            "the number of input channels must be at least 1, it is 0",
        ),
        (
            refused!(Concat::new([4, 5, 6], [0, 5, 6])),
            zero(Parameter::InChannels),
            "the number of input channels must be at least 1, it is 0",
        ),
        (
            refused!(BatchNorm2d::new([4, 0, 6])),
            zero(Parameter::Input(Height)),
            "the input's height must be at least 1, it is 0",
        ),
        (
            refused!(Prelu::new([4, 5, 0])),
            zero(Parameter::Input(Width)),
            "the input's width must be at least 1, it is 0",
        ),
        (
            refused!(Softmax::new([0, 5, 6])),
            zero(Parameter::InChannels),
            "the number of input channels must be at least 1, it is 0",
        ),
        (
            refused!(Activate::new([4, 0, 6], Activation::Relu)),
            zero(Parameter::Input(Height)),
            "the input's height must be at least 1, it is 0",
        ),
        (
            refused!(ZeroPad2d::new([4, 5, 0], [1, 1, 1, 1])),
            zero(Parameter::Input(Width)),
            "the input's width must be at least 1, it is 0",
        ),
        // Channels and groups.
        (
            refused!(conv().groups(3)),
            Error::ChannelsNotDivisible {
                parameter: Parameter::InChannels,
                channels: 4,
                groups: 3,
            },
            "the number of input channels must be divisible by groups: 4 channels, 3 groups",
        ),
        (
            refused!(conv().groups(4)),
            Error::ChannelsNotDivisible {
                parameter: Parameter::OutChannels,
                channels: 6,
                groups: 4,
            },
            "the number of output channels must be divisible by groups: 6 channels, 4 groups",
        ),
        (
            refused!(transposed().groups(4)),
            Error::ChannelsNotDivisible {
                parameter: Parameter::OutChannels,
                channels: 6,
                groups: 4,
            },
            "the number of output channels must be divisible by groups: 6 channels, 4 groups",
        ),
        // Kernels that do not fit.
        (
            refused!(conv().dilation([4, 1]).padding_sides([1, 0, 2, 0])),
            Error::KernelTooLarge { direction: Height, extent: 9, padded_input: 8 },
            "kernel is taller than the padded input: it covers 9 rows, the padded input has 8",
        ),
        (
            refused!(conv().dilation([1, 5]).padding_sides([0, 1, 0, 3])),
            Error::KernelTooLarge { direction: Width, extent: 11, padded_input: 10 },
            "kernel is wider than the padded input: it covers 11 columns, the padded input has 10",
        ),
        (
            refused!(max_pool.dilation([5, 1])),
            Error::KernelTooLarge { direction: Height, extent: 6, padded_input: 5 },
            "kernel is taller than the padded input: it covers 6 rows, the padded input has 5",
        ),
        (
            refused!(AvgPool2d::new([4, 5, 6], [2, 9]).padding_sides([0, 1, 0, 1])),
            Error::KernelTooLarge { direction: Width, extent: 9, padded_input: 8 },
            "kernel is wider than the padded input: it covers 9 columns, the padded input has 8",
        ),
        // Padding.
        (
            refused!(conv().padding_sides([1, 0, 5, 0]).padding_mode(PaddingMode::Reflect)),
            Error::PaddingTooLarge {
                direction: Height,
                mode: PaddingMode::Reflect,
                padding: 5,
                limit: 4,
            },
            "reflect padding of 5 rows is too large: this input allows at most 4",
        ),
        (
            refused!(conv().padding_sides([5, 7, 0, 6]).padding_mode(PaddingMode::Circular)),
            Error::PaddingTooLarge {
                direction: Width,
                mode: PaddingMode::Circular,
                padding: 7,
                limit: 6,
            },
            "circular padding of 7 columns is too large: this input allows at most 6",
        ),
        (
            refused!(conv().padding_same().stride([2, 1])),
            Error::SamePaddingWithStride { direction: Height, stride: 2 },
            "padding `same` needs stride 1, the stride along H is 2",
        ),
        (
            refused!(conv().padding_same().stride([1, 3])),
            Error::SamePaddingWithStride { direction: Width, stride: 3 },
            "padding `same` needs stride 1, the stride along W is 3",
        ),
        (
            refused!(transposed().stride([2, 1]).dilation([3, 1]).output_padding([3, 0])),
            Error::OutputPaddingTooLarge { direction: Height, output_padding: 3, limit: 2 },
            "output_padding along H must be smaller than the stride or the dilation: \
             at most 2 here, it is 3",
        ),
        (
            refused!(transposed().stride([4, 4]).output_padding([3, 5])),
            Error::OutputPaddingTooLarge { direction: Width, output_padding: 5, limit: 3 },
            "output_padding along W must be smaller than the stride or the dilation: \
             at most 3 here, it is 5",
        ),
        (
            refused!(transposed().padding_sides([4, 0, 3, 0])),
            Error::EmptyOutput { direction: Height, full: 7, cropped: 7 },
            "the output is empty: padding crops 7 rows of 7",
        ),
        (
            refused!(transposed().stride([1, 2]).output_padding([0, 1]).padding([0, 7])),
            Error::EmptyOutput { direction: Width, full: 14, cropped: 14 },
            "the output is empty: padding crops 14 columns of 14",
        ),
        (
            refused!(avg_pool.stride([1, 1]).padding_sides([2, 0, 0, 0])),
            Error::WindowInPadding { direction: Height, output: 0 },
            "the pooling window of output 0 along H lies in the padding alone",
        ),
        (
            refused!(avg_pool.stride([1, 1]).padding_sides([0, 1, 0, 2])),
            Error::WindowInPadding { direction: Width, output: 7 },
            "the pooling window of output 7 along W lies in the padding alone",
        ),
        // Shapes.
        (
            refused!(Add { second_input: [4, 5, 1], ..Add::new([4, 5, 6]) }),
            Error::ShapeMismatch { first: [4, 5, 6], second: [4, 5, 1] },
            "the inputs' shapes do not go together: [4, 5, 6] and [4, 5, 1]",
        ),
        (
            refused!(Mul { second_input: [1, 1, 1], ..Mul::new([4, 5, 6]) }),
            Error::ShapeMismatch { first: [4, 5, 6], second: [1, 1, 1] },
            "the inputs' shapes do not go together: [4, 5, 6] and [1, 1, 1]",
        ),
        (
            refused!(Mul { second_input: [3, 5, 6], ..Mul::new([4, 5, 6]) }),
            Error::ShapeMismatch { first: [4, 5, 6], second: [3, 5, 6] },
            "the inputs' shapes do not go together: [4, 5, 6] and [3, 5, 6]",
        ),
        (
            refused!(Concat::new([4, 5, 6], [4, 6, 5])),
            Error::ShapeMismatch { first: [4, 5, 6], second: [4, 6, 5] },
            "the inputs' shapes do not go together: [4, 5, 6] and [4, 6, 5]",
        ),
        (
            refused!(Concat::new([4, 5, 6], [4, 1, 1])),
            Error::ShapeMismatch { first: [4, 5, 6], second: [4, 1, 1] },
            "the inputs' shapes do not go together: [4, 5, 6] and [4, 1, 1]",
        ),
        // Activations.
        (
            refused!(conv().activation(EMPTY)),
            Error::EmptyClampRange,
            "the clamp's minimum is above its maximum",
        ),
        (
            refused!(transposed().clamp(0.5, f32::NAN)),
            Error::EmptyClampRange,
            "the clamp's minimum is above its maximum",
        ),
        (
            refused!(Linear::new([4, 5, 6], 3).activation(NAN)),
            Error::EmptyClampRange,
            "the clamp's minimum is above its maximum",
        ),
        (
            refused!(max_pool.activation(EMPTY)),
            Error::EmptyClampRange,
            "the clamp's minimum is above its maximum",
        ),
        (
            refused!(BatchNorm2d::new([4, 5, 6]).activation(NAN)),
            Error::EmptyClampRange,
            "the clamp's minimum is above its maximum",
        ),
        (
            refused!(Add::new([4, 5, 6]).clamp(2.0, 1.0)),
            Error::EmptyClampRange,
            "the clamp's minimum is above its maximum",
        ),
        (
            refused!(Activate::new([4, 5, 6], EMPTY)),
            Error::EmptyClampRange,
            "the clamp's minimum is above its maximum",
        ),
        (
            refused!(Activate::new([4, 5, 6], Activation::Prelu)),
            Error::Missing(Buffer::Prelu),
            "a PReLU needs its slopes: give them with `Parameters::prelu`, or use the operator `Prelu`",
        ),
        (
            refused!(avg_pool.activation(Activation::Prelu)),
            Error::Missing(Buffer::Prelu),
            "a PReLU needs its slopes: give them with `Parameters::prelu`, or use the operator `Prelu`",
        ),
        (
            refused!(Mul::new([4, 5, 6]).activation(Activation::Prelu)),
            Error::Missing(Buffer::Prelu),
            "a PReLU needs its slopes: give them with `Parameters::prelu`, or use the operator `Prelu`",
        ),
        (
            refused!(BatchNorm2d::new([4, 5, 6]).activation(Activation::Prelu)),
            Error::Missing(Buffer::Prelu),
            "a PReLU needs its slopes: give them with `Parameters::prelu`, or use the operator `Prelu`",
        ),
        // Size.
        (
            refused!(Softmax::new([1 << 20, 1 << 20, 1 << 20])),
            Error::Overflow,
            "a tensor of this size does not fit into the address space",
        ),
    ];
    for (index, (error, expected, sentence)) in table.into_iter().enumerate() {
        assert_eq!(error, expected, "row {index}");
        assert_eq!(error.to_string(), sentence, "row {index}");
    }
}

/// The sentences of errors that name a slice.
#[test]
fn sentences_about_slices() {
    let length = |buffer| Error::Length { buffer, expected: 10, actual: 9 };
    let table = [
        (
            Error::Missing(Buffer::Prelu),
            "a PReLU needs its slopes: give them with `Parameters::prelu`, or use the operator `Prelu`",
        ),
        (
            Error::Unexpected(Buffer::Prelu),
            "the PReLU slope was given, but the specification does not ask for it",
        ),
        (
            Error::InexactFold { channel: 3 },
            "this batch norm cannot be folded into the convolution after it: \
             zero padding is not shifted, and the shift of channel 3 is not zero",
        ),
        (length(Buffer::Input), "the input: 10 elements expected, 9 given"),
        (length(Buffer::SecondInput), "the second input: 10 elements expected, 9 given"),
        (length(Buffer::Output), "the output: 10 elements expected, 9 given"),
        (length(Buffer::Weight), "the weight: 10 elements expected, 9 given"),
        (length(Buffer::Bias), "the bias: 10 elements expected, 9 given"),
        (length(Buffer::Prelu), "the PReLU slope: 10 elements expected, 9 given"),
        (length(Buffer::BatchNormWeight), "the batch norm's weight: 10 elements expected, 9 given"),
        (length(Buffer::BatchNormBias), "the batch norm's bias: 10 elements expected, 9 given"),
        (
            length(Buffer::RunningMean),
            "the batch norm's running_mean: 10 elements expected, 9 given",
        ),
        (length(Buffer::RunningVar), "the batch norm's running_var: 10 elements expected, 9 given"),
        (length(Buffer::Packed), "the packed weights: 10 elements expected, 9 given"),
        (length(Buffer::Workspace), "the workspace: at least 10 elements expected, 9 given"),
        (
            Error::Length { buffer: Buffer::Output, expected: usize::MAX, actual: 0 },
            "the output: 18446744073709551615 elements expected, 0 given",
        ),
    ];
    for (error, sentence) in table {
        assert_eq!(error.to_string(), sentence);
    }
}

/// A poisoned buffer of a length, and the check that nothing was written to it.
struct Untouched(Guarded<f32>);

impl Untouched {
    fn new(len: usize) -> Self {
        Self(Guarded::new(len))
    }

    fn slice(&mut self) -> &mut [f32] {
        self.0.slice_mut()
    }

    #[track_caller]
    fn check(&self) {
        let fresh = Guarded::<f32>::new(self.0.slice().len());
        let bits = |buffer: &Guarded<f32>| -> Vec<u32> {
            buffer.slice().iter().map(|value| value.to_bits()).collect()
        };
        assert_eq!(bits(&self.0), bits(&fresh), "a refused call wrote to its output");
        self.0.check();
    }
}

/// The lengths that a buffer of `expected` elements must not have.
fn wrong(expected: usize) -> impl Iterator<Item = usize> {
    [expected - 1, expected + 1, 0, 2 * expected].into_iter()
}

/// Calls `f` with every buffer in turn too short, too long and empty. `f` takes the lengths and the
/// output, the length of which is the last.
#[track_caller]
fn wrong_lengths<const N: usize>(
    buffers: [(Buffer, usize); N],
    f: impl Fn([usize; N], &mut [f32]) -> Result<(), Error>,
) {
    let right = buffers.map(|(_, length)| length);
    for (position, (buffer, expected)) in buffers.into_iter().enumerate() {
        for actual in wrong(expected) {
            let mut lengths = right;
            lengths[position] = actual;
            let mut output = Untouched::new(lengths[N - 1]);
            let result = f(lengths, output.slice());
            assert_eq!(result, Err(Error::Length { buffer, expected, actual }));
            output.check();
        }
    }
    let mut output = Guarded::new(right[N - 1]);
    assert_eq!(f(right, output.slice_mut()), Ok(()));
    output.check();
    output.assert_written();
}

/// So many ones.
fn ones(len: usize) -> Vec<f32> {
    vec![1.0; len]
}

#[test]
fn lengths_of_unary_operators() {
    let buffers = |x, y| [(Buffer::Input, x), (Buffer::Output, y)];
    let plan = Activate::new([2, 3, 4], Activation::Relu).plan::<f32>().unwrap();
    wrong_lengths(buffers(24, 24), |[x, _], y| plan.run(&ones(x), y));
    let plan = Softmax::new([2, 3, 4]).plan::<f32>().unwrap();
    wrong_lengths(buffers(24, 24), |[x, _], y| plan.run(&ones(x), y));
    let plans = [
        MaxPool2d::new([2, 3, 4], [2, 2]).plan::<f32>(),
        AvgPool2d::new([2, 3, 4], [2, 2]).plan::<f32>(),
        AdaptiveAvgPool2d::new([2, 3, 4], [2, 5]).plan::<f32>(),
        AdaptiveMaxPool2d::new([2, 3, 4], [2, 5]).plan::<f32>(),
        Upsample::by([2, 3, 4], [2, 2]).plan::<f32>(),
        Upsample::by([2, 3, 4], [2, 2])
            .mode(UpsampleMode::Bilinear { align_corners: true })
            .plan::<f32>(),
        ZeroPad2d::new([2, 3, 4], [1, 2, 3, 4]).plan::<f32>(),
    ];
    for plan in plans {
        let plan = plan.unwrap();
        let (x, y) = (plan.input_len(), plan.output_len());
        assert_eq!(x, 24);
        wrong_lengths(buffers(x, y), |[x, _], y| plan.run(&ones(x), y));
    }
}

#[test]
fn lengths_of_binary_operators() {
    let plans = [
        Add::new([2, 3, 4]).plan::<f32>(),
        Add::new([2, 3, 4]).per_channel().plan::<f32>(),
        Mul::new([2, 3, 4]).plan::<f32>(),
        Mul::new([2, 3, 4]).per_channel().relu().plan::<f32>(),
        Concat::new([2, 3, 4], [3, 3, 4]).plan::<f32>(),
    ];
    for plan in plans {
        let plan = plan.unwrap();
        let buffers = [
            (Buffer::Input, plan.input_len()),
            (Buffer::SecondInput, plan.second_input_len()),
            (Buffer::Output, plan.output_len()),
        ];
        wrong_lengths(buffers, |[a, b, _], y| plan.run(&ones(a), &ones(b), y));
    }
}

#[test]
fn lengths_of_convolutions() {
    let conv = Conv2d::new([4, 5, 6], 6, [3, 2]).groups(2).padding([1, 1]);
    let transposed = ConvTranspose2d::new([4, 5, 6], 6, [3, 2]).groups(2).stride([2, 2]);
    for plan in [
        conv.plan::<f32>(),
        conv.prelu().plan::<f32>(),
        transposed.plan::<f32>(),
        transposed.prelu().plan::<f32>(),
    ] {
        let plan = plan.unwrap();
        let buffers = [
            (Buffer::Packed, plan.packed_len()),
            (Buffer::Input, plan.input_len()),
            (Buffer::Output, plan.output_len()),
        ];
        wrong_lengths(buffers, |[packed, x, _], y| {
            let mut workspace = ones(plan.workspace_len());
            plan.run(&ones(packed), &ones(x), y, &mut workspace)
        });
        // A workspace may be larger than it has to be.
        let mut y = Guarded::new(plan.output_len());
        let mut workspace = Guarded::new(plan.workspace_len() + 100);
        let (packed, x) = (ones(plan.packed_len()), ones(plan.input_len()));
        let result = plan.run(&packed, &x, y.slice_mut(), workspace.slice_mut());
        assert_eq!(result, Ok(()));
        workspace.check();
        y.assert_written();
    }
}

#[test]
fn lengths_of_linear_layers() {
    for spec in [Linear::new([2, 3, 4], 5), Linear::new([2, 3, 4], 5).prelu()] {
        let plan = spec.plan::<f32>().unwrap();
        let buffers = [
            (Buffer::Packed, plan.packed_len()),
            (Buffer::Input, plan.input_len()),
            (Buffer::Output, plan.output_len()),
        ];
        wrong_lengths(buffers, |[packed, x, _], y| plan.run(&ones(packed), &ones(x), y));
    }
}

#[test]
fn lengths_of_operators_with_parameters_per_channel() {
    let plan = BatchNorm2d::new([2, 3, 4]).plan::<f32>().unwrap();
    let buffers = [(Buffer::Packed, 4), (Buffer::Input, 24), (Buffer::Output, 24)];
    wrong_lengths(buffers, |[packed, x, _], y| plan.run(&ones(packed), &ones(x), y));
    let buffers = [
        (Buffer::RunningMean, 2),
        (Buffer::RunningVar, 2),
        (Buffer::BatchNormWeight, 2),
        (Buffer::BatchNormBias, 2),
        (Buffer::Packed, plan.packed_len()),
    ];
    wrong_lengths(buffers, |[mean, var, weight, bias, _], packed| {
        let (mean, var) = (ones(mean), ones(var));
        plan.pack(&BatchNorm::new(&mean, &var).affine(&ones(weight), &ones(bias)), packed)
    });

    let plan = Prelu::new([2, 3, 4]).plan::<f32>().unwrap();
    let buffers = [(Buffer::Prelu, 2), (Buffer::Input, 24), (Buffer::Output, 24)];
    wrong_lengths(buffers, |[slopes, x, _], y| plan.run(&ones(slopes), &ones(x), y));
}

/// The packing of a plan.
type Pack<'a> = &'a dyn Fn(&[f32], &Parameters<'_>, &mut [f32]) -> Result<(), Error>;

/// The lengths of everything that is packed: weight, bias, slopes, two batch norms, packed.
fn lengths_of_packing([weight, inputs, outputs, packed]: [usize; 4], pack: Pack<'_>) {
    let norm = |channels: usize| {
        [
            (Buffer::RunningMean, channels),
            (Buffer::RunningVar, channels),
            (Buffer::BatchNormWeight, channels),
            (Buffer::BatchNormBias, channels),
        ]
    };
    let ([a, b, c, d], [e, f, g, h]) = (norm(outputs), norm(inputs));
    let (bias, prelu) = ((Buffer::Bias, outputs), (Buffer::Prelu, outputs));
    let buffers = [(Buffer::Weight, weight), bias, prelu, a, b, c, d, e, f, g, h];
    let mut all = [(Buffer::Packed, packed); 12];
    all[..11].copy_from_slice(&buffers);
    wrong_lengths(all, |lengths, packed| {
        let [w, b, p, mean, var, weight, bias, mean2, var2, weight2, bias2, _] = lengths.map(ones);
        let parameters = Parameters::NONE
            .bias(&b)
            .prelu(&p)
            .batch_norm(BatchNorm::new(&mean, &var).affine(&weight, &bias))
            .input_batch_norm(BatchNorm::new(&mean2, &var2).affine(&weight2, &bias2));
        pack(&w, &parameters, packed)
    });
}

#[test]
fn lengths_of_packed_parameters() {
    let plan = Conv2d::new([4, 5, 6], 6, [3, 2]).groups(2).prelu().plan::<f32>().unwrap();
    assert_eq!(plan.packed_len(), 6 + 6 + 72);
    lengths_of_packing([72, 4, 6, plan.packed_len()], &|w, p, packed| plan.pack(w, p, packed));
    let plan = ConvTranspose2d::new([4, 5, 6], 6, [1, 1]).groups(2).prelu().plan::<f32>().unwrap();
    assert_eq!(plan.packed_len(), 6 + 6 + 12);
    lengths_of_packing([12, 4, 6, plan.packed_len()], &|w, p, packed| plan.pack(w, p, packed));
    let plan = Linear::new([2, 1, 3], 4).prelu().plan::<f32>().unwrap();
    assert_eq!(plan.packed_len(), 4 + 4 + 24);
    lengths_of_packing([24, 6, 4, plan.packed_len()], &|w, p, packed| plan.pack(w, p, packed));
}

#[test]
fn slopes_are_neither_missing_nor_unexpected() {
    let check = |prelu: bool, len: usize, pack: &dyn Fn(&Parameters<'_>, &mut [f32]) -> _| {
        let slopes = ones(3);
        let (parameters, error) = match prelu {
            true => (Parameters::NONE, Error::Missing(Buffer::Prelu)),
            false => (Parameters::NONE.prelu(&slopes), Error::Unexpected(Buffer::Prelu)),
        };
        let mut packed = Untouched::new(len);
        let result: Result<(), Error> = pack(&parameters, packed.slice());
        assert_eq!(result, Err(error));
        packed.check();
    };
    for prelu in [true, false] {
        let activation = if prelu { Activation::Prelu } else { Activation::Relu };
        let weight = ones(6);
        let plan = Conv2d::new([2, 2, 2], 3, [1, 1]).activation(activation).plan::<f32>().unwrap();
        check(prelu, plan.packed_len(), &|p, packed| plan.pack(&weight, p, packed));
        let plan = ConvTranspose2d::new([2, 2, 2], 3, [1, 1]).activation(activation);
        let plan = plan.plan::<f32>().unwrap();
        check(prelu, plan.packed_len(), &|p, packed| plan.pack(&weight, p, packed));
        let plan = Linear::new([2, 1, 1], 3).activation(activation).plan::<f32>().unwrap();
        check(prelu, plan.packed_len(), &|p, packed| plan.pack(&weight, p, packed));
    }
}

#[test]
fn a_batch_norm_in_front_of_zero_padding() {
    let spec = Conv2d::new([3, 4, 4], 2, [3, 3]);
    let (weight, var) = (ones(54), ones(3));
    let shifted = BatchNorm::new(&[0.0, 0.0, 0.5], &var);
    let by_bias = BatchNorm::new(&[0.0; 3], &var).affine(&[1.0; 3], &[0.0, -1.0, 0.0]);
    let unshifted = BatchNorm::new(&[0.0; 3], &var);
    let pack = |spec: &Conv2d, norm: BatchNorm<'_>| {
        let plan = spec.plan::<f32>().unwrap();
        let mut packed = Untouched::new(plan.packed_len());
        let parameters = Parameters::NONE.input_batch_norm(norm);
        let result = plan.pack(&weight, &parameters, packed.slice());
        if result.is_err() {
            packed.check();
        }
        result
    };
    let one_side = |side: usize| {
        let mut sides = [0; 4];
        sides[side] = 1;
        spec.padding_sides(sides)
    };
    for side in 0..4 {
        let spec = one_side(side);
        assert_eq!(pack(&spec, shifted), Err(Error::InexactFold { channel: 2 }));
        assert_eq!(pack(&spec, by_bias), Err(Error::InexactFold { channel: 1 }));
        assert_eq!(pack(&spec, unshifted), Ok(()));
        for mode in [PaddingMode::Reflect, PaddingMode::Replicate, PaddingMode::Circular] {
            assert_eq!(pack(&spec.padding_mode(mode), shifted), Ok(()));
        }
    }
    assert_eq!(pack(&spec.padding_same(), shifted), Err(Error::InexactFold { channel: 2 }));
    assert_eq!(pack(&spec, shifted), Ok(()));
}

#[test]
fn slices_as_tensors() {
    for actual in [0, 11, 13, 24] {
        let mut slice = vec![1.0_f32; actual];
        let result = Tensor::<f32, 2, 2, 3>::from_slice(&slice);
        let error = |buffer| Error::Length { buffer, expected: 12, actual };
        assert_eq!(result, Err(error(Buffer::Input)));
        let result = Tensor::<f32, 2, 2, 3>::from_mut_slice(&mut slice);
        assert_eq!(result, Err(error(Buffer::Output)));
    }
}

// Sizes beyond the address space.

/// Sizes whose product is just above the limit, or wraps around to something small.
const TOO_LARGE: [[usize; 3]; 9] = [
    [usize::MAX, 1, 1],
    [1, usize::MAX, 1],
    [1, 1, usize::MAX],
    [MOST + 1, 1, 1],
    [1, 1 << 30, 1 << 30],
    [1 << 20, 1 << 20, 1 << 20],
    // 2^64, and 2^64 + 2^32.
    [1 << 32, 1 << 16, 1 << 16],
    [1 << 32, 1, (1 << 32) + 1],
    [usize::MAX, usize::MAX, usize::MAX],
];

#[test]
fn inputs_that_are_too_large() {
    assert_eq!(MOST + 1, 1 << 60);
    for input in TOO_LARGE {
        let second = [1, input[1], input[2]];
        let errors = [
            refused!(Conv2d::new(input, 1, [1, 1])),
            refused!(Conv2d::new(input, 1, [3, 3]).padding_same()),
            refused!(Conv2d::new(input, input[0], [1, 1]).groups(input[0])),
            refused!(ConvTranspose2d::new(input, 1, [1, 1])),
            refused!(ConvTranspose2d::new(input, 1, [3, 3]).stride([2, 2])),
            refused!(Linear::new(input, 1)),
            refused!(MaxPool2d::new(input, [1, 1])),
            refused!(AvgPool2d::new(input, [1, 1])),
            refused!(AdaptiveAvgPool2d::global(input)),
            refused!(AdaptiveMaxPool2d::global(input)),
            refused!(BatchNorm2d::new(input)),
            refused!(Prelu::new(input)),
            refused!(Add::new(input)),
            refused!(Mul::new(input).per_channel()),
            refused!(Concat::new(input, second)),
            refused!(Concat::new(second, input)),
            refused!(Softmax::new(input)),
            refused!(Activate::new(input, Activation::Relu)),
            refused!(Upsample::to(input, [1, 1])),
            refused!(ZeroPad2d::new(input, [0; 4])),
        ];
        assert_eq!(errors, [Error::Overflow; 20], "{input:?}");
    }
}

#[test]
fn the_largest_input_is_taken() {
    let input = [MOST, 1, 1];
    assert_eq!(Activate::new(input, Activation::Relu).plan::<f32>().unwrap().input_len(), MOST);
    assert_eq!(Softmax::new([1, MOST, 1]).plan::<f32>().unwrap().output_len(), MOST);
    assert_eq!(MaxPool2d::new([1, 1, MOST], [1, 1]).plan::<f32>().unwrap().output_len(), MOST);
    assert_eq!(Prelu::new(input).plan::<f32>().unwrap().packed_len(), MOST);
    assert_eq!(Add::new(input).plan::<f32>().unwrap().second_input_len(), MOST);
    // Its parameters are twice as many.
    assert_eq!(refused!(BatchNorm2d::new(input)), Error::Overflow);
    let half = [MOST / 2, 1, 1];
    assert_eq!(BatchNorm2d::new(half).plan::<f32>().unwrap().packed_len(), MOST / 2 * 2);
}

#[test]
fn outputs_and_weights_that_are_too_large() {
    let input = [1, 5, 5];
    let huge = 1 << 40;
    let errors = [
        // Outputs.
        refused!(Conv2d::new(input, usize::MAX, [1, 1])),
        refused!(Conv2d::new(input, MOST / 25 + 1, [1, 1])),
        refused!(Conv2d::new(input, 1, [1, 1]).padding_sides([huge; 4])),
        refused!(Conv2d::new(input, 1, [1, 1]).padding_sides([usize::MAX, 0, 0, 0])),
        refused!(Conv2d::new(input, 1, [1, 1]).padding_sides([0, usize::MAX, 0, usize::MAX])),
        refused!(ConvTranspose2d::new(input, usize::MAX, [1, 1])),
        refused!(ConvTranspose2d::new(input, 1, [1, 1]).stride([huge; 2])),
        refused!(ConvTranspose2d::new(input, 1, [1, 1]).stride([MOST / 4 + 1, 1])),
        refused!(ConvTranspose2d::new(input, 1, [2, 2]).dilation([huge; 2])),
        refused!(
            ConvTranspose2d::new([1, 1, 1], 1, [1, 1])
                .stride([huge; 2])
                .output_padding([huge - 1; 2])
        ),
        refused!(ConvTranspose2d::new(input, 1, [1, 1]).padding_sides([usize::MAX; 4])),
        refused!(MaxPool2d::new(input, [1, 1]).padding([huge; 2])),
        refused!(MaxPool2d::new(input, [1, 1]).padding([usize::MAX; 2])),
        refused!(AvgPool2d::new(input, [huge; 2]).stride([1, 1]).padding([huge - 1; 2])),
        refused!(AvgPool2d::new(input, [1, 1]).padding([usize::MAX / 2; 2])),
        refused!(AdaptiveAvgPool2d::new(input, [huge, huge])),
        refused!(AdaptiveAvgPool2d::new(input, [usize::MAX, 1])),
        refused!(AdaptiveMaxPool2d::new(input, [1, usize::MAX])),
        refused!(AdaptiveMaxPool2d::new([1, 1 << 31, 1], [1 << 31, 1])),
        refused!(Upsample::to(input, [huge, huge])),
        refused!(Upsample::to(input, [usize::MAX, usize::MAX])),
        refused!(Upsample::by(input, [usize::MAX, 1])),
        refused!(Upsample::by(input, [1 << 62, 1 << 62])),
        // 2^64 + 4, which wraps to 4.
        refused!(Upsample::by(input, [usize::MAX / 5 + 1, 1])),
        refused!(Upsample::by(input, [1, usize::MAX / 5 + 1])),
        refused!(ZeroPad2d::new(input, [usize::MAX, 0, 0, 0])),
        refused!(ZeroPad2d::new(input, [huge; 4])),
        refused!(ZeroPad2d::new(input, [0, usize::MAX / 2, 0, usize::MAX / 2])),
        refused!(Concat::new([MOST / 2 + 1, 1, 1], [MOST / 2 + 1, 1, 1])),
        // Weights, whose inputs and outputs are all right.
        refused!(Linear::new([huge, 1, 1], huge)),
        refused!(Linear::new([1, 1, 1], MOST / 2)),
        refused!(Linear::new(input, usize::MAX)),
        refused!(Conv2d::new([huge, 1, 1], huge, [1, 1])),
        refused!(ConvTranspose2d::new([huge, 1, 1], huge, [1, 1])),
        refused!(Conv2d::new([1, 1 << 20, 1 << 20], huge, [1 << 20, 1 << 20])),
        // Extents.
        refused!(Conv2d::new(input, 1, [1 << 32, 1]).dilation([1 << 32, 1])),
        refused!(Conv2d::new(input, 1, [2, 2]).dilation([usize::MAX; 2])),
        refused!(Conv2d::new(input, 1, [usize::MAX, 1])),
        refused!(MaxPool2d::new(input, [1 << 32; 2]).dilation([1 << 32; 2])),
        refused!(AvgPool2d::new(input, [usize::MAX; 2])),
        refused!(ConvTranspose2d::new(input, 1, [usize::MAX; 2])),
    ];
    for (index, error) in errors.into_iter().enumerate() {
        assert_eq!(error, Error::Overflow, "row {index}");
    }
}

/// The number of taps is a product of its own: all other sizes of these layers are small.
#[test]
fn kernels_with_too_many_taps() {
    const SIZE: usize = 1 << 32;
    for kernel in [[SIZE, SIZE], [SIZE, SIZE + 1], [SIZE + 1, SIZE / 2]] {
        let crop = [kernel[0] - 1, kernel[1] - 1, 0, 0];
        let error = refused!(ConvTranspose2d::new([1, 1, 1], 1, kernel).padding_sides(crop));
        assert_eq!(error, Error::Overflow);
        let error = refused!(Conv2d::new([1, 1, 1], 1, kernel).padding_sides(crop));
        assert_eq!(error, Error::Overflow);
        let error = refused!(Conv2d::new([1, SIZE + 1, SIZE + 1], 1, kernel));
        assert_eq!(error, Error::Overflow);
    }
}

// Parameters that are extreme but make sense.

/// Strides and dilations that no second window or tap sees.
const FAR: [usize; 6] = [7, 1 << 31, 1 << 32, 1 << 59, MOST, usize::MAX];

/// Runs `spec` if there is a plan, and compares the result with that of `tame`, bit for bit.
macro_rules! same_as {
    ($spec:expr, $tame:expr, |$plan:ident, $y:ident| $run:expr) => {{
        let $plan = $tame.plan::<f32>().unwrap();
        let mut expected = Guarded::new($plan.output_len());
        let $y = expected.slice_mut();
        assert_eq!($run, Ok(()));
        let shape = $plan.output_shape();
        if let Ok($plan) = $spec.plan::<f32>() {
            assert_eq!($plan.output_shape(), shape, "{:?}", $spec);
            let mut output = Guarded::new($plan.output_len());
            let $y = output.slice_mut();
            assert_eq!($run, Ok(()), "{:?}", $spec);
            output.check();
            output.assert_written();
            assert_eq!(output.slice(), expected.slice(), "{:?}", $spec);
        }
    }};
}

#[test]
fn strides_beyond_the_input() {
    let x = Random::new(1).f32s(2 * 5 * 6);
    let packed = Random::new(2).f32s(3 + 3 * 2 * 3 * 3);
    for stride in FAR {
        let conv = Conv2d::new([2, 5, 6], 3, [3, 3]).padding_sides([1, 0, 0, 1]);
        for mode in [
            PaddingMode::Zeros,
            PaddingMode::Reflect,
            PaddingMode::Replicate,
            PaddingMode::Circular,
        ] {
            let conv = conv.padding_mode(mode);
            same_as!(conv.stride([stride; 2]), conv.stride([9, 9]), |plan, y| {
                plan.run(&packed, &x, y, &mut [])
            });
        }
        let max = MaxPool2d::new([2, 5, 6], [3, 3]).padding_sides([1, 1, 0, 1]);
        same_as!(max.stride([stride; 2]), max.stride([9, 9]), |plan, y| plan.run(&x, y));
        let max = max.ceil_mode(true);
        same_as!(max.stride([stride; 2]), max.stride([9, 9]), |plan, y| plan.run(&x, y));
        let avg = AvgPool2d::new([2, 5, 6], [3, 3]).padding_sides([1, 1, 0, 1]);
        same_as!(avg.stride([stride; 2]), avg.stride([9, 9]), |plan, y| plan.run(&x, y));
        let avg = avg.ceil_mode(true).count_include_pad(false);
        same_as!(avg.stride([stride; 2]), avg.stride([9, 9]), |plan, y| plan.run(&x, y));
        // One input pixel, so nothing is a stride away.
        let transposed = ConvTranspose2d::new([2, 1, 1], 3, [3, 3]);
        same_as!(transposed.stride([stride; 2]), transposed.stride([9, 9]), |plan, y| {
            plan.run(&packed, &x[..2], y, &mut [])
        });
        let transposed = transposed.padding([1, 1]).output_padding([3, 2]);
        same_as!(transposed.stride([stride; 2]), transposed.stride([9, 9]), |plan, y| {
            plan.run(&packed, &x[..2], y, &mut [])
        });
    }
}

#[test]
fn dilations_of_a_single_tap() {
    let x = Random::new(1).f32s(2 * 3 * 4);
    let packed = Random::new(2).f32s(3 + 3 * 2);
    for dilation in FAR {
        for stride in [1, 2] {
            let conv = Conv2d::new([2, 3, 4], 3, [1, 1]).stride([stride; 2]).padding([2, 2]);
            same_as!(conv.dilation([dilation; 2]), conv, |plan, y| {
                plan.run(&packed, &x, y, &mut [])
            });
            let transposed = ConvTranspose2d::new([2, 3, 4], 3, [1, 1]).stride([stride; 2]);
            same_as!(transposed.dilation([dilation; 2]), transposed, |plan, y| {
                plan.run(&packed, &x, y, &mut [])
            });
            for padding in [0, 1, 2, 5] {
                let max = MaxPool2d::new([2, 3, 4], [1, 1]).stride([stride; 2]);
                let max = max.padding([padding; 2]);
                same_as!(max.dilation([dilation; 2]), max, |plan, y| plan.run(&x, y));
            }
        }
    }
}

#[test]
fn padding_far_beyond_the_input() {
    let x = Random::new(1).f32s(2 * 3 * 4);
    // Windows as large as the padding, so that there are few of them.
    for padding in [100, 1 << 31, 1 << 32, 1 << 58] {
        let avg = |padding: usize| {
            AvgPool2d::new([2, 3, 4], [padding + 3, padding + 4])
                .stride([1, 1])
                .padding_sides([padding, padding, 0, 0])
                .count_include_pad(false)
        };
        same_as!(avg(padding), avg(100), |plan, y| plan.run(&x, y));
        let avg = |padding: usize| avg(padding).divisor_override(3);
        same_as!(avg(padding), avg(100), |plan, y| plan.run(&x, y));
    }
}

/// The number of pixels in a window is a product of its own.
#[test]
fn averages_over_more_padding_than_can_be_counted() {
    let x = [1.0; 12];
    for padding in [1_usize << 16, 1 << 32, 1 << 40] {
        let spec = AvgPool2d::new([1, 3, 4], [padding + 3, padding + 4])
            .stride([1, 1])
            .padding_sides([padding, padding, 0, 0]);
        let Ok(plan) = spec.plan::<f32>() else { continue };
        assert_eq!(plan.output_len(), 1);
        let mut y = [f32::NAN];
        assert_eq!(plan.run(&x, &mut y), Ok(()));
        let pixels = (padding as f64 + 3.0) * (padding as f64 + 4.0);
        let expected = 12.0 / pixels;
        let error = (f64::from(y[0]) - expected).abs();
        assert!(error <= 1e-6 * expected, "{spec:?}: {}, not {expected:e}", y[0]);
    }
}

#[test]
fn divisors_far_beyond_the_window() {
    for divisor in [1 << 24, usize::MAX / 2, usize::MAX] {
        let plan =
            AvgPool2d::new([1, 2, 2], [2, 2]).divisor_override(divisor).plan::<f32>().unwrap();
        let mut y = [0.0];
        assert_eq!(plan.run(&[1.0, 2.0, 3.0, 4.0], &mut y), Ok(()));
        assert_eq!(y, [10.0 / divisor as f32]);
    }
}

// Arbitrary parameters: a plan or an error, soon.

/// How long a plan may take before it counts as an endless loop.
const SOON: Duration = Duration::from_secs(10);

/// Runs `f` on a thread; panics if it does not return soon, with the last text it gave.
#[track_caller]
fn soon(f: impl FnOnce(&dyn Fn(String)) + Send + 'static) {
    let (sender, receiver) = sync_channel(0);
    let thread = std::thread::spawn(move || {
        // A receiver that has given up does not matter.
        f(&|text| drop(sender.send(text)));
    });
    let mut last = String::from("nothing yet");
    loop {
        match receiver.recv_timeout(SOON) {
            Ok(text) => last = text,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("still busy with {last}"),
        }
    }
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn pools_with_vast_padding_are_checked_at_once() {
    soon(|now| {
        let size = 1 << 58;
        let spec = AvgPool2d::new([1, 5, 1], [size + 1, 1])
            .stride([1, 1])
            .padding_sides([size, 0, size, 0]);
        now(format!("{spec:?}"));
        assert_eq!(spec.plan::<f32>().map(|plan| plan.output_len()), Ok(size + 5));
        let spec = AvgPool2d { kernel_size: [size, 1], ..spec };
        now(format!("{spec:?}"));
        let error = Error::WindowInPadding { direction: Height, output: 0 };
        assert_eq!(refused!(spec), error);
        let spec = AvgPool2d { padding: [size - 1, 0, size, 0], ..spec };
        now(format!("{spec:?}"));
        let error = Error::WindowInPadding { direction: Height, output: size + 4 };
        assert_eq!(refused!(spec), error);
    });
}

fn number() -> impl Strategy<Value = usize> {
    prop_oneof![
        12 => 1..=7_usize,
        1 => Just(0_usize),
        6 => select(vec![
            isize::MAX as usize,
            isize::MAX as usize + 1,
            usize::MAX,
            usize::MAX - 1,
            usize::MAX / 2,
            MOST,
            MOST + 1,
            1 << 31,
            1 << 32,
            (1 << 32) - 1,
            1 << 16,
            1 << 59,
        ]),
        1 => any::<usize>(),
        1 => (0..64_u32, any::<usize>()).prop_map(|(shift, number)| number >> shift),
    ]
}

/// The parameters of any operator.
#[derive(Clone, Debug)]
struct Numbers {
    input: [usize; 3],
    second: [usize; 3],
    channels: usize,
    groups: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    sides: [usize; 4],
    extra: [usize; 2],
    divisor: Option<usize>,
    flags: [bool; 3],
    mode: PaddingMode,
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let n = number;
    let pair = || [n(), n()];
    // Mostly ordinary, so that the extreme ones get past the first checks.
    let side = || prop_oneof![2 => Just(0_usize), 1 => number()];
    let mode = select(vec![
        PaddingMode::Zeros,
        PaddingMode::Reflect,
        PaddingMode::Replicate,
        PaddingMode::Circular,
    ]);
    let first = ([n(), n(), n()], [n(), n(), n()], n(), prop_oneof![3 => Just(1_usize), 1 => n()]);
    let second = (pair(), pair(), pair(), [side(), side(), side(), side()]);
    let third = ([side(), side()], proptest::option::of(n()), any::<[bool; 3]>(), mode);
    (first, second, third).prop_map(|(first, second, third)| {
        let (input, second_input, channels, groups) = first;
        let (kernel, stride, dilation, sides) = second;
        let (extra, divisor, flags, mode) = third;
        Numbers {
            input,
            second: second_input,
            channels,
            groups,
            kernel,
            stride,
            dilation,
            sides,
            extra,
            divisor,
            flags,
            mode,
        }
    })
}

/// Lengths for which a plan is run as well.
const RUNNABLE: Range<usize> = 1..2000;

fn runnable(lengths: &[usize]) -> bool {
    lengths.iter().all(|length| RUNNABLE.contains(length))
}

/// Plans every operator, runs what is small enough, and counts the plans.
fn plan_all(numbers: &Numbers) -> usize {
    let Numbers { input, second, channels, groups, kernel, stride, dilation, sides, extra, .. } =
        *numbers;
    let [same, ceil_mode, count_include_pad] = numbers.flags;
    let mut plans = 0;
    let mut output = |len: usize, run: &dyn Fn(&mut [f32]) -> Result<(), Error>| {
        plans += 1;
        if runnable(&[len]) {
            let mut y = Guarded::new(len);
            assert_eq!(run(y.slice_mut()), Ok(()));
            y.check();
            y.assert_written();
        }
    };

    let conv = Conv2d {
        padding: if same { Padding::Same } else { Padding::Sides(sides) },
        ..Conv2d::new(input, channels, kernel)
            .stride(stride)
            .dilation(dilation)
            .groups(groups)
            .padding_mode(numbers.mode)
    };
    let transposed = ConvTranspose2d::new(input, channels, kernel)
        .stride(stride)
        .dilation(dilation)
        .groups(groups)
        .padding_sides(sides)
        .output_padding(extra);
    for plan in [conv.plan::<f32>(), transposed.plan::<f32>(), conv.prelu().plan::<f32>()] {
        let Ok(plan) = plan else { continue };
        let lengths = [plan.input_len(), plan.packed_len()];
        let weights = plan.weight_shape().iter().try_fold(1_usize, |a, b| a.checked_mul(*b));
        assert!(weights.is_some_and(|weights| weights < plan.packed_len()), "{plan:?}");
        output(if runnable(&lengths) { plan.output_len() } else { 0 }, &|y| {
            plan.run(&ones(lengths[1]), &ones(lengths[0]), y, &mut [])
        });
    }
    let linear = [
        Linear::new(input, channels).plan::<f32>(),
        Linear::new(input, channels).prelu().plan::<f32>(),
    ];
    for plan in linear.into_iter().flatten() {
        let lengths = [plan.input_len(), plan.packed_len()];
        output(if runnable(&lengths) { plan.output_len() } else { 0 }, &|y| {
            plan.run(&ones(lengths[1]), &ones(lengths[0]), y)
        });
    }
    let average = AvgPool2d {
        divisor_override: numbers.divisor,
        ..AvgPool2d::new(input, kernel)
            .stride(stride)
            .padding_sides(sides)
            .ceil_mode(ceil_mode)
            .count_include_pad(count_include_pad)
    };
    let maximum = MaxPool2d::new(input, kernel)
        .stride(stride)
        .dilation(dilation)
        .padding_sides(sides)
        .ceil_mode(ceil_mode);
    let unary = [
        average.plan::<f32>(),
        maximum.plan::<f32>(),
        AdaptiveAvgPool2d::new(input, kernel).plan::<f32>(),
        AdaptiveMaxPool2d::new(input, kernel).plan::<f32>(),
        AdaptiveMaxPool2d::global(input).plan::<f32>(),
        Upsample::to(input, kernel).plan::<f32>(),
        Upsample::by(input, stride).plan::<f32>(),
        Upsample::to(input, kernel)
            .mode(UpsampleMode::Bilinear { align_corners: same })
            .plan::<f32>(),
        ZeroPad2d::new(input, sides).plan::<f32>(),
    ];
    let softmax = Softmax::new(input).plan::<f32>().into_iter();
    for plan in softmax {
        let x = plan.input_len();
        output(if runnable(&[x]) { plan.output_len() } else { 0 }, &|y| plan.run(&ones(x), y));
    }
    let relu = Activate::new(input, Activation::Relu).plan::<f32>().into_iter();
    for plan in relu {
        let x = plan.input_len();
        output(if runnable(&[x]) { plan.output_len() } else { 0 }, &|y| plan.run(&ones(x), y));
    }
    for plan in unary.into_iter().flatten() {
        let x = plan.input_len();
        output(if runnable(&[x]) { plan.output_len() } else { 0 }, &|y| plan.run(&ones(x), y));
    }
    let binary = [
        Add { second_input: second, ..Add::new(input) }.plan::<f32>(),
        Mul::new(input).per_channel().plan::<f32>(),
        Mul::new(input).plan::<f32>(),
        Concat::new(input, second).plan::<f32>(),
        Concat::new(input, [second[0], input[1], input[2]]).plan::<f32>(),
    ];
    for plan in binary.into_iter().flatten() {
        let lengths = [plan.input_len(), plan.second_input_len()];
        output(if runnable(&lengths) { plan.output_len() } else { 0 }, &|y| {
            plan.run(&ones(lengths[0]), &ones(lengths[1]), y)
        });
    }
    if let Ok(plan) = BatchNorm2d::new(input).plan::<f32>() {
        let lengths = [plan.packed_len(), plan.input_len()];
        output(if runnable(&lengths) { plan.input_len() } else { 0 }, &|y| {
            plan.run(&ones(lengths[0]), &ones(lengths[1]), y)
        });
    }
    if let Ok(plan) = Prelu::new(input).plan::<f32>() {
        let lengths = [plan.packed_len(), plan.input_len()];
        output(if runnable(&lengths) { plan.input_len() } else { 0 }, &|y| {
            plan.run(&ones(lengths[0]), &ones(lengths[1]), y)
        });
    }
    plans
}

#[test]
fn arbitrary_parameters_give_a_plan_or_an_error() {
    soon(|now| {
        let asked = std::env::var("NCHW_CASES").ok().map(|n| n.parse().expect("NCHW_CASES"));
        let default = Config::default();
        let config = Config {
            cases: asked.unwrap_or(0).max(30_000),
            failure_persistence: None,
            rng_seed: match default.rng_seed {
                RngSeed::Random => RngSeed::Fixed(1),
                fixed => fixed,
            },
            ..default
        };
        let plans = Cell::new(0);
        let result = TestRunner::new(config).run(&numbers(), |numbers| {
            now(format!("{numbers:?}"));
            plans.set(plans.get() + plan_all(&numbers));
            Ok(())
        });
        if let Err(error) = result {
            panic!("{error}");
        }
        println!("{} plans", plans.get());
        assert!(plans.get() > 10_000, "only {} plans", plans.get());
    });
}
