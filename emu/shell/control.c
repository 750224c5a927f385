/* See control.h. */
#include "emu/shell/control.h"

#include "emu/part/cc3000.h"
#include "emu/part/led.h"
#include "emu/port/net_config.h"
#include "emu/shell/output.h"
#include "emu/shell/snapshot_file.h"

#include <stdlib.h>
#include <string.h>

/* What a handler returns when the answer comes later. */
#define ANSWER_LATER 1

struct request {
    struct rk_control *c;
    const json_t *args;
    json_t *answer;
};

struct command {
    const char *name;
    bool is_logged; /* it changes the run, and is not a hand's action (those log themselves) */
    int (*run)(struct request *r);
};

static const char *text_arg(const struct request *r, const char *name) {
    return json_string_value(json_object_get(r->args, name));
}

static void add(struct request *r, const char *name, json_t *value) {
    json_object_set_new(r->answer, name, value);
}

/* ---- hands ----------------------------------------------------------------------------------- */

static int act_button(struct request *r, bool is_down) {
    const char *button = text_arg(r, "button");
    struct rk_session *s = r->c->env->s;
    if (!button || strcmp(button, "mode") == 0) {
        rk_session_act(s, RK_ACTION_MODE, is_down);
    } else if (strcmp(button, "reset") == 0) {
        rk_session_act(s, RK_ACTION_RESET, is_down);
    } else {
        return RK_E_NOT_FOUND;
    }
    return 0;
}

static int cmd_press(struct request *r) {
    return act_button(r, true);
}

static int cmd_release(struct request *r) {
    return act_button(r, false);
}

static int cmd_reset(struct request *r) {
    struct rk_session *s = r->c->env->s;
    rk_session_act(s, RK_ACTION_RESET, true);
    rk_session_act(s, RK_ACTION_RESET, false);
    return 0;
}

static int cmd_power(struct request *r) {
    struct rk_session *s = r->c->env->s;
    const char *state = text_arg(r, "state");
    bool is_on = rk_session_is_on(s);
    if (!state || strcmp(state, "cycle") == 0) {
        if (is_on) {
            rk_session_act(s, RK_ACTION_POWER, true);
        }
        rk_session_act(s, RK_ACTION_POWER, false);
    } else if (strcmp(state, "off") == 0) {
        rk_session_act(s, RK_ACTION_POWER, true);
    } else if (strcmp(state, "on") == 0) {
        rk_session_act(s, RK_ACTION_POWER, false);
    } else {
        return RK_E_RANGE;
    }
    return 0;
}

/* ---- looking --------------------------------------------------------------------------------- */

static json_t *observation_json(const struct rk_led_observation *o) {
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f) {
        return json_object();
    }
    fputc('{', f);
    rk_output_observation(f, o);
    fputc('}', f);
    fclose(f);
    json_t *json = json_loads(text, 0, NULL);
    free(text);
    return json ? json : json_object();
}

static int cmd_led(struct request *r) {
    struct rk_session *s = r->c->env->s;
    uint16_t rgb[3];
    uint16_t full;
    const struct rk_dev *led = rk_machine_dev(s->m, RK_CORE_LED);
    rk_led_get(led, rgb, &full);
    add(r, "signal", observation_json(rk_led_decoder_signal(&s->led)));
    add(r, "rgb", json_pack("[i,i,i]", rgb[0], rgb[1], rgb[2]));
    add(r, "full", json_integer(full));
    add(r, "d7", json_boolean(rk_led_user(led)));
    return 0;
}

static void add_hex(struct request *r, const char *name, const uint8_t *bytes, size_t len,
                    const char *between) {
    char text[64] = "";
    size_t at = 0;
    for (size_t i = 0; i < len && at + 4 < sizeof text; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%02x", i ? between : "", bytes[i]);
    }
    add(r, name, json_string(text));
}

static int cmd_info(struct request *r) {
    const struct rk_control_env *env = r->c->env;
    const struct rk_counts *counts = rk_machine_counts(env->s->m);
    add(r, "board", json_string(env->name));
    add_hex(r, "device", env->id, 12, "");
    add_hex(r, "mac", env->mac, 6, ":");
    add(r, "power", json_boolean(rk_session_is_on(env->s)));
    add(r, "mode_down", json_boolean(env->s->mode_down));
    add(r, "cycles", json_integer((json_int_t)rk_machine_now(env->s->m)));
    add(r, "speed", json_real(env->speed));
    add(r, "guest_errors", json_integer((json_int_t)counts->guest_errors));
    add(r, "unmodelled", json_integer((json_int_t)counts->unmodelled));
    add(r, "flash_ops", json_integer((json_int_t)counts->flash_ops));
    add(r, "resets", json_integer((json_int_t)counts->resets));
    add(r, "skipped_instr", json_integer((json_int_t)counts->skipped_instr));
    return cmd_led(r);
}

static int cmd_hash(struct request *r) {
    char text[20];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)rk_machine_hash(r->c->env->s->m));
    add(r, "hash", json_string(text));
    return 0;
}

/* ---- the run --------------------------------------------------------------------------------- */

static int cmd_snapshot(struct request *r) {
    const char *file = text_arg(r, "file");
    return file ? rk_snapshot_save(r->c->env->s, r->c->env->id, file) : RK_E_USAGE;
}

static int cmd_restore(struct request *r) {
    const char *file = text_arg(r, "file");
    return file ? rk_snapshot_load(r->c->env->s, r->c->env->id, file) : RK_E_USAGE;
}

static int cmd_cut(struct request *r) {
    static const struct {
        const char *name;
        enum rk_cut how;
    } ways[] = {{"before", RK_CUT_BEFORE}, {"torn", RK_CUT_TORN}, {"after", RK_CUT_AFTER}};
    const char *how = text_arg(r, "how");
    json_int_t nth = json_integer_value(json_object_get(r->args, "nth"));
    if (nth < 0) {
        return RK_E_RANGE;
    }
    for (size_t i = 0; i < RK_COUNT(ways); i++) {
        if (strcmp(how ? how : "torn", ways[i].name) == 0) {
            rk_machine_cut_at(r->c->env->s->m, (uint64_t)nth, ways[i].how);
            return 0;
        }
    }
    return RK_E_RANGE;
}

/* A phone sends credentials to a board in listening mode. Without a passphrase the network is open.
 */
static int cmd_smartconfig(struct request *r) {
    const char *ssid = text_arg(r, "ssid");
    const char *pass = text_arg(r, "passphrase");
    struct rk_cc3000_profile profile = {.security = pass ? 3 : 0, .priority = 1};
    size_t ssid_len = ssid ? strlen(ssid) : 0;
    size_t pass_len = pass ? strlen(pass) : 0;
    if (ssid_len == 0 || ssid_len > sizeof profile.ssid || pass_len > sizeof profile.key) {
        return RK_E_RANGE;
    }
    memcpy(profile.ssid, ssid, ssid_len);
    profile.ssid_len = (uint8_t)ssid_len;
    if (pass) {
        memcpy(profile.key, pass, pass_len);
        profile.key_len = (uint8_t)pass_len;
    }
    return rk_cc3000_smartconfig(rk_machine_dev(r->c->env->s->m, RK_CORE_CC3000), &profile);
}

/* Of the radio and what is around it: net_fault.def. Without a name, what there is. */
static int cmd_fault(struct request *r) {
    const char *name = text_arg(r, "fault");
    const json_t *on = json_object_get(r->args, "on");
    if (!name) {
        json_t *list = json_object();
        for (int i = 0; i < RK_NET_FAULT_COUNT; i++) {
            json_object_set_new(list, rk_net_fault_key((enum rk_net_fault)i),
                                json_string(rk_net_fault_text((enum rk_net_fault)i)));
        }
        add(r, "faults", list);
        return 0;
    }
    int fault = rk_net_fault_by_key(name);
    if (fault < 0) {
        return fault;
    }
    rk_cc3000_fault(rk_machine_dev(r->c->env->s->m, RK_CORE_CC3000), (enum rk_net_fault)fault,
                    !json_is_false(on));
    return 0;
}

static int cmd_speed(struct request *r) {
    const json_t *value = json_object_get(r->args, "value");
    const char *text = json_string_value(value);
    double speed = text && strcmp(text, "real") == 0 ? 1 : json_number_value(value);
    if (text && strcmp(text, "max") == 0) {
        speed = 0;
    } else if (!(speed > 0 && speed <= 1000)) {
        return RK_E_RANGE;
    }
    r->c->env->speed = speed;
    return 0;
}

static int cmd_quit(struct request *r) {
    rk_session_end(r->c->env->s, 0, "asked to quit");
    return 0;
}

/* Until a signal shows (also one that shows already), a time span is over ("for"), or a session
 * time is reached ("at_ns"). */
static int cmd_wait(struct request *r) {
    struct rk_session *s = r->c->env->s;
    const char *signal = text_arg(r, "signal");
    const char *span = text_arg(r, "for");
    const json_t *at = json_object_get(r->args, "at_ns");
    uint64_t at_ns = UINT64_MAX;
    if (signal && (!rk_led_text_is_known(signal) || strlen(signal) >= RK_TEXT_MAX)) {
        return RK_E_NOT_FOUND;
    }
    if (span) {
        if (rk_parse_time(span, &at_ns)) {
            return RK_E_RANGE;
        }
        at_ns += rk_session_now(s);
    } else if (at) {
        at_ns = (uint64_t)json_integer_value(at);
    }
    if (!signal && at_ns == UINT64_MAX) {
        return RK_E_USAGE;
    }
    if (signal && rk_led_observed_is(rk_led_decoder_signal(&s->led), signal)) {
        add(r, "signal", observation_json(rk_led_decoder_signal(&s->led)));
        return 0;
    }
    for (unsigned i = 0; i < RK_CONTROL_WAITS; i++) {
        struct rk_control_wait *w = &r->c->waits[i];
        if (!w->id) {
            json_t *id = json_object_get(r->args, "id");
            w->id = id ? json_incref(id) : json_null();
            w->at_ns = at_ns;
            snprintf(w->signal, sizeof w->signal, "%s", signal ? signal : "");
            return ANSWER_LATER;
        }
    }
    return RK_E_LIMIT;
}

static const struct command commands[] = {
    {"press", false, cmd_press},    {"release", false, cmd_release},
    {"reset", false, cmd_reset},    {"power", false, cmd_power},
    {"led", false, cmd_led},        {"info", false, cmd_info},
    {"hash", false, cmd_hash},      {"snapshot", false, cmd_snapshot},
    {"restore", true, cmd_restore}, {"smartconfig", true, cmd_smartconfig},
    {"fault", true, cmd_fault},

    {"cut", true, cmd_cut},         {"speed", false, cmd_speed},
    {"wait", false, cmd_wait},      {"quit", false, cmd_quit},
};

/* ---- lines ----------------------------------------------------------------------------------- */

static void send_json(struct rk_control *c, json_t *json) {
    char *text = json_dumps(json, JSON_COMPACT);
    if (text && c->send) {
        size_t len = strlen(text);
        text[len] = '\n'; /* in the place of the terminator: the line is passed by length */
        c->send(c->ctx, text, len + 1);
    }
    free(text);
}

/* Every answer has the id, whether it worked, and when. */
static void finish_answer(struct rk_control *c, json_t *answer, json_t *id, int error) {
    json_object_set(answer, "id", id ? id : json_null());
    json_object_set_new(answer, "ok", json_boolean(error == 0));
    json_object_set_new(answer, "time_ns", json_integer((json_int_t)rk_session_now(c->env->s)));
    json_object_set_new(answer, "instr", json_integer((json_int_t)rk_machine_instr(c->env->s->m)));
    if (error) {
        const struct rk_error_info *info = rk_error_info(error);
        json_object_set_new(answer, "error",
                            json_pack("{s:i,s:s,s:s,s:s}", "number", -info->error, "name",
                                      info->name, "text", info->text, "remedy", info->remedy));
    }
    send_json(c, answer);
    json_decref(answer);
}

static void log_command(struct rk_control_env *env, const json_t *command) {
    if (env->log) {
        json_t *line =
            json_pack("{s:I,s:I,s:O}", "at_ns", (json_int_t)rk_session_now(env->s), "instr",
                      (json_int_t)rk_machine_instr(env->s->m), "command", command);
        json_dumpf(line, env->log, JSON_COMPACT);
        fputc('\n', env->log);
        fflush(env->log);
        json_decref(line);
    }
}

void rk_control_log_action(struct rk_control_env *env, const struct rk_action *action) {
    json_t *command =
        action->kind == RK_ACTION_POWER
            ? json_pack("{s:s,s:s}", "cmd", "power", "state", action->is_down ? "off" : "on")
            : json_pack("{s:s,s:s}", "cmd", action->is_down ? "press" : "release", "button",
                        action->kind == RK_ACTION_MODE ? "mode" : "reset");
    log_command(env, command);
    json_decref(command);
}

static const struct command *find_command(const json_t *object) {
    const char *name = json_string_value(json_object_get(object, "cmd"));
    for (size_t i = 0; name && i < RK_COUNT(commands); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int execute(struct request *r) {
    const struct command *command = find_command(r->args);
    if (!command) {
        return RK_E_UNSUPPORTED;
    }
    if (command->is_logged) {
        json_t *copy = json_copy((json_t *)r->args);
        json_object_del(copy, "passphrase"); /* a secret is never logged */
        json_object_del(copy, "id");
        log_command(r->c->env, copy);
        json_decref(copy);
    }
    return command->run(r);
}

static void execute_line(struct rk_control *c) {
    json_t *object = json_loadb(c->line, c->line_len, 0, NULL);
    json_t *answer = json_object();
    int rc = RK_E_BAD_FORMAT;
    if (json_is_object(object)) {
        struct request r = {c, object, answer};
        rc = execute(&r);
    }
    if (rc == ANSWER_LATER) {
        json_decref(answer);
    } else {
        finish_answer(c, answer, json_object_get(object, "id"), rc);
    }
    json_decref(object);
}

void rk_control_init(struct rk_control *c, struct rk_control_env *env,
                     void (*send)(void *ctx, const char *line, size_t len), void *ctx) {
    memset(c, 0, sizeof *c);
    c->env = env;
    c->send = send;
    c->ctx = ctx;
}

void rk_control_release(struct rk_control *c) {
    for (unsigned i = 0; i < RK_CONTROL_WAITS; i++) {
        json_decref(c->waits[i].id);
        c->waits[i].id = NULL;
    }
}

static void end_line(struct rk_control *c) {
    if (c->is_line_too_long) {
        finish_answer(c, json_object(), NULL, RK_E_TOO_BIG);
    } else if (c->line_len > 0) {
        execute_line(c);
    }
    c->line_len = 0;
    c->is_line_too_long = false;
}

void rk_control_receive(struct rk_control *c, const void *data, size_t len) {
    const char *p = data;
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '\n') {
            end_line(c);
        } else if (c->line_len < sizeof c->line) {
            c->line[c->line_len++] = p[i];
        } else {
            c->is_line_too_long = true;
        }
    }
}

static void answer_wait(struct rk_control *c, struct rk_control_wait *w, json_t *answer,
                        int error) {
    json_t *id = w->id;
    w->id = NULL;
    finish_answer(c, answer, id, error);
    json_decref(id);
}

void rk_control_check(struct rk_control *c, const struct rk_led_observation *signal) {
    for (unsigned i = 0; i < RK_CONTROL_WAITS; i++) {
        struct rk_control_wait *w = &c->waits[i];
        if (!w->id) {
            continue;
        }
        if (signal && w->signal[0] && rk_led_observed_is(signal, w->signal)) {
            answer_wait(c, w, json_pack("{s:o}", "signal", observation_json(signal)), 0);
        } else if (rk_session_now(c->env->s) >= w->at_ns) {
            answer_wait(c, w, json_object(), w->signal[0] ? RK_E_SIGNAL_NOT_SEEN : 0);
        }
    }
}

uint64_t rk_control_deadline(const struct rk_control *c) {
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; i < RK_CONTROL_WAITS; i++) {
        if (c->waits[i].id) {
            next = RK_MIN(next, c->waits[i].at_ns);
        }
    }
    return next;
}

void rk_control_ended(struct rk_control *c) {
    for (unsigned i = 0; i < RK_CONTROL_WAITS; i++) {
        if (c->waits[i].id) {
            answer_wait(c, &c->waits[i], json_object(), RK_E_CLOSED);
        }
    }
}

/* ---- replay ---------------------------------------------------------------------------------- */

int rk_control_log_parse(const char *line, uint64_t *at_ns, json_t **command) {
    json_t *json = json_loads(line, 0, NULL);
    json_t *object = json_object_get(json, "command");
    json_t *at = json_object_get(json, "at_ns");
    int rc = RK_E_BAD_FORMAT;
    if (json_is_object(object) && json_is_integer(at) && json_integer_value(at) >= 0) {
        *at_ns = (uint64_t)json_integer_value(at);
        *command = json_incref(object);
        rc = 0;
    }
    json_decref(json);
    return rc;
}

void rk_control_replay(struct rk_control *c, json_t *command) {
    json_t *answer = json_object();
    struct request r = {c, command, answer};
    (void)execute(&r);
    json_decref(answer);
}
