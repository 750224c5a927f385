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
if [ $result -eq 0 ] && printf '%s\n' "$output" | grep -q 'blinking blue - listening mode'; then
    echo 'ok 1 - a fresh board starts and asks for Wi-Fi settings'
else
    echo 'not ok 1 - a fresh board starts and asks for Wi-Fi settings'
fi
echo '1..1'
[ $result -eq 0 ]
