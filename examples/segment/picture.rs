//! All scenes on one sheet: input, truth, prediction.

use core::convert::Infallible;
use std::path::Path;

use crate::scenes::{Plane, SIZE, Scene};
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::{FONT_8X13, FONT_9X18_BOLD};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;
use embedded_graphics::text::{Baseline, Text};
use image::{ImageResult, Rgb, RgbImage};

/// Screen pixels per scene pixel.
const ZOOM: u32 = 3;
/// The side of a panel.
const PANEL: u32 = SIZE as u32 * ZOOM;
/// Space between panels, and around everything.
const GAP: u32 = 4;
const MARGIN: u32 = 20;
const CAPTION: u32 = 20;
const HEADER: u32 = 76;
const SCENES_PER_ROW: u32 = 4;
const SCENE_WIDTH: u32 = 3 * PANEL + 2 * GAP;
const SCENE_HEIGHT: u32 = PANEL + CAPTION;

const PAPER: Rgb<u8> = Rgb([250, 250, 248]);
const INK: Rgb888 = Rgb888::new(40, 40, 44);
const FAINT: Rgb888 = Rgb888::new(120, 120, 126);

const BACKGROUND: Rgb<u8> = Rgb([28, 30, 36]);
const FOUND: Rgb<u8> = Rgb([240, 240, 236]);
const INVENTED: Rgb<u8> = Rgb([230, 120, 40]);
const MISSED: Rgb<u8> = Rgb([70, 130, 220]);

/// A scene with what the network made of it.
pub struct Row<'a> {
    pub scene: &'a Scene,
    pub found: Plane<bool>,
    pub iou: f64,
}

/// Draws every scene under `title` and writes the picture to `path`.
pub fn write(path: &Path, title: &str, rows: &[Row<'_>]) -> ImageResult<()> {
    let lines = (rows.len() as u32).div_ceil(SCENES_PER_ROW);
    let width = SCENES_PER_ROW * (SCENE_WIDTH + MARGIN) + MARGIN;
    let height = HEADER + lines * (SCENE_HEIGHT + MARGIN);
    let mut sheet = Sheet(RgbImage::from_pixel(width, height, PAPER));

    sheet.header(title);
    for (index, row) in (0..).zip(rows) {
        let x = MARGIN + index % SCENES_PER_ROW * (SCENE_WIDTH + MARGIN);
        let y = HEADER + index / SCENES_PER_ROW * (SCENE_HEIGHT + MARGIN);
        sheet.scene(x, y, index, row);
    }
    sheet.0.save(path)
}

struct Sheet(RgbImage);

impl Sheet {
    fn header(&mut self, title: &str) {
        let at = Point::new(MARGIN as i32, MARGIN as i32 - 4);
        self.text(title, at, MonoTextStyle::new(&FONT_9X18_BOLD, INK));

        let mut x = MARGIN;
        let key = [
            ("input, truth, prediction;", None),
            ("found", Some(FOUND)),
            ("missed", Some(MISSED)),
            ("invented", Some(INVENTED)),
            ("background", Some(BACKGROUND)),
        ];
        for (label, color) in key {
            if let Some(color) = color {
                self.square(x, 44, 12, Rgb([160, 160, 164]));
                self.square(x + 1, 45, 10, color);
                x += 18;
            }
            let style = MonoTextStyle::new(&FONT_8X13, FAINT);
            self.text(label, Point::new(x as i32, 43), style);
            x += label.len() as u32 * 8 + 16;
        }
    }

    fn scene(&mut self, x: u32, y: u32, index: u32, row: &Row<'_>) {
        let Row { scene, found, iou } = row;
        let caption = format!("scene {index:2}   IoU {iou:.4}");
        self.text(&caption, Point::new(x as i32, y as i32), MonoTextStyle::new(&FONT_8X13, INK));

        let y = y + CAPTION;
        self.panel(x, y, |pixel| Rgb([scene.image[pixel]; 3]));
        self.panel(x + PANEL + GAP, y, |pixel| match scene.truth[pixel] {
            0 => BACKGROUND,
            _ => FOUND,
        });
        self.panel(x + 2 * (PANEL + GAP), y, |pixel| {
            match (scene.truth[pixel] != 0, found[pixel]) {
                (true, true) => FOUND,
                (true, false) => MISSED,
                (false, true) => INVENTED,
                (false, false) => BACKGROUND,
            }
        });
    }

    fn panel(&mut self, x: u32, y: u32, color: impl Fn(usize) -> Rgb<u8>) {
        for pixel in 0..SIZE * SIZE {
            let (row, column) = ((pixel / SIZE) as u32, (pixel % SIZE) as u32);
            self.square(x + column * ZOOM, y + row * ZOOM, ZOOM, color(pixel));
        }
    }

    fn square(&mut self, x: u32, y: u32, side: u32, color: Rgb<u8>) {
        for (dx, dy) in (0..side).flat_map(|dx| (0..side).map(move |dy| (dx, dy))) {
            self.0.put_pixel(x + dx, y + dy, color);
        }
    }

    fn text(&mut self, text: &str, at: Point, style: MonoTextStyle<'_, Rgb888>) {
        match Text::with_baseline(text, at, style, Baseline::Top).draw(self) {
            Ok(_) => {}
            Err(never) => match never {},
        }
    }
}

impl DrawTarget for Sheet {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<Rgb888>>,
    {
        for Pixel(Point { x, y }, color) in pixels {
            if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
                && let Some(pixel) = self.0.get_pixel_mut_checked(x, y)
            {
                *pixel = Rgb([color.r(), color.g(), color.b()]);
            }
        }
        Ok(())
    }
}

impl OriginDimensions for Sheet {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}
