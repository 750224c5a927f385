/* The slow part of a handshake, on whatever thread the host likes: read the claim with the server's
 * key, find the device, seal the answer with the device's key (cloud-protocol.md 1.2).
 */
#include <string.h>

#include "server/device/hub.h"

static enum rk_reason claim_reason(int err) {
    switch (err) {
    case 0: return RK_REASON_NONE;
    case RK_E_KEY: return RK_REASON_OTHER_SERVERS_KEY;
    case RK_E_AUTH: return RK_REASON_WRONG_NONCE;
    case RK_E_PROTOCOL: return RK_REASON_BAD_CLAIM;
    default: return RK_REASON_SERVER_TROUBLE;
    }
}

static enum rk_reason lookup_reason(int err) {
    switch (err) {
    case 0: return RK_REASON_NONE;
    case RK_E_NOT_FOUND: return RK_REASON_UNKNOWN_DEVICE;
    case RK_E_KEY: return RK_REASON_NO_KEY;
    default: return RK_REASON_SERVER_TROUBLE;
    }
}

static enum rk_reason seal_answer(struct rk_handshake_job *job,
                                  const struct rk_handshake_env *env) {
    const struct rk_crypto *crypto = env->crypto;
    struct rk_rsa_key *device = env->key_new(job->facts.key_der, sizeof job->facts.key_der);
    int err = device ? crypto->random(crypto->ctx, job->session.bytes, sizeof job->session.bytes)
                     : RK_E_KEY;
    if (!err) {
        err = rk_answer_seal(crypto, env->server_key, device, &job->session, job->answer);
    }
    env->key_free(device);
    return err ? RK_REASON_SERVER_TROUBLE : RK_REASON_NONE;
}

/* A stale key on file is answered all the same, and the board then shows orange: that is the light
 * for this fault (cloud-protocol.md 4), and the log says so, too. */
void rk_handshake_job_run(struct rk_handshake_job *job, const struct rk_handshake_env *env) {
    job->warning = RK_REASON_NONE;
    job->reason = claim_reason(
        rk_claim_open(env->crypto, env->server_key, job->sealed, job->nonce, &job->claim));
    job->has_id = job->reason == RK_REASON_NONE;
    if (job->reason == RK_REASON_NONE) {
        job->reason = lookup_reason(env->lookup(env->lookup_ctx, &job->claim, &job->facts));
    }
    if (job->reason != RK_REASON_NONE) {
        return;
    }
    if (job->claim.has_key &&
        memcmp(job->claim.key_der, job->facts.key_der, sizeof job->claim.key_der) != 0) {
        job->warning = RK_REASON_STALE_KEY;
    }
    job->reason = seal_answer(job, env);
}
