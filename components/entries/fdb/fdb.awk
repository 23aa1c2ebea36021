# fdb MAC dev LINK: permanent forwarding entries of a tunnel. The zero address has many, so there the destination is in the key.

function fdb_key(key) {
    return lladdr_key(key)
}

function fdb_check(key, value) {
    words_check(key, value, "dst", "permanent")
}

function fdb_device(key, value) {
    return nth_word(key, 4)
}

function fdb_before_docker(id) {
    return 1
}

function fdb_observe(    command, line) {
    if (!speaks_of("fdb") && !has_tunnel_of_ours())
        return
    command = "exec bridge fdb show"
    while ((command | getline line) > 0)
        fdb_read(line)
    close(command)
}

function has_tunnel_of_ours(    i) {
    for (i = 1; i <= link_count; i++)
        if (link_kind[links[i]] == "vxlan" && link_mark[links[i]] != "")
            return 1
    return 0
}

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
    fdb_link[key] = name
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

function fdb_actual(id) {
    return (want_key[id] in fdb_value) ? fdb_value[want_key[id]] : ""
}

function fdb_owner(id,    key) {
    key = want_key[id]
    if ((key in fdb_value) && link_mark[fdb_link[key]] == "")
        refuse(key ": already exists and was not made by Crosshost (" fdb_value[key] ")")
}

function fdb_make(id,    key, value) {
    key = want_key[id]
    value = want_value[id]
    step("fdb.add", "bridge", fdb_command(key, value), key)
    if (key in fdb_value)
        undo("fdb.add", "bridge", fdb_command(key, fdb_value[key]))
    else
        undo("fdb.add", "bridge", fdb_removal(key, value))
}

function fdb_unmake(key) {
    if (!(key in fdb_value))
        return
    step("fdb.del", "bridge-del", fdb_removal(key, fdb_value[key]), key)
    undo("fdb.del", "bridge", fdb_command(key, fdb_value[key]))
}

function fdb_extras(    i, key) {
    for (i = 1; i <= fdb_count; i++) {
        key = fdb_keys[i]
        extra(key, link_mark[fdb_link[key]], fdb_value[key], fdb_link[key])
    }
}

function fdb_state(path,    i) {
    for (i = 1; i <= fdb_count; i++)
        print fdb_keys[i], fdb_value[fdb_keys[i]] > path
}
