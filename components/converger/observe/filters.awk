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
    if (filter_now == "" || filter_skips(line) || line ~ /^[ \t]*}?$/)
        return
    if (line ~ / hook (input|output|forward) /)
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
