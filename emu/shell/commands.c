/* The table of commands and options of rekindle-emu: it makes the parser, the help and the
 * completions.
 */
#include "emu/shell/commands.h"

#include "common/led/signal.h"

#include <stdio.h>

#ifndef RK_VERSION
#define RK_VERSION "unknown"
#endif

static const struct rk_opt common_opts[] = {
    {.name = "json", .help = "JSON instead of text (docs/emulator.md)"},
    {.name = "help", .letter = 'h', .help = "explain the command"},
};

static const struct rk_opt new_opts[] = {
    {.name = "app", .arg = "IMG", .help = "the application: a file, or a name of `image list`"},
    {.name = "factory", .arg = "IMG", .help = "the factory image in the external flash"},
    {.name = "bootloader",
     .arg = "IMG",
     .help = "the bootloader; without it a stand-in starts the application"},
    {.name = "id", .arg = "HEX24", .help = "the device id; random otherwise"},
    {.name = "device-key", .arg = "FILE", .help = "the device's RSA-1024 key; made otherwise"},
    {.name = "server-key", .arg = "FILE", .help = "the public key of the server that it trusts"},
    {.name = "address", .arg = "HOST:PORT", .help = "the server that it calls"},
    {.name = "wifi",
     .arg = "SSID[:SECURITY[:PASS]]",
     .help = "a stored network: open, wep, wpa or wpa2"},
};

static const struct rk_opt run_opts[] = {
    {.name = "speed",
     .arg = "real|max|N",
     .help = "virtual seconds per second; max with --until or --for, else real"},
    {.name = "for", .arg = "TIME", .help = "stop after so much virtual time: 10s, 500ms, 2m"},
    {.name = "until",
     .arg = "SIGNAL",
     .help = "stop when the light shows this: an id or a name of `signals`"},
    {.name = "press",
     .arg = "BUTTON@AT+HOLD",
     .help = "mode@4s+3.5s, reset@5s, power@9s+1s (off for 1 s); repeatable"},
    {.name = "gdb", .arg = "ADDR:PORT", .help = "wait for a debugger there (port 0 picks one)"},
    {.name = "trace",
     .arg = "CLASSES",
     .help = "to stderr: led,flash,irq,mmio,guest,hci,usb,net,clock or all"},
    {.name = "vcd", .arg = "FILE", .help = "write the light and the pins as waves"},
    {.name = "no-skip", .help = "execute loops that only wait, too (slower, same result)"},
    {.name = "net-speed",
     .arg = "N",
     .help = "fastest speed while real sockets are attached, 1 to 4"},
    {.name = "internet", .help = "what network.json does not map goes to the real network"},
    {.name = "usbip",
     .arg = "ADDR:PORT",
     .help = "lend the board's USB to any Linux (usbip attach; port 0 picks one)"},
    {.name = "usbredir", .arg = "SOCKET", .help = "lend it to QEMU's -device usb-redir"},
    {.name = "pcap", .arg = "FILE", .help = "capture USB as usbmon does, for Wireshark"},
    {.name = "pcap-net", .arg = "FILE", .help = "capture the board's IP traffic, for Wireshark"},
    {.name = "load", .arg = "FILE", .help = "begin with this snapshot"},
    {.name = "save", .arg = "FILE", .help = "write a snapshot at the end"},
    {.name = "replay", .arg = "FILE", .help = "repeat what an earlier run's session.jsonl holds"},
    {.name = "era",
     .arg = "ERA",
     .help = "decode the light as this firmware's",
     .choices = "E0 E1 E2 E3 all"},
    {.name = "keep-resetting", .help = "go on when the board restarts itself for ever"},
};

static const struct rk_opt quirk_opts[] = {
    {.name = "era",
     .arg = "ERA",
     .help = "2014 leaves DFU at once, 0.4.5 half a second later, 0.7.0 has the long serial",
     .choices = "2014 0.4.5 0.7.0"},
    {.name = "usbip", .arg = "ADDR:PORT", .help = "127.0.0.1:3240 when nothing is given"},
    {.name = "usbredir", .arg = "SOCKET", .help = "lend it to QEMU's -device usb-redir"},
    {.name = "pcap", .arg = "FILE", .help = "capture USB as usbmon does, for Wireshark"},
    {.name = "again", .help = "come back in DFU a second after leaving it"},
    {.name = "instant", .help = "flash takes no time"},
};

static const struct rk_opt wait_opts[] = {
    {.name = "for", .arg = "TIME", .help = "at most so much virtual time"},
};

static const struct rk_cmd commands[] = {
    {.name = "new",
     .args = "NAME",
     .min_args = 1,
     .max_args = 1,
     .summary = "make a board",
     .about = "NAME with a slash is the board's folder itself; else it lives with your boards.\n"
              "A board without --app and --bootloader has no firmware.",
     .opts = new_opts,
     .opt_count = RK_COUNT(new_opts),
     .run = rk_emu_cmd_new},
    {.name = "run",
     .args = "NAME",
     .min_args = 1,
     .max_args = 1,
     .summary = "run a board and show its light",
     .about =
         "Keys in a terminal: m holds and releases MODE, r taps RESET, p switches the power, q\n"
         "ends. Ends with 0 when the signal of --until was seen, 20 when it was not, 21 when\n"
         "the processor locks up or finds no code, 22 when it restarts for ever.",
     .opts = run_opts,
     .opt_count = RK_COUNT(run_opts),
     .run = rk_emu_cmd_run},
    {.name = "quirk",
     .args = "[NAME]",
     .max_args = 1,
     .summary = "be an original bootloader in DFU, with all its faults",
     .about =
         "A model, not an emulation: what host tools must cope with. Works on the memories of\n"
         "the board NAME, or on blank ones. Ends when the host makes it leave DFU.",
     .opts = quirk_opts,
     .opt_count = RK_COUNT(quirk_opts),
     .run = rk_emu_cmd_quirk},
    {.name = "press",
     .args = "NAME [mode|reset]",
     .min_args = 1,
     .max_args = 2,
     .summary = "hold a button of a running board down (MODE)",
     .run = rk_emu_cmd_press},
    {.name = "release",
     .args = "NAME [mode|reset]",
     .min_args = 1,
     .max_args = 2,
     .summary = "let a button go",
     .run = rk_emu_cmd_release},
    {.name = "reset",
     .args = "NAME",
     .min_args = 1,
     .max_args = 1,
     .summary = "tap RESET",
     .run = rk_emu_cmd_reset},
    {.name = "power",
     .args = "NAME [on|off|cycle]",
     .min_args = 1,
     .max_args = 2,
     .summary = "switch the power (off and on again)",
     .run = rk_emu_cmd_power},
    {.name = "led",
     .args = "NAME",
     .min_args = 1,
     .max_args = 1,
     .summary = "what the light shows",
     .run = rk_emu_cmd_led},
    {.name = "wait",
     .args = "NAME SIGNAL",
     .min_args = 2,
     .max_args = 2,
     .summary = "wait until the light shows something",
     .opts = wait_opts,
     .opt_count = RK_COUNT(wait_opts),
     .run = rk_emu_cmd_wait},
    {.name = "smartconfig",
     .args = "NAME SSID [PASS]",
     .min_args = 2,
     .max_args = 3,
     .summary = "send a network to a board in listening mode, as a phone does",
     .run = rk_emu_cmd_smartconfig},
    {.name = "fault",
     .args = "NAME [FAULT [on|off]]",
     .min_args = 1,
     .max_args = 3,
     .summary = "make the radio or its network misbehave; without FAULT, what there is",
     .run = rk_emu_cmd_fault},
    {.name = "snapshot",
     .args = "NAME FILE",
     .min_args = 2,
     .max_args = 2,
     .summary = "save the whole running board",
     .run = rk_emu_cmd_snapshot},
    {.name = "info",
     .args = "NAME",
     .min_args = 1,
     .max_args = 1,
     .summary = "identity, time and counters of a running board",
     .run = rk_emu_cmd_info},
    {.name = "quit",
     .args = "NAME",
     .min_args = 1,
     .max_args = 1,
     .summary = "end a running emulator",
     .run = rk_emu_cmd_quit},
    {.name = "signals",
     .args = "",
     .summary = "everything the light can say",
     .run = rk_emu_cmd_signals},
    {.name = "completions",
     .args = "bash|zsh|fish",
     .min_args = 1,
     .max_args = 1,
     .summary = "print a completion script for this shell",
     .run = rk_emu_cmd_completions},
    {.name = "man", .args = "", .summary = "print the man page", .run = rk_emu_cmd_man},
    {.name = "help",
     .args = "[COMMAND]",
     .max_args = 1,
     .summary = "explain a command",
     .run = rk_emu_cmd_help},
};

const struct rk_app rk_emu_app = {
    .name = "rekindle emu",
    .version = RK_VERSION,
    .summary = "the whole board in software",
    .cmds = commands,
    .cmd_count = RK_COUNT(commands),
    .opts = common_opts,
    .opt_count = RK_COUNT(common_opts),
};

static void print_eras(unsigned eras) {
    for (unsigned i = 0; i < 4; i++) {
        printf("%s", eras >> i & 1 ? (const char *[]){"E0 ", "E1 ", "E2 ", "E3 "}[i] : "   ");
    }
}

int rk_emu_cmd_signals(struct rk_call *call) {
    const struct rk_led_form *f;
    char name[RK_LED_NAME_CAP];
    for (size_t i = 0; (f = rk_led_form_at(i)); i++) {
        const struct rk_signal_info *info = rk_signal_info(f->signal);
        rk_led_name(name, f->colour, f->pattern, f->period_ms, f->count);
        if (rk_call_has(call, "json")) {
            printf("{\"id\":\"%s\",\"name\":\"%s\",\"eras\":%u,\"period_ms\":%u,\"loader\":%s,"
                   "\"meaning\":\"%s\"}\n",
                   info->id, name, f->eras, (unsigned)f->period_ms,
                   info->is_loader ? "true" : "false", info->meaning);
        } else {
            printf("%-26s %-22s ", info->id, name);
            print_eras(f->eras);
            printf(" %s\n", info->meaning);
        }
    }
    return 0;
}
