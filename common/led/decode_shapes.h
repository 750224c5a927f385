/* Inside the decoder: the shapes it looks for in the runs, and how one is reported. */
#ifndef RK_COMMON_LED_DECODE_SHAPES_H
#define RK_COMMON_LED_DECODE_SHAPES_H

#include "common/led/decode.h"

#define RK_LED_MS 1000000ull

/* A shape as found, before its meaning is looked up. */
struct rk_led_shape {
    uint64_t since_ns;
    enum rk_led_colour colour;
    enum rk_led_pattern pattern;
    uint32_t period_ms;
    unsigned count;
};

/* Reports a shape found at t; a shape that is shown already only confirms it. */
void rk_led_report(struct rk_led_decoder *d, uint64_t t, const struct rk_led_shape *shape);
/* Does any form of the decoder's eras look like this? */
bool rk_led_shape_is_known(const struct rk_led_decoder *d, const struct rk_led_shape *shape);

/* Is a level of this colour, as far as its small numbers can tell? */
bool rk_led_level_fits(const uint16_t level[4], enum rk_led_colour colour);
enum rk_led_colour rk_led_level_colour(const uint16_t level[4]);

/* A level was committed at t. */
void rk_led_breath_step(struct rk_led_decoder *d, uint64_t t, uint32_t value);
/* A run of this colour and length ended at t. */
void rk_led_sos_run(struct rk_led_decoder *d, uint64_t t, const struct rk_led_run *run);
/* A new run began at t: look at what the finished ones show. */
void rk_led_edge(struct rk_led_decoder *d, uint64_t t);
/* The light has changed at t: if it does so for long without any shape, that is reported too. */
void rk_led_restless(struct rk_led_decoder *d, uint64_t t);
/* The current dark run has lasted so long that a burst before it is complete. */
void rk_led_count_end(struct rk_led_decoder *d, uint64_t t);
/* How long a dark run must be to end the burst before it; 0 when there is none. */
uint64_t rk_led_count_wait_ns(const struct rk_led_decoder *d);

#endif
