# shellcheck shell=bash
# Locks end with the process that holds them. Descriptor 9: the lab. 8: a host. 7: a thing that labs share.

take_lock() { # DESCRIPTOR FILE -s|-x WHAT
    local fd=$1 file=$2 how=$3 what=$4
    mkdir -p "$(dirname "$file")"
    eval "exec $fd<>\"\$file\""
    if ! flock "$how" -n "$fd"; then
        note "waiting for \"$(cat "$file")\""
        flock "$how" -w 900 "$fd" || die "\"$(cat "$file")\" has held $file for 15 minutes: is it stuck?"
    fi
    if [ "$file" -ef "/proc/self/fd/$fd" ]; then
        echo "$what, pid $$" >"$file"
    else
        take_lock "$@" # a purge removed the file while we waited for it
    fi
}

lock_lab_alone() { take_lock 9 "$lab_dir/in-use" -x "lab $1 of lab $lab"; }

# Hosts of one lab may be rebooted at the same time, but not while the lab goes up or down.
lock_host() {
    take_lock 9 "$lab_dir/in-use" -s "lab $2 $1 of lab $lab"
    take_lock 8 "$lab_dir/$1/in-use" -x "lab $2 $1 of lab $lab"
}

lock_shared_thing() { take_lock 7 "$cache/$1.lock" -x "$2"; }
unlock_shared_thing() { exec 7>&-; }

# In the subshell of whatever may outlive us: our locks, and whatever our caller has locked. 255 is bash's own.
drop_locks() {
    local open
    for open in "/proc/$BASHPID/fd"/*; do
        open=${open##*/}
        if [ "$open" -gt 2 ] && [ "$open" -ne 255 ]; then eval "exec $open>&-"; fi
    done
}
