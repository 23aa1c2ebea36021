# Why a NIC cannot be the port of a bridge, or its addresses cannot go there; the same for a preview and for a change.

function uplink_bar(nic,    i, name, master) {
    if (!(nic in link_index))
        return "is no link of this host (found " parents_found() "): write one of them"
    master = link_master[nic]
    if (master != "" && !is_own_bridge(master))
        return "is a port of " master " already, " (link_mark[master] == "" ? "which Crosshost did not make" : unit_name(link_mark[master])) ": take it out there, or leave uplink out"
    if (is_wireless(nic))
        return "is wireless, and an access point accepts no frames from other MACs: use a wired NIC"
    if (link_mark[nic] != "")
        return "is of " unit_name(link_mark[nic]) " itself: use the NIC"
    if (nic == "lo" || link_is_tunnel[nic] || link_kind[nic] ~ /^(bridge|macvlan|ipvlan|vxlan)$/)
        return "is no NIC (" (nic == "lo" ? "loopback" : link_kind[nic]) "): use the one that leads to the LAN"
    if (phase == "" && (!link_up[nic] || !link_carrier[nic]))
        return "is down: plug it in, and set it up (ip link set " nic " up)"
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        if (link_parent[name] == nic && link_kind[name] ~ /^(mac|ip)v(lan|tap)$/)
            return "carries " name " (" link_kind[name] "), and cannot be the port of a bridge with that: remove it, or put it on the bridge"
    }
    return bar_of_leases(nic) bar_of_rules(nic)
}

function is_own_bridge(name) {
    return link_mark[name] == "?" || (mode == "observe" ? stack_of(link_mark[name]) == stack : is_mine(link_mark[name]))
}

# whoever has set it up would put it back
function bar_of_leases(nic,    i, key, line) {
    for (i = 1; i <= addr_count; i++) {
        key = addr_keys[i]
        if (addr_link[key] == nic && key !~ /:/ && addr_lifetime[key] != "" && !managed_has_dhcp(nic) && !profile_has_dhcp(nic) && !dhclient_has_lease(nic))
            return "has " nth_word(key, 3) " by DHCP, whose client would put it back on the NIC: give the host a static address, or let systemd-networkd, NetworkManager or dhclient (ifupdown with isc-dhcp-client) manage the lease, or leave uplink out"
    }
    line = interfaces_dhcp(nic)
    if (line ~ / inet6 dhcp/)
        return "has DHCPv6 (" line "), whose client gets nothing on a bridge\047s port: write inet6 auto or static there, or leave uplink out"
    if (line != "" && read_file(dhclient_path(nic)) == DHCLIENT_HOOK)
        return "has DHCP (" line ") by dhclient, which does not run: start it (ifup --force " nic "), or remove the Bridge"
    if (line != "")
        return "has DHCP (" line "), whose client would put addresses back on the NIC: give the host a static address, or let systemd-networkd, NetworkManager or dhclient (ifupdown with isc-dhcp-client) manage the lease, or leave uplink out"
    return managed_bar(nic) profile_bar(nic)
}

# of ifupdown
function interfaces_dhcp(nic,    n, paths, i, line, words) {
    n = interfaces_read++ ? 0 : split(interfaces, paths, " ")
    for (i = 1; i <= n; i++) {
        while ((getline line < paths[i]) > 0)
            if (split(line, words, " ") >= 4 && words[1] == "iface" && words[4] ~ /^(dhcp|bootp|ppp|wvdial|ipv4ll)$/ && \
                !(words[3] words[4] == "inetdhcp" && dhclient_has_lease(words[2])))
                interfaces_line[words[2]] = interfaces_line[words[2]] ~ / inet6 dhcp/ ? interfaces_line[words[2]] : paths[i] " has " trim(line)
        close(paths[i])
    }
    return interfaces_line[nic]
}

# packets come by the bridge now
function bar_of_rules(nic,    i, text) {
    rules_read()
    for (i = 1; i <= rule_count; i++)
        if (index(rules[i] " ", " iif " nic " ") || index(rules[i] " ", " oif " nic " "))
            text = "has a rule of the host\047s routing that names it, " rules[i] ": write it without the NIC (ip rule), or leave uplink out"
    return text
}

function uplink_dump() {
    return "rule show"
}

function uplink_take(line, words) {
    if (words[1] !~ /^[0-9]+:$/ || words[2] !~ /^(from|not)$/)
        return 0
    rules[++rule_count] = trim(line)
    return 1
}

# of IPv6 `ip` tells in no batch, and a host without its addresses is not asked
function rules_read(    command, line, words) {
    if (rules_known++ || !has_six())
        return
    command = "exec ip -6 rule show 2>/dev/null"
    while ((command | getline line) > 0) {
        split(line, words, " ")
        uplink_take(line, words)
    }
    close(command)
}

function has_six(    i) {
    for (i = 1; i <= addr_count; i++)
        if (addr_keys[i] ~ / [23f][^ ]*:/ && !addr_of_kernel[addr_keys[i]])
            return 1
    return 0
}
