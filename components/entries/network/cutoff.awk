# Containers whose links went with a bridge or a NIC, while the network in Docker's records is as it was.

# Whoever deletes a bridge cuts its containers off: made anew, it has none of their ports. One that has ended since has none either.
function bridge_is_cut_off(net, bridge,    n, names, i, ended) {
    if (!network_running[net] || bridge_ports(bridge) || system("ls /sys/class/net/" bridge "/brif 2>/dev/null | grep -q .") == 0)
        return 0
    n = split(network_members[net], names, " ")
    for (i = 1; i <= n; i++)
        ended += (names[i] in container_id) && (container_running[names[i]] != "true" || (container_pid[names[i]] > 0 && process(container_pid[names[i]]) == ""))
    return ended < n
}

function bridge_ports(bridge,    link, count) {
    for (link in link_index)
        if (link_master[link] == bridge)
            count++
    return count + 0
}

# whose addresses have to be known
function lan_note(    id, name, n, list, i) {
    for (id in want_kind) {
        name = nth_word(want_key[id], 3)
        if (want_kind[id] != "network" || want_value[id] ~ /^bridge / || !(mode == "observe" ? stack_of(want_unit[id]) == stack : is_mine(want_unit[id])))
            continue
        n = split(network_members[name], list, " ")
        for (i = 1; i <= n; i++)
            ask_container(list[i])
    }
}

function lan_is_cut_off(name,    at, pair) {
    for (at in endpoint_now) {
        split(at, pair, SUBSEP)
        if (pair[2] == name && container_running[pair[1]] == "true" && lacks_address(container_pid[pair[1]], endpoint_now[at]))
            return 1
    }
    return 0
}

# by the kernel's table of the container's own addresses
function lacks_address(pid, address,    path, line, read, found) {
    if (!pid || address == "")
        return 0
    path = "/proc/" pid "/net/fib_trie"
    while (!found && (read = getline line < path) > 0)
        found = has_word(line, address)
    close(path)
    return !found && read == 0
}
