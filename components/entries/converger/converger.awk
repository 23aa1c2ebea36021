# converger: VERSION HASH. This program, in the folder of its stack.

BEGIN { PER_UNIT["converger"] = UP_ONLY["converger"] = 1 }

function converger_actual(id,    hash, want) {
    want = nth_word(want_value[id], 2)
    hash = sha16_of_file(program_path(stack_of(want_unit[id])))
    if (hash == "")
        return ""
    return hash == want ? want_value[id] : "another program, " hash
}

function converger_owner(id,    want) {
    want = nth_word(want_value[id], 2)
    if (converger_actual(id) != want_value[id] && sha16_of_file(program) != want)
        refuse("converger: the unit needs program " want ", this one is " sha16_of_file(program) "; put it on the host with `install`")
}

function converger_make(id,    path, watch) {
    path = program_path(stack_of(want_unit[id]))
    step("program.put", "put", path " 0755 " program, want_key[id])
    undo_file("program.put", path, read_file(path), "0755")
    for (watch in WATCHES)
        if (read_file(boot_path(watch_name(watch, stack))) != "") {
            service_make(watch_name(watch, stack), watch_text(watch, stack), watch_wants(watch, stack), want_key[id])
            step("watch.restart", "systemctl", "--no-block try-restart " watch_name(watch, stack), want_key[id])
        }
}

