//! What a profile makes of a clock, wrap-around and all, and what it does when it is full.

use nchw::profile::{Clock, Profile, Record};
use proptest::prelude::*;

/// A counter of `BITS` bits that stands at the given counts, one after the other.
struct Counts<'a, const BITS: u32>(&'a [u64]);

impl<const BITS: u32> Clock for Counts<'_, BITS> {
    const BITS: u32 = BITS;

    fn ticks(&mut self) -> u64 {
        let (&first, rest) = self.0.split_first().expect("more counts than were asked for");
        self.0 = rest;
        first
    }
}

fn measured<const BITS: u32>(start: u64, stop: u64) -> u64 {
    let counts = [start, stop];
    let mut profile = Profile::<_, 1>::new(Counts::<BITS>(&counts));
    profile.measure("layer", 0, || ());
    profile.records()[0].ticks
}

proptest! {
    #[test]
    fn a_difference_is_right_wherever_the_counter_wraps(start: u64, ticks: u64) {
        let low = |bits: u32| u64::MAX >> (64 - bits);
        // As the hardware has it, and with bits above the counter's own, which do not count.
        for stop in [start.wrapping_add(ticks), start.wrapping_add(ticks) & low(24)] {
            prop_assert_eq!(measured::<1>(start, stop), ticks & low(1));
            prop_assert_eq!(measured::<24>(start, stop), ticks & low(24));
        }
        let stop = start.wrapping_add(ticks);
        prop_assert_eq!(measured::<32>(start & low(32), stop & low(32)), ticks & low(32));
        prop_assert_eq!(measured::<64>(start, stop), ticks);
    }
}

#[test]
fn layers_are_recorded_in_their_order() {
    let mut profile = Profile::<_, 4>::new(Counts::<32>(&[10, 30, 100, 105]));
    assert_eq!(profile.measure("first", 7, || "result"), "result");
    profile.start();
    profile.stop("second", 8);

    let first = Record { name: "first", ticks: 20, macs: 7 };
    let second = Record { name: "second", ticks: 5, macs: 8 };
    assert_eq!(profile.records(), [first, second]);
    assert_eq!(profile.total(), Record { name: "total", ticks: 25, macs: 15 });
    assert_eq!(profile.missed(), 0);
}

#[test]
fn a_full_profile_counts_what_it_misses() {
    let counts: Vec<u64> = (0..8).map(|count| 10 * count).collect();
    let mut profile = Profile::<_, 2>::new(Counts::<16>(&counts));
    for name in ["a", "b", "c", "d"] {
        profile.measure(name, 1, || ());
    }
    assert_eq!(profile.records().iter().map(|r| r.name).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(profile.missed(), 2);
    assert_eq!(profile.total(), Record { name: "total", ticks: 40, macs: 4 });
    assert!(profile.to_string().contains("\nand 2 more, which found no room\n"));
}

#[test]
fn a_stop_without_a_start_records_no_ticks() {
    let mut profile = Profile::<_, 4>::new(Counts::<8>(&[1, 4, 9, 200]));
    profile.measure("measured", 0, || ());
    profile.stop("stopped twice", 5);
    assert_eq!(profile.records()[1], Record { name: "stopped twice", ticks: 0, macs: 5 });
}

#[test]
fn clear_forgets_everything() {
    let mut profile = Profile::<_, 1>::new(Counts::<8>(&[1, 4, 5, 7, 8]));
    profile.measure("a", 1, || ());
    profile.measure("b", 1, || ());
    profile.start();
    profile.clear();
    assert_eq!((profile.records(), profile.missed()), (&[][..], 0));
    assert_eq!(profile.total(), Record { name: "total", ticks: 0, macs: 0 });
}

#[test]
fn the_table_is_aligned() {
    let counts = [0, 123_456, 0, 9_876_544, 7, 7];
    let mut profile = Profile::<_, 4>::new(Counts::<64>(&counts));
    profile.measure("a layer with a name", 1_658_880, || ());
    profile.measure("größer", 98_765_440, || ());
    profile.measure("nothing", 0, || ());
    let table = "\
layer                   ticks   share       MACs  MACs/tick
a layer with a name    123456    1.2%    1658880      13.44
größer                9876544   98.8%   98765440      10.00
nothing                     0    0.0%          0       0.00
total                10000000  100.0%  100424320      10.04
";
    assert_eq!(profile.to_string(), table);
}
