//! How errors read: one sentence for each, with the numbers in it.

use core::fmt;

use crate::algorithm::Algorithm;
use crate::error::{Buffer, Direction, Error, Parameter};
use crate::message::Message;
use crate::tensor::Dtype;

impl Error {
    /// The sentence.
    pub(crate) const fn message(&self) -> Message {
        let mut message = Message::new();
        self.append(&mut message);
        message
    }

    const fn append<'a>(&self, m: &'a mut Message) -> &'a mut Message {
        match *self {
            Self::Zero(parameter) => m.text(parameter.name()).text(" must be at least 1, it is 0"),
            Self::ChannelsNotDivisible { parameter, channels, groups } => m
                .text(parameter.name())
                .text(" must be divisible by groups: ")
                .number(channels)
                .text(" channels, ")
                .number(groups)
                .text(" groups"),
            Self::KernelTooLarge { direction, extent, padded_input } => m
                .text("kernel is ")
                .text(direction.comparative())
                .text(" than the padded input: it covers ")
                .number(extent)
                .text(direction.unit())
                .text(", the padded input has ")
                .number(padded_input),
            Self::ChannelsLast { input, extent, padded_input } => {
                Self::KernelTooLarge { direction: Direction::Width, extent, padded_input }
                    .append(m)
                    .text("; shapes are [channels, height, width], ")
                    .list(&input)
                    .text(" looks like [height, width, channels]")
            }
            Self::PaddingTooLarge { direction, mode, padding, limit } => m
                .text(mode.name())
                .text(" padding of ")
                .number(padding)
                .text(direction.unit())
                .text(" is too large: this input allows at most ")
                .number(limit),
            Self::SamePaddingWithStride { direction, stride } => m
                .text("padding `same` needs stride 1, as in PyTorch, the stride along ")
                .text(direction.letter())
                .text(" is ")
                .number(stride)
                .text("; TensorFlow's is `.padding_same_tflite()`"),
            Self::OutputPaddingTooLarge { direction, output_padding, limit } => m
                .text("output_padding along ")
                .text(direction.letter())
                .text(" must be smaller than the stride or the dilation: at most ")
                .number(limit)
                .text(" here, it is ")
                .number(output_padding),
            Self::EmptyOutput { direction, full, cropped } => m
                .text("the output is empty: padding crops ")
                .number(cropped)
                .text(direction.unit())
                .text(" of ")
                .number(full),
            Self::WindowInPadding { direction, output } => m
                .text("the pooling window of output ")
                .number(output)
                .text(" along ")
                .text(direction.letter())
                .text(" lies in the padding alone"),
            Self::InvalidScaleFactor { direction } => m
                .text("the scale factor along ")
                .text(direction.letter())
                .text(" must be a positive, finite number"),
            Self::ShapeMismatch { first, second } => m
                .text("the inputs' shapes do not go together: ")
                .list(&first)
                .text(" and ")
                .list(&second)
                .text(match channels_moved(first, second) {
                    true => "; shapes are [channels, height, width], in one the channels come last",
                    false => "",
                }),
            Self::WeightRank { expected, actual } => m
                .text("a weight of ")
                .number(expected)
                .text(" dimensions is expected, this one has ")
                .number(actual)
                .text(match (expected, actual) {
                    (4, 3) => "; a 1-D kernel is one of height or width 1",
                    _ => "",
                }),
            Self::WeightShape { expected, actual } => m
                .text("the weight's shape: ")
                .list(present(&expected))
                .text(" expected, ")
                .list(present(&actual))
                .text(" given")
                .text(reordered(expected, actual)),
            Self::PartsOverlap { first, second } => m
                .text("slots ")
                .number(first)
                .text(" and ")
                .number(second)
                .text(" are parts of one block and overlap while both are needed"),
            Self::EmptyClampRange => m.text("the clamp's minimum is above its maximum"),
            Self::EmptyOutputRange => m.text(
                "`output_range` leaves no result: its minimum is above its maximum, or the activation's bounds lie \
                 outside of it",
            ),
            Self::NanClampBound => {
                m.text("a bound of the clamp is NaN; for no bound there are infinities")
            }
            Self::Overflow => m.text(
                "a tensor of this size, or its padded plane, does not fit into the address space",
            ),
            Self::SpanTooLarge(parameter) => m
                .text(parameter.name())
                .text(" is too large: what it spans does not fit into the address space"),
            Self::InexactFold { channel } => m
                .text(
                    "this batch norm cannot be folded into the convolution after it: zero padding \
                       is not shifted, and the shift of channel ",
                )
                .number(channel)
                .text(" is not zero"),
            Self::MissingQuantization => {
                m.text(
                "the specification does not say what its i8 numbers mean: call `.quantized(..)`",
            )
            }
            Self::NoQuantizedForm => m.text("this operator or activation has no i8 form"),
            Self::NotFused => m.text(
                "in i8 only activations that clamp are fused into a layer; this one is to be had as a \
                 layer of its own, `Activate`",
            ),
            Self::NeedsLibm => m.text("this activation or operator needs the feature `libm`"),
            Self::WeightZeroPoint => m.text("weights quantized from f32 have no zero point: `.weight_zero_point(..)` is for ready-made ones"),
            Self::InvalidScale => m.text("a scale must be a positive, finite number"),
            Self::InvalidWeightScale { channel } => m
                .text("the weights' scale of output channel ")
                .number(channel)
                .text(" must be a positive, finite number"),
            Self::NotFinite { buffer, channel } => m
                .text(buffer.name())
                .text(" of channel ")
                .number(channel)
                .text(" is not a finite number"),
            Self::InvalidVariance { channel } => m
                .text("the batch norm's running_var of channel ")
                .number(channel)
                .text(" must be a finite number of at least 0"),
            Self::ZeroVariance { channel } => m
                .text("the batch norm's running_var of channel ")
                .number(channel)
                .text(" and its eps are both 0, and it divides by their root"),
            Self::InvalidEps => {
                m.text("a batch norm's eps must be a finite number of at least 0")
            }
            Self::FoldOverflow { channel } => m
                .text("weights or bias of output channel ")
                .number(channel)
                .text(", with batch norms folded in, are too large for an f32"),
            Self::InvalidMultiplier { channel, multiplier, shift } => match channel {
                Some(channel) => {
                    m.text("the fixed-point factor of output channel ").number(channel)
                }
                None => m.text("a fixed-point factor"),
            }
                .text(" needs a multiplier of at least 0 and a shift of at most 30, they are ")
                .signed(multiplier)
                .text(" and ")
                .signed(shift),
            Self::OtherTarget(target) => m
                .text("this plan packs weights for `Target::")
                .text(target.name())
                .text("` and cannot run on this target, which reads them in another order"),
            Self::OtherOrder => m.text(
                "the i8 weights are not packed in the order that this plan reads: they were packed for another `Target` or \
                 algorithm, or not at all",
            ),
            Self::BackendUnavailable(backend) => {
                m.text("the backend ").text(backend.name()).text(" is not available here")
            }
            Self::AlgorithmUnavailable { algorithm: Algorithm::Winograd4, dtype: Dtype::I8 } => {
                m.text("the algorithm winograd4 has no i8 form; winograd2 has one")
            }
            Self::AlgorithmUnavailable { algorithm, dtype } => m
                .text("the algorithm ")
                .text(algorithm.name())
                .text(match dtype {
                    Dtype::F32 => "",
                    Dtype::I8 => " in i8",
                })
                .text(" is for convolutions with a 3x3 kernel, stride 1 and zero padding")
                .text(match dtype {
                    Dtype::F32 => "",
                    Dtype::I8 => ", with at most 1820 input channels in a group",
                }),
            Self::AccumulatorOverflow { channel, largest } => m
                .text("the sums of output channel ")
                .number(channel)
                .text(" could leave i32: up to ")
                .number(if largest > usize::MAX as u64 { usize::MAX } else { largest as usize })
                .text(", at most 2147483647 fit"),
            Self::Missing(Buffer::Prelu) => m.text(
                "a PReLU needs its slopes: give them with `Parameters::prelu`, or use the operator `Prelu`",
            ),
            Self::Missing(buffer) => m.text(buffer.name()).text(" is missing"),
            Self::Unexpected(buffer) => {
                m.text(buffer.name()).text(" was given, but the specification does not ask for it")
            }
            Self::Length { buffer, expected, actual } => m
                .text(buffer.name())
                .text(match buffer {
                    Buffer::Workspace => ": at least ",
                    _ => ": ",
                })
                .number(expected)
                .text(" elements expected, ")
                .number(actual)
                .text(" given")
                .batch(buffer, actual, expected),
        }
    }
}

impl Message {
    /// What to do with several images in a buffer for one, if that is what they are.
    const fn batch(&mut self, buffer: Buffer, actual: usize, expected: usize) -> &mut Self {
        let data = matches!(buffer, Buffer::Input | Buffer::SecondInput | Buffer::Output);
        let Some(images) = actual.checked_div(expected) else { return self };
        if !data || images < 2 || !actual.is_multiple_of(images) {
            return self;
        }
        self.text("; if that is a batch of ")
            .number(images)
            .text(", run each of its images in a loop")
    }
}

/// Whether two shapes are the same but for the place of the channels.
const fn channels_moved([a, b, c]: [usize; 3], [d, e, f]: [usize; 3]) -> bool {
    let same = a == d && b == e && c == f;
    !same && (a == f && b == d && c == e || a == e && b == f && c == d)
}

impl Parameter {
    const fn name(self) -> &'static str {
        use Direction::{Height, Width};
        match self {
            Self::InChannels => "the number of input channels",
            Self::OutChannels => "the number of output channels",
            Self::Input(Height) => "the input's height",
            Self::Input(Width) => "the input's width",
            Self::Output(Height) => "the output's height",
            Self::Output(Width) => "the output's width",
            Self::KernelSize(Height) => "the kernel's height",
            Self::KernelSize(Width) => "the kernel's width",
            Self::Stride(Height) => "the stride along H",
            Self::Stride(Width) => "the stride along W",
            Self::Dilation(Height) => "the dilation along H",
            Self::Dilation(Width) => "the dilation along W",
            Self::Padding(Height) => "the padding along H",
            Self::Padding(Width) => "the padding along W",
            Self::Groups => "groups",
            Self::DivisorOverride => "divisor_override",
            Self::Jobs => "the number of jobs",
        }
    }
}

impl Direction {
    const fn letter(self) -> &'static str {
        match self {
            Self::Height => "H",
            Self::Width => "W",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::Height => " rows",
            Self::Width => " columns",
        }
    }

    const fn comparative(self) -> &'static str {
        match self {
            Self::Height => "taller",
            Self::Width => "wider",
        }
    }
}

impl Buffer {
    const fn name(self) -> &'static str {
        match self {
            Self::Input => "the input",
            Self::SecondInput => "the second input",
            Self::Output => "the output",
            Self::Weight => "the weight",
            Self::Bias => "the bias",
            Self::Prelu => "the PReLU slope",
            Self::WeightScale => "the weights' scale",
            Self::Multiplier => "the multiplier",
            Self::Shift => "the shift",
            Self::BatchNormWeight => "the batch norm's weight",
            Self::BatchNormBias => "the batch norm's bias",
            Self::RunningMean => "the batch norm's running_mean",
            Self::RunningVar => "the batch norm's running_var",
            Self::Packed => "the packed weights",
            Self::Workspace => "the workspace",
            Self::Offsets => "the offsets",
            Self::Memory => "the network's memory",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message().as_str())
    }
}

impl core::error::Error for Error {}

/// The sentence of `Display`.
#[cfg(feature = "defmt")]
impl defmt::Format for Error {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.message().as_str());
    }
}

/// The dimensions in front of those that are not there.
const fn present(shape: &[usize; 4]) -> &[usize] {
    match shape {
        [a, b, 0, 0] if *a != 0 && *b != 0 => shape.split_at(2).0,
        _ => shape,
    }
}

/// What a weight of this shape may be: the right one in another order.
const fn reordered([o, i, h, w]: [usize; 4], actual: [usize; 4]) -> &'static str {
    if same(actual, [i, o, h, w]) {
        "; the first two dimensions are exchanged"
    } else if same(actual, [o, i, w, h]) {
        "; height and width are exchanged"
    } else if same(actual, [o, h, w, i]) || same(actual, [i, h, w, o]) || same(actual, [h, w, i, o])
    {
        "; channels come last in it, as in TensorFlow: permute its elements into the expected order"
    } else {
        ""
    }
}

const fn same(a: [usize; 4], b: [usize; 4]) -> bool {
    a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3]
}
