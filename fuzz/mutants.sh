#!/bin/bash
# Plants faults one by one and says which of them the fuzzer finds: see --help.
set -euo pipefail

# shellcheck source=fuzz/configurations.sh
source "$(dirname "${BASH_SOURCE[0]}")/configurations.sh"

help() {
    cat <<'HELP'
usage: fuzz/mutants.sh [--seconds S] [--check] [--only TEXT] [x86|arm]

Plants each fault of fuzz/mutants.txt in a copy of the work tree, builds the fuzzer, and runs it for up to S
seconds (default: 120) or until it finds the fault, half of the time each: on x86-64 in release and with overflow
checks, on AArch64 on the emulated cores cortex-a53 and max. Prints a table and how many were found. Fails if a fault does not apply,
does not compile, or is not found by the fuzzer.

  --check  applies them only
  --only   those whose file or text has TEXT in it
HELP
}

seconds=120 only='' check='' target=''
while (($#)); do
    case $1 in
        -h | --help) help && exit ;;
        --seconds) seconds=$2 && shift ;;
        --only) only=$2 && shift ;;
        --check) check=1 ;;
        x86 | arm) target=$1 ;;
        *) help >&2 && exit 2 ;;
    esac
    shift
done

cd "$root"
copy=$CARGO_TARGET_DIR/mutants
# Only one file changes from one to the next.
export CARGO_TARGET_DIR=$copy/target CARGO_INCREMENTAL=1
mkdir -p "$copy"
# The work tree; times of files that are the same stay, so that little is compiled again.
mkdir -p "$copy/source"
git ls-files -z --cached --others --exclude-standard | tar --null -T - -c | tar -x -C "$copy/source"
root=$copy/source
cd "$root"

# runs TARGET: builds the fuzzer and runs it, with its last lines in `output`; true if it finds something.
runs() {
    local names=(release checked) name
    if [[ $1 == arm ]]; then names=(a53 a-max); fi
    spent=0
    for name in "${names[@]}"; do
        build "$name" >/dev/null 2>"$copy/log" || return 2
        local start=$SECONDS status=0
        output=$(fuzz "$name" --minutes "$(awk "BEGIN { print $seconds / 120 }")" 2>&1) || status=$?
        spent=$((spent + SECONDS - start))
        if ((status)); then return 0; fi
    done
    return 1
}

found=0 all=0 bad=0
echo '| target | file | planted | found | cases | s |'
echo '|---|---|---|---|--:|--:|'
while read -r on file && IFS= read -r old && IFS= read -r new; do
    [[ -z $target || $on == "$target" ]] || continue
    [[ -z $only || "$file $old" == *"$only"* ]] || continue
    all=$((all + 1)) path=src/$file row="| $on | $file | \`${new//|/\\|}\` |"
    text=$(cat "$path"; echo .)
    rest=${text#*"$old"}
    if [[ $rest == "$text" || $rest == *"$old"* ]]; then
        echo "$row does not apply | | |"
        bad=$((bad + 1))
        continue
    fi
    if [[ $check ]]; then continue; fi
    planted=${text/"$old"/"$new"}
    printf '%s' "${planted%.}" >"$path"
    status=0
    runs "$on" || status=$?
    case $status in
        0)
            cases=$(sed -n 's/^case \([0-9]*\) failed.*/\1/p' <<<"$output" | head -n 1)
            echo "$row yes | $cases | $spent |"
            found=$((found + 1))
            ;;
        1) echo "$row **no** | | $spent |" ;;
        2) echo "$row does not compile | | |" && bad=$((bad + 1)) ;;
    esac
    printf '%s' "${text%.}" >"$path"
done < <(grep -v -e '^#' -e '^$' "$copy/source/fuzz/mutants.txt")
if [[ $check ]]; then
    echo "$all faults, $bad of them do not apply"
    exit $((bad > 0))
fi
echo
echo "$found of $all found"
((found == all))
