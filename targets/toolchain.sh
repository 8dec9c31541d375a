# shellcheck shell=bash
# Sourced by the scripts beside it: how to compile for a triple.
#
#   toolchain TRIPLE [clippy]   makes sure that TRIPLE can be compiled for (and linted)
#   cross TRIPLE COMMAND ARG..  cargo COMMAND --target TRIPLE ARG..
#
# With a rustup target that is installed it is cargo itself. Otherwise it is Debian's rustc-web, which
# brings the sources of the library, so that `-Zbuild-std` compiles it for any triple: all of `std` for Linux,
# `core` for bare metal.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
library=/usr/lib/rustlib/src/rust/library

installed() {
    command -v rustup >/dev/null && rustup target list --installed 2>/dev/null | grep -qxF "$1"
}

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# debian PACKAGE..: installs what is missing, if this is root on a system with apt-get.
debian() {
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
        fail "missing: ${missing[*]}. Install these Debian packages, or see targets/README.md."
    fi
    echo "installing ${missing[*]}"
    {
        apt-get -qq update &&
            DEBIAN_FRONTEND=noninteractive \
                apt-get -qq install --no-install-recommends -y "${missing[@]}"
    } </dev/null >/dev/null || fail "cannot install ${missing[*]}"
}

toolchain() {
    if installed "$1"; then
        return
    fi
    debian rustc-web cargo-web rust-web-src
    if [[ ${2-} == clippy ]]; then
        debian rust-web-clippy
    fi
    [[ -d $library ]] || fail "rust-web-src has no $library"
}

cross() {
    local triple=$1 command=$2 library=-Zbuild-std=core
    shift 2
    if installed "$triple"; then
        cargo "$command" --target "$triple" "$@"
    else
        if [[ $triple == *-linux-* ]]; then library=-Zbuild-std; fi
        # PATH, so that cargo finds cargo-clippy of its own version.
        env -u RUSTUP_TOOLCHAIN -u CARGO PATH="/usr/bin:$PATH" \
            RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1 \
            /usr/bin/cargo "$command" "$library" --target "$triple" "$@"
    fi
}
