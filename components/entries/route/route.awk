# route PREFIX: ours carry protocol 201. `route replace` would silently take over a foreign one, so what is new is added.

function route_key(key) {
    if (key !~ /:/)
        sub(/\/32/, "", key)
    if (nth_word(key, 2) == "0.0.0.0/0")
        sub(/0\.0\.0\.0\/0/, "default", key)
    return key
}

# words in any order to: type via dev src mtu onlink
function route_canonical(key, value,    n, words, i, type, named, text) {
    n = split(value, words, " ")
    for (i = 1; i <= n; i++) {
        if (words[i] ~ /^(blackhole|unreachable|prohibit|throw)$/)
            type = words[i]
        else if (words[i] == "onlink")
            named["onlink"] = 1
        else if (words[i] ~ /^(via|dev|src|mtu)$/) {
            named[words[i]] = words[i + 1]
            i++
        }
    }
    text = type
    if ("via" in named)
        text = text " via " named["via"]
    if ("dev" in named)
        text = text " dev " named["dev"]
    if ("src" in named)
        text = text " src " named["src"]
    if ("mtu" in named)
        text = text " mtu " named["mtu"]
    if ("onlink" in named)
        text = text " onlink"
    return trim(text)
}

function route_check(key, value) {
    words_check(key, value, "via dev src mtu", "onlink blackhole unreachable prohibit throw")
}

function route_device(key, value) {
    return word_after(value, "dev")
}

function route_before_docker(id) {
    return 1
}

# one line of `ip -d -o route show table all`: with -d each starts with its type
function route_dump() {
    return "route show table all"
}

function route_take(line, words,    table, key, proto, metric, raw, type) {
    if (words[1] !~ /^(unicast|blackhole|unreachable|prohibit|throw)$/)
        return 0
    table = word_after(line, "table")
    if (table == "local")
        return 1
    gsub(/\\/, " ", line)
    line = trim(line)
    type = first_word(line)
    proto = word_after(line, "proto")
    metric = word_after(line, "metric")
    raw = line
    sub(/^unicast /, "", raw)
    trail_note(raw, proto)
    key = "route " nth_word(line, 2)
    if (key ~ /:/ && metric == 1024)
        metric = ""
    if (table != "" && table != "main")
        key = key " table " table
    if (metric != "" && metric != 0)
        key = key " metric " metric
    if ((key in route_value) && proto == "kernel")
        return 1
    gsub(/ (linkdown|dead|pref medium|table main)/, "", raw)
    if (key ~ /:/ || type == "blackhole")
        sub(/ scope global/, "", raw)
    if (type == "unicast")
        sub(/^unicast [^ ]+/, "", line)
    route_keys[++route_count] = key
    route_value[key] = route_canonical(key, line)
    route_proto[key] = proto
    route_dev[key] = word_after(line, "dev")
    route_raw[key] = trim(raw)
    return 1
}

function route_actual(id,    key, text) {
    key = want_key[id]
    if (!(key in route_value))
        return ""
    text = route_value[key]
    if (!has_word(want_value[id], "dev"))
        sub(/ ?dev [^ ]+/, "", text)
    return trim(text (route_proto[key] == 201 ? "" : " proto " route_proto[key]))
}

function route_owner(id,    key, value) {
    key = want_key[id]
    value = want_value[id]
    if ((key in route_value) && route_proto[key] != 201)
        refuse(key ": already exists and was not made by Crosshost (" route_raw[key] ")")
    else if (client != "" && !(key in old_value) && lies_in(client, route_target(key)))
        refuse(key ": contains " client ", the address of this SSH client: choose another address")
    else if (phase == "" && !route_has_way(value))
        refuse(key ": no link of this host leads to its gateway " word_after(value, "via") \
            " (found " underlay_addresses() "): hosts on different links need the backend vxlan")
}

# A gateway without a device has to be on a link of this host. While booting, it may not be yet, nor a device of another unit.
function route_has_way(value,    gateway, i, key, name) {
    gateway = word_after(value, "via")
    name = word_after(value, "dev")
    if (phase != "" && name != "" && !(name in link_index) && !is_mine(want_unit["link " name]))
        return 0
    if (gateway == "" || gateway ~ /:/ || has_word(value, "dev"))
        return 1
    for (i = 1; i <= route_count; i++) {
        key = route_keys[i]
        if (route_is_on_link(key) && (nth_word(key, 2) == gateway || nth_word(key, 2) == "default" || lies_in(gateway, nth_word(key, 2))))
            return 1
    }
    return 0
}

function route_is_on_link(key) {
    return key !~ /:| table / && route_dev[key] != "" && !has_word(route_value[key], "via")
}

# The link of ours that a route belongs to: the one it leads to, or else the one whose address it gives to packets.
function route_link(key,    name) {
    if (link_mark[route_dev[key]] == "" && has_word(route_value[key], "src")) {
        name = underlay_link(word_after(route_value[key], "src"))
        if (link_mark[name] != "")
            return name
    }
    return route_dev[key]
}

function route_words(key, value,    target, type) {
    target = substr(key, 7)
    type = first_word(value)
    if (type ~ /^(blackhole|unreachable|prohibit|throw)$/) {
        target = type " " target
        value = substr(value, length(type) + 2)
    }
    return trim(target " " value) " proto 201"
}

# while booting, until there is a link to it
function route_waits(id) {
    return phase != "" && !route_has_way(want_value[id])
}

function route_make(id,    key, value, there) {
    key = want_key[id]
    value = want_value[id]
    there = (key in route_value) && !(route_dev[key] in link_anew)
    step("route.add", "ip", "route " (there ? "replace " : "add ") route_words(key, value), key)
    if (there) {
        wireguard_meet(word_after(value, "dev"), route_dev[key], key)
        undo("route.add", "ip", "route replace " route_raw[key])
    } else
        undo("route.add", "ip", "route del " route_words(key, value))
}

function route_unmake(key) {
    if (!(key in route_value) || route_proto[key] != 201)
        return
    step("route.del", "ip-del", "route del " route_words(key, route_value[key]), key)
    undo("route.del", "ip", "route replace " route_raw[key])
}

function route_extras(    i, key) {
    for (i = 1; i <= route_count; i++) {
        key = route_keys[i]
        if (route_proto[key] == 201)
            extra(key, link_mark[route_link(key)], route_value[key], route_link(key))
    }
}

function route_state(path,    i) {
    for (i = 1; i <= route_count; i++)
        if (route_proto[route_keys[i]] != "kernel")
            print "route", route_lasting(route_raw[route_keys[i]]) > path
}

# one that a router has told of counts down
function route_lasting(raw) {
    sub(/ expires [0-9]+sec/, "", raw)
    return raw
}
