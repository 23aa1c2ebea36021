# shellcheck shell=bash
# Hosts that share this machine's kernel: systemd-nspawn, in a network namespace of the host's own.

lay_disk_shared() { # HOST
    layers_of "$(host_fact "$1" engine)" >"$lab_dir/$1/layers"
    trigger_links_only "$lab_dir/$1/upper"
}

# /sys is this machine's below links: an event for each of its disks and terminals would reach this machine's own udev.
trigger_links_only() { # UPPER
    local dir=$1/etc/systemd/system/systemd-udev-trigger.service.d
    mkdir -p "$dir"
    printf '%s\n' '[Service]' 'ExecStart=' 'ExecStart=-udevadm trigger --action=add --subsystem-match=net' >"$dir/links.conf"
}

plug_in_shared() { # HOST
    local name=$1 space=$netns-$1
    ip netns add "$space"
    filters_bridges "$(host_fact "$name" engine)" ||
        nsenter --net="/run/netns/$space" sysctl -qew "${bridges_unfiltered[@]}"
    ip -n "$space" link set lo up
    ip -n "$netns-lan" link add "$name" type veth peer name eth0 netns "$space"
    ip -n "$netns-lan" link set "$name" master lan up
    ip -n "$space" link set eth0 address "$(host_mac "$name")"
    [ "$(host_fact "$name" network)" = none ] || return 0
    ip -n "$space" link set eth0 up
    ip -n "$space" addr add "$(host_address "$name")/24" dev eth0
    ip -n "$space" route add default via "$lan_net.2"
}

# Whoever of supervisor, unshare and nspawn is killed takes the rest along: process 1 of a PID namespace holds its
# inmates' lives. So no host runs that nobody knows of.
exec_machine_shared() { # HOST
    exec setpriv --pdeathsig KILL unshare --mount --propagation slave --pid --fork --kill-child --mount-proc \
        bash -c "$(declare -f run_nspawn); run_nspawn \"\$@\"" run_nspawn \
        "$1" "$lab_dir/$1" "$(host_fact "$1" layers)" "$netns"
}

# Both nsenter and --network-namespace-path: without the first, /sys/class/net shows the outer machine's links.
run_nspawn() {
    local name=$1 dir=$2 layers=$3 netns=$4
    mount -t overlay overlay -o "lowerdir=$layers,upperdir=$dir/upper,workdir=$dir/work" "$dir/merged" || return 9
    mkdir -p /run/systemd/nspawn && mount -t tmpfs tmpfs /run/systemd/nspawn # its lock files stay behind
    export SYSTEMD_NSPAWN_API_VFS_WRITABLE=1 SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
    exec nsenter --net="/run/netns/$netns-$name" systemd-nspawn --quiet --settings=no --boot \
        --directory="$dir/merged" --machine="$netns-$name" --hostname="$name" --uuid="$(cat "$dir/machine-id")" \
        --network-namespace-path="/run/netns/$netns-$name" --register=no --keep-unit \
        --capability=all --system-call-filter="add_key keyctl bpf" --console=read-only \
        --bind=/dev/net/tun --bind="$dir/docker:/var/lib/docker" --bind="$dir/containerd:/var/lib/containerd" \
        --resolv-conf=off --timezone=off --link-journal=no
}

# The host is a chain of processes: unshare, nspawn, the host's own process 1.
child_of() { first_word "/proc/$1/task/$1/children"; }
nspawn_of() { first_word "$run_dir/$1.machine" && child_of "$REPLY"; }

tell_shared() { # HOST reboot|poweroff
    nspawn_of "$1" || return 1
    case $2 in
    reboot) child_of "$REPLY" && kill -s RTMIN+5 "$REPLY" ;;
    poweroff) kill -TERM "$REPLY" ;;
    esac
}

# Seen from outside, in the host's network: no connection is tried before someone listens at its address.
listens_shared() { # HOST
    nspawn_of "$1" && holds "/proc/$REPLY/net/tcp" ':0016 00000000:0000 0A' &&
        holds "/proc/$REPLY/net/fib_trie" " $(host_address "$1")"
}
