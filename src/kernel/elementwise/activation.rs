//! Functions of every element in f32, in place. The loops are plain arithmetic without branches, of which the
//! compiler makes vectors for the instruction set that runs them; what comes of an element does not depend on
//! its place.
//!
//! None is generic or inlined, so that each is compiled here, once, and linked only where it is used.

use core::hint::{black_box, select_unpredictable as select};

use crate::backend::Backend;
use crate::isa::dispatch;
use crate::isa::traits::{Isa, Operation};
#[cfg(feature = "libm")]
use crate::kernel::elementwise::math;
use crate::kernel::pieces_mut;

/// How many elements go through one function before the next, so that they stay in the nearest cache.
pub(crate) const PART: usize = 2048;

/// Functions `name(backend, values, parameters..)` that put `$y` in the place of every `$x`; `$isa` is the
/// instruction set.
macro_rules! in_place {
    ($($(#[$doc:meta])* $name:ident<$isa:ident>($x:ident $(, $parameter:ident)*) = $y:expr;)*) => {$(
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
                fn run<$isa: Isa>(self, isa: $isa) {
                    $(let $parameter = self.$parameter;)*
                    isa.map(self.values, |$x| $y);
                }
            }
            dispatch::run(backend, Map { values $(, $parameter)* });
        }
    )*};
}

/// `max(x, 0)`. As in PyTorch, -0.0 is not below 0 and stays.
#[inline(never)]
pub(crate) fn relu(backend: Option<Backend>, values: &mut [f32]) {
    struct Relu<'a>(&'a mut [f32]);
    impl Operation for Relu<'_> {
        #[inline(always)]
        fn run<I: Isa>(self, isa: I) {
            if I::HAS_VECTORS {
                // An upper bound that the compiler does not know, see below.
                let highest = black_box(f32::INFINITY);
                isa.map(self.0, |x| clamp(x, 0.0, highest));
            } else {
                isa.map(self.0, |x| clamp(x, 0.0, f32::INFINITY));
            }
        }
    }
    dispatch::run(backend, Relu(values));
}

// None ends with a choice between a new and the old value alone, of which the compiler would make stores under a mask,
// slow with AVX2: to multiply by 1 changes no number, nor does a second bound.
in_place! {
    /// `min(max(x, min), max)`.
    clamped<I>(x, min, max) = clamp(x, min, max);
    /// `x`, or `slope * x` where it is not positive.
    leaky_relu<I>(x, slope) = leaky(x, slope);
    /// See [`Activation::Hardswish`](crate::Activation::Hardswish).
    hardswish<I>(x) = x * clamp(x + 3.0, 0.0, 6.0) / 6.0;
    /// See [`Activation::Hardsigmoid`](crate::Activation::Hardsigmoid).
    hardsigmoid<I>(x, alpha, beta) = clamp(alpha * x + beta, 0.0, 1.0);
}

#[cfg(feature = "libm")]
in_place! {
    /// See [`Activation::Elu`](crate::Activation::Elu).
    elu<I>(x, alpha) = math::elu::<I>(x, alpha);
    /// `1 / (1 + e^-x)`.
    sigmoid<I>(x) = math::sigmoid::<I>(x);
    /// `tanh(x)`.
    tanh<I>(x) = math::tanh::<I>(x);
    /// `x / (1 + e^-x)`.
    silu<I>(x) = x * math::sigmoid::<I>(x);
    /// See [`Activation::Gelu`](crate::Activation::Gelu).
    gelu<I>(x) = math::gelu::<I>(x);
    /// See [`Activation::GeluTanh`](crate::Activation::GeluTanh).
    gelu_tanh<I>(x) = math::gelu_tanh::<I>(x);
}

/// [`leaky_relu`] with a slope of its own for each channel, a plane of `plane` elements.
#[inline(never)]
pub(crate) fn prelu(backend: Option<Backend>, values: &mut [f32], plane: usize, slopes: &[f32]) {
    dispatch::run(backend, Prelu { values, plane, slopes });
}

struct Prelu<'a> {
    values: &'a mut [f32],
    plane: usize,
    slopes: &'a [f32],
}

impl Operation for Prelu<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        for (values, &slope) in pieces_mut(self.values, self.plane).zip(self.slopes) {
            isa.map(values, |value| leaky(value, slope));
        }
    }
}

/// `f32::clamp` without its panic on an empty range.
#[inline(always)]
pub(crate) fn clamp(x: f32, min: f32, max: f32) -> f32 {
    if x < min {
        min
    } else if x > max {
        max
    } else {
        x
    }
}

/// Zeros are multiplied as well: times an infinite slope that is NaN, as in PyTorch.
#[inline(always)]
fn leaky(x: f32, slope: f32) -> f32 {
    x * select(x <= 0.0, slope, 1.0)
}
