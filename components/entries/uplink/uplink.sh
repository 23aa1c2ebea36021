# shellcheck shell=sh
# NICs that are to be the ports of bridges, at boot: whoever sets them up is to be done first, since what he brings later would stay on
# the NIC. systemd-networkd, NetworkManager and ifup@.service start before us, and are done some time after.

await_uplinks() {
    grep -q -s '^uplink ' "$lib_dir/$stack/units"/* || return 0
    [ ! -d /run/NetworkManager ] || nm-online -s -q -t 30
    sed -n 's/^uplink \([^ ]*\): .*/\1/p' "$lib_dir/$stack/units"/* 2>/dev/null | while read -r nic; do
        await_end 100 is_being_set_up "$nic"
        await_end 300 is_being_plugged "$nic"
    done
}

# TENTHS CONDITION...: of a second, at most
await_end() {
    tries=$1
    shift
    while "$@" && [ $((tries -= 1)) -gt 0 ]; do sleep 0.1; done
}

is_being_set_up() {
    [ -e /run/systemd/netif/state ] || return 1
    number=$(ip -o link show dev "$1" 2>/dev/null)
    [ -n "$number" ] || return 1
    case $(sed -n 's/^ADMIN_STATE=//p' "/run/systemd/netif/links/${number%%:*}" 2>/dev/null) in
        '' | pending | initialized | configuring) return 0 ;;
        *) return 1 ;;
    esac
}

# By ifupdown, where its file says `allow-hotplug`, as Debian's installer writes. It notes the NIC as up before it has begun.
is_being_plugged() {
    ifquery --list --allow=hotplug 2>/dev/null | grep -qxF "$1" || return 1
    ! grep -q -s . "/run/network/ifstate.$1" || [ "$(systemctl show -p SubState --value "ifup@$1.service")" = running ]
}

# UUID LINK...: profiles of NetworkManager's
activate_profiles() {
    nmcli connection reload || return
    while [ $# -gt 0 ]; do
        activate_profile "$1" "$2" || return
        shift 2
    done
}

# NetworkManager wants no bridge that udev has not told it of yet. With a DHCP server that is slow (3) it goes on by itself.
activate_profile() {
    for _ in 1 2 3 4 5 6 7 8; do
        said=$(nmcli -w 3 connection up uuid "$1" ifname "$2" 2>&1)
        case $? in 0 | 3) return 0 ;; esac
        sleep 0.25
    done
    echo "$said" >&2
    return 1
}

# LINK FILE: a server that is there has answered by then; one that gave another address than before is believed. With a lease, too, the
# default route may be gone: as the bridge loses its port, networkd 257 deletes its own there, and names no link.
keep_lease() {
    sleep 2
    leased=' valid_lft '
    [ -n "$(ip -4 -o addr show dev "$1" dynamic)" ] || leased='^$'
    grep -v "$leased" "$2" | ip -force -batch - >/dev/null 2>&1 || :
}
