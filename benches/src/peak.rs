//! What the core can do at most.

use core::hint::black_box;

use nchw::Backend;
use pulp::{Simd, WithSimd};

use crate::case::Aligned;
use crate::time::Subject;

/// Steps of a run of [`flops`].
const STEPS: usize = 4096;

/// Chains of multiply-adds side by side: enough to hide their latency, few enough for 16 registers.
const CHAINS: usize = 12;

/// What every chain repeats: `x * FACTOR + TERM`, whose numbers stay ordinary ones.
const FACTOR: f32 = 0.75;
const TERM: f32 = 0.25;

/// A loop of multiply-adds in registers, and its operations per run (two per multiply-add); `None` for
/// instructions of which nothing is known here.
///
/// For [`Backend::Scalar`] they are a multiplication and an addition, as the compiler makes them for the
/// target it builds for.
pub fn flops(backend: Backend) -> Option<(Subject, f64)> {
    match backend {
        Backend::Scalar => Some((Subject::new(portable), count(PORTABLE_CHAINS, PORTABLE_LANES))),
        #[cfg(target_arch = "x86_64")]
        Backend::Avx2 => pulp::x86::V3::try_new().map(fused),
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 => pulp::x86::V4::try_new().map(fused),
        _ => None,
    }
}

/// Operations of a run.
const fn count(chains: usize, lanes: usize) -> f64 {
    (2 * STEPS * chains * lanes) as f64
}

fn fused<S: Simd>(simd: S) -> (Subject, f64) {
    (Subject::new(move || simd.vectorize(Chains)), count(CHAINS, S::F32_LANES))
}

struct Chains;

impl WithSimd for Chains {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let factor = simd.splat_f32s(black_box(FACTOR));
        let term = simd.splat_f32s(black_box(TERM));
        let mut x = [simd.splat_f32s(0.0); CHAINS];
        for _ in 0..STEPS {
            for x in &mut x {
                *x = simd.mul_add_f32s(*x, factor, term);
            }
        }
        black_box(x);
    }
}

/// Neighbouring numbers in a chain, for the compiler to put into a vector.
const PORTABLE_LANES: usize = 4;

/// A multiplication and an addition take longer than both in one, and need more chains to hide it.
const PORTABLE_CHAINS: usize = 14;

fn portable() {
    let (factor, term) = (black_box(FACTOR), black_box(TERM));
    let mut x = [[0.0_f32; PORTABLE_LANES]; PORTABLE_CHAINS];
    for _ in 0..STEPS {
        for x in x.as_flattened_mut() {
            *x = *x * factor + term;
        }
    }
    black_box(x);
}

/// A copy between two buffers of together `bytes`, and the bytes that a run moves: each is read once and
/// written once.
pub fn copy(bytes: usize) -> (Subject, f64) {
    let len = bytes / (2 * size_of::<f32>());
    let (from, mut to) = (Aligned::random(len), Aligned::zero(len));
    let run = move || {
        to.get_mut().copy_from_slice(black_box(from.get()));
        black_box(to.get_mut());
    };
    (Subject::new(run), (2 * len * size_of::<f32>()) as f64)
}
