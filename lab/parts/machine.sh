# shellcheck shell=bash
# A host's disk: the shared root below, and above it what makes this host itself.

# choose_hosts N: sets `hosts` to vm1..vmN and those that are up besides.
choose_hosts() {
    local number
    mapfile -t hosts < <({
        for number in $(seq "$1"); do echo "vm$number"; done
        wanted_hosts | tr ' ' '\n' | grep . || :
    } | sort -Vu)
    check_asked
}

# What a host was made with stays, whatever is asked for later.
engine_for() { host_fact "$1" engine 2>/dev/null || engine_asked_for "$1"; }
kernel_for() { if [ -e "$lab_dir/$1/made" ]; then kernel_of "$1"; else kernel_asked_for "$1"; fi; }

engine_asked_for() { in_turn "$1" "${CROSSHOST_LAB_ENGINES:-}" "${engines_in_turn[@]}"; }
kernel_asked_for() { in_turn "$1" "${CROSSHOST_LAB_KERNELS:-}" "${kernels_in_turn[@]}"; }

in_turn() { # HOST ASKED DEFAULT...
    local turn=("${@:3}")
    [ -z "$2" ] || IFS=, read -ra turn <<<"$2"
    echo "${turn[($(host_number "$1") - 1) % ${#turn[@]}]}"
}

check_asked() {
    local name engine kernel
    for name in "${hosts[@]}"; do
        engine=$(engine_asked_for "$name")
        kernel=$(kernel_asked_for "$name")
        is_engine "$engine" ||
            die "CROSSHOST_LAB_ENGINES names \"$engine\"; known are: ${engines_in_turn[*]}"
        [[ $kernel = shared || $kernel = own ]] ||
            die "CROSSHOST_LAB_KERNELS names \"$kernel\"; known are: shared own"
        tell_difference "$name" "Docker $engine" "Docker $(engine_for "$name")"
        tell_difference "$name" "kernel \"$kernel\"" "kernel \"$(kernel_for "$name")\""
    done
}

tell_difference() { # HOST ASKED MADE
    [ "$2" = "$3" ] || note "$1 stays with $3, as it was made; lab/lab down $1 --purge forgets that"
}

make_disks() {
    local name
    [ -e "$key_file.pub" ] || { rm -f "$key_file" && ssh-keygen -q -t ed25519 -N '' -C "lab $lab" -f "$key_file"; }
    for name in "${hosts[@]}"; do
        disk_is_whole "$name" || make_disk "$name"
        touch "$lab_dir/$name/wanted"
    done
}

# A disk without the layers it was laid upon is none.
disk_is_whole() {
    local layers layer
    [ -e "$lab_dir/$1/made" ] && IFS=: read -ra layers <"$lab_dir/$1/layers" || return 1
    for layer in "${layers[@]}"; do [ -e "$layer" ] || return 1; done
}

make_disk() {
    local name=$1 dir=$lab_dir/$1 upper=$lab_dir/$1/upper engine kernel release
    engine=$(engine_for "$name")
    kernel=$(kernel_for "$name")
    release=$(release_with "$engine")
    rm -rf "$dir"
    mkdir -p "$dir"/{work,merged,docker,containerd} "$upper"/{var,etc/{ssh,network,systemd/network}}
    echo "$engine" >"$dir/engine"
    echo "$kernel" >"$dir/kernel"
    echo "$release" >"$dir/release"
    echo "${networks_in_turn[($(host_number "$name") - 1) % ${#networks_in_turn[@]}]}" >"$dir/network"
    tr -d - </proc/sys/kernel/random/uuid >"$dir/machine-id"
    cp "$dir/machine-id" "$upper/etc/machine-id"
    echo "$name" >"$upper/etc/hostname"
    write_keys "$(root_of "$release")" "$upper"
    case $engine in *-nftables) choose_nftables "$engine" "$upper" ;; esac
    write_hosts_file >"$upper/etc/hosts"
    touch "$upper"/{etc,var}/.updated # it has booted before
    "write_network_of_$(host_fact "$name" network)" "$name" "$upper"
    "lay_disk_$kernel" "$name"
    touch "$dir/made"
}

# What an installer leaves: host keys of each kind, and logins by the lab's key.
write_keys() { # ROOT UPPER
    local root=$1 upper=$2 user home owner
    ssh-keygen -A -f "$upper" >/dev/null 2>&1
    while IFS=: read -r user _ owner _ _ home _; do
        [[ " root ops plain " = *" $user "* ]] || continue
        install -d -m 0700 -o "$owner" -g "$owner" "$upper$home" "$upper$home/.ssh"
        install -m 0600 -o "$owner" -g "$owner" "$key_file.pub" "$upper$home/.ssh/authorized_keys"
    done <"$root/etc/passwd"
}

# With nftables Docker switches no forwarding on, and does not start without: whoever asks for the one has the other.
choose_nftables() { # ENGINE UPPER
    mkdir -p "$2"/etc/{docker,sysctl.d}
    docker_settings "$1" >"$2/etc/docker/daemon.json"
    echo 'net.ipv4.ip_forward = 1' >"$2/etc/sysctl.d/60-docker.conf"
}

write_hosts_file() {
    local number
    echo "127.0.0.1 localhost"
    echo "$lan_net.2 lan-registry"
    for number in $(seq "$most_hosts"); do echo "$(host_address "vm$number") vm$number"; done
}

write_network_of_ifupdown() {
    printf '%s\n' 'source /etc/network/interfaces.d/*' 'auto lo' 'iface lo inet loopback' 'auto eth0' 'iface eth0 inet static' \
        "    address $(host_address "$1")/24" "    gateway $lan_net.2" >"$2/etc/network/interfaces"
}

write_network_of_networkd() {
    printf '%s\n' '[Match]' 'Name=eth0' '[Network]' "Address=$(host_address "$1")/24" "Gateway=$lan_net.2" \
        >"$2/etc/systemd/network/10-lan.network"
    mkdir -p "$2/etc/systemd/system/multi-user.target.wants"
    ln -s /lib/systemd/system/systemd-networkd.service "$2/etc/systemd/system/multi-user.target.wants/"
}

# The address comes with the NIC, as in a cloud's container host.
write_network_of_none() { :; }
