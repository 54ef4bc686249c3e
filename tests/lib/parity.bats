#!/usr/bin/env bats
# The gateway's verdicts beside those of xmllint, by our own schemas (make parity does it with the official ones).

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# Our schemas in the layout of the official ones, for somebody to change one.
as_official() {
    mkdir -p "$BATS_TEST_TMPDIR/o/xsd-1.1" "$BATS_TEST_TMPDIR/o/xsd-1.2/Version1.2"
    cp "$ROOT"/schema/memo/1.1/*.xsd "$BATS_TEST_TMPDIR/o/xsd-1.1/"
    cp "$ROOT"/schema/memo/1.2/*.xsd "$BATS_TEST_TMPDIR/o/xsd-1.2/Version1.2/"
    mkdir "$BATS_TEST_TMPDIR/o/examples-1.2"
    cp "$ROOT"/tests/data/memo/valid/full-1.2.xml "$BATS_TEST_TMPDIR/o/examples-1.2/"
    mv "$BATS_TEST_TMPDIR/o/xsd-1.1/message.xsd" "$BATS_TEST_TMPDIR/o/xsd-1.1/MeMo_core.xsd"
    mv "$BATS_TEST_TMPDIR/o/xsd-1.2/Version1.2/message.xsd" "$BATS_TEST_TMPDIR/o/xsd-1.2/Version1.2/MeMo_core.xsd"
}

@test "2,000 mutations of each version get the verdict that xmllint gives them" {
    run "$ROOT/tests/lib/parity.sh"
    echo "$output" >&2
    [ "$status" = 0 ]
    [ "$(grep -c ' verdicts compared, 0 differ' <<<"$output")" = 2 ]
    [ "$(grep -c '^seed: [0-9]' <<<"$output")" = 2 ]
}

@test "every simple type is touched, whatever the seed throws" {
    MUTATIONS=200 SEED=2459540517 run "$ROOT/tests/lib/parity.sh"
    echo "$output" >&2
    [ "$(grep -c '^touched: ' <<<"$output")" = 2 ]
    [[ "$output" != *'was not touched'* ]]
}

@test "a schema that says something else is found out" {
    as_official
    SEED=1 run "$ROOT/tests/lib/parity.sh" "$BATS_TEST_TMPDIR/o"
    [ "$status" = 0 ]
    grep -q 'maxLength value="256"' "$BATS_TEST_TMPDIR/o/xsd-1.2/Version1.2/types.xsd"
    sed -i 's/maxLength value="256"/maxLength value="255"/' "$BATS_TEST_TMPDIR/o/xsd-1.2/Version1.2/types.xsd"
    SEED=1 KEEP="$BATS_TEST_TMPDIR" run "$ROOT/tests/lib/parity.sh" "$BATS_TEST_TMPDIR/o"
    echo "$output" >&2
    [ "$status" = 1 ]
    [ "$(grep -c ' verdicts compared, 0 differ' <<<"$output")" = 1 ]
}

@test "an element that no example has is named, and not passed over" {
    as_official
    sed -i '0,/<xs:element name="[^"]*"/s//<xs:element name="neverSeen"\/>&/' \
        "$BATS_TEST_TMPDIR/o/xsd-1.2/Version1.2/gln.xsd"
    SEED=1 KEEP="$BATS_TEST_TMPDIR" run "$ROOT/tests/lib/parity.sh" "$BATS_TEST_TMPDIR/o"
    echo "$output" >&2
    [ "$status" = 1 ]
    [[ "$output" == *neverSeen* ]]
}
