//! A layer with its operands and its result as bytes: how cases get from the machine that drew them to a microcontroller
//! that runs them.
//!
//! What is in a case is described once, in `case.rs`, for a [`Wire`] that either takes values or sets them: so the
//! [`Writer`] and the [`Reader`] cannot differ. A record is its length in bytes, the number of the case, and what
//! it says, all of it little-endian words and slices; slices of i8 lie at any address modulo 4.
#![no_std]

mod case;
mod operator;
mod reader;
mod wire;
mod writer;

pub use case::{Case, Data, Float, Int8};
pub use operator::Operator;
pub use reader::{Reader, length};
pub use wire::{Element, Wire};
pub use writer::Writer;

/// Bytes of a record's length and number.
pub const HEADER: usize = 12;

/// Bytes that a record may have.
pub const RECORD: usize = 1 << 20;

/// Elements that a slice may have, and a buffer of whoever runs it.
pub const ELEMENTS: usize = 1 << 16;

#[cfg(test)]
mod tests {
    extern crate std;

    use std::format;
    use std::vec::Vec;

    use nchw::{
        Activation, BatchNorm, Conv2d, Int8Parameters, Parameters, Quantization, Upsample,
        WeightScale,
    };

    use super::*;

    fn comes_back(number: u64, case: Case<'_>) {
        let bytes: Vec<u8> = Writer::write(number, case).unwrap();
        // Aligned to words, as the reader wants it.
        let mut words = std::vec![0_u32; bytes.len().div_ceil(4)];
        // SAFETY: the bytes of integers.
        let (_, record, _) = unsafe { words.align_to_mut::<u8>() };
        let record = &mut record[..bytes.len()];
        record.copy_from_slice(&bytes);
        assert_eq!(length(record.first_chunk().unwrap()), Some(bytes.len()));
        let (read_number, read) = Reader::read(record).unwrap();
        assert_eq!((read_number, format!("{read:?}")), (number, format!("{case:?}")));
        assert!(Reader::read(&record[..bytes.len() - 1]).is_none());
    }

    #[test]
    fn what_is_written_is_read() {
        let float = Float {
            x: &[1.0, f32::NAN],
            operand: &[-0.0],
            parameters: Parameters {
                batch_norm: Some(BatchNorm { eps: 1e-3, ..BatchNorm::new(&[2.0], &[3.0]) }),
                ..Parameters::NONE.bias(&[1.5])
            },
            range: [&[0.5, 0.25], &[1.0, 2.0]],
        };
        let clamp = Activation::Clamp { min: -1.0, max: f32::INFINITY };
        let spec = Conv2d::new([1, 1, 2], 1, [1, 1]).padding_same().activation(clamp);
        comes_back(1, Case { operator: Operator::Conv2d(spec), data: Data::Float(float) });
        for spec in [spec.padding_sides([1, 2, 3, 4]), spec.padding_same_tflite()] {
            comes_back(1, Case { operator: Operator::Conv2d(spec), data: Data::Float(float) });
        }
        let factor = Upsample::by_factor([1, 2, 3], [1.5, 2.25]);
        comes_back(1, Case { operator: Operator::Upsample(factor), data: Data::Float(float) });

        let q = Quantization { scale: 0.5, zero_point: -128 };
        let spec = spec.quantized(q, q).output_range(-7, 9);
        for number in [0, 1, 2, 3, u64::MAX] {
            let scale = WeightScale::Fixed { multiplier: &[1 << 30], shift: &[-31] };
            let data = Data::Int8(Int8 {
                x: &[1, -2, 3],
                operand: &[-128],
                parameters: Int8Parameters { bias: Some(&[i32::MIN]), scale },
                y: &[4, 5],
            });
            comes_back(number, Case { operator: Operator::Conv2d(spec), data });
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let case = |spec, x| {
            let parameters = Parameters::NONE;
            let data = Data::Float(Float { x, operand: &[], parameters, range: [&[]; 2] });
            Writer::<Vec<u8>>::write(0, Case { operator: Operator::Conv2d(spec), data })
        };
        let spec = Conv2d::new([1, 1, 1], 1, [1, 1]);
        assert!(case(spec, &[0.0; ELEMENTS]).is_some());
        assert!(case(spec, &[0.0; ELEMENTS + 1]).is_none());
        assert!(case(spec.stride([1, u32::MAX as usize]), &[]).is_some());
        #[cfg(target_pointer_width = "64")]
        assert!(case(spec.stride([1, 1 << 32]), &[]).is_none());
    }
}
