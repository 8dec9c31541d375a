//! What convolutions and linear layers share: weights, their scales, and the way from sums to outputs.

use nchw::{Error, FixedPoint, Int8Parameters, Rounding, WeightScale};
use nchw_oracle::integer::{Factor, Fixed, largest_sum};
use nchw_test_support::Random;
use proptest::prelude::*;

use crate::int8::common::{Fused, fixed, fused, numbers, quantization, range};
use crate::int8::io::Io;
use crate::space::Verdict;

/// How a layer's weights are scaled.
#[derive(Clone, Copy, Debug)]
pub enum Scaling {
    PerTensor,
    PerChannel,
    /// Multipliers and shifts that suit the sums.
    Fixed,
    /// Multipliers and shifts over all that they may be.
    Wild,
}

/// How large the bias is.
#[derive(Clone, Copy, Debug)]
pub enum Bias {
    None,
    /// Within the reach of the products.
    Moderate,
    /// Anything.
    Wild,
}

/// A layer's numbers, all but the data.
#[derive(Clone, Debug)]
pub struct Numbers {
    pub io: Io,
    pub fused: Fused,
    pub scaling: Scaling,
    pub bias: Bias,
    /// What a usual sum becomes, in outputs.
    pub reach: f32,
    pub seed: u64,
}

pub fn rounding() -> impl Strategy<Value = Rounding> {
    prop_oneof![Just(Rounding::FixedDouble), Just(Rounding::FixedSingle), Just(Rounding::OnnxFloat),]
}

pub fn numbers_of_layer() -> impl Strategy<Value = Numbers> {
    let scaling = prop_oneof![
        2 => Just(Scaling::PerTensor),
        3 => Just(Scaling::PerChannel),
        2 => Just(Scaling::Fixed),
        1 => Just(Scaling::Wild),
    ];
    let bias = prop_oneof![2 => Just(Bias::None), 8 => Just(Bias::Moderate), 1 => Just(Bias::Wild)];
    let reach = prop_oneof![4 => 20.0..80.0_f32, 1 => 0.001..2.0_f32, 1 => 200.0..1e6_f32];
    let io = (quantization(), quantization(), rounding(), range());
    (io, fused(), scaling, bias, reach, any::<u64>()).prop_map(
        |((input, output, rounding, range), fused, scaling, bias, reach, seed)| {
            let io = Io { range, ..Io::new(input, output, rounding) };
            let scaling = match (scaling, rounding) {
                (Scaling::Fixed | Scaling::Wild, Rounding::OnnxFloat) => Scaling::PerChannel,
                (scaling, _) => scaling,
            };
            Numbers { io, fused, scaling, bias, reach, seed }
        },
    )
}

/// A layer's numbers and data.
pub struct Data {
    pub x: Vec<i8>,
    pub weight: Vec<i8>,
    pub bias: Option<Vec<i32>>,
    /// One per channel, or one for all.
    scales: Vec<f32>,
    points: Option<(Vec<i32>, Vec<i32>)>,
    pub factors: Vec<Factor>,
}

impl Numbers {
    /// What a plan has to say to a layer with these numbers, given what it has to say to its sizes.
    pub fn verdict(&self, sizes: Verdict) -> Verdict {
        let [low, high] = self.limit();
        if low > high { Verdict::Invalid } else { sizes }
    }

    /// The numbers that are left of the output.
    pub fn limit(&self) -> [i8; 2] {
        self.fused.limit(self.io.output, self.io.range)
    }

    /// Data of a layer, which may be fully connected.
    pub fn data(&self, [inputs, weights, outputs, taps]: [usize; 4], connected: bool) -> Data {
        let mut random = Random::new(self.seed);
        let Io { input, output, rounding, .. } = self.io;
        let (x, weight) = (numbers(&mut random, inputs), numbers(&mut random, weights));
        let usual = 5000.0 * (taps as f32).sqrt();
        let bias = match self.bias {
            Bias::None => None,
            Bias::Moderate => Some(random.i32s(outputs, -usual as i32..=usual as i32)),
            Bias::Wild => Some(random.i32s(outputs, i32::MIN..=i32::MAX)),
        };
        let scale = self.reach / usual * output.scale / input.scale;
        let scales: Vec<f32> = match self.scaling {
            Scaling::PerTensor => vec![scale],
            _ => random.f32s_in(outputs, 0.3, 2.0).iter().map(|share| share * scale).collect(),
        };
        let points = match self.scaling {
            Scaling::PerTensor | Scaling::PerChannel => None,
            Scaling::Fixed => {
                let suitable = |share: &f32| FixedPoint::new((share * self.reach / usual).into());
                let points = random.f32s_in(outputs, 0.3, 2.0).iter().map(suitable).collect();
                Some(points)
            }
            Scaling::Wild => Some((0..outputs).map(|_| wild(&mut random)).collect()),
        };
        let points: Option<Vec<FixedPoint>> = points;
        let scale_of = |channel: usize| scales[if scales.len() == 1 { 0 } else { channel }];
        let factor = |channel: usize| match &points {
            Some(points) => exactly(rounding, fixed(points[channel])),
            None => factor(&self.io, scale_of(channel), connected),
        };
        let factors = (0..outputs).map(factor).collect();
        let points =
            points.map(|points| points.iter().map(|point| (point.multiplier, point.shift)).unzip());
        Data { x, weight, bias, scales, points, factors }
    }
}

/// The error for the first channel whose sums can leave i32.
pub fn overflow(io: &Io, channels: &[Vec<i8>], bias: Option<&[i32]>) -> Result<(), Error> {
    let zero_points = [io.input.zero_point, io.weight_zero_point];
    for (channel, weights) in channels.iter().enumerate() {
        let largest = largest_sum(weights, zero_points, bias.map_or(0, |bias| bias[channel]));
        if largest > 0x7fff_ffff {
            return Err(Error::AccumulatorOverflow { channel, largest });
        }
    }
    Ok(())
}

/// The factor of weights with a scale; fully connected layers round the product of the first two scales
/// to f32.
pub fn factor(io: &Io, weight: f32, connected: bool) -> Factor {
    let (input, output) = (io.input.scale, io.output.scale);
    let product = match connected {
        true => f64::from(input * weight),
        false => f64::from(input) * f64::from(weight),
    };
    match io.rounding {
        Rounding::OnnxFloat => Factor::Float(input * weight / output),
        rounding => exactly(rounding, Fixed::nearest(product / f64::from(output))),
    }
}

fn exactly(rounding: Rounding, point: Fixed) -> Factor {
    match rounding {
        Rounding::FixedDouble => Factor::Double(point),
        Rounding::FixedSingle => Factor::Single(point),
        other => panic!("{other:?} has no fixed-point factors"),
    }
}

fn wild(random: &mut Random) -> FixedPoint {
    let any = random.i32s(1, 1 << 30..=i32::MAX)[0];
    let multiplier = random.choice(&[0, 1, 1 << 30, i32::MAX, i32::MAX - 1, any, any, any / 3]);
    let shift = random.i32s(1, -31..=30)[0];
    FixedPoint { multiplier, shift: random.choice(&[-31, 30, 0, 1, -1, shift, shift, shift]) }
}

impl Data {
    pub fn parameters(&self) -> Int8Parameters<'_> {
        let scale = match (&self.points, &self.scales[..]) {
            (Some((multiplier, shift)), _) => WeightScale::Fixed { multiplier, shift },
            (None, [scale]) => WeightScale::PerTensor(*scale),
            (None, scales) => WeightScale::PerChannel(scales),
        };
        Int8Parameters { bias: self.bias.as_deref(), scale }
    }
}
