# What each kind of entry answers to. A kind's functions begin with its name; kinds that belong together share a file.

function canonical_key(key,    kind) {
    kind = first_word(key)
    if (kind == "route")
        return route_key(key)
    if (kind == "fdb" || kind == "neigh")
        return lladdr_key(key)
    return key
}

function canonical_value(key, value,    kind) {
    kind = kind_of(key)
    if (kind == "link")
        return link_canonical(value)
    if (kind == "route")
        return route_canonical(value)
    if (kind == "endpoint")
        return endpoint_canonical(value, nth_word(key, 3))
    if (kind == "interface")
        gsub(/\/32 via /, " via ", value)
    return value
}

# an unknown word would end `ip -batch` without naming its line, so it never gets there
function check_words(key, value,    kind) {
    kind = kind_of(key)
    if (!docker_names_are_plain(key))
        refuse(key ": Docker knows no such name")
    if (kind == "link")
        link_check(key, value)
    else if (kind == "addr")
        words_check(key, value, "scope label", "noprefixroute")
    else if (kind == "route")
        words_check(key, value, "via dev src mtu", "onlink blackhole unreachable prohibit throw")
    else if (kind == "neigh")
        words_check(key, value, "lladdr", "")
    else if (kind == "fdb")
        words_check(key, value, "dst", "permanent")
    else if (kind == "network")
        network_check(key, value)
    else if (kind == "endpoint")
        words_check(key, value, "ipv4 alias", "connected")
    else if (kind == "interface")
        interface_words_check(key, value)
    else if (kind == "default-route" && !is_docker_name(value))
        refuse(key ": wants the name of a network")
    else if (kind == "name")
        name_check(key, value)
    else if (kind == "container")
        container_check(key, value)
    else if (kind == "nft")
        nft_check(key)
    else if (kind == "iptables" && key !~ /^iptables DOCKER-USER [^ ]+$/)
        refuse(key ": only rules of the chain DOCKER-USER are held")
    else if (kind == "range" && (route_target(key) == "" || value != "ours alone"))
        refuse(key ": wants a network, as 10.42.0.0/16, and `ours alone`")
    else if (kind == "promisc" && value != "on")
        refuse(key ": only `promisc LINK: on` is known")
    else if (kind == "boot" && value !~ /^(before|after) docker\.service$/)
        refuse(key ": wants `before docker.service` or `after docker.service`")
    else if (kind == "watch" && !(key in WATCHES && value == WATCHES[key]))
        refuse(key ": only `watch containers: attach on start` and `watch routes: add on link up` are known")
    else if (kind == "networkd" && (key != "networkd foreign-routes" || value != "keep"))
        refuse(key ": only `networkd foreign-routes: keep` is known")
}

function words_check(key, value, pairs, flags,    i, n, words) {
    n = split(value, words, " ")
    for (i = 1; i <= n; i++) {
        if (has_word(flags, words[i]))
            continue
        if (!has_word(pairs, words[i]) || ++i > n) {
            refuse(key ": the word `" words[n < i ? n : i] "` is not known there")
            return
        }
    }
}

# What the host has under this identity, in the words of the entry; "" = it is missing
function actual(id,    key, kind) {
    key = want_key[id]
    kind = want_kind[id]
    if (kind == "link")
        return link_actual(nth_word(key, 2), want_value[id])
    if (kind == "addr")
        return addr_actual(key, want_value[id])
    if (kind == "promisc")
        return promisc_actual(nth_word(key, 2))
    if (kind == "route")
        return route_actual(key, want_value[id])
    if (kind == "neigh")
        return neigh_actual(key)
    if (kind == "fdb")
        return (key in fdb_value) ? fdb_value[key] : ""
    if (kind == "sysctl")
        return sysctl_is_moot(nth_word(key, 2)) ? want_value[id] : sysctl_read(nth_word(key, 2))
    if (kind == "nft")
        return nft_actual(id)
    if (kind == "iptables")
        return iptables_actual(id)
    if (kind == "network")
        return network_actual(id)
    if (kind == "endpoint")
        return endpoint_actual(id)
    if (kind == "interface")
        return interface_actual(id)
    if (kind == "default-route")
        return default_route_actual(id)
    if (kind == "name")
        return name_actual(id)
    if (kind == "container")
        return container_actual(id)
    if (kind == "underlay")
        return underlay_actual(key, want_value[id])
    if (kind == "watch")
        return watch_actual(key, want_value[id])
    if (kind == "networkd")
        return networkd_actual(want_value[id])
    if (kind == "range")
        return range_actual(id)
    if (kind == "boot")
        return boot_actual(id)
    if (kind == "converger")
        return converger_actual(id)
    return ""
}

# the link that an entry lies on, "" if none
function device_of(key, value,    kind) {
    kind = first_word(key)
    if (kind == "addr" || kind == "promisc")
        return nth_word(key, 2)
    if (kind == "neigh" || kind == "fdb")
        return nth_word(key, 4)
    if (kind == "route")
        return word_after(value, "dev")
    return ""
}

# Refuses to touch what somebody else made
function check_owner(id,    key, kind) {
    key = want_key[id]
    kind = kind_of(key)
    if (kind == "link")
        link_check_owner(id, nth_word(key, 2))
    else if (kind == "addr")
        addr_check_owner(key)
    else if (kind == "route")
        route_check(key, want_value[id])
    else if (kind == "neigh" || kind == "fdb")
        neigh_check_owner(key, kind)
    else if (kind == "sysctl")
        sysctl_check(id)
    else if (kind == "network")
        network_check_owner(id)
    else if (kind == "endpoint")
        endpoint_check(id)
    else if (kind == "interface")
        interface_check(id)
    else if (kind == "default-route")
        default_route_check(id)
    else if (kind == "container")
        container_check_owner(id)
    else if (kind == "underlay")
        underlay_check(id)
    else if (kind == "networkd")
        networkd_check_owner(key)
    else if (kind == "range")
        range_check(id)
    else if (kind == "converger")
        converger_check(id)
}

function make(id,    key, kind) {
    key = want_key[id]
    kind = kind_of(key)
    if (kind == "link")
        link_make(id, nth_word(key, 2), want_value[id])
    else if (kind == "addr")
        addr_make(key, want_value[id])
    else if (kind == "promisc")
        promisc_make(key)
    else if (kind == "route")
        route_make(key, want_value[id])
    else if (kind == "neigh")
        neigh_make(key, want_value[id])
    else if (kind == "fdb")
        fdb_make(key, want_value[id])
    else if (kind == "sysctl")
        sysctl_make(id)
    else if (kind == "iptables")
        iptables_make(id)
    else if (kind == "network")
        network_make(id)
    else if (kind == "endpoint")
        endpoint_make(id)
    else if (kind == "interface")
        interface_make(id)
    else if (kind == "default-route")
        default_due[nth_word(key, 2)] = 1
    else if (kind == "container")
        container_make(id)
    else if (kind == "watch")
        watch_make(key)
    else if (kind == "networkd")
        networkd_make(key)
    else if (kind == "boot")
        boot_make(id)
    else if (kind == "converger")
        converger_make(id)
}

function unmake(id, key,    kind, device) {
    kind = kind_of(key)
    if (kind == "promisc")
        promisc_unmake(key)
    device = device_of(key, old_value[id])
    if (device != "" && ((device in link_dying) || (device in link_anew)))
        return
    if (kind == "link")
        link_unmake(nth_word(key, 2))
    else if (kind == "addr")
        addr_unmake(key)
    else if (kind == "route")
        route_unmake(key)
    else if (kind == "neigh")
        neigh_unmake(key)
    else if (kind == "fdb")
        fdb_unmake(key)
    else if (kind == "sysctl")
        sysctl_unmake(nth_word(key, 2))
    else if (kind == "network")
        network_unmake(nth_word(key, 3))
    else if (kind == "endpoint")
        endpoint_unmake(key)
    else if (kind == "interface")
        interface_unmake(key)
    else if (kind == "default-route")
        default_route_unmake(nth_word(key, 2))
    else if (kind == "watch")
        watch_unmake(key)
    else if (kind == "networkd")
        networkd_unmake(key)
    else if (kind == "boot")
        boot_unmake(key)
    else if (kind == "converger")
        converger_unmake(old_unit[id])
}
