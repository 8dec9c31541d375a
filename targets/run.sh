#!/bin/bash
# Runs the firmware on an emulated core: see --help.
set -euo pipefail

programs=(person_detection segment_f32 segment_i8 self_test)

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"

help() {
    cat <<HELP
usage: targets/run.sh CORE|all [PROGRAM|all]

Builds a program of targets/firmware, runs it on an emulated core without an operating system, and
shows what it prints; then, in a table, the executed instructions (of one inference, or of all of the
self-test) and the bytes that it takes:

  flash   code, weights and other constants
  RAM     activations (with workspace), other statics, and the stack's high-water mark
  beside  test data in flash, and the network's input in RAM

Fails if the program does, takes longer than $seconds seconds, or more bytes than targets/budgets.txt allows.

CORE:
  m0     Cortex-M0+     thumbv6m-none-eabi, on a board with a Cortex-M3, misaligned accesses trapped
  m3     Cortex-M3      thumbv7m-none-eabi
  m4     Cortex-M4F     thumbv7em-none-eabihf
  m7     Cortex-M7F     thumbv7em-none-eabihf
  m55    Cortex-M55     thumbv8m.main-none-eabihf, as for a Cortex-M33: without Helium
  a53    Cortex-A53     aarch64-unknown-none
  a76    Cortex-A76     aarch64-unknown-none
  a-max  what QEMU has  the same, with all extensions that it emulates; of these, i8mm counts
  rv32   lowRISC Ibex   riscv32imc-unknown-none-elf, as for an ESP32-C3

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

# objects ELF REGEX: the bytes of the constants whose names match.
objects() {
    readelf -sW -C "$1" | awk -v regex="$2" '$4 == "OBJECT" && $8 ~ regex { sum += $3 } END { print sum + 0 }'
}

# number REGEX: the number that REGEX captures, in the last line of `output` that matches.
number() {
    sed -n "s/.*$1.*/\\1/p" <<<"$output" | tail -n 1
}

# within CORE PROGRAM: whether `bytes` are within the budget; prints those that are not.
within() {
    local program core limits names=() i within=0
    while read -r program core limits; do
        if [[ "$program $core" == '# program' ]]; then read -r -a names <<<"${limits#core }"; fi
        # shellcheck disable=SC2053 # the core is a pattern
        if [[ $program == "$2" && $1 == $core ]]; then
            read -r -a limits <<<"$limits"
            for i in "${!names[@]}"; do
                if [[ ${limits[i]} != - ]] && ((bytes[${names[i]}] > limits[i])); then
                    echo "over budget: ${bytes[${names[i]}]} bytes of ${names[i]}, allowed are ${limits[i]}"
                    within=1
                fi
            done
            return $within
        fi
    done <"$root/targets/budgets.txt"
    echo "no budget for $2 on $1 in targets/budgets.txt"
    return 1
}

columns=(code weights constants flash activations other stack RAM tests input)
row='%-5s %-17s %-7s %13s'
# shellcheck disable=SC2059
table=$(printf "$row" core program result instructions; printf ' %9s' "${columns[@]/activations/activ.}")
failed=0
declare -A bytes
for name in "${selected[@]}"; do
    core "$name"
    for program in "${programs[@]}"; do
        echo "$program on $name ($triple)"
        firmware "$program"
        result=ok
        output=$(emulate) || result=FAILED failed=1
        printf '%s\n' "$output"

        bytes=(
            [code]=$(sections "$elf" '^\.(text|vector_table)$')
            [weights]=$(objects "$elf" '::(mobilenet|unet|unet_i8)::')
            [tests]=$(objects "$elf" '::(PHOTOS|scenes::.*)$')
            [input]=$(number 'RAM input \([0-9]*\)')
            [activations]=$(number 'RAM activations \([0-9]*\)')
            [other]=$(number 'RAM other \([0-9]*\)')
            [stack]=$(number 'RAM stack \([0-9]*\)')
        )
        bytes[constants]=$(($(sections "$elf" '^\.(rodata|data)$') - bytes[weights] - bytes[tests]))
        bytes[flash]=$((bytes[code] + bytes[weights] + bytes[constants]))
        bytes[RAM]=$((bytes[activations] + bytes[other] + bytes[stack]))
        if [[ $result == ok ]] && ! within "$name" "$program"; then result=OVER failed=1; fi
        echo

        # shellcheck disable=SC2059
        table+=$'\n'$(printf "$row" "$name" "$program" "$result" "$(number ' \([0-9]*\) instructions')")
        for column in "${columns[@]}"; do table+=$(printf ' %9d' "${bytes[$column]}"); done
    done
done

echo "$table"
exit "$failed"
