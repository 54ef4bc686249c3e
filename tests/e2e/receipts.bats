#!/usr/bin/env bats
# The sender's receipts: lists, one, and what a deletion means (ngdp.md 4.3, CONTRACT.md Receipts).

load lib

setup_file() {
    sandbox_start
    LETTER="$BATS_FILE_TMPDIR/letter.xml"
    : >"$BATS_FILE_TMPDIR/uuids"
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    for _ in 1 2 3 4 5; do
        UUID=$(new_uuid)
        letter "$UUID" >"$LETTER"
        submit "$UUID" "$LETTER"
        accepted "$UUID"
        echo "$UUID $(member .transmissionId)" >>"$BATS_FILE_TMPDIR/uuids"
    done
}

teardown_file() {
    sandbox_stop
}

first_id() {
    call GET '/apis/v1/receipts/?size=1'
    [ "$STATUS" = 200 ]
    member '.content[0]'
}

@test "the bulk list holds one whole business receipt a letter, in order" {
    call GET /apis/v1/receipts-bulk/
    [ "$STATUS" = 200 ]
    [ "$(member .totalElements)" = 5 ]
    [ "$(member '[.currentPage, .totalPages, .elementsOnPage] | tostring')" = '[0,1,5]' ]
    diff <(member '.receipts[] | "\(.messageUUID) \(.transmissionId)"') "$BATS_FILE_TMPDIR/uuids"
    [ "$(member '[.receipts[] | .receiptStatus] | unique | tostring')" = '["COMPLETED"]' ]
    [ "$(member '[.receipts[] | keys | length] | unique | tostring')" = '[8]' ]
}

@test "the list of ids pages with previous and next" {
    call GET '/apis/v1/receipts/?page=1&size=2'
    [ "$STATUS" = 200 ]
    [ "$(member '[.number, .size, .totalElements, .totalPages, (.content | length)] | tostring')" = '[1,2,5,3,2]' ]
    [ "$(member '[.previous.page, .next.page] | tostring')" = '[0,2]' ]
    call GET '/apis/v1/receipts?page=2&size=2'
    [ "$(member '[.next, (.content | length)] | tostring')" = '[null,1]' ]
    call GET '/apis/v1/receipts/?page=9&size=2'
    [ "$STATUS" = 200 ]
    [ "$(member '.content | length')" = 0 ]
}

@test "delete=false leaves it, the default takes it, and a repeat gets the same body" {
    id=$(first_id)
    call GET "/apis/v1/receipts/$id?delete=false"
    [ "$STATUS" = 200 ]
    kept=$BODY
    call GET "/apis/v1/receipts/$id"
    [ "$STATUS" = 200 ]
    [ "$BODY" = "$kept" ]
    [ "$(member 'keys | length')" = 7 ]
    call GET "/apis/v1/receipts/$id"
    [ "$STATUS" = 200 ]
    [ "$BODY" = "$kept" ]
    [ "$(first_id)" != "$id" ]
    call GET /apis/v1/receipts-bulk/
    [ "$(member .totalElements)" = 4 ]
}

@test "DELETE of one's own is 204, also the second time" {
    id=$(first_id)
    call DELETE "/apis/v1/receipts/$id"
    [ "$STATUS" = 204 ]
    [ -z "$BODY" ]
    call DELETE "/apis/v1/receipts/$id"
    [ "$STATUS" = 204 ]
    [ "$(first_id)" != "$id" ]
}

@test "another's receipt and an absent one are the same bytes" {
    id=$(first_id)
    AS_CERT=$DP_SENDER2_CERT AS_KEY=$DP_SENDER2_KEY AS_AUTH=$DP_SENDER2_AUTH call GET "/apis/v1/receipts/$id"
    refused 404 not.found
    anothers=$(member 'del(.traceId)')
    AS_CERT=$DP_SENDER2_CERT AS_KEY=$DP_SENDER2_KEY AS_AUTH=$DP_SENDER2_AUTH call GET "/apis/v1/receipts/$(new_uuid)"
    refused 404 not.found
    [ "$(member 'del(.traceId)')" = "$anothers" ]
    AS_CERT=$DP_SENDER2_CERT AS_KEY=$DP_SENDER2_KEY AS_AUTH=$DP_SENDER2_AUTH call DELETE "/apis/v1/receipts/$id"
    refused 404 not.found
    AS_CERT=$DP_SENDER2_CERT AS_KEY=$DP_SENDER2_KEY AS_AUTH=$DP_SENDER2_AUTH call GET "/apis/v1/receipts/"
    [ "$(member .totalElements)" = 0 ]
    [ "$(first_id)" = "$id" ]
}

@test "wrong questions are told what is wrong" {
    call GET /apis/v1/receipts/not-a-uuid
    refused 404 not.found
    call GET '/apis/v1/receipts/?size=1001'
    refused 400 page.too.large
    call GET '/apis/v1/receipts/?size=0'
    refused 400 page.too.large
    call GET '/apis/v1/receipts/?page=101&size=100'
    refused 400 page.too.deep
    call GET '/apis/v1/receipts/?page=-1'
    refused 400 parameter.invalid
    call GET '/apis/v1/receipts/?seite=1'
    refused 400 parameter.unknown
    call GET '/apis/v1/receipts/?page=1&page=2'
    [ "$STATUS" = 400 ]
    call GET "/apis/v1/receipts/$(first_id)?delete=maybe"
    refused 400 parameter.invalid
    call POST /apis/v1/receipts/ -d x
    refused 405 method.not.allowed
}

@test "where pages become too deep there is no next" {
    sandbox_halt
    # 10,002 receipts of one letter, which no sender would make in a test's time
    sqlite3 "$DP_STATE/mail/mail.db" "
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10002)
        INSERT INTO receipt (id, sender, message, status, time)
        SELECT randomblob(16), r.sender, r.message, 1, r.time FROM n, (SELECT * FROM receipt LIMIT 1) r;
        UPDATE sender SET receipts = receipts + 10002;"
    sandbox_serve
    call GET '/apis/v1/receipts/?size=1000&page=9'
    [ "$(member '.next.page, (.content | length)' | tr '\n' ' ')" = '10 1000 ' ]
    call GET '/apis/v1/receipts/?size=1000&page=10'
    [ "$STATUS" = 200 ]
    call GET '/apis/v1/receipts/?size=1&page=10000'
    [ "$STATUS" = 200 ]
    [ "$(member '.next, (.content | length), .totalElements > 10001' | tr '\n' ' ')" = 'null 1 true ' ]
    call GET '/apis/v1/receipts/?size=1&page=10001'
    refused 400 page.too.deep
}
