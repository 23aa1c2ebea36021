# Services of systemd's that run this program.

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

function boot_path(name) {
    return systemd_dir "/" name
}

# Enabled by links, as `systemctl enable` makes them: that would have systemd read all its units anew for each, which takes it
# 150 ms, and here is done once for a change.
function service_make(name, text, wants, key,    before, n, links, i) {
    before = read_file(boot_path(name))
    if (text != before) {
        step("service.put", "put", boot_path(name) " 0644 " journal_file(text), key)
        undo_file("service.put", boot_path(name), before, "0644")
    }
    n = split(wants, links, " ")
    for (i = 1; i <= n; i++)
        if (read_line(links[i]) == "") {
            step("service.enable", "enable", links[i] " " name, key)
            undo("service.enable", "remove", links[i])
            undo("service.back.prune", "prune", folder_of(links[i]))
        }
    step("systemd.reload", "systemctl", "daemon-reload", "boot")
    undo("systemd.back.reload", "systemctl", "daemon-reload")
}

# one that runs is stopped too, or systemd would remember it
function service_unmake(name, wants, key,    before, n, links, i) {
    before = read_file(boot_path(name))
    if (before == "")
        return
    step("service.stop", "systemctl", "stop " name, key)
    n = split(wants, links, " ")
    for (i = 1; i <= n; i++)
        if (read_line(links[i]) != "") {
            step("service.disable", "remove", links[i], key)
            undo("service.back.enable", "enable", links[i] " " name)
            step("service.prune", "prune", folder_of(links[i]), key)
        }
    step("service.remove", "remove", boot_path(name), key)
    undo_file("service.remove", boot_path(name), before, "0644")
    step("systemd.reload.after.removal", "systemctl", "daemon-reload", "boot")
    undo("systemd.back.reload.after.removal", "systemctl", "daemon-reload")
}

function folder_of(path) {
    sub(/\/[^\/]*$/, "", path)
    return path
}
