#!/bin/bash
# Whether optimizing programs for size leaves the crate as fast as it is: see --help.
set -euo pipefail

tolerance=15 # per cent
program=person_detection

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"

help() {
    cat <<HELP
usage: targets/small.sh [CORE]

Builds the program $program of targets/firmware with the profiles 'release', whose opt-level is 3, and 'small',
whose opt-level is "s", but 3 for nchw, as README.md has it. Runs both on an emulated core, m4 unless another is
given, and prints the instructions that they execute and the bytes of their code. Fails if those of 'small' are over
$tolerance % more instructions: then code of nchw is compiled in the program and not in the crate.

Both are linked with LTO, whose passes run at the program's level: in i8 that costs next to nothing, in f32 loops are not
unrolled (README.md), and so are not looked at here.

CORE: ${cores[*]}; see targets/run.sh.

Needs what targets/run.sh needs.
HELP
}

case ${1-m4} in
    --help | -h) help && exit ;;
    -*) help >&2 && exit 2 ;;
    *) name=${1-m4} ;;
esac

core "$name"
declare -A counts
for profile in release small; do
    firmware "$program"
    output=$(emulate) || { echo "$output" && fail "$program failed on $name, profile $profile"; }
    counts[$profile]=$(sed -n 's/.* \([0-9]*\) instructions$/\1/p' <<<"$output" | tail -n 1)
    printf '%-9s %11d instructions, %6d bytes of code\n' "$profile" "${counts[$profile]}" \
        "$(sections "$elf" '^\.(text|vector_table)$')"
done
((100 * counts[small] <= (100 + tolerance) * counts[release])) ||
    fail "$program takes over $tolerance % more instructions with opt-level \"s\" and nchw at 3 on $name"
