# shellcheck shell=sh
# DFU by single requests to $dfu, over /test/usbctl: what dfu-util itself would refuse to send.
# shellcheck disable=SC2154
ctl() { /test/usbctl "$dfu" "$@"; }
# shellcheck disable=SC2254 # they may be patterns
status_is() { # STATUS STATE, hex bytes: of GETSTATUS
    reply=$(ctl 0xa1 3 0 0 -r 6) || return 1
    echo "status $reply"
    case $reply in $1??????$2*) return 0 ;; *) return 1 ;; esac
}
clear_error() { case $(ctl 0xa1 5 0 0 -r 1) in 0a) ctl 0x21 4 0 0 ;; esac; }
le32() { # 0x08005000 -> 00500008
    printf '%08x' "$(($1))" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/'
}
# A DfuSe command, or a block of data; then GETSTATUS until the work is done.
settle() {
    for turn in 1 2 3 4 5 6 7 8 9 10; do
        reply=$(ctl 0xa1 3 0 0 -r 6) || return 1
        case $reply in
        ????????04* | ????????03*) usleep 100000 ;;
        ????????0a*) return 1 ;;
        *) return 0 ;;
        esac
    done
    echo "still busy after $turn tries"
    return 1
}
dfu_command() { ctl 0x21 1 0 0 "$1$(le32 "$2")" && settle; } # 21 set address, 41 erase
dfu_write() { dfu_command 21 "$1" && ctl 0x21 1 2 0 "$2" && settle; }
