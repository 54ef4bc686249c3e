# What the reader pool does: measured by tests/bench/run, which sources this.
# shellcheck shell=bash disable=SC2154
#
#   BENCH_LETTERS   in the large mailbox (100000); the small one has 1000

letters=${BENCH_LETTERS:-100000}
memory_pid=

# Beside the gateway, behind the same nginx and the same TLS: a handler that has its answer in memory, and nginx itself
# with a file.
add_counterparts() {
    sed -i -e "s|^    upstream monitor {|    upstream memory {\n        server unix:$DP_RUN/memory.sock max_fails=0;\n    }\n&|" \
        -e "s|^        set \$dp_credentials token;|&\n        location = /bench/memory { fastcgi_pass memory; }\n        location /bench/static/ { alias $work/static/; }|" \
        "$sandbox/nginx.conf"
    grep -q /bench/static/ "$sandbox/nginx.conf" || fail "nginx' configuration could not be added to"
    mkdir -p "$work/static"
    chmod 755 "$work/static"
}

start_memory() { # start_memory FILE
    rm -f "$DP_RUN/memory.sock"
    "$build/tests/memory_handler" "$DP_RUN/memory.sock" "$reader_workers" "$1" &
    memory_pid=$!
}

stop_memory() {
    [ -z "$memory_pid" ] || { kill "$memory_pid" && wait "$memory_pid"; } 2>/dev/null || true
    memory_pid=
}

# template_for CPR FILE: the demo's letter with a marker for its UUID
template_for() {
    DP_CITIZEN_CPR=$1 "$root/tests/lib/letter.sh" @UUID@ >"$2"
}

# template_small CPR FILE: one that takes another document of any size
template_small() {
    sed "s|<memo:recipientID>[0-9]*<|<memo:recipientID>$1<|" "$root/tests/lib/letter-small.xml" >"$2"
}

# ask TOKEN PATH [CURL OPTIONS]
ask() {
    local token=$1 path=$2
    shift 2
    curl -sS --noproxy '*' --fail --cacert "$DP_CA" -H "Authorization: Bearer $token" "$@" "$DP_READER_URL$path"
}

# load OUT PATH [OPTIONS]: wrk on the port of tokens as Borger 1 or who $token is; every answer must be 2xx
load() {
    local out=$1 path=$2
    shift 2
    wrk -t 2 -c 32 -d "${seconds}s" --latency -H "Authorization: Bearer ${token:-$DP_CITIZEN_TOKEN}" "$@" "$DP_READER_URL$path" \
        >"$out" 2>&1 || fail "wrk: $(cat "$out")"
    ! grep -qE 'Non-2xx|Socket errors' "$out" || fail "not every answer was as it should be: $(cat "$out")"
}

per_second() { # of wrk's output
    sed -n 's|^Requests/sec: *||p' "$1"
}

megabytes_per_second() {
    awk '/^Transfer\/sec:/ { v = $2; u = v; sub(/[0-9.]+/, "", u); sub(/[A-Z]+/, "", v);
        print v * (u == "GB" ? 1024 : u == "KB" ? 1 / 1024 : 1) }' "$1"
}

p99_ms() {
    awk '$1 == "99%" { v = $2; u = v; sub(/[0-9.]+/, "", u); sub(/[a-z]+/, "", v);
        print v * (u == "s" ? 1000 : u == "us" ? 0.001 : 1) }' "$1"
}

mailbox_of() { # mailbox_of TOKEN
    ask "$1" /apis/v1/mailboxes/ | jq -r '.mailboxes[0].id'
}

fill_mailboxes() {
    echo
    echo "Reading. Two mailboxes are filled, $letters and 1000 letters (the demo's):"
    template_for "$DP_CITIZEN_CPR" "$work/large.xml"
    template_for "$DP_CITIZEN2_CPR" "$work/small.xml"
    measured "$work/filled" --letter "$work/small.xml" -c "$clients" -n 1000 --ledger "$work/ledger-reading" --late-ledger
    measured "$work/filled" --letter "$work/large.xml" -c "$clients" -n "$letters" --ledger "$work/ledger-reading" --late-ledger
    large=/apis/v1/mailboxes/$(mailbox_of "$DP_CITIZEN_TOKEN")/messages/
    small=/apis/v1/mailboxes/$(mailbox_of "$DP_CITIZEN2_TOKEN")/messages/
    [ "$(ask "$DP_CITIZEN_TOKEN" "$large?size=1" | jq .totalElements)" = "$letters" ] || fail "the mailbox has not $letters letters"
    ask "$DP_CITIZEN_TOKEN" "$large" >"$work/page"
    [ "$(jq '.messages | length' "$work/page")" = 100 ] || fail "a page has not 100 messages"
    echo "  a page of 100: $(wc -c <"$work/page") bytes"
}

# times NAME COMMAND...: what it prints, gathered
median_of() {
    median <"$work/reading-$1"
}

pages() {
    local pair
    echo "A page of 100 of $letters, of 1000, and its bytes from memory, requests/s:"
    start_memory "$work/page"
    rm -f "$work"/reading-*
    load "$work/warm" "$large"
    for ((pair = 1; pair <= pairs; pair++)); do
        load "$work/of-memory" /bench/memory
        load "$work/of-large" "$large"
        token=$DP_CITIZEN2_TOKEN load "$work/of-small" "$small"
        printf '  round %d   %s letters %8s   1000 letters %8s   memory %8s\n' "$pair" "$letters" "$(per_second "$work/of-large")" \
            "$(per_second "$work/of-small")" "$(per_second "$work/of-memory")"
        per_second "$work/of-large" >>"$work/reading-large"
        per_second "$work/of-small" >>"$work/reading-small"
        per_second "$work/of-memory" >>"$work/reading-memory"
        quotient "$(per_second "$work/of-large")" "$(per_second "$work/of-memory")" >>"$work/reading-page"
        quotient "$(per_second "$work/of-small")" "$(per_second "$work/of-large")" >>"$work/reading-size"
    done
    stop_memory
    row "page of 100 / from memory" "$(median_of large)/s" "$(median_of memory)/s" "$(median_of page)" 0.30 \
        "$(at_least "$(median_of page)" 0.30)"
    row "mailbox of 1000 / of $letters" "$(median_of small)/s" "$(median_of large)/s" "$(median_of size)" "< 1.3" \
        "$(at_most "$(median_of size)" 1.3)"
}

download() {
    local pair before after
    echo "A file of 5 MB, and nginx with the same file, MB/s:"
    head -c 5000000 /dev/urandom >"$work/static/file"
    chmod 644 "$work/static/file"
    measured "$work/sized" --letter "$small_letter" --size 4999975 -n 1 --ledger "$work/ledger-reading" --late-ledger
    ask "$DP_CITIZEN_TOKEN" "$large?size=1" >"$work/newest"
    content=$(jq -r '.messages[0] | [.id, (.documents[] | .id as $d | .files[] | select(.fileSize > 4000000) | $d, .id)] | "\(.[0])/documents/\(.[1])/files/\(.[2])/content"' "$work/newest")
    ask "$DP_CITIZEN_TOKEN" "$large$content" >"$work/static/file"
    [ "$(wc -c <"$work/static/file")" -ge 4999000 ] || fail "the file is not of 5 MB"
    before=$(peak_of reader)
    for ((pair = 1; pair <= pairs; pair++)); do
        load "$work/of-static" /bench/static/file
        load "$work/of-content" "$large$content"
        printf '  round %d   content %8s   static %8s\n' "$pair" "$(megabytes_per_second "$work/of-content")" \
            "$(megabytes_per_second "$work/of-static")"
        megabytes_per_second "$work/of-content" >>"$work/reading-content"
        megabytes_per_second "$work/of-static" >>"$work/reading-static"
        quotient "$(megabytes_per_second "$work/of-content")" "$(megabytes_per_second "$work/of-static")" >>"$work/reading-download"
    done
    after=$(peak_of reader)
    row "download of 5 MB / static" "$(median_of content) MB/s" "$(median_of static) MB/s" "$(median_of download)" 0.60 \
        "$(at_least "$(median_of download)" 0.60)"
    row "  growth of a reader worker, peak" "$((after - before)) KB" "$after KB in all" "" "1024 KB" \
        "$(at_most $((after - before)) 1024)"
}

# openings NAME LEAST: each of Borger 2's newest letters that has a file of so many bytes opened for the first time, and
# again at once
openings() {
    ask "$DP_CITIZEN2_TOKEN" "$small?size=500" |
        jq -r --arg p "$small" --argjson least "$2" '.messages[] | .id as $m | [.documents[] | .id as $d | .files[]
            | select(.fileSize >= $least and .fileSize < $least * 2) | "\($p)\($m)/documents/\($d)/files/\(.id)/content"]
            | first // empty | "\(.) \(.)"' >"$work/openings"
    "$build/tests/pair_speed" --ca "$DP_CA" --auth "Bearer $DP_CITIZEN2_TOKEN" --in-order "$DP_READER_URL" "$work/openings" \
        >"$work/opened" || fail "openings"
    printf '  %s %s\n' "$1" "$(cat "$work/opened")"
    row "first opening / repeat, $1" "$(field "$work/opened" a_us) us" "$(field "$work/opened" b_us) us" \
        "$(field "$work/opened" ratio)" "< 2" "$(at_most "$(field "$work/opened" ratio)" 2)"
}

# The demo's PDF has the size of a stamp; a letter as offices send it has a hundred kilobytes.
opening() {
    echo "The first opening of a letter, and the second (median):"
    openings "667 bytes" 667
    template_small "$DP_CITIZEN2_CPR" "$work/office.xml"
    measured "$work/sized" --letter "$work/office.xml" --size 100000 -c 4 -n 400 --ledger "$work/ledger-reading" --late-ledger
    openings "100 KB" 100000
}

# uuids N
uuids() {
    local n
    for ((n = 0; n < $1; n++)); do
        cat /proc/sys/kernel/random/uuid
    done
}

# Borger 2 asks for letters of Borger 1, and for what is not there: each time for others, since a place of the index that
# was just looked at answers sooner, whoever's it is. At last below the own mailbox, where the index of all letters decides.
strangers() {
    local other page what
    echo "Another's mailbox, message and file, and none (404 both):"
    other=${large%messages/}
    for ((page = 0; page < 4; page++)); do
        ask "$DP_CITIZEN_TOKEN" "$large?size=500&page=$page" | jq -r '.messages[] | .id as $m
            | [.documents[] | .id as $d | .files[] | "\($m) \($d)/files/\(.id)"] | first'
    done >"$work/others"
    [ "$(wc -l <"$work/others")" = 2000 ] || fail "2000 letters of another were not found"
    for what in mailbox message file "message, own path"; do
        paste -d ' ' "$work/others" <(uuids 2000) | while read -r message file id; do
            case $what in
            mailbox) echo "$other /apis/v1/mailboxes/$id/" ;;
            message) echo "$other""messages/$message $other""messages/$id" ;;
            *own*) echo "$small$message $small$id" ;;
            file) echo "$other""messages/$message/documents/$file/content $other""messages/$id/documents/$file/content" ;;
            esac
        done >"$work/pairs"
        "$build/tests/pair_speed" --ca "$DP_CA" --auth "Bearer $DP_CITIZEN2_TOKEN" --expect 404 "$DP_READER_URL" "$work/pairs" \
            >"$work/pair-$what" || fail "pairs of $what"
        printf '  %-18s %s\n' "$what" "$(cat "$work/pair-$what")"
        row "another's $what / none" "$(field "$work/pair-$what" a_us) us" "$(field "$work/pair-$what" b_us) us" \
            "$(field "$work/pair-$what" ratio)" "0.95-1.05" \
            "$(awk -v r="$(field "$work/pair-$what" ratio)" 'BEGIN { print (r >= 0.95 && r <= 1.05) ? "met" : "not met" }')"
    done
}

# 32 portals read pages of 10 while one sender's system submits as fast as it can. On two cores that are full, both
# ratios differ by a quarter from round to round, several times as much as the others; so there are more rounds.
together() {
    local pair reading rounds=$((2 * pairs - 1))
    echo "32 portals and one sender, alone and together (pages of 10: p99 ms; letters/s of $clients connections):"
    for ((pair = 1; pair <= rounds; pair++)); do
        load "$work/alone" "$large?size=10"
        measured "$work/sender-alone" --letter "$work/small.xml" -c "$clients" -t "$seconds" --ledger "$work/ledger-reading" --late-ledger
        load "$work/beside" "$large?size=10" &
        reading=$!
        measured "$work/sender-beside" --letter "$work/small.xml" -c "$clients" -t "$seconds" --ledger "$work/ledger-reading" --late-ledger
        wait "$reading" || fail "reading beside a sender"
        printf '  round %d   p99 alone %8s beside %8s   sender alone %8s beside %8s\n' "$pair" "$(p99_ms "$work/alone")" \
            "$(p99_ms "$work/beside")" "$(field "$work/sender-alone" per_second)" "$(field "$work/sender-beside" per_second)"
        p99_ms "$work/alone" >>"$work/reading-p99-alone"
        p99_ms "$work/beside" >>"$work/reading-p99-beside"
        field "$work/sender-alone" per_second >>"$work/reading-sender-alone"
        field "$work/sender-beside" per_second >>"$work/reading-sender-beside"
        quotient "$(p99_ms "$work/beside")" "$(p99_ms "$work/alone")" >>"$work/reading-p99"
        quotient "$(field "$work/sender-beside" per_second)" "$(field "$work/sender-alone" per_second)" >>"$work/reading-sender"
    done
    row "reader p99, beside / alone" "$(median_of p99-beside) ms" "$(median_of p99-alone) ms" "$(median_of p99)" "< 2" \
        "$(at_most "$(median_of p99)" 2)"
    row "sender, beside readers / alone" "$(median_of sender-beside)/s" "$(median_of sender-alone)/s" "$(median_of sender)" \
        "> 0.5" "$(at_least "$(median_of sender)" 0.5)"
}

reading() {
    reader_workers=$("$build/dpgateway" --config "$sandbox/gateway.ini" --print-config 2>/dev/null | sed -n 's/^reader_workers *= *//p')
    small_letter=$root/tests/lib/letter-small.xml
    fresh_state
    add_counterparts
    start
    fill_mailboxes
    pages
    download
    opening
    strangers
    together
    stop
    judge "$work/ledger-reading" "$DP_STATE" >"$work/verdict" || fail "after reading: $(cat "$work/verdict")"
}
