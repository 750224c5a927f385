/* See flags.h. A record: mark | job, nine flags, CRC-16 of these, and 0xFFFF until the flags page
 * holds them too. */
#include "firmware/boot/flags.h"

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/sum/crc.h"

#define MARK        0x6B00u /* high byte of a record's first half-word; the low byte is the job */
#define VOID        0x0000u
#define CRC_IDX     10u
#define APPLIED_IDX 11u
#define HALVES      12u
#define TRIES       3
/* With fewer free records than this no job is begun: a job needs at most four. */
#define RESERVE 8u

static uint32_t record_addr(unsigned idx) {
    return RK_JOURNAL_ADDR + idx * RK_JOURNAL_RECORD;
}

static uint16_t half(uint32_t addr) {
    return rk_get_u16le(rk_port_flash(addr));
}

static bool record_blank(unsigned idx) {
    for (unsigned i = 0; i < HALVES; i++) {
        if (half(record_addr(idx) + 2 * i) != RK_FLAG_UNSET) {
            return false;
        }
    }
    return true;
}

static bool record_valid(unsigned idx) {
    const uint8_t *p = rk_port_flash(record_addr(idx));
    uint16_t head = rk_get_u16le(p);
    return (head & 0xFF00u) == MARK && (head & 0xFFu) < RK_JOB_COUNT &&
           rk_crc16(0, p, 2 * CRC_IDX) == rk_get_u16le(p + 2 * CRC_IDX);
}

static uint8_t record_job(unsigned idx) {
    return (uint8_t)half(record_addr(idx));
}

/* Index of the newest record, RK_JOURNAL_RECORDS: none. Sets f->next. */
static unsigned scan(struct rk_flags *f) {
    unsigned newest = RK_JOURNAL_RECORDS;
    f->next = 0;
    for (unsigned i = 0; i < RK_JOURNAL_RECORDS; i++) {
        if (record_valid(i)) {
            newest = i;
        }
        if (!record_blank(i)) {
            f->next = (uint8_t)(i + 1);
        }
    }
    return newest;
}

/* Jobs that are over must not come back when a cut erase leaves old records standing. Zero can be
 * programmed over anything (PM0075 2.3.3). */
static void void_old_jobs(unsigned newest) {
    for (unsigned i = 0; i < newest; i++) {
        if (record_valid(i) && record_job(i) != RK_JOB_NONE) {
            (void)rk_port_flash_program(record_addr(i), VOID);
        }
    }
}

static int program_halves(uint32_t addr, const uint16_t *value, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (value[i] != RK_FLAG_UNSET && rk_port_flash_program(addr + 2 * i, value[i]) < 0) {
            return RK_E_IO;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        if (half(addr + 2 * i) != value[i]) {
            return RK_E_IO;
        }
    }
    return RK_OK;
}

/* The flags page is erased and written with f->value. */
static int write_flags_page(struct rk_flags *f) {
    int rc = RK_E_IO;
    for (int i = 0; i < TRIES && rc != RK_OK; i++) {
        rc = rk_port_flash_erase(RK_FLAGS_ADDR);
        if (rc == RK_OK) {
            rc = program_halves(RK_FLAGS_ADDR, f->value, RK_FLAG_COUNT);
        }
    }
    for (unsigned i = 0; i < RK_FLAG_COUNT; i++) {
        f->stored[i] = half(RK_FLAGS_ADDR + 2 * i);
    }
    return rc;
}

static int append(struct rk_flags *f) {
    uint16_t record[HALVES];
    uint8_t bytes[2 * CRC_IDX];
    record[0] = (uint16_t)(MARK | f->job);
    for (unsigned i = 0; i < RK_FLAG_COUNT; i++) {
        record[1 + i] = f->value[i];
    }
    for (unsigned i = 0; i < CRC_IDX; i++) {
        rk_put_u16le(bytes + 2 * i, record[i]);
    }
    record[CRC_IDX] = rk_crc16(0, bytes, sizeof bytes);
    return program_halves(record_addr(f->next++), record, CRC_IDX + 1);
}

static bool flags_differ(const struct rk_flags *f) {
    for (unsigned i = 0; i < RK_FLAG_COUNT; i++) {
        if (f->value[i] != f->stored[i]) {
            return true;
        }
    }
    return false;
}

/* The newest record becomes the flags page, and is marked as done. */
static int apply(struct rk_flags *f, unsigned idx) {
    int rc = flags_differ(f) ? write_flags_page(f) : RK_OK;
    if (rc == RK_OK) {
        rc = rk_port_flash_program(record_addr(idx) + 2 * APPLIED_IDX, VOID);
    }
    return rc;
}

static void take_record(struct rk_flags *f, unsigned idx, bool only_unset) {
    for (unsigned i = 0; i < RK_FLAG_COUNT; i++) {
        if (!only_unset || f->value[i] == RK_FLAG_UNSET) {
            f->value[i] = half(record_addr(idx) + 2 * (1 + i));
        }
    }
}

void rk_flags_load(struct rk_flags *f) {
    unsigned newest = scan(f);
    for (unsigned i = 0; i < RK_FLAG_COUNT; i++) {
        f->value[i] = f->stored[i] = half(RK_FLAGS_ADDR + 2 * i);
    }
    f->job = f->stored_job = RK_JOB_NONE;
    if (newest == RK_JOURNAL_RECORDS) {
        return;
    }
    void_old_jobs(newest);
    f->job = f->stored_job = record_job(newest);
    if (half(record_addr(newest) + 2 * APPLIED_IDX) == RK_FLAG_UNSET) {
        take_record(f, newest, false);
        (void)apply(f, newest);
    } else if (f->value[RK_FLAG_OTA_UPDATE] == RK_FLAG_UNSET &&
               rk_port_backup_get(10) != RK_FLAG_UNSET) {
        take_record(f, newest, true);
    }
}

int rk_flags_save(struct rk_flags *f) {
    if (!flags_differ(f) && f->job == f->stored_job) {
        return RK_OK;
    }
    bool low = f->next + RESERVE > RK_JOURNAL_RECORDS;
    if ((low && f->stored_job == RK_JOB_NONE) || f->next >= RK_JOURNAL_RECORDS) {
        if (rk_port_flash_erase(RK_JOURNAL_ADDR) < 0) {
            return RK_E_IO;
        }
        f->next = 0;
    }
    int rc = append(f);
    for (int i = 0; i < TRIES && rc != RK_OK && f->next < RK_JOURNAL_RECORDS; i++) {
        rc = append(f);
    }
    if (rc != RK_OK) {
        return rc;
    }
    unsigned idx = f->next - 1u;
    rc = apply(f, idx);
    f->stored_job = f->job;
    void_old_jobs(idx);
    return rc;
}
