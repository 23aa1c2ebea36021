# shellcheck shell=bash
# What a person reads: plain lines, in colour where there is a terminal. All on stderr; answers go to stdout.
if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
    dim=$'\e[2m' bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
    dim='' bold='' red='' green='' plain=''
fi

die() {
    printf '%slab: %s%s\n' "$red" "$*" "$plain" >&2
    exit 1
}
say() { printf '%s%s%s\n' "$bold" "$*" "$plain" >&2; }
note() { printf '%s  %s%s\n' "$dim" "$*" "$plain" >&2; }
done_line() { printf '%s  %s%s\n' "$green" "$*" "$plain" >&2; }

since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", b - a }'; }

# step TEXT COMMAND...: says what begins, runs it, says how long it took.
step() {
    local text=$1 began=$EPOCHREALTIME
    shift
    note "$text ..."
    "$@"
    done_line "$text: $(since "$began")"
}

# await SECONDS COMMAND...: until the command succeeds, looking every 100 ms; fails when the time is over.
await() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# What is asked again and again while a host boots is read by the shell itself; answers are in $REPLY.
first_word() {
    REPLY=''
    { read -r REPLY _ <"$1" || :; } 2>/dev/null
    [ -n "$REPLY" ]
}

# holds FILE TEXT
holds() {
    local all=''
    { IFS= read -rd '' all <"$1" || :; } 2>/dev/null
    [[ $all == *"$2"* ]]
}

# all_of PID...: waits for background jobs; fails if one did.
all_of() {
    local pid failed=0
    for pid in "$@"; do wait "$pid" || failed=1; done
    return $failed
}
