# emu/part/cc3000_hci.c
s/arg_len > total ||//
