#!/bin/bash
# Runs the firmware on an emulated core: see --help.
set -euo pipefail

programs=(person_detection segment_f32 segment_i8 self_test)
seconds=300

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"

help() {
    cat <<HELP
usage: targets/run.sh CORE|all [PROGRAM|all]

Builds a program of targets/firmware, runs it on an emulated core without an operating system, and
shows what it prints; then the executed instructions (of one inference, or of all of the self-test),
the bytes of code, of weights and of other constants, and of RAM. Fails if the program does, or takes
longer than $seconds seconds.

CORE:
  m0   Cortex-M0+     thumbv6m-none-eabi, on a board with a Cortex-M3, misaligned accesses trapped
  m3   Cortex-M3      thumbv7m-none-eabi
  m4   Cortex-M4F     thumbv7em-none-eabihf
  m7   Cortex-M7F     thumbv7em-none-eabihf
  m55  Cortex-M55     thumbv8m.main-none-eabihf, as for a Cortex-M33: without Helium
  a53  Cortex-A53     aarch64-unknown-none

PROGRAM:
  person_detection    the example's i8 network and its eleven photos
  segment_f32         the example's f32 network and two scenes
  segment_i8          the example's i8 network and four scenes
  self_test           every operator in f32 and i8 on recorded cases

Needs QEMU, besides a compiler (see build.sh) and, with Debian's, a linker for the core: installed if
they are missing and this is root.
HELP
}

case ${1-} in
    --help | -h) help && exit ;;
    '' | -*) help >&2 && exit 2 ;;
    all) selected=("${cores[@]}") ;;
    *) selected=("$1") ;;
esac
if [[ ${2-all} != all ]]; then
    [[ " ${programs[*]} " == *" $2 "* ]] || fail "no program '$2'; there are ${programs[*]}"
    programs=("$2")
fi
command -v readelf >/dev/null || debian binutils

# sections ELF PATTERN: the bytes of the sections whose names match.
sections() {
    local name size sum=0
    while read -r name _ _ _ size _; do
        if [[ $name =~ $2 ]]; then sum=$((sum + 16#$size)); fi
    done < <(readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] //p')
    echo "$sum"
}

# weights ELF: the bytes of the constants in the example's file, which are its layers.
weights() {
    readelf -sW -C "$1" |
        awk '$4 == "OBJECT" && $8 ~ /::(mobilenet|unet|unet_i8)::/ { sum += $3 } END { print sum + 0 }'
}

# number PATTERN TEXT: the number that PATTERN captures, in the last line that matches.
number() {
    sed -n "s/.*$1.*/\\1/p" <<<"$2" | tail -n 1
}

row='%-4s %-17s %-7s %13s %7s %8s %10s %10s %6s\n'
# shellcheck disable=SC2059
table=$(printf "$row" core program result instructions code weights constants statics stack)
failed=0
for name in "${selected[@]}"; do
    core "$name"
    toolchain "$triple"
    link_flags "$triple"
    for program in "${programs[@]}"; do
        echo "$program on $name ($triple)"
        RUSTFLAGS="${RUSTFLAGS-} $flags" cross "$triple" build --quiet --release \
            --bin "$program" --manifest-path "$root/targets/firmware/Cargo.toml"
        elf=$CARGO_TARGET_DIR/$triple/release/$program

        result=ok
        output=$(timeout "$seconds" "${emulator[@]}" "$elf" 2>&1 </dev/null) ||
            result="FAILED" failed=1
        printf '%s\n\n' "$output"

        weights=$(weights "$elf")
        # shellcheck disable=SC2059
        table+=$'\n'$(printf "$row" "$name" "$program" "$result" \
            "$(number ' \([0-9]*\) instructions' "$output")" \
            "$(sections "$elf" '^\.(text|vector_table)$')" "$weights" \
            "$(($(sections "$elf" '^\.(rodata|data)$') - weights))" \
            "$(number 'statics \([0-9]*\)' "$output")" "$(number 'stack \([0-9]*\)' "$output")")
    done
done

echo "$table"
exit "$failed"
