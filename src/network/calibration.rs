//! Which numbers the tensors of a network hold, to choose their quantizations by.

use core::fmt;

use crate::network::observer::{Observer, Values};
use crate::network::wiring::LayerInfo;
use crate::quant::Range;

/// Bins of a histogram, half of them for each sign.
const BINS: usize = 4096;

/// Magnitudes beyond this are counted as if they were this.
const LARGEST: f32 = 1e30;

/// How much of what was seen a range holds; what is beyond it saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Saturation {
    /// All of it, as PyTorch's `MinMaxObserver`.
    #[default]
    None,
    /// So many per cent, such as 99.99, the same share of the rest left out at either end.
    Percentile(f32),
    /// As much as keeps the mean square error smallest, of what is rounded and what saturates together, as
    /// PyTorch's `HistogramObserver`.
    MeanSquareError,
}

/// An [`Observer`] that keeps what the tensors of an f32 network hold, and writes their quantizations as Rust:
/// for its i8 version.
///
/// `N` is the network's `TENSORS`. Tensors that mean the same, as what a pool passes on or the parts of a
/// concatenation, are one. It takes 16 KiB for each tensor, so on a large machine it belongs on the heap.
///
/// ```
/// use nchw::{Add, Calibration, MaxPool2d, Saturation, Tensor, layer, network};
///
/// layer! {
///     struct Double(f32) = Add::new([1, 2, 2]);
///     struct Halve(f32) = MaxPool2d::new([1, 2, 2], [2, 2]);
/// }
/// network! {
///     struct Net(f32) {}
///     struct Memory;
///     fn infer(x: Tensor<f32, 1, 2, 2>) -> y: Tensor<f32, 1, 1, 1> {
///         sum = Double(x, x);
///         y = sum | Halve;
///     }
/// }
///
/// let mut calibration = Calibration::<{ Net::TENSORS }>::new(&Net::LAYERS);
/// let (mut memory, mut y) = (Memory::NEW, Tensor::ZERO);
/// for x in [[[[0.5, -1.0], [0.25, 2.0]]], [[[0.0, 1.0], [1.5, -0.5]]]] {
///     Net {}.infer_with(&Tensor(x), &mut memory, &mut y, &mut calibration);
/// }
/// assert_eq!(
///     calibration.to_string(),
///     "const X: Quantization = Quantization::from_range(-1.0, 2.0);\n\
///      const SUM: Quantization = Quantization::from_range(-2.0, 4.0);\n"
/// );
/// let half = calibration.saturation(Saturation::Percentile(50.0));
/// assert!(half.range("x").is_some_and(|range| range.min > -0.01 && range.max < 1.01));
/// ```
#[derive(Clone, Debug)]
pub struct Calibration<const N: usize> {
    layers: &'static [LayerInfo],
    saturation: Saturation,
    /// Those that were seen, in this order; no name behind them.
    tensors: [(&'static str, Histogram); N],
}

impl<const N: usize> Calibration<N> {
    /// Nothing seen yet of a network with these `LAYERS`.
    pub const fn new(layers: &'static [LayerInfo]) -> Self {
        let tensors = [("", Histogram::EMPTY); N];
        Self { layers, saturation: Saturation::None, tensors }
    }

    /// Sets how much of what was seen the ranges hold.
    pub const fn saturation(mut self, saturation: Saturation) -> Self {
        self.saturation = saturation;
        self
    }

    /// The range of a tensor, by its name, if it was seen.
    pub fn range(&self, name: &str) -> Option<Range> {
        self.ranges().find(|(other, _)| *other == name).map(|(_, range)| range)
    }

    /// The tensors that were seen, in the order of the network, and their ranges.
    pub fn ranges(&self) -> impl Iterator<Item = (&'static str, Range)> {
        let seen = self.tensors.iter().take_while(|(name, _)| !name.is_empty());
        seen.map(|(name, histogram)| (*name, histogram.range(self.saturation)))
    }

    fn observe(&mut self, name: &'static str, values: Values<'_>) {
        // In i8 meanings are chosen already.
        let Values::F32(values) = values else { return };
        let place = self.tensors.iter_mut().find(|(other, _)| other.is_empty() || *other == name);
        if let Some((place, histogram)) = place {
            *place = name;
            values.iter().for_each(|&value| histogram.count(value));
        }
    }
}

impl<const N: usize> Observer for Calibration<N> {
    fn input(&mut self, meaning: &'static str, values: Values<'_>) {
        self.observe(meaning, values);
    }

    fn output(&mut self, step: usize, values: Values<'_>) {
        if let Some(layer) = self.layers.get(step) {
            self.observe(layer.meaning, values);
        }
    }
}

/// A constant for each tensor, as in `const NAME: Quantization = Quantization::from_range(0.0, 6.0);`.
impl<const N: usize> fmt::Display for Calibration<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, Range { min, max }) in self.ranges() {
            f.write_str("const ")?;
            name.chars().try_for_each(|letter| write!(f, "{}", letter.to_ascii_uppercase()))?;
            writeln!(f, ": Quantization = Quantization::from_range({min:?}, {max:?});")?;
        }
        Ok(())
    }
}

/// How often numbers were seen.
#[derive(Clone, Copy, Debug)]
struct Histogram {
    /// Exactly.
    range: Range,
    /// What the bins reach to on either side of zero, a power of two.
    reach: f32,
    bins: [u32; BINS],
}

impl Histogram {
    const EMPTY: Self = Self { range: Range::EMPTY, reach: f32::MIN_POSITIVE, bins: [0; BINS] };

    /// What is not a number is left out.
    fn count(&mut self, value: f32) {
        if value.is_nan() {
            return;
        }
        self.range.observe(&[value]);
        let value = value.clamp(-LARGEST, LARGEST);
        while value.abs() >= self.reach {
            self.widen();
        }
        let bin = (value / self.reach * (BINS / 2) as f32 + (BINS / 2) as f32) as usize;
        if let Some(count) = self.bins.get_mut(bin.min(BINS - 1)) {
            *count = count.saturating_add(1);
        }
    }

    /// Twice the reach, so that two bins become one.
    fn widen(&mut self) {
        self.reach *= 2.0;
        let mut wider = [0; BINS];
        for (index, &count) in self.bins.iter().enumerate() {
            if let Some(sum) = wider.get_mut(BINS / 4 + index / 2) {
                *sum = count.saturating_add(*sum);
            }
        }
        self.bins = wider;
    }

    /// The number in the middle of a bin.
    fn middle(&self, bin: usize) -> f64 {
        f64::from(self.reach) * ((bin as f64 + 0.5) / (BINS / 2) as f64 - 1.0)
    }

    fn range(&self, saturation: Saturation) -> Range {
        match saturation {
            Saturation::None => self.range,
            Saturation::Percentile(percent) => self.percentile(f64::from(percent)),
            Saturation::MeanSquareError => self.nearest(),
        }
    }

    /// Without the same share at either end.
    fn percentile(&self, percent: f64) -> Range {
        let all: u64 = self.bins.iter().map(|&count| u64::from(count)).sum();
        let left_out = (all as f64 * (100.0 - percent).clamp(0.0, 100.0) / 200.0) as u64;
        let bins = || self.bins.iter().enumerate();
        let end = |bin: Option<usize>| bin.map_or(0.0, |bin| self.middle(bin) as f32);
        let (min, max) = (end(beyond(bins(), left_out)), end(beyond(bins().rev(), left_out)));
        self.within(min, max)
    }

    /// No wider than what was seen, as bins are.
    fn within(&self, min: f32, max: f32) -> Range {
        Range { min: min.max(self.range.min), max: max.min(self.range.max) }
    }

    /// The range with the least mean square error: one end after the other is moved inwards as long as that helps.
    fn nearest(&self) -> Range {
        /// Parts of an end's distance from zero that it is tried at.
        const PARTS: usize = 128;
        let Range { min, max } = self.range;
        let (full, mut best) = ([min.min(0.0), max.max(0.0)], [min.min(0.0), max.max(0.0)]);
        let mut least = self.error(best);
        for _ in 0..2 {
            for end in [0, 1] {
                for part in 1..=PARTS {
                    let mut tried = best;
                    let ends = tried.get_mut(end).zip(full.get(end));
                    if let Some((tried, full)) = ends {
                        *tried = full * part as f32 / PARTS as f32;
                    }
                    let error = self.error(tried);
                    if error < least {
                        (least, best) = (error, tried);
                    }
                }
            }
        }
        let [min, max] = best;
        self.within(min, max)
    }

    /// The sum of squares of what rounding to a range's 256 numbers, and saturating, changes.
    fn error(&self, [min, max]: [f32; 2]) -> f64 {
        let (min, max) = (f64::from(min), f64::from(max));
        let step = (max - min) / 255.0;
        // Where it falls between two numbers is as good as random.
        let rounding = step * step / 12.0;
        let bins = self.bins.iter().enumerate().filter(|(_, count)| **count > 0);
        let errors = bins.map(|(bin, &count)| {
            let value = self.middle(bin);
            let beyond = value - value.clamp(min, max);
            f64::from(count) * if beyond == 0.0 { rounding } else { beyond * beyond }
        });
        errors.sum()
    }
}

/// The bin in which more than `count` numbers have been seen.
fn beyond<'a>(mut bins: impl Iterator<Item = (usize, &'a u32)>, count: u64) -> Option<usize> {
    let mut sum = 0;
    let found = bins.find(|(_, bin)| {
        sum += u64::from(**bin);
        sum > count
    });
    found.map(|(bin, _)| bin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: impl IntoIterator<Item = f32>) -> Histogram {
        let mut histogram = Histogram::EMPTY;
        values.into_iter().for_each(|value| histogram.count(value));
        histogram
    }

    #[test]
    fn bins_grow_with_what_is_seen() {
        let histogram = histogram([1.0, -3.0, 100.0, f32::NAN, f32::INFINITY, 0.0]);
        assert_eq!(histogram.bins.iter().sum::<u32>(), 5);
        assert_eq!(histogram.range, Range { min: -3.0, max: f32::INFINITY });
        assert!(histogram.reach > LARGEST);
    }

    #[test]
    fn rare_numbers_are_left_out() {
        // 10,000 numbers in [0, 1), and one far away.
        let numbers = || (0..10_000).map(|i| i as f32 / 1e4).chain([50.0]);
        let seen = histogram(numbers());
        assert_eq!(seen.range(Saturation::None), Range { min: 0.0, max: 50.0 });
        let Range { min, max } = seen.range(Saturation::Percentile(99.9));
        assert!(min < 0.06 && (0.95..1.06).contains(&max), "{min} {max}");
        // 10,000 errors of a step of 50 / 255 are more than one of 49.
        let far = histogram((0..1_000_000).map(|i| i as f32 / 1e6).chain([50.0]));
        let Range { min, max } = far.range(Saturation::MeanSquareError);
        assert!(min == 0.0 && (10.0..50.0).contains(&max), "{min} {max}");
        let all = histogram((0..1000).map(|i| i as f32 / 1e3));
        assert!(all.range(Saturation::MeanSquareError).max > 0.95);
    }

    /// The range with the least error by trying all ends, on numbers quantized one by one.
    #[test]
    fn the_mean_square_error_is_the_least() {
        // Like a normal distribution, with few numbers far out.
        let numbers: std::vec::Vec<f32> = (0..20_000_u32)
            .map(|i| {
                let parts =
                    (0..12).map(|k| (i.wrapping_mul(2_654_435_761 + k * 40_503) >> 8) as f32);
                parts.sum::<f32>() / 16_777_216.0 - 6.0
            })
            .collect();
        let error = |Range { min, max }: Range| -> f64 {
            let q = Range { min, max }.quantization();
            let square = |x: &f32| f64::from(q.dequantize(q.quantize(*x)) - x).powi(2);
            numbers.iter().map(square).sum()
        };
        let found = histogram(numbers.iter().copied()).range(Saturation::MeanSquareError);
        let seen = histogram(numbers.iter().copied()).range;
        let least = (1..=40)
            .flat_map(|low| (1..=40).map(move |high| (low as f32 / 40.0, high as f32 / 40.0)))
            .map(|(low, high)| error(Range { min: seen.min * low, max: seen.max * high }))
            .fold(f64::INFINITY, f64::min);
        assert!(error(found) < 1.03 * least, "{} {least}", error(found));
    }
}
