# shellcheck shell=bash
# Sourced by the scripts beside it: what must not be linked, and who calls it.
#
#   inspect TRIPLE        makes sure that programs for TRIPLE can be looked into
#   linked ELF REGEX      prints the functions that match, demangled
#   callers ELF REGEX     prints who calls them, and from which lines of the crate
#
# shellcheck disable=SC2034 # for those scripts

panics='core::panicking|core::fmt|rust_begin_unwind|slice_[a-z_]*_fail|unwrap_failed|expect_failed|alloc::|__rust_alloc'
# As Arm's run-time ABI calls them, and as compiler-rt does.
doubles='__aeabi_(c?d[a-z0-9]+|u?[il]2d|f2d)\b|__[a-z]*df[23]\b|__(fix|fixuns)df[sdt]i\b|__float(un)?[sdt]idf\b'
singles='__aeabi_(c?f[a-z0-9]+|u?[il]2f)\b|__[a-z]*sf[23]\b|__(fix|fixuns)sf[sdt]i\b|__float(un)?[sdt]isf\b|compiler_builtins::float'

inspect() {
    tools=arm-none-eabi
    if [[ $1 == aarch64* ]]; then tools=aarch64-linux-gnu; fi
    if [[ $1 == riscv32* ]]; then tools=riscv64-unknown-elf; fi
    command -v "$tools-objdump" >/dev/null || debian "binutils-$tools"
}

linked() {
    "$tools-nm" -C "$1" | sed 's/^[0-9a-f ]* [a-zA-Z] //' | grep -E "$2" | sort -u
}

callers() {
    local elf=$1 unwanted=$2 address function target lines
    # Symbols stay mangled at first, since demangled ones have spaces in them.
    "$tools-objdump" -d --no-show-raw-insn "$elf" |
        awk '/^[0-9a-f]+ <.*>:$/ { caller = substr($2, 2, length($2) - 3) }
             match($0, /\t(b[a-z.]*\t|j[alr]*\t([a-z0-9]+,)?)[0-9a-f]+ <[^>+]*>/) {
                 target = $NF; gsub(/[<>]/, "", target); address = $1; sub(/:/, "", address)
                 print address, caller, target
             }' |
        while read -r address function target; do
            target=$("$tools-c++filt" -i "$target")
            function=$("$tools-c++filt" -i "$function")
            # What they call among themselves is not of interest.
            if [[ $target =~ $unwanted && ! $function =~ $unwanted ]]; then
                lines=$("$tools-addr2line" -i -e "$elf" "$address" |
                    sed -n -e 's/ (discriminator.*//' -e "s|^$root/||p" | paste -s -d ' ')
                echo "$function calls $target: ${lines:-no line of the crate}"
            fi
        done
}
