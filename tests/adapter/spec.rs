//! Specifications of the operators that f32 and i8 have in common, from the parameters of a case.

use nchw::{AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, PaddingMode};
use nchw_test_support::operator::{
    AvgPool2dParams, Conv2dParams, ConvTranspose2dParams, MaxPool2dParams,
};

pub(crate) fn conv2d(params: &Conv2dParams, input: [usize; 3], weight_shape: &[usize]) -> Conv2d {
    Conv2d::new(input, weight_shape[0], params.kernel_size)
        .stride(params.stride)
        .padding_sides(params.padding)
        .padding_mode(match params.padding_mode {
            nchw_oracle::PaddingMode::Zeros => PaddingMode::Zeros,
            nchw_oracle::PaddingMode::Reflect => PaddingMode::Reflect,
            nchw_oracle::PaddingMode::Replicate => PaddingMode::Replicate,
            nchw_oracle::PaddingMode::Circular => PaddingMode::Circular,
        })
        .dilation(params.dilation)
        .groups(params.groups)
}

pub(crate) fn conv_transpose2d(
    params: &ConvTranspose2dParams,
    input: [usize; 3],
    weight_shape: &[usize],
) -> ConvTranspose2d {
    ConvTranspose2d::new(input, weight_shape[1] * params.groups, params.kernel_size)
        .stride(params.stride)
        .padding_sides(params.padding)
        .output_padding(params.output_padding)
        .dilation(params.dilation)
        .groups(params.groups)
}

pub(crate) fn max_pool2d(params: &MaxPool2dParams, input: [usize; 3]) -> MaxPool2d {
    MaxPool2d::new(input, params.kernel_size)
        .stride(params.stride)
        .padding_sides(params.padding)
        .dilation(params.dilation)
        .ceil_mode(params.ceil_mode)
}

pub(crate) fn avg_pool2d(params: &AvgPool2dParams, input: [usize; 3]) -> AvgPool2d {
    let spec = AvgPool2d::new(input, params.kernel_size)
        .stride(params.stride)
        .padding_sides(params.padding)
        .ceil_mode(params.ceil_mode)
        .count_include_pad(params.count_include_pad);
    AvgPool2d { divisor_override: params.divisor_override, ..spec }
}
