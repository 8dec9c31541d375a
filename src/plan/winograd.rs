//! When a convolution is computed by Winograd's method, and how its weights are transformed.

use crate::algorithm::Algorithm;
use crate::error::Error;
use crate::geometry::Channels;
use crate::kernel::direct::Shape;
use crate::kernel::runs::Operator;
use crate::kernel::winograd::{Tile2, Tile4, Tile6};
use crate::padding::PaddingMode;
use crate::plan::layout::{at, put};
use crate::tensor::Dtype;

/// The fewest channels of a group, in and out, from which on it pays.
const CHANNELS: usize = 16;

/// The algorithm that will run: `asked`, or for [`Algorithm::Auto`] the one that suits the shape.
pub(crate) const fn choose(
    asked: Algorithm,
    operator: Operator,
    shape: &Shape,
    dtype: Dtype,
) -> Result<Algorithm, Error> {
    let Shape { rows, columns, channels: Channels { inputs, outputs, .. } } = shape;
    let possible = matches!(operator, Operator::Convolution(PaddingMode::Zeros))
        && matches!(dtype, Dtype::F32)
        && rows.three_in_a_row()
        && columns.three_in_a_row();
    match asked {
        Algorithm::Auto if !possible || *inputs < CHANNELS || *outputs < CHANNELS => {
            Ok(Algorithm::Direct)
        }
        Algorithm::Auto if shape.out_plane() >= 100 => Ok(Algorithm::Winograd4),
        Algorithm::Auto => Ok(Algorithm::Winograd2),
        Algorithm::Direct => Ok(Algorithm::Direct),
        _ if possible => Ok(asked),
        _ => Err(Error::AlgorithmUnavailable(asked)),
    }
}

/// Outputs of a tile along each direction; 0 for algorithms without tiles.
pub(crate) const fn tile(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Auto | Algorithm::Direct => 0,
        Algorithm::Winograd2 => 2,
        Algorithm::Winograd4 => 4,
        Algorithm::Winograd6 => 6,
    }
}

/// The transform of the weights: of three taps along one direction, their values at each point.
pub(crate) struct Transform {
    /// What each tap is multiplied by.
    factors: [[f64; 3]; 8],
    points: usize,
}

impl Transform {
    /// The transform of `algorithm`, if it has one.
    pub(crate) const fn new(algorithm: Algorithm) -> Option<Self> {
        let finite = match algorithm {
            Algorithm::Auto | Algorithm::Direct => return None,
            Algorithm::Winograd2 => Tile2::POINTS,
            Algorithm::Winograd4 => Tile4::POINTS,
            Algorithm::Winograd6 => Tile6::POINTS,
        };
        // At infinity, only the last tap counts.
        let mut factors = [[0.0, 0.0, 1.0]; 8];
        let mut index = 0;
        while index < finite.len() && index < factors.len() {
            let point = finite[index];
            let mut divisor = 1.0;
            let mut other = 0;
            while other < finite.len() {
                if other != index {
                    divisor *= point - finite[other];
                }
                other += 1;
            }
            factors[index] = [1.0 / divisor, point / divisor, point * point / divisor];
            index += 1;
        }
        Some(Self { factors, points: finite.len() + 1 })
    }

    /// Transforms the nine taps from `weight[source]` on, times `factor`, to elements `target`, `target + step`
    /// and so on of `packed`.
    pub(crate) const fn pack(
        &self,
        (weight, source): (&[f32], usize),
        factor: f64,
        packed: &mut [f32],
        (target, step): (usize, usize),
    ) {
        let mut row = 0;
        while row < self.points && row < self.factors.len() {
            let [a, b, c] = self.factors[row];
            let mut sums = [0.0; 3];
            let mut tap = 0;
            while tap < sums.len() {
                sums[tap] = a * at(weight, source + tap, 0.0) as f64
                    + b * at(weight, source + 3 + tap, 0.0) as f64
                    + c * at(weight, source + 6 + tap, 0.0) as f64;
                tap += 1;
            }
            let mut column = 0;
            while column < self.points && column < self.factors.len() {
                let [a, b, c] = self.factors[column];
                let value = (a * sums[0] + b * sums[1] + c * sums[2]) * factor;
                put(packed, target + (row * self.points + column) * step, value as f32);
                column += 1;
            }
            row += 1;
        }
    }
}
