/* See rig.h. */
#include "tests/loader/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/bytes.h"
#include "emu/cpu/cpu.h"
#include "emu/periph/flash.h"

#define FLASH_BASE 0x08000000u
#define STEP_NS    200000u

static const uint8_t rig_id[12] = {0x53, 0xFF, 0x6D, 0x06, 0x50, 0x77,
                                   0x53, 0x52, 0x28, 0x30, 0x02, 0x87};

uint8_t *rk_loader_read_built(const char *path, size_t *len) {
    char full[256];
    const char *dir = getenv("RK_FIRMWARE_BUILD");
    snprintf(full, sizeof full, "%s/firmware/%s", dir ? dir : "build-arm", path);
    FILE *f = fopen(full, "rb");
    if (!f) {
        printf("skip: %s is not there (./x firmware builds it)\n", full);
        return NULL;
    }
    uint8_t *data = malloc(128 * 1024);
    *len = data ? fread(data, 1, 128 * 1024, f) : 0;
    fclose(f);
    return data;
}

/* --- the machine -------------------------------------------------------------------------------
 */

static void take_events(struct rk_loader_rig *r) {
    struct rk_led_observation o;
    while (rk_led_decoder_event(&r->decoder, &o)) {
        if (r->seen_count < RK_COUNT(r->seen)) {
            rk_led_observed_name(&o, r->seen[r->seen_count++]);
        }
    }
}

static void on_led(void *ctx, const uint16_t rgb[3], uint16_t full) {
    struct rk_loader_rig *r = ctx;
    rk_led_decoder_feed(&r->decoder, rk_machine_now_ns(r->m), rgb[0], rgb[1], rgb[2], full);
    take_events(r);
}

static void on_reset(void *ctx, enum rk_reset kind) {
    struct rk_loader_rig *r = ctx;
    (void)kind;
    r->resets++;
    rk_led_decoder_reset(&r->decoder, rk_machine_now_ns(r->m));
}

static void on_trace(void *ctx, enum rk_trace kind, const struct rk_dev *dev, const char *line) {
    struct rk_loader_rig *r = ctx;
    (void)kind;
    printf("%9.6f s %s: %s\n", (double)rk_machine_now_ns(r->m) / 1e9, dev->name, line);
}

struct rk_loader_rig *rk_loader_rig_new(void) {
    size_t len = 0;
    uint8_t *image = rk_loader_read_built("boot/boot.bin", &len);
    if (!image) {
        return NULL;
    }
    struct rk_loader_rig *r = calloc(1, sizeof *r);
    if (!r || !(r->m = rk_machine_new(&rk_spark_core_desc, NULL))) {
        abort();
    }
    const char *trace = getenv("RK_RIG_TRACE");
    struct rk_observer observer = {.ctx = r,
                                   .led = on_led,
                                   .reset = on_reset,
                                   .trace = on_trace,
                                   .trace_mask = trace ? (uint32_t)strtoul(trace, NULL, 0) : 0};
    rk_machine_observe(r->m, &observer);
    r->flash = rk_machine_nv(r->m, RK_CORE_NV_INTERNAL, NULL);
    r->ext = rk_machine_nv(r->m, RK_CORE_NV_EXTERNAL, NULL);
    rk_option_factory(rk_machine_nv(r->m, RK_CORE_NV_OPTION, NULL));
    rk_loader_put(r, FLASH_BASE, image, len);
    free(image);
    rk_spark_core_init(r->m, rig_id);
    rk_led_decoder_init(&r->decoder, 0, RK_ERA_ALL);
    rk_usb_host_init(&r->host);
    rk_usb_host_connect(&r->host, rk_machine_find(r->m, "USB"));
    rk_machine_power_on(r->m);
    return r;
}

void rk_loader_rig_free(struct rk_loader_rig *r) {
    rk_machine_free(r->m);
    free(r);
}

void rk_loader_put(struct rk_loader_rig *r, uint32_t addr, const void *data, size_t len) {
    if (addr < FLASH_BASE) {
        memcpy(r->ext + addr, data, len);
    } else {
        memcpy(r->flash + (addr - FLASH_BASE), data, len);
        rk_machine_nv_changed(r->m);
    }
}

void rk_loader_run_ns(struct rk_loader_rig *r, uint64_t ns) {
    uint64_t end = rk_machine_now_ns(r->m) + ns;
    while (rk_machine_now_ns(r->m) < end && rk_machine_powered(r->m)) {
        uint64_t until = RK_MIN(end, rk_led_decoder_deadline(&r->decoder));
        until = RK_MAX(until, rk_machine_now_ns(r->m) + 1);
        (void)rk_machine_run(r->m, rk_machine_cycle_at_ns(r->m, until), UINT64_MAX);
        rk_led_decoder_advance(&r->decoder, rk_machine_now_ns(r->m));
        take_events(r);
    }
}

bool rk_loader_until(struct rk_loader_rig *r, const char *signal, uint64_t ns) {
    uint64_t end = rk_machine_now_ns(r->m) + ns;
    while (rk_machine_now_ns(r->m) < end) {
        char name[RK_LED_NAME_CAP];
        rk_loader_run_ns(r, 10 * RK_LOADER_MS);
        rk_led_observed_name(rk_led_decoder_signal(&r->decoder), name);
        if (strcmp(name, signal) == 0) {
            return true;
        }
    }
    return false;
}

bool rk_loader_in_app(const struct rk_loader_rig *r) {
    uint32_t pc = rk_cpu_reg_get(rk_machine_dev(r->m, RK_F103_CPU), RK_CPU_PC);
    return pc - 0x08005000u < 0x1B000u;
}

/* Feeds the watchdog for ever: ldr r0, =IWDG_KR; ldr r1, =0xAAAA; loop: str r1, [r0]; b loop. */
void rk_loader_loop_app(uint8_t image[RK_LOADER_LOOP_LEN], uint8_t seed) {
    static const uint16_t code[] = {0x4801, 0x4902, 0x6001, 0xE7FD, 0x3000, 0x4000, 0xAAAA, 0x0000};
    memset(image, seed, RK_LOADER_LOOP_LEN);
    rk_put_u32le(image, 0x20005000u);
    rk_put_u32le(image + 4, 0x08005000u + 0x120u + 1);
    for (size_t i = 0; i < RK_COUNT(code); i++) {
        rk_put_u16le(image + 0x120 + 2 * i, code[i]);
    }
}

/* --- the host ----------------------------------------------------------------------------------
 */

bool rk_loader_enumerated(struct rk_loader_rig *r, uint64_t ns) {
    uint64_t end = rk_machine_now_ns(r->m) + ns;
    while (!r->host.target.desc && rk_machine_now_ns(r->m) < end) {
        rk_loader_run_ns(r, RK_LOADER_MS);
    }
    if (!r->host.target.desc) {
        return false;
    }
    return rk_loader_control(r, 0, 9, 1, 0, NULL, 0, NULL) == RK_USB_OK;
}

static void on_complete(struct rk_usb_transfer *t) {
    *(bool *)t->ctx = true;
}

enum rk_usb_status rk_loader_control(struct rk_loader_rig *r, uint8_t type, uint8_t request,
                                     uint16_t value, uint16_t index, void *data, uint16_t len,
                                     size_t *done) {
    bool complete = false;
    struct rk_usb_transfer t = {
        .data = data, .len = len, .complete = on_complete, .ctx = &complete};
    t.setup[0] = type;
    t.setup[1] = request;
    rk_put_u16le(t.setup + 2, value);
    rk_put_u16le(t.setup + 4, index);
    rk_put_u16le(t.setup + 6, len);
    rk_usb_submit(&r->host.target, &t);
    for (unsigned i = 0; i < 25000 && !complete; i++) { /* 5 s, as dfu-util */
        rk_loader_run_ns(r, STEP_NS);
    }
    if (!complete) {
        rk_usb_cancel(&r->host.target, &t);
        return RK_USB_CANCELLED;
    }
    if (done) {
        *done = t.done;
    }
    return t.status;
}

bool rk_loader_get_status(struct rk_loader_rig *r, struct rk_loader_status *s) {
    uint8_t answer[6];
    size_t done = 0;
    if (rk_loader_control(r, 0xA1, 3, 0, 0, answer, 6, &done) != RK_USB_OK || done != 6) {
        return false;
    }
    s->status = answer[0];
    s->state = answer[4];
    s->poll_ms = answer[1] | (uint32_t)answer[2] << 8 | (uint32_t)answer[3] << 16;
    return true;
}

struct rk_loader_status rk_loader_download(struct rk_loader_rig *r, uint16_t block,
                                           const void *data, uint16_t len) {
    struct rk_loader_status s = {0xFF, 0xFF, 0};
    uint8_t copy[1024];
    memcpy(copy, data, len);
    if (rk_loader_control(r, 0x21, 1, block, 0, copy, len, NULL) != RK_USB_OK) {
        (void)rk_loader_get_status(r, &s);
        return s;
    }
    for (unsigned i = 0; i < 100; i++) {
        if (!rk_loader_get_status(r, &s)) {
            s.status = 0xFF;
            return s;
        }
        if (s.state != 4) {
            return s;
        }
        rk_loader_run_ns(r, s.poll_ms * RK_LOADER_MS);
    }
    return s;
}

struct rk_loader_status rk_loader_command(struct rk_loader_rig *r, uint8_t command, uint32_t addr) {
    uint8_t bytes[5] = {command};
    rk_put_u32le(bytes + 1, addr);
    return rk_loader_download(r, 0, bytes, 5);
}

bool rk_loader_flash(struct rk_loader_rig *r, uint32_t addr, const uint8_t *data, size_t len) {
    uint32_t unit = addr < FLASH_BASE ? 4096 : 1024;
    for (size_t off = 0; off < len; off += unit) {
        if (rk_loader_command(r, 0x41, addr + (uint32_t)off).state != 5) {
            return false;
        }
    }
    for (size_t off = 0; off < len; off += 1024) {
        uint16_t n = (uint16_t)RK_MIN(len - off, 1024u);
        if (rk_loader_command(r, 0x21, addr + (uint32_t)off).state != 5 ||
            rk_loader_download(r, 2, data + off, n).state != 5) {
            return false;
        }
    }
    return true;
}

bool rk_loader_upload(struct rk_loader_rig *r, uint32_t addr, uint8_t *data, size_t len) {
    if (rk_loader_command(r, 0x21, addr).state != 5 ||
        rk_loader_control(r, 0x21, 6, 0, 0, NULL, 0, NULL) != RK_USB_OK) {
        return false;
    }
    for (size_t off = 0; off < len; off += 1024) {
        uint16_t n = (uint16_t)RK_MIN(len - off, 1024u);
        size_t done = 0;
        if (rk_loader_control(r, 0xA1, 2, (uint16_t)(2 + off / 1024), 0, data + off, n, &done) !=
                RK_USB_OK ||
            done != n) {
            return false;
        }
    }
    return rk_loader_control(r, 0x21, 6, 0, 0, NULL, 0, NULL) == RK_USB_OK;
}

/* --- serial ------------------------------------------------------------------------------------
 */

static bool transfer_bulk(struct rk_loader_rig *r, uint8_t ep, void *data, size_t len, uint64_t ns,
                          size_t *done) {
    bool complete = false;
    struct rk_usb_transfer t = {
        .ep = ep, .data = data, .len = len, .complete = on_complete, .ctx = &complete};
    rk_usb_submit(&r->host.target, &t);
    for (uint64_t end = rk_machine_now_ns(r->m) + ns; !complete && rk_machine_now_ns(r->m) < end;) {
        rk_loader_run_ns(r, STEP_NS);
    }
    if (!complete) {
        rk_usb_cancel(&r->host.target, &t);
    }
    *done = t.done;
    return t.status == RK_USB_OK;
}

size_t rk_loader_say(struct rk_loader_rig *r, const char *text, char *answer, size_t cap,
                     uint64_t ns) {
    uint8_t packet[64];
    size_t done = 0, len = 0;
    memcpy(packet, text, RK_MIN(strlen(text), sizeof packet));
    (void)transfer_bulk(r, 0x03, packet, strlen(text), 100 * RK_LOADER_MS, &done);
    uint64_t end = rk_machine_now_ns(r->m) + ns;
    while (r->host.target.desc && rk_machine_now_ns(r->m) < end && len < cap - 1) {
        if (transfer_bulk(r, 0x81, packet, sizeof packet, end - rk_machine_now_ns(r->m), &done)) {
            size_t n = RK_MIN(done, cap - 1 - len);
            memcpy(answer + len, packet, n);
            len += n;
        }
    }
    answer[len] = '\0';
    return len;
}

bool rk_loader_set_baud(struct rk_loader_rig *r, uint32_t baud) {
    uint8_t coding[7] = {0, 0, 0, 0, 0, 0, 8};
    rk_put_u32le(coding, baud);
    return rk_loader_control(r, 0x21, 0x20, 0, 0, coding, 7, NULL) == RK_USB_OK;
}
