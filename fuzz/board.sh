# shellcheck shell=bash
# Sourced by configurations.sh: layers that this machine draws and computes, run on an emulated board without an
# operating system.
#
#   build_board CORE                                        builds the fuzzer, and the firmware
#   fuzz_board CORE --seed N --minutes M [--failures N]  runs them; goes on after failures

# shellcheck source=targets/cores.sh
source "$root/targets/cores.sh"

build_board() {
    cargo build --quiet --release -p nchw-fuzz
    core "$1"
    firmware fuzz --features fuzz
}

# The layers go through a pipe, so that both work until the time is over, at the pace of the slower one.
fuzz_board() (
    core "$1"
    elf=$CARGO_TARGET_DIR/$triple/release/fuzz
    seed=1 minutes=1
    shift
    while (($#)); do
        case $1 in
            --seed) seed=$2 ;;
            --minutes) minutes=$2 ;;
        esac
        shift 2
    done
    directory=$(mktemp -d)
    trap 'rm -rf "$directory"' EXIT
    cd "$directory"
    mkfifo cases
    "$CARGO_TARGET_DIR/release/nchw-fuzz" --seed "$seed" --minutes "$minutes" --export cases >host 2>&1 &
    host=$!
    # What the last layers take comes on top. Time in the emulator counts, not that of the layers' drawing.
    limit=$(awk "BEGIN { print int($minutes * 60) + 60 }")
    status=0
    TIMEFORMAT=%U
    { time timeout "$limit" "${emulator[@]}" "$elf" </dev/null >board 2>&1; } 2>seconds || status=$?
    # It may wait for a reader.
    kill "$host" 2>/dev/null || true
    drawn=0
    wait "$host" || drawn=$?

    awk -v again="again on the host: nchw-fuzz --seed $seed --case" -v seconds="$(tail -n 1 seconds)" '
        /^at / { last = $2; next }
        /^RAM / || /^PASS/ || /^FAIL/ { next }
        /^\| / && !rows++ {
            print "| operator | cases | refused | CPU s | |"
            print "|---|--:|--:|--:|--:|"
        }
        / right, / { printf "| all | %d | %d | %.1f | |\n", $1, $5, seconds; ended = 1 }
        { print }
        /^case .* failed: / { print again, $2 }
        END {
            if (!ended) print "case " last " failed: it does not end\n" again, last
        }' board
    # Unless it was killed, something is wrong here, too.
    if ((drawn && drawn != 128 + 15)); then cat host; else drawn=0; fi
    exit $((status ? status : drawn))
)
