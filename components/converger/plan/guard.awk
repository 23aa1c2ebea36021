# The way: the links that the SSH connection comes by on which a change was asked for. They are found from the connection itself, never from
# names. A change that touches them is free, guarded or refused, and this is the one place that says which.
#
#   free     nobody's connection (a boot, a console), or none of these links is touched
#   guarded  its unit says `guard: SECONDS`: it is done up to the phase `guard.commit`, and taken back unless a new connection commits it
#   refused  nobody would commit it

# Called when all steps are planned; $guarded: in a later round of such a change
function judge_way(    touched, key, seconds) {
    if (connection == "" || guarded)
        return
    touched = links_touched()
    if (touched == "")
        return
    key = first_that_touches
    seconds = (verb == "apply" || verb == "delete") ? guard_seconds() : ""
    if (seconds == "")
        refuse(key ": touches " touched ", which this SSH connection comes by: only an apply or a delete of a unit that is guarded may do that")
    else
        guard_text = seconds " " touched
}

# of the way, by the entries that have steps
function links_touched(    i, j, n, names, known, text) {
    for (i = 1; i <= step_count; i++) {
        if (step_key[i] in known)
            continue
        known[step_key[i]] = 1
        n = split(kind_touches(kind_of(step_key[i]), step_key[i]), names, " ")
        for (j = 1; j <= n; j++)
            if (is_on_way(names[j]) && !has_word(text, names[j])) {
                if (text == "")
                    first_that_touches = step_key[i]
                text = text " " names[j]
            }
    }
    return trim(text)
}

# as the unit says that is applied, or the one that goes
function guard_seconds(    role, i) {
    role = verb == "delete" ? "old" : "new"
    for (i = 1; i <= line_count[me, role]; i++)
        if (lines_of[me, role, i] ~ /^guard: [0-9]+$/)
            return nth_word(lines_of[me, role, i], 2)
    return ""
}

function is_on_way(name) {
    find_way()
    return way_is_hidden || (name in on_way)
}

# CLIENT PORT SERVER PORT. Over the host itself comes a tunnel too, and what that comes by cannot be seen: then it may be any link.
function find_way(    words, device) {
    if (way_found++)
        return
    split(connection, words, " ")
    add_to_way(link_of_address(words[3]))
    device = device_towards(words[1], words[3])
    add_to_way(device)
    add_to_way(link_master[device])
    way_is_hidden = !way_count || ("lo" in on_way)
}

# with what it lies on, and its ports
function add_to_way(name,    i) {
    if (name == "" || (name in on_way))
        return
    on_way[name] = 1
    way_count++
    add_to_way(name in link_index ? link_parent[name] : "")
    for (i = 1; i <= link_count; i++)
        if (link_master[links[i]] == name)
            add_to_way(links[i])
}

# fe80::1%eth0 says it itself
function link_of_address(address,    i, part) {
    if (split(address, part, "%") == 2)
        return part[2]
    for (i = 1; i <= addr_count; i++) {
        split(nth_word(addr_keys[i], 3), part, "/")
        if (part[1] == address)
            return addr_link[addr_keys[i]]
    }
    return ""
}

function device_towards(client, server,    command, line) {
    if ((client server) !~ /^[0-9a-fA-F.:]+$/)
        return ""
    command = "exec ip -o route get " client " from " server " 2>/dev/null"
    command | getline line
    close(command)
    return word_after(line, "dev")
}

function is_later(at) {
    return (guarded || guard_text != "") && at > PHASE["guard.commit"]
}

# in a later round: what is left to do before the commit
function steps_now(    i, n) {
    for (i = 1; i <= step_count; i++)
        n += !(guarded && step_at[i] > PHASE["guard.commit"])
    return n + 0
}
