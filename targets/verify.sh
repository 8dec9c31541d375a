#!/bin/bash
# Checks the crate on every target: see --help.
set -euo pipefail

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"
# shellcheck source=targets/symbols.sh
source "$root/targets/symbols.sh"

help() {
    cat <<HELP
usage: targets/verify.sh [--quick]

Builds the crate for every target and checks it there, core by core:

  build         it compiles, without features, with the default ones, and with all    build.sh
  firmware      the programs below compile and link
  no_panic      each operator alone links no panic                                    no_panic.sh
  no_surprises  firmware links no panic, core::fmt, alloc, or unneeded floating point no_surprises.sh
  PROGRAM       the program is right on the emulated core, and within its budgets     run.sh
  bench         no layer takes over 3 % more instructions than BASELINE.md says       bench.sh
  packed        weights packed by a build script are what the compiler packs          packed.sh
  readme        the project that README.md prints runs, on m4                         readme.sh
  dsp           the self-test is right on m55 with DSP instructions, asked for        run.sh
  small         opt-level "s" in a program costs nothing if the crate has 3           small.sh
  defmt         what a network logs through defmt is as expected                      defmt.sh
  cargo test    the tests pass as a program for Linux                                 test.sh
  fence         no kernel of it accesses what lies beside its buffers                 test.sh

Prints a line as each is done, and in the end a table of them all. While cores are free, programs run
beside what is compiled. What went wrong is printed, and kept in files.

  --quick   m4 and a53 alone, without 'cargo test' and 'fence'

Missing Debian packages are installed if this is root, see targets/README.md.
HELP
}

programs=(person_detection segment_f32 segment_i8 self_test)
checks=(build firmware no_panic no_surprises "${programs[@]}" bench packed readme dsp small defmt 'cargo test' fence)
quick=''
case ${1-} in
    '') ;;
    --help | -h) help && exit ;;
    --quick) quick=1 cores=(m4 a53) ;;
    *) help >&2 && exit 2 ;;
esac

logs=$CARGO_TARGET_DIR/verify
rm -rf "$logs"
mkdir -p "$logs"

# What is to be done. A step compiles or not: cargo would make others that do wait, so one of them runs at a time.
# It waits for the step whose number is in `needs`, if any.
check=() columns=() compiles=() needs=() command=() state=() start=()

# step CHECK COLUMNS compile|run NEEDS COMMAND..: COLUMNS are those of the table.
step() {
    check+=("$1")
    columns+=("$2")
    compiles+=("$3")
    needs+=("$4")
    shift 4
    command+=("$(printf '%q ' "$@")")
    state+=(waiting)
}

compile_firmware() {
    core "$1"
    firmware
}

echo 'looking for compilers, linkers and emulators'
declare -A sharing=() # the cores of a triple
triples=()
for name in "${cores[@]}"; do
    core "$name"
    if [[ ! ${sharing[$triple]-} ]]; then
        triples+=("$triple")
        toolchain "$triple"
        link_flags
        inspect "$triple"
    fi
    sharing[$triple]+="$name "
done

for triple in "${triples[@]}"; do
    read -r -a sharers <<<"${sharing[$triple]}"
    compiled=${#state[@]}
    step firmware "${sharers[*]}" compile '' compile_firmware "${sharers[0]}"
    for name in "${sharers[@]}"; do
        for program in "${programs[@]}"; do
            step "$program" "$name" run "$compiled" "$root/targets/run.sh" "$name" "$program"
        done
        step no_surprises "$name" run "$compiled" "$root/targets/no_surprises.sh" "$name"
        step bench "$name" run "$compiled" "$root/targets/bench.sh" "$name" --check
    done
done
for triple in "${triples[@]}"; do
    step build "${sharing[$triple]% }" compile '' "$root/targets/build.sh" --check "$triple"
done
for triple in thumbv6m-none-eabi thumbv7em-none-eabihf; do
    if [[ ${sharing[$triple]-} ]]; then
        step no_panic "${sharing[$triple]% }" compile '' "$root/targets/no_panic.sh" "$triple"
    fi
done
step packed 'm4 a53' compile '' "$root/targets/packed.sh"
step readme m4 compile '' "$root/targets/readme.sh"
if [[ ! $quick ]]; then
    # Apart from the firmware that is built without.
    step dsp m55 compile '' env RUSTFLAGS='-Ctarget-cpu=cortex-m33' \
        CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}/dsp" "$root/targets/run.sh" m55 self_test
fi
step small m4 compile '' "$root/targets/small.sh" m4
# With atomics and without.
for name in m0 m4; do
    if [[ " ${cores[*]} " == *" $name "* ]]; then
        step defmt "$name" compile '' "$root/targets/defmt.sh" "$name"
    fi
done
if [[ ! $quick ]]; then
    compiled=${#state[@]}
    step 'cargo test' 'linux-a53 linux-a76 linux-max' compile '' "$root/targets/test.sh" --no-run
    step 'cargo test' linux-a53 run "$compiled" "$root/targets/test.sh" --cpu cortex-a53 --no-fail-fast
    # Other instructions in i8 than a53 has.
    suites=(--lib --test conformance --test int8 --test quantized --test split --test kernels)
    for cpu in cortex-a76 max; do
        step 'cargo test' "linux-${cpu#cortex-}" run "$compiled" \
            "$root/targets/test.sh" --cpu "$cpu" --no-fail-fast "${suites[@]}"
    done
    suites=(--test properties --test quantized)
    for side in behind:a53 before:a76; do
        name=${side#*:}
        step fence "linux-$name" run "$compiled" env NCHW_FENCE="${side%:*}" NCHW_CASES_AT_MOST=100 \
            "$root/targets/test.sh" --cpu "cortex-$name" --no-fail-fast "${suites[@]}"
    done
    # Without SSE, and so without vectors.
    step build x86-bare compile '' "$root/targets/build.sh" x86_64-unknown-none x86_64-unknown-uefi
    # Siblings of the triples above, and one that is no core at all.
    step build others compile '' "$root/targets/build.sh" thumbv7em-none-eabi thumbv8m.base-none-eabi \
        riscv32imac-unknown-none-elf wasm32-unknown-unknown
    # 32 bits, where nothing but sizes is special: recorded cases, and everything about errors.
    suites=(--test conformance --test int8 --test errors --test memory)
    compiled=${#state[@]}
    step build linux-a7 compile '' "$root/targets/build.sh" armv7a-none-eabihf
    step 'cargo test' linux-a7 compile '' "$root/targets/test.sh" --cpu cortex-a7 --no-run "${suites[@]}"
    step 'cargo test' linux-a7 run "$((compiled + 1))" "$root/targets/test.sh" --cpu cortex-a7 --no-fail-fast "${suites[@]}"
fi

log() {
    local name=${check[$1]}-${columns[$1]}-${compiles[$1]}
    echo "$logs/${name// /_}.log"
}

# begin STEP: in the background; sets `pid`.
begin() {
    start[$1]=$SECONDS
    state[$1]=${compiles[$1]}
    if [[ ${compiles[$1]} == run ]]; then export built=1; else unset built; fi
    (eval "${command[$1]}") >"$(log "$1")" 2>&1 </dev/null &
    pid=$!
}

# finish STEP STATUS: tells what came of it.
finish() {
    local result=ok log
    log=$(log "$1")
    if (($2)); then result=FAILED failed+=("$log"); fi
    state[$1]=$result
    printf '[%2d/%d] %-6s %4d s  %-7s %-17s %s\n' "$((++finished))" "${#state[@]}" "$result" \
        $((SECONDS - start[$1])) "${compiles[$1]}" "${check[$1]}" "${columns[$1]}"
    if (($2)); then tail -n 20 "$log" | sed 's/^/        /'; fi
}

jobs=$(nproc)
finished=0 failed=()
declare -A running=() # step of a process
trap 'kill "${!running[@]}" 2>/dev/null || true' EXIT
echo "${#state[@]} steps, $jobs at a time; what they print goes to $logs"
while true; do
    for i in "${!state[@]}"; do
        if [[ ${state[i]} != waiting ]]; then continue; fi
        need=${needs[i]:+${state[needs[i]]}}
        if [[ $need == @(FAILED|skipped) ]]; then
            state[i]=skipped finished=$((finished + 1))
        elif ((${#running[@]} < jobs)) && [[ ! $need || $need == ok ]] &&
            [[ ${compiles[i]} != compile || " ${state[*]} " != *' compile '* ]]; then
            begin "$i"
            running[$pid]=$i
        fi
    done
    ((${#running[@]})) || break
    status=0
    wait -n -p pid "${!running[@]}" || status=$?
    i=${running[$pid]}
    unset "running[$pid]"
    finish "$i" "$status"
done

# What came of a check's steps in a column.
declare -A cells=()
for i in "${!state[@]}"; do
    for column in ${columns[i]}; do
        cell=${cells[${check[i]}/$column]-ok}
        if [[ $cell == ok ]]; then cells[${check[i]}/$column]=${state[i]}; fi
    done
done
if [[ ! $quick ]]; then cores+=(linux-a53 linux-a76 linux-max linux-a7 x86-bare others); fi
printf '\n%-17s' ''
printf '%-11s' "${cores[@]}"
for name in "${checks[@]}"; do
    printf '\n%-17s' "$name"
    for column in "${cores[@]}"; do printf '%-11s' "${cells[$name/$column]--}"; done
done
echo
if [[ ! $quick ]]; then
    cat "$logs"/cargo_test-linux-*-run.log 2>/dev/null |
        awk '/^test result:/ { passed += $4; failed += $6 }
            END { printf "tests for Linux on Arm: %d passed, %d failed\n", passed, failed }'
fi
if ((${#failed[@]})); then
    printf 'failed, see: %s\n' "${failed[@]}"
    exit 1
fi
