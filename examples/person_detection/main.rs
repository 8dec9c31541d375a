//! Says whether there is a person in a photo, with a MobileNet of 210,706 i8 parameters.
//!
//! The compiler reads the weights from `data/model.safetensors`, turns their scales into fixed-point
//! factors and packs them; the same network runs as firmware. Without arguments it looks at eleven
//! photos and compares its output bytes with those of TensorFlow Lite Micro.

mod mobilenet;
mod photos;

use core::time::Duration;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Parser;
use image::GrayImage;
use image::imageops::FilterType;
use nchw::Tensor;

use crate::mobilenet::{MOBILENET, Memory, MobileNet, PROBABILITY};
use crate::photos::PHOTOS;

/// Find out whether there are persons in photos.
#[derive(Parser)]
struct Arguments {
    /// Pictures to look at (PNG or JPEG, any size; the centre square counts) instead of the eleven
    /// photos that come with the example.
    #[arg(value_name = "PICTURE")]
    pictures: Vec<PathBuf>,

    /// Draw each photo in the terminal.
    #[arg(long)]
    show: bool,
}

/// What the network says about a photo.
struct Verdict {
    /// "No person" and "person", as [`PROBABILITY`].
    scores: [i8; 2],
    time: Duration,
}

impl Verdict {
    fn of(image: &GrayImage, memory: &mut Memory) -> Self {
        *memory.photo() = photos::input(image);
        let start = Instant::now();
        let mut scores = Tensor::ZERO;
        MOBILENET.infer(memory, &mut scores);
        let time = start.elapsed();
        Self { scores: [scores[[0, 0, 0]], scores[[1, 0, 0]]], time }
    }

    fn person(&self) -> bool {
        self.scores[1] > self.scores[0]
    }

    /// A line of the table, without its end.
    fn line(&self, name: &str) -> String {
        let [_, probability] = self.scores.map(|score| 100.0 * PROBABILITY.dequantize(score));
        let [no_person, person] = self.scores;
        let verdict = if self.person() { "person" } else { "no person" };
        let time = self.time.as_secs_f64() * 1e3;
        format!(
            "{name:<12} {no_person:>9} {person:>6} {probability:>6.1} %  {verdict:<9} {time:>6.2} ms"
        )
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let Arguments { pictures, show } = Arguments::parse();
    // Decoded first, so that a file that is no picture is said before anything is printed.
    let pictures = pictures
        .iter()
        .map(|path| Ok((path.file_name().unwrap_or_default().to_string_lossy(), open(path)?)))
        .collect::<Result<Vec<_>>>()?;

    let mut memory = Memory::NEW;
    let mut out = stdout().lock();
    writeln!(
        out,
        "{} multiply-adds, {} bytes of weights, {} bytes of activations",
        MobileNet::MACS,
        MobileNet::FLASH,
        MobileNet::RAM
    )?;
    writeln!(out, "photo        no person person  person?  verdict        time")?;
    for (name, image) in &pictures {
        writeln!(out, "{}", Verdict::of(image, &mut memory).line(name))?;
        if show {
            draw(image, &mut out)?;
        }
    }
    if !pictures.is_empty() {
        return Ok(());
    }

    let (mut right, mut equal) = (0, 0);
    for photo in &PHOTOS {
        let image = photo.image()?;
        let verdict = Verdict::of(&image, &mut memory);
        let (is_right, is_equal) =
            (verdict.person() == photo.person, verdict.scores == photo.reference);
        right += usize::from(is_right);
        equal += usize::from(is_equal);
        let is_right = if is_right { "right" } else { "WRONG" };
        let is_equal = if is_equal { "equal" } else { "DIFFERENT" };
        writeln!(out, "{}  {is_right}, {is_equal}", verdict.line(photo.name))?;
        if show {
            draw(&image, &mut out)?;
        }
    }
    let all = PHOTOS.len();
    writeln!(
        out,
        "{right} of {all} photos right; {equal} of {all} outputs equal to the reference bytes"
    )?;
    Ok(())
}

/// Reads a picture of any size; its content says what kind of file it is, not its name.
fn open(path: &Path) -> Result<GrayImage> {
    let file = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let picture = image::load_from_memory(&file)
        .with_context(|| format!("{} is not a PNG or JPEG picture", path.display()))?;
    Ok(photos::fit(picture.to_luma8()))
}

/// Draws a picture 48 columns wide, two pixels to a character.
fn draw(image: &GrayImage, out: &mut impl Write) -> Result<()> {
    let small = image::imageops::resize(image, 48, 48, FilterType::Triangle);
    for row in (0..small.height()).step_by(2) {
        for column in 0..small.width() {
            let [upper] = small.get_pixel(column, row).0;
            let [lower] = small.get_pixel(column, row + 1).0;
            write!(out, "\x1b[38;2;{upper};{upper};{upper};48;2;{lower};{lower};{lower}m\u{2580}")?;
        }
        writeln!(out, "\x1b[0m")?;
    }
    Ok(())
}
