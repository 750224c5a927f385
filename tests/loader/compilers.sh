#!/bin/sh
# The firmware builds with clang as well as with gcc, without a warning, and the bootloader fits its
# 16 KB either way. TAP; 77: no compiler for the chip.
set -u
cd "$(dirname "$0")/../.." || exit 1
number=0
status=0

result() { # TEXT TEST...
    number=$((number + 1))
    text=$1
    shift
    if "$@"; then
        echo "ok $number - $text"
    else
        echo "not ok $number - $text"
        status=1
    fi
}

if ! command -v arm-none-eabi-gcc >/dev/null || ! command -v ld.lld >/dev/null; then
    echo 'skip: arm-none-eabi-gcc, clang or lld is missing (./x setup test)'
    exit 77
fi

for compiler in gcc clang; do
    case $compiler in
    gcc) cross=cross/arm-none-eabi.ini ;;
    clang) cross=cross/arm-none-eabi-clang.ini ;;
    esac
    folder=build-arm-$compiler
    [ -f "$folder/build.ninja" ] ||
        meson setup "$folder" --cross-file "$cross" -Dwerror=true >"$folder.log" 2>&1
    ninja -C "$folder" >"$folder.log" 2>&1
    result "$compiler builds it" test $? -eq 0
    size=$(wc -c <"$folder/firmware/boot/boot.bin" 2>/dev/null || echo 99999)
    result "$compiler: the bootloader has $size of 16384 bytes" test "$size" -le 16384
    [ "$status" -eq 0 ] || sed 's/^/# /' "$folder.log" | tail -n 20
    rm -f "$folder.log"
done
echo "1..$number"
exit $status
