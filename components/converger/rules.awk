# Sysctls, and the check of the underlay.

# ---- sysctls: the first who writes one records what was, the last who goes puts it back

function sysctl_path(name) {
    if (name ~ /\//)
        return "/proc/sys/" name
    gsub(/\./, "/", name)
    return "/proc/sys/" name
}

function sysctl_read(name) {
    if (!(name in sysctl_value))
        sysctl_value[name] = trim(read_line(sysctl_path(name)))
    return sysctl_value[name]
}

# net.ipv4.conf.LINK.rp_filter comes and goes with the link
function sysctl_link(name,    part) {
    split(name, part, name ~ /\// ? "/" : ".") # a link with a dot in its name wants slashes
    return part[3] == "conf" || part[3] == "neigh" ? part[4] : ""
}

function share_sysctl(unit, name, value, role) {
    sysctl_users[name] = sysctl_users[name] " " unit
    if (!(name in sysctl_agreed)) {
        sysctl_agreed[name] = value
        sysctl_first[name] = unit
    } else if (role == "new" && sysctl_agreed[name] != value)
        refuse("sysctl " name ": " unit_name(sysctl_first[name]) " wants " sysctl_agreed[name])
}

# a host without IPv6 has none of its keys
function sysctl_is_moot(name) {
    return name ~ /^net[.\/]ipv6/ && read_line("/proc/sys/net/ipv6/conf/all/forwarding") == ""
}

function sysctl_check(id,    name) {
    name = nth_word(want_key[id], 2)
    if (sysctl_read(name) == "" && !(("link " sysctl_link(name)) in want_value))
        refuse(want_key[id] ": this kernel has no such key")
}

function sysctl_record(name) {
    gsub(/\//, ":", name)
    return run_dir "/was/" name
}

function sysctl_recorded(name) {
    gsub(/:/, "/", name)
    return name
}

function sysctl_make(id,    name, link) {
    name = nth_word(want_key[id], 2)
    link = sysctl_link(name)
    if (sysctl_read(name) != want_value[id] || (link in link_anew)) {
        step(65, "sysctl", name " " want_value[id], want_key[id])
        if (sysctl_read(name) != "")
            undo(65, "sysctl", name " " sysctl_read(name))
    }
    if (sysctl_unrecorded(id)) {
        step(64, "put", sysctl_record(name) " 0600 " journal_file(sysctl_read(name) "\n"), want_key[id])
        undo(64, "remove", sysctl_record(name))
    }
}

function sysctl_unrecorded(id,    name) {
    name = nth_word(want_key[id], 2)
    return !(("link " sysctl_link(name)) in want_value) && !sysctl_is_moot(name) && read_line(sysctl_record(name)) == ""
}

# a link that is put back has the kernel's own again
function sysctl_undo_link(link, phase,    i, name) {
    for (i = 1; i <= old_count + want_count; i++) {
        name = i <= old_count ? old_key[old_id[i]] : want_key[want_id[i - old_count]]
        if (sub(/^sysctl /, "", name) && sysctl_link(name) == link && sysctl_read(name) != "")
            undo(phase, "sysctl", name " " sysctl_read(name))
    }
}

function sysctl_unmake(name,    was) {
    if ((name in sysctl_users) || (name in sysctl_unmade))
        return
    sysctl_unmade[name] = 1
    was = trim(read_line(sysctl_record(name)))
    if (was == "")
        return
    if (sysctl_read(name) != was) {
        step(96, "sysctl", name " " was, "sysctl " name)
        undo(96, "sysctl", name " " sysctl_read(name))
    }
    step(97, "remove", sysctl_record(name), "sysctl " name)
    undo_file(97, sysctl_record(name), was "\n")
}

# ---- underlay: a check, nothing is made

function underlay_actual(key, value,    address, need, name, found) {
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
            return addr_device[addr_keys[i]]
    }
    return ""
}

function underlay_addresses(    i, key, text) {
    for (i = 1; i <= addr_count; i++) {
        key = addr_keys[i]
        if (!addr_is_of_loopback(key) && !addr_of_kernel[key] && link_mark[addr_device[key]] == "" && addr_device[key] !~ /^(docker|br-)/)
            text = text (text == "" ? "" : ", ") addr_device[key] " " nth_word(key, 3)
    }
    return text
}

function underlay_check(id,    address, name, need, i, least) {
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
