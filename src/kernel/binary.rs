//! Two tensors, element by element.

use crate::kernel::{pieces, pieces_mut};
use crate::quant::{FixedPoint, Quantization, saturate};

/// What becomes of a pair of elements.
pub(crate) trait Combine: Copy {
    type Element: Copy;

    fn combine(self, first: Self::Element, second: Self::Element) -> Self::Element;
}

#[derive(Clone, Copy)]
pub(crate) struct AddFloat;

impl Combine for AddFloat {
    type Element = f32;

    fn combine(self, first: f32, second: f32) -> f32 {
        first + second
    }
}

#[derive(Clone, Copy)]
pub(crate) struct MulFloat;

impl Combine for MulFloat {
    type Element = f32;

    fn combine(self, first: f32, second: f32) -> f32 {
        first * second
    }
}

/// The three zero points of an i8 operator, subtracted, subtracted and added, and its output range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Int8Offsets {
    pub(crate) first: i8,
    pub(crate) second: i8,
    pub(crate) output: i8,
    pub(crate) range: [i8; 2],
}

impl Int8Offsets {
    fn inputs(self, first: i8, second: i8) -> (i32, i32) {
        (i32::from(first) - i32::from(self.first), i32::from(second) - i32::from(self.second))
    }

    fn output(self, scaled: i32) -> i8 {
        let output = i64::from(scaled) + i64::from(self.output);
        saturate(output, self.range[0], self.range[1])
    }
}

/// TFLite's i8 addition: both inputs, 2^[`LEFT_SHIFT`](Self::LEFT_SHIFT) times enlarged, are brought to
/// one scale, added and scaled down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AddInt8 {
    pub(crate) offsets: Int8Offsets,
    pub(crate) first: FixedPoint,
    pub(crate) second: FixedPoint,
    pub(crate) output: FixedPoint,
}

impl AddInt8 {
    pub(crate) const LEFT_SHIFT: u32 = 20;
}

impl Combine for AddInt8 {
    type Element = i8;

    fn combine(self, first: i8, second: i8) -> i8 {
        let (first, second) = self.offsets.inputs(first, second);
        let first = self.first.multiply_double(first << Self::LEFT_SHIFT);
        let second = self.second.multiply_double(second << Self::LEFT_SHIFT);
        self.offsets.output(self.output.multiply_double(first.saturating_add(second)))
    }
}

/// TensorFlow Lite Micro's i8 product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MulInt8 {
    pub(crate) offsets: Int8Offsets,
    pub(crate) factor: FixedPoint,
}

impl Combine for MulInt8 {
    type Element = i8;

    fn combine(self, first: i8, second: i8) -> i8 {
        let (first, second) = self.offsets.inputs(first, second);
        self.offsets.output(self.factor.multiply_double(first * second))
    }
}

/// Combines two tensors of one shape.
pub(crate) fn same_shape<C: Combine>(
    operation: C,
    first: &[C::Element],
    second: &[C::Element],
    y: &mut [C::Element],
) {
    for (y, (&first, &second)) in y.iter_mut().zip(first.iter().zip(second)) {
        *y = operation.combine(first, second);
    }
}

/// Combines every channel, a plane of `plane` elements, with one number of its own.
pub(crate) fn per_channel<C: Combine>(
    operation: C,
    plane: usize,
    first: &[C::Element],
    second: &[C::Element],
    y: &mut [C::Element],
) {
    for ((y, first), &second) in pieces_mut(y, plane).zip(pieces(first, plane)).zip(second) {
        for (y, &first) in y.iter_mut().zip(first) {
            *y = operation.combine(first, second);
        }
    }
}

/// One quantization to another; a copy where they are the same.
pub(crate) fn rescale(
    from: Quantization,
    to: Quantization,
    factor: FixedPoint,
    range: [i8; 2],
    x: &[i8],
    y: &mut [i8],
) {
    for (y, &x) in y.iter_mut().zip(x) {
        let steps = i32::from(x) - i32::from(from.zero_point);
        let scaled = if from == to { steps } else { factor.multiply_double(steps) };
        *y = saturate(i64::from(scaled) + i64::from(to.zero_point), range[0], range[1]);
    }
}
