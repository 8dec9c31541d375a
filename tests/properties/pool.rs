//! Maximum and average over windows, sliding or adaptive.

use nchw::{AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d};
use nchw_oracle::float;
use nchw_test_support::reference::widen;
use nchw_test_support::{Random, Row};
use proptest::prelude::*;
use proptest::sample::select;

use crate::common::{
    Outcome, activated, activation, channels, check, check_unary, edge, input, pair, rarely, shape,
    sides,
};

/// `[kernel, stride, dilation]` and the padding.
type Window = ([[usize; 2]; 3], [usize; 4]);

/// What makes a specification senseless.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    None,
    /// Padding, kernel and stride as they come, whether they go together or not.
    AsItComes,
    Zero(usize),
}

fn flaw() -> impl Strategy<Value = Flaw> {
    prop_oneof![
        28 => Just(Flaw::None),
        4 => Just(Flaw::AsItComes),
        1 => (0..9_usize).prop_map(Flaw::Zero),
    ]
}

/// The sliding of a window that fits an input that is made larger where it has to be.
fn sliding(dilated: bool) -> impl Strategy<Value = ([usize; 3], bool, Window, Flaw)> {
    let kernel = prop_oneof![1 => Just(1_usize), 5 => 2..=3_usize, 2 => 1..=7_usize];
    let stride = select(vec![1_usize, 1, 2, 2, 3, 4]);
    let dilation = select(if dilated { vec![1_usize, 1, 1, 2, 3] } else { vec![1] });
    let window = (pair(kernel), pair(stride), pair(dilation), sides(4));
    // Now and then so wide that several vectors lie side by side.
    let width = prop_oneof![6 => edge(), 1 => 30..=75_usize];
    ((channels(), edge(), width), any::<bool>(), window, flaw()).prop_map(
        |((channels, height, width), ceil_mode, window, flaw)| {
            let (mut kernel, mut stride, mut dilation, mut padding) = window;
            let mut input = [channels, height, width];
            for axis in 0..2 {
                if matches!(flaw, Flaw::AsItComes) {
                    break;
                }
                // No window in padding alone.
                for side in [axis, axis + 2] {
                    padding[side] = padding[side].min(kernel[axis] - 1);
                }
                let extent = dilation[axis] * (kernel[axis] - 1) + 1;
                let padded = input[1 + axis] + padding[axis] + padding[axis + 2];
                input[1 + axis] += extent.saturating_sub(padded);
            }
            if let Flaw::Zero(which) = flaw {
                match which {
                    0..3 => input[which] = 0,
                    3 | 4 => kernel[which - 3] = 0,
                    5 | 6 => stride[which - 5] = 0,
                    _ => dilation[which - 7] = 0,
                }
            }
            (input, ceil_mode, ([kernel, stride, dilation], padding), flaw)
        },
    )
}

/// PyTorch's number of windows along one axis; `None` where it refuses. Its limit of half a kernel
/// of padding is left out, as the crate does without it.
fn windows(
    [size, kernel, stride, dilation]: [usize; 4],
    [before, after]: [usize; 2],
    ceil_mode: bool,
) -> Option<usize> {
    if [size, kernel, stride, dilation].contains(&0) {
        return None;
    }
    let signed = |value: usize| i64::try_from(value).unwrap();
    let (padded, stride_) = (signed(size + before + after), signed(stride));
    let room = padded - signed(dilation) * (signed(kernel) - 1) - 1;
    let rounding = if ceil_mode { stride_ - 1 } else { 0 };
    let mut count = (room + rounding).div_euclid(stride_) + 1;
    // The last window has to start inside the input or the padding before it.
    if ceil_mode && (count - 1) * stride_ >= signed(size + before) {
        count -= 1;
    }
    usize::try_from(count).ok().filter(|count| *count > 0)
}

/// The same along both axes.
fn output(
    input: [usize; 3],
    (window, padding): &Window,
    ceil_mode: bool,
) -> Option<[[usize; 2]; 2]> {
    let [kernel, stride, dilation] = window;
    let along = |axis: usize| {
        let sizes = [input[1 + axis], kernel[axis], stride[axis], dilation[axis]];
        let sides = [padding[axis], padding[axis + 2]];
        windows(sizes, sides, ceil_mode).map(|count| [count, axis])
    };
    Some([along(0)?, along(1)?]).filter(|_| input[0] > 0)
}

/// Whether every window meets the input.
fn windows_meet_input(spec: &AvgPool2d, counts: [[usize; 2]; 2]) -> bool {
    counts.into_iter().all(|[count, axis]| {
        let inside = spec.padding[axis]..spec.padding[axis] + spec.input[1 + axis];
        (0..count).all(|output| {
            let start = output * spec.stride[axis];
            (start..start + spec.kernel_size[axis]).any(|position| inside.contains(&position))
        })
    })
}

#[test]
fn max_pool2d() {
    let strategy = (sliding(true), activation(false), rarely(6), any::<u64>()).prop_map(
        |((input, ceil_mode, (window, padding), _), activation, special, seed)| {
            let [kernel, stride, dilation] = window;
            let spec = MaxPool2d::new(input, kernel)
                .stride(stride)
                .dilation(dilation)
                .padding_sides(padding)
                .ceil_mode(ceil_mode)
                .activation(activation);
            (spec, special, seed)
        },
    );
    check(20_000, strategy, |(spec, special, seed)| {
        let window = ([spec.kernel_size, spec.stride, spec.dilation], spec.padding);
        let counts = output(spec.input, &window, spec.ceil_mode);
        let plan = spec.plan::<f32>();
        assert_eq!(plan.is_ok(), counts.is_some(), "PyTorch's rules say otherwise: {plan:?}");
        let Ok(plan) = plan else { return Outcome::Refused };
        let pool = nchw_oracle::MaxPool2d {
            kernel_size: spec.kernel_size,
            stride: spec.stride,
            padding: spec.padding,
            dilation: spec.dilation,
            ceil_mode: spec.ceil_mode,
        };
        let x = input(&mut Random::new(*seed), spec.input, *special);
        let want = float::max_pool2d(&pool, spec.input, &widen(&x));
        check_unary(&plan, &x, activated((Row::MaxPool2d, want), spec.activation, &[]));
        Outcome::Ran
    });
}

#[test]
fn avg_pool2d() {
    let divisor = prop_oneof![3 => Just(None), 1 => (1..=12_usize).prop_map(Some)];
    let divisor =
        (divisor, rarely(1)).prop_map(|(divisor, zero)| if zero { Some(0) } else { divisor });
    let knobs = (any::<bool>(), divisor, activation(false), rarely(4), any::<u64>());
    let strategy =
        (sliding(false), knobs).prop_map(|((input, ceil_mode, (window, padding), flaw), knobs)| {
            let (count_include_pad, divisor, activation, special, seed) = knobs;
            let [kernel, stride, _] = window;
            let mut spec = AvgPool2d::new(input, kernel)
                .stride(stride)
                .padding_sides(padding)
                .ceil_mode(ceil_mode)
                .count_include_pad(count_include_pad)
                .activation(activation);
            spec.divisor_override = divisor;
            // Dilation is not a parameter here.
            let _ = flaw;
            (spec, special, seed)
        });
    check(20_000, strategy, |(spec, special, seed)| {
        let window = ([spec.kernel_size, spec.stride, [1, 1]], spec.padding);
        let counts = output(spec.input, &window, spec.ceil_mode)
            .filter(|counts| windows_meet_input(spec, *counts) && spec.divisor_override != Some(0));
        let plan = spec.plan::<f32>();
        assert_eq!(plan.is_ok(), counts.is_some(), "PyTorch's rules say otherwise: {plan:?}");
        let Ok(plan) = plan else { return Outcome::Refused };
        let pool = nchw_oracle::AvgPool2d {
            kernel_size: spec.kernel_size,
            stride: spec.stride,
            padding: spec.padding,
            ceil_mode: spec.ceil_mode,
            count_include_pad: spec.count_include_pad,
            divisor_override: spec.divisor_override,
        };
        let x = input(&mut Random::new(*seed), spec.input, *special);
        let want = float::avg_pool2d(&pool, spec.input, &widen(&x));
        check_unary(&plan, &x, activated((Row::AvgPool2d, want), spec.activation, &[]));
        Outcome::Ran
    });
}

/// An input, an output size, and a zero in one of them once in a while.
fn adaptive() -> impl Strategy<Value = ([usize; 3], [usize; 2])> {
    let size = prop_oneof![1 => Just([1, 1]), 4 => [edge(), edge()]];
    (shape(), size, prop_oneof![24 => Just(5), 1 => 0..5_usize]).prop_map(
        |(mut input, mut output, zero)| {
            match zero {
                0..3 => input[zero] = 0,
                3 | 4 => output[zero - 3] = 0,
                _ => {}
            }
            (input, output)
        },
    )
}

#[test]
fn adaptive_avg_pool2d() {
    let strategy = (adaptive(), activation(false), rarely(4), any::<u64>()).prop_map(
        |((input, output), activation, special, seed)| {
            (AdaptiveAvgPool2d::new(input, output).activation(activation), special, seed)
        },
    );
    check(20000, strategy, |(spec, special, seed)| {
        let plan = spec.plan::<f32>();
        let valid = !spec.input.contains(&0) && !spec.output_size.contains(&0);
        assert_eq!(plan.is_ok(), valid, "{plan:?}");
        let Ok(plan) = plan else { return Outcome::Refused };
        let x = input(&mut Random::new(*seed), spec.input, *special);
        let want = float::adaptive_avg_pool2d(spec.output_size, spec.input, &widen(&x));
        check_unary(&plan, &x, activated((Row::AvgPool2d, want), spec.activation, &[]));
        Outcome::Ran
    });
}

#[test]
fn adaptive_max_pool2d() {
    let strategy = (adaptive(), activation(false), rarely(4), any::<u64>()).prop_map(
        |((input, output), activation, special, seed)| {
            (AdaptiveMaxPool2d::new(input, output).activation(activation), special, seed)
        },
    );
    check(20000, strategy, |(spec, special, seed)| {
        let plan = spec.plan::<f32>();
        let valid = !spec.input.contains(&0) && !spec.output_size.contains(&0);
        assert_eq!(plan.is_ok(), valid, "{plan:?}");
        let Ok(plan) = plan else { return Outcome::Refused };
        let x = input(&mut Random::new(*seed), spec.input, *special);
        let want = float::adaptive_max_pool2d(spec.output_size, spec.input, &widen(&x));
        check_unary(&plan, &x, activated((Row::MaxPool2d, want), spec.activation, &[]));
        Outcome::Ran
    });
}

#[test]
fn global_pools_are_adaptive_pools_to_one_pixel() {
    check(2000, (shape(), any::<u64>()), |(shape, seed)| {
        let x = Random::new(*seed).f32s(shape.iter().product());
        let wide = widen(&x);
        let plan = AdaptiveAvgPool2d::global(*shape).plan::<f32>().unwrap();
        let want = float::adaptive_avg_pool2d([1, 1], *shape, &wide);
        check_unary(&plan, &x, (Row::AvgPool2d, want));
        let plan = AdaptiveMaxPool2d::global(*shape).plan::<f32>().unwrap();
        let want = float::adaptive_max_pool2d([1, 1], *shape, &wide);
        check_unary(&plan, &x, (Row::MaxPool2d, want));
        Outcome::Ran
    });
}
