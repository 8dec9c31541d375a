//! Elementary functions in f64 for the compiler: what `core` has not at all, or not in `const fn`. Good
//! to a few ulp, which is far more than an i8 table or a folded f32 keeps.

/// Square root by Newton's method.
pub(crate) const fn sqrt(x: f64) -> f64 {
    if x < 0.0 {
        return f64::NAN;
    }
    // Zeros, infinity and NaN are their own roots.
    if x == 0.0 || x == f64::INFINITY || x.is_nan() {
        return x;
    }
    // Subnormals are scaled into the normal range, where halving the exponent gives a first guess
    // that is right to a few per cent; every step doubles the number of right digits.
    let (x, unscale) = if x < 1e-290 {
        (x * (1_u64 << 52) as f64 * (1_u64 << 52) as f64, 1.0 / (1_u64 << 52) as f64)
    } else {
        (x, 1.0)
    };
    let mut root = f64::from_bits((x.to_bits() >> 1) + 0x1ff7_a3be_a91d_9b1b);
    let mut step = 0;
    while step < 6 {
        root = 0.5 * (root + x / root);
        step += 1;
    }
    root * unscale
}

/// `e^x`: a Taylor series for what is left of `x` once whole powers of two are taken out.
pub(crate) const fn exp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x > 709.782712893384 {
        return f64::INFINITY;
    }
    if x < -708.0 {
        return 0.0;
    }
    let halves = x / core::f64::consts::LN_2 + if x < 0.0 { -0.5 } else { 0.5 };
    let exponent = halves as i64;
    /// The upper bits of ln 2, few enough for a product without rounding, and the rest.
    const LN_2: (f64, f64) = (6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10);
    let rest = (x - exponent as f64 * LN_2.0) - exponent as f64 * LN_2.1;
    let mut sum = 1.0;
    let mut term = 14;
    while term > 0 {
        sum = 1.0 + sum * rest / term as f64;
        term -= 1;
    }
    // Twice, as 2^1024 is none.
    let half = exponent / 2;
    sum * power_of_two(half) * power_of_two(exponent - half)
}

/// `2^exponent`, for exponents of normal numbers.
const fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

pub(crate) const fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + exp(-x))
}

/// `e^x - 1`, near zero by its series, as the difference would leave nothing of it.
pub(crate) const fn expm1(x: f64) -> f64 {
    if !(x > -0.5 && x < 0.5) {
        return exp(x) - 1.0;
    }
    let mut sum = 1.0;
    let mut term = 18;
    while term > 1 {
        sum = 1.0 + sum * x / term as f64;
        term -= 1;
    }
    sum * x
}

pub(crate) const fn tanh(x: f64) -> f64 {
    let minus = expm1(-2.0 * x.abs());
    let tanh = -minus / (minus + 2.0);
    if x < 0.0 { -tanh } else { tanh }
}

/// The error function, by a series of positive terms:
/// `2 / sqrt(pi) * exp(-x^2) * sum(2^n x^(2n + 1) / (2n + 1)!!)`.
///
/// Source: Abramowitz and Stegun, 7.1.6.
pub(crate) const fn erf(x: f64) -> f64 {
    if x > 6.0 {
        return 1.0;
    }
    if x < -6.0 {
        return -1.0;
    }
    let mut term = x;
    let mut sum = x;
    let mut n = 1;
    while n < 120 {
        term *= 2.0 * x * x / (2 * n + 1) as f64;
        sum += term;
        n += 1;
    }
    core::f64::consts::FRAC_2_SQRT_PI * exp(-x * x) * sum
}

/// `1 - erf(x)`, far on the right by its continued fraction, as the difference would leave nothing of it.
///
/// Source: Abramowitz and Stegun, 7.1.14.
pub(crate) const fn erfc(x: f64) -> f64 {
    if x < 2.0 || x.is_nan() {
        return 1.0 - erf(x);
    }
    let mut denominator = x;
    let mut n = 120;
    while n > 0 {
        denominator = x + 0.5 * n as f64 / denominator;
        n -= 1;
    }
    0.5 * core::f64::consts::FRAC_2_SQRT_PI * exp(-x * x) / denominator
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqrt_is_right_to_one_ulp() {
        let mut x = f64::from_bits(1);
        while x < 1e300 {
            let (got, want) = (sqrt(x), x.sqrt());
            assert!(
                (got - want).abs() <= want * f64::EPSILON,
                "sqrt({x:e}) = {got:e}, not {want:e}"
            );
            x *= 1.618;
            x += f64::MIN_POSITIVE * 1e-10;
        }
        assert_eq!(sqrt(0.0), 0.0);
        assert_eq!(sqrt(f64::INFINITY), f64::INFINITY);
        assert!(sqrt(-1.0).is_nan() && sqrt(f64::NAN).is_nan());
    }

    #[test]
    fn exp_and_its_relatives_are_right_to_a_few_ulp() {
        for step in -7_000..=7_000 {
            let x = f64::from(step) * 0.1007;
            let (got, want) = (exp(x), x.exp());
            assert!(
                (got - want).abs() <= 4.0 * f64::EPSILON * want,
                "exp({x}) = {got}, not {want}"
            );
            let (got, want) = (expm1(x / 100.0), (x / 100.0).exp_m1());
            assert!((got - want).abs() <= 4.0 * f64::EPSILON * want.abs(), "expm1({x}) / 100");
            let (got, want) = (tanh(x), x.tanh());
            assert!((got - want).abs() <= 4.0 * f64::EPSILON, "tanh({x}) = {got}, not {want}");
        }
        assert_eq!((exp(f64::NEG_INFINITY), exp(1000.0)), (0.0, f64::INFINITY));
        assert_eq!((sigmoid(0.0), sigmoid(-800.0)), (0.5, 0.0));
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn erf_has_its_tabulated_values() {
        // Abramowitz and Stegun, table 7.1.
        let table = [(0.0, 0.0), (0.5, 0.520_499_877_813_046_5), (1.0, 0.842_700_792_949_714_9)];
        for (x, want) in table.into_iter().chain([(2.0, 0.995_322_265_018_952_7), (7.0, 1.0)]) {
            assert!((erf(x) - want).abs() < 1e-14, "erf({x}) = {}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
        // Likewise, 7.1 and 7.3.
        for (x, want) in [
            (-2.0, 1.995_322_265_018_952_7),
            (0.5, 0.479_500_122_186_953_5),
            (2.0, 4.677_734_981_047_266e-3),
            (3.0, 2.209_049_699_858_544e-5),
            (5.0, 1.537_459_794_428_035e-12),
            (10.0, 2.088_487_583_762_545e-45),
            (25.0, 8.300_172_571_196_523e-274),
        ] {
            assert!((erfc(x) - want).abs() <= 3e-13 * want, "erfc({x}) = {:e}", erfc(x));
        }
        assert_eq!((erfc(f64::INFINITY), erfc(f64::NEG_INFINITY)), (0.0, 2.0));
    }
}
