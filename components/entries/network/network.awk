# docker network NAME: a network of Docker's, marked by a label.

BEGIN {
    NEEDS_DOCKER["network"] = 1
    DOCKER_OPTION["macvlan"] = DOCKER_OPTION["ipvlan"] = "parent"
    DOCKER_OPTION["bridge"] = "com.docker.network.bridge.name"
    DOCKER_OPTION["mtu"] = "com.docker.network.driver.mtu"
    DOCKER_OPTION["masquerade"] = "com.docker.network.bridge.enable_ip_masquerade"
    DOCKER_OPTION["gateway-mode"] = "com.docker.network.bridge.gateway_mode_ipv4"
    # the first word is the driver, with the link that it uses
    NETWORK_WORDS["bridge"] = "bridge subnet gateway ip-range mtu masquerade"
    NETWORK_WORDS["macvlan"] = "macvlan mode subnet gateway ip-range aux"
    NETWORK_WORDS["ipvlan"] = "ipvlan mode subnet gateway ip-range aux"
}

# Engines from 28 drop what comes routed unless the mode says else; older ones would accept the option and ignore it.
function network_mode_matters(value) {
    return value ~ /^bridge / && docker_version() + 0 >= 28
}

function network_prepare(    i) {
    for (i = 1; i <= old_count; i++)
        if (old_key[old_id[i]] ~ /^docker network / && !(old_id[i] in want_value))
            network_dying[nth_word(old_key[old_id[i]], 3)] = 1
}

# when a delete looks again, Docker has said yes to the removal
function network_asks(key, value) {
    if (round < 2 || verb !~ /^(delete|uninstall)$/)
        ask_network(nth_word(key, 3))
}

# what lies on a link that is made anew is cut off
function network_rebuilt(id) {
    return want_value[id] !~ /^bridge / && (nth_word(want_value[id], 2) in link_anew)
}

function network_lacks(id) {
    return let_out_lacks(id) ? "published ports of the host not reached" : ""
}

function network_differs(want, have) {
    return differing_words(want, have, 0)
}

function network_check(key, value,    driver) {
    driver = first_word(value)
    if (driver in NETWORK_WORDS)
        words_check(key, value, NETWORK_WORDS[driver], "")
    else
        refuse(key ": networks of the driver `" driver "` are not made by this converger (" version ")")
}

function network_actual(id,    name, value, text, n, words, i) {
    name = nth_word(want_key[id], 3)
    value = want_value[id]
    if (docker_state() != "yes")
        return want_value[id]
    if (!(name in network_value))
        return ""
    if (network_driver[name] != first_word(value))
        return network_driver[name]
    n = split(value, words, " ")
    for (i = 1; i < n; i += 2)
        text = text (i > 1 ? " " : "") words[i] " " word_after(network_value[name], words[i])
    if (network_gateway_mode[name] != "nat-unprotected" && network_mode_matters(value))
        text = text " gateway-mode " (network_gateway_mode[name] == "" ? "nat" : network_gateway_mode[name])
    if (network_mark[name] != want_unit[id])
        text = text " not-ours"
    if (value !~ /^bridge / && !(nth_word(value, 2) in link_index))
        text = text " no-parent"
    if (value ~ /^bridge / ? bridge_is_cut_off(name, nth_word(value, 2)) : lan_is_cut_off(name))
        text = text " containers cut off"
    return text
}

function network_owner(id,    name) {
    name = nth_word(want_key[id], 3)
    if (want_value[id] !~ /^bridge /)
        lan_check(want_key[id], want_value[id])
    if (!(name in network_id) || is_mine(network_mark[name]))
        return
    if (network_mark[name] != "")
        refuse(want_key[id] ": belongs to " unit_name(network_mark[name]))
    else
        refuse(want_key[id] ": Docker already has a network of this name that Crosshost did not make (driver " network_driver[name] \
            "): remove it (docker network rm " name ") or choose another name")
}

function network_options(value, mode,    n, words, i, text, driver) {
    n = split(value, words, " ")
    driver = words[1]
    text = "-d " driver
    for (i = 1; i < n; i += 2)
        if (words[i] in DOCKER_OPTION || words[i] == "mode")
            text = text " -o " docker_word(driver, words[i]) "=" words[i + 1]
        else if (words[i] == "aux")
            text = text " --aux-address host=" words[i + 1]
        else
            text = text " --" words[i] " " words[i + 1]
    return text (mode == "" ? "" : " -o " DOCKER_OPTION["gateway-mode"] "=" mode)
}

# An overlay's link has the first address of the host's part, which Docker would give to the first container that asks for none.
function network_reserved(id,    i, key, address, text) {
    for (i = 1; i <= want_count; i++) {
        key = want_key[want_id[i]]
        address = nth_word(key, 3)
        if (want_unit[want_id[i]] != want_unit[id] || key !~ /^addr / || !sub(/\/32$/, "", address))
            continue
        if (want_value[id] ~ /^bridge / && want_value[id] !~ (" subnet " address "/") && lies_in(address, word_after(want_value[id], "ip-range")))
            text = text " --aux-address " nth_word(key, 2) "=" address
    }
    return text
}

# A network cannot change in place: it is made anew under the containers that are in it, running or not.
function network_make(id,    name, key) {
    if (!network_rebuilt(id) && network_actual(id) == want_value[id]) {
        let_out_make(id)
        return
    }
    key = want_key[id]
    name = nth_word(key, 3)
    if (docker_is_old())
        refuse("Docker " docker_version() " is too old: 20.10 or newer is needed")
    if (name in network_id)
        network_take_away(name, key)
    step("network.make", "docker", "network create " network_options(want_value[id], network_mode_matters(want_value[id]) ? "nat-unprotected" : "") network_reserved(id) \
        " --label crosshost=" want_unit[id] " " name, key)
    undo("network.make", "docker", "network rm " name)
    network_anew[name] = word_after(want_value[id], "subnet")
    if (name in network_id)
        network_reconnect(name, key)
}

function network_take_away(name, key,    n, users, i) {
    n = network_users(name, users)
    for (i = 1; i <= n; i++)
        default_steps_aside(users[i], "network.empty")
    for (i = 1; i <= n; i++)
        step("network.empty", "docker", "network disconnect -f " name " " users[i], key)
    for (i = n; i >= 1; i--)
        if (!endpoint_is_half(users[i], name))
            undo("network.empty", "docker", endpoint_again(users[i], name))
    step("network.remove", "docker", "network rm " name, key)
    undo("network.remove", "docker", "network create " network_options(network_value[name], network_gateway_mode[name]) network_reserves[name] \
        " --label crosshost=" network_mark[name] " " name)
}

function network_reconnect(name, key,    n, users, i, value, address) {
    n = network_users(name, users)
    for (i = 1; i <= n; i++) {
        if (endpoint_is_half(users[i], name) || endpoint_is_left_over(users[i], name))
            continue
        value = endpoint_value[users[i], name]
        address = word_after(value, "ipv4")
        if (address != "" && !lies_in(address, network_anew[name]))
            sub("ipv4 " address, "", value)
        step("network.rejoin", "docker", endpoint_connect(users[i], name, trim(value), endpoint_mark[users[i], name]), key)
        undo("network.rejoin", "docker", "network disconnect -f " name " " users[i])
        endpoint_anew[users[i], name] = trim(value)
    }
}

# Containers of endpoints that the stack holds go with the network; others keep it.
function network_unmake(key,    name, n, users, i, strangers) {
    name = nth_word(key, 3)
    if (!(name in network_id) || !is_mine(network_mark[name]))
        return
    n = network_users(name, users)
    for (i = 1; i <= n; i++)
        if (!(("docker endpoint " users[i] " " name) in want_value) && !(("docker endpoint " users[i] " " name) in old_value) && \
            !endpoint_is_orphan(endpoint_mark[users[i], name]))
            strangers = strangers (strangers == "" ? "" : ", ") users[i]
    if (strangers != "")
        refuse("docker network " name ": still used by " strangers "; remove or disconnect them: docker network disconnect -f " name " CONTAINER")
    else
        network_take_away(name, "docker network " name)
}

function network_extras(    i, name) {
    for (i = 1; i <= network_count; i++) {
        name = network_names[i]
        if (mode == "observe" || (name in network_value))
            extra("docker network " name, network_mark[name], network_driver[name], "")
    }
}

function network_state(path,    name, ignored) {
    while ((getline name < (journal_dir "/users")) > 0)
        network_users(name, ignored)
    close(journal_dir "/users")
    for (name in network_value)
        print "docker network", name, network_mark[name], network_value[name] > path
}

function network_facts(    i) {
    for (i = 1; i <= network_count; i++)
        print "fact network " network_names[i], (network_mark[network_names[i]] == "" ? "-" : network_mark[network_names[i]])
}
