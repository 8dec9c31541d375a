//! Text with numbers in it, built without an allocator and inside `const fn`, so that an error reads
//! the same whether the compiler or the firmware meets it.

/// Longest text a [`Message`] holds, in bytes; what does not fit is cut off.
const CAPACITY: usize = 240;

/// A short text on the stack.
///
/// What appends to it is not inlined: the sentences of all errors are many calls.
#[derive(Clone, Copy)]
pub(crate) struct Message {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Message {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; CAPACITY], len: 0 }
    }

    #[inline(never)]
    pub(crate) const fn text(&mut self, text: &str) -> &mut Self {
        let mut rest = text.as_bytes();
        while let Some((&byte, tail)) = rest.split_first() {
            self.byte(byte);
            rest = tail;
        }
        self
    }

    #[inline(never)]
    pub(crate) const fn number(&mut self, number: usize) -> &mut Self {
        // Digits come out last first; a usize has at most 20.
        let mut digits = [0; 20];
        let mut first = digits.len();
        let mut rest = number;
        loop {
            first -= 1;
            digits[first] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 || first == 0 {
                break;
            }
        }
        while first < digits.len() {
            self.byte(digits[first]);
            first += 1;
        }
        self
    }

    pub(crate) const fn signed(&mut self, number: i32) -> &mut Self {
        let sign = if number < 0 { "-" } else { "" };
        self.text(sign).number(number.unsigned_abs() as usize)
    }

    /// A finite number, with as few digits as tell it from every other f32.
    pub(crate) const fn real(&mut self, number: f32) -> &mut Self {
        let (mut rest, sign) = match number < 0.0 {
            true => (-(number as f64), "-"),
            false => (number as f64, ""),
        };
        self.text(sign);
        // One digit before the point.
        let mut exponent = 0_i32;
        while rest >= 10.0 {
            rest /= 10.0;
            exponent += 1;
        }
        while rest > 0.0 && rest < 1.0 {
            rest *= 10.0;
            exponent -= 1;
        }
        let (mut digits, mut power) = (1_i32, 1.0);
        while digits < 9 && scaled(round(rest * power), exponent - (digits - 1)) != number.abs() {
            digits += 1;
            power *= 10.0;
        }
        let mut whole = round(rest * power) as usize;
        let mut places = digits as usize - 1;
        if exponent < 0 && exponent >= -5 {
            // Zeros behind the point are no digits.
            self.text("0.");
            while exponent < -1 {
                self.text("0");
                exponent += 1;
            }
            return self.number(whole);
        }
        let mut scale = power as usize;
        while exponent > 0 && exponent <= 6 {
            (whole, scale) = match places {
                0 => (whole * 10, scale),
                _ => (whole, scale / 10),
            };
            places = if places > 0 { places - 1 } else { 0 };
            exponent -= 1;
        }
        self.number(whole / scale);
        if places > 0 {
            self.text(".");
            let mut place = scale / 10;
            while place > 0 {
                self.number(whole / place % 10);
                place /= 10;
            }
        }
        if exponent != 0 { self.text("e").signed(exponent) } else { self }
    }

    /// `[a, b, ..]`, as shapes are written.
    #[inline(never)]
    pub(crate) const fn list(&mut self, numbers: &[usize]) -> &mut Self {
        let mut rest = numbers;
        let mut separator = "[";
        while let Some((&number, tail)) = rest.split_first() {
            self.text(separator).number(number);
            separator = ", ";
            rest = tail;
        }
        self.text("]")
    }

    pub(crate) const fn as_str(&self) -> &str {
        let text = match self.bytes.split_at_checked(self.len) {
            Some((text, _)) => text,
            None => &[],
        };
        match core::str::from_utf8(text) {
            Ok(text) => text,
            // The end cut a character in two.
            Err(error) => match text.split_at_checked(error.valid_up_to()) {
                Some((text, _)) => match core::str::from_utf8(text) {
                    Ok(text) => text,
                    Err(_) => "",
                },
                None => "",
            },
        }
    }

    const fn byte(&mut self, byte: u8) {
        if self.len < CAPACITY {
            self.bytes[self.len] = byte;
            self.len += 1;
        }
    }
}

/// A positive number to the nearest whole one.
const fn round(number: f64) -> f64 {
    (number + 0.5) as u64 as f64
}

/// `number * 10^exponent` as f32.
const fn scaled(number: f64, exponent: i32) -> f32 {
    let (mut power, mut left) = (1.0, exponent.unsigned_abs());
    while left > 0 {
        power *= 10.0;
        left -= 1;
    }
    if exponent < 0 { (number / power) as f32 } else { (number * power) as f32 }
}

#[cfg(test)]
mod tests {
    use std::borrow::ToOwned;
    use std::format;

    use super::*;

    #[test]
    fn numbers_and_lists_read_as_written() {
        let mut message = Message::new();
        message.text("n = ").number(0).text(", ").number(10_070).list(&[8, 28, 3]);
        assert_eq!(message.as_str(), "n = 0, 10070[8, 28, 3]");
        assert_eq!(Message::new().number(usize::MAX).as_str(), format!("{}", usize::MAX));
    }

    #[test]
    fn real_numbers_are_short_and_exact() {
        let written = |number: f32| Message::new().real(number).as_str().to_owned();
        for (number, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.05, "0.05"),
            (6.0 / 255.0, "0.023529412"),
            (-2.5, "-2.5"),
            (1.0 / 256.0, "0.00390625"),
            (1200.0, "1200"),
            (1234.5, "1234.5"),
            (12345678.0, "1.2345678e7"),
            (1e-15, "1e-15"),
            (1e10, "1e10"),
        ] {
            assert_eq!(written(number), text);
        }
        let mut bits = 1_u32;
        for _ in 0..10_000 {
            bits = bits.wrapping_mul(0x915f_77f5).wrapping_add(0x3c6e_f35f);
            let number = f32::from_bits(bits);
            if number.is_finite() && number.abs() > 1e-30 {
                assert_eq!(written(number).parse(), Ok(number), "{number:e}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_off() {
        let mut message = Message::new();
        for _ in 0..100 {
            message.text("abc");
        }
        assert_eq!(message.as_str().len(), CAPACITY);
    }
}
