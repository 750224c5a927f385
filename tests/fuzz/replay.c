/* The plain-test half of a fuzz target: feeds LLVMFuzzerTestOneInput every seed file of the folder
 * given as argument, and of each seed some truncations and mutations from a fixed random sequence.
 * Without libFuzzer, so it runs wherever the unit tests run. A find of the fuzzer becomes a seed
 * file here: that is how a mended bug keeps its test.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED_CAP_BYTES = 256 * 1024, TRUNCATIONS = 16, MUTATIONS = 200 };

static uint32_t random_state = 0x52454B49; /* fixed: every run feeds the same inputs */

static uint32_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* The target gets a heap copy of exact length, so that a read past the end is seen by ASan. */
static void feed(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) {
        abort();
    }
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static unsigned feed_variants(uint8_t *data, size_t size) {
    feed(data, size);
    for (unsigned i = 0; i < TRUNCATIONS && size > 0; i++) {
        feed(data, next_random() % size);
    }
    for (unsigned i = 0; i < MUTATIONS && size > 0; i++) {
        static const uint8_t edge[] = {0x00, 0xFF, 0x7F, 0x80, 0x01};
        size_t idx = next_random() % size;
        uint8_t before = data[idx];
        uint32_t choice = next_random();
        data[idx] = choice & 1 ? edge[choice / 2 % sizeof edge]
                               : (uint8_t)(before ^ 1U << (choice / 2 % 8));
        feed(data, size);
        if (choice & 0x10000) {
            data[idx] = before; /* half of the changes stay, so that later ones combine */
        }
    }
    return 1 + (size ? TRUNCATIONS + MUTATIONS : 0);
}

static unsigned feed_file(const char *dir, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(SEED_CAP_BYTES);
    unsigned inputs = 0;
    if (file && data) {
        inputs = feed_variants(data, fread(data, 1, SEED_CAP_BYTES, file));
    }
    free(data);
    if (file) {
        fclose(file);
    }
    return inputs;
}

static unsigned feed_noise(void) {
    uint8_t noise[512];
    unsigned inputs = 0;
    for (size_t size = 0; size <= sizeof noise; size += 1 + size / 4) {
        for (size_t i = 0; i < size; i++) {
            noise[i] = (uint8_t)next_random();
        }
        feed(noise, size);
        inputs++;
    }
    return inputs;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_hidden(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv) {
    unsigned inputs = feed_noise();
    unsigned seeds = 0;
    struct dirent **entries = NULL;
    int count = argc > 1 ? scandir(argv[1], &entries, not_hidden, by_name) : 0;
    for (int i = 0; i < count; i++) {
        unsigned fed = feed_file(argv[1], entries[i]->d_name);
        inputs += fed;
        seeds += fed > 0;
        free(entries[i]);
    }
    free(entries);
    printf("1..1\nok 1 - replay of %u seeds, %u inputs\n", seeds, inputs);
    return 0;
}
