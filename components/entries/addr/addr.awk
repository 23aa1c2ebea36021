# addr LINK ADDRESS/PREFIX: ours if they lie on a link of ours, or if the unit held them before.

function addr_dump() {
    return "addr show"
}

function addr_take(line, words,    key, name, family, text, lifetime, label, n) {
    if (words[3] != "inet" && words[3] != "inet6")
        return 0
    name = words[2]
    family = words[3]
    key = "addr " name " " words[4]
    lifetime = line
    sub(/.*\\ +/, "", lifetime)
    gsub(/sec/, "", lifetime)
    text = line
    sub(/\\.*/, "", text)
    text = trim(substr(text, index(text, " " words[4]) + length(words[4]) + 1))
    addr_flags[key] = text ~ / mngtmpaddr/ ? " mngtmpaddr" : ""
    gsub(/ (dynamic|tentative|secondary|deprecated|temporary|mngtmpaddr)/, "", text)
    if (family == "inet") {
        n = split(text, words, " ")
        label = words[n]
        sub(/ ?[^ ]+$/, "", text)
    }
    addr_keys[++addr_count] = key
    addr_words[key] = text
    addr_link[key] = name
    addr_label[key] = label != "" && label != name ? " label " label : ""
    addr_lifetime[key] = lifetime ~ /valid_lft forever preferred_lft forever/ ? "" : " " trim(lifetime)
    addr_of_kernel[key] = family == "inet6" && line ~ / scope link/
    return 1
}

# 127.0.0.1 and the like: what is routed to a host may lie on lo as well
function addr_is_of_loopback(key) {
    return has_word(addr_words[key], "host")
}

function addr_check(key, value) {
    words_check(key, value, "scope label", "noprefixroute")
}

function addr_device(key, value) {
    return nth_word(key, 2)
}

function addr_before_docker(id) {
    return 1
}

function addr_actual(id,    key, value, n, words, i, text) {
    key = want_key[id]
    value = want_value[id]
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

function addr_owner(id,    key) {
    key = want_key[id]
    if ((key in addr_words) && !(key in old_value) && link_mark[addr_link[key]] == "")
        refuse(key ": already exists and was not made by Crosshost (" addr_words[key] ")")
}

function addr_command(op, key, name) {
    return "addr " op " " nth_word(key, 3) (op == "add" ? " " addr_words[key] addr_label[key] addr_lifetime[key] : "") " dev " name
}

function addr_make(id,    key, name) {
    key = want_key[id]
    name = nth_word(key, 2)
    if ((key in addr_words) && !(name in link_anew)) {
        step("addr.add", "ip", addr_command("del", key, name), key)
        undo("addr.add", "ip", addr_command("add", key, name))
    }
    step("addr.add", "ip", "addr add " nth_word(key, 3) " " want_value[id] " dev " name, key)
    undo("addr.add", "ip", "addr del " nth_word(key, 3) " dev " name)
}

# with the last address of a link the kernel forgets its routes and neighbours
function addr_unmake(key) {
    if (!(key in addr_words))
        return
    step("addr.del", "ip-del", addr_command("del", key, addr_link[key]), key)
    link_undo_contents(addr_link[key], "link.remake")
}

function addr_state(path,    i) {
    for (i = 1; i <= addr_count; i++)
        if (!addr_of_kernel[addr_keys[i]])
            print addr_keys[i], addr_words[addr_keys[i]] > path
}
