//! Outputs that are computed together.

use crate::tuning::GROUP;

/// A position in the input and one in the output, or the distance of two such.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place {
    pub(crate) input: usize,
    pub(crate) output: usize,
}

impl Place {
    /// `self` and then `count` times `step`.
    pub(crate) fn after(self, count: usize, step: Self) -> Self {
        Self { input: self.input + count * step.input, output: self.output + count * step.output }
    }
}

/// A list of bounded length; what does not fit is dropped.
#[derive(Clone, Copy)]
struct List<T> {
    items: [T; GROUP],
    len: usize,
}

impl<T: Copy + Default> List<T> {
    fn new() -> Self {
        Self { items: [T::default(); GROUP], len: 0 }
    }

    fn push(&mut self, item: T) {
        if let Some(place) = self.items.get_mut(self.len) {
            *place = item;
            self.len += 1;
        }
    }

    fn last_mut(&mut self) -> Option<&mut T> {
        self.items.get_mut(self.len.checked_sub(1)?)
    }

    fn iter(&self) -> impl Iterator<Item = T> {
        self.items.iter().take(self.len).copied()
    }
}

/// At most [`GROUP`] outputs: as tiles, whose sums are in registers at a time, and as segments, which lie
/// next to each other in the output. Both are pairs of where the first output is, and how many.
pub(crate) struct Group {
    tiles: List<(usize, usize)>,
    segments: List<(usize, usize)>,
    outputs: usize,
    /// From one output of a tile or a segment to the next.
    pub(crate) step: Place,
}

impl Group {
    pub(crate) fn new(step: Place) -> Self {
        Self { tiles: List::new(), segments: List::new(), outputs: 0, step }
    }

    /// Forgets all outputs.
    pub(crate) fn clear(&mut self) {
        (self.tiles.len, self.segments.len, self.outputs) = (0, 0, 0);
    }

    /// Whether there is room for a tile of `outputs` outputs.
    pub(crate) fn has_room(&self, outputs: usize) -> bool {
        self.outputs + outputs <= GROUP
    }

    /// Adds a tile of `outputs` outputs whose first is at `place`.
    pub(crate) fn push(&mut self, place: Place, outputs: usize) {
        self.tiles.push((place.input, outputs));
        self.outputs += outputs;
        let step = self.step.output;
        match self.segments.last_mut() {
            Some((first, count)) if *first + *count * step == place.output => *count += outputs,
            _ => self.segments.push((place.output, outputs)),
        }
    }

    /// Where the first inputs of each tile's first output are, and how many outputs it has.
    pub(crate) fn tiles(&self) -> impl Iterator<Item = (usize, usize)> {
        self.tiles.iter()
    }

    /// The first output of each segment, and how many it has, in the order of the tiles.
    pub(crate) fn segments(&self) -> impl Iterator<Item = (usize, usize)> {
        self.segments.iter()
    }
}
