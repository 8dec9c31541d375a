//! How far activations based on exp, tanh and erf may be from the exact value: over the whole range of f32, on
//! every back-end. The bounds are those that the documentation of `Activation` gives.
//!
//! `cargo test --test curves -- --nocapture` prints how far each was. `NCHW_CASES` is the number of inputs;
//! 4294967296 are all of f32, which takes minutes with `--release`.

use nchw::{Activate, Activation, Backend};
use nchw_oracle::{Output, float};
use nchw_test_support::Guarded;
use nchw_test_support::reference::widen;
use nchw_test_support::tolerance::ulp;

/// What is allowed: units in the last place of the exact value, and a distance added to them.
#[derive(Clone, Copy)]
struct Bound {
    ulps: f64,
    absolute: f64,
}

/// Where `exp(-x)` overflows, below -88.7, the quotient is zero, as in PyTorch. This is what it should be there.
const OVERFLOW: f64 = 3e-39;

fn apply(backend: Backend, activation: Activation, x: &[f32]) -> Vec<f32> {
    let plan = Activate::new([1, 1, x.len()], activation).plan::<f32>().unwrap();
    let mut y = Guarded::new(x.len());
    plan.backend(backend).unwrap().run(x, y.slice_mut()).unwrap();
    y.check();
    y.slice().to_vec()
}

/// All f32, or as many at equal distances of their bit patterns, odd ones, so that every lower bit is met.
fn inputs() -> impl Iterator<Item = Vec<f32>> {
    let cases = std::env::var("NCHW_CASES").map_or(1 << 21, |cases| cases.parse().unwrap());
    let step = usize::try_from((1_u64 << 32) / cases.clamp(1, 1 << 32)).unwrap() | 1;
    let mut patterns = (0..=u32::MAX).step_by(step);
    core::iter::from_fn(move || {
        let part: Vec<f32> = patterns.by_ref().take(1 << 16).map(f32::from_bits).collect();
        (!part.is_empty()).then_some(part)
    })
}

/// How far `y` is from `want`, in units in the last place and beyond `absolute`.
fn distance(y: f32, want: f64, absolute: f64) -> f64 {
    if y == want as f32 || (y.is_nan() && want.is_nan()) {
        return 0.0;
    }
    let error = (f64::from(y) - want).abs() - absolute;
    if error.is_nan() { f64::INFINITY } else { error.max(0.0) / ulp(want) }
}

#[track_caller]
fn holds(activation: Activation, bound: Bound, reference: impl Fn([usize; 3], &[f64]) -> Output) {
    let mut farthest: Vec<_> = Backend::available().map(|backend| (backend, 0.0, 0.0)).collect();
    for x in inputs() {
        let want = reference([1, 1, x.len()], &widen(&x)).values;
        for (backend, farthest, at) in &mut farthest {
            let y = apply(*backend, activation, &x);
            for ((&y, &want), &x) in y.iter().zip(&want).zip(&x) {
                let distance = distance(y, want, bound.absolute);
                if distance > *farthest {
                    (*farthest, *at) = (distance, x);
                }
            }
        }
    }
    for (backend, farthest, at) in farthest {
        println!("{activation:?}, {}: {farthest:.2} ulp at {at:e}", backend.name());
        assert!(farthest <= bound.ulps, "{activation:?} of {at:e} is off by {farthest:.2} ulp");
    }
}

#[test]
fn sigmoid() {
    holds(Activation::Sigmoid, Bound { ulps: 3.0, absolute: OVERFLOW }, float::sigmoid);
}

#[test]
fn tanh() {
    holds(Activation::Tanh, Bound { ulps: 3.0, absolute: 0.0 }, float::tanh);
}

#[test]
fn elu() {
    let elu = |shape, x: &[f64]| float::elu(1.0, shape, x);
    holds(Activation::Elu { alpha: 1.0 }, Bound { ulps: 1.0, absolute: 0.0 }, elu);
}

#[test]
fn silu() {
    holds(Activation::Silu, Bound { ulps: 3.0, absolute: 89.0 * OVERFLOW }, float::silu);
}

#[test]
fn gelu() {
    holds(Activation::Gelu, Bound { ulps: 3.0, absolute: 2e-8 }, float::gelu);
}

#[test]
fn gelu_tanh() {
    holds(Activation::GeluTanh, Bound { ulps: 4.0, absolute: 2e-8 }, float::gelu_tanh);
}

/// What a result is does not depend on where it lies among others, nor on how many they are.
#[test]
fn results_do_not_depend_on_their_neighbours() {
    let x: Vec<f32> = (0..67_u8).map(|i| (f32::from(i) - 33.0) * 0.37).collect();
    for activation in [
        Activation::Relu,
        Activation::Relu6,
        Activation::LeakyRelu { negative_slope: 0.1 },
        Activation::Hardswish,
        Activation::HARDSIGMOID,
        Activation::Elu { alpha: 1.0 },
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::Silu,
        Activation::Gelu,
        Activation::GeluTanh,
    ] {
        for backend in Backend::available() {
            let want: Vec<f32> = x.iter().map(|x| apply(backend, activation, &[*x])[0]).collect();
            for first in [0, 1, 3, 8] {
                for end in first + 1..=x.len() {
                    let y = apply(backend, activation, &x[first..end]);
                    assert_eq!(y, &want[first..end], "{activation:?}, {backend:?}");
                }
            }
        }
    }
}

#[test]
fn special_numbers() {
    let (infinity, nan) = (f32::INFINITY, f32::NAN);
    let x = [0.0, -0.0, infinity, -infinity, nan];
    for (activation, want) in [
        (Activation::Relu, [0.0, 0.0, infinity, 0.0, nan]),
        (Activation::Relu6, [0.0, 0.0, 6.0, 0.0, nan]),
        (Activation::LeakyRelu { negative_slope: 0.5 }, [0.0, 0.0, infinity, -infinity, nan]),
        (Activation::Elu { alpha: 1.0 }, [0.0, 0.0, infinity, -1.0, nan]),
        (Activation::Sigmoid, [0.5, 0.5, 1.0, 0.0, nan]),
        (Activation::Tanh, [0.0, 0.0, 1.0, -1.0, nan]),
        // As in PyTorch, minus infinity times zero.
        (Activation::Silu, [0.0, 0.0, infinity, nan, nan]),
        (Activation::Gelu, [0.0, 0.0, infinity, nan, nan]),
        (Activation::GeluTanh, [0.0, 0.0, infinity, nan, nan]),
    ] {
        for backend in Backend::available() {
            let y = apply(backend, activation, &x);
            let same =
                y.iter().zip(&want).all(|(y, want)| y == want || y.is_nan() && want.is_nan());
            assert!(same, "{activation:?}, {backend:?}: {y:?} is not {want:?}");
        }
    }
}
