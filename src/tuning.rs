//! Sizes that follow from what kind of processor a target has: its caches, its stack, its registers.

const X86_64: bool = cfg!(target_arch = "x86_64");
const AARCH64: bool = cfg!(target_arch = "aarch64");
const ARM: bool = cfg!(target_arch = "arm");

/// How many weights a group of outputs meets before the next group does: about what a second-level cache holds beside
/// the inputs.
pub(crate) const CACHED_WEIGHTS: usize = if X86_64 { 1 << 17 } else { 1 << 16 };

/// The most taps whose offsets lie on the stack, and that are summed up in registers before they are added to the totals:
/// three channels of a 7x7 kernel, or half as many where stacks are small. It bounds the rounding error: a sum of this
/// many products, then a sum of such sums.
pub(crate) const TAPS: usize = if X86_64 { 147 } else { 72 };

/// Whether stacks are small.
pub(crate) const SMALL_STACK: bool = ARM;

/// The most outputs of a group: their totals lie on the stack, of one block of channels at a time.
pub(crate) const GROUP: usize = if SMALL_STACK { 16 } else { 48 };

/// Whether outputs that no second-level cache holds are fetched while their sums are computed.
pub(crate) const PREFETCHES: bool = X86_64;

/// Whether tiles of any number of outputs are compiled; elsewhere the code is not worth it.
pub(crate) const TILES_OF_ANY_SIZE: bool = X86_64;

/// Whether instructions multiply a vector by one lane of another, so that factors need not be spread over registers.
#[cfg(vectors)]
pub(crate) const FACTORS_IN_LANES: bool = AARCH64;

/// Whether Winograd's tiles lie side by side in the lanes of a vector, in f32 and in i8.
pub(crate) const TILES_IN_LANES: bool = AARCH64;
