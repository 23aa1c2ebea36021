# name NETWORK ADDRESS: NAME... What containers of this host find of those on other hosts, in the /etc/hosts that Docker makes for
# each and writes anew at each start; every line of ours ends with the mark of its stack.

BEGIN { PER_UNIT["name"] = READS_DOCKER["name"] = 1 }

function name_check(key, value) {
    if (key !~ /^name [A-Za-z0-9][A-Za-z0-9_.-]* [0-9a-f]*[.:][0-9a-f.:]+$/ || value !~ /^[A-Za-z0-9_][A-Za-z0-9_.-]*( [A-Za-z0-9_][A-Za-z0-9_.-]*)*$/)
        refuse(key ": needs a network, an address, and names")
}

function name_asks(key, value) {
    ask_network(nth_word(key, 2))
}

function name_line(id) {
    return nth_word(want_key[id], 3) " " want_value[id]
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

function names_found(container) {
    if (!(container in names_read))
        names_read[container] = marked_lines(container_hosts[container])
    return names_read[container]
}

function marked_lines(file,    line, mark, text) {
    mark = names_mark()
    while ((getline line < file) > 0)
        if (substr(line, length(line) - length(mark) + 1) == mark)
            text = text substr(line, 1, length(line) - length(mark)) "\n"
    close(file)
    return text
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

function name_finish() {
    if (mode == "observe")
        tell_names()
    else
        plan_names()
}

function plan_names(    container, wanted, found, file) {
    if (phase == "links")
        return
    for (container in container_hosts) {
        if (names_unit() == "" || container_running[container] != "true")
            continue
        wanted = names_wanted(container)
        found = names_found(container)
        if (wanted == found)
            continue
        step("hosts.write", "hosts", container_hosts[container] " " stack " " journal_file(wanted), "names in " container)
        undo("hosts.write", "hosts", container_hosts[container] " " stack " " journal_file(found))
    }
    if (names_unit() != "" || speaks_of("converger"))
        find_strays()
    for (file in strays)
        step("hosts.write", "hosts", file " " stack " /dev/null", "names in " file)
}

# Versions up to 0.1.0 wrote into what was mounted, the host's own file above all. What bears our mark there goes, and never comes back.
function find_strays(    file, lines) {
    strangers_hosts["/etc/hosts"] = 1
    for (file in strangers_hosts) {
        lines = marked_lines(file)
        if (lines != "")
            strays[file] = lines
    }
}

# lines of names that are wanted no more
function tell_names(    unit, container, file) {
    unit = names_unit()
    if (unit == "")
        return
    for (container in container_hosts)
        if (container_running[container] == "true")
            tell_unwanted(unit, container, names_found(container), names_wanted(container))
    find_strays()
    for (file in strays)
        tell_unwanted(unit, file, strays[file], "")
}

function tell_unwanted(unit, place, found, wanted,    lines, n, i) {
    n = split(found, lines, "\n")
    for (i = 1; i < n; i++)
        if (!index("\n" wanted, "\n" lines[i] "\n"))
            tell(unit, "names in " place, plain("not in the plan, " lines[i]))
}

function name_state(path,    container) {
    if (names_unit() != "")
        for (container in container_hosts)
            print "names", container, plain(names_found(container)) > path
}
