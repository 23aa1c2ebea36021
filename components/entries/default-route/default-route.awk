# The default route of a container: through one of its networks, or an interface of its own.
#   default-route CONTAINER: NETWORK

BEGIN { NEEDS_DOCKER["default-route"] = 1 }

function default_route_check(key, value) {
    if (!is_docker_name(value))
        refuse(key ": needs the name of a network")
}

function default_route_note(key, value, id, role) {
    inner_note(key, value)
    if (id != "")
        default_note(id, role)
}

function default_route_container(key) {
    return nth_word(key, 2)
}

function default_route_asks(key, value) {
    ask_container(nth_word(key, 2))
    ask_network(value)
}

function default_route_make(id) {
    default_due[nth_word(want_key[id], 2)] = 1
}

# a container has one default route
function default_note(id, role,    name, other) {
    name = nth_word(want_key[id], 2)
    other = default_entry[name]
    if (other == "")
        default_entry[name] = id
    else if (role == "new")
        refuse(want_key[id] ": the default route of " name " is already set by " want_key[other] ", " unit_name(want_unit[other]))
}

# whichever unit says it: another network that is joined may move it
function default_network_note(    name, id) {
    for (name in containers_needed) {
        id = name in default_entry ? default_entry[name] : ""
        if (id != "" && want_kind[id] == "default-route")
            ask_network(want_value[id])
    }
}

function default_gateway(name, net) {
    return endpoint_gateway[name, net] ~ /^[0-9]/ ? endpoint_gateway[name, net] : word_after(network_value[net], "gateway")
}

function default_route_actual(id,    name, have) {
    name = nth_word(want_key[id], 2)
    have = inner_open(name) ? inner_route[name, "default"] : ""
    return !inner_open(name) || word_after(have, "via") == default_gateway(name, want_value[id]) ? want_value[id] : have
}

function default_route_owner(id,    name, net) {
    name = nth_word(want_key[id], 2)
    net = want_value[id]
    if (inner_check(want_key[id], name) && default_gateway(name, net) == "")
        refuse(want_key[id] ": " (net in network_id ? "the network " net " has no gateway" : "Docker has no network " net))
}

function default_route_unmake(key,    name) {
    name = nth_word(key, 2)
    if (inner_open(name) && has_word(inner_route[name, "default"], "proto 201"))
        default_due[name] = 1
}

# Docker adds a default route and replaces none: where it may want to, ours steps aside, and comes back after it.
function default_steps_aside(name, phase,    have) {
    if (!inner_open(name))
        return
    have = inner_route[name, "default"]
    if (!(name in default_entry) && !has_word(have, "proto 201") || default_aside[name]++)
        return
    default_due[name] = 1
    if (has_word(have, "proto 201")) {
        step("default-route.aside." phase, inner_tool("netnsdel", name), "route del " have, "default-route " name)
        undo("default-route.aside." phase, inner_tool("netns", name), "route replace " have)
    }
}

function default_route_finish(    name, way, have) {
    if (mode == "observe")
        return
    for (name in default_due) {
        way = default_way(name)
        have = inner_route[name, "default"]
        if (way == "" || !inner_open(name))
            continue
        # what Docker would have there cannot fail a change
        step("default-route.set", inner_tool(name in default_entry ? "netns" : "netnsdel", name), "route replace default " way, name in default_entry ? want_key[default_entry[name]] : "default-route " name)
        undo("default-route.set", inner_tool("netns", name), have == "" ? "route del default " way : "route replace " have)
    }
}

# what is wanted, or else what Docker tells: the first of the container's networks that has a gateway
function default_way(name,    id, n, nets, i) {
    id = name in default_entry ? default_entry[name] : ""
    if (id != "" && want_kind[id] != "interface" && default_gateway(name, want_value[id]) == "")
        return ""
    if (id != "")
        return "via " (want_kind[id] == "interface" ? interface_word(want_value[id], "gateway") " dev " nth_word(want_key[id], 3) : default_gateway(name, want_value[id])) " proto 201"
    n = split(container_networks[name], nets, " ")
    for (i = 1; i <= n; i++)
        if (endpoint_gateway[name, nets[i]] ~ /^[0-9]/ && !((name, nets[i]) in endpoint_leaves))
            return "via " endpoint_gateway[name, nets[i]]
    return ""
}
