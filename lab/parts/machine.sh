# shellcheck shell=bash
# A host's disk: the shared root below, and above it what makes this host itself.

# choose_hosts N: sets `hosts` to vm1..vmN and those that are up besides.
choose_hosts() {
    local number
    mapfile -t hosts < <({
        for number in $(seq "$1"); do echo "vm$number"; done
        wanted_hosts | tr ' ' '\n' | grep . || :
    } | sort -u)
    check_releases
}

# What a host was made with stays, whatever is asked for later.
release_for() { host_fact "$1" release 2>/dev/null || release_asked_for "$1"; }

release_asked_for() {
    local turn=("${releases_in_turn[@]}")
    [ -z "${CROSSHOST_LAB_RELEASES:-}" ] || IFS=, read -ra turn <<<"$CROSSHOST_LAB_RELEASES"
    echo "${turn[($(host_number "$1") - 1) % ${#turn[@]}]}"
}

check_releases() {
    local name release
    for name in "${hosts[@]}"; do
        release=$(release_asked_for "$name")
        [[ " ${releases_in_turn[*]} " = *" $release "* ]] ||
            die "CROSSHOST_LAB_RELEASES names \"$release\"; known are: ${releases_in_turn[*]}"
        [ "$release" = "$(release_for "$name")" ] ||
            note "$name stays $(release_for "$name"), as it was made; lab/lab down $name --purge forgets that"
    done
}

make_disks() {
    local name
    [ -e "$key_file.pub" ] || { rm -f "$key_file" && ssh-keygen -q -t ed25519 -N '' -C "lab $lab" -f "$key_file"; }
    for name in "${hosts[@]}"; do
        disk_is_whole "$name" || make_disk "$name"
        touch "$lab_dir/$name/wanted"
    done
}

# A disk without the root it was laid upon is none.
disk_is_whole() { [ -e "$lab_dir/$1/made" ] && [ -d "$(host_fact "$1" root)" ]; }

make_disk() {
    local name=$1 dir=$lab_dir/$1 upper=$lab_dir/$1/upper release
    release=$(release_for "$name")
    rm -rf "$dir"
    mkdir -p "$dir"/{work,merged,docker,containerd} "$upper"/etc/{ssh,network,systemd/{network,system}}
    echo "$release" >"$dir/release"
    echo "${networks_in_turn[($(host_number "$name") - 1) % ${#networks_in_turn[@]}]}" >"$dir/network"
    root_of "$release" >"$dir/root"
    tr -d - </proc/sys/kernel/random/uuid >"$dir/machine-id"
    cp "$dir/machine-id" "$upper/etc/machine-id"
    echo "$name" >"$upper/etc/hostname"
    ssh-keygen -q -t ed25519 -N '' -C "root@$name" -f "$upper/etc/ssh/ssh_host_ed25519_key"
    cp "$key_file.pub" "$upper/etc/ssh/lab_keys"
    write_hosts_file >"$upper/etc/hosts"
    make_quick "$(host_fact "$name" root)" "$upper"
    "write_network_of_$(host_fact "$name" network)" "$name" "$upper"
    touch "$dir/made"
}

# make_quick ROOT UPPER: without what costs every test, and none is about.
make_quick() {
    local root=$1 upper=$2 generator
    # What withstands quantum computers takes the client of OpenSSH 9.2 70 ms for each login.
    install -D -m 0644 <(echo 'KexAlgorithms curve25519-sha256') "$upper/etc/ssh/sshd_config.d/quick.conf"
    # No message of the day: four processes for each login.
    install -D -m 0644 <(sed '/pam_motd/d' "$root/etc/pam.d/sshd") "$upper/etc/pam.d/sshd"
    # A dozen processes at each boot and daemon-reload, for an fstab, encrypted disks and init scripts that are not here.
    mkdir -p "$upper/etc/systemd/system-generators" "$upper/var"
    for generator in "$root"/usr/lib/systemd/system-generators/*; do
        ln -s /dev/null "$upper/etc/systemd/system-generators/${generator##*/}"
    done
    # At a boot udev looks at links alone: the disks and terminals below /sys are this machine's, a second for each boot.
    mkdir -p "$upper/etc/systemd/system/systemd-udev-trigger.service.d"
    printf '%s\n' '[Service]' 'ExecStart=' 'ExecStart=-udevadm trigger --action=add --subsystem-match=net' \
        >"$upper/etc/systemd/system/systemd-udev-trigger.service.d/links.conf"
    # Six processes for every link that comes or goes, for lines that no /etc/network/interfaces here has.
    mkdir -p "$upper/etc/udev/rules.d"
    ln -s /dev/null "$upper/etc/udev/rules.d/80-ifupdown.rules"
    # Or the first boot makes caches anew that the root has.
    touch "$upper"/{etc,var}/.updated
}

write_hosts_file() {
    local number
    echo "127.0.0.1 localhost"
    echo "$lan_net.2 lan-registry"
    for number in $(seq 9); do echo "$(host_address "vm$number") vm$number"; done
}

write_network_of_ifupdown() {
    printf '%s\n' 'auto lo' 'iface lo inet loopback' 'auto eth0' 'iface eth0 inet static' \
        "    address $(host_address "$1")/24" "    gateway $lan_net.2" >"$2/etc/network/interfaces"
    mask_networkd "$2"
}

write_network_of_networkd() {
    printf '%s\n' '[Match]' 'Name=eth0' '[Network]' "Address=$(host_address "$1")/24" "Gateway=$lan_net.2" \
        >"$2/etc/systemd/network/10-lan.network"
    mkdir -p "$2/etc/systemd/system/multi-user.target.wants"
    ln -s /lib/systemd/system/systemd-networkd.service "$2/etc/systemd/system/multi-user.target.wants/"
    mask_units "$2" networking.service
}

# The address comes with the NIC, as in a cloud's container host.
write_network_of_none() {
    mask_networkd "$2"
    mask_units "$2" networking.service
}

mask_networkd() { mask_units "$1" systemd-networkd.service systemd-networkd.socket; }
