# shellcheck shell=bash
# Hosts with a kernel of their own, which is a process on the LAN. What is written lies above the disk that all such
# hosts have in common, in a file that has only that.
memory_of_own=768M

lay_disk_own() { # HOST
    echo "$(base_disk_of "$(host_fact "$1" engine)"):$own_kernel" >"$lab_dir/$1/layers" # its modules are in the disk
    tar -C "$lab_dir/$1/upper" -cf "$lab_dir/$1/seed.tar" .
}

plug_in_own() { # HOST
    ip -n "$netns-lan" tuntap add "$1" mode tap # by a raw socket at a veth, VLANs' tags would be lost
    ip -n "$netns-lan" link set "$1" master lan up
}

# It ends with its supervisor, as hosts of the other kind do. What it has as memory is a file, which ends with its mount.
exec_machine_own() { # HOST
    local nic=() settings=() disk kernel
    IFS=: read -r disk kernel <"$lab_dir/$1/layers"
    [ "$(host_fact "$1" network)" != none ] || nic=("$(host_address "$1")/24" "$lan_net.2")
    filters_bridges "$(host_fact "$1" engine)" || settings=("${bridges_unfiltered[@]/#/sysctl.}")
    exec setpriv --pdeathsig KILL nsenter --net="/run/netns/$netns-lan" \
        unshare --mount --propagation slave --pid --fork --kill-child --mount-proc \
        bash -c "$(declare -f run_kernel); run_kernel \"\$@\"" run_kernel "$1" "$lab_dir/$1" \
        "$kernel/linux" "$here/parts/kernels/own-kernel" "$memory_of_own" "$(host_mac "$1")" "$disk" "${settings[*]}" "${nic[@]}"
}

# At a reboot a kernel that is a process runs again what it was called by: a program that tells the supervisor.
run_kernel() {
    local name=$1 dir=$2 kernel=$3 called=$4 memory=$5 mac=$6 base=$7 settings
    read -ra settings <<<"$8"
    mkdir -p "$dir/memory" && mount -t tmpfs -o mode=700,size=100% tmpfs "$dir/memory" || return 9
    export TMPDIR=$dir/memory
    exec -a "$called" "$kernel" mem="$memory" ubd0="$dir/disk.cow,$base" ubd1r="$dir/seed.tar" root=/dev/ubda rw \
        vec0:transport=tap,ifname="$name",mac="$mac",depth=64,gro=1 \
        con=null con0=null,fd:1 uml_dir="$dir/memory/" umid="$name" seccomp=auto \
        "${settings[@]}" init=/usr/sbin/lab-first -- "${@:9}"
}

# It may take the connection down before it has answered.
tell_own() { # HOST reboot|poweroff
    [ "$(lab_ssh "$1" "echo told; exec systemctl --no-block $2" 2>/dev/null)" = told ]
}

listens_own() { timeout 1 bash -c ": </dev/tcp/$(host_address "$1")/22" 2>/dev/null; }

# By its own programs: no other sees its network.
exec_on_own() { # HOST CMD...
    local words=("${@:2}")
    exec ssh -F "$ssh_config" "$1" "${words[*]@Q}"
}
