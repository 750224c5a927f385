/* The parser against GNU habits, and that every text comes from the same table. */
#include "common/opt/opt.h"
#include "tests/unit.h"

static const struct rk_opt import_opts[] = {
    {.name = "keep", .letter = 'k', .help = "keep the source"},
    {.name = "speed", .letter = 's', .arg = "N", .help = "how fast"},
};
static const struct rk_opt all_opts[] = {
    {.name = "color", .arg = "WHEN", .help = "colours", .choices = "auto always never"},
    {.name = "help", .letter = 'h', .help = "this help"},
};
static const struct rk_cmd commands[] = {
    {.name = "image", .args = "", .summary = "overview"},
    {.name = "image import",
     .args = "FILE...",
     .min_args = 1,
     .max_args = 2,
     .summary = "take images from a package",
     .about = "Known by hash.",
     .opts = import_opts,
     .opt_count = RK_COUNT(import_opts)},
    {.name = "key show", .args = "", .summary = "print a fingerprint"},
    {.name = "emu", .args = "...", .summary = "the emulator", .pass_through = true},
};
static const struct rk_app app = {
    .name = "rekindle",
    .version = "9.9",
    .summary = "a test",
    .cmds = commands,
    .cmd_count = RK_COUNT(commands),
    .opts = all_opts,
    .opt_count = RK_COUNT(all_opts),
};

/* Parses "rekindle WORDS"; the words live until the next call. */
static int parse(struct rk_call *call, const char *words) {
    static char line[300];
    static char *argv[RK_CALL_OPTS_CAP + 8];
    int argc = 0;
    snprintf(line, sizeof line, "rekindle %s", words);
    for (char *word = strtok(line, " "); word && argc < RK_CALL_OPTS_CAP + 7;
         word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    return rk_call_parse(call, &app, argc, argv);
}

static void test_parse__takes_options_in_every_form_and_place(void **state) {
    static const char *const forms[] = {"image import a --speed 7 b --keep",
                                        "image import --keep --speed=7 a b",
                                        "image import -k -s 7 a b", "image import a -s7 -k -- b"};
    for (size_t i = 0; i < RK_COUNT(forms); i++) {
        struct rk_call call = {0};
        assert_int_equal(parse(&call, forms[i]), 0);
        assert_ptr_equal(call.cmd, &commands[1]);
        assert_int_equal(call.arg_count, 2);
        assert_string_equal(call.args[0], "a");
        assert_string_equal(call.args[1], "b");
        assert_null(call.args[2]);
        assert_string_equal(rk_call_value(&call, "speed"), "7");
        assert_true(rk_call_has(&call, "keep"));
        assert_false(rk_call_has(&call, "color"));
    }
}

static void test_parse__after_two_dashes_everything_is_an_argument(void **state) {
    struct rk_call call = {0};
    assert_int_equal(parse(&call, "image import -- --keep -"), 0);
    assert_int_equal(call.arg_count, 2);
    assert_string_equal(call.args[0], "--keep");
    assert_string_equal(call.args[1], "-");
    assert_int_equal(call.opt_count, 0);
}

static void test_parse__names_what_is_wrong_and_where(void **state) {
    static const struct {
        const char *words;
        const char *problem;
        const char *word;
    } cases[] = {
        {"nonsense", "unknown command", "nonsense"},
        {"key", "this needs a second word", "key"},
        {"image import --what a", "unknown option", "--what"},
        {"image import --kee a", "unknown option", "--kee"},
        {"image import a --speed", "this option needs a value", "--speed"},
        {"image import a --keep=1", "this option takes no value", "--keep=1"},
        {"image import --color blue a", "this value is not one of those allowed", "blue"},
        {"image import --color alway a", "this value is not one of those allowed", "alway"},
        {"image import", "an argument is missing", "FILE..."},
        {"image import a b c", "one argument too many", "c"},
    };
    for (size_t i = 0; i < RK_COUNT(cases); i++) {
        struct rk_call call = {0};
        assert_int_equal(parse(&call, cases[i].words), RK_E_USAGE);
        assert_string_equal(call.problem, cases[i].problem);
        assert_string_equal(call.word, cases[i].word);
    }
}

static void test_parse__help_needs_no_arguments(void **state) {
    struct rk_call call = {0};
    assert_int_equal(parse(&call, "image import -h"), 0);
    assert_true(rk_call_has(&call, "help"));
    assert_int_equal(parse(&call, ""), 0);
    assert_null(call.cmd);
}

static void test_parse__leaves_the_words_of_another_program_alone(void **state) {
    struct rk_call call = {0};
    assert_int_equal(parse(&call, "emu run x --until cyan -q"), 0);
    assert_int_equal(call.arg_count, 5);
    assert_string_equal(call.args[0], "run");
    assert_string_equal(call.args[4], "-q");
}

static void test_parse__refuses_more_options_than_it_can_hold(void **state) {
    char words[256] = "image import a";
    struct rk_call call = {0};
    for (int i = 0; i < RK_CALL_OPTS_CAP; i++) {
        strcat(words, " -k");
    }
    assert_int_equal(parse(&call, words), 0);
    strcat(words, " -k");
    assert_int_equal(parse(&call, words), RK_E_USAGE);
    assert_string_equal(call.problem, "too many options");
}

static void test_number__reads_decimal_and_hex_within_limits(void **state) {
    static const struct {
        const char *words;
        int error;
        uint64_t value;
    } cases[] = {
        {"image import a -s 12", 0, 12},
        {"image import a -s 0x10", 0, 16},
        {"image import a -s 101", RK_E_RANGE, 0},
        {"image import a -s 1x", RK_E_RANGE, 0},
        {"image import a -s 0x", RK_E_RANGE, 0},
        {"image import a --speed=", RK_E_RANGE, 0},
        {"image import a -s 99999999999999999999", RK_E_RANGE, 0},
        {"image import a", 0, 77},
    };
    for (size_t i = 0; i < RK_COUNT(cases); i++) {
        struct rk_call call = {0};
        uint64_t value = 77;
        assert_int_equal(parse(&call, cases[i].words), 0);
        assert_int_equal(rk_call_number(&call, "speed", 1, 100, &value), cases[i].error);
        assert_int_equal(value, cases[i].error ? 77 : cases[i].value);
    }
}

struct text {
    char bytes[16384];
    size_t len;
};

static void collect(void *context, const char *bytes, size_t len) {
    struct text *text = context;
    assert_true(text->len + len < sizeof text->bytes);
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = 0;
}

static void assert_contains(const struct text *text, const char *wanted) {
    if (!strstr(text->bytes, wanted)) {
        fail_msg("\"%s\" is missing in:\n%s", wanted, text->bytes);
    }
}

static void test_help__lists_every_command_and_option(void **state) {
    struct text text = {0};
    struct rk_sink sink = {collect, &text};
    rk_help_app(&app, &sink);
    assert_contains(&text, "  image import        take images from a package\n");
    assert_contains(&text, "      --color WHEN            colours (auto always never)\n");
    text.len = 0;
    rk_help_cmd(&app, &commands[1], &sink);
    assert_contains(&text, "usage: rekindle image import FILE... [OPTION...]\n");
    assert_contains(&text, "  -s, --speed N               how fast\n");
    assert_contains(&text, "Known by hash.");
}

static void test_man__escapes_hyphens_and_lists_exit_codes_once(void **state) {
    struct text text = {0};
    struct rk_sink sink = {collect, &text};
    rk_man_app(&app, &sink);
    assert_contains(&text, ".TH rekindle 1");
    assert_contains(&text, ".SS rekindle image import FILE...\n");
    assert_contains(&text, ".B \\-s, \\-\\-speed N\nhow fast\n");
    assert_contains(&text, ".TP\n.B 3\nno board found\n");
    const char *nine = strstr(text.bytes, ".B 9\n");
    assert_non_null(nine);
    assert_null(strstr(nine + 1, ".B 9\n"));
}

static void test_completions__cover_commands_options_and_choices(void **state) {
    struct text text = {0};
    struct rk_sink sink = {collect, &text};
    assert_int_equal(rk_completions(&app, "bash", &sink), 0);
    assert_contains(&text, "' ') words='image key emu '");
    assert_contains(&text, "' key') words='show '");
    assert_contains(&text, "' image import'*) words='--keep --speed --color --help '");
    assert_contains(&text, "*' --color') words='auto always never'");
    text.len = 0;
    assert_int_equal(rk_completions(&app, "fish", &sink), 0);
    assert_contains(&text,
                    "complete -c rekindle -n '__fish_seen_subcommand_from image' -a 'import'");
    assert_contains(&text, " -l color -x -a 'auto always never' -d 'colours'");
    assert_contains(&text, "rekindle emu completions fish 2>/dev/null | source\n");
    assert_int_equal(rk_completions(&app, "tcsh", &sink), RK_E_NOT_FOUND);
}

static void test_completions__of_a_part_begin_one_word_later(void **state) {
    static const struct rk_cmd run = {.name = "run", .args = "NAME", .summary = "run it"};
    static const struct rk_app part = {.name = "rekindle emu",
                                       .version = "9.9",
                                       .summary = "a part",
                                       .cmds = &run,
                                       .cmd_count = 1};
    struct text text = {0};
    struct rk_sink sink = {collect, &text};
    assert_int_equal(rk_completions(&part, "bash", &sink), 0);
    assert_contains(&text, "_rekindle_emu() {");
    assert_contains(&text, "${COMP_WORDS[*]:2:COMP_CWORD-2}");
    assert_null(strstr(text.bytes, "complete -o"));
    text.len = 0;
    assert_int_equal(rk_completions(&part, "fish", &sink), 0);
    assert_contains(
        &text, "complete -c rekindle -n '__fish_seen_subcommand_from emu' -a 'run' -d 'run it'");
    text.len = 0;
    rk_man_app(&part, &sink);
    assert_contains(&text, ".TH rekindle-emu 1 ");
}

static void test_prints__only_what_is_asked_for(void **state) {
    static char words[][12] = {"rekindle", "completions", "bash", "man"};
    struct text text = {0};
    struct rk_sink sink = {collect, &text};
    assert_true(rk_app_prints(&app, 2, (char *[]){words[0], words[3]}, &sink));
    assert_contains(&text, ".TH rekindle 1");
    text.len = 0;
    assert_true(rk_app_prints(&app, 3, (char *[]){words[0], words[1], words[2]}, &sink));
    assert_contains(&text, "_rekindle() {");
    text.len = 0;
    assert_false(rk_app_prints(&app, 2, (char *[]){words[0], words[1]}, &sink));
    assert_false(rk_app_prints(&app, 3, (char *[]){words[0], words[1], words[3]}, &sink));
    assert_int_equal(text.len, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse__takes_options_in_every_form_and_place),
        cmocka_unit_test(test_parse__after_two_dashes_everything_is_an_argument),
        cmocka_unit_test(test_parse__names_what_is_wrong_and_where),
        cmocka_unit_test(test_parse__help_needs_no_arguments),
        cmocka_unit_test(test_parse__leaves_the_words_of_another_program_alone),
        cmocka_unit_test(test_parse__refuses_more_options_than_it_can_hold),
        cmocka_unit_test(test_number__reads_decimal_and_hex_within_limits),
        cmocka_unit_test(test_help__lists_every_command_and_option),
        cmocka_unit_test(test_man__escapes_hyphens_and_lists_exit_codes_once),
        cmocka_unit_test(test_completions__cover_commands_options_and_choices),
        cmocka_unit_test(test_completions__of_a_part_begin_one_word_later),
        cmocka_unit_test(test_prints__only_what_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
