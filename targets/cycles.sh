#!/bin/bash
# Estimates the cycles of the inner loops of the f32 kernels on Cortex-A: see --help.
set -euo pipefail

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"

models=(neoverse-n1 cortex-a55) # of llvm-mca; it has none of its own for Cortex-A76
least=24                        # products that make a loop worth a line
rounds=100

if [[ ${1-} == @(--help|-h) ]]; then
    cat <<HELP
usage: targets/cycles.sh

Builds the program bench_f32 for a76, and shows for each of its innermost loops of $least vector products and more
how many there are, how many instructions, and how many cycles llvm-mca takes a turn for on ${models[*]}. It assumes
that all data is in the first-level cache.

Needs llvm-mca and what targets/run.sh needs.
HELP
    exit
fi
(($# == 0)) || { "$0" --help >&2 && exit 2; }
command -v llvm-mca >/dev/null || debian llvm
command -v aarch64-linux-gnu-objdump >/dev/null || debian binutils-aarch64-linux-gnu
core a76
firmware bench_f32
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

# Each loop: a file of its instructions, and a line of its name, the file, and the numbers of products and instructions.
aarch64-linux-gnu-objdump -dC --no-show-raw-insn "$elf" | awk -v folder="$folder" -v least="$least" '
    function hex(text,  i, value) {
        for (i = 1; i <= length(text); i++) value = 16 * value + index("0123456789abcdef", substr(text, i, 1)) - 1
        return value
    }
    /^[0-9a-f]+ <.*>:$/ {
        name = $0
        sub(/^[0-9a-f]+ </, "", name); sub(/>:$/, "", name)
        gsub(/<nchw::isa::neon::Neon as nchw::isa::traits::Isa>::run::|nchw::(kernel|isa)::(conv::|f32::)?|arithmetic::|neon::/, "", name)
        gsub(/ /, "", name)
        count = 0
        next
    }
    /^ *[0-9a-f]+:\t/ {
        split($0, part, "\t")
        address = part[1]; gsub(/[ :]/, "", address)
        place[++count] = hex(address)
        text[count] = part[2] " " part[3]
        sub(/ *(\/\/|<).*/, "", text[count])
        branch[count] = part[2] ~ /^(b|b\..*|cbn?z|tbn?z|bl|blr|br|ret)$/
        if (part[2] !~ /^(b\..*|cbn?z|tbn?z)$/) next
        match(part[3], /[0-9a-f]+ </)
        target = hex(substr(part[3], RSTART, RLENGTH - 2))
        for (first = count; first > 0 && place[first] > target; first--) if (first < count && branch[first]) next
        if (first == count || place[first] != target || branch[first]) next
        products = 0
        for (i = first; i < count; i++) products += text[i] ~ /^fmla/
        if (products < least) next
        file = folder "/" ++loops ".s"
        for (i = first; i < count; i++) print text[i] > file
        print "b.ne ." > file
        close(file)
        print name, file, products, count - first + 1
    }' >"$folder/loops"

row='%8s %12s'
# shellcheck disable=SC2059
{
    printf "$row" products instructions
    printf ' %12s' "${models[@]}"
    printf '  %s\n' 'in'
    while read -r name file products instructions; do
        printf "$row" "$products" "$instructions"
        for model in "${models[@]}"; do
            cycles=$(llvm-mca -mtriple=aarch64 -mcpu="$model" -iterations="$rounds" "$file" 2>"$folder/errors" |
                awk -v rounds="$rounds" '/^Total Cycles:/ { printf "%.1f", $3 / rounds }') ||
                fail "llvm-mca: $(head -n 1 "$folder/errors")"
            printf ' %12s' "$cycles"
        done
        printf '  %s\n' "$name"
    done <"$folder/loops"
}
