//! How the cost of a multiply-add depends on the size of the layer.

use core::ops::Range;
use std::path::PathBuf;

use anyhow::{Context, Result};
use nchw::{Algorithm, Backend};
use nchw_benches::{Layer, Subject};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::options::Options;
use crate::sheet::{self, COLORS, FAINT, FONT, INK, Picture, short};
use crate::{case, measure_with_progress};

/// Rows and columns of planes of 64 channels.
const SIDES: [usize; 7] = [7, 14, 28, 56, 112, 224, 448];
/// Channels of planes of 28x28.
const CHANNELS: [usize; 7] = [8, 16, 32, 64, 128, 256, 512];

/// Layers that differ in one size.
struct Sweep {
    title: &'static str,
    axis: &'static str,
    curves: Vec<Curve>,
}

/// A sweep on one instruction set.
struct Curve {
    backend: Backend,
    points: Vec<Point>,
}

struct Point {
    size: usize,
    macs: u64,
    subject: Subject,
}

impl Point {
    /// Picoseconds of a multiply-add.
    fn cost(&self) -> f64 {
        self.subject.seconds() * 1e12 / self.macs as f64
    }
}

impl Curve {
    fn lowest(&self) -> f64 {
        self.points.iter().map(Point::cost).fold(f64::INFINITY, f64::min)
    }
}

impl Sweep {
    fn new(
        options: &Options,
        title: &'static str,
        axis: &'static str,
        sizes: &[usize],
        layer: impl Fn(usize) -> Layer,
    ) -> Result<Self> {
        let point = |backend, size| {
            let layer = layer(size);
            let case = case(options.dtype, &layer, backend, Algorithm::Direct, 1)?
                .context("there is no direct convolution")?;
            Ok(Point { size, macs: layer.macs()?, subject: case.subject })
        };
        let curve = |backend| {
            let points = sizes.iter().map(|&size| point(backend, size)).collect::<Result<_>>()?;
            Ok(Curve { backend, points })
        };
        let curves = options.backends().into_iter().map(curve).collect::<Result<_>>()?;
        Ok(Self { title, axis, curves })
    }

    fn print(&self) {
        println!();
        println!("{}: ps per multiply-add, and its ratio to the best", self.title);
        print!("{:>8}", self.axis);
        for curve in &self.curves {
            print!("  {:>16}", curve.backend.name());
        }
        println!();
        let sizes = self.curves.first().map_or(&[][..], |curve| &curve.points);
        for (row, Point { size, .. }) in sizes.iter().enumerate() {
            print!("{size:>8}");
            for curve in &self.curves {
                let cost = curve.points[row].cost();
                print!("  {cost:>9.2}  {:>5.2}", cost / curve.lowest());
            }
            println!();
        }
    }

    fn panel<D: DrawingBackend>(&self, area: &DrawingArea<D, Shift>, y: Range<f64>) -> Result<()>
    where
        D::ErrorType: 'static,
    {
        let sizes =
            self.curves.iter().flat_map(|curve| &curve.points).map(|point| point.size as f64);
        let x = sizes.clone().fold(f64::INFINITY, f64::min)..sizes.fold(0.0, f64::max);
        let mut chart = ChartBuilder::on(area)
            .caption(self.title, (FONT, 20).into_font().style(FontStyle::Bold).color(&INK))
            .margin(16)
            .margin_right(30)
            .x_label_area_size(50)
            .y_label_area_size(70)
            .build_cartesian_2d(
                (x.start / 1.2..x.end * 1.2).log_scale().base(2.0),
                y.log_scale().base(2.0),
            )?;
        chart
            .configure_mesh()
            .bold_line_style(FAINT)
            .light_line_style(FAINT.mix(0.5))
            .axis_style(INK)
            .label_style((FONT, 15).into_font().color(&INK))
            .axis_desc_style((FONT, 16).into_font().color(&INK))
            .x_desc(self.axis)
            .y_desc("ps per multiply-add")
            .x_label_formatter(&|x| short(*x))
            .y_label_formatter(&|y| short(*y))
            .draw()?;
        for (curve, color) in self.curves.iter().zip(COLORS) {
            let points = || curve.points.iter().map(|point| (point.size as f64, point.cost()));
            chart.draw_series(LineSeries::new(points(), color.stroke_width(2)))?;
            chart
                .draw_series(points().map(|point| Circle::new(point, 4, color.filled())))?
                .label(curve.backend.name())
                .legend(move |(x, y)| Circle::new((x + 11, y), 4, color.filled()));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .margin(14)
            .legend_area_size(30)
            .background_style(WHITE.mix(0.9))
            .border_style(FAINT)
            .label_font((FONT, 15).into_font().color(&INK))
            .draw()?;
        Ok(())
    }
}

struct Scaling([Sweep; 2]);

impl Picture for Scaling {
    fn size(&self) -> (u32, u32) {
        (1400, 600)
    }

    fn draw<D: DrawingBackend>(&self, area: &DrawingArea<D, Shift>) -> Result<()>
    where
        D::ErrorType: 'static,
    {
        let curves = self.0.iter().flat_map(|sweep| &sweep.curves);
        let costs = curves.flat_map(|curve| &curve.points).map(Point::cost);
        let y = costs.clone().fold(f64::INFINITY, f64::min) / 1.5..costs.fold(0.0, f64::max) * 2.0;
        for (area, sweep) in area.split_evenly((1, 2)).iter().zip(&self.0) {
            sweep.panel(area, y.clone())?;
        }
        Ok(())
    }
}

/// Measures, prints and draws both sweeps.
pub fn run(options: &Options) -> Result<()> {
    let square = "direct 3x3, 64 channels";
    let planes =
        Sweep::new(options, square, "rows and columns", &SIDES, |side| Layer::square(64, side))?;
    let deep = "direct 3x3, 28x28";
    let channels =
        Sweep::new(options, deep, "channels", &CHANNELS, |channels| Layer::square(channels, 28))?;
    let mut scaling = Scaling([planes, channels]);

    let curves = scaling.0.iter_mut().flat_map(|sweep| &mut sweep.curves);
    let points = curves.flat_map(|curve| &mut curve.points);
    let mut subjects: Vec<_> = points.map(|point| &mut point.subject).collect();
    measure_with_progress(&mut subjects, options.seconds);
    for sweep in &scaling.0 {
        sweep.print();
    }
    println!();
    let stem = options.picture.clone().unwrap_or_else(|| PathBuf::from("target/scaling"));
    sheet::write(&stem, &scaling)
}
