//! The transforms of Winograd's minimal filtering along one direction: a tile of `M` outputs of a kernel
//! with three taps comes from `R = M + 2` products instead of `3 * M`.
//!
//! Inputs and taps are seen as polynomials and multiplied through their values at `R` points, the last
//! of which is infinity. The others are zero and pairs `-p, p`, which share most of their terms. They are
//! fractions with few bits, so that every factor here is exact in f32.
//!
//! Source: A. Lavin, S. Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016; B. Barabasz et
//! al., Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks, ACM
//! TOMS 46 (2020).

use crate::arch::isa::F32Lanes;

/// A tile of `M` outputs from `R` inputs.
pub(crate) trait Tile<const M: usize, const R: usize>: Copy {
    /// What the products of the inputs' transform and of the weights' are made from.
    fn input<L: F32Lanes>(lanes: L, x: [L::Vector; R]) -> [L::Vector; R];

    /// The outputs, each added to `start`.
    fn output<L: F32Lanes>(lanes: L, start: L::Vector, products: [L::Vector; R]) -> [L::Vector; M];
}

/// Two outputs.
#[derive(Clone, Copy)]
pub(crate) struct Tile2;

/// Four outputs.
#[derive(Clone, Copy)]
pub(crate) struct Tile4;

/// Six outputs.
#[derive(Clone, Copy)]
pub(crate) struct Tile6;

impl Tile2 {
    /// The finite points.
    pub(crate) const POINTS: &'static [f64] = &[0.0, 1.0, -1.0];
}

impl Tile4 {
    /// The finite points.
    pub(crate) const POINTS: &'static [f64] = &[0.0, P4, -P4, Q4, -Q4];
}

impl Tile6 {
    /// The finite points.
    pub(crate) const POINTS: &'static [f64] = &[0.0, P6, -P6, Q6, -Q6, S6, -S6];
}

const P4: f64 = 1.0;
const Q4: f64 = 2.0;

const P6: f64 = 1.0;
const Q6: f64 = 2.0;
const S6: f64 = 0.5;

impl Tile<2, 4> for Tile2 {
    #[inline(always)]
    fn input<L: F32Lanes>(lanes: L, x: [L::Vector; 4]) -> [L::Vector; 4] {
        let [x0, x1, x2, x3] = x;
        [lanes.subtract(x2, x0), lanes.add(x2, x1), lanes.subtract(x2, x1), lanes.subtract(x3, x1)]
    }

    #[inline(always)]
    fn output<L: F32Lanes>(lanes: L, start: L::Vector, products: [L::Vector; 4]) -> [L::Vector; 2] {
        let [zero, plus, minus, infinite] = products;
        [
            lanes.add(lanes.add(start, zero), lanes.add(plus, minus)),
            lanes.add(lanes.add(start, infinite), lanes.subtract(plus, minus)),
        ]
    }
}

impl Tile<4, 6> for Tile4 {
    #[inline(always)]
    fn input<L: F32Lanes>(lanes: L, x: [L::Vector; 6]) -> [L::Vector; 6] {
        const PP: f64 = P4 * P4;
        const QQ: f64 = Q4 * Q4;
        let [x0, x1, x2, x3, x4, x5] = x;
        let add = |sum, factor, x| lanes.multiply_add(sum, lanes.splat(factor as f32), x);
        let (even_p, odd_p) = (add(x4, -QQ, x2), add(x3, -QQ, x1));
        let (even_q, odd_q) = (add(x4, -PP, x2), add(x3, -PP, x1));
        [
            add(add(x4, -(PP + QQ), x2), PP * QQ, x0),
            add(even_p, P4, odd_p),
            add(even_p, -P4, odd_p),
            add(even_q, Q4, odd_q),
            add(even_q, -Q4, odd_q),
            add(add(x5, -(PP + QQ), x3), PP * QQ, x1),
        ]
    }

    #[inline(always)]
    fn output<L: F32Lanes>(lanes: L, start: L::Vector, products: [L::Vector; 6]) -> [L::Vector; 4] {
        const P: [f64; 4] = powers(P4);
        const Q: [f64; 4] = powers(Q4);
        let [zero, plus_p, minus_p, plus_q, minus_q, infinite] = products;
        let add = |sum, factor, x| lanes.multiply_add(sum, lanes.splat(factor as f32), x);
        let (even_p, odd_p) = (lanes.add(plus_p, minus_p), lanes.subtract(plus_p, minus_p));
        let (even_q, odd_q) = (lanes.add(plus_q, minus_q), lanes.subtract(plus_q, minus_q));
        [
            lanes.add(lanes.add(start, zero), lanes.add(even_p, even_q)),
            add(add(start, P[1], odd_p), Q[1], odd_q),
            add(add(start, P[2], even_p), Q[2], even_q),
            add(add(lanes.add(start, infinite), P[3], odd_p), Q[3], odd_q),
        ]
    }
}

impl Tile<6, 8> for Tile6 {
    #[inline(always)]
    fn input<L: F32Lanes>(lanes: L, x: [L::Vector; 8]) -> [L::Vector; 8] {
        const PP: f64 = P6 * P6;
        const QQ: f64 = Q6 * Q6;
        const SS: f64 = S6 * S6;
        let [x0, x1, x2, x3, x4, x5, x6, x7] = x;
        let add = |sum, factor, x| lanes.multiply_add(sum, lanes.splat(factor as f32), x);
        // x^5 or x^6 and so on, as two of the pairs of points make of them.
        let two = |a: f64, b: f64, [high, middle, low]: [L::Vector; 3]| {
            add(add(high, -(a + b), middle), a * b, low)
        };
        let three = |[top, high, middle, low]: [L::Vector; 4]| {
            let sum = add(top, -(PP + QQ + SS), high);
            add(add(sum, PP * QQ + QQ * SS + SS * PP, middle), -(PP * QQ * SS), low)
        };
        let (even, odd) = ([x6, x4, x2], [x5, x3, x1]);
        let (even_p, odd_p) = (two(QQ, SS, even), two(QQ, SS, odd));
        let (even_q, odd_q) = (two(PP, SS, even), two(PP, SS, odd));
        let (even_s, odd_s) = (two(PP, QQ, even), two(PP, QQ, odd));
        [
            three([x6, x4, x2, x0]),
            add(even_p, P6, odd_p),
            add(even_p, -P6, odd_p),
            add(even_q, Q6, odd_q),
            add(even_q, -Q6, odd_q),
            add(even_s, S6, odd_s),
            add(even_s, -S6, odd_s),
            three([x7, x5, x3, x1]),
        ]
    }

    #[inline(always)]
    fn output<L: F32Lanes>(lanes: L, start: L::Vector, products: [L::Vector; 8]) -> [L::Vector; 6] {
        const P: [f64; 6] = powers(P6);
        const Q: [f64; 6] = powers(Q6);
        const S: [f64; 6] = powers(S6);
        let [zero, plus_p, minus_p, plus_q, minus_q, plus_s, minus_s, infinite] = products;
        let add = |sum, factor, x| lanes.multiply_add(sum, lanes.splat(factor as f32), x);
        let even =
            [lanes.add(plus_p, minus_p), lanes.add(plus_q, minus_q), lanes.add(plus_s, minus_s)];
        let odd = [
            lanes.subtract(plus_p, minus_p),
            lanes.subtract(plus_q, minus_q),
            lanes.subtract(plus_s, minus_s),
        ];
        let sum = |start, factors: [f64; 3], [p, q, s]: [L::Vector; 3]| {
            add(add(add(start, factors[0], p), factors[1], q), factors[2], s)
        };
        [
            sum(lanes.add(start, zero), [1.0; 3], even),
            sum(start, [P[1], Q[1], S[1]], odd),
            sum(start, [P[2], Q[2], S[2]], even),
            sum(start, [P[3], Q[3], S[3]], odd),
            sum(start, [P[4], Q[4], S[4]], even),
            sum(lanes.add(start, infinite), [P[5], Q[5], S[5]], odd),
        ]
    }
}

/// `x^0, x^1, ..`
const fn powers<const N: usize>(x: f64) -> [f64; N] {
    let mut powers = [1.0; N];
    let mut index = 1;
    while index < N {
        powers[index] = powers[index - 1] * x;
        index += 1;
    }
    powers
}
