/* See flash.h. PM0075 2.3 (program, erase), 2.5 (option bytes). */
#include "firmware/drivers/flash.h"

#include "common/base/error.h"
#include "firmware/regs/stm32f103.h"

#define BUSY_TURNS   2000000u
#define OPTION_COUNT 8u /* half-words: RDP, USER, two data bytes, WRP0-3 */
#define OPTION_RDP   0u
#define OPTION_WRP0  4u
#define RDP_OPEN     0x00A5u
#define LOADER_BITS  0x0Fu /* of WRP0: four pages each */

static int wait_done(void) {
    for (uint32_t i = 0; i < BUSY_TURNS; i++) {
        uint32_t sr = FLASH->SR;
        if (!(sr & FLASH_SR_BSY)) {
            FLASH->SR = FLASH_SR_FLAGS;
            return sr & (FLASH_SR_PGERR | FLASH_SR_WRPRTERR) ? RK_E_IO : RK_OK;
        }
    }
    return RK_E_IO;
}

static void unlock(void) {
    FLASH->SR = FLASH_SR_FLAGS;
    FLASH->KEYR = FLASH_KEY1;
    FLASH->KEYR = FLASH_KEY2;
}

static void lock(void) {
    FLASH->CR = FLASH_CR_LOCK;
}

int rk_flash_erase(uint32_t addr) {
    unlock();
    FLASH->CR = FLASH_CR_PER;
    FLASH->AR = addr;
    FLASH->CR = FLASH_CR_PER | FLASH_CR_STRT;
    int rc = wait_done();
    lock();
    return rc;
}

int rk_flash_program(uint32_t addr, uint16_t value) {
    volatile uint16_t *cell = (volatile uint16_t *)addr;
    unlock();
    FLASH->CR = FLASH_CR_PG;
    *cell = value;
    int rc = wait_done();
    lock();
    return rc == RK_OK && *cell != value ? RK_E_IO : rc;
}

static void program_option(unsigned idx, uint16_t value) {
    FLASH->CR = FLASH_CR_OPTPG | FLASH_CR_OPTWRE;
    OPTION_BYTES[idx] = value;
    (void)wait_done();
}

/* Erasing the option bytes leaves the chip read-protected from the next reset on until RDP is
 * programmed again, so that is done first. Where a power cut came between, read protection stands:
 * taking it off would erase the whole flash (PM0075 2.4.1), so it is left alone, and the bytes that
 * are erased are programmed as they are. */
void rk_flash_protect_loader(void) {
    uint16_t value[OPTION_COUNT];
    bool guarded = FLASH->OBR & FLASH_OBR_RDPRT;
    if (!(FLASH->WRPR & LOADER_BITS) || (guarded && OPTION_BYTES[OPTION_WRP0] != 0xFFFFu)) {
        return;
    }
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        value[i] = OPTION_BYTES[i] & 0xFFu;
    }
    value[OPTION_WRP0] &= (uint16_t)~LOADER_BITS;
    unlock();
    FLASH->OPTKEYR = FLASH_KEY1;
    FLASH->OPTKEYR = FLASH_KEY2;
    if (!guarded) {
        FLASH->CR = FLASH_CR_OPTER | FLASH_CR_OPTWRE;
        FLASH->CR = FLASH_CR_OPTER | FLASH_CR_OPTWRE | FLASH_CR_STRT;
        (void)wait_done();
        program_option(OPTION_RDP, RDP_OPEN);
        for (unsigned i = OPTION_RDP + 1; i < OPTION_WRP0; i++) {
            program_option(i, value[i]);
        }
    }
    for (unsigned i = OPTION_WRP0; i < OPTION_COUNT; i++) {
        if (OPTION_BYTES[i] == 0xFFFFu) {
            program_option(i, value[i]);
        }
    }
    lock();
}
