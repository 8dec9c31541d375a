//! i8 layers whose strides, dilations and paddings are so large that products with a plane's width leave 64 bits, and
//! wrap to numbers that look harmless: refused, or right to the byte. What they read lies in their slices either way.
//!
//! The reference is in `i128`, in which nothing wraps.

use nchw::{
    Backend, Conv2d, ConvPlan, ConvTranspose2d, Error, Int8Parameters, MaxPool2d, Quantization,
    WeightScale,
};
use nchw_test_support::Random;
use nchw_test_support::fence::Fence;

/// Tells of accesses beyond buffers, if it is asked to.
#[global_allocator]
static ALLOCATOR: Fence = Fence;

/// Everything is in whole numbers.
const INPUT: Quantization = Quantization { scale: 1.0, zero_point: 3 };
const OUTPUT: Quantization = Quantization { scale: 1.0, zero_point: -5 };

/// The input along one direction that an output meets through a tap, if it does: of output, tap, stride, dilation,
/// padding and inputs.
type Source = fn([i128; 6]) -> Option<i128>;

fn of_conv([output, tap, stride, dilation, padding, inputs]: [i128; 6]) -> Option<i128> {
    let source = output * stride + tap * dilation - padding;
    (0..inputs).contains(&source).then_some(source)
}

fn of_transposed([output, tap, stride, dilation, padding, inputs]: [i128; 6]) -> Option<i128> {
    let spread = output + padding - tap * dilation;
    let source = spread / stride;
    (spread >= 0 && spread % stride == 0 && source < inputs).then_some(source)
}

/// How a layer slides, without what its type says.
#[derive(Debug)]
struct Layer {
    input: [usize; 3],
    output: [usize; 3],
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    padding: [usize; 4],
    groups: usize,
}

impl Layer {
    /// Each output, with what it meets in all input channels of its group: the number within the group and the tap, and
    /// where that is in the input.
    fn outputs(&self, source: Source) -> impl Iterator<Item = (usize, Vec<(usize, usize, usize)>)> {
        let [channels, height, width] = self.input;
        let [outputs, rows, columns] = self.output;
        let (inputs, each) = (channels / self.groups, outputs / self.groups);
        let along = move |axis: usize, output: usize, tap: usize| {
            let numbers = [
                output,
                tap,
                self.stride[axis],
                self.dilation[axis],
                self.padding[axis],
                self.input[1 + axis],
            ];
            source(numbers.map(|number| number as i128)).map(|source| source as usize)
        };
        let places =
            (0..outputs).flat_map(move |o| (0..rows * columns).map(move |place| (o, place)));
        places.map(move |(o, place)| {
            let mut met = Vec::new();
            for input in 0..inputs {
                for tap in 0..self.kernel[0] * self.kernel[1] {
                    let row = along(0, place / columns, tap / self.kernel[1]);
                    let column = along(1, place % columns, tap % self.kernel[1]);
                    if let (Some(row), Some(column)) = (row, column) {
                        let channel = o / each * inputs + input;
                        met.push((input, tap, (channel * height + row) * width + column));
                    }
                }
            }
            (o, met)
        })
    }
}

/// Every back-end's outputs of an accepted layer are right. `place` is that of a weight, of output channel, input channel of
/// the group, and tap.
#[track_caller]
fn assert_layer(
    plan: Result<ConvPlan<i8>, Error>,
    mut layer: Layer,
    source: Source,
    place: impl Fn([usize; 3]) -> usize,
) {
    let plan = match plan {
        Ok(plan) => plan,
        Err(error) => return assert_refused(error, &layer),
    };
    layer.output = plan.output_shape();
    let weights = plan.weight_shape().iter().product();
    let weight: Vec<i8> = Random::new(1).i8s(weights).iter().map(|weight| weight % 4).collect();
    let x: Vec<i8> = Random::new(2).i8s(plan.input_len()).iter().map(|x| x % 8).collect();
    let mut packed = vec![0; plan.packed_len()];
    let parameters = Int8Parameters { bias: None, scale: WeightScale::PerTensor(1.0) };
    plan.pack(&plan.weight_shape(), &weight, &parameters, &mut packed).unwrap();
    let want: Vec<i8> = layer
        .outputs(source)
        .map(|(o, met)| {
            let products = met.into_iter().map(|(input, tap, at)| {
                i32::from(weight[place([o, input, tap])])
                    * (i32::from(x[at]) - i32::from(INPUT.zero_point))
            });
            let output = products.sum::<i32>() + i32::from(OUTPUT.zero_point);
            output.clamp(i32::from(i8::MIN), i32::from(i8::MAX)) as i8
        })
        .collect();
    for backend in Backend::available() {
        let mut y = vec![99; plan.output_len()];
        let mut workspace = vec![0; plan.workspace_len()];
        plan.backend(backend).unwrap().run(&packed, &x, &mut y, &mut workspace).unwrap();
        assert_eq!(y, want, "{backend:?} {layer:?}");
    }
}

#[track_caller]
fn assert_refused(error: Error, layer: &Layer) {
    assert!(matches!(error, Error::Overflow | Error::SpanTooLarge(_)), "{layer:?}: {error}");
}

#[track_caller]
fn assert_conv(spec: Conv2d) {
    let nchw::Padding::Sides(padding) = spec.padding else { panic!("{:?}", spec.padding) };
    let Conv2d { input, kernel_size: kernel, stride, dilation, groups, .. } = spec;
    let layer = Layer { input, output: [0; 3], kernel, stride, dilation, padding, groups };
    let (inputs, taps) = (input[0] / groups, kernel[0] * kernel[1]);
    assert_layer(
        spec.quantized(INPUT, OUTPUT).plan::<i8>(),
        layer,
        of_conv,
        move |[o, input, tap]| (o * inputs + input) * taps + tap,
    );
}

#[track_caller]
fn assert_transposed(spec: ConvTranspose2d) {
    let ConvTranspose2d { input, kernel_size: kernel, stride, dilation, groups, .. } = spec;
    let padding = spec.padding.sides().expect("sides are asked for");
    let layer = Layer { input, output: [0; 3], kernel, stride, dilation, padding, groups };
    let (inputs, each) = (input[0] / groups, spec.out_channels / groups);
    let taps = kernel[0] * kernel[1];
    assert_layer(
        spec.quantized(INPUT, OUTPUT).plan::<i8>(),
        layer,
        of_transposed,
        move |[o, input, tap]| ((o / each * inputs + input) * each + o % each) * taps + tap,
    );
}

/// Numbers whose product with `by` leaves 64 bits by little, and others of the kind.
fn wrapping(by: usize, largest: usize) -> impl Iterator<Item = usize> {
    let around =
        [1_u128 << 62, 1 << 63, 1 << 64, 1 << 65, 1 << 66].into_iter().flat_map(move |product| {
            let exact = product / by as u128;
            [
                exact.saturating_sub(2),
                exact.saturating_sub(1),
                exact,
                exact + 1,
                exact + 2,
                exact + 3,
            ]
        });
    around
        .filter_map(move |number| usize::try_from(number).ok().filter(|&number| number <= largest))
        .chain([largest, largest - 1])
}

/// The largest distance along one direction.
const FAR: usize = isize::MAX as usize / 8 - 1000;

#[test]
fn dilated_convolutions() {
    const D: usize = 0x02AA_AAAA_AAAA_AAAB;
    assert_conv(Conv2d::new([4, 8, 32], 4, [4, 1]).dilation([D, 1]).padding_sides([
        0,
        0,
        3 * D,
        0,
    ]));
    for width in [16, 25, 32, 50, 64] {
        for dilation in wrapping(3 * width, FAR / 3).chain(wrapping(width, FAR / 3)) {
            let reach = 3 * dilation;
            for [above, below] in
                [[0, reach], [reach, 0], [dilation, 2 * dilation], [2 * dilation + 1, dilation - 1]]
            {
                for [channels, outputs] in [[4, 4], [5, 6], [1, 1], [2, 1]] {
                    let spec = Conv2d::new([channels, 3, width], outputs, [4, 1])
                        .dilation([dilation, 1])
                        .padding_sides([above, 0, below, 0]);
                    assert_conv(spec);
                }
            }
        }
    }
}

#[test]
fn strided_convolutions() {
    for width in [16, 25, 32, 50, 64] {
        for stride in wrapping(width, FAR) {
            for [above, below] in [[0, stride], [stride, 0], [stride - 1, 1], [1, stride - 1]] {
                for kernel in [[1, 1], [2, 1], [3, 3]] {
                    for [channels, outputs] in [[4, 4], [5, 6], [1, 1], [2, 1]] {
                        let spec = Conv2d::new([channels, 3, width], outputs, kernel)
                            .stride([stride, 1])
                            .padding_sides([above, 1, below, 1]);
                        assert_conv(spec);
                    }
                }
            }
        }
    }
}

#[test]
fn wide_convolutions() {
    for dilation in wrapping(1, FAR / 3) {
        let reach = 3 * dilation;
        for [before, behind] in [[0, reach], [reach, 0], [dilation, 2 * dilation]] {
            for [channels, outputs] in [[4, 4], [1, 1]] {
                let spec = Conv2d::new([channels, 3, 20], outputs, [1, 4])
                    .dilation([1, dilation])
                    .padding_sides([0, before, 0, behind]);
                assert_conv(spec);
                assert_conv(spec.stride([1, reach / 2]));
            }
        }
    }
}

#[test]
fn depthwise_convolutions() {
    for width in [16, 25, 40] {
        for far in wrapping(2 * width, FAR / 2).chain(wrapping(width, FAR / 2)) {
            for [above, below] in [[0, 2 * far], [far, far], [2 * far, 0]] {
                let spec = Conv2d::new([2, 3, width], 2, [3, 3]).groups(2);
                let padded = spec.padding_sides([above, 1, below, 1]);
                assert_conv(padded.dilation([far, 1]));
                assert_conv(padded.stride([far, 1]));
                assert_conv(padded.stride([far, 2]));
            }
        }
    }
}

#[test]
fn transposed_convolutions() {
    for width in [16, 25, 50] {
        for dilation in wrapping(width, FAR / 3 - 10).chain(wrapping(3 * width, FAR / 3 - 10)) {
            for dilation in [dilation, dilation / 3 * 3] {
                let full = |stride: usize, height: usize| (height - 1) * stride + 3 * dilation + 1;
                for [height, stride] in [[1, 3], [2, 3], [5, 1], [2, 2]] {
                    for above in [0, 2, dilation - 2, 2 * dilation, 3 * dilation - 4] {
                        let below = full(stride, height) - above - 5;
                        for [channels, outputs] in [[2, 4], [2, 1]] {
                            let spec =
                                ConvTranspose2d::new([channels, height, width], outputs, [4, 1])
                                    .stride([stride, 1])
                                    .dilation([dilation, 1])
                                    .padding_sides([above, 0, below, 0]);
                            assert_transposed(spec);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn pools() {
    for width in [16, 25, 64] {
        for far in wrapping(2 * width, FAR / 2).chain(wrapping(width, FAR / 2)) {
            let [stride, dilation] = [[far, 1], [1, far]];
            for (stride, dilation) in [(stride, [1, 1]), ([1, 1], dilation)] {
                for kernel in [[1, 1], [2, 2], [3, 1]] {
                    for [above, below] in [[0, 0], [0, 2 * far], [far, far]] {
                        let padding = [above, 0, below, 0];
                        let spec = MaxPool2d::new([2, 3, width], kernel)
                            .stride(stride)
                            .dilation(dilation)
                            .padding_sides(padding);
                        assert_max_pool(spec);
                    }
                }
            }
        }
    }
}

/// An accepted pool is right.
#[track_caller]
fn assert_max_pool(spec: MaxPool2d) {
    let MaxPool2d { input, kernel_size: kernel, stride, dilation, .. } = spec;
    let padding = spec.padding.sides().expect("sides are asked for");
    let Ok(plan) = spec.plan::<i8>() else { return };
    let groups = input[0];
    let layer =
        Layer { input, output: plan.output_shape(), kernel, stride, dilation, padding, groups };
    let x = Random::new(3).i8s(plan.input_len());
    let largest = |(_, met): (usize, Vec<(usize, usize, usize)>)| {
        met.into_iter().map(|(_, _, at)| x[at]).max().unwrap_or(i8::MIN)
    };
    let want: Vec<i8> = layer.outputs(of_conv).map(largest).collect();
    for backend in Backend::available() {
        let mut y = vec![99; plan.output_len()];
        plan.backend(backend).unwrap().run(&x, &mut y).unwrap();
        assert_eq!(y, want, "{backend:?} {layer:?}");
    }
}

/// Plans are made in the compiler, and by loaders from numbers of a file: quickly, however many sets of taps there are.
#[test]
fn transposed_layers_of_long_kernels_are_planned_at_once() {
    let wide = ConvTranspose2d::new([3, 5, 2], 2, [2, 8_388_605])
        .stride([3, 1_073_741_823])
        .dilation([32, 39])
        .padding_sides([0, 703_716_412, 0, 697_180_951]);
    let start = std::time::Instant::now();
    let (float, int8) = (wide.plan::<f32>(), wide.quantized(INPUT, OUTPUT).plan::<i8>());
    assert_eq!(float.is_ok(), int8.is_ok());
    // Microseconds, or seconds where each set of taps is looked at for each phase.
    assert!(start.elapsed().as_secs_f64() < 0.5, "it takes {:?}", start.elapsed());
}
