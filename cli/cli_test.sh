#!/bin/bash
# The tool from outside, as a script sees it: exit codes (error.def), stdout and stderr, JSON, help,
# completions, and the programs it starts. Argument: the built rekindle.
set -u
rekindle=$(realpath "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export REKINDLE_IMAGES=$scratch/images XDG_DATA_HOME=$scratch/data
number=0
status=0

result() { # WHAT TRUE-OR-FALSE
    number=$((number + 1))
    if [ "$2" = true ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        status=1
        sed 's/^/# /' "$scratch/out" "$scratch/err" 2>/dev/null
    fi
}

run() { "$rekindle" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null; }

# check WHAT EXIT-CODE OUT-PATTERN ERR-PATTERN ARGUMENT... ; an empty pattern means: nothing printed
check() {
    local what=$1 code=$2 out=$3 err=$4 ok=true got
    shift 4
    run "$@"
    got=$?
    [ $got -eq "$code" ] || ok=false
    if [ -n "$out" ]; then grep -qE -e "$out" "$scratch/out" || ok=false; else [ ! -s "$scratch/out" ] || ok=false; fi
    if [ -n "$err" ]; then grep -qE -e "$err" "$scratch/err" || ok=false; else [ ! -s "$scratch/err" ] || ok=false; fi
    result "$what" $ok
}

check_json() { # WHAT JAVASCRIPT-CONDITION-ON-r ARGUMENT...
    local what=$1 condition=$2
    shift 2
    run "$@" --json
    if node -e "const r = JSON.parse(require('fs').readFileSync(0)); process.exit(($condition) ? 0 : 1)" <"$scratch/out"; then
        result "$what" true
    else
        result "$what" false
    fi
}

complete_words() { # WORD... : what bash would offer
    COMP_WORDS=(rekindle "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _rekindle
    echo "${COMPREPLY[*]}"
}

printf '%0.sx' {1..5000} >"$scratch/text"
head -c 90000 /dev/zero | tr '\0' '\377' >"$scratch/blank"
mkdir "$scratch/folder" && cp "$scratch/text" "$scratch/folder"

check 'alone it shows what it can do'           0 '^  image import ' ''
check 'version'                                 0 '^rekindle [0-9.]+$' '' version
check '--version, too'                          0 '^rekindle [0-9.]+$' '' --version
check 'help of a command'                       0 '^usage: rekindle image import' '' help image import
check 'the same by --help'                      0 '^usage: rekindle image import' '' image import --help
check 'help of an error number'                 0 'exit code 3$' '' help E012
check 'help of a topic'                         0 'no serial port' '' help modes
check 'help of nothing known: 1 and a next step' 1 '' '^Next: ' help frobnicate
check 'an unknown command is a usage error'     2 '' "unknown command: 'frob'.*\(E002\)" frob
check 'half a command lists its second words'   2 '' 'image list' image
check 'an unknown option is named'              2 '' "unknown option: '--frob'" version --frob
check 'a missing argument shows the usage'      2 '' '^usage: rekindle image import' image import
check 'no such file: 1'                         1 '' 'not found \(E005\)' image import "$scratch/none.tgz"
check 'not an archive: 6'                       6 '' '\(E010\)' image import "$scratch/text"
check 'a folder without images: 6'              6 '' 'none of 1 files is a known image.*\(E027\)' image import "$scratch/folder"
check 'a name that is not in the store: 6'      6 '' '\(E027\)' image info core-tinker-0.7.0
check 'a blank image: 6'                        6 'size' '\(E024\)' image info "$scratch/blank"
check 'a text file is no image: 6'              6 'size' '\(E010\)' image info "$scratch/text"
check 'a folder is no image: 6'                 6 '' '\(E010\)' image info "$scratch/folder"
check 'an unknown board is named'               1 '' "no board is called 'arduino'" image list --board arduino
check 'an empty store: all missing, how to get' 0 '^Next: .*npm pack particle-cli@' '' image list --board core

check_json 'a result as JSON'        'r.ok && r.schema === 1 && /^\d/.test(r.result.version)' version
check_json 'the list as JSON'        'r.result.missing > 20 && r.result.images.every(i => i.state === "missing" && i.sha256.length === 64)' image list
check_json 'a failure as JSON'       '!r.ok && r.error.code === 6 && r.error.id === "E027" && r.error.remedy' image info core-tinker-0.7.0
check_json 'a usage error as JSON'   '!r.ok && r.error.code === 2' frob

"$rekindle" version >/dev/full 2>"$scratch/err"
[ $? -eq 1 ]; result 'a result that cannot be written is a failure' "$([ -s "$scratch/err" ] && echo true)"

# The programs it starts are looked for beside it first, then on PATH.
cp "$rekindle" "$scratch/rekindle"
mkdir "$scratch/path"
cat >"$scratch/rekindle-emu" <<'FAKE'
#!/bin/sh
[ "$1" != completions ] || { echo '_rekindle_emu() { COMPREPLY=(from emu); }'; exit; }
echo "beside $*"
exit 7
FAKE
printf '#!/bin/sh\necho "on path $*"\n' >"$scratch/path/rekindle-server"
chmod +x "$scratch/rekindle-emu" "$scratch/path/rekindle-server"
rekindle=$scratch/rekindle
check 'emu starts the program beside it'        7 '^beside run x --json -h$' '' emu run x --json -h
PATH=$scratch/path:$PATH
check 'server is found on PATH'                 0 '^on path run$' '' server run
# shellcheck disable=SC2317 # the completion script calls it
rekindle() { "$scratch/rekindle" "$@"; }
eval "$("$rekindle" completions bash)"
result 'the words of emu are completed by emu' "$([[ $(complete_words emu r) == 'from emu' ]] && echo true)"
rm "$scratch/rekindle-emu"
check 'a missing program is a clear failure'    1 '' 'rekindle-emu could not be started' emu run

eval "$("$rekindle" completions bash)"
result 'bash completes commands' "$([[ $(complete_words i) == image ]] && echo true)"
result 'bash completes second words' "$([[ $(complete_words image im) == import ]] && echo true)"
result 'bash completes options' "$([[ $(complete_words image list --m) == --missing ]] && echo true)"
check 'completions for fish'                    0 "^complete -c rekindle -n '__fish_seen_subcommand_from image' -a 'import'" '' completions fish
check 'completions for zsh'                     0 '^#compdef rekindle' '' completions zsh
check 'no completions for an unknown shell'     2 '' 'tcsh' completions tcsh
check 'the man page'                            0 '^\.TH rekindle 1' '' man
echo "1..$number"
exit $status
