/* The published applications under our bootloader: each is put into the update area, applied, runs
 * and goes into DFU by a touch of 14400 baud (core-hardware.md 6.3); and back to the next one. */
#include "tests/unit.h"

#include "common/base/bytes.h"
#include "tests/loader/rig.h"
#include "tests/published.h"

static struct rk_loader_rig *r;

struct app {
    const char *name;
    uint8_t *data;
    size_t len;
};

static bool is_usb(uint16_t product) {
    const struct rk_usb_desc *desc = r->host.target.desc;
    return desc && rk_get_u16le(desc->device + 10) == product;
}

static bool wait_usb(uint16_t product, uint64_t ns) {
    uint64_t end = rk_machine_now_ns(r->m) + ns;
    while (!is_usb(product) && rk_machine_now_ns(r->m) < end) {
        rk_loader_run_ns(r, RK_LOADER_MS);
    }
    return is_usb(product);
}

/* What an application does when an update was received (core-hardware.md 4.8), and its reset. */
static void ask_for_update(const struct app *app) {
    memset(r->ext + 0x60000, 0xFF, 0x20000);
    rk_loader_put(r, 0x60000, app->data, app->len);
    memset(r->flash + 0x4C00, 0xFF, 1024);
    rk_loader_put(r, 0x08004C04, "\x05\x00", 2);
    rk_machine_reset(r->m, RK_RESET_SOFT);
}

static void update_to(const struct app *app) {
    print_message("update to %s\n", app->name);
    rk_usb_host_power_lost(&r->host);
    ask_for_update(app);
    rk_loader_run_ns(r, RK_LOADER_S); /* the old application's port is gone */
    assert_true(wait_usb(0x607D, 20 * RK_LOADER_S));
    assert_memory_equal(r->flash + 0x5000, app->data, app->len);
    assert_int_equal(rk_get_u16le(r->flash + 0x4C04), 0x5000);
}

/* The handler is there a second after the port (6.2). */
static void touch(const struct app *app) {
    rk_loader_run_ns(r, 1500 * RK_LOADER_MS);
    assert_int_equal(rk_loader_control(r, 0, 9, 1, 0, NULL, 0, NULL), RK_USB_OK);
    (void)rk_loader_set_baud(r, 14400);
    assert_true(wait_usb(0x607F, 4 * RK_LOADER_S));
    assert_true(rk_loader_until(r, "blinking yellow", 2 * RK_LOADER_S));
    print_message("%s: a touch of 14400 baud leads to DFU\n", app->name);
}

static void test_published__update_one_into_the_other(void **state) {
    static struct app apps[] = {{.name = "core-tinker-0.7.0"},
                                {.name = "core-tinker-0.5.1"},
                                {.name = "core-voodoospark-0.4.7"},
                                {.name = "probe"}};
    r = rk_loader_rig_new();
    if (!r) {
        rk_skip("the firmware is not built (./x firmware)");
    }
    for (size_t i = 0; i < RK_COUNT(apps); i++) {
        apps[i].data = i < 3 ? rk_published_image(apps[i].name, &apps[i].len)
                             : rk_loader_read_built("app/probe/probe.bin", &apps[i].len);
        if (!apps[i].data) {
            rk_skip("the firmware is not built (./x firmware)");
        }
    }
    for (size_t i = 0; i < RK_COUNT(apps); i++) {
        update_to(&apps[i]);
        touch(&apps[i]);
    }
    update_to(&apps[0]); /* what was replaced last is the backup */
    assert_memory_equal(r->ext + 0x40000, apps[3].data, apps[3].len);
    for (size_t i = 0; i < RK_COUNT(apps); i++) {
        free(apps[i].data);
    }
    rk_loader_rig_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published__update_one_into_the_other),
    };
    return cmocka_run_group_tests_name("published", tests, NULL, NULL);
}
