/* network.json: what is read, and what is refused with which words. */
#include "tests/unit.h"

#include <unistd.h>

#include "common/base/error.h"
#include "emu/port/net_config.h"

static int parse(const char *text, struct rk_net_config *c, char why[256]) {
    why[0] = 0;
    return rk_net_config_parse(text, strlen(text), c, why, 256);
}

static const char *const whole =
    "{\"access_points\": [{\"ssid\": \"home\", \"bssid\": \"02:aa:00:00:00:01\", \"hidden\": true,"
    " \"band\": 2.4, \"modes\": \"bg\", \"channel\": 11, \"rssi\": -61, \"security\": \"wpa2\","
    " \"passphrase\": \"correct horse\", \"internet\": false,"
    " \"dhcp\": {\"range\": [\"10.1.2.3\", \"10.1.2.9\"], \"mask\": \"255.255.0.0\","
    " \"gateway\": \"10.1.0.1\", \"dns\": \"10.1.0.2\"}},"
    " {\"ssid\": \"old\", \"security\": \"wep\", \"passphrase\": \"0102030405\", \"dhcp\": false,"
    " \"channel\": 40}],"
    " \"dns\": {\"Example.ORG\": \"127.0.0.9\"}, \"routes\": {\"10.0.0.1:5683\": "
    "\"127.0.0.1:15683\"},"
    " \"latency_ms\": 12.5, \"jitter_ms\": 3, \"loss_percent\": 1.5, \"bandwidth_kbps\": 64,"
    " \"seed\": 99, \"faults\": [\"late-close\", \"no-dhcp\"]}";

static void check_whole(const struct rk_net_config *c) {
    assert_int_equal(c->ap_count, 2);
    const struct rk_net_ap *a = &c->aps[0];
    assert_int_equal(a->ssid_len, 4);
    assert_memory_equal(a->bssid, "\x02\xAA\0\0\0\x01", 6);
    assert_true(a->hidden);
    assert_int_equal(a->modes, RK_NET_MODE_B | RK_NET_MODE_G);
    assert_int_equal(a->channel, 11);
    assert_int_equal(a->rssi_dbm, -61);
    assert_int_equal(a->security, RK_NET_WPA2);
    assert_int_equal(a->pass_len, 13);
    assert_false(a->internet);
    assert_int_equal(a->ip, 0x0A010203u);
    assert_int_equal(a->mask, 0xFFFF0000u);
    assert_int_equal(a->gateway, 0x0A010001u);
    assert_int_equal(a->dns, 0x0A010002u);
    assert_int_equal(c->aps[1].security, RK_NET_WEP);
    assert_memory_equal(c->aps[1].pass, "\1\2\3\4\5", 5);
    assert_false(c->aps[1].dhcp);
    assert_true(c->aps[1].band_5ghz);
    assert_int_equal(c->latency_us, 12500);
    assert_int_equal(c->jitter_us, 3000);
    assert_int_equal(c->loss_ppm, 15000);
    assert_int_equal(c->bandwidth_bps, 64000);
    assert_int_equal(c->seed, 99);
    assert_int_equal(c->faults, 1u << RK_NET_FAULT_LATE_CLOSE | 1u << RK_NET_FAULT_NO_DHCP);
    assert_int_equal(c->routes[0].to.port, 15683);
    assert_string_equal(c->names[c->name_count - 1].name, "example.org");
}

static void test_parse__reads_every_key(void **state) {
    struct rk_net_config c;
    char why[256];
    assert_int_equal(parse(whole, &c, why), 0);
    check_whole(&c);
}

static void test_parse__an_empty_object_has_the_cloud_and_no_network(void **state) {
    struct rk_net_config c;
    char why[256];
    assert_int_equal(parse("{}", &c, why), 0);
    assert_int_equal(c.ap_count, 0);
    assert_string_equal(c.names[0].name, "device.spark.io");
    assert_int_equal(c.names[0].ip, 0x7F000001u);
}

static void test_parse__a_name_of_the_file_wins_over_the_default(void **state) {
    struct rk_net_config c;
    char why[256];
    assert_int_equal(parse("{\"dns\": {\"device.spark.io\": \"127.0.0.2\"}}", &c, why), 0);
    assert_int_equal(c.names[0].ip, 0x7F000002u);
}

static void test_parse__refuses_with_the_place(void **state) {
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "line"},
        {"[]", "object"},
        {"{\"dns\": 1}", "dns"},
        {"{\"latancy_ms\": 1}", "latancy_ms"},
        {"{\"latency_ms\": -1}", "latency_ms"},
        {"{\"loss_percent\": 101}", "loss_percent"},
        {"{\"loss_percent\": \"1\"}", "loss_percent"},
        {"{\"access_points\": [{}]}", "ssid"},
        {"{\"access_points\": [{\"ssid\": \"x\", \"colour\": 1}]}", "colour"},
        {"{\"access_points\": [{\"ssid\": \"x\", \"security\": \"wpa2\", \"passphrase\": "
         "\"short\"}]}",
         "passphrase"},
        {"{\"access_points\": [{\"ssid\": \"x\", \"security\": \"wpa4\"}]}", "wpa3"},
        {"{\"access_points\": [{\"ssid\": \"123456789012345678901234567890123\"}]}", "ssid"},
        {"{\"access_points\": [{\"ssid\": \"x\", \"channel\": 0}]}", "channel"},
        {"{\"access_points\": [{\"ssid\": \"x\", \"bssid\": \"02:00\"}]}", "bssid"},
        {"{\"access_points\": [{\"ssid\": \"x\", \"dhcp\": {\"range\": [\"2.0.0.0\", "
         "\"1.0.0.0\"]}}]}",
         "dhcp.range"},
        {"{\"dns\": {\"a\": \"1.2.3\"}}", "a:"},
        {"{\"routes\": {\"1.2.3.4:70000\": \"1.2.3.4\"}}", "routes"},
        {"{\"faults\": [\"gremlins\"]}", "gremlins"},
        {"{\"seed\": 1, \"seed\": 2}", "line"},
    };
    for (unsigned i = 0; i < RK_COUNT(bad); i++) {
        struct rk_net_config c;
        char why[256];
        assert_true(parse(bad[i].text, &c, why) < 0);
        if (!strstr(why, bad[i].says)) {
            fail_msg("%s: \"%s\" does not name %s", bad[i].text, why, bad[i].says);
        }
    }
}

static void test_save__what_was_saved_reads_the_same(void **state) {
    struct rk_net_config c, again;
    char why[256], path[] = "/tmp/rk-net-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(parse(whole, &c, why), 0);
    assert_int_equal(rk_net_config_save(path, &c), 0);
    assert_int_equal(rk_net_config_load(path, &again, why, sizeof why), 0);
    check_whole(&again);
    unlink(path);
    assert_int_equal(rk_net_config_load(path, &again, why, sizeof why), RK_E_NOT_FOUND);
}

static void test_add__makes_an_access_point(void **state) {
    struct rk_net_config c;
    rk_net_config_default(&c);
    assert_int_equal(rk_net_config_add_ap(&c, "home", RK_NET_WPA2, "password"), 0);
    assert_int_equal(rk_net_config_add_ap(&c, "home", RK_NET_WPA2, "short"), RK_E_RANGE);
    assert_int_equal(rk_net_config_add_ap(&c, "", RK_NET_OPEN, NULL), RK_E_RANGE);
    assert_int_equal(c.ap_count, 1);
    assert_true(c.aps[0].internet && c.aps[0].dhcp);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse__reads_every_key),
        cmocka_unit_test(test_parse__an_empty_object_has_the_cloud_and_no_network),
        cmocka_unit_test(test_parse__a_name_of_the_file_wins_over_the_default),
        cmocka_unit_test(test_parse__refuses_with_the_place),
        cmocka_unit_test(test_save__what_was_saved_reads_the_same),
        cmocka_unit_test(test_add__makes_an_access_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
