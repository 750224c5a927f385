#!/bin/sh
# The original bootloaders' model, driven by unmodified dfu-util (core-hardware.md 4.6-4.8).
# shellcheck source=tests/vm/guest/lib.sh
. /test/lib.sh
# shellcheck source=tests/vm/guest/dfu.sh
. /test/dfu.sh
dfu=1d50:607f

# A small application: a stack word and a vector, then numbers.
{
    printf '\000\120\000\040\001\121\000\010'
    seq 1 700
} >app.bin
size=$(wc -c <app.bin)
seq 1 2000 | head -c 6000 >factory.bin
seq 5000 6000 | head -c 512 >key.der

ok 'the board is seen as 1d50:607f' wait_for 15 usb_is $dfu
ok 'it starts in dfuERROR with errFIRMWARE' status_is 0a 0a
ok 'lsusb knows its strings' run_says 'CORE DFU' lsusb -v -d $dfu
ok 'dfu-util lists the internal flash' run_says '@Internal Flash  /0x08000000/20*001Ka,108*001Kg' dfu-util -l -d $dfu
ok 'and the SPI flash' says '@SPI Flash : SST25x/0x00000000/512*04Kg'
ok 'under the serial number of its device id' says 'serial="8D8522A65153"'
ok 'an application is written' run_says 'File downloaded successfully' dfu-util -d $dfu -a 0 -s 0x08005000 -D app.bin
ok 'and reads back' dfu-util -d $dfu -a 0 -s "0x08005000:$size" -U back.bin
ok 'equal' cmp app.bin back.bin
ok 'a factory image is written' dfu-util -d $dfu -a 1 -s 0x00020000 -D factory.bin
ok 'and reads back' dfu-util -d $dfu -a 1 -s 0x00020000:6000 -U back2.bin
ok 'equal' cmp factory.bin back2.bin
ok 'a key is written' dfu-util -d $dfu -a 1 -s 0x00001000 -D key.der
ok 'and reads back' dfu-util -d $dfu -a 1 -s 0x00001000:512 -U back3.bin
ok 'equal' cmp key.der back3.bin

{
    printf '\000\120\000\040\001\121\000\010'
    seq 1 9000
} >large.bin
(dfu-util -d $dfu -a 0 -s 0x08005000 -D large.bin >torn.txt 2>&1; echo "exit $?" >>torn.txt) &
usleep 1500000
host unplug
ok 'the plug is pulled in mid-transfer: dfu-util reports it' wait_for 15 grep -qE 'exit [1-9]' torn.txt
ok 'the board comes back' wait_for 15 usb_is $dfu
ok 'and the next attempt works' run_says 'File downloaded successfully' dfu-util -d $dfu -a 0 -s 0x08005000 -D app.bin

ok 'dfu-util itself refuses the bootloader pages' fails dfu-util -d $dfu -a 0 -s 0x08000000 -D key.der
ctl 0x21 6 0 0 >/dev/null
ok 'CLRSTATUS outside an error makes one' ctl 0x21 4 0 0
ok 'errUNKNOWN' status_is 0e 0a
ctl 0x21 4 0 0 >/dev/null
ok 'a wrong address is written without a word' dfu_write 0x20000000 aabbccdd
ok 'no error is reported' status_is 00 05
ok 'an erase of the bootloader, too' dfu_command 41 0x08000000
ok 'no error is reported' status_is 00 05
ctl 0x21 6 0 0 >/dev/null
ok 'leave: dfu-util is content' run_says 'File downloaded successfully' dfu-util -d $dfu -a 0 -s 0x08005000:leave -D app.bin
ok 'and the board is gone' wait_for 5 usb_is_not $dfu
finish
