//! Values on their way, in either direction.

use nchw::{
    Activation, Algorithm, FixedPoint, Padding, PaddingMode, Quantization, Rounding, UpsampleMode,
};

use crate::ELEMENTS;

/// What a slice is of.
///
/// # Safety
///
/// Any bytes are a value, and all bytes of a value are initialized.
pub unsafe trait Element: Copy + 'static {}

// SAFETY: integers and floating point numbers of the same.
unsafe impl Element for i8 {}
// SAFETY: the same.
unsafe impl Element for i32 {}
// SAFETY: the same.
unsafe impl Element for f32 {}

// Slices are copied as they lie.
const _: () = assert!(cfg!(target_endian = "little"));

/// Where slices lie in a record.
pub struct Place {
    pub position: usize,
    /// Another one for each slice and record.
    skew: usize,
}

impl Place {
    pub fn new(position: usize, number: u64) -> Self {
        Self { position, skew: number as usize }
    }

    /// The padding in front of a slice: words are aligned, bytes at any address in turn.
    pub fn padding<T: Element>(&mut self) -> usize {
        self.skew = self.skew.wrapping_add(1);
        let remainder = if size_of::<T>() == 1 { self.skew % 4 } else { 0 };
        (4 + remainder - self.position % 4) % 4
    }
}

/// Something that values go to, or come from: then what they were before is of no meaning, but has to be a value
/// that may be written. Nothing comes of what does not fit, or is none.
pub trait Wire<'a> {
    fn word(&mut self, word: &mut u32) -> Option<()>;

    /// The elements of a slice, so many of them.
    fn elements<T: Element>(&mut self, slice: &mut &'a [T], len: usize) -> Option<()>;

    fn slice<T: Element>(&mut self, slice: &mut &'a [T]) -> Option<()> {
        let mut len = slice.len();
        self.number(&mut len)?;
        if len > ELEMENTS {
            return None;
        }
        self.elements(slice, len)
    }

    /// A number that an address space of 32 bits has.
    fn number(&mut self, number: &mut usize) -> Option<()> {
        let mut word = u32::try_from(*number).ok()?;
        self.word(&mut word)?;
        *number = word as usize;
        Some(())
    }

    fn numbers(&mut self, numbers: &mut [usize]) -> Option<()> {
        numbers.iter_mut().try_for_each(|number| self.number(number))
    }

    fn i32(&mut self, value: &mut i32) -> Option<()> {
        let mut word = value.cast_unsigned();
        self.word(&mut word)?;
        *value = word.cast_signed();
        Some(())
    }

    fn i8(&mut self, value: &mut i8) -> Option<()> {
        let mut wide = i32::from(*value);
        self.i32(&mut wide)?;
        *value = i8::try_from(wide).ok()?;
        Some(())
    }

    fn f32(&mut self, value: &mut f32) -> Option<()> {
        let mut bits = value.to_bits();
        self.word(&mut bits)?;
        *value = f32::from_bits(bits);
        Some(())
    }

    fn f64(&mut self, value: &mut f64) -> Option<()> {
        let bits = value.to_bits();
        let [mut low, mut high] = [bits as u32, (bits >> 32) as u32];
        self.word(&mut low)?;
        self.word(&mut high)?;
        *value = f64::from_bits(u64::from(high) << 32 | u64::from(low));
        Some(())
    }

    /// One of all the values that there are.
    fn choice<T: Copy + PartialEq>(&mut self, value: &mut T, all: &[T]) -> Option<()> {
        let mut index = all.iter().position(|one| one == value)?;
        self.number(&mut index)?;
        *value = *all.get(index)?;
        Some(())
    }

    fn flag(&mut self, flag: &mut bool) -> Option<()> {
        self.choice(flag, &[false, true])
    }

    /// A value that there may be, such as `some`.
    fn option<T: Copy>(
        &mut self,
        value: &mut Option<T>,
        some: T,
        f: impl FnOnce(&mut Self, &mut T) -> Option<()>,
    ) -> Option<()> {
        let mut present = value.is_some();
        self.flag(&mut present)?;
        if !present {
            *value = None;
            return Some(());
        }
        f(self, value.insert(value.unwrap_or(some)))
    }

    fn optional_slice<T: Element>(&mut self, slice: &mut Option<&'a [T]>) -> Option<()> {
        self.option(slice, &[], |wire, slice| wire.slice(slice))
    }

    fn activation(&mut self, activation: &mut Activation) -> Option<()> {
        use Activation as A;
        let [mut a, mut b] = match *activation {
            A::Clamp { min, max } => [min, max],
            A::LeakyRelu { negative_slope } => [negative_slope, 0.0],
            A::Hardsigmoid { alpha, beta } => [alpha, beta],
            A::Elu { alpha } => [alpha, 0.0],
            _ => [0.0; 2],
        };
        self.f32(&mut a)?;
        self.f32(&mut b)?;
        let all = [
            A::Identity,
            A::Relu,
            A::Relu6,
            A::Clamp { min: a, max: b },
            A::LeakyRelu { negative_slope: a },
            A::Prelu,
            A::Hardswish,
            A::Hardsigmoid { alpha: a, beta: b },
            A::Elu { alpha: a },
            A::Sigmoid,
            A::Tanh,
            A::Silu,
            A::Gelu,
            A::GeluTanh,
        ];
        self.choice(activation, &all)
    }

    fn algorithm(&mut self, algorithm: &mut Algorithm) -> Option<()> {
        use Algorithm as A;
        self.choice(algorithm, &[A::Auto, A::Direct, A::Winograd2, A::Winograd4])
    }

    fn padding(&mut self, padding: &mut Padding) -> Option<()> {
        let mut sides = padding.sides().unwrap_or_default();
        self.numbers(&mut sides)?;
        if padding.sides().is_some() {
            *padding = Padding::Sides(sides);
        }
        self.choice(padding, &[Padding::Sides(sides), Padding::Same, Padding::SameTflite])
    }

    fn padding_mode(&mut self, mode: &mut PaddingMode) -> Option<()> {
        use PaddingMode as P;
        self.choice(mode, &[P::Zeros, P::Reflect, P::Replicate, P::Circular])
    }

    fn upsample_mode(&mut self, mode: &mut UpsampleMode) -> Option<()> {
        let bilinear = [false, true].map(|align_corners| UpsampleMode::Bilinear { align_corners });
        self.choice(mode, &[UpsampleMode::Nearest, bilinear[0], bilinear[1]])
    }

    fn quantization(&mut self, quantization: &mut Quantization) -> Option<()> {
        self.f32(&mut quantization.scale)?;
        self.i8(&mut quantization.zero_point)
    }

    fn quantizations<const N: usize>(
        &mut self,
        quantizations: &mut Option<[Quantization; N]>,
    ) -> Option<()> {
        self.option(quantizations, [UNIT; N], |wire, all| {
            all.iter_mut().try_for_each(|q| wire.quantization(q))
        })
    }

    fn optional_quantization(&mut self, quantization: &mut Option<Quantization>) -> Option<()> {
        self.option(quantization, UNIT, |wire, q| wire.quantization(q))
    }

    fn rounding(&mut self, rounding: &mut Rounding) -> Option<()> {
        use Rounding as R;
        self.choice(rounding, &[R::FixedDouble, R::FixedSingle, R::OnnxFloat])
    }

    fn range(&mut self, range: &mut [i8; 2]) -> Option<()> {
        range.iter_mut().try_for_each(|end| self.i8(end))
    }

    fn factors(&mut self, factors: &mut Option<[FixedPoint; 3]>) -> Option<()> {
        let point = FixedPoint { multiplier: 0, shift: 0 };
        self.option(factors, [point; 3], |wire, factors| {
            factors.iter_mut().try_for_each(|factor| {
                wire.i32(&mut factor.multiplier)?;
                wire.i32(&mut factor.shift)
            })
        })
    }
}

/// A quantization, whichever.
const UNIT: Quantization = Quantization { scale: 1.0, zero_point: 0 };
