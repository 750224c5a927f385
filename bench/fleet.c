/* Many simulated devices on real sockets: see fleet.h. */
#include "bench/fleet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/error.h"

#define EVENTS_MAX 256
#define LATE_US    1000000
#define READ_BYTES 16384

uint64_t rk_fleet_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct rk_device_id rk_fleet_id(size_t n) {
    struct rk_device_id id = {{0x53, 0xff, 0x6f, 0x06, 0x50, 0x67, 0x54, 0x48}};
    rk_put_u32be(id.bytes + 8, (uint32_t)n);
    return id;
}

static void on_send(void *ctx, const uint8_t *bytes, size_t len) {
    struct rk_fleet_device *d = ctx;
    if (d->fd >= 0 && send(d->fd, bytes, len, MSG_NOSIGNAL) < 0) {
        d->fleet->failed++;
    }
}

int rk_fleet_init(struct rk_fleet *f, const struct rk_sim_model *model, size_t count,
                  uint16_t port) {
    *f = (struct rk_fleet){.model = *model, .count = count, .port = port, .connecting_max = 64};
    f->model.send = on_send;
    f->devices = calloc(count, sizeof *f->devices);
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; f->devices && i < count; i++) {
        f->devices[i].fleet = f;
        f->devices[i].fd = -1;
    }
    return f->devices && f->epoll >= 0 ? 0 : RK_E_NO_MEMORY;
}

void rk_fleet_drop(struct rk_fleet *f, size_t n) {
    struct rk_fleet_device *d = &f->devices[n];
    if (d->fd >= 0) {
        close(d->fd);
        d->fd = -1;
        f->online -= d->counted;
        f->connecting -= !d->counted;
        d->counted = false;
    }
}

void rk_fleet_release(struct rk_fleet *f) {
    for (size_t i = 0; f->devices && i < f->count; i++) {
        rk_fleet_drop(f, i);
    }
    close(f->epoll);
    free(f->devices);
}

static void connect_one(struct rk_fleet *f, size_t n) {
    struct rk_fleet_device *d = &f->devices[n];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(f->port)};
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = n};
    struct rk_device_id id = rk_fleet_id(n);
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    d->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (d->fd < 0 || connect(d->fd, (struct sockaddr *)&address, sizeof address)) {
        f->failed++;
        if (d->fd >= 0) {
            close(d->fd);
        }
        d->fd = -1;
        return;
    }
    /* closed by RST: ports in TIME_WAIT would run out after a few thousand handshakes */
    setsockopt(d->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    setsockopt(d->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(d->fd, F_SETFL, O_NONBLOCK);
    epoll_ctl(f->epoll, EPOLL_CTL_ADD, d->fd, &event);
    f->connecting++;
    d->outstanding = 0;
    rk_sim_start(&d->sim, &f->model, &id, d, rk_fleet_now_us() / 1000);
}

static void connect_more(struct rk_fleet *f) {
    for (size_t tries = 0; f->connecting < f->connecting_max && tries < f->count; tries++) {
        if (f->next >= f->count) {
            if (!f->reconnect) {
                return;
            }
            f->next = 0;
        }
        if (f->devices[f->next].fd < 0) {
            connect_one(f, f->next);
        }
        f->next++;
    }
}

static void ping(struct rk_fleet_device *d) {
    d->outstanding++;
    d->ping_us = rk_fleet_now_us();
    rk_sim_ping(&d->sim, d->ping_us / 1000);
}

/* What the device has got since: pongs keep the pings going. */
static void count_pongs(struct rk_fleet *f, size_t n, uint32_t acks) {
    struct rk_fleet_device *d = &f->devices[n];
    uint32_t pongs = RK_MIN(acks, d->outstanding);
    if (pongs) {
        uint64_t took_us = rk_fleet_now_us() - d->ping_us;
        f->worst_ping_us = RK_MAX(f->worst_ping_us, took_us);
        f->late_pings += took_us > LATE_US;
        f->pings += pongs;
        d->outstanding -= pongs;
    }
    while (n < f->ping_devices && d->counted && d->outstanding < f->ping_depth) {
        ping(d);
    }
}

static void on_readable(struct rk_fleet *f, size_t n) {
    static uint8_t buffer[READ_BYTES];
    struct rk_fleet_device *d = &f->devices[n];
    if (d->fd < 0) {
        return;
    }
    uint32_t acks = d->sim.acks;
    ssize_t len = recv(d->fd, buffer, sizeof buffer, 0);
    if (len < 0 && errno == EAGAIN) {
        return;
    }
    if (len > 0) {
        rk_sim_receive(&d->sim, buffer, (size_t)len, rk_fleet_now_us() / 1000);
    }
    if (len <= 0 || d->sim.state == RK_SIM_CLOSED || d->sim.updated) {
        f->failed += !d->sim.updated;
        rk_fleet_drop(f, n);
        return;
    }
    if (!d->counted && d->sim.state == RK_SIM_ONLINE && d->sim.time_s) {
        d->counted = true;
        f->online++;
        f->connecting--;
        f->handshakes++;
        if (f->reconnect) {
            rk_fleet_drop(f, n);
            return;
        }
    }
    count_pongs(f, n, d->sim.acks - acks);
}

void rk_fleet_turn(struct rk_fleet *f, int wait_ms) {
    struct epoll_event events[EVENTS_MAX];
    connect_more(f);
    int n = epoll_wait(f->epoll, events, EVENTS_MAX, wait_ms);
    for (int i = 0; i < n; i++) {
        on_readable(f, (size_t)events[i].data.u64);
    }
}

void rk_fleet_tick(struct rk_fleet *f) {
    uint64_t now_ms = rk_fleet_now_us() / 1000;
    for (size_t i = 0; i < f->count; i++) {
        struct rk_fleet_device *d = &f->devices[i];
        if (d->counted && d->outstanding == 0 && now_ms >= d->sim.heard_ms + 15000) {
            ping(d);
        }
    }
}
