#!/bin/bash
# Shows in five steps what the gateway does, beside a running sandbox (make run).
#
#   demo.sh [SANDBOX]
#
# Each step says in plain words what happens and stops with status 1 where it is not as told.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-$root/build}
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
echo "   It gets the very same answer as the first time. There is still one letter:"

step "5. Borger 1's mailbox, as the operator sees it:"
"$build/dpctl" --json mailbox list --cpr "$DP_CITIZEN_CPR" >"$work/answer" || fail "dpctl could not read the mailbox"
is "[.[] | select(.messageUUID == \"$uuid\")] | length == 1" || fail "the letter is not there once"
show ".[] | select(.messageUUID == \"$uuid\") | \"\(.label) from \(.senderLabel), available since \(.available)\""

printf '\nEverything was as told.\n'
