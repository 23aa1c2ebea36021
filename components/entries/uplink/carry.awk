# Addresses and routes go from one link to another, in an order that leaves no packet without a way: what is to be there comes first, and
# takes the place of a route as it stands; what is left goes last.

# Every line of every table, as it is written again: `route_keys` has one of each key.
function trail_note(raw, proto) {
    trails[++trail_count] = raw
    trail_proto[trail_count] = proto
}

function trail_is_over(i, name) {
    return index(" " trails[i] " ", " dev " name " ") > 0
}

# `default` is IPv4's, where nothing else tells
function trail_again(i, name, other,    text, is_six) {
    text = " " trails[i] " "
    is_six = trail_is_six(i)
    if (is_six)
        sub(/ default /, " ::/0 ", text)
    while (gsub(/ (pref (low|medium|high)|linkdown|dead|table main|error -?[0-9]+) /, " ", text) || (is_six && sub(/ scope global /, " ", text)))
        continue
    gsub(/sec /, " ", text)
    gsub(" dev " as_pattern(name) " ", " dev " other " ", text)
    return trim(text)
}

function trail_is_six(i) {
    return trails[i] ~ / pref / || trails[i] ~ /^[^ ]*:/
}

function as_pattern(name) {
    gsub(/\./, "[.]", name)
    return name
}

# The kernel's own come with their addresses, but where these were told to bring none; IPv6 gives its own this metric.
function trail_is_to_go(i, name,    key, source) {
    if (!trail_is_over(i, name))
        return 0
    if (trail_proto[i] != "kernel")
        return 1
    if (trails[i] ~ /^f[ef]/ || (trail_is_six(i) && trails[i] ~ / metric 256 /))
        return 0
    source = word_after(trails[i], "src")
    for (key in addr_words)
        if (addr_link[key] == name && has_word(addr_words[key], "noprefixroute") && \
            (source == "" ? key ~ /:/ : index(nth_word(key, 3), source "/") == 1))
            return 1
    return 0
}

# an address that a unit wants of the bridge stays there
function addr_is_to_go(key, name) {
    return addr_link[key] == name && !addr_of_kernel[key] && !(key in want_value) && !(key in old_value)
}

# as they were given: IPv4 puts the last one last, IPv6 first
function addresses_to_go(from, keys,    i, n) {
    for (i = 1; i <= addr_count; i++)
        if (addr_is_to_go(addr_keys[i], from) && addr_keys[i] !~ /:/)
            keys[++n] = addr_keys[i]
    for (i = addr_count; i >= 1; i--)
        if (addr_is_to_go(addr_keys[i], from) && addr_keys[i] ~ /:/)
            keys[++n] = addr_keys[i]
    return n + 0
}

function carry(nic, from, to, phase_name, phase_clear, key,    i, n, keys, pass) {
    n = addresses_to_go(from, keys)
    for (i = 1; i <= n; i++) {
        step(phase_name, "ip", "addr replace " addr_as_for(keys[i], to, to == nic ? uplink_label(nic, nth_word(keys[i], 3)) : "") " dev " to, key)
        undo_later("addr add " addr_as_for(keys[i], from, addr_label[keys[i]]) " dev " from)
    }
    for (pass = 0; pass <= 1; pass++)
        for (i = 1; i <= trail_count; i++)
            if (trail_is_to_go(i, from) && (trails[i] ~ / via /) == pass) {
                step(phase_name, "ip", "route replace " trail_again(i, from, to), key)
                undo_later("route replace " trail_again(i, from, from))
            }
    for (i = n; i >= 1; i--) {
        step(phase_name, "ip", "addr del " nth_word(keys[i], 3) " dev " from, key)
        if (!(addr_on(keys[i], to) in addr_words))
            undo_later("addr del " nth_word(keys[i], 3) " dev " to)
    }
    # Last, for the bridge's route to the LAN leads nowhere then, and systemd-networkd takes addresses from a bridge without a carrier.
    if (to == nic)
        step(phase_name, "ip", "link set dev " nic " nomaster", key)
    # of an IPv6 address that ends some day the kernel leaves the route to its network
    for (i = 1; i <= trail_count; i++)
        if (trail_is_over(i, from) && trail_proto[i] == "kernel" && trail_is_six(i) && trails[i] !~ /^f[ef]/) {
            step(phase_clear, "ip-del", "route del " first_word(trails[i]) " dev " from " proto kernel", key)
            if (!leads_over(first_word(trails[i]), to))
                undo_later("route del " first_word(trails[i]) " dev " to " proto kernel")
        }
}

function leads_over(target, name,    i) {
    for (i = 1; i <= trail_count; i++)
        if (trail_is_over(i, name) && first_word(trails[i]) == target)
            return 1
    return 0
}

function addr_on(key, name) {
    return "addr " name " " nth_word(key, 3)
}

# IPv6 needs no second look for others that have it
function addr_as_for(key, name, label) {
    return nth_word(key, 3) " " addr_words[key] label addr_flags[key] (key ~ /:/ ? " nodad" : "") addr_lifetime[key]
}

# what undoes steps runs in their order, not backwards
function undo_later(text) {
    undo_kept[++undo_kept_count] = text
}

function undo_all(phase_name,    i) {
    for (i = undo_kept_count; i >= 1; i--)
        undo(phase_name, "ip", undo_kept[i])
    undo_kept_count = 0
}
