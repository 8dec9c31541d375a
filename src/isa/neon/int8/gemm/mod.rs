//! [`MicroKernel`] with `smlal`, `sdot` or `smmla`.

mod epilogue;
mod gather;
mod sdot;
mod smlal;
mod smmla;
mod sums;
mod weights;

use core::mem::{MaybeUninit, offset_of};
use core::ptr::{null, null_mut};

use self::epilogue::{epilogue, scatter};
use self::sdot::Sdot;
use self::smlal::Smlal;
use self::smmla::Smmla;
use self::sums::{Operands, SumOfProducts, store};
use crate::geometry::missing;
use crate::isa::generic::im2col::{
    CHANNELS, MicroKernel, OutputPlanes, PanelParameters, PatchChannels, PatchPanel, PatchRow,
    PatchSource, TAPS, WeightPanels, is_complete,
};
use crate::isa::generic::zeros::Zeros;
use crate::isa::neon::int8::level::{Level, NeonInt8};
use crate::isa::neon::memory::store_bytes;
use crate::isa::neon::zeros::zeroed;

/// The fewest outputs that are multiplied by `smmla`, where it is there.
const FEWEST_OF_SMMLA: usize = 5;

/// The instructions that multiply so many outputs.
fn level_for(micro_kernel: NeonInt8, outputs: usize) -> Level {
    let level = micro_kernel.level();
    if outputs < FEWEST_OF_SMMLA { level.min(Level::Sdot) } else { level }
}

impl MicroKernel for NeonInt8 {
    #[inline(always)]
    fn zeroed<T: Zeros>(place: &mut MaybeUninit<T>) -> &mut T {
        zeroed(place)
    }

    #[inline(never)]
    fn gather(
        self,
        source: &PatchSource,
        x: &[i8],
        channels: PatchChannels,
        border: i8,
        to: &mut [PatchRow],
    ) -> bool {
        gather::gather(source, x, channels, border, to)
    }

    fn interleave(self, rows: &mut [PatchRow], count: usize) {
        gather::interleave(rows, count);
    }

    fn arrange(self, outputs: usize, rows: &mut [[PatchRow; TAPS]]) {
        match level_for(self, outputs) {
            Level::Smlal => smlal::arrange(rows),
            Level::Sdot => {}
            Level::Smmla => smmla::arrange(rows),
        }
    }

    #[inline(never)]
    fn multiply(
        self,
        panel: PatchPanel<'_>,
        weights: WeightPanels<'_>,
        outputs: Option<OutputPlanes<'_>>,
    ) {
        if !is_complete(&panel, &weights, outputs.as_ref()) {
            return missing();
        }
        // SAFETY: everything is there, as `is_complete` has seen; `self` proves that the processor has the instructions.
        unsafe {
            match (level_for(self, panel.outputs), weights.size) {
                (Level::Smlal, CHANNELS) => multiply::<Smlal, CHANNELS>(panel, weights, outputs),
                (Level::Smlal, _) => multiply::<Smlal, 1>(panel, weights, outputs),
                (Level::Sdot, CHANNELS) => multiply::<Sdot, CHANNELS>(panel, weights, outputs),
                (Level::Sdot, _) => multiply::<Sdot, 1>(panel, weights, outputs),
                (Level::Smmla, CHANNELS) => multiply::<Smmla, CHANNELS>(panel, weights, outputs),
                (Level::Smmla, _) => multiply::<Smmla, 1>(panel, weights, outputs),
            }
        }
    }

    #[inline(always)]
    fn sum_of<'a>(weights: impl Iterator<Item = &'a [i8; TAPS]>) -> i32 {
        weights::sum_of(weights)
    }

    fn i16_may_overflow(self, weights: &[[i8; TAPS]]) -> bool {
        !self.has_dot_product() && weights::i16_may_overflow(weights)
    }
}

/// [`MicroKernel::multiply`] for panels of `C` channels.
///
/// # Safety
///
/// They [are complete](is_complete), and the processor has the instructions of `P`.
#[inline(never)]
unsafe fn multiply<P: SumOfProducts<C>, const C: usize>(
    panel: PatchPanel<'_>,
    weights: WeightPanels<'_>,
    planes: Option<OutputPlanes<'_>>,
) {
    let PatchPanel { rows, whole, first, outputs } = panel;
    let WeightPanels { parameters, weight, to_next, accumulators, spilled, .. } = weights;
    let (mut weight, mut accumulators) = (weight.as_ptr(), accumulators.as_mut_ptr());
    let (mut y, plane, requantize, to_next_place) = match planes {
        Some(OutputPlanes { requantize, places, y, plane }) => {
            let at = y.as_mut_ptr().wrapping_add(places.at());
            (at, plane, Some(requantize), places.to_next())
        }
        None => (null_mut(), 0, None, None),
    };
    let requantize = requantize.map(|params| (params, params.range != [i8::MIN, i8::MAX]));
    // Null stays null.
    let (mut starts, starts_step) = each(first, parameters, offset_of!(PanelParameters, starts));
    let left_over = rows.len() > whole;
    let (mut rest, rest_step) = each(left_over, parameters, offset_of!(PanelParameters, rest));
    for parameters in parameters {
        // SAFETY: there are some for each panel, or one for all, as `is_complete` has seen.
        let sums_before = unsafe { &mut *accumulators };
        accumulators = accumulators.wrapping_add(usize::from(spilled));
        let operands = Operands {
            x: rows.as_ptr().cast(),
            sixteens: whole,
            weight,
            rest,
            starts,
            outputs,
            i16_may_overflow: parameters.i16_may_overflow,
        };
        weight = weight.wrapping_add(to_next);
        starts = starts.wrapping_byte_add(starts_step);
        rest = rest.wrapping_byte_add(rest_step);
        // SAFETY: the caller's.
        let sums = unsafe { P::sums(operands, sums_before) };
        let Some(requantize) = requantize else {
            store(&sums, sums_before);
            continue;
        };
        for outputs in epilogue(sums, parameters, requantize, sums_before) {
            // SAFETY: the caller's.
            unsafe {
                match to_next_place {
                    None => store_bytes(y, outputs),
                    Some(to_next) => scatter(y, outputs, to_next),
                }
            }
            y = y.wrapping_add(plane);
        }
    }
}

/// The address of the first panel's parameters at such an offset, and the bytes from there to the next panel's; null and
/// zero if they are not `wanted`.
#[inline(always)]
fn each<T>(wanted: bool, parameters: &[PanelParameters], offset: usize) -> (*const T, usize) {
    let first = parameters.as_ptr().wrapping_byte_add(offset);
    match wanted {
        true => (first.cast(), size_of::<PanelParameters>()),
        false => (null(), 0),
    }
}
