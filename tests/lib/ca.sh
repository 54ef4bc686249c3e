#!/bin/sh
# A certificate authority shaped like OCES3, for sandboxes and tests: root, issuing CA, leaves whose subject is
# C=DK, organizationIdentifier=NTRDK-<CVR>, O=..., serialNumber=UI:DK-O:G:<UUID>, CN=... (RSA 3072, SHA-256).
#
#   ca.sh make DIR [NAME]                          root and issuing CA named NAME; DIR/issuers.pem holds both
#   ca.sh leaf DIR FILE CVR O UUID CN              a client's certificate: FILE.key, FILE.pem
#   ca.sh odd DIR FILE [--foreign] [--expired] --like CERTIFICATE | --subject /C=DK/...
#                                                  one with that subject, to try what is refused; --foreign: signed by
#                                                  another CA with the same names
#   ca.sh server DIR FILE                          a server's certificate for localhost and 127.0.0.1, from a CA of its
#                                                  own, DIR/server-ca.pem, that signs nothing else
#
# Everything is valid from a day ago, so that a clock that is a little behind does no harm. Keys are private (0600).
set -eu
umask 077

days_from_now() {
    date -u -d "$1 days" +%Y%m%d%H%M%SZ
}

# The settings of one signing CA in $1, whose certificates get the extensions of section $2.
settings() {
    cat <<END
[ca]
default_ca = signer
[signer]
dir = $1
certificate = $1/ca.crt
private_key = $1/ca.key
database = $1/index.txt
serial = $1/serial
new_certs_dir = $1/issued
default_md = sha256
unique_subject = no
copy_extensions = none
policy = any
x509_extensions = $2
string_mask = utf8only
[any]
commonName = optional
[ca_ext]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf_ext]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = clientAuth,emailProtection
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server_ext]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost,IP:127.0.0.1,IP:::1
END
}

# Runs openssl and shows what it says only when it fails.
ssl() {
    openssl "$@" >"$work/said" 2>&1 || {
        cat "$work/said" >&2
        exit 1
    }
}

# request KEY: a request in $work/request; the subject comes on standard input, so that no name needs quoting.
request() {
    {
        printf '[req]\ndistinguished_name = subject\nprompt = no\nstring_mask = utf8only\nutf8 = yes\n[subject]\n'
        cat
    } >"$work/request.cnf"
    ssl req -new -utf8 -key "$1" -config "$work/request.cnf" -out "$work/request"
}

# sign CA_DIR EXTENSIONS OUT FROM TO
sign() {
    settings "$1" "$2" >"$work/sign.cnf"
    ssl ca -batch -notext -preserveDN -config "$work/sign.cnf" -in "$work/request" -out "$work/signed" -startdate "$4" -enddate "$5" \
        -rand_serial
    mv "$work/signed" "$3"
    chmod 644 "$3"
}

# A key of this size takes most of a second. Tests make dozens of sandboxes, and their keys need not differ: where
# KEYS_KEPT is a folder, the key of a file below the folder KEYS_BELOW is made once and kept there for the next.
new_key() {
    kept=
    case $1 in
    "${KEYS_BELOW:-/nowhere}"/*)
        [ -z "${KEYS_KEPT:-}" ] || kept=$KEYS_KEPT/$(printf '%s' "${1#"$KEYS_BELOW"/}" | tr / +)
        ;;
    esac
    if [ -n "$kept" ] && [ -e "$kept" ]; then
        cp "$kept" "$1"
        return
    fi
    ssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$1"
    [ -z "$kept" ] || { cp "$1" "$kept.$$" && mv "$kept.$$" "$kept"; }
}

# signer DIR: a folder that can sign; its key is there, its certificate follows.
signer() {
    mkdir -p "$1/issued"
    : >"$1/index.txt"
    new_key "$1/ca.key"
}

# self_signed DIR CN
self_signed() {
    signer "$1"
    printf 'C = DK\nO = Sandkasse\nCN = %s\n' "$2" | request "$1/ca.key"
    settings "$1" ca_ext >"$work/sign.cnf"
    ssl ca -batch -notext -preserveDN -selfsign -keyfile "$1/ca.key" -config "$work/sign.cnf" -in "$work/request" -out "$1/ca.crt" \
        -startdate "$(days_from_now -1)" -enddate "$(days_from_now 3650)" -rand_serial
}

make_ca() {
    dir=$1 name=${2:-Sandkasse}
    mkdir -p "$dir"
    self_signed "$dir/root" "$name OCES rod-CA"
    signer "$dir/issuing"
    printf 'C = DK\nO = Sandkasse\nCN = %s OCES udstedende-CA 1\n' "$name" | request "$dir/issuing/ca.key"
    sign "$dir/root" ca_ext "$dir/issuing/ca.crt" "$(days_from_now -1)" "$(days_from_now 1825)"
    cat "$dir/root/ca.crt" "$dir/issuing/ca.crt" >"$dir/issuers.pem"
    chmod 644 "$dir/issuers.pem"
}

make_leaf() {
    dir=$1 file=$2
    new_key "$file.key"
    printf 'C = DK\norganizationIdentifier = NTRDK-%s\nO = %s\nserialNumber = UI:DK-O:G:%s\nCN = %s\n' "$3" "$4" "$5" "$6" |
        request "$file.key"
    sign "$dir/issuing" leaf_ext "$file.pem" "$(days_from_now -1)" "$(days_from_now 1095)"
}

make_odd() {
    dir=$1 file=$2 from=$(days_from_now -1) to=$(days_from_now 30)
    shift 2
    new_key "$file.key"
    while [ $# -gt 0 ]; do
        case $1 in
        --foreign)
            dir=$dir/foreign
            [ -e "$dir/issuers.pem" ] || make_ca "$dir"
            ;;
        --expired) from=$(days_from_now -400) to=$(days_from_now -1) ;;
        --like)
            ssl x509 -x509toreq -in "$2" -signkey "$file.key" -out "$work/request"
            shift
            ;;
        --subject)
            printf '[req]\ndistinguished_name = subject\n[subject]\n' >"$work/request.cnf"
            ssl req -new -utf8 -key "$file.key" -config "$work/request.cnf" -subj "$2" -out "$work/request"
            shift
            ;;
        *)
            echo "ca.sh odd: $1 is not known" >&2
            exit 2
            ;;
        esac
        shift
    done
    sign "$dir/issuing" leaf_ext "$file.pem" "$from" "$to"
}

make_server() {
    dir=$1 file=$2
    if [ ! -e "$dir/server-ca.pem" ]; then
        self_signed "$dir/server" "Sandkasse TLS rod-CA"
        cp "$dir/server/ca.crt" "$dir/server-ca.pem"
        chmod 644 "$dir/server-ca.pem"
    fi
    ssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$file.key"
    printf 'CN = localhost\n' | request "$file.key"
    sign "$dir/server" server_ext "$file.pem" "$(days_from_now -1)" "$(days_from_now 1095)"
}

command=${1:-}
[ $# -gt 1 ] || command=
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case $command in
make) shift && make_ca "$@" ;;
leaf) shift && make_leaf "$@" ;;
odd) shift && make_odd "$@" ;;
server) shift && make_server "$@" ;;
*)
    echo "usage: ca.sh make DIR [NAME] | leaf DIR FILE CVR O UUID CN | odd DIR FILE ... | server DIR FILE" >&2
    exit 2
    ;;
esac
