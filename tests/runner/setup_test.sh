#!/bin/sh
# ./x setup against a stand-in for apt and dpkg: what it prints, how often it calls apt-get, that a
# second run does nothing, and what it does without root.
set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export SCRATCH="$scratch"
number=0
status=0

mkdir "$scratch/bin"
cat >"$scratch/bin/dpkg-query" <<'FAKE'
#!/bin/sh
[ ! -f "$SCRATCH/installed" ] || sed 's/^/installed /' "$SCRATCH/installed"
FAKE
cat >"$scratch/bin/apt-get" <<'FAKE'
#!/bin/sh
echo "$*" >>"$SCRATCH/calls"
case " $* " in
*' update '*) : >"$SCRATCH/lists"; exit 0 ;;
esac
[ -f "$SCRATCH/lists" ] || { echo 'E: Unable to locate package' >&2; exit 100; }
case " $* " in
*' --print-uris '*)
    echo '0 upgraded, 12 newly installed, 0 to remove and 3 not upgraded.'
    echo 'Need to get 1,234 kB/5,678 kB of archives.'
    echo 'After this operation, 21.4 MB of additional disk space will be used.'
    ;;
*) printf '%s\n' "$@" >>"$SCRATCH/installed" ;;
esac
FAKE
cat >"$scratch/bin/id" <<'FAKE'
#!/bin/sh
cat "$SCRATCH/uid"
FAKE
cat >"$scratch/sudo" <<'FAKE'
#!/bin/sh
echo "sudo $*" >>"$SCRATCH/calls"
exec "$@"
FAKE
chmod +x "$scratch/bin/"* "$scratch/sudo"

fresh() { # UID: a machine with nothing installed
    rm -f "$scratch/installed" "$scratch/calls" "$scratch/lists"
    echo "$1" >"$scratch/uid"
    : >"$scratch/calls"
}

setup() { PATH="$scratch/bin:$PATH" ./x setup "$@" >"$scratch/out" 2>&1; }

check() { # WHAT: the result of the command before
    result=$?
    number=$((number + 1))
    if [ $result -eq 0 ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        sed 's/^/# /' "$scratch/out" "$scratch/calls"
        status=1
    fi
}

calls() { grep -c -e "$1" "$scratch/calls"; }

fresh 0
touch "$scratch/lists"
setup tool && grep -qx 'setup tool: 12 packages, 1,234 kB to download, 21.4 MB on disk' "$scratch/out"
check 'prints how many packages and how large'
[ "$(calls ' install ')" -eq 2 ] && [ "$(calls update)" -eq 0 ] &&
    [ "$(grep ' install ' "$scratch/calls" | grep -vc print-uris)" -eq 1 ]
check 'one apt-get call changes the machine'
grep ' install ' "$scratch/calls" | grep -v print-uris | grep -q -e '--no-install-recommends.* libusb-1.0-0-dev '
check 'without recommended packages'
: >"$scratch/calls"
setup tool && [ ! -s "$scratch/calls" ]
check 'a second run calls nothing'
setup demo && ! grep -qE 'node|qemu|wine|npm' "$scratch/installed"
check 'tier demo has no Node, QEMU or wine'

fresh 0
setup tool && [ "$(calls update)" -eq 1 ]
check 'empty package lists are updated first'

fresh 1000
touch "$scratch/lists"
cp "$scratch/sudo" "$scratch/bin/sudo"
setup tool && [ "$(calls '^sudo .*install')" -eq 1 ]
check 'not root: by sudo'

fresh 0
setup everything
[ $? -eq 1 ] && grep -q "no tier 'everything'" "$scratch/out"
check 'an unknown tier is named'
echo "1..$number"
exit $status
