#!/bin/bash
# rekindle-emu from outside, as a person, a script, a debugger and a kill see it. Arguments: the built
# rekindle-emu and rekindle. Guests that misbehave are written here, instruction by instruction.
# shellcheck disable=SC2016 # GDB's and VCD's dollar signs
set -u
emu=$(realpath "$1")
rekindle=$(realpath "$2")
scratch=$(mktemp -d)
export XDG_DATA_HOME=$scratch/data
boards=$XDG_DATA_HOME/rekindle/boards
number=0
status=0
trap 'kill $(jobs -p) 2>/dev/null; wait 2>/dev/null; rm -rf "$scratch"' EXIT

result() { # WHAT TRUE-OR-FALSE
    number=$((number + 1))
    if [ "$2" = true ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        status=1
        sed 's/^/# /' "$scratch/out" "$scratch/err" 2>/dev/null | tail -n 25
    fi
}

run() { timeout 120 "$emu" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null; }

# check WHAT EXIT-CODE OUT-PATTERN ERR-PATTERN ARGUMENT... ; an empty pattern is not looked at
check() {
    local what=$1 code=$2 out=$3 err=$4 ok=true got
    shift 4
    run "$@"
    got=$?
    [ $got -eq "$code" ] || { ok=false; echo "# exit code $got" >>"$scratch/err"; }
    [ -z "$out" ] || grep -qE -e "$out" "$scratch/out" || ok=false
    [ -z "$err" ] || grep -qE -e "$err" "$scratch/err" || ok=false
    result "$what" $ok
}

word() { # VALUE... as little-endian words
    local v
    for v; do
        printf '\\x%02x\\x%02x\\x%02x\\x%02x' $((v & 255)) $((v >> 8 & 255)) $((v >> 16 & 255)) $((v >> 24 & 255))
    done
}

# guest FILE HANDLER-INSTRUCTION WORD... : 67 vectors, the handler at 0x100 under them, code at 0x10C
guest() {
    local file=$1 handler=$2 i
    shift 2
    {
        printf '%b' "$(word 0x20005000 0x0800510D)"
        for ((i = 2; i < 64; i++)); do printf '%b' "$(word 0x08005101)"; done
        printf '%b' "$(word "$handler" 0xFFFFFFFF 0xFFFFFFFF "$@")"
    } >"$scratch/$file"
}

# Thumb, two instructions a word, the lower half first; DDI0403 A7.
guest nowhere 0x47704770 0x47004800 0x60000001                     # ldr r0, =0x60000001; bx r0
guest lockup 0xDE00DE00 0x49034802 0xDE006001 0xBF00DE00 0xE000ED08 0x08005000 # VTOR; udf, also the handler
guest resets 0xE7FEE7FE 0x49024801 0xE7FE6001 0xE000ED0C 0x05FA0004 # AIRCR.SYSRESETREQ
guest spin 0xE7FEE7FE 0xE7FEE7FE                                    # b .
head -c 120000 /dev/zero | tr '\0' '\377' >"$scratch/blank"
{ cat "$scratch/spin"; head -c 120000 /dev/zero; } >"$scratch/large"
printf 'MZ and so on, a program for another machine' >"$scratch/foreign"

# ---- making boards -----------------------------------------------------------------------------

check 'alone it shows what it can do' 0 '^  run ' ''
check 'help of a command' 0 'usage: rekindle emu new NAME' '' new --help
check 'the signals it knows' 0 '^cloud-connected +breathing cyan' '' signals
check 'completions' 0 '_rekindle_emu' '' completions bash
check 'a man page' 0 '^\.TH ' '' man
check 'a new board' 0 'public key .*/device.pub.pem' '' new one --app "$scratch/spin" --id 53FF6d065077535228300287
result 'has its memories' "$([ "$(stat -c %s "$boards/one/internal.bin" "$boards/one/option.bin" \
    "$boards/one/external.bin" "$boards/one/radio.bin" | tr '\n' ' ')" = '131072 16 2097152 32768 ' ] && echo true)"
result 'has the id that was asked for' "$(grep -q '53ff6d065077535228300287' "$boards/one/board.json" && echo true)"
# cloud-protocol.md 1.3: padded PKCS#1, 611 bytes, at 0x2000; OpenSSL must still read it.
dd if="$boards/one/external.bin" of="$scratch/key.der" bs=1 skip=8192 count=611 status=none
result 'has a device key in the form that firmware reads' "$(
    [ "$(head -c 11 "$scratch/key.der" | od -An -tx1 | tr -d ' ')" = 3082025f02010002818100 ] && echo true)"
if command -v openssl >/dev/null; then
    result 'whose public half stands beside it' "$(
        openssl rsa -inform DER -in "$scratch/key.der" -pubout 2>/dev/null | cmp -s - "$boards/one/device.pub.pem" && echo true)"
    openssl genrsa -out "$scratch/server.pem" 2048 2>/dev/null
    openssl genrsa -out "$scratch/small.pem" 1024 2>/dev/null
    check 'a board that trusts a server' 0 '' '' new two --app "$scratch/spin" --server-key "$scratch/server.pem" \
        --device-key "$scratch/small.pem" --address 192.168.1.2:5683
    # host-tool.md 2.9: type, length, address; port at 66
    dd if="$boards/two/external.bin" of="$scratch/record" bs=1 skip=4480 count=128 status=none
    result 'has the address record' "$(
        [ "$(head -c 6 "$scratch/record" | od -An -tx1 | tr -d ' ')" = 0004c0a80102 ] &&
            [ "$(tail -c 62 "$scratch/record" | head -c 2 | od -An -tx1 | tr -d ' ')" = 1633 ] && echo true)"
    dd if="$boards/two/external.bin" of="$scratch/server.der" bs=1 skip=4096 count=294 status=none
    openssl pkey -in "$scratch/server.pem" -pubout -outform DER -out "$scratch/wanted.der" 2>/dev/null
    result 'has the server key' "$(cmp -s "$scratch/server.der" "$scratch/wanted.der" && echo true)"
    check 'a server key that is too small' 12 '' 'RSA key of 2048 bits' new x --app "$scratch/spin" --server-key "$scratch/small.pem"
    check 'a device key that is too large' 12 '' 'RSA key of 1024 bits' new x --app "$scratch/spin" --device-key "$scratch/server.pem"
fi
check 'an existing board is not overwritten' 1 '' 'exists already' new one --app "$scratch/spin"
check 'a bad id' 2 '' '24 hexadecimal' new x --id 12
check 'a bad address' 2 '' 'HOST:PORT' new x --address host:0
check 'a bad Wi-Fi' 2 '' 'SSID:wpa2:PASS' new x --wifi home:wpa2:short
check 'a blank image' 6 '' 'blank' new x --app "$scratch/blank"
check 'an image that is too big' 6 '' 'too big' new x --app "$scratch/large"
check 'a file that is no image' 6 '' 'vector table' new x --app "$scratch/foreign"
check 'an image that is not there' 1 '' 'image list' new x --app nothing
result 'nothing of that was left behind' "$([ "$(find "$boards" -mindepth 1 -maxdepth 1 | wc -l)" = "$([ -d "$boards/two" ] && echo 2 || echo 1)" ] && echo true)"
check 'a folder by its path' 0 '"id":"[0-9a-f]{24}"' '' new "$scratch/path/board" --app "$scratch/spin" --json
result 'is where it was asked for' "$([ -f "$scratch/path/board/board.json" ] && echo true)"
result 'rekindle emu is the same program' "$("$rekindle" emu help run 2>/dev/null | grep -q 'usage: rekindle emu run NAME' && echo true)"

# ---- guests that misbehave ---------------------------------------------------------------------

for kind in nowhere lockup resets; do run new $kind --app "$scratch/$kind"; done
check 'a guest that jumps into nowhere' 21 '' '0x60000000 for ever.*no code is|no code' run nowhere --for 10s
check 'a guest that locks up' 21 '' 'locked up' run lockup --for 10s
check 'a guest that resets for ever' 22 'reset \(software\)' 'resets for ever' run resets --for 10s
check 'a guest that does nothing is bounded' 0 'off - the LED is dark' 'the time is over' run one --for 2s
check 'a board without firmware can be made' 0 'with --app' '' new empty
check 'but not run' 6 '' 'has no firmware' run empty
check 'a signal that does not come' 20 '' 'the last signals were:' run one --for 2s --until listening
check 'a signal that no firmware shows' 1 '' 'rekindle emu signals' run one --until 'breathing purple'
check 'a bad time' 2 '' '10s, 500ms or 2m' run one --for soon
check 'a bad press' 6 '' 'mode@4s' run one --press mode@never --for 1s
check 'a board that does not exist' 1 '' 'makes a board' run nobody
check 'a board that does not run' 1 '' 'emu run one' led one
echo '{' >"$boards/resets/board.json"
check 'a damaged board' 1 '' 'damaged' run resets

# ---- a running board ---------------------------------------------------------------------------

start() { # BOARD ARGUMENT...: in the background; its control socket is there afterwards
    "$emu" run "$@" >"$scratch/run.out" 2>"$scratch/run.err" </dev/null &
    local i
    for ((i = 0; i < 200; i++)); do
        [ -S "$boards/$1/control.sock" ] && "$emu" led "$1" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    return 1
}

start one --speed real --json
check 'its light' 0 ' - ' '' led one
check 'its state as JSON' 0 '"device":"53ff6d065077535228300287".*"power":true' '' info one --json
check 'a second emulator is kept away' 4 '' 'in use' run one
check 'MODE down' 0 '' '' press one
check 'is seen' 0 'mode_down +yes' '' info one
check 'MODE up' 0 '' '' release one mode
check 'RESET' 0 '' '' reset one
check 'a button that it does not have' 1 '' 'not found' press one setup
check 'power off' 0 '' '' power one off
check 'is off' 0 'power +no' '' info one
check 'power on' 0 '' '' power one on
check 'a snapshot' 0 '' '' snapshot one "$scratch/snap"
check 'the faults that can be made' 0 '^late-close +' '' fault one
check 'one of them' 0 '' '' fault one late-close
check 'one that does not exist' 1 '' 'not found' fault one bad-luck
check 'a phone that nobody listens to' 5 '' 'another mode' smartconfig one home secretpass
check 'a wait that ends by its time' 20 '' 'not seen' wait one listening --for 100ms
check 'quit' 0 '' '' quit one
wait
result 'it told everything in JSON' "$(grep -q '"event":"reset".*"kind":"pin"' "$scratch/run.out" &&
    grep -q '"event":"power".*"on":false' "$scratch/run.out" && tail -n 1 "$scratch/run.out" | grep -q '"event":"end"' && echo true)"
result 'and wrote the log of a replay' "$(grep -q '"command":{"cmd":"press","button":"mode"}' "$boards/one/session.jsonl" && echo true)"
check 'the snapshot goes on' 0 '' '' run one --load "$scratch/snap" --for 100ms
printf 'x' | dd of="$scratch/snap" bs=1 seek=5000 conv=notrunc status=none
check 'a damaged snapshot is refused' 1 '' 'does not fit' run one --load "$scratch/snap" --for 100ms
check 'waves' 0 '' '' run one --for 1500ms --vcd "$scratch/waves.vcd"
result 'are a VCD file' "$(grep -q '\$enddefinitions' "$scratch/waves.vcd" && grep -q '^#0' "$scratch/waves.vcd" && echo true)"

# ---- killed at any time ------------------------------------------------------------------------

ok=true
for delay in 0.02 0.1 0.3; do
    start one --speed max
    sleep $delay
    kill -9 "$(jobs -p | tail -n 1)"
    wait 2>/dev/null
    run run one --for 10ms || ok=false
done
result 'killed at any time, it runs again' $ok

# ---- the control socket with what nobody should send -------------------------------------------

if command -v node >/dev/null; then
    start one --speed real
    node - "$boards/one/control.sock" >"$scratch/out" 2>"$scratch/err" <<'JS'
const socket = require('net').connect(process.argv[2]);
const lines = ['{"id":1,"cmd":"led"}', 'not json', '[]', '{"id":{"a":[2]},"cmd":"info"}', '{"id":3,"cmd":"nothing"}',
    '{"id":4,"cmd":"wait","signal":"no such"}', '{"id":5,"cmd":"cut","nth":-1}', '"' + 'x'.repeat(9000) + '"',
    '{"id":6,"cmd":"hash"}'];
socket.write(lines.join('\n') + '\n');
let text = '';
socket.on('data', d => {
    text += d;
    const answers = text.split('\n').filter(l => l).map(l => JSON.parse(l));
    if (answers.length === lines.length) {
        console.log(answers.map(a => JSON.stringify(a.id) + (a.ok ? '+' : '-' + a.error.name)).join(' '));
        socket.end();
    }
});
setTimeout(() => { console.log(text); process.exit(1); }, 10000).unref();
JS
    result 'every line is answered with its id' "$(grep -qF '1+ null-BAD_FORMAT null-BAD_FORMAT {"a":[2]}+ 3-UNSUPPORTED 4-NOT_FOUND 5-RANGE null-TOO_BIG 6+' "$scratch/out" && echo true)"
    run quit one
    wait
else
    echo 'skip: no node to speak to the control socket'
fi

# ---- a debugger --------------------------------------------------------------------------------

if command -v gdb-multiarch >/dev/null; then
    start one --gdb 127.0.0.1:0 --json
    port=$(sed -n 's/.*"gdb","address":"127.0.0.1:\([0-9]*\)".*/\1/p' "$scratch/run.out")
    timeout 60 gdb-multiarch -nx -batch -ex "target remote 127.0.0.1:$port" -ex 'info registers pc msp' \
        -ex 'break *0x0800510C' -ex continue -ex 'info registers pc' -ex 'x/1hx $pc' \
        -ex 'set var *(int *)0x20000100 = 0x12345678' -ex 'x/1wx 0x20000100' -ex 'set $r5 = 0x55' -ex 'info registers r5' \
        -ex 'delete' -ex stepi -ex 'info registers pc' -ex 'monitor reset' -ex 'info registers pc' \
        -ex detach >"$scratch/out" 2>"$scratch/err"
    for want in '^pc +0x8000120' '^msp +0x20005000' 'Breakpoint 1, 0x0800510c' '0x800510c:	0xe7fe' '0x20000100:	0x12345678' \
        '^r5 +0x55' '^pc +0x800510c'; do
        result "gdb shows $want" "$(grep -qE "$want" "$scratch/out" && echo true)"
    done
    timeout 60 gdb-multiarch -nx -batch -ex "target remote 127.0.0.1:$port" -ex 'info registers pc' >"$scratch/out" 2>"$scratch/err"
    result 'a debugger may come back and interrupt' "$(grep -qE '^pc +0x800510c' "$scratch/out" && echo true)"
    run quit one
    wait
else
    echo 'skip: no gdb-multiarch'
fi
check 'a port that is no port' 2 '' '' run one --gdb nowhere --for 1ms

# ---- published firmware ------------------------------------------------------------------------

store=${REKINDLE_IMAGES:-$HOME/.local/share/rekindle/images}
if [ -f "$store/core-tinker-0.7.0.bin" ]; then
    export REKINDLE_IMAGES=$store
    check 'an image of another board' 6 '' 'made for the Photon' new x --app photon-tinker-0.4.5
    head -c 50000 "$store/core-tinker-0.7.0.bin" >"$scratch/cut"
    check 'a truncated image' 6 '' '50000 bytes of 98932' new x --app "$scratch/cut"
    check 'a board with tinker' 0 '' '' new tinker --app core-tinker-0.7.0
    cp -r "$boards/tinker" "$boards/again"
    check 'comes to listening mode' 0 'blinking blue - listening mode' '' run tinker --until 'blinking blue' --for 10s
    # The same hands at the same times: the same light at the same instructions, with and without
    # skipping, and from a log.
    run run again --for 8s --press mode@4s+3.5s --press reset@7.8s --json
    grep '"event":"signal"' "$scratch/out" >"$scratch/first"
    cp "$boards/again/session.jsonl" "$scratch/log"
    rm -r "$boards/again" && cp -r "$boards/tinker" "$boards/again"
    run run again --for 8s --press mode@4s+3.5s --press reset@7.8s --json
    grep '"event":"signal"' "$scratch/out" >"$scratch/second"
    rm -r "$boards/again" && cp -r "$boards/tinker" "$boards/again"
    run run again --for 8s --replay "$scratch/log" --no-skip --json
    grep '"event":"signal"' "$scratch/out" >"$scratch/third"
    # The first run began with a fresh radio, so it is only like the two others in what it shows.
    result 'the same run twice' "$([ -s "$scratch/second" ] && cmp -s "$scratch/second" "$scratch/third" && echo true)"
else
    echo 'skip: no published image core-tinker-0.7.0 (./x images)'
fi

echo "1..$number"
exit $status
