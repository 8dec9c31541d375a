//! Layers that the fuzzer drew and another machine computed, from the file `cases` in the working directory, which may
//! be a pipe: i8 to the bit, f32 within the ranges that come with them.
#![no_std]
#![no_main]

mod file;

use core::fmt;

use firmware::operators::{BAND, Buffers, Memory, Poison, Stop, float, int8};
use firmware::{println, say};
use nchw::Error;
use nchw_wire::{Case, Data, ELEMENTS, Float, HEADER, Int8, Operator, RECORD, Reader, length};

use file::File;

/// Failures after which there is no use in more of them.
const FAILURES: usize = 20;

/// The offsets of i8 buffers that matter.
const OFFSETS: usize = 4;

const ALL: usize = ELEMENTS + 2 * BAND + OFFSETS;

/// Aligned, as words lie in it.
#[repr(align(8))]
struct Record([u8; RECORD]);

struct Work {
    record: Record,
    float: Memory<f32, ALL>,
    int8: Memory<i8, ALL>,
}

firmware::program!(
    run,
    cases: Work = Work {
        record: Record([0; RECORD]),
        float: Memory::new(0.0),
        int8: Memory::new(0),
    }
);

fn run(Work { record: Record(bytes), float, int8 }: &'static mut Work) -> bool {
    let Some(file) = File::open(c"cases") else {
        say!["no file `cases`"];
        return false;
    };
    // Of each operator in f32 and i8.
    let mut tallies = [[Tally::default(); 2]; Operator::ALL.len()];
    let mut failures = 0;
    while failures < FAILURES {
        let (number, case) = match next(&file, bytes) {
            Ok(Some(next)) => next,
            Ok(None) => break,
            Err(Damage) => {
                say!["a record is damaged"];
                return false;
            }
        };
        // Tells what ran last, if it does not end.
        say!["at ", number];
        let (kind, verdict) = match &case.data {
            Data::Float(data) => (0, judge_float(&case.operator, data, float.buffers(0))),
            Data::Int8(data) => {
                let offset = number as usize % OFFSETS;
                (1, judge_int8(&case.operator, data, int8.buffers(offset)))
            }
        };
        let index = case.operator.index().unwrap_or_default();
        let tally = &mut tallies[index][kind];
        match verdict {
            Ok(()) => tally.right += 1,
            Err(Verdict::LeftOut) => tally.left_out += 1,
            Err(Verdict::Wrong(what)) => {
                failures += 1;
                let name = Operator::ALL[index].0;
                println!("case {number} failed: {name}{}: {what}", ["", "-i8"][kind]);
            }
        }
    }
    summary(&tallies, failures)
}

/// What became of layers.
#[derive(Clone, Copy, Default)]
struct Tally {
    right: usize,
    left_out: usize,
}

/// Prints it; true if all went well.
fn summary(tallies: &[[Tally; 2]; Operator::ALL.len()], failures: usize) -> bool {
    let (mut right, mut left_out) = (0, 0);
    for ((name, _), tallies) in Operator::ALL.iter().zip(tallies) {
        for (tally, kind) in tallies.iter().zip(["", "-i8"]) {
            if tally.right + tally.left_out > 0 {
                say!["| ", *name, kind, " | ", tally.right, " | ", tally.left_out, " | | |"];
            }
            right += tally.right;
            left_out += tally.left_out;
        }
    }
    say![right, " of ", right + failures, " right, ", left_out, " left out"];
    failures == 0 && right > 0
}

/// What is no record.
struct Damage;

/// Reads the next record, if there is one.
fn next<'a>(file: &File, bytes: &'a mut [u8; RECORD]) -> Result<Option<(u64, Case<'a>)>, Damage> {
    let mut header = [0; HEADER];
    match file.read(&mut header) {
        HEADER => {}
        0 => return Ok(None),
        _ => return Err(Damage),
    }
    let record = length(&header).and_then(|length| bytes.get_mut(..length)).ok_or(Damage)?;
    let (first, rest) = record.split_first_chunk_mut().ok_or(Damage)?;
    *first = header;
    if file.read(rest) < rest.len() {
        return Err(Damage);
    }
    Reader::read(record).ok_or(Damage).map(Some)
}

/// Why a layer is not right.
enum Verdict {
    /// It is too large for this machine.
    LeftOut,
    Wrong(What),
}

/// What is wrong.
enum What {
    Refused(Error),
    Length([usize; 2]),
    Float { index: usize, got: f32, range: [f32; 2] },
    Int8 { index: usize, got: i8, want: i8 },
    Band,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "refused: {error}"),
            Self::Length([got, want]) => write!(f, "{got} outputs, not {want}"),
            Self::Float { index, got, range: [low, high] } => {
                write!(f, "element {index} is {got:e}, not {low:e} to {high:e}")
            }
            Self::Int8 { index, got, want } => write!(f, "element {index} is {got}, not {want}"),
            Self::Band => f.write_str("something was written beside a buffer"),
        }
    }
}

impl From<Stop> for Verdict {
    fn from(stop: Stop) -> Self {
        match stop {
            // Which sizes 32 bits have no room for, the fuzzer finds out on a machine of 32 bits.
            Stop::NoMemory | Stop::Refused(Error::Overflow | Error::SpanTooLarge(_)) => {
                Self::LeftOut
            }
            Stop::Refused(error) => Self::Wrong(What::Refused(error)),
        }
    }
}

fn judge_float(
    operator: &Operator,
    Float { x, operand, parameters, range: [low, high] }: &Float<'_>,
    mut buffers: Buffers<'_, f32>,
) -> Result<(), Verdict> {
    float::run(operator, [x, operand], parameters, &mut buffers)?;
    let ranges = low.iter().zip(*high).map(|(low, high)| [*low, *high]);
    let within = |got: f32, [low, high]: [f32; 2]| {
        low <= got && got <= high || low.is_nan() && got.is_nan() && !got.is_poison()
    };
    let wrong = |index, got, range| What::Float { index, got, range };
    judge(&buffers, ranges, within, wrong).map_err(Verdict::Wrong)
}

fn judge_int8(
    operator: &Operator,
    Int8 { x, operand, parameters, y }: &Int8<'_>,
    mut buffers: Buffers<'_, i8>,
) -> Result<(), Verdict> {
    int8::run(operator, [x, operand], parameters, &mut buffers)?;
    let wrong = |index, got, want| What::Int8 { index, got, want };
    judge(&buffers, y.iter().copied(), |got, want| got == want, wrong).map_err(Verdict::Wrong)
}

/// Holds outputs against what they have to be.
fn judge<T: Poison, W: Copy>(
    buffers: &Buffers<'_, T>,
    want: impl ExactSizeIterator<Item = W>,
    right: impl Fn(T, W) -> bool,
    wrong: impl Fn(usize, T, W) -> What,
) -> Result<(), What> {
    let y = buffers.y.elements();
    if y.len() != want.len() {
        return Err(What::Length([y.len(), want.len()]));
    }
    for (index, (&got, want)) in y.iter().zip(want).enumerate() {
        if !right(got, want) {
            return Err(wrong(index, got, want));
        }
    }
    if buffers.intact() { Ok(()) } else { Err(What::Band) }
}
