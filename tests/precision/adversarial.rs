//! Inputs that err as much as they can, against what is proven of every row: no error is larger, and the largest comes
//! to the share of it that is stated here, so that the proofs do not allow sillily much.

use core::fmt;

use nchw::{
    Algorithm, AvgPool2d, Backend, Conv2d, ConvTranspose2d, Linear, Parameters, Softmax, Upsample,
    UpsampleMode,
};
use nchw_oracle::{Output, UpsampleBilinear, float};
use nchw_test_support::reference::widen;
use nchw_test_support::tolerance::{Operands, Worst, worst_proven};
use nchw_test_support::{Random, Row};

use crate::sums::conv;
use crate::table::worse;

/// What is computed with; weights and inputs are of the same kind but where it says so.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Data {
    /// Equal numbers: the roundings of a running sum err in the same direction.
    Equal,
    /// From [0, 1).
    OneSign,
    /// One, and then numbers just above half of its last place, which are rounded up each time; weights are 1.
    HalfWays,
    /// Large and small numbers of both signs by turns.
    Alternating,
    /// Numbers that cancel.
    Cancelling,
    /// About one, of both signs.
    Signs,
    /// Inputs below the smallest normal number.
    Subnormal,
    /// Weights below it.
    SubnormalWeights,
    /// Both about its root, so that products are below it.
    SubnormalProducts,
    /// For Winograd's method, see [`Tile`].
    InTiles,
}

use Data::*;

const ALL: [Data; 9] = [
    Equal,
    OneSign,
    HalfWays,
    Alternating,
    Cancelling,
    Signs,
    Subnormal,
    SubnormalWeights,
    SubnormalProducts,
];

impl Data {
    /// Inputs of channels of `plane` elements.
    fn inputs(self, random: &mut Random, len: usize, plane: usize) -> Vec<f32> {
        let mut values = random.f32s(len);
        for (index, value) in values.iter_mut().enumerate() {
            *value = match self {
                Equal => 0.77,
                OneSign => value.abs(),
                HalfWays if index < plane => 1.0,
                HalfWays => 1.01 / 16_777_216.0,
                Alternating if index % 2 == 0 => *value * 1e12,
                Alternating => *value * 1e-12,
                Cancelling if index % 2 == 0 => 1.0 + *value * 1e-6,
                Cancelling => -1.0 - *value * 1e-6,
                Signs => 1.0_f32.copysign(*value) - *value * 0.01,
                Subnormal => *value * 1e-39,
                SubnormalWeights => *value,
                SubnormalProducts => *value * 1e-20,
                InTiles => 0.0,
            };
        }
        values
    }

    fn weights(self, random: &mut Random, len: usize) -> Vec<f32> {
        let mut values = random.f32s(len);
        for value in &mut values {
            *value = match self {
                Equal => 0.83,
                OneSign => value.abs(),
                HalfWays | Cancelling => 1.0,
                Signs => 1.0_f32.copysign(*value) - *value * 0.01,
                Alternating | Subnormal => *value,
                SubnormalWeights => *value * 1e-39,
                SubnormalProducts => *value * 1e-20,
                InTiles => 0.0,
            };
        }
        values
    }
}

/// A tile in which transformed inputs and weights have large products, and channels after it with so small ones that
/// each rounding of a sum errs in the direction in which it counts for the last output: as search by flipping of
/// signs found them. `'-'` is minus one.
struct Tile {
    size: usize,
    first: [&'static str; 2],
    others: [&'static str; 2],
    /// What inputs of the others are, in units of rounding.
    small: f32,
}

impl Tile {
    fn of(row: Row) -> Self {
        match row {
            Row::Winograd2 => Self {
                size: 4,
                first: ["-+-++++--++----+", "+++++++++"],
                others: ["-+-----++-+++++-", "++++++-++"],
                small: 2.02,
            },
            _ => Self {
                size: 6,
                first: ["--++---+--++++--++--++--+-++--++--++", "+-++-++-+"],
                others: ["-+---+-+----++--++-+++--+++--++++-+-", "-++-+-+++"],
                small: 8.0,
            },
        }
    }

    /// Inputs and weights of layers of `input` channels, rows and columns, in whose first tile it is.
    fn operands(&self, [channels, height, width]: [usize; 3], outputs: usize) -> [Vec<f32>; 2] {
        let signs = |signs: &'static str, factor: f32| {
            signs.bytes().map(move |sign| if sign == b'-' { -factor } else { factor })
        };
        let (mut x, mut weight) = (vec![0.0; channels * height * width], Vec::new());
        for channel in 0..channels {
            let ([inputs, _], factor) = match channel {
                0 => (self.first, 1.0),
                _ => (self.others, self.small / 16_777_216.0),
            };
            for (index, value) in signs(inputs, factor).enumerate() {
                let (row, column) = (index / self.size, index % self.size);
                x[(channel * height + row) * width + column] = value;
            }
        }
        for _ in 0..outputs {
            for channel in 0..channels {
                let [_, taps] = if channel == 0 { self.first } else { self.others };
                weight.extend(signs(taps, 1.0));
            }
        }
        [x, weight]
    }
}

/// The largest errors of a row, on every back-end, as shares of what is proven.
struct Line {
    row: Row,
    name: &'static str,
    /// The share that the largest has to come to.
    least: f64,
    seen: Vec<(Worst, Data)>,
}

#[derive(Default)]
pub(crate) struct Adversaries(Vec<Line>);

/// What a back-end computes of data, what it should, and the operands.
type Run<'a> = &'a dyn Fn(Backend, Data) -> (Vec<f32>, Output, Operands);

impl Adversaries {
    fn run(&mut self, row: Row, name: &'static str, least: f64, data: &[Data], run: Run<'_>) {
        let seen = Backend::available().map(|backend| {
            let worst = data.iter().map(|&data| {
                let (got, want, operands) = run(backend, data);
                let worst = worst_proven(row, &got, &want, &operands).expect("no output");
                (worst, data)
            });
            worst.reduce(worst_of).expect("no data")
        });
        let seen: Vec<_> = seen.collect();
        match self.0.iter_mut().find(|line| (line.row, line.name) == (row, name)) {
            Some(line) => {
                line.seen = line.seen.iter().zip(seen).map(|(&a, b)| worst_of(a, b)).collect();
            }
            None => self.0.push(Line { row, name, least, seen }),
        }
    }

    pub(crate) fn check(&self) {
        for Line { row, name, least, seen } in &self.0 {
            for ((worst, data), backend) in seen.iter().zip(Backend::available()) {
                let what = format!("{row:?}, {name}, {}, {data:?}", backend.name());
                assert!(worst.ratio <= 1.0, "{what}: more than is proven: {worst:?}");
                assert!(worst.ratio >= *least, "{what}: much more is proven: {worst:?}");
            }
        }
    }
}

fn worst_of(a: (Worst, Data), b: (Worst, Data)) -> (Worst, Data) {
    if worse(a.0, b.0) == a.0 { a } else { b }
}

impl fmt::Display for Adversaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Line { row, name, seen, .. } in &self.0 {
            write!(f, "\n{:<18} {name:<24}", format!("{row:?}"))?;
            for (Worst { seen_k, allowed_k, ratio, .. }, data) in seen {
                let k = format!("{seen_k:.2} of {allowed_k:.2} ({:.1}% {data:?})", 100.0 * ratio);
                write!(f, " {k:>44}")?;
            }
        }
        Ok(())
    }
}

fn conv2d(
    table: &mut Adversaries,
    (row, name, least): (Row, &'static str, f64),
    input: [usize; 3],
    outputs: usize,
    kernel_size: [usize; 2],
    groups: usize,
) {
    let tile = matches!(row, Row::Winograd2 | Row::Winograd4) && groups == 1;
    let data = if tile { &[&ALL[..], &[InTiles]].concat() } else { &ALL[..] };
    table.run(row, name, least, data, &|backend, data| {
        let algorithm = match row {
            Row::Winograd2 => Algorithm::Winograd2,
            Row::Winograd4 => Algorithm::Winograd4,
            _ => Algorithm::Direct,
        };
        let spec = Conv2d::new(input, outputs, kernel_size).groups(groups).algorithm(algorithm);
        let plan = spec.plan::<f32>().unwrap();
        let random = &mut Random::new(1);
        let [x, weight] = match data {
            InTiles => Tile::of(row).operands(input, outputs),
            _ => [
                data.inputs(random, plan.input_len(), input[1] * input[2]),
                data.weights(random, plan.weight_shape().iter().product()),
            ],
        };
        let bias = data.weights(random, outputs);
        let oracle =
            nchw_oracle::Conv2d { groups, ..nchw_oracle::Conv2d::new(outputs, kernel_size) };
        let wide = [&x, &weight, &bias].map(|values| widen(values));
        let want = float::conv2d(&oracle, input, &wide[0], &wide[1], Some(&wide[2]));
        let operands = Operands::of([groups, input[0], outputs], &x, &weight, Some(&bias));
        (conv(backend, &plan, &weight, &bias, &x), want, operands)
    });
}

fn linear(table: &mut Adversaries, features: usize) {
    table.run(Row::Linear, "direct", 0.85, &ALL, &|backend, data| {
        let plan = Linear::new([features, 1, 1], 6).plan::<f32>().unwrap();
        let random = &mut Random::new(2);
        let x = data.inputs(random, features, 1);
        let (weight, bias) = (data.weights(random, 6 * features), vec![0.0; 6]);
        let want = float::linear(&widen(&x), &widen(&weight), Some(&widen(&bias)));
        let mut packed = vec![f32::NAN; plan.packed_len()];
        plan.pack(&plan.weight_shape(), &weight, &Parameters::NONE.bias(&bias), &mut packed)
            .unwrap();
        let mut y = vec![f32::NAN; 6];
        plan.backend(backend).unwrap().run(&packed, &x, &mut y).unwrap();
        (y, want, Operands::of([1, features, 6], &x, &weight, Some(&bias)))
    });
}

fn conv_transpose2d(table: &mut Adversaries, kernel_size: [usize; 2], stride: [usize; 2]) {
    table.run(Row::ConvTranspose2d, "direct", 0.1, &ALL, &|backend, data| {
        let input = [150, 5, 17];
        let plan =
            ConvTranspose2d::new(input, 5, kernel_size).stride(stride).plan::<f32>().unwrap();
        let random = &mut Random::new(3);
        let x = data.inputs(random, plan.input_len(), 85);
        let weight = data.weights(random, plan.weight_shape().iter().product());
        let bias = data.weights(random, 5);
        let oracle = nchw_oracle::ConvTranspose2d {
            out_channels: 5,
            kernel_size,
            stride,
            padding: [0; 4],
            output_padding: [0; 2],
            dilation: [1, 1],
            groups: 1,
        };
        let wide = [&x, &weight, &bias].map(|values| widen(values));
        let want = float::conv_transpose2d(&oracle, input, &wide[0], &wide[1], Some(&wide[2]));
        let operands =
            Operands { products: weight.len() / 5, ..Operands::of([1, 1, 1], &x, &weight, None) };
        (conv(backend, &plan, &weight, &bias, &x), want, operands)
    });
}

pub(crate) fn sums(table: &mut Adversaries) {
    // At most 147 products are a running sum, or 72: these come nearest to what is proven.
    for features in [1, 2, 3, 72, 73, 147, 148, 1024, 4096] {
        linear(table, features);
    }
    let direct = (Row::Conv2d, "direct", 0.2);
    conv2d(table, direct, [16, 5, 5], 5, [3, 3], 1);
    conv2d(table, direct, [147, 3, 3], 17, [1, 1], 1);
    conv2d(table, direct, [150, 8, 9], 22, [1, 1], 1);
    conv2d(table, direct, [64, 9, 9], 5, [7, 7], 1);
    conv2d(table, direct, [512, 4, 5], 5, [3, 3], 1);
    for kernel_size in [[3, 3], [5, 5]] {
        conv2d(table, (Row::Conv2d, "depthwise", 0.1), [4, 40, 40], 4, kernel_size, 4);
        conv2d(table, (Row::Conv2d, "depthwise", 0.1), [4, 7, 7], 4, kernel_size, 4);
    }
    conv_transpose2d(table, [2, 2], [2, 2]);
    conv_transpose2d(table, [3, 3], [2, 1]);
    for row in [Row::Winograd2, Row::Winograd4] {
        conv2d(table, (row, "one channel", 0.02), [1, 10, 9], 17, [3, 3], 1);
        conv2d(table, (row, "one channel", 0.02), [1, 34, 34], 64, [3, 3], 1);
        // As many channels as are a running sum.
        conv2d(table, (row, "64 channels", 0.1), [64, 10, 9], 17, [3, 3], 1);
        conv2d(table, (row, "other channels", 0.0), [16, 18, 18], 32, [3, 3], 1);
        conv2d(table, (row, "other channels", 0.0), [129, 10, 9], 17, [3, 3], 1);
        conv2d(table, (row, "other channels", 0.0), [512, 10, 9], 17, [3, 3], 1);
        conv2d(table, (row, "other channels", 0.0), [6, 10, 9], 6, [3, 3], 2);
    }
}

/// Pools, softmax and upsampling.
pub(crate) fn others(table: &mut Adversaries) {
    for size in [2, 3, 4, 7, 56, 112] {
        table.run(Row::AvgPool2d, "windows", 0.1, &ALL, &|backend, data| {
            // Many windows, or one.
            let more = if size < 10 { 17 } else { 0 };
            let input = [3, size + more, size + more];
            let plan = AvgPool2d::new(input, [size, size]).stride([1, 1]).plan::<f32>().unwrap();
            let x = data.inputs(&mut Random::new(4), plan.input_len(), 1);
            let mut y = vec![f32::NAN; plan.output_len()];
            plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
            let oracle = nchw_oracle::AvgPool2d {
                kernel_size: [size, size],
                stride: [1, 1],
                padding: [0; 4],
                ceil_mode: false,
                count_include_pad: true,
                divisor_override: None,
            };
            (y, float::avg_pool2d(&oracle, input, &widen(&x)), Operands::NONE)
        });
    }
    for align_corners in [false, true] {
        table.run(Row::UpsampleBilinear, "bilinear", 0.1, &ALL, &|backend, data| {
            let (input, output_size) = ([3, 31, 31], [97, 70]);
            let mode = UpsampleMode::Bilinear { align_corners };
            let plan = Upsample::to(input, output_size).mode(mode).plan::<f32>().unwrap();
            let x = data.inputs(&mut Random::new(5), plan.input_len(), 1);
            let mut y = vec![f32::NAN; plan.output_len()];
            plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
            let oracle = UpsampleBilinear { output_size, align_corners };
            (y, float::upsample_bilinear(&oracle, input, &widen(&x)), Operands::NONE)
        });
    }
    for channels in [2, 10, 1000, 16384] {
        // Distances are rounded, all in the same direction, where they count most: about the logarithm of their number.
        for distance in [0.0, 3.000_000_2, 7.000_000_5, 9.500_001, 40.000_002] {
            table.run(Row::Softmax, "exp", 0.1, &[Equal, OneSign], &|backend, data| {
                let input = [channels, 1, 1];
                let plan = Softmax::new(input).plan::<f32>().unwrap();
                let mut x = data.inputs(&mut Random::new(6), channels, 1);
                x[0] += distance;
                let mut y = vec![f32::NAN; channels];
                plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
                (y, float::softmax(input, &widen(&x)), Operands::NONE)
            });
        }
    }
}
