# shellcheck shell=bash
# Every process of a lab lives in the lab's own control group, so none is ever lost from sight.
cgroup2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts 2>/dev/null || :)
cgroup1_systemd=$(awk '$3 == "cgroup" && $4 ~ /name=systemd/ { print $2; exit }' /proc/mounts 2>/dev/null || :)
cgroup_path=crosshost-lab/$lab

join_cgroup() { # NAME: moves the calling (sub)shell
    local top
    for top in "$cgroup2" $cgroup1_systemd; do
        mkdir -p "$top/$cgroup_path/$1"
        echo "$BASHPID" >"$top/$cgroup_path/$1/cgroup.procs"
    done
}

# in_cgroup NAME PID: the process lives (a zombie has no command line) and is ours, not a later one that got its number.
in_cgroup() { holds "/proc/$2/cgroup" "0::/$cgroup_path/$1"$'\n' && read -rn 1 <"/proc/$2/cmdline"; } 2>/dev/null

cgroup_is_empty() { # [NAME]; without a name: the whole lab's
    local events=$cgroup2/$cgroup_path${1:+/$1}/cgroup.events
    [ ! -e "$events" ] || grep -q '^populated 0' "$events"
}

kill_cgroup() { echo 1 >"$cgroup2/$cgroup_path${1:+/$1}/cgroup.kill"; }

# end_cgroup [NAME]: kills whatever is in it and removes it.
end_cgroup() {
    local top path=$cgroup_path${1:+/$1}
    if ! cgroup_is_empty "${1:-}"; then
        kill_cgroup "${1:-}"
        await 20 cgroup_is_empty "${1:-}" || die "processes in $cgroup2/$path do not end"
    fi
    for top in "$cgroup2" $cgroup1_systemd; do
        [ ! -d "$top/$path" ] || await 5 remove_tree_of_groups "$top/$path" || die "$top/$path cannot be removed"
        rmdir "$top/crosshost-lab" 2>/dev/null || :
    done
}

# The kernel empties a group a moment after its last process ends.
remove_tree_of_groups() {
    find "$1" -depth -type d -exec rmdir {} \; 2>/dev/null
    [ ! -d "$1" ]
}
