//! Windows of pools.

use proptest::prelude::*;

use super::Verdict;
use super::far::{Apart, Axis, seldom};
use super::sizes::{Window, budget, channels, edge, fit, plane, rarely, shape, sides, window};

/// The sliding of a window over an input.
#[derive(Clone, Copy, Debug)]
pub struct Sliding {
    pub input: [usize; 3],
    pub window: Window,
    pub padding: [usize; 4],
    pub ceil_mode: bool,
}

/// What makes a specification senseless.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    None,
    /// Padding, kernel and stride as they come, whether they go together or not.
    AsItComes,
    Zero(usize),
}

fn flaw() -> impl Strategy<Value = Flaw> + Clone {
    prop_oneof![
        56 => Just(Flaw::None),
        4 => Just(Flaw::AsItComes),
        1 => (0..9_usize).prop_map(Flaw::Zero),
    ]
}

/// Which windows there are.
#[derive(Clone, Copy, Debug)]
enum Kernel {
    AsDrawn,
    /// One of the whole plane.
    Global,
    /// Of some hundred inputs, in a plane larger by so many rows and columns.
    Large([usize; 2], [usize; 2]),
}

fn kernel() -> impl Strategy<Value = Kernel> + Clone {
    // Sixteen bits hold the sum of 255 inputs.
    let large = ([13..=26_usize, 13..=26], [0..=5_usize, 0..=5]);
    prop_oneof![
        12 => Just(Kernel::AsDrawn),
        1 => Just(Kernel::Global),
        1 => large.prop_map(|(kernel, more)| Kernel::Large(kernel, more)),
    ]
}

/// The sliding of a window that mostly fits an input that is made larger where it has to be.
pub fn sliding(dilated: bool) -> impl Strategy<Value = Sliding> + Clone {
    let wide =
        prop_oneof![6 => plane(), 1 => (1..=4_usize, 71..=300_usize).prop_map(|(h, w)| [h, w])];
    let effort = (budget(), any::<u8>());
    let sizes = (channels(), wide, effort);
    let window = (window(dilated), kernel());
    (sizes, any::<bool>(), window, sides(6), flaw(), seldom()).prop_map(
        move |(sizes, ceil_mode, (mut window, kernel), mut padding, flaw, apart)| {
            let (channels, plane, effort) = sizes;
            let mut input = [channels, plane[0], plane[1]];
            let taps = window.kernel[0] * window.kernel[1];
            fit(&mut input, (effort.0 / taps).max(1), effort.1);
            match kernel {
                Kernel::AsDrawn => {}
                Kernel::Global => window.kernel = [input[1], input[2]],
                Kernel::Large(kernel, more) => {
                    (window.kernel, window.dilation) = (kernel, [1, 1]);
                    input = [input[0].min(3), kernel[0] + more[0], kernel[1] + more[1]];
                }
            }
            for axis in 0..2 {
                if matches!(flaw, Flaw::AsItComes) {
                    break;
                }
                // No window in padding alone.
                for side in [axis, axis + 2] {
                    padding[side] = padding[side].min(window.kernel[axis] - 1);
                }
                let padded = input[1 + axis] + padding[axis] + padding[axis + 2];
                input[1 + axis] += window.extent(axis).saturating_sub(padded);
            }
            let mut sliding = Sliding { input, window, padding, ceil_mode };
            if let Some(apart) = apart {
                sliding.spread(apart, dilated);
            }
            window = sliding.window;
            if let Flaw::Zero(which) = flaw {
                match which {
                    0..3 => sliding.input[which] = 0,
                    3 | 4 => window.kernel[which - 3] = 0,
                    5 | 6 => window.stride[which - 5] = 0,
                    _ if dilated => window.dilation[which - 7] = 0,
                    _ => {}
                }
            }
            Sliding { window, ..sliding }
        },
    )
}

impl Sliding {
    fn spread(&mut self, apart: Apart, dilated: bool) {
        let Self { input, window, padding, .. } = self;
        for axis in apart.axes() {
            let along = Axis {
                size: input[1 + axis],
                kernel: window.kernel[axis],
                stride: window.stride[axis],
                dilation: window.dilation[axis],
                before: padding[axis],
                after: padding[axis + 2],
            };
            let far = apart.spread(along, input[2]);
            window.stride[axis] = far.stride;
            if dilated {
                window.kernel[axis] = far.kernel;
                window.dilation[axis] = far.dilation;
                (padding[axis], padding[axis + 2]) = (far.before, far.after);
            }
        }
    }

    /// Whether PyTorch takes it, but for its limit of half a kernel of padding, which the crate does without.
    /// A window of an average has to meet the input, `everywhere`.
    pub fn verdict(&self, everywhere: bool) -> Verdict {
        let Self { input, window: Window { kernel, stride, dilation }, padding, .. } = *self;
        let valid = input[0] > 0
            && (0..2).all(|axis| self.windows(axis).is_some())
            && (!everywhere || (0..2).all(|axis| self.windows_meet_input(axis)));
        let all = [kernel, stride, dilation].into_iter().flatten().chain(padding).chain(input);
        Verdict::new(valid, all)
    }

    /// PyTorch's number of windows along one axis; `None` where it refuses.
    fn windows(&self, axis: usize) -> Option<u128> {
        let Self { input, window: Window { kernel, stride, dilation }, padding, .. } = *self;
        let along = [input[1 + axis], kernel[axis], stride[axis], dilation[axis]];
        if along.contains(&0) {
            return None;
        }
        let [size, kernel, stride, dilation] = along.map(|number| number as u128);
        let [before, after] = [padding[axis], padding[axis + 2]].map(|number| number as u128);
        let rounding = if self.ceil_mode { stride - 1 } else { 0 };
        let room = (size + before + after + rounding).checked_sub(dilation * (kernel - 1) + 1)?;
        let last = room / stride;
        // The last window has to start inside the input or the padding before it.
        let behind = self.ceil_mode && last * stride >= size + before;
        Some(if behind { last } else { last + 1 }).filter(|count| *count > 0)
    }

    /// Whether every window meets the input, with taps side by side.
    fn windows_meet_input(&self, axis: usize) -> bool {
        let Self { input, window: Window { kernel, stride, .. }, padding, .. } = *self;
        let Some(count) = self.windows(axis) else { return false };
        let (first, size) = (padding[axis] as u128, input[1 + axis] as u128);
        let last_start = (count - 1) * stride[axis] as u128;
        // The first window and the last decide.
        kernel[axis] as u128 > first && last_start < first + size
    }
}

/// An input, an output size, and a zero in one of them once in a while.
pub fn adaptive() -> impl Strategy<Value = ([usize; 3], [usize; 2])> + Clone {
    let size = prop_oneof![1 => Just([1, 1]), 4 => [edge(), edge()]];
    // Parts of one size, which do not overlap.
    let even = prop_oneof![3 => Just(None), 1 => [1..=5_usize, 1..=5_usize].prop_map(Some)];
    (shape(), size, even, prop_oneof![48 => Just(5), 1 => 0..5_usize], rarely(1)).prop_map(
        |(mut input, mut output, even, zero, wide)| {
            // Outputs are as many as inputs, about, but once in a while.
            if !wide {
                fit(&mut output, 4000 / input[0].min(4000), 1);
            }
            if let Some([height, width]) = even {
                fit(&mut output, 300, 0);
                input = [input[0].min(9), output[0] * height, output[1] * width];
            }
            match zero {
                0..3 => input[zero] = 0,
                3 | 4 => output[zero - 3] = 0,
                _ => {}
            }
            (input, output)
        },
    )
}
