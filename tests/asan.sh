#!/bin/bash
# The kernels at the edges of their tiles under AddressSanitizer, with buffers that end where their allocations do:
# an access one element beyond a slice ends the run with a report.
set -euo pipefail

help() {
    cat <<'HELP'
usage: tests/asan.sh [TEST..]

Runs TESTs (names of test functions or parts of names; default: edges) of tests/properties.rs and
tests/quantized.rs under AddressSanitizer, on every back-end of the host. Needs x86-64 Linux and a toolchain from
rustup, stable or not.
HELP
}

case ${1-} in
    -h | --help) help && exit ;;
    -*) help >&2 && exit 2 ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=x86_64-unknown-linux-gnu
# Toolchains come with the sanitizer's run-time library; only the option is not stable.
libraries=$(rustc --print sysroot)/lib/rustlib/$target/lib
if ! compgen -G "$libraries/librustc-*_rt.asan.a" >/dev/null; then
    echo "there is no AddressSanitizer in $libraries" >&2
    exit 1
fi
export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=line-tables-only
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address --cfg nchw_asan"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/asan
cargo test -p nchw --target "$target" --test properties --test quantized -- "${@:-edges}"
