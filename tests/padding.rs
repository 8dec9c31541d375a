//! TensorFlow's `SAME`: against its definition, number by number, and what TFLite makes of it.

use nchw::{AvgPool2d, Conv2d, ConvTranspose2d, Error, MaxPool2d, Padding, Quantization};

const Q: Quantization = Quantization { scale: 0.5, zero_point: 3 };

/// Sizes, kernels, strides and dilations of one direction.
fn directions() -> impl Iterator<Item = [usize; 4]> {
    (1..=11_usize).flat_map(|size| {
        (1..=6_usize).flat_map(move |kernel| {
            (1..=5_usize).flat_map(move |stride| {
                (1..=3_usize).map(move |dilation| [size, kernel, stride, dilation])
            })
        })
    })
}

/// TensorFlow's `GetWindowedOutputSize`: outputs, and padding before and behind.
///
/// Source: <https://github.com/tensorflow/tensorflow>, `tensorflow/core/framework/kernel_shape_util.cc`.
fn same([size, kernel, stride, dilation]: [usize; 4]) -> [usize; 3] {
    let extent = (kernel - 1) * dilation + 1;
    let outputs = size.div_ceil(stride);
    let needed = ((outputs - 1) * stride + extent).saturating_sub(size);
    [outputs, needed / 2, needed - needed / 2]
}

#[test]
fn convolutions_and_pools() {
    // As in the field: 3x3 with stride 2, of an even and an odd size.
    assert_eq!(same([96, 3, 2, 1]), [48, 0, 1]);
    assert_eq!(same([49, 3, 2, 1]), [25, 1, 1]);
    for direction in directions() {
        let [size, kernel, stride, dilation] = direction;
        let [outputs, before, after] = same(direction);
        let sides = [before, 1, after, 1];
        // The other direction is a kernel of 3 with stride 1.
        let conv = Conv2d::new([1, size, 7], 2, [kernel, 3])
            .padding_same_tflite()
            .stride([stride, 1])
            .dilation([dilation, 1]);
        let plan = conv.plan::<f32>().unwrap();
        assert_eq!(plan.output_shape(), [2, outputs, 7], "{direction:?}");
        assert_eq!(plan, conv.padding_sides(sides).plan().unwrap(), "{direction:?}");
        let int8 = conv.quantized(Q, Q);
        assert_eq!(int8.plan::<i8>(), int8.padding_sides(sides).plan(), "{direction:?}");
        let max = MaxPool2d::new([1, size, 7], [kernel, 3]).padding_same_tflite();
        let max = max.stride([stride, 1]).dilation([dilation, 1]);
        assert_eq!(max.plan::<f32>(), max.padding_sides(sides).plan(), "{direction:?}");
        assert_eq!(max.plan::<f32>().unwrap().output_shape(), [1, outputs, 7], "{direction:?}");
        if dilation == 1 {
            let mean = AvgPool2d::new([1, size, 7], [kernel, 3]).padding_same_tflite();
            let mean = mean.stride([stride, 1]).count_include_pad(false);
            let plan = mean.plan::<f32>().unwrap();
            assert_eq!(plan, mean.padding_sides(sides).plan().unwrap(), "{direction:?}");
        }
    }
}

/// A transposed convolution undoes one with this padding: as many outputs as inputs times stride.
#[test]
fn transposed_convolutions() {
    for direction in directions() {
        let [size, kernel, stride, dilation] = direction;
        let extent = (kernel - 1) * dilation + 1;
        let [inputs, before, after] = same([size * stride, kernel, stride, dilation]);
        assert_eq!(inputs, size);
        let spec = ConvTranspose2d::new([1, 7, size], 2, [1, kernel])
            .padding_same_tflite()
            .stride([1, stride])
            .dilation([1, dilation]);
        let plan = spec.plan::<f32>().unwrap();
        assert_eq!(plan.output_shape(), [2, 7, size * stride], "{direction:?}");
        let by_hand = spec.padding_sides([0, before, 0, after]);
        let by_hand = by_hand.output_padding([0, stride.saturating_sub(extent)]);
        assert_eq!(plan, by_hand.plan().unwrap(), "{direction:?}");
    }
}

/// PyTorch's `same` is the same with stride 1.
#[test]
fn with_stride_1() {
    for direction in directions() {
        let [size, kernel, _, dilation] = direction;
        let conv = Conv2d::new([1, size, size], 1, [kernel; 2]).dilation([dilation; 2]);
        let tensor_flow = conv.padding_same_tflite().plan::<f32>();
        assert_eq!(tensor_flow, conv.padding_same().plan(), "{direction:?}");
        let conv = ConvTranspose2d::new([1, size, size], 1, [kernel; 2]).dilation([dilation; 2]);
        let same = ConvTranspose2d { padding: Padding::Same, ..conv };
        assert_eq!(conv.padding_same_tflite().plan::<f32>(), same.plan(), "{direction:?}");
    }
    let strided = Conv2d::new([1, 8, 8], 1, [3, 3]).stride([2, 2]).padding_same();
    assert!(matches!(strided.plan::<f32>(), Err(Error::SamePaddingWithStride { .. })));
}
