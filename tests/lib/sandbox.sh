#!/bin/bash
# The sandbox: a gateway with test certificates, organisations and people, behind its own nginx.
#
#   sandbox.sh make DIR PORT     makes it, or brings its settings up to date and keeps its state; client certificates
#                                on PORT, tokens on PORT+1, health and metrics on PORT+2; PORT 0 takes free ones
#   sandbox.sh serve DIR         gateway and nginx in the foreground; Ctrl-C or SIGTERM stops both
#   sandbox.sh certificate DIR FILE ...      a certificate that should be refused (ca.sh odd)
#
# Everything lies under DIR; only sockets and nginx's temporary files lie in a short folder below /tmp where DIR's path
# is too long for a socket, or where users other than root cannot get into DIR.
set -eu
PATH=$PATH:/usr/sbin:/sbin # where Debian puts nginx, and what an ordinary user's PATH lacks

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-$root/build}
case $build in /*) ;; *) build=$root/$build ;; esac
ca=$root/tests/lib/ca.sh

pools="sender receipt reader monitor"
nginx_user=www-data
issuer=https://login.sandbox.example
token_days=15

die() {
    echo "sandbox: $*" >&2
    exit 1
}

# ---- users: only as root, one a role, so that the rights of files hold between them ----

has_users() {
    [ "$(id -u)" = 0 ]
}

make_users() {
    local group role
    for group in dp-mail dp-registry dp-spool; do
        getent group "$group" >/dev/null || groupadd --system "$group"
    done
    for role in $pools writer dispatcher; do
        getent passwd "dp-$role" >/dev/null ||
            useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "dp-$role"
    done
    usermod -a -G dp-registry,dp-spool dp-sender
    usermod -a -G dp-registry,dp-mail dp-receipt
    usermod -a -G dp-registry,dp-mail dp-reader
    usermod -a -G dp-registry,dp-mail dp-dispatcher
    usermod -a -G dp-registry,dp-mail,dp-spool dp-writer
}

# Whether the role users can get into a folder.
reachable() {
    setpriv --reuid dp-monitor --regid dp-monitor --clear-groups test -x "$1"
}

# ---- ports ----

port_busy() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

ports_busy() {
    local port
    for port in "$1" $(($1 + 1)) $(($1 + 2)); do
        ! port_busy "$port" || return 0
    done
    return 1
}

# Of those that tests in other lanes (total) do not take either: theirs may be stopped for a moment.
free_port() {
    local port tries
    for ((tries = 0; tries < 200; tries++)); do
        port=$((20000 + ${LANE:-3} % 4 * 2500 + RANDOM % 2490))
        ports_busy "$port" || { echo "$port" && return; }
    done
    die "no three free ports in a row were found"
}

# ---- certificates ----

# who: key name, CVR, organisation, subject UUID of the certificate, common name
certificates="
authority1 99000001 Myndighed_1 a0000001-0000-4000-8000-000000000001 Fagsystem
authority2 99000002 Myndighed_2 a0000002-0000-4000-8000-000000000002 Fagsystem
vendor1    99000003 Leverandør_1 a0000003-0000-4000-8000-000000000003 Printcentral
company1   99000011 Virksomhed_1 a0000011-0000-4000-8000-000000000011 Modtagersystem
company2   99000012 Virksomhed_2 a0000012-0000-4000-8000-000000000012 Modtagersystem
"

make_certificates() {
    local name cvr organisation subject common
    [ -e "$dir/ca/issuers.pem" ] || "$ca" make "$dir/ca"
    [ -e "$dir/keys/server.pem" ] || "$ca" server "$dir/ca" "$dir/keys/server"
    while read -r name cvr organisation subject common; do
        if [ -n "$name" ] && [ ! -e "$dir/keys/$name.pem" ]; then
            "$ca" leaf "$dir/ca" "$dir/keys/$name" "$cvr" "${organisation/_/ }" "$subject" "$common"
        fi
    done <<<"$certificates"
    # What everybody may read lies outside the private folder of the CA's keys.
    install -m 644 "$dir/ca/issuers.pem" "$dir/ca/server-ca.pem" "$dir/"
}

# ---- tokens: the sandbox is its own identity provider, with a key that no other gateway knows ----

make_token_key() {
    [ ! -e "$dir/tokens/keys.json" ] || return 0
    rm -rf "$dir/tokens"
    mkdir -m 755 "$dir/tokens"
    quietly "$build/dpctl" token-key "$dir/tokens"
}

# token NAME [OPTIONS]: one that was signed not long ago stays, so that a shell that has it can go on
token() {
    local file=$dir/tokens/$1.token
    shift
    if [ -z "$(find "$file" -mtime "-$token_days" 2>/dev/null)" ]; then
        (umask 077 && dpctl token --seconds "$((2 * token_days * 86400))" "$@" >"$file.new") || die "no token could be signed"
        mv "$file.new" "$file"
    fi
    cat "$file"
}

# ---- settings ----

# Sockets, process ids and nginx's temporary files: below DIR where that is short enough and can be reached.
choose_run_dir() {
    run=$dir/run
    if [ "${#run}" -gt 80 ] || { has_users && ! reachable "$dir"; }; then
        run=$(cat "$dir/run.path" 2>/dev/null || true)
        [ -n "$run" ] || run=$(TMPDIR=/tmp mktemp -d)
        echo "$run" >"$dir/run.path"
    fi
    mkdir -p "$run"
    chmod 755 "$run"
}

choose_switch_user() {
    switch_user=no
    if has_users && reachable "$dir"; then
        switch_user=yes
    elif has_users; then
        echo "sandbox: $dir cannot be reached by other users, so all processes stay root (switch_user = no)." >&2
    fi
}

write_settings() {
    cat >"$dir/gateway.ini.new" <<INI
; Settings of this sandbox; build/dpgateway --help lists them all.
[state]
dir = $dir/state
run_dir = $run
[process]
switch_user = $switch_user
socket_group = $socket_group
[identity]
issuers_file = $dir/issuers.pem
token_issuers = $issuer=$dir/tokens/keys.json
INI
    mv "$dir/gateway.ini.new" "$dir/gateway.ini"
}

write_nginx() {
    local user_line="" body_max
    ! has_users || user_line="user $nginx_user; worker_priority -10;"
    dpctl endpoints --nginx >"$dir/nginx-routes.conf"
    dpctl errors --nginx >"$dir/nginx-errors.conf"
    body_max=$("$build/dpgateway" --config "$dir/gateway.ini" --print-config | sed -n 's/^body_max = //p')
    # A sandbox is for trying, also for trying how much it takes: its rates and connections are no limit.
    "$root/nginx/fill" USER_LINE="$user_line" RUN="$run" OWN="$run" TLS_LISTEN="127.0.0.1:$port" \
        TOKEN_LISTEN="127.0.0.1:$((port + 1))" MONITOR_LISTEN="127.0.0.1:$((port + 2))" \
        SERVER_CERT="$dir/keys/server.pem" SERVER_KEY="$dir/keys/server.key" ISSUERS="$dir/issuers.pem" \
        ROUTES="$dir/nginx-routes.conf" ERRORS="$dir/nginx-errors.conf" BODY_MAX="$body_max" \
        RATE=100000 BURST=100000 CONNECTIONS=65535 >"$dir/nginx.conf.new"
    mv "$dir/nginx.conf.new" "$dir/nginx.conf"
}

# ---- organisations, systems and people ----

dpctl() {
    "$build/dpctl" --config "$dir/gateway.ini" "$@"
}

quietly() {
    local said
    said=$("$@" 2>&1) || die "$said"
}

# add_system NAME OWNER KEY TYPES [OPTIONS]: remembers its Authorization as NAME
add_system() {
    local name=$1 owner=$2 key=$3 types=$4 answer
    shift 4
    answer=$(dpctl --json system add --organisation "$owner" --name "$name" --type "$types" \
        --certificate "$dir/keys/$key.pem" "$@") || die "the system $name could not be registered"
    printf 'auth_%s="%s"\n' "$name" "$(jq -r .authorization <<<"$answer")" >>"$dir/registered.new"
}

register() {
    local number
    rm -rf "$dir/state"
    : >"$dir/registered.new"
    chmod 600 "$dir/registered.new"
    quietly dpctl init
    quietly dpctl organisation add --cvr 99000001 --name "Myndighed 1" --mandatory --legal
    quietly dpctl organisation add --cvr 99000002 --name "Myndighed 2"
    quietly dpctl organisation add --cvr 99000011 --name "Virksomhed 1" --type company
    quietly dpctl organisation add --cvr 99000012 --name "Virksomhed 2" --type company
    add_system sender 99000001 authority1 SENDER
    add_system recipient2 99000001 authority1 RECIPIENT,RECIPIENT_DEFAULT
    add_system sender2 99000002 authority2 SENDER
    add_system vendor 99000002 vendor1 SENDER --delegated-cvr 99000003
    add_system recipient 99000011 company1 RECIPIENT,RECIPIENT_DEFAULT
    add_system company2 99000012 company2 SENDER,RECIPIENT
    for number in 1 2; do
        quietly dpctl contact add --cvr "9900000$number" --label "Myndighed $number"
        quietly dpctl contact add --cvr "9900001$number" --label "Virksomhed $number"
    done
    for number in 1 2 3 4; do
        quietly dpctl contact add --cpr "6${number}0${number}90000$number" --label "Borger $number"
    done
    quietly dpctl contact add --cpr 6505900005 --label "Borger 5" --status exempt
    mv "$dir/registered.new" "$dir/registered"
}

write_environment() {
    # shellcheck disable=SC1091
    . "$dir/registered"
    # shellcheck disable=SC2154 # set by the line above
    cat >"$dir/env.new" <<ENV
# The sandbox's addresses, keys and people, for a shell: set -a; . $dir/env; set +a
DP_URL="https://localhost:$port"
DP_READER_URL="https://localhost:$((port + 1))"
DP_MONITOR_URL="http://localhost:$((port + 2))"
DP_CA="$dir/server-ca.pem"
DP_CONFIG="$dir/gateway.ini"
DP_STATE="$dir/state"
DP_RUN="$run"
DP_PORT="$port"
# Myndighed 1, and Myndighed 2
DP_SENDER_CVR="99000001"
DP_SENDER_CERT="$dir/keys/authority1.pem"
DP_SENDER_KEY="$dir/keys/authority1.key"
DP_SENDER_AUTH="$auth_sender"
DP_SENDER2_CVR="99000002"
DP_SENDER2_CERT="$dir/keys/authority2.pem"
DP_SENDER2_KEY="$dir/keys/authority2.key"
DP_SENDER2_AUTH="$auth_sender2"
# The vendor that sends for Myndighed 2
DP_VENDOR_CVR="99000003"
DP_VENDOR_CERT="$dir/keys/vendor1.pem"
DP_VENDOR_KEY="$dir/keys/vendor1.key"
DP_VENDOR_AUTH="$auth_vendor"
# Recipient systems of Virksomhed 1, and of Myndighed 1
DP_RECIPIENT_CVR="99000011"
DP_RECIPIENT_CERT="$dir/keys/company1.pem"
DP_RECIPIENT_KEY="$dir/keys/company1.key"
DP_RECIPIENT_AUTH="$auth_recipient"
DP_RECIPIENT2_CVR="99000001"
DP_RECIPIENT2_CERT="$dir/keys/authority1.pem"
DP_RECIPIENT2_KEY="$dir/keys/authority1.key"
DP_RECIPIENT2_AUTH="$auth_recipient2"
# People and companies to write to; the exempt one takes only mandatory post
DP_CITIZEN_CPR="6101900001"
DP_CITIZEN2_CPR="6202900002"
DP_EXEMPT_CPR="6505900005"
DP_COMPANY_CVR="99000011"
DP_COMPANY2_CVR="99000012"
# Their access tokens, valid for 15 days at least after a 'make run'; dpctl token signs others
DP_CITIZEN_TOKEN="$(token citizen --cpr 6101900001)"
DP_CITIZEN2_TOKEN="$(token citizen2 --cpr 6202900002)"
DP_COMPANY_TOKEN="$(token company --cvr 99000011)"
DP_COMPANY2_TOKEN="$(token company2 --cvr 99000012)"
ENV
    chmod 600 "$dir/env.new"
    mv "$dir/env.new" "$dir/env"
}

write_first_letter() {
    [ -e "$dir/letter.xml" ] && return
    DP_SENDER_CVR=99000001 DP_CITIZEN_CPR=6101900001 \
        "$root/tests/lib/letter.sh" "$(cat /proc/sys/kernel/random/uuid)" >"$dir/letter.xml"
}

# ---- commands ----

make_sandbox() {
    port=$1
    [ -x "$build/dpctl" ] || die "$build/dpctl is not built; run make first"
    mkdir -p "$dir/keys"
    chmod 700 "$dir/keys"
    if [ "$port" = 0 ]; then
        port=$(sed -n 's/^DP_PORT="\([0-9]*\)"$/\1/p' "$dir/env" 2>/dev/null || true)
        [ -n "$port" ] || port=$(free_port)
    fi
    ! has_users || make_users
    socket_group=$(id -gn)
    ! has_users || socket_group=$nginx_user
    choose_run_dir
    choose_switch_user
    make_certificates
    make_token_key
    write_settings
    write_nginx
    [ -e "$dir/registered" ] || register
    write_environment
    write_first_letter
}

tell_addresses() {
    local uuid
    uuid=$(sed -n 's:.*<memo\:messageUUID>\(.*\)</memo\:messageUUID>.*:\1:p' "$dir/letter.xml")
    cat <<TEXT

The gateway serves. Ctrl-C stops it.

  client certificates   $DP_URL/apis/v1/
  bearer tokens         $DP_READER_URL/apis/v1/
  health and metrics    $DP_MONITOR_URL/readyz  $DP_MONITOR_URL/metrics

This sends the first letter, in a second terminal:

  (. $dir/env && curl --cacert "\$DP_CA" --cert "\$DP_SENDER_CERT" --key "\$DP_SENDER_KEY" -H "Authorization: \$DP_SENDER_AUTH" -H 'Content-Type: application/xml' --data-binary @$dir/letter.xml "\$DP_URL/apis/v1/memos/?memo-message-uuid=$uuid")

'make demo' shows more. $dir/env has all addresses, keys and people.

TEXT
}

alive() {
    kill -0 "$1" 2>/dev/null
}

# Ends nginx first, so that what is under way is answered, then the gateway, which drains.
stop_all() {
    local tries
    if alive "$nginx"; then
        kill -QUIT "$nginx" 2>/dev/null || true
        for ((tries = 0; tries < 150; tries++)); do
            alive "$nginx" || break
            sleep 0.1
        done
        kill -TERM "$nginx" 2>/dev/null || true
    fi
    kill -TERM "$gateway" 2>/dev/null || true
    # A second Ctrl-C must not leave anything behind: waiting goes on until both are gone.
    while alive "$gateway" || alive "$nginx"; do
        wait "$gateway" "$nginx" 2>/dev/null || true
    done
}

ready() {
    [ "$(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' --max-time 5 --cacert "$DP_CA" "$DP_URL/readyz")" = 200 ]
}

wait_until_ready() {
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        if [ "$stopping" = yes ] || ! alive "$gateway" || ! alive "$nginx"; then
            return
        fi
        ! ready || { tell_addresses && return; }
        sleep 0.1
    done
    echo "sandbox: the gateway does not become ready; what it says stands above." >&2
}

check_ports() {
    local pid
    ports_busy "$DP_PORT" || return 0
    pid=$(cat "$DP_RUN/dpgateway.pid" 2>/dev/null || true)
    if [ -n "$pid" ] && alive "$pid"; then
        die "it is served already, by process $pid. Stop that one first (Ctrl-C in its terminal)."
    fi
    die "port $DP_PORT or one of the two after it is in use by another program. Take others: make run PORT=9443"
}

# Runs a program that ends with this one, whatever happens to it, and that Ctrl-C does not reach by itself.
start() {
    set -m
    setpriv --pdeathsig TERM "$@" &
    set +m
}

serve_sandbox() {
    [ -r "$dir/env" ] || die "there is none in $dir yet; make run makes one"
    # shellcheck disable=SC1091
    . "$dir/env"
    check_ports
    mkdir -p "$DP_RUN"
    stopping=no
    trap 'stopping=yes' INT TERM HUP
    start "$build/dpgateway" --config "$dir/gateway.ini"
    gateway=$!
    start env TZ=UTC nginx -e stderr -p "$dir" -c "$dir/nginx.conf"
    nginx=$!
    wait_until_ready
    # Not `wait`: a signal just before it would set the word and be waited for all the same.
    while [ "$stopping" = no ] && alive "$gateway" && alive "$nginx"; do
        sleep 0.1
    done
    if [ "$stopping" = no ]; then
        alive "$gateway" || echo "sandbox: the gateway ended by itself; nginx is stopped as well." >&2
        alive "$nginx" || echo "sandbox: nginx ended by itself; the gateway is stopped as well." >&2
    fi
    stop_all
    [ "$stopping" = yes ]
}

command=${1:-}
[ $# -ge 2 ] || command=
dir=${2:-}
[ -z "$dir" ] || dir=$(realpath -m "$dir")
export KEYS_BELOW=$dir
case $command in
make)
    [[ ${3:-} =~ ^(0|[1-9][0-9]{0,4})$ && $3 -le 65533 ]] || die "PORT is a number up to 65533, 0 for free ones"
    make_sandbox "$3"
    ;;
serve) serve_sandbox ;;
certificate)
    shift 2
    exec "$ca" odd "$dir/ca" "$@"
    ;;
*)
    echo "usage: sandbox.sh make DIR PORT | serve DIR | certificate DIR FILE ..." >&2
    exit 2
    ;;
esac
