//! What the feature `heapless` brings, with scores and names of which nothing is known.

use nchw::profile::{Clock, Profile, Record};
use nchw::top_k;

#[unsafe(no_mangle)]
fn run_top_k(scores: &[f32], to: &mut [(usize, f32)]) {
    to.iter_mut().zip(&top_k::<5, f32>(scores)).for_each(|(to, score)| *to = *score);
}

#[unsafe(no_mangle)]
fn run_top_k_i8(scores: &[i8], to: &mut [(usize, i8)]) {
    to.iter_mut().zip(&top_k::<5, i8>(scores)).for_each(|(to, score)| *to = *score);
}

/// A counter that somebody else writes.
struct Counter<'a>(&'a core::cell::Cell<u32>);

impl Clock for Counter<'_> {
    const BITS: u32 = 32;

    fn ticks(&mut self) -> u64 {
        self.0.get().into()
    }
}

#[unsafe(no_mangle)]
fn run_profile(
    profile: &mut Profile<Counter<'_>, 8>,
    names: &[&'static str],
    macs: u64,
    layer: fn(),
) -> (Option<Record>, Record) {
    profile.clear();
    for name in names {
        profile.measure(name, macs, layer);
    }
    (profile.records().last().copied(), profile.total())
}
