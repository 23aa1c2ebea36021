# What the host has now: one dump of the kernel for all units, and of nft, iptables and Docker only what the units speak of.

function observe_host(    command, line, kind) {
    command = "exec ip -d -o -batch - <<E\nlink show\naddr show\nroute show table all\nneigh show nud permanent\nE\n"
    while ((command | getline line) > 0)
        take_ip_line(line)
    close(command)
    if (!("lo" in link_index)) {
        refuse("`ip` tells nothing about this host")
        return
    }
    link_settle_marks()
    if (speaks_of("fdb") || has_tunnel_of_ours()) {
        command = "exec bridge fdb show"
        while ((command | getline line) > 0)
            fdb_read(line)
        close(command)
    }
    if (has_nft && (speaks_of("nft") || sweeping())) {
        command = "exec nft -s list ruleset inet"
        while ((command | getline line) > 0)
            nft_read(line)
        close(command)
    }
    if (has_iptables && (speaks_of("iptables") || sweeping())) {
        command = "exec iptables -w 10 -S DOCKER-USER 2>/dev/null"
        while ((command | getline line) > 0)
            iptables_read(line)
        close(command)
    }
    if (phase != "links" && (speaks_of("network") || speaks_of("endpoint") || sweeping()))
        docker_read()
    nft_collect()
}

function take_ip_line(line,    words) {
    split(line, words, " ")
    if (words[1] ~ /^[0-9]+:$/ && words[3] ~ /^</)
        link_read(line)
    else if (words[3] == "inet" || words[3] == "inet6")
        addr_read(line)
    else if (words[1] ~ /^(unicast|blackhole|unreachable|prohibit|throw)$/)
        route_read(line)
    else if (words[2] == "dev" && has_word(line, "PERMANENT"))
        neigh_read(line)
}

function speaks_of(kind) {
    return kind in kinds_wanted
}

# Uninstalling takes away what is marked, also where somebody has deleted the units that told of it.
function sweeping() {
    return me == stack ":*"
}

function has_tunnel_of_ours(    i) {
    for (i = 1; i <= link_count; i++)
        if (link_kind[links[i]] == "vxlan" && link_mark[links[i]] != "")
            return 1
    return 0
}
