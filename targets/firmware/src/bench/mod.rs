//! Executed instructions of single layers, each of which runs once on random numbers.
//!
//! Weights are packed at start-up, outside of what is measured. What is measured is what a typed layer's `run`
//! does: a constant plan runs on arrays.

mod layers;
mod numbers;

use core::arch::asm;
use core::fmt;
use core::hint::black_box;
use core::mem;

use nchw::{Algorithm, Conv2d, ConvPlan, Element, Error, LinearPlan, Target};

use crate::{instructions, println};
use numbers::Random;
pub use numbers::{Numbers, X, Y};

/// The memory of all layers, one after the other. Every buffer begins at a multiple of 64 bytes.
#[repr(align(64))]
pub struct Arena<T, const N: usize>([T; N]);

impl<T: Numbers, const N: usize> Arena<T, N> {
    pub const NEW: Self = Self([T::ZERO; N]);
}

/// A buffer's first element lies at a multiple of this in the arena.
const ALIGN: usize = 64;

/// Elements that buffers of these lengths take in the arena.
pub const fn arena_len(lens: &[usize]) -> usize {
    let (mut sum, mut i) = (0, 0);
    while i < lens.len() {
        sum += lens[i].next_multiple_of(ALIGN);
        i += 1;
    }
    sum
}

/// The algorithm of a layer where flash and RAM are not scarce, if the layer leaves it to the crate: its figures are of use to
/// those who ask for it.
pub const fn fastest(spec: Conv2d) -> Algorithm {
    match spec.plan::<f32>() {
        Ok(plan) => plan.target(Target::Portable).algorithm(),
        Err(_) => Algorithm::Auto,
    }
}

/// Weights before they are packed.
pub const fn weight_len<T: Element>(plan: &ConvPlan<T>) -> usize {
    let [outer, inner, height, width] = plan.weight_shape();
    outer * inner * height * width
}

/// Cuts the next buffer off the arena.
fn cut<'a, T, const N: usize>(rest: &mut &'a mut [T]) -> &'a mut [T; N] {
    let (head, tail) = mem::take(rest).split_at_mut(N.next_multiple_of(ALIGN));
    *rest = tail;
    head.first_chunk_mut().expect("LEN has room for it")
}

/// Measures layer after layer.
pub struct Bench<T: 'static> {
    arena: &'static mut [T],
    success: bool,
}

impl<T: Numbers> Bench<T> {
    pub fn new<const N: usize>(arena: &'static mut Arena<T, N>) -> Self {
        Self { arena: &mut arena.0, success: is_exact() }
    }

    /// Whether every layer could be measured.
    pub fn success(self) -> bool {
        self.success
    }

    /// A convolution, transposed or not, whose weights meet so many positions.
    #[inline(never)]
    pub fn conv<const P: usize, const X: usize, const Y: usize, const W: usize>(
        &mut self,
        name: &str,
        positions: usize,
        plan: &ConvPlan<T>,
        run: impl FnOnce(&[T; P], &[T; X], &mut [T; Y], &mut [T; W]) -> Result<(), Error>,
    ) {
        let mut rest = &mut *self.arena;
        let (packed, x, y, workspace) =
            (cut(&mut rest), cut(&mut rest), cut(&mut rest), cut(&mut rest));
        let weight = &mut rest[..weight_len(plan)];
        let macs = weight.len() * positions;
        let mut random = Random::new();
        random.fill(x);
        random.fill(weight);
        let packing = T::pack_conv(plan, weight, macs.div_ceil(Y), packed);
        let (running, count) = instructions(|| run(packed, x, y, workspace));
        black_box(y);
        let algorithm = format_args!("{:?}", plan.algorithm());
        self.row(name, packing.and(running), algorithm, count, macs, W);
    }

    /// A fully connected layer with `P` packed weights, `X` inputs and `Y` outputs.
    #[inline(never)]
    pub fn linear<const P: usize, const X: usize, const Y: usize>(
        &mut self,
        name: &str,
        plan: &LinearPlan<T>,
        run: impl FnOnce(&[T; P], &[T; X], &mut [T; Y]) -> Result<(), Error>,
    ) {
        let mut rest = &mut *self.arena;
        let (packed, x, y) = (cut(&mut rest), cut(&mut rest), cut(&mut rest));
        let weight = &mut rest[..X * Y];
        let mut random = Random::new();
        random.fill(x);
        random.fill(weight);
        let packing = T::pack_linear(plan, weight, X, packed);
        let (running, count) = instructions(|| run(packed, x, y));
        black_box(y);
        self.row(name, packing.and(running), format_args!("-"), count, X * Y, 0);
    }

    /// An operator without weights, with `taps` inputs per output.
    #[inline(never)]
    pub fn pool<const X: usize, const Y: usize>(
        &mut self,
        name: &str,
        taps: usize,
        run: impl FnOnce(&[T; X], &mut [T; Y]) -> Result<(), Error>,
    ) {
        let mut rest = &mut *self.arena;
        let (x, y) = (cut(&mut rest), cut(&mut rest));
        Random::new().fill(x);
        let (running, count) = instructions(|| run(x, y));
        black_box(y);
        self.row(name, running, format_args!("-"), count, Y * taps, 0);
    }

    /// Prints the line that the script reads.
    fn row(
        &mut self,
        name: &str,
        result: Result<(), Error>,
        algorithm: fmt::Arguments<'_>,
        count: u64,
        macs: usize,
        workspace: usize,
    ) {
        let dtype = T::NAME;
        match result {
            Ok(()) => {
                let bytes = workspace * size_of::<T>();
                println!("bench {name} {dtype} {algorithm} {count} {macs} {bytes}");
            }
            Err(error) => {
                println!("{name} {dtype}: {error}");
                self.success = false;
            }
        }
    }
}

/// Whether so many instructions are measured as so many, but for the few that move results around.
fn is_exact() -> bool {
    macro_rules! measured {
        ($count:literal) => {{
            // SAFETY: does nothing.
            let nops = || unsafe { asm!(concat!(".rept ", $count), "nop", ".endr") };
            (instructions(nops).1, $count)
        }};
    }
    let measured =
        [measured!(0), measured!(1), measured!(39), measured!(40), measured!(41), measured!(1000)];
    let exact = measured.iter().all(|&(got, want)| got.abs_diff(want) <= 3);
    if !exact {
        println!("the measurement is not exact: {measured:?}");
    }
    exact
}
