//! The best time of many.
//!
//! Times are those of the processor on this thread, without what other programs had of it. Cold caches,
//! interrupts and a slower clock only ever add time, so the smallest is what the code costs. Whatever is to be
//! compared is measured in turn, round by round, so that a slow while hits all alike.

use core::time::Duration;
use std::time::Instant;

use cpu_time::ThreadTime;

/// In how many rounds [`measure`] divides its time.
const ROUNDS: u32 = 10;

/// Runs are repeated until they take this long together, so that reading the clock does not count.
const SAMPLE: Duration = Duration::from_micros(200);

/// Something whose time is of interest.
pub struct Subject {
    run: Box<dyn FnMut()>,
    /// How many runs make a sample; 0 before the first.
    runs: u32,
    best: f64,
}

impl Subject {
    /// Measures `run`.
    pub fn new(run: impl FnMut() + 'static) -> Self {
        Self { run: Box::new(run), runs: 0, best: f64::INFINITY }
    }

    /// Runs it once.
    pub fn run(&mut self) {
        (self.run)();
    }

    /// The best time of one run in seconds, of all samples until now.
    pub fn seconds(&self) -> f64 {
        self.best
    }

    fn sample(&mut self) {
        let start = ThreadTime::now();
        for _ in 0..self.runs {
            (self.run)();
        }
        self.best = self.best.min(start.elapsed().as_secs_f64() / f64::from(self.runs));
    }

    /// Takes samples for so long, one at least.
    fn sample_for(&mut self, time: Duration) {
        if self.runs == 0 {
            self.run();
            self.runs = 1;
            self.sample();
        }
        let start = Instant::now();
        loop {
            // The first samples are slow and would set it too low.
            self.runs = ((SAMPLE.as_secs_f64() / self.best).ceil() as u32).max(1);
            self.sample();
            if start.elapsed() >= time {
                return;
            }
        }
    }
}

/// Measures each of `subjects` for about `time`, in turn; calls `tick` after each turn, of which there are
/// [`turns`].
pub fn measure(subjects: &mut [&mut Subject], time: Duration, mut tick: impl FnMut()) {
    for _ in 0..ROUNDS {
        for subject in &mut *subjects {
            subject.sample_for(time / ROUNDS);
            tick();
        }
    }
}

/// How often [`measure`] calls `tick`.
pub const fn turns(subjects: usize) -> u64 {
    ROUNDS as u64 * subjects as u64
}
