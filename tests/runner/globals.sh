#!/bin/sh
# No mutable globals in these libraries: many boards live in one process. Arguments: static
# libraries. Constant tables with pointers in them (.data.rel.ro) are not mutable.
set -u
number=0
status=0
for library; do
    number=$((number + 1))
    found=$(nm --format=sysv "$library" 2>/dev/null | awk -F'|' '
        { gsub(/ /, "", $1); gsub(/ /, "", $7) }
        $4 ~ /OBJECT|TLS/ && $7 ~ /^\.(data|bss|tdata|tbss)/ && $7 !~ /^\.data\.rel\.ro/ {
            print $1 " in " $7
        }')
    name=$(basename "$library")
    if ! nm "$library" 2>/dev/null | grep -q ' T '; then
        echo "not ok $number - $name has symbols to look at"
        status=1
    elif [ -z "$found" ]; then
        echo "ok $number - $name has no mutable globals"
    else
        echo "not ok $number - $name has no mutable globals"
        printf '%s\n' "$found" | sed 's/^/# /'
        status=1
    fi
done
echo "1..$number"
exit $status
