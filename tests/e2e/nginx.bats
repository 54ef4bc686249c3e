#!/usr/bin/env bats
# nginx in front: what it answers itself is told as the gateway tells it, what it keeps names nobody, and nobody gets
# past it.

load lib

setup() {
    export no_proxy='*'
    sandbox_start
}

teardown() {
    sandbox_stop
}

# from URL [curl options]: without a certificate; sets STATUS and BODY
from() {
    local url=$1 out="$BATS_TEST_TMPDIR/answer"
    shift
    : >"$out"
    STATUS=$(curl -sS -o "$out" -w '%{http_code}' --cacert "$DP_CA" --path-as-is -D "$out.headers" "$@" "$url") ||
        STATUS="curl failed"
    BODY=$(tr -d '\0' <"$out")
}

# says LINES: these bytes on the port for certificates, printf's escapes in them; sets STATUS and BODY
says() {
    local answer
    # shellcheck disable=SC2059 # the bytes are the format
    answer=$(printf "$1" | timeout 10 openssl s_client -quiet -connect "localhost:$DP_PORT" -CAfile "$DP_CA" 2>/dev/null |
        tr -d '\r')
    STATUS=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' <<<"$answer")
    BODY=$(sed '1,/^$/d' <<<"$answer")
}

header() { # header NAME: of the last answer
    sed -n "s/^$1: *//ip" "$BATS_TEST_TMPDIR/answer.headers" | tr -d '\r'
}

odd_certificate() { # odd_certificate OPTIONS...: shown by `call` from then on
    "$ROOT/tests/lib/sandbox.sh" certificate "$SANDBOX_DIR" "$BATS_TEST_TMPDIR/odd" "$@" --like "$DP_SENDER_CERT"
    AS_CERT="$BATS_TEST_TMPDIR/odd.pem" AS_KEY="$BATS_TEST_TMPDIR/odd.key"
}

# by_nginx, by_pool POOL: who gave the last answer, as the access log tells
by_nginx() {
    by_pool ""
}

by_pool() {
    logged_so() {
        [ "$(jq -r --arg trace "$(member .traceId)" 'select(.trace_id == $trace) | .pool' "$DP_RUN/nginx-access.log")" = "$1" ] &&
            grep -q "$(member .traceId)" "$DP_RUN/nginx-access.log"
    }
    wait_until logged_so "$1"
}

# header_names: of the last answer, but those that are of the connection and not of the answer
header_names() {
    sed -n 's/^\([A-Za-z-]*\):.*/\L\1/p' "$BATS_TEST_TMPDIR/answer.headers" | grep -vx connection | sort | tr '\n' ' '
}

nginx_workers() {
    pgrep -P "$(cat "$DP_RUN/nginx.pid")" | sort | tr '\n' ' '
}

# with_nginx SED-SCRIPT: the configuration changed so, and in force
with_nginx() {
    local before
    before=$(nginx_workers)
    sed "$1" "$SANDBOX_DIR/nginx.conf" >"$SANDBOX_DIR/nginx.conf.new"
    not cmp -s "$SANDBOX_DIR/nginx.conf" "$SANDBOX_DIR/nginx.conf.new" || return 1
    mv "$SANDBOX_DIR/nginx.conf.new" "$SANDBOX_DIR/nginx.conf"
    kill -HUP "$(cat "$DP_RUN/nginx.pid")"
    old_ones_gone() {
        local pid
        for pid in $before; do
            not kill -0 "$pid" 2>/dev/null 2>&1 || return 1
        done
        [ -n "$(nginx_workers)" ]
    }
    wait_until old_ones_gone 2>/dev/null
}

sender_pool_away() {
    mv "$DP_RUN/sender.sock" "$DP_RUN/sender.away"
}

sender_pool_back() {
    mv "$DP_RUN/sender.away" "$DP_RUN/sender.sock"
}

sender_workers() {
    pgrep -P "$(cat "$DP_RUN/dpgateway.pid")" -f "dpgateway: sender"
}

# ---- errors of nginx itself ----

@test "nginx finds nothing to say about its configuration" {
    run nginx -t -q -e stderr -p "$SANDBOX_DIR" -c "$SANDBOX_DIR/nginx.conf"
    [ "$status" = 0 ]
    [ -z "$output" ]
}

@test "what is no HTTP is told as our JSON" {
    for bytes in 'GARBLED\r\n\r\n' 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n' 'GET /healthz HTTP/1.1\r\n\r\n' \
        'GET /../x HTTP/1.1\r\nHost: a\r\n\r\n' 'GET /healthz%%00 HTTP/1.1\r\nHost: a\r\n\r\n' \
        'GET /healthz HTTP/3.7\r\n\r\n' \
        'POST /apis/v1/memos/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n' \
        'POST /apis/v1/memos/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n' \
        'POST /apis/v1/memos/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'; do
        says "$bytes"
        echo "$bytes" >&2
        refused 400 request.malformed
        [ "$(member .retry)" = false ]
    done
}

@test "an address or a header too long" {
    long=$(head -c 20000 /dev/zero | tr '\0' a)
    call GET "/apis/v1/receipts/?page=$long"
    refused 400 request.malformed
    call GET /apis/v1/receipts/ -H "X-Note: $long"
    refused 400 request.malformed
}

@test "plain HTTP on both ports of TLS" {
    from "http://localhost:$DP_PORT/healthz"
    refused 400 request.malformed
    from "http://localhost:$((DP_PORT + 1))/healthz"
    refused 400 request.malformed
}

@test "a method that nginx does not pass on" {
    call TRACE /apis/v1/receipts/
    refused 405 method.not.allowed
}

@test "a body over the limit is refused by its length, before it comes" {
    call POST /apis/v1/memos/ -H 'Content-Length: 150000001' --data-binary x --max-time 10
    refused 413 body.too.large
    says 'POST /apis/v1/memos/ HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\nConnection: close\r\n\r\n'
    refused 413 body.too.large
}

@test "one address takes large bodies, from who shows a certificate; no other takes any" {
    head -c 150000 /dev/zero >"$BATS_TEST_TMPDIR/large"
    "$BUILD/dpctl" endpoints --all --json >"$BATS_TEST_TMPDIR/endpoints"
    addresses() {
        jq -r '.[] | "\(.method) \(if .path | test("^/(apis|healthz|readyz)") then "" else "/apis/v1" end)\(.path)"' \
            "$BATS_TEST_TMPDIR/endpoints"
        printf '%s\n' "POST /" "POST /nothing/here" "PUT /apis/v1/memos/" "POST /apis/v1/memos/x" "COPY /apis/v1/memos"
    }
    while read -r method path; do
        path=${path//[\{\}]/}
        for how in 'X-Length: told' 'Transfer-Encoding: chunked'; do
            echo "$method $path $how" >&2
            call "$method" "$path" -H "$how" --data-binary "@$BATS_TEST_TMPDIR/large"
            echo "$STATUS $BODY" >&2
            if [ "$method $path" = "POST /apis/v1/memos/" ]; then
                refused 415 media.type.not.supported
            else
                [ "$STATUS $(member '.code + " " + .fault')" = "413 body.too.large sender" ]
            fi
            from "$DP_READER_URL$path" -X "$method" -H "$how" --data-binary "@$BATS_TEST_TMPDIR/large"
            echo "$STATUS $BODY" >&2
            [ "$STATUS $(member '.code + " " + .fault')" = "413 body.too.large reader" ]
        done
    done < <(addresses)
    from "$DP_MONITOR_URL/healthz" --data-binary "@$BATS_TEST_TMPDIR/large"
    refused 413 body.too.large
    by_nginx
    jq -se 'map(select(.status == 413)) | length > 50 and all(.pool == "")' "$DP_RUN/nginx-access.log"
}

@test "a letter of nobody is refused before it comes, as the gateway refuses who shows no certificate" {
    truncate -s 100M "$BATS_TEST_TMPDIR/large"
    from "$DP_URL/apis/v1/receipts/"
    refused 401 certificate.missing
    by_pool receipt
    gateways=$(jq -c 'del(.traceId)' <<<"$BODY") names=$(header_names) asks=$(header WWW-Authenticate)
    as_the_gateway() {
        refused 401 certificate.missing && [ "$(jq -c 'del(.traceId)' <<<"$BODY")" = "$gateways" ] && [ "$(header_names)" = "$names" ] &&
            [ "$(header WWW-Authenticate)" = "$asks" ] && [[ "$(header traceparent)" =~ ^00-$(member .traceId)-[0-9a-f]{16}-01$ ]] &&
            [ "$(header Content-Type)" = application/json ] && by_nginx
    }
    for path in /apis/v1/memos "/apis/v1//memos/?memo-message-uuid=$(new_uuid)"; do
        from "$DP_URL$path" --data-binary x
        as_the_gateway
        # whoever asks first is not told to go on
        for how in 'Expect: 100-continue' 'Expect:'; do
            for length in 'X-Length: told' 'Transfer-Encoding: chunked'; do
                from "$DP_URL$path" -H "$how" -H "$length" --data-binary "@$BATS_TEST_TMPDIR/large" --max-time 10
                as_the_gateway
                not grep -q '^HTTP/1.1 100' "$BATS_TEST_TMPDIR/answer.headers"
            done
        done
    done
    # who sends all of it before looking at the answer finds one
    {
        printf 'POST /apis/v1/memos/ HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n'
        cat "$BATS_TEST_TMPDIR/large"
    } | timeout 30 openssl s_client -quiet -connect "localhost:$DP_PORT" -CAfile "$DP_CA" >"$BATS_TEST_TMPDIR/whole" 2>/dev/null
    BODY=$(sed '1,/^\r*$/d' "$BATS_TEST_TMPDIR/whole") STATUS=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$BATS_TEST_TMPDIR/whole")
    refused 401 certificate.missing
    # nor is it a way around the pool for another method
    from "$DP_URL/apis/v1/memos/"
    refused 405 method.not.allowed
    by_pool sender
}

@test "the gateway holds a body against its own row, before it asks who calls" {
    head -c 4097 /dev/zero >"$BATS_TEST_TMPDIR/large"
    ask not.a.token PATCH "/apis/v1/mailboxes/$(new_uuid)/messages/$(new_uuid)" --data-binary "@$BATS_TEST_TMPDIR/large"
    refused 413 body.too.large
    by_pool reader
    head -c 4096 /dev/zero >"$BATS_TEST_TMPDIR/large"
    ask not.a.token PATCH "/apis/v1/mailboxes/$(new_uuid)/messages/$(new_uuid)" --data-binary "@$BATS_TEST_TMPDIR/large"
    refused 401 token.malformed
    AS_AUTH=none call GET /apis/v1/receipts/ --data x
    refused 413 body.too.large
    by_pool receipt
    AS_AUTH=none call GET /apis/v1/receipts/ -H 'Content-Length: 0'
    refused 401 authorization.malformed
}

@test "a letter that stops coming is given up: nothing is answered, for nobody waits for it, and no worker hears of it" {
    with_nginx 's/client_body_timeout .*/client_body_timeout 1s;/'
    trace=$(new_uuid | tr -d -)
    {
        printf 'POST /apis/v1/memos/ HTTP/1.1\r\nHost: a\r\ntraceparent: 00-%s-b7ad6b7169203331-01\r\n' "$trace"
        printf 'Content-Length: 100000\r\n\r\nsome of it' && sleep 4
    } | timeout 20 openssl s_client -quiet -connect "localhost:$DP_PORT" -cert "$DP_SENDER_CERT" -key "$DP_SENDER_KEY" \
        >"$BATS_TEST_TMPDIR/answer" 2>/dev/null || true
    [ ! -s "$BATS_TEST_TMPDIR/answer" ]
    [ "$(jq -r --arg trace "$trace" 'select(.trace_id == $trace) | "\(.status) \(.pool)"' "$DP_RUN/nginx-access.log")" = "408 " ]
}

@test "certificates that nginx cannot verify are told what is wrong with them" {
    odd_certificate --foreign
    call GET /apis/v1/receipts/
    refused 401 certificate.not.trusted
    [[ "$(header WWW-Authenticate)" == Basic* ]]
    odd_certificate --expired
    call GET /apis/v1/receipts/
    refused 401 certificate.expired
    from "$DP_URL/apis/v1/receipts/"
    refused 401 certificate.missing
}

@test "a pool that is not there: 503, when to come again, and nothing that reads as a final receipt" {
    uuid=$(new_uuid)
    sender_pool_away
    call POST "/apis/v1/memos/?a=b&memo-message-uuid=$uuid&c=d" --data x
    refused 503 service.unavailable
    [ "$(member .retry)" = true ]
    [ "$(member .messageUUID)" = "$uuid" ]
    [ "$(member .transmissionId)" = null ]
    [ "$(member .errorCode)" = service.unavailable ]
    [ "$(member .errorMessage)" = "$(member .message)" ]
    [ "$(member 'has("receiptStatus")')" = false ]
    [[ "$(member .timeStamp)" =~ ^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z$ ]]
    [[ "$(header Retry-After)" =~ ^[1-9][0-9]*$ ]]
    call POST "/apis/v1/memos?memo-message-uuid=\"$uuid" --globoff --data x
    refused 503 service.unavailable
    [ "$(member .messageUUID)" = null ]
    call POST /apis/gateway/v1/empty --data x
    refused 503 service.unavailable
    [ "$(member 'has("messageUUID")')" = false ]
    [[ "$(header Retry-After)" =~ ^[1-9][0-9]*$ ]]
    # also of a letter that is too large for anywhere else
    head -c 200000 /dev/zero >"$BATS_TEST_TMPDIR/large"
    call POST "/apis/v1/memos/?memo-message-uuid=$uuid" --data-binary "@$BATS_TEST_TMPDIR/large"
    refused 503 service.unavailable
    [ "$(member .messageUUID)" = "$uuid" ]
    sender_pool_back
}

@test "a pool that does not answer in time: 503 as well" {
    with_nginx 's/fastcgi_read_timeout .*/fastcgi_read_timeout 1s;/'
    stopped=$(sender_workers)
    # shellcheck disable=SC2086 # several
    kill -STOP $stopped
    call POST /apis/gateway/v1/empty --data x
    # shellcheck disable=SC2086
    kill -CONT $stopped
    refused 503 service.unavailable
}

@test "too many requests of one certificate: 429, and others are served" {
    with_nginx 's/rate=[0-9]*r/rate=1r/; s/burst=[0-9]*/burst=1/'
    too_many() {
        call GET /apis/v1/receipts/
        [ "$STATUS" = 429 ]
    }
    wait_until too_many
    refused 429 too.many.requests
    [[ "$(header Retry-After)" =~ ^[1-9][0-9]*$ ]]
    AS_CERT=$DP_SENDER2_CERT AS_KEY=$DP_SENDER2_KEY AS_AUTH=$DP_SENDER2_AUTH call GET /apis/v1/receipts/
    [ "$STATUS" = 200 ]
}

@test "requests under way at a time are limited: of one certificate, and of one address that shows none" {
    with_nginx 's/limit_conn dp_connections [0-9]*/limit_conn dp_connections 3/'
    slow=()
    for _ in 1 2 3; do
        { printf 'POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n' && sleep 4; } |
            timeout 10 openssl s_client -quiet -connect "localhost:$((DP_PORT + 1))" >/dev/null 2>&1 3>&- &
        slow+=($!)
    done
    full() {
        from "$DP_READER_URL/healthz"
        [ "$STATUS" = 429 ]
    }
    wait_until full
    refused 429 too.many.requests
    [[ "$(header Retry-After)" =~ ^[1-9][0-9]*$ ]]
    from "$DP_URL/healthz"
    refused 429 too.many.requests
    call GET /apis/v1/receipts/
    [ "$STATUS" = 200 ]
    wait "${slow[@]}" || true
    wait_until not full
    [ "$STATUS" = 200 ]
}

@test "200 portals behind one address are no stranger's many connections" {
    with_nginx 's/limit_conn dp_connections [0-9]*/limit_conn dp_connections 512/'
    for _ in $(seq 200); do
        echo "url = $DP_READER_URL/apis/v1/mailboxes/"
        echo "output = /dev/null"
    done >"$BATS_TEST_TMPDIR/portals"
    curl -sS --parallel --parallel-max 200 --parallel-immediate --cacert "$DP_CA" -H "Authorization: Bearer $DP_CITIZEN_TOKEN" \
        -w '%{http_code}\n' -K "$BATS_TEST_TMPDIR/portals" >"$BATS_TEST_TMPDIR/statuses"
    [ "$(sort "$BATS_TEST_TMPDIR/statuses" | uniq -c | tr -s ' ')" = " 200 200" ]
}

@test "the kernel spreads connections over nginx' workers: each listens for itself" {
    local port
    with_nginx 's/worker_processes .*/worker_processes 3;/'
    for port in "$DP_PORT" $((DP_PORT + 1)); do
        [ "$(awk -v port=":$(printf '%04X' "$port")" '$4 == "0A" && substr($2, 9) == port' /proc/net/tcp | wc -l)" = 3 ]
    done
}

@test "nginx says an error with the words and headers of the gateway" {
    "$BUILD/dpctl" --json errors >"$BATS_TEST_TMPDIR/errors"
    says 'GARBLED\r\n\r\n'
    [ "$(jq -c '.[] | select(.code == "request.malformed") | del(.status)' "$BATS_TEST_TMPDIR/errors")" = \
        "$(jq -c 'del(.traceId, .fieldErrors)' <<<"$BODY")" ]
    for url in "$DP_URL" "$DP_READER_URL"; do
        from "$url/nothing/here"
        by_pool sender
        gateways=$BODY names=$(header_names)
        headers=$(header Cache-Control)/$(header X-Content-Type-Options)/$(header Content-Type)
        from "$url/metrics"
        by_nginx
        [ "$(jq -c 'del(.traceId)' <<<"$BODY")" = "$(jq -c 'del(.traceId)' <<<"$gateways")" ]
        [ "$(header Cache-Control)/$(header X-Content-Type-Options)/$(header Content-Type)" = "$headers" ]
        [ "$(header_names)" = "$names" ]
        [[ "$(header traceparent)" =~ ^00-$(member .traceId)-[0-9a-f]{16}-01$ ]]
    done
}

@test "the trace is the caller's where it is one, in nginx' answers as in the gateway's" {
    given=0af7651916cd43dd8448eb211c80319c
    for path in /nothing/here /metrics; do
        for good in "00-$given-b7ad6b7169203331-01" "07-$given-b7ad6b7169203331-00-more"; do
            call GET "$path" -H "traceparent: $good"
            echo "$path $good $BODY" >&2
            [ "$(member .traceId)" = "$given" ]
        done
        for bad in "00-${given^^}-b7ad6b7169203331-01" "00-$given-0000000000000000-01" "ff-$given-b7ad6b7169203331-01" \
            "00-$given-b7ad6b7169203331-01-more" "00-$(printf '%032d' 0)-b7ad6b7169203331-01" "$given" 'x"\\'; do
            call GET "$path" -H "traceparent: $bad"
            echo "$path $bad $BODY" >&2
            refused 404 not.found
            [ "$(member .traceId)" != "$given" ]
        done
    done
}

# ---- what reaches a pool ----

@test "health on every port, metrics and nothing else on the one inside" {
    for url in "$DP_URL" "$DP_READER_URL" "$DP_MONITOR_URL"; do
        from "$url/healthz"
        [ "$STATUS" = 200 ]
        [ "$(member .status)" = up ]
        from "$url/readyz"
        [ "$STATUS" = 200 ]
    done
    from "$DP_MONITOR_URL/metrics"
    [ "$STATUS" = 200 ]
    grep -q '^dp_requests_total{' <<<"$BODY"
    for path in /metrics /metrics/ //metrics /%6Detrics /x/../metrics/ /metrics/x; do
        for url in "$DP_URL" "$DP_READER_URL"; do
            from "$url$path"
            echo "$url$path" >&2
            refused 404 not.found
        done
    done
    for path in / /apis/v1/receipts/ /apis/gateway/v1/empty; do
        from "$DP_MONITOR_URL$path"
        refused 404 not.found
    done
}

@test "the address that the bench measures against is served where it is asked for" {
    for url in "$DP_URL" "$DP_READER_URL"; do
        from "$url/apis/gateway/v1/empty" --data x
        refused 404 not.found
    done
    call POST /apis/gateway/v1/empty --data x
    refused 404 not.found
    sandbox_halt
    DP_PROCESS_EMPTY_ADDRESS=yes sandbox_serve
    call POST /apis/gateway/v1/empty --data x
    [ "$STATUS" = 201 ]
}

@test "the pages of errors are no addresses" {
    for path in /.error/not.found /.error/service.unavailable.memo /.error/ /%2Eerror/certificate.missing; do
        call GET "$path"
        refused 404 not.found
    done
}

@test "no file is served, whatever is asked for" {
    for path in /nginx.conf /gateway.ini /issuers.pem /html/index.html /index.html /.. /apis/..%2f..%2fenv; do
        from "$DP_URL$path"
        echo "$path $STATUS" >&2
        [ "$STATUS" = 404 ] || [ "$STATUS" = 400 ]
        [ "$(member '.code | length > 0')" = true ]
    done
}

@test "nobody gives himself an identity by headers" {
    odd=(-H 'SSL-Client-Verdict: SUCCESS' -H 'SSL_CLIENT_VERDICT: SUCCESS' -H 'Ssl-Client-Certificate: x' -H 'DP-Path: /x'
        -H 'DP_PATH: /x' -H 'Request-Method: DELETE' -H 'Remote-Addr: 1.2.3.4' -H 'X-Forwarded-For: 1.2.3.4')
    from "$DP_URL/apis/v1/receipts/" "${odd[@]}" -H "Authorization: $DP_SENDER_AUTH"
    refused 401 certificate.missing
    call GET /apis/v1/receipts/ "${odd[@]}"
    [ "$STATUS" = 200 ]
}

@test "the port for tokens takes no certificate" {
    from "$DP_READER_URL/apis/v1/receipts/" --cert "$DP_SENDER_CERT" --key "$DP_SENDER_KEY" \
        -H "Authorization: $DP_SENDER_AUTH"
    refused 401 certificate.missing
}

@test "a header that counts once is refused when it comes twice" {
    trace=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
    call GET /apis/v1/receipts/ -H "Authorization: $DP_SENDER_AUTH"
    [ "$STATUS" = 400 ]
    [[ "$(member .code)" =~ ^(header.repeated|request.malformed)$ ]]
    call GET /apis/v1/receipts/ -H "traceparent: $trace" -H "Traceparent: $trace"
    refused 400 header.repeated
    uuid=$(new_uuid)
    letter "$uuid" >"$BATS_TEST_TMPDIR/letter.xml"
    submit "$uuid" "$BATS_TEST_TMPDIR/letter.xml" -H 'Content-Type: text/xml'
    refused 400 header.repeated
    submit "$uuid" "$BATS_TEST_TMPDIR/letter.xml"
    accepted "$uuid"
}

@test "a body in chunks comes whole" {
    uuid=$(new_uuid)
    letter "$uuid" >"$BATS_TEST_TMPDIR/letter.xml"
    submit "$uuid" "$BATS_TEST_TMPDIR/letter.xml" -H 'Transfer-Encoding: chunked'
    accepted "$uuid"
}

@test "TLS older than 1.2 is not spoken" {
    # curl's own library may refuse it too; that is told by another status
    says 'GET /healthz HTTP/1.0\r\n\r\n'
    [ "$STATUS" = 200 ]
    not openssl s_client -connect "localhost:$DP_PORT" -tls1_1 -cipher 'DEFAULT@SECLEVEL=0' </dev/null >/dev/null 2>&1
    openssl s_client -connect "localhost:$DP_PORT" -tls1_2 </dev/null >/dev/null 2>&1
}

@test "the sockets of the pools are nginx' alone" {
    for pool in sender receipt monitor; do
        [ "$(stat -c %a "$DP_RUN/$pool.sock")" = 660 ]
    done
    [ "$(id -u)" = 0 ] || skip "other users can be tried as root only"
    reach() { # reach USER GROUP POOL
        setpriv --reuid "$1" --regid "$2" --clear-groups perl -MIO::Socket::UNIX \
            -e 'exit(IO::Socket::UNIX->new(Peer => shift) ? 0 : $!{EACCES} ? 13 : 1)' "$DP_RUN/$3.sock"
    }
    for pool in sender receipt monitor; do
        reach www-data www-data "$pool"
        for user in nobody dp-sender dp-receipt dp-monitor dp-dispatcher; do
            reach "$user" nogroup "$pool" && status=0 || status=$?
            echo "$user at $pool: $status" >&2
            [ "$status" = 13 ]
        done
    done
}

# ---- what is kept ----

@test "no log, file or folder of nginx holds what a caller put into a request" {
    tag=6101017777
    ask() {
        AS_AUTH="Basic $tag" call "$1" "/apis/v1/$tag?cpr=$tag" -H "X-Note: $tag" -H "User-Agent: $tag" \
            -H "Referer: $tag" -H "Cookie: $tag" -H "traceparent: $tag" "${@:2}"
    }
    ask GET
    ask TRACE
    ask POST -H 'Content-Length: 150000001' --data-binary "$tag" --max-time 10
    ask POST --data-binary "$(head -c 100000 /dev/zero | tr '\0' a)$tag"
    refused 413 body.too.large
    AS_AUTH="Basic $tag" call POST "/apis/v1/memos/?cpr=$tag" --data-binary "$(head -c 100000 /dev/zero | tr '\0' a)$tag"
    refused 401 authorization.malformed
    sender_pool_away
    ask POST --data-binary "$tag"
    refused 503 service.unavailable
    sender_pool_back
    says "$tag $tag $tag\r\n\r\n"
    says "GET /$tag HTTP/1.1\r\nHost: $tag\r\nHost: $tag\r\n\r\n"
    odd_certificate --foreign
    ask GET
    refused 401 certificate.not.trusted
    [ "$(wc -l <"$DP_RUN/nginx-access.log")" -ge 8 ]
    not grep -rq "$tag" "$DP_RUN"
    not grep -q "$tag" "$SANDBOX_DIR.out"
    [ -z "$(find "$DP_RUN"/nginx-* -mindepth 1 -type f)" ]
}

@test "nor when its connections run out, which it tells" {
    tag=6101017777
    with_nginx 's/worker_processes .*/worker_processes 1;/; s/worker_connections .*/worker_connections 40;/'
    # More than there is room for, each with its request under way: some find no connection left towards the pool.
    slow=()
    for _ in $(seq 60); do
        { printf 'POST /%s?cpr=%s HTTP/1.1\r\nHost: %s\r\nContent-Length: 9\r\n\r\n' "$tag" "$tag" "$tag" && sleep 2 &&
            printf 'some body' && sleep 1; } |
            timeout 10 openssl s_client -quiet -connect "localhost:$DP_PORT" >/dev/null 2>&1 3>&- &
        slow+=($!)
    done
    wait "${slow[@]}" || true
    grep -q 'worker_connections are not enough' "$DP_RUN/nginx-error.log"
    grep -q '"status":503' "$DP_RUN/nginx-access.log"
    not grep -rq "$tag" "$DP_RUN"
}

@test "each line of the access log is JSON with these members and no others, in UTC" {
    call GET '/apis/v1/receipts/?page=0'
    from "$DP_MONITOR_URL/nothing"
    jq -se 'length >= 2 and all(keys == ["body_bytes", "certificate", "pool", "pool_seconds", "role", "seconds",
        "sent_bytes", "status", "tls", "trace_id", "ts"])' "$DP_RUN/nginx-access.log"
    jq -se 'any(.pool == "receipt" and .status == 200 and .certificate == "good")
        and any(.pool == "" and .status == 404) and all(.ts | endswith("+00:00"))' "$DP_RUN/nginx-access.log"
}
