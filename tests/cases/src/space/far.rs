//! Strides, dilations and padding so large that what is computed from them may wrap, with planes that stay small.

use proptest::prelude::*;
use proptest::sample::select;

/// A number far from every size, or whose product with sizes is a small one where it wraps.
#[derive(Clone, Copy, Debug)]
enum Far {
    /// A power of two, and a little.
    Power(u32, i8),
    /// The whole address space, or half of it, divided by a small number, and a little.
    Part(u8, i8),
    /// Two to the power of 32 or 64, divided by some of the sizes it is multiplied with, rounded up, and a little.
    Wraps(bool, [bool; 4], i8),
    Any(u64),
}

impl Far {
    fn value(self, sizes: [usize; 4]) -> usize {
        let near = |number: u128, little: i8| number.saturating_add_signed(little.into());
        let number = match self {
            Self::Power(power, little) => near(1 << power, little),
            Self::Part(part, little) => near(usize::MAX as u128 / u128::from(part), little),
            Self::Wraps(short, which, little) => {
                let chosen = sizes.iter().zip(which).filter(|(_, chosen)| *chosen);
                let product: u128 = chosen.map(|(size, _)| *size as u128).product();
                near((1_u128 << if short { 32 } else { 64 }).div_ceil(product), little)
            }
            Self::Any(number) => number.into(),
        };
        usize::try_from(number).unwrap_or(usize::MAX).max(1)
    }
}

fn far() -> impl Strategy<Value = Far> + Clone {
    let little = || prop_oneof![4 => Just(0_i8), 1 => -2..=2_i8];
    let powers = &[9, 10, 12, 15, 16, 20, 28, 31, 32, 40, 58, 59, 60, 61, 62, 63][..];
    // Offsets in planes are distances times widths, the last tap's times one less than taps.
    let which = prop_oneof![
        5 => Just([true, false, true, false]),
        2 => Just([false, false, true, false]),
        3 => any::<[bool; 4]>(),
    ];
    let short = proptest::bool::weighted(if usize::BITS > 32 { 0.2 } else { 0.9 });
    prop_oneof![
        4 => (select(powers), little()).prop_map(|(power, little)| Far::Power(power, little)),
        2 => (1..=33_u8, little()).prop_map(|(part, little)| Far::Part(part, little)),
        8 => (short, which, little())
            .prop_map(|(short, which, little)| Far::Wraps(short, which, little)),
        1 => (0..64_u32, any::<u64>()).prop_map(|(shift, number)| Far::Any(number >> shift)),
    ]
}

/// What is far apart along one axis or both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Apart {
    axis: usize,
    /// The other axis as well.
    both: bool,
    what: What,
    far: Far,
    /// Outputs that there are to be, about.
    outputs: usize,
    /// How many strides or dilations the padding in front is long; the last is all of it.
    before: u8,
    little: i8,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Stride,
    Dilation,
    Both,
}

/// Parameters along one axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) size: usize,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) dilation: usize,
    pub(super) before: usize,
    pub(super) after: usize,
}

/// Something far apart in one of sixteen cases.
pub(super) fn seldom() -> impl Strategy<Value = Option<Apart>> + Clone {
    prop_oneof![15 => Just(None), 1 => always()]
}

/// Something far apart in every case.
pub(super) fn always() -> impl Strategy<Value = Option<Apart>> + Clone {
    let what = select(&[What::Dilation, What::Stride, What::Dilation, What::Both][..]);
    // Rows more often, as what is between them is multiplied once more.
    let axis = prop_oneof![3 => Just(0), 1 => Just(1)];
    let axes = (axis, proptest::bool::weighted(0.25));
    let before = prop_oneof![1 => Just(0), 2 => 0..=7_u8];
    (axes, what, far(), 1..=4_usize, before, -2..=3_i8).prop_map(
        |((axis, both), what, far, outputs, before, little)| {
            Some(Apart { axis, both, what, far, outputs, before, little })
        },
    )
}

impl Apart {
    /// Where it is so.
    pub(super) fn axes(self) -> impl Iterator<Item = usize> {
        (0..2).filter(move |axis| self.both || *axis == self.axis)
    }

    /// Sets stride and dilation; other sizes of the layer decide what products wrap.
    fn space(&self, axis: &mut Axis, width: usize) {
        // Of two taps only one is anywhere else.
        if !matches!(self.what, What::Stride) {
            axis.kernel = axis.kernel.max(3);
        }
        let sizes = [axis.kernel.max(2) - 1, axis.kernel, width, axis.size.max(2) - 1];
        let far = self.far.value(sizes);
        match self.what {
            What::Stride => axis.stride = far,
            What::Dilation => axis.dilation = far,
            What::Both => (axis.stride, axis.dilation) = (far, far),
        }
    }

    /// Splits padding in two, so that windows or taps some steps on meet the input.
    fn split(&self, axis: &mut Axis, total: i128) {
        let total = total.max(0);
        let step = match self.what {
            What::Stride => axis.stride,
            What::Dilation | What::Both => axis.dilation,
        };
        let before = match self.before {
            6 => total / 2,
            7 => total,
            steps => step as i128 * i128::from(steps) + i128::from(self.little),
        };
        let before = before.clamp(0, total);
        let clamped = |padding: i128| usize::try_from(padding).unwrap_or(usize::MAX);
        (axis.before, axis.after) = (clamped(before), clamped(total - before));
    }

    /// Spreads the windows of a convolution or pool, with as much padding as a few of them need.
    pub(super) fn spread(&self, mut axis: Axis, width: usize) -> Axis {
        self.space(&mut axis, width);
        let windows = (self.outputs as i128 - 1) * axis.stride as i128;
        let extent = axis.dilation as i128 * (axis.kernel as i128 - 1) + 1;
        let total = windows + extent - axis.size as i128 + i128::from(self.little.max(0));
        self.split(&mut axis, total);
        axis
    }

    /// Spreads a transposed convolution, and crops all but a few of its outputs.
    pub(super) fn crop(&self, mut axis: Axis, output_padding: usize, width: usize) -> Axis {
        self.space(&mut axis, width);
        let steps = (axis.size as i128 - 1) * axis.stride as i128;
        let extent = axis.dilation as i128 * (axis.kernel as i128 - 1) + 1;
        let full = steps + extent + output_padding as i128;
        // Some outputs, or hundreds.
        let outputs = self.outputs as i128 * if self.little < 0 { 100 } else { 5 };
        self.split(&mut axis, full - outputs);
        axis
    }
}
