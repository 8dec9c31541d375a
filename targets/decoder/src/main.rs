//! Turns the output of a program that logs through defmt into lines: reads its bytes, and the words
//! that belong to them from the program's ELF file.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use clap::Parser;
use defmt_decoder::{Encoding, Table};

/// Prints what a program logged through defmt, a line per frame: its level and its message.
///
/// Text between frames, such as a panic's, is printed as it is. Fails if something is neither frame nor
/// text.
#[derive(Parser)]
struct Arguments {
    /// The program.
    elf: PathBuf,
    /// What it wrote; standard input, if there is no file.
    bytes: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let Arguments { elf, bytes } = Arguments::parse();
    let file = fs::read(&elf).with_context(|| format!("cannot read {}", elf.display()))?;
    let Some(table) = Table::parse(&file)? else {
        bail!("{} has no defmt section: it does not log through defmt", elf.display());
    };
    ensure!(table.encoding() == Encoding::Rzcobs, "the frames are not encoded in rzCOBS");

    let input: Box<dyn Read> = match &bytes {
        Some(path) => Box::new(
            fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?,
        ),
        None => Box::new(io::stdin()),
    };
    let malformed = print(&table, BufReader::new(input), io::stdout().lock())?;
    ensure!(malformed == 0, "pieces of the output that are neither frames nor text: {malformed}");
    Ok(())
}

/// Prints frames and text as they come in; returns how many pieces are neither.
fn print(table: &Table, input: impl BufRead, mut to: impl Write) -> anyhow::Result<usize> {
    let mut malformed = 0;
    // A frame has no zeros in it, and one before and behind it.
    for piece in input.split(0) {
        let piece = piece?;
        if piece.is_empty() {
            continue;
        }
        let mut decoder = table.new_stream_decoder();
        decoder.received(&piece);
        decoder.received(&[0]);
        match (decoder.decode(), str::from_utf8(&piece)) {
            (Ok(frame), _) => {
                let level = frame.level().map_or("-", |level| level.as_str()).to_uppercase();
                writeln!(to, "{level:<5} {}", frame.display_message())?;
            }
            (Err(_), Ok(text)) if is_printable(text) => to.write_all(text.as_bytes())?,
            (Err(_), _) => {
                malformed += 1;
                writeln!(to, "not a frame: {}", piece.escape_ascii())?;
            }
        }
        to.flush()?;
    }
    Ok(malformed)
}

fn is_printable(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || !c.is_control())
}
