#!/usr/bin/env bats
# dpctl as an operator uses it: what it tells, its exit status, and changes beside a running writer and without one.

bats_require_minimum_version 1.5.0
load lib

setup_file() {
    sandbox_start
}

teardown_file() {
    sandbox_stop
}

dpctl() {
    run --separate-stderr "$BUILD/dpctl" --config "$DP_CONFIG" "$@"
    # shellcheck disable=SC2154 # set by run
    echo "$status: $output $stderr" >&2
}

# told FILTER: jq over the last output
told() {
    jq -r "$1" <<<"$output"
}

@test "a wrong command line is one sentence on standard error and status 2" {
    dpctl organisation add --cvr 123
    [ "$status" = 2 ]
    [ -z "$output" ]
    [ "$(wc -l <<<"$stderr")" = 1 ]
}

@test "an unreadable settings file is status 1 and names the file" {
    run --separate-stderr "$BUILD/dpctl" --config "$BATS_TEST_TMPDIR/none.ini" contact list
    [ "$status" = 1 ]
    [[ "$stderr" == *none.ini* ]]
}

@test "the settings file comes from DP_CONFIG where none is named" {
    DP_CONFIG=$DP_CONFIG run "$BUILD/dpctl" --json organisation list
    [ "$status" = 0 ]
    [ "$(told length)" -ge 4 ]
}

@test "an organisation is added beside the running writer, listed, shown, and not added twice" {
    dpctl --json organisation add --cvr 99000021 --name 'Myndighed "21"' --mandatory
    [ "$status" = 0 ]
    [ "$(told .mandatoryPostAllowed)" = true ]
    dpctl --json organisation show 99000021
    [ "$status" = 0 ]
    [ "$(told '.[0].name')" = 'Myndighed "21"' ]
    dpctl organisation list
    [ "$status" = 0 ]
    grep -q '^99000021  AUTHORITY' <<<"$output"
    dpctl --json organisation add --cvr 99000021 --name Again
    [ "$status" = 1 ]
    [ "$(told '.message | length > 8')" = true ]
    dpctl organisation show 99000029
    [ "$status" = 1 ]
}

@test "a system's token is told once, and lets it call" {
    dpctl --json system add --organisation 99000001 --name Nyt --type SENDER --certificate "$DP_SENDER_CERT"
    [ "$status" = 0 ]
    auth=$(told .authorization) id=$(told .id)
    [ "$(base64 -d <<<"${auth#Basic }")" = "$id:$(told .token)" ]
    AS_AUTH=$auth call GET /apis/v1/receipts/
    [ "$STATUS" = 200 ]
    dpctl --json system show "$id"
    [ "$status" = 0 ]
    [ "$(told '.[0].token')" = null ]
    [ "$(told '.[0].certificateCvr')" = 99000001 ]
    run -1 grep -F "${auth#Basic }" "$SANDBOX_DIR.out"
}

@test "a system of a vendor needs the vendor's certificate" {
    dpctl system add --organisation 99000002 --name V --type SENDER --certificate "$DP_VENDOR_CERT"
    [ "$status" = 1 ]
    [[ "$stderr" == *99000003* ]]
    dpctl system add --organisation 99000002 --name V --type SENDER --certificate "$DP_VENDOR_CERT" --delegated-cvr 99000003
    [ "$status" = 0 ]
}

@test "a certificate that the gateway would not take is not registered" {
    "$ROOT/tests/lib/sandbox.sh" certificate "$SANDBOX_DIR" "$BATS_TEST_TMPDIR/x" --foreign --like "$DP_SENDER_CERT"
    dpctl --json system add --organisation 99000001 --name X --type SENDER --certificate "$BATS_TEST_TMPDIR/x.pem"
    [ "$status" = 1 ]
    [ "$(told .code)" = certificate.not.trusted ]
}

@test "a contact is added, exempted, closed and taken back" {
    dpctl --json contact add --cpr 6710900021 --label "Borger 21"
    [ "$status" = 0 ]
    [ "$(told .status)" = REGISTERED ]
    for state in exempt closed registered; do
        dpctl --json contact status --cpr 6710900021 --status $state
        [ "$status" = 0 ]
        [ "$(told .status)" = "${state^^}" ]
    done
    dpctl --json contact show --cpr 6710900021
    [ "$status" = 0 ]
    [ "$(told .label)" = "Borger 21" ]
    dpctl contact status --cpr 6710900029 --status closed
    [ "$status" = 1 ]
}

@test "lists are JSON arrays, empty ones too" {
    dpctl --json mailbox list --cpr 6710900099
    [ "$status" = 0 ]
    [ "$(told length)" = 0 ]
    dpctl --json contact list
    [ "$(told 'map(select(.cprNumber == "6505900005"))[0].status')" = EXEMPT ]
    dpctl --json system list
    [ "$(told 'map(.systemTypes | length > 0) | all')" = true ]
}

@test "the endpoints agree with what nginx lets through" {
    dpctl endpoints --json
    [ "$status" = 0 ]
    [ "$(told 'map(keys == ["callers","method","path","pool"]) | all')" = true ]
    while read -r method path caller; do
        # shellcheck disable=SC2001 # any name between braces
        path=$(sed "s/{[a-z]*}/$(new_uuid)/g" <<<"$path")
        case $caller in
        reader | changer) ask "$DP_CITIZEN_TOKEN" "$method" "/apis/v1$path" ;;
        *) call "$method" "/apis/v1$path" ;;
        esac
        echo "$method $path $STATUS" >&2
        [[ "$STATUS" =~ ^(200|400|404|415)$ ]]
        call COPY "/apis/v1$path"
        [ "$STATUS" = 405 ]
    done < <(told '.[] | "\(.method) \(.path) \(.callers[0])"')
}

@test "rules are listed in Danish too" {
    dpctl --json rules
    [ "$status" = 0 ]
    [ "$(told length)" -ge 15 ]
    [ "$(told 'map(.messageDa | length > 8) | all')" = true ]
    dpctl --lang da rules
    [ "$status" = 0 ]
    grep -q filnavn <<<"$output"
}

@test "what is wrong with a document is told whole in either language" {
    twice="$ROOT/tests/data/memo/invalid/attribute-twice.xml"
    run "$BUILD/dpctl" validate "$twice"
    grep -q "well-formed XML. An attribute stands twice in one tag. " <<<"$output"
    run "$BUILD/dpctl" --lang da validate "$twice"
    grep -q "velformet XML. En attribut står to gange i samme tag. " <<<"$output"
    run "$BUILD/dpctl" --json validate "$twice"
    grep -q '"messageDa":"Dokumentet er ikke velformet XML. En attribut står to gange i samme tag."' <<<"$output"
}

@test "with no writer running dpctl changes the store itself, and leaves no file of another owner" {
    sandbox_halt
    dpctl --json contact add --cpr 6710900022 --label "Borger 22"
    [ "$status" = 0 ]
    [ -z "$(find "$DP_STATE" ! -user "$(stat -c %U "$DP_STATE")")" ]
    sandbox_serve
    dpctl --json contact show --cpr 6710900022
    [ "$status" = 0 ]
}

@test "validate keeps the limits of the settings, those of the environment too" {
    full="$ROOT/tests/data/memo/valid/full-1.2.xml"
    "$BUILD/dpctl" validate "$full"
    # setting value code
    while read -r setting value code; do
        run env "$setting=$value" "$BUILD/dpctl" validate "$full"
        echo "$setting: $output"
        [ "$status" = 1 ]
        [[ "$output" == *" $code: "* ]]
    done <<'ROWS'
DP_MEMO_ATTRIBUTES_MAX 8 xml.too.many.attributes
DP_MEMO_ELEMENTS_MAX 100 xml.too.many.elements
DP_MEMO_EXTENSIONS docx file.extension.not.allowed
ROWS
    printf '<a xmlns="urn:x">%s%s</a>' "$(printf '<a>%.0s' {1..9})" "$(printf '</a>%.0s' {1..9})" >"$BATS_TEST_TMPDIR/deep.xml"
    run env DP_MEMO_DEPTH_MAX=8 "$BUILD/dpctl" validate "$BATS_TEST_TMPDIR/deep.xml"
    [[ "$output" == *" xml.too.deep: "* ]]
    run "$BUILD/dpctl" validate "$BATS_TEST_TMPDIR/deep.xml"
    [[ "$output" != *" xml.too.deep: "* ]]
    printf '<a xmlns="urn:%s"/>' "$(printf 'x%.0s' {1..1024})" >"$BATS_TEST_TMPDIR/wide.xml"
    run env DP_MEMO_TAG_MAX=1KB "$BUILD/dpctl" validate "$BATS_TEST_TMPDIR/wide.xml"
    [[ "$output" == *" xml.tag.too.large: "* ]]
    run "$BUILD/dpctl" validate "$BATS_TEST_TMPDIR/wide.xml"
    [[ "$output" != *" xml.tag.too.large: "* ]]
}

# read_by FILE USER...: each user reads it
read_by() {
    local file=$1 user
    shift
    for user; do
        setpriv --reuid "$user" --regid "$user" --init-groups test -r "$file" || { echo "$user cannot read $file" >&2 && return 1; }
    done
}

@test "a backup that is copied back is read by every role again, once dpctl init has been run" {
    [ "$(stat -c %U "$DP_STATE")" = dp-writer ] || skip "only where roles have users of their own"
    UUID=$(new_uuid)
    head -c 300000 /dev/urandom | base64 -w0 >"$BATS_TEST_TMPDIR/large"
    letter "$UUID" filename=stor.txt content="$(cat "$BATS_TEST_TMPDIR/large")" >"$BATS_TEST_TMPDIR/letter.xml"
    submit "$UUID" "$BATS_TEST_TMPDIR/letter.xml"
    accepted "$UUID"
    install -d -o dp-writer -m 755 "$SANDBOX_DIR/backups"
    dpctl backup "$SANDBOX_DIR/backups/day"
    [ "$status" = 0 ]
    sandbox_halt
    rm -rf "$DP_STATE"
    cp -a "$SANDBOX_DIR/backups/day/." "$DP_STATE"
    dpctl init
    [ "$status" = 0 ]
    file=$(find "$DP_STATE/mail/contents" -type f)
    [ -n "$file" ]
    read_by "$file" dp-writer dp-reader dp-receipt dp-dispatcher
    read_by "$DP_STATE/mail/mail.db" dp-writer dp-reader dp-receipt dp-dispatcher
    read_by "$DP_STATE/registry/registry.db" dp-writer dp-reader dp-sender
    [ -z "$(find "$DP_STATE/mail" ! -group dp-mail)" ]
    [ -z "$(find "$DP_STATE/registry" ! -group dp-registry)" ]
    [ -z "$(find "$DP_STATE" -perm /007 ! -path "$DP_STATE")" ]
    sandbox_serve
    call GET /apis/v1/receipts/
    [ "$STATUS" = 200 ]
    ask "$DP_CITIZEN_TOKEN" GET /apis/v1/mailboxes/
    [ "$STATUS" = 200 ]
    dpctl verify
    [ "$status" = 0 ]
}

@test "verify finds each letter as it came in, and names those that were altered" {
    local copies copy small full large
    copies=$(mktemp -d "$SANDBOX_DIR/copies.XXXXXX") copy=$copies/copy
    chown "$(stat -c %U "$DP_STATE")" "$copies" # who dpctl becomes
    small=$(new_uuid) full=$(new_uuid) large=$(new_uuid)
    letter "$small" content=$'\n  QnJldiB0aWwg\n\tQm9yZ2VyIDEu \n' >"$BATS_TEST_TMPDIR/$small"
    sed "s/@UUID@/$full/;s/@DAY@/$(TZ=Europe/Copenhagen date +%F)/" "$ROOT/tests/data/memo/template/full-1.2.xml" \
        >"$BATS_TEST_TMPDIR/$full"
    letter "$large" content="$(head -c 3000000 /dev/urandom | base64)" >"$BATS_TEST_TMPDIR/$large"
    for uuid in "$small" "$full" "$large"; do
        submit "$uuid" "$BATS_TEST_TMPDIR/$uuid"
        accepted "$uuid"
    done
    [ "$(find "$DP_STATE/mail/contents" -type f -size +2M | wc -l)" = 1 ]
    dpctl verify
    [ "$status" = 0 ]

    dpctl backup "$copy"
    [ "$status" = 0 ]
    DP_STATE_DIR=$copy DP_STATE_RUN_DIR=$copy dpctl verify
    [ "$status" = 0 ]
    sqlite3 "$copy/mail/mail.db" "UPDATE message SET view = replace(view, '\"label\":\"Brev\"', '\"label\":\"Bred\"')
        WHERE message_uuid = x'${small//-/}'; UPDATE file SET skeleton_offset = skeleton_offset + 1 WHERE message =
        (SELECT seq FROM message WHERE message_uuid = x'${large//-/}')"
    DP_STATE_DIR=$copy DP_STATE_RUN_DIR=$copy dpctl verify --json
    [ "$status" = 1 ]
    [ "$(told '.findings | map(.check) | join(" ")')" = "letter letter" ]
    [[ "$(told '.findings[0].text')" == *$small* ]]
    [[ "$(told '.findings[1].text')" == *$large* ]]
}
