#!/bin/sh
# What a reader could check by eye and should not have to: the arrows of ARCHITECTURE.md between
# folders, the layout (clang-format, .editorconfig), shell scripts (shellcheck), what has no place in
# git.
set -u
cd "$(dirname "$0")/../.." || exit 1
number=0
status=0

report() { # WHAT OFFENDING-LINES
    number=$((number + 1))
    if [ -z "$2" ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
        status=1
    fi
}

tracked() { git ls-files -- "$@"; }
sources() { tracked "$@" | grep -vE '(_test|_fuzz|suite)\.[ch]$|/test_|^server/peer/'; } # tests may link several folders

arrow() { # FOLDER ALLOWED-REGEX: what the sources of a folder include with quotes
    report "$1 includes only $(printf '%s' "$2" | sed 's/|/ and /g')" "$(
        sources "$1/*.c" "$1/*.h" | xargs -r grep -HoE '^ *# *include "[^"]+"' |
            grep -vE "\"($2)/"
    )"
}

if ! git rev-parse >/dev/null 2>&1; then
    echo 'skip: not a git checkout'
    exit 77
fi

arrow common common
arrow cli 'common|cli'
arrow server 'common|server'
arrow emu 'common|emu'
arrow firmware 'common|firmware'

report 'server/device has no loop, socket or store' "$(
    sources 'server/device/*.[ch]' | xargs -r grep -HnE \
        '#include ("server/(loop|http|api|store)|<(uv|microhttpd|sqlite3)\.h|<sys/socket)'
)"
# firmware/app/seal.c is a program for the machine that builds.
report 'common and firmware are freestanding' "$(
    sources 'common/*.[ch]' 'firmware/*.[ch]' | grep -v '^firmware/app/seal\.c$' |
        xargs -r grep -HnE '#include <(stdio|stdlib|time|errno|unistd|malloc)\.h>'
)"
report 'clang-format agrees' "$(
    tracked '*.c' '*.h' | xargs -r clang-format --dry-run 2>&1 | grep 'warning:'
)"
report 'shellcheck agrees' "$(
    tracked | xargs -r grep -lIE '^#!/bin/(sh|bash)' | xargs -r shellcheck -S warning 2>&1
)"
report 'no space at line ends' "$(
    tracked '*.c' '*.h' '*.def' '*.sh' '*.build' x | xargs -r grep -HnIE '[[:blank:]]+$'
)"
report 'no unfinished marks' "$(
    tracked '*.c' '*.h' '*.sh' x | grep -v '^tests/runner/style.sh$' |
        xargs -r grep -HnIE '\b(TODO|FIXME|XXX)\b'
)"
report 'no binaries, nothing over 400 kB' "$(
    tracked | grep -E '\.(bin|elf|der|o|a|so|exe|tgz|deb)$'
    tracked | xargs -r -d '\n' stat -c '%s %n' 2>/dev/null | awk '$1 > 400000'
)"
echo "1..$number"
exit $status
