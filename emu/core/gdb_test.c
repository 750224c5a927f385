/* The GDB packet machine against packets as GDB's manual (appendix E) writes them; literal
 * checksums are those that gdb-multiarch sends. What a real GDB does with it is tests of the shell.
 */
#include "tests/unit.h"

#include "emu/core/gdb.h"

struct fake {
    uint32_t reg[RK_GDB_REGS];
    uint8_t ram[64]; /* at 0x20000000 */
    uint32_t breaks[4];
    unsigned break_count, resets;
};

static uint32_t fake_get(void *ctx, unsigned reg) {
    return ((struct fake *)ctx)->reg[reg];
}

static void fake_set(void *ctx, unsigned reg, uint32_t value) {
    ((struct fake *)ctx)->reg[reg] = value;
}

static bool in_ram(uint32_t addr, size_t len) {
    return addr >= 0x20000000 && addr - 0x20000000 + len <= 64;
}

static bool fake_peek(void *ctx, uint32_t addr, void *data, size_t len) {
    if (!in_ram(addr, len)) {
        return false;
    }
    memcpy(data, ((struct fake *)ctx)->ram + (addr - 0x20000000), len);
    return true;
}

static bool fake_poke(void *ctx, uint32_t addr, const void *data, size_t len) {
    if (!in_ram(addr, len)) {
        return false;
    }
    memcpy(((struct fake *)ctx)->ram + (addr - 0x20000000), data, len);
    return true;
}

static bool fake_break_set(void *ctx, uint32_t addr) {
    struct fake *f = ctx;
    if (f->break_count == 4) {
        return false;
    }
    f->breaks[f->break_count++] = addr;
    return true;
}

static void fake_break_clear(void *ctx, uint32_t addr) {
    struct fake *f = ctx;
    assert_int_equal(f->breaks[f->break_count - 1], addr);
    f->break_count--;
}

static void fake_reset(void *ctx) {
    ((struct fake *)ctx)->resets++;
}

static const struct rk_gdb_target fake_target = {
    fake_get, fake_set, fake_peek, fake_poke, fake_break_set, fake_break_clear, fake_reset};

struct bench {
    struct fake f;
    struct rk_gdb g;
    char out[8192];
};

/* Sends bytes and collects everything that comes back as a string. */
static const char *send_raw(struct bench *b, const char *bytes, size_t len) {
    const char *data;
    size_t n = 0;
    while (len > 0) {
        size_t took = rk_gdb_receive(&b->g, bytes, len);
        bytes += took;
        len -= took;
        size_t out = rk_gdb_output(&b->g, &data);
        memcpy(b->out + n, data, out);
        n += out;
        if (took == 0 && out == 0) {
            break;
        }
    }
    b->out[n] = 0;
    return b->out;
}

static const char *send_text(struct bench *b, const char *text) {
    return send_raw(b, text, strlen(text));
}

static const char *send_packet(struct bench *b, const char *body) {
    char packet[4096];
    unsigned sum = 0;
    for (const char *p = body; *p; p++) {
        sum += (unsigned char)*p;
    }
    snprintf(packet, sizeof packet, "$%s#%02x", body, sum & 255);
    return send_text(b, packet);
}

static struct bench *bench_new(void) {
    static struct bench b;
    memset(&b, 0, sizeof b);
    rk_gdb_init(&b.g, &fake_target, &b.f);
    return &b;
}

static void test_gdb__framing_as_published(void **state) {
    struct bench *b = bench_new();
    assert_string_equal(send_text(b, "+$?#3f"), "+$S02#b5");
    assert_string_equal(send_text(b, "$qC#b4"), "+$QC1#c5");
    assert_string_equal(send_text(b, "$?#3e"), "-");
    assert_string_equal(send_text(b, "$vMustReplyEmpty#3a"), "+$#00");
    assert_string_equal(send_text(b, "$QStartNoAckMode#b0"), "+$OK#9a");
    assert_string_equal(send_text(b, "$?#3f"), "$S02#b5");
}

static void test_gdb__byte_by_byte_is_the_same(void **state) {
    struct bench *b = bench_new();
    const char *text = "$qC#b4";
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(send_raw(b, text + i, 1), "");
    }
    assert_string_equal(send_raw(b, text + 5, 1), "+$QC1#c5");
}

static void test_gdb__registers(void **state) {
    struct bench *b = bench_new();
    b->f.reg[0] = 0x12345678;
    b->f.reg[15] = 0x08005101;
    const char *all = send_text(b, "$g#67");
    assert_memory_equal(all, "+$78563412", 10);
    assert_memory_equal(all + 2 + 15 * 8, "01510008", 8);
    assert_int_equal(strlen(all), 2 + RK_GDB_REGS * 8 + 3);
    assert_string_equal(send_packet(b, "pf"), "+$01510008#8f");
    assert_string_equal(send_packet(b, "P1=efbeadde"), "+$OK#9a");
    assert_int_equal(b->f.reg[1], 0xDEADBEEF);
    assert_string_equal(send_packet(b, "P99=00000000"), "+$E01#a6");
    assert_string_equal(send_packet(b, "P1=ef"), "+$E01#a6");
    assert_string_equal(send_packet(b, "p"), "+$E01#a6");
}

static void test_gdb__memory(void **state) {
    struct bench *b = bench_new();
    assert_string_equal(send_packet(b, "M20000004,3:0a0bff"), "+$OK#9a");
    assert_memory_equal(b->f.ram + 4, "\x0a\x0b\xff", 3);
    assert_string_equal(send_packet(b, "m20000004,3"), "+$0a0bff#ef");
    assert_string_equal(send_packet(b, "m10000000,4"), "+$E0e#da");
    assert_string_equal(send_packet(b, "M20000004,3:0a0b"), "+$E01#a6");
    assert_string_equal(send_packet(b, "M20000004,ffffffff:00"), "+$E01#a6");
    /* binary with escapes: bytes 23 7d 00 */
    static const char binary[] = "$X20000000,3:}\x03}]\0#";
    char packet[32];
    unsigned sum = 0;
    for (size_t i = 1; i < sizeof binary - 2; i++) {
        sum += (unsigned char)binary[i];
    }
    memcpy(packet, binary, sizeof binary - 1);
    snprintf(packet + sizeof binary - 1, 4, "%02x", sum & 255);
    assert_string_equal(send_raw(b, packet, sizeof binary + 1), "+$OK#9a");
    assert_memory_equal(b->f.ram, "\x23\x7d\x00", 3);
}

static void test_gdb__breakpoints_are_taken_back(void **state) {
    struct bench *b = bench_new();
    assert_string_equal(send_packet(b, "Z0,8005100,2"), "+$OK#9a");
    assert_string_equal(send_packet(b, "Z0,8005100,2"), "+$OK#9a"); /* again: still one */
    assert_int_equal(b->f.break_count, 1);
    assert_string_equal(send_packet(b, "Z2,20000000,4"), "+$#00"); /* no watchpoints */
    for (int i = 0; i < 3; i++) {
        char text[32];
        snprintf(text, sizeof text, "Z1,800600%d,2", 2 * i);
        assert_string_equal(send_packet(b, text), "+$OK#9a");
    }
    assert_string_equal(send_packet(b, "Z1,8007000,2"), "+$E0c#d8");
    assert_string_equal(send_packet(b, "z1,8006004,2"), "+$OK#9a");
    assert_int_equal(b->f.break_count, 3);
    rk_gdb_release(&b->g);
    assert_int_equal(b->f.break_count, 0);
}

static void test_gdb__run_step_and_interrupt(void **state) {
    struct bench *b = bench_new();
    const char *data;
    assert_int_equal(b->g.wish, RK_GDB_HALT);
    assert_string_equal(send_packet(b, "vCont;s:1;c"), "+");
    assert_int_equal(b->g.wish, RK_GDB_STEP);
    rk_gdb_stopped(&b->g, RK_GDB_SIGTRAP);
    assert_int_equal(rk_gdb_output(&b->g, &data), 7);
    assert_memory_equal(data, "$S05#b8", 7);
    assert_string_equal(send_packet(b, "c8005100"), "+");
    assert_int_equal(b->f.reg[15], 0x08005100);
    assert_int_equal(b->g.wish, RK_GDB_RUN);
    assert_string_equal(send_text(b, "\x03"), "$S02#b5");
    assert_int_equal(b->g.wish, RK_GDB_HALT);
    assert_string_equal(send_text(b, "\x03"), "");
}

static void test_gdb__target_description(void **state) {
    struct bench *b = bench_new();
    const char *out = send_packet(b, "qSupported:xmlRegisters=arm");
    assert_non_null(strstr(out, "qXfer:features:read+"));
    out = send_packet(b, "qXfer:features:read:target.xml:0,40");
    assert_memory_equal(out, "+$m<?xml version", 16);
    out = send_packet(b, "qXfer:features:read:target.xml:ffff,40");
    assert_memory_equal(out, "+$l#", 4);
}

static void test_gdb__detach_and_monitor(void **state) {
    struct bench *b = bench_new();
    assert_string_equal(send_packet(b, "qRcmd,7265736574"), "+$OK#9a");
    assert_int_equal(b->f.resets, 1);
    assert_string_equal(send_packet(b, "D;1"), "+$OK#9a");
    assert_true(b->g.has_left);
    assert_int_equal(b->g.wish, RK_GDB_RUN);
}

static void test_gdb__too_long_a_packet_is_refused(void **state) {
    struct bench *b = bench_new();
    static char text[5000];
    memset(text, 'a', sizeof text);
    assert_string_equal(send_text(b, "$"), "");
    assert_string_equal(send_raw(b, text, sizeof text), "");
    assert_string_equal(send_text(b, "#00"), "-");
    assert_string_equal(send_text(b, "$qC#b4"), "+$QC1#c5");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gdb__framing_as_published),
        cmocka_unit_test(test_gdb__byte_by_byte_is_the_same),
        cmocka_unit_test(test_gdb__registers),
        cmocka_unit_test(test_gdb__memory),
        cmocka_unit_test(test_gdb__breakpoints_are_taken_back),
        cmocka_unit_test(test_gdb__run_step_and_interrupt),
        cmocka_unit_test(test_gdb__target_description),
        cmocka_unit_test(test_gdb__detach_and_monitor),
        cmocka_unit_test(test_gdb__too_long_a_packet_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
