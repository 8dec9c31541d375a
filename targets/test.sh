#!/bin/bash
# Runs the tests for AArch64 under Linux, in emulation: see --help.
set -euo pipefail

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"

triple=aarch64-unknown-linux-gnu

help() {
    cat <<HELP
usage: targets/test.sh [--cpu MODEL] [ARGUMENT..]

Runs the crate's tests as $triple, in QEMU's user-mode emulation: all but compile_fail, which
is about the compiler. No property runs over 1000 cases, unless NCHW_CASES_AT_MOST says so.
Each ARGUMENT is one of 'cargo test': '--test int8' runs one of them.

  --cpu   the processor that QEMU emulates: cortex-a53 (the default), which has no dot product, cortex-a76, ..

A triple that 'rustup target add' has installed is built with it. Otherwise Debian's packages rustc-web,
cargo-web and rust-web-src are used. These and gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user
are installed if they are missing and this is root.
HELP
}

if [[ ${1-} == @(--help|-h) ]]; then help && exit; fi
cpu=cortex-a53
if [[ ${1-} == --cpu ]]; then
    cpu=${2-}
    shift 2 || { help >&2 && exit 2; }
fi

toolchain "$triple"
command -v aarch64-linux-gnu-gcc >/dev/null || debian gcc-aarch64-linux-gnu libc6-dev-arm64-cross
command -v qemu-aarch64 >/dev/null || debian qemu-user
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -cpu $cpu -L /usr/aarch64-linux-gnu"
# Emulation is slow; the properties run in full where the tests are native.
export NCHW_CASES_AT_MOST=${NCHW_CASES_AT_MOST-1000}
export CARGO_PROFILE_DEV_DEBUG=0

cd "$root"
selected=(--lib)
for file in tests/*.rs; do
    name=$(basename "$file" .rs)
    if [[ $name != compile_fail ]]; then selected+=(--test "$name"); fi
done
if [[ " $* " == *' --test '* || " $* " == *' --lib '* ]]; then selected=(); fi
cross "$triple" test -p nchw "${selected[@]}" "$@"
