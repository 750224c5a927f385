# emu/part/cc3000_spi.c
s/l->phase == CC_RUN && p && p->due_ns/l->phase == CC_RUN \&\& p->due_ns/
