//! Random operands, and what differs between the types.

use nchw::{
    ConvPlan, Element, Error, Int8Parameters, LinearPlan, Parameters, Quantization, WeightScale,
};

/// What the i8 numbers of the inputs mean; the zero points are there to be folded in.
pub const X: Quantization = Quantization { scale: 1.0, zero_point: -3 };
/// And those of the outputs.
pub const Y: Quantization = Quantization { scale: 1.0, zero_point: 5 };

/// More than any layer's output channels.
const CHANNELS: usize = 256;

/// An element type.
pub trait Numbers: Element {
    /// Its name in the tables.
    const NAME: &str;

    /// Anything in -1..1, or any i8.
    fn random(bits: u32) -> Self;

    /// Packs a convolution's weights, of which `fan_in` meet in an output.
    fn pack_conv(
        plan: &ConvPlan<Self>,
        weight: &[Self],
        fan_in: usize,
        packed: &mut [Self],
    ) -> Result<(), Error>;

    /// Packs the weights of a fully connected layer.
    fn pack_linear(
        plan: &LinearPlan<Self>,
        weight: &[Self],
        fan_in: usize,
        packed: &mut [Self],
    ) -> Result<(), Error>;
}

impl Numbers for f32 {
    const NAME: &str = "f32";

    fn random(bits: u32) -> Self {
        (bits.cast_signed() >> 8) as f32 / (1 << 23) as f32
    }

    fn pack_conv(
        plan: &ConvPlan<f32>,
        weight: &[f32],
        _: usize,
        packed: &mut [f32],
    ) -> Result<(), Error> {
        let bias = &[0.125; CHANNELS][..plan.output_shape()[0]];
        plan.pack(&plan.weight_shape(), weight, &Parameters::NONE.bias(bias), packed)
    }

    fn pack_linear(
        plan: &LinearPlan<f32>,
        weight: &[f32],
        _: usize,
        packed: &mut [f32],
    ) -> Result<(), Error> {
        let bias = &[0.125; CHANNELS][..plan.output_len()];
        plan.pack(&plan.weight_shape(), weight, &Parameters::NONE.bias(bias), packed)
    }
}

impl Numbers for i8 {
    const NAME: &str = "i8";

    fn random(bits: u32) -> Self {
        (bits >> 24).cast_signed() as i8
    }

    fn pack_conv(
        plan: &ConvPlan<i8>,
        weight: &[i8],
        fan_in: usize,
        packed: &mut [i8],
    ) -> Result<(), Error> {
        with_parameters(plan.output_shape()[0], fan_in, |parameters| {
            plan.pack(&plan.weight_shape(), weight, parameters, packed)
        })
    }

    fn pack_linear(
        plan: &LinearPlan<i8>,
        weight: &[i8],
        fan_in: usize,
        packed: &mut [i8],
    ) -> Result<(), Error> {
        with_parameters(plan.output_len(), fan_in, |parameters| {
            plan.pack(&plan.weight_shape(), weight, parameters, packed)
        })
    }
}

/// Calls `f` with biases and scales of their own for each of so many channels, so that sums over `fan_in` products
/// fill most of the range of the outputs, and a few leave it.
fn with_parameters<R>(
    channels: usize,
    fan_in: usize,
    f: impl FnOnce(&Int8Parameters<'_>) -> R,
) -> R {
    // A product of two such numbers is about 74 * 74 on average, a sum of n of them about its n-th part's square.
    let mut root = 1;
    while root * root < fan_in {
        root += 1;
    }
    let step = 60.0 / (74.0 * 74.0 * root as f32);
    let (mut bias, mut scale) = ([0; CHANNELS], [0.0; CHANNELS]);
    for (channel, (bias, scale)) in bias.iter_mut().zip(&mut scale).enumerate() {
        *bias = 1000 - 37 * channel as i32;
        *scale = step * (1.0 + channel as f32 / CHANNELS as f32);
    }
    f(&Int8Parameters {
        bias: Some(&bias[..channels]),
        scale: WeightScale::PerChannel(&scale[..channels]),
    })
}

/// Numerical Recipes' linear congruential generator.
pub struct Random(u32);

impl Random {
    /// The same for each layer, so that none depends on those before it.
    pub fn new() -> Self {
        Self(0x2545_F491)
    }

    pub fn fill<T: Numbers>(&mut self, numbers: &mut [T]) {
        for number in numbers {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *number = T::random(self.0);
        }
    }
}
