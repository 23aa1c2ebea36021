# watch containers: attach on start. Docker connects a container that is made anew to no network of ours.
# watch routes: add on link up. The kernel forgets those over a link that goes down, and what sets up the link may delete them.

BEGIN {
    PER_UNIT["watch"] = UP_ONLY["watch"] = 1
    SHARED["watch"] = "stack"
    WATCHES["watch containers"] = "attach on start"
    WATCHES["watch routes"] = "add on link up"
}

function watch_check(key, value) {
    if (!(key in WATCHES && value == WATCHES[key]))
        refuse(key ": only `watch containers: attach on start` and `watch routes: add on link up` are known")
}

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

function watch_actual(id) {
    return watch_found(want_key[id], want_value[id])
}

function watch_found(key, value,    text) {
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

# by its processes; systemd is asked where they are not found in the place that it has for them
function watch_runs(key) {
    return read_line("/sys/fs/cgroup/system.slice/" watch_name(key, stack) "/cgroup.procs") != "" || \
        system("exec systemctl is-active -q " watch_name(key, stack) " 2>/dev/null") == 0
}

function watch_make(id,    key, name) {
    key = want_key[id]
    if (watch_made[key]++)
        return
    name = watch_name(key, stack)
    if (watch_found(key, "") != "stopped")
        service_make(name, watch_text(key, stack), watch_wants(key, stack), key)
    step("watch.start", "systemctl", "start " name, key)
    if (read_file(boot_path(name)) == "")
        undo("watch.start", "systemctl", "stop " name)
}

function watch_unmake(key) {
    if (read_file(boot_path(watch_name(key, stack))) != "")
        undo("service.stop", "systemctl", "start " watch_name(key, stack))
    service_unmake(watch_name(key, stack), watch_wants(key, stack), key)
}

function watch_sweep(    key) {
    for (key in WATCHES)
        unmake(key)
}
