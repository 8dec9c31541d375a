//! Two tensors, element by element.

use crate::backend::Backend;
use crate::isa::dispatch;
#[cfg(neon)]
use crate::isa::generic::requantize::RequantizeParams;
#[cfg(neon)]
use crate::isa::neon::int8::elementwise::{Pairing, Pairs as Pairs8, Second};
use crate::isa::traits::{Isa, Operation};
use crate::kernel::{pieces, pieces_mut};
#[cfg(neon)]
use crate::quant::Rounding;
use crate::quant::{FixedPoint, Quantization, output};

/// Functions in f32: `name(backend, first, second, y)` of two tensors of one shape, and `per_channel(backend, plane,
/// first, second, y)` of every channel, a plane of `plane` elements, with one number of its own. None is generic, so
/// that each is compiled here, once.
macro_rules! float {
    ($($name:ident, $per_channel:ident: $operation:expr;)*) => {$(
        #[inline(never)]
        pub(crate) fn $name(
            backend: Option<Backend>,
            first: &[f32],
            second: &[f32],
            y: &mut [f32],
        ) {
            dispatch::run(backend, Pairs { operation: $operation, first, second, y });
        }

        #[inline(never)]
        pub(crate) fn $per_channel(
            backend: Option<Backend>,
            plane: usize,
            first: &[f32],
            second: &[f32],
            y: &mut [f32],
        ) {
            dispatch::run(backend, PerChannel { operation: $operation, plane, first, second, y });
        }
    )*};
}

float! {
    add, add_per_channel: |first, second| first + second;
    mul, mul_per_channel: |first, second| first * second;
}

struct Pairs<'a, F> {
    operation: F,
    first: &'a [f32],
    second: &'a [f32],
    y: &'a mut [f32],
}

impl<F: Fn(f32, f32) -> f32> Operation for Pairs<'_, F> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        for (y, (&first, &second)) in self.y.iter_mut().zip(self.first.iter().zip(self.second)) {
            *y = (self.operation)(first, second);
        }
    }
}

struct PerChannel<'a, F> {
    operation: F,
    plane: usize,
    first: &'a [f32],
    second: &'a [f32],
    y: &'a mut [f32],
}

impl<F: Fn(f32, f32) -> f32> Operation for PerChannel<'_, F> {
    #[inline(always)]
    fn run<I: Isa>(self, _isa: I) {
        let planes = pieces_mut(self.y, self.plane).zip(pieces(self.first, self.plane));
        for ((y, first), &second) in planes.zip(self.second) {
            for (y, &first) in y.iter_mut().zip(first) {
                *y = (self.operation)(first, second);
            }
        }
    }
}

/// What becomes of a pair of elements in i8.
pub(crate) trait Combine: Copy {
    fn combine(self, first: i8, second: i8) -> i8;

    /// The same in vectors.
    #[cfg(neon)]
    fn pairs(self) -> Pairs8;
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
        output(scaled, self.output.into(), self.range)
    }

    #[cfg(neon)]
    fn pairs(self, pairing: Pairing, factor: FixedPoint) -> Pairs8 {
        let (zero_point, range) = (i32::from(self.output), self.range);
        let output = RequantizeParams { rounding: Rounding::FixedDouble, zero_point, range };
        Pairs8 { pairing, zero_points: [self.first, self.second], factor, output }
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
    fn combine(self, first: i8, second: i8) -> i8 {
        let (first, second) = self.offsets.inputs(first, second);
        let first = self.first.double(first << Self::LEFT_SHIFT);
        let second = self.second.double(second << Self::LEFT_SHIFT);
        self.offsets.output(self.output.double(first.saturating_add(second)))
    }

    #[cfg(neon)]
    fn pairs(self) -> Pairs8 {
        self.offsets.pairs(Pairing::Add([self.first, self.second]), self.output)
    }
}

/// TensorFlow Lite Micro's i8 product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MulInt8 {
    pub(crate) offsets: Int8Offsets,
    pub(crate) factor: FixedPoint,
}

impl Combine for MulInt8 {
    fn combine(self, first: i8, second: i8) -> i8 {
        let (first, second) = self.offsets.inputs(first, second);
        self.offsets.output(self.factor.double(first * second))
    }

    #[cfg(neon)]
    fn pairs(self) -> Pairs8 {
        self.offsets.pairs(Pairing::Mul, self.factor)
    }
}

/// Combines two tensors of one shape.
pub(crate) fn same_shape<C: Combine>(
    backend: Option<Backend>,
    operation: C,
    first: &[i8],
    second: &[i8],
    y: &mut [i8],
) {
    #[cfg(neon)]
    let (first, second, y) = {
        let pairs = dispatch::vectors(backend).map(|_| operation.pairs());
        let (done, first, y) = in_vectors(pairs.as_ref(), first, Second::Each(second), y);
        (first, second.get(done..).unwrap_or_default(), y)
    };
    let _ = backend;
    for (y, (&first, &second)) in y.iter_mut().zip(first.iter().zip(second)) {
        *y = operation.combine(first, second);
    }
}

/// Combines every channel, a plane of `plane` elements, with one number of its own.
pub(crate) fn per_channel<C: Combine>(
    backend: Option<Backend>,
    operation: C,
    plane: usize,
    first: &[i8],
    second: &[i8],
    y: &mut [i8],
) {
    #[cfg(neon)]
    let pairs = dispatch::vectors(backend).map(|_| operation.pairs());
    let _ = backend;
    for ((y, first), &second) in pieces_mut(y, plane).zip(pieces(first, plane)).zip(second) {
        #[cfg(neon)]
        let (_, first, y) = in_vectors(pairs.as_ref(), first, Second::One(second), y);
        for (y, &first) in y.iter_mut().zip(first) {
            *y = operation.combine(first, second);
        }
    }
}

/// Combines as many elements as whole vectors hold, none without `pairs`; returns how many these are, and the other
/// elements. Neither generic nor inlined: compiled here, once.
#[cfg(neon)]
#[inline(never)]
fn in_vectors<'a>(
    pairs: Option<&Pairs8>,
    first: &'a [i8],
    second: Second<'_>,
    y: &'a mut [i8],
) -> (usize, &'a [i8], &'a mut [i8]) {
    const LEFT_SHIFT: i32 = AddInt8::LEFT_SHIFT.cast_signed();
    let done = pairs.map_or(0, |pairs| pairs.run::<LEFT_SHIFT>(first, second, y));
    (done, first.get(done..).unwrap_or_default(), y.get_mut(done..).unwrap_or_default())
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
        let scaled = if from == to { steps } else { factor.double(steps) };
        *y = output(scaled, to.zero_point.into(), range);
    }
}
