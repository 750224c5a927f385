/* What every block of an emulated machine is: a struct rk_dev behind a const table of functions.
 *
 * A peripheral or part is one .c file with static functions and one public `const struct
 * rk_dev_ops`. It keeps everything that a snapshot must hold in its state struct: plain data
 * without pointers, allocated (zeroed) by the machine from one arena. It knows no other block: it
 * reads its own registers, asks the core for time and timers, and speaks to the rest over numbered
 * lines that only the chip file (emu/soc) and the board file (emu/board) connect.
 *
 * Nothing here may allocate, block, read a clock or touch the host.
 */
#ifndef RK_EMU_CORE_DEVICE_H
#define RK_EMU_CORE_DEVICE_H

#include "common/base/attr.h"

struct rk_machine;
struct rk_dev;

enum rk_reset {
    RK_RESET_POWER, /* power-on: backup domain is lost too (a Core has no battery) */
    RK_RESET_PIN,   /* RESET button, NRST */
    RK_RESET_SOFT,  /* AIRCR.SYSRESETREQ */
    RK_RESET_IWDG,
    RK_RESET_WWDG,
    RK_RESET_STANDBY, /* wake-up from Standby */
    RK_RESET_CLOCK,   /* the block's own bit in RCC_AHBRSTR/APBxRSTR (one block only) */
};

/* How sub-word accesses reach a block (RM0008 2.1, 3.1 "AHB/APB bridges"). */
enum rk_bus_width {
    RK_BUS_APB, /* widened by the bridge: writes duplicate the byte or half-word over the word,
                   reads give the lane; the block only ever sees aligned words, size 4 */
    RK_BUS_RAW, /* the block gets the offset and size (1, 2, 4; naturally aligned) as the CPU made
                   them */
};

/* What repeating a read does; lets loops that only wait be skipped exactly (design.md, Time). */
enum rk_read_kind {
    RK_READ_EFFECT, /* reading changes something (USART_DR, SPI_DR ...), or not known */
    RK_READ_STABLE, /* no side effect; the value changes only by a write, a line or a timer of the
                       machine */
    RK_READ_CLOCK,  /* no side effect; the value also follows the clock (CYCCNT, SysTick VAL,
                       TIMx_CNT) */
};

struct rk_dev_ops {
    const char *type;     /* as in the vendor's manual, lower case: "tim" */
    size_t state_size;    /* bytes of snapshot state */
    unsigned timer_count; /* timers it may use, numbered from 0 */
    unsigned out_count;   /* output lines, numbered from 0 */
    enum rk_bus_width width;

    /* State is zeroed only once, when the machine is built: reset sets every register that this
     * kind of reset touches. Must not drive lines whose idle level is 0; drives the others.
     * Required. */
    void (*reset)(struct rk_dev *dev, enum rk_reset kind);
    /* Bus side. NULL for parts that are not on the bus. Offsets are from the block's base. */
    uint32_t (*read)(struct rk_dev *dev, uint32_t off, unsigned size);
    void (*write)(struct rk_dev *dev, uint32_t off, uint32_t value, unsigned size);
    /* An input line got a value (a level, or what the line's enum says). The result answers lines
     * that carry an exchange (SPI byte, DMA read); 0 otherwise. */
    uint32_t (*input)(struct rk_dev *dev, unsigned line, uint32_t value);
    /* Timer `timer` came due; rk_now() is exactly its cycle. It is stopped before the call. */
    void (*timer)(struct rk_dev *dev, unsigned timer);
    /* The rate of the block's clock relative to HCLK, its gate, or Stop mode changed: account for
     * the time until now at the old ratio (kept in its own state), then re-plan. NULL: does not
     * matter. */
    void (*clock)(struct rk_dev *dev);
    /* NULL: every read is RK_READ_EFFECT. */
    enum rk_read_kind (*read_kind)(const struct rk_dev *dev, uint32_t off);
    /* True when writing this value now would change nothing but a time stamp that a later identical
     * write renews (watchdog reload, BSRR that sets what is set). NULL: no write is. */
    bool (*write_is_idle)(const struct rk_dev *dev, uint32_t off, uint32_t value);
    /* Only the flash controller: a bus write to the flash array. addr absolute, size 1, 2 or 4.
     * False: bus error. NULL elsewhere. */
    bool (*array_write)(struct rk_dev *dev, uint32_t addr, unsigned size, uint32_t value);
    /* Called after a snapshot was restored: re-derive what is
     * kept outside the state (caches). NULL: nothing kept. */
    void (*restored)(struct rk_dev *dev);
};

/* One instance; owned by the machine, outside the snapshot. */
struct rk_dev {
    const struct rk_dev_ops *ops;
    void *state; /* ops->state_size bytes inside the machine's arena */
    struct rk_machine *m;
    const void *config; /* instance constants, type given in the block's header; may be NULL */
    const char *name;   /* "TIM1" */
    uint8_t *nv;        /* non-volatile memory of this block (flash array, NVMEM), or NULL */
    size_t nv_size;
    uint32_t base;       /* bus address, 0 if not on the bus */
    uint32_t size;       /* bytes of bus window */
    uint16_t id;         /* index in the machine */
    uint16_t timer_base; /* first of its slots in the machine's timer table */
    uint8_t domain;      /* enum rk_clock_domain */
    uint16_t out_base;   /* first of its slots in the machine's output table */
    void *host; /* for blocks with an ops table towards the host (radio, USB): set by the shell */
};

/* --- what a block may ask of the core --------------------------------------------------------- */

enum rk_clock_domain {
    RK_CLOCK_HCLK,
    RK_CLOCK_PCLK1,
    RK_CLOCK_PCLK2,
    RK_CLOCK_TIM1, /* timer clock of APB1 timers (TIM2-4): PCLK1 x1 or x2, RM0008 7.2 */
    RK_CLOCK_TIM2, /* timer clock of APB2 timers (TIM1) */
    RK_CLOCK_ADC,
    RK_CLOCK_USB,
    RK_CLOCK_RTC, /* 0 when no source is selected */
    RK_CLOCK_COUNT,
};

/* Virtual time: HCLK cycles since the machine was built; never goes back, also over resets. */
uint64_t rk_now(const struct rk_dev *dev);
/* The same instant in nanoseconds. */
uint64_t rk_now_ns(const struct rk_dev *dev);

/* One-shot timers; setting a running one moves it. `at` in the past means "as soon as possible".
 * Cycle timers follow HCLK; ns timers follow real time over clock changes. */
void rk_timer_set(struct rk_dev *dev, unsigned timer, uint64_t at_cycle);
void rk_timer_set_ns(struct rk_dev *dev, unsigned timer, uint64_t at_ns);
void rk_timer_stop(struct rk_dev *dev, unsigned timer);
bool rk_timer_running(const struct rk_dev *dev, unsigned timer);

/* Rate of the block's own clock in Hz (0: stopped), and whole HCLK cycles per tick of it (>= 1). */
uint32_t rk_dev_clock_hz(const struct rk_dev *dev);
uint32_t rk_dev_cycles_per_tick(const struct rk_dev *dev);
/* False while the block's clock is gated off in RCC. */
bool rk_dev_clocked(const struct rk_dev *dev);

/* Drives an output line; every block connected to it gets input() at once, in table order. Returns
 * the last one's answer, 0 when nothing is connected. */
uint32_t rk_line_out(struct rk_dev *dev, unsigned line, uint32_t value);

/* RCC only: sets the rate of a domain, in Hz. HCLK must not be 0. */
void rk_clock_set(struct rk_dev *dev, enum rk_clock_domain domain, uint32_t hz);
/* PWR only: Stop mode stops every clock of the chip but LSE/LSI; time goes on in ns. */
void rk_clock_stop_all(struct rk_dev *dev, bool stopped);

/* IWDG/WWDG tell whether they run: a locked-up CPU without a watchdog never comes back. */
void rk_watchdog_running(struct rk_dev *dev, bool running);

/* Asks for a reset of the whole chip; it happens before the next instruction. */
void rk_reset_request(struct rk_dev *dev, enum rk_reset kind);

/* An access by a bus master other than the CPU (DMA). False: bus error. */
bool rk_bus_master_read(struct rk_dev *dev, uint32_t addr, unsigned size, uint32_t *value);
bool rk_bus_master_write(struct rk_dev *dev, uint32_t addr, unsigned size, uint32_t value);

/* The bytes of executable memory changed (flash programmed): predecoded instructions are dropped.
 * off is from the start of internal flash. */
void rk_code_changed(struct rk_dev *dev, uint32_t off, uint32_t len);

/* Every erase or program of non-volatile memory asks first (one erase unit, one half-word, one AAI
 * pair = one operation). With a power cut planned for this operation it answers how the cells end:
 * the machine then stops with RK_STOP_POWER_CUT. */
enum rk_cut {
    RK_CUT_NONE,   /* do it */
    RK_CUT_BEFORE, /* the power failed before: change nothing */
    RK_CUT_TORN,   /* the power failed in the middle: erase or program only part */
    RK_CUT_AFTER,  /* do it; the power fails right after */
};
enum rk_flash_op {
    RK_FLASH_ERASE,
    RK_FLASH_PROGRAM,
};
enum rk_cut rk_flash_op(struct rk_dev *dev, enum rk_flash_op op, uint32_t addr, uint32_t len);

/* The CPU waits for the flash controller this long: time passes, devices run, no instruction does.
 * (Code runs from the flash that is busy: RM0008 3.3 / PM0075.) */
void rk_cpu_stall_ns(struct rk_dev *dev, uint64_t ns);

/* Loud: the two classes of trouble, counted and traced. A guest error is a mistake of the firmware
 * (reserved value, write to a read-only register, access with the clock off); unmodelled is a gap
 * of ours, listed in emu/MISSING.md. Neither stops the machine. */
void rk_guest_error(struct rk_dev *dev, const char *fmt, ...) RK_PRINTF(2, 3);
void rk_unmodelled(struct rk_dev *dev, uint32_t off, bool is_write, uint32_t value);

enum rk_trace {
    RK_TRACE_LED = 1 << 0,
    RK_TRACE_FLASH = 1 << 1,
    RK_TRACE_IRQ = 1 << 2,
    RK_TRACE_MMIO = 1 << 3,
    RK_TRACE_GUEST = 1 << 4,
    RK_TRACE_HCI = 1 << 5,
    RK_TRACE_USB = 1 << 6,
    RK_TRACE_NET = 1 << 7,
    RK_TRACE_CLOCK = 1 << 8,
};
bool rk_traced(const struct rk_dev *dev, enum rk_trace kind);
/* Call only when rk_traced(): one line, without a newline. */
void rk_trace(struct rk_dev *dev, enum rk_trace kind, const char *fmt, ...) RK_PRINTF(3, 4);

/* The light and the pins, for who watches (shell, tests, VCD). rgb in timer counts of `full`. */
void rk_observe_led(struct rk_dev *dev, const uint16_t rgb[3], uint16_t full);
/* `pin`: 0-15 port A, 16-31 B, 32-47 C, 48-63 D; level 0 or 1. */
void rk_observe_pin(struct rk_dev *dev, unsigned pin, bool level);

/* A shell asked; a block may too: the machine stops before the next instruction. */
void rk_stop_request(struct rk_dev *dev);

#endif
