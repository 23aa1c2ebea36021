# uplink NIC: bridge BRIDGE. The NIC is a port of a bridge of ours, which has its MAC, its addresses and its routes; what set up the NIC
# goes on to set it up at boot, and this moves it before Docker starts. It is no file of an admin's that is changed for it.

function uplink_note(key, value, id, role) {
    uplink_nic[nth_word(value, 2)] = nth_word(key, 2)
}

function uplink_check(key, value) {
    if (key !~ /^uplink [^ ]+$/ || value !~ /^bridge [^ ]+$/)
        refuse(key ": needs `bridge BRIDGE`")
}

function uplink_touches(key,    nic) {
    nic = nth_word(key, 2)
    return nic " " link_master[nic] " " uplink_bridge_was(key) " " ((key in want_value) ? nth_word(want_value[key], 2) : "")
}

function uplink_bridge_was(key) {
    return (key in old_value) ? nth_word(old_value[key], 2) : ""
}

function uplink_before_docker(id) {
    return 1
}

# at boot, until the NIC is there, and set up by NetworkManager if that has it
function uplink_waits(id,    nic) {
    nic = nth_word(want_key[id], 2)
    return phase != "" && (!(nic in link_index) || profile_is_awaited(nic))
}

function uplink_rebuilt(id) {
    return nth_word(want_value[id], 2) in link_anew
}

function uplink_owner(id,    nic, why) {
    nic = nth_word(want_key[id], 2)
    if (phase != "" && !(nic in link_index))
        return
    why = uplink_bar(nic)
    if (why != "")
        refuse(want_key[id] ": " nic " " why)
}

# ---- what the host has

function uplink_actual(id,    nic, bridge, text, found) {
    nic = nth_word(want_key[id], 2)
    bridge = nth_word(want_value[id], 2)
    if (!(nic in link_index))
        return ""
    if (link_master[nic] != bridge)
        return link_master[nic] == "" ? "not a port of any bridge" : "port of " link_master[nic]
    found = uplink_addresses(nic)
    if (found != "")
        text = ", " found " on " nic
    if (link_address[bridge] != link_address[nic])
        text = text ", " bridge " has address " link_address[bridge]
    if (link_mtu[bridge] != link_mtu[nic])
        text = text ", " bridge " has mtu " link_mtu[bridge] ", " nic " has " link_mtu[nic]
    if (managed_differs(nic, bridge))
        text = text ", systemd-networkd is not told"
    if (profile_differs(nic, bridge))
        text = text ", NetworkManager is not told"
    if (dhclient_differs(nic))
        text = text ", dhclient is not told"
    return text == "" ? want_value[id] : substr(text, 3)
}

# but for those that IPv6 has on each link
function uplink_addresses(name,    i, text) {
    for (i = 1; i <= addr_count; i++)
        if (addr_link[addr_keys[i]] == name && !addr_of_kernel[addr_keys[i]])
            text = text (text == "" ? "" : ", ") nth_word(addr_keys[i], 3)
    return text
}

function uplink_record(nic) {
    return run_dir "/uplink/" nic
}

# What a bridge cannot have of its NIC: names of addresses, which begin with that of their link. Another bridge takes them over.
function uplink_recorded(nic, bridge, before,    i, key, text) {
    sub(/^[^\n]*\n/, "", before)
    text = "bridge " bridge "\n" before
    for (i = 1; i <= addr_count; i++) {
        key = addr_keys[i]
        if (addr_link[key] == nic && addr_label[key] != "")
            text = text nth_word(key, 3) addr_label[key] "\n"
    }
    return text
}

function uplink_label(nic, address,    line, label, path) {
    path = uplink_record(nic)
    while ((getline line < path) > 0)
        if (first_word(line) == address && line ~ / label /)
            label = " label " nth_word(line, 3)
    close(path)
    return label
}

# ---- moving

function uplink_make(id,    key, nic, bridge, from) {
    key = want_key[id]
    nic = nth_word(key, 2)
    bridge = nth_word(want_value[id], 2)
    from = link_master[nic] != "" ? link_master[nic] : nic
    uplink_keep_record(nic, bridge, key)
    uplink_pin(nic, bridge, key)
    uplink_back_up(nic)
    if (link_master[nic] != bridge) {
        step("uplink.move", "ip", "link set dev " nic " master " bridge, key)
        if (from == nic)
            undo_later("link set dev " nic " nomaster")
        else
            undo_later("link set dev " nic " master " from)
    }
    carry(nic, nic, bridge, "uplink.move", "uplink.clear", key)
    if (from != nic && from != bridge)
        carry(nic, from, bridge, "uplink.move", "uplink.clear", key)
    undo_all("uplink.move")
    managed_make(nic, bridge, key)
    profile_make(nic, bridge, key)
    dhclient_make(nic, key)
}

# whoever has set it down meanwhile: SSH comes by it
function uplink_back_up(nic) {
    if (link_up[nic])
        undo_later("link set dev " nic " up")
}

function uplink_keep_record(nic, bridge, key,    before, text) {
    before = read_file(uplink_record(nic))
    text = uplink_recorded(nic, bridge, before)
    if (index(before, "bridge " bridge "\n") == 1)
        return
    step("uplink.record", "put", uplink_record(nic) " 0600 " journal_file(text), key)
    undo("uplink.record", "prune", run_dir "/uplink")
    undo_file("uplink.record", uplink_record(nic), before)
}

# A bridge whose MAC and MTU are not set takes those of its ports, whichever come; an MTU counts as set when it is another.
function uplink_pin(nic, bridge, key,    is_new) {
    is_new = !(bridge in link_index) || (bridge in link_anew)
    if (is_new)
        uplink_settings(nic, bridge, key)
    if (is_new || link_address[bridge] != link_address[nic]) {
        step("uplink.pin", "ip", "link set dev " bridge " address " link_address[nic], key)
        if (!is_new)
            undo("uplink.pin", "ip", "link set dev " bridge " address " link_address[bridge])
    }
    if (is_new || link_mtu[bridge] != link_mtu[nic]) {
        step("uplink.pin", "ip", "link set dev " bridge " mtu " (link_mtu[nic] - 1), key)
        step("uplink.pin", "ip", "link set dev " bridge " mtu " link_mtu[nic], key)
        if (!is_new)
            undo("uplink.pin", "ip", "link set dev " bridge " mtu " link_mtu[bridge])
    }
}

# of the NIC's own what is not as for any new link
function uplink_settings(nic, bridge, key,    n, names, i, path, part, value) {
    n = split("ipv4/accept_local ipv4/accept_redirects ipv4/arp_announce ipv4/arp_filter ipv4/arp_ignore ipv4/arp_notify ipv4/log_martians " \
        "ipv4/proxy_arp ipv4/route_localnet ipv4/rp_filter ipv4/secure_redirects ipv4/send_redirects ipv4/shared_media " \
        "ipv6/disable_ipv6 ipv6/accept_dad ipv6/accept_ra ipv6/accept_ra_defrtr ipv6/accept_redirects ipv6/addr_gen_mode ipv6/autoconf " \
        "ipv6/dad_transmits ipv6/use_tempaddr", names, " ")
    for (i = 1; i <= n; i++) {
        split(names[i], part, "/")
        path = "net/" part[1] "/conf/"
        value = read_line("/proc/sys/" path nic "/" part[2])
        if (value != "" && value != read_line("/proc/sys/" path "default/" part[2]))
            step("uplink.settings", "sysctl", path bridge "/" part[2] " " value, key)
    }
}

# The bridge goes, or another program's NIC comes in its place: all that it has and is not ours goes back.
function uplink_unmake(key,    nic, bridge) {
    nic = nth_word(key, 2)
    bridge = link_master[nic]
    if (!(nic in link_index) || bridge == "" || !is_mine(link_mark[bridge])) {
        uplink_forget(nic, key)
        uplink_hand_back(nic, uplink_bridge_was(key), key)
        return
    }
    uplink_back_up(nic)
    undo_later("link set dev " nic " master " bridge)
    carry(nic, bridge, nic, "uplink.release", "uplink.release.clear", key)
    undo_all("uplink.release")
    uplink_forget(nic, key)
    uplink_hand_back(nic, bridge, key)
}

# to whoever sets up the NIC
function uplink_hand_back(nic, bridge, key) {
    managed_unmake(nic, bridge, key)
    profile_unmake(nic, bridge, key)
    dhclient_unmake(nic, key)
}

function uplink_forget(nic, key,    before) {
    before = read_file(uplink_record(nic))
    if (before == "")
        return
    step("uplink.forget", "remove", uplink_record(nic), key)
    step("uplink.forget.folder", "prune", run_dir "/uplink", key)
    undo_file("uplink.forget", uplink_record(nic), before)
}

# A bridge of ours that goes while no unit tells of its NIC any more
function uplink_prepare(    i, name) {
    dhclient_forget()
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        if ((link_master[name] in link_dying) && link_mark[name] == "" && name !~ /^veth/ && !(("uplink " name) in want_value))
            unmake("uplink " name)
    }
}

function uplink_state(path,    bridge, nic) {
    for (bridge in uplink_nic) {
        nic = uplink_nic[bridge]
        print "uplink", nic, (link_up[nic] ? "up" : "down"), link_master[nic], uplink_addresses(nic) > path
    }
}

function uplink_facts(    i, name, why, bridge) {
    for (bridge in uplink_nic)
        print "fact uplink " bridge, uplink_nic[bridge]
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        if (name ~ /^veth/)
            continue
        why = uplink_bar(name)
        gsub(/[^ -~]/, "_", why)
        if (why != "")
            print "fact no-uplink " name, why
    }
}
