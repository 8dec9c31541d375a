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
    /// assert_eq!((offsets[0], offsets[2]), (4, 0));
    /// assert!(offsets[1] + 3 <= 4);
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
/// No two slots that a step needs overlap. Two ways are tried. One puts the slots, in the order of
/// their steps, at the two ends of an arena of [`live`] elements by turns. A chain of layers, in which every
/// tensor is read by the next step alone, always has room there, and so do most networks with shortcuts and
/// skip connections. Where one slot has not, the largest blocks come first, each at the lowest free place,
/// and the arena is as long as that takes; of equal ones first the earliest, then the latest.
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
    let by_size = greedy(slots, Order::Largest, offsets);
    if by_size == live {
        return Ok(live);
    }
    let from_behind = greedy(slots, Order::LargestFromBehind, offsets);
    if from_behind < by_size {
        return Ok(from_behind);
    }
    // Once more, as `offsets` are those of the other.
    Ok(greedy(slots, Order::Largest, offsets))
}

/// The largest total of slots that one step needs: no plan needs less.
///
/// # Errors
///
/// [`Error::Overflow`] if the slots together are too large for the address space.
pub const fn live(slots: &[Slot]) -> Result<usize, Error> {
    // No sum below is larger than that of all slots.
    let (mut all, mut index) = (0, 0);
    while index < slots.len() {
        all = tri!(total(&[all, slots[index].len, slots[index].within]));
        index += 1;
    }
    let (mut most, mut index) = (0, 0);
    while index < slots.len() {
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

/// Puts blocks at the two ends of an arena of `len` elements by turns, in the order of their steps, each as
/// far out as there is room, and then what one step alone needs into the gaps; whether all found room. What
/// a layer reads is then at one end and what it writes at the other, with its workspace between them.
const fn two_ends(slots: &[Slot], len: usize, offsets: &mut [usize]) -> bool {
    clear(offsets);
    let mut from_below = true;
    while let Some(leader) = next(slots, Order::EarliestLasting, offsets) {
        let start = match from_below {
            true => lowest(slots, offsets, leader),
            false => match highest(slots, offsets, leader, len) {
                Some(start) => start,
                None => return false,
            },
        };
        if put_block(slots, offsets, leader, start) > len {
            return false;
        }
        from_below = !from_below;
    }
    while let Some(leader) = next(slots, Order::Largest, offsets) {
        let start = lowest(slots, offsets, leader);
        if put_block(slots, offsets, leader, start) > len {
            return false;
        }
    }
    true
}

/// Puts the largest block without a place at the lowest place, until all have one; the arena's length.
const fn greedy(slots: &[Slot], order: Order, offsets: &mut [usize]) -> usize {
    clear(offsets);
    let mut len = 0;
    while let Some(leader) = next(slots, order, offsets) {
        let start = lowest(slots, offsets, leader);
        let end = put_block(slots, offsets, leader, start);
        len = if end > len { end } else { len };
    }
    len
}

const fn clear(offsets: &mut [usize]) {
    let mut index = 0;
    while index < offsets.len() {
        offsets[index] = NOWHERE;
        index += 1;
    }
}

/// Puts `leader`'s block where it starts at `start`, and returns where it ends.
const fn put_block(slots: &[Slot], offsets: &mut [usize], leader: usize, start: usize) -> usize {
    let block = at(slots, leader, NONE);
    let (mut end, mut index) = (0, 0);
    while index < slots.len() {
        let part = &slots[index];
        if index == leader || part.shares_block(&block) {
            put(offsets, index, start + part.within);
            let part_end = start + part.within + part.len;
            end = if part_end > end { part_end } else { end };
        }
        index += 1;
    }
    end
}

/// Which block comes next.
#[derive(Clone, Copy)]
enum Order {
    /// The earliest of those that more than one step needs.
    EarliestLasting,
    /// The largest, and of equal ones the earliest.
    Largest,
    /// The largest, and of equal ones the latest.
    LargestFromBehind,
}

impl Order {
    /// Whether a slot's block has a turn.
    const fn admits(self, slot: &Slot) -> bool {
        !matches!(self, Self::EarliestLasting) || slot.first < slot.last || slot.block.is_some()
    }

    /// Whether a block of `size` from step `first` on comes before another.
    const fn prefers(self, (size, first): (usize, usize), other: (usize, usize)) -> bool {
        match self {
            Self::EarliestLasting => first < other.1,
            Self::Largest => size > other.0 || size == other.0 && first < other.1,
            Self::LargestFromBehind => size > other.0 || size == other.0 && first > other.1,
        }
    }
}

/// A slot of the block that comes next, if there is one without a place that has a turn.
const fn next(slots: &[Slot], order: Order, offsets: &[usize]) -> Option<usize> {
    let (mut leader, mut best, mut index) = (None, (0, 0), 0);
    while index < slots.len() {
        if at(offsets, index, 0) == NOWHERE && order.admits(&slots[index]) {
            let candidate = (block_len(slots, index), slots[index].first);
            if leader.is_none() || order.prefers(candidate, best) {
                (leader, best) = (Some(index), candidate);
            }
        }
        index += 1;
    }
    leader
}

/// Elements of the block that a slot is a part of.
const fn block_len(slots: &[Slot], index: usize) -> usize {
    let slot = at(slots, index, NONE);
    let mut len = slot.within + slot.len;
    let mut other = if slot.block.is_some() { 0 } else { slots.len() };
    while other < slots.len() {
        let end = slots[other].within + slots[other].len;
        if slot.shares_block(&slots[other]) && end > len {
            len = end;
        }
        other += 1;
    }
    len
}

/// The first part of `leader`'s block that, with the block at `start`, overlaps with a slot in its place,
/// and that slot.
const fn obstacle(
    slots: &[Slot],
    offsets: &[usize],
    leader: usize,
    start: usize,
) -> Option<(usize, usize)> {
    let block = at(slots, leader, NONE);
    // A slot that is in no block is the only part.
    let (mut index, end) = match block.block {
        Some(_) => (0, slots.len()),
        None => (leader, leader + 1),
    };
    while index < slots.len() && index < end {
        let part = &slots[index];
        let mut other = 0;
        while other < slots.len() && (index == leader || part.shares_block(&block)) {
            let (taken, len) = (at(offsets, other, NOWHERE), slots[other].len);
            if taken != NOWHERE
                && slots[other].meets(part)
                && overlap(taken, len, start + part.within, part.len)
            {
                return Some((index, other));
            }
            other += 1;
        }
        index += 1;
    }
    None
}

/// The lowest start of `leader`'s block without an obstacle.
const fn lowest(slots: &[Slot], offsets: &[usize], leader: usize) -> usize {
    let mut start = 0;
    while let Some((part, other)) = obstacle(slots, offsets, leader, start) {
        let obstacle_end = at(offsets, other, 0) + at(slots, other, NONE).len;
        start = obstacle_end - at(slots, part, NONE).within;
    }
    start
}

/// The highest start of `leader`'s block without an obstacle, if it is to end before `len`.
const fn highest(slots: &[Slot], offsets: &[usize], leader: usize, len: usize) -> Option<usize> {
    let mut start = len.checked_sub(block_len(slots, leader));
    while let Some(place) = start
        && let Some((part, other)) = obstacle(slots, offsets, leader, place)
    {
        let part = at(slots, part, NONE);
        start = at(offsets, other, 0).checked_sub(part.within + part.len);
    }
    start
}
