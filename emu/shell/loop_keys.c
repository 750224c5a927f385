/* Keys of a terminal: a terminal tells no key-up, so m holds MODE until the next m. See loop.h. */
#include "emu/shell/loop_parts.h"

#include <unistd.h>

static void press(struct rk_loop *l, char key) {
    struct rk_session *s = l->s;
    switch (key) {
    case 'm': rk_session_act(s, RK_ACTION_MODE, !s->mode_down); break;
    case 'r':
        rk_session_act(s, RK_ACTION_RESET, true);
        rk_session_act(s, RK_ACTION_RESET, false);
        break;
    case 'p': rk_session_act(s, RK_ACTION_POWER, rk_session_is_on(s)); break;
    case 'q':
    case 4: /* end of transmission: Ctrl-D */ rk_session_end(s, 0, "asked to quit"); break;
    default: break;
    }
}

static void on_keys(uv_poll_t *handle, int status, int events) {
    struct rk_loop *l = handle->data;
    char keys[16];
    ssize_t n = status == 0 ? read(STDIN_FILENO, keys, sizeof keys) : 0;
    if (n <= 0) {
        uv_poll_stop(handle);
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        press(l, keys[i]);
    }
    rk_loop_wake(l);
}

void rk_loop_keys(struct rk_loop *l) {
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &l->keys_before) != 0) {
        return;
    }
    struct termios raw = l->keys_before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* Ctrl-C stays a signal */
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0 ||
        uv_poll_init(&l->uv, &l->keys, STDIN_FILENO) != 0) {
        return;
    }
    l->has_keys = true;
    l->keys.data = l;
    uv_poll_start(&l->keys, UV_READABLE, on_keys);
}

void rk_loop_keys_close(struct rk_loop *l) {
    if (l->has_keys) {
        uv_poll_stop(&l->keys);
        tcsetattr(STDIN_FILENO, TCSANOW, &l->keys_before);
        l->has_keys = false;
    }
}
