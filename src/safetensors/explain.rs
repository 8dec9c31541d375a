//! What the compiler says when `weights!` cannot read a tensor: which one, in which file, and which
//! name may have been meant.

use super::error::SafetensorsError;
use super::{METADATA, json, split};
use crate::geometry::tri;
use crate::message::Message;

/// Stops the compiler with the error's sentence, the tensor's name and the end of the file's path.
#[cold]
#[track_caller]
pub(super) const fn fail(error: SafetensorsError, bytes: &[u8], name: &str, file: &str) -> ! {
    let mut message = Message::new();
    match error {
        SafetensorsError::NotFound => {
            tensor_in_file(message.text("no tensor "), name, file);
            match closest(bytes, name) {
                Ok((count, Some(closest))) => message
                    .text("; closest of its ")
                    .number(count)
                    .text(" names: \"")
                    .text(start_of(closest))
                    .text("\""),
                _ => message.text(", which has none at all"),
            };
        }
        error => {
            message = error.message();
            tensor_in_file(message.text(": "), name, file);
        }
    }
    panic!("{}", message.as_str())
}

const fn tensor_in_file(message: &mut Message, name: &str, file: &str) {
    message.text("\"").text(start_of(name)).text("\" in \"").text(end_of(file)).text("\"");
}

/// Most bytes that a message quotes of one text, so that all of it fits.
const QUOTED: usize = 48;

const fn start_of(text: &str) -> &str {
    let mut len = if text.len() < QUOTED { text.len() } else { QUOTED };
    loop {
        match text.split_at_checked(len) {
            Some((start, _)) => return start,
            // In the middle of a character; 0 never is.
            None => len -= 1,
        }
    }
}

const fn end_of(text: &str) -> &str {
    let mut skipped = text.len().saturating_sub(QUOTED);
    loop {
        match text.split_at_checked(skipped) {
            Some((_, end)) => return end,
            None => skipped += 1,
        }
    }
}

/// How many tensors a file has, and the name among them that shares most with `name` at both ends.
pub(super) const fn closest<'a>(
    bytes: &'a [u8],
    name: &str,
) -> Result<(usize, Option<&'a str>), SafetensorsError> {
    let (mut header, _) = tri!(split(bytes));
    let (mut count, mut best, mut best_score) = (0, None, 0);
    tri!(header.open());
    while let Some(key) = tri!(header.key()) {
        tri!(header.skip_value());
        if json::equals(key, METADATA) {
            continue;
        }
        count += 1;
        let score = common_ends(key, name.as_bytes());
        if best.is_none() || score > best_score {
            best_score = score;
            best = match core::str::from_utf8(key) {
                Ok(key) => Some(key),
                Err(_) => None,
            };
        }
    }
    Ok((count, best))
}

/// Bytes at the start of both, plus bytes at the end of both.
const fn common_ends(mut a: &[u8], mut b: &[u8]) -> usize {
    let mut common = 0;
    while let ([x, a_tail @ ..], [y, b_tail @ ..]) = (a, b)
        && *x == *y
    {
        (a, b) = (a_tail, b_tail);
        common += 1;
    }
    while let ([a_head @ .., x], [b_head @ .., y]) = (a, b)
        && *x == *y
    {
        (a, b) = (a_head, b_head);
        common += 1;
    }
    common
}
