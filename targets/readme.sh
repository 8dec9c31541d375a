#!/bin/bash
# Builds the project that README.md prints, and runs it in emulation: see --help.
set -euo pipefail

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"

if [[ ${1-} == @(--help|-h) ]]; then
    cat <<HELP
usage: targets/readme.sh

Writes the files that README.md prints under "From PyTorch to firmware" into a folder, as they are, with the parameters
that its train.py has left (tests/data/readme), builds the project and runs it as it says, on an emulated Cortex-M4. Fails
unless it prints the scores that PyTorch printed.

Needs what targets/run.sh needs.
HELP
    exit
fi
(($# == 0)) || { "$0" --help >&2 && exit 2; }

core m4
toolchain "$triple"
link_flags

# Outside of the repository, whose settings would be the project's as well.
beside=$(mktemp -d)
trap 'rm -rf "$beside"' EXIT
project=$beside/firmware
mkdir "$project"
ln -s "$root" "$beside/nchw"
# A file is a line that begins with its name in bold, and the fenced block after it.
awk -v to="$project" '
    /^\*\*[^*]+\*\*/ { name = substr($0, 3, index(substr($0, 3), "**") - 1) }
    /^```/ && inside { close(path); inside = 0; name = ""; next }
    /^```/ && name != "" {
        path = to "/" name
        folder = path
        sub("/[^/]*$", "", folder)
        system("mkdir -p \"" folder "\"")
        inside = 1
        next
    }
    inside { print >path }
' "$root/README.md"
cp "$root/tests/data/readme/net.safetensors" "$project"

# The linker of Debian's compiler is another; cargo adds the list to the one in the project.
list=''
for flag in $flags; do list+="\"$flag\","; done
export CARGO_TARGET_DIR=$CARGO_TARGET_DIR/readme
output=$(cd "$project" && cross "$triple" run --quiet --release --config "target.$triple.rustflags=[$list]") ||
    fail "the project of README.md does not run: $output"
expected=$(cat "$root/tests/data/readme/scores.txt")
echo "PyTorch printed   $expected"
echo "firmware printed  $output"
# The last digit may be rounded differently.
awk -v a="$expected" -v b="$output" 'BEGIN {
    n = split(a, x)
    if (n == 0 || split(b, y) != n) exit 1
    for (i = 1; i <= n; i++) {
        if (y[i] !~ /^-?[0-9.]+$/ || x[i] - y[i] > 0.00011 || y[i] - x[i] > 0.00011) exit 1
    }
}' || fail 'these are other scores'
