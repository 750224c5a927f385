/* probe: our own application for the Core. The test load that needs no published image, the
 * crashing application of the rescue scenarios, and the self-test after flashing.
 *
 * On USB serial: `i` and `v` answer as listening mode does (core-hardware.md 7.1); what begins with
 * ':' is a command, ended by CR or LF (":help" lists them); everything else is echoed. A rate of
 * 14400 resets into DFU (6.3). DR8 = 0xC0DE makes it hang at its next start, before it calls itself
 * healthy.
 */
#include "common/base/attr.h"
#include "firmware/app/probe/serial.h"
#include "firmware/app/probe/signal.h"
#include "firmware/drivers/board.h"
#include "firmware/drivers/clock.h"
#include "firmware/drivers/flash.h"
#include "firmware/port/core/startup.h"
#include "firmware/regs/stm32f103.h"

#define VERSION         "probe 0.1.0"
#define APP_ADDR        0x08005000u
#define FLAGS_ADDR      0x08004C00u
#define LAST_PAGE       0x0801FC00u
#define FLAG_HALVES     9u
#define OTA_FLAG        2u
#define WATCHDOG_RELOAD 468u /* 3 s, as the published applications (core-hardware.md 2.5) */
#define DR_CRASH        8u
#define CRASH           0xC0DEu
#define HEALTHY_MS      1000u
#define DFU_BAUD        14400u
#define LINE_CAP        48u
#define PANIC_PASSES_MS 16000u
#define BUSY_ROUNDS     20u

int main(void);

/* core-hardware.md 1.4; the end is filled in by firmware/app/seal.c. */
struct module_info {
    uint32_t start, end;
    uint8_t reserved[2];
    uint16_t version, platform;
    uint8_t function, index;
    uint32_t dependency[2];
};

__attribute__((section(".module_info"), used)) const struct module_info rk_module_info = {
    .start = APP_ADDR, .version = 1, .platform = 0, .function = 3};

static char line[LINE_CAP];
static unsigned line_len;
static bool in_command;

void rk_on_tick(void) {
    rk_clock_tick();
    rk_probe_signal_show(rk_clock_ms());
}

/* Interrupts may be off and the stack anywhere: the light is driven by a counted loop. */
void rk_on_fault(void) {
    SYSTICK_CTRL = 0;
    (void)rk_probe_signal_set("panic", 1, 0);
    for (uint32_t ms = 0; ms < PANIC_PASSES_MS; ms++) {
        rk_probe_signal_show(ms);
        rk_board_watchdog_feed();
        for (volatile unsigned i = 0; i < 6000; i++) {
        }
    }
    rk_board_reset();
}

/* --- commands ----------------------------------------------------------------------------------
 */

static void reset_soon(void) {
    for (uint32_t start = rk_clock_ms(); rk_clock_ms() - start < 50;) {
        rk_serial_poll();
    }
    rk_board_usb_connect(false);
    rk_clock_wait_ms(20);
    rk_board_reset();
}

/* core-hardware.md 4.8: what E2+ applications ask for. */
static void ask_dfu_once(const char *rest) {
    (void)rest;
    rk_board_backup_set(1, 0xEDFA);
    reset_soon();
}

/* 4.8: what E1 applications and the patch programmers ask for. The other flags are kept. */
static void ask_dfu_by_flag(const char *rest) {
    uint16_t flags[FLAG_HALVES];
    (void)rest;
    for (unsigned i = 0; i < FLAG_HALVES; i++) {
        flags[i] = ((const volatile uint16_t *)FLAGS_ADDR)[i];
    }
    flags[OTA_FLAG] = 0xFFFF;
    (void)rk_flash_erase(FLAGS_ADDR);
    for (unsigned i = 0; i < FLAG_HALVES; i++) {
        if (flags[i] != 0xFFFF) {
            (void)rk_flash_program(FLAGS_ADDR + 2 * i, flags[i]);
        }
    }
    rk_board_backup_set(10, 0xFFFF);
    reset_soon();
}

static void make_fault(const char *rest) {
    (void)rest;
    __asm volatile("udf #0");
}

static void hang(const char *rest) {
    (void)rest;
    for (;;) {
    }
}

static void crash_at_start(const char *rest) {
    (void)rest;
    rk_board_backup_set(DR_CRASH, CRASH);
    reset_soon();
}

static void busy_flash(const char *rest) {
    (void)rest;
    int rc = 0;
    for (unsigned i = 0; i < BUSY_ROUNDS; i++) {
        rc |= rk_flash_erase(LAST_PAGE);
        for (unsigned k = 0; k < 64; k++) {
            rc |= rk_flash_program(LAST_PAGE + 2 * k, (uint16_t)(i * 64 + k));
        }
        rk_board_watchdog_feed();
    }
    rk_serial_write(rc == 0 ? "ok\r\n" : "failed\r\n");
}

static void write_words(const char *name, const volatile uint16_t *halves, unsigned count) {
    rk_serial_write(name);
    for (unsigned i = 0; i < count; i++) {
        rk_serial_write_byte(' ');
        rk_serial_write_hex(halves[i], 4);
    }
    rk_serial_write("\r\n");
}

static void report(const char *rest) {
    uint16_t backup[10];
    (void)rest;
    for (unsigned i = 0; i < RK_COUNT(backup); i++) {
        backup[i] = rk_board_backup_get(i + 1);
    }
    write_words("flags", (const volatile uint16_t *)FLAGS_ADDR, FLAG_HALVES);
    write_words("backup", backup, RK_COUNT(backup));
    rk_serial_write("reset ");
    rk_serial_write_hex(rk_board_reset_flags(), 8);
    rk_serial_write("\r\n");
}

static void set_signal(const char *rest) {
    bool known = rk_probe_signal_set(rest, 1, rk_clock_ms());
    rk_serial_write(known ? "ok\r\n" : "no such signal\r\n");
}

static void restart(const char *rest) {
    (void)rest;
    reset_soon();
}

static void help(const char *rest);

static const struct {
    const char *name;
    void (*run)(const char *rest);
} commands[] = {
    {"help", help},         {"report", report},
    {"signal", set_signal}, /* + space and an id of signal.def */
    {"flash", busy_flash},  {"fault", make_fault},
    {"hang", hang},         {"crash", crash_at_start},
    {"dfu", ask_dfu_once},  {"dfu-flag", ask_dfu_by_flag},
    {"reset", restart},
};

static void help(const char *rest) {
    (void)rest;
    for (size_t i = 0; i < RK_COUNT(commands); i++) {
        rk_serial_write_byte(':');
        rk_serial_write(commands[i].name);
        rk_serial_write("\r\n");
    }
}

/* Does the line begin with this whole word? What follows it, or NULL. */
static const char *after(const char *text, const char *word) {
    while (*word && *text == *word) {
        text++;
        word++;
    }
    if (*word || (*text && *text != ' ')) {
        return NULL;
    }
    return *text ? text + 1 : text;
}

static void run_line(void) {
    line[line_len] = '\0';
    for (size_t i = 0; i < RK_COUNT(commands); i++) {
        const char *rest = after(line, commands[i].name);
        if (rest) {
            commands[i].run(rest);
            return;
        }
    }
    rk_serial_write("no such command; :help\r\n");
}

static void write_id(void) {
    rk_serial_write("Your core id is ");
    for (unsigned i = 0; i < 12; i++) {
        rk_serial_write_hex(DEVICE_ID[i], 2);
    }
    rk_serial_write("\r\n");
}

static void take_byte(int byte) {
    if (in_command) {
        if (byte == '\r' || byte == '\n') {
            in_command = false;
            run_line();
        } else if (line_len < LINE_CAP - 1) {
            line[line_len++] = (char)byte;
        }
    } else if (byte == ':') {
        in_command = true;
        line_len = 0;
    } else if (byte == 'i') {
        write_id();
    } else if (byte == 'v') {
        rk_serial_write("system firmware version: " VERSION "\n\r\n");
    } else {
        rk_serial_write_byte((char)byte);
    }
}

/* --- start -------------------------------------------------------------------------------------
 */

int main(void) {
    SCB_VTOR = APP_ADDR;
    if ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) {
        (void)rk_clock_init(); /* no bootloader brought the clock up */
    }
    rk_board_init();
    if (rk_board_backup_get(DR_CRASH) == CRASH) {
        rk_board_backup_set(DR_CRASH, 0);
        hang(NULL);
    }
    rk_board_watchdog_start(WATCHDOG_RELOAD);
    rk_clock_tick_start();
    (void)rk_probe_signal_set("listening", 0, 0);
    rk_serial_init();
    bool healthy = false;
    for (;;) {
        rk_serial_poll();
        rk_board_watchdog_feed();
        int byte = rk_serial_read();
        if (byte >= 0) {
            take_byte(byte);
        }
        if (!healthy && rk_clock_ms() >= HEALTHY_MS) {
            healthy = true;
            rk_board_backup_set(1, 0xFFFF);
        }
        if (rk_serial_baud() == DFU_BAUD) {
            ask_dfu_once(NULL);
        }
    }
}
