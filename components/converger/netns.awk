# What a container has in its network namespace besides what Docker gives it: interfaces of its own. All is done from the host,
# by the container's process; of one that does not run nothing is wanted.
#   interface CONTAINER NAME: veth BRIDGE host LINK mac M [mtu N] ipv4 A/P... [gateway G] [route C via V]...
#   interface CONTAINER NAME: macvlan PARENT mac M ...

# ---- what units say

function is_inner(kind) {
    return kind == "interface" || kind == "default-route"
}

function inner_note(key, value) {
    inner_wanted[nth_word(key, 2)] = 1
    host_end[interface_word(value, "host")] = 1
}

function interface_words_check(key, value) {
    if (key !~ /^interface [^ ]+ [A-Za-z0-9_.-]+$/ || length(nth_word(key, 3)) > 15)
        refuse(key ": wants a container and a name of at most 15 characters")
    else if (value !~ /^(veth [^ ]+ host|macvlan) [^ ]+ mac [^ ]+ (mtu [0-9]+ )?ipv4 /)
        refuse(key ": wants `veth BRIDGE host LINK` or `macvlan LINK`, then mac, mtu, ipv4")
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

# ---- what a namespace has: looked into when it is first asked for

function inner_open(name) {
    if (!(name in inner_opened))
        inner_opened[name] = (name in inner_wanted) && container_pid[name] > 0 && inner_bars(name) == "" && inner_look(name)
    return inner_opened[name]
}

# Interfaces of one's own go well with `none`, and with no namespace that is somebody else's.
function inner_bars(name) {
    return container_keeps_out(name) ~ /^no network/ ? "" : container_keeps_out(name)
}

# see within_netns
function inner_look(name,    pid, command, line) {
    pid = container_pid[name]
    inner_process[name] = process(pid)
    command = "exec nsenter -t " pid " -n ip -d -o -batch - 2>/dev/null <<E\nlink show\naddr show\nroute show\nE\n"
    while ((command | getline line) > 0)
        inner_read(name, line)
    close(command)
    return (name, "lo") in inner_mac
}

function inner_read(name, line,    words, at, link) {
    split(line, words, " ")
    gsub(/\\/, " ", line)
    line = trim(line)
    link = words[2]
    sub(/[:@].*/, "", link)
    at = name SUBSEP link
    if (words[1] ~ /^[0-9]+:$/ && words[3] ~ /^</) {
        inner_links[++inner_count] = at
        inner_kind[at] = has_word(line, "veth") ? "veth" : has_word(line, "macvlan mode bridge") ? "macvlan" : "device"
        inner_below[at] = link_numbered(words[2])
        inner_up[at] = words[3] ~ /[<,]UP[,>]/
        inner_mtu[at] = word_after(line, "mtu")
        inner_mac[at] = word_after(line, "link/ether")
        inner_alias[at] = index(line, " alias ") ? substr(line, index(line, " alias ") + 7) : ""
        inner_mark[at] = inner_alias[at] ~ /^crosshost:/ ? substr(inner_alias[at], 11) : word_after(line, "group") == 201 ? "?" : ""
    } else if (words[3] == "inet")
        inner_addresses[at] = inner_addresses[at] " ipv4 " words[4]
    else if (words[1] == "unicast" && word_after(line, "proto") != "kernel" && word_after(line, "metric") == "") {
        gsub(/ (linkdown|dead|proto boot|scope global)|^unicast /, "", line)
        inner_route[name, first_word(line)] = line
        inner_routes[name] = inner_routes[name] " " first_word(line)
    }
}

# the host's link that another namespace calls eth1@if7
function link_numbered(text,    i) {
    sub(/.*@if/, "", text)
    for (i = 1; i <= link_count; i++)
        if (link_number[links[i]] ":" == text)
            return links[i]
    return "nothing"
}

# ---- interfaces: what differs

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

# ---- interfaces: whose they are

function interface_check(id,    key, name, at, value, parent, host, n, list, i) {
    key = want_key[id]
    value = want_value[id]
    name = nth_word(key, 2)
    at = name SUBSEP nth_word(key, 3)
    parent = nth_word(value, 2)
    host = interface_word(value, "host")
    if (!inner_check(key, name))
        return
    if ((at in inner_mac) && !inner_is_ours(at))
        refuse(key ": the container has an interface of this name, " (inner_mark[at] == "" ? "not ours (" inner_kind[at] inner_addresses[at] ")" : "of " unit_name(inner_mark[at])) ": choose another name")
    if (host == "") {
        parent_check(key, parent)
        kernel_check(key, "macvlan")
    } else if ((host in link_index) && link_mark[host] != "?" && !is_mine(link_mark[host]))
        refuse(key ": the host has a link " host " that is not ours: rename the attachment")
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
        refuse(key ": the container has a route that is not ours, " way)
    if (item !~ /^ipv4 /)
        return
    sub(/\/.*/, "", address)
    if (address == client && !((id in old_value) && index(old_value[id], item)))
        refuse(key ": SSH comes from " address ": choose another address")
    for (i = 1; i <= want_count; i++) {
        other = want_id[i]
        if (other != id && want_kind[other] == "interface" && nth_word(want_value[other], 2) == parent && index(want_value[other], "ipv4 " address "/"))
            refuse(key ": " address " is that of " want_key[other] ", " unit_name(want_unit[other]) ": choose another address")
    }
}

# 1: there is more to ask
function inner_check(key, name) {
    if (docker_state() != "yes" || verb == "boot" || (verb == "attach" && !(name in container_id)))
        return 0
    if (!(name in container_id))
        refuse(container_missing(name))
    else if (inner_bars(name) != "")
        refuse("container " name " has " inner_bars(name) ", and nothing of its own: make it with another")
    else if (container_pid[name] > 0 && !inner_open(name))
        refuse(key ": cannot look into the container by `nsenter -t " container_pid[name] " -n ip`: install util-linux")
    else
        return 1
    return 0
}

# ---- interfaces: making

function interface_make(id,    key, name, link, at, want, have, host, n, list, i) {
    key = want_key[id]
    name = nth_word(key, 2)
    link = nth_word(key, 3)
    at = name SUBSEP link
    if (!inner_open(name))
        return
    want = interface_wanted(want_value[id])
    host = interface_word(want, "host")
    have = at in inner_mac ? interface_found(name, link) : ""
    if (interface_word(want, "gateway") != "" || interface_word(have, "gateway") != "")
        default_due[name] = 1
    if (have != "" && !has_word(have, host == "" ? "macvlan " nth_word(want, 2) : "host " host)) {
        interface_take_away(name, link, key)
        have = ""
    }
    if (have == "") {
        if ((host in link_index) && !(host in host_end_dying))
            step(12, "ip-del", "link del " host, key) # its other end has another name
        step(105, inner_tool("into", name), interface_added(name, link, want), key)
        undo(105, inner_tool("netns", name), "link del dev " link)
    } else
        interface_state(1, name, link, have, inner_alias[at], key)
    n = items_of(have, list)
    for (i = 1; i <= n; i++)
        if (list[i] ~ /^(ipv4|route) / && !has_word(want, list[i]))
            step(105.2, inner_tool("netnsdel", name), item_command("del", list[i], link), key)
    interface_state(0, name, link, want, "crosshost:" want_unit[id], key)
    n = items_of(want, list)
    for (i = 1; have != "" && i <= n; i++)
        if (list[i] ~ /^(ipv4|route) / && !has_word(have, list[i]))
            undo(106, inner_tool("netns", name), item_command("del", list[i], link))
}

# a host's end of a veth goes with the container's
function interface_added(name, link, value,    host) {
    host = interface_word(value, "host")
    if (host == "")
        return "link add link " nth_word(value, 2) " name " link " netns " container_pid[name] " group 201 type macvlan mode bridge"
    return "link add name " host (host in link_index ? " address " link_address[host] : "") " group 201 type veth peer name " link " netns " container_pid[name] " group 201"
}

function item_command(verb, item, link,    words) {
    split(item, words, " ")
    if (words[1] == "ipv4")
        return "addr " verb " " words[2] (verb == "del" || prefix_of(words[2]) > 30 ? "" : " brd +") " dev " link
    return "route " verb " " (words[1] == "gateway" ? "default via " words[2] : words[2] " via " words[4]) " dev " link " proto 201"
}

# All of an interface that is there, as it is to be, or for undoing as it was. The kernel tells the LAN of what comes up where
# arp_notify says so.
function interface_state(undoing, name, link, value, alias, key,    host, tool, n, list, i) {
    host = interface_word(value, "host")
    tool = inner_tool("netns", name)
    if (host != "")
        state_put(undoing, .1, "ip", "link set " host (value ~ /host [^ ]+ down/ ? " down" : " up") (nth_word(value, 2) == "nothing" ? " nomaster" : " master " nth_word(value, 2)) \
            " mtu " (undoing ? link_mtu[host] : interface_word(value, "mtu")) " group 201 alias " alias, key)
    state_put(undoing, .3, tool, "link set dev " link " address " interface_word(value, "mac") " mtu " interface_word(value, "mtu") " group 201 alias " alias, key)
    n = items_of(value, list)
    for (i = 1; i <= n; i++)
        if (list[i] ~ /^ipv4 /)
            state_put(undoing, .3 + i / 1000, tool, item_command("replace", list[i], link), key)
        else if (list[i] ~ /^route / || (undoing && list[i] ~ /^gateway /))
            state_put(undoing, .7, tool, item_command("replace", list[i], link), key)
    state_put(undoing, .5, inner_tool("sysctl", name), "net/ipv4/conf/" link "/arp_notify 1", key)
    if (!sysctl_is_moot("net.ipv6"))
        state_put(undoing, .5, inner_tool("sysctl", name), "net/ipv6/conf/" link "/disable_ipv6 1", key)
    state_put(undoing, .6, tool, "link set dev " link (value ~ / down$/ ? " down" : " up"), key)
    if (host != "" && !undoing)
        step(107, inner_tool("announce", name), host " " link, key)
}

function inner_tool(tool, name) {
    return tool "-" inner_process[name]
}

# undoing begins with the highest phase
function state_put(undoing, at, tool, text, key) {
    sub(/ alias $/, "", text)
    if (undoing)
        undo(13 - at, tool, text)
    else
        step(105 + at, tool, text, key)
}

# ---- unmaking, and putting back

function interface_unmake(key,    name, at) {
    name = nth_word(key, 2)
    at = name SUBSEP nth_word(key, 3)
    if (inner_open(name) && (at in inner_mac) && inner_is_ours(at))
        interface_take_away(name, nth_word(key, 3), key)
}

# First of all, so that what it lies on is there when it is put back. With it goes the default route that leads through it.
function interface_take_away(name, link, key,    at, have) {
    at = name SUBSEP link
    have = interface_found(name, link)
    step(12, inner_tool("netnsdel", name), "link del dev " link, key)
    interface_state(1, name, link, have, inner_alias[at], key)
    undo(13, inner_tool("into", name), interface_added(name, link, have))
    if (word_after(inner_route[name, "default"], "dev") == link)
        default_due[name] = 1
    if (inner_kind[at] == "veth")
        host_end_dying[inner_below[at]] = 1
}

# what bears our mark in a container and is in no unit
function inner_extras(    i, at, part, key) {
    for (i = 1; i <= inner_count; i++) {
        at = inner_links[i]
        split(at, part, SUBSEP)
        key = "interface " part[1] " " part[2]
        if (mode == "observe")
            tell_extra(key, inner_mark[at], inner_kind[at])
        else if (is_mine(inner_mark[at]) && !(key in want_value) && !(key in old_value))
            interface_take_away(part[1], part[2], key)
    }
}

# ---- state, for undoing

function inner_write_state(path,    name, i, j, part, n, list) {
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
