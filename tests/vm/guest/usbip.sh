#!/bin/sh
# The same device over USB/IP: Debian's own usbip and vhci-hcd; TCP by QEMU's user network.
# shellcheck source=tests/vm/guest/lib.sh
. /test/lib.sh
# shellcheck source=tests/vm/guest/dfu.sh
. /test/dfu.sh
dfu=1d50:607f
port=$(cat /test/port)
seq 1 700 >app.bin
size=$(wc -c <app.bin)
remote() { usbip --tcp-port "$port" "$@"; }

ifconfig eth0 10.0.2.15 up
ok 'the server is reached' wait_for 10 remote list -r 10.0.2.2
ok 'and lists the board' run_says '1d50:607f' remote list -r 10.0.2.2
ok 'it attaches' remote attach -r 10.0.2.2 -b quirk
ok 'the board is seen as 1d50:607f' wait_for 10 usb_is $dfu
ok 'a second import is refused' fails remote attach -r 10.0.2.2 -b quirk
ok 'dfu-util lists it' run_says 'serial="8D8522A65153"' dfu-util -l -d $dfu
ok 'an application is written' run_says 'File downloaded successfully' dfu-util -d $dfu -a 0 -s 0x08005000 -D app.bin
ok 'and reads back' dfu-util -d $dfu -a 0 -s "0x08005000:$size" -U back.bin
ok 'equal' cmp app.bin back.bin
ok 'leave: dfu-util is content' dfu-util -d $dfu -a 0 -s 0x08005000:leave -D app.bin
ok 'the connection drops with the board' wait_for 5 usb_is_not $dfu
ok 'it comes back under the same bus id' wait_for 10 remote attach -r 10.0.2.2 -b quirk
ok 'and is seen again' wait_for 10 usb_is $dfu
finish
