//! Text with numbers in it, built without an allocator and inside `const fn`, so that an error reads
//! the same whether the compiler or the firmware meets it.

/// Longest text a [`Message`] holds, in bytes; what does not fit is cut off.
const CAPACITY: usize = 240;

/// A short text on the stack.
///
/// What appends to it is not inlined: the sentences of all errors are many calls.
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

#[cfg(test)]
mod tests {
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
    fn what_does_not_fit_is_cut_off() {
        let mut message = Message::new();
        for _ in 0..100 {
            message.text("abc");
        }
        assert_eq!(message.as_str().len(), CAPACITY);
    }
}
