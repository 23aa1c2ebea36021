# Units: what is wanted of this host. Assignments among the arguments say what the next file is:
#   at=STACK:UNIT role=new   the unit that is applied now
#   at=STACK:UNIT role=old   what was applied of it before
#   at=STACK:UNIT role=other every other unit on this host, of all stacks

{
    if (!((at, role) in line_count)) {
        texts[++text_count] = at
        text_role[text_count] = role
    }
    lines_of[at, role, ++line_count[at, role]] = $0
}

# after all have been read: which units make room for the new one shows by its text
function take_units(    i, n, unit, role) {
    find_forerunners()
    for (i = 1; i <= text_count; i++) {
        unit = texts[i]
        role = text_role[i]
        if (role != "old")
            on_file[unit] = 1
        for (n = 1; n <= line_count[unit, role]; n++)
            take_unit_line(unit, unit in forerunner ? "old" : role, lines_of[unit, role, n])
    }
    for (n = 1; n <= line_count[me, "new"]; n++)
        if (lines_of[me, "new", n] == lines_of[me, "old", n])
            lines_alike++
}

# Units of the same stack that hold what the new one wants. No two of a program want the same, so such a one is on its way out: it
# had another name, or makes room in the same run. It goes with this change, and what both hold stays as it is.
function find_forerunners(    n, i, unit, wanted, ranges, things, thing) {
    if (verb != "apply")
        return
    for (n = 1; n <= line_count[me, "new"]; n++) {
        things_of(lines_of[me, "new", n], things)
        for (thing in things) {
            wanted[thing] = 1
            if (thing ~ /^range /)
                ranges[nth_word(thing, 2)] = 1
        }
    }
    for (i = 1; i <= text_count; i++) {
        unit = texts[i]
        if (text_role[i] != "other" || stack_of(unit) != stack)
            continue
        for (n = 1; n <= line_count[unit, "other"] && !(unit in forerunner); n++) {
            things_of(lines_of[unit, "other", n], things)
            for (thing in things)
                if ((thing in wanted) || (thing ~ /^range / && overlaps_one_of(nth_word(thing, 2), ranges)))
                    forerunner[unit] = 1
        }
        if (unit in forerunner)
            forerunners++
    }
}

# what only one unit may hold, of one line: its key, the LAN that a network of Docker's is on, the port of a device of WireGuard
function things_of(line, things,    cut, key, words) {
    split("", things)
    cut = is_said(line) ? 0 : index(line, ": ")
    key = cut ? canonical(trim(substr(line, 1, cut - 1))) : ""
    if (!cut || (kind_of(key) in PER_UNIT))
        return
    things[key] = 1
    if (line ~ /^docker network [^ ]+: (mac|ip)vlan / && split(line, words, " "))
        things["LAN of " words[5]] = 1
    if (line ~ /^wireguard [^ ]+: listen-port / && split(line, words, " "))
        things["UDP port " words[4]] = 1
}

function overlaps_one_of(range, ranges,    other) {
    for (other in ranges)
        if (overlaps(range, other))
            return 1
    return 0
}

function take_unit_line(unit, role, line,    cut, key, value) {
    if (is_said(line)) {
        said_lines[unit] = said_lines[unit] line "\n"
        if (line ~ /^drift docker endpoint /)
            containers_hinted[nth_word(line, 4)] = 1 # whose connection may be one that no list of Docker's has
        return
    }
    if (line ~ /^[ \t]*$/)
        return
    cut = index(line, ": ")
    if (!cut || line !~ /^[A-Za-z0-9 _.:,\/@=+{}!<>*&|()-]+$/) {
        if (role == "new")
            refuse(line ": not an entry (key: value, plain characters)")
        return
    }
    key = canonical(trim(substr(line, 1, cut - 1)))
    value = trim(substr(line, cut + 2))
    if (!(kind_of(key) in KINDS)) {
        if (role == "new")
            refuse(key ": this converger (" version ") does not know this kind of entry; install a newer one: pulumi up")
        return
    }
    if (role == "old")
        keep_old(unit, key, value)
    else
        keep_wanted(unit, key, value, role)
}

# what Pulumi was told by an observe and hands back: carried, never acted on
function is_said(line) {
    return line ~ /^(drift .*|seen|owner|made|guard): /
}

function same_text_as_before() {
    return line_count[me, "new"] == line_count[me, "old"] && lines_alike == line_count[me, "new"] && !forerunners
}

function canonical(key) {
    return kind_key(kind_of(key), key)
}

function kind_of(key,    kind) {
    kind = first_word(key)
    return kind == "docker" ? nth_word(key, 2) : kind
}

function identity(unit, key) {
    return (kind_of(key) in PER_UNIT) ? unit " " key : key
}

function keep_old(unit, key, value,    id) {
    id = identity(unit, key)
    if (!(id in old_value))
        old_id[++old_count] = id
    kinds_wanted[kind_of(key)] = 1
    kind_note(kind_of(key), key, value, "", "old")
    old_value[id] = kind_canonical(kind_of(key), key, value)
    old_key[id] = key
    old_unit[id] = unit
}

function keep_wanted(unit, key, value, role,    id) {
    id = identity(unit, key)
    if (id in want_value) {
        if (role == "new")
            refuse(key ": " (want_unit[id] == unit ? "occurs twice in the unit" : "belongs to " unit_name(want_unit[id])))
        return
    }
    if (role == "new")
        check_words(key, value)
    want_id[++want_count] = id
    want_key[id] = key
    want_raw[id] = value
    want_value[id] = kind_canonical(kind_of(key), key, value)
    want_unit[id] = unit
    want_kind[id] = kind_of(key)
    kind_note(want_kind[id], key, value, id, role)
    if (mode == "observe" || is_mine(unit))
        kinds_wanted[want_kind[id]] = 1
}

# "unit mesh" in the stack at hand, "unit mesh of stack other" else
function unit_name(unit,    part) {
    split(unit, part, ":")
    return "unit " part[2] (part[1] == stack ? "" : " of stack " part[1])
}

function stack_of(unit) {
    sub(/:.*/, "", unit)
    return unit
}

# the unit that is planned for; all units of the stack when the stack is uninstalled, or those among which a plan is made
function is_mine(unit) {
    if (unit == "" || unit == me || (unit in forerunner))
        return unit != ""
    return me == stack ":*" && stack_of(unit) == stack && (among == "" || has_word(among, substr(unit, length(stack) + 2)))
}

function refuse(why) {
    refusals++
    refusal[refusals] = why
}

# an unknown word would end `ip -batch` without naming its line, so it never gets there
function check_words(key, value) {
    if (!docker_names_are_plain(key))
        refuse(key ": is not a valid Docker name")
    kind_check(kind_of(key), key, value)
}

function words_check(key, value, pairs, flags,    i, n, words) {
    n = split(value, words, " ")
    for (i = 1; i <= n; i++) {
        if (has_word(flags, words[i]))
            continue
        if (!has_word(pairs, words[i]) || ++i > n) {
            refuse(key ": the word `" words[n < i ? n : i] "` is not known there")
            return
        }
    }
}
