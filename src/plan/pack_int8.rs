//! Packing of i8 weights: ready-made ones, and f32 weights quantized on the way.

use crate::error::{Buffer, Error};
use crate::geometry::tri;
use crate::kernel::weight_order::{FOUR, SIXTEEN, WeightOrder};
use crate::plan::int8_parameters::Int8Parameters;
use crate::plan::lanes::{self, LANES, nearest_to_half};
use crate::plan::layout::{Layout, Route, at, part, put, split_mut};
use crate::plan::pack::{self, Parameters};
use crate::plan::winograd;
use crate::quant::{FixedPoint, Requantization, round_half_away};
use crate::tensor::Dtype;

/// Where quantized weights come from.
#[derive(Clone, Copy)]
pub(crate) enum Weights<'a> {
    /// From a file that holds them.
    Ready(&'a [i8], &'a Int8Parameters<'a>),
    /// From f32 weights, symmetric and per output channel: the largest becomes 127, or less where the bias needs the
    /// room ([`weight_scale`]).
    Float(&'a [f32], &'a Parameters<'a>),
}

/// One output channel of [`Weights`].
#[derive(Clone, Copy)]
struct Channel {
    /// The factor of the norm behind the layer, if f32 weights have one.
    norm: f64,
    scale: f32,
    bias: i32,
    factor: FixedPoint,
}

impl Channel {
    /// Half of the scale of the weights, exactly.
    const fn half(&self) -> f64 {
        self.scale as f64 * 0.5
    }
}

impl Weights<'_> {
    const fn validate(&self, layout: &Layout, io: &Requantization) -> Result<(), Error> {
        match self {
            Self::Ready(weight, parameters) => {
                tri!(Buffer::Weight.check(weight.len(), layout.weight_len()));
                parameters.validate(layout, io)
            }
            Self::Float(weight, parameters) => {
                // Symmetric quantization leaves weights without a zero point.
                if io.weight_zero_point != 0 {
                    return Err(Error::WeightZeroPoint);
                }
                parameters.validate(layout, weight)
            }
        }
    }

    const fn channel(&self, layout: &Layout, io: &Requantization, output: usize) -> Channel {
        match self {
            Self::Ready(_, parameters) => Channel {
                norm: 1.0,
                scale: parameters.weight_scale(output),
                bias: match parameters.bias {
                    Some(bias) => at(bias, output, 0),
                    None => 0,
                },
                factor: parameters.factor(layout, io, output),
            },
            Self::Float(weight, parameters) => {
                let (norm, _) = parameters.output_norm(output);
                let bias = parameters.folded_bias(layout, output, weight);
                let scale = weight_scale(layout, io, (weight, parameters), (norm, bias), output);
                let step = io.input.scale as f64 * scale as f64;
                let bias = round_half_away(bias / step);
                let bias = match bias {
                    ..=-2_147_483_648 => i32::MIN,
                    2_147_483_647.. => i32::MAX,
                    bias => bias as i32,
                };
                Channel { norm, scale, bias, factor: io.factor(scale, layout.fully_connected) }
            }
        }
    }

    /// Those that need not be quantized.
    const fn ready(&self) -> &[i8] {
        match self {
            Self::Ready(weight, _) => weight,
            Self::Float(..) => &[],
        }
    }

    /// Whether each input channel has a factor of its own.
    const fn have_input_norm(&self) -> bool {
        match self {
            Self::Ready(..) => false,
            Self::Float(_, parameters) => parameters.input_batch_norm.is_some(),
        }
    }

    /// What f32 weights between input channel `input` of the group and `output` are multiplied by.
    const fn factor(&self, layout: &Layout, norm: f64, channels: [usize; 2]) -> f64 {
        match self {
            Self::Ready(..) => 1.0,
            Self::Float(_, parameters) => parameters.weight_factor(layout, norm, channels),
        }
    }

    /// The weight at `index`.
    const fn weight(&self, index: usize, factor: f64, scale: f32) -> i8 {
        match self {
            Self::Ready(weight, _) => at(weight, index, 0),
            Self::Float(weight, _) => {
                // Fits, as `weight_scale` is no less than it takes.
                nearest_to_half!(at(weight, index, 0.0) as f64 * factor / (scale as f64 * 0.5))
            }
        }
    }

    /// Packs the weights of the four output channels from `output` on, a block, and adds up each channel's.
    const fn pack_lanes(
        &self,
        layout: &Layout,
        route: &Route,
        output: usize,
        channels: &[Channel; LANES],
        packed: &mut [i8],
    ) -> [i64; LANES] {
        let (pieces, length) = layout.pieces(self.have_input_norm());
        let [a, b, c, d] = channels;
        let mut sums = [0; LANES];
        let mut piece = 0;
        while piece < pieces {
            let first = route.source + piece * route.source_step;
            let (_, to) = split_mut(packed, route.target + piece * length * LANES);
            let more = match self {
                Self::Ready(weight, _) => lanes::copy(layout.rows(weight, first, length), to),
                Self::Float(weight, _) => {
                    let channel = [output, piece];
                    let factors = [
                        self.factor(layout, a.norm, channel),
                        self.factor(layout, b.norm, channel),
                        self.factor(layout, c.norm, channel),
                        self.factor(layout, d.norm, channel),
                    ];
                    let halves = [a.half(), b.half(), c.half(), d.half()];
                    lanes::quantize(layout.rows(weight, first, length), factors, halves, to)
                }
            };
            let mut lane = 0;
            while lane < LANES {
                sums[lane] += more[lane];
                lane += 1;
            }
            piece += 1;
        }
        sums
    }

    /// Packs the weights of a channel by sixteens, if they are one set and have one factor, and adds them up.
    const fn pack_by_sixteens(
        &self,
        layout: &Layout,
        route: &Route,
        channel: &Channel,
        packed: &mut [i8],
    ) -> i64 {
        let Route { source, source_step, target, target_step, lane } = *route;
        let (ready, real): (&[i8], &[f32]) = match self {
            Self::Ready(weight, _) => (weight, &[]),
            Self::Float(weight, _) => (&[], weight),
        };
        let (ready_len, real_len, packed_len) = (ready.len(), real.len(), packed.len());
        let (norm, half) = (channel.norm, channel.half());
        let (inputs, kernel, fours) =
            (layout.channels.inputs, layout.kernel, layout.order.in_fours());
        // In the order of the numbers of taps: `first` is that of the first of sixteen, `end` the place behind them.
        let (mut first, mut place, mut end) = (0, 0, 0);
        let (mut sum, mut input) = (0, 0);
        while input < inputs {
            let abreast = if input < fours { FOUR } else { 1 };
            let mut tap = 0;
            while tap < kernel {
                let mut index = source + input * source_step + tap;
                let mut each = 0;
                while each < abreast {
                    if place == end {
                        let left = inputs * kernel - first;
                        let length = if left < SIXTEEN { left } else { SIXTEEN };
                        place = target - lane + first * target_step + lane * length;
                        end = place + length;
                        first += SIXTEEN;
                    }
                    let weight = if index < ready_len {
                        ready[index]
                    } else if index < real_len {
                        nearest_to_half!(real[index] as f64 * norm / half)
                    } else {
                        0
                    };
                    if place < packed_len {
                        packed[place] = weight;
                    }
                    sum += weight as i64;
                    index += source_step;
                    place += 1;
                    each += 1;
                }
                tap += 1;
            }
            input += abreast;
        }
        sum
    }

    /// Packs the weights of `output`, wherever they go, and adds them up.
    const fn pack_one(
        &self,
        layout: &Layout,
        route: &Route,
        output: usize,
        channel: &Channel,
        packed: &mut [i8],
    ) -> i64 {
        let Route { source, source_step, target, target_step, lane } = *route;
        // For each call the compiler takes longer than for ten other steps: as few as can be for each weight.
        let (ready, packed_len) = (self.ready(), packed.len());
        let ready_len = ready.len();
        let transformed = winograd::tile(layout.algorithm) > 0;
        let (order, in_one_set) = (&layout.order, layout.order.is_one_set());
        let (mut sum, mut input) = (0_i64, 0);
        while input < layout.channels.inputs {
            let real = match ready {
                [] => self.factor(layout, channel.norm, [output, input]),
                _ => 1.0,
            };
            let mut taps = [0; 9];
            let mut tap = 0;
            while tap < layout.kernel {
                let index = source + input * source_step + tap;
                let weight = match index < ready_len {
                    true => ready[index],
                    false => self.weight(index, real, channel.scale),
                };
                if transformed {
                    put(&mut taps, tap, weight as i16);
                } else {
                    let place = match layout.weight_order {
                        WeightOrder::ByInput => {
                            target + (input * layout.kernel + tap) * target_step
                        }
                        WeightOrder::BySixteens => {
                            target - lane + order.place([target_step, lane], [input, tap])
                        }
                        WeightOrder::InPairs if in_one_set => {
                            target + (tap * order.inputs + input) * target_step
                        }
                        WeightOrder::InPairs => {
                            target + order.number_in_pairs(input, tap) * target_step
                        }
                    };
                    if place < packed_len {
                        packed[place] = weight;
                    }
                }
                sum += weight as i64;
                tap += 1;
            }
            if transformed {
                let taps = winograd::transformed(&taps);
                let taps = taps.as_flattened();
                let mut position = 0;
                while position < taps.len() {
                    let place = layout.place_transformed(route, input, position);
                    let [low, high] = taps[position].to_le_bytes();
                    put(packed, place, low as i8);
                    put(packed, place + 1, high as i8);
                    position += 1;
                }
            }
            input += 1;
        }
        sum
    }

    /// Checks that no sum of products can leave i32, whatever the inputs.
    const fn check_accumulator(
        &self,
        layout: &Layout,
        io: &Requantization,
        output: usize,
    ) -> Result<(), Error> {
        let Channel { norm, scale, bias, .. } = self.channel(layout, io, output);
        if !scale.is_finite() {
            return Err(Error::FoldOverflow { channel: output });
        }
        let input = io.input.furthest() as u64;
        let bias = bias.unsigned_abs() as u64;
        let taps = (layout.channels.inputs * layout.kernel) as u64;
        // Rarely are there so many weights that their values matter.
        let weight = 128 + io.weight_zero_point.unsigned_abs() as u64;
        if taps.saturating_mul(weight * input).saturating_add(bias) <= i32::MAX as u64 {
            return Ok(());
        }
        let Route { source, source_step, .. } = layout.route(Dtype::I8, output);
        let mut largest = bias;
        let mut channel = 0;
        while channel < layout.channels.inputs {
            let factor = self.factor(layout, norm, [output, channel]);
            let mut tap = 0;
            while tap < layout.kernel {
                let index = source + channel * source_step + tap;
                let weight = self.weight(index, factor, scale) as i32;
                let weight = (weight - io.weight_zero_point as i32).unsigned_abs() as u64;
                largest = largest.saturating_add(weight * input);
                tap += 1;
            }
            channel += 1;
        }
        if largest > i32::MAX as u64 {
            return Err(Error::AccumulatorOverflow { channel: output, largest });
        }
        Ok(())
    }
}

/// The scale of output channel `output`: the one with which its largest folded weight becomes 127, unless that is too
/// small for the others that share it. It is the unit of the bias, which has to fit into i32 together with all products,
/// and the factor from sums to outputs has to be one that fixed-point numbers reach. Nothing is lost with a larger one:
/// an output step is then more than any weight can make out. A channel without weights, or with very small ones, takes
/// an output step divided by a power of two, the finest that leaves room for its bias, so that halves are kept.
const fn weight_scale(
    layout: &Layout,
    io: &Requantization,
    (weight, parameters): (&[f32], &Parameters<'_>),
    (norm, bias): (f64, f64),
    output: usize,
) -> f32 {
    let Route { source, source_step, .. } = layout.route(Dtype::I8, output);
    let (pieces, length) = layout.pieces(parameters.input_batch_norm.is_some());
    let mut largest = 0.0;
    let mut piece = 0;
    while piece < pieces {
        let factor = parameters.weight_factor(layout, norm, [output, piece]);
        let weights = part(weight, source + piece * source_step, length);
        let real = (pack::largest(weights) as f64 * factor).abs();
        if real > largest {
            largest = real;
        }
        piece += 1;
    }
    let (input_scale, output_scale) = (io.input.scale as f64, io.output.scale as f64);
    // The smallest factor is 2^-32. Half as many sums again make less than a half of an output.
    let finest = output_scale / input_scale / (1_u64 << 31) as f64;
    let natural = largest / 127.0;
    let mut scale = within_f32(if natural > finest { natural } else { finest });
    let taps = (layout.channels.inputs * layout.kernel) as f64;
    let furthest = io.input.furthest() as f64;
    let bias = bias.abs() / input_scale;
    let most = i32::MAX as f64;
    if bias / scale as f64 + taps * 128.0 * furthest < most {
        return scale;
    }
    // Halves of rounding, of each weight and of the bias, are added to what they come to.
    let sum = sum_of_weights(layout, (weight, parameters), norm, output);
    let room = most - 1.0 - 0.5 * taps * furthest;
    if room <= 0.0 {
        return scale;
    }
    let least = (bias + furthest * sum) / room * (1.0 + 1e-6);
    if natural > finest {
        return if least > scale as f64 { within_f32(least) } else { scale };
    }
    while least > scale as f64 {
        scale *= 2.0;
    }
    scale
}

/// `scale` as an f32 that is not 0; infinite if it is too large.
const fn within_f32(scale: f64) -> f32 {
    let scale = scale as f32;
    if scale > f32::MIN_POSITIVE { scale } else { f32::MIN_POSITIVE }
}

/// The absolute values of the folded weights of output channel `output`, added up.
const fn sum_of_weights(
    layout: &Layout,
    (weight, parameters): (&[f32], &Parameters<'_>),
    norm: f64,
    output: usize,
) -> f64 {
    let Route { source, source_step, .. } = layout.route(Dtype::I8, output);
    let mut sum = 0.0;
    let mut input = 0;
    while input < layout.channels.inputs {
        let factor = parameters.weight_factor(layout, norm, [output, input]);
        let mut tap = 0;
        while tap < layout.kernel {
            let index = source + input * source_step + tap;
            sum += (at(weight, index, 0.0) as f64 * factor).abs();
            tap += 1;
        }
        input += 1;
    }
    sum
}

/// Quantizes where need be and packs; writes all of `packed` or, on an error, nothing.
pub(crate) const fn pack(
    layout: &Layout,
    io: &Requantization,
    weights: Weights<'_>,
    packed: &mut [i8],
) -> Result<(), Error> {
    tri!(weights.validate(layout, io));
    tri!(Buffer::Packed.check(packed.len(), layout.packed_len(Dtype::I8)));
    let outputs = layout.outputs();
    let mut output = 0;
    while output < outputs {
        tri!(weights.check_accumulator(layout, io, output));
        output += 1;
    }

    put(packed, packed.len() - 1, layout.order_mark());
    let (channels, packed) = split_mut(packed, 9 * outputs);
    let plain = winograd::tile(layout.algorithm) == 0;
    let by_sixteens = plain && matches!(layout.weight_order, WeightOrder::BySixteens);
    let in_lanes = plain && matches!(layout.weight_order, WeightOrder::ByInput);
    let in_one_set = by_sixteens && layout.order.is_one_set() && !weights.have_input_norm();
    let mut output = 0;
    while output < outputs {
        let route = layout.route(Dtype::I8, output);
        let lanes = if in_lanes && route.target_step == LANES { LANES } else { 1 };
        let mut each = [weights.channel(layout, io, output); LANES];
        let mut lane = 1;
        while lane < lanes && lane < LANES {
            each[lane] = weights.channel(layout, io, output + lane);
            lane += 1;
        }
        let sums = if lanes == LANES {
            weights.pack_lanes(layout, &route, output, &each, packed)
        } else if in_one_set {
            [weights.pack_by_sixteens(layout, &route, &each[0], packed), 0, 0, 0]
        } else {
            [weights.pack_one(layout, &route, output, &each[0], packed), 0, 0, 0]
        };
        let taps = (layout.channels.inputs * layout.kernel) as i64;
        lane = 0;
        while lane < lanes && lane < LANES {
            let Channel { bias, factor, .. } = each[lane];
            let bias = bias.wrapping_add(io.zero_point_bias(taps, sums[lane]));
            let channel = output + lane;
            write(channels, 4 * channel, bias);
            write(channels, 4 * (outputs + channel), factor.multiplier);
            put(channels, 8 * outputs + channel, factor.shift as i8);
            lane += 1;
        }
        output += lanes;
    }
    Ok(())
}

/// Writes `number` in four bytes, little-endian.
pub(crate) const fn write(bytes: &mut [i8], first: usize, number: i32) {
    let number = number.to_le_bytes();
    let mut byte = 0;
    while byte < 4 {
        put(bytes, first + byte, number[byte] as i8);
        byte += 1;
    }
}
