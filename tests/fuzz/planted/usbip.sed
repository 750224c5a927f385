# emu/port/usbip.c
# The length of a URB is no longer bounded by the buffer.
s/ || length > RK_USBIP_DATA_MAX//
