# emu/port/usbredir.c
# The length of a transfer is no longer bounded by the buffer.
s/len <= RK_USBREDIR_DATA_MAX && //
