#!/usr/bin/env bats
# A letter is accepted: what goes right, and everything that must not. Each refusal has its own code and text and leaves
# nothing behind.

load lib

setup_file() {
    sandbox_start
}

teardown_file() {
    sandbox_stop
}

setup() {
    LETTER="$BATS_TEST_TMPDIR/letter.xml"
    UUID=$(new_uuid)
}

# refused_without_trace STATUS CODE [NAME=VALUE...]: such a letter is refused and leaves nothing behind
letter_is_refused() {
    local status=$1 code=$2 before
    shift 2
    before=$(messages_kept)
    letter "$UUID" "$@" >"$LETTER"
    submit "$UUID" "$LETTER"
    refused "$status" "$code" && nothing_kept "$before"
}

file_is_refused() {
    local before
    before=$(messages_kept)
    submit "$UUID" "$LETTER"
    refused "$1" "$2" && nothing_kept "$before"
}

@test "a letter is accepted with a technical receipt" {
    letter "$UUID" >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    [ "$(member 'keys | length')" = 7 ]
    [[ "$(member .timeStamp)" =~ ^[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z$ ]]
}

@test "it stands in the recipient's mailbox" {
    letter "$UUID" >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    "$BUILD/dpctl" --config "$DP_CONFIG" --json mailbox list --cpr "$DP_CITIZEN_CPR" | grep -q "$UUID"
}

@test "without the last slash, and with text/xml, it is the same" {
    letter "$UUID" >"$LETTER"
    call POST "/apis/v1/memos?memo-message-uuid=$UUID" -H 'Content-Type: text/xml; charset=utf-8' --data-binary "@$LETTER"
    accepted "$UUID"
}

@test "MeMo 1.2 is accepted" {
    letter "$UUID" version=1.2 schversion= >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
}

@test "a byte order mark and upper-case UUIDs are accepted" {
    { printf '\xef\xbb\xbf' && letter "${UUID^^}"; } >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
}

@test "the same bytes again get the first answer, to the letter" {
    letter "$UUID" >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    first=$BODY before=$(messages_kept)
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    [ "$BODY" = "$first" ]
    [ "$(messages_kept)" = "$before" ]
}

@test "other bytes under a used messageUUID are a conflict" {
    letter "$UUID" >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    echo ' ' >>"$LETTER"
    file_is_refused 409 message.uuid.already.used
}

@test "the same bytes from another organisation are a conflict, not its answer" {
    letter "$UUID" >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    letter "$UUID" "sender=$DP_SENDER2_CVR" >"$LETTER"
    AS_CERT=$DP_SENDER2_CERT AS_KEY=$DP_SENDER2_KEY AS_AUTH=$DP_SENDER2_AUTH submit "$UUID" "$LETTER"
    refused 409 message.uuid.already.used
}

@test "a vendor sends with its own certificate for the system that names it" {
    letter "$UUID" "sender=$DP_SENDER2_CVR" >"$LETTER"
    AS_CERT=$DP_VENDOR_CERT AS_KEY=$DP_VENDOR_KEY AS_AUTH=$DP_VENDOR_AUTH submit "$UUID" "$LETTER"
    accepted "$UUID"
}

@test "a letter with a later day is held until then" {
    day=$(date -u -d '+3 days' +%F)
    letter "$UUID" "until=$day" >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    "$BUILD/dpctl" --config "$DP_CONFIG" --json mailbox list --cpr "$DP_CITIZEN_CPR" |
        jq -e --arg id "$UUID" '.. | objects | select(.messageUUID? == $id) | .held == true'
}

@test "64 equal letters at once are kept once and answered alike" {
    letter "$UUID" >"$LETTER"
    before=$(messages_kept)
    for i in $(seq 64); do
        curl -sS -o "$BATS_TEST_TMPDIR/equal.$i" --cacert "$DP_CA" --cert "$DP_SENDER_CERT" --key "$DP_SENDER_KEY" \
            -H "Authorization: $DP_SENDER_AUTH" -H 'Content-Type: application/xml' --data-binary "@$LETTER" \
            "$DP_URL/apis/v1/memos/?memo-message-uuid=$UUID" 3>&- &
        [ $((i % 16)) -ne 0 ] || wait
    done
    wait
    [ "$(cat "$BATS_TEST_TMPDIR"/equal.* | jq -r .transmissionId | sort -u | wc -l)" = 1 ]
    [ "$(messages_kept)" = $((before + 1)) ]
}

# ---- who calls ----

# make_certificate NAME CA SUBJECT [openssl x509 options]: files in the test's folder; CA is own or foreign
foreign_ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout "$BATS_TEST_TMPDIR/ca.key" \
        -out "$BATS_TEST_TMPDIR/ca.pem" -subj "$(openssl x509 -in "$1" -noout -subject -nameopt compat | sed 's/^subject=//')" 2>/dev/null
}

@test "no certificate" {
    letter "$UUID" >"$LETTER"
    before=$(messages_kept)
    STATUS=$(curl -sS -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code}' --cacert "$DP_CA" -H "Authorization: $DP_SENDER_AUTH" \
        -H 'Content-Type: application/xml' --data-binary "@$LETTER" "$DP_URL/apis/v1/memos/?memo-message-uuid=$UUID")
    BODY=$(cat "$BATS_TEST_TMPDIR/answer")
    refused 401 certificate.missing
    nothing_kept "$before"
}

# stranger_is_refused CODE: with the certificate made as $BATS_TEST_TMPDIR/x.pem and x.key
stranger_is_refused() {
    local before
    before=$(messages_kept)
    letter "$UUID" >"$LETTER"
    AS_CERT="$BATS_TEST_TMPDIR/x.pem" AS_KEY="$BATS_TEST_TMPDIR/x.key" submit "$UUID" "$LETTER"
    refused 401 "$1" && nothing_kept "$before"
}

@test "a certificate of another CA with the same name" {
    "$ROOT/tests/lib/sandbox.sh" certificate "$SANDBOX_DIR" "$BATS_TEST_TMPDIR/x" --foreign --like "$DP_SENDER_CERT"
    stranger_is_refused certificate.not.trusted
}

@test "an expired certificate" {
    "$ROOT/tests/lib/sandbox.sh" certificate "$SANDBOX_DIR" "$BATS_TEST_TMPDIR/x" --expired --like "$DP_SENDER_CERT"
    stranger_is_refused certificate.expired
}

@test "a certificate of an unregistered subject" {
    "$ROOT/tests/lib/sandbox.sh" certificate "$SANDBOX_DIR" "$BATS_TEST_TMPDIR/x" --subject \
        "/C=DK/organizationIdentifier=NTRDK-$DP_SENDER_CVR/O=Myndighed 1/serialNumber=UI:DK-O:G:$(new_uuid)/CN=Ukendt"
    stranger_is_refused certificate.not.registered
}

# registered_subject: the subject UUID in the sender's own certificate, so that a certificate with it differs in the CVR alone
registered_subject() {
    openssl x509 -in "$DP_SENDER_CERT" -noout -subject -nameopt RFC2253 | sed -n 's/.*UI:DK-O:G:\([0-9a-f-]\{36\}\).*/\1/p'
}

@test "a certificate whose organisation is neither the system's nor its delegatedCVR" {
    "$ROOT/tests/lib/sandbox.sh" certificate "$SANDBOX_DIR" "$BATS_TEST_TMPDIR/x" --subject \
        "/C=DK/organizationIdentifier=NTRDK-99999999/O=En anden/serialNumber=UI:DK-O:G:$(registered_subject)/CN=En anden"
    stranger_is_refused certificate.not.registered
    # with the CVR it would have been good
    "$ROOT/tests/lib/sandbox.sh" certificate "$SANDBOX_DIR" "$BATS_TEST_TMPDIR/x" --subject \
        "/C=DK/organizationIdentifier=NTRDK-$DP_SENDER_CVR/O=En anden/serialNumber=UI:DK-O:G:$(registered_subject)/CN=En anden"
    AS_CERT="$BATS_TEST_TMPDIR/x.pem" AS_KEY="$BATS_TEST_TMPDIR/x.key" submit "$UUID" "$LETTER"
    accepted "$UUID"
}

# The vendor's certificate and another system than the one that names it.
@test "a vendor's certificate for a system that does not name it" {
    letter "$UUID" >"$LETTER"
    before=$(messages_kept)
    AS_CERT=$DP_VENDOR_CERT AS_KEY=$DP_VENDOR_KEY submit "$UUID" "$LETTER"
    refused 401 authorization.wrong
    nothing_kept "$before"
}

@test "another registered organisation's certificate with this system's Basic" {
    before=$(messages_kept)
    letter "$UUID" >"$LETTER"
    AS_CERT=$DP_SENDER2_CERT AS_KEY=$DP_SENDER2_KEY submit "$UUID" "$LETTER"
    refused 401 authorization.wrong
    nothing_kept "$before"
}

@test "a CN that contains an organizationIdentifier" {
    "$ROOT/tests/lib/sandbox.sh" certificate "$SANDBOX_DIR" "$BATS_TEST_TMPDIR/x" --subject \
        "/CN=Evil,organizationIdentifier=NTRDK-$DP_SENDER_CVR,O=x/C=DK/organizationIdentifier=NTRDK-99999998/O=En anden/serialNumber=UI:DK-O:G:$(registered_subject)"
    stranger_is_refused certificate.not.registered
}

@test "a certificate without organisation" {
    "$ROOT/tests/lib/sandbox.sh" certificate "$SANDBOX_DIR" "$BATS_TEST_TMPDIR/x" --subject \
        "/C=DK/O=Uden nummer/CN=organizationIdentifier=NTRDK-$DP_SENDER_CVR"
    stranger_is_refused certificate.subject.not.usable
}

@test "a revoked certificate, on the connection and session that was good before" {
    "$ROOT/tests/lib/sandbox.sh" certificate "$SANDBOX_DIR" "$BATS_TEST_TMPDIR/x" --like "$DP_SENDER_CERT"
    letter "$UUID" >"$LETTER"
    AS_CERT="$BATS_TEST_TMPDIR/x.pem" AS_KEY="$BATS_TEST_TMPDIR/x.key" submit "$UUID" "$LETTER"
    accepted "$UUID"
    "$BUILD/dpctl" --config "$DP_CONFIG" certificate revoke "$BATS_TEST_TMPDIR/x.pem"
    UUID=$(new_uuid)
    stranger_is_refused certificate.revoked
}

basic_is_refused() { # basic_is_refused CODE AUTHORIZATION
    local before
    before=$(messages_kept)
    letter "$UUID" >"$LETTER"
    AS_AUTH=$2 submit "$UUID" "$LETTER"
    refused 401 "$1" && nothing_kept "$before"
}

@test "no Basic" {
    before=$(messages_kept)
    letter "$UUID" >"$LETTER"
    STATUS=$(curl -sS -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code}' --cacert "$DP_CA" --cert "$DP_SENDER_CERT" \
        --key "$DP_SENDER_KEY" -H 'Content-Type: application/xml' --data-binary "@$LETTER" \
        "$DP_URL/apis/v1/memos/?memo-message-uuid=$UUID")
    BODY=$(cat "$BATS_TEST_TMPDIR/answer")
    refused 401 authorization.missing
    nothing_kept "$before"
}

@test "Basic that is not base64" {
    basic_is_refused authorization.malformed 'Basic ???'
}

@test "Basic with a wrong token" {
    id=$(base64 -d <<<"${DP_SENDER_AUTH#Basic }" | cut -d: -f1)
    basic_is_refused authorization.wrong "Basic $(printf '%s:wrong-token' "$id" | base64 -w0)"
}

@test "Basic of an unknown system" {
    basic_is_refused authorization.wrong "Basic $(printf '%s:token' "$(new_uuid)" | base64 -w0)"
}

@test "a recipient system does not send" {
    before=$(messages_kept)
    letter "$UUID" >"$LETTER"
    AS_CERT=$DP_RECIPIENT_CERT AS_KEY=$DP_RECIPIENT_KEY AS_AUTH=$DP_RECIPIENT_AUTH submit "$UUID" "$LETTER"
    refused 403 system.type.not.allowed
    nothing_kept "$before"
}

# other_system_is_refused CODE OPTIONS...: a system of the sender's organisation and certificate, registered so: 403
other_system_is_refused() {
    local code=$1 before auth
    shift
    auth=$("$BUILD/dpctl" --config "$DP_CONFIG" --json system add --organisation "$DP_SENDER_CVR" --name "$code" --type SENDER \
        --certificate "$DP_SENDER_CERT" "$@" | jq -r .authorization)
    before=$(messages_kept)
    letter "$UUID" >"$LETTER"
    AS_AUTH=$auth submit "$UUID" "$LETTER"
    refused 403 "$code" && nothing_kept "$before"
}

# other_system_sends OPTIONS...: one that differs from those only in what it is refused for
other_system_sends() {
    local auth
    auth=$("$BUILD/dpctl" --config "$DP_CONFIG" --json system add --organisation "$DP_SENDER_CVR" --name good --type SENDER \
        --certificate "$DP_SENDER_CERT" "$@" | jq -r .authorization)
    letter "$UUID" >"$LETTER"
    AS_AUTH=$auth submit "$UUID" "$LETTER"
    accepted "$UUID"
}

@test "a system before its first day, and after its last" {
    other_system_is_refused system.inactive --active-from "$(date -u -d '+2 days' +%F)"
    other_system_is_refused system.inactive --active-to "$(date -u -d '-2 days' +%F)"
    other_system_sends --active-from "$(date -u -d '-2 days' +%F)" --active-to "$(date -u -d '+2 days' +%F)"
}

@test "an address that the system is not called from" {
    other_system_is_refused address.not.allowed --allowed-ips 192.0.2.1,198.51.100.0/24,2001:db8::/32
    other_system_sends --allowed-ips 192.0.2.1,127.0.0.0/8
}

@test "a sender in the letter that is not the caller" {
    letter_is_refused 403 sender.not.allowed "sender=$DP_SENDER2_CVR"
}

# ---- the call ----

@test "a bundle is told that it comes later" {
    head -c 1000 /dev/urandom >"$LETTER"
    call POST "/apis/v1/memos/" -H 'Content-Type: application/x-lzma' --data-binary "@$LETTER"
    refused 415 bundle.not.served
}

@test "another media type" {
    call POST "/apis/v1/memos/?memo-message-uuid=$UUID" -H 'Content-Type: text/plain' --data-binary 'x'
    refused 415 media.type.not.supported
}

@test "no memo-message-uuid, a broken one, one that differs" {
    letter "$UUID" >"$LETTER"
    call POST "/apis/v1/memos/" -H 'Content-Type: application/xml' --data-binary "@$LETTER"
    refused 400 parameter.missing
    call POST "/apis/v1/memos/?memo-message-uuid=1" -H 'Content-Type: application/xml' --data-binary "@$LETTER"
    refused 400 parameter.invalid
    before=$(messages_kept)
    submit "$(new_uuid)" "$LETTER"
    refused 400 message.uuid.mismatch
    nothing_kept "$before"
}

# part_of_letter HEADER SECONDS: the first 300 bytes of a letter on the way, then nothing more; the answer comes to
# standard output. After those seconds the caller's end is closed.
part_of_letter() {
    {
        printf 'POST /apis/v1/memos/?memo-message-uuid=%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\n' "$UUID" "$DP_SENDER_AUTH"
        printf 'Content-Type: application/xml\r\ntraceparent: 00-%s-b7ad6b7169203331-01\r\n%s\r\n\r\n' "$TRACE" "$1"
        [[ "$1" != *chunked ]] || printf '12c\r\n'
        head -c 300 "$LETTER"
        [[ "$1" != *chunked ]] || printf 'no length\r\n'
        sleep "$2"
    } | timeout 20 openssl s_client -quiet -no_ign_eof -connect "${DP_URL#https://}" -cert "$DP_SENDER_CERT" -key "$DP_SENDER_KEY" \
        -CAfile "$DP_CA" 2>/dev/null || true
}

# logged_as STATUS: nginx alone saw the request with $TRACE, and ended it so
logged_as() {
    [ "$(jq -r --arg trace "$TRACE" 'select(.trace_id == $trace) | "\(.status) \(.pool)"' "$DP_RUN/nginx-access.log")" = "$1 " ]
}

# Whoever closes its end before the letter is whole is told nothing: nginx takes that for the end of the connection, and
# no worker has heard of it. What can be told is that the letter's framing is broken.
@test "a body cut off on the way: no worker hears of it, nothing is kept, its UUID stays free" {
    letter "$UUID" >"$LETTER"
    before=$(messages_kept)
    TRACE=$(new_uuid | tr -d -)
    [ -z "$(part_of_letter "Content-Length: $(wc -c <"$LETTER")" 1)" ]
    wait_until logged_as 400
    nothing_kept "$before"
    TRACE=$(new_uuid | tr -d -)
    answer=$(part_of_letter "Transfer-Encoding: chunked" 1 | tr -d '\r')
    STATUS=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' <<<"$answer") BODY=$(sed '1,/^$/d' <<<"$answer")
    refused 400 request.malformed
    [ "$(member .traceId)" = "$TRACE" ]
    wait_until logged_as 400
    nothing_kept "$before"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
}

@test "a document that ends too soon" {
    letter "$UUID" | head -c 500 >"$LETTER"
    file_is_refused 400 xml.malformed
}

# replies COUNT: a valid letter that answers as many; each comment is 512 times a byte that is six in JSON
replies() {
    letter "$UUID" | awk -v count="$1" '{ print } /<memo:Recipient>/ {
        comment = sprintf("%512s", ""); gsub(/ /, "\177", comment)
        while (count-- > 0)
            print "<memo:ReplyData><memo:messageUUID>0f000000-0000-4000-8000-0000000000b1</memo:messageUUID><memo:comment>" \
                comment "</memo:comment></memo:ReplyData>"
    }'
}

@test "a letter of which portals would read more than 4 MB is refused for good" {
    replies 1400 >"$LETTER"
    file_is_refused 400 xml.too.large
    [ "$(member .retry)" = false ]
    replies 1000 >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
}

@test "a body over the limit" {
    # 16 zero bytes of content for each of 10 million groups: more than the 150 MB that are let in
    before=$(messages_kept)
    head -c 160000000 /dev/zero >"$LETTER"
    submit "$UUID" "$LETTER" -H 'Expect:'
    refused 413 body.too.large
    nothing_kept "$before"
}

@test "an unknown address, and a wrong method with Allow" {
    call GET /apis/v1/nowhere
    refused 404 not.found
    call DELETE /apis/v1/memos/
    refused 405 method.not.allowed
    grep -qi '^allow: .*POST' "$BATS_TEST_TMPDIR/answer.headers"
}

# ---- the document ----

@test "not XML" {
    echo 'Kære Borger 1' >"$LETTER"
    file_is_refused 400 xml.malformed
}

@test "an empty body" {
    : >"$LETTER"
    file_is_refused 400 xml.empty
}

@test "a DOCTYPE, and an entity bomb behind it" {
    {
        echo '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
        letter "$UUID" | tail -n +2
    } >"$LETTER"
    file_is_refused 400 xml.doctype.not.allowed
}

@test "ISO-8859-1, declared and not" {
    letter "$UUID" | sed 's/UTF-8/ISO-8859-1/' >"$LETTER"
    file_is_refused 400 xml.encoding.not.allowed
    letter "$UUID" | sed 's/<memo:label>Brev/<memo:label>f\xf8rst/' >"$LETTER"
    file_is_refused 400 xml.not.utf8
}

# with_header_attributes FORMAT: 60,000 of them in the tag of the message's header
with_header_attributes() {
    letter "$UUID" | sed '/<memo:MessageHeader>/,$d'
    echo '<memo:MessageHeader'
    seq -f "$1" 60000
    echo '>'
    letter "$UUID" | sed '1,/<memo:MessageHeader>/d'
}

@test "60,000 attributes, 60,000 namespaces, 60,000 levels" {
    with_header_attributes 'a%.0f="x"' >"$LETTER"
    file_is_refused 400 xml.too.many.attributes
    with_header_attributes 'xmlns:n%.0f="urn:x"' >"$LETTER"
    file_is_refused 400 xml.too.many.attributes
    { letter "$UUID" | sed '/<memo:MessageHeader>/,$d' && yes '<memo:MessageHeader>' | head -60000; } >"$LETTER"
    file_is_refused 400 xml.too.deep
}

@test "a wrong namespace" {
    letter_is_refused 400 root.element.not.allowed namespace=https://DigitalPost.dk/MeMo-9
}

@test "a 1.1 body with version 1.2" {
    letter_is_refused 400 schema.attribute version=1.2
}

@test "an unknown version" {
    letter_is_refused 400 memo.version.not.supported version=2.0
}

@test "a UUID that is not of version 4" {
    UUID=$(new_uuid)
    letter "${UUID:0:14}1${UUID:15}" >"$LETTER"
    file_is_refused 400 schema.value
}

@test "base64 with a stray bit" {
    letter_is_refused 400 schema.base64 content=QR==
}

@test "CDATA in content" {
    letter_is_refused 400 xml.content.not.plain 'content=<![CDATA[QnJldg==]]>'
}

@test "an empty file" {
    letter_is_refused 400 file.empty.not.allowed content=
}

@test "a forbidden character in a file name" {
    letter_is_refused 400 file.name.not.allowed 'filename=br|ev.txt'
}

@test "a file type that is not allowed" {
    letter_is_refused 400 file.extension.not.allowed filename=brev.exe
}

@test "an http address in an action" {
    letter_is_refused 400 action.url.not.allowed url=http://example.dk/
}

@test "a day in the past, and one too far ahead" {
    letter_is_refused 400 do.not.deliver.until.date.too.early until=2020-01-01
    letter_is_refused 400 do.not.deliver.until.date.too.late until=2199-01-01
}

@test "mandatory and legal notification without the right" {
    letter "$UUID" "sender=$DP_SENDER2_CVR" mandatory=true >"$LETTER"
    AS_CERT=$DP_SENDER2_CERT AS_KEY=$DP_SENDER2_KEY AS_AUTH=$DP_SENDER2_AUTH submit "$UUID" "$LETTER"
    refused 400 mandatory.not.allowed
    letter "$UUID" "sender=$DP_SENDER2_CVR" legal=true >"$LETTER"
    AS_CERT=$DP_SENDER2_CERT AS_KEY=$DP_SENDER2_KEY AS_AUTH=$DP_SENDER2_AUTH submit "$UUID" "$LETTER"
    refused 400 legal.notification.not.allowed
}

@test "a fault is told with line, place and rule" {
    letter "$UUID" 'filename=br|ev.txt' >"$LETTER"
    submit "$UUID" "$LETTER"
    refused 400 file.name.not.allowed
    [ "$(member '.fieldErrors[0].field')" = '/memo:Message/memo:MessageBody/memo:MainDocument/memo:File[1]/memo:filename' ]
    [ "$(member '.fieldErrors[0].line')" = 13 ]
    [ "$(member '.fieldErrors[0].resource')" = Message ]
}

# ---- recipients ----

# business_receipt: of $UUID, from the list of the sender's receipts, into BODY
business_receipt() {
    call GET '/apis/v1/receipts-bulk/?size=1000'
    [ "$STATUS" = 200 ]
    BODY=$(jq -c --arg id "$UUID" '.receipts[] | select(.messageUUID == $id)' <<<"$BODY")
}

recipient_gets() { # recipient_gets STATUS CODE [NAME=VALUE...]
    local status=$1 code=$2
    shift 2
    letter "$UUID" "$@" >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    business_receipt
    echo "$BODY" >&2
    [ "$(member .receiptStatus)" = "$status" ] && [ "$(member .errorCode)" = "$code" ]
}

@test "a known recipient: COMPLETED" {
    recipient_gets COMPLETED null
}

@test "an unknown recipient: NOT_ALLOWED recipient.not.found, in no mailbox" {
    recipient_gets NOT_ALLOWED recipient.not.found recipient=7101019999
    "$BUILD/dpctl" --config "$DP_CONFIG" --json mailbox list --cpr 7101019999 >"$BATS_TEST_TMPDIR/mailbox"
    not grep -q "$UUID" "$BATS_TEST_TMPDIR/mailbox"
}

@test "an exempt recipient: NOT_ALLOWED recipient.exempt" {
    recipient_gets NOT_ALLOWED recipient.exempt "recipient=$DP_EXEMPT_CPR"
}

@test "an exempt recipient and mandatory post with the right: COMPLETED" {
    recipient_gets COMPLETED null "recipient=$DP_EXEMPT_CPR" mandatory=true
}

@test "a NemSMS: NOT_ALLOWED nemsms.not.served, never COMPLETED" {
    recipient_gets NOT_ALLOWED nemsms.not.served type=NEMSMS body=no notification=Husk
}
