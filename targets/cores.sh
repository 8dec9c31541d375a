# shellcheck shell=bash
# Sourced by the scripts beside it: the emulated cores, and how firmware gets there.
#
#   core NAME           sets `triple` and `emulator`, the command that runs the program whose path follows
#   firmware [PROGRAM [OPTION..]]
#                       builds a program of targets/firmware for that core, or all, and sets `elf`, its path;
#                       builds nothing if `built` is set, which is for verify.sh; with the profile of cargo whose
#                       name is in `profile`, release unless it is set
#   emulate             runs it; what it prints goes to stdout
#   sections ELF REGEX  prints the bytes of the sections whose names match
#
# shellcheck disable=SC2034 # for those scripts

cores=(m0 m3 m4 m7 m55 a53 a76 a-max rv32)
seconds=300 # that a program may take

core() {
    local board=() semihosting=(-nographic -semihosting-config 'enable=on,target=native')
    local package=qemu-system-arm
    emulator=(qemu-system-arm)
    case $1 in
        # There is no larger board with a core of v6-M; v7-M runs its code.
        m0) triple=thumbv6m-none-eabi board=(-machine mps2-an385) ;;
        m3) triple=thumbv7m-none-eabi board=(-machine mps2-an385) ;;
        m4) triple=thumbv7em-none-eabihf board=(-machine mps2-an386) ;;
        m7) triple=thumbv7em-none-eabihf board=(-machine mps2-an500) ;;
        m55) triple=thumbv8m.main-none-eabihf board=(-machine mps3-an547) ;;
        a53 | a76 | a-max)
            local model=cortex-$1
            # No model of a core that QEMU 7 has multiplies matrices; this one has all extensions.
            if [[ $1 == a-max ]]; then model=max; fi
            triple=aarch64-unknown-none emulator=(qemu-system-aarch64)
            board=(-machine virt -cpu "$model" -m 64M -nic none)
            ;;
        # A core without atomics and floating point, as its triple is: the others would run what they must not.
        rv32)
            triple=riscv32imc-unknown-none-elf emulator=(qemu-system-riscv32) package=qemu-system-misc
            board=(-machine virt -cpu lowrisc-ibex -m 128M -bios none)
            ;;
        *) fail "no core '$1'; there are ${cores[*]}" ;;
    esac
    # One instruction takes one nanosecond of the board's time, so its timers count instructions.
    emulator+=("${board[@]}" "${semihosting[@]}" -icount 'shift=0' -kernel)
    command -v "${emulator[0]}" >/dev/null || debian "$package"
}

# link_flags: sets `flags`, with which rustc links for the core. Debian's compiler comes without the linker that it
# would take.
link_flags() {
    local linker=arm-none-eabi-ld package=binutils-arm-none-eabi more=
    flags=
    if installed "$triple"; then return; fi
    if [[ $triple == aarch64* ]]; then
        linker=aarch64-linux-gnu-ld package=binutils-aarch64-linux-gnu
    elif [[ $triple == riscv32* ]]; then
        linker=riscv64-unknown-elf-ld package=binutils-riscv64-unknown-elf more=' -Clink-arg=-melf32lriscv'
    fi
    command -v "$linker" >/dev/null || debian "$package"
    flags="-Clinker=$linker -Clinker-flavor=ld$more"
}

firmware() {
    local flags program=(--bins)
    if (($#)); then
        program=(--bin "$@")
        elf=$CARGO_TARGET_DIR/$triple/${profile:-release}/$1
    fi
    if [[ ${built-} ]]; then return; fi
    toolchain "$triple"
    link_flags
    RUSTFLAGS="${RUSTFLAGS-} $flags" cross "$triple" build --quiet --profile "${profile:-release}" "${program[@]}" \
        --manifest-path "$root/targets/firmware/Cargo.toml"
}

emulate() {
    timeout "$seconds" "${emulator[@]}" "$elf" 2>&1 </dev/null
}

sections() {
    local name size sum=0
    command -v readelf >/dev/null || debian binutils
    while read -r name _ _ _ size _; do
        if [[ $name =~ $2 ]]; then sum=$((sum + 16#$size)); fi
    done < <(readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] //p')
    echo "$sum"
}
