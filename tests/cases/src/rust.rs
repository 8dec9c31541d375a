//! Cases as lines of Rust that one can paste into a test: specifications as calls of their builders, with what is not
//! the default.

use core::fmt::{Debug, Write};

use nchw::{
    Activate, Activation, AdaptiveAvgPool2d, Add, Algorithm, AvgPool2d, BatchNorm2d, Concat,
    Conv2d, ConvTranspose2d, Dequantize, Linear, MaxPool2d, Padding, PaddingMode, Prelu, Quantize,
    Softmax, Upsample, ZeroPad2d,
};

/// A specification.
pub trait Spec: Debug {
    /// Its constructor and the calls after it.
    fn line(&self) -> String;
}

/// A case, with its specification as Rust; what else is in it is Rust by itself.
pub fn with(case: &impl Debug, spec: &impl Spec) -> String {
    let (all, part) = (format!("{case:?}"), format!("{spec:?}"));
    all.replacen(&part, &spec.line(), 1)
}

/// Appends `.name(value)` unless the value is the default.
fn call<T: PartialEq + Debug>(line: &mut String, name: &str, value: T, default: T) {
    if value != default {
        write!(line, ".{name}({value:?})").expect("memory can be written to");
    }
}

/// The same for values of an enum.
fn variant<T: PartialEq + Debug>(
    line: &mut String,
    name: &str,
    of: &str,
    (value, default): (T, T),
) {
    if value != default {
        write!(line, ".{name}({of}::{value:?})").expect("memory can be written to");
    }
}

fn activation(line: &mut String, activation: Activation) {
    variant(line, "activation", "Activation", (activation, Activation::Identity));
}

/// Padding as the shorter of two calls.
fn padding(line: &mut String, padding: Padding) {
    let sides = match padding {
        Padding::Sides(sides) => sides,
        Padding::Same => return line.push_str(".padding_same()"),
        Padding::SameTflite => return line.push_str(".padding_same_tflite()"),
    };
    match sides {
        [0, 0, 0, 0] => {}
        [h, w, bottom, right] if [h, w] == [bottom, right] => call(line, "padding", [h, w], [0; 2]),
        sides => call(line, "padding_sides", sides, [0; 4]),
    }
}

impl Spec for Conv2d {
    fn line(&self) -> String {
        let mut line =
            format!("Conv2d::new({:?}, {}, {:?})", self.input, self.out_channels, self.kernel_size);
        call(&mut line, "stride", self.stride, [1, 1]);
        padding(&mut line, self.padding);
        call(&mut line, "dilation", self.dilation, [1, 1]);
        call(&mut line, "groups", self.groups, 1);
        let mode = (self.padding_mode, PaddingMode::Zeros);
        variant(&mut line, "padding_mode", "PaddingMode", mode);
        variant(&mut line, "algorithm", "Algorithm", (self.algorithm, Algorithm::Auto));
        activation(&mut line, self.activation);
        line
    }
}

impl Spec for ConvTranspose2d {
    fn line(&self) -> String {
        let mut line = format!(
            "ConvTranspose2d::new({:?}, {}, {:?})",
            self.input, self.out_channels, self.kernel_size
        );
        call(&mut line, "stride", self.stride, [1, 1]);
        padding(&mut line, self.padding);
        call(&mut line, "output_padding", self.output_padding, [0, 0]);
        call(&mut line, "dilation", self.dilation, [1, 1]);
        call(&mut line, "groups", self.groups, 1);
        activation(&mut line, self.activation);
        line
    }
}

/// Implements [`Spec`]: the constructor, its arguments, and what is appended.
macro_rules! spec {
    ($spec:ident::$new:ident($($argument:ident),*), |$this:ident, $line:ident| $rest:block) => {
        impl Spec for $spec {
            fn line(&self) -> String {
                let $this = self;
                let arguments: &[&dyn Debug] = &[$(&self.$argument),*];
                let arguments: Vec<_> = arguments.iter().map(|a| format!("{a:?}")).collect();
                let constructor = concat!(stringify!($spec), "::", stringify!($new));
                let mut line = format!("{constructor}({})", arguments.join(", "));
                let $line = &mut line;
                $rest
                line
            }
        }
    };
}

spec!(Linear::new(input, out_features), |this, line| { activation(line, this.activation) });
spec!(BatchNorm2d::new(input), |this, line| { activation(line, this.activation) });
spec!(Prelu::new(input), |_this, _line| {});
spec!(Softmax::new(input), |_this, _line| {});
spec!(Quantize::new(input, quantization), |_this, _line| {});
spec!(Dequantize::new(input, quantization), |_this, _line| {});
spec!(ZeroPad2d::new(input, padding), |_this, _line| {});
spec!(Concat::new(input, second_input), |_this, _line| {});
spec!(Upsample::to(input, output_size), |this, line| {
    if let Some(factors) = this.scale_factor {
        *line = format!("Upsample::by_factor({:?}, {factors:?})", this.input);
    }
    variant(line, "mode", "UpsampleMode", (this.mode, nchw::UpsampleMode::Nearest));
});
spec!(AdaptiveAvgPool2d::new(input, output_size), |this, line| {
    activation(line, this.activation);
});
spec!(Activate::new(input), |this, line| {
    // The second argument is an enum.
    line.pop();
    write!(line, ", Activation::{:?})", this.activation).expect("memory can be written to");
});
spec!(Add::new(input), |this, line| {
    if this.second_input != this.input {
        *line += ".per_channel()";
    }
    activation(line, this.activation);
});
spec!(MaxPool2d::new(input, kernel_size), |this, line| {
    call(line, "stride", this.stride, this.kernel_size);
    padding(line, this.padding);
    call(line, "dilation", this.dilation, [1, 1]);
    call(line, "ceil_mode", this.ceil_mode, false);
    activation(line, this.activation);
});
spec!(AvgPool2d::new(input, kernel_size), |this, line| {
    call(line, "stride", this.stride, this.kernel_size);
    padding(line, this.padding);
    call(line, "ceil_mode", this.ceil_mode, false);
    call(line, "count_include_pad", this.count_include_pad, true);
    if let Some(divisor) = this.divisor_override {
        call(line, "divisor_override", divisor, 0);
    }
    activation(line, this.activation);
});
