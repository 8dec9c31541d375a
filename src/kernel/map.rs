//! Functions of one element or of two, element by element. The loops are plain arithmetic without
//! branches, of which the compiler makes vectors: every back-end gets the same bits, whatever the place of
//! an element in its slice.
//!
//! None is generic or inlined, so that each is compiled here, once, and linked only where it is used.

use core::hint::select_unpredictable as select;

use crate::arch::backend::{self, Backend};
use crate::arch::isa::{Isa, Operation};
use crate::kernel::curves::{
    clamp, expm1, gelu as gelu_at, gelu_tanh as gelu_tanh_at, sigmoid as sigmoid_at,
    tanh as tanh_at,
};

/// How many elements go through one function before the next, so that they stay in the nearest cache.
pub(crate) const PART: usize = 2048;

/// Functions `name(backend, values, parameters..)` that put `$y` in the place of every `$x`.
macro_rules! in_place {
    ($($(#[$doc:meta])* $name:ident($x:ident $(, $parameter:ident)*) = $y:expr;)*) => {$(
        $(#[$doc])*
        #[inline(never)]
        pub(crate) fn $name(
            backend: Option<Backend>,
            values: &mut [f32]
            $(, $parameter: f32)*
        ) {
            struct Map<'a> {
                values: &'a mut [f32],
                $($parameter: f32,)*
            }
            impl Operation for Map<'_> {
                #[inline(always)]
                fn run<I: Isa>(self, _isa: I) {
                    $(let $parameter = self.$parameter;)*
                    for value in self.values {
                        let $x = *value;
                        *value = $y;
                    }
                }
            }
            backend::run(backend, Map { values $(, $parameter)* });
        }
    )*};
}

// None ends with a choice between a new and the old value, of which the compiler would make stores under a
// mask, slow with AVX2. To add 0 or to multiply by 1 changes no number.
in_place! {
    /// `max(x, 0)`.
    relu(x) = select(x < 0.0, 0.0, x) + 0.0;
    /// `min(max(x, min), max)`.
    clamped(x, min, max) = clamp(x, min, max);
    /// `x`, or `slope * x` where it is negative.
    leaky(x, slope) = x * select(x < 0.0, slope, 1.0);
    /// See [`Activation::Hardswish`](crate::Activation::Hardswish).
    hardswish(x) = x * clamp(x + 3.0, 0.0, 6.0) / 6.0;
    /// See [`Activation::Hardsigmoid`](crate::Activation::Hardsigmoid).
    hardsigmoid(x, alpha, beta) = clamp(alpha * x + beta, 0.0, 1.0);
    /// See [`Activation::Elu`](crate::Activation::Elu).
    elu(x, alpha) = alpha * expm1(select(x > 0.0, 0.0, x)) + select(x < 0.0, 0.0, x);
    /// `1 / (1 + e^-x)`.
    sigmoid(x) = sigmoid_at(x);
    /// `tanh(x)`.
    tanh(x) = tanh_at(x);
    /// `x / (1 + e^-x)`.
    silu(x) = x * sigmoid_at(x);
    /// See [`Activation::Gelu`](crate::Activation::Gelu).
    gelu(x) = gelu_at(x);
    /// See [`Activation::GeluTanh`](crate::Activation::GeluTanh).
    gelu_tanh(x) = gelu_tanh_at(x);
}

/// Functions `name(backend, x, operands.., y)` that make `$y` of every element of `x` and its operands:
/// numbers, or elements of slices.
macro_rules! from_to {
    ($($(#[$doc:meta])* $name:ident($x:ident, $($number:ident),*) = $y:expr;)*) => {$(
        $(#[$doc])*
        #[inline(never)]
        pub(crate) fn $name(
            backend: Option<Backend>,
            x: &[f32],
            $($number: f32,)*
            y: &mut [f32],
        ) {
            struct Map<'a> {
                x: &'a [f32],
                y: &'a mut [f32],
                $($number: f32,)*
            }
            impl Operation for Map<'_> {
                #[inline(always)]
                fn run<I: Isa>(self, _isa: I) {
                    $(let $number = self.$number;)*
                    for (y, &$x) in self.y.iter_mut().zip(self.x) {
                        *y = $y;
                    }
                }
            }
            backend::run(backend, Map { x, y, $($number),* });
        }
    )*};
}

from_to! {
    /// `x + number`.
    add_number(x, number) = x + number;
    /// `x * number`.
    mul_number(x, number) = x * number;
    /// `x * factor + shift`.
    scale_shift(x, factor, shift) = x * factor + shift;
}

/// Functions `name(backend, first, second, y)` that make `$y` of every pair of elements.
macro_rules! of_pairs {
    ($($(#[$doc:meta])* $name:ident($first:ident, $second:ident) = $y:expr;)*) => {$(
        $(#[$doc])*
        #[inline(never)]
        pub(crate) fn $name(
            backend: Option<Backend>,
            first: &[f32],
            second: &[f32],
            y: &mut [f32],
        ) {
            struct Map<'a> {
                first: &'a [f32],
                second: &'a [f32],
                y: &'a mut [f32],
            }
            impl Operation for Map<'_> {
                #[inline(always)]
                fn run<I: Isa>(self, _isa: I) {
                    for ((y, &$first), &$second) in self.y.iter_mut().zip(self.first).zip(self.second)
                    {
                        *y = $y;
                    }
                }
            }
            backend::run(backend, Map { first, second, y });
        }
    )*};
}

of_pairs! {
    /// `first + second`.
    add(first, second) = first + second;
    /// `first * second`.
    mul(first, second) = first * second;
}

/// `x` as it is.
pub(crate) fn copy<T: Copy>(x: &[T], y: &mut [T]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = *x;
    }
}
