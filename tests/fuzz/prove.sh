#!/bin/sh
# Can the fuzz targets find anything? Each file planted/TARGET.sed plants one bug (its first line names
# the source file) in a copy of the tree; the target must find it within a minute, starting from the
# seeds. Arguments: targets, none = all.
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ $# -eq 0 ]; then
    for plant in tests/fuzz/planted/*.sed; do
        plant=${plant##*/}
        set -- "$@" "${plant%.sed}"
    done
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0
status=0

result() { # ok|not ok, TEXT
    number=$((number + 1))
    echo "$1 $number - $2"
    [ "$1" = ok ] || status=1
}

mkdir "$scratch/tree"
git ls-files -z | xargs -0 tar cf - | tar xf - -C "$scratch/tree"
CC=clang meson setup "$scratch/b" "$scratch/tree" -Dfuzz=true -Dtests=disabled -Dbench=disabled \
    -Db_sanitize=address,undefined -Db_lundef=false >"$scratch/log" 2>&1 ||
    { cat "$scratch/log"; exit 1; }

for target; do
    plant=tests/fuzz/planted/$target.sed
    source=$(sed -n '1s/^# //p' "$plant")
    sed -f "$plant" "$source" >"$scratch/tree/$source"
    if cmp -s "$source" "$scratch/tree/$source"; then
        result 'not ok' "$target: the plant no longer fits $source"
        continue
    fi
    if ! ninja -C "$scratch/b" "fuzz_$target" >"$scratch/log" 2>&1; then
        sed 's/^/# /' "$scratch/log"
        result 'not ok' "$target: does not build"
        continue
    fi
    mkdir -p "$scratch/corpus/$target"
    start=$(date +%s)
    if "$scratch/b/fuzz_$target" -max_total_time=60 -timeout=5 -verbosity=0 -seed=1 \
        -artifact_prefix="$scratch/" "$scratch/corpus/$target" "tests/fuzz/seeds/$target" \
        >"$scratch/log" 2>&1; then
        result 'not ok' "$target: did not find the bug in $source within 60 s"
    else
        what=$(sed -n 's/^SUMMARY: //p' "$scratch/log" | head -n 1)
        result ok "$target: found in $(($(date +%s) - start)) s: $what"
    fi
    cp "$source" "$scratch/tree/$source"
done
echo "1..$number"
exit $status
