#!/bin/bash
# Runs the tests for Arm under Linux, in emulation: see --help.
set -euo pipefail

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"

help() {
    cat <<HELP
usage: targets/test.sh [--cpu MODEL] [ARGUMENT..]

Runs the crate's tests for Linux on Arm, in QEMU's user-mode emulation: all but compile_fail and readme, which
are about the compiler. No property runs over 300 cases, unless NCHW_CASES_AT_MOST says so.
Each ARGUMENT is one of 'cargo test': '--test int8' runs one of them. With NCHW_FENCE=behind or =before, buffers
of properties and quantized have a page beside them that ends the program if it is accessed.

  --cpu   the processor that QEMU emulates:
            cortex-a53 (the default)        aarch64-unknown-linux-gnu, without the dot product
            cortex-a76, another of 64 bits  the same triple
            max                             the same, with all that QEMU has, the matrix product among it
            cortex-a7, -a8, -a9, -a15       thumbv7neon-unknown-linux-gnueabihf

A triple that 'rustup target add' has installed is built with it. Otherwise Debian's packages rustc-web,
cargo-web and rust-web-src are used. These, a cross compiler of C with its library, and qemu-user are installed
if they are missing and this is root.
HELP
}

if [[ ${1-} == @(--help|-h) ]]; then help && exit; fi
cpu=cortex-a53
if [[ ${1-} == --cpu ]]; then
    cpu=${2-}
    shift 2 || { help >&2 && exit 2; }
fi

case $cpu in
    cortex-a7 | cortex-a8 | cortex-a9 | cortex-a15)
        triple=thumbv7neon-unknown-linux-gnueabihf gnu=arm-linux-gnueabihf emulator=qemu-arm libc=armhf ;;
    *) triple=aarch64-unknown-linux-gnu gnu=aarch64-linux-gnu emulator=qemu-aarch64 libc=arm64 ;;
esac
toolchain "$triple"
command -v "$gnu-gcc" >/dev/null || debian "gcc-$gnu" "libc6-dev-$libc-cross"
command -v "$emulator" >/dev/null || debian qemu-user
variable=${triple^^}
export "CARGO_TARGET_${variable//-/_}_LINKER=$gnu-gcc"
export "CARGO_TARGET_${variable//-/_}_RUNNER=$emulator -cpu $cpu -L /usr/$gnu"
# Emulation is slow; the properties run in full where the tests are native.
export NCHW_CASES_AT_MOST=${NCHW_CASES_AT_MOST-300}
export CARGO_PROFILE_DEV_DEBUG=0

cd "$root"
selected=(--lib)
for file in tests/*.rs; do
    name=$(basename "$file" .rs)
    if [[ $name != @(compile_fail|readme) ]]; then selected+=(--test "$name"); fi
done
if [[ " $* " == *' --test '* || " $* " == *' --lib '* ]]; then selected=(); fi
cross "$triple" test -p nchw "${selected[@]}" "$@"
