#!/bin/bash
# Shows in seven steps what the gateway does, beside a running sandbox (make run).
#
#   demo.sh [SANDBOX]
#
# Each step says in plain words what happens and stops with status 1 where it is not as told.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
sandbox=${1:-$root/sandbox}

fail() {
    echo "   That was not as it should be: $*" >&2
    exit 1
}

step() {
    printf '\n%s\n' "$*"
}

new_uuid() {
    cat /proc/sys/kernel/random/uuid
}

# call [CURL OPTIONS] URL: as the system of Myndighed 1; sets status, leaves the answer in $work/answer.
call() {
    status=$(curl -sS --noproxy '*' -o "$work/answer" -w '%{http_code}' --cacert "$DP_CA" --cert "$DP_SENDER_CERT" \
        --key "$DP_SENDER_KEY" -H "Authorization: $DP_SENDER_AUTH" "$@") || fail "curl could not reach the gateway"
}

# ask TOKEN [CURL OPTIONS] URL: as a person, on the port of tokens; the same.
ask() {
    local token=$1
    shift
    status=$(curl -sS --noproxy '*' -o "$work/answer" -w '%{http_code}' --cacert "$DP_CA" \
        -H "Authorization: Bearer $token" "$@") || fail "curl could not reach the gateway"
}

submit() { # submit UUID FILE
    call -H 'Content-Type: application/xml' --data-binary "@$2" "$DP_URL/apis/v1/memos/?memo-message-uuid=$1"
}

show() { # show JQ-FILTER: of the answer, moved in
    jq -r "$1" "$work/answer" | sed 's/^/   /'
}

is() { # is JQ-CONDITION
    jq -e "$1" "$work/answer" >/dev/null 2>&1
}

expect() { # expect STATUS JQ-CONDITION
    if [ "$status" != "$1" ] || ! is "$2"; then
        fail "$status $(<"$work/answer")"
    fi
}

if [ ! -r "$sandbox/env" ]; then
    echo "There is no sandbox in $sandbox yet. Start one with 'make run' in another terminal, then repeat 'make demo'." >&2
    exit 1
fi
set -a
# shellcheck disable=SC1091
. "$sandbox/env"
set +a
if ! curl -s --noproxy '*' -o /dev/null --max-time 5 --cacert "$DP_CA" "$DP_URL/"; then
    echo "The sandbox in $sandbox is not running. Start it with 'make run' in another terminal, then repeat 'make demo'." >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
uuid=$(new_uuid)

step "1. Myndighed 1 sends Borger 1 a letter with a PDF. Its system shows its client certificate and its token."
"$root/tests/lib/letter.sh" "$uuid" >"$work/letter.xml" || fail "the letter could not be made"
submit "$uuid" "$work/letter.xml"
expect 201 ".receiptStatus == \"RECEIVED\" and .messageUUID == \"$uuid\""
cp "$work/answer" "$work/first"
echo "   The answer is 201 with the technical receipt: the letter is on disk and survives a power cut."
show .

step "2. The system fetches its business receipt: format and rules held, the letter will be delivered."
call "$DP_URL/apis/v1/receipts/?size=1"
expect 200 '.content | length == 1'
# The list is oldest first, so the receipt stands on its last page.
last=$(jq '[.totalPages - 1, 0] | max' "$work/answer")
call "$DP_URL/apis/v1/receipts/?size=1&page=$last"
expect 200 '.content | length == 1'
id=$(jq -r '.content[0]' "$work/answer")
call "$DP_URL/apis/v1/receipts/$id"
expect 200 ".receiptStatus == \"COMPLETED\" and .messageUUID == \"$uuid\""
show .

step "3. A second letter has two faults: a file name with a question mark, and a button that leads to http://."
faulty=$(new_uuid)
"$root/tests/lib/letter.sh" "$faulty" 'Pladsanvisning?.pdf' 'http://example.org/pladsanvisning' >"$work/faulty.xml"
submit "$faulty" "$work/faulty.xml"
expect 400 '.fieldErrors | length >= 2'
echo "   It is refused with $status, nothing of it is kept, and this is what its sender is told:"
show '.fieldErrors[] | "line \(.line): \(.message) [\(.code)]\n         \(.messageDa)"'

step "4. The network broke, so the system sends the first letter once more, the same bytes."
submit "$uuid" "$work/letter.xml"
expect 201 .
cmp -s "$work/answer" "$work/first" || fail "the answer is another one: $(<"$work/answer")"
echo "   It gets the very same answer as the first time, and there is still one letter, as the next step shows."

step "5. Borger 1 looks into the mailbox with a reader portal, which shows the token of the login."
ask "$DP_CITIZEN_TOKEN" "$DP_READER_URL/apis/v1/mailboxes/"
expect 200 '.mailboxes | length == 1'
mailbox=$DP_READER_URL/apis/v1/mailboxes/$(jq -r '.mailboxes[0].id' "$work/answer")
ask "$DP_CITIZEN_TOKEN" "$mailbox/messages/?size=3"
expect 200 "[.messages[] | select(.id == \"$uuid\")] | length == 1"
show '.messages[] | "\(if .read then "     " else "new  " end) \(.label) from \(.sender.label), available since \(.receivedDateTime)"'

step "6. The portal opens the letter and downloads its PDF."
ask "$DP_CITIZEN_TOKEN" "$mailbox/messages/$uuid"
expect 200 '.documents[0].files | length == 1'
content=$(jq -r '"documents/\(.documents[0].id)/files/\(.documents[0].files[0].id)/content"' "$work/answer")
filename=$(jq -r '.documents[0].files[0].filename' "$work/answer")
ask "$DP_CITIZEN_TOKEN" "$mailbox/messages/$uuid/$content"
[ "$status" = 200 ] || fail "$status $(<"$work/answer")"
sed -n 's:.*<memo\:content>\(.*\)</memo\:content>.*:\1:p' "$work/letter.xml" | base64 -d >"$work/sent"
cmp -s "$work/answer" "$work/sent" || fail "the bytes are not those that were sent"
echo "   $filename, $(stat -c %s "$work/sent") bytes, the very bytes that Myndighed 1 sent. That Borger 1 opened it was on disk"
echo "   before the first of them went out. The portal marks it as read:"
ask "$DP_CITIZEN_TOKEN" -X PATCH -H 'If-Match: 1' -H 'Content-Type: application/json' --data '{"read": true}' \
    "$mailbox/messages/$uuid"
expect 200 '.read and .version == 2'
show '{id, version, read}'

step "7. Borger 2, with a token just as good, asks for the same mailbox and the same letter."
for address in "$mailbox" "$mailbox/messages/$uuid" "$mailbox/messages/$uuid/$content"; do
    ask "$DP_CITIZEN2_TOKEN" "$address"
    expect 404 '.code == "not.found"'
done
show .message
ask "$DP_CITIZEN2_TOKEN" "$DP_READER_URL/apis/v1/mailboxes/"
own=$DP_READER_URL/apis/v1/mailboxes/$(jq -r '.mailboxes[0].id' "$work/answer")
ask "$DP_CITIZEN2_TOKEN" "$own/messages/?size=1000"
expect 200 "[.messages[] | select(.id == \"$uuid\")] | length == 0"
echo "   Nothing in the answer tells that the letter exists, and it is not in Borger 2's own mailbox either."

cat <<TEXT

Everything was as told. What to try next:

  Borger 1's letters:      (. $sandbox/env && curl --cacert "\$DP_CA" -H "Authorization: Bearer \$DP_CITIZEN_TOKEN" $mailbox/messages/)
  your own letter:         the section "Send your own letter" of README.md
  what is wrong with one:  build/dpctl validate my-letter.xml
  every address:           build/dpctl endpoints
  a token for anybody:     build/dpctl --config $sandbox/gateway.ini token --cpr $DP_CITIZEN2_CPR
  the operator's view:     build/dpctl --config $sandbox/gateway.ini status

TEXT
