#!/bin/bash
# Two minutes of random layers, on every kind of target: see --help.
set -euo pipefail

# shellcheck source=fuzz/configurations.sh
source "$(dirname "${BASH_SOURCE[0]}")/configurations.sh"

help() {
    cat <<HELP
usage: fuzz/run.sh [--seed N] [--seconds S] [CONFIGURATION..]

Runs the fuzzer for S seconds in all (default: 120, without the time to build it), in each CONFIGURATION for
its share (default: all), and fails with the first layer that is wrong. A seed (default: 1) means the same layers
everywhere.

Configurations: ${configurations[*]}
HELP
}

seed=1 seconds=120
while [[ ${1-} == -* ]]; do
    case $1 in
        -h | --help) help && exit ;;
        --seed) seed=${2-} ;;
        --seconds) seconds=${2-} ;;
        *) help >&2 && exit 2 ;;
    esac
    shift 2 || { help >&2 && exit 2; }
done
selected=("${@:-${configurations[@]}}")

cd "$root"
all=0
for name in "${selected[@]}"; do
    build "$name"
    all=$((all + share[$name]))
done
failed=()
for name in "${selected[@]}"; do
    printf '\n%s\n' "${title[$name]}"
    minutes=$(awk "BEGIN { print $seconds * ${share[$name]} / $all / 60 }")
    fuzz "$name" --seed "$seed" --minutes "$minutes" || failed+=("$name")
done
if ((${#failed[@]})); then fail "wrong: ${failed[*]}"; fi
