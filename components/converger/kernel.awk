# What the host has now: one dump of the kernel for all units, and of nft, iptables and Docker only what the units speak of.

function observe_host(    command, line, kind) {
    command = "exec ip -d -o -batch - <<E\nlink show\naddr show\nroute show table all\nneigh show nud permanent\nE\n"
    while ((command | getline line) > 0)
        take_ip_line(line)
    close(command)
    if (!("lo" in link_index)) {
        refuse(why_ip_is_silent())
        return
    }
    link_settle_marks()
    if (speaks_of("fdb") || has_tunnel_of_ours()) {
        command = "exec bridge fdb show"
        while ((command | getline line) > 0)
            fdb_read(line)
        close(command)
    }
    if (has_nft && (speaks_of("nft") || sweeping() || shows_firewall())) {
        # of tables that iptables keeps it warns each time
        command = "exec nft -s list ruleset" (shows_firewall() ? " 2>/dev/null" : " inet")
        while ((command | getline line) > 0) {
            nft_read(line)
            if (mode == "observe")
                filter_read(line)
        }
        close(command)
    }
    iptables_read_all()
    if (mode == "observe")
        legacy_read()
    if (phase != "links" && (wants_docker() || sweeping()))
        docker_read()
    nft_collect()
}

# `NUMBER-START`, as a number may soon be another's; none of one that is not there
function process(pid,    stat) {
    if (pid !~ /^[0-9]+$/)
        return ""
    stat = read_line("/proc/" pid "/stat")
    sub(/.*\) /, "", stat)
    return stat == "" ? "" : pid "-" nth_word(stat, 20)
}

function take_ip_line(line,    words) {
    split(line, words, " ")
    if (words[1] ~ /^[0-9]+:$/ && words[3] ~ /^</)
        link_read(line)
    else if (words[3] == "inet" || words[3] == "inet6")
        addr_read(line)
    else if (words[1] ~ /^(unicast|blackhole|unreachable|prohibit|throw)$/)
        route_read(line)
    else if (words[2] == "dev" && has_word(line, "PERMANENT"))
        neigh_read(line)
}

function speaks_of(kind) {
    return (kind in kinds_wanted) || (verb == "delete" && !old_count) # its file is gone: only marks tell of it
}

function wants_docker() {
    return mode == "observe" || speaks_of("network") || speaks_of("endpoint") || speaks_of("container") || speaks_of("interface") || speaks_of("default-route") || speaks_of("name")
}

# Uninstalling takes away what is marked, also where somebody has deleted the units that told of it.
function sweeping() {
    return verb == "uninstall"
}

function has_tunnel_of_ours(    i) {
    for (i = 1; i <= link_count; i++)
        if (link_kind[links[i]] == "vxlan" && link_mark[links[i]] != "")
            return 1
    return 0
}

function why_ip_is_silent(    command, line, told) {
    command = "exec ip -V 2>&1"
    if ((command | getline line) > 0)
        told = line
    close(command)
    if (told ~ /BusyBox/)
        return "`ip` is that of BusyBox, which cannot show all that is needed: install iproute2"
    if (told !~ /iproute2/)
        return "iproute2 is not installed (no program `ip`): apt install iproute2"
    return "`ip` tells nothing about this host"
}

# ---- modules: yes (loaded, or part of the kernel), no, or unknown, as in a container that sees no modules

function kernel_module(name,    release, line, path) {
    if (name in module_known)
        return module_known[name]
    if (read_line("/sys/module/" name "/initstate") != "")
        return module_known[name] = "yes"
    release = read_line("/proc/sys/kernel/osrelease")
    path = "/lib/modules/" release "/modules.builtin"
    module_known[name] = "unknown"
    while ((getline line < path) > 0) {
        module_known[name] = "no"
        if (index(line, "/" name ".ko")) {
            module_known[name] = "yes"
            break
        }
    }
    close(path)
    if (module_known[name] == "unknown")
        module_known[name] = kernel_config(name)
    return module_known[name]
}

# the kernel's own word, where it keeps it: what it was not built with, no module brings
function kernel_config(name,    command, line, option) {
    option = "CONFIG_" (name == "8021q" ? "VLAN_8021Q" : toupper(name)) "="
    if (kernel_options == "") {
        kernel_options = " "
        command = "exec gzip -dc /proc/config.gz 2>/dev/null | grep -E \"^CONFIG_(NET|NF_TABLES|VXLAN|MACVLAN|IPVLAN|VLAN_8021Q)=\""
        while ((command | getline line) > 0)
            kernel_options = kernel_options line " "
        close(command)
    }
    if (kernel_options == " " || has_word(kernel_options, option "m"))
        return "unknown"
    if (has_word(kernel_options, option "y"))
        return "yes"
    module_lacks[name] = 1
    return "no"
}

function kernel_check(key, kind,    name) {
    name = kind == "vlan" ? "8021q" : kind
    if (kind != "bridge" && kernel_lacks(name))
        refuse(key ": this kernel (" read_line("/proc/sys/kernel/osrelease") ") has no " name ": install its extra modules, or boot another")
}

# asked without loading it
function kernel_lacks(name) {
    if (kernel_module(name) == "no" && !(name in module_lacks))
        module_lacks[name] = system("exec modprobe -n -q " name " 2>/dev/null") == 1
    return module_lacks[name]
}

# a look at the rules would load what there is none of yet
function shows_firewall() {
    return mode == "observe" && kernel_module("nf_tables") != "no"
}

# ---- packet filters of others: lines by table, and whether the table has a chain that tunnels and containers go through

function filter_read(line,    words) {
    if (line ~ /^table (ip|inet) /) {
        split(line, words, " ")
        filter_now = words[3] ~ /^crosshost_/ ? "" : words[2] " " words[3]
    } else if (line ~ /^table /)
        filter_now = ""
    if (filter_now == "" || line ~ /^[ \t]*}?$/ || filter_skips(line))
        return
    if (line ~ / hook (input|forward) /)
        filters[filter_now] = 1
    filter_lines[++filter_count] = trim(line)
    filter_table[filter_count] = filter_now
}

# sets may hold thousands of addresses, and are not judged
function filter_skips(line) {
    if (line ~ /^[ \t]*(set|map|ct|counter|quota|limit|flowtable|synproxy) [^ ]+.*{$/)
        filter_in_set = 1
    if (!filter_in_set)
        return 0
    if (line ~ /^\t}$/)
        filter_in_set = 0
    return 1
}
