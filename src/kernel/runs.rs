//! Outputs that meet the same taps of the kernel, so that no loop over them has to ask where the input
//! ends: along each direction an output falls into few runs, the interior and what looks over an edge.

use core::iter::from_fn;

use crate::geometry::{Axis, divide};
use crate::padding::PaddingMode;

/// Which way the window runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// A convolution, and what it finds outside its input.
    Convolution(PaddingMode),
    /// A transposed convolution: outputs `phase, phase + stride, ..` meet the input one after the other.
    Transposed,
}

#[cfg(any(neon, dsp, test))]
impl Operator {
    /// What lies outside the input.
    pub(crate) fn padding_mode(self) -> PaddingMode {
        match self {
            Self::Convolution(mode) => mode,
            Self::Transposed => PaddingMode::Zeros,
        }
    }
}

/// Outputs along one direction, equally spaced in the output and in the input.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    /// The first output.
    pub(crate) output: usize,
    /// From one output to the next.
    pub(crate) output_step: usize,
    /// How many outputs.
    pub(crate) count: usize,
    /// What the first output's taps count their inputs from.
    pub(crate) input: usize,
    /// From one output's inputs to the next's.
    pub(crate) input_step: usize,
    /// Which taps meet an input.
    pub(crate) taps: TapRange,
}

impl Run {
    /// The outputs from number `first` to number `end`.
    pub(crate) fn part(self, first: usize, end: usize) -> Self {
        Self {
            output: self.output + first * self.output_step,
            input: self.input + first * self.input_step,
            count: end - first,
            ..self
        }
    }
}

/// Taps along one direction, equally spaced in the kernel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TapRange {
    pub(crate) first: usize,
    step: usize,
    pub(crate) count: usize,
}

impl TapRange {
    /// Whether `tap` is one of them.
    pub(crate) fn contains(&self, tap: usize) -> bool {
        tap.checked_sub(self.first).is_some_and(|distance| {
            let index = divide(distance, self.step);
            index < self.count && index * self.step == distance
        })
    }

    /// The tap at `index`.
    fn at(&self, index: usize) -> usize {
        self.first + index * self.step
    }
}

/// Where the taps of one direction find their inputs.
#[derive(Clone, Copy)]
pub(crate) struct Along {
    pub(crate) axis: Axis,
    pub(crate) operator: Operator,
}

impl Along {
    /// All runs; together they hold every output once.
    pub(crate) fn runs(self) -> impl Iterator<Item = Run> {
        let (outputs, phases) = (self.axis.output, self.phases());
        let (mut phase, mut next) = (0, 0);
        from_fn(move || {
            if next >= outputs {
                phase += 1;
                next = phase;
            }
            if phase >= phases || next >= outputs {
                return None;
            }
            let run = self.run(next);
            next += run.count * phases;
            Some(run)
        })
    }

    /// The taps of `run`, each with where it finds its input, counted from the run's.
    pub(crate) fn taps(self, run: Run) -> impl Iterator<Item = (usize, usize)> {
        let Run { output, input, taps, .. } = run;
        (0..taps.count).filter_map(move |index| {
            let tap = taps.at(index);
            Some((tap, self.source(output, tap)?.checked_sub(input)?))
        })
    }

    /// How many interleaved sets the outputs fall into; `phase, phase + phases, ..` are one.
    fn phases(&self) -> usize {
        match self.operator {
            Operator::Convolution(_) => 1,
            Operator::Transposed => self.axis.stride.get(),
        }
    }

    /// The run that begins at `output`.
    fn run(&self, output: usize) -> Run {
        let Axis { stride, .. } = self.axis;
        let taps = self.range(output);
        let (output_step, input_step) = match self.operator {
            Operator::Convolution(_) => (1, stride.get()),
            Operator::Transposed => (stride.get(), 1),
        };
        // The lowest input, which a transposed convolution meets through the last tap.
        let lowest = match self.operator {
            Operator::Convolution(_) => taps.first,
            Operator::Transposed => taps.at(taps.count.saturating_sub(1)),
        };
        let input = self.source(output, lowest).unwrap_or(0);
        let run = Run { output, output_step, count: 1, input, input_step, taps };
        match self.operator {
            Operator::Convolution(border) => {
                if let Some(last) = self.axis.last_inside()
                    && output <= last
                    && self.axis.first_inside() <= output
                {
                    return Run { count: last - output + 1, ..run };
                }
                if border != PaddingMode::Zeros {
                    // What padding copies lies anywhere.
                    return Run { input: 0, ..run };
                }
            }
            Operator::Transposed => {}
        }
        let others = (output..self.axis.output).step_by(output_step.max(1)).skip(1);
        Run { count: 1 + others.take_while(|&next| self.range(next) == taps).count(), ..run }
    }

    /// The input that `output` meets through `tap`. Not inlined: it is called in many places, and rarely.
    #[inline(never)]
    fn source(&self, output: usize, tap: usize) -> Option<usize> {
        let Axis { stride, dilation, before, input, .. } = self.axis;
        match self.operator {
            Operator::Convolution(border) => border.source(self.axis.input_of(output, tap), input),
            Operator::Transposed => {
                let spread = (output + before).checked_sub(tap * dilation.get())?;
                let source = divide(spread, stride.get());
                (source * stride.get() == spread && source < input).then_some(source)
            }
        }
    }

    /// The taps through which `output` meets inputs.
    fn range(&self, output: usize) -> TapRange {
        let kernel = self.axis.kernel;
        match self.operator {
            Operator::Convolution(PaddingMode::Zeros) => {
                let (first, end) = self.axis.taps_inside(output);
                match end.checked_sub(first) {
                    Some(count) if count > 0 => TapRange { first, step: 1, count },
                    _ => TapRange { first: 0, step: 1, count: 0 },
                }
            }
            Operator::Convolution(_) => TapRange { first: 0, step: 1, count: kernel },
            Operator::Transposed => {
                let mut range = TapRange { first: 0, step: 1, count: 0 };
                for tap in (0..kernel).filter(|&tap| self.source(output, tap).is_some()) {
                    match range.count {
                        0 => range.first = tap,
                        1 => range.step = tap - range.first,
                        _ => {}
                    }
                    range.count += 1;
                }
                range
            }
        }
    }
}
