//! The matrix product with the portable micro-kernel, on any machine, against its definition.

use core::array::from_fn;
use std::vec;
use std::vec::Vec;

use super::Im2colGemm;
use crate::geometry::{Channels, Window, spread, windows};
use crate::isa::generic::im2col::MicroKernel;
use crate::isa::scalar::Scalar;
use crate::kernel::arithmetic::{FixedDouble, FixedSingle, Int8, Int8Channels, Rescale};
use crate::kernel::conv::problem::{Convolution, Operands, Shape};
use crate::kernel::runs::Operator;
use crate::kernel::weight_order::{Order, Sets};
use crate::padding::{Padding, PaddingMode};
use crate::quant::FixedPoint;

/// A layer as it is asked for.
#[derive(Clone, Copy, Debug)]
struct Layer {
    operator: Operator,
    /// Groups, input and output channels of each.
    channels: [usize; 3],
    input: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    /// Top, left, bottom, right.
    padding: [usize; 4],
}

const PLAIN: Layer = Layer {
    operator: Operator::Convolution(PaddingMode::Zeros),
    channels: [1, 1, 1],
    input: [1, 1],
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    padding: [0; 4],
};

struct Random(u64);

impl Random {
    /// Below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) as usize % limit
    }

    fn from(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    /// The smallest and the largest number more often than others.
    fn bytes(&mut self, count: usize) -> Vec<i8> {
        let number = |random: &mut Self| match random.below(8) {
            0 => i8::MIN,
            1 => i8::MAX,
            _ => random.below(256) as u8 as i8,
        };
        (0..count).map(|_| number(self)).collect()
    }
}

impl Layer {
    /// `None` where there is no such layer.
    fn shape(&self) -> Option<Shape> {
        let Self { operator, channels: [groups, inputs, outputs], .. } = *self;
        let [height, width] = self.input;
        let padding = Padding::Sides(self.padding);
        let input = [groups * inputs, height, width];
        let [rows, columns] = Window::pair(input, self.kernel, self.stride, self.dilation, padding);
        let [rows, columns] = match operator {
            Operator::Convolution(mode) => {
                windows([rows.conv(padding, mode).ok()?, columns.conv(padding, mode).ok()?])
            }
            Operator::Transposed => {
                spread([rows.transposed(padding, 0).ok()?, columns.transposed(padding, 0).ok()?])
            }
        }
        .ok()?;
        Some(Shape { rows, columns, channels: Channels { groups, inputs, outputs } })
    }

    /// The input along a direction that `output` meets through `tap`, `None` for padding; and whether there is a product.
    fn source(&self, direction: usize, output: usize, tap: usize) -> Option<usize> {
        let before = self.padding[direction] as isize;
        let (stride, length) = (self.stride[direction] as isize, self.input[direction]);
        let tap = (tap * self.dilation[direction]) as isize;
        match self.operator {
            Operator::Convolution(mode) => {
                mode.source(output as isize * stride + tap - before, length)
            }
            Operator::Transposed => {
                let spread = output as isize + before - tap;
                let there =
                    spread >= 0 && spread % stride == 0 && spread / stride < length as isize;
                there.then_some((spread / stride) as usize)
            }
        }
    }
}

/// Runs a layer on random numbers with a micro-kernel; returns its outputs and those of the definition.
fn run<R: Rescale>(
    layer: Layer,
    shape: Shape,
    micro_kernel: impl MicroKernel,
    rescale: R,
    random: &mut Random,
) -> [Vec<i8>; 2] {
    let Channels { groups, inputs, outputs } = shape.channels;
    let [height, width] = layer.kernel;
    let all = groups * outputs;
    let x = random.bytes(groups * inputs * shape.in_plane());
    let weight = random.bytes(all * inputs * height * width);
    let numbers = |random: &mut Random, least: usize, most: usize| -> Vec<i32> {
        (0..all).map(|_| random.from(least, most) as i32).collect()
    };
    let bias = numbers(random, 0, 4000);
    let multiplier = numbers(random, 1 << 30, i32::MAX as usize);
    // All to the right more often than not.
    let left = random.below(4) == 0;
    let shift = numbers(random, 0, if left { 12 } else { 9 });
    let shift: Vec<i32> = shift.iter().map(|shift| shift - 10).collect();
    let arithmetic = Int8 {
        border: random.bytes(1)[0] / 2,
        offset: 0,
        zero_point: random.below(20) as i32 - 10,
        range: if random.below(2) == 0 { [i8::MIN, i8::MAX] } else { [-100, 90] },
        rescale,
    };
    let convolution = Convolution { shape, operator: layer.operator, arithmetic };

    let order = Order {
        rows: Sets::of(&shape.rows, layer.operator),
        columns: Sets::of(&shape.columns, layer.operator),
        inputs,
        outputs,
    };
    let taps = inputs * height * width;
    let mut packed = vec![0; weight.len()];
    for block in convolution.blocks(0) {
        for (lane, channel) in (block.first..block.first + block.size).enumerate() {
            for (input, tap) in
                (0..inputs).flat_map(|input| (0..height * width).map(move |tap| (input, tap)))
            {
                let place = order.place([block.size, lane], [input, tap]);
                packed[block.first * taps + place] =
                    weight[channel * taps + input * height * width + tap];
            }
        }
    }
    let bytes = |numbers: &[i32]| -> Vec<i8> {
        numbers.iter().flat_map(|number| number.to_le_bytes().map(|byte| byte as i8)).collect()
    };
    let (bias_bytes, multiplier_bytes) = (bytes(&bias), bytes(&multiplier));
    let shift_bytes: Vec<i8> = shift.iter().map(|&shift| shift as i8).collect();
    let parameters =
        Int8Channels { bias: &bias_bytes, multiplier: &multiplier_bytes, shift: &shift_bytes };

    let mut y = vec![77; all * shape.out_plane()];
    let operands = Operands { weight: &packed, parameters, x: &x, y: &mut y };
    Im2colGemm { micro_kernel, convolution: &convolution, operands }.run();

    let mut expected = Vec::new();
    let border = i64::from(arithmetic.border);
    for channel in 0..all {
        for (row, column) in (0..shape.rows.output)
            .flat_map(|row| (0..shape.columns.output).map(move |column| (row, column)))
        {
            let mut sum = i64::from(bias[channel]);
            for number in 0..taps {
                let (input, tap) = (number / (height * width), number % (height * width));
                let plane = (channel / outputs * inputs + input) * shape.in_plane();
                let down = layer.source(0, row, tap / width);
                let x = down
                    .zip(layer.source(1, column, tap % width))
                    .map_or(border, |(r, c)| i64::from(x[plane + r * shape.columns.input + c]));
                sum += i64::from(weight[channel * taps + number]) * x;
            }
            let factor = FixedPoint { multiplier: multiplier[channel], shift: shift[channel] };
            expected.push(arithmetic.finish((0, factor), i32::try_from(sum).unwrap()));
        }
    }
    [y, expected]
}

fn check(layer: Layer, random: &mut Random) {
    let Some(shape) = layer.shape() else { return };
    let [y, expected] = match random.below(2) {
        0 => run(layer, shape, Scalar, FixedDouble, random),
        _ => run(layer, shape, Scalar, FixedSingle, random),
    };
    assert!(y == expected, "{layer:?}:\n{y:?}\n{expected:?}");
}

#[test]
fn random_layers() {
    let random = &mut Random(1);
    let mut checked = 0;
    for _ in 0..2000 {
        let operator = match random.below(6) {
            0 | 1 => Operator::Convolution(PaddingMode::Zeros),
            2 => Operator::Convolution(PaddingMode::Reflect),
            3 => Operator::Convolution(PaddingMode::Replicate),
            4 => Operator::Convolution(PaddingMode::Circular),
            _ => Operator::Transposed,
        };
        let layer = Layer {
            operator,
            channels: [random.from(1, 3), random.from(1, 5), random.from(1, 9)],
            input: from_fn(|_| random.from(1, 20)),
            kernel: from_fn(|_| random.from(1, 4)),
            stride: from_fn(|_| random.from(1, 3)),
            dilation: from_fn(|_| random.from(1, 3)),
            padding: from_fn(|_| random.below(4)),
        };
        checked += usize::from(layer.shape().is_some());
        check(layer, random);
    }
    assert!(checked > 1000, "{checked}");
}

/// A single output, one row, wide rows and rows narrower than a vector; each with few outputs left over.
#[test]
fn layers_of_one_row_and_wide_ones() {
    let random = &mut Random(2);
    for (width, step) in (1..40).chain([63, 64, 65, 200]).flat_map(|w| [(w, 1), (w, 2), (w, 3)]) {
        for (height, kernel, padding) in [(1, [1, 3], [0, 1, 0, 1]), (3, [3, 3], [1; 4])] {
            for outputs in 1..=5 {
                let layer = Layer { channels: [1, 4, outputs], input: [height, width], ..PLAIN };
                check(Layer { kernel, padding, stride: [1, step], ..layer }, random);
                check(layer, random);
            }
        }
    }
}

/// Taps in several parts, sums that are kept, more panels than are computed together, kernels too large for vectors.
#[test]
fn layers_of_many_taps_and_channels() {
    let random = &mut Random(3);
    let wide = Layer { input: [5, 9], padding: [1; 4], kernel: [3, 3], ..PLAIN };
    for inputs in [23, 24, 25, 26, 50, 75] {
        for outputs in [1, 3, 4, 7, 70] {
            check(Layer { channels: [1, inputs, outputs], ..wide }, random);
        }
    }
    check(Layer { channels: [1, 2, 135], ..wide }, random);
    check(Layer { channels: [1, 230, 6], ..PLAIN }, random);
    let large = Layer { input: [19, 20], channels: [2, 3, 5], padding: [2; 4], ..PLAIN };
    for kernel in [[7, 7], [1, 17], [17, 1], [17, 17], [6, 8]] {
        for operator in [Operator::Convolution(PaddingMode::Reflect), Operator::Transposed] {
            check(Layer { kernel, operator, ..large }, random);
            check(Layer { kernel, operator, stride: [2, 2], ..large }, random);
        }
        check(Layer { kernel, ..large }, random);
    }
}

/// Phases without a tap, and strides and dilations with common divisors.
#[test]
fn transposed_layers() {
    let random = &mut Random(4);
    for (stride, dilation) in (1..5).flat_map(|stride| (1..5).map(move |by| (stride, by))) {
        for kernel in 1..4 {
            let layer = Layer {
                operator: Operator::Transposed,
                channels: [1, 5, 5],
                input: [4, 7],
                kernel: [kernel, 4 - kernel],
                stride: [stride, 5 - stride],
                dilation: [dilation, 5 - dilation],
                ..PLAIN
            };
            check(layer, random);
            check(Layer { padding: [0, 1, 1, 0], input: [9, 18], ..layer }, random);
        }
    }
}
