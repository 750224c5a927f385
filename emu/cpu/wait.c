/* Loops that only wait: see wait.h.
 *
 * At the head of a loop one turn is executed instruction by instruction while slope.c follows which
 * values grow evenly from turn to turn, given a guess of their slopes (the cycle counter's is the
 * length of the turn). If the turn ends with every register, flag and stored word where the guess
 * said, it is a proof by induction that the next turns are the same, until a timer comes due, or a
 * compare, quotient or mask comes out differently. All but the last of these turns are skipped:
 * values move by turns times slope, time and instruction count by turns times the turn's. What the
 * turn read must be free of side effects, what it wrote to devices idle (device.h); the idle writes
 * are done once more, at their time in the last skipped turn.
 */
#include "emu/cpu/wait.h"

#include <stdlib.h>
#include <string.h>

#include "emu/cpu/slope.h"

enum {
    TURN_INSTR = 3000, /* a longer turn is not watched to its end */
    GUESSES = 4,       /* turns watched at one visit */
    LOOPS = 64,        /* loops remembered */
    SLOPED_WORDS = 32, /* words of RAM that may grow */
    IDLE_WRITES = 16,  /* of one turn */
    WORTHWHILE = 3,    /* turns: less is no gain */
    AT_ONCE = 0xFF,    /* the branch shows its next turn */
};

#define DWT_CYCCNT  0xE0001004u
#define SYSTICK_VAL 0xE000E018u

/* The values that are expected to grow at a loop's head. */
struct guess {
    uint32_t reg[16];
    uint64_t cycles;
    unsigned word_count;
    struct {
        uint32_t idx, slope;
    } word[SLOPED_WORDS];
};

struct loop {
    uint32_t head;
    bool known; /* guess held the last time */
    struct guess guess;
    unsigned failures;
    uint64_t not_before; /* instruction count */
};

/* Stored words of the watched turn. */
struct word {
    uint32_t turn; /* old and slope belong to this turn */
    uint32_t old;
    uint32_t slope;
};

struct rk_wait {
    struct loop loop[LOOPS];
    struct word *word; /* one for each of RAM */
    uint32_t *stored;  /* indices of those stored to in this turn */
    unsigned stored_count;
    uint32_t word_count;
    uint32_t turn;

    /* the turn being watched */
    struct rk_slopes slopes;
    struct rk_slope_step step;
    struct rk_cpu_state before;
    uint64_t began_at, began_instr, limit;
    bool refused;        /* a side effect, or no room */
    uint32_t read_slope; /* of what the instruction read from a device */
    unsigned idle_count;
    struct {
        uint64_t after; /* cycles from the begin of the turn */
        uint32_t addr, value;
        unsigned size;
    } idle[IDLE_WRITES];
};

struct rk_wait *rk_wait_new(const struct rk_machine *m) {
    struct rk_wait *w = calloc(1, sizeof *w);
    if (!w) {
        return NULL;
    }
    w->word_count = m->ram_size / 4;
    w->word = calloc(w->word_count + 1, sizeof *w->word);
    w->stored = calloc(w->word_count + 1, sizeof *w->stored);
    if (!w->word || !w->stored) {
        rk_wait_free(w);
        return NULL;
    }
    return w;
}

void rk_wait_free(struct rk_wait *w) {
    if (w) {
        free(w->word);
        free(w->stored);
        free(w);
    }
}

/* --- RAM
 * -------------------------------------------------------------------------------------------
 */

static uint32_t ram_word(const struct rk_machine *m, uint32_t idx) {
    uint32_t v;
    memcpy(&v, m->ram + 4 * idx, 4);
    return v;
}

static uint32_t slope_of_word(const struct rk_wait *w, uint32_t idx) {
    return idx < w->word_count && w->word[idx].turn == w->turn ? w->word[idx].slope : 0;
}

/* The word of this turn, its old value kept; counted as stored to. */
static struct word *touch(struct rk_wait *w, const struct rk_machine *m, uint32_t idx) {
    struct word *word = &w->word[idx];
    if (word->turn != w->turn) {
        *word = (struct word){.turn = w->turn, .old = ram_word(m, idx)};
        w->stored[w->stored_count++] = idx;
    }
    return word;
}

/* --- accesses, before they happen
 * ------------------------------------------------------------------
 */

/* Bit-band aliases read and write a register like any other; only reads are looked through. */
static uint32_t look_through(uint32_t addr) {
    return addr - 0x42000000u < 0x02000000u ? 0x40000000u + ((addr - 0x42000000u) >> 5 & ~3u)
                                            : addr;
}

static uint32_t clock_slope(struct rk_wait *w, const struct rk_dev *cpu, uint32_t addr,
                            uint64_t cycles) {
    const struct rk_systick *t = &rk_cpu_state(cpu)->systick;
    if (addr == DWT_CYCCNT) {
        return rk_dwt_counts(cpu) ? (uint32_t)cycles : 0;
    }
    if (addr == SYSTICK_VAL && (t->ctrl & 5u) == 5u && rk_systick_value(cpu) != 0) {
        return (uint32_t)-cycles; /* it reaches 0 at a timer, which bounds the turns */
    }
    w->refused = true;
    return 0;
}

static struct loop *loop_of(struct rk_wait *w, uint32_t head) {
    return &w->loop[head / 2 % LOOPS];
}

void rk_wait_saw_read(struct rk_dev *cpu, uint32_t addr, unsigned size) {
    struct rk_wait *w = rk_cpu_cache(cpu)->wait;
    struct rk_machine *m = cpu->m;
    uint32_t off, at = look_through(addr);
    if (at - m->ram_base < m->ram_size || at < m->flash_size ||
        at - m->flash_base < m->flash_size) {
        return;
    }
    struct rk_dev *dev = rk_bus_find(m, at, &off);
    enum rk_read_kind kind = RK_READ_EFFECT;
    if (dev && dev->ops->read_kind) {
        kind = dev->ops->read_kind(dev, off & ~3u);
    }
    if (kind == RK_READ_EFFECT) {
        w->refused = true;
    } else if (kind == RK_READ_CLOCK) {
        uint64_t cycles = loop_of(w, w->before.r[15])->guess.cycles;
        w->read_slope = clock_slope(w, cpu, at, cycles);
        w->refused = w->refused || size != 4 || at != addr;
    }
}

static void saw_device_write(struct rk_dev *cpu, uint32_t addr, unsigned size, uint32_t value) {
    struct rk_wait *w = rk_cpu_cache(cpu)->wait;
    uint32_t off, wide = value;
    struct rk_dev *dev = rk_bus_find(cpu->m, addr, &off);
    if (!dev || !dev->ops->write_is_idle || w->idle_count == IDLE_WRITES) {
        w->refused = true;
        return;
    }
    if (dev->ops->width == RK_BUS_APB && size < 4) {
        wide = size == 1 ? value * 0x01010101u : value * 0x00010001u;
        off &= ~3u;
    }
    if (!dev->ops->write_is_idle(dev, off, wide)) {
        w->refused = true;
        return;
    }
    w->idle[w->idle_count].after = cpu->m->s->now - w->began_at;
    w->idle[w->idle_count].addr = addr;
    w->idle[w->idle_count].value = value;
    w->idle[w->idle_count].size = size;
    w->idle_count++;
}

void rk_wait_saw_write(struct rk_dev *cpu, uint32_t addr, unsigned size, uint32_t value) {
    struct rk_wait *w = rk_cpu_cache(cpu)->wait;
    struct rk_machine *m = cpu->m;
    uint32_t slope = 0;
    for (unsigned n = 0; n < w->step.store_count; n++) {
        if (w->step.store[n].addr == addr) {
            slope = w->step.store[n].slope;
        } else if (addr - w->step.store[n].addr < 4 && w->step.store[n].slope) {
            w->refused = true; /* a piece of an unaligned one */
        }
    }
    if (addr - m->ram_base >= m->ram_size) {
        w->refused = w->refused || slope != 0;
        saw_device_write(cpu, addr, size, value);
        return;
    }
    struct word *word = touch(w, m, (addr - m->ram_base) / 4);
    if (size < 4 && (slope || word->slope)) {
        w->refused = true;
    }
    word->slope = slope;
}

/* --- one instruction
 * -------------------------------------------------------------------------------
 */

static bool passes(const struct rk_cpu_state *c, unsigned it) {
    bool n = c->apsr >> 31 & 1u, z = c->apsr >> 30 & 1u, carry = c->apsr >> 29 & 1u;
    bool v = c->apsr >> 28 & 1u, yes = true;
    unsigned cond = it >> 4;
    switch (cond >> 1) {
    case 0: yes = z; break;
    case 1: yes = carry; break;
    case 2: yes = n; break;
    case 3: yes = v; break;
    case 4: yes = carry && !z; break;
    case 5: yes = n == v; break;
    case 6: yes = n == v && !z; break;
    default: return true;
    }
    return yes != (cond & 1u);
}

/* What the loads of the instruction got. */
static void take_loaded(struct rk_wait *w, const struct rk_machine *m) {
    const struct rk_slope_step *i = &w->step;
    uint32_t addr = i->load_addr;
    uint32_t list = i->load_reg < 16 ? 1u << i->load_reg : i->load_list;
    for (; list; list &= list - 1, addr += 4) {
        unsigned reg = (unsigned)__builtin_ctz(list);
        uint32_t off = addr - m->ram_base, slope = w->read_slope;
        if (off < m->ram_size) {
            slope = slope_of_word(w, off / 4);
            uint32_t next = (off & 3u) ? slope_of_word(w, off / 4 + 1) : 0;
            bool whole =
                (off & 3u) == 0 && (i->load_list || i->op == OP_ldr_i_n || i->op == OP_ldr_i_w ||
                                    i->op == OP_ldr_r_n || i->op == OP_ldr_r_w ||
                                    i->op == OP_ldr_pre_w || i->op == OP_ldr_post_w);
            w->refused = w->refused || ((slope | next) && !whole);
        }
        if (reg < 15) {
            w->slopes.reg[reg] = slope;
        } else {
            w->refused = w->refused || slope != 0;
        }
    }
}

/* Executes one instruction of the watched turn. False: an event, or nothing that can be followed.
 */
static bool watch_step(struct rk_dev *cpu) {
    struct rk_machine *m = cpu->m;
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    struct rk_cpu_cache *k = rk_cpu_cache(cpu);
    struct rk_wait *w = k->wait;
    unsigned space;
    uint32_t base;
    struct rk_rec *rec = rk_cpu_find(k, m, c->r[15], &space, &base);
    if (!rec || space != RK_SPACE_FLASH) {
        return false; /* records of RAM are only right once they were executed */
    }
    uint32_t idx = (uint32_t)(rec - k->space[space].records);
    if (k->space[space].side[idx].op == OP_undecoded) {
        rk_cpu_decode(k, space, idx, c->it);
    }
    struct rk_side side = k->space[space].side[idx];
    if (side.it != c->it || side.flags & RK_SIDE_UNPREDICTABLE) {
        return false;
    }
    w->step.rec = rec;
    w->step.op = (enum rk_op)side.op;
    w->step.r = c->r;
    w->step.executes = side.it == 0 || passes(c, side.it);
    w->read_slope = 0;
    rk_slope_step(&w->slopes, &w->step);
    uint64_t now = m->s->now;
    m->deadline = now + 1;
    enum rk_leave leave = rk_cpu_execute(cpu);
    if (m->deadline != now + 1 || leave != RK_LEAVE_DEADLINE) {
        w->limit = RK_MIN(w->limit, m->deadline); /* a kick, a timer: back to the machine's loop */
        return false;
    }
    if (w->step.executes) {
        take_loaded(w, m);
    }
    return !w->refused && !w->slopes.resists && m->s->now < w->limit;
}

/* --- one turn
 * --------------------------------------------------------------------------------------
 */

static void begin_turn(struct rk_dev *cpu, const struct guess *g) {
    struct rk_wait *w = rk_cpu_cache(cpu)->wait;
    w->turn++;
    w->stored_count = 0;
    w->idle_count = 0;
    w->refused = false;
    w->before = *rk_cpu_state(cpu);
    w->began_at = cpu->m->s->now;
    w->began_instr = cpu->m->s->instr;
    memcpy(w->slopes.reg, g->reg, sizeof w->slopes.reg);
    w->slopes.turns = UINT64_MAX;
    w->slopes.resists = false;
    for (unsigned n = 0; n < g->word_count; n++) {
        touch(w, cpu->m, g->word[n].idx)->slope = g->word[n].slope;
    }
}

/* To the head again. False: not in this turn. */
static bool watch_turn(struct rk_dev *cpu, const struct guess *g) {
    const struct rk_cpu_state *c = rk_cpu_state(cpu);
    struct rk_wait *w = rk_cpu_cache(cpu)->wait;
    begin_turn(cpu, g);
    for (unsigned n = 0; n < TURN_INSTR; n++) {
        if (!watch_step(cpu)) {
            return false;
        }
        if (c->r[15] == w->before.r[15] && c->r[13] == w->before.r[13]) {
            return true;
        }
    }
    return false;
}

/* All of the state but the registers and the time is as it was. */
static bool same_state(const struct rk_cpu_state *a, const struct rk_cpu_state *b) {
    size_t from = offsetof(struct rk_cpu_state, sp_banked);
    return memcmp((const uint8_t *)a + from, (const uint8_t *)b + from, sizeof *a - from) == 0;
}

/* The induction step: values and slopes at the end are what the guess said. */
static bool holds(const struct rk_dev *cpu, const struct guess *g) {
    const struct rk_cpu_state *c = rk_cpu_state(cpu);
    const struct rk_wait *w = rk_cpu_cache(cpu)->wait;
    const struct rk_machine *m = cpu->m;
    if (m->s->now - w->began_at != g->cycles || !same_state(c, &w->before)) {
        return false;
    }
    for (unsigned n = 0; n < 15; n++) {
        if (c->r[n] - w->before.r[n] != g->reg[n] || w->slopes.reg[n] != g->reg[n]) {
            return false;
        }
    }
    unsigned sloped = 0;
    for (unsigned n = 0; n < w->stored_count; n++) {
        const struct word *word = &w->word[w->stored[n]];
        if (ram_word(m, w->stored[n]) - word->old != word->slope) {
            return false;
        }
        sloped += word->slope != 0;
    }
    for (unsigned n = 0; n < g->word_count; n++) {
        if (w->word[g->word[n].idx].slope != g->word[n].slope) {
            return false;
        }
    }
    return sloped == g->word_count;
}

/* What the turn suggests for the next one. False: too much grows. */
static bool guess_from_turn(const struct rk_dev *cpu, struct guess *g) {
    const struct rk_cpu_state *c = rk_cpu_state(cpu);
    const struct rk_wait *w = rk_cpu_cache(cpu)->wait;
    memset(g, 0, sizeof *g);
    g->cycles = cpu->m->s->now - w->began_at;
    for (unsigned n = 0; n < 15; n++) {
        g->reg[n] = c->r[n] - w->before.r[n];
    }
    for (unsigned n = 0; n < w->stored_count; n++) {
        uint32_t idx = w->stored[n], grown = ram_word(cpu->m, idx) - w->word[idx].old;
        if (grown && g->word_count == SLOPED_WORDS) {
            return false;
        }
        if (grown) {
            g->word[g->word_count].idx = idx;
            g->word[g->word_count].slope = grown;
            g->word_count++;
        }
    }
    return true;
}

/* --- skipping
 * --------------------------------------------------------------------------------------
 */

static void repeat_idle_writes(struct rk_dev *cpu, uint64_t last_turn) {
    struct rk_wait *w = rk_cpu_cache(cpu)->wait;
    uint64_t now = cpu->m->s->now;
    for (unsigned n = 0; n < w->idle_count; n++) {
        cpu->m->s->now = last_turn + w->idle[n].after;
        rk_bus_write(cpu->m, w->idle[n].addr, w->idle[n].size, w->idle[n].value);
    }
    cpu->m->s->now = now;
}

static void skip(struct rk_dev *cpu, const struct guess *g, uint64_t turns) {
    struct rk_cpu_state *c = rk_cpu_state(cpu);
    struct rk_wait *w = rk_cpu_cache(cpu)->wait;
    struct rk_machine *m = cpu->m;
    uint64_t instr = m->s->instr - w->began_instr;
    for (unsigned n = 0; n < 15; n++) {
        c->r[n] += (uint32_t)turns * g->reg[n];
    }
    for (unsigned n = 0; n < g->word_count; n++) {
        uint32_t v = ram_word(m, g->word[n].idx) + (uint32_t)turns * g->word[n].slope;
        memcpy(m->ram + 4 * g->word[n].idx, &v, 4);
    }
    m->s->now += turns * g->cycles;
    m->s->instr += turns * instr;
    m->counts.skipped_instr += turns * instr;
    repeat_idle_writes(cpu, m->s->now - g->cycles);
}

/* The turn that was watched holds: skips what is left before the limit. False: hardly anything. */
static bool skip_turns(struct rk_dev *cpu, const struct guess *g) {
    struct rk_wait *w = rk_cpu_cache(cpu)->wait;
    struct rk_machine *m = cpu->m;
    if (m->next_timer < m->timer_count) {
        w->limit = RK_MIN(w->limit, m->timers[m->next_timer].at_cycle);
    }
    uint64_t left = w->limit > m->s->now ? w->limit - 1 - m->s->now : 0;
    uint64_t turns = RK_MIN(left / g->cycles, w->slopes.turns);
    if (turns < WORTHWHILE) {
        return false;
    }
    skip(cpu, g, turns);
    return true;
}

/* Watches turns until one holds. */
static bool try_skip(struct rk_dev *cpu, struct loop *loop) {
    const struct rk_counts *counts = &cpu->m->counts;
    uint64_t trouble = counts->guest_errors + counts->unmodelled;
    for (unsigned n = 0; n < GUESSES; n++) {
        if (!watch_turn(cpu, &loop->guess) ||
            trouble != counts->guest_errors + counts->unmodelled) {
            return false;
        }
        if (holds(cpu, &loop->guess)) {
            return skip_turns(cpu, &loop->guess);
        }
        if (!guess_from_turn(cpu, &loop->guess)) {
            return false;
        }
    }
    return false;
}

static struct loop *find_loop(struct rk_wait *w, uint32_t head) {
    struct loop *loop = loop_of(w, head);
    if (loop->head != head) {
        memset(loop, 0, sizeof *loop);
        loop->head = head;
    }
    return loop;
}

/* A debugger, a trace of every access: nothing may be left out. */
static bool may_skip(const struct rk_dev *cpu) {
    const struct rk_machine *m = cpu->m;
    return m->skip && rk_cpu_cache(cpu)->breakpoint_count == 0 && !rk_traced(cpu, RK_TRACE_MMIO) &&
           rk_cpu_state(cpu)->it == 0;
}

void rk_wait_turn(struct rk_dev *cpu) {
    struct rk_machine *m = cpu->m;
    struct rk_cpu_cache *k = rk_cpu_cache(cpu);
    struct rk_wait *w = k->wait;
    struct rk_rec *turned = k->turned;
    if (!may_skip(cpu)) {
        return;
    }
    struct loop *loop = find_loop(w, rk_cpu_state(cpu)->r[15]);
    if (m->s->instr < loop->not_before) {
        return;
    }
    uint64_t instr = m->s->instr;
    w->limit = m->deadline;
    k->watching = true;
    rk_cpu_set_limits(cpu);
    bool skipped = try_skip(cpu, loop);
    k->watching = false;
    rk_cpu_set_limits(cpu);
    /* Timers may have been set, or the deadline kicked, while it was out of sight. */
    m->deadline = w->limit;
    if (m->next_timer < m->timer_count) {
        m->deadline = RK_MIN(m->deadline, m->timers[m->next_timer].at_cycle);
    }
    if (skipped) {
        loop->failures = 0;
        turned->d = AT_ONCE;
    } else {
        loop->failures += loop->failures < 10;
        loop->not_before = instr + ((m->s->instr - instr + 50) << loop->failures) * 4;
    }
}
