# shellcheck shell=sh
# Docker's daemon.json is as it was or as it is to be, whenever the power goes. While new settings are tried, what was there lies on the disk
# beside the units: a run that was killed is undone by the next one, which is that of the service that comes after Docker, and after a power
# cut the service before Docker does it.

trying_dir=$lib_dir/daemon.trying
tried_file=$run_dir/daemon-tried
docker_back=''

# FILE TEXT, or - of one that goes; what undoes it first, where what was there would not do
put_config() {
    path=$(readlink -f "$1") || path=$1
    keep_config "$path" "${3:-}" || return 1
    if [ "$2" = - ]; then
        rm -f "$path"
    else
        make_folder "${path%/*}" && write_config "$2"
    fi
}

write_config() {
    rm -f "$path.new"
    cat "$1" >"$path.new" && like_before "$path" && in_place "$path"
}

# its owner and mode stay
like_before() {
    [ ! -e "$1" ] || { chown --reference="$1" "$1.new" && chmod --reference="$1" "$1.new"; }
}

in_place() {
    sync "$1.new" && mv -f "$1.new" "$1" && sync "${1%/*}"
}

# whole on the disk before anything is changed
keep_config() {
    [ ! -d "$trying_dir" ] || return 0
    rm -rf "$trying_dir.new"
    make_folder "$trying_dir.new" || return 1
    echo "$1" >"$trying_dir.new/path"
    docker_process >"$trying_dir.new/process"
    docker_runs >"$trying_dir.new/running"
    [ -d "${1%/*}" ] || : >"$trying_dir.new/no-folder"
    if [ -n "$2" ]; then
        cat "$2" >"$trying_dir.new/first" && sync "$trying_dir.new/first" || return 1
    fi
    if [ -e "$1" ]; then
        cp -a "$1" "$trying_dir.new/was" && sync "$trying_dir.new/was" || return 1
    fi
    sync "$trying_dir.new/path" "$trying_dir.new" && mv "$trying_dir.new" "$trying_dir" && sync "$lib_dir"
}

# `PID-START`, as a number may soon be another's; nothing of one that does not run
docker_process() {
    pid=$(systemctl show -p MainPID docker.service 2>/dev/null)
    pid=${pid#MainPID=}
    [ "${pid:-0}" = 0 ] || echo "$pid-$(began "$pid")"
}

docker_runs() {
    [ -z "$has_docker" ] || [ -z "$(docker_process)" ] || timeout --foreground -k 1 10 docker ps --filter status=running --format '{{.Names}}' 2>/dev/null
}

# reload|restart docker
load_config() {
    echo "$1" >>"$trying_dir/loaded"
    since=$(date +%s.%N)
    if said=$("${1}_docker" 2>&1) && said=$(start_again 2>&1); then return; fi
    why=$(docker_said)
    said=${why:-$said}
    { grep '^daemon ' "$journal_dir/new" && echo "said $said"; } >"$tried_file" 2>/dev/null
    printf '%s\n' "$said" >&2
    return 1
}

# it tells of the new settings in an event, of what is wrong with them only in its log
reload_docker() {
    systemctl reload docker.service || return 1
    tries=15
    while [ -z "$(docker events --since "$since" --until "$(date +%s.%N)" --filter type=daemon --filter event=reload --format '{{.Action}}' </dev/null)" ]; do
        [ $((tries -= 1)) -gt 0 ] || return 1
        sleep 0.2
    done
}

restart_docker() {
    systemctl reset-failed docker.service docker.socket 2>/dev/null # it may have been started too often
    timeout -k 1 45 systemctl restart docker.service && docker_is_well
}

docker_is_well() {
    timeout --foreground -k 1 15 docker version --format '{{.Server.Version}}' >/dev/null
}

# The containers that ran; those that are no more were to go when they stop. One may have the network of another, so there is a second turn.
start_again() {
    for turn in 1 2; do
        failed=''
        while read -r name <&3; do
            case $(docker container inspect --format '{{.State.Status}}' "$name" 2>/dev/null) in
                exited | created) docker start "$name" >/dev/null 2>"$trying_dir/said" || failed="$failed $name" ;;
            esac
        done 3<"$trying_dir/running"
        [ -n "$failed" ] || return 0
    done
    printf 'container%s, which ran before, does not start: %s\n' "$failed" "$(tail -n 1 "$trying_dir/said")"
    return 1
}

# the last error in its log, as text
docker_said() {
    journalctl -q -u docker.service -t dockerd -o cat --since "@${since%.*}" 2>/dev/null | awk '
        /level=(debug|info|warning)/ { next }
        { text = $0 }
        sub(/^.* level=[a-z]* msg="/, "", text) { sub(/" error="/, ": ", text); sub(/"[^"]*$/, "", text); gsub(/\\"/, "\"", text) }
        text != "" { last = text }
        END { print last }'
}

# What undoes all of it, however far it came; also of a run that is no more. Before a boot's Docker there is nothing to load.
back_config() {
    [ -d "$trying_dir" ] || return 0
    read -r path <"$trying_dir/path"
    if [ -e "$trying_dir/loaded" ] && [ ! -e "$trying_dir/booted" ]; then
        [ ! -e "$trying_dir/first" ] || write_config "$trying_dir/first"
        if [ "$verb:$unit" = boot:links ]; then
            [ ! -e "$trying_dir/first" ] || { : >"$trying_dir/booted" && return; }
        else
            [ -e "$trying_dir/first" ] || put_back_file
            back_to_config
        fi
    fi
    put_back_file
    rm -rf "$trying_dir"
}

put_back_file() {
    rm -f "$path.new"
    if [ ! -e "$trying_dir/was" ]; then
        rm -f "$path"
        [ ! -e "$trying_dir/no-folder" ] || prune_folder "${path%/*}"
    elif ! cmp -s "$trying_dir/was" "$path"; then
        cp -a "$trying_dir/was" "$path.new" && in_place "$path"
    fi
}

# Docker that has read the new settings reads the old ones. Where this runs in a service that goes and comes with Docker, it does not outlive
# that: the next run finds the process gone that was to go.
back_to_config() {
    since=$(date +%s.%N)
    now=$(docker_process)
    if [ -n "$now" ] && [ "$now" = "$(cat "$trying_dir/process")" ]; then
        reload_docker
    else
        [ -e "$trying_dir/goes" ] || echo "$now" >"$trying_dir/goes"
        if [ -z "$now" ] || [ "$now" = "$(cat "$trying_dir/goes")" ]; then restart_docker; fi
        start_again
    fi
    docker_back=", and Docker runs as before"
    docker_is_well || docker_back=", but Docker does not run: systemctl status docker says why"
}

# when all of the change is done
keep_new_config() {
    [ ! -d "$trying_dir" ] || rm -rf "$trying_dir" "$tried_file"
}
