//! Bytes to cases.

use crate::wire::Place;
use crate::{Case, Element, HEADER, RECORD, Wire};

/// The length of the record that begins with this header, header and all.
pub fn length(header: &[u8; HEADER]) -> Option<usize> {
    let length = u32::from_le_bytes(*header.first_chunk()?) as usize;
    (HEADER..=RECORD).contains(&length).then_some(length)
}

/// Puts a case together.
pub struct Reader<'a> {
    /// What is left of the record.
    bytes: &'a [u8],
    place: Place,
}

impl<'a> Reader<'a> {
    /// The number and the case of a record; its slices lie in it, so it has to be aligned to words.
    pub fn read(record: &'a [u8]) -> Option<(u64, Case<'a>)> {
        let (header, bytes) = record.split_first_chunk::<HEADER>()?;
        let number = u64::from_le_bytes(*header.last_chunk()?);
        let mut reader = Self { bytes, place: Place::new(HEADER, number) };
        let mut case = Case::NONE;
        case.on(&mut reader)?;
        reader.bytes.is_empty().then_some((number, case))
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, bytes) = self.bytes.split_at_checked(len)?;
        self.bytes = bytes;
        self.place.position += len;
        Some(taken)
    }
}

impl<'a> Wire<'a> for Reader<'a> {
    fn word(&mut self, word: &mut u32) -> Option<()> {
        self.take(self.place.position.wrapping_neg() % 4)?;
        *word = u32::from_le_bytes(*self.take(4)?.first_chunk()?);
        Some(())
    }

    fn elements<T: Element>(&mut self, slice: &mut &'a [T], len: usize) -> Option<()> {
        let padding = self.place.padding::<T>();
        self.take(padding)?;
        let bytes = self.take(len.checked_mul(size_of::<T>())?)?;
        // SAFETY: any bytes are elements.
        let (before, elements, behind) = unsafe { bytes.align_to::<T>() };
        *slice = elements;
        (before.is_empty() && behind.is_empty()).then_some(())
    }
}
