#!/bin/bash
# Does the gateway find the same documents valid as xmllint does?
#
#   parity.sh            by our own schemas, over our own examples and mutations of them
#   parity.sh OFFICIAL   by the official schemas in that folder (xsd-1.1/MeMo_core.xsd, xsd-1.2/Version1.2/MeMo_core.xsd),
#                        over the examples there, ours, and mutations of both
#
# MUTATIONS (2000) for each version, from SEED (a new one unless it is given; it is printed). Every element, attribute and
# simple type of the schema must be touched, and at least 30 % of the mutations be valid by xmllint. What the gateway
# refuses before a schema is asked (DOCTYPE, processing instructions, other encodings, markup in a content, another root or
# version) is no verdict of the schema: it is counted, and none of the mutations may be of that kind. Exit status 1 when one verdict differs.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
tool=${BUILD:-$root/build}/tests/parity
mutations=${MUTATIONS:-2000}
seed=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
official=${1:-}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

schema_of() {
    if [ -z "$official" ]; then
        echo "$root/schema/memo/$1/message.xsd"
    elif [ "$1" = 1.1 ]; then
        echo "$official/xsd-1.1/MeMo_core.xsd"
    else
        echo "$official/xsd-1.2/Version1.2/MeMo_core.xsd"
    fi
}

# Examples that say they are of this version, or do not say it: another's would be judged by the other schema.
examples_of() {
    local version=$1 file
    for file in "$root"/tests/data/memo/{valid,invalid}/*.xml ${official:+"$official"/examples-*/*.xml}; do
        if grep -aqE 'memoVersion' "$file" && ! grep -aqE "memoVersion *= *[\"']0*${version/./\\.}0*[\"']" "$file"; then
            continue
        fi
        echo "$file"
    done
}

# Ours in $folder/ours, xmllint's in $folder/theirs, both as "valid|invalid PATH"; what is refused before, apart.
verdicts() {
    local version=$1 schema=$2
    local -a files
    mapfile -t files < <(examples_of "$version")
    mkdir "$folder/$version"
    "$tool" --version "$version" --schema "$schema" --seed "$seed" --count "$mutations" --out "$folder/$version" \
        "${files[@]}" >"$folder/said" || return 1
    awk '$1 != "refused" { print $1, $2 }' "$folder/said" | sort >"$folder/ours"
    awk '$1 == "refused" { print $2, $3 }' "$folder/said" | sort >"$folder/refused"
    awk '$1 != "refused" { print $2 }' "$folder/said" | xargs xmllint --nonet --noout --schema "$schema" \
        >/dev/null 2>"$folder/lint" || true
    sed -nE 's/^(.*) validates$/valid \1/p; s/^(.*) fails to validate$/invalid \1/p' "$folder/lint" | sort >"$folder/theirs"
    # A document that is not well-formed gets no verdict from xmllint: it is not valid.
    sed -E 's/^[a-z]+ //' "$folder/theirs" | sort >"$folder/told"
    awk '$1 != "refused" { print $2 }' "$folder/said" | sort | comm -23 - "$folder/told" | sed 's/^/invalid /' >>"$folder/theirs"
    sort -o "$folder/theirs" "$folder/theirs"
}

compare() {
    local version=$1 schema compared valid differ refused
    schema=$(schema_of "$version")
    echo "MeMo $version by ${schema#"$root/"}"
    if ! verdicts "$version" "$schema"; then
        failed=1
        return
    fi
    comm -3 "$folder/ours" "$folder/theirs" >"$folder/differ"
    differ=$(($(wc -l <"$folder/differ") / 2))
    compared=$(wc -l <"$folder/ours")
    valid=$(grep -c "^valid $folder/$version/" "$folder/theirs" || true)
    refused=$(grep -c "^$folder/$version/" "$folder/refused" || true)
    echo "  $compared verdicts compared, $differ differ"
    echo "  $mutations mutations, $valid valid by xmllint ($((valid * 100 / mutations)) %)," \
        "$refused refused before the schema"
    echo "  $(($(wc -l <"$folder/refused") - refused)) examples refused before the schema: the codes" \
        "$(awk '{ print $2 }' "$folder/refused" | sort -u | tr '\n' ' ')"
    if [ -s "$folder/differ" ]; then
        echo "  ours (left), xmllint's (right), kept in ${KEEP:=$(mktemp -d)}:"
        sed 's/^/    /' "$folder/differ"
        cp -r "$folder/$version" "$folder/said" "$folder/lint" "$KEEP/"
        failed=1
    fi
    if [ $((valid * 100)) -lt $((mutations * 30)) ] || [ "$refused" -gt 0 ]; then
        echo "  too few valid mutations, or some that no schema judged"
        failed=1
    fi
    rm -rf "${folder:?}/$version"
}

compare 1.1
compare 1.2
exit $failed
