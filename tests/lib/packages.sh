#!/bin/sh
# Installs the Debian packages that a set of targets needs, and nothing when they are there.
#
#   packages.sh build    builds: make all
#   packages.sh run      and serves: make run, make demo
#   packages.sh test     and everything that make test needs
#   packages.sh bench    and what make bench and make crash need
#   packages.sh container    what make container-test builds and starts images with; they build the programs
#
# As root with apt-get, else with sudo; where neither works it names the packages in one line and ends with status 1.
set -eu

build="gcc libc6-dev make pkg-config libfcgi-dev libxml2-dev libjansson-dev libsqlite3-dev libssl-dev libseccomp-dev
       libcjose-dev libinih-dev libcurl4-openssl-dev liblz4-dev"
run="$build nginx openssl curl jq procps"
test="check bats clang clang-format libclang-rt-14-dev libfcgi-bin libxml2-utils python3 sqlite3 shellcheck strace
      universal-ctags gcovr"
bench="valgrind linux-perf wrk"
container="buildah podman runc iptables mmdebstrap docker-compose python3-yaml openssl curl jq procps"

case "${1:-}" in
build) wanted=$build ;;
run) wanted=$run ;;
test) wanted="$run $test" ;;
bench) wanted="$run $test $bench" ;;
container) wanted=$container ;;
*)
    echo "usage: packages.sh build|run|test|bench|container" >&2
    exit 2
    ;;
esac

# The packages of the list that are not installed, on one line.
missing() {
    # shellcheck disable=SC2086 # a list of words
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted 2>/dev/null |
        awk -v wanted="$wanted" '$2 == "installed" { there[$1] = 1 }
            END { n = split(wanted, names); for (i = 1; i <= n; i++) if (!there[names[i]]) printf "%s ", names[i] }'
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086 # blanks and line ends of the lists become one blank
    echo "This is not a Debian machine, so nothing can be installed here. Needed are:" $wanted >&2
    exit 1
fi

lacking=$(missing)
[ -n "$lacking" ] || exit 0

# How this user may install: empty as root, else a command before apt-get.
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
elif command -v sudo >/dev/null && [ -t 0 ]; then
    as_root=sudo
else
    echo "These packages are missing and this user may not install them: ${lacking% }" >&2
    echo "Let an administrator run: apt-get install --no-install-recommends ${lacking% }" >&2
    exit 1
fi

apt() {
    # shellcheck disable=SC2086 # zero to two words before the command
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

# shellcheck disable=SC2086
install() {
    apt install -y --no-install-recommends $lacking >"$log" 2>&1
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing ${lacking% }"
# A fresh machine knows no package lists, an old one knows versions that are gone: then once more with new lists.
if ! install && ! { apt update >"$log" 2>&1 && install; }; then
    tail -n 20 "$log" >&2
    echo "The packages above could not be installed." >&2
    exit 1
fi
lacking=$(missing)
if [ -n "$lacking" ]; then
    echo "apt-get did not install: ${lacking% }" >&2
    exit 1
fi
