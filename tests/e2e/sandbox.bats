#!/usr/bin/env bats
# The sandbox: made once, made again, served, stopped.

bats_require_minimum_version 1.5.0
load lib

setup() {
    SANDBOX_DIR=$(mktemp -d /tmp/dp.XXXXXX)
    chmod 755 "$SANDBOX_DIR"
}

teardown() {
    [ -z "${SANDBOX_PID:-}" ] || sandbox_halt
    rm -rf "$SANDBOX_DIR" "$SANDBOX_DIR.out" "$SANDBOX_DIR.pid"
}

make_it() {
    "$ROOT/tests/lib/sandbox.sh" make "$SANDBOX_DIR" "${1:-0}"
}

port_answers() {
    (exec 4<>"/dev/tcp/127.0.0.1/$DP_PORT") 2>/dev/null
}

fingerprint() { # of everything that must not change
    (cd "$SANDBOX_DIR" && sha256sum keys/* issuers.pem env registered letter.xml)
}

@test "made twice it is the same sandbox: keys, tokens, ports and people stay" {
    make_it
    before=$(fingerprint)
    make_it
    [ "$(fingerprint)" = "$before" ]
}

@test "another port changes the addresses and nothing else" {
    make_it
    before=$(fingerprint | grep -v ' env$')
    make_it 23456
    [ "$(fingerprint | grep -v ' env$')" = "$before" ]
    . "$SANDBOX_DIR/env"
    [ "$DP_URL" = https://localhost:23456 ]
    [ "$DP_READER_URL" = https://localhost:23457 ]
}

@test "making that was cut short is made good by making again" {
    make_it
    rm "$SANDBOX_DIR/registered"
    make_it
    . "$SANDBOX_DIR/env"
    run "$BUILD/dpctl" --config "$DP_CONFIG" --json contact list
    [ "$status" = 0 ]
    [ "$(jq length <<<"$output")" = 9 ]
}

@test "the people are as the README tells: five citizens of whom one is exempt, two companies, two authorities" {
    make_it
    . "$SANDBOX_DIR/env"
    run "$BUILD/dpctl" --config "$DP_CONFIG" --json contact list
    [ "$(jq '[.[] | select(.cprNumber)] | length' <<<"$output")" = 5 ]
    [ "$(jq -r '[.[] | select(.status == "EXEMPT")] | map(.cprNumber) | join(",")' <<<"$output")" = "$DP_EXEMPT_CPR" ]
    [ "$(jq '[.[] | select(.cvrNumber)] | length' <<<"$output")" = 4 ]
    # 60 is added to the day
    [ "$(jq '[.[] | select(.cprNumber) | .cprNumber[0:2] | tonumber | . > 60] | all' <<<"$output")" = true ]
}

@test "certificates have the subject that OCES3 has" {
    make_it
    . "$SANDBOX_DIR/env"
    subject=$(openssl x509 -in "$DP_SENDER_CERT" -noout -subject -nameopt RFC2253,-dn_rev,utf8)
    [[ "$subject" =~ ^subject=C=DK,organizationIdentifier=NTRDK-99000001,O=Myndighed\ 1,serialNumber=UI:DK-O:G:[0-9a-f-]{36},CN= ]]
    openssl verify -purpose sslclient -CAfile "$SANDBOX_DIR/issuers.pem" "$DP_SENDER_CERT" "$DP_VENDOR_CERT"
    # a server's certificate opens no door to callers
    run -2 openssl verify -purpose sslclient -CAfile "$SANDBOX_DIR/issuers.pem" "$SANDBOX_DIR/keys/server.pem"
}

@test "keys and tokens are nobody else's to read" {
    make_it
    [ -z "$(find "$SANDBOX_DIR" \( -name '*.key' -o -name env -o -name registered \) -perm /077)" ]
}

@test "a port in use is told in plain words" {
    make_it
    . "$SANDBOX_DIR/env"
    perl -MIO::Socket::INET -e 'my $held = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => shift, Listen => 1) or die; sleep 60' \
        "$DP_PORT" 3>&- &
    listener=$!
    wait_until port_answers
    run "$ROOT/tests/lib/sandbox.sh" serve "$SANDBOX_DIR"
    kill "$listener"
    [ "$status" = 1 ]
    [[ "$output" == *"in use by another program"* ]]
}

@test "it serves, tells one command that sends the first letter, and that command works, again and again" {
    make_it >"$SANDBOX_DIR.out"
    sandbox_serve
    wait_until grep -q 'first letter' "$SANDBOX_DIR.out"
    command=$(grep -F 'curl --cacert' "$SANDBOX_DIR.out")
    first=$(bash -c "$command" 2>/dev/null)
    [ "$(jq -r .receiptStatus <<<"$first")" = RECEIVED ]
    [ "$(bash -c "$command" 2>/dev/null)" = "$first" ]
}

@test "when the gateway ends by itself, nginx is stopped too and it is told" {
    make_it >"$SANDBOX_DIR.out"
    sandbox_serve
    kill -KILL "$(cat "$DP_RUN/dpgateway.pid")"
    wait "$SANDBOX_PID" && status=0 || status=$?
    [ "$status" = 1 ]
    grep -q 'gateway ended by itself' "$SANDBOX_DIR.out"
    SANDBOX_PID=
    run -1 port_answers
}

@test "stopped by a signal it ends with status 0 and leaves no process" {
    make_it >"$SANDBOX_DIR.out"
    sandbox_serve
    kill -TERM "$SANDBOX_PID"
    wait "$SANDBOX_PID"
    SANDBOX_PID=
    [ -z "$(pgrep -f "$SANDBOX_DIR")" ]
}

@test "a long path is served all the same: sockets move to a short folder" {
    deep=$SANDBOX_DIR/$(printf 'folder-%.0s' {1..12})
    mkdir "$deep" && chmod 755 "$deep"
    "$ROOT/tests/lib/sandbox.sh" make "$deep" 0
    . "$deep/env"
    [ "${#DP_RUN}" -lt 80 ]
    rm -rf "$DP_RUN"
}

@test "it is made and served with the PATH of an ordinary user, who has no /usr/sbin in it" {
    narrow=/usr/local/bin:/usr/bin:/bin
    PATH=$narrow make_it >"$SANDBOX_DIR.out"
    PATH=$narrow sandbox_serve
    ready
}
