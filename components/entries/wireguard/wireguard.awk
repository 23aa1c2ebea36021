# wireguard DEVICE: listen-port PORT public-key KEY, and a line for each peer, wireguard DEVICE peer KEY: endpoint ADDRESS:PORT allowed-ips NETWORK;
# without an endpoint, of one that calls first.
# `wg set` changes what it names and nothing else: sessions of other peers go on. No private or preshared key is ever asked for.

BEGIN { NO_WG = "WireGuard\047s tools are not installed (no program `wg`): apt install wireguard-tools" }

function wireguard_check(key, value) {
    if (key ~ /^wireguard [^ ]+$/)
        words_check(key, value, "listen-port public-key", "")
    else if (key ~ /^wireguard [^ ]+ peer [A-Za-z0-9+\/]+=$/)
        words_check(key, value, "endpoint allowed-ips persistent-keepalive", "")
    else
        refuse(key ": needs `wireguard DEVICE` or `wireguard DEVICE peer KEY`")
}

function wireguard_canonical(key, value) {
    return nth_word(key, 3) == "" || has_word(value, "persistent-keepalive") ? value : value " persistent-keepalive off"
}

function wireguard_device(key, value) {
    return nth_word(key, 2)
}

function wireguard_before_docker(id) {
    return 1
}

# ---- what the kernel has, of all devices

# each by itself: of `all`, `wg` tells whose an endpoint is for the first one only. A name that may be something else to a shell is none of ours.
function wireguard_observe(    i, names, command, line, at, words) {
    for (i = 1; i <= link_count; i++)
        if (link_kind[links[i]] == "wireguard" && links[i] ~ /^[A-Za-z0-9][A-Za-z0-9_.-]*$/)
            names = names " " links[i]
    if (names == "" || !has_wg)
        return
    command = "exec 2>/dev/null; for name in" names "; do for what in public-key listen-port fwmark endpoints allowed-ips persistent-keepalive; do " \
        "echo \"= $name $what\"; wg show $name $what; done; echo \"= $name preshared\"; wg show $name preshared-keys | grep -v \"(none)$\" | cut -f 1; done"
    while ((command | getline line) > 0) {
        if (line ~ /^= /)
            split(line, at, " ")
        else {
            split(line, words, "\t")
            wireguard_read(at[2], at[3], words)
        }
    }
    close(command)
}

function wireguard_read(name, what, words,    key) {
    if (what ~ /^(public-key|listen-port|fwmark)$/) {
        wireguard_own[name, what] = words[1]
        return
    }
    key = "wireguard " name " peer " words[1]
    if (what == "endpoints") {
        wireguard_peers[++wireguard_count] = key
        wireguard_known[key] = 1
    }
    gsub(/ /, ",", words[2])
    wireguard_has[key, what] = what == "preshared" ? "set" : words[2]
}

function wireguard_words(key,    name) {
    name = nth_word(key, 2)
    if (nth_word(key, 3) != "")
        return "endpoint " wireguard_has[key, "endpoints"] " allowed-ips " wireguard_has[key, "allowed-ips"] \
            " persistent-keepalive " wireguard_has[key, "persistent-keepalive"] (((key, "preshared") in wireguard_has) ? " preshared-key set" : "")
    return "listen-port " wireguard_own[name, "listen-port"] " public-key " wireguard_own[name, "public-key"] \
        (wireguard_own[name, "fwmark"] == "off" ? "" : " fwmark " wireguard_own[name, "fwmark"])
}

function wireguard_is_there(key) {
    return nth_word(key, 3) == "" ? ((nth_word(key, 2), "listen-port") in wireguard_own) : (key in wireguard_known)
}

function wireguard_actual(id,    words) {
    if (!wireguard_is_there(want_key[id]))
        return ""
    words = wireguard_words(want_key[id])
    if (!has_word(want_value[id], "endpoint")) # where it has called from
        sub(/endpoint [^ ]+ /, "", words)
    return words
}

function wireguard_differs(want, have) {
    return differing_words(want, have, 0)
}

function wireguard_owner(id) {
    if (phase != "")
        return
    if (!has_wg)
        refuse(want_key[id] ": " NO_WG)
    else if (!wireguard_has_key(id))
        refuse(want_key[id] ": this host\047s private key is another one: run `pulumi up`, which tells its peers")
}

function wireguard_has_key(id,    key) {
    key = word_after(want_value[id], "public-key")
    return key == "" || key == private_key_public(nth_word(want_key[id], 2))
}

# a boot makes all else of a unit whose key is lost, so that containers start
function wireguard_waits(id) {
    return phase != "" && (!has_wg || !wireguard_has_key(id))
}

# ---- making

function wireguard_make(id,    key, name, there) {
    key = want_key[id]
    name = nth_word(key, 2)
    there = wireguard_is_there(key) && !(name in link_anew)
    if (nth_word(key, 3) == "") {
        step("wireguard.set", "wg", wireguard_set(name) (there && wireguard_own[name, "fwmark"] != "off" ? " fwmark 0" : "") " listen-port " word_after(want_value[id], "listen-port"), key)
        if (there)
            undo("wireguard.set", "wg", wireguard_again(key))
        return
    }
    step("wireguard.set", "wg", wireguard_peer(key, want_value[id]) (there && ((key, "preshared") in wireguard_has) ? " preshared-key /dev/null" : ""), key)
    if (there)
        undo("wireguard.set", "wg", wireguard_again(key))
    if (!there || wireguard_has_no(key, "endpoints") || wireguard_has_no(key, "allowed-ips"))
        undo("wireguard.set", "wg", "set " name " peer " nth_word(key, 4) " remove")
}

# what was not there goes with the peer, which then comes back without it: undoing goes on from the last line up
function wireguard_has_no(key, what) {
    return wireguard_has[key, what] ~ /^(\(none\))?$/
}

function wireguard_set(name) {
    return "set " name " private-key " private_key_path(name)
}

# a peer may lack an endpoint or networks, which no word sets
function wireguard_peer(key, value) {
    gsub(/(endpoint|allowed-ips) \(none\) /, "", value)
    return "set " nth_word(key, 2) " peer " nth_word(key, 4) " " value
}

function wireguard_again(key,    name) {
    name = nth_word(key, 2)
    if (nth_word(key, 3) == "")
        return "set " name " fwmark " wireguard_own[name, "fwmark"] " listen-port " wireguard_own[name, "listen-port"]
    return wireguard_peer(key, "endpoint " wireguard_has[key, "endpoints"] " allowed-ips " wireguard_has[key, "allowed-ips"] \
        " persistent-keepalive " wireguard_has[key, "persistent-keepalive"])
}

# of a link that is made again: undoing goes on from the last line up
function wireguard_undo_link(name, phase,    i) {
    if (!((name, "listen-port") in wireguard_own))
        return
    for (i = 1; i <= wireguard_count; i++)
        if (nth_word(wireguard_peers[i], 2) == name)
            undo(phase, "wg", wireguard_again(wireguard_peers[i]))
    undo(phase, "wg", wireguard_again("wireguard " name))
    undo(phase, "wg", wireguard_set(name))
}

# before packets go by another device than so far, where both have the same peers: once for all routes
function wireguard_meet(name, former, key) {
    if (name == former || link_kind[name] != "wireguard" || link_kind[former] != "wireguard" || (name in wireguard_met))
        return
    wireguard_met[name] = 1
    step("wireguard.meet", "meet", name " " former, key)
}

# What others have still to send by is not taken away: where an `up` fails on one host, Pulumi may go on to what it does last.
function wireguard_prepare(    i, id, name) {
    for (i = 1; i <= want_count && verb == "delete"; i++) {
        id = want_id[i]
        name = word_after(want_value[id], "dev")
        if (want_kind[id] == "route" && !is_mine(want_unit[id]) && link_kind[name] == "wireguard" && is_mine(link_mark[name]))
            refuse("link " name ": " want_key[id] " of " unit_name(want_unit[id]) " leads by it, and has to lead by another first")
    }
}

function wireguard_unmake(key) {
    if (nth_word(key, 3) == "" || !wireguard_is_there(key))
        return
    step("wireguard.del", "wg", "set " nth_word(key, 2) " peer " nth_word(key, 4) " remove", key)
    undo("wireguard.del", "wg", wireguard_again(key))
}

# The key of a device that goes was kept for it, if its own unit went first.
function wireguard_finish(    i, id, name) {
    for (i = 1; i <= old_count; i++) {
        id = old_id[i]
        name = nth_word(old_key[id], 2)
        if (old_key[id] ~ /^wireguard [^ ]+$/ && !(id in want_value) && !is_wanted("private-key " name))
            private_key_remove(name, old_key[id])
    }
}

function wireguard_extras(    i, name) {
    for (i = 1; i <= wireguard_count; i++) {
        name = nth_word(wireguard_peers[i], 2)
        extra(wireguard_peers[i], link_mark[name], wireguard_words(wireguard_peers[i]), name)
    }
}

# the device's own key is that of its file, which is not put back
function wireguard_state(path,    i, name) {
    for (i = 1; i <= link_count; i++)
        if (link_kind[links[i]] == "wireguard" && link_mark[links[i]] != "")
            print "wireguard", links[i], wireguard_own[links[i], "listen-port"], wireguard_own[links[i], "fwmark"] > path
    for (i = 1; i <= wireguard_count; i++)
        if (link_mark[nth_word(wireguard_peers[i], 2)] != "")
            print wireguard_peers[i], wireguard_words(wireguard_peers[i]) > path
}

# whose UDP port cannot be another's
function wireguard_facts(    i, name, port) {
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        port = wireguard_own[name, "listen-port"]
        if (link_kind[name] == "wireguard")
            print "fact wireguard " name, (port == "" ? "-" : port), owner_alias(name)
    }
}
