#!/bin/bash
# Hours of random layers, on every kind of target: see --help.
set -euo pipefail

# shellcheck source=fuzz/configurations.sh
source "$(dirname "${BASH_SOURCE[0]}")/configurations.sh"

help() {
    cat <<HELP
usage: fuzz/long.sh [--only CONFIGURATION] [MINUTES]

Runs the fuzzer for MINUTES in each configuration (default: 60), with another seed each time, goes on after
failures, of which it prints up to 20, and adds a row for each configuration to the table of fuzz/README.md.

Configurations: ${configurations[*]}
HELP
}

selected=("${configurations[@]}") minutes=60
while (($#)); do
    case $1 in
        -h | --help) help && exit ;;
        --only) selected=("${2-}") && shift ;;
        [0-9]*) minutes=$1 ;;
        *) help >&2 && exit 2 ;;
    esac
    shift
done

cd "$root"
commit=$(git rev-parse --short HEAD)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=()
for name in "${selected[@]}"; do
    build "$name"
    seed=$((RANDOM << 15 | RANDOM))
    printf '\n%s, seed %s\n' "${title[$name]}" "$seed"
    result=nothing
    fuzz "$name" --seed "$seed" --minutes "$minutes" --failures 20 | tee "$log" || {
        result="$(grep -c '^case [0-9]* failed' "$log") failures" failed+=("$name")
    }
    row=$(awk -F'|' -v title="${title[$name]}" -v day="$(date +%F)" -v commit="$commit" \
        -v seed="$seed" -v result="$result" '
        /^\| all / {
            gsub(/ /, "", $3)
            printf "| %s | %s | %.0f | %s | %s | %s | %s |", title, $3, $5 / 60, day, commit, seed, result
        }' "$log")
    sed -i "s#^<!-- rows above -->#$row\n&#" fuzz/README.md
    echo "$row"
done
if ((${#failed[@]})); then fail "wrong: ${failed[*]}"; fi
