#!/usr/bin/env bats
# When the machine fails: nothing is promised that is not kept, the answer says so, and nothing personal is left lying.

load lib

setup() {
    LETTER="$BATS_TEST_TMPDIR/letter.xml"
    UUID=$(new_uuid)
    sandbox_start
    letter "$UUID" >"$LETTER"
}

teardown() {
    sandbox_stop
}

writer_pid() {
    pgrep -f "dpgateway: writer" -P "$(cat "$DP_RUN/dpgateway.pid")"
}

# refused_for_now CODE: a 503 that reads as no final receipt
refused_for_now() {
    refused 503 "$1" && [ "$(member .retry)" = true ] && [ "$(member .transmissionId)" = null ] &&
        [ "$(member .messageUUID)" = "$UUID" ] && [ "$(member .errorCode)" = "$1" ] &&
        [ "$(member 'has("receiptStatus")')" = false ] && grep -qi '^retry-after: [0-9]' "$BATS_TEST_TMPDIR/answer.headers"
}

@test "writer slow: 503 that promises nothing; the repeat finds out; it is kept once" {
    kill -STOP "$(writer_pid)"
    submit "$UUID" "$LETTER" --max-time 60
    kill -CONT "$(writer_pid)"
    refused_for_now store.unsure
    wait_until ready
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    [ "$(messages_kept)" = 1 ]
}

@test "writer killed: it comes back and the letter is kept once" {
    kill -KILL "$(writer_pid)"
    submit "$UUID" "$LETTER"
    if [ "$STATUS" != 201 ]; then
        refused_for_now store.unsure || refused_for_now store.unavailable
        wait_until ready
        submit "$UUID" "$LETTER"
    fi
    accepted "$UUID"
    [ "$(messages_kept)" = 1 ]
}

@test "disk at its floor: mail gets 503, receipts are still served and deleted, and it recovers" {
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    sandbox_halt
    DP_STORE_FREE_FLOOR=1000000000000000 sandbox_serve alive
    UUID=$(new_uuid)
    letter "$UUID" >"$LETTER"
    submit "$UUID" "$LETTER"
    refused_for_now store.full
    call GET '/apis/v1/receipts/'
    [ "$(member .totalElements)" = 1 ]
    call GET "/apis/v1/receipts/$(member '.content[0]')"
    [ "$STATUS" = 200 ]
    call GET '/apis/v1/receipts/'
    [ "$(member .totalElements)" = 0 ]
    sandbox_halt
    sandbox_serve
    submit "$UUID" "$LETTER"
    accepted "$UUID"
}

@test "a store that somebody else holds: not ready, which is told, until it is let go" {
    sandbox_halt
    : >"$SANDBOX_DIR.out"
    flock --no-fork "$DP_STATE/writer.lock" sleep 60 3>&- &
    held=$!
    wait_until not flock --nonblock "$DP_STATE/writer.lock" true
    sandbox_serve alive
    wait_until grep -q 'store.locked' "$SANDBOX_DIR.out"
    not ready
    wait_until grep -q '"endpoint":"/readyz","status":503.*"detail":"the writer has not begun"' "$SANDBOX_DIR.out"
    kill "$held"
    wait "$held" || true
    wait_until ready
    submit "$UUID" "$LETTER"
    accepted "$UUID"
}

# A store whose disk fails is not asked again: what it holds is known only after a new start (reliability.md R2), and
# neither new settings nor a new build are one.
@test "the first failed sync: no acknowledgement, the writer stops for good, reads go on, a new start recovers" {
    fault="$BATS_TEST_TMPDIR/fault"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    sandbox_halt
    LD_PRELOAD="$BUILD/tests/fail_sync.so" FAIL_SYNC="$fault" DP_PROCESS_SANDBOX=no DP_PROCESS_SWITCH_USER=no \
        DP_STORE_CHANGE_TIMEOUT_MS=2000 sandbox_serve
    : >"$fault"
    UUID=$(new_uuid)
    letter "$UUID" >"$LETTER"
    submit "$UUID" "$LETTER"
    refused_for_now store.unsure
    wait_until grep -q "the writer is not started again" "$SANDBOX_DIR.out"
    not ready
    call GET '/apis/v1/receipts/'
    [ "$(member .totalElements)" = 1 ]
    submit "$UUID" "$LETTER"
    refused_for_now store.unsure || refused_for_now store.unavailable
    [ -z "$(writer_pid)" ]
    [ "$(id -u)" != 0 ] || chown --reference="$DP_STATE" "$DP_RUN/control.sock" # dpctl becomes the state's owner
    run "$BUILD/dpctl" --config "$DP_CONFIG" status
    [ "$status" = 1 ]
    grep -q '^The writer does not answer' <<<"$output"
    run timeout 5 "$BUILD/dpctl" --config "$DP_CONFIG" contact add --cpr 6710900031 --label "Borger 31"
    [ "$status" = 1 ]
    grep -q 'writer does not answer' <<<"$output"
    rm "$fault"
    kill -USR2 "$(cat "$DP_RUN/dpgateway.pid")"
    wait_until grep -q 'no new build takes over, for the writer stopped for good' "$SANDBOX_DIR.out"
    kill -HUP "$(cat "$DP_RUN/dpgateway.pid")"
    wait_until grep -q '"msg":"replaced: ' "$SANDBOX_DIR.out"
    [ -z "$(writer_pid)" ]
    not ready
    sandbox_halt
    sandbox_serve
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    "$BUILD/dpctl" --config "$DP_CONFIG" verify
}

@test "a sync that fails while the writer opens is as final: it is not tried again by itself" {
    fault="$BATS_TEST_TMPDIR/fault"
    sandbox_halt
    LD_PRELOAD="$BUILD/tests/fail_sync.so" FAIL_SYNC="$fault" DP_PROCESS_SANDBOX=no DP_PROCESS_SWITCH_USER=no sandbox_serve
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    : >"$fault"
    kill -KILL "$(writer_pid)"
    wait_until grep -q "the writer is not started again" "$SANDBOX_DIR.out"
    rm "$fault"
    sleep 1
    [ -z "$(writer_pid)" ]
    not ready
    sandbox_halt
    sandbox_serve
    [ "$(messages_kept)" = 1 ]
    "$BUILD/dpctl" --config "$DP_CONFIG" verify
}

@test "a clock that is set back by an hour: nothing is written, reads go on, and it recovers by itself" {
    back="$BATS_TEST_TMPDIR/back"
    sandbox_halt
    LD_PRELOAD="$BUILD/tests/clock_back.so" CLOCK_BACK="$back" DP_PROCESS_SANDBOX=no DP_PROCESS_SWITCH_USER=no \
        DP_STORE_CHANGE_TIMEOUT_MS=2000 sandbox_serve
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    : >"$back"
    UUID=$(new_uuid)
    letter "$UUID" >"$LETTER"
    submit "$UUID" "$LETTER"
    refused_for_now store.unsure || refused_for_now store.unavailable
    wait_until grep -q 'clock.behind.*seconds more than' "$SANDBOX_DIR.out"
    wait_until not ready
    call GET '/apis/v1/receipts/'
    [ "$(member .totalElements)" = 1 ]
    rm "$back"
    wait_until ready
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    sandbox_halt
    [ "$(messages_kept)" = 2 ]
    "$BUILD/dpctl" --config "$DP_CONFIG" verify
}

@test "a repeat gets the first answer even when the right it needed was taken away since" {
    letter "$UUID" mandatory=true >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    first=$BODY
    sandbox_halt
    sqlite3 "$DP_STATE/registry/registry.db" "UPDATE organisation SET mandatory_allowed = 0"
    sandbox_serve
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    [ "$BODY" = "$first" ]
    UUID=$(new_uuid)
    letter "$UUID" mandatory=true >"$LETTER"
    submit "$UUID" "$LETTER"
    refused 400 mandatory.not.allowed
}

# upload URL OPTIONS...: 100 MB of nobody, in the background
upload() {
    curl -sS -o /dev/null -w '%{http_code}\n' --cacert "$DP_CA" -X POST -T "$BATS_TEST_TMPDIR/large" --max-time 60 "${@:2}" "$1" \
        >>"$BATS_TEST_TMPDIR/uploads" 2>/dev/null 3>&- &
    uploads+=($!)
}

# bytes_on_disk: of bodies under way; nginx' files have no name by the time they are written to
bytes_on_disk() {
    local pid
    for pid in $(pgrep -P "$(cat "$DP_RUN/nginx.pid")"); do
        find "/proc/$pid/fd" -lname "$DP_RUN/nginx-body/*" -exec stat -Lc %s {} + 2>/dev/null
    done | awk '{ sum += $1 } END { printf "%d\n", sum }'
}

@test "32 strangers' uploads of 100 MB hold no worker and fill no disk: a letter beside them is accepted at once" {
    truncate -s 100M "$BATS_TEST_TMPDIR/large"
    uploads=()
    for i in $(seq 8); do
        upload "$DP_URL/nothing/$i"
        upload "$DP_URL/apis/v1/memos" -H 'Expect:' -H 'Transfer-Encoding: chunked'
        upload "$DP_READER_URL/apis/gateway/v1/empty" -H 'Expect:'
        upload "$DP_READER_URL/apis/v1/memos" -H 'Transfer-Encoding: chunked'
    done
    letters=0
    while [ $letters -lt 3 ] || kill -0 "${uploads[@]}" 2>/dev/null; do
        submit "$UUID" "$LETTER" --max-time 3
        accepted "$UUID"
        kept=$(bytes_on_disk)
        echo "$kept bytes on disk" >&2
        [ "$kept" -lt 1000000 ]
        letters=$((letters + 1))
        UUID=$(new_uuid)
        letter "$UUID" >"$LETTER"
    done
    wait "${uploads[@]}" || true
    [ "$(sort "$BATS_TEST_TMPDIR/uploads" | uniq -c | tr -s ' ' | tr '\n' ';')" = " 8 401; 24 413;" ]
}

@test "all workers of the pool killed: they come back, and what waits meanwhile is answered" {
    supervisor=$(cat "$DP_RUN/dpgateway.pid")
    kill -STOP "$supervisor"
    pkill -KILL -P "$supervisor" -f "dpgateway: sender"
    { submit "$UUID" "$LETTER" --max-time 60 && echo "$STATUS" >"$BATS_TEST_TMPDIR/status"; } 3>&- &
    waiting=$!
    wait_until [ -e "$BATS_TEST_TMPDIR/answer" ]
    kill -CONT "$supervisor"
    wait "$waiting"
    [ "$(cat "$BATS_TEST_TMPDIR/status")" = 201 ]
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    [ "$(messages_kept)" = 1 ]
}

@test "a message that ends its workers costs two of them, and is told that it is not read again" {
    sandbox_halt
    DP_MEMO_READING_CPU_MS=50 sandbox_serve
    letter "$UUID" content="$(head -c 60000000 /dev/zero | base64)" >"$LETTER"
    for _ in 1 2; do
        submit "$UUID" "$LETTER"
        refused_for_now service.unavailable
    done
    wait_until [ "$(grep -c 'a message ended the process that read it' "$SANDBOX_DIR.out")" = 2 ]
    [ "$(grep -c "a message ended the process that read it.*$UUID" "$SANDBOX_DIR.out")" = 2 ]
    submit "$UUID" "$LETTER"
    refused 400 message.not.readable
    [ "$(member '.fault, .retry' | tr '\n' ' ')" = 'operator false ' ]
    # Others are read, and so is this one by a gateway that gives it more time.
    other=$(new_uuid)
    letter "$other" >"$BATS_TEST_TMPDIR/other.xml"
    submit "$other" "$BATS_TEST_TMPDIR/other.xml"
    accepted "$other"
    sandbox_halt
    sandbox_serve
    submit "$UUID" "$LETTER"
    accepted "$UUID"
}

# tagged NAME: one more answer to look through, of whatever the last call was
tagged() {
    echo "$1: $STATUS $BODY" >&2
    echo "$BODY" >>"$BATS_TEST_TMPDIR/answers"
}

# tagged_letters TAG: letters with a fault each, and the number in every text that a letter has
tagged_letters() {
    local tag=$1 fault
    for fault in legal=false 'filename=br|ev.txt' "filename=$tag.exe" "filename=$tag|.txt" 'content=QR==' "content=$tag" \
        "content=<![CDATA[$tag]]>" "content=<!--$tag-->" "content=&#$tag;" 'content=' "url=http://$tag.example/" \
        "url=$tag" "label=$tag$(printf '0%.0s' {1..300})" "version=$tag" 'version=7' "recipient=$tag-1" "idtype=$tag" \
        "type=$tag" "until=$tag" "namespace=urn:$tag" "schversion= memoSchVersion=\"$tag\"" "mandatory=$tag" \
        "sender=$tag" "notification=$tag$(printf '0%.0s' {1..200})" body=no; do
        UUID=$(new_uuid)
        letter "$UUID" "label=$tag" "recipient=$tag" "$fault" >"$LETTER"
        submit "$UUID" "$LETTER"
        tagged "$fault"
        [[ "$fault" =~ ^(legal|schversion)= ]] || [ "$STATUS" -ge 400 ] # these two are no faults
    done
}

# tagged_document NAME EXPECTED-STATUS: sends standard input
tagged_document() {
    cat >"$LETTER"
    UUID=$(new_uuid)
    submit "$UUID" "$LETTER"
    tagged "$1"
    [ "$STATUS" = "$2" ]
}

tagged_documents() {
    local tag=$1 many
    many=$(seq -f "a%.0f=\"$tag\"" 60000)
    echo "$tag" | tagged_document 'not XML' 400
    letter "$(new_uuid)" "label=$tag" | sed "s/?>/?><!DOCTYPE a [<!ENTITY e \"$tag\">]>/" | tagged_document DOCTYPE 400
    letter "$(new_uuid)" "label=$tag" | sed 's/UTF-8/ISO-8859-1/' | tagged_document ISO-8859-1 400
    printf '<a b="\xe6" c="%s"/>' "$tag" | tagged_document 'bytes of ISO-8859-1' 400
    echo "<a $many/>" | tagged_document attributes 400
    echo "<a ${many//a/xmlns:a}/>" | tagged_document namespaces 400
    { printf "<x$tag>%.0s" {1..60000}; } | tagged_document depth 400
    letter "$(new_uuid)" "label=$tag" | iconv -t UTF-16LE | tagged_document 'UTF-16 without a mark' 400
    letter "$(new_uuid)" "label=$tag" | head -c 500 | tagged_document 'cut off' 400
    letter "$(new_uuid)" "label=$tag" | tagged_document 'another UUID in the query' 400
}

tagged_callers() {
    local tag=$1
    letter "$UUID" "label=$tag" "recipient=$tag" >"$LETTER"
    AS_AUTH="Basic $(base64 -w0 <<<"$tag:$tag")" submit "$UUID" "$LETTER"
    tagged 'wrong Basic'
    AS_AUTH=$tag submit "$UUID" "$LETTER"
    tagged 'no Basic'
    AS_CERT=$DP_VENDOR_CERT AS_KEY=$DP_VENDOR_KEY submit "$UUID" "$LETTER"
    tagged "another's certificate"
    BODY=$(curl -sS --cacert "$DP_CA" -H "Authorization: $DP_SENDER_AUTH" --data-binary "@$LETTER" \
        "$DP_URL/apis/v1/memos/?memo-message-uuid=$tag" || true)
    tagged 'no certificate'
    submit "$UUID" "$LETTER" -H 'Content-Length: 200000000' --max-time 5
    tagged 'over the limit'
    submit "$UUID" "$LETTER" -H 'Content-Length: 100000' --max-time 2
    tagged 'body cut off'
    call GET "/apis/v1/receipts/$tag?x=$tag" -H "X-Note: $tag" -H "traceparent: $tag"
    tagged 'an address'
    call POST "/apis/v1/memos/?memo-message-uuid=$tag" -H 'Content-Type: application/xml' --data-binary "$tag"
    tagged 'a query'
    ask "$tag" GET "/apis/v1/mailboxes/$tag"
    tagged 'a token'
    ask "$("$BUILD/dpctl" --config "$DP_CONFIG" token --cpr "$tag")" GET '/apis/v1/mailboxes/?ssn='"$tag"
    tagged "a stranger's token"
}

# tagged_machine TAG: the writer slow and away, the disk full
tagged_machine() {
    local tag=$1 supervisor
    supervisor=$(cat "$DP_RUN/dpgateway.pid")
    UUID=$(new_uuid)
    letter "$UUID" "label=$tag" "recipient=$tag" >"$LETTER"
    kill -STOP "$(writer_pid)"
    submit "$UUID" "$LETTER" --max-time 60
    tagged 'writer slow'
    [ "$STATUS" = 503 ]
    kill -STOP "$supervisor"
    kill -KILL "$(writer_pid)"
    submit "$UUID" "$LETTER" --max-time 60
    tagged 'writer away'
    [ "$STATUS" = 503 ]
    kill -CONT "$supervisor"
    wait_until ready
    sandbox_halt
    DP_STORE_FREE_FLOOR=1000000000000000 sandbox_serve alive
    submit "$UUID" "$LETTER"
    tagged 'disk full'
    [ "$STATUS" = 503 ]
}

@test "no CPR number is left in a log, a temp file, an error text or a process title" {
    tag=6101017777
    tagged_letters "$tag"
    tagged_documents "$tag"
    tagged_callers "$tag"
    tagged_machine "$tag"
    not grep -o ".\{60\}$tag.\{60\}" "$BATS_TEST_TMPDIR/answers"
    not grep "$tag" "$SANDBOX_DIR.out"
    not grep -rl "$tag" "$DP_RUN"
    [ -z "$(find "$DP_STATE/spool" -type f)" ]
    ps -eo args >"$BATS_TEST_TMPDIR/titles"
    not grep "dpgateway.*$tag" "$BATS_TEST_TMPDIR/titles"
    not grep -rl "$tag" "$SANDBOX_DIR" --include='*.log'
}

spooled() {
    [ "$(find "$DP_STATE/spool" -type f | wc -l)" = "$1" ]
}

@test "a stop drains: every letter under way gets its answer" {
    sandbox_halt
    DP_STORE_CHANGE_TIMEOUT_MS=20000 sandbox_serve
    writer=$(writer_pid)
    kill -STOP "$writer"
    for i in $(seq 8); do
        id=$(new_uuid)
        letter "$id" "content=$(head -c 100000 /dev/urandom | base64 -w0)" >"$BATS_TEST_TMPDIR/l.$i"
        curl -sS -o /dev/null -w '%{http_code}\n' --cacert "$DP_CA" --cert "$DP_SENDER_CERT" --key "$DP_SENDER_KEY" \
            -H "Authorization: $DP_SENDER_AUTH" -H 'Content-Type: application/xml' --data-binary "@$BATS_TEST_TMPDIR/l.$i" \
            "$DP_URL/apis/v1/memos/?memo-message-uuid=$id" >>"$BATS_TEST_TMPDIR/statuses" 2>/dev/null 3>&- &
        letters+=($!)
    done
    wait_until spooled 8
    kill -TERM "$SANDBOX_PID"
    sleep 1
    [ ! -s "$BATS_TEST_TMPDIR/statuses" ]
    kill -CONT "$writer"
    wait "${letters[@]}"
    [ "$(sort "$BATS_TEST_TMPDIR/statuses" | uniq -c | tr -s ' ')" = ' 8 201' ]
    sandbox_halt
    sandbox_serve
    [ "$(messages_kept)" = 8 ]
}
