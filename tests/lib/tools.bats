#!/usr/bin/env bats
# The tools that other tests believe: the load client against a server that misbehaves, the judge against stores that
# are wrong in one way each, and what adds up all of their results.

setup_file() {
    export PATH=$PATH:/usr/sbin:/sbin # nginx, for ordinary users
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    build=${BUILD:-$ROOT/build}
    case $build in /*) ;; *) build=$ROOT/$build ;; esac
    export ROOT POST=$build/tests/post JUDGE=$build/tests/judge
    T=$(mktemp -d)
    export T
    keys
    serve
}

teardown_file() {
    kill "$(cat "$T/nginx.pid")"
    rm -rf "$T"
}

keys() {
    local name
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/ca.key" -out "$T/ca.pem" -subj /CN=ca -days 2 2>/dev/null
    echo 'subjectAltName=DNS:localhost' >"$T/ext"
    for name in server client; do
        openssl req -newkey rsa:2048 -nodes -keyout "$T/$name.key" -out "$T/$name.csr" -subj "/CN=$name" 2>/dev/null
        openssl x509 -req -in "$T/$name.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -CAcreateserial -days 2 \
            -extfile "$T/ext" -out "$T/$name.pem" 2>/dev/null
    done
    # Started by root, nginx has a worker of another user.
    chmod 755 "$T"
}

# Every path misbehaves in its own way.
serve() {
    local receipt='{"transmissionId":"8c2ea15d-61fb-4ba9-9366-42f8b194c114","messageUUID":"$u","receiptStatus":"RECEIVED"}'
    local other=8c2ea15d-61fb-4ba9-9366-42f8b194c115
    export PORT=$((30000 + RANDOM % 2000)) # below are those of sandboxes
    cat >"$T/nginx.conf" <<CONF
pid $T/nginx.pid;
error_log $T/error.log;
events { worker_connections 256; }
http {
    access_log off;
    client_max_body_size 200m;
    client_body_temp_path $T/body;
    proxy_temp_path $T/proxy;
    fastcgi_temp_path $T/fastcgi;
    uwsgi_temp_path $T/uwsgi;
    scgi_temp_path $T/scgi;
    default_type application/json;
    map \$args \$u { ~memo-message-uuid=(?<x>.*)\$ \$x; default -; }
    server {
        listen 127.0.0.1:$PORT ssl;
        ssl_certificate $T/server.pem;
        ssl_certificate_key $T/server.key;
        ssl_client_certificate $T/ca.pem;
        ssl_verify_client on;
        location /apis/ { return 201 '$receipt'; }
        location /html/ { default_type text/html; return 201 '<p>ok'; }
        location /busy/ { return 503 '{"code":"busy"}'; }
        location /cut/ { return 444; }
        location /notjson/ { return 201 '{"transmissionId":'; }
        location /chunked/ {
            proxy_pass https://127.0.0.1:$PORT/apis/;
            proxy_ssl_certificate $T/client.pem;
            proxy_ssl_certificate_key $T/client.key;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }
    }
    server {
        listen 127.0.0.1:$((PORT + 1)) ssl;
        ssl_certificate $T/server.pem;
        ssl_certificate_key $T/server.key;
        location / {
            return 201 '{"transmissionId":"8c2ea15d-61fb-4ba9-9366-42f8b194c114","messageUUID":"$other","receiptStatus":"RECEIVED"}';
        }
    }
}
CONF
    nginx -p "$T" -e "$T/error.log" -c "$T/nginx.conf"
}

letter() {
    "$POST" --cert "$T/client.pem" --key "$T/client.key" --ca "$T/ca.pem" --letter "$ROOT/tests/lib/letter-small.xml" \
        "$@" "https://localhost:$PORT"
}

# figures TEXT...: each stands in the client's line
figures() {
    local text
    for text in "$@"; do
        [[ $output == *"$text"* ]] || { echo "no $text in $output" && return 1; }
    done
}

@test "the client counts receipts, one ledger line before and one after each" {
    run letter -n 20 -c 4 --ledger "$T/ledger"
    [ "$status" -eq 0 ]
    figures '"ok":20' '"bad":0' '"broken":0' '"201":20'
    [ "$(grep -c ^intent "$T/ledger")" = 20 ]
    [ "$(grep -c '^ack .* 201 8c2ea15d-61fb-4ba9-9366-42f8b194c114 ' "$T/ledger")" = 20 ]
}

@test "the digest of a letter's ledger line is that of the bytes it sent" {
    run letter -n 1 --ledger "$T/one"
    uuid=$(awk '/^intent/ { print $2 }' "$T/one")
    sent=$(sed "s/@UUID@/$uuid/g; s/@DAY@/$(TZ=Europe/Copenhagen date +%F)/g" "$ROOT/tests/lib/letter-small.xml" |
        sha256sum)
    [ "$(awk '/^intent/ { print $3 }' "$T/one")" = "${sent%% *}" ]
}

@test "a letter of 12 MB goes out whole and in constant memory" {
    run bash -c "ulimit -v 200000; exec \"\$0\" \"\$@\"" "$POST" --cert "$T/client.pem" --key "$T/client.key" \
        --ca "$T/ca.pem" --letter "$ROOT/tests/lib/letter-small.xml" --size 12000000 -n 2 --path /chunked/ \
        "https://localhost:$PORT"
    [ "$status" -eq 0 ]
    figures '"ok":2' '"bytes_sent":3200'
}

@test "what is no receipt for this letter is bad: refusal, other media type, other letter, broken JSON" {
    for path in busy html notjson; do
        run letter -n 3 --path "/$path/"
        [ "$status" -eq 1 ]
        figures '"ok":0' '"bad":3'
    done
    PORT=$((PORT + 1)) run letter -n 3
    [ "$status" -eq 1 ]
    figures '"ok":0' '"bad":3' 'messageUUID is not the one sent'
}

@test "a broken connection is counted, and repeated with --retry until the time is over" {
    run letter -n 2 --path /cut/
    [ "$status" -eq 1 ]
    figures '"ok":0' '"broken":2'
    run letter -n 2 --path /cut/ --retry --retry-for 0.3
    [ "$status" -eq 1 ]
    figures '"ok":0' '"given_up":2'
}

@test "a server with another CA is not spoken to" {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/x.key" -out "$T/x.pem" -subj /CN=ca -days 2 2>/dev/null
    run "$POST" --cert "$T/client.pem" --key "$T/client.key" --ca "$T/x.pem" --path /apis/ "https://localhost:$PORT"
    [ "$status" -eq 1 ]
    figures '"requests":0' 'server certificate'
}

# ---- the judge ----

a=aaaaaaaa-0000-4000-8000-00000000000a
digest=11223344556677889900112233445566778899001122334455667788990011aa

# A store with one letter and all that belongs to it.
store() {
    rm -rf "$T/state"
    mkdir -p "$T/state/mail/contents" "$T/state/registry"
    cat "$ROOT"/gateway/store/migrations/registry/*.sql | sqlite3 "$T/state/registry/registry.db"
    {
        cat "$ROOT"/gateway/store/migrations/mail/*.sql
        cat <<SQL
INSERT INTO sender (seq, system, receipts) VALUES (1, x'51510000000040008000000000000001', 1);
INSERT INTO mailbox (seq, id, number, company, created)
    VALUES (1, x'b0b00000000040008000000000000001', '6101900001', 0, 5);
INSERT INTO folder (seq, id, mailbox, type, name, total, unread, created)
    VALUES (1, x'f0f00000000040008000000000000001', 1, 1, 'INBOX', 1, 1, 5);
INSERT INTO message (seq, message_uuid, organisation, sender, transmission_id, technical_id, received, digest, size,
    content_size, mailbox, folder, state, available, memo_version, mandatory, legal_notification, reply, view)
    VALUES (1, x'${a//-/}', x'0a0a0000000040008000000000000001', 1, x'8c2ea15d61fb4ba9936642f8b194c114',
    x'71710000000040008000000000000001', 5, x'$digest', 10, 4, 1, 1, 1, 5, '1.1', 0, 0, 0, '');
INSERT INTO skeleton VALUES (1, x'00');
INSERT INTO document (message, number, id, kind) VALUES (1, 0, x'd0d00000000040008000000000000001', 0);
INSERT INTO content_bytes VALUES (1, x'61626364');
INSERT INTO content VALUES (x'88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589', 4, 1, 5, 1);
INSERT INTO file (message, number, id, document, digest, skeleton_offset)
    VALUES (1, 0, x'f1f10000000040008000000000000001', 0,
    x'88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589', 0);
INSERT INTO receipt (seq, id, sender, message, status, time) VALUES (1, x'c0c00000000040008000000000000001', 1, 1, 1, 5);
INSERT INTO event (seq, time, tag, message, hash) VALUES (1, 5, 'MEMO_SEND_RECEIVED', x'${a//-/}', zeroblob(32));
SQL
    } | sqlite3 "$T/state/mail/mail.db"
    printf 'intent %s %s\nack %s 201 8c2ea15d-61fb-4ba9-9366-42f8b194c114 100.5\n' "$a" "$digest" "$a" >"$T/promised"
}

# seen FIELD: the judge finds exactly this to be wrong
seen() {
    run "$JUDGE" "$T/promised" "$T/state"
    [ "$status" -eq 1 ] && [[ " $output " != *" $1=0 "* ]] || { echo "$1: $output" && return 1; }
}

@test "the judge finds nothing wrong with a store that holds what was promised" {
    store
    run "$JUDGE" "$T/promised" "$T/state"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == "acked=1 found=1 lost=0 dup=0 phantom=0 "* ]]
}

@test "the judge sees each way in which a store can be wrong" {
    while IFS='|' read -r field sql; do
        store
        sqlite3 "$T/state/mail/mail.db" "PRAGMA foreign_keys = OFF; $sql"
        seen "$field"
    done <<SQL
phantom|UPDATE message SET message_uuid = x'bbbbbbbb000040008000000000000001'
lost|UPDATE message SET message_uuid = x'bbbbbbbb000040008000000000000001'
digest_wrong|UPDATE message SET digest = zeroblob(32)
digest_wrong|UPDATE content_bytes SET bytes = x'61626365'
digest_wrong|DELETE FROM skeleton
digest_wrong|UPDATE content SET bytes = NULL
answer_wrong|UPDATE message SET transmission_id = zeroblob(16)
receipts_wrong|DELETE FROM receipt
receipts_wrong|UPDATE sender SET receipts = 2
events_wrong|DELETE FROM event
broken_chain|UPDATE event SET seq = 2
places_wrong|UPDATE folder SET total = 2
places_wrong|INSERT INTO mailbox (seq, id, number, company, created) VALUES (2, randomblob(16), '6101900002', 0, 5); UPDATE message SET mailbox = 2
places_wrong|UPDATE content SET refs = 2
integrity|DELETE FROM document
outbox_wrong|INSERT INTO outbox (id, kind, target, subject, due) VALUES (zeroblob(16), 'x', x'51510000000040008000000000000001', x'c0c00000000040008000000000000001', 5)
SQL
}

@test "the judge sees a letter that is there twice, and that nothing forbids it" {
    store
    sqlite3 "$T/state/mail/mail.db" "ALTER TABLE message RENAME TO old; CREATE TABLE message AS SELECT * FROM old;
        INSERT INTO message SELECT * FROM old"
    seen dup
    seen not_unique
}

@test "an answer from after the moment in question is no promise yet" {
    store
    sqlite3 "$T/state/mail/mail.db" "DELETE FROM message; DELETE FROM receipt; DELETE FROM event; DELETE FROM skeleton;
        DELETE FROM file; DELETE FROM document; DELETE FROM content; DELETE FROM content_bytes; UPDATE sender SET receipts = 0;
        UPDATE folder SET total = 0, unread = 0"
    run "$JUDGE" --before 100.4 "$T/promised" "$T/state"
    [ "$status" -eq 0 ]
    run "$JUDGE" --before 100.6 "$T/promised" "$T/state"
    [ "$status" -eq 1 ]
    [[ $output == *" lost=1 "* ]]
}

@test "what is no ledger, and what is no store, is not judged" {
    store
    run "$JUDGE" "$T/ext" "$T/state"
    [ "$status" -eq 2 ]
    run "$JUDGE" "$T/promised" "$T/nowhere"
    [ "$status" -eq 2 ]
}

# program NAME: executable, of standard input
program() {
    { echo '#!/bin/bash' && cat; } >"$T/$1"
    chmod +x "$T/$1"
}

@test "total adds up lists that run side by side, each program by what it says" {
    program check <<<'echo "100%: Checks: 5, Failures: 0, Errors: 0"'
    program tap <<<'printf "1..3\nok 1 a\nok 2 b # skip no disk\nok 3 c\n"'
    program plain <<<'[ "$LANE" = 1 ]'
    run "$ROOT/tests/lib/total" "$T/check" "$T/tap" -- "$T/plain"
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = '8 passed, 0 failed' ]
    grep -q '^ok 2 b # skip no disk' <<<"$output"
}

@test "total counts as failed what fails, hangs, ends early, says nothing, or is not there" {
    program fails <<<'echo "75%: Checks: 4, Failures: 1, Errors: 0"; exit 1'
    program hangs <<<'exec sleep 60'
    program early <<<'printf "1..3\nok 1 a\n"'
    program crashes <<<'echo "100%: Checks: 4, Failures: 0, Errors: 0"; kill -SEGV $$'
    program none <<<'echo "100%: Checks: 0, Failures: 0, Errors: 0"'
    TEST_SECONDS=1 run "$ROOT/tests/lib/total" "$T/fails" "$T/hangs" -- "$T/early" "$T/crashes" "$T/none" "$T/away"
    [ "$status" -eq 1 ]
    [ "${lines[-1]}" = '8 passed, 7 failed' ]
}

# would_compile BUILD: the store's files that make would compile, if their header were new
would_compile() {
    make -C "$ROOT" -n -W gateway/store/store_impl.h BUILD="$1" all 2>/dev/null | grep -c ' -c gateway/store/'
}

@test "what was compiled is seen to be old, whichever way its folder is named" {
    cd "$ROOT"
    inside=$(realpath --relative-base="$ROOT" "${JUDGE%/tests/judge}")
    [ "$(would_compile "$inside")" -gt 20 ]
    [ "$(would_compile "$(realpath "$inside")")" = "$(would_compile "$inside")" ]
}
