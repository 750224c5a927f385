#!/bin/sh
# The demo does what it says, on a board folder that it takes away again. Argument: the built
# rekindle (its siblings stand beside it).
set -u
cd "$(dirname "$0")/.." || exit 1
if ! "$1" image info core-tinker-0.7.0 >/dev/null 2>&1; then
    echo 'skip: no published image core-tinker-0.7.0 (./x images)'
    exit 77
fi
output=$(demo/run "$1" </dev/null 2>&1)
result=$?
printf '%s\n' "$output" | sed 's/^/# /'
number=0
check() { # WHAT LINE
    number=$((number + 1))
    if printf '%s\n' "$output" | grep -qE -e "$2"; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        result=1
    fi
}
check 'a fresh board starts and asks for Wi-Fi settings' 'blinking blue - listening mode'
echo "1..$number"
exit $result
