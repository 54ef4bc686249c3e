#!/usr/bin/env bats
# What a portal sees: mailboxes, folders, messages, documents, and the very bytes of a file.

load lib

setup_file() {
    export no_proxy='*'
    sandbox_start
    LETTER=$(new_uuid)
    export LETTER
    head -c 300000 /dev/urandom >"$BATS_FILE_TMPDIR/large"
    letter "$LETTER" filename='Årsopgørelse 2026.txt' content="$(base64 -w0 <<<'Brev til Borger 1.')" >"$BATS_FILE_TMPDIR/letter.xml"
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    submit "$LETTER" "$BATS_FILE_TMPDIR/letter.xml"
    accepted "$LETTER"
    LARGE=$(new_uuid)
    export LARGE
    letter "$LARGE" filename=stor.txt content="$(base64 -w0 "$BATS_FILE_TMPDIR/large")" >"$BATS_FILE_TMPDIR/large.xml"
    submit "$LARGE" "$BATS_FILE_TMPDIR/large.xml"
    accepted "$LARGE"
    ask "$DP_CITIZEN_TOKEN" GET /apis/v1/mailboxes/
    MAILBOX=$(member '.mailboxes[0].id')
    export MAILBOX
}

teardown_file() {
    sandbox_stop
}

header() { # header NAME: of the last answer
    sed -n "s/^$1: *//ip" "$BATS_TEST_TMPDIR/answer.headers" | tr -d '\r'
}

messages=messages/

# mine METHOD PATH [curl options]: as Borger 1, below the own mailbox
mine() {
    local method=$1 path=$2
    shift 2
    ask "$DP_CITIZEN_TOKEN" "$method" "/apis/v1/mailboxes/$MAILBOX/$path" "$@"
}

# content_of MESSAGE: sets CONTENT, the path of its first file's content
content_of() {
    local document file
    mine GET "messages/$1"
    [ "$STATUS" = 200 ]
    document=$(member '.documents[0].id')
    file=$(member '.documents[0].files[0].id')
    CONTENT="messages/$1/documents/$document/files/$file/content"
}

patch() { # patch MESSAGE VERSION JSON
    mine PATCH "messages/$1" -H "If-Match: $2" -H 'Content-Type: application/json' --data "$3"
}

events() { # events TAG: how many
    sqlite3 "file:$DP_STATE/mail/mail.db?mode=ro" "SELECT count(*) FROM event WHERE tag = '$1'"
}

consistent() {
    "$BUILD/dpctl" --config "$DP_CONFIG" verify
}

# ---- what is there ----

@test "a citizen sees the own mailbox, whole and alone" {
    ask "$DP_CITIZEN_TOKEN" GET /apis/v1/mailboxes
    [ "$STATUS" = 200 ]
    [ "$(member '.mailboxes | length')" = 1 ]
    [ "$(member '.totalElements')" = 1 ]
    [ "$(member '.mailboxes[0] | .ownerType + " " + .ownerName + " " + .ownerExternalId + " " + .statusType + " " + .access.accessType')" = \
        "CITIZEN Borger 1 $DP_CITIZEN_CPR ACTIVE OWNER" ]
    local listed
    listed=$(member '.mailboxes[0]')
    mine GET ""
    [ "$STATUS" = 200 ]
    [ "$BODY" = "$(jq -c . <<<"$listed")" ]
}

@test "a citizen whom nobody wrote to has an empty mailbox, the same each time" {
    ask "$DP_CITIZEN2_TOKEN" GET /apis/v1/mailboxes/
    local first
    first=$(member '.mailboxes[0].id')
    [[ "$first" =~ ^[0-9a-f-]{36}$ ]]
    ask "$DP_CITIZEN2_TOKEN" GET /apis/v1/mailboxes/
    [ "$(member '.mailboxes[0].id')" = "$first" ]
    ask "$DP_CITIZEN2_TOKEN" GET "/apis/v1/mailboxes/$first/messages/"
    [ "$STATUS" = 200 ]
    [ "$(member '.totalElements, (.messages | length)' | tr '\n' ' ')" = "0 0 " ]
}

@test "who is not registered has no mailbox" {
    local token
    token=$("$BUILD/dpctl" --config "$DP_CONFIG" token --cpr 6101909999)
    ask "$token" GET /apis/v1/mailboxes/
    [ "$STATUS" = 200 ]
    [ "$(member '.mailboxes | length')" = 0 ]
}

@test "a company's employee sees the company's mailbox, with the privilege alone" {
    ask "$DP_COMPANY_TOKEN" GET /apis/v1/mailboxes/
    [ "$STATUS" = 200 ]
    [ "$(member '.mailboxes[0].ownerType')" = ORGANISATION ]
    local token
    token=$("$BUILD/dpctl" --config "$DP_CONFIG" token --cvr "$DP_COMPANY_CVR" --privileges SUPPORT)
    ask "$token" GET /apis/v1/mailboxes/
    refused 403 privilege.missing
}

@test "folders, their summary, and one of them" {
    mine GET folders/
    [ "$STATUS" = 200 ]
    [ "$(member '[.folders[].folderType] | join(" ")')" = "INBOX DRAFTS SENT DELETED" ]
    mine GET 'folders/?sortFields=name:DESC&size=2&page=1'
    [ "$(member '[.folders[].name] | join(" ")')" = "DRAFTS DELETED" ]
    [ "$(member .totalPages)" = 2 ]
    mine GET folders/summary/
    [ "$(member '[.folderMessageSummaryList[].messageCount.totalMessages] | join(" ")')" = "2 0 0 0" ]
    [ "$(member '.folderMessageSummaryList[0].messageCount.latestMessageFrom')" != null ]
    [ "$(member '.folderMessageSummaryList[1].messageCount | has("latestMessageFrom")')" = false ]
    mine GET "folders/$(member '.folderMessageSummaryList[0].folder.id')"
    [ "$(member .folderType)" = INBOX ]
    mine GET "folders/$(new_uuid)"
    refused 404 not.found
}

@test "a message shows what the MeMo said, and leaves out what it did not" {
    mine GET "messages/$LETTER"
    [ "$STATUS" = 200 ]
    [ "$(member '.id + " " + .messageState + " " + .messageType + " " + .label + " " + .sender.senderId')" = \
        "$LETTER RECEIVED REGULAR Brev $DP_SENDER_CVR" ]
    [ "$(member .mailboxId)" = "$MAILBOX" ]
    [ "$(member '.version')" = 1 ]
    [ "$(member '.read')" = false ]
    [ "$(member 'has("caseId") or has("replyByDateTime") or has("note")')" = false ]
    [ "$(member '.documents[0].files[0].filename')" = 'Årsopgørelse 2026.txt' ]
}

# full VERSION: sends a letter with all that a MeMo can say to Virksomhed 2, and reads it
full() {
    local uuid mailbox
    uuid=$(new_uuid)
    sed "s/@UUID@/$uuid/; s/@DAY@/$(TZ=Europe/Copenhagen date +%F)/
        s/<memo:recipientID>6101900001</<memo:recipientID>$DP_COMPANY2_CVR</; s/<memo:idType>CPR</<memo:idType>CVR</" \
        "$ROOT/tests/data/memo/template/full-$1.xml" >"$BATS_TEST_TMPDIR/full.xml"
    submit "$uuid" "$BATS_TEST_TMPDIR/full.xml"
    accepted "$uuid"
    ask "$DP_COMPANY2_TOKEN" GET /apis/v1/mailboxes/
    mailbox=$(member '.mailboxes[0].id')
    ask "$DP_COMPANY2_TOKEN" GET "/apis/v1/mailboxes/$mailbox/messages/$uuid"
    [ "$STATUS" = 200 ]
}

@test "a full letter shows its case, its attention, where it was forwarded from and what it answers" {
    local version
    for version in 1.1 1.2; do
        full "$version"
        [ "$(member '.contentData | .caseId + " " + .kleDataLabel + " " + .cvrDataCompanyName')" = \
            'SAG-1 Eksempelemne Virksomhed 1' ]
        [ "$(member '.contentData.productionUnitNumber | type')" = number ]
        [ "$(member '.contentData.additionalContentData[1].contentDataValue')" = 'Værdi 2 & mere' ]
        [ "$(member '.contentData.address | has("country")')" = false ]
        [ "$(member '.forwardData | .originalMessageId + " " + .originalSender')" = \
            '0f000000-0000-4000-8000-0000000000a1 Myndighed 2' ]
        [ "$(member '.sender | .senderIdTypeLabel + " " + .attentionData.personLabel + " " + .attentionData.address.city')" = \
            'CVR-nummer Kontaktperson 1 Eksempelby' ]
        [ "$(member '.sender.contactPoint | .contactGroup + " " + .label + " " + .contactInfo[1].value')" = \
            '99.00.01 Indgang 1 Kontaktperson 1' ]
        [ "$(member '.recipient | .recipientIdTypeLabel + " " + .attentionData.address.addressId')" = \
            'CPR-nummer 00000002-0000-4000-8000-000000000002' ]
        [ "$(member '[.replyData[].additionalReplyData | length] | join(" ")')" = '2 4' ]
    done
}

@test "documents and files are parts of the message as it shows them" {
    local message document
    mine GET "messages/$LETTER"
    message=$BODY
    document=$(jq -r '.documents[0].id' <<<"$message")
    mine GET "messages/$LETTER/documents/"
    [ "$(jq -c . <<<"$BODY")" = "$(jq -c '{documents}' <<<"$message")" ]
    mine GET "messages/$LETTER/documents/$document"
    [ "$(jq -c . <<<"$BODY")" = "$(jq -c '.documents[0]' <<<"$message")" ]
    mine GET "messages/$LETTER/documents/$document/files/"
    [ "$(jq -c . <<<"$BODY")" = "$(jq -c '.documents[0] | {files}' <<<"$message")" ]
    mine GET "messages/$LETTER/documents/$document/files/$(jq -r '.documents[0].files[0].id' <<<"$message")"
    [ "$(jq -c . <<<"$BODY")" = "$(jq -c '.documents[0].files[0]' <<<"$message")" ]
    mine GET "messages/$LETTER/documents/$(new_uuid)"
    refused 404 not.found
    mine GET "messages/$LETTER/documents/$document/files/$(new_uuid)"
    refused 404 not.found
}

@test "a letter that is held is not there until its day" {
    local uuid
    uuid=$(new_uuid)
    letter "$uuid" until="$(date -d '+3 days' +%F)" >"$BATS_TEST_TMPDIR/held.xml"
    submit "$uuid" "$BATS_TEST_TMPDIR/held.xml"
    accepted "$uuid"
    mine GET "messages/$uuid"
    refused 404 not.found
    mine GET 'messages/?size=1000'
    [ "$(member "[.messages[] | select(.id == \"$uuid\")] | length")" = 0 ]
}

# ---- lists ----

@test "pages of one, by number and by next, newest and oldest first" {
    local all first newest
    mine GET messages/
    all=$(member '[.messages[].id] | join(" ")')
    newest=$(member '.messages[0].id')
    mine GET 'messages/?size=1'
    [ "$(member '.messages[0].id')" = "$newest" ]
    first=$(member '.messages[0].id')
    mine GET "messages/?size=1&next=$(member .next)"
    [ "$(member .currentPage)" = 1 ]
    [ "$first $(member '.messages[0].id')" = "$all" ]
    [ "$(member 'has("next")')" = false ]
    # With next, page says nothing: a portal may count it on.
    mine GET 'messages/?size=1'
    mine GET "messages/?size=100&page=101&next=$(member .next)"
    [ "$STATUS" = 200 ]
    [ "$first $(member '.messages[0].id')" = "$all" ]
    mine GET 'messages/?size=1&page=1'
    [ "$first $(member '.messages[0].id')" = "$all" ]
    mine GET 'messages/?size=1&page=2'
    [ "$(member '(.messages | length), .totalElements, .totalPages' | tr '\n' ' ')" = "0 2 2 " ]
    mine GET 'messages/?sortFields=receivedDateTime:asc'
    [ "$(member '[.messages[].id] | reverse | join(" ")')" = "$all" ]
}

@test "what a list does not take is refused" {
    for wrong in size=1001:page.too.large size=0:page.too.large 'page=101&size=100:page.too.deep' page=-1:parameter.invalid \
        page=x:parameter.invalid any=x:parameter.unknown read=maybe:parameter.invalid folderId=x:parameter.invalid \
        sortFields=label:parameter.invalid sortFields=receivedDateTime:UP:parameter.invalid next=x:parameter.invalid \
        next=:parameter.invalid 'size=1&size=2:parameter.invalid'; do
        mine GET "messages/?${wrong%:*}"
        refused 400 "${wrong##*:}"
    done
}

@test "a next that was tampered with, or is of another list, is refused" {
    local next other
    mine GET 'messages/?size=1'
    next=$(member .next)
    for ((at = 0; at < ${#next}; at += 7)); do
        other=A
        [ "${next:at:1}" != A ] || other=B
        mine GET "messages/?size=1&next=${next:0:at}$other${next:at+1}"
        refused 400 parameter.invalid
    done
    mine GET "messages/?size=1&read=false&next=$next"
    refused 400 parameter.invalid
    ask "$DP_CITIZEN2_TOKEN" GET /apis/v1/mailboxes/
    ask "$DP_CITIZEN2_TOKEN" GET "/apis/v1/mailboxes/$(member '.mailboxes[0].id')/messages/?size=1&next=$next"
    refused 400 parameter.invalid
}

@test "a folder that is not the mailbox's has no messages" {
    mine GET "messages/?folderId=$(new_uuid)"
    [ "$STATUS" = 200 ]
    [ "$(member '.totalElements')" = 0 ]
}

# ---- the bytes ----

@test "a file comes byte for byte, with its name, form and tag" {
    content_of "$LETTER"
    mine GET "$CONTENT"
    [ "$STATUS" = 200 ]
    cmp "$BATS_TEST_TMPDIR/answer" <(echo 'Brev til Borger 1.')
    [ "$(header content-type)" = text/plain ]
    [ "$(header etag)" = "\"$(sha256sum <"$BATS_TEST_TMPDIR/answer" | cut -d' ' -f1)\"" ]
    [[ "$(header content-disposition)" == "attachment; filename=\"_rsopg_relse 2026.txt\"; filename*=UTF-8''%C3%85rsopg%C3%B8relse%202026.txt" ]]
    [[ "$(header content-security-policy)" == *sandbox* ]]
    content_of "$LARGE"
    mine GET "$CONTENT"
    cmp "$BATS_TEST_TMPDIR/answer" "$BATS_FILE_TMPDIR/large"
}

# named FILENAME: the two names that its content comes with
named() {
    local uuid
    uuid=$(new_uuid)
    letter "$uuid" filename="$1" >"$BATS_TEST_TMPDIR/named.xml"
    submit "$uuid" "$BATS_TEST_TMPDIR/named.xml"
    accepted "$uuid"
    content_of "$uuid"
    mine GET "$CONTENT"
    [ "$STATUS" = 200 ]
    header content-disposition
}

@test "the longest file name comes whole" {
    local long
    long=$(printf 'a%.0s' {1..252}).txt
    [ "$(named "$long")" = "attachment; filename=\"$long\"; filename*=UTF-8''$long" ]
    long=$(printf '€%.0s' {1..252})
    [ "$(named "$long.txt")" = "attachment; filename=\"$(printf '_%.0s' {1..252}).txt\"; filename*=UTF-8''$(printf '%%E2%%82%%AC%.0s' {1..252}).txt" ]
}

@test "ranges" {
    content_of "$LARGE"
    # range status first-byte length
    while read -r range status begin length; do
        mine GET "$CONTENT" -H "Range: $range"
        echo "$range: $STATUS $(header content-range)" >&2
        [ "$STATUS" = "$status" ]
        [ "$status" = 416 ] || cmp "$BATS_TEST_TMPDIR/answer" <(tail -c "+$((begin + 1))" "$BATS_FILE_TMPDIR/large" | head -c "$length")
        [ "$status" != 206 ] || [ "$(header content-range)" = "bytes $begin-$((begin + length - 1))/300000" ]
        [ "$status" != 416 ] || [ "$(header content-range)" = "bytes */300000" ]
    done <<'ROWS'
bytes=0-0 206 0 1
bytes=0-299999 206 0 300000
bytes=100-199 206 100 100
bytes=65530-131080 206 65530 65551
bytes=299999- 206 299999 1
bytes=299000-999999999999999999999999 206 299000 1000
bytes=-7 206 299993 7
bytes=-400000 206 0 300000
bytes=300000- 416 0 0
bytes=99999999999999999999- 416 0 0
bytes=-0 416 0 0
bytes=0-1,5-6 200 0 300000
bytes=5-4 200 0 300000
bytes=a-b 200 0 300000
bytes=- 200 0 300000
lines=1-2 200 0 300000
ROWS
}

@test "a copy that is still good is not sent again, and a range of another is not begun" {
    content_of "$LETTER"
    mine GET "$CONTENT"
    local tag
    tag=$(header etag)
    for named in "$tag" "W/$tag" "\"x\", $tag" '*'; do
        mine GET "$CONTENT" -H "If-None-Match: $named"
        [ "$STATUS" = 304 ]
        [ ! -s "$BATS_TEST_TMPDIR/answer" ]
        [ "$(header etag)" = "$tag" ]
    done
    mine GET "$CONTENT" -H 'If-None-Match: "x"'
    [ "$STATUS" = 200 ]
    mine GET "$CONTENT" -H 'If-Range: "x"' -H 'Range: bytes=1-2'
    [ "$STATUS" = 200 ]
    mine GET "$CONTENT" -H "If-Range: $tag" -H 'Range: bytes=1-2'
    [ "$STATUS" = 206 ]
}

@test "HEAD tells what GET would, without a byte" {
    content_of "$LARGE"
    STATUS=$(curl -sS --head -o "$BATS_TEST_TMPDIR/answer.headers" -w '%{http_code}' --cacert "$DP_CA" \
        -H "Authorization: Bearer $DP_CITIZEN_TOKEN" "$DP_READER_URL/apis/v1/mailboxes/$MAILBOX/$CONTENT")
    [ "$STATUS" = 200 ]
    [ "$(header content-length)" = 300000 ]
    # A range is of GET alone.
    for range in 0-1 99999999-; do
        STATUS=$(curl -sS --head -o "$BATS_TEST_TMPDIR/answer.headers" -w '%{http_code}' --cacert "$DP_CA" \
            -H "Authorization: Bearer $DP_CITIZEN_TOKEN" -H "Range: bytes=$range" "$DP_READER_URL/apis/v1/mailboxes/$MAILBOX/$CONTENT")
        [ "$STATUS $(header content-length)" = '200 300000' ]
    done
    STATUS=$(curl -sS --head -o "$BATS_TEST_TMPDIR/answer.headers" -w '%{http_code}' --cacert "$DP_CA" \
        -H "Authorization: Bearer $DP_CITIZEN_TOKEN" "$DP_READER_URL/apis/v1/mailboxes/$MAILBOX/messages/$LETTER")
    [ "$STATUS" = 200 ]
}

# ---- what is opened ----

@test "the first opening is an event of that person, on disk before the letter; repeats are not, nor is what shows nothing of it" {
    local uuid before
    uuid=$(new_uuid)
    letter "$uuid" >"$BATS_TEST_TMPDIR/letter.xml"
    submit "$uuid" "$BATS_TEST_TMPDIR/letter.xml"
    accepted "$uuid"
    before=$(events MESSAGE_READ)
    content_of "$uuid"
    mine GET messages/
    curl -sS --head -o /dev/null --cacert "$DP_CA" -H "Authorization: Bearer $DP_CITIZEN_TOKEN" \
        "$DP_READER_URL/apis/v1/mailboxes/$MAILBOX/$CONTENT"
    mine GET "$CONTENT" -H 'Range: bytes=99999999-'
    [ "$STATUS" = 416 ]
    [ "$(events MESSAGE_READ)" = "$before" ]
    mine GET "$CONTENT"
    [ "$STATUS" = 200 ]
    [ "$(events MESSAGE_READ)" = $((before + 1)) ]
    mine GET "$CONTENT"
    mine GET "$CONTENT" -H 'Range: bytes=0-1'
    [ "$(events MESSAGE_READ)" = $((before + 1)) ]
    [ "$(sqlite3 "file:$DP_STATE/mail/mail.db?mode=ro" \
        "SELECT actor || ' ' || detail FROM event WHERE tag = 'MESSAGE_READ' ORDER BY seq DESC LIMIT 1")" = \
        "$(cut -d. -f2 <<<"$DP_CITIZEN_TOKEN" | tr '_-' '/+' | base64 -d 2>/dev/null | jq -r .sub) {\"access\":\"OWNER\",\"client\":\"sandbox\"}" ]
    # Another person of the same mailbox's owner opens it for himself.
    ask "$("$BUILD/dpctl" --config "$DP_CONFIG" token --cpr "$DP_CITIZEN_CPR" --subject "$(new_uuid)")" GET \
        "/apis/v1/mailboxes/$MAILBOX/$CONTENT"
    [ "$(events MESSAGE_READ)" = $((before + 2)) ]
    consistent
}

@test "with no writer a letter that was never opened is not shown, one that was is" {
    local uuid writer
    uuid=$(new_uuid)
    letter "$uuid" >"$BATS_TEST_TMPDIR/letter.xml"
    submit "$uuid" "$BATS_TEST_TMPDIR/letter.xml"
    content_of "$uuid"
    local unopened=$CONTENT
    content_of "$LETTER"
    mine GET "$CONTENT"
    [ "$STATUS" = 200 ]
    writer=$(pgrep -P "$(cat "$DP_RUN/dpgateway.pid")" -f 'dpgateway: writer')
    kill -STOP "$writer"
    mine GET "$CONTENT"
    local opened=$STATUS
    mine GET "$unopened" --max-time 20
    local other=$STATUS body=$BODY
    kill -CONT "$writer"
    [ "$opened" = 200 ]
    echo "$other $body" >&2
    [ "$other" = 503 ]
    not grep -q 'Brev til' <<<"$body"
    mine GET "$unopened"
    [ "$STATUS" = 200 ]
}

# ---- what is changed ----

@test "a letter is marked as read, moved to the deleted ones and back, and the counts follow" {
    local uuid inbox deleted
    uuid=$(new_uuid)
    letter "$uuid" >"$BATS_TEST_TMPDIR/letter.xml"
    submit "$uuid" "$BATS_TEST_TMPDIR/letter.xml"
    mine GET folders/
    inbox=$(member '.folders[0].id')
    deleted=$(member '.folders[3].id')
    counts() {
        mine GET folders/summary/
        member '[.folderMessageSummaryList[0, 3].messageCount | .totalMessages, .unreadMessages] | join(" ")'
    }
    read -r total unread there there_unread < <(counts)
    patch "$uuid" 1 '{"read": true}'
    [ "$STATUS" = 200 ]
    [ "$(member '.version, .read' | tr '\n' ' ')" = "2 true " ]
    [ "$(counts)" = "$total $((unread - 1)) $there $there_unread" ]
    patch "$uuid" '"2"' "{\"folderId\": \"$deleted\", \"read\": false}"
    [ "$(member '.version, .read, .folderId' | tr '\n' ' ')" = "3 false $deleted " ]
    [ "$(counts)" = "$((total - 1)) $((unread - 1)) $((there + 1)) $((there_unread + 1))" ]
    mine GET "messages/?folderId=$deleted&read=false"
    [ "$(member '.messages[0].id')" = "$uuid" ]
    [ "$(member '.totalElements')" = $((there_unread + 1)) ]
    mine GET "messages/?folderId=$deleted&read=true"
    [ "$(member '.totalElements')" = $((there - there_unread)) ]
    patch "$uuid" 3 "{\"folderId\": \"$inbox\"}"
    [ "$(counts)" = "$total $unread $there $there_unread" ]
    # What is so already changes nothing.
    patch "$uuid" 4 '{"read": false}'
    [ "$(member .version)" = 4 ]
    consistent
}

@test "a change of another version is told the one of now" {
    patch "$LETTER" 7 '{"read": true}'
    refused 409 version.conflict
    [ "$(header etag)" = '"1"' ]
    patch "$LETTER" 0 '{"read": true}'
    refused 409 version.conflict
}

@test "what a change does not take is refused" {
    mine PATCH "messages/$LETTER" -H 'Content-Type: application/json' --data '{"read":true}'
    refused 400 if.match.missing
    for version in x '*' 'W/"1"' '"1", "2"' -1 1.0 '""' 99999999999999999999; do
        patch "$LETTER" "$version" '{"read":true}'
        refused 400 parameter.invalid
    done
    for body in '' '{' '[]' '{}' '{"read":1}' '{"read":null}' '{"read":true,"read":false}' '{"folderId":"x"}' '{"folderId":1}' \
        '{"unread":true}' '{"read":true,"x":1}'; do
        patch "$LETTER" 1 "$body"
        refused 400 json.malformed
    done
    for body in '{"note":"x"}' '{"read":true,"flag":true}'; do
        patch "$LETTER" 1 "$body"
        refused 422 field.not.served
    done
    patch "$LETTER" 1 "{\"folderId\":\"$(new_uuid)\"}"
    refused 422 folder.not.found
    patch "$LETTER" 1 "{\"read\":true,\"x\":\"$(head -c 5000 /dev/zero | tr '\0' x)\"}"
    refused 413 body.too.large
    mine PATCH "messages/$LETTER" -H 'If-Match: 1' -H 'Content-Type: text/plain' --data '{"read":true}'
    refused 415 media.type.not.supported
    mine GET "messages/$LETTER"
    [ "$(member '.version')" = 1 ]
}

# ---- who may ----

@test "another citizen finds nothing of it, and it looks like nothing at all" {
    local paths document file
    content_of "$LETTER"
    document=$(cut -d/ -f4 <<<"$CONTENT")
    file=$(cut -d/ -f6 <<<"$CONTENT")
    paths="/ /folders/ /folders/summary/ /messages/ /messages/$LETTER /messages/$LETTER/documents/
        /messages/$LETTER/documents/$document /messages/$LETTER/documents/$document/files/
        /messages/$LETTER/documents/$document/files/$file /messages/$LETTER/documents/$document/files/$file/content"
    local absent
    absent=$(new_uuid)
    for path in $paths; do
        ask "$DP_CITIZEN2_TOKEN" GET "/apis/v1/mailboxes/$MAILBOX$path"
        refused 404 not.found
        local theirs
        theirs=$(jq -c 'del(.traceId)' <<<"$BODY")
        ask "$DP_CITIZEN2_TOKEN" GET "/apis/v1/mailboxes/$absent$path"
        [ "$STATUS" = 404 ]
        [ "$(jq -c 'del(.traceId)' <<<"$BODY")" = "$theirs" ]
    done
    # The own mailbox is no way to another's letter either.
    ask "$DP_CITIZEN2_TOKEN" GET /apis/v1/mailboxes/
    local own
    own=$(member '.mailboxes[0].id')
    ask "$DP_CITIZEN2_TOKEN" GET "/apis/v1/mailboxes/$own/$CONTENT"
    refused 404 not.found
    ask "$DP_CITIZEN2_TOKEN" PATCH "/apis/v1/mailboxes/$own/messages/$LETTER" -H 'If-Match: 1' \
        -H 'Content-Type: application/json' --data '{"read":true}'
    refused 404 not.found
    ask "$DP_COMPANY_TOKEN" GET "/apis/v1/mailboxes/$MAILBOX"
    refused 404 not.found
    consistent
}

@test "scopes: READ reads, READ and WRITE change" {
    local token
    token=$("$BUILD/dpctl" --config "$DP_CONFIG" token --cpr "$DP_CITIZEN_CPR" --scope READ)
    ask "$token" GET /apis/v1/mailboxes/
    [ "$STATUS" = 200 ]
    ask "$token" PATCH "/apis/v1/mailboxes/$MAILBOX/messages/$LETTER" -H 'If-Match: 1' -H 'Content-Type: application/json' \
        --data '{"read":true}'
    refused 403 scope.missing
    token=$("$BUILD/dpctl" --config "$DP_CONFIG" token --cpr "$DP_CITIZEN_CPR" --scope WRITE)
    ask "$token" GET /apis/v1/mailboxes/
    refused 403 scope.missing
    # A change is answered with the letter: it wants both.
    ask "$token" PATCH "/apis/v1/mailboxes/$MAILBOX/messages/$LETTER" -H 'If-Match: 1' -H 'Content-Type: application/json' \
        --data '{"read":false}'
    refused 403 scope.missing
}

@test "tokens that are none, and where to log in" {
    ask x GET /apis/v1/mailboxes/
    refused 401 token.malformed
    STATUS=$(curl -sS -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code}' -D "$BATS_TEST_TMPDIR/answer.headers" --cacert "$DP_CA" \
        "$DP_READER_URL/apis/v1/mailboxes/")
    BODY=$(<"$BATS_TEST_TMPDIR/answer")
    refused 401 token.missing
    [ "$(header www-authenticate)" = Bearer ]
    ask "$("$BUILD/dpctl" --config "$DP_CONFIG" token --cpr "$DP_CITIZEN_CPR" --audience another)" GET /apis/v1/mailboxes/
    refused 401 token.not.trusted
    [ "$(header www-authenticate)" = 'Bearer error="invalid_token"' ]
    ask "$("$BUILD/dpctl" --config "$DP_CONFIG" token --cpr "$DP_CITIZEN_CPR" --issuer https://evil.example)" GET /apis/v1/mailboxes/
    refused 401 token.not.trusted
}

@test "a key of one's own is not trusted until the key set has it, and then at once" {
    mkdir "$BATS_TEST_TMPDIR/own"
    "$BUILD/dpctl" token-key "$BATS_TEST_TMPDIR/own"
    local token
    token=$("$BUILD/dpctl" --config "$DP_CONFIG" token --cpr "$DP_CITIZEN_CPR" --key "$BATS_TEST_TMPDIR/own/signing-key.json")
    ask "$token" GET /apis/v1/mailboxes/
    refused 401 token.not.trusted
    cp "$SANDBOX_DIR/tokens/keys.json" "$BATS_TEST_TMPDIR/keys.json"
    jq -cs '{keys: map(.keys) | add}' "$BATS_TEST_TMPDIR/keys.json" "$BATS_TEST_TMPDIR/own/keys.json" >"$SANDBOX_DIR/tokens/new"
    chmod 644 "$SANDBOX_DIR/tokens/new"
    mv "$SANDBOX_DIR/tokens/new" "$SANDBOX_DIR/tokens/keys.json"
    ask "$token" GET /apis/v1/mailboxes/
    [ "$STATUS" = 200 ]
    mine GET ""
    [ "$STATUS" = 200 ]
    mv "$BATS_TEST_TMPDIR/keys.json" "$SANDBOX_DIR/tokens/keys.json"
    ask "$token" GET /apis/v1/mailboxes/
    refused 401 token.not.trusted
}

@test "each port takes its own kind of caller" {
    # A token on the port of certificates, without and with a good one.
    STATUS=$(curl -sS -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code}' --cacert "$DP_CA" \
        -H "Authorization: Bearer $DP_CITIZEN_TOKEN" "$DP_URL/apis/v1/mailboxes/")
    BODY=$(<"$BATS_TEST_TMPDIR/answer")
    refused 401 certificate.missing
    AS_AUTH="Bearer $DP_CITIZEN_TOKEN" call GET /apis/v1/mailboxes/
    refused 403 caller.not.allowed
    # A certificate on the port of tokens: it is not asked for.
    STATUS=$(curl -sS -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code}' --cacert "$DP_CA" --cert "$DP_SENDER_CERT" \
        --key "$DP_SENDER_KEY" -H "Authorization: $DP_SENDER_AUTH" "$DP_READER_URL/apis/v1/mailboxes/")
    BODY=$(<"$BATS_TEST_TMPDIR/answer")
    refused 401 token.missing
    STATUS=$(curl -sS -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code}' --cacert "$DP_CA" --cert "$DP_SENDER_CERT" \
        --key "$DP_SENDER_KEY" -H "Authorization: $DP_SENDER_AUTH" "$DP_READER_URL/apis/v1/receipts/")
    BODY=$(<"$BATS_TEST_TMPDIR/answer")
    refused 401 certificate.missing
    # A token at a system's address.
    ask "$DP_CITIZEN_TOKEN" GET /apis/v1/receipts/
    refused 403 caller.not.allowed
    ask "$DP_CITIZEN_TOKEN" POST "/apis/v1/memos/?memo-message-uuid=$(new_uuid)" -H 'Content-Type: application/xml' --data '<x/>'
    refused 403 caller.not.allowed
}

@test "nothing of a person or a token is logged" {
    cat "$SANDBOX_DIR.out" "$DP_RUN"/nginx-*.log >"$BATS_TEST_TMPDIR/log"
    [ "$(grep -c '"role":"reader"' "$BATS_TEST_TMPDIR/log")" -gt 10 ]
    for secret in "$DP_CITIZEN_CPR" "${DP_CITIZEN_TOKEN:0:60}" "${DP_CITIZEN_TOKEN: -40}" 'Borger 1' opgørelse "$MAILBOX"; do
        not grep -q -- "$secret" "$BATS_TEST_TMPDIR/log"
    done
}
