# shellcheck shell=sh
# One lock for the host, on a directory's own descriptor, so that taking it writes nothing. Children keep descriptor 9:
# while a command of a killed run still works, nobody else starts.

lock() {
    [ -d "$run_dir" ] || mkdir -m 0700 "$run_dir" || die "cannot make $run_dir: run as root (become: sudo)"
    while :; do
        exec 9<"$run_dir" || die "cannot open $run_dir: run as root (become: sudo)"
        flock -n 9 || wait_for_lock -x
        if same_file "$run_dir" /proc/self/fd/9; then
            return
        fi
        mkdir -m 0700 "$run_dir" 2>/dev/null
    done
}

# An observer makes no folder: where there is none, nobody changes anything.
lock_shared() {
    if [ -d "$run_dir" ] && [ -r "$run_dir" ]; then
        exec 9<"$run_dir"
        flock -n -s 9 || wait_for_lock -s
    fi
}

wait_for_lock() {
    printf 'crosshost: waiting for %s\n' "$(lock_holder)" >&2
    flock "$1" -w 60 9 || die "gave up after 60 s: the host is locked by $(lock_holder)"
}

same_file() {
    # shellcheck disable=SC3013 # dash and bash both know -ef
    [ "$1" -ef "$2" ]
}

lock_holder() {
    for open in /proc/[0-9]*/fd/9; do
        pid=${open#/proc/}
        pid=${pid%%/*}
        if [ "$pid" = $$ ] || ! same_file "$open" "$run_dir"; then continue; fi
        line=$(tr '\0' ' ' <"/proc/$pid/cmdline")
        case $line in
            *'crosshost '*)
                printf 'crosshost %s(process %s)' "${line#*crosshost }" "$pid"
                return
                ;;
        esac
    done
    printf 'another crosshost'
}
