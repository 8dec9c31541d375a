//! Which activations share memory: every tensor of a network gets a place in one arena, so that no two
//! that are needed at the same time overlap.
//!
//! [`network!`](crate::network) calls this in the compiler. A model loader calls it at start-up:
//!
//! ```
//! use nchw::memory::{self, Slot};
//!
//! // Three layers in a row. The last tensor takes the place of the first.
//! let slots = [Slot::new(600, 0, 1), Slot::new(200, 1, 2), Slot::new(500, 2, 3)];
//! let mut offsets = [0; 3];
//! assert_eq!(memory::plan(&slots, &mut offsets)?, 800);
//! assert_eq!(offsets, [0, 600, 0]);
//! assert_eq!(memory::live(&slots)?, 800); // no plan needs less
//! # Ok::<(), nchw::Error>(())
//! ```

use crate::error::{Buffer, Error};
use crate::geometry::{total, tri};
use crate::plan::layout::{at, put};

/// A tensor's size, and when it has to be there.
///
/// Steps are numbered in the order in which they run.
///
/// ```
/// use nchw::memory::{self, Slot};
///
/// // Written by step 0 and read by step 1, with nothing else alive.
/// assert_eq!(memory::live(&[Slot::new(64, 0, 1)]), Ok(64));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Elements, or bytes: in whatever unit the offsets are wanted.
    pub len: usize,
    /// The step that writes it.
    pub first: usize,
    /// The last step that reads it. If that is before `first`, nobody does, and the slot is needed
    /// while it is written.
    pub last: usize,
    /// The block that it is a part of. The parts of one block keep their distances, and each is there
    /// for its own time.
    pub block: Option<usize>,
    /// The distance from the start of its block.
    pub within: usize,
}

impl Slot {
    /// A tensor that may lie anywhere.
    pub const fn new(len: usize, first: usize, last: usize) -> Self {
        Self { len, first, last, block: None, within: 0 }
    }

    /// The same as a part of a block, `within` elements from the block's start: concatenation without a
    /// copy.
    ///
    /// ```
    /// use nchw::memory::{self, Slot};
    ///
    /// // A skip connection of 4 elements that waits, from step 0 on, for the 4 that step 2 writes in
    /// // front of it. Until then their place is free, and the tensor between lies there.
    /// let slots = [
    ///     Slot::new(4, 0, 3).part_of(0, 4),
    ///     Slot::new(3, 0, 1),
    ///     Slot::new(4, 2, 3).part_of(0, 0),
    /// ];
    /// let mut offsets = [0; 3];
    /// assert_eq!(memory::plan(&slots, &mut offsets)?, 8);
    /// assert_eq!(offsets, [4, 0, 0]);
    /// # Ok::<(), nchw::Error>(())
    /// ```
    pub const fn part_of(mut self, block: usize, within: usize) -> Self {
        self.block = Some(block);
        self.within = within;
        self
    }

    /// The last step that needs it.
    const fn end(&self) -> usize {
        if self.last > self.first { self.last } else { self.first }
    }

    const fn is_alive(&self, step: usize) -> bool {
        self.first <= step && step <= self.end()
    }

    /// Whether there is a step that needs both.
    const fn meets(&self, other: &Self) -> bool {
        self.first <= other.end() && other.first <= self.end()
    }

    const fn shares_block(&self, other: &Self) -> bool {
        matches!((self.block, other.block), (Some(a), Some(b)) if a == b)
    }
}

const NONE: Slot = Slot::new(0, 0, 0);

/// Marks a slot that has no place yet.
const NOWHERE: usize = usize::MAX;

/// Assigns every slot its `offset` in one arena and returns the arena's length.
///
/// No two slots that a step needs overlap. A chain of layers, in which every tensor is read by the next
/// step alone, gets the least memory possible, [`live`]: its tensors lie at the two ends by turns. Other
/// networks are planned greedily, the largest blocks first, each at the lowest place that is free; where
/// that leaves gaps, other orders are tried, and the shortest arena counts.
///
/// # Errors
///
/// [`Error::Length`] if there are not as many offsets as slots; [`Error::Overflow`] if the slots together
/// are too large for the address space; [`Error::PartsOverlap`] for two parts of a block that overlap
/// while both are needed.
pub const fn plan(slots: &[Slot], offsets: &mut [usize]) -> Result<usize, Error> {
    tri!(Buffer::Offsets.check(offsets.len(), slots.len()));
    let live = tri!(live(slots));
    tri!(check_blocks(slots));
    if two_ends(slots, live, offsets) {
        return Ok(live);
    }
    let (mut best, mut len, mut index) = (Order::ALL[0], usize::MAX, 0);
    while index < Order::ALL.len() && len > live {
        let attempt = greedy(slots, Order::ALL[index], offsets);
        if attempt < len {
            (best, len) = (Order::ALL[index], attempt);
        }
        index += 1;
    }
    Ok(greedy(slots, best, offsets))
}

/// The largest total of slots that one step needs: no plan needs less.
///
/// # Errors
///
/// [`Error::Overflow`] if the slots together are too large for the address space.
pub const fn live(slots: &[Slot]) -> Result<usize, Error> {
    let (mut all, mut most, mut index) = (0, 0, 0);
    while index < slots.len() {
        all = tri!(total(&[all, slots[index].len]));
        all = tri!(total(&[all, slots[index].within]));
        // The total rises only where a slot begins.
        let (mut sum, mut other) = (0, 0);
        while other < slots.len() {
            if slots[other].is_alive(slots[index].first) {
                sum += slots[other].len;
            }
            other += 1;
        }
        most = if sum > most { sum } else { most };
        index += 1;
    }
    Ok(most)
}

const fn check_blocks(slots: &[Slot]) -> Result<(), Error> {
    let mut second = 0;
    while second < slots.len() {
        let mut first = 0;
        while first < second {
            let (a, b) = (&slots[first], &slots[second]);
            if a.shares_block(b) && a.meets(b) && overlap(a.within, a.len, b.within, b.len) {
                return Err(Error::PartsOverlap { first, second });
            }
            first += 1;
        }
        second += 1;
    }
    Ok(())
}

/// Whether two ranges, each a start and a length, have an element in common.
const fn overlap(a: usize, a_len: usize, b: usize, b_len: usize) -> bool {
    a < b + b_len && b < a + a_len && a_len > 0 && b_len > 0
}

/// Puts slots at the two ends of `len` elements by turns; whether that is a valid plan.
const fn two_ends(slots: &[Slot], len: usize, offsets: &mut [usize]) -> bool {
    let mut index = 0;
    while index < slots.len() {
        let (mut before, mut other) = (0_usize, 0);
        while other < slots.len() {
            let (a, b) = (&slots[other], &slots[index]);
            if a.len > 0 && (a.first < b.first || a.first == b.first && other < index) {
                before += 1;
            }
            other += 1;
        }
        put(offsets, index, if before.is_multiple_of(2) { 0 } else { len - slots[index].len });
        index += 1;
    }
    let mut second = 0;
    while second < slots.len() {
        if slots[second].block.is_some() {
            return false;
        }
        let mut first = 0;
        while first < second {
            let (a, b) = (&slots[first], &slots[second]);
            let (place, other) = (at(offsets, first, 0), at(offsets, second, 0));
            if a.meets(b) && overlap(place, a.len, other, b.len) {
                return false;
            }
            first += 1;
        }
        second += 1;
    }
    true
}

/// Which block [`greedy`] places next: the largest, and of equal ones the earliest or the latest; or simply
/// the earliest or the latest.
#[derive(Clone, Copy)]
struct Order {
    by_size: bool,
    latest: bool,
}

impl Order {
    const ALL: [Self; 4] = [
        Self { by_size: true, latest: false },
        Self { by_size: true, latest: true },
        Self { by_size: false, latest: false },
        Self { by_size: false, latest: true },
    ];

    /// Whether a block of `size` from step `first` on comes before another.
    const fn prefers(self, (size, first): (usize, usize), other: (usize, usize)) -> bool {
        if self.by_size && size != other.0 {
            return size > other.0;
        }
        if self.latest { first > other.1 } else { first < other.1 }
    }
}

/// Puts one block after the other at the lowest place, and returns the arena's length.
const fn greedy(slots: &[Slot], order: Order, offsets: &mut [usize]) -> usize {
    let (mut len, mut index) = (0, 0);
    while index < slots.len() {
        put(offsets, index, NOWHERE);
        index += 1;
    }
    while let Some(leader) = next(slots, order, offsets) {
        let start = lowest(slots, offsets, leader);
        let block = at(slots, leader, NONE);
        let mut index = 0;
        while index < slots.len() {
            let slot = &slots[index];
            if index == leader || slot.shares_block(&block) {
                put(offsets, index, start + slot.within);
                let end = start + slot.within + slot.len;
                len = if end > len { end } else { len };
            }
            index += 1;
        }
    }
    len
}

/// A slot of the block that is placed next, if there is one.
const fn next(slots: &[Slot], order: Order, offsets: &[usize]) -> Option<usize> {
    let (mut leader, mut best, mut index) = (None, (0, 0), 0);
    while index < slots.len() {
        if at(offsets, index, NOWHERE) == NOWHERE {
            let mut size = slots[index].within + slots[index].len;
            let mut other = if slots[index].block.is_some() { 0 } else { slots.len() };
            while other < slots.len() {
                let end = slots[other].within + slots[other].len;
                if slots[index].shares_block(&slots[other]) && end > size {
                    size = end;
                }
                other += 1;
            }
            let candidate = (size, slots[index].first);
            if leader.is_none() || order.prefers(candidate, best) {
                (leader, best) = (Some(index), candidate);
            }
        }
        index += 1;
    }
    leader
}

/// The lowest start of `leader`'s block at which no part meets a slot that has its place.
const fn lowest(slots: &[Slot], offsets: &[usize], leader: usize) -> usize {
    let block = at(slots, leader, NONE);
    let (mut start, mut index) = (0, 0);
    while index < slots.len() {
        let part = &slots[index];
        let (mut moved, mut other) = (false, 0);
        while other < slots.len() && (index == leader || part.shares_block(&block)) {
            let (taken, len) = (at(offsets, other, NOWHERE), slots[other].len);
            let place = start + part.within;
            if taken != NOWHERE && slots[other].meets(part) && overlap(taken, len, place, part.len)
            {
                start = taken + len - part.within;
                moved = true;
            }
            other += 1;
        }
        // A part that moved takes the whole block along.
        index = if moved { 0 } else { index + 1 };
    }
    start
}
