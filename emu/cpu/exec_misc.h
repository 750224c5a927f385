/* The stages that stand before an instruction, hints, system instructions, and what is no
 * instruction; included inside the interpreter's function (interp.c).
 */

DEF(undecoded) {
    rk_cpu_decode(k, space, (uint32_t)(ip - sp->records), it);
    goto * ip->go;
}

/* Code in RAM: stores do not tell, so every execution compares the bytes. */
DEF(check_ram) {
    uint32_t idx = (uint32_t)(ip - sp->records);
    if (RK_UNLIKELY(sp->raw[idx] != load32(sp->mem + 2 * idx) || sp->side[idx].op == OP_undecoded ||
                    sp->side[idx].it != it)) {
        rk_cpu_decode(k, space, idx, it);
    }
    STAGES(sp->side[idx], STAGE_BREAK);
}

/* The first instruction of a run leaves its breakpoint. */
DEF(breakpoint) {
    if (COUNT() != m->run_instr) {
        SPILL();
        return RK_LEAVE_BREAKPOINT;
    }
    STAGES(SIDE(), STAGE_IT);
}

/* In an IT block. In flash a record was decoded for one ITSTATE; to come here with another one
 * takes a branch or a return into the block. */
#define IT_ON(name, COND)                                                                          \
    DEF(it_##name) {                                                                               \
        struct rk_side side = SIDE();                                                              \
        if (RK_UNLIKELY(side.it != it)) {                                                          \
            rk_cpu_decode(k, space, (uint32_t)(ip - sp->records), it);                             \
            goto * ip->go;                                                                         \
        }                                                                                          \
        it = it_advance(it);                                                                       \
        if (COND) {                                                                                \
            STAGES(side, STAGE_UNPREDICTABLE);                                                     \
        }                                                                                          \
        if (side.flags & RK_SIDE_WIDE) {                                                           \
            NEXT(32, 1);                                                                           \
        }                                                                                          \
        NEXT(16, 1);                                                                               \
    }

EACH_COND(IT_ON)
IT_ON(al, true)

DEF(unpredictable) {
    struct rk_side side = SIDE();
    SYNC();
    k->stats.unpredictable++;
    rk_guest_error(cpu, "UNPREDICTABLE instruction at %08x", (unsigned)PC());
    if (side.flags & RK_SIDE_BRANCH_IN_IT) {
        it = 0;
    }
    goto *labels[side.op];
}

DEF(nop_n) NEXT(16, 1);
DEF(nop_w) NEXT(32, 1);
DEF(it_n) {
    it = ip->imm;
    NEXT(16, 1);
}

/* a: 1 disables; b: bit 1 PRIMASK, bit 0 FAULTMASK. */
DEF(cps_n) {
    SYNC();
    rk_cpu_cps(cpu, ip->a, ip->b);
    RESYNC();
    NEXT(16, 1);
}
DEF(mrs_w) {
    c->apsr = PACK_FLAGS();
    R(a) = rk_cpu_mrs(cpu, ip->imm);
    NEXT(32, 2);
}
/* d: the mask field. */
DEF(msr_w) {
    SYNC();
    c->apsr = PACK_FLAGS();
    rk_cpu_msr(cpu, ip->imm, ip->d, R(b));
    UNPACK_FLAGS(c->apsr);
    RESYNC();
    NEXT(32, 2);
}

DEF(svc_n) {
    ip += 1;
    CHARGE(1);
    SPILL();
    rk_cpu_svc(cpu);
    return RK_LEAVE_EVENT;
}
/* Without a debugger there is no DebugMonitor to go to here: a HardFault, DDI0403 C1.6.3. */
DEF(bkpt_n) {
    if (k->breakpoint_count > 0) {
        SPILL();
        return RK_LEAVE_BREAKPOINT;
    }
    c->dfsr |= 1u << 1;
    SPILL_FAULTED();
    rk_cpu_hard_fault(cpu, 1u << 31);
    return RK_LEAVE_EVENT;
}

#define SLEEP(o, width, kind)                                                                      \
    DEF(o) {                                                                                       \
        ip += (width) / 16;                                                                        \
        CHARGE(1);                                                                                 \
        SPILL();                                                                                   \
        rk_cpu_sleep(cpu, kind);                                                                   \
        return RK_LEAVE_EVENT;                                                                     \
    }
SLEEP(wfi_n, 16, RK_SLEEP_WFI)
SLEEP(wfi_w, 32, RK_SLEEP_WFI)
SLEEP(wfe_n, 16, RK_SLEEP_WFE)
SLEEP(wfe_w, 32, RK_SLEEP_WFE)
DEF(sev_n) {
    c->event = 1;
    NEXT(16, 1);
}
DEF(sev_w) {
    c->event = 1;
    NEXT(32, 1);
}

DEF(undefined) FAULT(RK_CFSR_UNDEFINSTR);
DEF(no_coprocessor) FAULT(RK_CFSR_NOCP);

/* Behind the last half-word, or a 32-bit instruction that would need it. */
DEF(off_end) {
    SPILL_FAULTED();
    rk_cpu_fault(cpu, RK_CFSR_IBUSERR);
    return RK_LEAVE_EVENT;
}
