# emu/shell/control.c
s/} else if (c->line_len < sizeof c->line) {/} else if (c->line_len < 65536) {/
