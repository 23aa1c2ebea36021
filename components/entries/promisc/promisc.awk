# promisc LINK: on. Units of all stacks hold it together; the last one that goes puts back what was there.

BEGIN {
    PER_UNIT["promisc"] = 1
    SHARED["promisc"] = "host"
}

function promisc_check(key, value) {
    if (value != "on")
        refuse(key ": only `promisc LINK: on` is known")
}

function promisc_before_docker(id) {
    return 1
}

function promisc_rebuilt(id) {
    return nth_word(want_key[id], 2) in link_anew
}

function promisc_actual(id) {
    return promisc_of(nth_word(want_key[id], 2))
}

function promisc_of(name) {
    return name in link_index ? (link_promisc[name] ? "on" : "off") : ""
}

function promisc_record(name) {
    return run_dir "/promisc/" name
}

function promisc_make(id,    key, name) {
    key = want_key[id]
    name = nth_word(key, 2)
    step("promisc.set", "ip", "link set dev " name " promisc on", key)
    undo("promisc.set", "ip", "link set dev " name " promisc off")
    if (read_line(promisc_record(name)) == "") {
        step("promisc.record", "put", promisc_record(name) " 0600 " journal_file("off\n"), key)
        undo("promisc.record", "remove", promisc_record(name))
    }
}

function promisc_unmake(key,    name) {
    name = nth_word(key, 2)
    if (read_line(promisc_record(name)) == "")
        return
    if (promisc_of(name) == "on") {
        step("promisc.back", "ip", "link set dev " name " promisc off", key)
        undo("promisc.back", "ip", "link set dev " name " promisc on")
    }
    step("promisc.forget", "remove", promisc_record(name), key)
    undo_file("promisc.forget", promisc_record(name), "off\n")
}

function promisc_sweep(    command, name) {
    command = "exec ls " quoted(run_dir "/promisc") " 2>/dev/null"
    while ((command | getline name) > 0)
        unmake("promisc " name)
    close(command)
}

function promisc_state(path,    id) {
    for (id in want_kind)
        if (want_kind[id] == "promisc")
            print want_key[id], promisc_actual(id) > path
}
