# Making interfaces of containers, and taking them away.

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
            step("interface.remove", "ip-del", "link del " host, key) # its other end has another name
        step("interface.add", inner_tool("into", name), interface_added(name, link, want), key)
        undo("interface.add", inner_tool("netns", name), "link del dev " link)
    } else
        interface_set(1, name, link, have, inner_alias[at], key)
    n = items_of(have, list)
    for (i = 1; i <= n; i++)
        if (list[i] ~ /^(ipv4|route) / && !has_word(want, list[i]))
            step("interface.drop", inner_tool("netnsdel", name), item_command("del", list[i], link), key)
    interface_set(0, name, link, want, "crosshost:" want_unit[id], key)
    n = items_of(want, list)
    for (i = 1; have != "" && i <= n; i++)
        if (list[i] ~ /^(ipv4|route) / && !has_word(have, list[i]))
            undo("interface.back.items", inner_tool("netns", name), item_command("del", list[i], link))
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
function interface_set(undoing, name, link, value, alias, key,    host, tool, n, list, i) {
    host = interface_word(value, "host")
    tool = inner_tool("netns", name)
    if (host != "")
        interface_step(undoing, "host", "ip", "link set " host (value ~ /host [^ ]+ down/ ? " down" : " up") (nth_word(value, 2) == "nothing" ? " nomaster" : " master " nth_word(value, 2)) \
            " mtu " (undoing ? link_mtu[host] : interface_word(value, "mtu")) " group 201 alias " alias, key)
    interface_step(undoing, "words", tool, "link set dev " link " address " interface_word(value, "mac") " mtu " interface_word(value, "mtu") " group 201 alias " alias, key)
    n = items_of(value, list)
    for (i = undoing ? n : 1; i >= 1 && i <= n; i += undoing ? -1 : 1)
        if (list[i] ~ /^ipv4 /)
            interface_step(undoing, "addresses", tool, item_command("replace", list[i], link), key)
    for (i = 1; i <= n; i++)
        if (list[i] ~ /^route / || (undoing && list[i] ~ /^gateway /))
            interface_step(undoing, "routes", tool, item_command("replace", list[i], link), key)
    interface_step(undoing, "sysctls", inner_tool("sysctl", name), "net/ipv4/conf/" link "/arp_notify 1", key)
    if (!sysctl_is_moot("net.ipv6"))
        interface_step(undoing, "sysctls", inner_tool("sysctl", name), "net/ipv6/conf/" link "/disable_ipv6 1", key)
    interface_step(undoing, "up", tool, "link set dev " link (value ~ / down$/ ? " down" : " up"), key)
    if (host != "" && !undoing)
        step("interface.announce", inner_tool("announce", name), host " " link, key)
}

function interface_step(undoing, what, tool, text, key) {
    sub(/ alias $/, "", text)
    if (undoing)
        undo("interface.back." what, tool, text)
    else
        step("interface." what, tool, text, key)
}

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
    step("interface.remove", inner_tool("netnsdel", name), "link del dev " link, key)
    interface_set(1, name, link, have, inner_alias[at], key)
    undo("interface.back", inner_tool("into", name), interface_added(name, link, have))
    if (word_after(inner_route[name, "default"], "dev") == link)
        default_due[name] = 1
    if (inner_kind[at] == "veth")
        host_end_dying[inner_below[at]] = 1
}

# what bears our mark in a container and is in no unit
function interface_extras(    i, at, part, key) {
    for (i = 1; i <= inner_count; i++) {
        at = inner_links[i]
        split(at, part, SUBSEP)
        key = "interface " part[1] " " part[2]
        extra(key, inner_mark[at], inner_kind[at], "")
    }
}
