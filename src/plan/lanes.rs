//! Weights of four output channels, side by side as packed blocks have them.
//!
//! The compiler evaluates what is here for every weight of a network, one statement at a time, and takes as long for a
//! call as for fifty. So there are no calls, and no arrays but in memory.

/// Output channels that are packed together.
pub(crate) const LANES: usize = 4;

/// The integer nearest to a half of `$twice`, halves away from zero; as an i8, into which it has to fit.
macro_rules! nearest_to_half {
    ($twice:expr) => {{
        let twice = $twice as i32;
        ((twice + (twice >= 0) as i32) >> 1) as i8
    }};
}
pub(crate) use nearest_to_half;

/// Writes four `rows` of one length, each times its factor, as columns of a block of `size` channels.
pub(crate) const fn fold(
    [a, b, c, d]: [&[f32]; LANES],
    [by_a, by_b, by_c, by_d]: [f64; LANES],
    to: &mut [f32],
    size: usize,
) {
    let (to, _) = to.as_chunks_mut::<LANES>();
    let (len, room, step) = (a.len(), to.len(), size / LANES);
    if b.len() != len || c.len() != len || d.len() != len {
        return;
    }
    let (mut index, mut place) = (0, 0);
    while index < len && place < room {
        to[place] = [
            (a[index] as f64 * by_a) as f32,
            (b[index] as f64 * by_b) as f32,
            (c[index] as f64 * by_c) as f32,
            (d[index] as f64 * by_d) as f32,
        ];
        index += 1;
        place += step;
    }
}

/// [`fold`] of a channel that is a block of its own.
pub(crate) const fn fold_one(row: &[f32], factor: f64, to: &mut [f32]) {
    let (len, room) = (row.len(), to.len());
    let mut index = 0;
    while index < len && index < room {
        to[index] = (row[index] as f64 * factor) as f32;
        index += 1;
    }
}

/// Writes four `rows` of one length as columns of a block of four channels, and adds up each.
pub(crate) const fn copy([a, b, c, d]: [&[i8]; LANES], to: &mut [i8]) -> [i64; LANES] {
    let (to, _) = to.as_chunks_mut::<LANES>();
    let (len, room) = (a.len(), to.len());
    let (mut sum_a, mut sum_b, mut sum_c, mut sum_d) = (0, 0, 0, 0);
    if b.len() != len || c.len() != len || d.len() != len {
        return [0; LANES];
    }
    let mut index = 0;
    while index < len && index < room {
        to[index] = [a[index], b[index], c[index], d[index]];
        sum_a += a[index] as i64;
        sum_b += b[index] as i64;
        sum_c += c[index] as i64;
        sum_d += d[index] as i64;
        index += 1;
    }
    [sum_a, sum_b, sum_c, sum_d]
}

/// [`copy`] of f32 weights, in each of four `rows` times a factor and divided by half of a scale.
pub(crate) const fn quantize(
    [a, b, c, d]: [&[f32]; LANES],
    [by_a, by_b, by_c, by_d]: [f64; LANES],
    [half_a, half_b, half_c, half_d]: [f64; LANES],
    to: &mut [i8],
) -> [i64; LANES] {
    let (to, _) = to.as_chunks_mut::<LANES>();
    let (len, room) = (a.len(), to.len());
    let (mut sum_a, mut sum_b, mut sum_c, mut sum_d) = (0, 0, 0, 0);
    if b.len() != len || c.len() != len || d.len() != len {
        return [0; LANES];
    }
    let mut index = 0;
    while index < len && index < room {
        let w = nearest_to_half!(a[index] as f64 * by_a / half_a);
        let x = nearest_to_half!(b[index] as f64 * by_b / half_b);
        let y = nearest_to_half!(c[index] as f64 * by_c / half_c);
        let z = nearest_to_half!(d[index] as f64 * by_d / half_d);
        to[index] = [w, x, y, z];
        sum_a += w as i64;
        sum_b += x as i64;
        sum_c += y as i64;
        sum_d += z as i64;
        index += 1;
    }
    [sum_a, sum_b, sum_c, sum_d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::round_half_away;

    #[test]
    fn halves_are_rounded_away_from_zero() {
        for step in -127 * 16..=127 * 16 {
            // Sixteenths, and what lies beside them.
            let real = f64::from(step) / 16.0;
            for real in [real, real.next_up(), real.next_down()] {
                assert_eq!(
                    i64::from(nearest_to_half!(2.0 * real)),
                    round_half_away(real),
                    "{real}"
                );
            }
        }
    }

    #[test]
    fn rows_become_columns() {
        let rows: [&[i8]; LANES] = [&[1, 2], &[3, 4], &[5, 6], &[7, -8]];
        let mut packed = [0; 8];
        assert_eq!(copy(rows, &mut packed), [3, 7, 11, -1]);
        assert_eq!(packed, [1, 3, 5, 7, 2, 4, 6, -8]);

        let rows: [&[f32]; LANES] = [&[1.0, 2.0], &[3.0, 4.0], &[5.0, 6.0], &[7.0, 8.0]];
        let mut packed = [0.0; 16];
        fold(rows, [1.0, 0.5, 1.0, -1.0], &mut packed[4..], 8);
        assert_eq!(packed[4..8], [1.0, 1.5, 5.0, -7.0]);
        assert_eq!(packed[12..], [2.0, 2.0, 6.0, -8.0]);
        assert_eq!((&packed[..4], &packed[8..12]), ([0.0; 4].as_slice(), [0.0; 4].as_slice()));
    }
}
