# The change of daemon.json, made for all keys at once. What was there before anything was added lies in a record, and comes back to the
# byte where nobody else has changed the file since; else what was added is taken out of it.

function daemon_make(id) {
    daemon_changes = 1
}

function daemon_unmake(key) {
    if (daemon_has(nth_word(key, 2)) != "" || bytes_of(daemon_record()) != "")
        daemon_changes = 1
}

function daemon_finish() {
    if (mode == "plan" && phase == "" && (daemon_changes || daemon_ground_moves()))
        daemon_plan()
}

function daemon_plan(    now, text, how, key) {
    now = docker_config_text()
    if (daemon_broken() != "") {
        refuse("daemon: " docker_config() " is " daemon_broken() ", so nothing can be taken out of it")
        return
    }
    daemon_sets()
    daemon_remember(now)
    text = daemon_merged(daemon_base(now), daemon_to_be)
    if (!daemon_accepts(text))
        return
    key = daemon_changed(text)
    how = daemon_how(text)
    if (!daemon_may_move(text, how))
        return
    daemon_keep_record(key)
    if (text != now || how != "")
        daemon_steps(text, how, key)
}

# names and values that units have added to it, and those that it is to have
function daemon_sets(    i, id) {
    for (i = 1; i <= old_count; i++)
        if (old_id[i] ~ /^daemon /)
            daemon_added[nth_word(old_id[i], 2)] = old_value[old_id[i]]
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        if (want_kind[id] != "daemon")
            continue
        daemon_to_be[nth_word(want_key[id], 2)] = want_value[id]
        if (!is_mine(want_unit[id]))
            daemon_added[nth_word(want_key[id], 2)] = want_value[id]
    }
}

# ---- what was there before

function daemon_record() {
    return lib_dir "/daemon.json"
}

# In the first line of the record whether there was a file, and the address of docker0; behind it what was in the file. A record is of use
# as long as something is added. What the admin has set himself as a unit wants it stays his.
function daemon_remember(now,    name, record, line) {
    record = bytes_of(daemon_record())
    line = daemon_any(daemon_added) ? index(record, "\n") : 0
    daemon_was = line ? first_word(substr(record, 1, line - 1)) : daemon_there()
    daemon_docker0_was = line ? nth_word(substr(record, 1, line - 1), 2) : daemon_docker0()
    daemon_before = line ? substr(record, line + 1) : now
    for (name in daemon_to_be)
        if (!(name in daemon_added) && daemon_has(name) != "" && json_member(daemon_before, name) == "")
            daemon_before = json_with(daemon_before, name, daemon_has(name))
}

function daemon_there() {
    if (system("exec test -e " quoted(docker_config())) == 0)
        return "present"
    return system("exec test -d " quoted(folder_of(docker_config()))) == 0 ? "absent" : "no-folder"
}

function daemon_docker0(    i) {
    for (i = 1; i <= addr_count; i++)
        if (addr_link[addr_keys[i]] == "docker0" && nth_word(addr_keys[i], 3) ~ /^[0-9.]+\/[0-9]+$/)
            return nth_word(addr_keys[i], 3)
    return ""
}

function daemon_keep_record(key,    record, text) {
    record = bytes_of(daemon_record())
    text = daemon_any(daemon_to_be) ? daemon_was " " daemon_docker0_was "\n" daemon_before : ""
    if (text == record || round > 1) # by then the file has what is to be added, and it is not the admin's
        return
    if (text == "")
        step("daemon.record.back", "remove", daemon_record(), key)
    else
        step("daemon.record", "put", daemon_record() " 0600 " journal_file(text), key)
    undo_file(text == "" ? "daemon.record.back" : "daemon.record", daemon_record(), record)
}

# ---- what is to be there

# the file as it would be without what units have added
function daemon_base(now,    name) {
    if (now == daemon_merged(daemon_before, daemon_added))
        return daemon_before
    for (name in daemon_added)
        if (json_member(daemon_before, name) == "")
            now = json_without(now, name)
    return now
}

function daemon_merged(text, added,    name, names, n, i) {
    for (name in added)
        names[++n] = name
    sort_list(names, n)
    for (i = 1; i <= n; i++)
        if (json_member(text, names[i]) == "")
            text = json_with(text, names[i], daemon_json(names[i], added[names[i]]))
    return text
}

function daemon_is_changed(text, name) {
    return json_words(json_member(text, name), "\"") != json_words(daemon_has(name), "\"")
}

# `daemon bip, mtu`, for messages
function daemon_changed(text,    name, names, n, i, key) {
    for (name in DAEMON_TYPE)
        if (daemon_is_changed(text, name))
            names[++n] = name
    sort_list(names, n)
    for (i = 1; i <= n; i++)
        key = key (i > 1 ? ", " : " ") names[i]
    return "daemon" key
}

# Docker has to start anew, or to read the file again, or neither
function daemon_how(text,    name, how) {
    if (docker_state() == "none" || (docker_state() != "yes" && verb == "uninstall"))
        return ""
    for (name in DAEMON_TYPE)
        if (daemon_is_changed(text, name) && how != "restart")
            how = name in DAEMON_RELOADS && docker_state() == "yes" ? "reload" : "restart"
    return daemon_ground_moves() ? "restart" : how
}

# By the engine's own check, before anything is done; those before 23.0 have none.
function daemon_accepts(text,    command, line, said, has_none) {
    if (!daemon_any(daemon_to_be))
        return 1
    command = "command -v dockerd >/dev/null || exit 0\n" \
        "dockerd --validate --config-file /dev/stdin 2>&1 <<\\.\n" text "\n.\n[ $? -eq 0 ] || echo refused"
    while ((command | getline line) > 0) {
        if (line == "refused" && !has_none)
            refuse(daemon_changed(text) ": Docker does not accept " docker_config() " with it: " said)
        has_none = has_none || line ~ /unknown flag/
        said = line == "" ? said : line
        sub(/^.*\/dev\/stdin: /, "", said)
    }
    close(command)
    return !refusals
}

function daemon_any(names,    name) {
    for (name in names)
        return 1
    return 0
}

# ---- steps

function daemon_steps(text, how, key,    at, goes, neutral) {
    at = verb == "uninstall" ? "daemon.back" : daemon_leaves(text) ? "daemon.leave" : "daemon"
    goes = !daemon_any(daemon_to_be) && (daemon_there() != "present" ? text == "" : daemon_was != "present" && json_is_empty(text))
    undo(at ".put", "config-back", docker_config())
    neutral = daemon_neutral(text, how)
    daemon_put(at ".put", neutral, goes && neutral == text, key, daemon_first_back(text))
    if (how == "restart" && daemon_is_changed(text, "live-restore") && json_member(text, "live-restore") == "true" && docker_state() == "yes")
        step(at ".load", "daemon", "reload docker", key) # so that containers run on while it restarts
    if (how != "")
        step(at ".load", "daemon", how " docker", key)
    if (how != "" && daemon_is_changed(text, "bridge") && json_member(text, "bridge") != "" && ("docker0" in link_index))
        step(at ".load", "ip", "link del dev docker0", key) # Docker leaves it there, with an address, and makes it again when it needs it
    if (neutral != text)
        daemon_put(at ".settle", text, goes, key)
    if (goes && daemon_was == "no-folder")
        step(at ".settle", "prune", folder_of(docker_config()), key)
}

function daemon_put(at, text, goes, key, first_back) {
    step(at, "config", docker_config() " " (goes ? "-" : journal_file(text)) (first_back == "" ? "" : " " journal_file(first_back)), key)
}

# A key that is gone leaves what Docker has read of it as it is: it is told first that there is none. So it is with the address of docker0,
# which it keeps over all restarts, and would choose anew for one that is made again.
function daemon_neutral(text, how,    name, names, n, i) {
    for (name in DAEMON_RELOADS)
        if (how == "reload" && json_member(text, name) == "" && daemon_has(name) != "")
            names[++n] = name
    sort_list(names, n)
    for (i = 1; i <= n; i++)
        text = json_with(text, names[i], DAEMON_RELOADS[names[i]])
    if (how == "restart" && json_member(text, "bip") == "" && (daemon_has("bip") != "" || daemon_leaves(text)) && daemon_docker0_was != "")
        text = json_with(text, "bip", "\"" daemon_docker0_was "\"")
    return text
}

# what Docker has to read before the text that was there comes back
function daemon_first_back(text) {
    return daemon_has("bip") == "" && daemon_has("bridge") == "" && json_member(text, "bip") json_member(text, "bridge") != "" && daemon_docker0() != "" ? json_with(docker_config_text(), "bip", "\"" daemon_docker0() "\"") : ""
}

function json_is_empty(text) {
    return json_members(text) == "" && !member_count
}

# ---- a bridge in place of docker0

# Docker gives it back: before the bridge goes, as it does not start without it
function daemon_leaves(text) {
    return daemon_has("bridge") != "" && json_member(text, "bridge") == ""
}

# Docker reads the bridge's address when it starts.
function daemon_ground_moves(    i, id, bridge) {
    id = "daemon bridge"
    if (round > 1 || !(id in want_value) || !(id in old_value) || !is_mine(want_unit[id]) || docker_state() != "yes")
        return 0
    bridge = want_value[id]
    for (i = 1; i <= want_count; i++)
        if (want_kind[want_id[i]] == "addr" && nth_word(want_key[want_id[i]], 2) == bridge && !(want_id[i] in old_value))
            return 1
    return 0
}

# With live-restore it keeps the default network for as long as a container runs, and the bridge under it.
function daemon_may_move(text, how) {
    if (how != "restart" || docker_state() != "yes" || !(daemon_is_changed(text, "bridge") || daemon_ground_moves()))
        return 1
    if (daemon_has("live-restore") != "true" || docker_runs_none())
        return 1
    refuse("daemon bridge: with live-restore, Docker keeps its default network for as long as a container runs: stop those that run, or set live-restore to false first")
    return 0
}

function docker_runs_none(    command, line) {
    command = docker_question("ps -q --filter status=running")
    command | getline line
    close(command)
    return line == ""
}

# ---- for undoing, and for plans

function daemon_state(path,    command, name) {
    if (!("daemon" in kinds_wanted))
        return
    print "daemon.json " daemon_there(), token_of(docker_config_text()) > path
    if (docker_state() != "yes")
        return
    command = docker_question("ps --filter status=running --format " quoted("{{.Names}}"))
    while ((command | getline name) > 0)
        print "container " name " runs" > path
    close(command)
}

# `fact daemon-key KEY UNIT WORDS` of what it sets and a unit could, or - where no unit does; `fact daemon-flag KEY WHERE`
function daemon_facts(    name, text, id, line) {
    if (docker_state() == "none")
        return
    text = docker_config_text()
    print "fact daemon-file " substr(plain("f" docker_config()), 2)
    if (daemon_broken() != "")
        print "fact daemon-broken " plain(daemon_broken())
    for (name in DAEMON_TYPE) {
        id = "daemon " name
        if (daemon_has(name) != "")
            print "fact daemon-key " name, (id in want_value ? want_unit[id] : "-"), substr(plain("v" json_words(daemon_has(name), "")), 2)
        if (daemon_flag(name) != "")
            print "fact daemon-flag " name, plain(daemon_flag(name))
    }
    while ((getline line < (run_dir "/daemon-tried")) > 0)
        print "fact daemon-tried " line
    close(run_dir "/daemon-tried")
}
