#!/bin/sh
# The summing of test cases, on logs as Meson writes them: cases and not programs are counted, a
# crash and a missing log are failures, skips carry their reason, tables come through.
set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0
status=0

entry() { # NAME RESULT < output
    printf '\n=================================== 1/9 ====================================\n'
    printf 'test:         rekindle:unit / %s\nstart time:   10:00:00\nduration:     0.10s\nresult:       %s\n' "$1" "$2"
    printf 'command:      /build/test_%s\n' "$1"
    printf '%s\n' '----------------------------------- stdout -----------------------------------'
    cat
    printf '==============================================================================\n'
}

check() { # WHAT WANTED-LINE WANTED-STATUS LOG...
    number=$((number + 1))
    what=$1 wanted=$2 wanted_status=$3
    shift 3
    awk -v more_failures=0 -f tests/runner/summary.awk -- "$@" >"$scratch/out"
    got_status=$?
    if grep -qxF -e "$wanted" "$scratch/out" && [ $got_status -eq "$wanted_status" ]; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        sed 's/^/# /' "$scratch/out"
        status=1
    fi
}

printf '1..3\nok 1 - a\nskip: no published image x\nnot ok 2 # SKIP b\nok 3 - c\n# ok - t\n' |
    entry good 'exit status 0' >"$scratch/good"
printf '1..2\nok 1 - a\nnot ok 2 - b\n# boom\n# not ok - t\n' | entry bad 'exit status 1' >"$scratch/bad"
printf '1..2\nok 1 - a\n==1==ERROR: AddressSanitizer\n' | entry crash 'killed by signal 6 SIGABRT' >"$scratch/crash"
printf '| image | signal |\nall well\n' | entry plain 'exit status 0' >"$scratch/plain"
printf 'skip: no kernel\n' | entry other 'exit status 77' >"$scratch/other"
printf '1..3\nok 1 - a\n' | entry short 'exit status 0' >"$scratch/short"
: >"$scratch/empty"

check 'cases are counted' '2 passed, 0 failed, 1 skipped' 0 "$scratch/good"
check 'a skip shows its reason' 'skipped good b: no published image x' 0 "$scratch/good"
check 'a failed case fails the run' '1 passed, 1 failed, 0 skipped' 1 "$scratch/bad"
check 'the output of a failed program is shown' '    # boom' 1 "$scratch/bad"
check 'a crash without a failed case is a failure' '1 passed, 1 failed, 0 skipped' 1 "$scratch/crash"
check 'cases that never ran are a failure' '1 passed, 1 failed, 0 skipped' 1 "$scratch/short"
check 'a program without cases is one' '1 passed, 0 failed, 0 skipped' 0 "$scratch/plain"
check 'table rows come through' '  | image | signal |' 0 "$scratch/plain"
check 'exit status 77 is a skip' 'skipped other: no kernel' 0 "$scratch/other"
check 'a missing log is a failure' '2 passed, 1 failed, 1 skipped' 1 "$scratch/good" "$scratch/none"
check 'an empty log adds nothing' '2 passed, 0 failed, 1 skipped' 0 "$scratch/empty" "$scratch/good"
check 'several logs are summed' '5 passed, 2 failed, 2 skipped' 1 \
    "$scratch/good" "$scratch/bad" "$scratch/crash" "$scratch/plain" "$scratch/other"
echo "1..$number"
exit $status
