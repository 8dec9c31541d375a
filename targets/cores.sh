# shellcheck shell=bash
# Sourced by the scripts beside it: the emulated cores.
#
#   core NAME          sets `triple` and `emulator`, the command that runs the program whose path follows
#   link_flags TRIPLE  sets `flags`, with which rustc links for TRIPLE
#
# shellcheck disable=SC2034 # for those scripts

cores=(m0 m3 m4 m7 m55 a53)

core() {
    local board=() semihosting=(-nographic -semihosting-config 'enable=on,target=native')
    emulator=(qemu-system-arm)
    case $1 in
        # There is no larger board with a core of v6-M; v7-M runs its code.
        m0) triple=thumbv6m-none-eabi board=(-machine mps2-an385) ;;
        m3) triple=thumbv7m-none-eabi board=(-machine mps2-an385) ;;
        m4) triple=thumbv7em-none-eabihf board=(-machine mps2-an386) ;;
        m7) triple=thumbv7em-none-eabihf board=(-machine mps2-an500) ;;
        m55) triple=thumbv8m.main-none-eabihf board=(-machine mps3-an547) ;;
        a53)
            triple=aarch64-unknown-none emulator=(qemu-system-aarch64)
            board=(-machine virt -cpu cortex-a53 -m 64M -nic none)
            ;;
        *) fail "no core '$1'; there are ${cores[*]}" ;;
    esac
    # One instruction takes one nanosecond of the board's time, so its timers count instructions.
    emulator+=("${board[@]}" "${semihosting[@]}" -icount 'shift=0' -kernel)
    command -v "${emulator[0]}" >/dev/null || debian qemu-system-arm
}

# Debian's compiler comes without the linker that it would take.
link_flags() {
    local linker=arm-none-eabi-ld package=binutils-arm-none-eabi
    flags=
    if installed "$1"; then return; fi
    if [[ $1 == aarch64* ]]; then
        linker=aarch64-linux-gnu-ld package=binutils-aarch64-linux-gnu
    fi
    command -v "$linker" >/dev/null || debian "$package"
    flags="-Clinker=$linker -Clinker-flavor=ld"
}
