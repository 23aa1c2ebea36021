# Endpoints: the places of containers in networks.

# ---- what Docker has

function container_read(line,    name, n, part, i, net) {
    gsub(/ \/ /, "\n", line)
    n = split(line, part, "\n")
    name = nth_word(part[1], 1)
    sub(/^\//, "", name)
    container_id[name] = nth_word(part[1], 2)
    container_running[name] = nth_word(part[1], 3)
    container_started[name] = word_after(part[1], "started")
    sub(/Z$/, "", container_started[name])
    container_failed[name] = word_after(part[1], "failed")
    container_hostname[name] = user_word(word_after(part[1], "hostname"))
    container_mode[name] = user_word(word_after(part[1], "mode"))
    container_pid[name] = word_after(part[1], "pid") + 0
    if (word_after(part[1], "pid") == "0")
        container_running[name] = "false" # between two starts, Docker says that it runs
    container_networks[name] = ""
    container_mark[name] = user_word(word_after(part[1], "mark"))
    hosts_read(name, word_after(part[1], "hosts"))
    for (i = 2; i <= n; i++) {
        net = user_word(first_word(part[i]))
        endpoint_value[name, net] = endpoint_words(part[i], name)
        endpoint_network[name, net] = word_after(part[i], "id")
        endpoint_mark[name, net] = user_word(word_after(part[i], "mark"))
        endpoint_now[name, net] = word_after(part[i], "now")
        endpoint_mac[name, net] = word_after(part[i], "mac")
        endpoint_gateway[name, net] = word_after(part[i], "gateway")
        container_networks[name] = container_networks[name] " " net
    }
}

# the words of an endpoint without the alias that Docker adds, the short id
function endpoint_words(text, name,    n, words, i, kept) {
    n = split(text, words, " ")
    for (i = 2; i <= n; i += 2) {
        if (words[i] == "ipv4" && words[i + 1] ~ /^[0-9.]+$/)
            kept = kept " ipv4 " words[i + 1]
        if (words[i] == "alias" && user_word(words[i + 1]) != substr(container_id[name], 1, 12))
            kept = kept " alias " user_word(words[i + 1])
    }
    return endpoint_canonical(trim(kept), name)
}

# `ipv4 A alias x alias y`, aliases sorted, the name itself left out; `connected` if there is nothing to say
function endpoint_canonical(value, name,    n, words, i, count, aliases, text) {
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

function endpoint_check(id,    name, net) {
    name = nth_word(want_key[id], 3)
    net = nth_word(want_key[id], 4)
    if (docker_state() != "yes" || verb == "boot" || (verb == "attach" && !(name in container_id)))
        return
    if (!(name in container_id))
        refuse(container_missing(name))
    else if (container_keeps_out(name))
        refuse("container " name " has " container_keeps_out(name) ", and Docker connects such a one to no network: make it with another")
    else if (((name, net) in endpoint_value) && !endpoint_is_ours(id, name, net) && !endpoint_is_orphan(endpoint_mark[name, net]))
        refuse("container " name " is in the network " net " already, and not by Crosshost (" endpoint_value[name, net] \
            "): docker network disconnect " net " " name)
    else if (verb == "apply" && (net in network_id) && endpoint_actual(id) != want_value[id])
        address_check(id, name, net, fixed_address(want_value[id]))
}

function container_missing(name) {
    return "container " name " does not exist on this host: start it; one that this program makes, `pulumi up --refresh` makes again"
}

function container_keeps_out(name) {
    if ((name, "host") in endpoint_value)
        return "the network of the host itself"
    if ((name, "none") in endpoint_value)
        return "no network by choice (none)"
    return container_mode[name] ~ /^container:/ ? "the network of another container" : ""
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

function endpoint_make(id,    name, net, key) {
    key = want_key[id]
    name = nth_word(key, 3)
    net = nth_word(key, 4)
    if (!(name in container_id))
        return
    default_steps_aside(name, 101.9)
    if (((name, net) in endpoint_value) && !endpoint_is_half(name, net)) {
        step(102, "docker", "network disconnect -f " net " " name, key)
        undo(102, "docker", endpoint_again(name, net))
    }
    step(103, "docker", endpoint_connect(name, net, want_value[id], want_unit[id]), key)
    undo(103, "docker", "network disconnect -f " net " " name)
}

function endpoint_unmake(key) {
    endpoint_leave(nth_word(key, 3), nth_word(key, 4), key, 9)
}

function endpoint_leave(name, net, key, phase) {
    if (!((name, net) in endpoint_value) || (net in network_dying))
        return
    endpoint_leaves[name, net] = 1
    default_steps_aside(name, phase - .1)
    step(phase, "docker", "network disconnect -f " net " " name, key)
    if (!endpoint_is_half(name, net))
        undo(phase, "docker", endpoint_again(name, net))
}

# what changes that failed have left in a network
function endpoint_extras(net,    at, pair) {
    for (at in endpoint_value) {
        split(at, pair, SUBSEP)
        if (pair[2] == net && endpoint_is_left_over(pair[1], net))
            endpoint_leave(pair[1], net, "docker endpoint " pair[1] " " net, 9)
    }
}
