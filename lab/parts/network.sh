# shellcheck shell=bash
# The LAN: a bridge in a namespace of its own, which is also the hosts' gateway; beyond it a namespace that plays
# the internet. This machine has one foot on the LAN, to log in by.

lan_owner() { { ip -o link show "$root_link" 2>/dev/null || :; } | sed -n 's/.*alias crosshost-lab \([^ \\]*\).*/\1/p'; }

# The alias is given last: where it stands, all the rest does.
lan_is_whole() {
    [ "$(lan_owner)" = "$lab_dir" ] && [ -e "/run/netns/$netns-lan" ] && [ -e "/run/netns/$netns-internet" ]
}

make_lan() {
    if lan_is_whole; then return; fi
    lock_shared_thing lan "choosing a LAN for lab $lab"
    refuse_foreign_lan
    clear_leftovers
    [ -n "$lan_net" ] || choose_lan_net
    refuse_taken_net
    step "LAN $lan_net.0/24 and an internet beyond it" build_lan
    unlock_shared_thing
}

# The same name in another cache folder is another lab, whose links and namespaces are not ours to clear.
refuse_foreign_lan() {
    local owner
    owner=$(lan_owner)
    [ -z "$owner" ] || [ "$owner" = "$lab_dir" ] ||
        die "a lab named $lab runs already, from $owner: choose another name with CROSSHOST_LAB"
}

choose_lan_net() {
    local number
    for number in $(seq 100 199); do
        lan_net=192.168.$number
        if ! net_is_routed && ! grep -qsx "$lan_net" "$cache"/labs/*/lan; then
            echo "$lan_net" >"$lab_dir/lan"
            return
        fi
    done
    die "192.168.100.0/24 to 192.168.199.0/24 are all in use; \`lab/lab down --purge\` frees a lab's"
}

net_is_routed() { [ -n "$(ip -4 route show table all root "$lan_net.0/24")" ]; }

refuse_taken_net() {
    ! net_is_routed ||
        die "$lan_net.0/24, the LAN of lab $lab, is in use on this machine: \`ip route show root $lan_net.0/24\`." \
            "To choose another: CROSSHOST_LAB=$lab lab/lab down --purge"
}

build_lan() {
    local lan=$netns-lan internet=$netns-internet
    ip netns add "$lan"
    ip -n "$lan" link set lo up
    # Else it takes the lowest of its ports', which come and go: hosts would lose their gateway.
    ip -n "$lan" link add lan address 02:4c:41:00:00:02 type bridge
    ip -n "$lan" addr add "$lan_net.2/24" dev lan
    ip -n "$lan" link set lan up
    nsenter --net="/run/netns/$lan" sysctl -qw net.ipv4.ip_forward=1
    nsenter --net="/run/netns/$lan" sysctl -qew "${bridges_unfiltered[@]}"

    ip netns add "$internet"
    ip -n "$internet" link set lo up
    ip -n "$lan" link add internet type veth peer name eth0 netns "$internet"
    ip -n "$lan" addr add "$internet_net.254/24" dev internet
    ip -n "$lan" link set internet up
    ip -n "$internet" addr add "$internet_net.1/24" dev eth0
    ip -n "$internet" link set eth0 up
    ip -n "$internet" route add "$lan_net.0/24" via "$internet_net.254"

    ip link add "$root_link" type veth peer name root netns "$lan"
    ip -n "$lan" link set root master lan up
    ip addr add "$lan_net.1/24" dev "$root_link"
    ip link set "$root_link" up
    ip link set "$root_link" alias "crosshost-lab $lab_dir"
}

# plug_in HOST: a fresh NIC on the LAN, as at power on. Whoever else should give it its address (the host's own
# ifupdown or networkd) finds it bare.
plug_in() {
    unplug "$1"
    "plug_in_$(kernel_of "$1")" "$1"
}

is_plugged_in() { ip -n "$netns-lan" link show "$1" >/dev/null 2>&1; }

unplug() {
    ip -n "$netns-lan" link del "$1" 2>/dev/null || :
    ip netns del "$netns-$1" 2>/dev/null || :
}
