# Reads Meson's test logs and sums test cases. A case is a TAP line (cmocka with
# CMOCKA_MESSAGE_OUTPUT=TAP, which writes a skip as "not ok N # SKIP name"); a program without TAP
# lines is one case, judged by its exit status (77 = skipped). A program that failed without a
# failed case (a crash, a sanitizer report, a timeout) counts as one failure.
#
# Shown: the output of what failed, every skip with the reason (the program's last line
# "skip: REASON" before it), and table rows (lines that begin with "| ").

BEGIN {
    passed = failed = skipped = 0
    for (i = 1; i < ARGC; i++) {
        if ((getline line < ARGV[i]) < 0) {
            print "FAILED " ARGV[i] ": no log, the tests could not be built or started"
            failed++
            ARGV[i] = ""
        } else {
            close(ARGV[i])
        }
    }
    if (ARGC < 2) exit
}

/^=+ [0-9]+\/[0-9]+ =+$/ {
    name = result = reason = table = output = ""
    ok = not_ok = skip = planned = 0
    in_test = 1
    in_output = 0
    next
}
in_test && !in_output && /^test: / { name = $NF; next }
in_test && !in_output && /^result: / { sub(/^result: */, ""); result = $0; next }
in_test && /^-+ (stdout|stderr) -+$/ { in_output = 1; next }
in_test && /^=+$/ { finish(); in_test = 0; next }
in_test && in_output { read_output($0) }

function read_output(line) {
    output = output "    " line "\n"
    if (line ~ /^(not )?ok [0-9]+.*# SKIP/) {
        sub(/.*# SKIP */, "", line)
        skip++
        skips = skips "skipped " name " " line ": " (reason == "" ? "no reason given" : reason) "\n"
        reason = ""
    } else if (line ~ /^ok [0-9]+/) {
        ok++
    } else if (line ~ /^not ok [0-9]+/) {
        not_ok++
    } else if (line ~ /^1\.\.[0-9]+$/) {
        planned += substr(line, 4)
    } else if (line ~ /^skip: /) {
        reason = substr(line, 7)
    } else if (line ~ /^\| /) {
        table = table "  " line "\n"
    }
}

function finish() {
    if (ok + not_ok + skip == 0) {
        if (result == "exit status 0") {
            ok = 1
        } else if (result == "exit status 77") {
            skip = 1
            skips = skips "skipped " name ": " (reason == "" ? "no reason given" : reason) "\n"
        }
    }
    if (planned > ok + not_ok + skip && result == "exit status 0") {
        result = "stopped before its last case"
    }
    if (not_ok == 0 && result != "exit status 0" && result != "exit status 77") {
        not_ok = 1
    }
    passed += ok
    failed += not_ok
    skipped += skip
    if (table != "") {
        printf "%s\n%s", name, table
    }
    if (not_ok > 0) {
        printf "FAILED %s (%s)\n%s", name, result, output
    }
}

END {
    printf "%s", skips
    failed += more_failures
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0
}
