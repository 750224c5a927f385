/* See gdb.h. GDB manual, appendix E: E.1 framing, E.2 packets, E.4 general queries. */
#include "emu/core/gdb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char target_xml[] =
    "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
    "<architecture>arm</architecture><feature name=\"org.gnu.gdb.arm.m-profile\">"
    "<reg name=\"r0\" bitsize=\"32\"/><reg name=\"r1\" bitsize=\"32\"/>"
    "<reg name=\"r2\" bitsize=\"32\"/><reg name=\"r3\" bitsize=\"32\"/>"
    "<reg name=\"r4\" bitsize=\"32\"/><reg name=\"r5\" bitsize=\"32\"/>"
    "<reg name=\"r6\" bitsize=\"32\"/><reg name=\"r7\" bitsize=\"32\"/>"
    "<reg name=\"r8\" bitsize=\"32\"/><reg name=\"r9\" bitsize=\"32\"/>"
    "<reg name=\"r10\" bitsize=\"32\"/><reg name=\"r11\" bitsize=\"32\"/>"
    "<reg name=\"r12\" bitsize=\"32\"/><reg name=\"sp\" bitsize=\"32\" type=\"data_ptr\"/>"
    "<reg name=\"lr\" bitsize=\"32\"/><reg name=\"pc\" bitsize=\"32\" type=\"code_ptr\"/>"
    "<reg name=\"xpsr\" bitsize=\"32\"/></feature>"
    "<feature name=\"rekindle.m-system\">"
    "<reg name=\"msp\" bitsize=\"32\" type=\"data_ptr\"/>"
    "<reg name=\"psp\" bitsize=\"32\" type=\"data_ptr\"/>"
    "<reg name=\"primask\" bitsize=\"32\"/><reg name=\"basepri\" bitsize=\"32\"/>"
    "<reg name=\"faultmask\" bitsize=\"32\"/><reg name=\"control\" bitsize=\"32\"/>"
    "</feature></target>";

/* ---- answers --------------------------------------------------------------------------------- */

static void say(struct rk_gdb *g, const char *format, ...) RK_PRINTF(2, 3);

static void say(struct rk_gdb *g, const char *format, ...) {
    va_list ap;
    va_start(ap, format);
    size_t room = sizeof g->answer - g->answer_len;
    int n = vsnprintf(g->answer + g->answer_len, room, format, ap);
    va_end(ap);
    if (n > 0) {
        g->answer_len += RK_MIN((size_t)n, room - 1);
    }
}

static void say_bytes(struct rk_gdb *g, const uint8_t *data, size_t len) {
    for (size_t i = 0; i < len; i++) {
        say(g, "%02x", data[i]);
    }
}

static void say_word(struct rk_gdb *g, uint32_t v) {
    uint8_t le[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
    say_bytes(g, le, 4);
}

static void put(struct rk_gdb *g, char c) {
    if (g->out_len < sizeof g->out) {
        g->out[g->out_len++] = c;
    }
}

/* Frames the answer; '}' escapes what framing uses (E.1, binary data). */
static void send_answer(struct rk_gdb *g) {
    static const char hex[] = "0123456789abcdef";
    uint8_t sum = 0;
    put(g, '$');
    for (size_t i = 0; i < g->answer_len; i++) {
        char c = g->answer[i];
        if (c == '#' || c == '$' || c == '}' || c == '*') {
            put(g, '}');
            sum = (uint8_t)(sum + '}');
            c ^= 0x20;
        }
        put(g, c);
        sum = (uint8_t)(sum + (uint8_t)c);
    }
    put(g, '#');
    put(g, hex[sum >> 4]);
    put(g, hex[sum & 15]);
    g->answer_len = 0;
}

/* ---- reading a packet ------------------------------------------------------------------------ */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/* A hexadecimal number; *p moves behind it. False when there is none or it is too long. */
static bool take_number(const char **p, uint32_t *value) {
    uint32_t v = 0;
    unsigned digits = 0;
    int d;
    while ((d = hex_digit(**p)) >= 0) {
        if (++digits > 8) {
            return false;
        }
        v = v << 4 | (uint32_t)d;
        (*p)++;
    }
    *value = v;
    return digits > 0;
}

static bool take_char(const char **p, char c) {
    if (**p != c) {
        return false;
    }
    (*p)++;
    return true;
}

static bool take_bytes(const char **p, uint8_t *data, size_t len) {
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit((*p)[0]);
        int low = high < 0 ? -1 : hex_digit((*p)[1]);
        if (low < 0) {
            return false;
        }
        data[i] = (uint8_t)(high << 4 | low);
        *p += 2;
    }
    return true;
}

static bool take_word(const char **p, uint32_t *value) {
    uint8_t le[4];
    if (!take_bytes(p, le, 4)) {
        return false;
    }
    *value = (uint32_t)le[0] | (uint32_t)le[1] << 8 | (uint32_t)le[2] << 16 | (uint32_t)le[3] << 24;
    return true;
}

/* "addr,len" */
static bool take_range(const char **p, uint32_t *addr, uint32_t *len) {
    return take_number(p, addr) && take_char(p, ',') && take_number(p, len);
}

/* ---- packets --------------------------------------------------------------------------------- */

static void say_stop(struct rk_gdb *g) {
    say(g, "S%02x", g->last_signal);
}

static void read_regs(struct rk_gdb *g) {
    for (unsigned i = 0; i < RK_GDB_REGS; i++) {
        say_word(g, g->target->reg_get(g->ctx, i));
    }
}

static void write_regs(struct rk_gdb *g, const char *p) {
    uint32_t value[RK_GDB_REGS];
    unsigned count = 0;
    while (count < RK_GDB_REGS && take_word(&p, &value[count])) {
        count++;
    }
    for (unsigned i = 0; i < count; i++) {
        g->target->reg_set(g->ctx, i, value[i]);
    }
    say(g, count ? "OK" : "E01");
}

static void read_reg(struct rk_gdb *g, const char *p) {
    uint32_t reg;
    if (take_number(&p, &reg) && reg < RK_GDB_REGS) {
        say_word(g, g->target->reg_get(g->ctx, reg));
    } else {
        say(g, "E01");
    }
}

static void write_reg(struct rk_gdb *g, const char *p) {
    uint32_t reg, value;
    if (take_number(&p, &reg) && take_char(&p, '=') && take_word(&p, &value) && reg < RK_GDB_REGS) {
        g->target->reg_set(g->ctx, reg, value);
        say(g, "OK");
    } else {
        say(g, "E01");
    }
}

/* Answers with as much as can be read: GDB reads on from there. */
static void read_memory(struct rk_gdb *g, const char *p) {
    uint32_t addr, len;
    uint8_t data[RK_GDB_PACKET_CAP / 2 - 8];
    if (!take_range(&p, &addr, &len)) {
        say(g, "E01");
        return;
    }
    len = RK_MIN(len, (uint32_t)sizeof data);
    while (len > 0 && !g->target->peek(g->ctx, addr, data, len)) {
        len /= 2;
    }
    if (len == 0) {
        say(g, "E0e");
        return;
    }
    say_bytes(g, data, len);
}

static void write_memory(struct rk_gdb *g, const char *p, const char *end, bool is_binary) {
    uint32_t addr, len;
    uint8_t data[RK_GDB_PACKET_CAP];
    if (!take_range(&p, &addr, &len) || !take_char(&p, ':') || len > sizeof data) {
        say(g, "E01");
        return;
    }
    if (is_binary) {
        if ((size_t)(end - p) != len) {
            say(g, "E01");
            return;
        }
        memcpy(data, p, len);
    } else if (!take_bytes(&p, data, len)) {
        say(g, "E01");
        return;
    }
    say(g, len == 0 || g->target->poke(g->ctx, addr, data, len) ? "OK" : "E0e");
}

static unsigned break_idx(const struct rk_gdb *g, uint32_t addr) {
    unsigned i = 0;
    while (i < g->break_count && g->breaks[i] != addr) {
        i++;
    }
    return i;
}

/* Software and hardware breakpoints are one thing here; watchpoints are not supported. */
static void breakpoint(struct rk_gdb *g, const char *p, bool set) {
    uint32_t type, addr;
    if (!take_number(&p, &type) || !take_char(&p, ',') || !take_number(&p, &addr)) {
        say(g, "E01");
        return;
    }
    if (type > 1) {
        return; /* empty: not supported */
    }
    unsigned i = break_idx(g, addr);
    if (set && i == g->break_count) {
        if (i == RK_GDB_BREAKS || !g->target->break_set(g->ctx, addr)) {
            say(g, "E0c");
            return;
        }
        g->breaks[g->break_count++] = addr;
    } else if (!set && i < g->break_count) {
        g->target->break_clear(g->ctx, addr);
        g->breaks[i] = g->breaks[--g->break_count];
    }
    say(g, "OK");
}

/* c, s, C sig, S sig, with an optional address; no answer until the machine stops. */
static void resume(struct rk_gdb *g, const char *p, enum rk_gdb_wish wish, bool has_signal) {
    uint32_t ignored, addr;
    if (has_signal && (!take_number(&p, &ignored) || (*p && !take_char(&p, ';')))) {
        say(g, "E01");
        return;
    }
    if (take_number(&p, &addr)) {
        g->target->reg_set(g->ctx, 15, addr);
    }
    g->wish = wish;
}

/* "vCont;s:1;c": one thread, so the first action counts. */
static void resume_by_vcont(struct rk_gdb *g, const char *p) {
    switch (p[0] == ';' ? p[1] : 0) {
    case 'c':
    case 'C': g->wish = RK_GDB_RUN; break;
    case 's':
    case 'S': g->wish = RK_GDB_STEP; break;
    default: say(g, "E01"); break;
    }
}

static const char *after(const char *text, const char *prefix) {
    size_t len = strlen(prefix);
    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static void read_target_xml(struct rk_gdb *g, const char *p) {
    uint32_t off, len;
    if (!take_range(&p, &off, &len)) {
        say(g, "E01");
        return;
    }
    size_t whole = sizeof target_xml - 1;
    size_t from = RK_MIN(off, whole);
    size_t n = RK_MIN(RK_MIN(len, (uint32_t)RK_GDB_PACKET_CAP / 2), whole - from);
    say(g, "%c%.*s", from + n < whole ? 'm' : 'l', (int)n, target_xml + from);
}

/* "monitor reset" and "monitor help", in hexadecimal. */
static void monitor(struct rk_gdb *g, const char *p) {
    static const char help[] = "monitor reset: reset the board, halted at its first instruction\n";
    char line[64] = "";
    size_t len = RK_MIN(strlen(p) / 2, sizeof line - 1);
    if (!take_bytes(&p, (uint8_t *)line, len)) {
        say(g, "E01");
    } else if (after(line, "reset")) {
        g->target->reset(g->ctx);
        say(g, "OK");
    } else {
        say_bytes(g, (const uint8_t *)help, sizeof help - 1);
    }
}

static void query(struct rk_gdb *g, const char *p) {
    const char *rest;
    if (after(p, "qSupported")) {
        say(g, "PacketSize=%x;qXfer:features:read+;QStartNoAckMode+;vContSupported+",
            RK_GDB_PACKET_CAP);
    } else if ((rest = after(p, "qXfer:features:read:target.xml:"))) {
        read_target_xml(g, rest);
    } else if (after(p, "qAttached")) {
        say(g, "1");
    } else if (strcmp(p, "qC") == 0) {
        say(g, "QC1");
    } else if (after(p, "qfThreadInfo")) {
        say(g, "m1");
    } else if (after(p, "qsThreadInfo")) {
        say(g, "l");
    } else if ((rest = after(p, "qRcmd,"))) {
        monitor(g, rest);
    } else if (after(p, "QStartNoAckMode")) {
        g->no_ack = true;
        say(g, "OK");
    }
}

static void leave(struct rk_gdb *g) {
    rk_gdb_release(g);
    g->has_left = true;
}

/* Executes the packet in g->in. Returns false when there is nothing to answer yet. */
static bool execute(struct rk_gdb *g) {
    const char *p = g->in;
    const char *end = g->in + g->in_len;
    const char *rest;
    switch (*p) {
    case '?': say_stop(g); break;
    case 'g': read_regs(g); break;
    case 'G': write_regs(g, p + 1); break;
    case 'p': read_reg(g, p + 1); break;
    case 'P': write_reg(g, p + 1); break;
    case 'm': read_memory(g, p + 1); break;
    case 'M': write_memory(g, p + 1, end, false); break;
    case 'X': write_memory(g, p + 1, end, true); break;
    case 'Z': breakpoint(g, p + 1, true); break;
    case 'z': breakpoint(g, p + 1, false); break;
    case 'c': resume(g, p + 1, RK_GDB_RUN, false); break;
    case 's': resume(g, p + 1, RK_GDB_STEP, false); break;
    case 'C': resume(g, p + 1, RK_GDB_RUN, true); break;
    case 'S': resume(g, p + 1, RK_GDB_STEP, true); break;
    case 'H':
    case 'T': say(g, "OK"); break;
    case 'q':
    case 'Q': query(g, p); break;
    case 'D':
        say(g, "OK");
        leave(g);
        break;
    case 'k': leave(g); return false;
    case 'v':
        if (after(p, "vCont?")) {
            say(g, "vCont;c;C;s;S");
        } else if ((rest = after(p, "vCont"))) {
            resume_by_vcont(g, rest);
        } else if (after(p, "vKill")) {
            say(g, "OK");
            leave(g);
        }
        break;
    default: break; /* an empty answer: not supported */
    }
    return g->wish == RK_GDB_HALT || g->answer_len > 0 || g->has_left;
}

static void packet_end(struct rk_gdb *g) {
    bool is_good = g->sum == g->wanted_sum && !g->is_too_long;
    if (!g->no_ack) {
        put(g, is_good ? '+' : '-');
    }
    if (!is_good) {
        return;
    }
    g->in[g->in_len] = 0;
    if (execute(g)) {
        send_answer(g);
    }
}

static void packet_byte(struct rk_gdb *g, char c) {
    if (g->in_len < RK_GDB_PACKET_CAP) {
        g->in[g->in_len++] = c;
    } else {
        g->is_too_long = true;
    }
}

static void idle_byte(struct rk_gdb *g, char c) {
    if (c == '$') {
        g->state = RK_GDB_IN_PACKET;
        g->in_len = 0;
        g->sum = 0;
        g->is_too_long = false;
    } else if (c == 3 && g->wish != RK_GDB_HALT) {
        rk_gdb_stopped(g, RK_GDB_SIGINT);
    }
}

static void sum_byte(struct rk_gdb *g, char c) {
    int d = hex_digit(c);
    g->wanted_sum = (uint8_t)(g->wanted_sum << 4 | (d < 0 ? 0 : d));
    g->is_too_long = g->is_too_long || d < 0;
    if (g->state == RK_GDB_SUM_HIGH) {
        g->state = RK_GDB_SUM_LOW;
    } else {
        g->state = RK_GDB_IDLE;
        packet_end(g);
    }
}

size_t rk_gdb_receive(struct rk_gdb *g, const void *data, size_t len) {
    const char *p = data;
    size_t i = 0;
    while (i < len && g->out_len == 0 && !g->has_left) {
        char c = p[i++];
        switch (g->state) {
        case RK_GDB_IDLE: idle_byte(g, c); break;
        case RK_GDB_IN_PACKET:
        case RK_GDB_ESCAPED:
            if (g->state == RK_GDB_IN_PACKET && c == '#') {
                g->state = RK_GDB_SUM_HIGH;
                g->wanted_sum = 0;
                break;
            }
            g->sum = (uint8_t)(g->sum + (uint8_t)c);
            if (g->state == RK_GDB_ESCAPED) {
                packet_byte(g, (char)(c ^ 0x20));
                g->state = RK_GDB_IN_PACKET;
            } else if (c == '}') {
                g->state = RK_GDB_ESCAPED;
            } else {
                packet_byte(g, c);
            }
            break;
        default: sum_byte(g, c); break;
        }
    }
    return i;
}

size_t rk_gdb_output(struct rk_gdb *g, const char **data) {
    size_t len = g->out_len;
    *data = g->out;
    g->out_len = 0;
    return len;
}

void rk_gdb_init(struct rk_gdb *g, const struct rk_gdb_target *target, void *ctx) {
    *g = (struct rk_gdb){.target = target, .ctx = ctx, .last_signal = RK_GDB_SIGINT};
}

void rk_gdb_stopped(struct rk_gdb *g, enum rk_gdb_signal signal) {
    g->last_signal = (uint8_t)signal;
    g->wish = RK_GDB_HALT;
    say_stop(g);
    send_answer(g);
}

void rk_gdb_release(struct rk_gdb *g) {
    while (g->break_count > 0) {
        g->target->break_clear(g->ctx, g->breaks[--g->break_count]);
    }
    g->wish = RK_GDB_RUN;
}
