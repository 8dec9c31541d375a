//! Just enough JSON for a header: goes through objects key by key, passes over what nobody asked for.
//!
//! Nested values are passed over by counting brackets, not by recursion, and without a look at
//! whether they make sense.

use super::error::SafetensorsError;
use crate::geometry::tri;

type Result<T> = core::result::Result<T, SafetensorsError>;

/// A header, and how far it has been read. By index, and with few calls, as the compiler takes its time with them.
pub(super) struct Json<'a> {
    bytes: &'a [u8],
    /// The next byte.
    at: usize,
    /// Where the header starts in the file.
    start: usize,
    /// Whether an object has just been opened, so that no comma is due.
    fresh: bool,
}

impl<'a> Json<'a> {
    /// A header that begins at byte `start` of the file.
    pub(super) const fn new(header: &'a [u8], start: usize) -> Self {
        Self { bytes: header, at: 0, start, fresh: false }
    }

    pub(super) const fn malformed(&self) -> SafetensorsError {
        SafetensorsError::Malformed { position: self.start + self.at }
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
        let first = self.at + 1;
        tri!(self.skip_string());
        match from(self.bytes, first).split_at_checked(self.at - 1 - first) {
            Some((string, _)) => Ok(string),
            None => Err(self.malformed()),
        }
    }

    const fn skip_string(&mut self) -> Result<()> {
        tri!(self.expect(b'"'));
        let (bytes, len, first) = (self.bytes, self.bytes.len(), self.at);
        let (mut at, mut ascii) = (first, true);
        while at < len {
            match bytes[at] {
                b'"' if ascii || is_utf8(bytes, first, at) => {
                    self.at = at + 1;
                    return Ok(());
                }
                0..b' ' | b'"' => break,
                b'\\' => match unescape(from(bytes, at + 1)) {
                    Some((_, tail)) => at = len - tail.len(),
                    None => break,
                },
                byte => {
                    ascii &= byte < 0x80;
                    at += 1;
                }
            }
        }
        self.at = at;
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
        let (bytes, len, first) = (self.bytes, self.bytes.len(), self.at);
        let leading_zero = first < len && bytes[first] == b'0';
        let (mut at, mut value) = (first, 0_usize);
        while at < len && bytes[at].is_ascii_digit() {
            value = match value.checked_mul(10) {
                Some(tens) => match tens.checked_add((bytes[at] - b'0') as usize) {
                    Some(value) => value,
                    None => return Err(SafetensorsError::Overflow),
                },
                None => return Err(SafetensorsError::Overflow),
            };
            at += 1;
        }
        self.at = at;
        match at - first {
            0 => Err(self.malformed()),
            2.. if leading_zero => Err(self.malformed()),
            _ => Ok(value),
        }
    }

    /// Passes over a value of any kind.
    pub(super) const fn skip_value(&mut self) -> Result<()> {
        let (bytes, len) = (self.bytes, self.bytes.len());
        let mut depth = 0_usize;
        while self.at < len {
            match bytes[self.at] {
                b'"' => tri!(self.skip_string()),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth > 0 => self.at += 1,
                // A number, `true`, `false` or `null`.
                b'a'..=b'z' | b'0'..=b'9' | b'-' => {
                    while self.at < len
                        && matches!(bytes[self.at], b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'E')
                    {
                        self.at += 1;
                    }
                }
                _ => break,
            }
            if depth == 0 {
                return Ok(());
            }
        }
        Err(self.malformed())
    }

    /// Checks that nothing but padding is left.
    pub(super) const fn finish(&mut self) -> Result<()> {
        self.skip_whitespace();
        if self.at < self.bytes.len() { Err(self.malformed()) } else { Ok(()) }
    }

    const fn skip_whitespace(&mut self) {
        let (bytes, len, mut at) = (self.bytes, self.bytes.len(), self.at);
        while at < len && matches!(bytes[at], b' ' | b'\t' | b'\n' | b'\r') {
            at += 1;
        }
        self.at = at;
    }

    const fn take(&mut self, byte: u8) -> bool {
        let here = self.at < self.bytes.len() && self.bytes[self.at] == byte;
        if here {
            self.at += 1;
        }
        here
    }

    const fn expect(&mut self, byte: u8) -> Result<()> {
        if self.take(byte) { Ok(()) } else { Err(self.malformed()) }
    }
}

/// Whether bytes `first` up to `end` are text.
const fn is_utf8(bytes: &[u8], first: usize, end: usize) -> bool {
    match from(bytes, first).split_at_checked(end - first) {
        Some((text, _)) => core::str::from_utf8(text).is_ok(),
        None => false,
    }
}

/// What begins with byte `at`.
const fn from(bytes: &[u8], at: usize) -> &[u8] {
    match bytes.split_at_checked(at) {
        Some((_, rest)) => rest,
        None => &[],
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

/// A number for what a raw string spells, FNV-1a.
///
/// Source: <https://datatracker.ietf.org/doc/draft-eastlake-fnv/>.
pub(super) const fn hash(raw: &[u8]) -> u64 {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const FACTOR: u64 = 0x0000_0100_0000_01b3;
    let (len, mut at, mut hash) = (raw.len(), 0, START);
    while at < len {
        let byte = raw[at];
        at += 1;
        if byte == b'\\'
            && let Some((char, tail)) = unescape(from(raw, at))
        {
            at = len - tail.len();
            let mut utf8 = [0; 4];
            let mut utf8: &[u8] = char.encode_utf8(&mut utf8).as_bytes();
            while let [byte, tail @ ..] = utf8 {
                hash = (hash ^ *byte as u64).wrapping_mul(FACTOR);
                utf8 = tail;
            }
        } else {
            hash = (hash ^ byte as u64).wrapping_mul(FACTOR);
        }
    }
    hash
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
