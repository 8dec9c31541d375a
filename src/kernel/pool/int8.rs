//! Pools in i8: from the plan's choice to the kernel.

#[cfg(neon)]
use crate::kernel::pool::lines;
use crate::kernel::pool::{Pool, Reduction, windows};
use crate::kernel::registry::PoolInt8;

/// Computes a whole output of the i8 pool that `kernel` was chosen for; `zero` is what padding holds.
#[inline(always)]
pub(crate) fn run(kernel: PoolInt8, pool: &Pool, zero: i8, x: &[i8], y: &mut [i8]) {
    match kernel {
        #[cfg(neon)]
        PoolInt8::Global => lines::global(pool, zero, x, y),
        #[cfg(neon)]
        PoolInt8::Lines => lines::lines(pool, zero, x, y),
        PoolInt8::Windows => match pool.reduction {
            Reduction::Maximum => windows_maximum(pool, zero, x, y),
            _ => windows_average(pool, zero, x, y),
        },
    }
}

#[inline(never)]
fn windows_maximum(pool: &Pool, zero: i8, x: &[i8], y: &mut [i8]) {
    windows(pool, Reduction::Maximum, zero, x, y);
}

#[inline(never)]
fn windows_average(pool: &Pool, zero: i8, x: &[i8], y: &mut [i8]) {
    windows(pool, pool.reduction, zero, x, y);
}
