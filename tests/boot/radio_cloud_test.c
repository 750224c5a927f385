/* The published firmware talks to the real server's device side over the emulated radio, for
 * minutes and hours of virtual time, on a path that loses packets. Closed runs: the same twice.
 * Argument: virtual minutes of the long run.
 */
#include "tests/unit.h"

#include "tests/boot/cloud_rig.h"
#include "tests/published.h"

static struct cloud_rig *rig;
static uint32_t minutes = 3;

static int release(void **state) {
    if (rig && rig->r.m) {
        cloud_rig_release(rig);
    }
    free(rig);
    rig = NULL;
    return 0;
}

static struct cloud_rig *board(void) {
    rig = calloc(1, sizeof *rig);
    cloud_rig_init(rig, "core-tinker-0.7.0", RK_ERA_E3);
    return rig;
}

/* Must show 4: no buffer and no socket is lost, whatever the path does. */
static void test_long_run__leaks_nothing_on_a_lossy_path(void **state) {
    struct cloud_rig *c = board();
    struct rk_cc3000_info info;
    unsigned sockets_max = 0;
    c->r.config.loss_ppm = 10000;
    c->r.config.jitter_us = 4000;
    radio_rig_power(&c->r);
    assert_true(radio_rig_until(&c->r, "cloud-connected", 60000));
    radio_rig_print(&c->r, "1 % loss");
    radio_rig_forget(&c->r);
    for (uint32_t s = 0; s < minutes * 60; s++) {
        radio_rig_run(&c->r, 1000);
        rk_cc3000_info_get(c->r.radio, &info);
        sockets_max = RK_MAX(sockets_max, (unsigned)info.open_sockets);
    }
    const struct rk_hub_stats *stats = rk_peer_stats(c->server);
    print_message("%u min: %u connections, %llu pings, %llu frames in, %llu out, %u resets, "
                  "%llu commands to the radio\n",
                  minutes, c->r.opened, (unsigned long long)stats->pings,
                  (unsigned long long)stats->frames_in, (unsigned long long)stats->frames_out,
                  c->r.resets, (unsigned long long)info.commands);
    radio_rig_run(&c->r, 100); /* the last credit comes within 10 ms */
    rk_cc3000_info_get(c->r.radio, &info);
    assert_int_equal(info.free_buffers, 6);
    assert_in_range(info.open_sockets, 0, 1);
    assert_in_range(sockets_max, 1, 2); /* the connection, and the announcement's datagram socket */
    assert_in_range(info.queued, 0, 2);
    assert_int_equal(c->r.resets, 1);
    assert_true(stats->pings >= minutes * 60 / 30); /* one after 15 s of silence */
    assert_int_equal(stats->online, 1);
}

static void live(uint64_t *hash, uint64_t *instr, bool skip) {
    struct cloud_rig *c = board();
    rk_machine_set_skip(c->r.m, skip);
    c->r.config.loss_ppm = 20000;
    c->r.config.jitter_us = 10000;
    radio_rig_power(&c->r);
    radio_rig_run(&c->r, 30000);
    *hash = c->r.led_hash ^ rk_machine_hash(c->r.m);
    *instr = rk_machine_instr(c->r.m);
    release(NULL);
}

static void test_conversation__is_the_same_twice(void **state) {
    uint64_t hash[2], instr[2];
    live(&hash[0], &instr[0], true);
    live(&hash[1], &instr[1], true);
    print_message("30 s: %llu instructions, twice\n", (unsigned long long)instr[0]);
    assert_true(instr[0] == instr[1]);
    assert_true(hash[0] == hash[1]);
}

/* design.md, Time: skipping what only waits changes nothing. */
static void test_conversation__is_the_same_without_skipping(void **state) {
    uint64_t hash[2], instr[2];
    live(&hash[0], &instr[0], true);
    live(&hash[1], &instr[1], false);
    assert_true(instr[0] == instr[1]);
    assert_true(hash[0] == hash[1]);
}

/* A lost credit is a lost buffer: at the seventh one the firmware cannot send any more, its send
 * waits 20 s (cc3000.md 2.6.1, 6.3), the server hears nothing. */
static void test_fault__lost_credits_end_the_connection(void **state) {
    struct cloud_rig *c = board();
    radio_rig_power(&c->r);
    assert_true(radio_rig_until(&c->r, "cloud-connected", 60000));
    radio_rig_forget(&c->r);
    rk_cc3000_fault(c->r.radio, RK_NET_FAULT_NO_CREDIT, true);
    const uint64_t start = rk_machine_now_ns(c->r.m);
    const bool lost = radio_rig_until(&c->r, "cloud-connecting", 300000);
    radio_rig_print(&c->r, "no free-buffer events");
    print_message(
        "| lost free buffers        | cloud-connected    | cloud-connecting   | %6.1f s |\n",
        (double)(rk_machine_now_ns(c->r.m) - start) / 1e9);
    assert_true(lost);
}

/* --- updates -----------------------------------------------------------------------------------
 */

#define OTA_OFF 0x60000u /* core-hardware.md 1.2 */

static uint8_t *queue_update(struct cloud_rig *c, size_t *len) {
    uint8_t *image = rk_published_image("core-voodoospark-0.4.7", len);
    assert_int_equal(rk_peer_queue_update(c->server, &c->id, image, *len, "voodoospark", false), 0);
    return image;
}

static void test_update__arrives_whole_over_a_lossy_path(void **state) {
    struct cloud_rig *c = board();
    size_t len;
    c->r.config.loss_ppm = 10000;
    radio_rig_power(&c->r);
    assert_true(radio_rig_until(&c->r, "cloud-connected", 60000));
    uint8_t *image = queue_update(c, &len);
    radio_rig_forget(&c->r);
    const unsigned resets = c->r.resets;
    for (int s = 0; s < 240 && c->r.resets == resets; s++) {
        radio_rig_run(&c->r, 1000);
    }
    radio_rig_print(&c->r, "update over the air, 1 % loss");
    const uint8_t *flash = rk_machine_nv(c->r.m, RK_CORE_NV_EXTERNAL, NULL);
    assert_memory_equal(flash + OTA_OFF, image, len);
    free(image);
}

/* design.md, Network: nothing more is delivered until the enable pin moves. */
static void test_fault__old_service_pack_stalls_an_update(void **state) {
    struct cloud_rig *c = board();
    const struct rk_cc3000_profile open = {.ssid = "home", .ssid_len = 4, .priority = 1};
    uint8_t *nv = rk_machine_nv(c->r.m, RK_CORE_NV_RADIO, NULL);
    size_t len;
    rk_cc3000_nv_format(nv, (const uint8_t *)"\x08\x00\x28\x11\x22\x33", 24);
    assert_int_equal(rk_cc3000_nv_store(nv, &open), 0);
    c->r.config.aps[0].security = RK_NET_OPEN; /* it could not join WPA */
    rk_cc3000_fault(c->r.radio, RK_NET_FAULT_OLD_PATCH, true);
    radio_rig_power(&c->r);
    assert_true(radio_rig_until(&c->r, "cloud-connected", 60000));
    uint8_t *image = queue_update(c, &len);
    radio_rig_forget(&c->r);
    const unsigned resets = c->r.resets;
    const uint64_t start = rk_machine_now_ns(c->r.m);
    for (int s = 0; s < 240 && c->r.resets == resets; s++) {
        radio_rig_run(&c->r, 1000);
    }
    radio_rig_print(&c->r, "update with the old service pack");
    print_message(
        "| old service pack, update | cloud-connected    | reset              | %6.1f s |\n",
        (double)(rk_machine_now_ns(c->r.m) - start) / 1e9);
    const uint8_t *flash = rk_machine_nv(c->r.m, RK_CORE_NV_EXTERNAL, NULL);
    assert_memory_equal(flash + OTA_OFF, image, 512);                     /* it began ... */
    assert_memory_not_equal(flash + OTA_OFF + 40000, image + 40000, 512); /* ... and stopped */
    assert_true(c->r.resets > resets); /* no chunk for 30 s (core-hardware.md 5.6) */
    free(image);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_teardown(name, release)
        T(test_long_run__leaks_nothing_on_a_lossy_path),
        T(test_conversation__is_the_same_twice),
        T(test_conversation__is_the_same_without_skipping),
        T(test_fault__lost_credits_end_the_connection),
        T(test_update__arrives_whole_over_a_lossy_path),
        T(test_fault__old_service_pack_stalls_an_update),
    };
    const struct CMUnitTest long_run[] = {T(test_long_run__leaks_nothing_on_a_lossy_path)};
    if (argc > 1) {
        minutes = (uint32_t)strtoul(argv[1], NULL, 10);
        return cmocka_run_group_tests(long_run, NULL, NULL);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
