//! Cases in a process of their own, so that one that crashes or does not end is a failure like others.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use nchw_cases::operators::Drawn;
use nchw_cases::{Outcome, watch};

use crate::draw::Cases;
use crate::progress;
use crate::shared::Shared;

/// Seconds of CPU time after which a case does not end, as far as anybody can tell: thousands of times what cases take,
/// in emulation too.
const STUCK: libc::time_t = 4;

/// The same, of the many that are tried to make one small.
const STUCK_SMALL: libc::time_t = 1;

/// In how many cases of an operator some result may err more than is typical, and one more for so many.
const RARE: u64 = 2;
const RARE_IN: u64 = 1000;

/// How often a process is looked after.
const LOOK: Duration = Duration::from_millis(100);

/// How cases end.
pub enum End {
    Done,
    Failed { number: u64, reason: Reason },
}

/// What is wrong with a case.
#[derive(Clone, Debug)]
pub enum Reason {
    Panic { message: String, stage: String },
    Signal { signal: i32, stage: String },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = |stage: &String| match &stage[..] {
            "" => String::new(),
            stage => format!("on {stage}: "),
        };
        match self {
            Self::Panic { message, stage } => write!(f, "{}{message}", on(stage)),
            Self::Signal { signal, stage } => {
                let name = match *signal {
                    libc::SIGPROF => "no end, as far as one can tell",
                    libc::SIGSEGV => "SIGSEGV, an access outside of a buffer",
                    libc::SIGABRT => "SIGABRT",
                    libc::SIGILL => "SIGILL",
                    libc::SIGBUS => "SIGBUS",
                    _ => "a signal",
                };
                write!(f, "{}{name} ({signal})", on(stage))
            }
        }
    }
}

/// Runs cases until one fails, there are no more, or time is over.
pub fn run_cases(
    cases: &Cases,
    shared: &Shared,
    numbers: Range<u64>,
    time: Option<Duration>,
) -> End {
    let start = Instant::now();
    let over = || time.is_some_and(|time| start.elapsed() >= time);
    shared.begin(numbers.start);
    let status = supervise(shared, true, || {
        for number in numbers {
            if over() {
                break;
            }
            shared.begin(number);
            end_after(STUCK);
            let begin = watch::cpu_time();
            let (operator, case) = cases.draw(number);
            let outcome = test(&*case, shared)?;
            let counters = &shared.counters[operator];
            counters.cases.fetch_add(1, Relaxed);
            counters.refused.fetch_add(u64::from(outcome == Outcome::Refused), Relaxed);
            let spent = (watch::cpu_time() - begin).as_nanos() as u64;
            counters.nanoseconds.fetch_add(spent, Relaxed);
            counters.ratio.fetch_max(watch::take_ratio().to_bits(), Relaxed);
            if watch::take_rare() > 0 {
                let rare = counters.rare.fetch_add(1, Relaxed) + 1;
                let all = counters.cases.load(Relaxed);
                if rare > RARE + all / RARE_IN {
                    shared
                        .fail(&format!("errs more than is typical, as did {rare} of {all} cases"));
                    return None;
                }
            }
        }
        Some(())
    });
    match status {
        Ok(()) => End::Done,
        Err(reason) => End::Failed { number: shared.number(), reason },
    }
}

/// Runs one case.
pub fn run_case(case: &dyn Drawn, shared: &Shared) -> Result<(), Reason> {
    shared.begin(shared.number());
    supervise(shared, false, || {
        end_after(STUCK_SMALL);
        test(case, shared).map(|_| ())
    })
}

/// Ends this process when it has worked for so many seconds from now on.
fn end_after(seconds: libc::time_t) {
    let never = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let timer = libc::itimerval {
        it_interval: never,
        it_value: libc::timeval { tv_sec: seconds, ..never },
    };
    // SAFETY: valid pointers, or none.
    let failed = unsafe { libc::setitimer(libc::ITIMER_PROF, &timer, std::ptr::null_mut()) };
    assert_eq!(failed, 0, "there is such a timer");
}

/// Tests a case; `None` says that there was a panic.
fn test(case: &dyn Drawn, shared: &Shared) -> Option<Outcome> {
    match catch_unwind(AssertUnwindSafe(|| case.test())) {
        Ok(outcome) => Some(outcome),
        Err(panic) => {
            if shared.message().is_empty() {
                shared.fail(&text(&*panic));
            }
            None
        }
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

/// Does `f` in a process of its own, where a panic is told without being printed.
fn supervise(
    shared: &Shared,
    progress: bool,
    f: impl FnOnce() -> Option<()>,
) -> Result<(), Reason> {
    // SAFETY: this program has one thread.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "no process can be forked");
    if child == 0 {
        std::panic::set_hook(Box::new(|panic| {
            if let Some(shared) = Shared::existing() {
                let place = panic.location().map(ToString::to_string).unwrap_or_default();
                shared
                    .fail(&format!("{}, at {place}", panic.payload_as_str().unwrap_or("a panic")));
            }
        }));
        let result = f();
        // SAFETY: leaves what the parent has to do to the parent.
        unsafe { libc::_exit(if result.is_some() { 0 } else { 1 }) };
    }
    loop {
        let mut status = 0;
        // SAFETY: a process that was forked above, and a valid pointer.
        let ended = unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == child;
        let stage = shared.stage();
        if ended && libc::WIFSIGNALED(status) {
            return Err(Reason::Signal { signal: libc::WTERMSIG(status), stage });
        }
        if ended {
            let message = shared.message();
            return match libc::WEXITSTATUS(status) {
                0 => Ok(()),
                _ => Err(Reason::Panic { message, stage }),
            };
        }
        if progress {
            progress::line(shared);
            std::thread::sleep(LOOK);
        } else {
            std::thread::sleep(Duration::from_micros(300));
        }
    }
}
