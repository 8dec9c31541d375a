//! Which layer it is.

use core::mem::discriminant;

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Add, AvgPool2d, BatchNorm2d,
    Concat, Conv2d, ConvTranspose2d, Linear, MaxPool2d, Mul, Prelu, Softmax, Upsample, ZeroPad2d,
};

use crate::Wire;

/// A specification, of whichever operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operator {
    Conv2d(Conv2d),
    ConvTranspose2d(ConvTranspose2d),
    Linear(Linear),
    BatchNorm2d(BatchNorm2d),
    Prelu(Prelu),
    MaxPool2d(MaxPool2d),
    AvgPool2d(AvgPool2d),
    AdaptiveMaxPool2d(AdaptiveMaxPool2d),
    AdaptiveAvgPool2d(AdaptiveAvgPool2d),
    Upsample(Upsample),
    ZeroPad2d(ZeroPad2d),
    Activate(Activate),
    Softmax(Softmax),
    Add(Add),
    Mul(Mul),
    Concat(Concat),
}

/// A shape, whichever.
const ONE: [usize; 3] = [1; 3];

impl Operator {
    /// One of each, with its name.
    pub const ALL: [(&'static str, Self); 16] = [
        ("conv2d", Self::Conv2d(Conv2d::new(ONE, 1, [1, 1]))),
        ("conv-transpose2d", Self::ConvTranspose2d(ConvTranspose2d::new(ONE, 1, [1, 1]))),
        ("linear", Self::Linear(Linear::new(ONE, 1))),
        ("batch-norm2d", Self::BatchNorm2d(BatchNorm2d::new(ONE))),
        ("prelu", Self::Prelu(Prelu::new(ONE))),
        ("max-pool2d", Self::MaxPool2d(MaxPool2d::new(ONE, [1, 1]))),
        ("avg-pool2d", Self::AvgPool2d(AvgPool2d::new(ONE, [1, 1]))),
        ("adaptive-max-pool2d", Self::AdaptiveMaxPool2d(AdaptiveMaxPool2d::new(ONE, [1, 1]))),
        ("adaptive-avg-pool2d", Self::AdaptiveAvgPool2d(AdaptiveAvgPool2d::new(ONE, [1, 1]))),
        ("upsample", Self::Upsample(Upsample::to(ONE, [1, 1]))),
        ("zero-pad2d", Self::ZeroPad2d(ZeroPad2d::new(ONE, [0; 4]))),
        ("activate", Self::Activate(Activate::new(ONE, Activation::Identity))),
        ("softmax", Self::Softmax(Softmax::new(ONE))),
        ("add", Self::Add(Add::new(ONE))),
        ("mul", Self::Mul(Mul::new(ONE))),
        ("concat", Self::Concat(Concat::new(ONE, ONE))),
    ];

    /// Which of them it is.
    pub fn index(&self) -> Option<usize> {
        Self::ALL.iter().position(|(_, other)| discriminant(self) == discriminant(other))
    }

    pub(crate) fn on<'a, W: Wire<'a>>(&mut self, wire: &mut W) -> Option<()> {
        let mut index = self.index()?;
        wire.number(&mut index)?;
        let (_, other) = Self::ALL.get(index)?;
        if discriminant(self) != discriminant(other) {
            *self = *other;
        }
        match self {
            Self::Conv2d(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.number(&mut spec.out_channels)?;
                wire.numbers(&mut spec.kernel_size)?;
                wire.numbers(&mut spec.stride)?;
                wire.padding(&mut spec.padding)?;
                wire.padding_mode(&mut spec.padding_mode)?;
                wire.numbers(&mut spec.dilation)?;
                wire.number(&mut spec.groups)?;
                wire.activation(&mut spec.activation)?;
                wire.algorithm(&mut spec.algorithm)?;
                wire.quantizations(&mut spec.quantization)?;
                wire.rounding(&mut spec.rounding)?;
                wire.range(&mut spec.output_range)
            }
            Self::ConvTranspose2d(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.number(&mut spec.out_channels)?;
                wire.numbers(&mut spec.kernel_size)?;
                wire.numbers(&mut spec.stride)?;
                wire.padding(&mut spec.padding)?;
                wire.numbers(&mut spec.output_padding)?;
                wire.numbers(&mut spec.dilation)?;
                wire.number(&mut spec.groups)?;
                wire.activation(&mut spec.activation)?;
                wire.algorithm(&mut spec.algorithm)?;
                wire.quantizations(&mut spec.quantization)?;
                wire.rounding(&mut spec.rounding)?;
                wire.range(&mut spec.output_range)
            }
            Self::Linear(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.number(&mut spec.out_features)?;
                wire.activation(&mut spec.activation)?;
                wire.quantizations(&mut spec.quantization)?;
                wire.i8(&mut spec.weight_zero_point)?;
                wire.rounding(&mut spec.rounding)?;
                wire.range(&mut spec.output_range)
            }
            Self::BatchNorm2d(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.activation(&mut spec.activation)
            }
            Self::Prelu(spec) => wire.numbers(&mut spec.input),
            Self::MaxPool2d(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.numbers(&mut spec.kernel_size)?;
                wire.numbers(&mut spec.stride)?;
                wire.padding(&mut spec.padding)?;
                wire.numbers(&mut spec.dilation)?;
                wire.flag(&mut spec.ceil_mode)?;
                wire.activation(&mut spec.activation)?;
                wire.optional_quantization(&mut spec.quantization)?;
                wire.range(&mut spec.output_range)
            }
            Self::AvgPool2d(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.numbers(&mut spec.kernel_size)?;
                wire.numbers(&mut spec.stride)?;
                wire.padding(&mut spec.padding)?;
                wire.flag(&mut spec.ceil_mode)?;
                wire.flag(&mut spec.count_include_pad)?;
                wire.option(&mut spec.divisor_override, 1, |wire, divisor| wire.number(divisor))?;
                wire.activation(&mut spec.activation)?;
                wire.optional_quantization(&mut spec.quantization)?;
                wire.range(&mut spec.output_range)
            }
            Self::AdaptiveMaxPool2d(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.numbers(&mut spec.output_size)?;
                wire.activation(&mut spec.activation)?;
                wire.optional_quantization(&mut spec.quantization)?;
                wire.range(&mut spec.output_range)
            }
            Self::AdaptiveAvgPool2d(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.numbers(&mut spec.output_size)?;
                wire.activation(&mut spec.activation)?;
                wire.optional_quantization(&mut spec.quantization)?;
                wire.range(&mut spec.output_range)
            }
            Self::Upsample(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.numbers(&mut spec.output_size)?;
                wire.option(&mut spec.scale_factor, [1.0; 2], |wire, factors| {
                    factors.iter_mut().try_for_each(|factor| wire.f64(factor))
                })?;
                wire.upsample_mode(&mut spec.mode)
            }
            Self::ZeroPad2d(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.numbers(&mut spec.padding)?;
                wire.optional_quantization(&mut spec.quantization)
            }
            Self::Activate(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.activation(&mut spec.activation)?;
                wire.quantizations(&mut spec.quantization)
            }
            Self::Softmax(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.quantizations(&mut spec.quantization)
            }
            Self::Add(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.numbers(&mut spec.second_input)?;
                wire.activation(&mut spec.activation)?;
                wire.quantizations(&mut spec.quantization)?;
                wire.range(&mut spec.output_range)?;
                wire.factors(&mut spec.factors)
            }
            Self::Mul(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.numbers(&mut spec.second_input)?;
                wire.activation(&mut spec.activation)?;
                wire.quantizations(&mut spec.quantization)?;
                wire.range(&mut spec.output_range)
            }
            Self::Concat(spec) => {
                wire.numbers(&mut spec.input)?;
                wire.numbers(&mut spec.second_input)?;
                wire.quantizations(&mut spec.quantization)
            }
        }
    }
}
