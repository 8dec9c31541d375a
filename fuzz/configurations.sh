# shellcheck shell=bash
# Sourced by the scripts beside it: what the fuzzer is built for, and how it runs there.
#
#   build NAME            builds it
#   fuzz NAME ARGUMENT..  runs it

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/../targets/toolchain.sh"
# shellcheck source=fuzz/board.sh
source "$root/fuzz/board.sh"

# Each with the share of the time that it gets.
configurations=(checked release asan a53 a76 a-max 32 m4 m0)
declare -A share=([checked]=24 [release]=24 [asan]=16 [a53]=20 [a76]=10 [a-max]=12 [32]=14 [m4]=6 [m0]=6)
declare -A title=(
    [checked]='x86-64, overflow checks' [release]='x86-64, release' [asan]='x86-64, AddressSanitizer'
    [a53]='AArch64, cortex-a53' [a76]='AArch64, cortex-a76' [a-max]='AArch64, max' [32]='i686, overflow checks'
    [m4]='Cortex-M4F without an operating system' [m0]='Armv6-M without an operating system'
)

host=x86_64-unknown-linux-gnu
arm=aarch64-unknown-linux-gnu
x86=i686-unknown-linux-gnu

# Debug information is of no use in a program that crashes in another process.
export CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_FUZZ_DEBUG=0

build() {
    echo "building ${title[$1]}"
    case $1 in
        checked) cargo build --quiet --profile fuzz -p nchw-fuzz ;;
        release) cargo build --quiet --release -p nchw-fuzz ;;
        asan)
            RUSTC_BOOTSTRAP=1 RUSTFLAGS='-Zsanitizer=address --cfg nchw_asan' \
                CARGO_TARGET_DIR=$CARGO_TARGET_DIR/asan \
                cargo build --quiet --release -p nchw-fuzz --target $host
            ;;
        a53 | a76 | a-max)
            toolchain $arm
            command -v aarch64-linux-gnu-gcc >/dev/null || debian gcc-aarch64-linux-gnu libc6-dev-arm64-cross
            command -v qemu-aarch64 >/dev/null || debian qemu-user
            CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
                cross $arm build --quiet --release -p nchw-fuzz
            ;;
        32)
            toolchain $x86
            command -v i686-linux-gnu-gcc >/dev/null || debian gcc-i686-linux-gnu libc6-dev-i386-cross
            # Without a dynamic linker of 32 bits on the system.
            CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_LINKER=i686-linux-gnu-gcc \
                CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_RUSTFLAGS='-Ctarget-feature=+crt-static' \
                cross $x86 build --quiet --profile fuzz -p nchw-fuzz
            ;;
        m4 | m0) build_board "$1" ;;
        *) fail "no configuration '$1'; there are ${configurations[*]}" ;;
    esac
}

fuzz() {
    local emulated
    emulated() { qemu-aarch64 -cpu "$1" -L /usr/aarch64-linux-gnu "$CARGO_TARGET_DIR/$arm/release/nchw-fuzz" "${@:2}"; }
    local name=$1
    shift
    case $name in
        checked) "$CARGO_TARGET_DIR/fuzz/nchw-fuzz" "$@" ;;
        release) "$CARGO_TARGET_DIR/release/nchw-fuzz" "$@" ;;
        asan) "$CARGO_TARGET_DIR/asan/$host/release/nchw-fuzz" "$@" ;;
        a53) emulated cortex-a53 "$@" ;;
        a76) emulated cortex-a76 "$@" ;;
        a-max) emulated max "$@" ;;
        32) "$CARGO_TARGET_DIR/$x86/fuzz/nchw-fuzz" "$@" ;;
        m4 | m0) fuzz_board "$name" "$@" ;;
    esac
}
