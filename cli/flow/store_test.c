/* The store: what is taken, what is left alone, and what happens with broken sources. The positive
 * cases take published images from the user's own store into a fresh one.
 */
#include "cli/flow/store.h"
#include "tests/published.h"
#include "tests/unit.h"

#include <sys/stat.h>
#include <unistd.h>

struct scratch {
    char root[64];
    char source[96];
    struct rk_store store;
};

static int make_scratch(void **state) {
    static struct scratch s;
    snprintf(s.root, sizeof s.root, "/tmp/rk-store-XXXXXX");
    if (!mkdtemp(s.root)) {
        return -1;
    }
    snprintf(s.source, sizeof s.source, "%s/source", s.root);
    snprintf(s.store.folder, sizeof s.store.folder, "%s/data/images", s.root);
    *state = &s;
    return mkdir(s.source, 0700);
}

static int remove_scratch(void **state) {
    struct scratch *s = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", s->root);
    return system(command);
}

static void in_source(const struct scratch *s, char path[256], const char *name) {
    snprintf(path, 256, "%s/%s", s->source, name);
}

static void put_file(const struct scratch *s, const char *name, const void *data, size_t len) {
    char path[256];
    in_source(s, path, name);
    assert_int_equal(rk_file_write(path, data, len, 0600), 0);
}

static struct rk_import import_from(struct scratch *s, const char *path, int wanted) {
    struct rk_import import = {0};
    assert_int_equal(rk_store_import(&s->store, path, &import), wanted);
    return import;
}

static void test_import__takes_a_known_image_whatever_its_name(void **state) {
    struct scratch *s = *state;
    size_t len;
    size_t stored_len;
    uint8_t *stored;
    struct stat status;
    char path[256];
    uint8_t *image = rk_published_image("core-tinker-0.5.1", &len);
    in_source(s, path, "deep");
    assert_int_equal(mkdir(path, 0700), 0);
    put_file(s, "deep/who knows.dat", image, len);
    put_file(s, "readme.txt", "nothing known", 13);

    struct rk_import import = import_from(s, s->source, 0);
    assert_int_equal(import.file_count, 2);
    assert_int_equal(import.taken_count, 1);
    assert_int_equal(import.new_count, 1);
    assert_int_equal(rk_store_read(&s->store, "core-tinker-0.5.1", &stored, &stored_len), 0);
    assert_int_equal(stored_len, len);
    assert_memory_equal(stored, image, len);
    free(stored);
    snprintf(path, sizeof path, "%s/core-tinker-0.5.1.bin", s->store.folder);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0444);

    import = import_from(s, s->source, 0); /* again: nothing changes */
    assert_int_equal(import.taken_count, 1);
    assert_int_equal(import.new_count, 0);
    free(image);
}

static void test_import__takes_images_out_of_a_package(void **state) {
    struct scratch *s = *state;
    size_t len;
    char command[512];
    char path[256];
    uint8_t *image = rk_published_image("core-deep-update-2014-06", &len);
    put_file(s, "a.bin", image, len);
    snprintf(command, sizeof command, "tar -C '%s' -czf '%s/p.tgz' a.bin && rm '%s/a.bin'",
             s->source, s->source, s->source);
    assert_int_equal(system(command), 0);
    in_source(s, path, "p.tgz");
    assert_int_equal(import_from(s, path, 0).new_count, 1);
    assert_int_equal(import_from(s, s->source, 0).taken_count, 1); /* as part of a folder */
    free(image);
}

static void test_import__replaces_a_damaged_copy(void **state) {
    struct scratch *s = *state;
    size_t len;
    char path[256];
    uint8_t *image = rk_published_image("core-tinker-0.7.0", &len);
    const struct rk_catalogue_entry *entry = rk_catalogue_by_id("core-tinker-0.7.0");
    assert_int_equal(rk_store_state(&s->store, entry), RK_STORE_MISSING);
    put_file(s, "x.bin", image, len);
    assert_int_equal(import_from(s, s->source, 0).new_count, 1);
    assert_int_equal(rk_store_state(&s->store, entry), RK_STORE_PRESENT);

    snprintf(path, sizeof path, "%s/core-tinker-0.7.0.bin", s->store.folder);
    assert_int_equal(rk_file_write(path, image, len - 1, 0444), 0);
    assert_int_equal(rk_store_state(&s->store, entry), RK_STORE_DAMAGED);
    assert_int_equal(import_from(s, s->source, 0).new_count, 1);
    assert_int_equal(rk_store_state(&s->store, entry), RK_STORE_PRESENT);
    free(image);
}

static void test_import__says_what_is_wrong_with_a_source(void **state) {
    struct scratch *s = *state;
    char path[256];
    in_source(s, path, "none.tgz");
    import_from(s, path, RK_E_NOT_FOUND);
    put_file(s, "text.tgz", "this is not an archive", 22);
    in_source(s, path, "text.tgz");
    import_from(s, path, RK_E_BAD_FORMAT);
    in_source(s, path, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    import_from(s, path, RK_E_BAD_FORMAT); /* and does not wait for a writer */
    assert_int_equal(access(s->store.folder, F_OK), -1);
}

static void test_import__passes_over_what_is_no_image_in_a_folder(void **state) {
    struct scratch *s = *state;
    char path[256];
    static uint8_t big[RK_STORE_IMAGE_CAP_BYTES + 1];
    put_file(s, "big", big, sizeof big);
    put_file(s, "empty", big, 0);
    put_file(s, "broken.tgz", big, 100);
    in_source(s, path, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    in_source(s, path, "loop");
    assert_int_equal(symlink(".", path), 0);
    struct rk_import import = import_from(s, s->source, 0);
    assert_int_equal(import.taken_count, 0);
    assert_int_equal(import.file_count, 1); /* "empty" */
}

static void test_import__a_truncated_package_is_damaged(void **state) {
    struct scratch *s = *state;
    char command[512];
    char path[256];
    snprintf(command, sizeof command,
             "cd '%s' && head -c 300000 /dev/urandom > r && tar -czf whole.tgz r && "
             "head -c 100000 whole.tgz > half.tgz",
             s->source);
    assert_int_equal(system(command), 0);
    in_source(s, path, "half.tgz");
    import_from(s, path, RK_E_BAD_FORMAT);
}

static void test_read__never_leaves_the_store(void **state) {
    struct scratch *s = *state;
    uint8_t *data;
    size_t len;
    assert_int_equal(rk_store_read(&s->store, "../../source/x", &data, &len), RK_E_IMAGE_UNKNOWN);
    assert_int_equal(rk_store_read(&s->store, "no-such-image", &data, &len), RK_E_IMAGE_UNKNOWN);
    assert_null(data);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, make_scratch, remove_scratch)

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_import__takes_a_known_image_whatever_its_name),
        STORE_TEST(test_import__takes_images_out_of_a_package),
        STORE_TEST(test_import__replaces_a_damaged_copy),
        STORE_TEST(test_import__says_what_is_wrong_with_a_source),
        STORE_TEST(test_import__passes_over_what_is_no_image_in_a_folder),
        STORE_TEST(test_import__a_truncated_package_is_damaged),
        STORE_TEST(test_read__never_leaves_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
