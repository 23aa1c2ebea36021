# What the host has now: one dump of the kernel for all units, and of nft, iptables and Docker only what the units speak of.

function observe_host(    command, line, words) {
    command = "exec ip -d -o -batch - <<E\n" kinds_dump() "E\n"
    while ((command | getline line) > 0) {
        split(line, words, " ")
        kinds_take(line, words)
    }
    close(command)
    if (!("lo" in link_index)) {
        refuse(why_ip_is_silent())
        return
    }
    kinds_observe()
    if (phase != "links" && (wants_docker() || sweeping()))
        docker_read()
}

# `NUMBER-START`, as a number may soon be another's; none of one that is not there
function process(pid,    stat) {
    if (pid !~ /^[0-9]+$/)
        return ""
    stat = read_line("/proc/" pid "/stat")
    sub(/.*\) /, "", stat)
    return stat == "" ? "" : pid "-" nth_word(stat, 20)
}

function speaks_of(kind) {
    return (kind in kinds_wanted) || (verb == "delete" && !old_count) # its file is gone: only marks tell of it
}

function wants_docker(    kind) {
    if (mode == "observe")
        return 1
    for (kind in KINDS)
        if (((kind in NEEDS_DOCKER) || (kind in READS_DOCKER)) && speaks_of(kind))
            return 1
    return 0
}

# Uninstalling takes away what is marked, also where somebody has deleted the units that told of it.
function sweeping() {
    return verb == "uninstall"
}

function why_ip_is_silent(    command, line, told) {
    command = "exec ip -V 2>&1"
    if ((command | getline line) > 0)
        told = line
    close(command)
    if (told ~ /BusyBox/)
        return "`ip` is BusyBox\047s, which cannot show everything that is needed: install iproute2"
    if (told !~ /iproute2/)
        return "iproute2 is not installed (no program `ip`): apt install iproute2"
    return "`ip` shows nothing about this host"
}
