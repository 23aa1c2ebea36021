# The host as far as a change can touch it, in lines that are compared after undoing.

function say_state() {
    write_state("/dev/stdout")
}

function write_state(path,    i, name, at, pair, ignored) {
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        if (link_mark[name] != "" || (("link " name) in want_value))
            print "link", name, link_kind[name], link_state(name) > path
    }
    for (i = 1; i <= addr_count; i++)
        if (!addr_of_kernel[addr_keys[i]])
            print addr_keys[i], addr_words[addr_keys[i]] > path
    for (i = 1; i <= route_count; i++)
        if (route_proto[route_keys[i]] != "kernel")
            print "route", route_raw[route_keys[i]] > path
    for (i = 1; i <= neigh_count; i++)
        print neigh_keys[i], neigh_value[neigh_keys[i]] > path
    for (i = 1; i <= fdb_count; i++)
        print fdb_keys[i], fdb_value[fdb_keys[i]] > path
    for (name in nft_live)
        print "nft", name, plain(nft_live[name]) > path
    for (i = 1; i <= iptables_count; i++)
        print "iptables", iptables_chain[i], iptables_unit[i], iptables_rules[i] > path
    while ((getline name < (journal_dir "/users")) > 0)
        network_users(name, ignored)
    close(journal_dir "/users")
    for (name in network_value)
        print "docker network", name, network_mark[name], network_value[name] > path
    for (at in endpoint_value) {
        split(at, pair, SUBSEP)
        print "docker endpoint", pair[1], pair[2], endpoint_value[at] > path
    }
    inner_write_state(path)
    if (names_unit() != "")
        for (name in container_hosts)
            print "names", name, plain(names_found(name)) > path
    for (at in want_kind)
        if (want_kind[at] == "sysctl")
            print want_key[at], sysctl_read(nth_word(want_key[at], 2)) > path
        else if (want_kind[at] == "promisc")
            print want_key[at], promisc_actual(nth_word(want_key[at], 2)) > path
    close(path)
}

function link_state(name,    kind, n, words, i, text) {
    kind = link_kind[name]
    n = split(LINK_WORDS[kind] " " LINK_COMMON, words, " ")
    for (i = 1; i <= n; i++)
        text = text " " words[i] " " link_word(name, words[i])
    return text " " link_learning(name) " " link_alias[name] (link_up[name] ? " up" : " down")
}
