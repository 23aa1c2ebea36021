# Making links and taking them away.

# ---- making

# links that go, and links that have to be made anew with all that lies on them
function link_prepare(    i, id, name) {
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        if (is_mine(link_mark[name]) && !(("link " name) in want_value) && !(name in host_end))
            link_dying[name] = 1
    }
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        name = nth_word(want_key[id], 2)
        if (want_key[id] !~ /^link / || !is_mine(want_unit[id]) || !(name in link_index) || link_fits_in_place(name, want_value[id]))
            continue
        link_anew[name] = 1
        link_take_away(name, "link.remake")
        keep_ports(name, want_key[id])
    }
}

function keep_ports(bridge, key,    i, j, n, lines) {
    for (i = 1; i <= link_count; i++) {
        if (link_master[links[i]] != bridge || (links[i] in link_dying))
            continue
        n = link_rejoining(links[i], lines)
        for (j = 1; j <= n; j++)
            step("link.join", "ip", lines[j], key)
    }
}

# A port that is isolated is down until it is so again: what comes by it would go out by others, and round.
function link_rejoining(name, lines,    n, set) {
    set = "link set dev " name
    if (link_isolated[name] == "on" && link_up[name])
        lines[++n] = set " down"
    lines[++n] = set " master " link_master[name]
    if (link_isolated[name] == "on")
        lines[++n] = set " type bridge_slave isolated on"
    if (link_isolated[name] == "on" && link_up[name])
        lines[++n] = set " up"
    return n
}

# true if no word differs that the kernel only takes when a link is made
function link_fits_in_place(name, value,    kind, n, words, i, stem) {
    kind = first_word(value)
    if (link_kind[name] != kind || userland_amiss(name) == "wireguard-go")
        return 0
    n = split(value, words, " ")
    for (i = 2; i <= n; i++) {
        stem = link_stem(kind, words[i])
        if (stem != "") {
            if (!has_word(LINK_IN_PLACE[kind], stem) && link_flag(name, stem) != words[i])
                return 0
            continue
        }
        if (!has_word(LINK_COMMON " " LINK_IN_PLACE[kind], words[i]) && link_word(name, words[i]) != words[i + 1])
            return 0
        i++
    }
    return 1
}

function link_make(id,    name, value) {
    name = nth_word(want_key[id], 2)
    value = want_value[id]
    if (!(name in link_index) || (name in link_anew))
        link_add(id, name, want_raw[id])
    else
        link_set(id, name, value)
}

# The MTU of a bridge counts as chosen, and does not follow its ports, only when it is changed on a bridge that is there.
function link_add(id, name, raw,    kind, n, words, i, common, own, mtu, phase) {
    kind = first_word(raw)
    n = split(raw, words, " ")
    for (i = 2; i <= n; i++) {
        if (link_stem(kind, words[i]) != "")
            own = own " " words[i]
        else if (words[i] == "mtu")
            mtu = words[++i]
        else if (words[i] ~ /^(address|link)$/)
            common = common " " words[i] " " words[++i]
        else if (words[i] !~ /^(master|isolated)$/) {
            own = own " " words[i] " " words[i + 1]
            i++
        } else
            i++
    }
    if (mtu != "")
        common = " mtu " (kind == "bridge" ? mtu - 1 : mtu) common
    phase = kind ~ /^(mac|ip)vlan$/ ? "link.add.upper" : "link.add"
    if (wireguard_is_userland(kind))
        userland_add(id, name)
    else {
        step(phase, "ip", "link add name " name common " group 201 type " kind own, want_key[id])
        undo(phase, "ip", "link del " name)
    }
    step("link.mark", "ip", "link set " name " alias crosshost:" want_unit[id], want_key[id])
    if ((kind == "bridge" || wireguard_is_userland(kind)) && mtu != "")
        step("link.set", "ip", "link set " name " mtu " mtu, want_key[id])
    if (has_word(raw, "master"))
        step("link.join", "ip", "link set " name " master " word_after(raw, "master"), want_key[id])
    if (has_word(raw, "isolated"))
        step("link.join", "ip", "link set " name " type bridge_slave isolated " word_after(raw, "isolated"), want_key[id])
    step("link.up", "ip", "link set " name " up", want_key[id])
}

function link_set(id, name, value,    kind, n, words, i, stem, have, own, was, joins, rests) {
    kind = first_word(value)
    joins = has_word(value, "isolated") && link_master[name] != word_after(value, "master")
    rests = joins && link_up[name]
    if (rests)
        link_rest(name, want_key[id])
    if (link_alias[name] != "crosshost:" want_unit[id]) {
        step("link.mark", "ip", "link set " name " alias crosshost:" want_unit[id], want_key[id])
        if (link_alias[name] ~ /^crosshost:[^ ]+$/)
            undo("link.mark", "ip", "link set " name " alias " link_alias[name])
    }
    if (userland_amiss(name) == "stopped")
        userland_start(name, want_key[id])
    n = split(value, words, " ")
    for (i = 2; i <= n; i++) {
        stem = link_stem(kind, words[i])
        if (stem != "") {
            if (words[i] != link_flag(name, stem)) {
                own = own " " words[i]
                was = was " " link_flag(name, stem)
            }
            continue
        }
        have = link_word(name, words[i])
        if (words[i] == "isolated" && joins)
            have = "" # it goes with the former bridge
        if (have == "" && word_after(LINK_DEFAULTS[kind], words[i]) == words[i + 1])
            have = words[i + 1]
        if (have != words[i + 1] && has_word(LINK_COMMON, words[i]))
            link_set_common(id, name, words[i], words[i + 1], have)
        else if (have != words[i + 1]) {
            own = own " " words[i] " " words[i + 1]
            was = was " " words[i] " " have
        }
        i++
    }
    if (own != "") {
        step("link.set", "ip", "link set " name " type " kind own, want_key[id])
        undo("link.set", "ip", "link set " name " type " kind was)
    }
    if (!link_up[name] || rests) {
        step("link.up", "ip", "link set " name " up", want_key[id])
        undo("link.up", "ip", "link set " name " down")
    }
}

# until it is isolated; the kernel forgets what leads by it
function link_rest(name, key) {
    step("link.set", "ip", "link set " name " down", key)
    link_undo_contents(name, "link.remake")
    undo("link.set", "ip", "link set " name " up")
}

# Another address makes the kernel forget neighbours and routes, so undoing states them again. Whether a port is isolated goes with its bridge.
function link_set_common(id, name, word, value, have,    n, lines) {
    step("link.set", "ip", "link set " name " " (word == "isolated" ? "type bridge_slave " : "") (word == "master" && value == "none" ? "nomaster" : word " " value), want_key[id])
    if (word == "address")
        link_undo_contents(name, "link.remake")
    if (word == "master" && have != "")
        for (n = link_rejoining(name, lines); n >= 1; n--)
            undo("link.set", "ip", lines[n])
    else if (word != "isolated")
        undo("link.set", "ip", "link set " name " " (have == "" ? "no" word : word " " have))
    else if (have != "")
        undo("link.set", "ip", "link set " name " type bridge_slave isolated " have)
}

# ---- unmaking, and putting back

# That of a forerunner makes room: the kernel takes no second VXLAN of one identifier and port. So do WireGuard and Geneve, and a VXLAN
# that a Geneve follows: their UDP port may be that of what takes their place. A tunnel that is a port goes before another joins, as two ways
# between the same bridges are a loop. What a NIC has brought leaves it first.
function link_unmake(key,    name, phase) {
    name = nth_word(key, 2)
    if (!(name in link_index) || !is_mine(link_mark[name]))
        return
    phase = ((link_mark[name] in forerunner) || link_kind[name] ~ /^(wireguard|geneve)$/ || is_switching(name) || (link_kind[name] == "vxlan" && geneve_follows(link_word(name, "dstport")))) && !(name in uplink_nic) ? "link.remake" : "link.del"
    if (link_kind[name] == "veth")
        step("link.veth.del", "ip-del", "link del " name, "link " name)
    else
        link_take_away(name, phase (link_kind[name] ~ /^(mac|ip)vlan$/ ? ".upper" : "")) 
}

# a tunnel that spans a bridge over hosts
function is_switching(name) {
    return link_kind[name] ~ /^(vxlan|geneve|gretap)$/ && link_master[name] != ""
}

function geneve_follows(port,    i) {
    for (i = 1; i <= want_count; i++)
        if (is_mine(want_unit[want_id[i]]) && want_value[want_id[i]] ~ /^geneve / && word_after(want_value[want_id[i]], "dstport") == port)
            return 1
    return 0
}

function link_take_away(name, phase,    i, j, n, lines) {
    if (!(name in link_in_userland))
        step(phase, "ip", "link del " name, "link " name)
    link_undo_contents(name, phase)
    sysctl_undo_link(name, phase ".back.sysctls")
    for (i = 1; i <= link_count; i++) {
        n = link_master[links[i]] == name ? link_rejoining(links[i], lines) : 0
        for (j = n; j >= 1; j--)
            undo(phase ".back.ports", "ip", lines[j])
    }
    if (link_up[name])
        undo(phase ".back.up", "ip", "link set " name " up")
    if (link_isolated[name] == "on")
        undo(phase ".back.words", "ip", "link set " name " type bridge_slave isolated on")
    if (link_master[name] != "")
        undo(phase ".back.words", "ip", "link set " name " master " link_master[name])
    if (link_kind[name] == "bridge")
        undo(phase ".back.words", "ip", "link set " name " mtu " link_mtu[name])
    if (link_alias[name] != "")
        undo(phase ".back.words", "ip", "link set " name " alias " link_alias[name])
    if (name in link_in_userland)
        userland_take_away(name, phase)
    else
        undo(phase ".back.add", "ip", link_again(name))
}

function link_again(name,    kind, own, n, words, i, have) {
    kind = link_kind[name]
    n = split(LINK_WORDS[kind], words, " ")
    for (i = 1; i <= n; i++) {
        have = link_word(name, words[i])
        if (have != "" && have != "auto" && words[i] != "link" && have != word_after(LINK_DEFAULTS[kind], words[i]))
            own = own " " words[i] " " have
    }
    n = split(LINK_FLAGS[kind], words, " ")
    for (i = 1; i <= n; i++)
        if (link_flag(name, words[i]) != LINK_UNSAID[words[i]])
            own = own " " link_flag(name, words[i])
    return "link add name " name (has_word(LINK_WORDS[kind], "link") ? " link " link_parent[name] : "") " mtu " (kind == "bridge" ? link_mtu[name] - 1 : link_mtu[name]) \
        (kind == "ipvlan" || link_is_tunnel[name] ? "" : " address " link_address[name]) " group " link_group[name] " type " kind own
}

# undoing goes from the highest phase down, and in a phase from the last line up
function link_undo_contents(name, phase,    i, key) {
    if ((name, phase) in contents_stated)
        return
    contents_stated[name, phase] = 1
    for (i = addr_count; i >= 1; i--) {
        key = addr_keys[i]
        if (addr_link[key] == name && !addr_of_kernel[key])
            undo(phase ".back.addr", "ip", addr_command("add", key, name))
    }
    for (i = 1; i <= neigh_count; i++)
        if (neigh_link[neigh_keys[i]] == name)
            undo(phase ".back.neigh", "ip", neigh_again(neigh_keys[i]))
    for (i = 1; i <= fdb_count; i++)
        if (fdb_link[fdb_keys[i]] == name)
            undo(phase ".back.fdb", "bridge", fdb_command(fdb_keys[i], fdb_value[fdb_keys[i]]))
    wireguard_undo_link(name, phase ".back.wireguard")
    for (i = 1; i <= route_count; i++)
        if (route_proto[route_keys[i]] != "kernel" && (route_dev[route_keys[i]] == name || route_link(route_keys[i]) == name))
            undo(phase ".back.routes", "ip", "route replace " route_raw[route_keys[i]])
}
