# shellcheck shell=bash
# What the machine must be and have; packages that lack are installed, said aloud.

needs_root_and_linux() {
    local what="The lab boots whole Debian machines in namespaces and needs"
    local without="Without it there is \`npm run unit\`, and stacks against hosts of your own (README)."
    [ "$(uname -s)" = Linux ] || die "$what Linux; this is $(uname -s). $without"
    [ "$(id -u)" = 0 ] || die "$what root: sudo lab/lab ... $without"
    command -v apt-get >/dev/null || die "$what a Debian machine (apt-get). $without"
    [ -n "$cgroup2" ] || die "$what a cgroup2 mount; /proc/mounts shows none. $without"
}

prepare_machine() {
    mkdir -p "$cache"/{roots,engines,kernels,disks,programs,images} "$run_dir"
    need_programs mmdebstrap=mmdebstrap systemd-nspawn=systemd-container ip=iproute2 ssh=openssh-client \
        ssh-keygen=openssh-client curl=curl ping=iputils-ping tcpdump=tcpdump busybox=busybox-static
    # Guests have no modules to load. What a kernel has built in is no error here.
    modprobe -qa overlay br_netfilter vxlan macvlan tun veth nf_tables 2>/dev/null || :
    # A host's systemd and its services take about ten of what is 128 by default, on all hosts of all labs together.
    local inotify=/proc/sys/fs/inotify/max_user_instances
    [ "$(cat $inotify)" -ge 1024 ] || echo 1024 >$inotify
    # Neighbours of all namespaces lie in one table, of 1,024 by default: 32 containers that all reach each other fill it.
    local neighbours=/proc/sys/net/ipv4/neigh/default/gc_thresh3
    [ "$(cat $neighbours)" -ge 65536 ] || echo 65536 >$neighbours
}

need_programs() { # PROGRAM=PACKAGE...
    [ -n "$(missing_packages "$@")" ] || return 0
    lock_shared_thing packages "installing Debian packages"
    local missing
    missing=$(missing_packages "$@")
    # shellcheck disable=SC2086
    [ -z "$missing" ] || step "install on this machine: $missing" apt_install $missing
    unlock_shared_thing
}

missing_packages() { # PROGRAM=PACKAGE...
    local pair
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || echo "${pair#*=}"
    done | sort -u | xargs
}

apt_install() {
    apt_update
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" \
        </dev/null >"$cache/packages.log" 2>&1 ||
        die "apt-get could not install $*: $(tail -n 1 "$cache/packages.log") (all of it: $cache/packages.log)"
}

apt_update() {
    apt-get -qq -o DPkg::Lock::Timeout=300 update </dev/null >"$cache/packages.log" 2>&1 ||
        die "apt-get update failed: $(tail -n 1 "$cache/packages.log")"
}
