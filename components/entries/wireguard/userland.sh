# shellcheck shell=sh
# wireguard-go, which is what a kernel lacks that has no WireGuard.

# start|stop DEVICE
wireguard_go() {
    service=crosshost-$stack-$2.service
    systemctl stop "$service" 2>/dev/null
    case $1 in
        start)
            systemd-run --quiet --collect --unit="$service" --description="Crosshost: wireguard-go of $2" -p Restart=always -p RestartSec=1 -p StartLimitIntervalSec=0 \
                -p RestartPreventExitStatus=77 -p ExecStartPost="/bin/sh $0 resume $stack $2" /bin/sh "$0" tunnel "$stack" "$2"
            ;;
        stop) rmdir /run/wireguard 2>/dev/null || : ;;
    esac
}

# DEVICE: one that is not there the process would make, without our mark
tunnel() {
    ip link show dev "$1" >/dev/null 2>&1 || exit 77
    exec wireguard-go -f "$1"
}

# DEVICE: what units on file say of it, as the process may have died; one that a change has just made is told by that
resume() {
    tries=100
    # before the process listens at its socket, `wg` takes it for a dead one's and removes it, which ends the process
    until grep -q " 00010000 .*/wireguard/$1\.sock\$" /proc/net/unix && wg show "$1" listen-port >/dev/null 2>&1; do
        [ $((tries -= 1)) -gt 0 ] || die "wireguard-go does not serve $1"
        sleep 0.05
    done
    cat "$lib_dir/$stack/units"/* 2>/dev/null | while read -r kind name more; do
        case "$kind $name" in
            "link $1:") ip link set "$1" mtu "${more##*mtu }" ;;
            "wireguard $1:") run_line wg "set $1 private-key $lib_dir/$stack/keys/$1 ${more% public-key *}" ;;
            "wireguard $1")
                run_line wg "set $1 ${more%%: *} ${more#*: } persistent-keepalive 1" # sends at once: the peer would use the old session for 15 s
                run_line wg "set $1 ${more%%: *} persistent-keepalive off ${more#*: }"
                ;;
        esac
    done
}
