# interface CONTAINER NAME: veth BRIDGE host LINK mac M [mtu N] ipv4 A/P... [gateway G] [route C via V]...
# interface CONTAINER NAME: macvlan PARENT mac M ...

BEGIN { NEEDS_DOCKER["interface"] = 1 }

function interface_canonical(key, value) {
    gsub(/\/32 via /, " via ", value)
    return value
}

function interface_note(key, value, id, role) {
    inner_note(key, value)
    if (id != "" && interface_word(want_value[id], "gateway") != "")
        default_note(id, role)
}

function interface_container(key) {
    return nth_word(key, 2)
}

function interface_asks(key, value) {
    ask_container(nth_word(key, 2))
}

function interface_check(key, value) {
    if (key !~ /^interface [^ ]+ [A-Za-z0-9_.-]+$/ || length(nth_word(key, 3)) > 15)
        refuse(key ": needs a container and a name of at most 15 characters")
    else if (value !~ /^(veth [^ ]+ host|macvlan) [^ ]+ mac [^ ]+ (mtu [0-9]+ )?ipv4 /)
        refuse(key ": needs `veth BRIDGE host LINK` or `macvlan LINK`, then mac, mtu, ipv4")
    words_check(key, value, "veth host macvlan mac mtu ipv4 gateway route via", "")
}

# one of the words behind what it lies on, which may have any name
function interface_word(value, word) {
    sub(/^[^ ]+ [^ ]+/, "", value)
    return word_after(value, word)
}

# the parts of an entry: `veth br0`, `mac M`, `route C via V`
function items_of(value, items,    n, words, i, count) {
    n = split(value, words, " ")
    for (i = 1; i <= n; i++) {
        items[++count] = words[i]
        if (words[i] !~ /^(down|not-ours)$/)
            items[count] = words[i] " " words[++i]
        if (words[i - 1] == "route") {
            items[count] = items[count] " via " words[i + 2]
            i += 2
        }
    }
    return count + 0
}

# ---- what differs

function is_our_way(way, link) {
    return has_word(way, "proto 201") && word_after(way, "dev") == link
}

# an interface in the words of an entry
function interface_found(name, link,    at, below, value, n, list, i, way) {
    at = name SUBSEP link
    below = inner_below[at]
    value = inner_kind[at] " " below
    if (inner_kind[at] == "veth")
        value = "veth " (link_master[below] == "" ? "nothing" : link_master[below]) " host " below (link_up[below] ? "" : " down")
    value = value " mac " inner_mac[at] " mtu " inner_mtu[at] inner_addresses[at]
    n = split(inner_routes[name], list, " ")
    for (i = 1; i <= n; i++) {
        way = inner_route[name, list[i]]
        if (is_our_way(way, link))
            value = value (list[i] == "default" ? " gateway " : " route " list[i] " via ") word_after(way, "via")
    }
    if (inner_kind[at] == "veth" && link_mtu[below] != inner_mtu[at])
        value = value " mtu " link_mtu[below]
    return value (inner_up[at] ? "" : " down")
}

# what an entry does not say is as below
function interface_wanted(value) {
    return value (interface_word(value, "mtu") != "" ? "" : " mtu " link_mtu[nth_word(value, 2)])
}

function interface_actual(id,    name, link, at, want, have, text, n, list, i) {
    name = nth_word(want_key[id], 2)
    link = nth_word(want_key[id], 3)
    at = name SUBSEP link
    if (!inner_open(name))
        return want_value[id]
    if (!(at in inner_mac))
        return ""
    want = interface_wanted(want_value[id])
    have = interface_found(name, link)
    if (inner_alias[at] != "crosshost:" want_unit[id] || (interface_word(want, "host") != "" && link_alias[inner_below[at]] != "crosshost:" want_unit[id]))
        have = have " not-ours"
    n = items_of(have, list)
    for (i = 1; i <= n; i++)
        if (!has_word(want, list[i]))
            text = text ", " list[i] (is_of_many(list[i]) ? " not in the plan" : "")
    n = items_of(want, list)
    for (i = 1; i <= n; i++)
        if (is_of_many(list[i]) && !has_word(have, list[i]))
            text = text ", " list[i] " missing"
    return text == "" ? want_value[id] : substr(text, 3)
}

function is_of_many(item) {
    return item ~ /^(ipv4|gateway|route) /
}

# ---- whose they are

function interface_owner(id,    key, name, at, value, parent, host, n, list, i) {
    key = want_key[id]
    value = want_value[id]
    name = nth_word(key, 2)
    at = name SUBSEP nth_word(key, 3)
    parent = nth_word(value, 2)
    host = interface_word(value, "host")
    if (!inner_check(key, name))
        return
    if ((at in inner_mac) && !inner_is_ours(at))
        refuse(key ": the container already has an interface of this name, " (inner_mark[at] == "" ? "not made by Crosshost (" inner_kind[at] inner_addresses[at] ")" : "of " unit_name(inner_mark[at])) ": choose another name")
    if (host == "") {
        parent_check(key, parent)
        kernel_check(key, "macvlan")
    } else if ((host in link_index) && link_mark[host] != "?" && !is_mine(link_mark[host]))
        refuse(key ": the host has a link " host " that Crosshost did not make: rename the attachment")
    else if (link_kind[parent] != "bridge")
        refuse(key ": there is no bridge " parent)
    n = items_of(value, list)
    for (i = 1; i <= n; i++)
        item_check(id, key, name, nth_word(key, 3), parent, list[i])
}

function inner_is_ours(at) {
    return inner_mark[at] == "?" || is_mine(inner_mark[at])
}

function item_check(id, key, name, link, parent, item,    address, i, other, way) {
    address = nth_word(item, 2)
    way = inner_route[name, address]
    if (item ~ /^route / && way != "" && !has_word(way, "proto 201"))
        refuse(key ": the container has a route that Crosshost did not make, " way)
    if (item !~ /^ipv4 /)
        return
    sub(/\/.*/, "", address)
    if (address == client && !((id in old_value) && index(old_value[id], item)))
        refuse(key ": " address " is the address of this SSH client: choose another address")
    for (i = 1; i <= want_count; i++) {
        other = want_id[i]
        if (other != id && want_kind[other] == "interface" && nth_word(want_value[other], 2) == parent && index(want_value[other], "ipv4 " address "/"))
            refuse(key ": " address " is already used by " want_key[other] ", " unit_name(want_unit[other]) ": choose another address")
    }
}

# ---- state, for undoing

function interface_state(path,    name, i, j, part, n, list) {
    for (name in inner_wanted)
        inner_open(name)
    for (i = 1; i <= inner_count; i++) {
        split(inner_links[i], part, SUBSEP)
        n = inner_mark[inner_links[i]] == "" ? 0 : items_of(interface_found(part[1], part[2]) " mark " inner_mark[inner_links[i]], list)
        for (j = 1; j <= n; j++)
            print "interface", part[1], part[2], list[j] > path
    }
    for (name in inner_routes) {
        n = split(inner_routes[name], list, " ")
        for (i = 1; i <= n; i++)
            print "interface", name, "route", inner_route[name, list[i]] > path
    }
}
