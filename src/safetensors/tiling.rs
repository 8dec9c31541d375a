//! Whether the tensors of a file have names of their own, do not overlap, and are all that there is.
//!
//! Nothing is allocated, and a file may have any number of tensors. So names are compared as hashes, some at a time, and
//! that tensors cover every byte once is found out by adding up: then every place where one begins, but the first, is one
//! where another ends, and the other way round. Only what is at fault is then searched for pair by pair.

use super::error::SafetensorsError;
use super::tensor::Entry;
use super::{METADATA, json, split};
use crate::geometry::tri;

/// Names compared at a time.
const SLOTS: usize = 64;

/// Names, by number from some on, and those before the last compared with all.
pub(super) struct Names {
    first: usize,
    count: usize,
    hashes: [u64; SLOTS],
}

impl Names {
    /// Compares names from number `first` on with all that come after them.
    pub(super) const fn new(first: usize) -> Self {
        Self { first, count: 0, hashes: [0; SLOTS] }
    }

    /// The next name of the file.
    pub(super) const fn add(&mut self, name: &[u8]) -> Result<(), SafetensorsError> {
        let number = self.count;
        self.count += 1;
        let Some(place) = number.checked_sub(self.first) else { return Ok(()) };
        let hash = json::hash(name);
        let hashes = &self.hashes;
        let known = if place < SLOTS { place } else { SLOTS };
        let mut index = 0;
        while index < known {
            if hashes[index] == hash {
                return Err(SafetensorsError::DuplicateName);
            }
            index += 1;
        }
        if place < SLOTS {
            self.hashes[place] = hash;
        }
        Ok(())
    }

    /// Compares those that are not among the first with one another.
    pub(super) const fn check_others(&self, bytes: &[u8]) -> Result<(), SafetensorsError> {
        let mut first = self.first + SLOTS;
        while first < self.count {
            let mut names = Self::new(first);
            let (mut header, _) = tri!(split(bytes));
            tri!(header.open());
            while let Some(key) = tri!(header.key()) {
                if !json::equals(key, METADATA) {
                    tri!(names.add(key));
                }
                tri!(header.skip_value());
            }
            first += SLOTS;
        }
        Ok(())
    }
}

/// Where tensors end less where they begin, each place as a number that looks random.
pub(super) struct Tiling(u64);

impl Tiling {
    /// No tensors.
    pub(super) const NONE: Self = Self(0);

    /// One more.
    pub(super) const fn add(&mut self, [begin, end]: [usize; 2]) {
        self.0 = self.0.wrapping_add(mixed(end)).wrapping_sub(mixed(begin));
    }

    /// Whether they cover as many bytes, each once.
    pub(super) const fn is_whole(&self, bytes: usize) -> bool {
        self.0 == mixed(bytes).wrapping_sub(mixed(0))
    }
}

/// Source: Steele et al., <https://doi.org/10.1145/2660193.2660195>, `mix64variant13`.
const fn mixed(place: usize) -> u64 {
    let x = (place as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

/// What is wrong with the tensors of a file.
#[cold]
pub(super) const fn fault(bytes: &[u8]) -> Result<SafetensorsError, SafetensorsError> {
    let (_, data) = tri!(split(bytes));
    let mut number = 0;
    while let Some([begin, end]) = tri!(find_offsets(bytes, number, None)) {
        number += 1;
        // The next that shares a byte with this one.
        if begin < end
            && let Some(second) = tri!(find_offsets(bytes, number, Some([begin, end])))
        {
            return Ok(SafetensorsError::Overlap { first: [begin, end], second });
        }
    }
    // Each begins where another ends; so far none is missing.
    let mut position = 0;
    while let Some([_, end]) = tri!(find_offsets(bytes, 0, Some([position, position + 1]))) {
        position = end;
    }
    if tri!(find_offsets(bytes, 0, Some([position, usize::MAX]))).is_some() {
        return Ok(SafetensorsError::Hole { position });
    }
    Ok(SafetensorsError::TrailingBytes { count: data.len() - position })
}

/// `data_offsets` of the first tensor from number `from` on, or of the first that has bytes in a range.
const fn find_offsets(
    bytes: &[u8],
    from: usize,
    range: Option<[usize; 2]>,
) -> Result<Option<[usize; 2]>, SafetensorsError> {
    let (mut header, _) = tri!(split(bytes));
    let mut number = 0;
    tri!(header.open());
    while let Some(key) = tri!(header.key()) {
        if json::equals(key, METADATA) {
            tri!(header.skip_value());
            continue;
        }
        let [begin, end] = tri!(Entry::parse_offsets(&mut header));
        let meets = match range {
            None => true,
            Some([low, high]) => begin < end && begin < high && low < end,
        };
        if number >= from && meets {
            return Ok(Some([begin, end]));
        }
        number += 1;
    }
    Ok(None)
}
