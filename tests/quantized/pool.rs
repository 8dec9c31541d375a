//! Pools of every size, and sums at the edges of what holds them.

use nchw::{AvgPool2d, MaxPool2d, Quantization};
use nchw_cases::int8::common::{check_unary, numbers};
use nchw_oracle::integer;
use nchw_test_support::Random;

/// Divisors up to the largest that is not refused, over sums as large as they come.
#[test]
fn the_largest_divisors() {
    let refused = |spec: AvgPool2d| spec.plan::<i8>().is_err();
    for (zero_point, x) in [(-128, -128), (-128, 127), (127, 127), (127, -128), (0, 127)] {
        let q = Quantization { scale: 1.0, zero_point };
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
            check_unary(&spec(divisor).plan().unwrap(), &[x, x], 1, &want);
        }
    }
}

/// Compares the maximum and every average of a window with the oracle.
fn check_window(input: [usize; 3], kernel: [usize; 2], stride: [usize; 2], padding: [usize; 4]) {
    println!("{input:?}, kernel {kernel:?}, stride {stride:?}, padding {padding:?}");
    let q = Quantization { scale: 1.0, zero_point: -7 };
    let seed = input.iter().chain(&kernel).fold(0, |seed, size| 31 * seed + *size as u64);
    let x = numbers(&mut Random::new(seed), input.iter().product());
    let spec = MaxPool2d::new(input, kernel).stride(stride).padding_sides(padding);
    let mut pool = nchw_oracle::MaxPool2d::new(kernel);
    (pool.stride, pool.padding) = (stride, padding);
    check_unary(&spec.plan().unwrap(), &x, 1, &integer::max_pool2d(&pool, input, &x));
    let spec = AvgPool2d::new(input, kernel).stride(stride).padding_sides(padding).quantized(q);
    let mut pool = nchw_oracle::AvgPool2d::new(kernel);
    (pool.stride, pool.padding) = (stride, padding);
    for (count_include_pad, divisor) in [(true, None), (false, None), (true, Some(5))] {
        let mut spec = spec.count_include_pad(count_include_pad);
        (spec.divisor_override, pool.divisor_override) = (divisor, divisor);
        pool.count_include_pad = count_include_pad;
        let want = integer::avg_pool2d(&pool, input, (&x, q.zero_point));
        check_unary(&spec.plan().unwrap(), &x, 1, &want);
    }
}

/// Each size of rows with each kernel and stride.
#[test]
fn rows_of_every_width() {
    let wide = [127, 128, 129, 130, 255, 256, 257, 258, 300];
    for width in (1..=70).chain(wide) {
        for kernel in 1..=5 {
            for stride in 1..=4 {
                let side = kernel / 2;
                let fit = width.max(kernel - 2 * side);
                check_window([2, 3, fit], [3, kernel], [2, stride], [1, side, 1, side]);
                let fit = width.max(kernel);
                check_window([1, 4, fit], [2, kernel], [1, stride], [0; 4]);
            }
        }
    }
}

/// Windows of a whole plane.
#[test]
fn planes_of_every_size() {
    for width in 1..=70 {
        for height in 1..=3 {
            check_window([2, height, width], [height, width], [1, 1], [0; 4]);
        }
    }
}

/// Windows so wide, high or far apart that vectors hold few of them or none.
#[test]
fn wide_windows() {
    for kernel in [40, 63, 200, 255, 256, 257] {
        for stride in [1, 2, 31, 64, 300] {
            check_window([2, 2, 300], [1, kernel], [1, stride], [0; 4]);
            check_window([1, 2, 600], [1, kernel], [1, stride], [0, kernel / 2, 0, kernel / 2]);
        }
        check_window([1, 300, 2], [kernel, 1], [1, 1], [kernel / 2, 0, kernel / 2, 0]);
    }
    for dilation in [50, 127, 128, 200] {
        let (input, kernel) = ([2, 2, 300], [1, 3]);
        let mut pool = nchw_oracle::MaxPool2d::new(kernel);
        (pool.stride, pool.padding) = ([1, 1], [0, 200, 0, 100]);
        pool.dilation = [1, dilation];
        let spec = MaxPool2d::new(input, kernel).stride([1, 1]).dilation(pool.dilation);
        let x = numbers(&mut Random::new(dilation as u64), input.iter().product());
        let want = integer::max_pool2d(&pool, input, &x);
        check_unary(&spec.padding_sides(pool.padding).plan().unwrap(), &x, 1, &want);
    }
}

/// As many of the largest inputs as fit into sixteen bits, and more.
#[test]
fn large_sums() {
    let kernels = [[15, 17], [16, 16], [17, 16], [5, 51], [1, 255], [4, 64], [1, 300]];
    for kernel in kernels {
        for value in [i8::MIN, i8::MAX] {
            let (input, pool) = ([2, 20, 310], nchw_oracle::AvgPool2d::new(kernel));
            let x = vec![value; input.iter().product()];
            let want = integer::avg_pool2d(&pool, input, (&x, 0));
            check_unary(&AvgPool2d::new(input, kernel).plan().unwrap(), &x, 1, &want);
        }
    }
}

/// Sums that are a half of the divisor more than a multiple of it, and one less and one more.
#[test]
fn halves() {
    const COUNT: usize = 255;
    let (input, kernel) = ([1, 6, COUNT], [1, COUNT]);
    let powers = (8..18).flat_map(|exponent| [-1, 0, 1].map(|more| (1 << exponent) + more));
    for divisor in (1..=255).chain([3_001, 9_999, 12_289, 16_000, 21_111]).chain(powers) {
        for zero_point in (i8::MIN..=i8::MAX).step_by(15) {
            let half = divisor / 2 + COUNT as i32 * i32::from(zero_point);
            let sums = [half - 1, half, half + 1].into_iter();
            let sums = sums.flat_map(|sum| [sum, sum - divisor]);
            let x: Vec<i8> = sums.flat_map(summing_up_to::<COUNT>).collect();
            let q = Quantization { scale: 1.0, zero_point };
            let spec = AvgPool2d::new(input, kernel).quantized(q).divisor_override(divisor as _);
            let mut pool = nchw_oracle::AvgPool2d::new(kernel);
            pool.divisor_override = Some(divisor as _);
            let want = integer::avg_pool2d(&pool, input, (&x, zero_point));
            check_unary(&spec.plan().unwrap(), &x, 1, &want);
        }
    }
}

/// Numbers whose sum is this, or as near to it as they come.
fn summing_up_to<const COUNT: usize>(mut sum: i32) -> [i8; COUNT] {
    let mut left = COUNT as i32;
    [(); COUNT].map(|()| {
        let number = (sum / left).clamp(i8::MIN.into(), i8::MAX.into());
        (sum, left) = (sum - number, left - 1);
        number as i8
    })
}
