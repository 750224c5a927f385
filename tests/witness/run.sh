#!/bin/sh
# The JavaScript witness, both ways: run.sh WITNESS_DEVICE REKINDLE_SERVER. The package is installed once
# into the cache, checked against package-lock.json. Without node or registry it is a skip (77), with
# CI=true a failure.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
device=$1
server=$2

skip() {
    echo "SKIP: $*"
    if [ "${CI:-}" = true ]; then
        exit 1
    fi
    exit 77
}

command -v npm >/dev/null 2>&1 || skip "no npm"
hash=$(sha256sum "$here/package-lock.json" | cut -c 1-16)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rekindle/witness-$hash
if [ ! -d "$cache/node_modules/@brewskey/spark-protocol" ]; then
    mkdir -p "$cache"
    cp "$here/package.json" "$here/package-lock.json" "$cache/"
    (cd "$cache" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1) ||
        skip "npm ci failed, see $cache/npm.log"
fi
status=0
WITNESS_MODULES=$cache/node_modules node "$here/witness.js" server "$device" || status=1
WITNESS_MODULES=$cache/node_modules node "$here/witness.js" device "$server" || status=1
exit $status
