# shellcheck shell=sh
# One lock for the host, on a directory's own descriptor, so that taking it writes nothing. Children keep descriptor 9:
# while a command of a killed run still works, nobody else starts. Descriptor 8 tells who holds it from who waits for it. Who has
# it for a moment, as an announcement does, is not worth a word.

lock() {
    [ -d "$run_dir" ] || mkdir -m 0700 "$run_dir" 2>/dev/null || [ -d "$run_dir" ] || die "cannot create $run_dir: run as root (become: sudo)"
    while :; do
        exec 9<"$run_dir" || die "cannot open $run_dir: run as root (become: sudo)"
        flock -x -w 0.3 9 || wait_for_lock -x 60
        if same_file "$run_dir" /proc/self/fd/9; then
            exec 8<&9
            return
        fi
        mkdir -m 0700 "$run_dir" 2>/dev/null
    done
}

# An observer makes no folder: where there is none, nobody changes anything. Whoever asks it waits 30 s.
lock_shared() {
    if [ -d "$run_dir" ] && [ -r "$run_dir" ]; then
        exec 9<"$run_dir"
        flock -s -w 0.3 9 || wait_for_lock -s 20
        exec 8<&9
    fi
}

wait_for_lock() {
    printf 'crosshost: waiting for %s\n' "$(lock_holder)" >&2
    flock "$1" -w "$2" 9 || die "gave up after $2 s: the host is locked by $(lock_holder)"
}

same_file() {
    # shellcheck disable=SC3013 # dash and bash both know -ef
    [ "$1" -ef "$2" ]
}

lock_holder() {
    left=''
    for open in /proc/[0-9]*/fd/8; do
        pid=${open#/proc/}
        pid=${pid%%/*}
        if [ "$pid" = $$ ] || ! same_file "$open" "$run_dir"; then continue; fi
        line=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)
        case $line in
            *'crosshost '*)
                printf "\`%s\` (process %s, for %s%s)" "$(trimmed "${line##*crosshost }")" "$pid" "$(age "$pid")" "$(client_of "$pid")"
                return
                ;;
            ?*) left="\`$(trimmed "$line")\` (process $pid, for $(age "$pid")), which a killed run has left" ;;
        esac
    done
    printf %s "${left:-another crosshost}"
}

trimmed() {
    printf %s "${1% }"
}

age() {
    read -r uptime _ </proc/uptime
    printf '%s s' $((${uptime%.*} - $(began "$1") / 100))
}

# field 22 of its stat, 100 a second; its name, the only field with blanks, ends with the last bracket
began() {
    status=''
    { read -r status <"/proc/$1/stat"; } 2>/dev/null
    # shellcheck disable=SC2086 # split into words
    set -- ${status##*) }
    printf %s "${20:-0}"
}

# sudo keeps it from its children, but has it itself
client_of() {
    ancestor=$1
    while [ "${ancestor:-0}" -gt 1 ]; do
        address=$(tr '\0' '\n' 2>/dev/null <"/proc/$ancestor/environ" | sed -n 's/^SSH_CONNECTION=\([^ ]*\).*/\1/p')
        if [ -n "$address" ]; then
            printf ', from %s' "$address"
            return
        fi
        ancestor=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$ancestor/status" 2>/dev/null)
    done
}
