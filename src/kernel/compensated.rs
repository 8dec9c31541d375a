//! Sums of many numbers that lose no more than a few roundings: by Kahan's method, what rounding takes from
//! one sum is given back in the next.

/// `N` sums side by side, of which the compiler makes vectors.
#[derive(Clone, Copy)]
pub(crate) struct Sums<const N: usize> {
    sums: [f32; N],
    /// How much too large each sum is.
    excess: [f32; N],
}

impl<const N: usize> Sums<N> {
    pub(crate) const ZERO: Self = Self { sums: [0.0; N], excess: [0.0; N] };

    /// Adds one number to each of the first sums.
    #[inline(always)]
    pub(crate) fn add(&mut self, numbers: &[f32]) {
        let sums = self.sums.iter_mut().zip(&mut self.excess);
        sums.zip(numbers).for_each(|((sum, excess), number)| add_compensated(sum, excess, *number));
    }

    /// The sums.
    #[inline(always)]
    pub(crate) fn sums(&self) -> &[f32; N] {
        &self.sums
    }

    /// The sum of all.
    #[inline(always)]
    pub(crate) fn total(mut self) -> f32 {
        let mut half = N / 2;
        while half > 0 {
            if let (Some((sums, other_sums)), Some((excess, other_excess))) =
                (self.sums.split_at_mut_checked(half), self.excess.split_at_mut_checked(half))
            {
                let pairs = sums.iter_mut().zip(excess).zip(other_sums.iter().zip(other_excess));
                for ((sum, excess), (other_sum, other_excess)) in pairs {
                    add_compensated(sum, excess, *other_sum);
                    *excess += *other_excess;
                }
            }
            half /= 2;
        }
        self.sums.first().copied().unwrap_or(0.0)
    }
}

/// Adds one number to a sum.
#[inline(always)]
pub(crate) fn add_compensated(sum: &mut f32, excess: &mut f32, number: f32) {
    let term = number - *excess;
    let next = *sum + term;
    // Nothing can be given back to infinity, and the attempt would make it NaN.
    *excess = if next.is_finite() { (next - *sum) - term } else { 0.0 };
    *sum = next;
}
