//! The planner of activation memory on random networks.

use nchw::Error;
use nchw::memory::{self, Slot};
use proptest::prelude::*;

use crate::{Case, Outcome};

/// Any slots, some of them parts of one of three blocks, side by side.
pub fn slots() -> impl Strategy<Value = Vec<Slot>> {
    let slot = (0..40_usize, 0..12_usize, 0..15_usize, 0..8_usize);
    prop::collection::vec(slot, 0..20).prop_map(|slots| {
        let mut ends = [0; 3];
        let slots = slots.into_iter().map(|(len, first, last, block)| {
            let slot = Slot::new(len, first, last);
            let Some(end) = ends.get_mut(block) else { return slot };
            *end += len;
            slot.part_of(block, *end - len)
        });
        slots.collect()
    })
}

/// The plan of `slots`, checked: nothing overlaps, nothing is outside of the arena.
pub fn plan(slots: &[Slot]) -> (Vec<usize>, usize) {
    let mut offsets = vec![usize::MAX; slots.len()];
    let len = memory::plan(slots, &mut offsets).unwrap();
    let last_step = slots.iter().map(|slot| slot.first.max(slot.last)).max().unwrap_or(0);
    let mut live = 0;
    for step in 0..=last_step {
        // Who owns each element of the arena at this step.
        let mut owners = vec![None; len];
        for (index, (slot, &offset)) in slots.iter().zip(&offsets).enumerate() {
            if (slot.first..=slot.first.max(slot.last)).contains(&step) {
                for owner in &mut owners[offset..offset + slot.len] {
                    assert_eq!(*owner, None, "step {step}: {index} overlaps, {offsets:?}");
                    *owner = Some(index);
                }
            }
        }
        live = live.max(owners.iter().flatten().count());
    }
    assert_eq!(memory::live(slots), Ok(live));
    assert!(len >= live);
    for (slot, &offset) in slots.iter().zip(&offsets) {
        for (other, &other_offset) in slots.iter().zip(&offsets) {
            if slot.block.is_some() && slot.block == other.block {
                assert_eq!(offset + other.within, other_offset + slot.within);
            }
        }
    }
    (offsets, len)
}

/// Slots to be planned, of which one may be made so large that nothing holds it.
#[derive(Clone, Debug)]
pub struct MemoryCase {
    pub slots: Vec<Slot>,
    pub vast: Option<(usize, usize, usize)>,
}

/// Any slots.
pub fn case() -> impl Strategy<Value = MemoryCase> {
    let number =
        || prop_oneof![any::<usize>(), (0..=usize::BITS / 2).prop_map(|s| usize::MAX >> s)];
    let vast = (0..20_usize, number(), prop_oneof![3 => Just(0), 1 => number()]);
    (slots(), prop_oneof![3 => Just(None), 1 => vast.prop_map(Some)])
        .prop_map(|(slots, vast)| MemoryCase { slots, vast })
}

impl Case for MemoryCase {
    fn test(&self) -> Outcome {
        let Some((which, len, within)) = self.vast else {
            plan(&self.slots);
            return Outcome::Ran;
        };
        let mut slots = self.slots.clone();
        let count = slots.len();
        if let Some(slot) = slots.get_mut(which % count.max(1)) {
            (slot.len, slot.within) = (len, within);
        }
        let mut offsets = vec![usize::MAX; slots.len()];
        match (memory::live(&slots), memory::plan(&slots, &mut offsets)) {
            (Ok(live), Ok(all)) => assert!(live <= all, "{all} hold {live}"),
            (_, Err(Error::Overflow | Error::PartsOverlap { .. })) => {}
            (live, plan) => panic!("{live:?}, {plan:?}"),
        }
        Outcome::Ran
    }

    fn rust(&self) -> String {
        format!("{self:?}")
    }
}
