# What the end-to-end tests share: a sandbox of their own behind a real nginx, letters, and calls with a certificate.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export BUILD=${BUILD:-$ROOT/build}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
# Debian's place for nginx, which an ordinary user's PATH lacks.
export PATH=$PATH:/usr/sbin:/sbin
# Keys of sandboxes, made once for all tests (ca.sh).
export KEYS_KEPT=$BUILD/tests/sandbox-keys
mkdir -p -m 700 "$KEYS_KEPT"

# A sandbox in a fresh folder on free ports, served in the background; its environment is then ours.
sandbox_start() {
    SANDBOX_DIR=$(mktemp -d /tmp/dp.XXXXXX)
    chmod 755 "$SANDBOX_DIR"
    "$ROOT/tests/lib/sandbox.sh" make "$SANDBOX_DIR" 0 >"$SANDBOX_DIR.out" 2>&1 || {
        cat "$SANDBOX_DIR.out" >&2
        return 1
    }
    sandbox_serve
    export SANDBOX_DIR
}

# sandbox_serve [CONDITION]: until the gateway is ready, or as the condition says
sandbox_serve() {
    "$ROOT/tests/lib/sandbox.sh" serve "$SANDBOX_DIR" >>"$SANDBOX_DIR.out" 2>&1 3>&- &
    SANDBOX_PID=$!
    export SANDBOX_PID
    echo "$SANDBOX_PID" >"$SANDBOX_DIR.pid"
    set -a
    # shellcheck disable=SC1091
    . "$SANDBOX_DIR/env"
    set +a
    wait_until "${1:-ready}" || {
        cat "$SANDBOX_DIR.out" >&2
        return 1
    }
}

ready() {
    [ "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$DP_CA" "$DP_URL/readyz")" = 200 ]
}

alive() {
    [ "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$DP_CA" "$DP_URL/healthz")" = 200 ]
}

# Whoever started it: one of setup_file is no child of the test, and teardown_file knows nothing of the test's.
sandbox_halt() {
    SANDBOX_PID=$(cat "$SANDBOX_DIR.pid")
    kill -TERM "$SANDBOX_PID" 2>/dev/null || true
    wait "$SANDBOX_PID" 2>/dev/null || true
    wait_until not kill -0 "$SANDBOX_PID" 2>/dev/null
}

sandbox_stop() {
    sandbox_halt
    rm -rf "$SANDBOX_DIR" "$SANDBOX_DIR.out" "$SANDBOX_DIR.pid"
}

# wait_until COMMAND...: until it succeeds, at most 20 s
wait_until() {
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        "$@" && return 0
        sleep 0.1
    done
    return 1
}

# not COMMAND...: bats sees no failure in "! COMMAND" unless it stands last
not() {
    if "$@"; then
        echo "this should have failed: $*" >&2
        return 1
    fi
}

new_uuid() {
    local hex
    hex=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    echo "${hex:0:8}-${hex:8:4}-4${hex:13:3}-a${hex:17:3}-${hex:20:12}"
}

# letter UUID [NAME=VALUE...]: a small MeMo 1.1 on standard output. Names: sender recipient idtype mandatory legal until
# filename content url version schversion namespace type body label
letter() {
    local uuid=$1 sender=$DP_SENDER_CVR recipient=$DP_CITIZEN_CPR idtype=CPR mandatory=false legal=false until='' url='' body=yes
    local filename=brev.txt content=QnJldiB0aWwgQm9yZ2VyIDEu version=1.1 schversion=' memoSchVersion="1.1.0"' type=DIGITALPOST
    local namespace=https://DigitalPost.dk/MeMo-1 pair notification='' label=Brev
    shift
    for pair in "$@"; do local "${pair%%=*}"="${pair#*=}"; done
    [ -z "$until" ] || until="<memo:doNotDeliverUntilDate>$until</memo:doNotDeliverUntilDate>"
    [ -z "$notification" ] || notification="<memo:notification>$notification</memo:notification>"
    [ -z "$url" ] || url="<memo:Action><memo:label>Se</memo:label><memo:actionCode>INFORMATION</memo:actionCode><memo:EntryPoint><memo:url>$url</memo:url></memo:EntryPoint></memo:Action>"
    cat <<XML
<?xml version="1.0" encoding="UTF-8"?>
<memo:Message xmlns:memo="$namespace" memoVersion="$version"$schversion>
 <memo:MessageHeader>
  <memo:messageType>$type</memo:messageType><memo:messageUUID>$uuid</memo:messageUUID>
  <memo:label>$label</memo:label>$notification$until
  <memo:mandatory>$mandatory</memo:mandatory><memo:legalNotification>$legal</memo:legalNotification>
  <memo:Sender><memo:senderID>$sender</memo:senderID><memo:idType>CVR</memo:idType><memo:label>Myndighed 1</memo:label></memo:Sender>
  <memo:Recipient><memo:recipientID>$recipient</memo:recipientID><memo:idType>$idtype</memo:idType></memo:Recipient>
 </memo:MessageHeader>
XML
    [ "$body" = no ] || cat <<XML
 <memo:MessageBody>
  <memo:createdDateTime>2026-11-23T12:00:00Z</memo:createdDateTime>
  <memo:MainDocument><memo:label>Brev</memo:label>
   <memo:File><memo:encodingFormat>text/plain</memo:encodingFormat><memo:filename>$filename</memo:filename><memo:language>da</memo:language>
    <memo:content>$content</memo:content></memo:File>$url
  </memo:MainDocument>
 </memo:MessageBody>
XML
    echo '</memo:Message>'
}

# call METHOD PATH [curl options]: as the sender's system; sets STATUS, and BODY from the answer. An own
# certificate or Authorization goes in by AS_CERT, AS_KEY, AS_AUTH.
call() {
    local method=$1 path=$2 out="$BATS_TEST_TMPDIR/answer"
    shift 2
    : >"$out"
    STATUS=$(curl -sS -o "$out" -w '%{http_code}' --cacert "$DP_CA" --cert "${AS_CERT-$DP_SENDER_CERT}" \
        --key "${AS_KEY-$DP_SENDER_KEY}" -H "Authorization: ${AS_AUTH-$DP_SENDER_AUTH}" -D "$out.headers" \
        -X "$method" "$@" "$DP_URL$path") || STATUS="curl failed"
    BODY=$(tr -d '\0' <"$out")
}

# ask TOKEN METHOD PATH [curl options]: as a person; sets STATUS and BODY
ask() {
    local token=$1 method=$2 path=$3 out="$BATS_TEST_TMPDIR/answer"
    shift 3
    : >"$out"
    STATUS=$(curl -sS -o "$out" -w '%{http_code}' --cacert "$DP_CA" -H "Authorization: Bearer $token" -D "$out.headers" \
        -X "$method" "$@" "$DP_READER_URL$path") || STATUS="curl failed"
    BODY=$(tr -d '\0' <"$out")
}

# submit UUID FILE [curl options]
submit() {
    local uuid=$1 file=$2
    shift 2
    call POST "/apis/v1/memos/?memo-message-uuid=$uuid" -H 'Content-Type: application/xml' --data-binary "@$file" "$@"
}

member() { # member JQ-PATH: of the last answer
    jq -r "$1" <<<"$BODY"
}

# refused STATUS CODE: the last answer is this error, told in both languages, with a trace
refused() {
    echo "expected $1 $2, got $STATUS: $BODY" >&2
    [ "$STATUS" = "$1" ] && [ "$(member .code)" = "$2" ] && [ "$(member '.message | length > 8')" = true ] &&
        [ "$(member '.messageDa | length > 8')" = true ] && [ "$(member '.traceId | length')" = 32 ] &&
        [ "$(member '.fieldErrors | type')" = array ] && [ "$(member '.retry | type')" = boolean ] &&
        [[ "$(member .fault)" =~ ^(sender|recipient|reader|operator)$ ]]
}

accepted() { # accepted UUID: the last answer is a technical receipt for it
    echo "expected 201 for $1, got $STATUS: $BODY" >&2
    [ "$STATUS" = 201 ] && [ "$(member .messageUUID)" = "${1,,}" ] && [ "$(member .receiptStatus)" = RECEIVED ] &&
        [ "$(member .errorCode)" = null ]
}

messages_kept() {
    "$BUILD/dpctl" --config "$DP_CONFIG" --json status | jq -r .messages
}

# nothing_kept BEFORE: neither rows nor files since then
nothing_kept() {
    local now
    now=$(messages_kept)
    echo "kept before $1, now $now; spool: $(find "$DP_STATE/spool" -type f)" >&2
    [ "$now" = "$1" ] && [ -z "$(find "$DP_STATE/spool" -type f)" ]
}
