/* The published firmware against the radio: what it shows on its LED, what it puts on the wire, and
 * what is in the EEPROM afterwards. Expected signals: core-hardware.md 5.3, 7, 8.4; expected
 * traffic: cc3000.md 4 and 7. Every case prints the signals with virtual times and instruction
 * counts.
 */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "tests/boot/radio_console.h"
#include "tests/boot/radio_rig.h"

static struct radio_rig *rig;

static int release(void **state) {
    if (rig && rig->m) {
        radio_rig_release(rig);
    }
    free(rig);
    rig = NULL;
    return 0;
}

static struct radio_rig *board(const char *image, unsigned eras) {
    rig = calloc(1, sizeof *rig);
    radio_rig_init(rig, image, eras);
    return rig;
}

static void assert_saw(const struct radio_rig *r, const char *signal) {
    if (!radio_rig_saw(r, signal)) {
        fail_msg("the LED never showed %s", signal);
    }
}

static void stored_network(const char *image, unsigned era) {
    struct radio_rig *r = board(image, era);
    radio_rig_add_ap(r);
    radio_rig_store(r);
    radio_rig_power(r);
    assert_true(radio_rig_until(r, "cloud-handshake", 15000));
    radio_rig_run(r, 1000);
    radio_rig_print(r, image);
    assert_saw(r, "wifi-connecting");
    assert_saw(r, "wifi-dhcp");
    assert_saw(r, "cloud-connecting");
    assert_int_equal(r->dialled.ip, 0x7F000001u);
    assert_int_equal(r->dialled.port, 5683);
    assert_int_equal(r->got_len, 256); /* one RSA-2048 block */
}

static void test_tinker_070__connects_with_a_stored_network(void **state) {
    stored_network("core-tinker-0.7.0", RK_ERA_E3);
}

static void test_tinker_051__connects_with_a_stored_network(void **state) {
    stored_network("core-tinker-0.5.1", RK_ERA_E2);
}

static void test_voodoospark__connects_with_a_stored_network(void **state) {
    stored_network("core-voodoospark-0.4.7", RK_ERA_E2);
}

/* Two boards of the same kind live the same life, to the instruction. */
static void test_run__is_the_same_twice(void **state) {
    uint64_t hashes[2], instr[2];
    for (int i = 0; i < 2; i++) {
        struct radio_rig *r = board("core-tinker-0.7.0", RK_ERA_E3);
        radio_rig_add_ap(r);
        r->config.loss_ppm = 20000;
        r->config.jitter_us = 3000;
        radio_rig_store(r);
        radio_rig_power(r);
        radio_rig_run(r, 8000);
        hashes[i] = r->led_hash;
        instr[i] = rk_machine_instr(r->m);
        release(NULL);
    }
    assert_true(instr[0] == instr[1]);
    assert_true(hashes[0] == hashes[1]);
}

static void without_credentials(const char *image, unsigned era) {
    struct rk_cc3000_info info;
    struct radio_rig *r = board(image, era);
    radio_rig_add_ap(r);
    radio_rig_power(r);
    assert_true(radio_rig_until(r, "listening", 10000));
    radio_rig_print(r, image);
    rk_cc3000_info_get(r->radio, &info);
    assert_true(info.smartconfig);
    assert_int_equal(r->opened, 0);
}

static void test_tinker_070__listens_without_credentials(void **state) {
    without_credentials("core-tinker-0.7.0", RK_ERA_E3);
}

static void test_tinker_051__listens_without_credentials(void **state) {
    without_credentials("core-tinker-0.5.1", RK_ERA_E2);
}

/* cc3000.md 5: a phone sends the credentials, the firmware decrypts and stores them, connects, and
 * announces itself three times. */
static void test_tinker_070__takes_credentials_from_a_phone(void **state) {
    const struct rk_cc3000_profile p = {
        .ssid = "home", .ssid_len = 4, .key = "password", .key_len = 8, .security = 3};
    struct radio_rig *r = board("core-tinker-0.7.0", RK_ERA_E3);
    radio_rig_add_ap(r);
    radio_rig_power(r);
    assert_true(radio_rig_until(r, "listening", 10000));
    assert_int_equal(rk_cc3000_smartconfig(r->radio, &p), 0);
    assert_true(radio_rig_until(r, "cloud-handshake", 20000));
    radio_rig_print(r, "SmartConfig");
    assert_int_equal(r->dialled.port, 5683);
}

/* --- the console: core-hardware.md 7.1, 7.2 --------------------------------------------------- */

static struct radio_console console;

static void listening_console(const char *image, unsigned era) {
    struct radio_rig *r = board(image, era);
    radio_rig_add_ap(r);
    radio_rig_power(r);
    assert_true(radio_rig_until(r, "listening", 10000));
    radio_console_open(&console, r);
}

static void give_wifi(const char *pass, bool new_questions) {
    radio_console_type(&console, "w");
    assert_true(radio_console_expect(&console, "SSID: ", 2000));
    radio_console_type(&console, "home\r");
    if (new_questions) { /* 0.7.0 scans and knows the security, but asks for the cipher */
        assert_true(
            radio_console_expect(&console, "Security Cipher 1=AES, 2=TKIP, 3=AES+TKIP: ", 10000));
        radio_console_type(&console, "1\r");
    } else {
        assert_true(
            radio_console_expect(&console, "Security 0=unsecured, 1=WEP, 2=WPA, 3=WPA2: ", 2000));
        radio_console_type(&console, "3\r");
    }
    assert_true(radio_console_expect(&console, "Password: ", 2000));
    radio_console_type(&console, pass);
    radio_console_type(&console, "\r");
    assert_true(radio_console_expect(
        &console, "Thanks! Wait about 7 seconds while I save those credentials...\r\n\r\n", 10000));
    assert_true(radio_console_expect(&console, "Awesome. Now we'll connect!", 20000));
}

static void test_console__answers_single_letters(void **state) {
    listening_console("core-tinker-0.7.0", RK_ERA_E3);
    radio_console_type(&console, "i");
    assert_true(
        radio_console_expect(&console, "Your core id is 53ff6d065077535228300287\r\n", 2000));
    radio_console_type(&console, "v");
    assert_true(radio_console_expect(&console, "system firmware version: 0.7.0\n\r\n", 2000));
    radio_console_type(&console, "m");
    assert_true(radio_console_expect(&console,
                                     "Your device MAC address is\r\n08:00:28:00:00:01\r\n", 2000));
    radio_console_type(&console, "c");
    assert_true(radio_console_expect(&console, "Device claimed: no\r\n", 2000));
    radio_console_type(&console, "s");
    assert_true(radio_console_expect(&console, "{\"p\":0,\"m\":[]}\r\n", 2000));
}

static void test_console_070__takes_wifi_and_connects(void **state) {
    listening_console("core-tinker-0.7.0", RK_ERA_E3);
    give_wifi("password", true);
    assert_true(radio_rig_until(rig, "cloud-handshake", 30000));
    radio_rig_print(rig, "console, 0.7.0");
    assert_int_equal(rig->dialled.port, 5683);
}

static void test_console_051__takes_wifi_and_connects(void **state) {
    listening_console("core-tinker-0.5.1", RK_ERA_E2);
    give_wifi("password", false);
    assert_true(radio_rig_until(rig, "cloud-handshake", 30000));
    radio_rig_print(rig, "console, 0.5.1");
}

/* Ends where the original ends: it tries for ever, and restarts the radio every 30 s. */
static void test_console__wrong_passphrase_blinks_green_for_ever(void **state) {
    listening_console("core-tinker-0.7.0", RK_ERA_E3);
    give_wifi("passw0rd", true);
    radio_rig_forget(rig);
    radio_rig_run(rig, 75000);
    radio_rig_print(rig, "console, wrong passphrase");
    assert_saw(rig, "wifi-connecting");
    assert_false(radio_rig_saw(rig, "wifi-dhcp"));
    assert_false(radio_rig_saw(rig, "listening"));
    assert_int_equal(rig->opened, 0);
}

/* --- service packs ---------------------------------------------------------------------------- */

static void assert_patch(struct radio_rig *r, uint8_t build) {
    struct rk_cc3000_info info;
    rk_cc3000_info_get(r->radio, &info);
    assert_int_equal(info.patch[0], 1);
    assert_int_equal(info.patch[1], build);
}

/* cc3000.md 4.5, 9.11; must show 2. */
static void test_deep_update__brings_an_old_service_pack_to_1_28(void **state) {
    static uint8_t before[RK_CC3000_NV_SIZE];
    struct radio_rig *r = board("core-deep-update-2014-06", RK_ERA_E1);
    uint8_t *nv = rk_machine_nv(r->m, RK_CORE_NV_RADIO, NULL);
    rk_cc3000_nv_format(nv, (const uint8_t *)"\x08\x00\x28\x11\x22\x33", 24);
    radio_rig_add_ap(r);
    radio_rig_power(r);
    assert_patch(r, 24);
    assert_true(radio_rig_until(r, "listening", 30000));
    radio_rig_print(r, "deep_update_2014_06, from 1.24");
    assert_saw(r, "deep-update");
    assert_patch(r, 28);
    memcpy(before, nv, sizeof before);
    radio_rig_forget(r);
    rk_machine_reset(r->m, RK_RESET_PIN);
    assert_true(radio_rig_until(r, "listening", 30000));
    radio_rig_print(r, "deep_update_2014_06, again");
    assert_false(radio_rig_saw(r, "deep-update"));
    for (size_t i = 0; i < sizeof before; i++) {
        const bool is_mac = i >= 0x6390 && i < 0x6396; /* cc3000.md 4.1 */
        if (before[i] != nv[i] && !is_mac) {
            fail_msg("byte %04zx of the EEPROM changed from %02x to %02x", i, before[i], nv[i]);
        }
    }
}

/* cc3000.md 4.3, 4.4; core-hardware.md 8.4: green, then a request for DFU by the flag form. */
static void patch_programmer(const char *image, uint8_t build) {
    struct radio_rig *r = board(image, RK_ERA_ALL);
    radio_rig_power(r);
    radio_rig_run(r, 9000);
    radio_rig_print(r, image);
    assert_patch(r, build);
    assert_saw(r, "radio-patching");
    assert_saw(r, "radio-patched");
    assert_true(r->resets > 1);
    /* The flag form: OTA flag 0xFFFF, DR10 0xFFFF. */
    const uint8_t *flags = rk_machine_nv(r->m, RK_CORE_NV_INTERNAL, NULL) + 0x4C00;
    assert_int_equal(rk_get_u16le(flags + 4), 0xFFFF);
    uint8_t dr10[2];
    assert_true(rk_machine_peek(r->m, 0x40006C28u, dr10, 2));
    assert_int_equal(rk_get_u16le(dr10), 0xFFFF);
}

static void test_patch_programmer__writes_1_29_and_asks_for_dfu(void **state) {
    patch_programmer("core-cc3000-patch-1.29", 29);
}

static void test_patch_programmer__writes_1_32_and_asks_for_dfu(void **state) {
    patch_programmer("core-cc3000-patch-1.32", 32);
}

/* --- faults: must show 3 ---------------------------------------------------------------------- */

static void wrong_pass(struct radio_rig *r) {
    memcpy(r->config.aps[0].pass, "passw0rd", 8);
}
static void refuse(struct radio_rig *r) {
    r->refuse = true;
}
static void gone(struct radio_rig *r) {
    r->config.aps[0].gone = true;
}
static void walk_away(struct radio_rig *r) {
    rk_cc3000_fault(r->radio, RK_NET_FAULT_OUT_OF_RANGE, true);
}
static void new_passphrase(struct radio_rig *r) {
    rk_cc3000_fault(r->radio, RK_NET_FAULT_WRONG_PASS, true);
}
static void switched_off(struct radio_rig *r) {
    rk_cc3000_fault(r->radio, RK_NET_FAULT_AP_GONE, true);
}
static void old_pack(struct radio_rig *r) {
    rk_cc3000_fault(r->radio, RK_NET_FAULT_OLD_PATCH, true);
}
static void no_dhcp(struct radio_rig *r) {
    rk_cc3000_fault(r->radio, RK_NET_FAULT_NO_DHCP, true);
}
static void no_internet(struct radio_rig *r) {
    r->config.aps[0].internet = false;
}
static void dns_magic(struct radio_rig *r) {
    rk_cc3000_fault(r->radio, RK_NET_FAULT_DNS_LS, true);
}
static void dns_fails(struct radio_rig *r) {
    rk_cc3000_fault(r->radio, RK_NET_FAULT_DNS_FAIL, true);
}
static void cfod(struct radio_rig *r) {
    rk_cc3000_fault(r->radio, RK_NET_FAULT_CFOD, true);
}
static void hang(struct radio_rig *r) {
    rk_cc3000_fault(r->radio, RK_NET_FAULT_HANG, true);
}
static void close_now(struct radio_rig *r) {
    rk_net_peer_close(r->peer, r->conn, false);
}
static void late_close(struct radio_rig *r) {
    rk_cc3000_fault(r->radio, RK_NET_FAULT_LATE_CLOSE, true);
    rk_net_peer_close(r->peer, r->conn, false);
}

struct fault_case {
    const char *name;
    void (*before)(struct radio_rig *r); /* power-on */
    void (*during)(struct radio_rig *r); /* when `from` is shown */
    const char *from;
    const char *expect; /* must be shown within limit_ms after that */
    const char *never;
    uint32_t limit_ms;
};

/* Signals by core-hardware.md 5.3, 5.6 for tinker 0.7.0. */
static const struct fault_case faults[] = {
    {"wrong passphrase", wrong_pass, NULL, "wifi-connecting", "wifi-connecting", "wifi-dhcp",
     70000},
    {"old service pack, WPA", old_pack, NULL, "wifi-connecting", "wifi-connecting", "wifi-dhcp",
     40000},
    {"no DHCP", no_dhcp, NULL, "wifi-dhcp", "wifi-connecting", "cloud-connecting", 40000},
    {"passphrase was changed", new_passphrase, NULL, "wifi-connecting", "wifi-connecting",
     "wifi-dhcp", 40000},
    {"access points off", NULL, switched_off, "cloud-handshake", "wifi-connecting", NULL, 40000},
    {"access point gone", NULL, gone, "cloud-handshake", "wifi-connecting", NULL, 40000},
    {"walks out of range", NULL, walk_away, "cloud-handshake", "wifi-connecting", NULL, 40000},
    {"IP without internet", no_internet, NULL, "cloud-connecting", "no-internet", "cloud-handshake",
     120000},
    {"server refuses", refuse, NULL, "cloud-connecting", "cloud-unreachable", "cloud-handshake",
     60000},
    {"DNS 76.83.0.0", dns_magic, NULL, "cloud-connecting", "cloud-unreachable", "cloud-handshake",
     120000},
    {"names are not found", dns_fails, NULL, "cloud-connecting", "cloud-unreachable",
     "cloud-handshake", 60000},
    {"cyan flash of death", NULL, cfod, "cloud-connecting", "no-internet", NULL, 180000},
    /* A write waits for IRQ without limit (cc3000.md 1.6), and SysTick feeds the watchdog. */
    {"chip hangs", NULL, hang, "cloud-handshake", NULL, NULL, 60000},
    {"server closes", NULL, close_now, "cloud-handshake", "cloud-connecting", NULL, 30000},
    {"late close", NULL, late_close, "cloud-handshake", "cloud-connecting", NULL, 60000},
};

static void run_fault(const struct fault_case *c) {
    struct radio_rig *r = board("core-tinker-0.7.0", RK_ERA_E3);
    radio_rig_add_ap(r);
    radio_rig_store(r);
    if (c->before) {
        c->before(r);
    }
    radio_rig_power(r);
    assert_true(radio_rig_until(r, c->from, 30000));
    if (c->during) {
        radio_rig_forget(r);
        c->during(r);
    }
    const uint64_t start = rk_machine_now_ns(r->m);
    bool seen = true;
    if (c->expect) {
        seen = radio_rig_until(r, c->expect, c->limit_ms);
    } else {
        radio_rig_run(r, c->limit_ms);
        seen = r->seen_count == 0;
    }
    print_message("| %-24s | %-18s | %-18s | %6.1f s |\n", c->name, c->from,
                  !seen       ? "NOT SEEN"
                  : c->expect ? c->expect
                              : "the same for ever",
                  (double)(rk_machine_now_ns(r->m) - start) / 1e9);
    if (!seen || (c->never && radio_rig_saw(r, c->never))) {
        radio_rig_print(r, c->name);
        fail_msg("%s: expected %s, never %s", c->name, c->expect ? c->expect : "no change",
                 c->never ? c->never : "-");
    }
    release(NULL);
}

static void test_faults__show_the_documented_signals(void **state) {
    print_message("| %-24s | %-18s | %-18s | %8s |\n", "fault", "when", "then shows", "after");
    for (unsigned i = 0; i < RK_COUNT(faults); i++) {
        run_fault(&faults[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_teardown(name, release)
        T(test_tinker_070__connects_with_a_stored_network),
        T(test_tinker_051__connects_with_a_stored_network),
        T(test_voodoospark__connects_with_a_stored_network),
        T(test_run__is_the_same_twice),
        T(test_tinker_070__listens_without_credentials),
        T(test_tinker_051__listens_without_credentials),
        T(test_tinker_070__takes_credentials_from_a_phone),
        T(test_console__answers_single_letters),
        T(test_console_070__takes_wifi_and_connects),
        T(test_console_051__takes_wifi_and_connects),
        T(test_console__wrong_passphrase_blinks_green_for_ever),
        T(test_deep_update__brings_an_old_service_pack_to_1_28),
        T(test_patch_programmer__writes_1_29_and_asks_for_dfu),
        T(test_patch_programmer__writes_1_32_and_asks_for_dfu),
        T(test_faults__show_the_documented_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
