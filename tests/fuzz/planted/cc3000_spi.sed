# emu/part/cc3000_spi.c
s/pos >= HEADER_SIZE && pos - HEADER_SIZE < l->frame_len/pos >= HEADER_SIZE/
