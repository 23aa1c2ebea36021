# shellcheck shell=bash
# The read-only roots: one for each Debian release, made once, the lower layer of every host's disk.
recipe=2 # raise it when prepare_root changes
root_packages=(
    docker.io openssh-server sudo
    systemd systemd-sysv udev dbus kmod procps ca-certificates netbase
    iproute2 iptables nftables ifupdown iputils-ping
    tcpdump strace
)

packages_of() {
    local names=("${root_packages[@]}")
    [ "$1" = bookworm ] || names+=(docker-cli)
    local IFS=,
    echo "${names[*]}"
}

root_of() { echo "$cache/roots/$1-$(printf '%s %s' "$recipe" "$(packages_of "$1")" | sha256sum | cut -c1-8)"; }

# make_root RELEASE: runs beside others, as `lab root RELEASE`; holds the release's lock, so that two labs do not make the same.
make_root() {
    local release=$1 root log=$cache/roots/$1.log
    root=$(root_of "$release")
    lock_shared_thing "roots/$release" "making the root $release"
    if [ ! -e "$root" ]; then
        rm -rf "$root.part"
        unpack_debian "$release" "$root.part" >"$log" 2>&1 ||
            die "mmdebstrap of $release failed: $(tail -n 1 "$log") (all of it: $log)"
        prepare_root "$root.part" >>"$log" 2>&1 || die "could not prepare the root $release: see $log"
        mv "$root.part" "$root"
    fi
    unlock_shared_thing
}

# mmdebstrap needs half of debootstrap's time. A testing release may be past its date where a mirror is frozen.
unpack_debian() {
    contained mmdebstrap --mode=root --format=directory --variant=minbase --include="$(packages_of "$1")" \
        --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Check-Valid-Until "false"' \
        --dpkgopt=force-unsafe-io "$1" "$2" \
        "$(debian_source "$1")"
}

# Its mounts and its processes end with it, and it ends with us.
contained() { setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc "$@" </dev/null; }

prepare_root() {
    local root=$1
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/* \
        "$root"/etc/ssh/ssh_host_* "$root"/etc/{machine-id,hostname,resolv.conf}
    echo '# no name server on this LAN' >"$root/etc/resolv.conf"
    mkdir -p "$root/etc/docker"
    docker_settings >"$root/etc/docker/daemon.json"
    add_users "$root"
}

# ops is what many real hosts have: no group but its own, root only by sudo. plain has not even that.
add_users() {
    local root=$1 name
    for name in ops plain; do chroot "$root" useradd --create-home --user-group --shell /bin/bash "$name"; done
    echo 'ops ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/ops"
    chmod 440 "$root/etc/sudoers.d/ops"
}
