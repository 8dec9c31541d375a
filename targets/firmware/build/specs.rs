//! Specifications that f32 and i8 have in common, as Rust.

use nchw_test_support::Op;

/// Operators that have a kernel; `None` for others.
pub fn spec(op: &Op, input: [usize; 3], weight_shape: &[usize]) -> Option<String> {
    Some(match op {
        Op::Conv2d(params) => format!(
            "Conv2d::new({input:?}, {}, {:?}).stride({:?}).padding_sides({:?})\
             .padding_mode(PaddingMode::{:?}).dilation({:?}).groups({})",
            weight_shape[0],
            params.kernel_size,
            params.stride,
            params.padding,
            params.padding_mode,
            params.dilation,
            params.groups
        ),
        Op::ConvTranspose2d(params) => format!(
            "ConvTranspose2d::new({input:?}, {}, {:?}).stride({:?}).padding_sides({:?})\
             .output_padding({:?}).dilation({:?}).groups({})",
            weight_shape[1] * params.groups,
            params.kernel_size,
            params.stride,
            params.padding,
            params.output_padding,
            params.dilation,
            params.groups
        ),
        Op::Linear => format!("Linear::new({input:?}, {})", weight_shape[0]),
        Op::MaxPool2d(params) => format!(
            "MaxPool2d::new({input:?}, {:?}).stride({:?}).padding_sides({:?}).dilation({:?})\
             .ceil_mode({})",
            params.kernel_size, params.stride, params.padding, params.dilation, params.ceil_mode
        ),
        Op::AvgPool2d(params) => {
            let divisor = params.divisor_override.map(|n| format!(".divisor_override({n})"));
            format!(
                "AvgPool2d::new({input:?}, {:?}).stride({:?}).padding_sides({:?}).ceil_mode({})\
                 .count_include_pad({}){}",
                params.kernel_size,
                params.stride,
                params.padding,
                params.ceil_mode,
                params.count_include_pad,
                divisor.unwrap_or_default()
            )
        }
        _ => return None,
    })
}

/// A number as Rust; `None` is no limit.
pub fn limit(value: Option<f64>, none: &str) -> String {
    value.map_or_else(|| none.to_owned(), |value| format!("{:?}", value as f32))
}

/// A clamp as an activation.
pub fn clamp(min: Option<f64>, max: Option<f64>) -> String {
    let (min, max) = (limit(min, "f32::NEG_INFINITY"), limit(max, "f32::INFINITY"));
    format!("Activation::Clamp {{ min: {min}, max: {max} }}")
}
