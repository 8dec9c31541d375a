//! Buffers that notice writes beyond their ends, and elements never written.

use std::ops::{Deref, DerefMut, Range};
use std::slice;

use crate::fence;
use crate::region::{self, Region, Side};

/// Elements of a guard band.
const BAND: usize = 64;

/// Elements on each side of a guarded buffer; none where the ends of allocations are watched, by AddressSanitizer
/// (`fuzz/configurations.sh`) or by a [`fence`].
pub fn band() -> usize {
    if cfg!(nchw_asan) || fence::stands() { 0 } else { BAND }
}

/// An element type with patterns that results are unlikely to have.
pub trait Pattern: Copy + std::fmt::Debug {
    /// What element `position` of a guard band holds.
    fn guard(position: usize) -> Self;
    /// What a buffer holds before it is written.
    const POISON: Self;
    /// Whether the bits are the same.
    fn same_bits(self, other: Self) -> bool;
}

impl Pattern for f32 {
    /// A signalling NaN with the position in its payload: arithmetic would make it quiet.
    fn guard(position: usize) -> Self {
        f32::from_bits(0x7fa5_0000 | position as u32 & 0xffff)
    }

    /// A quiet NaN with a payload of its own.
    const POISON: Self = f32::from_bits(0x7fc0_dead);

    fn same_bits(self, other: Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl Pattern for i8 {
    /// Varies with the position, as no single i8 is unlikely.
    fn guard(position: usize) -> Self {
        (position as u8).wrapping_mul(37).wrapping_add(0x5b) as i8
    }

    const POISON: Self = -91;

    fn same_bits(self, other: Self) -> bool {
        self == other
    }
}

impl Pattern for u8 {
    fn guard(position: usize) -> Self {
        i8::guard(position) as u8
    }

    const POISON: Self = i8::POISON as u8;

    fn same_bits(self, other: Self) -> bool {
        self == other
    }
}

impl Pattern for i32 {
    fn guard(position: usize) -> Self {
        0x5ba5_0000 | position as i32 & 0xffff
    }

    const POISON: Self = 0x5ead_beef;

    fn same_bits(self, other: Self) -> bool {
        self == other
    }
}

/// A buffer between two guard bands, or, where [`region::place`] says so, beside a page that may not be accessed, with
/// a band on its other side only.
#[derive(Debug)]
pub struct Guarded<T> {
    elements: Elements<T>,
    /// Elements of the bands.
    bands: [usize; 2],
}

/// Band, buffer, band.
#[derive(Debug)]
enum Elements<T> {
    Allocated(Vec<T>),
    /// So many elements from a byte of a region on, all of them written.
    Mapped(Region, usize, usize),
}

impl<T> Deref for Elements<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Allocated(elements) => elements,
            Self::Mapped(region, offset, count) => {
                let first = region.first().as_ptr().wrapping_add(*offset).cast();
                // SAFETY: they are aligned, inside of the region, which is not used otherwise, and were written.
                unsafe { slice::from_raw_parts(first, *count) }
            }
        }
    }
}

impl<T> DerefMut for Elements<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::Allocated(elements) => elements,
            Self::Mapped(region, offset, count) => {
                let first = region.first().as_ptr().wrapping_add(*offset).cast();
                // SAFETY: as for `deref`.
                unsafe { slice::from_raw_parts_mut(first, *count) }
            }
        }
    }
}

/// Elements beside a page that may not be accessed.
fn mapped<T: Pattern>(count: usize, side: Side) -> Elements<T> {
    let region = Region::new(count * size_of::<T>());
    let offset = match side {
        Side::Before => 0,
        // A multiple of an element's size, as a page is.
        Side::Behind => region.bytes() - count * size_of::<T>(),
    };
    let first = region.first().as_ptr().wrapping_add(offset).cast::<T>();
    for position in 0..count {
        // SAFETY: `count` elements from `first` on are inside of the region.
        unsafe { first.wrapping_add(position).write(T::guard(position)) };
    }
    Elements::Mapped(region, offset, count)
}

impl<T: Pattern> Clone for Guarded<T> {
    /// The buffer, between guard bands that are untouched.
    fn clone(&self) -> Self {
        let mut clone = Self::new(self.slice().len());
        clone.slice_mut().copy_from_slice(self.slice());
        clone
    }
}

impl<T: Pattern> Guarded<T> {
    /// A buffer of `len` elements of poison.
    pub fn new(len: usize) -> Self {
        Self::filled(len, T::POISON)
    }

    /// A buffer of `len` elements of `value`. Where any value may be a result, as in i8, two runs
    /// with different values tell which elements were not written.
    pub fn filled(len: usize, value: T) -> Self {
        let (bands, mut elements) = match region::side() {
            Some(Side::Before) => ([0, BAND], mapped(len + BAND, Side::Before)),
            Some(Side::Behind) => ([BAND, 0], mapped(len + BAND, Side::Behind)),
            None => {
                let elements = (0..len + 2 * band()).map(T::guard).collect();
                ([band(); 2], Elements::Allocated(elements))
            }
        };
        elements[bands[0]..bands[0] + len].fill(value);
        Self { elements, bands }
    }

    /// Where the buffer is among the elements.
    fn range(&self) -> Range<usize> {
        self.bands[0]..self.elements.len() - self.bands[1]
    }

    /// The buffer.
    pub fn slice(&self) -> &[T] {
        &self.elements[self.range()]
    }

    /// The buffer, to be written.
    pub fn slice_mut(&mut self) -> &mut [T] {
        let range = self.range();
        &mut self.elements[range]
    }

    /// Panics if a guard band was overwritten.
    #[track_caller]
    pub fn check(&self) {
        let Range { start, end } = self.range();
        let len = end - start;
        let overwritten =
            |position: &usize| !self.elements[*position].same_bits(T::guard(*position));
        if let Some(position) = (0..start).rev().find(overwritten) {
            panic!(
                "the guard band before the buffer of {len} was overwritten: {:?} at offset -{}",
                self.elements[position],
                start - position
            );
        }
        if let Some(position) = (end..self.elements.len()).find(overwritten) {
            panic!(
                "the guard band after the buffer of {len} was overwritten: {:?} at offset {}",
                self.elements[position],
                position - start
            );
        }
    }

    /// Panics if an element of the buffer still is poison.
    #[track_caller]
    pub fn assert_written(&self) {
        if let Some(offset) = self.slice().iter().position(|value| value.same_bits(T::POISON)) {
            panic!("element {offset} of the buffer of {} was not written", self.slice().len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_can_be_written_from_end_to_end() {
        let mut buffer = Guarded::<f32>::new(5);
        assert!(buffer.slice().iter().all(|value| value.is_nan()));
        buffer.slice_mut().fill(1.0);
        buffer.check();
        buffer.assert_written();
        assert_eq!(buffer.slice(), [1.0; 5]);
        Guarded::<i8>::new(0).check();
        assert_eq!(Guarded::<i32>::filled(2, 7).slice(), [7, 7]);
    }

    #[test]
    fn buffers_beside_a_page_have_a_band_on_the_other_side() {
        for side in [Side::Before, Side::Behind] {
            region::place(Some(side));
            for len in [0, 1, 7, 4096, 70_000] {
                let mut buffer = Guarded::<f32>::new(len);
                buffer.slice_mut().fill(1.0);
                buffer.check();
                assert_eq!(buffer.slice(), vec![1.0; len]);
                let address = match side {
                    Side::Before => buffer.slice().as_ptr_range().start,
                    Side::Behind => buffer.slice().as_ptr_range().end,
                };
                let beside = cfg!(target_os = "linux");
                assert_eq!(address.addr().is_multiple_of(4096), beside);
                let band = if side == Side::Before { len } else { 0 };
                buffer.elements[band] = 0.5;
                assert!(std::panic::catch_unwind(|| buffer.check()).is_err());
            }
            region::place(None);
        }
    }

    #[test]
    #[should_panic(expected = "before the buffer of 5 was overwritten: 1.0 at offset -2")]
    fn a_write_before_the_start_is_found() {
        let mut buffer = Guarded::<f32>::new(5);
        buffer.elements[band() - 2] = 1.0;
        buffer.check();
    }

    #[test]
    #[should_panic(expected = "after the buffer of 5 was overwritten: 3 at offset 6")]
    fn a_write_behind_the_end_is_found() {
        let mut buffer = Guarded::<i8>::new(5);
        buffer.elements[band() + 6] = 3;
        buffer.check();
    }

    #[test]
    #[should_panic(expected = "after the buffer of 1 was overwritten: NaN at offset 1")]
    fn another_nan_is_found() {
        let mut buffer = Guarded::<f32>::new(1);
        buffer.elements[band() + 1] = f32::NAN;
        buffer.check();
    }

    #[test]
    #[should_panic(expected = "before the buffer of 3 was overwritten")]
    fn a_shifted_band_is_found() {
        let mut buffer = Guarded::<i32>::new(3);
        buffer.elements.copy_within(0..10, 1);
        buffer.check();
    }

    #[test]
    #[should_panic(expected = "element 2 of the buffer of 3 was not written")]
    fn an_unwritten_element_is_found() {
        let mut buffer = Guarded::<f32>::new(3);
        buffer.slice_mut()[..2].fill(0.0);
        buffer.assert_written();
    }
}
