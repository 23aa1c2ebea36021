# networkd foreign-routes: keep. Only where systemd-networkd runs: it deletes what others route over its links each time it starts.
# It reads the file when it starts, too; made to start here, it would take away addresses that others have added. Until it has,
# the entry `watch routes` brings back what it deletes.

BEGIN {
    PER_UNIT["networkd"] = UP_ONLY["networkd"] = 1
    SHARED["networkd"] = "host"
    NETWORKD_RUNS = "/run/systemd/netif/state"
    NETWORKD_FOLDER = "/etc/systemd/networkd.conf.d"
    NETWORKD_FILE = NETWORKD_FOLDER "/50-crosshost.conf"
    NETWORKD_MARK = "# Made by Crosshost: routes of containers"
    NETWORKD_TEXT = NETWORKD_MARK " stay when systemd-networkd starts anew.\n[Network]\nManageForeignRoutes=no\n"
    NETWORKS_FOLDER = "/etc/systemd/network"
    # the link that Docker gives a container, as long as it is the host's
    DOCKER_VETH = "veth[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]"
}

function networkd_check(key, value) {
    if (key != "networkd foreign-routes" || value != "keep")
        refuse(key ": only `networkd foreign-routes: keep` is known")
}

function networkd_actual(id,    value, text) {
    value = want_value[id]
    if (read_line(NETWORKD_RUNS) == "")
        return value
    text = read_file(NETWORKD_FILE)
    return text == "" ? "" : text == NETWORKD_TEXT ? value : "changed"
}

function networkd_is_foreign(text) {
    return text != "" && index(text, NETWORKD_MARK) != 1
}

function networkd_owner(id) {
    if (networkd_is_foreign(read_file(NETWORKD_FILE)))
        refuse(want_key[id] ": " NETWORKD_FILE " already exists and was not made by Crosshost (no mark)")
}

function networkd_make(id,    key) {
    key = want_key[id]
    step("networkd.put", "put", NETWORKD_FILE " 0644 " journal_file(NETWORKD_TEXT), key)
    undo("networkd.put", "prune", NETWORKD_FOLDER)
    undo_file("networkd.put", NETWORKD_FILE, read_file(NETWORKD_FILE), "0644")
}

function networkd_unmake(key,    before) {
    before = read_file(NETWORKD_FILE)
    if (before == "" || networkd_is_foreign(before))
        return
    step("networkd.remove", "remove", NETWORKD_FILE, key)
    step("networkd.prune", "prune", NETWORKD_FOLDER, key)
    undo_file("networkd.remove", NETWORKD_FILE, before, "0644")
}

function networkd_sweep() {
    unmake("networkd foreign-routes")
}

function networkd_finish() {
    if (mode == "observe")
        tell_unmanaged()
    else
        plan_unmanaged()
}
