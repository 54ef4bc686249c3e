#!/usr/bin/env bats
# Receipts are pushed to the receiptEndpoint of the system that submitted (ngdp.md 4.3): over TLS to a real receiver, again
# and again where it fails, and whatever one receiver does, the others get theirs.

load lib

setup_file() {
    KEYS="$BATS_FILE_TMPDIR/keys"
    mkdir "$KEYS"
    certify "$KEYS" ca own 'DNS:localhost'
    certify "$KEYS" foreign-ca foreign 'DNS:localhost'
    export KEYS DP_OUTBOX_CA_FILE="$KEYS/ca.pem" DP_OUTBOX_CERTIFICATE="$KEYS/own.pem" DP_OUTBOX_KEY="$KEYS/own.key"
    export DP_OUTBOX_TIMEOUT_SECONDS=4 DP_OUTBOX_CONNECT_SECONDS=3 DP_OUTBOX_LEASE_SECONDS=6
    sandbox_start
    receiver_start main "$KEYS/own.pem" "$KEYS/own.key" "$KEYS/ca.pem"
}

teardown_file() {
    sandbox_stop
    local pid
    for pid in "$BATS_FILE_TMPDIR"/receivers/*/pid; do kill "$(cat "$pid")" 2>/dev/null || true; done
}

# certify DIR CA NAME SAN: a CA, where there is none yet, and a certificate of it
certify() {
    local dir=$1 ca=$2 name=$3
    [ -e "$dir/$ca.pem" ] || openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/$ca.key" -out "$dir/$ca.pem" \
        -subj "/CN=$ca" -days 2 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -keyout "$dir/$name.key" -out "$dir/$name.csr" -subj "/CN=$name" 2>/dev/null
    echo "subjectAltName=$4" >"$dir/ext"
    openssl x509 -req -in "$dir/$name.csr" -CA "$dir/$ca.pem" -CAkey "$dir/$ca.key" -CAcreateserial -days 2 \
        -extfile "$dir/ext" -out "$dir/$name.pem" 2>/dev/null
}

# receiver_start NAME [CERTIFICATE KEY [CLIENT_CA]]
receiver_start() {
    local at="$BATS_FILE_TMPDIR/receivers/$1"
    shift
    mkdir -p "$at"
    "$ROOT/tests/lib/receiver.py" "$at" "$@" >"$at/out" 2>&1 3>&- &
    echo $! >"$at/pid"
    wait_until [ -s "$at/port" ]
}

port_of() {
    cat "$BATS_FILE_TMPDIR/receivers/$1/port"
}

# behave NAME [LINE...]: what the receiver does at /NAME from now on
behave() {
    local at="$BATS_FILE_TMPDIR/receivers/main/$1"
    shift
    if [ $# = 0 ]; then
        rm -f "$at"
    else
        printf '%s\n' "$@" >"$at.new"
        mv "$at.new" "$at"
    fi
}

posts() { # posts NAME [RECEIVER]: how many came to /NAME
    local log="$BATS_FILE_TMPDIR/receivers/${2:-main}/$1.log"
    if [ -e "$log" ]; then wc -l <"$log"; else echo 0; fi
}

posted() { # posted NAME COUNT
    [ "$(posts "$1")" = "$2" ]
}

# post NAME NUMBER JQ: of the log of /NAME
post() {
    sed -n "$2p" "$BATS_FILE_TMPDIR/receivers/main/$1.log" | jq -r "$3"
}

# system_with URL: a system of Myndighed 1 with this receiptEndpoint; sets SYSTEM and AS_AUTH
system_with() {
    local answer
    answer=$("$BUILD/dpctl" --config "$DP_CONFIG" --json system add --organisation 99000001 --name Pushet --type SENDER \
        --certificate "$DP_SENDER_CERT" --receipt-endpoint "$1")
    SYSTEM=$(jq -r .id <<<"$answer")
    AS_AUTH=$(jq -r .authorization <<<"$answer")
}

# system_at NAME: at /NAME of the receiver
system_at() {
    system_with "https://localhost:$(port_of main)/$1"
}

send_letter() { # as AS_AUTH; sets UUID
    UUID=$(new_uuid)
    letter "$UUID" >"$BATS_TEST_TMPDIR/letter.xml"
    submit "$UUID" "$BATS_TEST_TMPDIR/letter.xml"
    accepted "$UUID"
}

# send_letters COUNT: together, for what hangs is given up in seconds
send_letters() {
    local pids=() pid
    for _ in $(seq "$1"); do
        (BATS_TEST_TMPDIR=$(mktemp -d -p "$BATS_TEST_TMPDIR") && send_letter) 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid"; done
}

# jobs_of SYSTEM JQ: over the list of its jobs
jobs_of() {
    "$BUILD/dpctl" --config "$DP_CONFIG" --json jobs | jq -r --arg target "$1" "[.[] | select(.target == \$target)] | $2"
}

# are SYSTEM WANTED: state and tries of its jobs, in order, or "none"
are() {
    [ "$(jobs_of "$1" 'if . == [] then "none" else map("\(.state) \(.tries)") | sort | join(",") end')" = "$2" ]
}

retry() { # retry SYSTEM: its one job
    "$BUILD/dpctl" --config "$DP_CONFIG" jobs retry "$(jobs_of "$1" '.[0].id')"
}

events() { # events TAG SYSTEM
    sqlite3 -readonly "$DP_STATE/mail/mail.db" \
        "SELECT count(*) FROM event WHERE tag = '$1' AND system = x'${2//-/}'"
}

logged() { # logged SYSTEM MESSAGE JQ: of the last such line of the dispatcher
    grep '"role":"dispatcher"' "$SANDBOX_DIR.out" | jq -rs --arg target "$1" --arg msg "$2" \
        "map(select(.target == \$target and .msg == \$msg)) | last | $3"
}

metric() { # metric SERIES
    curl -sS "$DP_MONITOR_URL/metrics" | awk -v series="$1" '$1 == series { print $2 }'
}

dispatcher_pid() {
    pgrep -P "$(cat "$DP_RUN/dpgateway.pid")" -f 'dpgateway: dispatcher'
}

@test "a receipt arrives with the bytes that a fetch gives, once, and stays on the list" {
    before=$(metric 'dp_outbox_pushes_total{outcome="done"}')
    system_at first
    send_letter
    wait_until posted first 1
    wait_until are "$SYSTEM" none
    [ "$(post first 1 .method)" = POST ]
    [ "$(post first 1 .path)" = /first ]
    [ "$(post first 1 '.headers["Content-Type"]')" = application/json ]
    [ "$(post first 1 '.client[0]')" = own ]
    [ "$(post first 1 '.body | fromjson | .messageUUID')" = "$UUID" ]
    call GET /apis/v1/receipts/
    [ "$(member .totalElements)" = 1 ]
    call GET "/apis/v1/receipts/$(member '.content[0]')?delete=false"
    cmp "$BATS_TEST_TMPDIR/answer" "$BATS_FILE_TMPDIR/receivers/main/first.body"
    [ "$(events BUSINESS_RECEIPT_SEND_TO_SENDER_SYSTEM "$SYSTEM")" = 1 ]
    [ "$(metric 'dp_outbox_pushes_total{outcome="done"}')" = $((before + 1)) ]
    [ "$(logged "$SYSTEM" pushed .status)" = 200 ]
    posted first 1
}

@test "a system without an endpoint, or one that only sends again, causes no push" {
    AS_AUTH=$DP_SENDER_AUTH send_letter
    system_at again
    send_letter
    wait_until posted again 1
    submit "$UUID" "$BATS_TEST_TMPDIR/letter.xml"
    accepted "$UUID"
    [ "$("$BUILD/dpctl" --config "$DP_CONFIG" --json jobs | jq length)" = 0 ]
    posted again 1
}

@test "500, then 200: it is tried again by itself, not before its time" {
    behave later 500
    system_at later
    send_letter
    wait_until are "$SYSTEM" 'waiting 1'
    [ "$(logged "$SYSTEM" 'not pushed, to be tried again' '"\(.status) \(.reason)"')" = '500 status 500' ]
    behave later
    wait_until posted later 2
    wait_until are "$SYSTEM" none
    [ "$(post later 2 .at | cut -d. -f1)" -ge $(($(post later 1 .at | cut -d. -f1) + 10)) ]
    [ "$(post later 1 .body)" = "$(post later 2 .body)" ]
    [ "$(events BUSINESS_RECEIPT_SEND_TO_SENDER_SYSTEM "$SYSTEM")" = 1 ]
    [ "$(events BUSINESS_RECEIPT_SEND_TO_SENDER_SYSTEM_FAILED "$SYSTEM")" = 0 ]
}

@test "a dead endpoint with many jobs delays nobody, and its jobs wait" {
    receiver_start closed
    kill "$(cat "$BATS_FILE_TMPDIR/receivers/closed/pid")"
    system_with "https://localhost:$(port_of closed)/r"
    dead=$SYSTEM
    for _ in 1 2 3 4 5 6; do send_letter; done
    system_at live
    send_letter
    wait_until posted live 1
    wait_until are "$dead" 'waiting 1,waiting 1,waiting 1,waiting 1,waiting 1,waiting 1'
    [ "$(jobs_of "$dead" 'map(.due > (now + 1 | todate)) | all')" = true ]
    [ "$(logged "$dead" 'not pushed, to be tried again' .status)" = 0 ]
}

@test "who hangs is given up in time, has no more than four at once, and delays nobody" {
    behave slow hang
    system_at slow
    slow=$SYSTEM slow_auth=$AS_AUTH
    system_at quick
    AS_AUTH=$slow_auth send_letters 6
    send_letter
    wait_until posted quick 1
    wait_until posted slow 4
    are "$slow" 'leased 1,leased 1,leased 1,leased 1,waiting 0,waiting 0'
    wait_until posted slow 6
    wait_until are "$slow" 'waiting 1,waiting 1,waiting 1,waiting 1,waiting 1,waiting 1'
    [[ "$(logged "$slow" 'not pushed, to be tried again' .reason)" == *imeout* ]]
    [ "$(post slow 5 .at | cut -d. -f1)" -ge $(($(post slow 1 .at | cut -d. -f1) + 3)) ]
}

@test "a redirect is an answer like any other: it is not followed" {
    behave moved 307 "Location: https://localhost:$(port_of main)/elsewhere"
    system_at moved
    send_letter
    wait_until are "$SYSTEM" 'waiting 1'
    [ "$(logged "$SYSTEM" 'not pushed, to be tried again' .status)" = 307 ]
    posted moved 1
    posted elsewhere 0
}

@test "a receiver may ask for more time, and a refusal is tried again too" {
    behave busy 503 'Retry-After: 3000'
    system_at busy
    busy=$SYSTEM
    send_letter
    behave refusing 403
    system_at refusing
    send_letter
    wait_until are "$SYSTEM" 'waiting 1'
    [ "$(jobs_of "$SYSTEM" '.[0].due < (now + 30 | todate)')" = true ]
    wait_until are "$busy" 'waiting 1'
    [ "$(jobs_of "$busy" '.[0].due > (now + 2900 | todate)')" = true ]
    [ "$(jobs_of "$busy" '.[0].due < (now + 3100 | todate)')" = true ]
}

@test "a foreign issuer, another's name and plain http are not spoken to" {
    receiver_start foreign "$KEYS/foreign.pem" "$KEYS/foreign.key"
    receiver_start plain
    system_with "https://localhost:$(port_of foreign)/r"
    foreign=$SYSTEM
    send_letter
    system_with "https://$(hostname):$(port_of main)/name"
    named=$SYSTEM
    send_letter
    system_with "http://localhost:$(port_of plain)/r"
    plain=$SYSTEM
    send_letter
    for system in "$foreign" "$named" "$plain"; do wait_until are "$system" 'waiting 1'; done
    [ "$(posts r foreign)" = 0 ]
    [ "$(posts r plain)" = 0 ]
    posted name 0
    [[ "$(logged "$foreign" 'not pushed, to be tried again' .reason)" == *certificate* ]]
    [[ "$(logged "$plain" 'not pushed, to be tried again' .reason)" == *rotocol* ]]
    # The name was looked up all the same, with the rights that a dispatcher has left.
    if getent hosts "$(hostname)" >/dev/null; then
        [[ "$(logged "$named" 'not pushed, to be tried again' .reason)" != *resolve* ]]
    fi
}

@test "an answer without end is cut off, and what it says at first counts" {
    behave endless endless
    system_at endless
    send_letter
    wait_until posted endless 1
    wait_until are "$SYSTEM" none
    posted endless 1
}

@test "what stands in an address is sent, and is in no log" {
    system_with "https://bruger:hemmelig@localhost:$(port_of main)/secret?noegle=fortrolig"
    send_letter
    wait_until posted secret 1
    wait_until are "$SYSTEM" none
    [ "$(post secret 1 .path)" = '/secret?noegle=fortrolig' ]
    [ "$(post secret 1 '.headers.Authorization')" = "Basic $(printf bruger:hemmelig | base64)" ]
    behave secret stop
    send_letter
    wait_until are "$SYSTEM" 'waiting 1'
    not grep -qE 'hemmelig|fortrolig|localhost:[0-9]+/secret' "$SANDBOX_DIR.out"
}

@test "killed amid a push, it is pushed again when the lease is over: nothing is lost" {
    behave killed hang
    system_at killed
    send_letter
    wait_until posted killed 1
    kill -KILL "$(dispatcher_pid)"
    behave killed
    wait_until posted killed 2
    wait_until are "$SYSTEM" none
    [ "$(post killed 1 .body)" = "$(post killed 2 .body)" ]
    [ "$(post killed 2 .at | cut -d. -f1)" -ge $(($(post killed 1 .at | cut -d. -f1) + 5)) ]
    [ "$(logged "$SYSTEM" pushed .tries)" = 2 ]
}

@test "a writer that is killed meanwhile loses no report and counts none twice" {
    behave held hang
    system_at held
    send_letter
    wait_until posted held 1
    system_at reported
    for _ in 1 2 3; do send_letter; done
    pkill -KILL -P "$(cat "$DP_RUN/dpgateway.pid")" -f 'dpgateway: writer'
    behave held
    wait_until are "$SYSTEM" none
    [ "$(events BUSINESS_RECEIPT_SEND_TO_SENDER_SYSTEM "$SYSTEM")" = 3 ]
    wait_until ready
    "$BUILD/dpctl" --config "$DP_CONFIG" verify
}

@test "a stop drains: what hangs is given back, and goes out at once after the next start" {
    sandbox_halt
    DP_OUTBOX_TIMEOUT_SECONDS=60 DP_OUTBOX_LEASE_SECONDS=300 sandbox_serve
    behave drained hang
    system_at drained
    send_letter
    wait_until posted drained 1
    are "$SYSTEM" 'leased 1'
    begun=$(date +%s)
    sandbox_halt
    [ $(($(date +%s) - begun)) -lt 15 ]
    are "$SYSTEM" 'waiting 1'
    [[ "$(logged "$SYSTEM" 'not pushed, to be tried again' .reason)" == "broken off"* ]]
    not grep -q 'killed, for it did not drain' "$SANDBOX_DIR.out"
    behave drained
    sandbox_serve
    began=$(date +%s)
    wait_until posted drained 2
    [ $(($(date +%s) - began)) -lt 8 ] # it waits for no pause and no lease
    wait_until are "$SYSTEM" none
}

@test "after its last try a job is put aside, told, counted, and sent when somebody asks" {
    behave given-up 500
    system_at given-up
    send_letter
    wait_until are "$SYSTEM" 'waiting 1'
    sandbox_halt
    sqlite3 "$DP_STATE/mail/mail.db" "UPDATE outbox SET tries = 48, due = 1 WHERE target = x'${SYSTEM//-/}'"
    sandbox_serve
    wait_until are "$SYSTEM" 'put aside 49'
    [ "$(logged "$SYSTEM" 'not pushed, put aside' .reason)" = 'status 500' ]
    [ "$(events BUSINESS_RECEIPT_SEND_TO_SENDER_SYSTEM_FAILED "$SYSTEM")" = 1 ]
    one_aside() { [ "$(metric 'dp_outbox_jobs{state="put_aside"}')" = 1 ]; }
    wait_until one_aside
    [ "$(metric 'dp_outbox_pushes_total{outcome="put_aside"}')" = 1 ]
    [ "$("$BUILD/dpctl" --config "$DP_CONFIG" --json status | jq .jobs_put_aside)" = 1 ]
    "$BUILD/dpctl" --config "$DP_CONFIG" jobs | grep -q 'put aside'
    behave given-up
    retry "$SYSTEM"
    wait_until are "$SYSTEM" none
    posted given-up 3
    "$BUILD/dpctl" --config "$DP_CONFIG" verify
    run "$BUILD/dpctl" --config "$DP_CONFIG" jobs retry "$(new_uuid)"
    [ "$status" = 1 ]
}

@test "plain http is spoken where the settings say so" {
    sandbox_halt
    DP_OUTBOX_PLAIN_HTTP=yes sandbox_serve
    receiver_start open
    system_with "http://localhost:$(port_of open)/r"
    send_letter
    wait_until are "$SYSTEM" none
    [ "$(posts r open)" = 1 ]
}

@test "in all of this no dispatcher ended badly but by a kill" {
    [ -z "$(grep '"msg":"ended"' "$SANDBOX_DIR.out" | jq -c 'select(.of == "dispatcher" and .signal != 9)')" ]
    not grep -qE 'Sanitizer|runtime error' "$SANDBOX_DIR.out"
}
