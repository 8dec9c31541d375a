//! Factors: the product of every edge value with every kind of factor.

use nchw::FixedPoint;
use nchw_oracle::integer::Fixed;
use nchw_test_support::Random;

/// Zero, the limits, and powers of two, three and five with their neighbours, of both signs.
fn values() -> Vec<i32> {
    let mut values = vec![0, i32::MIN, i32::MIN + 1, i32::MAX, i32::MAX - 1];
    for bit in 0..31 {
        for factor in [1, 3, 5] {
            for neighbour in -1..=1 {
                let value = (factor << bit) + i64::from(neighbour);
                values.extend([value, -value].into_iter().filter_map(|v| i32::try_from(v).ok()));
            }
        }
    }
    values.extend(Random::new(1).i32s(50, i32::MIN..=i32::MAX));
    values
}

fn multipliers() -> Vec<i32> {
    let mut multipliers = vec![0, 1, 2, 3, 1 << 29, (1 << 29) + 1];
    for near in [1 << 30, 3 << 29, i32::MAX - 1] {
        multipliers.extend([near - 1, near, near + 1]);
    }
    multipliers.extend(Random::new(2).i32s(20, 1 << 30..=i32::MAX));
    multipliers.extend(Random::new(3).i32s(5, 0..=1 << 30));
    multipliers
}

#[test]
fn products_are_the_definitions() {
    let values = values();
    let mut pairs = 0;
    for multiplier in multipliers() {
        for shift in -31..=30 {
            let (point, exact) = (FixedPoint { multiplier, shift }, Fixed { multiplier, shift });
            for &x in &values {
                let (double, single) = (point.multiply_double(x), point.multiply_single(x));
                assert_eq!(i64::from(double), exact.double(x.into()), "{x} times {point:?}");
                assert_eq!(i64::from(single), exact.single(x.into()), "{x} times {point:?}, once");
                pairs += 1;
            }
        }
    }
    assert!(pairs > 500_000, "{pairs}");
}

/// TFLite's own examples of the two roundings, by hand.
#[test]
fn halves_by_hand() {
    let half = FixedPoint { multiplier: 1 << 30, shift: 0 };
    assert_eq!([1, 3, 5, -1, -3, -5].map(|x| half.multiply_double(x)), [1, 2, 3, 0, -1, -2]);
    assert_eq!([1, 3, 5, -1, -3, -5].map(|x| half.multiply_single(x)), [1, 2, 3, 0, -1, -2]);
    // 2 * 0.25: once to 1 of 2, then to 1; -2 * 0.25: to -1 of 2, then away from zero.
    let quarter = FixedPoint { multiplier: 1 << 30, shift: -1 };
    assert_eq!([1, 2, -2, -3, 6, -6].map(|x| quarter.multiply_double(x)), [1, 1, -1, -1, 2, -2]);
    assert_eq!([1, 2, -2, -3, 6, -6].map(|x| quarter.multiply_single(x)), [0, 1, 0, -1, 2, -1]);
}

/// 2 to a power.
fn power(exponent: i32) -> f64 {
    2.0_f64.powi(exponent)
}

#[test]
fn the_nearest_factor() {
    let mut reals = vec![f64::MIN_POSITIVE, f64::from_bits(1), f64::MAX, 1e-300, 1e300];
    for exponent in -45..=45 {
        for fraction in [1.0, 1.5, 1.0 + power(-30), 1.0 + power(-31), 2.0 - power(-30), 1.75] {
            let real: f64 = fraction * power(exponent);
            reals.extend([real, real.next_up(), real.next_down()]);
        }
        // Where rounding the multiplier carries: from 2 - 2^-31 on.
        let carry = power(exponent) * (2.0 - power(-31));
        reals.extend([carry, carry.next_up(), carry.next_down(), power(exponent + 1).next_down()]);
    }
    let random = Random::new(4).f32s_in(2000, -45.0, 45.0);
    reals.extend(random.iter().map(|&exponent| f64::from(exponent).exp2()));
    for real in reals {
        let Fixed { multiplier, shift } = Fixed::nearest(real);
        assert_eq!(FixedPoint::new(real), FixedPoint { multiplier, shift }, "{real:e}");
    }
}

#[test]
fn factors_by_hand() {
    let point = |multiplier, shift| FixedPoint { multiplier, shift };
    let zero = point(0, 0);
    assert_eq!(FixedPoint::new(power(-40)), zero);
    assert_eq!(FixedPoint::new(power(-32)), point(1 << 30, -31));
    assert_eq!(FixedPoint::new(power(-32).next_down()), point(1 << 30, -31));
    assert_eq!(FixedPoint::new(power(-33)), zero);
    assert_eq!(FixedPoint::new(power(29)), point(1 << 30, 30));
    assert_eq!(FixedPoint::new(power(30)), point(i32::MAX, 30));
    assert_eq!(FixedPoint::new(1.0 - power(-32)), point(1 << 30, 1));
    assert_eq!(FixedPoint::new((1.0 - power(-32)).next_down()), point(i32::MAX, 0));
    assert_eq!([0.0, -0.0, -1.0, f64::NAN].map(FixedPoint::new), [zero; 4]);
}

/// Right shifts beyond 31 leave less than a half of every i32.
#[test]
fn far_right_shifts_are_zero() {
    for shift in [-32, -33, -40, -63, -64, i32::MIN] {
        for multiplier in [0, 1, 1 << 30, 2_111_873_216, i32::MAX] {
            let point = FixedPoint { multiplier, shift };
            for x in values() {
                let both = (point.multiply_double(x), point.multiply_single(x));
                assert_eq!(both, (0, 0), "{x} times {point:?}");
            }
            // The definition, where it is one: as far as 64 bits reach.
            if shift >= -33 {
                let exact = Fixed { multiplier, shift };
                for x in [i32::MIN, i32::MAX, 1 << 30, -(1 << 30), 1, -1] {
                    assert_eq!(exact.double(x.into()), 0);
                    assert_eq!(exact.single(x.into()), 0);
                }
            }
        }
    }
}

/// Channels that training has killed: their weights are zero, and nothing is left of their bias.
#[test]
fn dead_channels() {
    use nchw::{Conv2d, Int8Parameters, Quantization, Rounding, WeightScale};
    let output = Quantization { scale: 0.1, zero_point: -5 };
    for rounding in [Rounding::FixedDouble, Rounding::FixedSingle] {
        let input = Quantization { scale: 0.5, zero_point: 3 };
        let spec = Conv2d::new([1, 1, 1], 4, [1, 1]).quantized(input, output);
        let plan = spec.rounding(rounding).plan::<i8>().unwrap();
        let mut packed = vec![0; plan.packed_len()];
        let scale = WeightScale::Fixed {
            multiplier: &[2_111_873_216, 1 << 30, i32::MAX, i32::MAX],
            shift: &[-32, 0, -40, i32::MIN],
        };
        let bias = Some(&[1 << 30, 20, -(1 << 30), i32::MAX][..]);
        let result = plan.pack(
            &plan.weight_shape(),
            &[0, 0, 0, 0],
            &Int8Parameters { bias, scale },
            &mut packed,
        );
        assert_eq!(result, Ok(()));
        let mut y = [0; 4];
        plan.run(&packed, &[100], &mut y, &mut []).unwrap();
        assert_eq!(y, [-5, 5, -5, -5]);
    }
}
