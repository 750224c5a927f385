# common/proto/update.c
s/if (idx < u->count) {/if (idx < 65535) {/
