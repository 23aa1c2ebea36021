# Links: bridges, VXLAN devices, and what lies on a NIC: VLANs and the host's own macvlan or ipvlan. Marked by their alias, and by
# group 201 until they have it.

BEGIN {
    # what an entry does not name is at its default: compared, and put back when the word leaves the plan
    LINK_DEFAULTS["vxlan"] = "learning ttl auto ageing 300"
    LINK_DEFAULTS["bridge"] = "stp_state 0 forward_delay 1500 priority 32768 vlan_filtering 0 mcast_snooping 1"
    LINK_WORDS["vxlan"] = "id local dev dstport ttl ageing"
    LINK_WORDS["macvlan"] = LINK_WORDS["ipvlan"] = "link mode"
    LINK_WORDS["vlan"] = "link id"
    LINK_WORDS["bridge"] = "stp_state forward_delay hello_time max_age ageing_time priority vlan_filtering mcast_snooping"
    LINK_FLAGS["vxlan"] = "learning nolearning"
    LINK_FLAGS["bridge"] = ""
    LINK_COMMON = "mtu address master"
    LINK_IN_PLACE["vxlan"] = "local dev ttl ageing"     # the kernel refuses another id or dstport
    LINK_IN_PLACE["bridge"] = LINK_WORDS["bridge"]
}

# ---- what the kernel has: one line of `ip -d -o link show`

function link_read(line,    part, n, i, name, parent, above, words) {
    n = split(line, part, "\\")
    split(part[1], words, " ")
    name = words[2]
    sub(/:$/, "", name)
    parent = index(name, "@")
    if (parent) {
        above = substr(name, parent + 1)
        name = substr(name, 1, parent - 1)
    }
    link_parent[name] = above
    links[++link_count] = name
    link_index[name] = link_count
    link_number[name] = words[1] + 0
    link_up[name] = words[3] ~ /[<,]UP[,>]/
    link_promisc[name] = words[3] ~ /[<,]PROMISC[,>]/
    link_mtu[name] = word_after(part[1], "mtu")
    link_master[name] = word_after(part[1], "master")
    link_group[name] = word_after(part[1], "group")
    link_address[name] = nth_word(part[2], 2)
    link_is_tunnel[name] = part[2] ~ /^ *link\/(none|ppp|ipip|gre|sit|tunnel6|gre6) /
    for (i = 3; i <= n; i++)
        link_read_part(name, trim(part[i]))
    if (link_alias[name] ~ /^crosshost:/)
        link_mark[name] = substr(link_alias[name], 11)
    else
        link_mark[name] = link_alias[name] == "" && link_group[name] == 201 ? "?" : ""
}

# an alias, which is anybody's text, comes behind what the link is
function link_read_part(name, text,    kind) {
    kind = first_word(text)
    if (kind == "alias")
        link_alias[name] = substr(text, 7)
    else if (link_kind[name] == "" && !(name in link_alias) && kind !~ /_slave$/) {
        link_kind[name] = kind
        link_words[name] = text
    }
}

# A link that the unit held is still its own when only the alias was changed by hand.
function link_settle_marks(    i, name, id) {
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        id = "link " name
        if (link_group[name] == 201 && link_alias[name] !~ /^crosshost:/ && (id in old_value))
            link_mark[name] = old_unit[id]
    }
}

# the value of one word of a link, "" if it does not have it
function link_word(name, word) {
    if (word == "mtu")
        return link_mtu[name]
    if (word == "address")
        return link_address[name]
    if (word == "link")
        return link_parent[name]
    if (word == "master")
        return link_master[name]
    return word_after(link_words[name], word)
}

function link_learning(name) {
    return has_word(link_words[name], "nolearning") ? "nolearning" : "learning"
}

# ---- the words of an entry

function link_check(key, value,    kind) {
    kind = first_word(value)
    if (!(kind in LINK_WORDS)) {
        refuse(key ": links of kind `" kind "` are not made by this converger (" version ")")
        return
    }
    if (length(nth_word(key, 2)) > 15)
        refuse(key ": the name of a link has at most 15 characters")
    words_check(key, substr(value, length(kind) + 2), LINK_WORDS[kind] " " LINK_COMMON, LINK_FLAGS[kind])
}

function link_canonical(value,    kind, n, words, i) {
    kind = first_word(value)
    n = split(LINK_DEFAULTS[kind], words, " ")
    for (i = 1; i <= n; i++) {
        if (words[i] == "learning") {
            if (!has_word(value, "nolearning") && !has_word(value, "learning"))
                value = value " learning"
        } else {
            if (!has_word(value, words[i]))
                value = value " " words[i] " " words[i + 1]
            i++
        }
    }
    return value
}

# the words of the entry as the link has them; a link that is down says so
function link_actual(name, value,    kind, n, words, i, have, text) {
    if (!(name in link_index))
        return ""
    kind = first_word(value)
    if (link_kind[name] != kind)
        return link_kind[name] == "" ? "device" : link_kind[name]
    text = kind
    n = split(value, words, " ")
    for (i = 2; i <= n; i++) {
        if (words[i] ~ /learning$/) {
            text = text " " link_learning(name)
            continue
        }
        have = link_word(name, words[i])
        if (have == "" && word_after(LINK_DEFAULTS[kind], words[i]) == words[i + 1])
            have = words[i + 1]       # an older kernel or ip does not print the word
        text = text " " (have == "" ? "no-" words[i] : words[i] " " have)
        i++
    }
    return text (link_up[name] ? "" : " down")
}

function link_check_owner(id, name,    i, other, value) {
    value = want_value[id]
    if ((name in link_index) && link_mark[name] != "?" && !is_mine(link_mark[name])) {
        refuse("link " name ": belongs to " (link_mark[name] != "" ? unit_name(link_mark[name]) : "somebody else (" \
            (link_kind[name] == "" ? "device" : link_kind[name]) (link_alias[name] == "" ? ", no mark" : ", alias " link_alias[name]) ")"))
        return
    }
    if (!(name in link_index))
        kernel_check("link " name, first_word(value))
    if (first_word(value) == "vlan")
        parent_check("link " name, word_after(value, "link"))
    if (first_word(value) != "vxlan")
        return
    for (i = 1; i <= link_count; i++) {
        other = links[i]
        if (other != name && link_kind[other] == "vxlan" && !is_mine(link_mark[other]) && \
            vxlan_takes(other, word_after(value, "id")) && link_word(other, "dstport") == word_after(value, "dstport"))
            refuse("link " name ": VNI " word_after(value, "id") " on port " word_after(value, "dstport") " is taken by " other \
                " (" (link_mark[other] == "" ? "not ours" : unit_name(link_mark[other])) ")")
    }
}

# one that is `external` takes all that come to its port
function vxlan_takes(name, id) {
    return link_word(name, "id") == id || has_word(link_words[name], "external")
}

# ---- making

# true if no word differs that the kernel only takes when a link is made
function link_fits_in_place(name, value,    kind, n, words, i) {
    kind = first_word(value)
    if (link_kind[name] != kind)
        return 0
    n = split(value, words, " ")
    for (i = 2; i <= n; i++) {
        if (words[i] ~ /learning$/)
            continue
        if (!has_word(LINK_COMMON " " LINK_IN_PLACE[kind], words[i]) && link_word(name, words[i]) != words[i + 1])
            return 0
        i++
    }
    return 1
}

function link_make(id, name, value) {
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
        if (has_word(LINK_FLAGS[kind], words[i]))
            own = own " " words[i]
        else if (words[i] == "mtu")
            mtu = words[++i]
        else if (words[i] ~ /^(address|link)$/)
            common = common " " words[i] " " words[++i]
        else if (words[i] != "master") {
            own = own " " words[i] " " words[i + 1]
            i++
        } else
            i++
    }
    if (mtu != "")
        common = " mtu " (kind == "bridge" ? mtu - 1 : mtu) common
    phase = kind ~ /^(mac|ip)vlan$/ ? 40.5 : 40 # it may lie on a VLAN of the same unit
    step(phase, "ip", "link add name " name common " group 201 type " kind own, want_key[id])
    undo(phase, "ip", "link del " name)
    step(41, "ip", "link set " name " alias crosshost:" want_unit[id], want_key[id])
    if (kind == "bridge" && mtu != "")
        step(42, "ip", "link set " name " mtu " mtu, want_key[id])
    if (has_word(raw, "master"))
        step(43, "ip", "link set " name " master " word_after(raw, "master"), want_key[id])
    step(44, "ip", "link set " name " up", want_key[id])
}

function link_set(id, name, value,    kind, n, words, i, have, own, was) {
    kind = first_word(value)
    if (link_alias[name] != "crosshost:" want_unit[id]) {
        step(41, "ip", "link set " name " alias crosshost:" want_unit[id], want_key[id])
        if (link_alias[name] ~ /^crosshost:[^ ]+$/)
            undo(41, "ip", "link set " name " alias " link_alias[name])
    }
    n = split(value, words, " ")
    for (i = 2; i <= n; i++) {
        if (words[i] ~ /learning$/) {
            if (words[i] != link_learning(name)) {
                own = own " " words[i]
                was = was " " link_learning(name)
            }
            continue
        }
        have = link_word(name, words[i])
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
        step(42, "ip", "link set " name " type " kind own, want_key[id])
        undo(42, "ip", "link set " name " type " kind was)
    }
    if (!link_up[name]) {
        step(44, "ip", "link set " name " up", want_key[id])
        undo(44, "ip", "link set " name " down")
    }
}

# another address makes the kernel forget neighbours and routes, so undoing states them again
function link_set_common(id, name, word, value, have) {
    step(42, "ip", "link set " name " " word " " value, want_key[id])
    if (word == "address")
        link_undo_contents(name, 30)
    undo(42, "ip", "link set " name " " (have == "" ? "no" word : word " " have))
}

# ---- unmaking, and putting back

function link_take_away(name, phase,    i) {
    step(phase, "ip", "link del " name, "link " name)
    link_undo_contents(name, phase)
    sysctl_undo_link(name, phase + .2)
    for (i = 1; i <= link_count; i++)
        if (link_master[links[i]] == name)
            undo(phase + .7, "ip", "link set dev " links[i] " master " name)
    if (link_up[name])
        undo(phase + .75, "ip", "link set " name " up")
    if (link_master[name] != "")
        undo(phase + .8, "ip", "link set " name " master " link_master[name])
    if (link_kind[name] == "bridge")
        undo(phase + .8, "ip", "link set " name " mtu " link_mtu[name])
    if (link_alias[name] != "")
        undo(phase + .8, "ip", "link set " name " alias " link_alias[name])
    undo(phase + .9, "ip", link_again(name))
}

function link_again(name,    kind, own, n, words, i, have) {
    kind = link_kind[name]
    n = split(LINK_WORDS[kind], words, " ")
    for (i = 1; i <= n; i++) {
        have = link_word(name, words[i])
        if (have != "" && have != "auto" && words[i] != "link" && have != word_after(LINK_DEFAULTS[kind], words[i]))
            own = own " " words[i] " " have
    }
    if (kind == "vxlan" && link_learning(name) == "nolearning")
        own = own " nolearning"
    return "link add name " name (has_word(LINK_WORDS[kind], "link") ? " link " link_parent[name] : "") " mtu " (kind == "bridge" ? link_mtu[name] - 1 : link_mtu[name]) \
        (kind == "ipvlan" ? "" : " address " link_address[name]) " group " link_group[name] " type " kind own
}

# undoing goes from the highest phase down, and in a phase from the last line up
function link_undo_contents(name, phase,    i, key) {
    if ((name, phase) in contents_stated)
        return
    contents_stated[name, phase] = 1
    for (i = addr_count; i >= 1; i--) {
        key = addr_keys[i]
        if (addr_device[key] == name && !addr_of_kernel[key])
            undo(phase + .6, "ip", addr_command("add", key, name))
    }
    for (i = 1; i <= neigh_count; i++)
        if (neigh_device[neigh_keys[i]] == name)
            undo(phase + .5, "ip", neigh_again(neigh_keys[i]))
    for (i = 1; i <= fdb_count; i++)
        if (fdb_device[fdb_keys[i]] == name)
            undo(phase + .4, "bridge", fdb_command(fdb_keys[i], fdb_value[fdb_keys[i]]))
    for (i = 1; i <= route_count; i++)
        if (route_proto[route_keys[i]] != "kernel" && (route_device[route_keys[i]] == name || route_owner(route_keys[i]) == name))
            undo(phase + .3, "ip", "route replace " route_raw[route_keys[i]])
}

# That of a forerunner makes room: the kernel takes no second VXLAN of one identifier and port.
function link_unmake(name,    phase) {
    if (!(name in link_index) || !is_mine(link_mark[name]))
        return
    phase = (link_mark[name] in forerunner) ? 30 : 90
    if (link_kind[name] == "veth")
        step(137, "ip-del", "link del " name, "link " name) # its other end is lost: after all that may fail
    else
        link_take_away(name, link_kind[name] ~ /^(mac|ip)vlan$/ ? phase - .5 : phase) # with the VLAN that it lies on it would go by itself
}
