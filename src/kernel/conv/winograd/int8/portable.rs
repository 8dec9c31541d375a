//! The inner loops in plain arithmetic, on every target.

use core::array::from_fn;

use crate::isa::generic::winograd_int8::{Finish, Finished, Inputs, Int8Tiles, Products};
use crate::isa::scalar::Scalar;
use crate::kernel::{pieces, pieces_mut};

/// The transform of a row or column of inputs.
#[inline(always)]
fn input([a, b, c, d]: [i16; 4]) -> [i16; 4] {
    [c.wrapping_sub(a), c.wrapping_add(b), c.wrapping_sub(b), d.wrapping_sub(b)]
}

/// The transform of a row or column of sums, halved.
#[inline(always)]
fn output([zero, plus, minus, infinite]: [i32; 4]) -> [i32; 2] {
    [
        zero.wrapping_add(plus.wrapping_add(minus)) >> 1,
        infinite.wrapping_add(plus.wrapping_sub(minus)) >> 1,
    ]
}

/// The element at `index`, or zero.
#[inline(always)]
fn at<T: Copy + Default>(slice: &[T], index: usize) -> T {
    slice.get(index).copied().unwrap_or_default()
}

impl Int8Tiles for Scalar {
    fn inputs(self, inputs: Inputs<'_>) {
        let Inputs { x, channels, plane, rows, border, scratch, width, start, tiles, to, .. } =
            inputs;
        for (channel, x) in pieces(x, plane).take(channels).enumerate() {
            let [a, b, c, d] = rows.map(|row| match row {
                Some(first) => x.get(first..first + border.len()).unwrap_or_default(),
                None => border,
            });
            for (column, (((&a, &b), &c), &d)) in a.iter().zip(b).zip(c).zip(d).enumerate() {
                let transformed = input([a, b, c, d].map(i16::from));
                for (row, x) in transformed.into_iter().enumerate() {
                    if let Some(to) = scratch.get_mut(row * width + start + column) {
                        *to = x;
                    }
                }
            }
            for tile in 0..tiles {
                for row in 0..4 {
                    let first = row * width + 2 * tile;
                    let transformed = input(from_fn(|column| at(scratch, first + column)));
                    for (column, x) in transformed.into_iter().enumerate() {
                        let position = (4 * row + column) * inputs.next_position;
                        if let Some(to) = to.get_mut(position + channel * inputs.step + tile) {
                            *to = x;
                        }
                    }
                }
            }
        }
    }

    fn products(self, products: Products, x: &[i16], weight: &[i8], to: &mut [i32]) {
        let Products { inputs, size, tiles, step, input_step, sums_step } = products;
        let weights = pieces(weight.as_chunks::<2>().0, inputs * size);
        for ((x, to), weight) in pieces(x, input_step).zip(pieces_mut(to, sums_step)).zip(weights) {
            for to in pieces_mut(&mut *to, step).take(size) {
                to.fill(0);
            }
            for (x, weight) in pieces(x, step).zip(pieces(weight, size)) {
                let x = x.get(..tiles).unwrap_or_default();
                for (to, &weight) in pieces_mut(&mut *to, step).zip(weight) {
                    let weight = i16::from_le_bytes(weight.map(i8::cast_unsigned));
                    for (to, &x) in to.iter_mut().zip(x) {
                        *to = to.wrapping_add(i32::from(weight).wrapping_mul(i32::from(x)));
                    }
                }
            }
        }
    }

    fn outputs(self, channel: &impl Finish, finished: Finished<'_>) {
        let Finished { sums, next_position, tiles, rows, y, width, inside: [height, columns] } =
            finished;
        for row in 0..rows {
            for tile in 0..tiles {
                let sum_at =
                    |position: usize| at(sums, position * next_position + row * tiles + tile);
                let rows: [[i32; 2]; 4] =
                    from_fn(|row| output(from_fn(|column| sum_at(4 * row + column))));
                let [left, right] = from_fn(|column| output(rows.map(|row| at(&row, column))));
                for (column, outputs) in [left, right].into_iter().enumerate() {
                    for (below, sum) in outputs.into_iter().enumerate() {
                        let (row, column) = (2 * row + below, 2 * tile + column);
                        if row < height
                            && column < columns
                            && let Some(y) = y.get_mut(row * width + column)
                        {
                            *y = channel.finish(sum);
                        }
                    }
                }
            }
        }
    }
}
