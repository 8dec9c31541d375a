#!/bin/bash
# Builds the crate for bare metal: see --help.
set -euo pipefail

triples=(
    thumbv6m-none-eabi thumbv7m-none-eabi thumbv7em-none-eabi thumbv7em-none-eabihf
    thumbv8m.base-none-eabi thumbv8m.main-none-eabihf riscv32imc-unknown-none-elf riscv32imac-unknown-none-elf
    aarch64-unknown-none x86_64-unknown-none x86_64-unknown-uefi wasm32-unknown-unknown
)
features=(--no-default-features default --all-features)

help() {
    cat <<HELP
usage: targets/build.sh [--check | --clippy] [TRIPLE..]

Builds the crate for each TRIPLE with the default features, in release but without optimization, checks it without
features and with all of them, and prints a table of what came of it.

  --check   only checks, for triples whose firmware is built
  --clippy  lints instead; a warning fails

The triples, unless some are given: ${triples[*]}

A triple that 'rustup target add' has installed is built with it. For any other, Debian's packages
rustc-web, cargo-web and rust-web-src (and rust-web-clippy) are used, and installed if they are missing
and this is root.
HELP
}

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"

action=build
while (($#)); do
    case $1 in
        --help | -h) help && exit ;;
        --check) action=check ;;
        --clippy) action=clippy ;;
        -*) help >&2 && exit 2 ;;
        *) break ;;
    esac
    shift
done
if (($#)); then triples=("$@"); fi

cd "$root"
rows=()
failed=0
for triple in "${triples[@]}"; do
    toolchain "$triple" "$action"
    for set in "${features[@]}"; do
        does=$action
        if [[ $action == build && $set != default ]]; then does=check; fi
        arguments=(--quiet --release --lib -p nchw)
        if [[ $set != default ]]; then arguments+=("$set"); fi
        case $does in
            clippy) arguments+=(-- -D warnings) ;;
            # Optimized it would take three times as long; firmware is.
            build) arguments+=(--config profile.release.package.nchw.opt-level=0) ;;
        esac

        result=ok
        cross "$triple" "$does" "${arguments[@]}" || result=FAILED failed=1
        rows+=("$(printf '%-28s %-22s %-6s %s' "$triple" "$set" "$does" "$result")")
        echo "${rows[-1]}"
    done
done

printf '\n%-28s %-22s\n' triple features
printf '%s\n' "${rows[@]}"
exit "$failed"
