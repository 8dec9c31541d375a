//! What is proven of every row, for all finite inputs without overflow; of curves, which are based on exp and tanh, what
//! was computed of numbers from all of f32.
//!
//! # The argument for sums
//!
//! A computed sum is a sum of monomials (products of an input, a weight and constants), each multiplied by a factor
//! `1 + d`, `|d| <= u`, for every rounding on its way to the result: that of a product, of a product added at once
//! (FMA: one rounding for both), and of every addition that what it is in takes part in. With at most `d` roundings on
//! any way the error is at most `gamma(d) = d u / (1 - d u)` times the sum of the monomials' magnitudes (N. Higham,
//! Accuracy and Stability of Numerical Algorithms, 3.1). What is left is to count `d`.
//!
//! Additions never underflow. A product, or FMA, which does errs by half the smallest subnormal `s = 2^-149`
//! more, and what is added to that error is as above; with `gamma(d) <= 1`, `s` for each product is enough. A folded weight
//! is rounded, too, which underflow makes `s / 2` times an input.
//!
//! # How near results come
//!
//! `tests/precision/adversarial.rs` looks for inputs that err as much as they can, and holds how near these come:
//! running sums to 90 % of what is proven, sums of sums to a fifth and more, Winograd's method to 16 and 20 %, pools to
//! a third, bilinear upsampling to a fourth, softmax to a tenth. Winograd's roundings would all have to err in the same
//! direction, and every input, weight and product be at its largest with the sign that lets nothing cancel: with the
//! signs that they can have, products come to 289 and 25 at most where `growth` says 752 and 64.

use nchw_oracle::Output;

use super::{Allowed, Row, U, UNDERFLOW, Worst, fail, ulp, worst_by};

/// The most products of a running sum, by any nest on any target: of `isa/generic/taps.rs`, where stacks are small half as
/// many, and of `kernel/conv/band`; others have fewer.
const RUNNING: usize = 147;

/// The fewest products of a running sum on the average, where there is more than one: half of those that the smaller
/// lists hold, as a part is whole channels, and parts of bands are about equal.
const LEAST: usize = 24;

/// The most and the fewest input channels of a running sum at a position of a tile.
const RUNNING_IN_TILES: usize = 128;
const LEAST_IN_TILES: usize = 64;

/// What is proven. `S` is an element's magnitude, `gamma(d)` as above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Proven {
    /// `gamma(m + q + 2) * S` and underflow, for `n` products (those with padding included) in running sums of at most
    /// 147: `m = min(n, 147)`, of which only those count that meet an input, and `q = n / 24 + 1` sums.
    ///
    /// In a running sum of `m` products which begins at zero, a product takes part in at most `m` roundings: its
    /// own and `m - 1` additions (the first is to zero), or `m` FMAs. Then its sum and those after it are added
    /// to the total, which begins with the bias: at most `q` additions. A depthwise sum is a single running one that
    /// begins with the bias, or the sum of such over columns or pairs of taps; products with masked inputs add
    /// zero, exactly. One more rounding is that of a folded weight or bias, which is computed in f64, and one is more
    /// than all that f64 takes.
    Sums,
    /// `gamma(roundings + m + q) * (growth * N + |b|)` and underflow, for `c` input channels, `m = min(c, 128)`,
    /// `q = c / 64 + 1` and `N`, the sum over input channels of the largest weight's magnitude times the largest
    /// input's ([`Operands`]).
    ///
    /// An output is a sum over positions `(r, s)` of the tile of `A[i][r] A[j][s] (G w G^T)[r][s] (B x B^T)[r][s]`,
    /// summed up over channels. Written out, its monomials come to at most `growth * N`:
    /// `growth = (max over i of sum over r of |A[i][r]| g[r] b[r])^2` with the sums of magnitudes `g[r]` and `b[r]` along
    /// the rows of G and B; a test beneath computes it. That does not use any two of them to cancel, so it
    /// holds for the transforms with their terms shared. The roundings of each transform along one direction are
    /// `B: 1, A: 2` for tiles of 2 x 2, and `B: 4, A: 4` for 4 x 4 without FMA; both directions, and one
    /// rounding of the transformed weight, which is computed in f64: `2 B + 1 + 2 A`. Of the sums over channels the first
    /// takes no addition.
    ///
    /// Underflow, per channel: of a transformed weight `s / 2` times a transformed input, of at most `b[r] b[s]` times
    /// the largest; along one direction of B, 3.5 times `s / 2` at most, both directions `3.5 (1 + max b)`, times a
    /// transformed weight of at most `g[r] g[s]` times the largest; of a product `s / 2`. After A this is less than
    /// `small` times 1, the largest input and the largest weight together.
    Tiles {
        /// Of both transforms and the weights.
        roundings: usize,
        /// Of the magnitudes.
        growth: f64,
        /// Of what underflows.
        small: f64,
    },
    /// `gamma(roundings) * S` and underflow.
    Roundings(usize),
    /// The reference rounded to f32, bit for bit but for the sign of zero.
    Exact,
    /// `|y - ref| <= ulps * ulp(ref) + absolute`, as is typical: no proof, but computed. `tests/curves.rs` holds closer
    /// bounds on numbers from all of f32 at equal distances, or on all of f32, as was done for ELU.
    Ulps {
        /// Units in the last place of the reference.
        ulps: f64,
        /// Added to it.
        absolute: f64,
    },
    /// `u * (20 + ln(channels)) * |ref| + u / 2 + s`.
    ///
    /// With `t` for the distance from the largest input, what is computed of `exp(-t)` is
    /// `exp(-t) (1 + t u) (1 + 4 u)`: one rounding of `t`, and exp's own error, two ulp. The sum, all of whose terms are
    /// positive, errs by the average of `t u` over the output `p`, and 4 u; compensated summation takes below 3 u, the
    /// sum of lanes 7 u, the quotient u: less than 20 u in all. As `p <= exp(-t)`, `p t u <= u / e`. The average of `t` over `p` is the
    /// entropy of `p` less the logarithm of the sum, so at most `ln(channels)`.
    Softmax,
}

impl Row {
    /// What is proven.
    pub fn proven(self) -> Proven {
        match self {
            Row::Conv2d | Row::ConvTranspose2d | Row::Linear | Row::EqualProducts => Proven::Sums,
            Row::Winograd2 => Proven::Tiles { roundings: 7, growth: 64.0, small: 40.0 },
            Row::Winograd4 => Proven::Tiles { roundings: 17, growth: 752.0, small: 1400.0 },
            // Of the factor, the product, and its sum with the shift, of which S has the magnitude without cancelling.
            // One for what the factor and the shift lose in f64.
            Row::BatchNorm2d => Proven::Roundings(4),
            // Three in a part of four, at most three of the parts or two of them with compensation (and one for terms
            // in u^2, with fewer than 2^22 parts), at most seven of lanes, and the quotient.
            Row::AvgPool2d => Proven::Roundings(14),
            // Across and down a share, a product and a sum each. The position errs by three roundings of itself, for
            // which S has the inputs' differences. One for what is in both.
            Row::UpsampleBilinear => Proven::Roundings(7),
            // The slope is a number of f32.
            Row::LeakyRelu => Proven::Roundings(1),
            // A product and a sum, and what lies beyond the clamp is not farther from it than here.
            Row::Hardsigmoid => Proven::Roundings(2),
            // A sum, a product and a quotient.
            Row::PiecewiseLinear => Proven::Roundings(3),
            // The exact sum or product, rounded to f64 and to f32, is the one rounded to f32 once: f64 has more than
            // twice the bits and two more.
            Row::Elementwise | Row::MaxPool2d | Row::Clamp | Row::Copy => Proven::Exact,
            Row::Exponential => Proven::Ulps { ulps: 4.0, absolute: 1e-7 },
            Row::Softmax => Proven::Softmax,
            // ELU with any `alpha`: one ulp with 1, which the product makes two, and its own half.
            Row::Expm1 => Proven::Ulps { ulps: 4.0, absolute: 0.0 },
            Row::Gelu => Proven::Ulps { ulps: 4.0, absolute: 2e-8 },
        }
    }
}

/// What a bound has to know of a layer's operands besides S.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operands {
    /// Products of an output, those with padding included: the weights of an output channel.
    pub products: usize,
    /// The largest magnitude of an input.
    pub input: f64,
    /// The largest magnitude of a weight.
    pub weight: f64,
    /// For each output channel the largest magnitudes of inputs and weights of an input channel, multiplied, the sum
    /// over input channels; and the magnitude of the bias.
    pub norms: Vec<[f64; 2]>,
}

impl Operands {
    /// Of an operator without weights.
    pub const NONE: Self = Self { products: 0, input: 0.0, weight: 0.0, norms: Vec::new() };

    /// Of a convolution with weights `[outputs, inputs of a group, ..]`, also of a fully connected layer; without the
    /// weights that meet padding alone. Folded weights count as they are folded.
    pub fn of(
        [groups, inputs, outputs]: [usize; 3],
        x: &[f32],
        weight: &[f32],
        bias: Option<&[f32]>,
    ) -> Self {
        let (plane, inputs) = (x.len() / inputs, inputs / groups);
        let products = weight.len() / outputs;
        let planes: Vec<f64> = x.chunks(plane).map(largest).collect();
        let norms = weight.chunks(products).enumerate().map(|(output, weight)| {
            let planes = &planes[output / (outputs / groups) * inputs..];
            let kernels = weight.chunks(products / inputs);
            let norm = kernels.zip(planes).map(|(weight, x)| largest(weight) * x).sum();
            [norm, bias.map_or(0.0, |bias| f64::from(bias[output]).abs())]
        });
        Self { products, input: largest(x), weight: largest(weight), norms: norms.collect() }
    }
}

fn largest(values: &[f32]) -> f64 {
    values.iter().fold(0.0, |largest, &value| f64::from(value).abs().max(largest))
}

/// Over u, so that an error is this times u times S.
fn gamma(roundings: usize) -> f64 {
    roundings as f64 / (1.0 - roundings as f64 * U)
}

/// What [`Proven::Sums`] says of `products` products, of which `taps` meet inputs of at most `input`.
pub(super) fn sum(taps: usize, products: usize, input: f64, magnitude: f64) -> Allowed {
    let roundings = taps.min(RUNNING) + products / LEAST + 3;
    let small = (products + 1) as f64 * (1.0 + input) * UNDERFLOW;
    Allowed::times(gamma(roundings), magnitude, small)
}

/// The worst element of `got` by what is proven; `None` if there are no elements. Panics if the lengths differ, and
/// without the norms of Winograd's operands.
#[track_caller]
pub fn worst_proven(row: Row, got: &[f32], want: &Output, operands: &Operands) -> Option<Worst> {
    let [channels, height, width] = want.shape;
    let products = operands.products.max(want.taps);
    worst_by(got, want, |index, magnitude| match row.proven() {
        Proven::Exact => Allowed::EXACT,
        Proven::Roundings(roundings) => {
            Allowed::times(gamma(roundings), magnitude, want.taps as f64 * UNDERFLOW)
        }
        Proven::Sums => sum(want.taps, products, operands.input, magnitude),
        Proven::Tiles { roundings, growth, small } => {
            let inputs = products / 9;
            let sums = inputs.min(RUNNING_IN_TILES) + inputs / LEAST_IN_TILES + 1;
            let [norm, bias] = operands.norms[index / (height * width)];
            let sizes = 1.0 + operands.input + operands.weight;
            let small = small * inputs as f64 * sizes * UNDERFLOW;
            Allowed::times(gamma(roundings + sums), growth * norm + bias, small)
        }
        Proven::Ulps { ulps, absolute } => {
            Allowed { error: ulps * ulp(want.values[index]) + absolute, ..Allowed::EXACT }
        }
        Proven::Softmax => {
            let relative = 20.0 + (channels as f64).ln();
            Allowed::times(relative, want.values[index], 0.5 * U + UNDERFLOW)
        }
    })
}

/// Panics unless every element of `got` is as near to `want` as is proven for all inputs; says which is worst.
#[track_caller]
pub fn assert_proven(row: Row, got: &[f32], want: &Output, operands: &Operands) {
    if let Some(worst) = worst_proven(row, got, want, operands) {
        fail(row, want, worst);
    }
}

/// Whether `got` are sums of products, each of which is as near to `want` as is proven.
pub fn is_proven_sum(row: Row, got: &[f32], want: &Output) -> bool {
    let operands = Operands { products: want.taps, ..Operands::NONE };
    let near = |worst: Worst| worst.ratio <= 1.0;
    row.proven() == Proven::Sums && worst_proven(row, got, want, &operands).is_none_or(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The transforms at some points and at infinity, by rows: of the taps, of the inputs, of the products.
    fn growth(points: &[f64], outputs: usize) -> f64 {
        let size = points.len() + 1;
        let (mut g, mut b) = (vec![1.0; size], vec![0.0; size]);
        for (r, point) in points.iter().enumerate() {
            let others = || points.iter().filter(|other| *other != point);
            let divisor: f64 = others().map(|other| point - other).product();
            g[r] = (1.0 + point.abs() + point * point) / divisor.abs();
            b[r] = magnitudes(others().copied());
        }
        b[size - 1] = magnitudes(points.iter().copied());
        let row = |output: usize| -> f64 {
            let infinite = if output == outputs - 1 { g[size - 1] * b[size - 1] } else { 0.0 };
            let finite = points.iter().zip(g.iter().zip(&b));
            infinite + finite.map(|(p, (g, b))| p.abs().powi(output as i32) * g * b).sum::<f64>()
        };
        (0..outputs).map(row).fold(0.0, f64::max).powi(2)
    }

    /// The sum of the magnitudes of a polynomial's coefficients, with these zeros.
    fn magnitudes(zeros: impl Iterator<Item = f64>) -> f64 {
        let mut coefficients = vec![1.0];
        for zero in zeros {
            let before = coefficients.clone();
            coefficients.push(0.0);
            for (index, coefficient) in before.into_iter().enumerate() {
                coefficients[index + 1] -= zero * coefficient;
            }
        }
        coefficients.iter().map(|coefficient: &f64| coefficient.abs()).sum()
    }

    #[test]
    fn growth_is_that_of_the_transforms() {
        assert_eq!(growth(&[0.0, 1.0, -1.0], 2), 64.0);
        let large = growth(&[0.0, 0.75, -0.75, 1.5, -1.5], 4);
        assert!((751.0..752.0).contains(&large), "{large}");
    }

    #[test]
    fn operands_have_the_norms_of_their_channels() {
        let x = [1.0, -2.0, 3.0, 0.5];
        let operands = Operands::of([1, 2, 1], &x, &[-4.0, 1.0, 0.5, 0.25], Some(&[-7.0]));
        assert_eq!(operands.norms, [[2.0 * 4.0 + 3.0 * 0.5, 7.0]]);
        assert_eq!((operands.products, operands.input, operands.weight), (4, 3.0, 4.0));
        let groups = Operands::of([2, 2, 2], &x, &[-4.0, 0.5], None);
        assert_eq!(groups.norms, [[8.0, 0.0], [1.5, 0.0]]);
    }

    #[test]
    fn running_sums_may_lose_a_rounding_for_each_product() {
        let want = Output { shape: [1, 1, 1], values: vec![1.0], magnitude: vec![1.0], taps: 147 };
        let worst = |got: f32| worst_proven(Row::Linear, &[got], &want, &Operands::NONE).unwrap();
        let worst = worst(1.0 + 72.0 * f32::EPSILON);
        assert_eq!(worst.seen_k, 144.0);
        assert!((156.0..156.01).contains(&worst.allowed_k) && worst.ratio < 1.0, "{worst:?}");
    }

    #[test]
    #[should_panic(expected = "Copy: element 0 (c 0, y 0, x 0) is 2e0, not 1e0")]
    fn what_is_exact_is_proven_to_be() {
        let want = Output { shape: [1; 3], values: vec![1.0], magnitude: vec![1.0], taps: 1 };
        assert_proven(Row::Copy, &[2.0], &want, &Operands::NONE);
    }
}
