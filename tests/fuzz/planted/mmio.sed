# emu/periph/dma.c
s/if (n == BURST) {/if (false) {/
