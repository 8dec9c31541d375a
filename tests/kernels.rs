//! The table of kernels: the page that it makes, and that random cases meet each kernel on each instruction set that this
//! machine has, not on the best alone. (Each case is held against the oracle as it runs.)

use core::fmt::Write;
use std::{env, fs};

use nchw::{__Kernel as Kernel, __kernels as kernels, Dtype};
use nchw_cases::met::is_met;
use nchw_cases::operators::operators;
use proptest::test_runner::TestRunner;

/// Cases of each operator, several times as many as meet the rarest kernel once.
const CASES: usize = 500;

/// Those of layers with weights and of pools, between which plans choose by the shape.
fn chosen() -> impl Iterator<Item = &'static Kernel> {
    kernels().filter(|kernel| !kernel.when.is_empty())
}

#[test]
fn each_is_met_on_every_backend() {
    let mut runner = TestRunner::deterministic();
    for operator in operators() {
        let weighted = operator.name.contains("conv") || operator.name.contains("pool");
        if weighted && !operator.name.contains("far") {
            for _ in 0..CASES {
                operator.draw(&mut runner).test();
            }
        }
    }
    let mut missed = String::new();
    for kernel in chosen().filter(|kernel| kernel.here) {
        let pools = kernel.operators.contains("Pool");
        for &backend in kernel.backends.iter().filter(|backend| backend.is_available()) {
            if !is_met((pools, kernel.dtype, kernel.name, backend)) {
                writeln!(missed, "{} {:?} on {}", kernel.name, kernel.dtype, backend.name())
                    .unwrap();
            }
        }
    }
    assert!(missed.is_empty(), "no case met these kernels:\n{missed}");
}

#[test]
fn page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/KERNELS.md");
    if env::var_os("NCHW_UPDATE").is_some() {
        fs::write(path, page()).unwrap();
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == page(),
        "KERNELS.md is not what the table says: NCHW_UPDATE=1 cargo test --test kernels"
    );
}

/// `KERNELS.md`.
fn page() -> String {
    let mut page = String::from(
        "# Kernels\n\n\
         What computes a layer, by operator, type and instruction set. Of several rows a layer takes the first that it fits;\n\
         `plan.kernel()` says which. The page is made from the table in `src/kernel/registry.rs`\n\
         (`NCHW_UPDATE=1 cargo test --test kernels`).\n\n\
         Instruction sets are those of `Backend`. \"scalar\" is portable code, and all there is on RISC-V, Cortex-M\n\
         other than M4 and M7, WebAssembly and 32-bit Cortex-A, and without the feature `simd`. In i8 it runs on x86-64 as well. \"Stack\" are a\n\
         kernel's largest buffers there, in bytes: on 32-bit Arm, and on others.\n",
    );
    let mut last = "";
    for kernel in chosen() {
        let title = format!("{}, {}", kernel.operators, dtype(kernel));
        if last != kernel.operators || !page.contains(&title) {
            last = kernel.operators;
            let weights = if kernel.weight_order.is_empty() { "" } else { " weights |" };
            let line = if weights.is_empty() { "" } else { "---|" };
            write!(
                page,
                "\n## {title}\n\n| kernel | instruction sets | when |{weights} stack |\n|---|---|---|{line}--:|\n"
            )
            .unwrap();
        }
        let order = match kernel.weight_order {
            "" => String::new(),
            order => format!(" {order} |"),
        };
        let [small, large] = kernel.stack;
        let stack = match (small, large) {
            (0, 0) => "-".to_owned(),
            _ if small == large => small.to_string(),
            _ => format!("{small}, {large}"),
        };
        let (name, when, backends) = (kernel.name, kernel.when, backends(kernel));
        writeln!(page, "| {name} | {backends} | {when} |{order} {stack} |").unwrap();
    }
    page.push_str(
        "\n## Other operators\n\n\
         One kernel for each instruction set.\n\n\
         | operators | type | kernel | instruction sets |\n|---|---|---|---|\n",
    );
    for kernel in kernels().filter(|kernel| kernel.when.is_empty()) {
        let (operators, dtype, backends) = (kernel.operators, dtype(kernel), backends(kernel));
        writeln!(page, "| {operators} | {dtype} | {} | {backends} |", kernel.name).unwrap();
    }
    page
}

fn dtype(kernel: &Kernel) -> &'static str {
    match kernel.dtype {
        Dtype::F32 => "f32",
        Dtype::I8 => "i8",
    }
}

fn backends(kernel: &Kernel) -> String {
    if kernel.backends.len() == 6 {
        return "all".to_owned();
    }
    kernel.backends.iter().map(|backend| backend.name()).collect::<Vec<_>>().join(", ")
}
