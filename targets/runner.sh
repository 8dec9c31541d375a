#!/bin/bash
# Runs a program that cargo has built on an emulated core: see --help.
set -euo pipefail

# shellcheck source=targets/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"

if [[ ${1-} == @(--help|-h) ]]; then
    cat <<HELP
usage: targets/runner.sh CORE ELF

Runs a program of targets/firmware on an emulated core, shows what it prints, and exits as it does. It is what
'cargo run' calls in targets/firmware: .cargo/config.toml says for which triple on which CORE.

CORE: ${cores[*]}; see targets/run.sh.

Needs QEMU, installed if it is missing and this is root.
HELP
    exit
fi
(($# == 2)) || { "$0" --help >&2 && exit 2; }
core "$1"
elf=$2
emulate
