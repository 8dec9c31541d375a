//! Layers of every operator through the run-time door, in memory that is watched.

pub mod float;
pub mod int8;

use nchw::Error;

/// Elements in front of a buffer and behind it that nobody may write to.
pub const BAND: usize = 16;

/// What a buffer is full of before a layer runs.
pub trait Poison: Copy {
    const POISON: Self;
    fn is_poison(self) -> bool;
}

impl Poison for f32 {
    /// A NaN that no computation gives.
    const POISON: Self = f32::from_bits(0x7fc5_5555);

    fn is_poison(self) -> bool {
        self.to_bits() == Self::POISON.to_bits()
    }
}

impl Poison for i8 {
    const POISON: Self = 85;

    fn is_poison(self) -> bool {
        self == Self::POISON
    }
}

/// Why a layer did not run.
pub enum Stop {
    /// It needs more memory than there is.
    NoMemory,
    Refused(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// What buffers are cut from, with `N` elements each, [`BAND`]s among them.
pub struct Memory<T, const N: usize> {
    pub packed: [T; N],
    pub workspace: [T; N],
    pub y: [T; N],
}

impl<T: Poison, const N: usize> Memory<T, N> {
    pub const fn new(value: T) -> Self {
        Self { packed: [value; N], workspace: [value; N], y: [value; N] }
    }

    /// Its buffers, so many elements from its beginning.
    pub fn buffers(&mut self, offset: usize) -> Buffers<'_, T> {
        let [packed, workspace, y] = [&mut self.packed, &mut self.workspace, &mut self.y]
            .map(|memory| Buffer { memory: memory.get_mut(offset..).unwrap_or_default(), len: 0 });
        Buffers { packed, workspace, y }
    }
}

/// What a layer writes to.
pub struct Buffers<'a, T> {
    packed: Buffer<'a, T>,
    workspace: Buffer<'a, T>,
    pub y: Buffer<'a, T>,
}

impl<T: Poison> Buffers<'_, T> {
    /// Whether nothing was written beside the buffers that were cut.
    pub fn intact(&self) -> bool {
        [&self.packed, &self.workspace, &self.y].iter().all(|buffer| buffer.intact())
    }
}

/// A buffer with a band on each side.
pub struct Buffer<'a, T> {
    memory: &'a mut [T],
    len: usize,
}

impl<T: Poison> Buffer<'_, T> {
    /// So many elements, poisoned as the bands are.
    fn cut(&mut self, len: usize) -> Result<&mut [T], Stop> {
        let all = len.checked_add(2 * BAND).and_then(|all| self.memory.get_mut(..all));
        let all = all.ok_or(Stop::NoMemory)?;
        all.fill(T::POISON);
        self.len = len;
        all.get_mut(BAND..BAND + len).ok_or(Stop::NoMemory)
    }

    /// What was cut.
    pub fn elements(&self) -> &[T] {
        self.memory.get(BAND..BAND + self.len).unwrap_or_default()
    }

    fn intact(&self) -> bool {
        // One that was not cut is empty, and has not been poisoned.
        let behind = BAND + self.len;
        self.len == 0
            || [0..BAND, behind..behind + BAND].into_iter().all(|band| {
                self.memory.get(band).is_some_and(|band| band.iter().all(|x| x.is_poison()))
            })
    }
}
