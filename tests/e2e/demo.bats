#!/usr/bin/env bats
# make demo, as the README promises it.

load lib

setup_file() {
    sandbox_start
}

teardown_file() {
    sandbox_stop
}

@test "the demo tells its seven steps, twice in a row" {
    for time in first second; do
        run "$ROOT/tests/lib/demo.sh" "$SANDBOX_DIR"
        echo "$time: $output" >&2
        # shellcheck disable=SC2154 # set by run
        [ "$status" = 0 ]
        [ "$(grep -cE '^[1-7]\. ' <<<"$output")" = 7 ]
    done
    grep -q file.name.not.allowed <<<"$output"
    grep -q https:// <<<"$output"
}

@test "without a sandbox it says how to start one" {
    run "$ROOT/tests/lib/demo.sh" "$BATS_TEST_TMPDIR/none"
    [ "$status" = 1 ]
    [[ "$output" == *"make run"* ]]
}

@test "with a sandbox that is not served it says so" {
    sandbox_halt
    run "$ROOT/tests/lib/demo.sh" "$SANDBOX_DIR"
    [ "$status" = 1 ]
    [[ "$output" == *"is not running"* ]]
    sandbox_serve
}
