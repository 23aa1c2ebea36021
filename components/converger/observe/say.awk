# The answer of `observe`: for each unit of the stack what it was told, what differs now, and the facts that plans are
# checked with. Nothing is changed for it.

function say_observed(    i, n, units, unit) {
    for (unit in on_file)
        if (stack_of(unit) == stack)
            units[++n] = unit
    sort_list(units, n)
    for (i = 1; i <= n;)
        i = hash_units(units, n, i)
    collect_drift()
    print "crosshost 1"
    say_facts()
    print "absent a" token_of(boot_id() " " stamps)
    for (i = 1; i <= n; i++)
        say_unit(units[i])
    say_taken()
    print "end"
}

# `taken UNIT TOKEN WHY`: changes under guard that nobody has committed. Pulumi holds them for done.
function say_taken(    n, names, i, path, token, why) {
    n = split(taken, names, " ")
    for (i = 1; i <= n; i++) {
        path = lib_dir "/" stack "/guarded/" names[i]
        token = why = ""
        getline token < path
        getline why < path
        close(path)
        print "taken", names[i], "g" token, plain("taken back, " (why == "" ? "the host went down before it was committed" : why))
    }
}

function say_unit(unit,    before, drift) {
    before = said_lines[unit]
    drift = drift_of(unit)
    print "unit " substr(unit, length(stack) + 2), unit_hash[unit]
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

# From the one at `first` as many as there are digits for descriptors, by one process. One that is too long for a command goes through
# a pipe. Where the next ones begin.
function hash_units(units, n, first,    i, lines, files, texts, command, line, at) {
    for (i = first; i <= n && i < first + 7; i++) {
        lines += line_count[units[i], "other"]
        if (lines >= 800)
            break
        at = 3 + i - first
        files = files " /dev/fd/" at " " at "<<\\."
        texts = texts text_told(units[i]) ".\n"
    }
    if (i == first) {
        at = quoted(lib_dir "/" stack "/units/" substr(units[i++], length(stack) + 2))
        command = "grep -v -e \"^drift .*: \" -e \"^seen: \" -e \"^owner: \" -e \"^made: \" -e \"^guard: \" " at " | sha256sum"
    } else
        command = "exec sha256sum" files "\n" texts
    while ((command | getline line) > 0) {
        at = line ~ /-$/ ? 3 : substr(line, length(line))
        unit_hash[units[first + at - 3]] = substr(line, 1, 16)
    }
    close(command)
    return i
}

# as its program has it, without what this has added
function text_told(unit,    i, text) {
    for (i = 1; i <= line_count[unit, "other"]; i++)
        if (!is_said(lines_of[unit, "other", i]))
            text = text lines_of[unit, "other", i] "\n"
    return text
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

function collect_drift(    i, id, kind, text, docker_told) {
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        kind = want_kind[id]
        if (stack_of(want_unit[id]) != stack)
            continue
        if (docker_state() != "yes" && (kind in NEEDS_DOCKER)) {
            if (!((want_unit[id]) in docker_told))
                tell(want_unit[id], "docker", DOCKER_IS[docker_state()])
            docker_told[want_unit[id]] = 1
            continue
        }
        text = difference(id, kind)
        if (text != "")
            tell(want_unit[id], want_key[id], text)
        if (kind_container(kind, want_key[id]) != "")
            tell_container(want_unit[id], kind_container(kind, want_key[id]))
    }
    kinds_extras()
    kinds_finish()
    if (journal != "" && nth_word(journal, 2) != "")
        tell_journal(nth_word(journal, 1), nth_word(journal, 2))
}

function difference(id, kind,    have) {
    have = actual(id)
    if (have == "")
        return "missing"
    return have != want_value[id] ? kind_differs(kind, want_value[id], have) : kind_lacks(kind, id)
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
    return word ~ /^(no-.*|(no)?(learning|pmtudisc|ignore-df)|down|stopped|wireguard-go|not-ours|containers|cut|off)$/ || is_kind
}

function tell_container(unit, name) {
    if (!(name in container_id))
        container_lines[unit] = container_lines[unit] "gone " name "\n"
    else if (container_running[name] != "true")
        container_lines[unit] = container_lines[unit] "stopped " name "\n"
}

function tell_extra(key, unit, text) {
    if ((unit in on_file) && stack_of(unit) == stack && !(key in want_value))
        tell(unit, key, plain("not in the plan, " text))
}

function tell_journal(what, unit) {
    if (stack_of(unit) == stack && (unit in on_file))
        tell(unit, "journal", "unfinished change of " substr(unit, length(stack) + 2))
}
