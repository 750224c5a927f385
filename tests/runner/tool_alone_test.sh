#!/bin/sh
# The tool alone: configured, built and run where pkg-config knows its five libraries and what they
# need, and nothing else; and the program links nothing beyond them.
set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0
status=0

check() { # WHAT, the result of the command before
    result=$?
    number=$((number + 1))
    if [ $result -eq 0 ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        sed 's/^/# /' "$scratch/log"
        status=1
    fi
}

# Copies a package's .pc file and those it requires.
keep() {
    for name; do
        [ ! -f "$scratch/pc/$name.pc" ] || continue
        folder=$(pkg-config --variable=pcfiledir "$name" 2>/dev/null)
        [ -f "$folder/$name.pc" ] || continue
        cp "$folder/$name.pc" "$scratch/pc/"
        # shellcheck disable=SC2046 # one name per word
        keep $(pkg-config --print-requires --print-requires-private "$name" | sed 's/ .*//')
    done
}

mkdir "$scratch/pc"
keep libusb-1.0 libserialport libcurl libarchive jansson
PKG_CONFIG_LIBDIR=$scratch/pc
export PKG_CONFIG_LIBDIR

meson setup "$scratch/b" -Dserver=disabled -Demu=disabled >"$scratch/log" 2>&1
check 'configures with five libraries'
ninja -C "$scratch/b" >"$scratch/log" 2>&1
check 'builds'
"$scratch/b/rekindle" version >"$scratch/log" 2>&1
check 'runs'
! ldd "$scratch/b/rekindle" | grep -vE 'linux-vdso|ld-linux|libc\.|libusb|libserialport|libjansson|libudev|libcap' \
    >"$scratch/log"
check 'links nothing beyond them (libcurl and libarchive are loaded on first use)'
meson setup "$scratch/auto" >"$scratch/log" 2>&1
check 'configures without options, too: what lacks its libraries is left out'
echo "1..$number"
exit $status
