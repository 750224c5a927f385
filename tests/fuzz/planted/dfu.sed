# common/usb/dfu_device.c
s/s->length > RK_DFU_TRANSFER || s->value == 1/s->value == 1/
