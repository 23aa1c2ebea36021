# docker endpoint CONTAINER NETWORK: the places of containers in networks.

BEGIN { NEEDS_DOCKER["endpoint"] = 1 }

function endpoint_check(key, value) {
    words_check(key, value, "ipv4 alias", "connected")
}

function endpoint_container(key) {
    return nth_word(key, 3)
}

function endpoint_asks(key, value) {
    ask_container(nth_word(key, 3))
    ask_network(nth_word(key, 4))
}

# `ipv4 A alias x alias y`, aliases sorted, the name itself left out; `connected` if there is nothing to say
function endpoint_canonical(key, value) {
    return endpoint_text(value, nth_word(key, 3))
}

function endpoint_text(value, name,    n, words, i, count, aliases, text) {
    n = split(value, words, " ")
    if (word_after(value, "ipv4") != "")
        text = "ipv4 " word_after(value, "ipv4")
    for (i = 1; i < n; i++)
        if (words[i] == "alias" && words[++i] != name)
            aliases[++count] = words[i]
    sort_list(aliases, count)
    for (i = 1; i <= count; i++)
        if (i == 1 || aliases[i] != aliases[i - 1])
            text = text " alias " aliases[i]
    return text == "" ? "connected" : trim(text)
}

# ---- what is wanted

function endpoint_actual(id,    name, net, have, want, text) {
    name = nth_word(want_key[id], 3)
    net = nth_word(want_key[id], 4)
    if (docker_state() != "yes" || !(name in container_id))
        return want_value[id]
    if (!((name, net) in endpoint_value))
        return ""
    if (endpoint_network[name, net] != "" && endpoint_network[name, net] != network_id[net])
        return "in a network that is gone"
    if (endpoint_is_half(name, net))
        return "not connected, though Docker has noted it"
    want = want_value[id]
    have = without_host_name(endpoint_value[name, net], want, container_hostname[name])
    if (word_after(want, "ipv4") == "" && word_after(have, "ipv4") != "") {
        sub(/ipv4 [^ ]+ ?/, "", have)
        have = have == "" ? "connected" : have
    }
    if (word_after(want, "ipv4") != "" && word_after(have, "ipv4") == "")
        return "automatic address, " have
    return have
}

# Engines up to 25 add the host name to the aliases by themselves.
function without_host_name(have, want, host_name) {
    if (host_name == "" || has_word(want, host_name))
        return have
    have = " " have " "
    sub(" alias " host_name " ", " ", have)
    return trim(have) == "" ? "connected" : trim(have)
}

function endpoint_owner(id,    name, net) {
    name = nth_word(want_key[id], 3)
    net = nth_word(want_key[id], 4)
    if (docker_state() != "yes" || verb == "boot" || (verb == "attach" && !(name in container_id)))
        return
    if (!(name in container_id))
        refuse(container_missing(name))
    else if (container_keeps_out(name))
        refuse("container " name " has " container_keeps_out(name) ", and Docker cannot connect such a container to a network: recreate it with another network mode")
    else if (((name, net) in endpoint_value) && !endpoint_is_ours(id, name, net) && !endpoint_is_orphan(endpoint_mark[name, net]))
        refuse("container " name " is already on the network " net ", not connected by Crosshost (" endpoint_value[name, net] \
            "): docker network disconnect " net " " name)
    else if (verb == "apply" && (net in network_id) && endpoint_actual(id) != want_value[id])
        address_check(id, name, net, fixed_address(want_value[id]))
}

function container_missing(name) {
    return "container " name " does not exist on this host: start it; if this program creates it, `pulumi up --refresh` recreates it"
}

function container_keeps_out(name) {
    if ((name, "host") in endpoint_value)
        return "the host\047s network"
    if ((name, "none") in endpoint_value)
        return "no network (--network none)"
    return container_mode[name] ~ /^container:/ ? "the network of another container" : ""
}

# Who has an address that a connection is to have. Another unit of the stack that has it is about to change or to go, as no two of a program
# want the same: its container leaves the network, and comes back with its own change. Docker does not say who has it.
function address_check(id, name, net, address,    other, at, pair, n, users, i) {
    if (address == "")
        return
    for (at in place_taken) {
        split(at, pair, SUBSEP)
        if (pair[1] == net && place_taken[at] == address)
            other = pair[2]
    }
    n = network_users(net, users)
    for (i = 1; i <= n; i++)
        if (users[i] != name && place_address(users[i], net) == address)
            other = users[i]
    if (other == "" || other == name)
        return
    if (((other, net) in endpoint_value) && stack_of(place_owner(other, net)) == stack)
        endpoint_leave(other, net, want_key[id], "endpoint.leave.to.change")
    else
        refuse(want_key[id] ": " address " is the address of the container " other " on the network " net ": give one of them another (ipv4Address)")
}

# connected by a unit of the stack that is not there any more
function endpoint_is_orphan(mark) {
    return mark != "" && stack_of(mark) == stack && !(mark in on_file)
}

# What a connection that failed leaves: the container runs without it, and would not start with it.
function endpoint_is_half(name, net) {
    return ((name, net) in endpoint_value) && endpoint_network[name, net] == "" && container_running[name] == "true"
}

function endpoint_is_left_over(name, net) {
    return endpoint_is_orphan(endpoint_mark[name, net]) && (endpoint_is_half(name, net) || container_running[name] != "true")
}

# connected by us, held by the unit, or of a container that was made for the unit
function endpoint_is_ours(id, name, net) {
    return (id in old_value) || endpoint_mark[name, net] == want_unit[id] || container_mark[name] == want_unit[id]
}

# ---- making

# The bridge driver leaves options alone that it does not know, so one of them is our mark.
function endpoint_connect(name, net, value, mark,    n, words, i, text) {
    n = split(value, words, " ")
    for (i = 1; i < n; i++)
        if (words[i] == "ipv4")
            text = text " --ip " words[++i]
        else if (words[i] == "alias")
            text = text " --alias " words[++i]
    return "network connect" (mark == "" ? "" : " --driver-opt crosshost=" mark) text " " net " " name
}

function endpoint_again(name, net) {
    return endpoint_connect(name, net, endpoint_value[name, net], endpoint_mark[name, net])
}

# the network is made anew, and would come back without what is wanted
function endpoint_lacks(id,    name, net) {
    name = nth_word(want_key[id], 3)
    net = nth_word(want_key[id], 4)
    return ((name, net) in endpoint_anew) && endpoint_anew[name, net] != want_value[id] ? "what the network came back without" : ""
}

# of one which Docker makes in its place; the unit may be that of one which it replaces
function endpoint_waits(id) {
    return verb == "attach" && container_mark[nth_word(want_key[id], 3)] != ""
}

function endpoint_make(id,    name, net, key) {
    key = want_key[id]
    name = nth_word(key, 3)
    net = nth_word(key, 4)
    if (!(name in container_id))
        return
    default_steps_aside(name, "endpoint.join")
    if (((name, net) in endpoint_value) && !endpoint_is_half(name, net)) {
        step("endpoint.leave.to.change", "docker", "network disconnect -f " net " " name, key)
        undo("endpoint.leave.to.change", "docker", endpoint_again(name, net))
    }
    step("endpoint.join", "docker", endpoint_connect(name, net, want_value[id], want_unit[id]), key)
    undo("endpoint.join", "docker", "network disconnect -f " net " " name)
}

function endpoint_unmake(key) {
    endpoint_leave(nth_word(key, 3), nth_word(key, 4), key, "endpoint.leave")
}

function endpoint_leave(name, net, key, phase) {
    if (!((name, net) in endpoint_value) || (net in network_dying))
        return
    endpoint_leaves[name, net] = 1
    default_steps_aside(name, phase == "endpoint.leave" ? phase : "endpoint.join")
    step(phase, "docker", "network disconnect -f " net " " name, key)
    if (!endpoint_is_half(name, net))
        undo(phase, "docker", endpoint_again(name, net))
}

# what changes that failed have left in networks of ours
function endpoint_extras(    i, at, pair) {
    if (mode == "observe")
        for (at in endpoint_value) {
            split(at, pair, SUBSEP)
            if (endpoint_is_left_over(pair[1], pair[2]))
                extra("docker endpoint " pair[1] " " pair[2], want_unit["docker network " pair[2]], "left by a change that failed", "")
        }
    else if (verb == "apply" && round == 1)
        for (i = 1; i <= want_count; i++)
            if (want_kind[want_id[i]] == "network" && is_mine(want_unit[want_id[i]]))
                endpoint_leave_left_over(nth_word(want_key[want_id[i]], 3))
}

function endpoint_leave_left_over(net,    at, pair) {
    for (at in endpoint_value) {
        split(at, pair, SUBSEP)
        if (pair[2] == net && endpoint_is_left_over(pair[1], net))
            endpoint_leave(pair[1], net, "docker endpoint " pair[1] " " net, "endpoint.leave")
    }
}

function endpoint_state(path,    at, pair) {
    for (at in endpoint_value) {
        split(at, pair, SUBSEP)
        print "docker endpoint", pair[1], pair[2], endpoint_value[at] > path
    }
}
