# Packet filters of others: lines by table, and whether the table has a chain that tunnels and containers go through.

# a look at the rules would load what there is none of yet
function shows_firewall() {
    return mode == "observe" && kernel_module("nf_tables") != "no"
}

function filter_read(line,    words) {
    if (line ~ /^table (ip|inet) /) {
        split(line, words, " ")
        filter_now = words[3] ~ /^crosshost_/ ? "" : words[2] " " words[3]
    } else if (line ~ /^table /)
        filter_now = ""
    line = filter_seen(line)
    if (filter_now == "" || line ~ /^[ \t]*}?$/)
        return
    if (line ~ / hook (input|output|forward) / || (!(filter_now in filters) && names_nic(line)))
        filters[filter_now] = 1
    filter_lines[++filter_count] = trim(line)
    filter_table[filter_count] = filter_now
}

# sets may hold thousands of addresses, and are not judged; those of links are, in one line: `set NAME { "eth0", "eth1" }`
function filter_seen(line,    words, found) {
    if (line ~ /^[ \t]*(set|map|ct|counter|quota|limit|flowtable|synproxy) [^ ]+.*[{]$/) {
        split(line, words, " ")
        filter_in_set = words[1] == "set" ? words[2] : "?"
        filter_links = ""
    }
    if (filter_in_set == "")
        return line
    if (line ~ /^[ \t]*(type ifname|typeof (meta )?[io]ifname)$/)
        filter_links = "set " filter_in_set " "
    else if (filter_links != "" && line ~ /"/ && line !~ /^[ \t]*comment "/) {
        sub(/^[ \t]*(elements = )?/, line ~ /elements = / ? "" : " ", line)
        filter_links = filter_links line
    }
    if (line ~ /^\t}$/) {
        found = filter_links ~ /}$/ && filter_in_set != "?" ? filter_links : ""
        filter_in_set = ""
    }
    return found
}

# tells packets by a link that may become the port of a bridge, as one does that hides a network behind the address of a NIC
function names_nic(line,    i, name) {
    if (line !~ /^set |[io]if(name)? /)
        return 0
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        if (name != "lo" && link_kind[name] != "bridge" && link_group[name] != 201 && index(line, "\"" name "\""))
            return 1
    }
    return 0
}
