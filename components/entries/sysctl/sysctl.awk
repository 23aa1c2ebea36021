# sysctl NAME: the first who writes one records what was, the last who goes puts it back.

BEGIN {
    PER_UNIT["sysctl"] = 1
    SHARED["sysctl"] = "host"
}

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

function sysctl_note(key, value, id, role,    name) {
    if (id == "")
        return
    name = nth_word(key, 2)
    value = want_value[id]
    if (!(name in sysctl_agreed)) {
        sysctl_agreed[name] = value
        sysctl_first[name] = want_unit[id]
    } else if (role == "new" && sysctl_agreed[name] != value)
        refuse("sysctl " name ": " unit_name(sysctl_first[name]) " wants " sysctl_agreed[name])
}

function sysctl_actual(id,    name) {
    name = nth_word(want_key[id], 2)
    return sysctl_is_moot(name) ? want_value[id] : sysctl_read(name)
}

function sysctl_rebuilt(id) {
    return sysctl_link(nth_word(want_key[id], 2)) in link_anew
}

# With iptables Docker sets FORWARD DROP only if it enables forwarding itself
function sysctl_before_docker(id,    name) {
    name = nth_word(want_key[id], 2)
    return sysctl_link(name) != "" || sysctl_is_of_docker(name)
}

function sysctl_is_of_docker(name) {
    return name == "net.ipv4.ip_forward" && docker_needs_forwarding()
}

function sysctl_lacks(id) {
    return mode == "plan" && sysctl_unrecorded(id) ? "a record of what was" : ""
}

# a host without IPv6 has none of its keys
function sysctl_is_moot(name) {
    return name ~ /^net[.\/]ipv6/ && read_line("/proc/sys/net/ipv6/conf/all/forwarding") == ""
}

function sysctl_owner(id,    name) {
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
        step("sysctl.set", "sysctl", name " " want_value[id], want_key[id])
        if (sysctl_read(name) != "")
            undo("sysctl.set", "sysctl", name " " sysctl_read(name))
    }
    if (sysctl_unrecorded(id)) {
        step("sysctl.record", "put", sysctl_record(name) " 0600 " journal_file(sysctl_read(name) "\n"), want_key[id])
        undo("sysctl.record", "remove", sysctl_record(name))
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

function sysctl_unmake(key,    name, was) {
    name = nth_word(key, 2)
    was = trim(read_line(sysctl_record(name)))
    if (was == "")
        return
    if (sysctl_read(name) != was && !sysctl_is_of_docker(name)) {
        step("sysctl.back", "sysctl", name " " was, "sysctl " name)
        undo("sysctl.back", "sysctl", name " " sysctl_read(name))
    }
    step("sysctl.forget", "remove", sysctl_record(name), "sysctl " name)
    undo_file("sysctl.forget", sysctl_record(name), was "\n")
}

function sysctl_sweep(    command, name) {
    command = "exec ls " quoted(run_dir "/was") " 2>/dev/null"
    while ((command | getline name) > 0)
        unmake("sysctl " sysctl_recorded(name))
    close(command)
}

function sysctl_state(path,    id) {
    for (id in want_kind)
        if (want_kind[id] == "sysctl")
            print want_key[id], sysctl_read(nth_word(want_key[id], 2)) > path
}
