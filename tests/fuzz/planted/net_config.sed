# emu/port/net_config.c
s/if (len == 0 || len == sizeof name) {/if (len == 0) {/
