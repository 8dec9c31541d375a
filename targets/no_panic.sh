#!/bin/bash
# Links every function of the probe alone and looks for panics: see --help.
set -euo pipefail

triples=(thumbv6m-none-eabi thumbv7em-none-eabihf)
profiles=(small release) # opt-level "s" and 3

help() {
    cat <<HELP
usage: targets/no_panic.sh [TRIPLE..]

Builds targets/probe, with opt-level "s" and 3, links each of its functions for itself, and fails if
the panic handler, or anything of core::panicking, core::fmt or alloc, comes along. Prints the size of
the code, and for each panic who calls it.

The triples, unless some are given: ${triples[*]}

Besides a compiler (see build.sh) it needs arm-none-eabi-ld and its like: Debian's
binutils-arm-none-eabi, installed if it is missing and this is root.
HELP
}

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/symbols.sh
source "$root/targets/symbols.sh"

case ${1-} in
    --help | -h) help && exit ;;
    -*) help >&2 && exit 2 ;;
esac
if (($#)); then triples=("$@"); fi

work=$CARGO_TARGET_DIR/no_panic.$$
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
: >"$work/callers"
declare -A cells=()
columns=()
failed=0
for triple in "${triples[@]}"; do
    toolchain "$triple"
    inspect "$triple"
    for profile in "${profiles[@]}"; do
        column=${triple%%-*}/$profile
        columns+=("$column")
        cross "$triple" build --quiet --manifest-path "$root/targets/probe/Cargo.toml" \
            --profile "$profile"
        archive=$CARGO_TARGET_DIR/$triple/$profile/libnchw_probe.a
        functions=$(arm-none-eabi-nm --defined-only "$archive" 2>/dev/null |
            awk '$2 == "T" && $3 ~ /^(typed|plan|pack|run|find)_/ { print $3 }' | sort)
        [[ -n $functions ]] || fail "$archive has no functions to look at"
        for function in $functions; do
            elf=$work/$function.elf
            arm-none-eabi-ld --gc-sections --no-warnings -T "$root/targets/probe/link.ld" \
                --entry "$function" -o "$elf" "$archive"
            size=$(arm-none-eabi-nm "$elf" | awk '$3 == "TEXT_SIZE" { print $1 }')
            cells[$function/$column]=$((16#$size))
            if linked "$elf" "$panics" >/dev/null; then
                failed=1
                cells[$function/$column]=PANIC
                callers "$elf" "$panics" >>"$work/callers"
            fi
        done
    done
done

printf '\n%-28s' 'bytes of code'
printf ' %16s' "${columns[@]}"
echo
for function in $functions; do
    printf '%-28s' "$function"
    for column in "${columns[@]}"; do printf ' %16s' "${cells[$function/$column]}"; done
    echo
done
if ((failed)); then
    printf '\nWho panics (and in how many of the cases above):\n'
    sort "$work/callers" | uniq -c | sort -rn
    fail 'panics are linked, see above'
fi
echo "no panics in $(wc -w <<<"$functions") functions"
