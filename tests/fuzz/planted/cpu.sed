# emu/cpu/decode.c
s/if (target < i->size) {/if (target < 2 * i->size) {/
