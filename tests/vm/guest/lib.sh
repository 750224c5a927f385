# shellcheck shell=sh
# Helpers of the guest's tests: TAP on the console, and lines "@ WORDS" that the host carries out.

number=0
failed=0

# ok NAME COMMAND...: one case; what the command said is shown when it fails.
ok() {
    name=$1
    shift
    number=$((number + 1))
    if "$@" >/tmp/said 2>&1; then
        echo "ok $number - $name"
    else
        failed=$((failed + 1))
        echo "not ok $number - $name (exit $?)"
        sed 's/^/# /' /tmp/said
    fi
}

fails() { ! "$@"; }

# What the last command of ok or run printed must hold TEXT.
says() { grep -qF -e "$1" /tmp/out; }
run() { "$@" >/tmp/out 2>&1; status=$?; cat /tmp/out; return $status; }
run_says() {
    text=$1
    shift
    run "$@"
    status=$?
    says "$text" || return 99
    return $status
}

# wait_for SECONDS COMMAND...: until it succeeds; polls ten times a second.
wait_for() {
    left=$(($1 * 10))
    shift
    while ! "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || { echo "waited in vain for: $*"; return 1; }
        usleep 100000
    done
}

usb_is() { # VID:PID is plugged in
    vendor=${1%:*}
    product=${1#*:}
    for device in /sys/bus/usb/devices/*; do
        [ "$(cat "$device/idVendor" 2>/dev/null)" = "$vendor" ] &&
            [ "$(cat "$device/idProduct" 2>/dev/null)" = "$product" ] && return 0
    done
    return 1
}
usb_is_not() { ! usb_is "$1"; }

host() { echo "@ $*"; }

finish() {
    echo "1..$number"
    [ $failed -eq 0 ]
}
