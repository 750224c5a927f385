#!/bin/sh
# The original bootloaders' model, driven by unmodified dfu-util (core-hardware.md 4.6-4.8).
# shellcheck source=tests/vm/guest/lib.sh
. /test/lib.sh

# A small application: a stack word and a vector, then numbers.
{
    printf '\000\120\000\040\001\121\000\010'
    seq 1 700
} >app.bin
size=$(wc -c <app.bin)
seq 1 2000 | head -c 6000 >factory.bin
seq 5000 6000 | head -c 512 >key.der

ok 'the board is seen as 1d50:607f' wait_for 15 usb_is 1d50:607f
ok 'lsusb knows its strings' run_says 'CORE DFU' lsusb -v -d 1d50:607f
ok 'dfu-util lists both memories' run_says '@Internal Flash  /0x08000000/20*001Ka,108*001Kg' dfu-util -l -d 1d50:607f
ok 'and the SPI flash' says '@SPI Flash : SST25x/0x00000000/512*04Kg'
ok 'under the serial number of its device id' says 'serial="8D8522A65153"'
ok 'an application is written' run_says 'File downloaded successfully' dfu-util -d 1d50:607f -a 0 -s 0x08005000 -D app.bin
ok 'and reads back equal' dfu-util -d 1d50:607f -a 0 -s "0x08005000:$size" -U back.bin
ok 'byte by byte' cmp app.bin back.bin
ok 'a factory image is written' dfu-util -d 1d50:607f -a 1 -s 0x00020000 -D factory.bin
ok 'and reads back' dfu-util -d 1d50:607f -a 1 -s 0x00020000:6000 -U back2.bin
ok 'equal' cmp factory.bin back2.bin
ok 'a key is written' dfu-util -d 1d50:607f -a 1 -s 0x00001000 -D key.der
ok 'and reads back' dfu-util -d 1d50:607f -a 1 -s 0x00001000:512 -U back3.bin
ok 'equal' cmp key.der back3.bin
ok 'dfu-util itself refuses the bootloader pages' fails dfu-util -d 1d50:607f -a 0 -s 0x08000000 -D key.der
ok 'a wrong address is swallowed by the board' dfu-util -d 1d50:607f -a 0 -s 0x08005000:force -D key.der
ok 'leave: dfu-util is content' run_says 'File downloaded successfully' dfu-util -d 1d50:607f -a 0 -s 0x08005000:leave -D app.bin
ok 'and the board is gone' wait_for 5 usb_is_not 1d50:607f
finish
