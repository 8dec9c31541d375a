//! Whether a weight is one of a plan: as many elements in another order are another layer.

use crate::error::Error;

/// Checks a weight's shape against the plan's.
pub(super) const fn check(expected: &[usize], actual: &[usize]) -> Result<(), Error> {
    if expected.len() != actual.len() {
        return Err(Error::WeightRank { expected: expected.len(), actual: actual.len() });
    }
    let mut axis = 0;
    while axis < expected.len() {
        if expected[axis] != actual[axis] {
            return Err(Error::WeightShape { expected: four(expected), actual: four(actual) });
        }
        axis += 1;
    }
    Ok(())
}

/// Up to four dimensions, and zeros behind them.
const fn four(shape: &[usize]) -> [usize; 4] {
    let mut four = [0; 4];
    let mut axis = 0;
    while axis < shape.len() && axis < four.len() {
        four[axis] = shape[axis];
        axis += 1;
    }
    four
}
