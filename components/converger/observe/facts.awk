# What is told of the host beside drift: what plans are checked with.

BEGIN { DMI = "/sys/class/dmi/id/" }

function boot_id() {
    return read_line("/proc/sys/kernel/random/boot_id")
}

function say_facts(    i, name, key) {
    if (docker_state() == "yes" && !network_count)
        docker_networks()
    print "fact kernel " read_line("/proc/sys/kernel/osrelease")
    print "fact docker " docker_version()
    if (docker_elsewhere != "")
        print "fact docker-service " plain(docker_elsewhere)
    if (docker_leaves_iptables())
        print "fact docker-iptables " docker_leaves
    if (docker_rules_are_gone())
        print "fact docker-rules gone"
    if (is_legacy(has_iptables))
        print "fact iptables legacy"
    print "fact nft " (has_nft ? "yes" : "none")
    if (!has_wg)
        print "fact without wg"
    if (read_line("/proc/sys/net/bridge/bridge-nf-call-iptables") == 1)
        print "fact bridges filtered"
    print "fact boot " boot_id()
    if (socket != "")
        print "fact socket " socket
    if (tls != "")
        print "fact login-tls yes"
    say_lacks()
    for (i = 1; i <= addr_count; i++) {
        key = addr_keys[i]
        name = addr_link[key]
        if (!addr_is_of_loopback(key) && !addr_of_kernel[key])
            print "fact address " name " " nth_word(key, 3) " " link_mtu[name]
    }
    for (i = 1; i <= route_count; i++) {
        key = route_keys[i]
        if (route_target(key) != "" && !is_own_route(key))
            print "fact route " nth_word(key, 2) " " route_value[key]
        name = word_after(route_value[key], "via")
        if (name ~ /^[0-9.]+$/ && !is_own_route(key) && !router_known[name]++)
            print "fact router " name
        if (route_is_on_link(key))
            print "fact on-link " nth_word(key, 2), route_dev[key]
    }
    say_links()
    kinds_facts()
    if (docker_state() == "yes") {
        say_containers()
        say_places()
        say_pools()
        say_docker_pools()
        say_nameless()
    }
    say_networkd()
    say_listeners()
    say_macs()
    say_lans()
    say_client()
    say_line("fact machine ", "/etc/machine-id")
    say_line("fact vendor ", DMI "sys_vendor")
    say_line("fact chassis ", DMI "chassis_asset_tag")
    say_firewall()
}

# `fact listens tcp 0.0.0.0 80 nginx 812`, and the id of the container that it is in
function say_listeners(    command, line, words, ip, at, pid, name) {
    command = "exec ss -Hltnup 2>/dev/null"
    while ((command | getline line) > 0) {
        split(line, words, " ")
        ip = words[5]
        sub(/(%[^:]*)?:[0-9]+$/, "", ip)
        gsub(/[][]/, "", ip)
        at = index(line, "((\"")
        name = at ? substr(line, at + 3) : "-"
        sub(/".*/, "", name)
        gsub(/ /, "_", name)
        pid = line
        if (!sub(/^.*users:[^=]*,pid=/, "", pid))
            pid = "-"
        sub(/,.*/, "", pid)
        sub(/.*:/, "", words[5])
        print "fact listens " words[1], ip, words[5], plain(name), pid container_of(pid)
    }
    close(command)
}

function container_of(pid,    path, line, id) {
    path = "/proc/" pid "/cgroup"
    while (id == "" && (getline line < path) > 0)
        if (match(line, /docker[-\/][0-9a-f]+/))
            id = " " substr(line, RSTART + 7, RLENGTH - 7)
    close(path)
    return id
}

function say_line(prefix, path,    line) {
    line = read_line(path)
    if (line != "")
        print prefix plain(line)
}

# one question for all of them: most kernels lack none
function say_lacks(    n, names, i, asked) {
    n = split("vxlan geneve ip_gre ipip wireguard macvlan ipvlan 8021q", names, " ")
    for (i = 1; i <= n; i++)
        if (kernel_module(names[i]) == "no" && !(names[i] in module_lacks))
            asked = asked " " names[i]
    if (asked != "" && system("exec modprobe -n -q -a" asked " 2>/dev/null") == 0)
        return
    for (i = 1; i <= n; i++)
        if (kernel_lacks(names[i]))
            print "fact " (stands_in(names[i]) ? "replaced" : "lacks"), names[i]
}

# by which others know the stack's containers on a LAN
function say_macs(    at, pair, i, id) {
    for (at in endpoint_mac) {
        split(at, pair, SUBSEP)
        if (endpoint_mac[at] != "" && (stack_of(network_mark[pair[2]]) == stack || stack_of(place_owner(pair[1], pair[2])) == stack))
            print "fact mac " endpoint_mac[at], pair[1]
    }
    for (i = 1; i <= link_count; i++)
        if (link_kind[links[i]] == "macvlan" && stack_of(link_mark[links[i]]) == stack)
            print "fact mac " link_address[links[i]], links[i]
    for (at in network_value)
        if (network_driver[at] == "ipvlan" && stack_of(network_mark[at]) == stack)
            print "fact mac " link_address[nth_word(network_value[at], 2)], at
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        if (want_kind[id] == "interface" && stack_of(want_unit[id]) == stack)
            print "fact mac " interface_word(want_value[id], "mac"), nth_word(want_key[id], 2)
    }
}

# of containers there are many, which nobody names
function say_links(    i, name) {
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        if (name !~ /^veth/)
            print "fact link " name, (link_kind[name] == "" ? "device" : link_kind[name]), owner_alias(name)
        if (name !~ /^veth/ && link_master[name] != "")
            print "fact port " name, link_master[name]
        if (link_is_tunnel[name])
            print "fact tunnel " name
        if (is_wireless(name))
            print "fact wireless " name
        if (link_kind[name] == "vxlan")
            print "fact vxlan " name, (has_word(link_words[name], "external") ? "all" : link_word(name, "id")), link_word(name, "dstport"), owner_alias(name)
        if (link_kind[name] == "geneve")
            print "fact geneve " name, (has_word(link_words[name], "external") ? "all" : link_word(name, "id") "@" link_word(name, "remote")), link_word(name, "dstport"), owner_alias(name)
        if (tunnel_kind(name) != "")
            print "fact " tunnel_kind(name), name, (link_word(name, "key") == "" ? "-" : link_word(name, "key")), link_word(name, "local"), owner_alias(name)
    }
}

# the tables of packet filters, but for our own: what they do to a tunnel's packets is judged where the plan is made
function say_firewall(    i, table) {
    for (i = 1; i <= filter_count && filter_count < 3000; i++) {
        table = filter_table[i]
        if (filters[table])
            print "rule " filter_lines[i]
    }
    for (i = 1; i <= legacy_count && legacy_count < 3000; i++)
        print "rule " legacy_lines[i]
}

# routes of other stacks are told: two overlays must not overlap
function is_own_route(key,    mark) {
    if ((route_dev[key] in uplink_nic) && route_proto[key] != 201)
        return 0
    mark = link_mark[route_link(key)]
    return stack_of(mark) == stack || (mark == "" && route_proto[key] == 201)
}

# a link that a unit made is still its own when the alias was changed by hand
function owner_alias(name) {
    if (link_alias[name] !~ /^crosshost:/ && link_group[name] == 201 && (("link " name) in want_value))
        return "crosshost:" want_unit["link " name]
    return link_alias[name] == "" ? "-" : plain(link_alias[name])
}

function user_id(    line, id) {
    while ((getline line < "/proc/self/status") > 0)
        if (line ~ /^Uid:/)
            id = nth_word(trim(line), 3)
    close("/proc/self/status")
    return id
}

function user_name(    line, id, words) {
    id = user_id()
    while ((getline line < "/etc/passwd") > 0)
        if (split(line, words, ":") > 2 && words[3] == id) {
            close("/etc/passwd")
            return words[1]
        }
    close("/etc/passwd")
    return id
}
