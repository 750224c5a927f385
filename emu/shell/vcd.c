/* See vcd.h. Identifiers are printable characters from '!': first the light, then the pins. */
#include "emu/shell/vcd.h"

#include "emu/shell/files.h"

#include <errno.h>

enum { ID_RED = '!', ID_GREEN, ID_BLUE, ID_FULL, ID_RESET, ID_PIN };

int rk_vcd_open(struct rk_vcd *v, const char *path) {
    *v = (struct rk_vcd){.file = fopen(path, "w")};
    if (!v->file) {
        return rk_file_error(errno);
    }
    fputs("$timescale 1 ns $end\n$scope module board $end\n", v->file);
    static const char *const light[] = {"led_red", "led_green", "led_blue", "led_full"};
    for (int i = 0; i < 4; i++) {
        fprintf(v->file, "$var wire 16 %c %s $end\n", ID_RED + i, light[i]);
    }
    fprintf(v->file, "$var event 1 %c reset $end\n", ID_RESET);
    for (int i = 0; i < RK_VCD_PINS; i++) {
        fprintf(v->file, "$var wire 1 %c P%c%d $end\n", ID_PIN + i, 'A' + i / 16, i % 16);
    }
    fputs("$upscope $end\n$enddefinitions $end\n", v->file);
    return 0;
}

static void at(struct rk_vcd *v, uint64_t now_ns) {
    if (!v->has_time || now_ns != v->time_ns) {
        fprintf(v->file, "#%llu\n", (unsigned long long)now_ns);
        v->time_ns = now_ns;
        v->has_time = true;
    }
}

static void vector(struct rk_vcd *v, int id, uint16_t value) {
    char bits[17];
    for (int i = 0; i < 16; i++) {
        bits[i] = value >> (15 - i) & 1 ? '1' : '0';
    }
    bits[16] = 0;
    fprintf(v->file, "b%s %c\n", bits, id);
}

void rk_vcd_light(struct rk_vcd *v, uint64_t now_ns, const uint16_t rgb[3], uint16_t full) {
    if (v->file) {
        at(v, now_ns);
        for (int i = 0; i < 3; i++) {
            vector(v, ID_RED + i, rgb[i]);
        }
        vector(v, ID_FULL, full);
    }
}

void rk_vcd_pin(struct rk_vcd *v, uint64_t now_ns, unsigned pin, bool level) {
    if (v->file && pin < RK_VCD_PINS) {
        at(v, now_ns);
        fprintf(v->file, "%d%c\n", level, ID_PIN + (int)pin);
    }
}

void rk_vcd_reset(struct rk_vcd *v, uint64_t now_ns) {
    if (v->file) {
        at(v, now_ns);
        fprintf(v->file, "1%c\n", ID_RESET);
    }
}

int rk_vcd_close(struct rk_vcd *v) {
    if (!v->file) {
        return 0;
    }
    bool failed = ferror(v->file) != 0;
    failed = fclose(v->file) != 0 || failed;
    v->file = NULL;
    return failed ? RK_E_IO : 0;
}
