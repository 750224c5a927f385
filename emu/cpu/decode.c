/* From half-words to records: finds the record of an address, fills it, and forgets what depends on
 * bytes that changed. Encodings are in decode16.c and decode32*.c.
 *
 * A record of flash is decoded for one ITSTATE. Decoding an IT instruction decodes its block with
 * it; when one of the block is later decoded for another ITSTATE (a branch into the block), the IT
 * instruction is forgotten, so that it decodes the block again.
 */
#include "emu/cpu/decode.h"

#include "common/base/bytes.h"

static bool is_wide(uint32_t hw1) {
    return hw1 >> 11 >= 0x1Du;
}

static unsigned next_it(unsigned it) {
    return it & 7u ? (it & 0xE0u) | (it << 1 & 0x1Fu) : 0;
}

void rk_decode_branch(struct rk_insn *i, enum rk_op near, enum rk_op far, int32_t distance) {
    uint32_t target = i->off + 4 + (uint32_t)distance;
    if (target < i->size) {
        i->op = near;
        i->imm = (target - i->off) / 2 * (uint32_t)sizeof(struct rk_rec);
        return;
    }
    i->op = far;
    i->imm = (uint32_t)distance;
}

void rk_decode_branches(struct rk_insn *i) {
    if (i->it && !i->last_in_it) {
        i->flags |= RK_SIDE_UNPREDICTABLE | RK_SIDE_BRANCH_IN_IT;
    }
}

void rk_decode_unpredictable(struct rk_insn *i) {
    i->flags |= RK_SIDE_UNPREDICTABLE;
}

void rk_decode_refuse(struct rk_insn *i) {
    i->flags |= RK_SIDE_UNPREDICTABLE;
    i->op = OP_undefined;
}

static bool breaks_at(const struct rk_cpu_cache *k, const struct rk_space *sp, uint32_t idx) {
    for (unsigned n = 0; n < k->breakpoint_count; n++) {
        uint32_t off = k->breakpoint[n] - sp->base;
        if (off / 2 == idx || (!sp->raw && k->breakpoint[n] / 2 == idx)) {
            return true;
        }
    }
    return false;
}

/* One record; returns how many half-words its instruction has. */
static unsigned decode_one(struct rk_cpu_cache *k, unsigned space, uint32_t idx, unsigned it) {
    struct rk_space *sp = &k->space[space];
    struct rk_rec *rec = &sp->records[idx];
    struct rk_side *side = &sp->side[idx];
    uint32_t off = 2 * idx;
    struct rk_insn i = {.op = OP_off_end, .off = off, .size = sp->size, .in_flash = !sp->raw};
    i.it = it;
    i.last_in_it = next_it(it) == 0;
    bool wide = false;
    if (off + 2 <= sp->size) {
        i.hw1 = rk_get_u16le(sp->mem + off);
        wide = is_wide(i.hw1);
        if (!wide) {
            rk_decode_16(&i);
        } else if (off + 4 <= sp->size) {
            i.hw2 = rk_get_u16le(sp->mem + off + 2);
            rk_decode_32(&i);
        }
    }
    i.flags |= wide ? RK_SIDE_WIDE : 0;
    i.flags |= breaks_at(k, sp, idx) ? RK_SIDE_BREAK : 0;
    *side = (struct rk_side){.op = (uint16_t)i.op, .it = (uint8_t)it, .flags = i.flags};
    *rec = (struct rk_rec){.imm = i.imm, .a = i.a, .b = i.b, .c = i.c, .d = i.d};
    rec->go = k->labels[sp->raw ? OP_check_ram : rk_cpu_stage(*side, STAGE_BREAK)];
    if (sp->raw) {
        sp->raw[idx] = off + 4 <= sp->size ? rk_get_u32le(sp->mem + off) : 0;
    }
    return wide ? 2 : 1;
}

/* The IT instructions whose blocks may reach idx: at most four instructions before. */
static void forget_it_before(struct rk_cpu_cache *k, struct rk_space *sp, uint32_t idx) {
    for (uint32_t n = 1; n <= 8 && n <= idx; n++) {
        struct rk_side *side = &sp->side[idx - n];
        if (side->op == OP_it_n) {
            side->op = OP_undecoded;
            sp->records[idx - n].go = k->labels[OP_undecoded];
        }
    }
}

static void decode_block(struct rk_cpu_cache *k, unsigned space, uint32_t idx, unsigned it) {
    uint32_t end = k->space[space].size / 2;
    for (; it && idx < end; it = next_it(it)) {
        idx += decode_one(k, space, idx, it);
    }
}

void rk_cpu_decode(struct rk_cpu_cache *k, unsigned space, uint32_t idx, unsigned it) {
    struct rk_space *sp = &k->space[space];
    if (sp->raw) {
        decode_one(k, space, idx, it);
        return;
    }
    if (sp->side[idx].op != OP_undecoded) {
        forget_it_before(k, sp, idx);
    }
    if (it) {
        decode_block(k, space, idx, it);
        return;
    }
    decode_one(k, space, idx, 0);
    if (sp->side[idx].op == OP_it_n) {
        decode_block(k, space, idx + 1, sp->records[idx].imm);
    }
}

/* To come into the middle of a block, not by its IT. */
void rk_cpu_decode_rest(struct rk_cpu_cache *k, unsigned space, uint32_t idx, unsigned it) {
    const struct rk_space *sp = &k->space[space];
    uint32_t at = idx;
    for (unsigned state = it; state && at < sp->size / 2; state = next_it(state)) {
        struct rk_side side = sp->side[at];
        if (side.op == OP_undecoded || side.it != state) {
            rk_cpu_decode(k, space, idx, it);
            return;
        }
        at += side.flags & RK_SIDE_WIDE ? 2 : 1;
    }
}

static void forget_records(struct rk_cpu_cache *k, struct rk_space *sp, uint32_t from,
                           uint32_t to) {
    for (uint32_t idx = from; idx < to; idx++) {
        sp->side[idx] = (struct rk_side){.op = OP_undecoded};
        sp->records[idx].go = k->labels[sp->raw ? OP_check_ram : OP_undecoded];
    }
}

void rk_cpu_forget(struct rk_cpu_cache *k, uint32_t off, uint32_t len) {
    struct rk_space *sp = &k->space[RK_SPACE_FLASH];
    uint32_t last = sp->size / 2 + RK_SPACE_GUARD;
    uint32_t from = off / 2, to = RK_MIN((off + len + 1) / 2, last);
    /* A 32-bit instruction may begin one half-word before, an IT block nine. */
    from = from > 9 ? from - 9 : 0;
    if (to >= sp->size / 2) {
        to = last;
    }
    forget_records(k, sp, from, to);
    if (off == 0 && len >= sp->size) {
        struct rk_space *ram = &k->space[RK_SPACE_RAM];
        forget_records(k, ram, 0, ram->size / 2 + RK_SPACE_GUARD);
    }
}

struct rk_rec *rk_cpu_find(struct rk_cpu_cache *k, struct rk_machine *m, uint32_t pc,
                           unsigned *space_out, uint32_t *base_out) {
    if (pc - m->flash_base < m->flash_size) {
        *space_out = RK_SPACE_FLASH;
        *base_out = m->flash_base;
    } else if (pc < m->flash_size) {
        *space_out = RK_SPACE_FLASH;
        *base_out = 0;
    } else if (pc - m->ram_base < m->ram_size) {
        *space_out = RK_SPACE_RAM;
        *base_out = m->ram_base;
    } else {
        return NULL;
    }
    return &k->space[*space_out].records[(pc - *base_out) / 2];
}
