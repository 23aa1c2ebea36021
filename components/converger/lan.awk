# LANs: networks whose containers are on a NIC of this host, as machines of their own. The NIC is not ours: it is checked, and
# at most made promiscuous.

# ---- the parent

function is_wireless(name) {
    return read_line("/sys/class/net/" name "/phy80211/index") != ""
}

function parent_check(key, name) {
    if (!(name in link_index))
        refuse(key ": there is no link " name " (found " parents_found() ")")
    else if (link_master[name] != "")
        refuse(key ": " name " is a port of " link_master[name] ": take " link_master[name] " as parent")
    else if (is_wireless(name))
        refuse(key ": " name " is wireless, and an access point takes no frames of other addresses: take a wired link")
}

function parents_found(    i, text) {
    for (i = 1; i <= link_count; i++)
        if (links[i] != "lo" && links[i] !~ /^(veth|docker|br-)/ && link_mark[links[i]] == "")
            text = text (text == "" ? "" : ", ") links[i]
    return text
}

function lan_check(key, value,    name, parent) {
    name = nth_word(key, 3)
    parent = nth_word(value, 2)
    if (!(name in network_value) || word_after(network_value[name], first_word(value)) != parent)
        lan_check_new(key, value, parent)
    if (!is_mine(want_unit["link " parent]))
        parent_check(key, parent)
    if (client != "" && lies_in(client, word_after(value, "ip-range")) && !((key in old_value) && lies_in(client, word_after(old_value[key], "ip-range"))))
        refuse(key ": " word_after(value, "ip-range") " holds " client ", from which SSH comes: choose another ipRange")
}

# what Docker would find out when it makes the network
function lan_check_new(key, value, parent,    other) {
    kernel_check(key, first_word(value))
    lans_read()
    for (other in lan_parent)
        if (lan_parent[other] == parent && !is_mine(network_mark[other]) && lan_bars(other, value))
            refuse(key ": " parent " is the parent of " (network_mark[other] == "" ? "a Docker network that is not ours, " other : other " of " unit_name(network_mark[other])) \
                ": remove that (docker network rm " other "), or take another parent or a vlan")
}

# ---- all networks of Docker that lie on a link

function lans_read(    i, name, names) {
    if (lans_known++)
        return
    if (!network_count && docker_state() == "yes")
        docker_networks()
    for (i = 1; i <= network_count; i++) {
        name = network_names[i]
        if (network_driver[name] ~ /^(mac|ip)vlan$/ && !(name in lan_parent))
            names = names " " name
    }
    if (names != "")
        docker_lines("network inspect", names, "lan")
}

function lan_read(name, driver, line) {
    if (driver !~ /^(mac|ip)vlan$/)
        return
    lan_parent[name] = user_word(word_after(line, "=parent"))
    lan_subnet[name] = word_after(line, "subnet")
}

# Engines take two networks for one parent from 28 on, of macvlan alone, and never two of one subnet.
function lan_bars(other, value) {
    return docker_version() + 0 < 28 || value ~ /^ipvlan / || network_driver[other] == "ipvlan" || \
        overlaps(lan_subnet[other], word_after(value, "subnet"))
}

function say_lans(    name) {
    lans_read()
    for (name in lan_parent)
        print "fact lan " name, network_driver[name], lan_parent[name], lan_subnet[name], (network_mark[name] == "" ? "-" : network_mark[name])
}

# ---- containers whose links went with the parent: the network in Docker's records is as it was

# whose addresses have to be known
function lan_note(containers,    id, name, n, list, i) {
    for (id in want_kind) {
        name = nth_word(want_key[id], 3)
        if (want_kind[id] != "network" || want_value[id] ~ /^bridge / || !(mode == "observe" ? stack_of(want_unit[id]) == stack : is_mine(want_unit[id])))
            continue
        n = split(network_members[name], list, " ")
        for (i = 1; i <= n; i++)
            containers[list[i]] = 1
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

# ---- promisc LINK: on. Units of all stacks hold it together; the last one that goes puts back what was there.

function promisc_actual(name) {
    return name in link_index ? (link_promisc[name] ? "on" : "off") : ""
}

function promisc_record(name) {
    return run_dir "/promisc/" name
}

function promisc_make(key,    name) {
    name = nth_word(key, 2)
    step(45, "ip", "link set dev " name " promisc on", key)
    undo(45, "ip", "link set dev " name " promisc off")
    if (read_line(promisc_record(name)) == "") {
        step(45.1, "put", promisc_record(name) " 0600 " journal_file("off\n"), key)
        undo(45.1, "remove", promisc_record(name))
    }
}

function promisc_unmake(key,    i, name) {
    name = nth_word(key, 2)
    for (i = 1; i <= want_count; i++)
        if (want_key[want_id[i]] == key)
            return
    if (promisc_unmade[key]++ || read_line(promisc_record(name)) == "")
        return
    if (promisc_actual(name) == "on") {
        step(84, "ip", "link set dev " name " promisc off", key)
        undo(84, "ip", "link set dev " name " promisc on")
    }
    step(84.1, "remove", promisc_record(name), key)
    undo_file(84.1, promisc_record(name), "off\n")
}
