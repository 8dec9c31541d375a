//! Maximum and average over windows, sliding or adaptive.

use nchw::{AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d};
use nchw_oracle::integer;
use nchw_test_support::{Random, check};
use proptest::prelude::*;

use crate::common::{Fused, check_unary, empty, fused, numbers, quantization};
use crate::geometry::{Window, channels, edge, shape, sides, window};

/// An input, the sliding of a window that fits it, and padding without a window of its own.
fn sliding(dilations: Vec<usize>) -> impl Strategy<Value = ([usize; 3], Window, [usize; 4])> {
    ((channels(), edge(), edge()), window(dilations), sides(4)).prop_map(
        |((channels, height, width), window, mut padding)| {
            let mut input = [channels, height, width];
            for axis in 0..2 {
                for side in [axis, axis + 2] {
                    padding[side] = padding[side].min(window.kernel[axis] - 1);
                }
                let padded = input[1 + axis] + padding[axis] + padding[axis + 2];
                input[1 + axis] += window.extent(axis).saturating_sub(padded);
            }
            (input, window, padding)
        },
    )
}

const WHOLE: [i8; 2] = [i8::MIN, i8::MAX];

#[test]
fn max_pool2d() {
    let strategy =
        (sliding(vec![1, 1, 2, 3]), any::<bool>(), quantization(), fused(), any::<u64>());
    check(8_000, strategy, |((input, window, padding), ceil_mode, q, fused, seed)| {
        let (limit, activation) = (fused.limit(*q, WHOLE), fused.activation(*q));
        let spec = MaxPool2d::new(*input, window.kernel)
            .stride(window.stride)
            .dilation(window.dilation)
            .padding_sides(*padding)
            .ceil_mode(*ceil_mode)
            .activation(activation);
        // Without a fused activation nothing has a meaning.
        let spec = if matches!(fused, Fused::None) { spec } else { spec.quantized(*q) };
        let plan = spec.plan::<i8>();
        if empty(limit, &plan) {
            return;
        }
        let pool = nchw_oracle::MaxPool2d {
            kernel_size: window.kernel,
            stride: window.stride,
            padding: *padding,
            dilation: window.dilation,
            ceil_mode: *ceil_mode,
        };
        let x = numbers(&mut Random::new(*seed), input.iter().product());
        check_unary(&plan.unwrap(), &x, &integer::max_pool2d(&pool, *input, &x).clamp(limit));
    });
}

#[test]
fn avg_pool2d() {
    let divisor = prop_oneof![
        3 => Just(None),
        1 => (1..=12_usize).prop_map(Some),
        1 => (13..=16_000_000_usize).prop_map(Some),
    ];
    let knobs = (any::<bool>(), any::<bool>(), divisor, quantization(), fused(), any::<u64>());
    check(12_000, (sliding(vec![1]), knobs), |((input, window, padding), knobs)| {
        let (ceil_mode, count_include_pad, divisor_override, q, fused, seed) = *knobs;
        let (limit, activation) = (fused.limit(q, WHOLE), fused.activation(q));
        let mut spec = AvgPool2d::new(*input, window.kernel)
            .stride(window.stride)
            .padding_sides(*padding)
            .ceil_mode(ceil_mode)
            .count_include_pad(count_include_pad)
            .activation(activation)
            .quantized(q);
        spec.divisor_override = divisor_override;
        let plan = spec.plan::<i8>();
        if empty(limit, &plan) {
            return;
        }
        let pool = nchw_oracle::AvgPool2d {
            kernel_size: window.kernel,
            stride: window.stride,
            padding: *padding,
            ceil_mode,
            count_include_pad,
            divisor_override,
        };
        let x = numbers(&mut Random::new(seed), input.iter().product());
        let want = integer::avg_pool2d(&pool, *input, (&x, q.zero_point)).clamp(limit);
        check_unary(&plan.unwrap(), &x, &want);
    });
}

#[test]
fn adaptive_pools() {
    let size = prop_oneof![1 => Just([1, 1]), 4 => [edge(), edge()]];
    let strategy = (shape(), size, quantization(), fused(), any::<u64>());
    check(4_000, strategy, |(input, size, q, fused, seed)| {
        let (limit, activation) = (fused.limit(*q, WHOLE), fused.activation(*q));
        let average = AdaptiveAvgPool2d::new(*input, *size).activation(activation).quantized(*q);
        let maximum = AdaptiveMaxPool2d::new(*input, *size).activation(activation).quantized(*q);
        let (average, maximum) = (average.plan::<i8>(), maximum.plan::<i8>());
        if empty(limit, &average) && empty(limit, &maximum) {
            return;
        }
        let x = numbers(&mut Random::new(*seed), input.iter().product());
        let want = integer::adaptive_avg_pool2d(*size, *input, &x).clamp(limit);
        check_unary(&average.unwrap(), &x, &want);
        let want = integer::adaptive_max_pool2d(*size, *input, &x).clamp(limit);
        check_unary(&maximum.unwrap(), &x, &want);
    });
}

/// Divisors up to the largest that is not refused, over sums as large as they come.
#[test]
fn the_largest_divisors() {
    let refused = |spec: AvgPool2d| spec.plan::<i8>().is_err();
    for (zero_point, x) in [(-128, -128), (-128, 127), (127, 127), (127, -128), (0, 127)] {
        let q = nchw::Quantization { scale: 1.0, zero_point };
        let spec =
            |divisor| AvgPool2d::new([1, 1, 2], [1, 2]).quantized(q).divisor_override(divisor);
        let (mut accepted, mut too_large) = (1, usize::MAX);
        while accepted + 1 < too_large {
            let middle = accepted + (too_large - accepted) / 2;
            match refused(spec(middle)) {
                true => too_large = middle,
                false => accepted = middle,
            }
        }
        for divisor in [accepted, accepted - 1, accepted - 2] {
            let mut pool = nchw_oracle::AvgPool2d::new([1, 2]);
            pool.divisor_override = Some(divisor);
            let want = integer::avg_pool2d(&pool, [1, 1, 2], (&[x, x], zero_point));
            check_unary(&spec(divisor).plan().unwrap(), &[x, x], &want);
        }
    }
}
