//! Pictures as .svg and .png alike.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use image::RgbImage;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

/// The font of all text; viewers of the .svg take their own.
pub const FONT: &str = "sans-serif";

/// Dark grey.
pub const INK: RGBColor = RGBColor(50, 50, 56);
/// What lies behind the figures.
pub const FAINT: RGBColor = RGBColor(225, 225, 228);
/// Colours that are told apart without red and green (Okabe and Ito).
pub const COLORS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// What can be drawn.
pub trait Picture {
    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// Draws it on an empty `area`.
    fn draw<D: DrawingBackend>(&self, area: &DrawingArea<D, Shift>) -> Result<()>
    where
        D::ErrorType: 'static;
}

/// Draws `picture` into `stem`.svg and `stem`.png and says so.
pub fn write(stem: &Path, picture: &impl Picture) -> Result<()> {
    for (style, font) in
        [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())]
    {
        register_font(FONT, style, font).map_err(|_| anyhow!("the font cannot be read"))?;
    }
    if let Some(folder) = stem.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let (svg, png) = (stem.with_extension("svg"), stem.with_extension("png"));
    let (width, height) = picture.size();
    {
        let area = SVGBackend::new(&svg, (width, height)).into_drawing_area();
        area.fill(&WHITE)?;
        picture.draw(&area)?;
        area.present().with_context(|| format!("cannot write {}", svg.display()))?;
    }
    let mut image = RgbImage::new(width, height);
    {
        let area = BitMapBackend::with_buffer(&mut image, (width, height)).into_drawing_area();
        area.fill(&WHITE)?;
        picture.draw(&area)?;
        area.present()?;
    }
    image.save(&png).with_context(|| format!("cannot write {}", png.display()))?;
    println!("drawn into {} and {}", svg.display(), png.display());
    Ok(())
}

/// A number as short as its three digits allow.
pub fn short(x: f64) -> String {
    match x {
        _ if x >= 10.0 => format!("{x:.0}"),
        _ if x >= 1.0 => format!("{:.1}", x).trim_end_matches(".0").to_owned(),
        _ => format!("{x:.2}").trim_end_matches('0').to_owned(),
    }
}
