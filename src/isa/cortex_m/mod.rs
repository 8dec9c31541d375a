//! Cortex-M4 and M7: the DSP instructions of Armv7E-M, two products of sixteen bits at a time, for i8.
//!
//! Whole loops are assembly: a sum of two products has as many operands as LLVM has registers to lose, of fourteen.
//! LLVM keeps two of these to itself in `asm!`, so they are naked functions, which are given a structure of arguments.

pub(crate) mod copy;
pub(crate) mod depthwise;
pub(crate) mod gather;
pub(crate) mod gemm;
pub(crate) mod gemv;
pub(crate) mod rescale;

/// How many outputs are computed together.
pub(crate) const OUTPUTS: usize = 4;

/// A word for each of the outputs that are computed together: two inputs of sixteen bits, or a sum.
pub(crate) type Row = [i32; OUTPUTS];

/// What of a workspace is aligned.
pub(crate) fn words(workspace: &mut [i8]) -> &mut [i32] {
    // SAFETY: any four bytes are a number, and any number four bytes.
    let (_, words, _) = unsafe { workspace.align_to_mut() };
    words
}
