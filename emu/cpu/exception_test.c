/* Exceptions against frames worked out by hand from DDI0403 B1.5: stacked words, EXC_RETURN values,
 * priorities, tail chaining, every fault with its bits of CFSR and HFSR.
 */
#include "tests/unit.h"

#include "emu/core/internal.h"
#include "emu/cpu/flat.h"

#define ICSR  0xE000ED04u
#define VTOR  0xE000ED08u
#define AIRCR 0xE000ED0Cu
#define SCR   0xE000ED10u
#define CCR   0xE000ED14u
#define SHCSR 0xE000ED24u
#define CFSR  0xE000ED28u
#define HFSR  0xE000ED2Cu
#define BFAR  0xE000ED38u
#define ISER  0xE000E100u
#define ISPR  0xE000E200u
#define IABR  0xE000E300u
#define IPR   0xE000E400u

#define HANDLER(exc) (RK_FLAT_HANDLER + 32u * (exc))
#define IRQ(n)       (16u + (n))
enum { SVC = 11, PENDSV = 14, SYSTICK = 15, HARD = 3, MEM = 4, BUS = 5, USAGE = 6 };

static uint32_t reg(struct rk_machine *m, enum rk_cpu_reg r) {
    return rk_cpu_reg_get(rk_machine_dev(m, RK_FLAT_CPU), r);
}

static void set_reg(struct rk_machine *m, enum rk_cpu_reg r, uint32_t value) {
    rk_cpu_reg_set(rk_machine_dev(m, RK_FLAT_CPU), r, value);
}

static uint32_t exception(struct rk_machine *m) {
    return reg(m, RK_CPU_XPSR) & 0x1FFu;
}

static void irq(struct rk_machine *m, unsigned n, uint32_t level) {
    rk_machine_input(m, RK_FLAT_CPU, n, level);
}

static void prio(struct rk_machine *m, unsigned n, uint8_t value) {
    assert_true(rk_machine_poke(m, IPR + n, &value, 1));
}

static void code(struct rk_machine *m, uint32_t addr, uint16_t instruction) {
    rk_flat_code(m, addr, &instruction, 1);
}

#define NEW(...)                                                                                   \
    rk_flat_new((const uint16_t[]){__VA_ARGS__},                                                   \
                sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))
#define NOPS 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xE7FE

static void test_entry__stacks_the_frame_and_costs_12(void **state) {
    (void)state;
    struct rk_machine *m = NEW(NOPS);
    for (unsigned n = 0; n < 13; n++) {
        set_reg(m, (enum rk_cpu_reg)n, 0x100 + n);
    }
    set_reg(m, RK_CPU_LR, 0x08000301);
    set_reg(m, RK_CPU_XPSR, 0xA1000000);
    rk_flat_set_word(m, ISER, 1u << 7);
    irq(m, 7, 1);
    uint64_t now = rk_machine_now(m);
    rk_flat_step(m, 1);
    assert_int_equal(rk_machine_now(m) - now, 12 + 3); /* and `b .` of the handler */
    assert_int_equal(reg(m, RK_CPU_PC), HANDLER(IRQ(7)));
    assert_int_equal(reg(m, RK_CPU_LR), 0xFFFFFFF9);
    assert_int_equal(reg(m, RK_CPU_XPSR), 0xA1000000 | IRQ(7));
    assert_int_equal(reg(m, RK_CPU_SP), RK_FLAT_STACK - 0x20);
    const uint32_t frame[] = {0x100, 0x101,      0x102,        0x103,
                              0x10C, 0x08000301, RK_FLAT_CODE, 0xA1000000};
    for (unsigned n = 0; n < 8; n++) {
        assert_int_equal(rk_flat_word(m, RK_FLAT_STACK - 0x20 + 4 * n), frame[n]);
    }
    assert_int_equal(rk_flat_word(m, IABR), 1u << 7);
    assert_int_equal(rk_flat_word(m, ICSR) & 0x1FFu, IRQ(7));
    rk_machine_free(m);
}

static void test_entry__inside_an_it_block_keeps_its_state(void **state) {
    (void)state;
    /* ittt eq; three moveq; ITSTATE is 0000 0010 after the IT, 0000 0100 after the first one: bits
     * 7:2 of it are bits 15:10 of xPSR */
    struct rk_machine *m = NEW(0xBF02, 0x2001, 0x2102, 0x2203, 0xE7FE);
    set_reg(m, RK_CPU_XPSR, 0x41000000);
    rk_flat_step(m, 2);
    code(m, HANDLER(IRQ(0)), 0x4770); /* bx lr */
    rk_flat_set_word(m, ISER, 1);
    irq(m, 0, 1);
    irq(m, 0, 0);
    rk_flat_step(m, 1);
    assert_int_equal(rk_flat_word(m, RK_FLAT_STACK - 4), 0x41000000 | 1u << 10);
    assert_int_equal(rk_flat_word(m, RK_FLAT_STACK - 8), RK_FLAT_CODE + 4);
    rk_flat_step(m, 2);
    assert_int_equal(reg(m, 1), 2);
    assert_int_equal(reg(m, 2), 3);
    assert_int_equal(reg(m, RK_CPU_XPSR), 0x41000000);
    rk_machine_free(m);
}

static void test_entry__aligns_the_stack_only_when_told(void **state) {
    (void)state;
    for (unsigned align = 0; align < 2; align++) {
        struct rk_machine *m = NEW(NOPS);
        assert_int_equal(rk_flat_word(m, CCR), 0); /* r1p1: STKALIGN resets to 0 */
        rk_flat_set_word(m, CCR, align << 9);
        set_reg(m, RK_CPU_SP, RK_FLAT_STACK - 4);
        code(m, HANDLER(IRQ(0)), 0x4770);
        rk_flat_set_word(m, ISER, 1);
        irq(m, 0, 1);
        irq(m, 0, 0);
        rk_machine_run(m, rk_machine_now(m) + 13, UINT64_MAX); /* entry and bx lr begun */
        uint32_t sp = RK_FLAT_STACK - 4 - 0x20 - (align ? 4 : 0);
        assert_int_equal(rk_flat_word(m, sp + 0x1C), 0x01000000 | align << 9);
        rk_flat_step(m, 1);
        assert_int_equal(reg(m, RK_CPU_SP), RK_FLAT_STACK - 4);
        assert_int_equal(reg(m, RK_CPU_PC), RK_FLAT_CODE + 2);
        rk_machine_free(m);
    }
}

static void test_entry__from_the_process_stack(void **state) {
    (void)state;
    struct rk_machine *m = NEW(NOPS);
    code(m, HANDLER(IRQ(0)), 0xBF00);
    code(m, HANDLER(IRQ(0)) + 2, 0x4770);
    rk_flat_set_word(m, ISER, 1);
    set_reg(m, RK_CPU_PSP, RK_FLAT_RAM + 0x800);
    set_reg(m, RK_CPU_CONTROL, 3);
    irq(m, 0, 1);
    irq(m, 0, 0);
    rk_flat_step(m, 1);
    assert_int_equal(reg(m, RK_CPU_LR), 0xFFFFFFFD);
    assert_int_equal(reg(m, RK_CPU_PSP), RK_FLAT_RAM + 0x7E0);
    assert_int_equal(reg(m, RK_CPU_SP), RK_FLAT_STACK);
    assert_int_equal(reg(m, RK_CPU_CONTROL), 1); /* SPSEL reads 0 in Handler mode */
    rk_flat_step(m, 1);
    rk_flat_step(m, 1);
    assert_int_equal(reg(m, RK_CPU_CONTROL), 3);
    assert_int_equal(reg(m, RK_CPU_SP), RK_FLAT_RAM + 0x800);
    assert_int_equal(reg(m, RK_CPU_PC), RK_FLAT_CODE + 2);
    rk_machine_free(m);
}

static void test_priority__preempts_by_group_only(void **state) {
    (void)state;
    struct rk_machine *m = NEW(NOPS);
    rk_flat_set_word(m, AIRCR, 0x05FA0000u | 5u << 8); /* two bits of group, two of sub-priority */
    rk_flat_set_word(m, ISER, 7);
    prio(m, 0, 0x90);
    prio(m, 1, 0x80); /* the same group as interrupt 0, but first when both wait */
    prio(m, 2, 0x40);
    irq(m, 0, 1);
    irq(m, 1, 1);
    rk_flat_step(m, 1);
    assert_int_equal(exception(m), IRQ(1));
    rk_flat_step(m, 3);
    assert_int_equal(exception(m), IRQ(1));
    irq(m, 2, 1);
    rk_flat_step(m, 1);
    assert_int_equal(exception(m), IRQ(2));
    assert_int_equal(reg(m, RK_CPU_LR), 0xFFFFFFF1);
    assert_int_equal(rk_flat_word(m, IABR), 6);
    rk_machine_free(m);
}

static void test_return__tail_chains_without_touching_the_stack(void **state) {
    (void)state;
    struct rk_machine *m = NEW(NOPS);
    rk_flat_set_word(m, ISER, 3);
    code(m, HANDLER(IRQ(0)), 0x4770);
    irq(m, 0, 1);
    irq(m, 1, 1);
    irq(m, 0, 0);
    irq(m, 1, 0);
    uint64_t now = rk_machine_now(m);
    rk_flat_step(m, 2); /* bx lr of 0, `b .` of 1 */
    assert_int_equal(exception(m), IRQ(1));
    assert_int_equal(rk_machine_now(m) - now, 12 + 3 + 6 + 3);
    assert_int_equal(reg(m, RK_CPU_LR), 0xFFFFFFF9);
    assert_int_equal(reg(m, RK_CPU_SP), RK_FLAT_STACK - 0x20);
    rk_machine_free(m);
}

static void test_return__a_level_that_stays_enters_again(void **state) {
    (void)state;
    struct rk_machine *m = NEW(NOPS);
    rk_flat_set_word(m, ISER, 1);
    code(m, HANDLER(IRQ(0)), 0x4770);
    irq(m, 0, 1);
    rk_flat_step(m, 5);
    assert_int_equal(rk_cpu_stats(rk_machine_dev(m, RK_FLAT_CPU))->exceptions, 5);
    assert_int_equal(rk_flat_word(m, RK_FLAT_STACK - 8), RK_FLAT_CODE); /* chained: no progress */
    irq(m, 0, 0);
    rk_flat_step(m, 20);
    assert_int_equal(rk_cpu_stats(rk_machine_dev(m, RK_FLAT_CPU))->exceptions, 6);
    assert_int_equal(exception(m), 0);
    rk_machine_free(m);
}

static void test_entry__a_late_more_urgent_request_takes_the_vector(void **state) {
    (void)state;
    struct rk_machine *m = NEW(NOPS);
    rk_flat_set_word(m, ISER, 3);
    prio(m, 0, 0x80);
    prio(m, 1, 0x10);
    rk_flat_set_word(m, RK_FLAT_BLOCK + RK_FLAT_PERIOD, 5); /* interrupt 1 in 5 cycles, */
    irq(m, 0, 1);                                           /* inside the 12 of this entry */
    irq(m, 0, 0);
    rk_flat_step(m, 1);
    assert_int_equal(exception(m), IRQ(1));
    assert_int_equal(reg(m, RK_CPU_SP), RK_FLAT_STACK - 0x20); /* one frame */
    assert_int_equal(rk_flat_word(m, ISPR) & 1, 1);
    rk_machine_free(m);
}

static void test_masks__primask_basepri_faultmask(void **state) {
    (void)state;
    struct rk_machine *m = NEW(NOPS);
    rk_flat_set_word(m, ISER, 3);
    prio(m, 0, 0x80);
    prio(m, 1, 0x40);
    set_reg(m, RK_CPU_PRIMASK, 1);
    irq(m, 0, 1);
    rk_flat_step(m, 1);
    assert_int_equal(exception(m), 0);
    set_reg(m, RK_CPU_PRIMASK, 0);
    set_reg(m, RK_CPU_BASEPRI, 0x80);
    rk_flat_step(m, 1);
    assert_int_equal(exception(m), 0);
    irq(m, 1, 1);
    rk_flat_step(m, 1);
    assert_int_equal(exception(m), IRQ(1));
    rk_machine_free(m);
}

static void test_svc__returns_behind_it_and_escalates_when_masked(void **state) {
    (void)state;
    struct rk_machine *m = NEW(0xDF05, 0xE7FE);
    rk_flat_step(m, 2);
    assert_int_equal(exception(m), SVC);
    assert_int_equal(rk_flat_word(m, RK_FLAT_STACK - 8), RK_FLAT_CODE + 2);
    rk_machine_free(m);
    m = NEW(0xDF05, 0xE7FE);
    set_reg(m, RK_CPU_PRIMASK, 1);
    rk_flat_step(m, 2);
    assert_int_equal(exception(m), HARD);
    assert_int_equal(rk_flat_word(m, HFSR), 1u << 30);
    rk_machine_free(m);
}

/* One faulting instruction: which exception, which bits, where the PC of the frame stands. */
struct fault_case {
    const char *what;
    uint16_t code[2];
    uint32_t r0, r1;
    uint32_t ccr;
    unsigned exc;
    uint32_t cfsr, pc;
};

static const struct fault_case fault_cases[] = {
    {"UNDEFINED", {0xDE00}, 0, 0, 0, USAGE, 1u << 16, RK_FLAT_CODE},
    {"BX to an even address", {0x4700}, RK_FLAT_CODE, 0, 0, USAGE, 1u << 17, RK_FLAT_CODE},
    {"coprocessor", {0xEE00, 0x0000}, 0, 0, 0, USAGE, 1u << 19, RK_FLAT_CODE},
    {"unaligned trap", {0x6808}, 0, RK_FLAT_RAM + 1, 1u << 3, USAGE, 1u << 24, RK_FLAT_CODE},
    {"unaligned LDM", {0xC90C}, 0, RK_FLAT_RAM + 2, 0, USAGE, 1u << 24, RK_FLAT_CODE},
    {"division by zero", {0xFBB0, 0xF0F1}, 5, 0, 1u << 4, USAGE, 1u << 25, RK_FLAT_CODE},
    {"load from nowhere", {0x6808}, 0, 0x60000000, 0, BUS, 0x8200, RK_FLAT_CODE},
    {"store to nowhere", {0x6008}, 0, 0x1FFF0000, 0, BUS, 0x8200, RK_FLAT_CODE},
    {"execute beyond flash", {0x4700}, 0x08020001, 0, 0, BUS, 1u << 8, 0x08020000},
    {"execute a register", {0x4700}, 0x40000001, 0, 0, MEM, 1u << 0, 0x40000000},
};

static void run_fault(const struct fault_case *f, bool enabled) {
    struct rk_machine *m = rk_flat_new(f->code, 2);
    rk_flat_set_word(m, SHCSR, enabled ? 7u << 16 : 0);
    rk_flat_set_word(m, CCR, f->ccr);
    set_reg(m, 0, f->r0);
    set_reg(m, 1, f->r1);
    for (unsigned n = 0; n < 4 && exception(m) == 0; n++) {
        rk_flat_step(m, 1);
    }
    if (exception(m) != (enabled ? f->exc : HARD) || rk_flat_word(m, CFSR) != f->cfsr ||
        rk_flat_word(m, RK_FLAT_STACK - 8) != f->pc ||
        rk_flat_word(m, HFSR) != (enabled ? 0 : 1u << 30)) {
        fail_msg("%s: exception %u cfsr %08x pc %08x hfsr %08x", f->what, exception(m),
                 rk_flat_word(m, CFSR), rk_flat_word(m, RK_FLAT_STACK - 8), rk_flat_word(m, HFSR));
    }
    if (f->cfsr & 0x8000u) {
        assert_int_equal(rk_flat_word(m, BFAR), f->r1);
    }
    rk_machine_free(m);
}

static void test_faults__each_with_its_bits_or_escalated(void **state) {
    (void)state;
    for (size_t n = 0; n < RK_COUNT(fault_cases); n++) {
        run_fault(&fault_cases[n], true);
        run_fault(&fault_cases[n], false);
    }
}

static void test_faults__stacking_into_nowhere(void **state) {
    (void)state;
    struct rk_machine *m = NEW(NOPS);
    rk_flat_set_word(m, ISER, 1);
    set_reg(m, RK_CPU_SP, RK_FLAT_RAM + 0x10);
    irq(m, 0, 1);
    rk_flat_step(m, 1);
    assert_int_equal(exception(m), HARD);
    assert_int_equal(rk_flat_word(m, CFSR), 1u << 12);
    rk_machine_free(m);
}

static void test_faults__invalid_exc_return(void **state) {
    (void)state;
    struct rk_machine *m = NEW(NOPS);
    rk_flat_set_word(m, SHCSR, 7u << 16);
    rk_flat_set_word(m, ISER, 1);
    code(m, HANDLER(IRQ(0)), 0x4700); /* bx r0 */
    set_reg(m, 0, 0xFFFFFFF1);        /* to Handler mode: there is none to return to */
    irq(m, 0, 1);
    irq(m, 0, 0);
    rk_flat_step(m, 2);
    assert_int_equal(exception(m), USAGE);
    assert_int_equal(rk_flat_word(m, CFSR), 1u << 18);
    assert_int_equal(rk_flat_word(m, IABR), 0);
    assert_int_equal(reg(m, RK_CPU_SP), RK_FLAT_STACK - 0x20); /* chained: the old frame */
    rk_machine_free(m);
}

static void test_faults__in_hardfault_lock_up(void **state) {
    (void)state;
    struct rk_machine *m = NEW(0xDE00);
    code(m, HANDLER(HARD), 0xDE00);
    assert_int_equal(rk_machine_run(m, 1000, UINT64_MAX), RK_STOP_LOCKUP);
    rk_machine_free(m);
}

static void test_faults__handler_returns_and_tries_again(void **state) {
    (void)state;
    /* The handler writes a good address into the stacked r1: str r2, [sp, #4]; bx lr */
    static const uint16_t handler[] = {0x9201, 0x4770};
    struct rk_machine *m = NEW(0x6808, 0xE7FE);
    rk_flat_code(m, HANDLER(HARD), handler, 2);
    rk_flat_set_word(m, RK_FLAT_RAM, 0x12345678);
    set_reg(m, 1, 0x60000000);
    set_reg(m, 2, RK_FLAT_RAM);
    rk_flat_step(m, 4);
    assert_int_equal(reg(m, 0), 0x12345678);
    assert_int_equal(reg(m, RK_CPU_PC), RK_FLAT_CODE + 2);
    rk_machine_free(m);
}

static void test_privilege__user_code_sees_no_ppb(void **state) {
    (void)state;
    struct rk_machine *m = NEW(0x6808, 0xE7FE);
    set_reg(m, RK_CPU_CONTROL, 1);
    set_reg(m, 1, CFSR);
    rk_flat_step(m, 2);
    assert_int_equal(exception(m), HARD);
    assert_int_equal(rk_flat_word(m, CFSR), 0x8200);
    assert_int_equal(rk_flat_word(m, BFAR), CFSR);
    rk_machine_free(m);
}

static void test_sleep__wfi_wakes_even_masked_and_sleeponexit_sleeps(void **state) {
    (void)state;
    struct rk_machine *m = NEW(0xBF30, 0xBF00, 0xE7FE); /* wfi; nop; b . */
    rk_flat_set_word(m, ISER, 2);
    rk_flat_set_word(m, RK_FLAT_BLOCK + RK_FLAT_PERIOD, 1000);
    set_reg(m, RK_CPU_PRIMASK, 1);
    uint64_t instr = rk_machine_instr(m), now = rk_machine_now(m);
    rk_machine_run(m, now + 999, UINT64_MAX);
    assert_int_equal(rk_machine_instr(m) - instr, 1);
    rk_machine_run(m, now + 1001, UINT64_MAX);
    assert_int_equal(rk_machine_instr(m) - instr, 2);
    assert_int_equal(exception(m), 0);
    rk_flat_set_word(m, SCR, 2);
    code(m, HANDLER(IRQ(1)), 0x4770);
    set_reg(m, RK_CPU_PRIMASK, 0);
    instr = rk_machine_instr(m);
    rk_machine_run(m, rk_machine_now(m) + 10000, UINT64_MAX);
    assert_in_range(rk_machine_instr(m) - instr, 10, 13); /* only bx lr, once a period */
    rk_machine_free(m);
}

static void test_systick__counts_and_interrupts_each_period(void **state) {
    (void)state;
    struct rk_machine *m = NEW(0xE7FE);
    code(m, HANDLER(SYSTICK), 0x4770);
    rk_flat_set_word(m, 0xE000E014, 99);
    rk_flat_set_word(m, 0xE000E018, 0);
    rk_flat_set_word(m, 0xE000E010, 7);
    uint64_t now = rk_machine_now(m);
    rk_machine_run(m, now + 1050, UINT64_MAX);
    assert_int_equal(rk_cpu_stats(rk_machine_dev(m, RK_FLAT_CPU))->exceptions, 10);
    /* 100 cycles after the write the counter is 0 for the first time, then every 100 */
    uint64_t late = rk_machine_now(m) - now - 1050;
    assert_int_equal(rk_flat_word(m, 0xE000E018), 50 - late);
    assert_int_equal(rk_flat_word(m, 0xE000E010), 0x10007);
    assert_int_equal(rk_flat_word(m, 0xE000E010), 7);
    rk_machine_free(m);
}

static void test_dwt__counts_cycles_while_enabled(void **state) {
    (void)state;
    struct rk_machine *m = NEW(0xE7FE);
    rk_flat_set_word(m, 0xE000EDFC, 1u << 24);
    rk_flat_set_word(m, 0xE0001004, 0xFFFFFFF0);
    rk_flat_set_word(m, 0xE0001000, 1);
    uint64_t now = rk_machine_now(m);
    rk_machine_run(m, now + 100, UINT64_MAX);
    assert_int_equal(rk_flat_word(m, 0xE0001004), rk_machine_now(m) - now - 16);
    rk_flat_set_word(m, 0xE0001000, 0);
    uint32_t held = rk_flat_word(m, 0xE0001004);
    rk_flat_step(m, 5);
    assert_int_equal(rk_flat_word(m, 0xE0001004), held);
    rk_machine_free(m);
}

static void test_counters__go_on_over_a_clock_change_and_stand_in_stop(void **state) {
    (void)state;
    struct rk_machine *m = NEW(0xE7FE);
    struct rk_dev *cpu = rk_machine_dev(m, RK_FLAT_CPU);
    rk_flat_set_word(m, 0xE000EDFC, 1u << 24);
    rk_flat_set_word(m, 0xE0001000, 1);
    rk_flat_set_word(m, 0xE000E014, 0xFFFFFF);
    rk_flat_set_word(m, 0xE000E018, 0);
    rk_flat_set_word(m, 0xE000E010, 5);
    uint64_t now = rk_machine_now(m);
    rk_machine_run(m, now + 1000, UINT64_MAX);
    rk_clock_set(cpu, RK_CLOCK_HCLK, 8000000);
    rk_machine_run(m, now + 2000, UINT64_MAX);
    uint32_t passed = (uint32_t)(rk_machine_now(m) - now);
    assert_int_equal(rk_flat_word(m, 0xE0001004), passed);
    assert_int_equal(rk_flat_word(m, 0xE000E018), 0x1000000 - passed);
    rk_clock_stop_all(cpu, true);
    rk_machine_run(m, now + 5000, UINT64_MAX);
    assert_int_equal(rk_flat_word(m, 0xE0001004), passed);
    assert_int_equal(rk_flat_word(m, 0xE000E018), 0x1000000 - passed);
    uint64_t stopped = rk_machine_now(m);
    rk_clock_stop_all(cpu, false);
    rk_machine_run(m, now + 6000, UINT64_MAX);
    passed += (uint32_t)(rk_machine_now(m) - stopped);
    assert_int_equal(rk_flat_word(m, 0xE0001004), passed);
    assert_int_equal(rk_flat_word(m, 0xE000E018), 0x1000000 - passed);
    rk_machine_free(m);
}

static void test_scb__identity_vtor_and_keyed_aircr(void **state) {
    (void)state;
    struct rk_machine *m = NEW(NOPS);
    assert_int_equal(rk_flat_word(m, 0xE000ED00), 0x411FC231);
    rk_flat_set_word(m, VTOR, 0x080003FF);
    assert_int_equal(rk_flat_word(m, VTOR), 0x08000380);
    rk_flat_set_word(m, AIRCR, 0x00000300);
    assert_int_equal(rk_flat_word(m, AIRCR), 0xFA050000);
    rk_flat_set_word(m, AIRCR, 0x05FA0300);
    assert_int_equal(rk_flat_word(m, AIRCR), 0xFA050300);
    uint64_t resets = rk_machine_counts(m)->resets;
    rk_flat_set_word(m, AIRCR, 0x05FA0004);
    rk_flat_step(m, 1);
    assert_int_equal(rk_machine_counts(m)->resets, resets + 1);
    rk_machine_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entry__stacks_the_frame_and_costs_12),
        cmocka_unit_test(test_entry__inside_an_it_block_keeps_its_state),
        cmocka_unit_test(test_entry__aligns_the_stack_only_when_told),
        cmocka_unit_test(test_entry__from_the_process_stack),
        cmocka_unit_test(test_priority__preempts_by_group_only),
        cmocka_unit_test(test_return__tail_chains_without_touching_the_stack),
        cmocka_unit_test(test_return__a_level_that_stays_enters_again),
        cmocka_unit_test(test_entry__a_late_more_urgent_request_takes_the_vector),
        cmocka_unit_test(test_masks__primask_basepri_faultmask),
        cmocka_unit_test(test_svc__returns_behind_it_and_escalates_when_masked),
        cmocka_unit_test(test_faults__each_with_its_bits_or_escalated),
        cmocka_unit_test(test_faults__stacking_into_nowhere),
        cmocka_unit_test(test_faults__invalid_exc_return),
        cmocka_unit_test(test_faults__in_hardfault_lock_up),
        cmocka_unit_test(test_faults__handler_returns_and_tries_again),
        cmocka_unit_test(test_privilege__user_code_sees_no_ppb),
        cmocka_unit_test(test_sleep__wfi_wakes_even_masked_and_sleeponexit_sleeps),
        cmocka_unit_test(test_systick__counts_and_interrupts_each_period),
        cmocka_unit_test(test_dwt__counts_cycles_while_enabled),
        cmocka_unit_test(test_counters__go_on_over_a_clock_change_and_stand_in_stop),
        cmocka_unit_test(test_scb__identity_vtor_and_keyed_aircr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
