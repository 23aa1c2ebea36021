# range PREFIX: networks that are to be ours alone on this host. A check; nothing is made.

BEGIN { UP_ONLY["range"] = 1 }

function range_check(key, value) {
    if (route_target(key) == "" || value != "ours alone")
        refuse(key ": needs a network, such as 10.42.0.0/16, and `ours alone`")
}

function range_actual(id,    why) {
    why = range_conflict(id)
    return why == "" ? want_value[id] : why
}

function range_owner(id,    range, why) {
    range = nth_word(want_key[id], 2)
    if (client != "" && lies_in(client, range) && !held_client())
        refuse(want_key[id] ": contains " client ", the address of this SSH client: choose another network")
    why = range_conflict(id)
    if (why != "")
        refuse(want_key[id] ": " why ": choose another network")
}

# A runner in a container of the network comes from there: no prefix is to hold it newly, that is all.
function held_client(    id) {
    for (id in old_value)
        if (old_key[id] ~ /^range / && lies_in(client, nth_word(old_key[id], 2)))
            return 1
    return 0
}

# networks of this stack that SSH comes from already
function say_client(    i, id, range) {
    if (client == "")
        return
    print "fact ssh " client
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        range = want_kind[id] == "range" ? nth_word(want_key[id], 2) : want_kind[id] == "network" ? word_after(want_value[id], "ip-range") : ""
        if (range != "" && stack_of(want_unit[id]) == stack && lies_in(client, range))
            print "fact ssh-in " range, want_unit[id]
    }
}

# another unit is told first: its routes and links would only say the same
function range_conflict(id,    range, i, other, key) {
    range = nth_word(want_key[id], 2)
    for (i = 1; i <= want_count; i++) {
        other = want_id[i]
        if (want_kind[other] == "range" && want_unit[other] != want_unit[id] && overlaps(range, nth_word(want_key[other], 2)))
            return "overlaps " nth_word(want_key[other], 2) " of " unit_name(want_unit[other])
    }
    for (i = 1; i <= route_count; i++) {
        key = route_keys[i]
        if (is_in_the_way(key, want_unit[id]) && route_bars(key, range) && !replaces_docker0(id, key))
            return "overlaps the route " route_raw[key] owner_of(link_mark[route_link(key)])
    }
    return ""
}

# that goes when the unit's bridge takes its place
function replaces_docker0(id, key) {
    return route_dev[key] == "docker0" && ("daemon bridge" in want_value) && want_unit["daemon bridge"] == want_unit[id]
}

function owner_of(mark) {
    return mark == "" ? "" : " of " unit_name(mark)
}

function is_in_the_way(key, unit,    mark) {
    mark = link_mark[route_link(key)]
    return mark != unit && !(mark in forerunner) && mark != "?" && route_proto[key] != 201
}

# A wider route by a gateway, or into a tunnel, stays in use for all that lies outside of ours, so that is no conflict.
function route_bars(key, range,    target) {
    target = route_target(key)
    return target != "" && overlaps(target, range) && (prefix_of(target) >= prefix_of(range) || !(has_word(route_value[key], "via") || link_is_tunnel[route_dev[key]]))
}

# "" for other tables, IPv6 and the default routes, of which a VPN has two halves
function route_target(key,    target) {
    target = nth_word(key, 2)
    if (key ~ / table / || target !~ /^[0-9.]+(\/[0-9]+)?$/)
        return ""
    if (target !~ /\//)
        target = target "/32"
    return prefix_of(target) > 1 ? target : ""
}

function range_facts(    i, id) {
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        if (want_kind[id] == "range" && stack_of(want_unit[id]) != stack)
            print "fact range " nth_word(want_key[id], 2), want_unit[id]
    }
}
