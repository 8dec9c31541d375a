//! The planner of activation memory on random networks: nothing overlaps, nothing is outside of the arena,
//! and little is lost.

use nchw::memory::{self, Slot};
use nchw::{Buffer, Error};
use nchw_cases::other::memory::{plan, slots};
use proptest::prelude::*;

/// Tensors each of which the next step alone reads, at any place in the list.
fn chain() -> impl Strategy<Value = Vec<Slot>> {
    prop::collection::vec(1..1000_usize, 1..30).prop_flat_map(|lens| {
        let slots = lens.into_iter().enumerate().map(|(step, len)| Slot::new(len, step, step + 1));
        Just(slots.collect::<Vec<_>>()).prop_shuffle()
    })
}

/// A U-Net: at every level two layers and a pool on the way down, and on the way up a layer that writes
/// beside the skip connection and two that read both.
fn unet() -> impl Strategy<Value = Vec<Slot>> {
    (1..5_usize, 1..4_usize, 1..3_usize, any::<bool>()).prop_map(
        |(depth, scale, body, skip_first)| {
            let (mut slots, mut skips, mut step) = (Vec::new(), Vec::new(), 0);
            let mut push = |slots: &mut Vec<Slot>, len| {
                slots.push(Slot::new(len, step, step + 1));
                step += 1;
                slots.len() - 1
            };
            let len = |level: usize| (scale << (2 * (depth - level))) * (8 << level);
            for level in 0..depth {
                for _ in 0..body {
                    push(&mut slots, len(level));
                }
                skips.push(push(&mut slots, len(level)));
                push(&mut slots, len(level) / 4);
            }
            for _ in 0..=body {
                push(&mut slots, len(depth));
            }
            for level in (0..depth).rev() {
                let skip = skips[level];
                let up = push(&mut slots, len(level));
                slots[skip].last = slots[up].last;
                let (first, second) = if skip_first { (skip, up) } else { (up, skip) };
                slots[first] = slots[first].part_of(level, 0);
                slots[second] = slots[second].part_of(level, len(level));
                for _ in 0..body {
                    push(&mut slots, len(level));
                }
            }
            slots
        },
    )
}

/// A network with shortcuts: blocks of an expansion, a reduction and a sum with the block's input.
fn residual() -> impl Strategy<Value = Vec<Slot>> {
    let block = (1..64_usize, 1..7_usize, any::<bool>());
    prop::collection::vec(block, 1..12).prop_map(|blocks| {
        let mut slots = vec![Slot::new(blocks[0].0, 0, 1)];
        for (len, expansion, adds) in blocks {
            let (input, step) = (slots.len() - 1, slots.len());
            let len = if adds { slots[input].len } else { len };
            slots.push(Slot::new(len * expansion, step, step + 1));
            slots.push(Slot::new(len, step + 1, step + 2));
            if adds {
                slots[input].last = step + 2;
                slots.push(Slot::new(len, step + 2, step + 3));
            }
        }
        slots
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        rng_seed: prop::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_overlaps(slots in slots()) {
        plan(&slots);
    }

    #[test]
    fn chains_take_the_least_memory(slots in chain()) {
        let (_, len) = plan(&slots);
        prop_assert_eq!(Ok(len), memory::live(&slots));
    }

    #[test]
    fn unets_take_the_least_memory(slots in unet()) {
        let (_, len) = plan(&slots);
        prop_assert_eq!(Ok(len), memory::live(&slots));
    }

    #[test]
    fn shortcuts_take_the_least_memory(slots in residual()) {
        let (_, len) = plan(&slots);
        prop_assert_eq!(Ok(len), memory::live(&slots));
    }
}

#[test]
fn slots_that_cannot_be_planned() {
    let parts = [Slot::new(4, 0, 3).part_of(7, 2), Slot::new(3, 2, 2).part_of(7, 0)];
    assert_eq!(memory::plan(&parts, &mut [0; 2]), Err(Error::PartsOverlap { first: 0, second: 1 }));
    // Not at the same time.
    let parts = [Slot::new(4, 0, 1).part_of(7, 2), Slot::new(3, 2, 2).part_of(7, 0)];
    assert_eq!(memory::plan(&parts, &mut [0; 2]), Ok(6));

    let huge = [Slot::new(usize::MAX / 16, 0, 1), Slot::new(usize::MAX / 16, 3, 4)];
    assert_eq!(memory::plan(&huge, &mut [0; 2]), Err(Error::Overflow));
    assert_eq!(memory::live(&[Slot::new(1, 0, 1).part_of(0, usize::MAX)]), Err(Error::Overflow));

    let length = Error::Length { buffer: Buffer::Offsets, expected: 2, actual: 3 };
    assert_eq!(memory::plan(&parts, &mut [0; 3]), Err(length));
    assert_eq!(length.to_string(), "the offsets: 2 elements expected, 3 given");
    assert_eq!(
        Error::PartsOverlap { first: 0, second: 1 }.to_string(),
        "slots 0 and 1 are parts of one block and overlap while both are needed"
    );
}
