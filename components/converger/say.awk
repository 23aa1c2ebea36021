# The answer of `observe`: for each unit of the stack what it was told, what differs now, and the facts that plans are
# checked with. Nothing is changed for it.

function say_observed(    i, n, units, unit) {
    for (unit in on_file)
        if (stack_of(unit) == stack)
            units[++n] = unit
    sort_list(units, n)
    collect_drift()
    print "crosshost 1"
    say_facts()
    print "absent a" token_of(boot_id() " " stamps)
    for (i = 1; i <= n; i++)
        say_unit(units[i])
    print "end"
}

function say_unit(unit,    before, drift) {
    before = said_lines[unit]
    drift = drift_of(unit)
    print "unit " substr(unit, length(stack) + 2), unit_hash(unit)
    say_lines("said ", before)
    say_lines("", drift)
    if (drift != "")
        print "fresh f" token_of(before drift)
    say_lines("", container_lines[unit])
}

function say_lines(prefix, lines,    n, i, list) {
    n = split(lines, list, "\n")
    for (i = 1; i < n; i++)
        print prefix list[i]
}

# a unit that is too long for a command goes through a pipe
function unit_hash(unit,    command, hash, text, i, n) {
    n = line_count[unit, "other"]
    if (n < 800) {
        for (i = 1; i <= n; i++)
            if (!is_said(lines_of[unit, "other", i]))
                text = text lines_of[unit, "other", i] "\n"
        command = "exec sha256sum <<\\.\n" text ".\n"
    } else
        command = "grep -v -e \"^drift .*: \" -e \"^seen: \" -e \"^owner: \" -e \"^made: \" " quoted(lib_dir "/" stack "/units/" substr(unit, length(stack) + 2)) " | sha256sum"
    hash = ""
    command | getline hash
    close(command)
    return substr(hash, 1, 16)
}

# ---- drift

# keys are unique in a YAML map, so what is told twice of one thing is told in one line
function tell(unit, key, text) {
    key = plain(key)
    if ((unit, key) in told) {
        told[unit, key] = told[unit, key] ", " text
        return
    }
    told[unit, key] = text
    told_key[unit, ++told_count[unit]] = key
}

function drift_of(unit,    i, lines) {
    for (i = 1; i <= told_count[unit]; i++)
        lines = lines "drift " told_key[unit, i] ": " told[unit, told_key[unit, i]] "\n"
    return lines
}

function collect_drift(    i, id, text, asked, docker_told) {
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        if (stack_of(want_unit[id]) != stack)
            continue
        if (docker_state() != "yes" && want_key[id] ~ /^(docker|interface|default-route) /) {
            if (!((want_unit[id]) in docker_told))
                tell(want_unit[id], "docker", DOCKER_IS[docker_state()])
            docker_told[want_unit[id]] = 1
            continue
        }
        text = difference(id)
        if (text != "")
            tell(want_unit[id], want_key[id], text)
        if (want_kind[id] ~ /^(endpoint|container)$/)
            tell_container(want_unit[id], nth_word(want_key[id], 3))
        else if (is_inner(want_kind[id]))
            tell_container(want_unit[id], nth_word(want_key[id], 2))
    }
    tell_extras()
    tell_names()
    tell_unmanaged()
    tell_tables()
    if (journal != "" && nth_word(journal, 2) != "")
        tell_journal(nth_word(journal, 1), nth_word(journal, 2))
}

function difference(id,    key, kind, have) {
    key = want_key[id]
    kind = want_kind[id]
    have = actual(id)
    if (have == "")
        return "missing"
    if (have != want_value[id])
        return kind == "link" || kind == "network" ? differing_words(want_value[id], have, kind == "link") : plain(have)
    if (!is_marked(id, key, kind))
        return "not ours, " (link_alias[nth_word(key, 2)] == "" ? "no mark" : plain("alias " link_alias[nth_word(key, 2)]))
    if (kind == "network" && let_out_lacks(id))
        return "published ports of the host not reached"
    return ""
}

# of a text that follows the words of the entry only those that differ
function differing_words(want, have, starts_with_kind,    n, words, i, text) {
    n = split(have, words, " ")
    for (i = 1; i <= n; i++) {
        if (is_flag(words[i], i == 1 && starts_with_kind)) {
            if (!has_word(want, words[i]))
                text = text " " words[i]
        } else {
            if (word_after(want, words[i]) != words[i + 1])
                text = text " " words[i] " " words[i + 1]
            i++
        }
    }
    return plain(text == "" ? have : trim(text))
}

# a word without a value; the kind of a link comes first
function is_flag(word, is_kind) {
    return word ~ /^(no-.*|learning|nolearning|down|not-ours|containers|cut|off)$/ || is_kind
}

function tell_container(unit, name) {
    if (!(name in container_id))
        container_lines[unit] = container_lines[unit] "gone " name "\n"
    else if (container_running[name] != "true")
        container_lines[unit] = container_lines[unit] "stopped " name "\n"
}

# what carries our mark and is in no unit
function tell_extras(    i, at, key, why) {
    inner_extras()
    for (i = 1; i <= link_count; i++)
        if (!(links[i] in host_end))
            tell_extra("link " links[i], link_mark[links[i]], link_kind[links[i]])
    for (i = 1; i <= route_count; i++) {
        key = route_keys[i]
        if (route_proto[key] == 201)
            tell_extra(key, link_mark[route_owner(key)], route_value[key])
    }
    for (i = 1; i <= neigh_count; i++)
        tell_extra(neigh_keys[i], link_mark[neigh_device[neigh_keys[i]]], neigh_value[neigh_keys[i]])
    for (i = 1; i <= fdb_count; i++)
        tell_extra(fdb_keys[i], link_mark[fdb_device[fdb_keys[i]]], fdb_value[fdb_keys[i]])
    for (i = 1; i <= network_count; i++)
        tell_extra("docker network " network_names[i], network_mark[network_names[i]], network_driver[network_names[i]])
    for (i in endpoint_value) {
        split(i, at, SUBSEP)
        if (endpoint_is_left_over(at[1], at[2]))
            tell_extra("docker endpoint " at[1] " " at[2], want_unit["docker network " at[2]], "left by a change that failed")
    }
    for (i = 1; i <= iptables_count; i++)
        if (!iptables_taken[i] && !iptables_told[i] && !is_let_out(i) && (iptables_unit[i] in on_file) && stack_of(iptables_unit[i]) == stack) {
            why = iptables_behind[i] ? "behind a rule that ends the chain, " : "not in the plan, "
            tell(iptables_unit[i], "iptables " iptables_chain[i], why plain(iptables_rules[i]))
        }
}

function tell_extra(key, unit, text) {
    if ((unit in on_file) && stack_of(unit) == stack && !(key in want_value))
        tell(unit, key, plain("not in the plan, " text))
}

function tell_tables(    table, n, lines, i, cut) {
    for (table in nft_live) {
        if (!(nft_unit[table] in on_file) || stack_of(nft_unit[table]) != stack)
            continue
        n = split(nft_differences(table), lines, "\n")
        for (i = 1; i < n; i++) {
            cut = index(lines[i], ": ")
            tell(nft_unit[table], substr(lines[i], 1, cut - 1), substr(lines[i], cut + 2))
        }
        if (drift_of(nft_unit[table]) !~ /drift nft / && !nft_in_step(table))
            tell(nft_unit[table], "nft table", "changed")
    }
}

function tell_journal(what, unit) {
    if (stack_of(unit) == stack && (unit in on_file))
        tell(unit, "journal", "unfinished change of " substr(unit, length(stack) + 2))
}
