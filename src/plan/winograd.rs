//! When a convolution is computed by Winograd's method, and how its weights are transformed.

use crate::algorithm::Algorithm;
use crate::error::Error;
use crate::geometry::{Channels, elements, total, tri};
use crate::kernel::conv::problem::Shape;
use crate::kernel::conv::winograd::dilated::planes_len;
use crate::kernel::conv::winograd::{Blocking, Tile2, Tile4, int8};
use crate::kernel::runs::Operator;
use crate::padding::PaddingMode;
use crate::target::Target;
use crate::tensor::Dtype;

/// The fewest channels of a group, in and out, and rows and columns of the output, with which
/// [`Algorithm::Auto`] takes a Winograd convolution.
const CHANNELS: usize = 16;
const OUTPUTS: usize = 4;

/// So many transformed inputs for [`TILES`] tiles are too many: the workspace holds about as much.
const WORKSPACE: usize = 1 << 19;

/// Tiles of a block, about; how many exactly depends on the target, and the choice must not.
const TILES: usize = 16;

/// With more packed weights than this, more than caches hold, few tiles would each time wait for them.
const WEIGHTS: usize = 1 << 21;
const FEW_TILES: usize = 8;

/// The algorithm that will run: `asked`, or for [`Algorithm::Auto`] the one that suits the shape and `target`.
pub(crate) const fn choose(
    asked: Algorithm,
    operator: Operator,
    shape: &Shape,
    dtype: Dtype,
    target: Target,
) -> Result<Algorithm, Error> {
    let possible = matches!(operator, Operator::Convolution(PaddingMode::Zeros))
        && shape.rows.three_taps()
        && shape.columns.three_taps();
    match (asked, dtype) {
        (Algorithm::Auto, Dtype::F32) if possible => match target {
            Target::Microcontroller | Target::CortexMDsp => Ok(Algorithm::Direct),
            Target::Portable | Target::AArch64 => Ok(suited(shape)),
        },
        (Algorithm::Auto | Algorithm::Direct, _) => Ok(Algorithm::Direct),
        (Algorithm::Winograd2 | Algorithm::Winograd4, Dtype::F32) if possible => Ok(asked),
        (Algorithm::Winograd2, Dtype::I8)
            if possible && shape.channels.inputs <= int8::MOST_INPUTS =>
        {
            Ok(asked)
        }
        (Algorithm::Winograd2 | Algorithm::Winograd4, _) => {
            Err(Error::AlgorithmUnavailable { algorithm: asked, dtype })
        }
    }
}

/// The choice of [`Algorithm::Auto`] for speed.
const fn suited(shape: &Shape) -> Algorithm {
    if !matches!([shape.rows.taps_met(), shape.columns.taps_met()], [(0, 3), (0, 3)]) {
        // Direct convolution leaves out what meets padding, most of the taps.
        return Algorithm::Direct;
    }
    let shape = &shape.undilated();
    let Shape { rows, columns, channels: Channels { groups, inputs, outputs } } = *shape;
    if inputs < CHANNELS || outputs < CHANNELS || rows.output < OUTPUTS || columns.output < OUTPUTS
    {
        return Algorithm::Direct;
    }
    let (small, large) = (Blocking::new(shape, 2), Blocking::new(shape, 4));
    // Of the multiplications, 36 and 16 for each tile, tiles of 4 x 4 have to save a fifth.
    let saves = 5 * 9 * large.all <= 4 * 4 * small.all;
    let streams = large.all > FEW_TILES || 36 * groups * inputs * outputs <= WEIGHTS;
    if saves && streams && is_modest(&large) {
        Algorithm::Winograd4
    } else if is_modest(&small) {
        Algorithm::Winograd2
    } else {
        Algorithm::Direct
    }
}

const fn is_modest(blocking: &Blocking) -> bool {
    let tiles = if blocking.all < TILES { blocking.all } else { TILES };
    matches!(elements(&[blocking.positions(), tiles, blocking.depth]), Ok(..WORKSPACE))
}

/// Outputs of a tile along each direction; 0 for algorithms without tiles.
pub(crate) const fn tile(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Auto | Algorithm::Direct => 0,
        Algorithm::Winograd2 => 2,
        Algorithm::Winograd4 => 4,
    }
}

/// Elements of the workspace, or [`Error::Overflow`].
pub(crate) const fn workspace_len(
    algorithm: Algorithm,
    shape: &Shape,
    dtype: Dtype,
) -> Result<usize, Error> {
    let undilated = &shape.undilated();
    let each = match (tile(algorithm), dtype) {
        (0, _) => return Ok(0),
        (tile, Dtype::F32) => Blocking::new(undilated, tile).workspace_len(),
        (_, Dtype::I8) => int8::Blocking::new(undilated).workspace_len(),
    };
    total(&[tri!(each), tri!(planes_len(shape))])
}

/// The transform of nine i8 taps for tiles of 2 x 2, each factor doubled along both directions: 4 times what it is
/// in f32, in whole numbers. No more than nine taps are added, so that they fit.
pub(crate) const fn transformed(&[a, b, c, d, e, f, g, h, i]: &[i16; 9]) -> [[i16; 4]; 4] {
    let [left, middle, right] = [doubled([a, d, g]), doubled([b, e, h]), doubled([c, f, i])];
    [
        doubled([left[0], middle[0], right[0]]),
        doubled([left[1], middle[1], right[1]]),
        doubled([left[2], middle[2], right[2]]),
        doubled([left[3], middle[3], right[3]]),
    ]
}

/// Twice the values of [`Tile2`]'s taps at its points.
const fn doubled([a, b, c]: [i16; 3]) -> [i16; 4] {
    [-2 * a, a + b + c, a - b + c, 2 * c]
}

/// The transform of the weights: of three taps along one direction, their values at each point.
pub(crate) struct Transform {
    /// What each tap is multiplied by.
    factors: [[f64; 3]; 6],
    points: usize,
    /// The range of rows and of columns of taps that meet inputs.
    met: [(usize, usize); 2],
}

impl Transform {
    /// The transform of `algorithm`, if it has one.
    pub(crate) const fn new(algorithm: Algorithm, met: [(usize, usize); 2]) -> Option<Self> {
        let finite = match algorithm {
            Algorithm::Auto | Algorithm::Direct => return None,
            Algorithm::Winograd2 => Tile2::POINTS,
            Algorithm::Winograd4 => Tile4::POINTS,
        };
        // At infinity, only the last tap counts.
        let mut factors = [[0.0, 0.0, 1.0]; 6];
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
        Some(Self { factors, points: finite.len() + 1, met })
    }

    /// Transforms nine `taps`, times `factor`, to elements `target`, `target + step` and so on of `packed`.
    ///
    /// Taps that meet padding alone count as zeros: to outputs they add nothing but what rounding leaves of them, which
    /// is much if they are large.
    pub(crate) const fn pack(
        &self,
        taps: &[f32; 9],
        factor: f64,
        packed: &mut [f32],
        (mut target, step): (usize, usize),
    ) {
        let &[a, b, c, d, e, f, g, h, i] = taps;
        let mut rows = [
            [a as f64 * factor, b as f64 * factor, c as f64 * factor],
            [d as f64 * factor, e as f64 * factor, f as f64 * factor],
            [g as f64 * factor, h as f64 * factor, i as f64 * factor],
        ];
        if !matches!(self.met, [(0, 3), (0, 3)]) {
            rows = self.only_met(rows);
        }
        let [[a, b, c], [d, e, f], [g, h, i]] = rows;
        // As few steps as can be for each of up to 36 elements, as the compiler takes them.
        let [[f0, g0, h0], [f1, g1, h1], [f2, g2, h2], [f3, g3, h3], [f4, g4, h4], [f5, g5, h5]] =
            self.factors;
        let (points, room) = (self.points, packed.len());
        let mut row = 0;
        while row < points && row < self.factors.len() {
            let [top, middle, bottom] = self.factors[row];
            let left = top * a + middle * d + bottom * g;
            let centre = top * b + middle * e + bottom * h;
            let right = top * c + middle * f + bottom * i;
            macro_rules! column {
                ($first:ident $second:ident $third:ident) => {
                    if target < room {
                        packed[target] = ($first * left + $second * centre + $third * right) as f32;
                    }
                    target += step;
                };
            }
            column!(f0 g0 h0);
            column!(f1 g1 h1);
            column!(f2 g2 h2);
            column!(f3 g3 h3);
            if points == 6 {
                column!(f4 g4 h4);
                column!(f5 g5 h5);
            }
            row += 1;
        }
    }

    /// `taps`, but zeros for those that meet no inputs.
    const fn only_met(&self, mut taps: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
        let [(first_row, end_row), (first_column, end_column)] = self.met;
        let mut tap = 0;
        while tap < 9 {
            let (row, column) = (tap / 3, tap % 3);
            let is_met =
                first_row <= row && row < end_row && first_column <= column && column < end_column;
            if !is_met {
                taps[row][column] = 0.0;
            }
            tap += 1;
        }
        taps
    }
}
