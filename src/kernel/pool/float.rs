//! Pools in f32: from the plan's choice to the kernel. None is generic or inlined, so that each is compiled here, once.

use crate::backend::Backend;
#[cfg(vectors)]
use crate::isa::dispatch::{self, Vectors};
#[cfg(vectors)]
use crate::isa::traits::{Isa, Operation};
#[cfg(vectors)]
use crate::kernel::pieces;
#[cfg(vectors)]
use crate::kernel::pool::fold::{FEW_PARTS, Fold, Largest, Mean};
use crate::kernel::pool::{Pool, Reduction, windows};
use crate::kernel::registry::{Choice, PoolFloat};

/// Computes a whole output of the pool that `kernel` was chosen for.
#[inline(always)]
pub(crate) fn run(
    kernel: Choice<PoolFloat>,
    backend: Option<Backend>,
    pool: &Pool,
    x: &[f32],
    y: &mut [f32],
) {
    let maximum = matches!(pool.reduction, Reduction::Maximum);
    #[cfg(vectors)]
    if let Some(vectors) = dispatch::vectors(backend) {
        return match (kernel.tuned, maximum) {
            (PoolFloat::Global, true) => global_maximum(vectors, pool, x, y),
            (PoolFloat::Global, false) => global_average(vectors, pool, x, y),
            (PoolFloat::Sliding, true) => sliding_maximum(vectors, pool, x, y),
            (PoolFloat::Sliding, false) => sliding_average(vectors, pool, x, y),
            (PoolFloat::Windows, true) => windows_maximum(pool, x, y),
            (PoolFloat::Windows, false) => windows_average(pool, x, y),
        };
    }
    let _ = (kernel, backend);
    match maximum {
        true => windows_maximum(pool, x, y),
        false => windows_average(pool, x, y),
    }
}

#[inline(never)]
fn windows_maximum(pool: &Pool, x: &[f32], y: &mut [f32]) {
    windows(pool, Reduction::Maximum, 0.0, x, y);
}

#[inline(never)]
fn windows_average(pool: &Pool, x: &[f32], y: &mut [f32]) {
    windows(pool, pool.reduction, 0.0, x, y);
}

/// Kernels `name(vectors, pool, x, y)`, of plain loops that are compiled for each instruction set.
#[cfg(vectors)]
macro_rules! kernels {
    ($($name:ident($isa:ident, $pool:ident, $x:ident, $y:ident) $run:block)*) => {$(
        #[inline(never)]
        fn $name(vectors: Vectors, pool: &Pool, x: &[f32], y: &mut [f32]) {
            struct Kernel<'a>(&'a Pool, &'a [f32], &'a mut [f32]);
            impl Operation for Kernel<'_> {
                #[inline(always)]
                fn run<I: Isa>(self, $isa: I) {
                    let Self($pool, $x, $y) = self;
                    $run
                }
            }
            vectors.run(Kernel(pool, x, y));
        }
    )*};
}

#[cfg(vectors)]
kernels! {
    global_maximum(_isa, pool, x, y) {
        global(pool, Largest, x, y);
    }
    global_average(_isa, pool, x, y) {
        let Some(sliding) = pool.sliding() else { return };
        let [down, across] = &sliding.spans([0, 0]);
        let divisor = pool.reduction.divisor([down, across]) as f32;
        global(pool, Mean::<true> { divisor }, x, y);
    }
    sliding_maximum(isa, pool, x, y) {
        let Some(sliding) = pool.sliding() else { return };
        sliding.regions().for_each(|region| region.fold(isa, sliding, Largest, x, y));
    }
    sliding_average(isa, pool, x, y) {
        let Some(sliding) = pool.sliding() else { return };
        for region in sliding.regions() {
            let divisor = region.divisor(sliding, pool.reduction) as f32;
            if region.parts() <= FEW_PARTS {
                region.fold(isa, sliding, Mean::<false> { divisor }, x, y);
            } else {
                region.fold(isa, sliding, Mean::<true> { divisor }, x, y);
            }
        }
    }
}

/// Computes the only output of every plane.
#[cfg(vectors)]
#[inline(always)]
fn global<F: Fold>(pool: &Pool, fold: F, x: &[f32], y: &mut [f32]) {
    let plane = pool.rows.input() * pool.columns.input();
    // A line is some vectors, so that they need not wait for each other, where there are many.
    if plane < 1024 {
        pieces(x, plane).zip(y).for_each(|(x, y)| *y = fold.all::<16>(x));
    } else {
        pieces(x, plane).zip(y).for_each(|(x, y)| *y = fold.all::<64>(x));
    }
}
