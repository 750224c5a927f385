/* See rig.h. */
#include "tests/boot/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APP_OFF 0x5000u

/* The id of the published studies' board (emulator-findings.md). */
static const uint8_t rig_id[12] = {0x53, 0xFF, 0x6D, 0x06, 0x50, 0x77,
                                   0x53, 0x52, 0x28, 0x30, 0x02, 0x87};

static void take_events(struct rk_rig *rig) {
    struct rk_led_observation o;
    while (rk_led_decoder_event(&rig->decoder, &o)) {
        if (rig->signal_count < RK_RIG_SIGNALS) {
            struct rk_rig_signal *s = &rig->signals[rig->signal_count++];
            const struct rk_signal_info *info = rk_signal_info(rk_led_observed_signal(&o));
            rk_led_observed_name(&o, s->name);
            s->id = info ? info->id : "unknown";
            s->since_ns = o.since_ns;
            s->instr = rk_machine_instr(rig->m);
        }
        if (rig->until && rk_led_observed_is(&o, rig->until)) {
            rig->seen = true;
            rk_machine_stop(rig->m);
        }
    }
}

static void on_led(void *ctx, const uint16_t rgb[3], uint16_t full) {
    struct rk_rig *rig = ctx;
    uint64_t ns = rk_machine_now_ns(rig->m);
    if (rig->change_count < RK_RIG_CHANGES) {
        struct rk_rig_change *c = &rig->changes[rig->change_count];
        *c = (struct rk_rig_change){ns, rk_machine_instr(rig->m), {rgb[0], rgb[1], rgb[2]}, full};
    }
    rig->change_count++;
    if (rig->verbose) {
        printf("%9.4f s %12llu  %u %u %u of %u\n", (double)ns / 1e9,
               (unsigned long long)rk_machine_instr(rig->m), rgb[0], rgb[1], rgb[2], full);
    }
    rk_led_decoder_feed(&rig->decoder, ns, rgb[0], rgb[1], rgb[2], full);
    take_events(rig);
}

static void on_reset(void *ctx, enum rk_reset kind) {
    struct rk_rig *rig = ctx;
    rig->resets++;
    if (rig->verbose) {
        printf("%9.4f s reset %d\n", (double)rk_machine_now_ns(rig->m) / 1e9, (int)kind);
    }
    rk_led_decoder_reset(&rig->decoder, rk_machine_now_ns(rig->m));
}

static void on_trace(void *ctx, enum rk_trace kind, const struct rk_dev *dev, const char *line) {
    struct rk_rig *rig = ctx;
    printf("%9.6f s %s: %s\n", (double)rk_machine_now_ns(rig->m) / 1e9, dev->name, line);
    (void)kind;
}

struct rk_rig *rk_rig_new(const uint8_t *image, size_t len) {
    struct rk_rig *rig = calloc(1, sizeof *rig);
    if (!rig) {
        abort();
    }
    rig->m = rk_machine_new(&rk_spark_core_desc, NULL);
    if (!rig->m) {
        abort();
    }
    const char *trace = getenv("RK_RIG_TRACE");
    rig->verbose = trace != NULL;
    struct rk_observer observer = {.ctx = rig,
                                   .led = on_led,
                                   .reset = on_reset,
                                   .trace = on_trace,
                                   .trace_mask = trace ? (uint32_t)strtoul(trace, NULL, 0) : 0};
    rk_machine_observe(rig->m, &observer);
    size_t size;
    uint8_t *flash = rk_machine_nv(rig->m, RK_CORE_NV_INTERNAL, &size);
    memcpy(flash + APP_OFF, image, len < size - APP_OFF ? len : size - APP_OFF);
    rk_machine_nv_changed(rig->m);
    rk_spark_core_standin_loader(rig->m);
    rk_spark_core_init(rig->m, rig_id);
    rk_led_decoder_init(&rig->decoder, 0, RK_ERA_ALL);
    rk_machine_power_on(rig->m);
    return rig;
}

void rk_rig_free(struct rk_rig *rig) {
    rk_machine_free(rig->m);
    free(rig);
}

/* Steps of the decoder's deadlines, so that what time alone decides is decided at its time. */
enum rk_stop rk_rig_run(struct rk_rig *rig, uint64_t ns) {
    uint64_t end = rk_machine_now_ns(rig->m) + ns;
    for (;;) {
        uint64_t now = rk_machine_now_ns(rig->m);
        uint64_t deadline = rk_led_decoder_deadline(&rig->decoder);
        uint64_t until = deadline < end && deadline > now ? deadline : end;
        uint64_t cycle = rk_machine_cycle_at_ns(rig->m, until);
        enum rk_stop why = rk_machine_run(rig->m, cycle, UINT64_MAX);
        rk_led_decoder_advance(&rig->decoder, rk_machine_now_ns(rig->m));
        take_events(rig);
        if (why != RK_STOP_CYCLE || rig->seen || rk_machine_now_ns(rig->m) >= end) {
            return why;
        }
    }
}

bool rk_rig_until(struct rk_rig *rig, const char *signal, uint64_t ns) {
    rig->until = signal;
    rig->seen = false;
    uint64_t end = rk_machine_now_ns(rig->m) + ns;
    while (!rig->seen && rk_machine_now_ns(rig->m) < end) {
        enum rk_stop why = rk_rig_run(rig, end - rk_machine_now_ns(rig->m));
        if (why != RK_STOP_CYCLE && why != RK_STOP_REQUEST) {
            printf("stopped: %d\n", (int)why);
            break;
        }
    }
    bool seen = rig->seen;
    rig->until = NULL;
    rig->seen = false;
    return seen;
}

void rk_rig_print(const struct rk_rig *rig, const char *title) {
    for (size_t i = 0; i < rig->signal_count; i++) {
        const struct rk_rig_signal *s = &rig->signals[i];
        printf("| %-28s | %-24s | %-24s | %9.4f s | %12llu |\n", title, s->name, s->id,
               (double)s->since_ns / 1e9, (unsigned long long)s->instr);
    }
}
