//! The DSP instructions of Cortex-M4, M7, M33 and their like: two products of sixteen bits at a time, for i8.
//!
//! Whole loops are assembly: a sum of two products has as many operands as LLVM has registers to lose, of fourteen.
//! LLVM keeps two of these to itself in `asm!`, so they are naked functions, which are given a structure of arguments.

pub(crate) mod copy;
pub(crate) mod depthwise;
pub(crate) mod gather;
pub(crate) mod gemm;
pub(crate) mod gemv;
pub(crate) mod rescale;

/// What each function in assembly begins with: the processor, where the assembler has to be told (`build.rs`). It is that
/// of the compiler's flags, so that other functions of a program are not affected.
macro_rules! cpu {
    () => {
        env!("NCHW_CPU")
    };
}

use cpu;

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
