# shellcheck shell=bash
# Taking away, also what a killed run left: everything is found by its name or its control group, nothing by memory.

take_hosts_away() { # PURGE HOST...
    local purge=$1 name
    shift
    step "power off: $*" switch_all_off "$purge" "$@"
    for name in "$@"; do
        rm -f "$lab_dir/$name/wanted"
        [ -z "$purge" ] || rm -rf "${lab_dir:?}/$name"
    done
    write_lab_files
}

take_lab_away() { # PURGE
    local running
    running=$(running_hosts)
    # shellcheck disable=SC2086
    [ -z "$running" ] || step "power off: $running" switch_all_off "$1" $running
    refuse_foreign_lan
    step "clear away namespaces, links and control groups" clear_leftovers
    rm -f "$lab_dir"/vm*/wanted
    rm -rf "$run_dir"
    [ -z "$1" ] || rm -rf "$lab_dir"
    say "lab $lab is down"
}

running_hosts() {
    local name
    for name in $(made_hosts); do
        if is_running "$name"; then echo "$name"; fi
    done | xargs
}

# A disk that is thrown away needs no orderly end.
switch_all_off() { # PURGE HOST...
    local hard=$1 name pids=()
    shift
    for name in "$@"; do
        (switch_off "$name" "$hard") &
        pids+=($!)
    done
    all_of "${pids[@]}"
}

clear_leftovers() {
    local space
    end_cgroup
    for space in $(ip netns list | awk -v like="^$netns-(lan|internet|vm[0-9]+)\$" '$1 ~ like { print $1 }'); do
        ip netns del "$space"
    done
    ip link del "$root_link" 2>/dev/null || :
    mkdir -p "$run_dir"
    rm -f "$run_dir"/*
}
