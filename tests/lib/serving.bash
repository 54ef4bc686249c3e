# For scripts that measure or crash a sandbox: making it, serving it in the background, sending letters.
# shellcheck shell=bash disable=SC2154
# Set before: root, build (absolute), work (an existing folder on a real disk), sandbox (below it). Then: new_sandbox,
# start, send..., stop.

serving=

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# new_sandbox [BUILD]: a fresh one, served by the programs of that build folder.
new_sandbox() {
    served_build=${1:-$build}
    rm -rf "$sandbox" "$work/fresh"
    BUILD=$served_build "$root/tests/lib/sandbox.sh" make "$sandbox" 0 >"$work/sandbox.log" 2>&1 ||
        { cat "$work/sandbox.log" >&2 && fail "the sandbox could not be made"; }
    cp -a "$sandbox/state" "$work/fresh"
    set -a
    # shellcheck disable=SC1091
    . "$sandbox/env"
    set +a
}

# The state as new_sandbox made it.
fresh_state() {
    rm -rf "$sandbox/state"
    cp -a "$work/fresh" "$sandbox/state"
}

is_ready() {
    [ "$(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' --max-time 2 "$DP_MONITOR_URL/readyz")" = 200 ]
}

# start [NAME=VALUE...]: serves; the settings go to the gateway's environment.
start() {
    set -m
    env BUILD="$served_build" "$@" "$root/tests/lib/sandbox.sh" serve "$sandbox" >"$work/serve.log" 2>&1 &
    serving=$!
    set +m
    wait_ready
}

wait_ready() {
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        ! is_ready || return 0
        kill -0 "$serving" 2>/dev/null || break
        sleep 0.05
    done
    tail -n 20 "$work/serve.log" >&2
    fail "the gateway does not become ready"
}

stop() {
    [ -n "$serving" ] || return 0
    kill -TERM "$serving" 2>/dev/null || true
    wait "$serving" 2>/dev/null || true
    serving=
}

# send OPTIONS...: the load client as Myndighed 1.
send() {
    "$build/tests/post" --cert "$DP_SENDER_CERT" --key "$DP_SENDER_KEY" --ca "$DP_CA" --auth "$DP_SENDER_AUTH" "$@" \
        "$DP_URL"
}

# judge LEDGER [STATE] [OPTIONS...]: by default of the sandbox's state.
judge() {
    local ledger=$1 state=${2:-$DP_STATE}
    shift $(($# > 1 ? 2 : 1))
    "$build/tests/judge" "$@" "$ledger" "$state"
}

gateway_pid() {
    cat "$DP_RUN/dpgateway.pid"
}

# The processes of a role, by the names that the supervisor gives them.
pids_of() {
    ps -o pid=,args= --ppid "$(gateway_pid)" | awk -v role="$1" 'index($0, role) { print $1 }'
}

# The median of the numbers on standard input.
median() {
    sort -g | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}
