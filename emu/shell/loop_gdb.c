/* The debugger's port and the machine behind it. See loop.h, emu/core/gdb.h. */
#include "emu/cpu/cpu.h"
#include "emu/shell/loop_parts.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rk_dev *cpu_of(void *ctx) {
    struct rk_loop *l = ctx;
    return rk_machine_dev(l->s->m, 0);
}

/* target.xml's order, in the CPU's numbers. */
static const enum rk_cpu_reg system_regs[] = {RK_CPU_MSP,     RK_CPU_PSP,       RK_CPU_PRIMASK,
                                              RK_CPU_BASEPRI, RK_CPU_FAULTMASK, RK_CPU_CONTROL};

static enum rk_cpu_reg reg_of(unsigned reg) {
    return reg <= 16 ? (enum rk_cpu_reg)reg : system_regs[reg - 17];
}

static uint32_t reg_get(void *ctx, unsigned reg) {
    return rk_cpu_reg_get(cpu_of(ctx), reg_of(reg));
}

static void reg_set(void *ctx, unsigned reg, uint32_t value) {
    rk_cpu_reg_set(cpu_of(ctx), reg_of(reg), value);
}

static bool peek(void *ctx, uint32_t addr, void *data, size_t len) {
    return rk_machine_peek(((struct rk_loop *)ctx)->s->m, addr, data, len);
}

static bool poke(void *ctx, uint32_t addr, const void *data, size_t len) {
    return rk_machine_poke(((struct rk_loop *)ctx)->s->m, addr, data, len);
}

static bool break_set(void *ctx, uint32_t addr) {
    return rk_cpu_breakpoint_set(cpu_of(ctx), addr) == 0;
}

static void break_clear(void *ctx, uint32_t addr) {
    rk_cpu_breakpoint_clear(cpu_of(ctx), addr);
}

/* A reset takes effect when the machine runs; this much of a run shows the debugger the reset
 * vector. */
static void take_reset(struct rk_machine *m) {
    (void)rk_machine_run(m, UINT64_MAX, rk_machine_instr(m) + 1);
}

/* "monitor reset". */
static void reset(void *ctx) {
    struct rk_machine *m = ((struct rk_loop *)ctx)->s->m;
    rk_machine_reset(m, RK_RESET_PIN);
    take_reset(m);
}

void rk_loop_gdb_begin(struct rk_loop *l) {
    if (l->has_gdb && rk_session_is_on(l->s)) {
        take_reset(l->s->m);
    }
}

static const struct rk_gdb_target target = {reg_get,   reg_set,     peek, poke,
                                            break_set, break_clear, reset};

void rk_loop_gdb_flush(struct rk_loop *l) {
    const char *data;
    size_t len = l->has_gdb_peer ? rk_gdb_output(&l->gdb, &data) : 0;
    if (len > 0 && !uv_is_closing((uv_handle_t *)&l->gdb_peer)) {
        (void)rk_loop_send((uv_stream_t *)&l->gdb_peer, data, len);
    }
}

static void on_peer_closed(uv_handle_t *handle) {
    struct rk_loop *l = handle->data;
    l->has_gdb_peer = false;
}

static void leave(struct rk_loop *l) {
    if (uv_is_closing((uv_handle_t *)&l->gdb_peer)) {
        return;
    }
    rk_gdb_release(&l->gdb);
    l->s->gdb = NULL;
    uv_close((uv_handle_t *)&l->gdb_peer, on_peer_closed);
    rk_loop_wake(l);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct rk_loop *l = handle->data;
    *buf = uv_buf_init(l->gdb_buffer, sizeof l->gdb_buffer);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf) {
    struct rk_loop *l = stream->data;
    if (len < 0) {
        leave(l);
        return;
    }
    for (size_t done = 0; done < (size_t)len && !l->gdb.has_left;) {
        done += rk_gdb_receive(&l->gdb, buf->base + done, (size_t)len - done);
        rk_loop_gdb_flush(l);
    }
    if (l->gdb.has_left) {
        leave(l);
    } else if (l->gdb.wish != RK_GDB_HALT) {
        rk_loop_wake(l);
    }
}

/* One debugger at a time; a second one is turned away. */
static void on_connection(uv_stream_t *listener, int status) {
    struct rk_loop *l = listener->data;
    if (status != 0) {
        return;
    }
    if (l->has_gdb_peer) {
        uv_tcp_t *extra = malloc(sizeof *extra);
        if (extra && uv_tcp_init(&l->uv, extra) == 0 &&
            uv_accept(listener, (uv_stream_t *)extra) == 0) {
            uv_close((uv_handle_t *)extra, (uv_close_cb)free);
        }
        return;
    }
    uv_tcp_init(&l->uv, &l->gdb_peer);
    l->gdb_peer.data = l;
    l->has_gdb_peer = true;
    rk_gdb_init(&l->gdb, &target, l);
    l->s->gdb = &l->gdb;
    if (uv_accept(listener, (uv_stream_t *)&l->gdb_peer) != 0 ||
        uv_read_start((uv_stream_t *)&l->gdb_peer, on_alloc, on_read) != 0) {
        leave(l);
        return;
    }
    uv_tcp_nodelay(&l->gdb_peer, 1);
    rk_loop_wake(l); /* to halt it */
}

static int parse_address(const char *text, struct sockaddr_in *address) {
    char host[64] = "127.0.0.1";
    const char *colon = strrchr(text, ':');
    const char *port_text = colon ? colon + 1 : text;
    char *end;
    long port = strtol(port_text, &end, 10);
    if (end == port_text || *end || port < 0 || port > 65535) {
        return RK_E_RANGE;
    }
    if (colon && colon != text) {
        size_t len = (size_t)(colon - text);
        if (len >= sizeof host) {
            return RK_E_RANGE;
        }
        memcpy(host, text, len);
        host[len] = 0;
    }
    const char *name = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    return uv_ip4_addr(name, (int)port, address) == 0 ? 0 : RK_E_RANGE;
}

static void tell_port(struct rk_loop *l) {
    struct sockaddr_in bound;
    int len = sizeof bound;
    char ip[32];
    char text[64];
    if (uv_tcp_getsockname(&l->gdb_listener, (struct sockaddr *)&bound, &len) == 0 &&
        uv_ip4_name(&bound, ip, sizeof ip) == 0) {
        snprintf(text, sizeof text, "%s:%d", ip, ntohs(bound.sin_port));
        rk_output_listening(l->out, "gdb", text);
    }
}

int rk_loop_listen_gdb(struct rk_loop *l, const char *address) {
    struct sockaddr_in bind_to;
    int rc = parse_address(address, &bind_to);
    if (rc) {
        return rc;
    }
    uv_tcp_init(&l->uv, &l->gdb_listener);
    l->gdb_listener.data = l;
    l->has_gdb = true;
    if (uv_tcp_bind(&l->gdb_listener, (const struct sockaddr *)&bind_to, 0) != 0) {
        return RK_E_BUSY;
    }
    int error = uv_listen((uv_stream_t *)&l->gdb_listener, 1, on_connection);
    if (error) {
        return error == UV_EADDRINUSE ? RK_E_BUSY : RK_E_NETWORK;
    }
    rk_gdb_init(&l->gdb, &target, l); /* the board waits for the debugger */
    l->s->gdb = &l->gdb;
    tell_port(l);
    return 0;
}

void rk_loop_gdb_close(struct rk_loop *l) {
    l->s->gdb = NULL;
    if (l->has_gdb_peer && !uv_is_closing((uv_handle_t *)&l->gdb_peer)) {
        rk_gdb_release(&l->gdb);
        uv_close((uv_handle_t *)&l->gdb_peer, on_peer_closed);
    }
}
