/* The CPU against Unicorn 2.0.1, one instruction (or one IT block) at a time: random encodings, and
 * the hand-written ones of encodings.def with random fields, on random states.
 *
 *   test_cpu_oracle [--cases N] [--seed S]
 *
 * Unicorn's known faults (emulator-findings.md) shape this: every case has a place of its own in
 * flash, all code is written before the first instruction, every batch runs in a fresh process, and
 * a batch in which Unicorn crashes goes on behind the case in another one.
 *
 * Accepted differences, each counted and printed:
 *   unpredictable  we report the encoding as UNPREDICTABLE                   DDI0403 A7, "then
 * UNPREDICTABLE" dsp            ARMv7E-M only; UNDEFINED on a Cortex-M3, Unicorn runs it  DDI0403
 * A5.3, DSP extension aligned-only   LDM STM LDRD STRD LDREX STREX fault unaligned DDI0403 A3.2.1
 *   sp-low-bits    SP[1:0] read as zero, writes ignored                      DDI0403 B1.4.7
 *   system         MSR/MRS beyond APSR, CPS, hints, exceptions: unit tests   DDI0403 B4
 *   branch-in-it   a block that ends by a branch is not compared further: its last instruction is
 *   it-alone       compared outside a block; IT alone: Unicorn stops behind the block (findings 3)
 *   exclusive      STREX of another address or size succeeds: the reservation granule is all of
 *                  memory                                                    DDI0403 A3.4.1,
 * DDI0337 2.8 elsewhere      registers and bit-band aliases that only our machine has  DDI0403 B3.1
 *   no-coprocessor NOCP here, other faults there                             DDI0403 B1.5.14
 */
#include "tests/unit.h"

#include "tests/published.h"

#ifdef HAVE_UNICORN

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <unicorn/unicorn.h>

#include "common/base/bytes.h"
#include "emu/cpu/flat.h"
#include "emu/cpu/state.h"

enum { BATCH = 3000, SLOT = 32, BLOCK_MAX = 5, SHOWN = 20 };
enum { NOP = 0xBF00, BKPT = 0xBE00 };
#define SLOTS_AT   0x08002000u
#define FLASH_SIZE 0x20000u
#define RAM_SIZE   0x5000u

enum verdict {
    SAME,
    BOTH_FAULT,
    UNPREDICTABLE,
    NOT_M3,
    ALIGNED_ONLY,
    SP_LOW_BITS,
    SYSTEM,
    NO_COPROCESSOR,
    BRANCH_IN_IT,
    IT_ALONE,
    EXCLUSIVE,
    ELSEWHERE,
    DIFFERENT,
    VERDICT_COUNT,
};
static const char *const verdict_names[] = {
    "same",        "both-fault", "unpredictable",  "not-m3",       "aligned-only",
    "sp-low-bits", "system",     "no-coprocessor", "branch-in-it", "it-alone",
    "exclusive",   "elsewhere",  "DIFFERENT"};

struct shared {
    uint64_t counts[VERDICT_COUNT];
    uint64_t crashes, batches;
    uint32_t next; /* case in the batch that is being compared */
};

struct options {
    uint64_t cases, seed;
};

/* One case: what is executed and from what. */
struct test_case {
    uint16_t code[2 * BLOCK_MAX];
    unsigned half_words;
    bool block; /* an IT block: runs to its end */
    uint32_t r[15], apsr;
};

/* --- randomness: splitmix64
 * ------------------------------------------------------------------------
 */

static uint64_t next_random(uint64_t *s) {
    uint64_t z = *s += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static uint32_t below(uint64_t *s, uint32_t n) {
    return (uint32_t)(next_random(s) >> 32) % n;
}

/* --- making cases
 * ----------------------------------------------------------------------------------
 */

#define ENC(text) text,
static const char *const encodings[] = {
#include "tests/conformance/encodings.def"
};
#undef ENC

static uint32_t field_value(uint64_t *s, char kind) {
    uint32_t r = below(s, 16);
    switch (kind) {
    case 'r':
    case 'R':
    case 'q': return r > 12 && below(s, 8) ? below(s, 13) : r;
    default: return (uint32_t)next_random(s);
    }
}

static unsigned from_template(uint64_t *s, const char *text, uint16_t *code) {
    uint32_t bits = 0, twice = field_value(s, 'q');
    unsigned len = (unsigned)strlen(text);
    for (unsigned i = 0; i < len;) {
        unsigned run = 1;
        while (i + run < len && text[i + run] == text[i] && (text[i] > '1')) {
            run++;
        }
        bool fixed = text[i] <= '1';
        run = fixed ? 1 : run;
        uint32_t value = fixed            ? (uint32_t)(text[i] - '0')
                         : text[i] == 'q' ? twice
                                          : field_value(s, text[i]);
        bits = bits << run | (value & ((1u << run) - 1u));
        i += run;
    }
    if (len == 16) {
        code[0] = (uint16_t)bits;
        return 1;
    }
    code[0] = (uint16_t)(bits >> 16);
    code[1] = (uint16_t)bits;
    return 2;
}

static unsigned random_instruction(uint64_t *s, uint16_t *code) {
    uint32_t kind = below(s, 10);
    if (kind < 3) {
        code[0] = (uint16_t)below(s, 0xE800);
        return 1;
    }
    if (kind < 5) {
        code[0] = (uint16_t)(0xE800 + below(s, 0x1800));
        code[1] = (uint16_t)next_random(s);
        return 2;
    }
    return from_template(s, encodings[below(s, RK_COUNT(encodings))], code);
}

/* Values that arithmetic trips over, places in RAM, and anything. */
static uint32_t random_value(uint64_t *s) {
    static const uint32_t edges[] = {0,          1,          2,          31,         32,
                                     33,         0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE,
                                     0x80000001, 255,        256,        0xFFFF,     0x10000};
    switch (below(s, 8)) {
    case 0: return edges[below(s, RK_COUNT(edges))];
    case 1: return below(s, 64);
    case 2: return (uint32_t)next_random(s);
    case 3: return RK_FLAT_RAM + 0x1000 + below(s, 0x2000);
    default: return RK_FLAT_RAM + 0x1000 + 4 * below(s, 0x800);
    }
}

static void make_case(uint64_t seed, uint64_t number, struct test_case *t) {
    uint64_t s = seed * 0xD1342543DE82EF95u + number;
    memset(t, 0, sizeof *t);
    t->block = number / BATCH % 4 == 3; /* by batch: Unicorn drops all code when count changes */
    if (t->block) {
        unsigned mask = 1 + below(&s, 15), count = 4u - (unsigned)__builtin_ctz(mask);
        uint32_t cond = below(&s, 14);
        t->code[t->half_words++] = (uint16_t)(0xBF00u | cond << 4 | mask);
        for (unsigned n = 0; n < count; n++) {
            t->half_words += random_instruction(&s, t->code + t->half_words);
        }
    } else {
        t->half_words = random_instruction(&s, t->code);
    }
    for (unsigned n = 0; n < 13; n++) {
        t->r[n] = random_value(&s);
    }
    t->r[13] = RK_FLAT_RAM + 0x1000 + 4 * below(&s, 0x800);
    t->r[14] = random_value(&s);
    t->apsr = (uint32_t)next_random(&s) & 0xF8000000u;
}

/* --- two machines
 * ----------------------------------------------------------------------------------
 */

struct bench {
    struct rk_machine *m;
    struct rk_cpu_state *c;
    uc_engine *uc;
    uc_context *clean;
    uint8_t *flash, *ram; /* Unicorn's */
    bool uc_faulted;
    uint32_t unmapped; /* the address that Unicorn missed, 0: none */
};

static void on_interrupt(uc_engine *uc, uint32_t number, void *ctx) {
    (void)number;
    ((struct bench *)ctx)->uc_faulted = true;
    uc_emu_stop(uc);
}

static bool on_unmapped(uc_engine *uc, uc_mem_type type, uint64_t addr, int size, int64_t value,
                        void *ctx) {
    (void)uc;
    (void)type;
    (void)size;
    (void)value;
    ((struct bench *)ctx)->unmapped = (uint32_t)addr;
    return false;
}

static void must(uc_err err) {
    if (err != UC_ERR_OK) {
        fprintf(stderr, "unicorn: %s\n", uc_strerror(err));
        _exit(3);
    }
}

static void open_both(struct bench *b) {
    static const uint16_t idle[] = {0xE7FE};
    uc_hook hook, missed;
    b->m = rk_flat_new(idle, 1);
    b->c = rk_cpu_state(rk_machine_dev(b->m, RK_FLAT_CPU));
    b->flash = aligned_alloc(4096, FLASH_SIZE);
    b->ram = aligned_alloc(4096, RAM_SIZE);
    must(uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &b->uc));
    must(uc_ctl_set_cpu_model(b->uc, UC_CPU_ARM_CORTEX_M3));
    must(uc_mem_map_ptr(b->uc, RK_FLAT_FLASH, FLASH_SIZE, UC_PROT_READ | UC_PROT_EXEC, b->flash));
    must(uc_mem_map_ptr(b->uc, 0, FLASH_SIZE, UC_PROT_READ | UC_PROT_EXEC, b->flash));
    must(uc_mem_map_ptr(b->uc, RK_FLAT_RAM, RAM_SIZE, UC_PROT_ALL, b->ram));
    must(uc_hook_add(b->uc, &hook, UC_HOOK_INTR, (void *)on_interrupt, b, 1, 0));
    must(uc_hook_add(b->uc, &missed, UC_HOOK_MEM_READ_UNMAPPED | UC_HOOK_MEM_WRITE_UNMAPPED,
                     (void *)on_unmapped, b, 1, 0));
    must(uc_context_alloc(b->uc, &b->clean));
}

static void close_both(struct bench *b) {
    rk_machine_free(b->m);
    uc_context_free(b->clean);
    uc_close(b->uc);
    free(b->flash);
    free(b->ram);
}

static uint32_t slot_addr(unsigned n) {
    return SLOTS_AT + SLOT * n;
}

/* All code first: Unicorn keeps stale translations of bytes that change. */
static void lay_out(struct bench *b, const struct options *o, uint64_t first, unsigned count) {
    uint8_t *flash = rk_machine_nv(b->m, 0, NULL);
    uint64_t s = o->seed ^ first;
    for (unsigned n = 0; n < count; n++) {
        struct test_case t;
        uint8_t *at = flash + (slot_addr(n) - RK_FLAT_FLASH);
        make_case(o->seed, first + n, &t);
        for (unsigned i = 0; i < SLOT / 2; i++) {
            uint16_t fill = t.block ? BKPT : NOP;
            rk_put_u16le(at + 2 * i, i < t.half_words ? t.code[i] : fill);
        }
    }
    memcpy(b->flash, flash, FLASH_SIZE);
    rk_machine_nv_changed(b->m);
    for (unsigned i = 0; i < RAM_SIZE; i += 4) {
        uint32_t v = below(&s, 4) ? random_value(&s) : (uint32_t)next_random(&s);
        rk_put_u32le(b->ram + i, v);
    }
    memcpy(b->m->ram, b->ram, RAM_SIZE);
    must(uc_context_save(b->uc, b->clean));
}

static const int uc_regs[] = {UC_ARM_REG_R0,  UC_ARM_REG_R1, UC_ARM_REG_R2,  UC_ARM_REG_R3,
                              UC_ARM_REG_R4,  UC_ARM_REG_R5, UC_ARM_REG_R6,  UC_ARM_REG_R7,
                              UC_ARM_REG_R8,  UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11,
                              UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR,  UC_ARM_REG_PC};

static bool run_unicorn(struct bench *b, const struct test_case *t, uint32_t pc) {
    uint32_t xpsr = t->apsr | 1u << 24;
    for (unsigned i = 0; i < 15; i++) {
        must(uc_reg_write(b->uc, uc_regs[i], &t->r[i]));
    }
    must(uc_reg_write(b->uc, UC_ARM_REG_XPSR, &xpsr));
    b->uc_faulted = false;
    b->unmapped = 0;
    /* The end address of a run is not honoured behind an IT block: a BKPT stands there. */
    uc_err err = uc_emu_start(b->uc, pc | 1u, 0, 0, t->block ? 0 : 1);
    if (t->block) {
        uint32_t at = 0;
        uc_reg_read(b->uc, UC_ARM_REG_PC, &at);
        return err == UC_ERR_OK && at == pc + 2 * t->half_words;
    }
    return err == UC_ERR_OK && !b->uc_faulted;
}

static bool run_ours(struct bench *b, const struct test_case *t, uint32_t pc) {
    struct rk_cpu_state *c = b->c;
    memcpy(c->r, t->r, sizeof t->r);
    c->r[15] = pc;
    c->apsr = t->apsr;
    c->it = c->cfsr = c->hfsr = c->take = c->vectoring = c->locked = 0;
    c->exclusive = c->primask = c->faultmask = c->basepri = c->sleep = 0;
    c->thumb = 1;
    memset(c->pend, 0, sizeof c->pend);
    unsigned n = 1;
    if (t->block) {
        n = 5u - (unsigned)__builtin_ctz(t->code[0] & 15u);
    }
    for (; n > 0 && !c->cfsr && !c->hfsr && !rk_bit_get(c->pend, RK_EXC_SVC); n--) {
        rk_flat_step(b->m, 1);
    }
    return !c->cfsr && !c->hfsr && !c->locked;
}

/* --- comparing
 * -------------------------------------------------------------------------------------
 */

/* What other profiles have at places that DDI0403 A5.3 leaves UNDEFINED. */
static bool is_not_m3(uint32_t hw1, uint32_t hw2) {
    return (hw1 & 0xFF00u) == 0xFA00u || (hw1 & 0xFF00u) == 0xFB00u ||
           (hw1 & 0xFF10u) == 0xF900u ||                             /* VLD, VST */
           (hw1 & 0xFFE0u) == 0xEAC0u ||                             /* PKH */
           ((hw1 & 0xFFE0u) == 0xE8C0u && (hw2 & 0xF0u) >= 0x60u) || /* LDREXD, LDA, STL ... */
           (hw1 & 0xFFF0u) == 0xB650u ||                             /* SETEND */
           ((hw1 & 0xFB70u) == 0xF320u && (hw2 & 0xF0C0u) == 0);     /* SSAT16 USAT16 */
}

static bool ours_has(uint32_t addr) {
    return addr - 0x22000000u < 0x02000000u || addr - 0x42000000u < 0x02000000u ||
           addr - RK_FLAT_BLOCK < 0x400u || addr - 0xE0000000u < 0x10000u;
}

/* What our decoder says about the case's instructions. */
static enum verdict known_kind(struct bench *b, const struct test_case *t, uint32_t pc) {
    struct rk_cpu_cache *k = rk_cpu_cache(rk_machine_dev(b->m, RK_FLAT_CPU));
    const struct rk_space *sp = &k->space[RK_SPACE_FLASH];
    bool aligned_only = false, sp_written = false, exclusive = false;
    rk_cpu_decode(k, RK_SPACE_FLASH, (pc - RK_FLAT_FLASH) / 2, 0); /* a branch may have redone it */
    for (unsigned i = 0; i < t->half_words;) {
        struct rk_side side = sp->side[(pc - RK_FLAT_FLASH) / 2 + i];
        const struct rk_rec *rec = &sp->records[(pc - RK_FLAT_FLASH) / 2 + i];
        if (side.flags & RK_SIDE_UNPREDICTABLE) {
            return UNPREDICTABLE;
        }
        switch (side.op) {
        case OP_undecoded: return DIFFERENT; /* not reached: the case tells */
        case OP_undefined:
            if (is_not_m3(t->code[i], t->code[i + 1])) {
                return NOT_M3;
            }
            break;
        case OP_no_coprocessor: return NO_COPROCESSOR;
        case OP_it_n:
            if (!t->block) {
                return IT_ALONE;
            }
            break;
        case OP_nop_n: /* YIELD and other hints end Unicorn's run */
        case OP_nop_w:
        case OP_cps_n:
        case OP_wfi_n:
        case OP_wfi_w:
        case OP_wfe_n:
        case OP_wfe_w:
        case OP_sev_n:
        case OP_sev_w:
        case OP_svc_n:
        case OP_bkpt_n: return SYSTEM;
        case OP_mrs_w:
        case OP_msr_w:
            if (rec->imm != 0) {
                return SYSTEM;
            }
            break;
        case OP_ldm_n:
        case OP_ldm_w:
        case OP_ldm_pc_n:
        case OP_ldm_pc_w:
        case OP_stm_n:
        case OP_stm_w:
        case OP_ldrd_w:
        case OP_ldrd_lit_w:
        case OP_strd_w:
        case OP_ldrex_w: aligned_only = true; break;
        case OP_strex_w:
            aligned_only = true;
            exclusive = true;
            break;
        case OP_mov_sp_n:
        case OP_mov_sp_w:
        case OP_add_sp_n:
        case OP_add_sp_w:
        case OP_sub_sp_w:
        case OP_ldr_sp_w: sp_written = true; break;
        default: break;
        }
        i += side.flags & RK_SIDE_WIDE ? 2 : 1;
    }
    if (aligned_only && b->c->cfsr & RK_CFSR_UNALIGNED) {
        return ALIGNED_ONLY;
    }
    if (b->unmapped && ours_has(b->unmapped)) {
        return ELSEWHERE;
    }
    return exclusive && t->block ? EXCLUSIVE : sp_written ? SP_LOW_BITS : DIFFERENT;
}

static bool same_state(struct bench *b, uint32_t theirs[17], bool mask_sp) {
    bool same = true;
    for (unsigned i = 0; i < 16; i++) {
        uc_reg_read(b->uc, uc_regs[i], &theirs[i]);
        uint32_t mask = i == 13 && mask_sp ? ~3u : ~0u;
        same = same && ((theirs[i] ^ b->c->r[i]) & mask) == 0;
    }
    uc_reg_read(b->uc, UC_ARM_REG_XPSR, &theirs[16]);
    return same && ((theirs[16] ^ b->c->apsr) & 0xF8000000u) == 0 &&
           memcmp(b->ram, b->m->ram, RAM_SIZE) == 0;
}

static void show(struct bench *b, const struct test_case *t, const uint32_t theirs[17],
                 bool ours_ok, bool theirs_ok, uint64_t number) {
    printf("# case %llu:", (unsigned long long)number);
    for (unsigned i = 0; i < t->half_words; i++) {
        printf(" %04x", t->code[i]);
    }
    uint32_t at = 0;
    uc_reg_read(b->uc, UC_ARM_REG_PC, &at);
    printf("  ours %s (%08x) theirs %s (%08x) cfsr %08x apsr %08x\n", ours_ok ? "ok" : "fault",
           b->c->r[15], theirs_ok ? "ok" : "fault", at, b->c->cfsr, t->apsr);
    for (unsigned i = 0; i < 16 && ours_ok && theirs_ok; i++) {
        if (theirs[i] != b->c->r[i]) {
            printf("#   r%u was %08x ours %08x theirs %08x\n", i, i < 15 ? t->r[i] : 0, b->c->r[i],
                   theirs[i]);
        }
    }
    if (ours_ok && theirs_ok) {
        printf("#   apsr was %08x ours %08x theirs %08x; memory %s\n", t->apsr, b->c->apsr,
               theirs[16], memcmp(b->ram, b->m->ram, RAM_SIZE) ? "differs" : "same");
    }
    fflush(stdout);
}

/* Unicorn fetches the next instruction before it counts the last one: its fault there is none of
 * the branch that led there. */
static bool faulted_behind(const struct bench *b, uint32_t pc) {
    uint32_t theirs = 0;
    uc_reg_read(b->uc, UC_ARM_REG_PC, &theirs);
    return b->c->r[15] - pc > 4 && (theirs == b->c->r[15] || !b->c->thumb);
}

static enum verdict compare(struct bench *b, const struct test_case *t, uint32_t pc,
                            uint64_t number, uint64_t shown) {
    uint32_t state[17] = {0};
    enum verdict v = SAME;
    bool ours = run_ours(b, t, pc);
    if (t->block && ours && b->c->r[15] != pc + 2 * t->half_words) {
        memcpy(b->ram, b->m->ram, RAM_SIZE);
        return BRANCH_IN_IT;
    }
    bool theirs = run_unicorn(b, t, pc);
    theirs = theirs || (ours && faulted_behind(b, pc));
    if (!ours && !theirs) {
        v = BOTH_FAULT;
    } else if (ours != theirs || !same_state(b, state, false)) {
        v = known_kind(b, t, pc);
        if (v == SP_LOW_BITS && (ours != theirs || !same_state(b, state, true))) {
            v = DIFFERENT;
        }
        if (v == DIFFERENT && shown < SHOWN) {
            show(b, t, state, ours, theirs, number);
        }
    }
    if (v != SAME) {
        must(uc_context_restore(b->uc, b->clean));
        memcpy(b->ram, b->m->ram, RAM_SIZE);
    }
    return v;
}

static void run_batch(const struct options *o, struct shared *sh, uint64_t first, unsigned count) {
    struct bench b = {0};
    open_both(&b);
    lay_out(&b, o, first, count);
    for (; sh->next < count; sh->next++) {
        struct test_case t;
        uint64_t number = first + sh->next;
        make_case(o->seed, number, &t);
        alarm(3); /* Unicorn may also hang: the process ends as if it had crashed */
        sh->counts[compare(&b, &t, slot_addr(sh->next), number, sh->counts[DIFFERENT])]++;
    }
    close_both(&b);
}

/* A batch in as many fresh processes as it takes. */
static void batch(const struct options *o, struct shared *sh, uint64_t first, unsigned count) {
    sh->next = 0;
    while (sh->next < count) {
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            run_batch(o, sh, first, count);
            fflush(NULL);
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        sh->batches++;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            sh->crashes++;
            sh->next++;
        }
        assert_true(sh->crashes < 1000);
    }
}

static struct options options = {.cases = 20000, .seed = 1};

static void test_cpu_oracle__no_unexplained_difference(void **state) {
    (void)state;
    struct shared *sh =
        mmap(NULL, sizeof *sh, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(sh != MAP_FAILED);
    for (uint64_t done = 0; done < options.cases; done += BATCH) {
        batch(&options, sh, done, (unsigned)RK_MIN(BATCH, options.cases - done));
    }
    printf("# %llu cases, seed %llu, %llu processes, Unicorn crashed in %llu\n",
           (unsigned long long)options.cases, (unsigned long long)options.seed,
           (unsigned long long)sh->batches, (unsigned long long)sh->crashes);
    for (unsigned v = 0; v < VERDICT_COUNT; v++) {
        printf("#   %-15s %llu\n", verdict_names[v], (unsigned long long)sh->counts[v]);
    }
    assert_int_equal(sh->counts[DIFFERENT], 0);
    assert_true(sh->counts[SAME] * 3 > options.cases);
    munmap(sh, sizeof *sh);
}

int main(int argc, char **argv) {
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t *to = strcmp(argv[i], "--cases") == 0 ? &options.cases : &options.seed;
        *to = strtoull(argv[i + 1], NULL, 0);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu_oracle__no_unexplained_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_cpu_oracle__no_unexplained_difference(void **state) {
    (void)state;
    rk_skip("built without libunicorn-dev: the CPU was not compared with Unicorn");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu_oracle__no_unexplained_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
