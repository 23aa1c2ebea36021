# Addresses, permanent neighbours, and forwarding entries of tunnels: what lies on a link.

# ---- addresses: ours if they lie on a link of ours, or if the unit held them before

function addr_read(line,    key, name, family, text, lifetime, label, n, words) {
    split(line, words, " ")
    name = words[2]
    family = words[3]
    key = "addr " name " " words[4]
    lifetime = line
    sub(/.*\\ +/, "", lifetime)
    gsub(/sec/, "", lifetime)
    text = line
    sub(/\\.*/, "", text)
    text = trim(substr(text, index(text, " " words[4]) + length(words[4]) + 1))
    gsub(/ (dynamic|tentative|secondary|deprecated|temporary|mngtmpaddr)/, "", text)
    if (family == "inet") {
        n = split(text, words, " ")
        label = words[n]
        sub(/ ?[^ ]+$/, "", text)
    }
    addr_keys[++addr_count] = key
    addr_words[key] = text
    addr_device[key] = name
    addr_label[key] = label != "" && label != name ? " label " label : ""
    addr_lifetime[key] = lifetime ~ /valid_lft forever preferred_lft forever/ ? "" : " " trim(lifetime)
    addr_of_kernel[key] = family == "inet6" && line ~ / scope link/
}

# 127.0.0.1 and the like: what is routed to a host may lie on lo as well
function addr_is_of_loopback(key) {
    return has_word(addr_words[key], "host")
}

function addr_actual(key, value,    n, words, i, text) {
    if (!(key in addr_words))
        return ""
    n = split(value, words, " ")
    for (i = 1; i <= n; i++) {
        if (words[i] == "noprefixroute") {
            if (has_word(addr_words[key], words[i]))
                text = text " " words[i]
        } else {
            text = text " " words[i] " " word_after(addr_words[key] addr_label[key], words[i])
            i++
        }
    }
    return trim(text)
}

function addr_check_owner(key) {
    if ((key in addr_words) && !(key in old_value) && link_mark[addr_device[key]] == "")
        refuse(key ": is there already and not ours (" addr_words[key] ")")
}

function addr_command(op, key, name) {
    return "addr " op " " nth_word(key, 3) (op == "add" ? " " addr_words[key] addr_label[key] addr_lifetime[key] : "") " dev " name
}

function addr_make(key, value,    name) {
    name = nth_word(key, 2)
    if ((key in addr_words) && !(name in link_anew)) {
        step(50, "ip", addr_command("del", key, name), key)
        undo(50, "ip", addr_command("add", key, name))
    }
    step(50, "ip", "addr add " nth_word(key, 3) " " value " dev " name, key)
    undo(50, "ip", "addr del " nth_word(key, 3) " dev " name)
}

# with the last address of a link the kernel forgets its routes and neighbours
function addr_unmake(key) {
    if (!(key in addr_words))
        return
    step(88, "ip-del", addr_command("del", key, addr_device[key]), key)
    link_undo_contents(addr_device[key], 30)
}

# ---- permanent neighbours, and the keys of forwarding entries

function lladdr_key(key,    words) {
    split(key, words, " ")
    return words[1] " " tolower(words[2]) substr(key, length(words[1] " " words[2]) + 1)
}

function neigh_read(line,    key, words) {
    split(line, words, " ")
    key = "neigh " words[1] " dev " words[3]
    neigh_keys[++neigh_count] = key
    neigh_value[key] = "lladdr " word_after(line, "lladdr")
    neigh_proto[key] = word_after(line, "proto")
    neigh_device[key] = words[3]
}

function neigh_actual(key) {
    if (!(key in neigh_value))
        return ""
    return neigh_value[key] (neigh_proto[key] == 201 ? "" : " proto " (neigh_proto[key] == "" ? "none" : neigh_proto[key]))
}

function neigh_check_owner(key, kind) {
    if (kind == "neigh" && (key in neigh_value) && neigh_proto[key] != 201 && link_mark[neigh_device[key]] == "")
        refuse(key ": is there already and not ours (" neigh_value[key] ")")
    if (kind == "fdb" && (key in fdb_value) && link_mark[fdb_device[key]] == "")
        refuse(key ": is there already and not ours (" fdb_value[key] ")")
}

function neigh_again(key) {
    return "neigh replace " nth_word(key, 2) " " neigh_value[key] " dev " neigh_device[key] " nud permanent" \
        (neigh_proto[key] == "" ? "" : " protocol " neigh_proto[key])
}

function neigh_make(key, value) {
    step(60, "ip", "neigh replace " nth_word(key, 2) " " value " dev " nth_word(key, 4) " nud permanent protocol 201", key)
    if (key in neigh_value)
        undo(60, "ip", neigh_again(key))
    else
        undo(60, "ip", "neigh del " nth_word(key, 2) " dev " nth_word(key, 4))
}

function neigh_unmake(key) {
    if (!(key in neigh_value))
        return
    step(86, "ip-del", "neigh del " nth_word(key, 2) " dev " neigh_device[key], key)
    undo(86, "ip", neigh_again(key))
}

# ---- forwarding entries: permanent ones of a tunnel. The zero address has many, so there the destination is in the key.

function fdb_read(line,    key, name, mac) {
    if (!has_word(line, "dst") || !has_word(line, "permanent"))
        return
    mac = first_word(line)
    name = word_after(line, "dev")
    key = "fdb " mac " dev " name
    if (mac == "00:00:00:00:00:00")
        key = key " dst " word_after(line, "dst")
    fdb_keys[++fdb_count] = key
    fdb_value[key] = mac == "00:00:00:00:00:00" ? "permanent" : "dst " word_after(line, "dst")
    fdb_device[key] = name
}

function fdb_command(key, value,    words) {
    split(key, words, " ")
    if (words[2] == "00:00:00:00:00:00")
        return "fdb append " words[2] " dev " words[4] " dst " words[6] " self permanent"
    return "fdb replace " words[2] " dev " words[4] " " value " self permanent"
}

function fdb_removal(key, value,    words) {
    split(key, words, " ")
    return "fdb del " words[2] " dev " words[4] " " (words[2] == "00:00:00:00:00:00" ? "dst " words[6] : value) " self"
}

function fdb_make(key, value) {
    step(70, "bridge", fdb_command(key, value), key)
    if (key in fdb_value)
        undo(70, "bridge", fdb_command(key, fdb_value[key]))
    else
        undo(70, "bridge", fdb_removal(key, value))
}

function fdb_unmake(key) {
    if (!(key in fdb_value))
        return
    step(87, "bridge-del", fdb_removal(key, fdb_value[key]), key)
    undo(87, "bridge", fdb_command(key, fdb_value[key]))
}
