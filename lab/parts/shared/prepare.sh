# shellcheck shell=bash
# What all labs share and a first `up` makes: roots, Docker 29, a kernel, the image. Side by side; a line now and then tells how far each is.

prepare_shared_things() {
    local things=()
    mapfile -t things < <(missing_things)
    make_side_by_side "${things[@]}"
    make_base_disks
}

make_side_by_side() { # THING...
    local thing pids=() began=$EPOCHREALTIME
    if [ $# -gt 0 ]; then
        note "once and for all labs: ${*#make-} (one minute for a root, four for an engine, eight for a kernel) ..."
        for thing in "$@"; do
            # A process of its own, so that it ends with us even if we are killed.
            # shellcheck disable=SC2086
            (drop_locks && exec setpriv --pdeathsig KILL "$here/lab" $thing) &
            pids+=($!)
        done
        (drop_locks && watch_logs "$@") &
        local watcher=$!
    fi
    images_are_ready || step "registry program and busybox image" make_images
    [ $# -gt 0 ] || return 0
    all_of "${pids[@]}" || die "not all of it could be made: ${*#make-}"
    kill "$watcher"
    done_line "once and for all labs: $(since "$began")"
}

# As commands of `lab`: "make-root bookworm", "make-engine 29".
missing_things() {
    local engine release
    for engine in $(engines_of_hosts shared own); do
        release=$(release_with "$engine")
        [ -d "$(root_of "$release")" ] || echo "make-root $release"
        ! is_still_to_build "$engine" || echo "make-engine 29"
    done | sort -u
    [ -z "$(engines_of_hosts own)" ] || [ -d "$own_kernel" ] || echo make-kernel
}

# The disks below those of hosts with kernels of their own; they need all the rest.
make_base_disks() {
    local engine
    for engine in $(engines_of_hosts own); do
        [ -e "$(base_disk_of "$engine")" ] || step "disk with Docker $engine, for kernels of hosts' own" make_base_disk "$engine"
    done
}

engines_of_hosts() { # KERNEL...
    local name
    for name in "${hosts[@]}"; do
        if [[ " $* " = *" $(kernel_for "$name") "* ]]; then engine_for "$name"; fi
    done | sort -u
}

watch_logs() {
    local thing
    SECONDS=0
    while sleep 15 >/dev/null 2>&1 && [ -e "/proc/$$" ]; do
        for thing in "$@"; do tell_progress "$thing"; done
    done
}

tell_progress() { # THING
    local log=$cache/roots/${1#* }.log made line
    case $1 in
    make-engine*) log=$cache/engines/$moby_release.log made=$layer_of_29 ;;
    make-kernel) log=$cache/kernels/$kernel_from.log made=$own_kernel ;;
    *) made=$(root_of "${1#* }") ;;
    esac
    line=$(tail -n 1 "$log" 2>/dev/null || :)
    [ -e "$made" ] || note "${1#make-}: ${line#I: } ($SECONDS s)"
}
