//! Operators that move pixels, and those that convert them.

use nchw::{Dequantize, Quantize, Upsample, ZeroPad2d};
use nchw_oracle::integer;
use nchw_test_support::{Guarded, Random, check};
use proptest::prelude::*;

use crate::int8::common::{affine, check_unary, guarded, numbers, output, quantization};
use crate::int8::geometry::{edge, shape, sides};

#[test]
fn upsample() {
    let size = || prop_oneof![20 => edge(), 6 => 21..=70_usize];
    check(4_000, (shape(), [size(), size()], any::<u64>()), |(input, size, seed)| {
        let x = numbers(&mut Random::new(*seed), input.iter().product());
        let plan = Upsample::to(*input, *size).plan::<i8>().unwrap();
        check_unary(&plan, &x, &integer::upsample_nearest(*size, *input, &x));
    });
}

#[test]
fn zero_pad2d() {
    check(4_000, (shape(), sides(9), quantization(), any::<u64>()), |(input, sides, q, seed)| {
        let x = numbers(&mut Random::new(*seed), input.iter().product());
        let plan = ZeroPad2d::new(*input, *sides).quantized(*q).plan::<i8>().unwrap();
        check_unary(&plan, &x, &integer::zero_pad2d(*sides, *input, (&x, q.zero_point)));
    });
}

#[test]
fn quantize_and_dequantize() {
    check(4_000, (shape(), quantization(), any::<u64>()), |(shape, q, seed)| {
        let len = shape.iter().product();
        let mut random = Random::new(*seed);
        let mut x = random.f32s_in(len, -200.0 * q.scale, 200.0 * q.scale);
        // Halves, in so far as f32 has them at this scale, and what is out of reach.
        for (index, x) in x.iter_mut().enumerate().step_by(3) {
            let steps = random.i32s(1, -300..=300)[0] as f32 + 0.5;
            *x = [steps * q.scale, f32::INFINITY, f32::MIN][usize::from(index % 7 == 0)];
        }
        let plan = Quantize::new(*shape, *q).plan().unwrap();
        let input = guarded(&x);
        let y = output(len, |y| plan.run(input.slice(), y));
        let want: Vec<i8> = x.iter().map(|&x| affine(*q).quantize(x)).collect();
        assert_eq!(y, want);

        let plan = Dequantize::new(*shape, *q).plan().unwrap();
        let x = guarded(&numbers(&mut random, len));
        let mut y = Guarded::new(len);
        assert_eq!(plan.run(x.slice(), y.slice_mut()), Ok(()));
        y.check();
        let want: Vec<f32> = x.slice().iter().map(|&x| affine(*q).dequantize(x)).collect();
        assert_eq!(y.slice(), want);
    });
}
