#!/bin/bash
# Runs a network that a build script has packed: see --help.
set -euo pipefail

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"

if [[ ${1-} == @(--help|-h) ]]; then
    cat <<HELP
usage: targets/packed.sh [CORE]

Builds the program 'packed' of targets/firmware, the network of examples/packed, whose weights a build script packs on
this machine, and runs it on an emulated core, m4 unless another is given. Fails unless they are, byte by byte, what the
compiler packs for the core, and lead to the same results.

i8 weights have another order on AArch64. Fails if the build script packs for one that is not this machine's.

CORE: ${cores[*]}; see targets/run.sh.

Needs what targets/run.sh needs.
HELP
    exit
fi
(($# <= 1)) || { "$0" --help >&2 && exit 2; }

name=${1-m4}
core "$name"
if [[ $(uname -m) != aarch64 && $triple == aarch64* ]]; then fail "this machine cannot pack for $name"; fi
echo "packed on $name ($triple)"
firmware packed --features packed
emulate

[[ $(uname -m) != aarch64 ]] || exit 0
core a53
toolchain "$triple"
said=$(firmware packed --features packed 2>&1) && fail 'the build script has packed for AArch64'
grep -F "are in another order than aarch64 reads" <<<"$said" ||
    { echo "$said" && fail 'the build script does not say why it cannot pack for AArch64'; }
