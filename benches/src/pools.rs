//! The pools that are measured, at sizes of ordinary networks.

use nchw::{AdaptiveAvgPool2d, AvgPool2d, Element, Error, MaxPool2d, Quantization, UnaryPlan};

/// Each pool and its name.
///
/// # Errors
///
/// None: they are valid.
pub fn pools<T: Element>() -> Result<Vec<(&'static str, UnaryPlan<T>)>, Error> {
    let (large, small) = ([64, 112, 112], [512, 7, 7]);
    let q = Quantization { scale: 0.1, zero_point: 3 };
    let same = AvgPool2d::new(large, [3, 3]).stride([1, 1]).padding([1, 1]);
    Ok(vec![
        ("MaxPool2d k2", MaxPool2d::new(large, [2, 2]).plan()?),
        (
            "MaxPool2d k3 s2 p1",
            MaxPool2d::new(large, [3, 3]).stride([2, 2]).padding([1, 1]).plan()?,
        ),
        ("AvgPool2d k2", AvgPool2d::new(large, [2, 2]).plan()?),
        ("AvgPool2d k3 s1 p1", same.quantized(q).plan()?),
        ("AdaptiveAvgPool2d global", AdaptiveAvgPool2d::global(small).plan()?),
        ("AdaptiveAvgPool2d 7 -> 3", AdaptiveAvgPool2d::new(small, [3, 3]).plan()?),
    ])
}
