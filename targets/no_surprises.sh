#!/bin/bash
# Looks into linked firmware for what has no business there: see --help.
set -euo pipefail

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"
# shellcheck source=targets/symbols.sh
source "$root/targets/symbols.sh"

help() {
    cat <<HELP
usage: targets/no_surprises.sh [CORE..]

Builds the programs of targets/firmware for each CORE, as products would be built, and fails if
anything but the networks, the kernels and the few functions that start the core and print is linked:

  in all of them       the panic handler, core::panicking, core::fmt, alloc
  person_detection,
  segment_i8           floating point in software: nothing is left of it at run time
  segment_f32          that of double precision; with an FPU that of single precision as well

It names the function and who calls it. On Cortex-M it fails as well if there are DSP instructions on a core that has
none by its triple, or none in person_detection and segment_i8 on one that has.

CORE, unless some are given: ${cores[*]}

Needs what targets/run.sh needs, and binutils for the core.
HELP
}

case ${1-} in
    --help | -h) help && exit ;;
    -*) help >&2 && exit 2 ;;
esac
if (($#)); then cores=("$@"); fi

failed=0
for name in "${cores[@]}"; do
    core "$name"
    inspect "$triple"
    for program in person_detection segment_f32 segment_i8 self_test; do
        firmware "$program"
        unwanted=$panics
        case $name/$program in
            */self_test) ;;
            m[03]/*_f32 | rv32/*_f32) unwanted+="|$doubles" ;;
            *) unwanted+="|$doubles|$singles" ;;
        esac
        if [[ $name == m* ]]; then
            dsp=$("$tools-objdump" -d "$elf" | grep -cw smlad || true)
            case $name/$program in
                m[47]/person_detection | m[47]/segment_i8) wrong=$((dsp == 0)) ;;
                m[47]/*) wrong=0 ;;
                *) wrong=$dsp ;;
            esac
            if ((wrong)); then
                failed=1
                printf '%-5s %-17s FAILED, %d times smlad\n' "$name" "$program" "$dsp"
            fi
        fi
        if functions=$(linked "$elf" "$unwanted"); then
            failed=1
            printf '%-5s %-17s FAILED, these are linked:\n' "$name" "$program"
            sed 's/^/         /' <<<"$functions"
            echo '     and these call them, so many times:'
            callers "$elf" "$unwanted" | sort | uniq -c | sort -rn
        else
            printf '%-5s %-17s ok, %6d bytes of code\n' "$name" "$program" \
                "$(sections "$elf" '^\.(text|vector_table)$')"
        fi
    done
done
((failed == 0)) || fail 'there is what has no business there, see above'
