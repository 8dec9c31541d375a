//! Cases to bytes.

use core::slice;

use crate::wire::Place;
use crate::{Case, Element, RECORD, Wire};

/// Takes a case apart.
pub struct Writer<B> {
    bytes: B,
    place: Place,
}

impl<B: Default + Extend<u8> + AsMut<[u8]>> Writer<B> {
    /// The record of a case, if there can be one.
    pub fn write(number: u64, mut case: Case<'_>) -> Option<B> {
        let mut writer = Self { bytes: B::default(), place: Place::new(0, number) };
        writer.append(&[0; 4]);
        writer.append(&number.to_le_bytes());
        case.on(&mut writer)?;
        let Self { mut bytes, place } = writer;
        let length = u32::try_from(place.position).ok()?;
        *bytes.as_mut().first_chunk_mut()? = length.to_le_bytes();
        Some(bytes)
    }

    fn append(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes.iter().copied());
        self.place.position += bytes.len();
    }
}

impl<'a, B: Default + Extend<u8> + AsMut<[u8]>> Wire<'a> for Writer<B> {
    fn word(&mut self, word: &mut u32) -> Option<()> {
        let padding = self.place.position.wrapping_neg() % 4;
        self.append(&[0; 4][..padding]);
        self.append(&word.to_le_bytes());
        (self.place.position <= RECORD).then_some(())
    }

    fn elements<T: Element>(&mut self, slice: &mut &'a [T], _: usize) -> Option<()> {
        let padding = self.place.padding::<T>();
        self.append(&[0; 4][..padding]);
        // SAFETY: the bytes of a slice, all of which are initialized.
        let bytes = unsafe { slice::from_raw_parts(slice.as_ptr().cast(), size_of_val(*slice)) };
        self.append(bytes);
        (self.place.position <= RECORD).then_some(())
    }
}
