//! Convolutions, but for their numbers.

use nchw::{Algorithm, Conv2d, Padding, PaddingMode};
use proptest::prelude::*;
use proptest::sample::select;

use super::Verdict;
use super::far::{Apart, Axis, always, seldom};
use super::sizes::{budget, channels, fit, grouping, plane, rarely, sides, window};

/// What makes a specification senseless.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    None,
    /// Padding, kernel and stride as they come, whether they go together or not.
    AsItComes,
    Zero(usize),
    Groups(usize),
}

fn flaw() -> impl Strategy<Value = Flaw> + Clone {
    prop_oneof![
        56 => Just(Flaw::None),
        4 => Just(Flaw::AsItComes),
        1 => (0..11_usize).prop_map(Flaw::Zero),
        1 => (2..=7_usize).prop_map(Flaw::Groups),
    ]
}

fn mode() -> impl Strategy<Value = PaddingMode> + Clone {
    prop_oneof![
        6 => Just(PaddingMode::Zeros),
        1 => Just(PaddingMode::Reflect),
        1 => Just(PaddingMode::Replicate),
        1 => Just(PaddingMode::Circular),
    ]
}

fn algorithm() -> impl Strategy<Value = Algorithm> + Clone {
    prop_oneof![4 => Just(Algorithm::Direct), 2 => Just(Algorithm::Auto)]
}

/// Any convolution, seldom with anything far apart.
pub fn spec() -> impl Strategy<Value = Conv2d> + Clone {
    prop_oneof![120 => with(seldom()), 30 => usual(), 1 => deep()]
}

/// Any with something far apart.
pub fn far() -> impl Strategy<Value = Conv2d> + Clone {
    with(always())
}

fn with(
    apart: impl Strategy<Value = Option<Apart>> + Clone,
) -> impl Strategy<Value = Conv2d> + Clone {
    let sizes = (grouping(), plane(), window(true));
    let sides = prop_oneof![6 => sides(4), 1 => sides(16)];
    let padding = (sides, mode(), rarely(3));
    let effort = (budget(), any::<u8>());
    (sizes, padding, effort, algorithm(), flaw(), apart).prop_map(
        |((channels, mut size, window), padding, (budget, order), algorithm, flaw, apart)| {
            let [groups, mut inputs, mut outputs] = channels;
            let super::sizes::Window { kernel, mut stride, mut dilation } = window;
            let (mut sides, mode, same) = padding;
            // Half of them TensorFlow's, which takes any stride.
            let same = same.then(|| [Padding::Same, Padding::SameTflite][sides[0] % 2]);
            let taps = kernel[0] * kernel[1];
            let mut sizes = [size[0], size[1], outputs, inputs];
            fit(&mut sizes, (budget / (groups * taps)).max(1), order);
            ([size[0], size[1]], [outputs, inputs]) = ([sizes[0], sizes[1]], [sizes[2], sizes[3]]);
            for axis in 0..2 {
                if matches!(flaw, Flaw::AsItComes) {
                    break;
                }
                if same == Some(Padding::Same) {
                    stride[axis] = 1;
                }
                let limit = match mode {
                    PaddingMode::Reflect => size[axis] - 1,
                    PaddingMode::Circular => size[axis],
                    _ => usize::MAX,
                };
                let total = |dilation: usize| dilation * (kernel[axis] - 1);
                if same.is_some() {
                    // Half of the kernel has to stay within the limit.
                    while total(dilation[axis]).div_ceil(2) > limit && dilation[axis] > 1 {
                        dilation[axis] -= 1;
                    }
                    if total(dilation[axis]).div_ceil(2) > limit {
                        size[axis] += total(dilation[axis]);
                    }
                    continue;
                }
                // A kernel larger than the input gets as much padding as it needs, or more input.
                for side in [axis, axis + 2] {
                    sides[side] = sides[side].min(limit);
                    let padded = size[axis] + sides[axis] + sides[axis + 2];
                    let lacking = (total(dilation[axis]) + 1).saturating_sub(padded);
                    sides[side] = (sides[side] + lacking).min(limit);
                }
                let padded = size[axis] + sides[axis] + sides[axis + 2];
                size[axis] += (total(dilation[axis]) + 1).saturating_sub(padded);
            }
            let [height, width] = size;
            let input = [groups * inputs, height, width];
            let mut spec = Conv2d::new(input, groups * outputs, kernel)
                .stride(stride)
                .dilation(dilation)
                .padding_mode(mode)
                .groups(groups)
                .algorithm(algorithm);
            spec.padding = same.unwrap_or(Padding::Sides(sides));
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

/// The one parameter in which a layer is not a usual one, along an axis or on a side.
#[derive(Clone, Copy, Debug)]
enum Unusual {
    None,
    Kernel(usize, usize),
    Stride(usize, usize),
    Dilation(usize, usize),
    Side(usize, usize),
    Mode(PaddingMode),
}

fn unusual() -> impl Strategy<Value = Unusual> + Clone {
    let axis = || 0..2_usize;
    prop_oneof![
        5 => Just(Unusual::None),
        1 => (axis(), 1..=7_usize).prop_map(|(axis, size)| Unusual::Kernel(axis, size)),
        1 => (axis(), 1..=3_usize).prop_map(|(axis, step)| Unusual::Stride(axis, step)),
        1 => (axis(), 2..=3_usize).prop_map(|(axis, step)| Unusual::Dilation(axis, step)),
        1 => (0..4_usize, 0..=4_usize).prop_map(|(side, size)| Unusual::Side(side, size)),
        1 => mode().prop_map(Unusual::Mode),
    ]
}

/// What networks mostly have: square kernels of odd size, with padding that keeps the size of a plane or halves it, dense
/// or depthwise; and layers beside them.
fn usual() -> impl Strategy<Value = Conv2d> + Clone {
    let size = || prop_oneof![2 => 7..=20_usize, 1 => 21..=40_usize];
    let plane = prop_oneof![size().prop_map(|size| [size; 2]), [size(), size()]];
    let channels = prop_oneof![
        (channels(), channels()).prop_map(|(inputs, outputs)| [1, inputs, outputs]),
        channels().prop_map(|groups| [groups, 1, 1]),
    ];
    let kernel = prop_oneof![2 => Just(1_usize), 5 => Just(3), 2 => Just(5)];
    let window = (kernel, 1..=2_usize, proptest::bool::weighted(0.2), unusual());
    let effort = (budget(), any::<u8>());
    (channels, plane, window, effort, algorithm()).prop_map(
        |(mut channels, mut size, window, (budget, order), algorithm)| {
            let (kernel, stride, tflite, unusual) = window;
            // Channels first: what is usual about a plane is its size.
            let taps = kernel * kernel;
            fit(&mut channels, (budget / (taps * size[0] * size[1])).max(1), order);
            let [groups, inputs, outputs] = channels;
            fit(&mut size, (budget / (taps * groups * inputs * outputs)).max(1), order);
            let input = [groups * inputs, size[0], size[1]];
            let mut spec = Conv2d::new(input, groups * outputs, [kernel; 2])
                .stride([stride; 2])
                .groups(groups)
                .algorithm(algorithm);
            let mut sides = [kernel / 2; 4];
            match unusual {
                Unusual::None => {}
                Unusual::Kernel(axis, size) => spec.kernel_size[axis] = size,
                Unusual::Stride(axis, step) => spec.stride[axis] = step,
                Unusual::Dilation(axis, step) => spec.dilation[axis] = step,
                Unusual::Side(side, size) => sides[side] = size,
                Unusual::Mode(mode) => spec.padding_mode = mode,
            }
            spec.padding = if tflite { Padding::SameTflite } else { Padding::Sides(sides) };
            spec
        },
    )
}

/// More weights than a second-level cache holds, over few pixels.
fn deep() -> impl Strategy<Value = Conv2d> + Clone {
    let channels = (1..=3_usize, 64..=512_usize, 64..=512_usize);
    let kernel = prop_oneof![Just(1_usize), Just(3)];
    (channels, [1..=2_usize, 1..=2], kernel, any::<u8>(), algorithm()).prop_map(
        |((groups, inputs, outputs), [height, width], kernel, order, algorithm)| {
            let mut channels = [inputs, outputs];
            fit(&mut channels, 300_000 / (groups * kernel * kernel), order);
            let [inputs, outputs] = channels;
            Conv2d::new([groups * inputs, height, width], groups * outputs, [kernel; 2])
                .padding([kernel / 2; 2])
                .groups(groups)
                .algorithm(algorithm)
        },
    )
}

fn spread(spec: &mut Conv2d, apart: Apart) {
    let mut sides = padding(spec).unwrap_or([0; 4]);
    for axis in apart.axes() {
        let along = Axis {
            size: spec.input[1 + axis],
            kernel: spec.kernel_size[axis],
            stride: spec.stride[axis],
            dilation: spec.dilation[axis],
            before: sides[axis],
            after: sides[axis + 2],
        };
        let along = apart.spread(along, spec.input[2]);
        spec.kernel_size[axis] = along.kernel;
        (spec.stride[axis], spec.dilation[axis]) = (along.stride, along.dilation);
        (sides[axis], sides[axis + 2]) = (along.before, along.after);
    }
    spec.padding = Padding::Sides(sides);
}

/// A parameter that must not be zero.
fn zeroable(spec: &mut Conv2d, which: usize) -> &mut usize {
    match which {
        0..3 => &mut spec.input[which],
        3 => &mut spec.out_channels,
        4 | 5 => &mut spec.kernel_size[which - 4],
        6 | 7 => &mut spec.stride[which - 6],
        8 | 9 => &mut spec.dilation[which - 8],
        _ => &mut spec.groups,
    }
}

/// Channels in and out of a group for Winograd's method; 16 are transformed and 64 summed up at a time.
fn winograd_channels() -> impl Strategy<Value = [usize; 3]> + Clone {
    let each = || {
        prop_oneof![
            5 => 1..=9_usize,
            3 => select(&[11, 13, 15, 16, 17, 24, 29, 31, 32, 33][..]),
            1 => select(&[63, 64, 65, 127, 129, 130][..]),
        ]
    };
    let groups = prop_oneof![3 => Just(1_usize), 1 => 2..=5_usize];
    (groups, each(), each()).prop_map(|(groups, inputs, outputs)| [groups, inputs, outputs])
}

/// 3x3 convolutions by Winograd's method, or where the crate may choose it: sizes around the edges of tiles, of
/// segments and blocks of tiles, and of blocks of channels.
pub fn winograd(algorithms: &'static [Algorithm]) -> impl Strategy<Value = Conv2d> + Clone {
    let size = || {
        prop_oneof![
            8 => 1..=13_usize,
            2 => select(&[15, 16, 17, 19, 23, 24, 25, 29][..]),
            // Segments have 32 outputs.
            2 => 30..=37_usize,
            1 => select(&[47, 48, 49, 63, 64, 65, 66, 67, 127, 128, 129, 130, 131, 258][..]),
        ]
    };
    let step = || prop_oneof![4 => 1..=4_usize, 1 => 5..=20_usize];
    let dilation = prop_oneof![3 => Just([1, 1]), 1 => [step(), step()]];
    let sides =
        prop_oneof![8 => sides(4), 1 => sides(16), 1 => [0..=3_usize, 0..=330, 0..=3, 0..=330]];
    let window = (sides, rarely(6), dilation);
    let effort = (prop_oneof![8 => Just(30_000), 1 => Just(300_000)], any::<u8>());
    (winograd_channels(), [size(), size()], window, select(algorithms), effort, seldom()).prop_map(
        |(
            [groups, inputs, outputs],
            size,
            (mut sides, same, dilation),
            algorithm,
            effort,
            apart,
        )| {
            let mut sizes = [size[0], size[1], outputs, inputs];
            fit(&mut sizes, (effort.0 / (9 * groups)).max(1), effort.1);
            let [height, width, outputs, inputs] = sizes;
            for axis in 0..2 {
                let padded = [height, width][axis] + sides[axis] + sides[axis + 2];
                sides[axis] += (2 * dilation[axis] + 1).saturating_sub(padded);
            }
            let mut spec = Conv2d::new([groups * inputs, height, width], groups * outputs, [3, 3])
                .groups(groups)
                .dilation(dilation)
                .algorithm(algorithm);
            spec.padding = if same { Padding::Same } else { Padding::Sides(sides) };
            if let Some(apart) = apart {
                spread(&mut spec, apart);
            }
            spec
        },
    )
}

/// The padding as four sides, if they can be counted; PyTorch's `same` puts the odd one at the bottom or right.
pub fn padding(spec: &Conv2d) -> Option<[usize; 4]> {
    let total = |axis: usize| spec.dilation[axis].checked_mul(spec.kernel_size[axis].max(1) - 1);
    match spec.padding {
        Padding::Sides(sides) => Some(sides),
        // The least that makes as many windows as strides begin in the input.
        Padding::SameTflite => {
            let mut sides = [0; 4];
            for axis in 0..2 {
                let (size, stride) = (spec.input[1 + axis], spec.stride[axis]);
                let windows = if stride == 0 { 0 } else { size.div_ceil(stride) };
                let reach = total(axis)?.checked_add(1)? as u128;
                let end = windows.saturating_sub(1) as u128 * stride as u128 + reach;
                let both = usize::try_from(end.saturating_sub(size as u128)).ok()?;
                (sides[axis], sides[axis + 2]) = (both / 2, both - both / 2);
            }
            Some(sides)
        }
        Padding::Same => {
            let (down, across) = (total(0)?, total(1)?);
            Some([down / 2, across / 2, down - down / 2, across - across / 2])
        }
    }
}

/// Whether there is no padding at all.
pub fn unpadded(spec: &Conv2d) -> bool {
    padding(spec) == Some([0; 4])
}

/// Whether PyTorch takes it, and the algorithm is one for it.
pub fn verdict(spec: &Conv2d, algorithms: &[Algorithm]) -> Verdict {
    let tiled = spec.kernel_size == [3, 3]
        && spec.stride == [1, 1]
        && spec.padding_mode == PaddingMode::Zeros;
    let direct = matches!(spec.algorithm, Algorithm::Auto | Algorithm::Direct);
    let possible = direct || tiled && algorithms.contains(&spec.algorithm);
    let sides = padding(spec);
    let parameters = [spec.stride, spec.dilation, spec.kernel_size].into_iter().flatten();
    let all = parameters.chain(sides.unwrap_or([usize::MAX; 4])).chain(spec.input);
    Verdict::new(possible && valid(spec), all.chain([spec.out_channels]))
}

fn valid(spec: &Conv2d) -> bool {
    let [channels, height, width] = spec.input;
    let sizes = [channels, spec.out_channels, spec.groups];
    let divides = |channels: usize| channels.is_multiple_of(spec.groups);
    if sizes.contains(&0) || !divides(channels) || !divides(spec.out_channels) {
        return false;
    }
    // What cannot be counted as four numbers is at least too large.
    let Some(sides) = padding(spec) else { return true };
    (0..2).all(|axis| {
        let (size, kernel) = ([height, width][axis], spec.kernel_size[axis]);
        let (stride, dilation) = (spec.stride[axis], spec.dilation[axis]);
        let (before, after) = (sides[axis], sides[axis + 2]);
        let positive = size > 0 && kernel > 0 && stride > 0 && dilation > 0;
        let fillable = match spec.padding_mode {
            PaddingMode::Zeros | PaddingMode::Replicate => true,
            PaddingMode::Reflect => before < size && after < size,
            PaddingMode::Circular => before <= size && after <= size,
        };
        let strided = spec.padding == Padding::Same && stride != 1;
        let padded = size as u128 + before as u128 + after as u128;
        positive && fillable && !strided && dilation as u128 * (kernel as u128 - 1) < padded
    })
}

/// The oracle's parameters of a valid specification.
pub fn oracle(spec: &Conv2d) -> nchw_oracle::Conv2d {
    nchw_oracle::Conv2d {
        out_channels: spec.out_channels,
        kernel_size: spec.kernel_size,
        stride: spec.stride,
        padding: padding(spec).expect("a plan has counted it"),
        padding_mode: match spec.padding_mode {
            PaddingMode::Zeros => nchw_oracle::PaddingMode::Zeros,
            PaddingMode::Reflect => nchw_oracle::PaddingMode::Reflect,
            PaddingMode::Replicate => nchw_oracle::PaddingMode::Replicate,
            PaddingMode::Circular => nchw_oracle::PaddingMode::Circular,
        },
        dilation: spec.dilation,
        groups: spec.groups,
    }
}
