//! Transposed convolutions, but for their numbers.

use nchw::{ConvTranspose2d, Padding};
use proptest::prelude::*;
use proptest::sample::select;

use super::Verdict;
use super::far::{Apart, Axis, always, seldom};
use super::sizes::{budget, fit, grouping, pair, plane, sides, window};

/// What makes a specification senseless.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    None,
    /// Crop and output padding as they come, whether they go together or not.
    AsItComes,
    Zero(usize),
    Groups(usize),
}

fn flaw() -> impl Strategy<Value = Flaw> + Clone {
    prop_oneof![
        57 => Just(Flaw::None),
        3 => Just(Flaw::AsItComes),
        1 => (0..11_usize).prop_map(Flaw::Zero),
        1 => (2..=7_usize).prop_map(Flaw::Groups),
    ]
}

/// Any transposed convolution, seldom with anything far apart.
pub fn spec() -> impl Strategy<Value = ConvTranspose2d> + Clone {
    with(seldom())
}

/// Any with something far apart.
pub fn far() -> impl Strategy<Value = ConvTranspose2d> + Clone {
    with(always())
}

fn with(
    apart: impl Strategy<Value = Option<Apart>> + Clone,
) -> impl Strategy<Value = ConvTranspose2d> + Clone {
    let output_padding = pair(select(&[0_usize, 0, 1, 2, 3, 9][..]));
    let sides = prop_oneof![4 => sides(5), 1 => sides(40)];
    let sizes = (grouping(), plane(), window(true), sides, output_padding);
    let effort = (budget(), any::<u8>());
    (sizes, effort, flaw(), apart).prop_map(
        |((channels, size, window, mut sides, mut extra), (budget, order), flaw, apart)| {
            let super::sizes::Window { kernel, stride, dilation } = window;
            let [groups, inputs, outputs] = channels;
            let mut sizes = [size[0], size[1], outputs, inputs];
            // Outputs that meet no tap take time as well.
            let each = groups * (kernel[0] * kernel[1]).max(stride[0] * stride[1] / 2);
            fit(&mut sizes, (budget / each).max(1), order);
            let [height, width, outputs, inputs] = sizes;
            let size = [height, width];
            for axis in 0..2 {
                if matches!(flaw, Flaw::AsItComes) {
                    break;
                }
                // Crop within what there is, which may be more than the kernel adds.
                extra[axis] = extra[axis].min(stride[axis].max(dilation[axis]) - 1);
                let full = (size[axis] - 1) * stride[axis] + window.extent(axis) + extra[axis];
                sides[axis] = sides[axis].min(full - 1);
                sides[axis + 2] = sides[axis + 2].min(full - 1 - sides[axis]);
            }
            let mut spec =
                ConvTranspose2d::new([groups * inputs, height, width], groups * outputs, kernel)
                    .stride(stride)
                    .dilation(dilation)
                    .padding_sides(sides)
                    .output_padding(extra)
                    .groups(groups);
            if let Some(apart) = apart {
                spread(&mut spec, apart);
            }
            match flaw {
                Flaw::Zero(which) => *zeroable(&mut spec, which) = 0,
                Flaw::Groups(groups) => spec.groups = groups,
                Flaw::None | Flaw::AsItComes => {}
            }
            spec
        },
    )
}

/// The padding of this space is counted in numbers.
fn sides_of(spec: &ConvTranspose2d) -> [usize; 4] {
    spec.padding.sides().expect("four numbers")
}

fn spread(spec: &mut ConvTranspose2d, apart: Apart) {
    let mut sides = sides_of(spec);
    for axis in apart.axes() {
        let along = Axis {
            size: spec.input[1 + axis],
            kernel: spec.kernel_size[axis],
            stride: spec.stride[axis],
            dilation: spec.dilation[axis],
            before: sides[axis],
            after: sides[axis + 2],
        };
        let along = apart.crop(along, spec.output_padding[axis], spec.input[2]);
        spec.kernel_size[axis] = along.kernel;
        (spec.stride[axis], spec.dilation[axis]) = (along.stride, along.dilation);
        (sides[axis], sides[axis + 2]) = (along.before, along.after);
    }
    spec.padding = Padding::Sides(sides);
}

/// A parameter that must not be zero.
fn zeroable(spec: &mut ConvTranspose2d, which: usize) -> &mut usize {
    match which {
        0..3 => &mut spec.input[which],
        3 => &mut spec.out_channels,
        4 | 5 => &mut spec.kernel_size[which - 4],
        6 | 7 => &mut spec.stride[which - 6],
        8 | 9 => &mut spec.dilation[which - 8],
        _ => &mut spec.groups,
    }
}

/// Whether PyTorch takes it.
pub fn verdict(spec: &ConvTranspose2d) -> Verdict {
    let parameters = [spec.stride, spec.dilation, spec.kernel_size, spec.output_padding];
    let all = parameters.into_iter().flatten().chain(sides_of(spec)).chain(spec.input);
    Verdict::new(valid(spec), all.chain([spec.out_channels]))
}

fn valid(spec: &ConvTranspose2d) -> bool {
    let [channels, height, width] = spec.input;
    let sizes = [channels, spec.out_channels, spec.groups];
    let divides = |channels: usize| channels.is_multiple_of(spec.groups);
    if sizes.contains(&0) || !divides(channels) || !divides(spec.out_channels) {
        return false;
    }
    (0..2).all(|axis| {
        let (size, kernel) = ([height, width][axis], spec.kernel_size[axis]);
        let (stride, dilation) = (spec.stride[axis], spec.dilation[axis]);
        let extra = spec.output_padding[axis];
        if size == 0 || kernel == 0 || stride == 0 || dilation == 0 {
            return false;
        }
        let sides = sides_of(spec);
        let crop = sides[axis] as u128 + sides[axis + 2] as u128;
        let steps = (size as u128 - 1) * stride as u128;
        let full = steps + dilation as u128 * (kernel as u128 - 1) + 1 + extra as u128;
        (extra < stride || extra < dilation) && full > crop
    })
}

/// The oracle's parameters.
pub fn oracle(spec: &ConvTranspose2d) -> nchw_oracle::ConvTranspose2d {
    nchw_oracle::ConvTranspose2d {
        out_channels: spec.out_channels,
        kernel_size: spec.kernel_size,
        stride: spec.stride,
        padding: sides_of(spec),
        output_padding: spec.output_padding,
        dilation: spec.dilation,
        groups: spec.groups,
    }
}
