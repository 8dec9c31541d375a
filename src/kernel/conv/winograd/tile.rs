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

use crate::isa::traits::{F32Lanes, Factors};

/// A tile of `M` outputs from `R` inputs.
pub(crate) trait Tile<const M: usize, const R: usize>: Copy {
    /// What the products of the inputs' transform and of the weights' are made from.
    fn input<L: F32Lanes>(lanes: L, x: [L::Vector; R]) -> [L::Vector; R];

    /// What [`output`](Self::output) multiplies with.
    const FACTORS: [f32; 8] = [0.0; 8];

    /// The outputs, each added to `start` if there is one.
    fn output<L: F32Lanes>(
        lanes: L,
        factors: &Factors<L::Scalars>,
        start: Option<L::Vector>,
        products: [L::Vector; R],
    ) -> [L::Vector; M];
}

/// Two outputs.
#[derive(Clone, Copy)]
pub(crate) struct Tile2;

/// Four outputs.
#[derive(Clone, Copy)]
pub(crate) struct Tile4;

impl Tile2 {
    /// The finite points.
    pub(crate) const POINTS: &'static [f64] = &[0.0, 1.0, -1.0];
}

impl Tile4 {
    /// The finite points.
    pub(crate) const POINTS: &'static [f64] = &[0.0, P, -P, Q, -Q];
}

const P: f64 = 0.75;
const Q: f64 = 1.5;

impl Tile<2, 4> for Tile2 {
    #[inline(always)]
    fn input<L: F32Lanes>(lanes: L, x: [L::Vector; 4]) -> [L::Vector; 4] {
        let [x0, x1, x2, x3] = x;
        [lanes.subtract(x2, x0), lanes.add(x2, x1), lanes.subtract(x2, x1), lanes.subtract(x3, x1)]
    }

    #[inline(always)]
    fn output<L: F32Lanes>(
        lanes: L,
        _factors: &Factors<L::Scalars>,
        start: Option<L::Vector>,
        products: [L::Vector; 4],
    ) -> [L::Vector; 2] {
        let begin = |x| start.map_or(x, |start| lanes.add(start, x));
        let [zero, plus, minus, infinite] = products;
        [
            lanes.add(begin(zero), lanes.add(plus, minus)),
            lanes.add(begin(infinite), lanes.subtract(plus, minus)),
        ]
    }
}

impl Tile<4, 6> for Tile4 {
    #[inline(always)]
    fn input<L: F32Lanes>(lanes: L, x: [L::Vector; 6]) -> [L::Vector; 6] {
        const PP: f64 = P * P;
        const QQ: f64 = Q * Q;
        let [x0, x1, x2, x3, x4, x5] = x;
        let add = |sum, factor, x| lanes.multiply_add(sum, lanes.splat(factor as f32), x);
        let (even_p, odd_p) = (add(x4, -QQ, x2), add(x3, -QQ, x1));
        let (even_q, odd_q) = (add(x4, -PP, x2), add(x3, -PP, x1));
        [
            add(add(x4, -(PP + QQ), x2), PP * QQ, x0),
            add(even_p, P, odd_p),
            add(even_p, -P, odd_p),
            add(even_q, Q, odd_q),
            add(even_q, -Q, odd_q),
            add(add(x5, -(PP + QQ), x3), PP * QQ, x1),
        ]
    }

    const FACTORS: [f32; 8] = [
        P as f32,
        (P * P) as f32,
        (P * P * P) as f32,
        0.0,
        Q as f32,
        (Q * Q) as f32,
        (Q * Q * Q) as f32,
        0.0,
    ];

    #[inline(always)]
    fn output<L: F32Lanes>(
        lanes: L,
        factors: &Factors<L::Scalars>,
        start: Option<L::Vector>,
        products: [L::Vector; 6],
    ) -> [L::Vector; 4] {
        let begin = |x| start.map_or(x, |start| lanes.add(start, x));
        let [zero, plus_p, minus_p, plus_q, minus_q, infinite] = products;
        macro_rules! add {
            ($sum:expr, $factor:literal, $x:expr) => {
                lanes.multiply_add_factor::<$factor>($sum, factors, $x)
            };
        }
        macro_rules! first {
            ($factor:literal, $x:expr) => {
                match start {
                    Some(start) => add!(start, $factor, $x),
                    None => lanes.multiply_factor::<$factor>(factors, $x),
                }
            };
        }
        let (even_p, odd_p) = (lanes.add(plus_p, minus_p), lanes.subtract(plus_p, minus_p));
        let (even_q, odd_q) = (lanes.add(plus_q, minus_q), lanes.subtract(plus_q, minus_q));
        [
            lanes.add(begin(zero), lanes.add(even_p, even_q)),
            add!(first!(0, odd_p), 4, odd_q),
            add!(first!(1, even_p), 5, even_q),
            add!(add!(begin(infinite), 2, odd_p), 6, odd_q),
        ]
    }
}
