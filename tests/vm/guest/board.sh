#!/bin/sh
# The emulated board: our bootloader and a published application under unmodified dfu-util, lsusb,
# cdc_acm and picocom.
# shellcheck source=tests/vm/guest/lib.sh
. /test/lib.sh
# shellcheck source=tests/vm/guest/dfu.sh
. /test/dfu.sh
dfu=1d50:607f
app=1d50:607d
tty=/dev/ttyACM0
size=$(wc -c </test/app.bin)
seq 1 2000 | head -c 6000 >factory.bin
seq 5000 6000 | head -c 512 >key.der
head -c 3000 /test/app.bin >part.bin

# ask LETTER TEXT: types a letter, expects TEXT within 5 s.
ask() {
    stty -F $tty raw -echo 2>/dev/null
    cat $tty >said.txt &
    reader=$!
    usleep 300000
    printf '%s' "$1" >$tty
    wait_for 5 grep -qF -e "$2" said.txt
    answer=$?
    kill $reader
    cat said.txt
    return $answer
}

ok 'a board without an application is in DFU: 1d50:607f' wait_for 20 usb_is $dfu
ok 'lsusb knows its strings' run_says 'CORE DFU' lsusb -v -d $dfu
ok 'dfu-util lists the internal flash' run_says '@Internal Flash  /0x08000000/20*001Ka,108*001Kg' dfu-util -l -d $dfu
ok 'and the SPI flash' says '@SPI Flash : SST25x/0x00000000/512*04Kg'
ok 'under the serial number of its device id' says 'serial="53FF74065075535153231087"'

ok 'a factory image is written' dfu-util -d $dfu -a 1 -s 0x00020000 -D factory.bin
ok 'and reads back' dfu-util -d $dfu -a 1 -s 0x00020000:6000 -U back2.bin
ok 'equal' cmp factory.bin back2.bin
ok 'a key is written' dfu-util -d $dfu -a 1 -s 0x00001000 -D key.der
ok 'and reads back' dfu-util -d $dfu -a 1 -s 0x00001000:512 -U back3.bin
ok 'equal' cmp key.der back3.bin

clear_error >/dev/null
dfu_write 0x20000000 aabbccdd >/dev/null 2>&1
ok 'a wrong address is an error: errADDRESS' status_is 08 0a
clear_error >/dev/null
dfu_command 41 0x08000000 >/dev/null 2>&1
ok 'an erase of the bootloader is an error' status_is '0[1-9]' 0a
clear_error >/dev/null
ok 'the next attempt works' dfu-util -d $dfu -a 0 -s 0x08005000 -D part.bin
ok 'and reads back' dfu-util -d $dfu -a 0 -s 0x08005000:3000 -U back4.bin
ok 'equal' cmp part.bin back4.bin

(dfu-util -d $dfu -a 0 -s 0x08005000 -D /test/app.bin >torn.txt 2>&1; echo "exit $?" >>torn.txt) &
usleep 1500000
host power cycle
ok 'the power fails in mid-transfer: dfu-util reports it' wait_for 15 grep -qE 'exit [1-9]' torn.txt
ok 'the board is back in DFU' wait_for 15 usb_is $dfu
ok 'the application is written, with leave' run_says 'File downloaded successfully' dfu-util -d $dfu -a 0 -s 0x08005000:leave -D /test/app.bin

ok 'it enumerates as 1d50:607d' wait_for 15 usb_is $app
ok 'and is a serial port' wait_for 10 test -c $tty
sleep 3
ok 'letter i answers with the core id' ask i 'Your core id is 53ff74065075535153231087'
ok 'letter v answers with the version' ask v 'system firmware version: 0.7.0'
picocom -q -b 9600 -x 500 $tty </dev/null >/dev/null 2>&1
ok 'picocom opens and closes it' picocom -q -b 9600 -x 500 -i -r $tty
picocom -q -b 14400 -x 1500 $tty </dev/null >/dev/null 2>&1
ok 'a 14400-baud touch lands in DFU' wait_for 15 usb_is $dfu
ok 'where the application reads back' dfu-util -d $dfu -a 0 -s "0x08005000:$size" -U back.bin
ok 'equal' cmp /test/app.bin back.bin
finish
