#!/bin/bash
# Counts the instructions that single layers take on an emulated core: see --help.
set -euo pipefail

tolerance=3 # per cent

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"

baseline=$root/targets/BASELINE.md

help() {
    cat <<HELP
usage: targets/bench.sh CORE|all [--dtype i8|f32] [--layers C1,C2,..] [--json FILE] [--check | --update]

Runs every layer of targets/firmware/src/bench/layers.rs once on an emulated core, and prints the
instructions that it executed; then, unless only some were asked for, each layer of the person detection.
The counts are exact, and the same each time.

CORE: ${cores[*]}; Cortex-M and RISC-V have layers C1 to CF1, Cortex-A has A1 to AP4, and AD2
to AD10, which are A2 to A10 without Winograd, and AW2 to AW10, with Winograd by tiles of 2x2.

  --dtype    this type alone
  --layers   these layers alone
  --json     writes the figures to FILE as well: an array of objects with layer, dtype, core, algorithm,
             instructions, macs (of pools, taps), per_mac and workspace (in bytes)
  --check    fails if a layer takes over $tolerance % more instructions than targets/BASELINE.md says
  --update   writes the figures into targets/BASELINE.md

Needs what targets/run.sh needs.
HELP
}

dtypes=(i8 f32) layers='' json='' action=show selected=()
while (($#)); do
    case $1 in
        --help | -h) help && exit ;;
        --dtype) dtypes=("${2-}") && shift ;;
        --layers) layers=${2-} && shift ;;
        --json) json=${2-} && shift ;;
        --check | --update) action=${1#--} ;;
        all) selected=("${cores[@]}") ;;
        -*) help >&2 && exit 2 ;;
        *) selected+=("$1") ;;
    esac
    shift || { help >&2 && exit 2; }
done
((${#selected[@]})) || { help >&2 && exit 2; }
[[ ${dtypes[0]} == @(i8|f32) ]] || fail "no dtype '${dtypes[0]}'; there are i8 and f32"
whole=1
if [[ $layers || ${#dtypes[@]} == 1 ]]; then whole=''; fi
if [[ $action == update && ! $whole ]]; then
    fail '--update writes the figures of a whole core, not of some layers or one dtype'
fi

# measure CORE: sets `rows`, lines of "layer dtype algorithm instructions macs per_mac workspace", and `code`, the
# size of the programs.
measure() {
    local dtype output known
    rows='' code=''
    core "$1"
    for dtype in "${dtypes[@]}"; do
        firmware "bench_$dtype"
        output=$(emulate) || { echo "$output" && fail "bench_$dtype failed on $1"; }
        rows+=$(awk '$1 == "bench" { print $2, $3, tolower($4), $5, $6, sprintf("%.3f", $5 / $6), $7 }' \
            <<<"$output")$'\n'
        code+="${code:+, }$dtype $(sections "$elf" '^\.(text|vector_table)$') bytes"
    done
    rows=${rows%$'\n'}
    if [[ $layers ]]; then
        known=$(awk '!seen[$1]++ { print $1 }' <<<"$rows")
        for layer in ${layers//,/ }; do
            grep -qxF "$layer" <<<"$known" || fail "$1 has no layer '$layer'; it has" $known
        done
        rows=$(awk -v layers=",$layers," 'index(layers, "," $1 ",")' <<<"$rows")
    fi
}

titles='layer dtype algorithm instructions MACs per-MAC workspace'

# table TEXTS [LEFT BETWEEN RIGHT]: lines of stdin in columns, the first of them the titles; so many columns hold texts.
table() {
    awk -v texts="$1" -v left="${2-}" -v between="${3-  }" -v right="${4-}" '
        { for (i = 1; i <= NF; i++) { cell[NR, i] = $i; if (length($i) > max[i]) max[i] = length($i) } }
        END { for (row = 1; row <= NR; row++) {
                  line = left
                  for (i = 1; i <= NF; i++)
                      line = line (i > 1 ? between : "") sprintf("%" (i > texts ? "" : "-") max[i] "s", cell[row, i])
                  sub("per-MAC", "per MAC", line)
                  print line right
                  if (row == 1 && left != "") {
                      line = left
                      for (i = 1; i <= NF; i++) {
                          rule = sprintf("%" max[i] "s", ""); gsub(" ", "-", rule)
                          if (i > texts) sub("-$", ":", rule)
                          line = line (i > 1 ? between : "") rule
                      }
                      print line right
                  } } }'
}

# profile CORE: what each layer of the person detection takes.
profile() {
    local output
    firmware bench_network
    output=$(emulate) || { echo "$output" && fail "bench_network failed on $1"; }
    printf '\nperson_detection, layer by layer:\n\n'
    awk 'BEGIN { print "layer", "operator", "instructions", "share", "MACs", "per-MAC" }
         $1 == "bench" { row[++n] = $0; all = $4 }
         END { for (i = 1; i <= n; i++) { $0 = row[i]
                   print $2, $3, $4, sprintf("%.1f%%", 100 * $4 / all), $5, $5 ? sprintf("%.3f", $4 / $5) : "-" } }' \
        <<<"$output" | table 2
}

# section CORE: that core's part of the baseline; without a core, what comes before them all.
section() {
    awk -v core="${1-}" '/^## / { inside = $2 }
        inside == core { print; last = $0 }
        END { if (last != "") print "" }' "$baseline"
}

# old CORE: its rows, as "layer dtype algorithm instructions ..".
old() {
    section "$1" | awk '/^\| [A-Z]+[0-9]+ / { gsub(/\|/, ""); $1 = $1; print }'
}

# check CORE: whether `rows` are no worse than the baseline.
check() {
    awk -v core="$1" -v tolerance="$tolerance" -v whole="$whole" '
        NR == FNR { old[$1 " " $2] = $4; next }
        { key = $1 " " $2; seen[key]; count++
          if (!(key in old)) { printf "%s %s: not in BASELINE.md\n", core, key; bad = 1; next }
          change = 100 * ($4 / old[key] - 1)
          if ($4 != old[key]) changed++
          if (change > tolerance) {
              printf "%s %s: %d instructions, were %d: %+.1f %%\n", core, key, $4, old[key], change; bad = 1
          } }
        END {
            if (whole) for (key in old) if (!(key in seen)) {
                printf "%s %s: in BASELINE.md, but not measured\n", core, key; bad = 1
            }
            if (!bad) printf "%s: %d of %d figures as in BASELINE.md, none over %s %% worse\n",
                core, count - changed, count, tolerance
            exit bad
        }' <(old "$1") <(echo "$rows")
}

# update CORE: replaces the core's section of the baseline.
update() {
    local page core
    page=$(
        section
        for core in "${cores[@]}"; do
            if [[ $core != "$1" ]]; then
                section "$core"
            else
                printf '## %s\n\nCode of the programs: %s.\n\n' "$1" "$code"
                printf '%s\n' "$titles" "$rows" | table 3 '| ' ' | ' ' |'
                echo
            fi
        done
    )
    echo "$page" >"$baseline"
}

failed=0
objects=''
for name in "${selected[@]}"; do
    measure "$name"
    printf '%s (%s)\n\n' "$name" "$triple"
    printf '%s\n' "$titles" "$rows" | table 3
    printf '\ncode of the programs: %s\n' "$code"
    if [[ $whole ]]; then profile "$name"; fi
    objects+=$(awk -v core="$name" '{ printf "%s  {\"layer\": \"%s\", \"dtype\": \"%s\", \"core\": \"%s\", \"algorithm\": \"%s\", ", ",\n", $1, $2, core, $3
        printf "\"instructions\": %d, \"macs\": %d, \"per_mac\": %s, \"workspace\": %d}", $4, $5, $6, $7 }' <<<"$rows")
    case $action in
        check) check "$name" || failed=1 ;;
        update) update "$name" ;;
    esac
    echo
done
if [[ $json ]]; then
    printf '[\n%s\n]\n' "${objects#,?}" >"$json"
fi
if ((failed)); then
    fail 'layers take more instructions; if that is meant, run it with --update and commit BASELINE.md'
fi
