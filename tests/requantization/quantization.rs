//! Real numbers to i8 and back.

use nchw::{Quantization, Range};
use nchw_oracle::integer::Affine;
use nchw_test_support::Random;

#[test]
fn halves_go_away_from_zero() {
    let q = Quantization { scale: 0.5, zero_point: 3 };
    let reals = [0.25, -0.25, 0.75, -0.75, 0.24, -0.24, 0.0, -0.0, 1.25, -1.25];
    assert_eq!(reals.map(|x| q.quantize(x)), [4, 2, 5, 1, 3, 3, 3, 3, 6, 0]);
    // The next number below a half stays.
    assert_eq!([0.25_f32.next_down(), (-0.25_f32).next_up()].map(|x| q.quantize(x)), [3, 3]);
}

#[test]
fn what_is_out_of_reach_saturates() {
    for zero_point in [i8::MIN, -1, 0, i8::MAX] {
        let q = Quantization { scale: 0.125, zero_point };
        for real in [1e3, 1e10, 1e19, 1e30, f32::MAX, f32::INFINITY] {
            assert_eq!((q.quantize(real), q.quantize(-real)), (i8::MAX, i8::MIN));
        }
        assert_eq!(q.quantize(f32::MIN_POSITIVE), zero_point);
        assert_eq!(q.quantize(f32::NAN), zero_point);
    }
    // The quotient overflows.
    let fine = Quantization { scale: 1e-30, zero_point: 5 };
    assert_eq!((fine.quantize(1e30), fine.quantize(-1e30)), (i8::MAX, i8::MIN));
}

/// Every number comes back, and lies in the middle of what becomes it.
#[test]
fn there_and_back() {
    let scales = Random::new(1).f32s_in(200, 1e-3, 3.0);
    for scale in scales.into_iter().chain([1e-20, 1e20, 0.1, 1.0 / 3.0, 6.0 / 255.0]) {
        for zero_point in [i8::MIN, -77, 0, 1, i8::MAX] {
            let q = Quantization { scale, zero_point };
            let exact = Affine { scale, zero_point };
            for number in i8::MIN..=i8::MAX {
                let real = q.dequantize(number);
                assert_eq!(real, exact.dequantize(number));
                assert_eq!(q.quantize(real), number);
                for off in [-0.5, -0.499, 0.499, 0.5] {
                    let real = real + off * scale;
                    assert_eq!(q.quantize(real), exact.quantize(real), "{real} in {q:?}");
                }
            }
        }
    }
}

#[test]
fn ranges_by_hand() {
    let range = |min, max| {
        let Quantization { scale, zero_point } = Quantization::from_range(min, max);
        (scale, zero_point)
    };
    assert_eq!(range(0.0, 255.0), (1.0, -128));
    assert_eq!(range(-255.0, 0.0), (1.0, 127));
    assert_eq!(range(-128.0, 127.0), (1.0, 0));
    assert_eq!(range(-1.0, 1.0), (2.0 / 255.0, -1)); // -0.5, away from zero
    // Widened to hold 0.
    assert_eq!((range(51.0, 255.0), range(-255.0, -51.0)), ((1.0, -128), (1.0, 127)));
    assert_eq!((range(0.0, 0.0), range(f32::NAN, f32::NAN)), ((1.0, 0), (1.0, 0)));
    assert_eq!(range(3.0, -3.0), (1.0, 0));
}

#[test]
fn ranges_hold_their_ends_and_hit_zero() {
    let mut random = Random::new(2);
    for exponent in [-30, -4, 0, 3, 30] {
        let unit = 2.0_f32.powi(exponent);
        for _ in 0..2000 {
            let min = random.f32s_in(1, -3.0, 1.0)[0] * unit;
            let max = min + random.f32s_in(1, 0.01, 4.0)[0] * unit;
            let q = Quantization::from_range(min, max);
            let (low, high) = (f64::from(min.min(0.0)), f64::from(max.max(0.0)));
            assert_eq!(q.scale, ((high - low) / 255.0) as f32);
            assert_eq!((q.dequantize(q.zero_point), q.quantize(0.0)), (0.0, q.zero_point));
            // Half a step at most is lost by shifting 0 onto a number.
            let exact = Affine { scale: q.scale, zero_point: q.zero_point };
            let most = 0.501 * f64::from(q.scale);
            assert!((exact.real(i8::MIN) - low).abs() <= most, "{min} to {max}: {q:?}");
            assert!((exact.real(i8::MAX) - high).abs() <= most, "{min} to {max}: {q:?}");
        }
    }
}

#[test]
fn ranges_of_what_was_seen() {
    let mut range = Range::EMPTY;
    assert_eq!(range.quantization(), Quantization { scale: 1.0, zero_point: 0 });
    range.observe(&[]);
    assert_eq!(range, Range::EMPTY);
    range.observe(&[-0.5, f32::NAN, -2.0]);
    assert_eq!(range, Range { min: -2.0, max: -0.5 });
    range.observe(&[f32::NAN]);
    range.observe(&[3.0, 1.0]);
    assert_eq!(range, Range { min: -2.0, max: 3.0 });
    assert_eq!(range.quantization(), Quantization::from_range(-2.0, 3.0));
}

/// Ranges so small that no f32 is a 255th of them.
#[test]
fn ranges_of_the_smallest_numbers() {
    for max in [1e-45, 1e-43, 2e-43, 5e-43, 1e-42, 1e-40, 1e-37] {
        for (min, max) in [(0.0, max), (-max, 0.0), (-max, max)] {
            let q = Quantization::from_range(min, max);
            assert!(q.scale > 0.0, "{min:e} to {max:e}");
            assert_eq!(q.dequantize(q.zero_point), 0.0);
            for number in [min, max, 0.0] {
                let error = (q.dequantize(q.quantize(number)) - number).abs();
                // The last bit is the smallest f32.
                assert!(error <= 0.5 * q.scale + 2e-45, "{number:e} with {q:?}: {error:e}");
            }
        }
    }
}
