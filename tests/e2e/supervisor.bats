#!/usr/bin/env bats
# The processes: each says what it is, comes back when it dies, takes new settings without losing a request, and goes.

load lib

setup() {
    sandbox_start
    LOG="$SANDBOX_DIR.out"
}

teardown() {
    sandbox_stop
}

supervisor_pid() {
    cat "$DP_RUN/dpgateway.pid"
}

# children PATTERN: the process ids
children() {
    pgrep -P "$(supervisor_pid)" -f "dpgateway: $1"
}

living() { # living PATTERN COUNT
    [ "$(children "$1" | wc -l)" = "$2" ]
}

# set_setting NAME VALUE: in the section [process]
set_setting() {
    sed -i "/^$1 =/d; s/^\[process\]/[process]\n$1 = $2/" "$DP_CONFIG"
}

@test "every process has a title of its own" {
    living writer 1
    living 'dispatcher$' 1
    living sender 16
    living 'sender 16$' 1
    living receipt 4
    living monitor 2
    [[ "$(ps -o args= -p "$(supervisor_pid)")" == "dpgateway: supervisor"* ]]
}

@test "the writer and the readers go before the others, where they may" {
    [ "$(ps -o ni= -p "$(children 'sender 1$')" | tr -d ' ')" = "$(ps -o ni= -p "$(supervisor_pid)" | tr -d ' ')" ]
    [ "$(id -u)" = 0 ] || skip "only root may"
    [ "$(ps -o ni= -p "$(children writer)" | tr -d ' ')" = -10 ]
    [ "$(ps -o ni= -p "$(children 'reader 1$')" | tr -d ' ')" = -4 ]
}

# turn_of PID: nanoseconds, as sched_getattr() tells
turn_of() {
    python3 -c '
import ctypes, os, struct, sys
attributes = ctypes.create_string_buffer(48)
number = {"x86_64": 315, "aarch64": 275}[os.uname().machine]
if ctypes.CDLL(None).syscall(number, int(sys.argv[1]), attributes, 48, 0):
    sys.exit("sched_getattr failed")
print(struct.unpack_from("=Q", attributes, 24)[0])' "$1"
}

@test "the readers have short turns on the processor, where the kernel knows such" {
    local reader sender
    reader=$(turn_of "$(children 'reader 1$')")
    sender=$(turn_of "$(children 'sender 1$')")
    printf '%s\n' 6.12 "$(uname -r)" | sort -VC || skip "the kernel is older than 6.12"
    [ "$reader" = 200000 ]
    [ "$sender" -gt "$reader" ]
}

@test "a worker that is killed comes back, and nobody notices" {
    before=$(children 'receipt 1$')
    kill -KILL "$before"
    call GET /apis/v1/receipts/
    [ "$STATUS" = 200 ]
    wait_until living 'receipt 1$' 1
    [ "$(children 'receipt 1$')" != "$before" ]
    grep -q '"msg":"ended".*"signal":9' "$LOG"
}

@test "what fails again and again is started at growing distances" {
    chmod 000 "$SANDBOX_DIR/issuers.pem"
    [ "$(id -u)" != 0 ] || echo nonsense >"$SANDBOX_DIR/issuers.pem"
    kill -KILL "$(children 'receipt 1$')"
    four_failures() { [ "$(grep -c '"msg":"ended".*"of":"receipt","number":1,"exit":1' "$LOG")" -ge 4 ]; }
    wait_until four_failures
    times=$(grep '"of":"receipt","number":1,"exit":1' "$LOG" | head -4 | jq -r '.ts | sub("\\..*"; "Z") as $s | (($s | fromdate) * 1000 + (.[20:23] | tonumber))')
    mapfile -t at <<<"$times"
    [ $((at[3] - at[2])) -ge $((at[1] - at[0] + 200)) ]
}

@test "SIGHUP: new settings, more workers and fewer, while letters go on" {
    for i in $(seq 30); do
        id=$(new_uuid)
        letter "$id" >"$BATS_TEST_TMPDIR/l.$i"
        curl -sS -o /dev/null -w '%{http_code}\n' --cacert "$DP_CA" --cert "$DP_SENDER_CERT" --key "$DP_SENDER_KEY" \
            -H "Authorization: $DP_SENDER_AUTH" -H 'Content-Type: application/xml' \
            --data-binary "@$BATS_TEST_TMPDIR/l.$i" "$DP_URL/apis/v1/memos/?memo-message-uuid=$id" \
            >>"$BATS_TEST_TMPDIR/statuses" 3>&- &
    done
    set_setting sender_workers 3
    kill -HUP "$(supervisor_pid)"
    wait_until living sender 3
    set_setting sender_workers 20
    kill -HUP "$(supervisor_pid)"
    wait_until living sender 20
    answered() { [ "$(wc -l <"$BATS_TEST_TMPDIR/statuses")" = 30 ]; }
    wait_until answered
    [ "$(sort -u "$BATS_TEST_TMPDIR/statuses")" = 201 ]
    wait_until ready
    [ "$(messages_kept)" = 30 ]
}

@test "SIGHUP with faults in the settings: told, and the old ones go on" {
    set_setting sender_workers many
    kill -HUP "$(supervisor_pid)"
    wait_until grep -q 'not reloaded' "$LOG"
    grep -q 'sender_workers' "$LOG"
    living sender 16
    ready
}

@test "SIGHUP cannot move the state: told, and all goes on" {
    sed -i "s|^dir = .*|dir = $BATS_TEST_TMPDIR|" "$DP_CONFIG"
    kill -HUP "$(supervisor_pid)"
    wait_until grep -q 'not reloaded' "$LOG"
    ready
}

# own_programs: the gateway is served from programs of the test's own, which it can replace
own_programs() {
    sandbox_halt
    cp "$BUILD/dpgateway" "$BUILD/dpctl" "$BATS_TEST_TMPDIR"
    BUILD=$BATS_TEST_TMPDIR sandbox_serve
}

# replace_program FILE: by rename, as a package does
replace_program() {
    cp "$1" "$BATS_TEST_TMPDIR/new"
    chmod 755 "$BATS_TEST_TMPDIR/new"
    mv "$BATS_TEST_TMPDIR/new" "$BATS_TEST_TMPDIR/dpgateway"
}

@test "SIGUSR2: a new build takes over in the same process, and every other one is replaced" {
    own_programs
    supervisor=$(supervisor_pid)
    before=$(children '' | sort)
    replace_program "$BUILD/dpgateway"
    not [ "/proc/$supervisor/exe" -ef "$BATS_TEST_TMPDIR/dpgateway" ]
    kill -USR2 "$supervisor"
    wait_until grep -q '"msg":"replaced: ' "$LOG"
    [ "$(supervisor_pid)" = "$supervisor" ]
    [ "$(comm -12 <(echo "$before") <(children '' | sort))" = "" ]
    living sender 16
    # The supervisor's children let nobody look into them but root.
    [ "$(id -u)" = 0 ] && pids="$supervisor $(children '')" || pids=$supervisor
    for pid in $pids; do
        [ "/proc/$pid/exe" -ef "$BATS_TEST_TMPDIR/dpgateway" ]
    done
    id=$(new_uuid)
    letter "$id" >"$BATS_TEST_TMPDIR/letter.xml"
    submit "$id" "$BATS_TEST_TMPDIR/letter.xml"
    accepted "$id"
    ready
}

# watch_readiness: asks for /readyz again and again until the file is taken away
watch_readiness() {
    WATCH="$BATS_TEST_TMPDIR/watch"
    : >"$WATCH"
    while [ -e "$WATCH" ]; do
        curl -s -o /dev/null -w '%{http_code}\n' "$DP_MONITOR_URL/readyz" || true
        sleep 0.02
    done >"$BATS_TEST_TMPDIR/readiness" 3>&- &
    WATCHER=$!
}

# It was 200 each time, and asked for often.
was_ready() {
    rm "$WATCH"
    wait "$WATCHER"
    sort "$BATS_TEST_TMPDIR/readiness" | uniq -c >&2
    [ "$(sort -u "$BATS_TEST_TMPDIR/readiness")" = 200 ] && [ "$(wc -l <"$BATS_TEST_TMPDIR/readiness")" -gt 50 ]
}

replaced() { # replaced COUNT: so many times was every process
    [ "$(grep -c '"msg":"replaced: ' "$LOG")" = "$1" ]
}

@test "/readyz says 200 all through new settings and a new build, however long one worker takes" {
    own_programs
    watch_readiness
    kill -HUP "$(supervisor_pid)"
    wait_until replaced 1
    slow=$(children 'sender 1$')
    kill -STOP "$slow"
    replace_program "$BUILD/dpgateway"
    kill -USR2 "$(supervisor_pid)"
    wait_until grep -q '"msg":"took over"' "$LOG"
    sleep 6 # a writer that has not moved for five seconds hangs
    not replaced 2
    kill -CONT "$slow"
    wait_until replaced 2
    was_ready
}

metric() { # metric SERIES
    curl -sS "$DP_MONITOR_URL/metrics" | awk -v series="$1" '$1 == series { print $2 }'
}

@test "counters go on over a new build" {
    own_programs
    id=$(new_uuid)
    letter "$id" >"$BATS_TEST_TMPDIR/letter.xml"
    submit "$id" "$BATS_TEST_TMPDIR/letter.xml"
    accepted "$id"
    replace_program "$BUILD/dpgateway"
    kill -USR2 "$(supervisor_pid)"
    wait_until replaced 1
    [ "$(metric dp_submissions_accepted_total)" = 1 ]
    id=$(new_uuid)
    letter "$id" >"$BATS_TEST_TMPDIR/letter.xml"
    submit "$id" "$BATS_TEST_TMPDIR/letter.xml"
    accepted "$id"
    [ "$(metric dp_submissions_accepted_total)" = 2 ]
}

@test "SIGUSR2: a build that does not run, or that these settings do not suit, does not take over" {
    own_programs
    before=$(children '' | sort)
    cp "$BATS_TEST_TMPDIR/dpgateway" "$BATS_TEST_TMPDIR/good"
    echo 'no program' >"$BATS_TEST_TMPDIR/bad"
    replace_program "$BATS_TEST_TMPDIR/bad"
    kill -USR2 "$(supervisor_pid)"
    wait_until grep -q 'cannot take over' "$LOG"
    replace_program "$BATS_TEST_TMPDIR/good"
    set_setting sender_workers many
    kill -USR2 "$(supervisor_pid)"
    twice() { [ "$(grep -c 'cannot take over' "$LOG")" = 2 ]; }
    wait_until twice
    grep -q 'sender_workers: must be a whole number' "$LOG"
    [ "$(children '' | sort)" = "$before" ]
    ready
}

@test "what new settings do not let start leaves the others at work" {
    sed -i "s|^issuers_file = .*|issuers_file = $SANDBOX_DIR/keys/server.key|" "$DP_CONFIG"
    kill -HUP "$(supervisor_pid)"
    failing() { [ "$(grep -c '"of":"sender",.*"exit":1' "$LOG")" -ge 12 ]; }
    wait_until failing
    id=$(new_uuid)
    letter "$id" >"$BATS_TEST_TMPDIR/letter.xml"
    submit "$id" "$BATS_TEST_TMPDIR/letter.xml"
    accepted "$id"
    call GET /apis/v1/receipts/
    [ "$STATUS" = 200 ]
    not grep -q '"msg":"replaced: ' "$LOG"
}

@test "a second gateway in the same folder is refused" {
    run "$BUILD/dpgateway" --config "$DP_CONFIG"
    [ "$status" = 1 ]
    [[ "$output" == *"another gateway runs in this folder"* ]]
    ready
}

@test "Ctrl-C to the whole group ends it in order" {
    pid=$(supervisor_pid)
    pids="$pid $(pgrep -P "$pid")"
    for child in $(pgrep -P "$pid"); do kill -INT "$child"; kill -TERM "$child"; done
    ready
    kill -INT "$pid"
    gone() { ! kill -0 "$pid" 2>/dev/null; }
    wait_until gone
    for child in $pids; do not kill -0 "$child" 2>/dev/null; done
    [ -z "$(ls "$DP_RUN"/*.sock "$DP_RUN/dpgateway.pid" 2>/dev/null)" ]
    not grep -q killed "$LOG"
}

@test "killed outright, the supervisor leaves nobody behind who serves" {
    pid=$(supervisor_pid)
    pids=$(pgrep -P "$pid")
    kill -KILL "$pid"
    all_gone() { for child in $pids; do ! kill -0 "$child" 2>/dev/null || return 1; done; }
    wait_until all_gone
    sandbox_halt
    sandbox_serve
    ready
}

@test "--check finds the sandbox in order, and tells each fault in a line of its own" {
    run "$BUILD/dpgateway" --config "$DP_CONFIG" --check
    [ "$status" = 0 ]
    cat >"$BATS_TEST_TMPDIR/bad.ini" <<INI
[state]
dir = $BATS_TEST_TMPDIR/nowhere
colour = red
[process]
sender_workers = 0
[house]
INI
    run "$BUILD/dpgateway" --config "$BATS_TEST_TMPDIR/bad.ini" --check
    [ "$status" = 1 ]
    [[ "$output" == *"bad.ini:3: "*colour* ]]
    [[ "$output" == *"bad.ini:5: "*sender_workers* ]]
    [[ "$output" == *"bad.ini:6: "*house* ]]
    sed -i '3d;5,6d' "$BATS_TEST_TMPDIR/bad.ini"
    sed -i "s/sender_workers = 0//" "$BATS_TEST_TMPDIR/bad.ini"
    run "$BUILD/dpgateway" --config "$BATS_TEST_TMPDIR/bad.ini" --check
    [ "$status" = 1 ]
    [[ "$output" == *"dpctl init"* ]]
    [[ "$output" == *issuers_file* ]]
}

@test "the settings printed are settings read" {
    "$BUILD/dpgateway" --config "$DP_CONFIG" --print-config >"$BATS_TEST_TMPDIR/printed.ini"
    "$BUILD/dpgateway" --config "$BATS_TEST_TMPDIR/printed.ini" --print-config | diff "$BATS_TEST_TMPDIR/printed.ini" -
    DP_STORE_GROUP_MAX=7 "$BUILD/dpgateway" --config "$DP_CONFIG" --print-config | grep -q '^group_max = 7$'
}
