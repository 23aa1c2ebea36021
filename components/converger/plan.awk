# The plan of an apply: refusals first, then the differences as steps in phases, each with what undoes it.
# Exit status: 0 in step, 2 refused; with a journal written: 3 there is something to do, 4 only the text is another.

function plan(    i, id, key, unit, table) {
    for (i = 1; i <= want_count; i++)
        if (is_mine(want_unit[want_id[i]]) && is_of_phase(want_id[i]))
            check_owner(want_id[i])
    check_docker()
    mark_links()
    for (i = 1; i <= want_count; i++)
        plan_entry(want_id[i])
    for (i = 1; i <= old_count; i++)
        if (!(old_id[i] in want_value))
            unmake(old_id[i], old_key[old_id[i]])
    plan_extras()
    plan_default_routes()
    plan_tables()
    plan_names()
    plan_unmanaged()
    if (refusals)
        return 2
    if (!step_count && (verifying || same_text_as_before()))
        return 0
    write_journal()
    return step_count ? 3 : 4
}

# while booting, what is checked or installed by `up` is not
function is_of_phase(id,    kind) {
    kind = want_kind[id]
    if (phase == "links")
        return (kind in KIND_OF_BOOT_LINKS) || (kind == "sysctl" && sysctl_link(nth_word(want_key[id], 2)) != "")
    return phase == "" || kind !~ /^(underlay|range|networkd|watch|converger|boot)$/
}

function check_docker(    i, kind) {
    if (phase == "links" || !wants_docker())
        return
    if (docker_state() == "yes")
        return
    for (i = 1; i <= want_count; i++) {
        kind = want_kind[want_id[i]]
        if (is_mine(want_unit[want_id[i]]) && (kind == "network" || kind == "endpoint" || kind == "container" || is_inner(kind))) {
            refuse(want_key[want_id[i]] ": Docker is " DOCKER_IS[docker_state()] docker_advice())
            return
        }
    }
    for (i = 1; i <= old_count; i++)
        if (docker_state() != "none" && old_key[old_id[i]] ~ /^docker /) {
            refuse(old_key[old_id[i]] ": Docker is " DOCKER_IS[docker_state()] ", so it cannot be removed" docker_advice())
            return
        }
}

# links that go, and links that have to be made anew with all that lies on them
function mark_links(    i, id, name) {
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        if (is_mine(link_mark[name]) && !(("link " name) in want_value) && !(name in host_end))
            link_dying[name] = 1
    }
    for (i = 1; i <= old_count; i++)
        if (old_key[old_id[i]] ~ /^docker network / && !(old_id[i] in want_value))
            network_dying[nth_word(old_key[old_id[i]], 3)] = 1
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        name = nth_word(want_key[id], 2)
        if (want_key[id] !~ /^link / || !is_mine(want_unit[id]) || !(name in link_index) || link_fits_in_place(name, want_value[id]))
            continue
        link_anew[name] = 1
        link_take_away(name, 30)
        keep_ports(name, want_key[id])
    }
}

function keep_ports(bridge, key,    i) {
    for (i = 1; i <= link_count; i++)
        if (link_master[links[i]] == bridge)
            step(43, "ip", "link set dev " links[i] " master " bridge, key)
}

# entries of other units are touched only if they lie on a link that is made anew
function plan_entry(id,    key, kind, device, forgotten) {
    key = want_key[id]
    kind = want_kind[id]
    if (kind == "endpoint" && verb == "attach" && container_mark[nth_word(key, 3)] != "")
        return # which Docker makes in its place; the unit may be that of one which it replaces
    if (!is_of_phase(id) || (phase != "" && kind == "route" && !route_has_way(want_value[id])))
        return
    device = kind == "link" ? nth_word(key, 2) : kind == "sysctl" ? sysctl_link(nth_word(key, 2)) : device_of(key, want_value[id])
    if (kind == "network" && want_value[id] !~ /^bridge /)
        device = nth_word(want_value[id], 2) # what lies on it is cut off
    forgotten = device != "" && (device in link_anew)
    if (!is_mine(want_unit[id]) && !forgotten)
        return
    if (forgotten || actual(id) != want_value[id] || !is_marked(id, key, kind))
        make(id)
    else if (kind == "sysctl" && sysctl_unrecorded(id))
        make(id)
    else if (kind == "network" && let_out_lacks(id))
        let_out_make(id)
    else if (kind == "endpoint" && endpoint_moves(id))
        make(id)
}

function is_marked(id, key, kind) {
    return kind != "link" || link_alias[nth_word(key, 2)] == "crosshost:" want_unit[id]
}

# the network is made anew, and would come back without what is wanted
function endpoint_moves(id,    name, net) {
    name = nth_word(want_key[id], 3)
    net = nth_word(want_key[id], 4)
    return ((name, net) in endpoint_anew) && endpoint_anew[name, net] != want_value[id]
}

# what carries our mark and is in no unit
function plan_extras(    i, key) {
    for (i = 1; i <= link_count; i++)
        if ((links[i] in link_dying) && !(("link " links[i]) in old_value))
            link_unmake(links[i])
    for (i = 1; i <= route_count; i++) {
        key = route_keys[i]
        if (route_proto[key] == 201 && is_extra(key, route_owner(key)))
            route_unmake(key)
    }
    for (i = 1; i <= neigh_count; i++)
        if (is_extra(neigh_keys[i], neigh_device[neigh_keys[i]]))
            neigh_unmake(neigh_keys[i])
    for (i = 1; i <= fdb_count; i++)
        if (is_extra(fdb_keys[i], fdb_device[fdb_keys[i]]))
            fdb_unmake(fdb_keys[i])
    for (i = 1; i <= network_count; i++) {
        key = "docker network " network_names[i]
        if ((network_names[i] in network_value) && is_mine(network_mark[network_names[i]]) && !(key in want_value) && !(key in old_value))
            network_unmake(network_names[i])
    }
    for (i = 1; i <= want_count; i++)
        if (verb == "apply" && round == 1 && want_kind[want_id[i]] == "network" && is_mine(want_unit[want_id[i]]))
            endpoint_extras(nth_word(want_key[want_id[i]], 3))
    inner_extras()
    if (sweeping())
        plan_orphans()
}

# what carries no mark but its name, where somebody has deleted the units that told of it
function plan_orphans(    command, name) {
    boot_unmake("boot crosshost-" stack "-links.service")
    boot_unmake("boot crosshost-" stack "-rules.service")
    networkd_unmake("networkd foreign-routes")
    for (name in WATCHES)
        watch_unmake(name)
    command = "exec ls " quoted(run_dir "/was") " 2>/dev/null"
    while ((command | getline name) > 0)
        sysctl_unmake(sysctl_recorded(name))
    close(command)
    command = "exec ls " quoted(run_dir "/promisc") " 2>/dev/null"
    while ((command | getline name) > 0)
        promisc_unmake("promisc " name)
    close(command)
}

function is_extra(key, device) {
    return is_mine(link_mark[device]) && !(device in link_dying) && !(device in link_anew) && !(key in want_value) && !(key in old_value)
}

function plan_tables(    i, id, table, tables) {
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        if (is_mine(want_unit[id]) && want_kind[id] == "nft")
            tables[nft_table(want_unit[id])] = 1
    }
    for (table in nft_live)
        if (is_mine(nft_mark[table]))
            tables[table] = 1
    for (table in tables) {
        if (!has_nft)
            refuse("nft is not installed: apt install nftables")
        nft_check_owner(table)
        if (!nft_in_step(table))
            nft_load(table)
    }
    if (phase != "links")
        iptables_unmake_rest()
}

# ---- steps

function step(at, tool, text, key) {
    if (tool == "systemctl" && (at, text) in step_known)
        return
    step_known[at, text] = 1
    step_at[++step_count] = at
    step_tool[step_count] = tool
    step_text[step_count] = text
    step_key[step_count] = key
}

function undo(at, tool, text) {
    undo_at[++undo_count] = at
    undo_tool[undo_count] = tool
    undo_text[undo_count] = text
}

function undo_file(at, path, before, mode) {
    if (before == "")
        undo(at, "remove", path)
    else
        undo(at, "put", path " " (mode == "" ? "0600" : mode) " " journal_file(before))
}

# a file of the journal that holds a text; written with the journal
function journal_file(text) {
    journal_text[++journal_files] = text
    return journal_dir "/" round "/file." journal_files
}

function write_journal(    base, i, name) {
    base = journal_dir "/" round
    system("mkdir -p -m 0700 " run_dir " " base "/do " base "/undo")
    if (round == 1) {
        printf "" > (journal_dir "/new")
        for (i = 1; i <= line_count[me, "new"]; i++)
            print lines_of[me, "new", i] > (journal_dir "/new")
        close(journal_dir "/new")
        for (name in forerunner)
            print substr(name, length(stack) + 2) > (journal_dir "/forerunners")
        close(journal_dir "/forerunners")
        print verb, me, (restarted == "" ? "-" : restarted), among > (journal_dir "/what")
        close(journal_dir "/what")
        for (name in users_known)
            print name > (journal_dir "/users")
        close(journal_dir "/users")
        write_state(journal_dir "/before")
        engine_note()
    }
    for (i = 1; i <= journal_files; i++) {
        printf "%s", journal_text[i] > (base "/file." i)
        close(base "/file." i)
    }
    write_steps(base "/do", step_count, step_at, step_tool, step_text, 1)
    print changed > (base "/changed")
    write_steps(base "/undo", undo_count, undo_at, undo_tool, undo_text, -1)
}

# Files NNN.TOOL in the order they are to be run: by phase, and in a phase as they came; for undoing, all backwards.
# Beside each a file of the keys, line by line, for what is said when a line fails.
function write_steps(base, n, at, tool, text, direction,    i, order, count, path, keys, last) {
    sort_steps(order, n, at, direction)
    for (i = 1; i <= n; i++) {
        if (tool[order[i]] != last) {
            close(path)
            close(keys)
            last = tool[order[i]]
            path = sprintf("%s/%04d.%s", base, ++count, last)
            keys = path ".keys"
        }
        printf "%s%s", text[order[i]], (text[order[i]] ~ /\n$/ ? "" : "\n") > path
        if (direction == 1)
            write_keys(keys, step_key[order[i]], text[order[i]])
    }
    close(path)
    close(keys)
}

function write_keys(path, key, text,    n, lines, i, chain, told) {
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++) {
        if (n > 1 && lines[i] == "" && i == n)
            continue
        if (lines[i] ~ /^ chain /)
            chain = nth_word(lines[i], 2)
        told = lines[i] ~ /^  .* comment "/ ? "nft " chain " " nft_comment(lines[i], "") : key
        print told > path
        changed += !is_changed[told]++
    }
}

# a bucket for each phase keeps this linear
function sort_steps(order, n, at, direction,    i, j, phases, count, bucket, known, members, m, moved, filled) {
    for (i = 1; i <= n; i++) {
        if (!(at[i] in known)) {
            known[at[i]] = 1
            phases[++count] = at[i]
        }
        bucket[at[i]] = bucket[at[i]] " " i
    }
    for (i = 2; i <= count; i++) {
        moved = phases[i]
        for (j = i - 1; j >= 1 && (phases[j] - moved) * direction > 0; j--)
            phases[j + 1] = phases[j]
        phases[j + 1] = moved
    }
    for (i = 1; i <= count; i++) {
        m = split(bucket[phases[i]], members, " ")
        for (j = 1; j <= m; j++)
            order[++filled] = members[direction > 0 ? j : m + 1 - j]
    }
}
