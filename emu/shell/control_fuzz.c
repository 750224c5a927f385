/* Arbitrary bytes on the control socket: every line is answered by one line of JSON, nothing
 * crashes, and no file is touched (lines that name one are left out). The board has no power, so
 * time stands.
 */
#include "emu/shell/control.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void on_line(void *ctx, const char *line, size_t len) {
    unsigned *answers = ctx;
    json_t *json = json_loadb(line, len, 0, NULL);
    if (!json_is_object(json) || !json_object_get(json, "id") || line[len - 1] != '\n') {
        __builtin_trap();
    }
    json_decref(json);
    (*answers)++;
}

static bool names_a_file(const uint8_t *data, size_t size) {
    for (size_t i = 0; i + 4 <= size; i++) {
        if (memcmp(data + i, "file", 4) == 0) {
            return true;
        }
    }
    /* an escape may spell it, too */
    return size && memchr(data, '\\', size) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t id[12] = {0x53, 0xFF};
    static struct rk_machine *m; /* building one takes longer than a line */
    if (names_a_file(data, size)) {
        return 0;
    }
    if (!m) {
        m = rk_machine_new(&rk_spark_core_desc, NULL);
    }
    unsigned answers = 0;
    unsigned lines = 0;
    struct rk_session session;
    rk_session_init(&session, m, RK_ERA_ALL, 0);
    struct rk_control_env env = {.s = &session, .name = "fuzz", .id = id, .mac = id};
    struct rk_control control;
    rk_control_init(&control, &env, on_line, &answers);
    rk_control_receive(&control, data, size);
    for (size_t i = 0; i < size; i++) {
        lines += data[i] == '\n';
    }
    rk_control_check(&control, NULL);
    rk_control_ended(&control);
    rk_control_release(&control);
    rk_machine_power_off(m);
    if (answers > lines) {
        __builtin_trap();
    }
    return 0;
}
