//! Just enough JSON for a header: goes through objects key by key, passes over what nobody asked for.
//!
//! Nested values are passed over by counting brackets, not by recursion, and without a look at
//! whether they make sense.

use super::error::SafetensorsError;
use crate::geometry::tri;

type Result<T> = core::result::Result<T, SafetensorsError>;

/// The part of a header that has not been read yet.
pub(super) struct Json<'a> {
    rest: &'a [u8],
    /// Where the header ends in the file.
    end: usize,
    /// Whether an object has just been opened, so that no comma is due.
    fresh: bool,
}

impl<'a> Json<'a> {
    /// A header that begins at byte `start` of the file.
    pub(super) const fn new(header: &'a [u8], start: usize) -> Self {
        Self { rest: header, end: header.len() + start, fresh: false }
    }

    pub(super) const fn malformed(&self) -> SafetensorsError {
        SafetensorsError::Malformed { position: self.end - self.rest.len() }
    }

    /// Enters an object.
    pub(super) const fn open(&mut self) -> Result<()> {
        self.fresh = true;
        self.expect(b'{')
    }

    /// The next key of the object, raw; its value has to be read or skipped next. `None` at the
    /// object's end.
    pub(super) const fn key(&mut self) -> Result<Option<&'a [u8]>> {
        let fresh = self.fresh;
        self.fresh = false;
        self.skip_whitespace();
        if self.take(b'}') {
            return Ok(None);
        }
        if !fresh {
            tri!(self.expect(b','));
            self.skip_whitespace();
        }
        let key = tri!(self.string());
        self.skip_whitespace();
        tri!(self.expect(b':'));
        self.skip_whitespace();
        Ok(Some(key))
    }

    /// What stands between two quotes, escapes included.
    pub(super) const fn string(&mut self) -> Result<&'a [u8]> {
        tri!(self.expect(b'"'));
        let start = self.rest;
        let mut rest = start;
        let mut ascii = true;
        while let [byte, tail @ ..] = rest {
            match *byte {
                b'"' => {
                    let Some((string, _)) = start.split_at_checked(start.len() - rest.len()) else {
                        break;
                    };
                    if !ascii && core::str::from_utf8(string).is_err() {
                        break;
                    }
                    self.rest = tail;
                    return Ok(string);
                }
                b'\\' => match unescape(tail) {
                    Some((_, tail)) => rest = tail,
                    None => break,
                },
                0..b' ' => break,
                byte => {
                    ascii &= byte < 0x80;
                    rest = tail;
                }
            }
        }
        self.rest = rest;
        Err(self.malformed())
    }

    /// A list of integers: the first `N`, and how many there are.
    pub(super) const fn integers<const N: usize>(&mut self) -> Result<([usize; N], usize)> {
        let mut values = [0; N];
        let mut count = 0;
        tri!(self.expect(b'['));
        self.skip_whitespace();
        if self.take(b']') {
            return Ok((values, count));
        }
        loop {
            let value = tri!(self.integer());
            if count < N {
                values[count] = value;
            }
            count += 1;
            self.skip_whitespace();
            if self.take(b']') {
                return Ok((values, count));
            }
            tri!(self.expect(b','));
            self.skip_whitespace();
        }
    }

    const fn integer(&mut self) -> Result<usize> {
        let start = self.rest.len();
        let leading_zero = matches!(self.rest.first(), Some(b'0'));
        let mut value = 0_usize;
        while let [digit @ b'0'..=b'9', tail @ ..] = self.rest {
            value = match value.checked_mul(10) {
                Some(tens) => match tens.checked_add((*digit - b'0') as usize) {
                    Some(value) => value,
                    None => return Err(SafetensorsError::Overflow),
                },
                None => return Err(SafetensorsError::Overflow),
            };
            self.rest = tail;
        }
        match start - self.rest.len() {
            0 => Err(self.malformed()),
            2.. if leading_zero => Err(self.malformed()),
            _ => Ok(value),
        }
    }

    /// Passes over a value of any kind.
    pub(super) const fn skip_value(&mut self) -> Result<()> {
        let mut depth = 0_usize;
        while let [byte, tail @ ..] = self.rest {
            match *byte {
                b'"' => {
                    tri!(self.string());
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.rest = tail;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.rest = tail;
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth > 0 => self.rest = tail,
                b'a'..=b'z' | b'0'..=b'9' | b'-' => self.skip_word(),
                _ => break,
            }
            if depth == 0 {
                return Ok(());
            }
        }
        Err(self.malformed())
    }

    /// Passes over a number, `true`, `false` or `null`.
    const fn skip_word(&mut self) {
        let mut rest = self.rest;
        while let [b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'E', tail @ ..] = rest {
            rest = tail;
        }
        self.rest = rest;
    }

    /// Checks that nothing but padding is left.
    pub(super) const fn finish(&mut self) -> Result<()> {
        self.skip_whitespace();
        if self.rest.is_empty() { Ok(()) } else { Err(self.malformed()) }
    }

    const fn skip_whitespace(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', tail @ ..] = self.rest {
            self.rest = tail;
        }
    }

    const fn take(&mut self, byte: u8) -> bool {
        match self.rest {
            [first, tail @ ..] if *first == byte => {
                self.rest = tail;
                true
            }
            _ => false,
        }
    }

    const fn expect(&mut self, byte: u8) -> Result<()> {
        if self.take(byte) { Ok(()) } else { Err(self.malformed()) }
    }
}

/// Whether a raw string, as [`Json::string`] returns it, spells `text`.
pub(super) const fn equals(raw: &[u8], text: &str) -> bool {
    let (mut raw, mut text) = (raw, text.as_bytes());
    loop {
        match (raw, text) {
            ([], []) => return true,
            ([b'\\', escape @ ..], _) => {
                let Some((char, tail)) = unescape(escape) else { return false };
                raw = tail;
                let mut utf8 = [0; 4];
                let mut utf8: &[u8] = char.encode_utf8(&mut utf8).as_bytes();
                while let [a, tail @ ..] = utf8 {
                    match text {
                        [b, rest @ ..] if *a == *b => text = rest,
                        _ => return false,
                    }
                    utf8 = tail;
                }
            }
            ([a, raw_tail @ ..], [b, text_tail @ ..]) if *a == *b => {
                (raw, text) = (raw_tail, text_tail);
            }
            _ => return false,
        }
    }
}

/// The character that an escape stands for, and what follows it; `bytes` begins after the backslash.
const fn unescape(bytes: &[u8]) -> Option<(char, &[u8])> {
    let [kind, rest @ ..] = bytes else { return None };
    let char = match *kind {
        kind @ (b'"' | b'\\' | b'/') => kind as char,
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unescape_utf16(rest),
        _ => return None,
    };
    Some((char, rest))
}

/// Four hexadecimal digits, or twelve characters of a surrogate pair; the first `\u` has been read.
const fn unescape_utf16(bytes: &[u8]) -> Option<(char, &[u8])> {
    let Some((unit, rest)) = hex(bytes) else { return None };
    let (code, rest) = match (unit, rest) {
        (0xd800..0xdc00, [b'\\', b'u', rest @ ..]) => match hex(rest) {
            Some((low @ 0xdc00..0xe000, rest)) => {
                (0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00), rest)
            }
            _ => return None,
        },
        _ => (unit, rest),
    };
    match char::from_u32(code) {
        Some(char) => Some((char, rest)),
        // Half of a surrogate pair.
        None => None,
    }
}

const fn hex(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let Some((digits, rest)) = bytes.split_first_chunk::<4>() else { return None };
    let mut value = 0;
    let mut at = 0;
    while at < digits.len() {
        match (digits[at] as char).to_digit(16) {
            Some(digit) => value = value << 4 | digit,
            None => return None,
        }
        at += 1;
    }
    Some((value, rest))
}
