/* Threads for work that blocks: RSA on one pool, the store on another of one thread, so that its
 * writes keep their order. Work is queued without limit of its own: what queues it is limited
 * (connections, requests).
 */
#ifndef RK_SERVER_LOOP_POOL_H
#define RK_SERVER_LOOP_POOL_H

#include <uv.h>

struct rk_work {
    struct rk_work *next;
    void (*run)(struct rk_work *work);  /* on a thread of the pool */
    void (*done)(struct rk_work *work); /* on the loop's thread; may free it */
};

struct rk_pool;

/* nice: added to the threads' priority, so that the loop goes first. NULL without memory or
 * threads. */
struct rk_pool *rk_pool_new(uv_loop_t *loop, unsigned threads, int nice);
void rk_pool_submit(struct rk_pool *pool, struct rk_work *work);
/* Work that was not finished yet. */
unsigned rk_pool_waiting(const struct rk_pool *pool);
/* Runs what is queued to its end (done included), ends the threads, and closes. The loop must run
 * once more before it is closed. */
void rk_pool_stop(struct rk_pool *pool);

#endif
