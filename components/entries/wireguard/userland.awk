# wireguard-go, where the kernel has no WireGuard: a process that encrypts, behind a TUN device that stays when it ends, with its addresses and
# routes. systemd runs it as a service of no file, which is gone with a boot, as the device is; `resume` tells a new one what the last one knew.

function wireguard_is_userland(kind) {
    return kind == "wireguard" && stands_in(kind)
}

# no other TUN device is ours
function userland_observe(    i, name) {
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        if (link_kind[name] == "tun" && link_mark[name] != "") {
            link_kind[name] = link_words[name] = "wireguard"
            link_in_userland[name] = 1
        }
    }
}

# `wireguard-go`: the kernel has its own by now
function userland_amiss(name) {
    if (!(name in link_in_userland))
        return ""
    if (!stands_in("wireguard"))
        return "wireguard-go"
    return link_up[name] && !link_carrier[name] ? "stopped" : ""
}

# before its MTU is set, as each new one sets its own
function userland_add(id, name) {
    step("link.add", "ip", "tuntap add dev " name " mode tun", want_key[id])
    step("link.add", "ip", "link set " name " group 201 addrgenmode none", want_key[id])
    undo("link.add", "ip", "link del " name)
    userland_start(name, want_key[id])
}

function userland_start(name, key) {
    step("link.serve", "wireguard-go", "start " name, key)
    undo("link.serve", "wireguard-go", "stop " name)
}

# undoing goes on from the last line up
function userland_take_away(name, phase) {
    step(phase, "wireguard-go", "stop " name, "link " name)
    step(phase, "ip", "link del " name, "link " name)
    undo(phase ".back.words", "ip", "link set " name " mtu " link_mtu[name])
    if (link_carrier[name])
        undo(phase ".back.add", "wireguard-go", "start " name)
    undo(phase ".back.add", "ip", "link set " name " group " link_group[name] " addrgenmode none")
    undo(phase ".back.add", "ip", "tuntap add dev " name " mode tun")
}
