# neigh ADDRESS dev LINK: permanent neighbours.

function lladdr_key(key,    words) {
    split(key, words, " ")
    return words[1] " " tolower(words[2]) substr(key, length(words[1] " " words[2]) + 1)
}

function neigh_key(key) {
    return lladdr_key(key)
}

function neigh_check(key, value) {
    words_check(key, value, "lladdr", "")
}

function neigh_device(key, value) {
    return nth_word(key, 4)
}

function neigh_before_docker(id) {
    return 1
}

function neigh_dump() {
    return "neigh show nud permanent"
}

function neigh_take(line, words,    key) {
    if (words[2] != "dev" || !has_word(line, "PERMANENT"))
        return 0
    key = "neigh " words[1] " dev " words[3]
    neigh_keys[++neigh_count] = key
    neigh_value[key] = "lladdr " word_after(line, "lladdr")
    neigh_proto[key] = word_after(line, "proto")
    neigh_link[key] = words[3]
    return 1
}

function neigh_actual(id,    key) {
    key = want_key[id]
    if (!(key in neigh_value))
        return ""
    return neigh_value[key] (neigh_proto[key] == 201 ? "" : " proto " (neigh_proto[key] == "" ? "none" : neigh_proto[key]))
}

function neigh_owner(id,    key) {
    key = want_key[id]
    if ((key in neigh_value) && neigh_proto[key] != 201 && link_mark[neigh_link[key]] == "")
        refuse(key ": already exists and was not made by Crosshost (" neigh_value[key] ")")
}

function neigh_again(key) {
    return "neigh replace " nth_word(key, 2) " " neigh_value[key] " dev " neigh_link[key] " nud permanent" \
        (neigh_proto[key] == "" ? "" : " protocol " neigh_proto[key])
}

function neigh_make(id,    key) {
    key = want_key[id]
    step("neigh.add", "ip", "neigh replace " nth_word(key, 2) " " want_value[id] " dev " nth_word(key, 4) " nud permanent protocol 201", key)
    if (key in neigh_value)
        undo("neigh.add", "ip", neigh_again(key))
    else
        undo("neigh.add", "ip", "neigh del " nth_word(key, 2) " dev " nth_word(key, 4))
}

function neigh_unmake(key) {
    if (!(key in neigh_value))
        return
    step("neigh.del", "ip-del", "neigh del " nth_word(key, 2) " dev " neigh_link[key], key)
    undo("neigh.del", "ip", neigh_again(key))
}

function neigh_extras(    i, key) {
    for (i = 1; i <= neigh_count; i++) {
        key = neigh_keys[i]
        extra(key, link_mark[neigh_link[key]], neigh_value[key], neigh_link[key])
    }
}

function neigh_state(path,    i) {
    for (i = 1; i <= neigh_count; i++)
        print neigh_keys[i], neigh_value[neigh_keys[i]] > path
}
