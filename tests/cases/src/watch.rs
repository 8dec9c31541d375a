//! What a case is doing, for whoever has to tell after a crash, and how long it may take.
//!
//! Time is limited in operations, not in seconds: [`limit`] says how long one takes on this machine, and whatever takes
//! many times as long as its operations would has a loop that nobody counted. Nothing is limited unless it is called.

use core::cell::Cell;
use std::sync::OnceLock;
use std::time::Duration;

/// Operations' time that something may take for each of its own.
const SLOWEST: f64 = 1000.0;

/// Operations that are granted to everything: calls, tables on the stack, a page that is touched first.
const CONSTANT: f64 = 50_000.0;

/// How often a time over the limit is measured again before it counts, as other programs may disturb it.
const ATTEMPTS: usize = 3;

thread_local! {
    /// Seconds of an operation, if time is limited.
    static OPERATION: Cell<Option<f64>> = const { Cell::new(None) };
    static STAGE: Cell<&'static str> = const { Cell::new("") };
    static RATIO: Cell<f64> = const { Cell::new(0.0) };
    /// Results that err more than is typical, if they are counted.
    static RARE: Cell<Option<u64>> = const { Cell::new(None) };
}

static OBSERVER: OnceLock<fn(&'static str)> = OnceLock::new();

/// Calls `observer` with the name of every stage that begins from now on.
pub fn observe(observer: fn(&'static str)) {
    // The first one stays, which is the only one.
    let _ = OBSERVER.set(observer);
}

/// Limits the time of this thread's cases, given the seconds of an operation.
pub fn limit(operation: f64) {
    OPERATION.set(Some(operation));
}

/// Remembers how much of what it may err a result errs.
pub fn ratio(ratio: f64) {
    RATIO.set(RATIO.get().max(ratio));
}

/// The largest of these since the last time it was asked for.
pub fn take_ratio() -> f64 {
    RATIO.replace(0.0)
}

/// Counts this thread's results that err more than is typical of data at random, and no more than is proven, from now
/// on. Among millions there are some; where nobody counts there may be none.
pub fn count_rare() {
    RARE.set(Some(0));
}

/// How many there were since the last time it was asked for.
pub fn take_rare() -> u64 {
    RARE.get().inspect(|_| RARE.set(Some(0))).unwrap_or(0)
}

/// Whether a result that errs more than is typical may do so, as it errs no more than is proven.
pub fn rare(proven: impl FnOnce() -> bool) -> bool {
    let Some(count) = RARE.get() else { return false };
    let proven = proven();
    RARE.set(Some(count + u64::from(proven)));
    proven
}

/// Does `f`, which is a stage, such as the name of a back-end; a panic within prints it if nobody observes.
pub fn stage<R>(name: &'static str, f: impl FnOnce() -> R) -> R {
    struct Stage;
    impl Drop for Stage {
        fn drop(&mut self) {
            if std::thread::panicking() && OBSERVER.get().is_none() {
                println!("stage: {}", STAGE.get());
            }
        }
    }
    STAGE.set(name);
    if let Some(observer) = OBSERVER.get() {
        observer(name);
    }
    let _stage = Stage;
    f()
}

/// Does `f`, which may be done several times, within the time of so many operations.
#[track_caller]
pub fn timed<R>(operations: usize, mut f: impl FnMut() -> R) -> R {
    let Some(operation) = OPERATION.get() else { return f() };
    let most = SLOWEST * operation * (operations as f64 + CONSTANT);
    let mut least = f64::INFINITY;
    for _ in 0..ATTEMPTS {
        let start = cpu_time();
        let result = f();
        least = least.min((cpu_time() - start).as_secs_f64());
        if least <= most {
            return result;
        }
        // No other program disturbs so much.
        if least > 10.0 * most {
            break;
        }
    }
    panic!("{operations} operations took {least:.3} s, which may be {most:.3} s");
}

/// Time that this thread has spent.
#[cfg(target_os = "linux")]
#[allow(clippy::unnecessary_cast, reason = "fields are of other types on 32 bits")]
pub fn cpu_time() -> Duration {
    // SAFETY: a struct of integers.
    let mut time: libc::timespec = unsafe { core::mem::zeroed() };
    // SAFETY: a valid pointer.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0, "there is such a clock");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Time since it was asked for first, where threads have no clock of their own.
#[cfg(not(target_os = "linux"))]
pub fn cpu_time() -> Duration {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}
