/* Threads for work that blocks: see pool.h. */
#define _GNU_SOURCE
#include "server/loop/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define THREADS_MAX 16

struct list {
    struct rk_work *first, **last;
};

struct rk_pool {
    uv_async_t async;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct list queued, finished;
    unsigned waiting; /* loop's thread only */
    unsigned threads;
    int nice;
    bool stop;
    pthread_t thread[THREADS_MAX];
};

static void append(struct list *list, struct rk_work *work) {
    work->next = NULL;
    *list->last = work;
    list->last = &work->next;
}

static struct rk_work *take_first(struct list *list) {
    struct rk_work *work = list->first;
    if (work) {
        list->first = work->next;
        if (!list->first) {
            list->last = &list->first;
        }
    }
    return work;
}

static void *thread_main(void *arg) {
    struct rk_pool *pool = arg;
    if (pool->nice) {
        setpriority(PRIO_PROCESS, (id_t)gettid(), pool->nice); /* Linux: of this thread alone */
    }
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        struct rk_work *work = take_first(&pool->queued);
        if (work) {
            pthread_mutex_unlock(&pool->mutex);
            work->run(work);
            pthread_mutex_lock(&pool->mutex);
            bool first = pool->finished.first == NULL;
            append(&pool->finished, work);
            if (first) {
                uv_async_send(&pool->async);
            }
        } else if (pool->stop) {
            break;
        } else {
            pthread_cond_wait(&pool->wake, &pool->mutex);
        }
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

static void finish(struct rk_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    struct rk_work *work = pool->finished.first;
    pool->finished = (struct list){NULL, &pool->finished.first};
    pthread_mutex_unlock(&pool->mutex);
    while (work) {
        struct rk_work *next = work->next;
        pool->waiting--;
        work->done(work);
        work = next;
    }
}

static void on_async(uv_async_t *async) {
    finish(async->data);
}

struct rk_pool *rk_pool_new(uv_loop_t *loop, unsigned threads, int nice) {
    struct rk_pool *pool = calloc(1, sizeof *pool);
    if (!pool || uv_async_init(loop, &pool->async, on_async)) {
        free(pool);
        return NULL;
    }
    pool->async.data = pool;
    pool->nice = nice;
    pool->queued.last = &pool->queued.first;
    pool->finished.last = &pool->finished.first;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    while (pool->threads < threads && pool->threads < THREADS_MAX &&
           pthread_create(&pool->thread[pool->threads], NULL, thread_main, pool) == 0) {
        pool->threads++;
    }
    if (pool->threads == 0) {
        rk_pool_stop(pool);
        return NULL;
    }
    return pool;
}

void rk_pool_submit(struct rk_pool *pool, struct rk_work *work) {
    pool->waiting++;
    pthread_mutex_lock(&pool->mutex);
    append(&pool->queued, work);
    pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

unsigned rk_pool_waiting(const struct rk_pool *pool) {
    return pool->waiting;
}

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void rk_pool_stop(struct rk_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    pool->stop = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < pool->threads; i++) {
        pthread_join(pool->thread[i], NULL);
    }
    finish(pool);
    uv_close((uv_handle_t *)&pool->async, on_closed);
}
