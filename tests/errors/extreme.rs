//! Parameters that are extreme but make sense.

use nchw::{AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, PaddingMode};
use nchw_test_support::{Guarded, Random};

use crate::{MOST, high};

/// Strides and dilations that no second window or tap sees.
const FAR: [usize; 6] = [7, high(31), high(32), high(59), MOST, usize::MAX];

/// Runs `spec` if there is a plan, and compares the result with that of `tame`, bit for bit.
macro_rules! same_as {
    ($spec:expr, $tame:expr, |$plan:ident, $y:ident| $run:expr) => {{
        let $plan = $tame.plan::<f32>().unwrap();
        let mut expected = Guarded::new($plan.output_len());
        let $y = expected.slice_mut();
        assert_eq!($run, Ok(()));
        let shape = $plan.output_shape();
        if let Ok($plan) = $spec.plan::<f32>() {
            assert_eq!($plan.output_shape(), shape, "{:?}", $spec);
            let mut output = Guarded::new($plan.output_len());
            let $y = output.slice_mut();
            assert_eq!($run, Ok(()), "{:?}", $spec);
            output.check();
            output.assert_written();
            assert_eq!(output.slice(), expected.slice(), "{:?}", $spec);
        }
    }};
}

#[test]
fn strides_beyond_the_input() {
    let x = Random::new(1).f32s(2 * 5 * 6);
    let packed = Random::new(2).f32s(3 + 3 * 2 * 3 * 3);
    for stride in FAR {
        let conv = Conv2d::new([2, 5, 6], 3, [3, 3]).padding_sides([1, 0, 0, 1]);
        for mode in [
            PaddingMode::Zeros,
            PaddingMode::Reflect,
            PaddingMode::Replicate,
            PaddingMode::Circular,
        ] {
            let conv = conv.padding_mode(mode);
            same_as!(conv.stride([stride; 2]), conv.stride([9, 9]), |plan, y| {
                plan.run(&packed, &x, y, &mut [])
            });
        }
        let max = MaxPool2d::new([2, 5, 6], [3, 3]).padding_sides([1, 1, 0, 1]);
        same_as!(max.stride([stride; 2]), max.stride([9, 9]), |plan, y| plan.run(&x, y));
        let max = max.ceil_mode(true);
        same_as!(max.stride([stride; 2]), max.stride([9, 9]), |plan, y| plan.run(&x, y));
        let avg = AvgPool2d::new([2, 5, 6], [3, 3]).padding_sides([1, 1, 0, 1]);
        same_as!(avg.stride([stride; 2]), avg.stride([9, 9]), |plan, y| plan.run(&x, y));
        let avg = avg.ceil_mode(true).count_include_pad(false);
        same_as!(avg.stride([stride; 2]), avg.stride([9, 9]), |plan, y| plan.run(&x, y));
        // One input pixel, so nothing is a stride away.
        let transposed = ConvTranspose2d::new([2, 1, 1], 3, [3, 3]);
        same_as!(transposed.stride([stride; 2]), transposed.stride([9, 9]), |plan, y| {
            plan.run(&packed, &x[..2], y, &mut [])
        });
        let transposed = transposed.padding([1, 1]).output_padding([3, 2]);
        same_as!(transposed.stride([stride; 2]), transposed.stride([9, 9]), |plan, y| {
            plan.run(&packed, &x[..2], y, &mut [])
        });
    }
}

#[test]
fn dilations_of_a_single_tap() {
    let x = Random::new(1).f32s(2 * 3 * 4);
    let packed = Random::new(2).f32s(3 + 3 * 2);
    for dilation in FAR {
        for stride in [1, 2] {
            let conv = Conv2d::new([2, 3, 4], 3, [1, 1]).stride([stride; 2]).padding([2, 2]);
            same_as!(conv.dilation([dilation; 2]), conv, |plan, y| {
                plan.run(&packed, &x, y, &mut [])
            });
            let transposed = ConvTranspose2d::new([2, 3, 4], 3, [1, 1]).stride([stride; 2]);
            same_as!(transposed.dilation([dilation; 2]), transposed, |plan, y| {
                plan.run(&packed, &x, y, &mut [])
            });
            for padding in [0, 1, 2, 5] {
                let max = MaxPool2d::new([2, 3, 4], [1, 1]).stride([stride; 2]);
                let max = max.padding([padding; 2]);
                same_as!(max.dilation([dilation; 2]), max, |plan, y| plan.run(&x, y));
            }
        }
    }
}

#[test]
fn padding_far_beyond_the_input() {
    let x = Random::new(1).f32s(2 * 3 * 4);
    // Windows as large as the padding, so that there are few of them.
    for padding in [100, high(31), high(32), high(58)] {
        let avg = |padding: usize| {
            AvgPool2d::new([2, 3, 4], [padding + 3, padding + 4])
                .stride([1, 1])
                .padding_sides([padding, padding, 0, 0])
                .count_include_pad(false)
        };
        same_as!(avg(padding), avg(100), |plan, y| plan.run(&x, y));
        let avg = |padding: usize| avg(padding).divisor_override(3);
        same_as!(avg(padding), avg(100), |plan, y| plan.run(&x, y));
    }
}

/// The number of pixels in a window is a product of its own.
#[test]
fn averages_over_more_padding_than_can_be_counted() {
    let x = [1.0; 12];
    for padding in [1 << 16, high(32), high(40)] {
        let spec = AvgPool2d::new([1, 3, 4], [padding + 3, padding + 4])
            .stride([1, 1])
            .padding_sides([padding, padding, 0, 0]);
        let Ok(plan) = spec.plan::<f32>() else { continue };
        assert_eq!(plan.output_len(), 1);
        let mut y = [f32::NAN];
        assert_eq!(plan.run(&x, &mut y), Ok(()));
        let pixels = (padding as f64 + 3.0) * (padding as f64 + 4.0);
        let expected = 12.0 / pixels;
        let error = (f64::from(y[0]) - expected).abs();
        assert!(error <= 1e-6 * expected, "{spec:?}: {}, not {expected:e}", y[0]);
    }
}

#[test]
fn divisors_far_beyond_the_window() {
    for divisor in [1 << 24, usize::MAX / 2, usize::MAX] {
        let plan =
            AvgPool2d::new([1, 2, 2], [2, 2]).divisor_override(divisor).plan::<f32>().unwrap();
        let mut y = [0.0];
        assert_eq!(plan.run(&[1.0, 2.0, 3.0, 4.0], &mut y), Ok(()));
        assert_eq!(y, [10.0 / divisor as f32]);
    }
}
