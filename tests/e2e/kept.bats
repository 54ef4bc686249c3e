#!/usr/bin/env bats
# What is kept in spite of its faults, by setting; what was kept stays so under new settings; what is told of a recipient.

load lib

setup_file() {
    sandbox_start
}

teardown_file() {
    sandbox_stop
}

setup() {
    UUID=$(new_uuid)
    LETTER="$BATS_TEST_TMPDIR/letter.xml"
}

# served_with SETTING=VALUE...: the same state, served anew
served_with() {
    sandbox_halt
    for setting in "$@"; do export "${setting?}"; done
    sandbox_serve
}

# business_receipt UUID: status and code of the newest one, which is this letter's
business_receipt() {
    call GET '/apis/v1/receipts-bulk/?size=1000'
    member ".receipts[] | select(.messageUUID == \"$1\") | \"\(.receiptStatus) \(.errorCode)\""
}

whole() {
    "$BUILD/dpctl" --config "$DP_CONFIG" verify
}

@test "a letter that was accepted gets its first answer under stricter settings" {
    letter "$UUID" filename=brev.csv >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    first=$BODY
    served_with DP_MEMO_EXTENSIONS='pdf txt'
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    [ "$BODY" = "$first" ]
    # Another one with such a file is refused, and so is another letter under that UUID.
    other=$(new_uuid)
    letter "$other" filename=brev.csv >"$LETTER"
    submit "$other" "$LETTER"
    refused 400 file.extension.not.allowed
    letter "$UUID" filename=brev2.txt >"$LETTER"
    submit "$UUID" "$LETTER"
    refused 409 message.uuid.already.used
    unset DP_MEMO_EXTENSIONS
}

@test "kept by setting: what breaks a rule or the schema gets a receipt, and is placed nowhere" {
    served_with DP_MEMO_ON_INVALID=receipt
    letter "$UUID" filename='a?.txt' >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    [ "$(business_receipt "$UUID")" = 'INVALID file.name.not.allowed' ]
    UUID=$(new_uuid)
    letter "$UUID" | sed '/<memo:content>/s/<memo:content>.*<\/memo:content>//' >"$LETTER" # a File without content
    submit "$UUID" "$LETTER"
    accepted "$UUID"
    [ "$(business_receipt "$UUID")" = 'INVALID schema.element' ]
    ask "$DP_CITIZEN_TOKEN" GET /apis/v1/mailboxes/
    ask "$DP_CITIZEN_TOKEN" GET "/apis/v1/mailboxes/$(member '.mailboxes[0].id')/messages/$UUID"
    refused 404 not.found
    whole
}

@test "kept by setting: a sender that is not the caller never is" {
    before=$(messages_kept)
    letter "$UUID" | sed '0,/<memo:idType>CVR/s//<memo:idType>CPR/' >"$LETTER"
    submit "$UUID" "$LETTER"
    refused 400 sender.id.type.not.allowed
    letter "$UUID" sender="$DP_SENDER2_CVR" | sed '0,/<memo:idType>CVR/s//<memo:idType>CPR/' >"$LETTER"
    submit "$UUID" "$LETTER"
    refused 400 sender.id.type.not.allowed
    letter "$UUID" sender="$DP_SENDER2_CVR" >"$LETTER"
    submit "$UUID" "$LETTER"
    refused 403 sender.not.allowed
    nothing_kept "$before"
    letter "$UUID" >"$LETTER"
    submit "$UUID" "$LETTER"
    accepted "$UUID" # the UUID was free
}

@test "kept by setting: contents without a place of their own never are" {
    before=$(messages_kept)
    for change in \
        's|<memo:content>.*</memo:content>|<memo:content>QQ==</memo:content><memo:content>QUI=</memo:content>|' \
        's|<memo:content>.*</memo:content>|<memo:content>QQ==</memo:content><memo:content>QQ==</memo:content>|' \
        's|</memo:MessageHeader>|<memo:content>QQ==</memo:content></memo:MessageHeader>|' \
        's|<memo:MainDocument>|<memo:MainDocument><memo:content>QQ==</memo:content>|'; do
        letter "$UUID" | sed "$change" >"$LETTER"
        submit "$UUID" "$LETTER"
        refused 400 schema.element
        [ "$(member .retry)" = false ]
    done
    nothing_kept "$before"
    served_with DP_MEMO_ON_INVALID=door
}

@test "a company reaches authorities alone, and is told nothing of others" {
    as_company() { AS_CERT="$SANDBOX_DIR/keys/company2.pem" AS_KEY="$SANDBOX_DIR/keys/company2.key" AS_AUTH="$auth_company2" "$@"; }
    # shellcheck disable=SC1091
    . "$SANDBOX_DIR/registered"
    # recipient idType receipt
    while read -r recipient type receipt; do
        UUID=$(new_uuid)
        letter "$UUID" sender="$DP_COMPANY2_CVR" recipient="$recipient" idtype="$type" >"$LETTER"
        as_company submit "$UUID" "$LETTER"
        accepted "$UUID"
        [ "$(as_company business_receipt "$UUID")" = "$receipt" ]
    done <<ROWS
$DP_SENDER_CVR CVR COMPLETED null
$DP_CITIZEN_CPR CPR NOT_ALLOWED recipient.not.authority
6999999999 CPR NOT_ALLOWED recipient.not.authority
$DP_COMPANY_CVR CVR NOT_ALLOWED recipient.not.authority
99000099 CVR NOT_ALLOWED recipient.not.authority
ROWS
    run "$BUILD/dpctl" --config "$DP_CONFIG" organisation add --cvr 99000077 --name "Virksomhed 7" --type company --mandatory
    [ "$status" = 2 ]
    [[ "$output" == *"are for authorities"* ]]
}
