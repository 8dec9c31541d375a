#!/bin/bash
# Runs the program that logs through defmt and checks its log: see --help.
set -euo pipefail

cores_with_defmt=(m0 m3 m4 m7 m55)
network=examples/person_detection/mobilenet.rs

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"

help() {
    cat <<HELP
usage: targets/defmt.sh [CORE|all]

Builds the program 'telemetry' of targets/firmware, which logs through defmt, runs it on an emulated
core, m4 unless another is given, decodes the log with targets/decoder, and prints it. Fails unless

- the sentence of an error, a specification and the two best classes are there as expected,
- each layer of $network has one record,
- the ticks of the records differ by less than 2 % from those of the inference as a whole.

CORE: ${cores_with_defmt[*]}; see targets/run.sh.
HELP
}

case ${1-m4} in
    --help | -h) help && exit ;;
    -*) help >&2 && exit 2 ;;
    all) selected=("${cores_with_defmt[@]}") ;;
    *) selected=("${1-m4}") ;;
esac

# check LOG: fails with the first thing in it that is not as it should be.
check() {
    local log=$1 expected layers names records twice sum total
    while read -r expected; do
        grep -qF -- "$expected" <<<"$log" || fail "the log does not say: $expected"
    done <<'SENTENCES'
ERROR kernel is taller than the padded input: it covers 5 rows, the padded input has 4
INFO  Conv2d { input: [1, 96, 96], out_channels: 8, kernel_size: [3, 3], stride: [2, 2],
INFO  best [(1, 94), (0, -94)]
SENTENCES

    layers=$(grep -c '^ *pub struct [A-Za-z0-9]*(i8) =' "$root/$network")
    names=$(sed -n 's/^INFO  Record { name: "\(.*\)", ticks: [0-9]*, macs: [0-9]* }$/\1/p' <<<"$log")
    records=$(wc -w <<<"$names")
    ((records == layers)) || fail "$layers layers, but $records records: "$names
    twice=$(sort <<<"$names" | uniq -d)
    [[ -z $twice ]] || fail "layers with more than one record: "$twice

    total=$(sed -n 's/^INFO  inference: \([0-9]*\) ticks.*/\1/p' <<<"$log")
    sum=$(awk '/^INFO  Record / { sub(/,/, "", $7); sum += $7 } END { printf "%.0f", sum }' <<<"$log")
    echo "$records records, $sum of $total ticks"
    ((total > 0 && 50 * (total - sum) < total && 50 * (sum - total) < total)) ||
        fail "the records' ticks are not those of the inference, to 2 %: $sum and $total"
}

manifest() {
    echo "--manifest-path=$root/targets/$1/Cargo.toml"
}

for name in "${selected[@]}"; do
    [[ " ${cores_with_defmt[*]} " == *" $name "* ]] ||
        fail "no core '$name' with defmt; there are ${cores_with_defmt[*]}"
    core "$name"
    toolchain "$triple"
    link_flags
    echo "telemetry on $name ($triple)"
    cargo build --quiet --release "$(manifest decoder)"
    DEFMT_LOG=info RUSTFLAGS="${RUSTFLAGS-} $flags" cross "$triple" build --quiet --release \
        --bin telemetry --features defmt "$(manifest firmware)"

    elf=$CARGO_TARGET_DIR/$triple/release/telemetry
    result=0
    log=$(timeout "$seconds" "${emulator[@]}" "$elf" 2>&1 </dev/null |
        "$CARGO_TARGET_DIR/release/decoder" "$elf" 2>&1) || result=$?
    printf '%s\n' "$log"
    ((result == 0)) || fail 'the program or the decoder failed, see above'
    check "$log"
done
