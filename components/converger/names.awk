# name NETWORK ADDRESS: NAME... What containers of this host find of those on other hosts, in their own /etc/hosts. Docker
# writes that file anew at each start; every line of ours ends with the mark of its stack.

function name_check(key, value) {
    if (key !~ /^name [A-Za-z0-9][A-Za-z0-9_.-]* [0-9a-f]*[.:][0-9a-f.:]+$/ || value !~ /^[A-Za-z0-9_][A-Za-z0-9_.-]*( [A-Za-z0-9_][A-Za-z0-9_.-]*)*$/)
        refuse(key ": wants a network, an address, and names")
}

function name_line(id) {
    return nth_word(want_key[id], 3) " " want_value[id]
}

# after a boot there are no lines of before
function members_of_networks(    name, all) {
    for (name in network_members)
        all = all " " network_members[name]
    return all
}

# in which containers a line has to be
function is_named_in(id, container) {
    return container_running[container] == "true" && ((container, nth_word(want_key[id], 2)) in endpoint_value)
}

function name_actual(id,    container, lacking) {
    for (container in container_hosts)
        if (is_named_in(id, container) && !index("\n" names_found(container), "\n" name_line(id) "\n"))
            lacking = lacking (lacking == "" ? "" : ", ") container
    return lacking == "" ? want_value[id] : "missing in " lacking
}

function names_wanted(container,    i, text) {
    for (i = 1; i <= want_count; i++)
        if (want_kind[want_id[i]] == "name" && stack_of(want_unit[want_id[i]]) == stack && is_named_in(want_id[i], container))
            text = text name_line(want_id[i]) "\n"
    return text
}

function names_found(container,    line, mark, text) {
    if (container in names_read)
        return names_read[container]
    mark = names_mark()
    while ((getline line < container_hosts[container]) > 0)
        if (substr(line, length(line) - length(mark) + 1) == mark)
            text = text substr(line, 1, length(line) - length(mark)) "\n"
    close(container_hosts[container])
    return names_read[container] = text
}

function names_mark() {
    return " # crosshost " stack
}

# whether the plan is about names; of which unit
function names_unit(    i, id) {
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        if (want_kind[id] == "name" && (mode == "observe" ? stack_of(want_unit[id]) == stack : is_mine(want_unit[id])))
            return want_unit[id]
    }
    for (i = 1; i <= old_count; i++)
        if (old_key[old_id[i]] ~ /^name /)
            return old_unit[old_id[i]]
    return sweeping() ? me : ""
}

# those that run, or of them what a restart is about: the file of another is written anew when it starts
function names_note(containers,    n, list, i) {
    if (names_unit() == "")
        return
    if (verb == "boot" || restarted != "") {
        n = split(restarted == "" ? members_of_networks() : restarted, list, "[, ]+")
        for (i = 1; i <= n; i++)
            if (list[i] != "")
                containers[list[i]] = 1
        return
    }
    docker_containers()
    for (i = 1; i <= container_count; i++)
        if (nth_word(container_list[i], 2) == "running")
            containers[nth_word(container_list[i], 1)] = 1
}

function plan_names(    container, wanted, found) {
    if (phase == "links" || names_unit() == "")
        return
    for (container in container_hosts) {
        if (container_running[container] != "true")
            continue
        wanted = names_wanted(container)
        found = names_found(container)
        if (wanted == found)
            continue
        step(110, "hosts", container_hosts[container] " " stack " " journal_file(wanted), "names in " container)
        undo(110, "hosts", container_hosts[container] " " stack " " journal_file(found))
    }
}

# lines of names that are wanted no more
function tell_names(    unit, container, wanted, lines, n, i) {
    unit = names_unit()
    for (container in container_hosts) {
        if (unit == "" || container_running[container] != "true")
            continue
        wanted = names_wanted(container)
        n = split(names_found(container), lines, "\n")
        for (i = 1; i < n; i++)
            if (!index("\n" wanted, "\n" lines[i] "\n"))
                tell(unit, "names in " container, plain("not in the plan, " lines[i]))
    }
}
