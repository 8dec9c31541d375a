//! i8 operators of which nobody has recorded results: computed by the oracle of the tests.

use nchw_oracle::integer::{
    Affine, Operand, adaptive_avg_pool2d, adaptive_max_pool2d, concat, mul, softmax,
    upsample_nearest, zero_pad2d,
};

use crate::cases::Entry;
use crate::int8::NO_PARAMETERS;

const INPUT: [usize; 3] = [3, 5, 4];
const FROM: Affine = Affine { scale: 0.05, zero_point: -7 };
const SECOND: Affine = Affine { scale: 0.03, zero_point: 20 };
const TO: Affine = Affine { scale: 0.07, zero_point: 3 };
/// 0..1.
const SHARE: Affine = Affine { scale: 1.0 / 256.0, zero_point: -128 };

pub struct Computed {
    name: &'static str,
    operator: String,
    operand: Vec<i8>,
    y: Vec<i8>,
}

impl Computed {
    pub fn write(&self, file: &mut String) {
        Entry {
            name: format!("i8 computed/{}", self.name),
            operator: self.operator.clone(),
            x: &x(),
            operand: &self.operand,
            parameters: NO_PARAMETERS.to_owned(),
            y: &self.y,
        }
        .write(file);
    }
}

/// All over the range.
fn x() -> Vec<i8> {
    let numbers = INPUT.iter().product();
    (0..numbers).map(|i: usize| (i * 37 + 11) as u8 as i8).collect()
}

pub fn cases() -> Vec<Computed> {
    let (x, [from, second, to, share]) = (x(), [FROM, SECOND, TO, SHARE].map(quantization));
    let reversed: Vec<i8> = x.iter().rev().copied().collect();
    let operands = [
        Operand { shape: INPUT, values: &x, affine: FROM },
        Operand { shape: INPUT, values: &reversed, affine: SECOND },
    ];
    let binary = format!("quantized({from}, {second}, {to})");
    let case = |name, operator, y| Computed { name, operator, operand: Vec::new(), y };
    let rounded = |q: f64| q.round().clamp(-128.0, 127.0) as i8;
    vec![
        Computed {
            operand: reversed.clone(),
            ..case("mul", format!("Mul::new({INPUT:?}).{binary}"), mul(operands, TO).values)
        },
        Computed {
            operand: reversed.clone(),
            ..case(
                "concat",
                format!("Concat::new({INPUT:?}, {INPUT:?}).{binary}"),
                concat(operands, TO).values,
            )
        },
        case(
            "adaptive_avg_pool2d",
            format!("AdaptiveAvgPool2d::new({INPUT:?}, [3, 3])"),
            adaptive_avg_pool2d([3, 3], INPUT, &x).values,
        ),
        case(
            "adaptive_max_pool2d",
            format!("AdaptiveMaxPool2d::new({INPUT:?}, [2, 3])"),
            adaptive_max_pool2d([2, 3], INPUT, &x).values,
        ),
        case(
            "nearest",
            format!("Upsample::to({INPUT:?}, [7, 9])"),
            upsample_nearest([7, 9], INPUT, &x).values,
        ),
        case(
            "zero_pad2d",
            format!("ZeroPad2d::new({INPUT:?}, [1, 0, 2, 3]).quantized({from})"),
            zero_pad2d([1, 0, 2, 3], INPUT, (&x, FROM.zero_point)).values,
        ),
        case(
            "sigmoid",
            format!("Activate::new({INPUT:?}, Activation::Sigmoid).quantized({from}, {share})"),
            x.iter().map(|&q| SHARE.nearest(1.0 / (1.0 + (-FROM.real(q)).exp()))).collect(),
        ),
        case(
            "softmax",
            format!("Softmax::new({INPUT:?}).quantized({from}, {share})"),
            softmax(INPUT, &x, [FROM, SHARE]).into_iter().map(rounded).collect(),
        ),
    ]
}

fn quantization(affine: Affine) -> String {
    let Affine { scale, zero_point } = affine;
    format!("Quantization {{ scale: {scale:?}, zero_point: {zero_point} }}")
}
