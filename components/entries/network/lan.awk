# Networks whose containers are on a NIC of this host, as machines of their own. The NIC is not ours: it is checked, and at most
# made promiscuous.

function lan_check(key, value,    name, parent) {
    name = nth_word(key, 3)
    parent = nth_word(value, 2)
    if (!(name in network_value) || word_after(network_value[name], first_word(value)) != parent)
        lan_check_new(key, value, parent)
    if (!is_mine(want_unit["link " parent]))
        parent_check(key, parent)
    if (client != "" && lies_in(client, word_after(value, "ip-range")) && !((key in old_value) && lies_in(client, word_after(old_value[key], "ip-range"))))
        refuse(key ": " word_after(value, "ip-range") " contains " client ", the address of this SSH client: choose another ipRange")
}

# what Docker would find out when it makes the network
function lan_check_new(key, value, parent,    other) {
    kernel_check(key, first_word(value))
    lans_read()
    for (other in lan_parent)
        if (lan_parent[other] == parent && !is_mine(network_mark[other]) && lan_bars(other, value))
            refuse(key ": " parent " is the parent of " (network_mark[other] == "" ? "a Docker network that Crosshost did not make, " other : other " of " unit_name(network_mark[other])) \
                ": remove it (docker network rm " other "), or choose another parent or a vlan")
}

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
