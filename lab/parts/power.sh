# shellcheck shell=bash
# Switching hosts on and off. A supervisor (beside this file) keeps each; what it tells is in $run_dir:
# HOST.supervisor and HOST.machine (process numbers), HOST.boot (when it was last switched on), HOST.stop (asked to end).

is_running() { first_word "$run_dir/$1.supervisor" && in_cgroup "$1" "$REPLY"; }
lab_ssh() { lab_ssh_stdin "$@" </dev/null; }
lab_ssh_stdin() { ssh -F "$ssh_config" -o BatchMode=yes "$@"; }

# boot_hosts HOST...: side by side, eight at a time; those that run are only asked whether they answer.
boot_hosts() {
    local name
    while [ $# -gt 0 ]; do
        local pids=()
        for name in "${@:1:8}"; do
            (boot_host "$name") &
            pids+=($!)
        done
        all_of "${pids[@]}" || die "not all hosts came up"
        shift $(($# < 8 ? $# : 8))
    done
}

boot_host() {
    local name=$1 began=$EPOCHREALTIME
    if ! is_running "$name"; then
        note "$name: $(host_fact "$name" release), Docker $(host_fact "$name" engine), network by $(host_fact "$name" network), $(kernel_of "$name") kernel, booting ..."
        switch_on "$name"
    fi
    await_host "$name" "$began"
}

switch_on() {
    end_cgroup "$1"
    rm -f "$run_dir/$1".{supervisor,machine,boot,stop}
    (drop_locks && exec setsid "$here/parts/supervise" "$1") </dev/null >>"$lab_dir/$1/supervisor.log" 2>&1 &
    await 10 is_running "$1" || die "$1: its supervisor did not start: see $lab_dir/$1/supervisor.log"
}

await_host() { # HOST SINCE
    local name=$1 began=$2 ssh_after='' engine=''
    await 120 host_listens "$name" || die "$name: no ssh within 120 s: see $lab_dir/$name/console.log"
    # Whoever looked for it while it was off has asked for its MAC in vain, and would be told so now.
    ip neigh del "$(host_address "$name")" dev "$root_link" 2>/dev/null || :
    # A host whose programs a cold disk has to bring first may take longer than the usual 5 s.
    { read -r && ssh_after=$(since "$began") && read -r engine; } < <(
        lab_ssh -o ConnectTimeout=60 "$name" "echo in; $docker_answers" || :
    ) || :
    wait "$!" || :
    [ -n "$ssh_after" ] || die "$name: ssh listens, but refuses: ssh -F $ssh_config $name"
    [ -n "$engine" ] || die "$name: no docker within 60 s: lab/lab ssh $name journalctl -u docker"
    done_line "$name at $(host_address "$name"): ssh after $ssh_after, Docker $engine after $(since "$began")"
}

docker_answers="timeout 60 sh -c 'until systemctl start docker && docker version -f {{.Server.Version}}; do sleep 1; done' 2>/dev/null"

host_listens() { # HOST
    is_running "$1" || die "$1 ended while it booted: see $lab_dir/$1/console.log"
    "listens_$(kernel_of "$1")" "$1"
}

tell_host() { "tell_$(kernel_of "$1")" "$@"; } # HOST reboot|poweroff

# switch_off HOST [hard]. An orderly end takes as long as the slowest container's: 10 s for one that ignores SIGTERM.
switch_off() {
    if is_running "$1" && [ -z "${2:-}" ]; then
        touch "$run_dir/$1.stop"
        if tell_host "$1" poweroff 2>/dev/null; then await 30 is_off "$1" || :; fi
    fi
    end_cgroup "$1"
    unplug "$1"
    rm -f "$run_dir/$1".{supervisor,machine,boot,stop}
}

is_off() { ! is_running "$1"; }

reboot_and_wait() { # HOST [hard]
    local name=$1 hard=${2:-} began=$EPOCHREALTIME last_boot
    first_word "$run_dir/$name.boot" || die "$name: nobody knows since when it runs"
    last_boot=$REPLY
    note "$name: reboot$hard ..."
    if [ -n "$hard" ]; then
        kill_cgroup "$name/machine"
    else
        tell_host "$name" reboot || die "$name: nobody there to tell"
    fi
    await 60 boot_is_newer "$name" "$last_boot" || die "$name did not restart: see $lab_dir/$name/console.log"
    await_host "$name" "$began"
}

boot_is_newer() { first_word "$run_dir/$1.boot" && [ "$REPLY" != "$2" ]; }
