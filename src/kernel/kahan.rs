//! Sums of many numbers that lose no more than a few roundings: by Kahan's method, what rounding takes from
//! one sum is given back in the next.

/// `N` sums side by side, of which the compiler makes vectors.
#[cfg(vectors)]
#[derive(Clone, Copy)]
pub(crate) struct Sums<const N: usize> {
    sums: [f32; N],
    /// How much too large each sum is.
    excess: [f32; N],
}

#[cfg(vectors)]
impl<const N: usize> Sums<N> {
    pub(crate) const ZERO: Self = Self { sums: [0.0; N], excess: [0.0; N] };

    /// Adds one number to each of the first sums.
    #[inline(always)]
    pub(crate) fn add(&mut self, numbers: &[f32]) {
        let sums = self.sums.iter_mut().zip(&mut self.excess);
        sums.zip(numbers).for_each(|((sum, excess), number)| add_compensated(sum, excess, *number));
    }

    /// Adds one number to each sum, and leaves out what rounding takes.
    #[inline(always)]
    pub(crate) fn add_uncompensated(&mut self, numbers: &[f32; N]) {
        self.sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
    }

    /// The sums.
    #[inline(always)]
    pub(crate) fn sums(&self) -> &[f32; N] {
        &self.sums
    }

    /// The sum of all.
    #[inline(always)]
    pub(crate) fn total(mut self) -> f32 {
        self.sums.iter_mut().zip(&self.excess).for_each(|(sum, excess)| *sum -= excess);
        halve(self.sums, |one, other| one + other)
    }
}

/// What `merge` makes of all numbers, of one half with the other until one number is left; `N` is a power of
/// two.
#[cfg(vectors)]
#[inline(always)]
pub(crate) fn halve<const N: usize>(mut numbers: [f32; N], merge: impl Fn(f32, f32) -> f32) -> f32 {
    let mut half = N / 2;
    while half > 0 {
        if let Some((ones, others)) = numbers.split_at_mut_checked(half) {
            ones.iter_mut().zip(others).for_each(|(one, other)| *one = merge(*one, *other));
        }
        half /= 2;
    }
    numbers.first().copied().unwrap_or(0.0)
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
