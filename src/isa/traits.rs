//! What kernels ask of an instruction set: the small traits that loop nests are written over.

use crate::isa::scalar::interleave_lanes;

/// Numbers side by side in one or several registers, one for each of `LANES` sums.
///
/// A value of the implementing type proves that the instructions are there, so that its methods need
/// no check of their own. They are `#[inline(always)]` and carry no `#[target_feature]`, so that they
/// become part of the function with the feature that calls them, see [`Isa::run`].
pub(crate) trait Lanes: Copy {
    /// What inputs and weights are.
    type Element: Copy;
    /// What their products are summed in.
    type Total: Copy;
    /// `LANES` sums.
    type Vector: Copy;
    /// `SCALARS` elements, each to be multiplied with all lanes of a vector.
    type Scalars: Copy;

    /// How many elements instructions find in a register when they multiply a vector with one of them.
    const SCALARS: usize;

    /// How many sums there are in a vector.
    const LANES: usize;

    /// How many vectors the register file holds.
    const REGISTERS: usize;

    /// All sums zero.
    fn zero(self) -> Self::Vector;

    /// `LANES` elements, widened to sums.
    ///
    /// # Safety
    ///
    /// The elements from `at` on may be read.
    unsafe fn load(self, at: *const Self::Element) -> Self::Vector;

    /// [`load`](Self::load), and moves `at` on by `step` elements.
    ///
    /// # Safety
    ///
    /// The elements from `at` on may be read.
    #[inline(always)]
    unsafe fn load_next(self, at: &mut *const Self::Element, step: usize) -> Self::Vector {
        let from = *at;
        *at = from.wrapping_add(step);
        // SAFETY: the caller's.
        unsafe { self.load(from) }
    }

    /// One element in every lane.
    fn splat(self, x: Self::Element) -> Self::Vector;

    /// `sum + weight * x`, lane by lane.
    fn multiply_add(self, sum: Self::Vector, weight: Self::Vector, x: Self::Vector)
    -> Self::Vector;

    /// `N` times `SCALARS` neighbouring elements.
    ///
    /// # Safety
    ///
    /// The elements from `at` on may be read.
    unsafe fn load_scalars<const N: usize>(self, at: *const Self::Element) -> [Self::Scalars; N];

    /// [`load_scalars`](Self::load_scalars), and moves `at` on by `step` elements.
    ///
    /// # Safety
    ///
    /// The elements from `at` on may be read.
    #[inline(always)]
    unsafe fn load_next_scalars<const N: usize>(
        self,
        at: &mut *const Self::Element,
        step: usize,
    ) -> [Self::Scalars; N] {
        let from = *at;
        *at = from.wrapping_add(step);
        // SAFETY: the caller's.
        unsafe { self.load_scalars(from) }
    }

    /// `sum + weight * x[INDEX]`, lane by lane.
    fn multiply_add_scalar<const INDEX: usize>(
        self,
        sum: Self::Vector,
        weight: Self::Vector,
        x: Self::Scalars,
    ) -> Self::Vector;

    /// `a + b`, lane by lane.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// Asks for the element at `at` to be fetched into the cache; does nothing where there is none.
    #[inline(always)]
    fn prefetch(self, at: *const Self::Element) {
        let _ = at;
    }

    /// Adds the lanes to as many totals.
    ///
    /// # Safety
    ///
    /// The totals from `at` on may be read and written.
    unsafe fn add_to(self, at: *mut Self::Total, sums: Self::Vector);
}

/// Repeats `$body` for each of the [`SCALARS`](Lanes::SCALARS) of `$lanes`, with a constant `$index`.
macro_rules! for_each_scalar {
    ($lanes:ident, $index:ident => $body:block) => {
        $crate::isa::traits::for_each_scalar!(@ $lanes, $index, $body, 0 1 2 3);
    };
    (@ $lanes:ident, $index:ident, $body:block, $($value:literal)*) => {$(
        if const { $value < $lanes::SCALARS } {
            const $index: usize = $value;
            $body
        }
    )*};
}
pub(crate) use for_each_scalar;

/// Columns of inputs and the weights of each, for vectors of outputs in as many rows.
#[derive(Clone, Copy)]
#[cfg_attr(not(neon), allow(dead_code))]
pub(crate) struct Columns {
    /// How many, at least one.
    pub(crate) count: usize,
    /// Where the first one's inputs are, and how many elements further the next one's.
    pub(crate) x: *const f32,
    pub(crate) x_step: usize,
    pub(crate) weight: *const f32,
    pub(crate) weight_step: usize,
    pub(crate) y: *mut f32,
    pub(crate) y_step: usize,
    /// What the sums of each row start from, or null; and whether they are added to what is at `y`.
    pub(crate) bias: *const f32,
    pub(crate) add: bool,
    /// How many times eight rows, and how many vectors of each, one behind the other; at least one of both.
    pub(crate) eights: usize,
    pub(crate) vectors: usize,
}

/// Eight factors of vectors, and the same in registers where instructions take them from there.
#[derive(Clone, Copy)]
pub(crate) struct Factors<S> {
    pub(crate) each: [f32; 8],
    #[cfg_attr(not(neon), allow(dead_code))]
    pub(crate) scalars: Option<[S; 2]>,
}

/// [`Lanes`] of f32, with what else is done to f32.
pub(crate) trait F32Lanes: Lanes<Element = f32, Total = f32> {
    /// Writes the lanes.
    ///
    /// # Safety
    ///
    /// The elements from `at` on may be written.
    unsafe fn store(self, at: *mut f32, x: Self::Vector);

    /// `a - b`, lane by lane.
    fn subtract(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `a * b`, lane by lane.
    #[inline(always)]
    fn multiply(self, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        self.multiply_add(self.zero(), a, b)
    }

    /// Factors for [`multiply_factor`](Self::multiply_factor) and
    /// [`multiply_add_factor`](Self::multiply_add_factor).
    #[inline(always)]
    fn factors(self, each: [f32; 8]) -> Factors<Self::Scalars> {
        Factors { each, scalars: None }
    }

    /// `factors[INDEX] * x`, lane by lane.
    #[inline(always)]
    fn multiply_factor<const INDEX: usize>(
        self,
        factors: &Factors<Self::Scalars>,
        x: Self::Vector,
    ) -> Self::Vector {
        self.multiply(self.splat(factors.each[INDEX]), x)
    }

    /// `sum + factors[INDEX] * x`, lane by lane.
    #[inline(always)]
    fn multiply_add_factor<const INDEX: usize>(
        self,
        sum: Self::Vector,
        factors: &Factors<Self::Scalars>,
        x: Self::Vector,
    ) -> Self::Vector {
        self.multiply_add(sum, self.splat(factors.each[INDEX]), x)
    }

    /// The lanes of both in turn: `a[0], b[0], a[1], ..`, in two vectors.
    fn interleave(self, a: Self::Vector, b: Self::Vector) -> [Self::Vector; 2];

    /// Writes the sums of products of a vector's inputs with eight rows of weights; or returns `false` where that is
    /// nothing that the instruction set does better than others.
    ///
    /// # Safety
    ///
    /// `columns` may be read, and there is room for a vector in each row.
    #[inline(always)]
    unsafe fn write_eight_rows(self, columns: &Columns) -> bool {
        let _ = columns;
        false
    }

    /// `N` vectors, the first from `first` on and each of the others `step` elements further; zeros
    /// where the slice is too short.
    #[inline(always)]
    fn load_each<const N: usize>(
        self,
        from: &[f32],
        first: usize,
        step: usize,
    ) -> [Self::Vector; N] {
        let mut vectors = [self.zero(); N];
        if reach::<Self, N>(first, step).is_some_and(|end| end <= from.len()) {
            for (index, vector) in vectors.iter_mut().enumerate() {
                // SAFETY: the slice holds all vectors.
                *vector = unsafe { self.load(from.as_ptr().add(first + index * step)) };
            }
        }
        vectors
    }

    /// Each weight in every lane of a vector.
    #[inline(always)]
    fn splat_each<const N: usize, const K: usize>(
        self,
        weight: &[[f32; K]; N],
    ) -> [[Self::Vector; K]; N] {
        let mut vectors = [[self.zero(); K]; N];
        for (vectors, weight) in vectors.iter_mut().zip(weight) {
            for (vector, &weight) in vectors.iter_mut().zip(weight) {
                *vector = self.splat(weight);
            }
        }
        vectors
    }

    /// Writes `N` vectors, the first from `first` on and each of the others `step` elements further;
    /// nothing where the slice is too short.
    #[inline(always)]
    fn store_each<const N: usize>(
        self,
        to: &mut [f32],
        first: usize,
        step: usize,
        vectors: [Self::Vector; N],
    ) {
        if reach::<Self, N>(first, step).is_some_and(|end| end <= to.len()) {
            for (index, vector) in vectors.into_iter().enumerate() {
                // SAFETY: the slice holds all vectors.
                unsafe { self.store(to.as_mut_ptr().add(first + index * step), vector) };
            }
        }
    }
}

/// Where the last of `N` vectors ends.
#[inline(always)]
fn reach<L: Lanes, const N: usize>(first: usize, step: usize) -> Option<usize> {
    step.checked_mul(N - 1)?.checked_add(first)?.checked_add(L::LANES)
}

/// [`F32Lanes`] that are one register.
pub(crate) trait Register: F32Lanes {
    /// Some of the lanes.
    type Mask: Copy;

    /// Whether [`halves`](Self::halves) are better taken of sums than of inputs, for a third more products.
    const HALVES_OF_SUMS: bool = false;

    /// The lanes whose bits are set.
    fn mask(self, lanes: u32) -> Self::Mask;

    /// The lanes that lie within `0..length` when the first is `first` and each the next.
    #[inline(always)]
    fn mask_within(self, first: isize, length: usize) -> Self::Mask {
        let lanes = Self::LANES as isize;
        let start = first.saturating_neg().clamp(0, lanes);
        let end = (length as isize).saturating_sub(first).clamp(start, lanes);
        self.mask((1 << end) - (1 << start))
    }

    /// The elements of the lanes in `mask`, zeros in the others, which are not accessed.
    ///
    /// # Safety
    ///
    /// The elements of these lanes, counted from `at`, may be read.
    unsafe fn load_masked(self, at: *const f32, mask: Self::Mask) -> Self::Vector;

    /// `x` in the lanes in `mask`, zeros in the others.
    fn and_mask(self, x: Self::Vector, mask: Self::Mask) -> Self::Vector;

    /// Writes the first `count` lanes, at most `LANES`.
    ///
    /// # Safety
    ///
    /// `count` elements from `at` on may be written.
    unsafe fn store_first(self, at: *mut f32, x: Self::Vector, count: usize);

    /// Of `2 * LANES` neighbours, of which `low` has the first half, numbers `0, 2, ..` and `1, 3, ..`, both in
    /// an order that [`in_order`](Self::in_order) mends.
    fn halves(self, low: Self::Vector, high: Self::Vector) -> [Self::Vector; 2];

    /// The lanes of what was computed from [`halves`](Self::halves), in order.
    fn in_order(self, x: Self::Vector) -> Self::Vector;
}

/// An instruction set. A value proves that the processor has it.
pub(crate) trait Isa: Copy {
    /// Sixteen sums of f32, or as many of them at a time as suit the registers.
    type X16: F32Lanes;
    /// As many neighbouring outputs as suit the registers.
    type Row: F32Lanes;
    /// Eight sums of f32, likewise.
    type X8: F32Lanes;
    /// Four sums of f32, likewise.
    type X4: F32Lanes;
    /// One sum of f32.
    type X1: F32Lanes;
    /// A register full of f32, of which sixteen are a multiple.
    type Widest: Register;
    /// A register for rows too short for several of the widest.
    type Short: Register;

    fn x16(self) -> Self::X16;
    fn row(self) -> Self::Row;
    fn x8(self) -> Self::X8;
    fn x4(self) -> Self::X4;
    fn x1(self) -> Self::X1;
    fn widest(self) -> Self::Widest;
    fn short(self) -> Self::Short;

    /// Whether there are vectors, wider than what a plain loop comes to.
    const HAS_VECTORS: bool;

    /// Runs `operation` in a function that is compiled for this instruction set.
    fn run<O: Operation>(self, operation: O);

    /// Puts what `function` makes of every value in its place.
    #[inline(always)]
    fn map(self, values: &mut [f32], function: impl Fn(f32) -> f32) {
        for value in values {
            *value = function(*value);
        }
    }

    /// Writes a block of totals, pixel by pixel and `B` channels each, to `B` planes of the output, where the
    /// pixels lie `step` apart.
    fn transpose<const B: usize>(
        self,
        totals: &[[f32; B]],
        y: &mut [f32],
        plane: usize,
        step: usize,
    );

    /// Whether [`depthwise3`](Self::depthwise3) is there.
    const HAS_DEPTHWISE3: bool = false;

    /// Writes rows of outputs, `STEP`, 1 or 2, columns and rows apart, of a window whose first output's first tap lies
    /// one column before the first of `x`, and whose last output's last tap no further than one behind the row. There
    /// are at least eight outputs in a row.
    #[inline(always)]
    fn depthwise3<const N: usize, const STEP: usize>(
        self,
        window: &Depthwise3<'_, N>,
        x: &[f32],
        y: &mut [f32],
    ) {
        let _ = (window, x, y);
    }

    /// Reads `B` planes of the input, or as many as there are, to pixels of `B` channels each.
    #[inline(always)]
    fn interleave<const B: usize>(self, x: &[f32], plane: usize, pixels: &mut [[f32; B]]) {
        interleave_lanes(x, plane, 0..B, pixels);
    }
}

/// A window of `N` rows of three taps that slides over whole rows.
#[cfg_attr(not(neon), allow(dead_code))]
#[derive(Clone, Copy)]
pub(crate) struct Depthwise3<'a, const N: usize> {
    pub(crate) weight: &'a [[f32; 3]; N],
    /// The sum before the first product.
    pub(crate) start: f32,
    /// Columns of the input and of the output.
    pub(crate) width: usize,
    pub(crate) outputs: usize,
}

/// Work that is written once for every instruction set.
pub(crate) trait Operation: Sized {
    /// `#[inline(always)]`, as everything that it calls in its loops, so that [`Isa::run`] compiles it
    /// for the instruction set.
    fn run<I: Isa>(self, isa: I);

    /// [`run`](Self::run), for instruction sets that all code is compiled for. Not inlined, so that layers of one kind
    /// share it; a method of the operation, so that the compiler works on those of several modules at a time.
    #[inline(never)]
    fn run_outlined<I: Isa>(self, isa: I) {
        self.run(isa);
    }
}
