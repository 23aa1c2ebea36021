# Files outside of units: this program in the folder of its stack, and the systemd units that apply everything after a boot.

BEGIN {
    WATCHES["watch containers"] = "attach on start"
    WATCHES["watch routes"] = "add on link up"
}

# ---- converger: VERSION HASH

function program_path(stack) {
    return lib_dir "/" stack "/crosshost"
}

# By sh, as a host may execute nothing that lies there: /var mounted noexec, or SELinux, which forbids it to systemd.
function program_call(stack) {
    return "/bin/sh " program_path(stack)
}

function sha16_of_file(path,    line, command) {
    command = "exec sha256sum " quoted(path) " 2>/dev/null"
    line = ""
    command | getline line
    close(command)
    return substr(line, 1, 16)
}

function converger_actual(id,    hash, want) {
    want = nth_word(want_value[id], 2)
    hash = sha16_of_file(program_path(stack_of(want_unit[id])))
    if (hash == "")
        return ""
    return hash == want ? want_value[id] : "another program, " hash
}

function converger_check(id,    want) {
    want = nth_word(want_value[id], 2)
    if (converger_actual(id) != want_value[id] && sha16_of_file(program) != want)
        refuse("converger: the unit wants program " want ", this one is " sha16_of_file(program) "; put it on the host by `install`")
}

function converger_make(id,    path, watch) {
    path = program_path(stack_of(want_unit[id]))
    step(120, "put", path " 0755 " program, want_key[id])
    undo_file(120, path, read_file(path), "0755")
    for (watch in WATCHES)
        if (read_file(boot_path(watch_name(watch, stack))) != "") {
            service_make(watch_name(watch, stack), watch_text(watch, stack), watch_wants(watch, stack), want_key[id])
            step(125, "systemctl", "--no-block try-restart " watch_name(watch, stack), want_key[id])
        }
}

# uninstalling removes the whole folder, after the commit
function converger_unmake(unit) {
}

# ---- boot NAME: before docker.service | after docker.service

function boot_path(name) {
    return systemd_dir "/" name
}

function boot_wants(name, value) {
    return systemd_dir "/multi-user.target.wants/" name \
        (value ~ /^after/ ? " " systemd_dir "/docker.service.wants/" name : "")
}

function boot_text(stack, value,    text) {
    text = "[Unit]\n"
    if (value ~ /^before/)
        text = text "Description=Crosshost: links, routes and rules of " stack ", before Docker\n" \
            "After=network.target systemd-modules-load.service systemd-sysctl.service\nBefore=docker.service\n"
    else
        text = text "Description=Crosshost: everything of " stack ", after Docker\n" \
            "After=docker.service crosshost-" stack "-links.service\nPartOf=docker.service\n"
    text = text "\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=" program_call(stack) " boot " stack " " \
        (value ~ /^before/ ? "links" : "rules") "\n\n[Install]\nWantedBy=multi-user.target" \
        (value ~ /^after/ ? " docker.service" : "") "\n"
    return text
}

function boot_actual(id,    name, text, n, i, wants) {
    name = nth_word(want_key[id], 2)
    text = read_file(boot_path(name))
    if (text == "")
        return ""
    if (text != boot_text(stack_of(want_unit[id]), want_value[id]))
        return "changed"
    n = split(boot_wants(name, want_value[id]), wants, " ")
    for (i = 1; i <= n; i++)
        if (read_line(wants[i]) == "")
            return "disabled"
    return want_value[id]
}

function boot_make(id,    name, value) {
    name = nth_word(want_key[id], 2)
    value = want_value[id]
    service_make(name, boot_text(stack_of(want_unit[id]), value), boot_wants(name, value), want_key[id])
}

function boot_unmake(key) {
    service_unmake(nth_word(key, 2), boot_wants(nth_word(key, 2), "after"), key)
}

# Enabled by links, as `systemctl enable` makes them: that would have systemd read all its units anew for each, which takes it
# 150 ms, and here is done once for a change.
function service_make(name, text, wants, key,    before, n, links, i) {
    before = read_file(boot_path(name))
    if (text != before) {
        step(121, "put", boot_path(name) " 0644 " journal_file(text), key)
        undo_file(121, boot_path(name), before, "0644")
    }
    n = split(wants, links, " ")
    for (i = 1; i <= n; i++)
        if (read_line(links[i]) == "") {
            step(122, "enable", links[i] " " name, key)
            undo(122, "remove", links[i])
            undo(121.5, "prune", folder_of(links[i]))
        }
    step(123, "systemctl", "daemon-reload", "boot")
    undo(120.5, "systemctl", "daemon-reload")
}

# one that runs is stopped too, or systemd would remember it
function service_unmake(name, wants, key,    before, n, links, i) {
    if (name in service_unmade)
        return
    service_unmade[name] = 1
    before = read_file(boot_path(name))
    if (before == "")
        return
    step(131, "systemctl", "stop " name, key)
    n = split(wants, links, " ")
    for (i = 1; i <= n; i++)
        if (read_line(links[i]) != "") {
            step(131.5, "remove", links[i], key)
            undo(131.7, "enable", links[i] " " name)
            step(134, "prune", folder_of(links[i]), key)
        }
    step(132, "remove", boot_path(name), key)
    undo_file(132, boot_path(name), before, "0644")
    step(133, "systemctl", "daemon-reload", "boot")
    undo(131.6, "systemctl", "daemon-reload")
}

function folder_of(path) {
    sub(/\/[^\/]*$/, "", path)
    return path
}

# ---- watch containers: attach on start. Docker connects a container that is made anew to no network of ours.
# ---- watch routes: add on link up. The kernel forgets those over a link that goes down.

function watch_name(key, stack) {
    return "crosshost-" stack (key == "watch routes" ? "-routes" : "-watch") ".service"
}

function watch_wants(key, stack) {
    return systemd_dir "/" (key == "watch routes" ? "multi-user.target" : "docker.service") ".wants/" watch_name(key, stack)
}

function watch_text(key, stack,    text) {
    if (key == "watch routes")
        text = "Description=Crosshost: puts routes of " stack " back when their link comes up\n" \
            "After=crosshost-" stack "-links.service\n" service_text(program_call(stack) " keep " stack, "multi-user.target")
    else
        text = "Description=Crosshost: attaches containers of " stack " when they start\n" \
            "After=docker.service crosshost-" stack "-rules.service\nBindsTo=docker.service\n" \
            service_text(program_call(stack) " watch " stack, "docker.service")
    return "[Unit]\n" text
}

function service_text(command, wanted_by) {
    return "\n[Service]\nExecStart=" command "\nRestart=always\nRestartSec=1\n\n[Install]\nWantedBy=" wanted_by "\n"
}

function watch_actual(key, value,    text) {
    text = read_file(boot_path(watch_name(key, stack)))
    if (text == "")
        return ""
    if (text != watch_text(key, stack) && !is_text_of_before(text, watch_text(key, stack)))
        return "changed"
    if (read_line(watch_wants(key, stack)) == "")
        return "disabled"
    if ((key == "watch routes" || docker_state() == "yes") && !watch_runs(key))
        return "stopped"
    return value
}

# As versions wrote it that had systemd execute the program; a Host's new program writes it anew.
function is_text_of_before(text, now) {
    sub(/ExecStart=\/bin\/sh /, "ExecStart=", now)
    return text == now
}

function watch_runs(key) {
    return system("exec systemctl is-active -q " watch_name(key, stack) " 2>/dev/null") == 0
}

function watch_make(key,    name) {
    if (watch_made[key]++)
        return
    name = watch_name(key, stack)
    if (watch_actual(key, "") != "stopped")
        service_make(name, watch_text(key, stack), watch_wants(key, stack), key)
    step(124, "systemctl", "start " name, key)
    if (read_file(boot_path(name)) == "")
        undo(124, "systemctl", "stop " name)
}

# units of a stack hold it together, and the last one that goes takes it away
function watch_unmake(key,    i) {
    for (i = 1; i <= want_count; i++)
        if (want_key[want_id[i]] == key && stack_of(want_unit[want_id[i]]) == stack)
            return
    if (read_file(boot_path(watch_name(key, stack))) != "")
        undo(131, "systemctl", "start " watch_name(key, stack))
    service_unmake(watch_name(key, stack), watch_wants(key, stack), key)
}
