//! How long each layer takes: ticks of a counter that the firmware lends, beside the
//! multiply-accumulates of the layer. With the feature `heapless`.
//!
//! ```
//! use nchw::profile::{Clock, Profile};
//! use nchw::{Conv2d, MaxPool2d, Tensor, Workspace, layer};
//!
//! layer! {
//!     struct Stem(f32) = Conv2d::new([1, 8, 8], 4, [3, 3]).padding([1, 1]).relu();
//!     struct Pool(f32) = MaxPool2d::new([4, 8, 8], [2, 2]);
//! }
//! static STEM: Stem = Stem::without_bias(&[[[[0.1; 3]; 3]; 1]; 4]);
//!
//! # struct CycleCounter(u64);
//! # impl Clock for CycleCounter {
//! #     const BITS: u32 = 32;
//! #     fn ticks(&mut self) -> u64 {
//! #         self.0 += 1000;
//! #         self.0
//! #     }
//! # }
//! # let clock = CycleCounter(0);
//! let mut profile = Profile::<_, 8>::new(clock); // room for eight layers
//! let (x, mut a, mut b) = (Tensor::ZERO, Tensor::ZERO, Tensor::ZERO);
//! profile.measure("stem", 4 * 8 * 8 * 9, || STEM.run(&x, &mut a, &mut Workspace::none()));
//! profile.measure("pool", 0, || Pool.run(&a, &mut b));
//!
//! assert_eq!(profile.records()[0].macs, 2304);
//! assert_eq!(profile.missed(), 0);
//! let table = "\
//! layer  ticks   share  MACs  MACs/tick
//! stem    1000   50.0%  2304       2.30
//! pool    1000   50.0%     0       0.00
//! total   2000  100.0%  2304       1.15
//! ";
//! assert_eq!(profile.to_string(), table);
//! ```

use core::fmt;

use crate::network::{LayerInfo, Observer};

use heapless::Vec;

/// A counter that runs at a constant rate, such as SysTick, DWT's CYCCNT or CNTVCT.
///
/// It may wrap around, at the number of bits that it says it has: a difference is taken modulo
/// `2^BITS` and is right if less than that passes between its two ends. A 24-bit SysTick at 100 MHz is
/// good for layers of up to 0.16 s, a 32-bit CYCCNT at 400 MHz for 10 s.
///
/// ```
/// use nchw::profile::Clock;
/// # struct Syst;
/// # impl Syst { fn get_current() -> u32 { 0xFF_FFFF } }
///
/// /// SysTick, whose reload value is set to 0xFF_FFFF; it counts down.
/// struct SysTick;
///
/// impl Clock for SysTick {
///     const BITS: u32 = 24;
///
///     fn ticks(&mut self) -> u64 {
///         u64::from(0xFF_FFFF - Syst::get_current())
///     }
/// }
/// # assert_eq!(SysTick.ticks(), 0);
/// ```
///
/// For DWT it is `DWT::cycle_count().into()` of 32 bits, for CNTVCT the register as it is, 64 bits. A
/// SysTick with another reload value has no number of bits: add up its rounds, as for an operating
/// system's clock, and call it 64 bits.
pub trait Clock {
    /// After `2^BITS - 1` it continues at 0; 1 to 64.
    const BITS: u32;

    /// The count, which goes up; bits above `BITS` are ignored.
    fn ticks(&mut self) -> u64;
}

/// What one layer took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Record {
    /// The layer.
    pub name: &'static str,
    /// Ticks of the [`Clock`], those that reading it takes included.
    pub ticks: u64,
    /// Multiply-accumulates of the layer.
    pub macs: u64,
}

/// What each layer took, up to `N` of them, in the order in which they ran.
///
/// Layers that find no more room are [`missed`](Self::missed): they are counted, and part of the
/// [`total`](Self::total), but have no record. Each call makes a record of its own, so
/// [`clear`](Self::clear) it before the next inference.
///
/// `Display` is the table in the [example](self), `defmt::Format` the records and the total.
///
/// Its size is that of the clock and of `N` [`Record`]s, 24 bytes each on a 32-bit target.
#[derive(Clone, Debug)]
pub struct Profile<C, const N: usize> {
    clock: C,
    started: Option<u64>,
    records: Vec<Record, N>,
    missed: usize,
    total: Record,
}

impl<C: Clock, const N: usize> Profile<C, N> {
    /// Nothing measured yet.
    pub const fn new(clock: C) -> Self {
        const { assert!(1 <= C::BITS && C::BITS <= 64, "a clock has 1 to 64 bits") };
        Self { clock, started: None, records: Vec::new(), missed: 0, total: Self::NOTHING }
    }

    const NOTHING: Record = Record { name: "total", ticks: 0, macs: 0 };

    /// What `f` returns; its ticks are recorded.
    pub fn measure<R>(&mut self, name: &'static str, macs: u64, f: impl FnOnce() -> R) -> R {
        self.start();
        let result = f();
        self.stop(name, macs);
        result
    }

    /// Marks the start of a layer, where [`measure`](Self::measure) cannot be wrapped around it.
    ///
    /// ```
    /// # struct Counter(u64);
    /// # impl nchw::profile::Clock for Counter {
    /// #     const BITS: u32 = 8;
    /// #     fn ticks(&mut self) -> u64 { self.0 += 200; self.0 }
    /// # }
    /// # let clock = Counter(0);
    /// let mut profile = nchw::profile::Profile::<_, 8>::new(clock);
    /// profile.start();
    /// // .. runs the layer ..
    /// profile.stop("stem", 2304);
    /// assert_eq!(profile.total().ticks, 200);
    /// ```
    pub fn start(&mut self) {
        self.started = Some(self.clock.ticks());
    }

    /// Records the ticks since [`start`](Self::start); none, if that was not called since the last
    /// `stop`.
    pub fn stop(&mut self, name: &'static str, macs: u64) {
        let now = self.clock.ticks();
        let ticks = match self.started.take() {
            Some(started) => now.wrapping_sub(started) & (u64::MAX >> (64 - C::BITS)),
            None => 0,
        };
        self.total.ticks = self.total.ticks.saturating_add(ticks);
        self.total.macs = self.total.macs.saturating_add(macs);
        if self.records.push(Record { name, ticks, macs }).is_err() {
            self.missed = self.missed.saturating_add(1);
        }
    }

    /// Records the steps of a network, whose `LAYERS` these are, as it runs.
    ///
    /// ```
    /// use nchw::profile::{Clock, Profile};
    /// use nchw::{MaxPool2d, Tensor, layer, network};
    ///
    /// layer! { struct Halve(f32) = MaxPool2d::new([1, 2, 2], [2, 2]); }
    /// network! {
    ///     struct Net(f32) {}
    ///     struct Memory;
    ///     fn infer(x: Tensor<f32, 1, 2, 2>) -> y: Tensor<f32, 1, 1, 1> {
    ///         y = Halve(x);
    ///     }
    /// }
    /// # struct Counter(u64);
    /// # impl Clock for Counter {
    /// #     const BITS: u32 = 8;
    /// #     fn ticks(&mut self) -> u64 { self.0 += 200; self.0 }
    /// # }
    /// # let clock = Counter(0);
    /// let mut profile = Profile::<_, 1>::new(clock);
    /// let (mut memory, mut y) = (Memory::NEW, Tensor::ZERO);
    /// Net {}.infer_with(&Tensor::ZERO, &mut memory, &mut y, &mut profile.observer(&Net::LAYERS));
    /// assert_eq!((profile.records()[0].name, profile.records()[0].ticks), ("Halve", 200));
    /// ```
    pub fn observer<'a>(&'a mut self, layers: &'a [LayerInfo]) -> Steps<'a, C, N> {
        Steps { profile: self, layers }
    }

    /// Forgets everything measured.
    pub fn clear(&mut self) {
        self.started = None;
        self.records.clear();
        self.missed = 0;
        self.total = Self::NOTHING;
    }
}

/// Records the steps of a network: see [`Profile::observer`].
#[derive(Debug)]
pub struct Steps<'a, C, const N: usize> {
    profile: &'a mut Profile<C, N>,
    layers: &'a [LayerInfo],
}

impl<C: Clock, const N: usize> Observer for Steps<'_, C, N> {
    fn before(&mut self, _step: usize) {
        self.profile.start();
    }

    fn after(&mut self, step: usize) {
        let layer = self.layers.get(step);
        let (name, macs) = layer.map_or(("", 0), |layer| (layer.name, layer.macs));
        self.profile.stop(name, macs);
    }
}

impl<C, const N: usize> Profile<C, N> {
    /// The first `N` layers measured.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// How many layers were measured after that, and have no record.
    pub const fn missed(&self) -> usize {
        self.missed
    }

    /// Everything measured, records or not, under the name "total".
    pub const fn total(&self) -> Record {
        self.total
    }
}

/// The columns of the table.
struct Widths {
    name: usize,
    ticks: usize,
    macs: usize,
}

impl Record {
    fn row(&self, f: &mut fmt::Formatter<'_>, widths: &Widths, total: &Self) -> fmt::Result {
        let Self { name, ticks, macs } = *self;
        let Widths { name: name_width, ticks: ticks_width, macs: macs_width } = *widths;
        let share = ratio(ticks, 1000, total.ticks);
        let rate = ratio(macs, 100, ticks);
        writeln!(
            f,
            "{name:<name_width$}  {ticks:>ticks_width$}  {:>3}.{}%  {macs:>macs_width$}  {:>6}.{:02}",
            share / 10,
            share % 10,
            rate / 100,
            rate % 100
        )
    }
}

/// The table in the documentation of this module.
impl<C, const N: usize> fmt::Display for Profile<C, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.records.iter().map(|record| record.name.chars().count());
        let digits = |number: u64| number.checked_ilog10().unwrap_or(0) as usize + 1;
        let widths = Widths {
            name: names.fold("layer".len(), usize::max),
            ticks: digits(self.total.ticks).max("ticks".len()),
            macs: digits(self.total.macs).max("MACs".len()),
        };
        let Widths { name, ticks, macs } = widths;
        writeln!(
            f,
            "{:<name$}  {:>ticks$}  {:>6}  {:>macs$}  {:>9}",
            "layer", "ticks", "share", "MACs", "MACs/tick"
        )?;
        for record in &self.records {
            record.row(f, &widths, &self.total)?;
        }
        if self.missed > 0 {
            writeln!(f, "and {} more, which found no room", self.missed)?;
        }
        self.total.row(f, &widths, &self.total)
    }
}

/// `scale * a / b`, rounded; 0 for a `b` of 0.
fn ratio(a: u64, scale: u64, b: u64) -> u64 {
    a.saturating_mul(scale).saturating_add(b / 2).checked_div(b).unwrap_or(0)
}

#[cfg(feature = "defmt")]
impl<C, const N: usize> defmt::Format for Profile<C, N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "Profile {{ records: {}, missed: {=usize}, total: {} }}",
            self.records(),
            self.missed,
            self.total
        );
    }
}
