//! Specifications that are refused, and the sentences that errors say.

use nchw::Direction::{Height, Width};
use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, Algorithm, AvgPool2d,
    BatchNorm2d, Buffer, Concat, Conv2d, ConvTranspose2d, Dtype, Error, Linear, MaxPool2d, Mul,
    PaddingMode, Parameter, Prelu, Softmax, Upsample, ZeroPad2d,
};

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
            "padding `same` needs stride 1, as in PyTorch, the stride along H is 2; TensorFlow's is \
             `.padding_same_tflite()`",
        ),
        (
            refused!(conv().padding_same().stride([1, 3])),
            Error::SamePaddingWithStride { direction: Width, stride: 3 },
            "padding `same` needs stride 1, as in PyTorch, the stride along W is 3; TensorFlow's is \
             `.padding_same_tflite()`",
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
            Error::NanClampBound,
            "a bound of the clamp is NaN; for no bound there are infinities",
        ),
        (
            refused!(Linear::new([4, 5, 6], 3).activation(NAN)),
            Error::NanClampBound,
            "a bound of the clamp is NaN; for no bound there are infinities",
        ),
        (
            refused!(max_pool.activation(EMPTY)),
            Error::EmptyClampRange,
            "the clamp's minimum is above its maximum",
        ),
        (
            refused!(BatchNorm2d::new([4, 5, 6]).activation(NAN)),
            Error::NanClampBound,
            "a bound of the clamp is NaN; for no bound there are infinities",
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
        // Algorithms.
        (
            refused!(conv().stride([1, 2]).algorithm(Algorithm::Winograd4)),
            Error::AlgorithmUnavailable { algorithm: Algorithm::Winograd4, dtype: Dtype::F32 },
            "the algorithm winograd4 is for convolutions with a 3x3 kernel, stride 1 and zero padding",
        ),
        (
            refused!(conv().stride([2, 1]).algorithm(Algorithm::Winograd2)),
            Error::AlgorithmUnavailable { algorithm: Algorithm::Winograd2, dtype: Dtype::F32 },
            "the algorithm winograd2 is for convolutions with a 3x3 kernel, stride 1 and zero padding",
        ),
        // Size.
        (
            refused!(Softmax::new([usize::MAX, 1, 1])),
            Error::Overflow,
            "a tensor of this size, or its padded plane, does not fit into the address space",
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
    let most = format!("the output: {} elements expected, 0 given", usize::MAX);
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
        (Error::Length { buffer: Buffer::Output, expected: usize::MAX, actual: 0 }, most.as_str()),
    ];
    for (error, sentence) in table {
        assert_eq!(error.to_string(), sentence);
    }
}
