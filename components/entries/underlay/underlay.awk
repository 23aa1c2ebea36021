# underlay ADDRESS: a check that the host has the address, on a link that takes packets of that size; nothing is made.

BEGIN { PER_UNIT["underlay"] = UP_ONLY["underlay"] = 1 }

function underlay_actual(id,    key, value, address, need, name, found) {
    key = want_key[id]
    value = want_value[id]
    address = nth_word(key, 2)
    need = word_after(value, "mtu") + 0
    name = underlay_link(address)
    if (name == "") {
        found = underlay_addresses()
        return "no interface has the address, found " (found == "" ? "none" : found)
    }
    return link_mtu[name] < need ? name " has mtu " link_mtu[name] : value
}

function underlay_link(address,    i, part) {
    for (i = 1; i <= addr_count; i++) {
        split(nth_word(addr_keys[i], 3), part, "/")
        if (part[1] == address)
            return addr_link[addr_keys[i]]
    }
    return ""
}

function underlay_addresses(    i, key, text) {
    for (i = 1; i <= addr_count; i++) {
        key = addr_keys[i]
        if (!addr_is_of_loopback(key) && !addr_of_kernel[key] && is_of_host(addr_link[key]) && addr_link[key] !~ /^(docker|br-)/)
            text = text (text == "" ? "" : ", ") addr_link[key] " " nth_word(key, 3)
    }
    return text
}

function underlay_owner(id,    address, name, need, i, least) {
    address = nth_word(want_key[id], 2)
    name = underlay_link(address)
    if (name == "") {
        refuse("no interface has address " address ", found: " underlay_addresses())
        return
    }
    need = word_after(want_value[id], "mtu") + 0
    if (link_mtu[name] >= need)
        return
    for (i = 1; i <= want_count; i++)
        if (want_unit[want_id[i]] == me && want_key[want_id[i]] ~ /^link / && (!least || word_after(want_value[want_id[i]], "mtu") < least))
            least = word_after(want_value[want_id[i]], "mtu") + 0
    refuse(name " has mtu " link_mtu[name] ", needs " need (least ? ": set the overlay\047s mtu to " (least - need + link_mtu[name]) : ""))
}

# none of ours, but for the bridge of an uplink, which has what the NIC had
function is_of_host(name) {
    return link_mark[name] == "" || (name in uplink_nic)
}
