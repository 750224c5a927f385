/* See remap.h. Knows numbers of sources and routes, neither blocks nor pins. */
#include "emu/periph/remap.h"

struct remap_state {
    uint32_t mapr;
    /* Complements, so that a new machine's zeros mean "nothing driven". */
    uint32_t value[RK_REMAP_LEVELS];
    uint32_t sent[RK_REMAP_ROUTES];
    uint32_t pins;      /* bit per route: level of its pin */
    uint16_t back_sent; /* bit per source */
};

static bool in_force(const struct remap_state *s, const struct rk_remap_route *r) {
    return r->accept >> (s->mapr >> r->shift & r->mask) & 1u;
}

static void tell_route(struct rk_dev *dev, unsigned route) {
    const struct rk_remap_config *config = dev->config;
    const struct rk_remap_route *r = &config->routes[route];
    struct remap_state *s = dev->state;
    uint32_t value = in_force(s, r) ? s->value[r->source] : ~RK_REMAP_NONE;
    if (value != s->sent[route]) {
        s->sent[route] = value;
        rk_line_out(dev, RK_REMAP_OUT_ROUTE + route, ~value);
    }
}

static void tell_back(struct rk_dev *dev, unsigned route) {
    const struct rk_remap_config *config = dev->config;
    const struct rk_remap_route *r = &config->routes[route];
    struct remap_state *s = dev->state;
    bool level = s->pins >> route & 1u;
    if (in_force(s, r) && level != (s->back_sent >> r->source & 1u)) {
        s->back_sent ^= (uint16_t)(1u << r->source);
        rk_line_out(dev, RK_REMAP_OUT_BACK + r->source, level);
    }
}

static bool is_level(const struct rk_remap_route *r) {
    return r->source < RK_REMAP_LEVELS;
}

static void mapr_changed(struct rk_dev *dev) {
    const struct rk_remap_config *config = dev->config;
    for (unsigned pass = 0; pass < 2; pass++) { /* old pins are let go before new ones are driven */
        for (unsigned i = 0; i < config->count; i++) {
            if (is_level(&config->routes[i]) &&
                in_force(dev->state, &config->routes[i]) == (pass == 1)) {
                tell_route(dev, i);
                tell_back(dev, i);
            }
        }
    }
}

static uint32_t source_changed(struct rk_dev *dev, unsigned source, uint32_t value) {
    const struct rk_remap_config *config = dev->config;
    struct remap_state *s = dev->state;
    uint32_t answer = 0;
    if (source < RK_REMAP_LEVELS) {
        s->value[source] = ~value;
    }
    for (unsigned i = 0; i < config->count; i++) {
        if (config->routes[i].source != source) {
            continue;
        }
        if (source < RK_REMAP_LEVELS) {
            tell_route(dev, i);
        } else if (in_force(s, &config->routes[i])) {
            answer = rk_line_out(dev, RK_REMAP_OUT_ROUTE + i, value);
        }
    }
    return answer;
}

static void pin_changed(struct rk_dev *dev, unsigned route, uint32_t value) {
    const struct rk_remap_config *config = dev->config;
    const struct rk_remap_route *r = &config->routes[route];
    struct remap_state *s = dev->state;
    if (!is_level(r)) {
        if (in_force(s, r)) {
            rk_line_out(dev, RK_REMAP_OUT_BACK + r->source, value);
        }
        return;
    }
    s->pins = value ? s->pins | 1u << route : s->pins & ~(1u << route);
    tell_back(dev, route);
}

static uint32_t remap_input(struct rk_dev *dev, unsigned line, uint32_t value) {
    const struct rk_remap_config *config = dev->config;
    struct remap_state *s = dev->state;
    if (line == RK_REMAP_IN_MAPR) {
        s->mapr = value;
        mapr_changed(dev);
    } else if (line >= RK_REMAP_IN_BACK && line - RK_REMAP_IN_BACK < config->count) {
        pin_changed(dev, line - RK_REMAP_IN_BACK, value);
    } else if (line >= RK_REMAP_IN_SOURCE && line < RK_REMAP_IN_SOURCE + RK_REMAP_SOURCES) {
        return source_changed(dev, line - RK_REMAP_IN_SOURCE, value);
    }
    return 0;
}

/* AFIO tells when its reset changes MAPR. */
static void remap_reset(struct rk_dev *dev, enum rk_reset kind) {
    (void)dev;
    (void)kind;
}

const struct rk_dev_ops rk_remap_ops = {.type = "remap",
                                        .state_size = sizeof(struct remap_state),
                                        .out_count = RK_REMAP_OUT_COUNT,
                                        .reset = remap_reset,
                                        .input = remap_input};
