# emu/port/usbredir.c
# A connection that closes leaves its transfers with the device.
s/rk_usb_cancel(c->target, &c->urbs\[i\].transfer);//
