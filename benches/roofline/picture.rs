//! The roofline: operations per second over operations per byte.

use core::ops::Range;
use std::path::Path;

use anyhow::Result;
use nchw_benches::Layer;
use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Text};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Measurement;
use crate::labels::{self, Rectangle};
use crate::machine::Limit;
use crate::options::Dtype;
use crate::sheet::{self, COLORS, FAINT, FONT, INK, Picture, short};

const WIDTH: u32 = 1200;
/// Of one instruction set.
const HEIGHT: u32 = 680;
/// What the legend covers at most.
const LEGEND_WIDTH: i32 = 360;
/// A label further away from its point is tied to it by a line.
const LEADER: i32 = 28;

/// Draws `stem`.svg and `stem`.png, one panel for each of the instruction sets of `peaks`.
pub fn write(
    stem: &Path,
    dtype: Dtype,
    layers: &[Layer],
    measurements: &[Measurement],
    peaks: &[Limit],
    copies: &[Limit],
) -> Result<()> {
    let mut points = Vec::new();
    for measurement in measurements {
        if let Some(layer) = layers.iter().find(|layer| layer.id == measurement.layer) {
            let bytes = dtype.size() * layer.elements()?;
            points
                .push(Point { measurement, intensity: 2.0 * layer.macs()? as f64 / bytes as f64 });
        }
    }
    sheet::write(stem, &Roofline { dtype, points, peaks, copies })
}

struct Point<'a> {
    measurement: &'a Measurement,
    /// Operations per byte.
    intensity: f64,
}

struct Roofline<'a> {
    dtype: Dtype,
    points: Vec<Point<'a>>,
    peaks: &'a [Limit],
    copies: &'a [Limit],
}

/// A range of a logarithmic axis, from one power of two to another, around `values`.
fn range(values: impl Iterator<Item = f64> + Clone) -> Range<f64> {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.fold(0.0, f64::max);
    (low / 1.5).log2().floor().exp2()..(high * 1.5).log2().ceil().exp2()
}

impl Picture for Roofline<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH, HEIGHT * self.peaks.len() as u32)
    }

    fn draw<D: DrawingBackend>(&self, area: &DrawingArea<D, Shift>) -> Result<()>
    where
        D::ErrorType: 'static,
    {
        for (panel, peak) in area.split_evenly((self.peaks.len(), 1)).iter().zip(self.peaks) {
            self.panel(area, panel, peak)?;
        }
        Ok(())
    }
}

impl Roofline<'_> {
    /// Draws the panel of one instruction set; labels go on the whole `sheet`.
    fn panel<D: DrawingBackend>(
        &self,
        sheet: &DrawingArea<D, Shift>,
        panel: &DrawingArea<D, Shift>,
        peak: &Limit,
    ) -> Result<()>
    where
        D::ErrorType: 'static,
    {
        let points: Vec<_> =
            self.points.iter().filter(|point| point.measurement.isa == peak.name).collect();
        let x = range(self.points.iter().map(|point| point.intensity));
        let gops = points.iter().map(|point| point.measurement.gops);
        let y = range(gops.chain([peak.giga()]));

        let title = format!("nchw, {} on {}, one core", self.dtype.name(), peak.name);
        let mut chart = ChartBuilder::on(panel)
            .caption(title, (FONT, 22).into_font().style(FontStyle::Bold).color(&INK))
            .margin(16)
            .x_label_area_size(50)
            .y_label_area_size(70)
            .build_cartesian_2d(x.clone().log_scale().base(2.0), y.clone().log_scale().base(2.0))?;
        chart
            .configure_mesh()
            .bold_line_style(FAINT)
            .light_line_style(FAINT.mix(0.5))
            .axis_style(INK)
            .label_style((FONT, 15).into_font().color(&INK))
            .axis_desc_style((FONT, 16).into_font().color(&INK))
            .x_desc("arithmetic intensity, operations per byte of input, weights and output")
            .y_desc("GFLOP/s (2 per multiply-add of the direct computation)")
            .x_label_formatter(&|x| short(*x))
            .y_label_formatter(&|y| short(*y))
            .draw()?;

        let roof = vec![(x.start, peak.giga()), (x.end, peak.giga())];
        chart
            .draw_series(LineSeries::new(roof, INK.stroke_width(2)))?
            .label(format!("peak of multiply-adds, {} GFLOP/s", short(peak.giga())))
            .legend(|(x, y)| PathElement::new([(x, y), (x + 22, y)], INK.stroke_width(2)));
        for (index, copy) in self.copies.iter().enumerate() {
            let shade = 140 + 50 * index as u8;
            let style = RGBColor(shade, shade, shade).stroke_width(2);
            let bandwidth = copy.giga();
            let start = x.start.max(y.start / bandwidth);
            let end = x.end.min(peak.giga() / bandwidth);
            let slope = match start < end {
                true => vec![(start, bandwidth * start), (end, bandwidth * end)],
                false => Vec::new(),
            };
            chart
                .draw_series(LineSeries::new(slope, style))?
                .label(format!("{}, {} GB/s", copy.name, short(bandwidth)))
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
        }

        let mut algorithms: Vec<_> =
            points.iter().map(|point| point.measurement.algorithm.as_str()).collect();
        algorithms.sort();
        algorithms.dedup();
        for (algorithm, color) in algorithms.iter().zip(COLORS.iter().cycle()) {
            let of_it = points.iter().filter(|point| point.measurement.algorithm == *algorithm);
            chart
                .draw_series(of_it.map(|point| {
                    Circle::new((point.intensity, point.measurement.gops), 5, color.filled())
                }))?
                .label(*algorithm)
                .legend(move |(x, y)| Circle::new((x + 11, y), 5, color.filled()));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .margin(14)
            .legend_area_size(30)
            .background_style(WHITE.mix(0.9))
            .border_style(FAINT)
            .label_font((FONT, 15).into_font().color(&INK))
            .draw()?;

        let pixels: Vec<_> = points
            .iter()
            .map(|point| chart.backend_coord(&(point.intensity, point.measurement.gops)))
            .collect();
        let (columns, rows) = chart.plotting_area().get_pixel_range();
        let bounds = [columns.start, rows.start, columns.end, rows.end];
        let legend_lines = (1 + self.copies.len() + algorithms.len()) as i32;
        let legend =
            [columns.end - LEGEND_WIDTH, rows.end - 24 * legend_lines, columns.end, rows.end];
        let (_, roof) = chart.backend_coord(&(x.start, peak.giga()));
        let roof = [columns.start, roof - 2, columns.end, roof + 2];
        label(sheet, &points, &pixels, Rectangle(bounds), &[legend, roof].map(Rectangle))
    }
}

/// Writes the layers' names beside their points.
fn label<D: DrawingBackend>(
    sheet: &DrawingArea<D, Shift>,
    points: &[&Point<'_>],
    pixels: &[(i32, i32)],
    bounds: Rectangle,
    taken: &[Rectangle],
) -> Result<()>
where
    D::ErrorType: 'static,
{
    let style = (FONT, 14).into_font().color(&INK).pos(Pos::new(HPos::Center, VPos::Center));
    let mut sizes = Vec::new();
    for point in points {
        let (width, height) = sheet.estimate_text_size(&point.measurement.layer, &style)?;
        sizes.push((width as i32 + 4, height as i32 + 2));
    }
    let centres = labels::place(pixels, &sizes, bounds, taken);
    for ((point, &pixel), (x, y)) in points.iter().zip(pixels).zip(centres) {
        if (pixel.0 - x).abs().max((pixel.1 - y).abs()) > LEADER {
            sheet.draw(&PathElement::new([pixel, (x, y)], INK.mix(0.3)))?;
        }
        sheet.draw(&Text::new(point.measurement.layer.as_str(), (x, y), style.clone()))?;
    }
    Ok(())
}
