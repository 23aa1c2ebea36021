# Where a bridge spans hosts, the others send to the place where they have last heard of a container: one that has come from another host
# says that it is here. Engines before 28 do not.

function endpoint_finish(    i, id) {
    if (verb != "apply" || mode != "plan" || round != 1)
        return
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        if (want_kind[id] == "endpoint" && is_mine(want_unit[id]) && !((id in old_value) && old_value[id] == want_value[id]))
            endpoint_announce(id, nth_word(want_key[id], 3), nth_word(want_key[id], 4))
    }
}

function endpoint_announce(id, name, net) {
    if ((name in container_pid) && container_pid[name] > 0 && (net in network_value) && network_spans_hosts(word_after(network_value[net], "bridge")))
        step("endpoint.announce", "announceat-" process(container_pid[name]), word_after(want_value[id], "ipv4"), want_key[id])
}

function network_spans_hosts(bridge,    i) {
    for (i = 1; i <= link_count; i++)
        if (is_switching(links[i]) && link_master[links[i]] == bridge)
            return 1
    return 0
}
