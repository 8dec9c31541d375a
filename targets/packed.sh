#!/bin/bash
# Runs a network that a build script has packed: see --help.
set -euo pipefail

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"

if [[ ${1-} == @(--help|-h) ]]; then
    cat <<HELP
usage: targets/packed.sh [CORE..]

Builds the program 'packed' of targets/firmware, the network of examples/packed, whose weights a build script packs on
this machine, and runs it on emulated cores, m4 and a53 unless others are given: i8 weights have another order on AArch64.
Fails unless they are, byte by byte, what the compiler packs for the core, and lead to the same results.

CORE: ${cores[*]}; see targets/run.sh.

Needs what targets/run.sh needs.
HELP
    exit
fi

(($#)) || set -- m4 a53
for name; do
    core "$name"
    echo "packed on $name ($triple)"
    firmware packed --features packed
    emulate
done
