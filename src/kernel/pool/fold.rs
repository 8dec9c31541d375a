//! What becomes of the inputs of a window, of many windows at a time: their maximum or their average.

use core::hint::select_unpredictable as select;

use crate::kernel::kahan::{Sums, halve};

/// How many inputs of a window are added up before their sum is added to the window's, with compensation. A part
/// costs three roundings, the sums of parts two, and the quotient one.
pub(crate) const PART: usize = 4;

/// So many sums of parts are added up without compensation: with 16 inputs that is seven roundings, and the table of
/// errors allows eight; smaller windows have fewer of both.
pub(crate) const FEW_PARTS: usize = 4;

/// What becomes of the inputs of a window: of those of `N` windows side by side.
pub(crate) trait Fold: Copy {
    type State<const N: usize>: Copy;

    fn start<const N: usize>(self) -> Self::State<N>;

    /// One input of every window.
    fn add<const N: usize>(self, state: &mut Self::State<N>, x: &[f32]);

    /// After the last of at most [`PART`] inputs.
    fn end_part<const N: usize>(self, _state: &mut Self::State<N>) {}

    fn results<const N: usize>(self, state: Self::State<N>) -> [f32; N];

    /// The result of one window, of which every lane has seen a part.
    fn result<const N: usize>(self, state: Self::State<N>) -> f32;

    /// The result of a window that lies in one piece, taken in lines of `N`.
    #[inline(always)]
    fn all<const N: usize>(self, x: &[f32]) -> f32 {
        let mut state = self.start::<N>();
        let (lines, rest) = x.as_chunks::<N>();
        for lines in lines.chunks(PART) {
            lines.iter().for_each(|x| self.add(&mut state, x));
            self.end_part(&mut state);
        }
        self.add(&mut state, rest);
        self.end_part(&mut state);
        self.result(state)
    }
}

/// The maximum; NaN if there is one.
#[derive(Clone, Copy)]
pub(crate) struct Largest;

impl Fold for Largest {
    type State<const N: usize> = [f32; N];

    #[inline(always)]
    fn start<const N: usize>(self) -> [f32; N] {
        [f32::NEG_INFINITY; N]
    }

    #[inline(always)]
    fn add<const N: usize>(self, largest: &mut [f32; N], x: &[f32]) {
        for (largest, &x) in largest.iter_mut().zip(x) {
            let larger = select(x > *largest, x, *largest);
            *largest = select(x.is_nan(), x, larger);
        }
    }

    #[inline(always)]
    fn results<const N: usize>(self, largest: [f32; N]) -> [f32; N] {
        largest
    }

    #[inline(always)]
    fn result<const N: usize>(self, largest: [f32; N]) -> f32 {
        halve(largest, |one, other| {
            let mut largest = [one];
            self.add(&mut largest, &[other]);
            let [largest] = largest;
            largest
        })
    }
}

/// The average: the sum by `divisor`.
#[derive(Clone, Copy)]
pub(crate) struct Mean<const COMPENSATED: bool> {
    pub(crate) divisor: f32,
}

impl<const COMPENSATED: bool> Fold for Mean<COMPENSATED> {
    /// The sums of the parts before, and of this one.
    type State<const N: usize> = (Sums<N>, [f32; N]);

    #[inline(always)]
    fn start<const N: usize>(self) -> Self::State<N> {
        (Sums::ZERO, [0.0; N])
    }

    #[inline(always)]
    fn add<const N: usize>(self, (_, part): &mut Self::State<N>, x: &[f32]) {
        for (sum, x) in part.iter_mut().zip(x) {
            *sum += x;
        }
    }

    #[inline(always)]
    fn end_part<const N: usize>(self, (sums, part): &mut Self::State<N>) {
        if COMPENSATED {
            sums.add(part);
        } else {
            sums.add_uncompensated(part);
        }
        *part = [0.0; N];
    }

    #[inline(always)]
    fn results<const N: usize>(self, (sums, _): Self::State<N>) -> [f32; N] {
        sums.sums().map(|sum| sum / self.divisor)
    }

    #[inline(always)]
    fn result<const N: usize>(self, (sums, _): Self::State<N>) -> f32 {
        sums.total() / self.divisor
    }
}
