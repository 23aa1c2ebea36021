# Words and texts. Entries and dumps are read by word, never by position: every iproute2 prints its own set of words.

function trim(text) {
    gsub(/[ \t]+/, " ", text)
    sub(/^ /, "", text)
    sub(/ $/, "", text)
    return text
}

function first_word(text) {
    sub(/ .*/, "", text)
    return text
}

function nth_word(text, n,    words) {
    split(text, words, " ")
    return words[n]
}

function has_word(text, name) {
    return index(" " text " ", " " name " ") > 0
}

# "mtu" in "link ... mtu 1450 ..." is "1450". A link may have any name, so what follows `dev` and `master` is none of our words.
function word_after(text, name,    at, rest, before) {
    rest = " " text " "
    while ((at = index(rest, " " name " ")) > 0) {
        before = substr(rest, 1, at)
        rest = substr(rest, at + length(name) + 1)
        if (before ~ / (dev|master) $/)
            continue
        sub(/^ /, "", rest)
        sub(/ .*/, "", rest)
        return rest
    }
    return ""
}

# What users name comes from Docker as `=NAME`, by urlquery: one word, and none of ours. Only what we print or compare with
# words of entries is put back.
function user_word(word) {
    sub(/^=/, "", word)
    gsub(/%3A/, ":", word)
    gsub(/%2C/, ",", word)
    return word
}

function set_of(names, set,    i, n, list) {
    n = split(names, list, " ")
    for (i = 1; i <= n; i++)
        set[list[i]] = 1
}

# what is said in an answer goes into a YAML map as it is
function plain(text) {
    gsub(/"/, "", text)
    gsub(/[^A-Za-z0-9 _.:,\/@=+{}!<>*&|()-]/, "_", text)
    gsub(/:+ /, " ", text)
    text = trim(text)
    sub(/^[^A-Za-z0-9-]+/, "", text)
    sub(/:+$/, "", text)
    return text == "" ? "changed" : text
}

# A token that differs when the text differs; not a secret, so no process for it.
function token_of(text,    i, n, low, high, code) {
    if (!(" " in char_code))
        for (i = 1; i < 127; i++)
            char_code[sprintf("%c", i)] = i
    low = 5381
    high = 33
    n = length(text)
    for (i = 1; i <= n; i++) {
        code = char_code[substr(text, i, 1)]
        low = (low * 257 + code) % 2147483647
        high = (high * 263 + code) % 2147483629
    }
    return sprintf("%08x%07x", low, high % 268435456)
}

# what a template of Docker's has through `urlquery`
function unescaped(text,    out, digits) {
    digits = "0123456789ABCDEF"
    gsub(/\+/, " ", text)
    while (match(text, /%[0-9A-F][0-9A-F]/)) {
        out = out substr(text, 1, RSTART - 1) \
            sprintf("%c", (index(digits, substr(text, RSTART + 1, 1)) - 1) * 16 + index(digits, substr(text, RSTART + 2, 1)) - 1)
        text = substr(text, RSTART + 3)
    }
    return out text
}

function read_file(path,    line, all) {
    all = ""
    while ((getline line < path) > 0)
        all = all line "\n"
    close(path)
    return all
}

function read_line(path,    line) {
    line = ""
    if ((getline line < path) <= 0)
        line = ""
    close(path)
    return line
}

function sort_list(list, n,    i, j, moved) {
    for (i = 2; i <= n; i++) {
        moved = list[i]
        for (j = i - 1; j >= 1 && list[j] > moved; j--)
            list[j + 1] = list[j]
        list[j + 1] = moved
    }
}

function quoted(text) {
    return "\047" text "\047"
}

# IPv4 addresses as numbers, to tell whether one lies in a subnet
function number_of(address,    part) {
    split(address, part, ".")
    return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4]
}

function lies_in(address, subnet,    part, size) {
    if (address !~ /^[0-9.]+$/ || split(subnet, part, "/") != 2)
        return 0
    size = 2 ^ (32 - part[2])
    return int(number_of(address) / size) == int(number_of(part[1]) / size)
}

# Units: what is wanted of this host. Assignments among the arguments say what the next file is:
#   at=STACK:UNIT role=new   the unit that is applied now
#   at=STACK:UNIT role=old   what was applied of it before
#   at=STACK:UNIT role=other every other unit on this host, of all stacks

BEGIN {
    set_of("link addr route neigh fdb sysctl promisc nft iptables network endpoint container interface default-route name underlay range networkd watch boot converger", KNOWN_KINDS)
    # several units may hold the same key: each its own table, rule or check, or the same thing together
    set_of("nft iptables sysctl promisc name underlay networkd watch converger", KIND_PER_UNIT)
    # before Docker starts: sysctls of links only, since Docker up to 27 sets FORWARD DROP only if it enables forwarding itself
    set_of("link addr promisc route neigh fdb nft", KIND_OF_BOOT_LINKS)
}

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

# what only one unit may hold, of one line: its key, and the LAN that a network of Docker's is on
function things_of(line, things,    cut, key, words) {
    split("", things)
    cut = is_said(line) ? 0 : index(line, ": ")
    key = cut ? canonical_key(trim(substr(line, 1, cut - 1))) : ""
    if (!cut || (kind_of(key) in KIND_PER_UNIT))
        return
    things[key] = 1
    if (line ~ /^docker network [^ ]+: (mac|ip)vlan / && split(line, words, " "))
        things["LAN of " words[5]] = 1
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
    key = canonical_key(trim(substr(line, 1, cut - 1)))
    value = trim(substr(line, cut + 2))
    if (!(kind_of(key) in KNOWN_KINDS)) {
        if (role == "new")
            refuse(key ": this converger (" version ") knows no such kind of entry; put a newer one on the host: pulumi up")
        return
    }
    if (role == "old")
        keep_old(unit, key, value)
    else
        keep_wanted(unit, key, value, role)
}

# what Pulumi was told by an observe and hands back: carried, never acted on
function is_said(line) {
    return line ~ /^(drift .*|seen|owner|made): /
}

function same_text_as_before() {
    return line_count[me, "new"] == line_count[me, "old"] && lines_alike == line_count[me, "new"] && !forerunners
}

function kind_of(key,    kind) {
    kind = first_word(key)
    return kind == "docker" ? nth_word(key, 2) : kind
}

function identity(unit, key) {
    return (kind_of(key) in KIND_PER_UNIT) ? unit " " key : key
}

function keep_old(unit, key, value,    id) {
    id = identity(unit, key)
    if (!(id in old_value))
        old_id[++old_count] = id
    kinds_wanted[kind_of(key)] = 1
    if (is_inner(kind_of(key)))
        inner_note(key, value)
    old_value[id] = canonical_value(key, value)
    old_key[id] = key
    old_unit[id] = unit
}

function keep_wanted(unit, key, value, role,    id) {
    id = identity(unit, key)
    if (id in want_value) {
        if (role == "new")
            refuse(key ": " (want_unit[id] == unit ? "is in the unit twice" : "belongs to " unit_name(want_unit[id])))
        return
    }
    if (role == "new")
        check_words(key, value)
    want_id[++want_count] = id
    want_key[id] = key
    want_raw[id] = value
    want_value[id] = canonical_value(key, value)
    want_unit[id] = unit
    want_kind[id] = kind_of(key)
    if (want_kind[id] == "sysctl")
        share_sysctl(unit, nth_word(key, 2), value, role)
    if (is_inner(want_kind[id])) {
        inner_note(key, value)
        default_note(id, role)
    }
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

# What each kind of entry answers to. A kind's functions begin with its name; kinds that belong together share a file.

function canonical_key(key,    kind) {
    kind = first_word(key)
    if (kind == "route")
        return route_key(key)
    if (kind == "fdb" || kind == "neigh")
        return lladdr_key(key)
    return key
}

function canonical_value(key, value,    kind) {
    kind = kind_of(key)
    if (kind == "link")
        return link_canonical(value)
    if (kind == "route")
        return route_canonical(value)
    if (kind == "endpoint")
        return endpoint_canonical(value, nth_word(key, 3))
    if (kind == "interface")
        gsub(/\/32 via /, " via ", value)
    return value
}

# an unknown word would end `ip -batch` without naming its line, so it never gets there
function check_words(key, value,    kind) {
    kind = kind_of(key)
    if (!docker_names_are_plain(key))
        refuse(key ": Docker knows no such name")
    if (kind == "link")
        link_check(key, value)
    else if (kind == "addr")
        words_check(key, value, "scope label", "noprefixroute")
    else if (kind == "route")
        words_check(key, value, "via dev src mtu", "onlink blackhole unreachable prohibit throw")
    else if (kind == "neigh")
        words_check(key, value, "lladdr", "")
    else if (kind == "fdb")
        words_check(key, value, "dst", "permanent")
    else if (kind == "network")
        network_check(key, value)
    else if (kind == "endpoint")
        words_check(key, value, "ipv4 alias", "connected")
    else if (kind == "interface")
        interface_words_check(key, value)
    else if (kind == "default-route" && !is_docker_name(value))
        refuse(key ": wants the name of a network")
    else if (kind == "name")
        name_check(key, value)
    else if (kind == "container")
        container_check(key, value)
    else if (kind == "nft")
        nft_check(key)
    else if (kind == "iptables" && key !~ /^iptables DOCKER-USER [^ ]+$/)
        refuse(key ": only rules of the chain DOCKER-USER are held")
    else if (kind == "range" && (route_target(key) == "" || value != "ours alone"))
        refuse(key ": wants a network, as 10.42.0.0/16, and `ours alone`")
    else if (kind == "promisc" && value != "on")
        refuse(key ": only `promisc LINK: on` is known")
    else if (kind == "boot" && value !~ /^(before|after) docker\.service$/)
        refuse(key ": wants `before docker.service` or `after docker.service`")
    else if (kind == "watch" && !(key in WATCHES && value == WATCHES[key]))
        refuse(key ": only `watch containers: attach on start` and `watch routes: add on link up` are known")
    else if (kind == "networkd" && (key != "networkd foreign-routes" || value != "keep"))
        refuse(key ": only `networkd foreign-routes: keep` is known")
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

# What the host has under this identity, in the words of the entry; "" = it is missing
function actual(id,    key, kind) {
    key = want_key[id]
    kind = want_kind[id]
    if (kind == "link")
        return link_actual(nth_word(key, 2), want_value[id])
    if (kind == "addr")
        return addr_actual(key, want_value[id])
    if (kind == "promisc")
        return promisc_actual(nth_word(key, 2))
    if (kind == "route")
        return route_actual(key, want_value[id])
    if (kind == "neigh")
        return neigh_actual(key)
    if (kind == "fdb")
        return (key in fdb_value) ? fdb_value[key] : ""
    if (kind == "sysctl")
        return sysctl_is_moot(nth_word(key, 2)) ? want_value[id] : sysctl_read(nth_word(key, 2))
    if (kind == "nft")
        return nft_actual(id)
    if (kind == "iptables")
        return iptables_actual(id)
    if (kind == "network")
        return network_actual(id)
    if (kind == "endpoint")
        return endpoint_actual(id)
    if (kind == "interface")
        return interface_actual(id)
    if (kind == "default-route")
        return default_route_actual(id)
    if (kind == "name")
        return name_actual(id)
    if (kind == "container")
        return container_actual(id)
    if (kind == "underlay")
        return underlay_actual(key, want_value[id])
    if (kind == "watch")
        return watch_actual(key, want_value[id])
    if (kind == "networkd")
        return networkd_actual(want_value[id])
    if (kind == "range")
        return range_actual(id)
    if (kind == "boot")
        return boot_actual(id)
    if (kind == "converger")
        return converger_actual(id)
    return ""
}

# the link that an entry lies on, "" if none
function device_of(key, value,    kind) {
    kind = first_word(key)
    if (kind == "addr" || kind == "promisc")
        return nth_word(key, 2)
    if (kind == "neigh" || kind == "fdb")
        return nth_word(key, 4)
    if (kind == "route")
        return word_after(value, "dev")
    return ""
}

# Refuses to touch what somebody else made
function check_owner(id,    key, kind) {
    key = want_key[id]
    kind = kind_of(key)
    if (kind == "link")
        link_check_owner(id, nth_word(key, 2))
    else if (kind == "addr")
        addr_check_owner(key)
    else if (kind == "route")
        route_check(key, want_value[id])
    else if (kind == "neigh" || kind == "fdb")
        neigh_check_owner(key, kind)
    else if (kind == "sysctl")
        sysctl_check(id)
    else if (kind == "network")
        network_check_owner(id)
    else if (kind == "endpoint")
        endpoint_check(id)
    else if (kind == "interface")
        interface_check(id)
    else if (kind == "default-route")
        default_route_check(id)
    else if (kind == "container")
        container_check_owner(id)
    else if (kind == "underlay")
        underlay_check(id)
    else if (kind == "networkd")
        networkd_check_owner(key)
    else if (kind == "range")
        range_check(id)
    else if (kind == "converger")
        converger_check(id)
}

function make(id,    key, kind) {
    key = want_key[id]
    kind = kind_of(key)
    if (kind == "link")
        link_make(id, nth_word(key, 2), want_value[id])
    else if (kind == "addr")
        addr_make(key, want_value[id])
    else if (kind == "promisc")
        promisc_make(key)
    else if (kind == "route")
        route_make(key, want_value[id])
    else if (kind == "neigh")
        neigh_make(key, want_value[id])
    else if (kind == "fdb")
        fdb_make(key, want_value[id])
    else if (kind == "sysctl")
        sysctl_make(id)
    else if (kind == "iptables")
        iptables_make(id)
    else if (kind == "network")
        network_make(id)
    else if (kind == "endpoint")
        endpoint_make(id)
    else if (kind == "interface")
        interface_make(id)
    else if (kind == "default-route")
        default_due[nth_word(key, 2)] = 1
    else if (kind == "container")
        container_make(id)
    else if (kind == "watch")
        watch_make(key)
    else if (kind == "networkd")
        networkd_make(key)
    else if (kind == "boot")
        boot_make(id)
    else if (kind == "converger")
        converger_make(id)
}

function unmake(id, key,    kind, device) {
    kind = kind_of(key)
    if (kind == "promisc")
        promisc_unmake(key)
    device = device_of(key, old_value[id])
    if (device != "" && ((device in link_dying) || (device in link_anew)))
        return
    if (kind == "link")
        link_unmake(nth_word(key, 2))
    else if (kind == "addr")
        addr_unmake(key)
    else if (kind == "route")
        route_unmake(key)
    else if (kind == "neigh")
        neigh_unmake(key)
    else if (kind == "fdb")
        fdb_unmake(key)
    else if (kind == "sysctl")
        sysctl_unmake(nth_word(key, 2))
    else if (kind == "network")
        network_unmake(nth_word(key, 3))
    else if (kind == "endpoint")
        endpoint_unmake(key)
    else if (kind == "interface")
        interface_unmake(key)
    else if (kind == "default-route")
        default_route_unmake(nth_word(key, 2))
    else if (kind == "watch")
        watch_unmake(key)
    else if (kind == "networkd")
        networkd_unmake(key)
    else if (kind == "boot")
        boot_unmake(key)
    else if (kind == "converger")
        converger_unmake(old_unit[id])
}

# Links: bridges, VXLAN devices, and what lies on a NIC: VLANs and the host's own macvlan or ipvlan. Marked by their alias, and by
# group 201 until they have it.

BEGIN {
    # what an entry does not name is at its default: compared, and put back when the word leaves the plan
    LINK_DEFAULTS["vxlan"] = "learning ttl auto ageing 300"
    LINK_DEFAULTS["bridge"] = "stp_state 0 forward_delay 1500 priority 32768 vlan_filtering 0 mcast_snooping 1"
    LINK_WORDS["vxlan"] = "id local dev dstport ttl ageing"
    LINK_WORDS["macvlan"] = LINK_WORDS["ipvlan"] = "link mode"
    LINK_WORDS["vlan"] = "link id"
    LINK_WORDS["bridge"] = "stp_state forward_delay hello_time max_age ageing_time priority vlan_filtering mcast_snooping"
    LINK_FLAGS["vxlan"] = "learning nolearning"
    LINK_FLAGS["bridge"] = ""
    LINK_COMMON = "mtu address master"
    LINK_IN_PLACE["vxlan"] = "local dev ttl ageing"     # the kernel refuses another id or dstport
    LINK_IN_PLACE["bridge"] = LINK_WORDS["bridge"]
}

# ---- what the kernel has: one line of `ip -d -o link show`

function link_read(line,    part, n, i, name, parent, above, words) {
    n = split(line, part, "\\")
    split(part[1], words, " ")
    name = words[2]
    sub(/:$/, "", name)
    parent = index(name, "@")
    if (parent) {
        above = substr(name, parent + 1)
        name = substr(name, 1, parent - 1)
    }
    link_parent[name] = above
    links[++link_count] = name
    link_index[name] = link_count
    link_number[name] = words[1] + 0
    link_up[name] = words[3] ~ /[<,]UP[,>]/
    link_promisc[name] = words[3] ~ /[<,]PROMISC[,>]/
    link_mtu[name] = word_after(part[1], "mtu")
    link_master[name] = word_after(part[1], "master")
    link_group[name] = word_after(part[1], "group")
    link_address[name] = nth_word(part[2], 2)
    link_is_tunnel[name] = part[2] ~ /^ *link\/(none|ppp|ipip|gre|sit|tunnel6|gre6) /
    for (i = 3; i <= n; i++)
        link_read_part(name, trim(part[i]))
    if (link_alias[name] ~ /^crosshost:/)
        link_mark[name] = substr(link_alias[name], 11)
    else
        link_mark[name] = link_alias[name] == "" && link_group[name] == 201 ? "?" : ""
}

# an alias, which is anybody's text, comes behind what the link is
function link_read_part(name, text,    kind) {
    kind = first_word(text)
    if (kind == "alias")
        link_alias[name] = substr(text, 7)
    else if (link_kind[name] == "" && !(name in link_alias) && kind !~ /_slave$/) {
        link_kind[name] = kind
        link_words[name] = text
    }
}

# A link that the unit held is still its own when only the alias was changed by hand.
function link_settle_marks(    i, name, id) {
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        id = "link " name
        if (link_group[name] == 201 && link_alias[name] !~ /^crosshost:/ && (id in old_value))
            link_mark[name] = old_unit[id]
    }
}

# the value of one word of a link, "" if it does not have it
function link_word(name, word) {
    if (word == "mtu")
        return link_mtu[name]
    if (word == "address")
        return link_address[name]
    if (word == "link")
        return link_parent[name]
    if (word == "master")
        return link_master[name]
    return word_after(link_words[name], word)
}

function link_learning(name) {
    return has_word(link_words[name], "nolearning") ? "nolearning" : "learning"
}

# ---- the words of an entry

function link_check(key, value,    kind) {
    kind = first_word(value)
    if (!(kind in LINK_WORDS)) {
        refuse(key ": links of kind `" kind "` are not made by this converger (" version ")")
        return
    }
    if (length(nth_word(key, 2)) > 15)
        refuse(key ": the name of a link has at most 15 characters")
    words_check(key, substr(value, length(kind) + 2), LINK_WORDS[kind] " " LINK_COMMON, LINK_FLAGS[kind])
}

function link_canonical(value,    kind, n, words, i) {
    kind = first_word(value)
    n = split(LINK_DEFAULTS[kind], words, " ")
    for (i = 1; i <= n; i++) {
        if (words[i] == "learning") {
            if (!has_word(value, "nolearning") && !has_word(value, "learning"))
                value = value " learning"
        } else {
            if (!has_word(value, words[i]))
                value = value " " words[i] " " words[i + 1]
            i++
        }
    }
    return value
}

# the words of the entry as the link has them; a link that is down says so
function link_actual(name, value,    kind, n, words, i, have, text) {
    if (!(name in link_index))
        return ""
    kind = first_word(value)
    if (link_kind[name] != kind)
        return link_kind[name] == "" ? "device" : link_kind[name]
    text = kind
    n = split(value, words, " ")
    for (i = 2; i <= n; i++) {
        if (words[i] ~ /learning$/) {
            text = text " " link_learning(name)
            continue
        }
        have = link_word(name, words[i])
        if (have == "" && word_after(LINK_DEFAULTS[kind], words[i]) == words[i + 1])
            have = words[i + 1]       # an older kernel or ip does not print the word
        text = text " " (have == "" ? "no-" words[i] : words[i] " " have)
        i++
    }
    return text (link_up[name] ? "" : " down")
}

function link_check_owner(id, name,    i, other, value) {
    value = want_value[id]
    if ((name in link_index) && link_mark[name] != "?" && !is_mine(link_mark[name])) {
        refuse("link " name ": belongs to " (link_mark[name] != "" ? unit_name(link_mark[name]) : "somebody else (" \
            (link_kind[name] == "" ? "device" : link_kind[name]) (link_alias[name] == "" ? ", no mark" : ", alias " link_alias[name]) ")"))
        return
    }
    if (!(name in link_index))
        kernel_check("link " name, first_word(value))
    if (first_word(value) == "vlan")
        parent_check("link " name, word_after(value, "link"))
    if (first_word(value) != "vxlan")
        return
    for (i = 1; i <= link_count; i++) {
        other = links[i]
        if (other != name && link_kind[other] == "vxlan" && !is_mine(link_mark[other]) && \
            vxlan_takes(other, word_after(value, "id")) && link_word(other, "dstport") == word_after(value, "dstport"))
            refuse("link " name ": VNI " word_after(value, "id") " on port " word_after(value, "dstport") " is taken by " other \
                " (" (link_mark[other] == "" ? "not ours" : unit_name(link_mark[other])) ")")
    }
}

# one that is `external` takes all that come to its port
function vxlan_takes(name, id) {
    return link_word(name, "id") == id || has_word(link_words[name], "external")
}

# ---- making

# true if no word differs that the kernel only takes when a link is made
function link_fits_in_place(name, value,    kind, n, words, i) {
    kind = first_word(value)
    if (link_kind[name] != kind)
        return 0
    n = split(value, words, " ")
    for (i = 2; i <= n; i++) {
        if (words[i] ~ /learning$/)
            continue
        if (!has_word(LINK_COMMON " " LINK_IN_PLACE[kind], words[i]) && link_word(name, words[i]) != words[i + 1])
            return 0
        i++
    }
    return 1
}

function link_make(id, name, value) {
    if (!(name in link_index) || (name in link_anew))
        link_add(id, name, want_raw[id])
    else
        link_set(id, name, value)
}

# The MTU of a bridge counts as chosen, and does not follow its ports, only when it is changed on a bridge that is there.
function link_add(id, name, raw,    kind, n, words, i, common, own, mtu, phase) {
    kind = first_word(raw)
    n = split(raw, words, " ")
    for (i = 2; i <= n; i++) {
        if (has_word(LINK_FLAGS[kind], words[i]))
            own = own " " words[i]
        else if (words[i] == "mtu")
            mtu = words[++i]
        else if (words[i] ~ /^(address|link)$/)
            common = common " " words[i] " " words[++i]
        else if (words[i] != "master") {
            own = own " " words[i] " " words[i + 1]
            i++
        } else
            i++
    }
    if (mtu != "")
        common = " mtu " (kind == "bridge" ? mtu - 1 : mtu) common
    phase = kind ~ /^(mac|ip)vlan$/ ? 40.5 : 40 # it may lie on a VLAN of the same unit
    step(phase, "ip", "link add name " name common " group 201 type " kind own, want_key[id])
    undo(phase, "ip", "link del " name)
    step(41, "ip", "link set " name " alias crosshost:" want_unit[id], want_key[id])
    if (kind == "bridge" && mtu != "")
        step(42, "ip", "link set " name " mtu " mtu, want_key[id])
    if (has_word(raw, "master"))
        step(43, "ip", "link set " name " master " word_after(raw, "master"), want_key[id])
    step(44, "ip", "link set " name " up", want_key[id])
}

function link_set(id, name, value,    kind, n, words, i, have, own, was) {
    kind = first_word(value)
    if (link_alias[name] != "crosshost:" want_unit[id]) {
        step(41, "ip", "link set " name " alias crosshost:" want_unit[id], want_key[id])
        if (link_alias[name] ~ /^crosshost:[^ ]+$/)
            undo(41, "ip", "link set " name " alias " link_alias[name])
    }
    n = split(value, words, " ")
    for (i = 2; i <= n; i++) {
        if (words[i] ~ /learning$/) {
            if (words[i] != link_learning(name)) {
                own = own " " words[i]
                was = was " " link_learning(name)
            }
            continue
        }
        have = link_word(name, words[i])
        if (have == "" && word_after(LINK_DEFAULTS[kind], words[i]) == words[i + 1])
            have = words[i + 1]
        if (have != words[i + 1] && has_word(LINK_COMMON, words[i]))
            link_set_common(id, name, words[i], words[i + 1], have)
        else if (have != words[i + 1]) {
            own = own " " words[i] " " words[i + 1]
            was = was " " words[i] " " have
        }
        i++
    }
    if (own != "") {
        step(42, "ip", "link set " name " type " kind own, want_key[id])
        undo(42, "ip", "link set " name " type " kind was)
    }
    if (!link_up[name]) {
        step(44, "ip", "link set " name " up", want_key[id])
        undo(44, "ip", "link set " name " down")
    }
}

# another address makes the kernel forget neighbours and routes, so undoing states them again
function link_set_common(id, name, word, value, have) {
    step(42, "ip", "link set " name " " word " " value, want_key[id])
    if (word == "address")
        link_undo_contents(name, 30)
    undo(42, "ip", "link set " name " " (have == "" ? "no" word : word " " have))
}

# ---- unmaking, and putting back

function link_take_away(name, phase,    i) {
    step(phase, "ip", "link del " name, "link " name)
    link_undo_contents(name, phase)
    sysctl_undo_link(name, phase + .2)
    for (i = 1; i <= link_count; i++)
        if (link_master[links[i]] == name)
            undo(phase + .7, "ip", "link set dev " links[i] " master " name)
    if (link_up[name])
        undo(phase + .75, "ip", "link set " name " up")
    if (link_master[name] != "")
        undo(phase + .8, "ip", "link set " name " master " link_master[name])
    if (link_kind[name] == "bridge")
        undo(phase + .8, "ip", "link set " name " mtu " link_mtu[name])
    if (link_alias[name] != "")
        undo(phase + .8, "ip", "link set " name " alias " link_alias[name])
    undo(phase + .9, "ip", link_again(name))
}

function link_again(name,    kind, own, n, words, i, have) {
    kind = link_kind[name]
    n = split(LINK_WORDS[kind], words, " ")
    for (i = 1; i <= n; i++) {
        have = link_word(name, words[i])
        if (have != "" && have != "auto" && words[i] != "link" && have != word_after(LINK_DEFAULTS[kind], words[i]))
            own = own " " words[i] " " have
    }
    if (kind == "vxlan" && link_learning(name) == "nolearning")
        own = own " nolearning"
    return "link add name " name (has_word(LINK_WORDS[kind], "link") ? " link " link_parent[name] : "") " mtu " (kind == "bridge" ? link_mtu[name] - 1 : link_mtu[name]) \
        (kind == "ipvlan" ? "" : " address " link_address[name]) " group " link_group[name] " type " kind own
}

# undoing goes from the highest phase down, and in a phase from the last line up
function link_undo_contents(name, phase,    i, key) {
    if ((name, phase) in contents_stated)
        return
    contents_stated[name, phase] = 1
    for (i = addr_count; i >= 1; i--) {
        key = addr_keys[i]
        if (addr_device[key] == name && !addr_of_kernel[key])
            undo(phase + .6, "ip", addr_command("add", key, name))
    }
    for (i = 1; i <= neigh_count; i++)
        if (neigh_device[neigh_keys[i]] == name)
            undo(phase + .5, "ip", neigh_again(neigh_keys[i]))
    for (i = 1; i <= fdb_count; i++)
        if (fdb_device[fdb_keys[i]] == name)
            undo(phase + .4, "bridge", fdb_command(fdb_keys[i], fdb_value[fdb_keys[i]]))
    for (i = 1; i <= route_count; i++)
        if (route_proto[route_keys[i]] != "kernel" && (route_device[route_keys[i]] == name || route_owner(route_keys[i]) == name))
            undo(phase + .3, "ip", "route replace " route_raw[route_keys[i]])
}

# That of a forerunner makes room: the kernel takes no second VXLAN of one identifier and port.
function link_unmake(name,    phase) {
    if (!(name in link_index) || !is_mine(link_mark[name]))
        return
    phase = (link_mark[name] in forerunner) ? 30 : 90
    if (link_kind[name] == "veth")
        step(137, "ip-del", "link del " name, "link " name) # its other end is lost: after all that may fail
    else
        link_take_away(name, link_kind[name] ~ /^(mac|ip)vlan$/ ? phase - .5 : phase) # with the VLAN that it lies on it would go by itself
}

# Addresses, permanent neighbours, and forwarding entries of tunnels: what lies on a link.

# ---- addresses: ours if they lie on a link of ours, or if the unit held them before

function addr_read(line,    key, name, family, text, lifetime, label, n, words) {
    split(line, words, " ")
    name = words[2]
    family = words[3]
    key = "addr " name " " words[4]
    lifetime = line
    sub(/.*\\ +/, "", lifetime)
    gsub(/sec/, "", lifetime)
    text = line
    sub(/\\.*/, "", text)
    text = trim(substr(text, index(text, " " words[4]) + length(words[4]) + 1))
    gsub(/ (dynamic|tentative|secondary|deprecated|temporary|mngtmpaddr)/, "", text)
    if (family == "inet") {
        n = split(text, words, " ")
        label = words[n]
        sub(/ ?[^ ]+$/, "", text)
    }
    addr_keys[++addr_count] = key
    addr_words[key] = text
    addr_device[key] = name
    addr_label[key] = label != "" && label != name ? " label " label : ""
    addr_lifetime[key] = lifetime ~ /valid_lft forever preferred_lft forever/ ? "" : " " trim(lifetime)
    addr_of_kernel[key] = family == "inet6" && line ~ / scope link/
}

# 127.0.0.1 and the like: what is routed to a host may lie on lo as well
function addr_is_of_loopback(key) {
    return has_word(addr_words[key], "host")
}

function addr_actual(key, value,    n, words, i, text) {
    if (!(key in addr_words))
        return ""
    n = split(value, words, " ")
    for (i = 1; i <= n; i++) {
        if (words[i] == "noprefixroute") {
            if (has_word(addr_words[key], words[i]))
                text = text " " words[i]
        } else {
            text = text " " words[i] " " word_after(addr_words[key] addr_label[key], words[i])
            i++
        }
    }
    return trim(text)
}

function addr_check_owner(key) {
    if ((key in addr_words) && !(key in old_value) && link_mark[addr_device[key]] == "")
        refuse(key ": is there already and not ours (" addr_words[key] ")")
}

function addr_command(op, key, name) {
    return "addr " op " " nth_word(key, 3) (op == "add" ? " " addr_words[key] addr_label[key] addr_lifetime[key] : "") " dev " name
}

function addr_make(key, value,    name) {
    name = nth_word(key, 2)
    if ((key in addr_words) && !(name in link_anew)) {
        step(50, "ip", addr_command("del", key, name), key)
        undo(50, "ip", addr_command("add", key, name))
    }
    step(50, "ip", "addr add " nth_word(key, 3) " " value " dev " name, key)
    undo(50, "ip", "addr del " nth_word(key, 3) " dev " name)
}

# with the last address of a link the kernel forgets its routes and neighbours
function addr_unmake(key) {
    if (!(key in addr_words))
        return
    step(88, "ip-del", addr_command("del", key, addr_device[key]), key)
    link_undo_contents(addr_device[key], 30)
}

# ---- permanent neighbours, and the keys of forwarding entries

function lladdr_key(key,    words) {
    split(key, words, " ")
    return words[1] " " tolower(words[2]) substr(key, length(words[1] " " words[2]) + 1)
}

function neigh_read(line,    key, words) {
    split(line, words, " ")
    key = "neigh " words[1] " dev " words[3]
    neigh_keys[++neigh_count] = key
    neigh_value[key] = "lladdr " word_after(line, "lladdr")
    neigh_proto[key] = word_after(line, "proto")
    neigh_device[key] = words[3]
}

function neigh_actual(key) {
    if (!(key in neigh_value))
        return ""
    return neigh_value[key] (neigh_proto[key] == 201 ? "" : " proto " (neigh_proto[key] == "" ? "none" : neigh_proto[key]))
}

function neigh_check_owner(key, kind) {
    if (kind == "neigh" && (key in neigh_value) && neigh_proto[key] != 201 && link_mark[neigh_device[key]] == "")
        refuse(key ": is there already and not ours (" neigh_value[key] ")")
    if (kind == "fdb" && (key in fdb_value) && link_mark[fdb_device[key]] == "")
        refuse(key ": is there already and not ours (" fdb_value[key] ")")
}

function neigh_again(key) {
    return "neigh replace " nth_word(key, 2) " " neigh_value[key] " dev " neigh_device[key] " nud permanent" \
        (neigh_proto[key] == "" ? "" : " protocol " neigh_proto[key])
}

function neigh_make(key, value) {
    step(60, "ip", "neigh replace " nth_word(key, 2) " " value " dev " nth_word(key, 4) " nud permanent protocol 201", key)
    if (key in neigh_value)
        undo(60, "ip", neigh_again(key))
    else
        undo(60, "ip", "neigh del " nth_word(key, 2) " dev " nth_word(key, 4))
}

function neigh_unmake(key) {
    if (!(key in neigh_value))
        return
    step(86, "ip-del", "neigh del " nth_word(key, 2) " dev " neigh_device[key], key)
    undo(86, "ip", neigh_again(key))
}

# ---- forwarding entries: permanent ones of a tunnel. The zero address has many, so there the destination is in the key.

function fdb_read(line,    key, name, mac) {
    if (!has_word(line, "dst") || !has_word(line, "permanent"))
        return
    mac = first_word(line)
    name = word_after(line, "dev")
    key = "fdb " mac " dev " name
    if (mac == "00:00:00:00:00:00")
        key = key " dst " word_after(line, "dst")
    fdb_keys[++fdb_count] = key
    fdb_value[key] = mac == "00:00:00:00:00:00" ? "permanent" : "dst " word_after(line, "dst")
    fdb_device[key] = name
}

function fdb_command(key, value,    words) {
    split(key, words, " ")
    if (words[2] == "00:00:00:00:00:00")
        return "fdb append " words[2] " dev " words[4] " dst " words[6] " self permanent"
    return "fdb replace " words[2] " dev " words[4] " " value " self permanent"
}

function fdb_removal(key, value,    words) {
    split(key, words, " ")
    return "fdb del " words[2] " dev " words[4] " " (words[2] == "00:00:00:00:00:00" ? "dst " words[6] : value) " self"
}

function fdb_make(key, value) {
    step(70, "bridge", fdb_command(key, value), key)
    if (key in fdb_value)
        undo(70, "bridge", fdb_command(key, fdb_value[key]))
    else
        undo(70, "bridge", fdb_removal(key, value))
}

function fdb_unmake(key) {
    if (!(key in fdb_value))
        return
    step(87, "bridge-del", fdb_removal(key, fdb_value[key]), key)
    undo(87, "bridge", fdb_command(key, fdb_value[key]))
}

# Routes: ours carry protocol 201. `route replace` would silently take over a foreign one, so what is new is added.

function route_key(key) {
    if (key !~ /:/)
        sub(/\/32/, "", key)
    if (nth_word(key, 2) == "0.0.0.0/0")
        sub(/0\.0\.0\.0\/0/, "default", key)
    return key
}

# words in any order to: type via dev src mtu onlink
function route_canonical(value,    n, words, i, type, named, text) {
    n = split(value, words, " ")
    for (i = 1; i <= n; i++) {
        if (words[i] ~ /^(blackhole|unreachable|prohibit|throw)$/)
            type = words[i]
        else if (words[i] == "onlink")
            named["onlink"] = 1
        else if (words[i] ~ /^(via|dev|src|mtu)$/) {
            named[words[i]] = words[i + 1]
            i++
        }
    }
    text = type
    if ("via" in named)
        text = text " via " named["via"]
    if ("dev" in named)
        text = text " dev " named["dev"]
    if ("src" in named)
        text = text " src " named["src"]
    if ("mtu" in named)
        text = text " mtu " named["mtu"]
    if ("onlink" in named)
        text = text " onlink"
    return trim(text)
}

# one line of `ip -d -o route show table all`: with -d each starts with its type
function route_read(line,    table, key, proto, metric, raw, type) {
    table = word_after(line, "table")
    if (table == "local")
        return
    gsub(/\\/, " ", line)
    line = trim(line)
    type = first_word(line)
    proto = word_after(line, "proto")
    metric = word_after(line, "metric")
    key = "route " nth_word(line, 2)
    if (key ~ /:/ && metric == 1024)
        metric = ""
    if (table != "" && table != "main")
        key = key " table " table
    if (metric != "" && metric != 0)
        key = key " metric " metric
    if ((key in route_value) && proto == "kernel")
        return
    raw = line
    sub(/^unicast /, "", raw)
    gsub(/ (linkdown|dead|pref medium|table main)/, "", raw)
    if (key ~ /:/ || type == "blackhole")
        sub(/ scope global/, "", raw)
    if (type == "unicast")
        sub(/^unicast [^ ]+/, "", line)
    route_keys[++route_count] = key
    route_value[key] = route_canonical(line)
    route_proto[key] = proto
    route_device[key] = word_after(line, "dev")
    route_raw[key] = trim(raw)
}

function route_actual(key, value,    text) {
    if (!(key in route_value))
        return ""
    text = route_value[key]
    if (!has_word(value, "dev"))
        sub(/ ?dev [^ ]+/, "", text)
    return trim(text (route_proto[key] == 201 ? "" : " proto " route_proto[key]))
}

function route_check(key, value) {
    if ((key in route_value) && route_proto[key] != 201)
        refuse(key ": is there already and not ours (" route_raw[key] ")")
    else if (client != "" && !(key in old_value) && lies_in(client, route_target(key)))
        refuse(key ": holds " client ", from which SSH comes: choose another address")
    else if (phase == "" && !route_has_way(value))
        refuse(key ": no link of this host leads to its gateway " word_after(value, "via") \
            " (found " underlay_addresses() "): hosts on different links need the backend vxlan")
}

# A gateway without a device has to be on a link of this host. While booting, it may not be yet, nor a device of another unit.
function route_has_way(value,    gateway, i, key, name) {
    gateway = word_after(value, "via")
    name = word_after(value, "dev")
    if (phase != "" && name != "" && !(name in link_index) && !is_mine(want_unit["link " name]))
        return 0
    if (gateway == "" || gateway ~ /:/ || has_word(value, "dev"))
        return 1
    for (i = 1; i <= route_count; i++) {
        key = route_keys[i]
        if (route_is_on_link(key) && (nth_word(key, 2) == gateway || nth_word(key, 2) == "default" || lies_in(gateway, nth_word(key, 2))))
            return 1
    }
    return 0
}

function route_is_on_link(key) {
    return key !~ /:| table / && route_device[key] != "" && !has_word(route_value[key], "via")
}

# The link of ours that a route belongs to: the one it leads to, or else the one whose address it gives to packets.
function route_owner(key,    name) {
    if (link_mark[route_device[key]] == "" && has_word(route_value[key], "src")) {
        name = underlay_link(word_after(route_value[key], "src"))
        if (link_mark[name] != "")
            return name
    }
    return route_device[key]
}

function route_words(key, value,    target, type) {
    target = substr(key, 7)
    type = first_word(value)
    if (type ~ /^(blackhole|unreachable|prohibit|throw)$/) {
        target = type " " target
        value = substr(value, length(type) + 2)
    }
    return trim(target " " value) " proto 201"
}

function route_make(key, value,    there) {
    there = (key in route_value) && !(route_device[key] in link_anew)
    step(80, "ip", "route " (there ? "replace " : "add ") route_words(key, value), key)
    if (there)
        undo(80, "ip", "route replace " route_raw[key])
    else
        undo(80, "ip", "route del " route_words(key, value))
}

function route_unmake(key) {
    if (!(key in route_value) || route_proto[key] != 201)
        return
    step(85, "ip-del", "route del " route_words(key, route_value[key]), key)
    undo(85, "ip", "route replace " route_raw[key])
}

# nft rules: one table for a unit, loaded as a whole. Each nft prints rules its own way (sets sorted, numbers in hex,
# payloads decoded), so what it printed right after loading is recorded, together with the rules that were wanted.

BEGIN {
    NFT_CHAINS = "prerouting input forward postrouting"
    NFT_CHAIN["prerouting"] = "type filter hook prerouting priority raw"
    NFT_CHAIN["input"] = "type filter hook input priority filter - 10"
    NFT_CHAIN["forward"] = "type filter hook forward priority filter - 10"
    NFT_CHAIN["postrouting"] = "type nat hook postrouting priority srcnat"
}

function nft_table(unit) {
    gsub(/[:.-]/, "_", unit)
    return "crosshost_" unit
}

function nft_check(key) {
    if (!(nth_word(key, 2) in NFT_CHAIN) || nth_word(key, 4) != "")
        refuse(key ": wants a chain (prerouting, input, forward, postrouting) and one name")
}

# ---- what the kernel has: `nft -s list ruleset inet`

function nft_read(line,    words) {
    split(line, words, " ")
    if (words[1] == "table") {
        nft_now = words[3] ~ /^crosshost_/ ? words[3] : ""
        if (nft_now != "")
            nft_live[nft_now] = ""
    }
    if (nft_now == "")
        return
    if (words[1] == "chain")
        nft_chain_now = words[2]
    nft_live[nft_now] = nft_live[nft_now] line "\n"
    if (words[1] == "comment" && line ~ /"crosshost:[^"]*"/)
        nft_mark[nft_now] = nft_comment(line, "crosshost:")
    else if (index(line, " comment \""))
        nft_read_rule(nft_live_rule, nft_now, nft_chain_now, line)
    else if (line !~ /^[ \t]*(table .*|chain .*|type .*|}|)$/)
        nft_loose[nft_now] = nft_loose[nft_now] plain(line) "\n"
}

function nft_comment(line, prefix) {
    sub(".*comment \"" prefix, "", line)
    sub(/".*/, "", line)
    return line
}

function nft_read_rule(rules, table, chain, line,    name) {
    name = nft_comment(line, "")
    sub(/ comment "[^"]*"/, "", line)
    rules[table, "nft " chain " " name] = trim(line)
}

# ---- what was recorded when the table was loaded: `want KEY: RULE` lines, then the listing

function nft_record_path(table) {
    return run_dir "/nft/" table
}

function nft_record_read(table,    line, chain, words, path) {
    if (table in nft_recorded)
        return
    nft_recorded[table] = ""
    nft_record_want[table] = ""
    path = nft_record_path(table)
    while ((getline line < path) > 0) {
        if (line ~ /^want /) {
            nft_record_want[table] = nft_record_want[table] substr(line, 6) "\n"
            continue
        }
        nft_recorded[table] = nft_recorded[table] line "\n"
        split(line, words, " ")
        if (words[1] == "chain")
            chain = words[2]
        else if (index(line, " comment \""))
            nft_read_rule(nft_record_rule, table, chain, line)
    }
    close(path)
}

function nft_actual(id,    table, key) {
    key = want_key[id]
    table = nft_table(want_unit[id])
    nft_record_read(table)
    if (!((table, key) in nft_live_rule) || !((table, key) in nft_record_rule))
        return ""
    if (nft_live_rule[table, key] != nft_record_rule[table, key])
        return plain(nft_live_rule[table, key])
    return want_value[id]
}

# ---- per table

# collects the wanted rules of each unit, and what is in the tables beside them
function nft_collect(    i, id, table, at, pair) {
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        if (want_kind[id] != "nft")
            continue
        table = nft_table(want_unit[id])
        nft_unit[table] = want_unit[id]
        nft_want[table] = nft_want[table] want_key[id] ": " want_value[id] "\n"
        nft_rules[table, nth_word(want_key[id], 2)] = nft_rules[table, nth_word(want_key[id], 2)] \
            "  " nft_quote(want_value[id]) " comment \"" nth_word(want_key[id], 3) "\"\n"
    }
    for (table in nft_live)
        if (nft_mark[table] != "")
            nft_unit[table] = nft_mark[table]
    for (at in nft_live_rule) {
        split(at, pair, SUBSEP)
        if (!((nft_unit[pair[1]] " " pair[2]) in want_value))
            nft_extra[pair[1]] = nft_extra[pair[1]] plain(pair[2]) ": not in the plan, " plain(nft_live_rule[at]) "\n"
    }
}

# differences that no single rule shows, as lines KEY: TEXT
function nft_differences(table,    n, i, lines, text) {
    nft_record_read(table)
    n = split(nft_extra[table], lines, "\n")
    sort_list(lines, n)
    for (i = 1; i <= n; i++)
        if (lines[i] != "")
            text = text lines[i] "\n"
    n = split(nft_loose[table], lines, "\n")
    for (i = 1; i < n; i++)
        text = text "nft table: not in the plan, " lines[i] "\n"
    return text
}

function nft_in_step(table) {
    nft_record_read(table)
    if (nft_want[table] == "")
        return !(table in nft_live)
    return (table in nft_live) && nft_want[table] == nft_record_want[table] && nft_live[table] == nft_recorded[table]
}

function nft_check_owner(table) {
    if ((table in nft_live) && nft_mark[table] == "" && nft_want[table] != "")
        refuse("nft table inet " table ": is there already and not ours (no mark)")
    else if ((table in nft_live) && nft_mark[table] != "" && !is_mine(nft_mark[table]))
        refuse("nft table inet " table ": belongs to " unit_name(nft_mark[table]))
}

function nft_load(table,    phase, text, n, chains, i, first) {
    phase = nft_want[table] == "" ? 95 : 20
    first = "nft table"
    text = "table inet " table "\ndelete table inet " table "\n"
    if (nft_want[table] != "") {
        text = text "table inet " table " {\n comment \"crosshost:" nft_unit[table] "\"\n"
        n = split(NFT_CHAINS, chains, " ")
        for (i = 1; i <= n; i++)
            if ((table, chains[i]) in nft_rules)
                text = text " chain " chains[i] " {\n  " NFT_CHAIN[chains[i]] "; policy accept;\n" nft_rules[table, chains[i]] " }\n"
        text = text "}\n"
    }
    step(phase, "nft", text, first)
    undo(phase, "nft", "table inet " table "\ndelete table inet " table "\n" ((table in nft_live) ? nft_live[table] : ""))
    if (nft_want[table] != "")
        step(phase + .1, "record", table " " journal_file(nft_prefixed(nft_want[table])), first)
    else
        step(phase + .1, "remove", nft_record_path(table), first)
    undo_file(phase + .1, nft_record_path(table), read_file(nft_record_path(table)))
}

function nft_prefixed(lines) {
    gsub(/\n/, "\nwant ", lines)
    sub(/want $/, "", lines)
    return "want " lines
}

# interface names in quotes, whatever they look like
function nft_quote(rule,    n, words, i, text, in_names, in_set, bare, tail) {
    n = split(rule, words, " ")
    for (i = 1; i <= n; i++) {
        bare = words[i]
        if (bare ~ /^[io]ifname$/)
            in_names = 1
        else if (in_names && bare == "{")
            in_set = 1
        else if (in_names && bare == "}")
            in_names = in_set = 0
        else if (in_names && bare != "!=" && bare != ",") {
            tail = sub(/,$/, "", bare) ? "," : ""
            words[i] = "\"" bare "\"" tail
            if (!in_set)
                in_names = 0
        }
        text = text (i > 1 ? " " : "") words[i]
    }
    return text
}

# iptables rules of ours beside Docker's. The comment is the mark; a rule is told by its words.

# ---- what the kernel has: `iptables -S`, of FORWARD, DOCKER-USER and, of nat, DOCKER

function iptables_read_all(    command, line, all) {
    if (!has_iptables || !iptables_is_there())
        return
    all = sweeping() || (mode == "observe" && docker_state() == "yes")
    if (all || speaks_of("iptables"))
        command = "iptables -w 10 -S DOCKER-USER; iptables -w 10 -S FORWARD; "
    if (all || (phase != "links" && speaks_of("network")))
        command = command "iptables -w 10 -t nat -S DOCKER; "
    if (all)
        command = command "iptables -w 10 -t nat -S PREROUTING; "
    if (command == "")
        return
    command = "{ " command "} 2>/dev/null"
    while ((command | getline line) > 0)
        iptables_read(line)
    close(command)
}

# a look at rules would load what there is none of yet
function iptables_is_there() {
    if (mode != "observe")
        return 1
    return is_legacy(has_iptables) ? read_line("/proc/net/ip_tables_names") != "" : kernel_module("nf_tables") != "no"
}

# of a program's path: whether it keeps its rules where nft does not show them
function is_legacy(path) {
    return path ~ /legacy/
}

function iptables_read(line,    chain, rule, unit) {
    chain = nth_word(line, 2)
    iptables_has[chain] = 1
    if (line == "-P FORWARD DROP")
        iptables_drops = 1
    if (line !~ /^-A /)
        return
    gsub(/"/, "", line)
    rule = substr(line, 5 + length(chain))
    if (rule == "-j DOCKER-USER")
        iptables_asks_user = 1
    else if (rule ~ /-j DOCKER(-FORWARD|-ISOLATION-STAGE-1)?$/)
        iptables_asks_docker[chain] = 1
    if (chain == "DOCKER") {
        if (rule ~ /^-i [^ ]+ (-m comment --comment [^ ]+ )?-j RETURN$/)
            let_out[word_after(rule, "-i")] = 1
        if (rule !~ / --comment crosshost:/)
            docker_proxy = rule ~ /^-i .* -j RETURN$|! -i / ? "on" : docker_proxy == "" && rule ~ / -j DNAT / ? "off" : docker_proxy
    } else if (rule ~ /^-j (RETURN|DROP|REJECT|ACCEPT)/) {
        iptables_ended[chain] = 1
        return
    }
    if (rule !~ / --comment crosshost:/) {
        iptables_filters = iptables_filters || chain == "FORWARD"
        return
    }
    unit = word_after(rule, "--comment")
    sub(/^crosshost:/, "", unit)
    sub(/ ?-m comment --comment [^ ]+/, "", rule)
    iptables_rules[++iptables_count] = trim(rule)
    iptables_unit[iptables_count] = unit
    iptables_chain[iptables_count] = chain
    iptables_behind[iptables_count] = (chain in iptables_ended)
}

# ---- rules that let packets in

# Docker asks DOCKER-USER before all else. Where it did not make that chain (20.10 with `bridge: none`, after a boot), or its jump is
# gone, the rule has to stand in FORWARD; where nothing drops, nowhere.
function iptables_place() {
    if (iptables_asks_user)
        return "DOCKER-USER"
    if ((iptables_drops || iptables_filters || ("FORWARD" in iptables_ended)) && !docker_leaves_iptables())
        return "FORWARD"
    return ("DOCKER-USER" in iptables_has) ? "DOCKER-USER" : ""
}

function iptables_actual(id,    place, i, value, unreached) {
    place = iptables_place()
    value = want_value[id]
    if (place == "")
        return value
    for (i = 1; i <= iptables_count; i++) {
        if (iptables_unit[i] != want_unit[id] || iptables_rules[i] != value || iptables_behind[i] || iptables_taken[i])
            continue
        if (iptables_chain[i] == place || iptables_chain[i] == "FORWARD") {
            iptables_taken[i] = 1
            return value
        }
        unreached = i
    }
    if (!unreached)
        return ""
    iptables_told[unreached] = 1
    return "not reached from FORWARD"
}

function iptables_marked(rule, unit) {
    sub(/-j /, "-m comment --comment crosshost:" unit " -j ", rule)
    return rule
}

function iptables_make(id,    rule, place) {
    rule = iptables_marked(want_value[id], want_unit[id])
    place = iptables_place()
    step(110, "iptables", "-w 10 -I " place " " rule, want_key[id])
    undo(110, "iptables", "-w 10 -D " place " " rule)
}

# after each wanted rule has taken its own
function iptables_unmake_rest(    i, rule, table) {
    for (i = 1; i <= iptables_count; i++)
        if (is_mine(iptables_unit[i]) && !iptables_taken[i] && !is_let_out(i)) {
            rule = iptables_chain[i] " " iptables_marked(iptables_rules[i], iptables_unit[i])
            table = iptables_chain[i] == "DOCKER" ? "nat" : "filter"
            step(109, "iptables", "-w 10 -t " table " -D " rule, "iptables " iptables_chain[i])
            undo(109, "insert", table " " rule)
        }
}

# ---- ports that Docker publishes on the host, asked for from a network of ours
#
# Docker's isolation drops what DNAT sends from one of its networks to another. So it leaves them out of DNAT, and its proxy on the
# host answers; but only those that it masquerades. Ours are left out by a rule of the same kind, in the chain that Docker
# empties when it starts. Without that proxy Docker leaves out none.

function let_out_lacks(id,    name, link) {
    name = nth_word(want_key[id], 3)
    link = word_after(want_value[id], "bridge")
    return link != "" && ("DOCKER" in iptables_has) && !(link in let_out) && (name in network_value) && \
        network_mark[name] == want_unit[id] && !docker_hairpins(link)
}

# By what Docker has in the chain. Where that is empty, by the rule for what comes from the host itself, which 20.10 leaves behind.
function docker_hairpins(link,    command, line) {
    if (docker_proxy == "") {
        docker_proxy = "on"
        command = "exec iptables -w 10 -t nat -S POSTROUTING 2>/dev/null"
        while ((command | getline line) > 0)
            if (line ~ / --src-type LOCAL / && word_after(line, "-o") == link)
                docker_proxy = "off"
        close(command)
    }
    return docker_proxy == "off"
}

function let_out_make(id,    rule) {
    rule = "DOCKER -i " word_after(want_value[id], "bridge") " -m comment --comment crosshost:" want_unit[id] " -j RETURN"
    step(112, "iptables", "-w 10 -t nat -I " rule, want_key[id])
    undo(112, "iptables", "-w 10 -t nat -D " rule)
}

# one that a network of ours has
function is_let_out(i,    at, link) {
    if (iptables_chain[i] != "DOCKER")
        return 0
    link = word_after(iptables_rules[i], "-i")
    for (at in want_value)
        if (want_kind[at] == "network" && want_unit[at] == iptables_unit[i] && word_after(want_value[at], "bridge") == link)
            return 1
    return 0
}

# ---- what is told of them

# of Docker's own rules, which it makes when it starts: whether somebody has taken them away, as `nft flush ruleset` does
function docker_rules_are_gone(    i) {
    if (docker_state() != "yes" || !has_iptables || !iptables_is_there())
        return 0
    for (i = 1; i <= network_count; i++)
        if (network_driver[network_names[i]] == "bridge")
            break
    if (i > network_count)
        return 0
    if (docker_leaves_iptables())
        return docker_leaves == "nftables" && !filters["ip docker-bridges"]
    return !(("DOCKER" in iptables_has) && ("PREROUTING" in iptables_asks_docker) && ("FORWARD" in iptables_asks_docker))
}

# rules that nft does not show, where there are some: else to ask for them would make their table
function legacy_read(    command, line) {
    while ((getline line < "/proc/net/ip_tables_names") > 0)
        if (line == "filter")
            command = "exec 2>/dev/null; iptables-legacy-save -t filter || " (is_legacy(has_iptables) ? "iptables-save -t filter" : ":")
    close("/proc/net/ip_tables_names")
    while (command != "" && (command | getline line) > 0)
        if (line ~ /^(:|-A )/)
            legacy_lines[++legacy_count] = line
    close(command)
}

# Sysctls, and the check of the underlay.

# ---- sysctls: the first who writes one records what was, the last who goes puts it back

function sysctl_path(name) {
    if (name ~ /\//)
        return "/proc/sys/" name
    gsub(/\./, "/", name)
    return "/proc/sys/" name
}

function sysctl_read(name) {
    if (!(name in sysctl_value))
        sysctl_value[name] = trim(read_line(sysctl_path(name)))
    return sysctl_value[name]
}

# net.ipv4.conf.LINK.rp_filter comes and goes with the link
function sysctl_link(name,    part) {
    split(name, part, name ~ /\// ? "/" : ".") # a link with a dot in its name wants slashes
    return part[3] == "conf" || part[3] == "neigh" ? part[4] : ""
}

function share_sysctl(unit, name, value, role) {
    sysctl_users[name] = sysctl_users[name] " " unit
    if (!(name in sysctl_agreed)) {
        sysctl_agreed[name] = value
        sysctl_first[name] = unit
    } else if (role == "new" && sysctl_agreed[name] != value)
        refuse("sysctl " name ": " unit_name(sysctl_first[name]) " wants " sysctl_agreed[name])
}

# a host without IPv6 has none of its keys
function sysctl_is_moot(name) {
    return name ~ /^net[.\/]ipv6/ && read_line("/proc/sys/net/ipv6/conf/all/forwarding") == ""
}

function sysctl_check(id,    name) {
    name = nth_word(want_key[id], 2)
    if (sysctl_read(name) == "" && !(("link " sysctl_link(name)) in want_value))
        refuse(want_key[id] ": this kernel has no such key")
}

function sysctl_record(name) {
    gsub(/\//, ":", name)
    return run_dir "/was/" name
}

function sysctl_recorded(name) {
    gsub(/:/, "/", name)
    return name
}

function sysctl_make(id,    name, link) {
    name = nth_word(want_key[id], 2)
    link = sysctl_link(name)
    if (sysctl_read(name) != want_value[id] || (link in link_anew)) {
        step(65, "sysctl", name " " want_value[id], want_key[id])
        if (sysctl_read(name) != "")
            undo(65, "sysctl", name " " sysctl_read(name))
    }
    if (sysctl_unrecorded(id)) {
        step(64, "put", sysctl_record(name) " 0600 " journal_file(sysctl_read(name) "\n"), want_key[id])
        undo(64, "remove", sysctl_record(name))
    }
}

function sysctl_unrecorded(id,    name) {
    name = nth_word(want_key[id], 2)
    return !(("link " sysctl_link(name)) in want_value) && !sysctl_is_moot(name) && read_line(sysctl_record(name)) == ""
}

# a link that is put back has the kernel's own again
function sysctl_undo_link(link, phase,    i, name) {
    for (i = 1; i <= old_count + want_count; i++) {
        name = i <= old_count ? old_key[old_id[i]] : want_key[want_id[i - old_count]]
        if (sub(/^sysctl /, "", name) && sysctl_link(name) == link && sysctl_read(name) != "")
            undo(phase, "sysctl", name " " sysctl_read(name))
    }
}

function sysctl_unmake(name,    was) {
    if ((name in sysctl_users) || (name in sysctl_unmade))
        return
    sysctl_unmade[name] = 1
    was = trim(read_line(sysctl_record(name)))
    if (was == "")
        return
    if (sysctl_read(name) != was) {
        step(96, "sysctl", name " " was, "sysctl " name)
        undo(96, "sysctl", name " " sysctl_read(name))
    }
    step(97, "remove", sysctl_record(name), "sysctl " name)
    undo_file(97, sysctl_record(name), was "\n")
}

# ---- underlay: a check, nothing is made

function underlay_actual(key, value,    address, need, name, found) {
    address = nth_word(key, 2)
    need = word_after(value, "mtu") + 0
    name = underlay_link(address)
    if (name == "") {
        found = underlay_addresses()
        return "no interface has the address, found " (found == "" ? "none" : found)
    }
    return link_mtu[name] < need ? name " has mtu " link_mtu[name] : value
}

function underlay_link(address,    i, part) {
    for (i = 1; i <= addr_count; i++) {
        split(nth_word(addr_keys[i], 3), part, "/")
        if (part[1] == address)
            return addr_device[addr_keys[i]]
    }
    return ""
}

function underlay_addresses(    i, key, text) {
    for (i = 1; i <= addr_count; i++) {
        key = addr_keys[i]
        if (!addr_is_of_loopback(key) && !addr_of_kernel[key] && link_mark[addr_device[key]] == "" && addr_device[key] !~ /^(docker|br-)/)
            text = text (text == "" ? "" : ", ") addr_device[key] " " nth_word(key, 3)
    }
    return text
}

function underlay_check(id,    address, name, need, i, least) {
    address = nth_word(want_key[id], 2)
    name = underlay_link(address)
    if (name == "") {
        refuse("no interface has address " address ", found: " underlay_addresses())
        return
    }
    need = word_after(want_value[id], "mtu") + 0
    if (link_mtu[name] >= need)
        return
    for (i = 1; i <= want_count; i++)
        if (want_unit[want_id[i]] == me && want_key[want_id[i]] ~ /^link / && (!least || word_after(want_value[want_id[i]], "mtu") < least))
            least = word_after(want_value[want_id[i]], "mtu") + 0
    refuse(name " has mtu " link_mtu[name] ", needs " need (least ? ": set the overlay\047s mtu to " (least - need + link_mtu[name]) : ""))
}

# Ranges: networks that are to be ours alone on this host. A check; nothing is made.

function range_actual(id,    why) {
    why = range_conflict(id)
    return why == "" ? want_value[id] : why
}

function range_check(id,    range, why) {
    range = nth_word(want_key[id], 2)
    if (client != "" && lies_in(client, range) && !held_client())
        refuse(want_key[id] ": holds " client ", from which SSH comes: choose another network")
    why = range_conflict(id)
    if (why != "")
        refuse(want_key[id] ": " why ": choose another network")
}

# A runner in a container of the network comes from there: no prefix is to hold it newly, that is all.
function held_client(    id) {
    for (id in old_value)
        if (old_key[id] ~ /^range / && lies_in(client, nth_word(old_key[id], 2)))
            return 1
    return 0
}

# networks of this stack that SSH comes from already
function say_client(    i, id, range) {
    if (client == "")
        return
    print "fact ssh " client
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        range = want_kind[id] == "range" ? nth_word(want_key[id], 2) : want_kind[id] == "network" ? word_after(want_value[id], "ip-range") : ""
        if (range != "" && stack_of(want_unit[id]) == stack && lies_in(client, range))
            print "fact ssh-in " range, want_unit[id]
    }
}

# another unit is told first: its routes and links would only say the same
function range_conflict(id,    range, i, other, key) {
    range = nth_word(want_key[id], 2)
    for (i = 1; i <= want_count; i++) {
        other = want_id[i]
        if (want_kind[other] == "range" && want_unit[other] != want_unit[id] && overlaps(range, nth_word(want_key[other], 2)))
            return "overlaps " nth_word(want_key[other], 2) " of " unit_name(want_unit[other])
    }
    for (i = 1; i <= route_count; i++) {
        key = route_keys[i]
        if (is_in_the_way(key, want_unit[id]) && route_bars(key, range))
            return "overlaps the route " route_raw[key] owner_of(link_mark[route_owner(key)])
    }
    return ""
}

function owner_of(mark) {
    return mark == "" ? "" : " of " unit_name(mark)
}

function is_in_the_way(key, unit,    mark) {
    mark = link_mark[route_owner(key)]
    return mark != unit && !(mark in forerunner) && mark != "?" && route_proto[key] != 201
}

# A wider route by a gateway, or into a tunnel, stays in use for all that lies outside of ours, so that is no conflict.
function route_bars(key, range,    target) {
    target = route_target(key)
    return target != "" && overlaps(target, range) && (prefix_of(target) >= prefix_of(range) || !(has_word(route_value[key], "via") || link_is_tunnel[route_device[key]]))
}

# "" for other tables, IPv6 and the default routes, of which a VPN has two halves
function route_target(key,    target) {
    target = nth_word(key, 2)
    if (key ~ / table / || target !~ /^[0-9.]+(\/[0-9]+)?$/)
        return ""
    if (target !~ /\//)
        target = target "/32"
    return prefix_of(target) > 1 ? target : ""
}

function prefix_of(range) {
    sub(/.*\//, "", range)
    return range + 0
}

function overlaps(a, b) {
    return lies_in(substr(a, 1, index(a, "/") - 1), b) || lies_in(substr(b, 1, index(b, "/") - 1), a)
}

# The engine: whether it runs, and its version.

BEGIN {
    DOCKER_IS["none"] = "not installed"
    DOCKER_IS["stopped"] = "not running"
    DOCKER_IS["silent"] = "not answering"
}

# none, stopped, silent or yes. A command to a stopped engine could start it by its socket, so the process is looked for.
function docker_state(    pid) {
    if (docker_known != "")
        return docker_known
    if (!has_docker)
        return docker_known = "none"
    pid = read_line("/run/docker.pid")
    if (pid != "")
        docker_known = read_line("/proc/" pid "/status") != "" ? "yes" : "stopped"
    else
        docker_known = docker_service_runs() ? "yes" : "stopped"
    if (docker_known == "stopped")
        pid = socket_holder()
    if (pid != "" && !is_docker_service(service_of(pid)))
        docker_elsewhere = service_of(pid)
    return docker_known
}

function docker_advice() {
    return docker_state() == "stopped" ? ": systemctl start docker" : docker_state() == "silent" ? ": systemctl status docker says why" : ""
}

function docker_service_runs() {
    return system("exec systemctl is-active -q docker.service 2>/dev/null") == 0
}

# our own services wait for it by this name, which may be another's second one
function is_docker_service(service) {
    return service == "" || service == "docker.service" || docker_service_runs()
}

# the process of an engine that keeps its pid in a place of its own
function socket_holder(    command, line, pid) {
    command = "exec ss -Hxlp 2>/dev/null"
    while ((command | getline line) > 0)
        if (line ~ /\/run\/docker\.sock / && match(line, /"dockerd",pid=[0-9]+/))
            pid = substr(line, RSTART + 14, RLENGTH - 14)
    close(command)
    return pid
}

function service_of(pid,    path, line, service) {
    path = "/proc/" pid "/cgroup"
    while ((getline line < path) > 0)
        if (match(line, /[^\/]+\.service$/))
            service = substr(line, RSTART)
    close(path)
    return service
}

# The first one is not waited for without end: the socket of an engine that systemd starts over and over takes it, and nobody answers.
# Who asks with `observe` waits 30 s, maybe 20 of them for the lock; a change has 120 s, and 60.
function docker_question(words) {
    return "exec " (network_count || docker_answers ? "" : "timeout --foreground -k 1 " (mode == "observe" ? 8 : 50) " ") "docker " words " 2>/dev/null"
}

# asked once for each start of the engine: the answer is kept where a change was written
function docker_version() {
    if (docker_state() != "yes")
        return docker_state()
    if (docker_server == "")
        docker_server = word_after(read_line(run_dir "/engine"), engine_process())
    if (docker_server == "") {
        docker_command = docker_question("version --format " quoted("{{.Server.Version}}"))
        docker_command | getline docker_server
        close(docker_command)
        if (docker_server == "")
            docker_known = docker_server = "silent"
    }
    return docker_server
}

function engine_process() {
    return process(read_line("/run/docker.pid"))
}

function engine_note(    line) {
    line = engine_process() " " docker_server
    if (line ~ /^[0-9]+-[0-9]+ [0-9]/ && read_line(run_dir "/engine") != line) {
        print line > (run_dir "/engine")
        close(run_dir "/engine")
    }
}

function docker_is_old(    part) {
    split(docker_version(), part, ".")
    return part[1] ~ /^[0-9]+$/ && part[1] * 1000 + part[2] < 20010
}

# By its configuration, in a file and by flags. What Docker had in the chains before it was started so stays there, a policy that
# drops among it.
function docker_leaves_iptables(    command, flags, file, text) {
    if (docker_leaves == "") {
        command = "exec 2>/dev/null tr \"\\000\" \" \" <\"/proc/" read_line("/run/docker.pid") "/cmdline\""
        command | getline flags
        close(command)
        file = flags
        text = read_file(sub(/.* --config-file[= ]/, "", file) ? first_word(file) : "/etc/docker/daemon.json")
        gsub(/[ \t\n]/, "", text)
        if (flags ~ / --iptables=(false|f|0)/ || text ~ /"iptables":false/)
            docker_leaves = "iptables"
        else
            docker_leaves = flags ~ / --firewall-backend[= ]nftables/ || text ~ /"firewall-backend":"nftables"/ ? "nftables" : "no"
    }
    return docker_leaves != "no"
}

# What Docker has, and its networks.

BEGIN {
    # `index` ends the template for a thing that Docker's program knows by its fields, which then takes it as JSON: so one template is for all kinds
    INSPECT_FORMAT = "{{if index . \"IPAM\"}}" \
        "network ={{urlquery .Name}} {{.Driver}}{{range .Containers}} ={{urlquery .Name}}{{end}} /{{with index .Labels \"crosshost\"}} mark ={{urlquery .}}{{end}} id {{.Id}} running {{len .Containers}}" \
        "{{range .IPAM.Config}}{{with index . \"Subnet\"}} subnet {{.}}{{end}}{{with index . \"Gateway\"}} gateway {{.}}{{end}}{{with index . \"IPRange\"}} ip-range {{.}}{{end}}{{with index . \"AuxiliaryAddresses\"}}{{range $k, $v := .}} aux {{$v}} aux-name ={{urlquery $k}}{{end}}{{end}}{{end}}" \
        "{{range $k, $v := .Options}} ={{urlquery $k}} ={{urlquery $v}}{{end}} //{{range .Containers}}{{if .IPv4Address}} {{.Name}} {{.IPv4Address}}{{end}}{{end}}" \
        "{{else if index . \"State\"}}" \
        "container {{.Name}} {{.Id}} {{.State.Running}} started {{.State.StartedAt}}{{if .State.Error}} failed yes{{end}} hostname ={{urlquery .Config.Hostname}} mode ={{urlquery .HostConfig.NetworkMode}} pid {{.State.Pid}}{{with index .Config.Labels \"crosshost\"}} mark ={{urlquery .}}{{end}}{{with index . \"HostsPath\"}} hosts {{urlquery .}}{{end}}" \
        "{{range $n, $e := .NetworkSettings.Networks}} / ={{urlquery $n}}{{with index $e \"NetworkID\"}} id {{.}}{{end}}{{with index $e \"DriverOpts\"}}{{with index . \"crosshost\"}} mark ={{urlquery .}}{{end}}{{end}}" \
        "{{with index $e \"IPAMConfig\"}}{{with index . \"IPv4Address\"}} ipv4 {{.}}{{end}}{{end}}{{with index $e \"IPAddress\"}} now {{.}}{{end}}{{with index $e \"MacAddress\"}} mac {{.}}{{end}}{{with index $e \"Gateway\"}} gateway {{.}}{{end}}{{range index $e \"Aliases\"}} alias ={{urlquery .}}{{end}}{{end}}" \
        "{{else}}other{{end}}"
    DOCKER_OPTION["macvlan"] = DOCKER_OPTION["ipvlan"] = "parent"
    DOCKER_OPTION["bridge"] = "com.docker.network.bridge.name"
    DOCKER_OPTION["mtu"] = "com.docker.network.driver.mtu"
    DOCKER_OPTION["masquerade"] = "com.docker.network.bridge.enable_ip_masquerade"
    DOCKER_OPTION["gateway-mode"] = "com.docker.network.bridge.gateway_mode_ipv4"
    # the first word is the driver, with the link that it uses
    NETWORK_WORDS["bridge"] = "bridge subnet gateway ip-range mtu masquerade"
    NETWORK_WORDS["macvlan"] = "macvlan mode subnet gateway ip-range aux"
    NETWORK_WORDS["ipvlan"] = "ipvlan mode subnet gateway ip-range aux"
}

# ---- what Docker has

function docker_read(    i, name) {
    if (docker_state() != "yes")
        return
    for (i = 1; i <= want_count; i++)
        if (mode == "observe" || is_mine(want_unit[want_id[i]]))
            docker_note(want_key[want_id[i]], want_value[want_id[i]], names_needed, containers_needed)
    for (i = 1; i <= old_count; i++)
        docker_note(old_key[old_id[i]], old_value[old_id[i]], names_needed, containers_needed)
    for (name in containers_hinted)
        if (is_docker_name(name))
            containers_needed[name] = 1
    default_network_note(containers_needed, names_needed)
    if (seeks_strays())
        docker_networks()
    if (docker_state() != "yes")
        return
    if (mode == "observe") {
        docker_containers()
        places_note(containers_needed, names_needed)
    }
    if (verb == "boot")
        docker_inspect() # for the members of networks
    names_note(containers_needed)
    docker_inspect()
    lan_note(containers_needed)
    docker_inspect()
    docker_claim_bridges()
}

# What is needed and not known yet, by one call. A word that is also the name of a container or an image, or the beginning of
# a container's id, is answered as that: so networks go by their ids where those are known, and what has no answer is asked
# for by its kind. A word that is nothing is asked of volumes and plugins too: so containers that are not listed are left out.
function docker_inspect(    name, words, by_name, hidden) {
    for (name in names_needed)
        if (!(name in inspected) && is_docker_name(name) && (!seeks_strays() || (name in network_id))) {
            inspected[name] = 1
            if (name in network_id)
                words = words " " network_id[name]
            else {
                by_name[name] = 1
                words = words " " name
            }
        }
    for (name in containers_needed)
        if (!(("container", name) in inspected) && (!containers_listed || (name in container_is_listed))) {
            inspected["container", name] = 1
            words = words " " name
        }
    if (words == "")
        return
    docker_lines("inspect", "none" words) # every engine that answers has a network `none`
    if (!docker_answers) {
        docker_known = "silent"
        return
    }
    for (name in by_name)
        if (!(name in network_value))
            hidden = hidden " " name
    if (hidden != "")
        docker_lines("network inspect", hidden)
}

function docker_note(key, value, networks, containers) {
    if (!docker_names_are_plain(key))
        return
    # when a delete looks again, Docker has said yes to the removal
    if (key ~ /^docker network / && (round < 2 || verb !~ /^(delete|uninstall)$/))
        networks[nth_word(key, 3)] = 1
    if (key ~ /^docker (endpoint|container) /)
        containers[nth_word(key, 3)] = 1
    if (key ~ /^docker endpoint /)
        networks[nth_word(key, 4)] = 1
    if (is_inner(first_word(key)))
        containers[nth_word(key, 2)] = 1
    if (key ~ /^default-route /)
        networks[value] = 1
    if (key ~ /^name /)
        networks[nth_word(key, 2)] = 1
    if (key ~ /^docker container [^ ]+ /)
        containers[nth_word(key, 4)] = 1
}

function is_docker_name(text) {
    return text ~ /^[A-Za-z0-9][A-Za-z0-9_.-]*$/
}

# names become words of a command line
function docker_names_are_plain(key) {
    return key !~ /^(docker|interface|default-route) / || key ~ /^(docker [a-z]+|interface|default-route)( [A-Za-z0-9][A-Za-z0-9_.-]*)+$/
}

# An engine that starts while the bridge of a network of ours is gone makes it itself, without our mark: ours to take.
function docker_claim_bridges(    name, link) {
    for (name in network_value) {
        link = word_after(network_value[name], "bridge")
        if (network_mark[name] != "" && network_driver[name] == "bridge" && (link in link_index) && link_alias[link] == "" && link_kind[link] == "bridge")
            link_mark[link] = "?"
    }
}

# Each call of docker takes 20 to 60 ms. What bears our mark and is in no unit is looked for once in a change of a unit that has
# networks, and by no restart.
function seeks_strays() {
    return verb !~ /^(boot|attach)$/ && (mode != "plan" || round == 1) && \
        (mode == "observe" || speaks_of("network") || sweeping())
}

# all networks there are: names taken by others are told before anything is done
function docker_networks(    command, line, words) {
    command = docker_question("network ls --no-trunc --format " quoted("{{.ID}} {{urlquery .Name}} {{.Driver}} {{.Label \"crosshost\"}}"))
    while ((command | getline line) > 0) {
        split(line, words, " ")
        network_names[++network_count] = words[2]
        network_id[words[2]] = words[1]
        network_driver[words[2]] = words[3]
        network_mark[words[2]] = words[4]
        if (is_mine(words[4]))
            names_needed[words[2]] = 1
    }
    close(command)
    if (!network_count)
        docker_known = "silent"
}

# one line for each, running or not: `NAME STATE NETWORKS id ID mark UNIT ports PORTS`
function docker_containers(    command, line, name, rest) {
    if (containers_listed++)
        return
    command = "exec docker ps -a --no-trunc --format " quoted("{{if .Mounts}}+{{end}}{{.Names}} {{.State}} ={{with .Networks}}{{urlquery .}}{{else}}-{{end}} id {{.ID}} mark {{.Label \"crosshost\"}} ports {{.Ports}}") " 2>/dev/null"
    while ((command | getline line) > 0) {
        containers_have_mounts += sub(/^\+/, "", line)
        name = first_word(line)
        rest = substr(line, length(name) + 1)
        gsub(/%2C/, ",", rest)
        gsub(/[^,]*\/[^,]*|,/, "", name) # one that another is linked to has names as db,web/db
        container_list[++container_count] = name rest
        container_is_listed[name] = 1
    }
    close(command)
}

# what an attachment may name is checked in a preview, and who has which port; of one that has another's network, that instead of its own
function say_containers(    i, line, name) {
    docker_containers()
    for (i = 1; i <= container_count; i++) {
        line = container_list[i]
        name = first_word(line)
        if (container_mode[name] ~ /^container:/)
            sub(/ =- /, " " container_mode[name] " ", line)
        print "fact container " plain(line)
    }
}

# $reader: `lan` where networks are not to be kept as those of a plan. What is not found is told as an empty line.
function docker_lines(request, names, reader,    command, line, kind) {
    command = docker_question(request " --format " quoted(INSPECT_FORMAT) " " names)
    while ((command | getline line) > 0) {
        if (line == "")
            continue
        docker_answers++
        kind = first_word(line)
        line = substr(line, length(kind) + 2)
        if (reader == "lan")
            lan_read(user_word(nth_word(line, 1)), nth_word(line, 2), substr(line, index(line, " / ")))
        else if (kind == "network")
            network_read(line)
        else if (kind == "container")
            container_read(line)
    }
    close(command)
}

function network_read(line,    name, driver, n, words, i, value) {
    name = user_word(nth_word(line, 1))
    driver = nth_word(line, 2)
    network_members[name] = substr(line, 1, index(line, " / "))
    sub(/^[^ ]+ [^ ]+ /, "", network_members[name])
    gsub("=", "", network_members[name])
    line = substr(line, index(line, " / "))
    n = split(line, words, " //")
    places_read(name, words[n])
    line = substr(line, 1, length(line) - length(words[n]) - 3)
    pools_read(name, line)
    network_id[name] = word_after(line, "id")
    network_driver[name] = driver
    network_mark[name] = user_word(word_after(line, "mark"))
    network_value[name] = ""
    n = split(NETWORK_WORDS[driver], words, " ")
    for (i = 1; i <= n; i++) {
        value = docker_value(line, driver, words[i])
        if (value != "")
            network_value[name] = network_value[name] (network_value[name] == "" ? "" : " ") words[i] " " value
    }
    network_gateway_mode[name] = docker_value(line, driver, "gateway-mode")
    network_running[name] = word_after(line, "running") + 0
    network_reserves[name] = driver == "bridge" && word_after(line, "aux") != "" ? " --aux-address " user_word(word_after(line, "aux-name")) "=" word_after(line, "aux") : ""
    lan_read(name, driver, line)
}

# ---- networks

# Engines from 28 drop what comes routed unless the mode says else; older ones would accept the option and ignore it.
function network_mode_matters(value) {
    return value ~ /^bridge / && docker_version() + 0 >= 28
}

# what Docker calls a word of ours
function docker_word(driver, word) {
    return word in DOCKER_OPTION ? DOCKER_OPTION[word] : word == "mode" ? driver "_mode" : word
}

function docker_value(line, driver, word,    name) {
    name = docker_word(driver, word)
    return name == word ? word_after(line, word) : user_word(word_after(line, "=" name))
}

function network_check(key, value,    driver) {
    driver = first_word(value)
    if (driver in NETWORK_WORDS)
        words_check(key, value, NETWORK_WORDS[driver], "")
    else
        refuse(key ": networks of the driver `" driver "` are not made by this converger (" version ")")
}

function network_actual(id,    name, value, text, n, words, i) {
    name = nth_word(want_key[id], 3)
    value = want_value[id]
    if (docker_state() != "yes")
        return want_value[id]
    if (!(name in network_value))
        return ""
    if (network_driver[name] != first_word(value))
        return network_driver[name]
    n = split(value, words, " ")
    for (i = 1; i < n; i += 2)
        text = text (i > 1 ? " " : "") words[i] " " word_after(network_value[name], words[i])
    if (network_gateway_mode[name] != "nat-unprotected" && network_mode_matters(value))
        text = text " gateway-mode " (network_gateway_mode[name] == "" ? "nat" : network_gateway_mode[name])
    if (network_mark[name] != want_unit[id])
        text = text " not-ours"
    if (value !~ /^bridge / && !(nth_word(value, 2) in link_index))
        text = text " no-parent"
    if (value ~ /^bridge / ? bridge_is_cut_off(name, nth_word(value, 2)) : lan_is_cut_off(name))
        text = text " containers cut off"
    return text
}

function network_check_owner(id,    name) {
    name = nth_word(want_key[id], 3)
    if (want_value[id] !~ /^bridge /)
        lan_check(want_key[id], want_value[id])
    if (!(name in network_id) || is_mine(network_mark[name]))
        return
    if (network_mark[name] != "")
        refuse(want_key[id] ": belongs to " unit_name(network_mark[name]))
    else
        refuse(want_key[id] ": Docker has a network of this name that is not ours (driver " network_driver[name] \
            "): remove it (docker network rm " name ") or choose another name")
}

function network_options(value, mode,    n, words, i, text, driver) {
    n = split(value, words, " ")
    driver = words[1]
    text = "-d " driver
    for (i = 1; i < n; i += 2)
        if (words[i] in DOCKER_OPTION || words[i] == "mode")
            text = text " -o " docker_word(driver, words[i]) "=" words[i + 1]
        else if (words[i] == "aux")
            text = text " --aux-address host=" words[i + 1]
        else
            text = text " --" words[i] " " words[i + 1]
    return text (mode == "" ? "" : " -o " DOCKER_OPTION["gateway-mode"] "=" mode)
}

# A network cannot change in place: it is made anew under the containers that are in it, running or not.
function network_make(id,    name, key) {
    key = want_key[id]
    name = nth_word(key, 3)
    if (docker_is_old())
        refuse("Docker " docker_version() " is too old: 20.10 is the first that will do")
    if (name in network_id)
        network_take_away(name, key)
    step(100, "docker", "network create " network_options(want_value[id], network_mode_matters(want_value[id]) ? "nat-unprotected" : "") network_reserved(id) \
        " --label crosshost=" want_unit[id] " " name, key)
    undo(100, "docker", "network rm " name)
    network_anew[name] = word_after(want_value[id], "subnet")
    if (name in network_id)
        network_reconnect(name, key)
}

function network_take_away(name, key,    n, users, i) {
    n = network_users(name, users)
    for (i = 1; i <= n; i++)
        default_steps_aside(users[i], 9.9)
    for (i = 1; i <= n; i++)
        step(10, "docker", "network disconnect -f " name " " users[i], key)
    for (i = n; i >= 1; i--)
        if (!endpoint_is_half(users[i], name))
            undo(10, "docker", endpoint_again(users[i], name))
    step(11, "docker", "network rm " name, key)
    undo(11, "docker", "network create " network_options(network_value[name], network_gateway_mode[name]) network_reserves[name] \
        " --label crosshost=" network_mark[name] " " name)
}

function network_reconnect(name, key,    n, users, i, value, address) {
    n = network_users(name, users)
    for (i = 1; i <= n; i++) {
        if (endpoint_is_half(users[i], name) || endpoint_is_left_over(users[i], name))
            continue
        value = endpoint_value[users[i], name]
        address = word_after(value, "ipv4")
        if (address != "" && !lies_in(address, network_anew[name]))
            sub("ipv4 " address, "", value)
        step(101, "docker", endpoint_connect(users[i], name, trim(value), endpoint_mark[users[i], name]), key)
        undo(101, "docker", "network disconnect -f " name " " users[i])
        endpoint_anew[users[i], name] = trim(value)
    }
}

# Containers in a network, running or not: those with an address of their own first, so that nobody else gets it, then by
# address, so that automatic ones tend to stay.
function address_order(address,    part) {
    split(address, part, ".")
    return sprintf("%03d%03d%03d%03d", part[1], part[2], part[3], part[4])
}

function network_users(name, users,    command, line, n, order, i, part) {
    if (!(name in users_known)) {
        users_known[name] = ""
        command = "exec docker ps -a --format " quoted("{{.Names}}") " --filter network=" name
        while ((command | getline line) > 0)
            users_known[name] = trim(users_known[name] " " line)
        close(command)
        if (users_known[name] != "")
            docker_lines("container inspect", users_known[name])
    }
    n = split(users_known[name], users, " ")
    for (i = 1; i <= n; i++)
        order[i] = (endpoint_value[users[i], name] ~ /^ipv4/ ? 0 : 1) address_order(endpoint_now[users[i], name]) " " users[i]
    sort_list(order, n)
    for (i = 1; i <= n; i++) {
        split(order[i], part, " ")
        users[i] = part[2]
    }
    return n
}

# Containers of endpoints that the stack holds go with the network; others keep it.
function network_unmake(name,    n, users, i, strangers) {
    if (!(name in network_id) || !is_mine(network_mark[name]))
        return
    n = network_users(name, users)
    for (i = 1; i <= n; i++)
        if (!(("docker endpoint " users[i] " " name) in want_value) && !(("docker endpoint " users[i] " " name) in old_value) && \
            !endpoint_is_orphan(endpoint_mark[users[i], name]))
            strangers = strangers (strangers == "" ? "" : ", ") users[i]
    if (strangers != "")
        refuse("docker network " name ": still used by " strangers "; remove or disconnect: docker network disconnect -f " name " CONTAINER")
    else
        network_take_away(name, "docker network " name)
}

# LANs: networks whose containers are on a NIC of this host, as machines of their own. The NIC is not ours: it is checked, and
# at most made promiscuous.

# ---- the parent

function is_wireless(name) {
    return read_line("/sys/class/net/" name "/phy80211/index") != ""
}

function parent_check(key, name) {
    if (!(name in link_index))
        refuse(key ": there is no link " name " (found " parents_found() ")")
    else if (link_master[name] != "")
        refuse(key ": " name " is a port of " link_master[name] ": take " link_master[name] " as parent")
    else if (is_wireless(name))
        refuse(key ": " name " is wireless, and an access point takes no frames of other addresses: take a wired link")
}

function parents_found(    i, text) {
    for (i = 1; i <= link_count; i++)
        if (links[i] != "lo" && links[i] !~ /^(veth|docker|br-)/ && link_mark[links[i]] == "")
            text = text (text == "" ? "" : ", ") links[i]
    return text
}

function lan_check(key, value,    name, parent) {
    name = nth_word(key, 3)
    parent = nth_word(value, 2)
    if (!(name in network_value) || word_after(network_value[name], first_word(value)) != parent)
        lan_check_new(key, value, parent)
    if (!is_mine(want_unit["link " parent]))
        parent_check(key, parent)
    if (client != "" && lies_in(client, word_after(value, "ip-range")) && !((key in old_value) && lies_in(client, word_after(old_value[key], "ip-range"))))
        refuse(key ": " word_after(value, "ip-range") " holds " client ", from which SSH comes: choose another ipRange")
}

# what Docker would find out when it makes the network
function lan_check_new(key, value, parent,    other) {
    kernel_check(key, first_word(value))
    lans_read()
    for (other in lan_parent)
        if (lan_parent[other] == parent && !is_mine(network_mark[other]) && lan_bars(other, value))
            refuse(key ": " parent " is the parent of " (network_mark[other] == "" ? "a Docker network that is not ours, " other : other " of " unit_name(network_mark[other])) \
                ": remove that (docker network rm " other "), or take another parent or a vlan")
}

# ---- all networks of Docker that lie on a link

function lans_read(    i, name, names) {
    if (lans_known++)
        return
    if (!network_count && docker_state() == "yes")
        docker_networks()
    for (i = 1; i <= network_count; i++) {
        name = network_names[i]
        if (network_driver[name] ~ /^(mac|ip)vlan$/ && !(name in lan_parent))
            names = names " " name
    }
    if (names != "")
        docker_lines("network inspect", names, "lan")
}

function lan_read(name, driver, line) {
    if (driver !~ /^(mac|ip)vlan$/)
        return
    lan_parent[name] = user_word(word_after(line, "=parent"))
    lan_subnet[name] = word_after(line, "subnet")
}

# Engines take two networks for one parent from 28 on, of macvlan alone, and never two of one subnet.
function lan_bars(other, value) {
    return docker_version() + 0 < 28 || value ~ /^ipvlan / || network_driver[other] == "ipvlan" || \
        overlaps(lan_subnet[other], word_after(value, "subnet"))
}

function say_lans(    name) {
    lans_read()
    for (name in lan_parent)
        print "fact lan " name, network_driver[name], lan_parent[name], lan_subnet[name], (network_mark[name] == "" ? "-" : network_mark[name])
}

# ---- containers whose links went with the parent: the network in Docker's records is as it was

# whose addresses have to be known
function lan_note(containers,    id, name, n, list, i) {
    for (id in want_kind) {
        name = nth_word(want_key[id], 3)
        if (want_kind[id] != "network" || want_value[id] ~ /^bridge / || !(mode == "observe" ? stack_of(want_unit[id]) == stack : is_mine(want_unit[id])))
            continue
        n = split(network_members[name], list, " ")
        for (i = 1; i <= n; i++)
            containers[list[i]] = 1
    }
}

function lan_is_cut_off(name,    at, pair) {
    for (at in endpoint_now) {
        split(at, pair, SUBSEP)
        if (pair[2] == name && container_running[pair[1]] == "true" && lacks_address(container_pid[pair[1]], endpoint_now[at]))
            return 1
    }
    return 0
}

# by the kernel's table of the container's own addresses
function lacks_address(pid, address,    path, line, read, found) {
    if (!pid || address == "")
        return 0
    path = "/proc/" pid "/net/fib_trie"
    while (!found && (read = getline line < path) > 0)
        found = has_word(line, address)
    close(path)
    return !found && read == 0
}

# ---- promisc LINK: on. Units of all stacks hold it together; the last one that goes puts back what was there.

function promisc_actual(name) {
    return name in link_index ? (link_promisc[name] ? "on" : "off") : ""
}

function promisc_record(name) {
    return run_dir "/promisc/" name
}

function promisc_make(key,    name) {
    name = nth_word(key, 2)
    step(45, "ip", "link set dev " name " promisc on", key)
    undo(45, "ip", "link set dev " name " promisc off")
    if (read_line(promisc_record(name)) == "") {
        step(45.1, "put", promisc_record(name) " 0600 " journal_file("off\n"), key)
        undo(45.1, "remove", promisc_record(name))
    }
}

function promisc_unmake(key,    i, name) {
    name = nth_word(key, 2)
    for (i = 1; i <= want_count; i++)
        if (want_key[want_id[i]] == key)
            return
    if (promisc_unmade[key]++ || read_line(promisc_record(name)) == "")
        return
    if (promisc_actual(name) == "on") {
        step(84, "ip", "link set dev " name " promisc off", key)
        undo(84, "ip", "link set dev " name " promisc on")
    }
    step(84.1, "remove", promisc_record(name), key)
    undo_file(84.1, promisc_record(name), "off\n")
}

# Endpoints: the places of containers in networks.

# ---- what Docker has

function container_read(line,    name, n, part, i, net) {
    gsub(/ \/ /, "\n", line)
    n = split(line, part, "\n")
    name = nth_word(part[1], 1)
    sub(/^\//, "", name)
    container_id[name] = nth_word(part[1], 2)
    container_running[name] = nth_word(part[1], 3)
    container_started[name] = word_after(part[1], "started")
    sub(/Z$/, "", container_started[name])
    container_failed[name] = word_after(part[1], "failed")
    container_hostname[name] = user_word(word_after(part[1], "hostname"))
    container_mode[name] = user_word(word_after(part[1], "mode"))
    container_pid[name] = word_after(part[1], "pid") + 0
    if (word_after(part[1], "pid") == "0")
        container_running[name] = "false" # between two starts, Docker says that it runs
    container_networks[name] = ""
    container_mark[name] = user_word(word_after(part[1], "mark"))
    hosts_read(name, word_after(part[1], "hosts"))
    for (i = 2; i <= n; i++) {
        net = user_word(first_word(part[i]))
        endpoint_value[name, net] = endpoint_words(part[i], name)
        endpoint_network[name, net] = word_after(part[i], "id")
        endpoint_mark[name, net] = user_word(word_after(part[i], "mark"))
        endpoint_now[name, net] = word_after(part[i], "now")
        endpoint_mac[name, net] = word_after(part[i], "mac")
        endpoint_gateway[name, net] = word_after(part[i], "gateway")
        container_networks[name] = container_networks[name] " " net
    }
}

# the words of an endpoint without the alias that Docker adds, the short id
function endpoint_words(text, name,    n, words, i, kept) {
    n = split(text, words, " ")
    for (i = 2; i <= n; i += 2) {
        if (words[i] == "ipv4" && words[i + 1] ~ /^[0-9.]+$/)
            kept = kept " ipv4 " words[i + 1]
        if (words[i] == "alias" && user_word(words[i + 1]) != substr(container_id[name], 1, 12))
            kept = kept " alias " user_word(words[i + 1])
    }
    return endpoint_canonical(trim(kept), name)
}

# `ipv4 A alias x alias y`, aliases sorted, the name itself left out; `connected` if there is nothing to say
function endpoint_canonical(value, name,    n, words, i, count, aliases, text) {
    n = split(value, words, " ")
    if (word_after(value, "ipv4") != "")
        text = "ipv4 " word_after(value, "ipv4")
    for (i = 1; i < n; i++)
        if (words[i] == "alias" && words[++i] != name)
            aliases[++count] = words[i]
    sort_list(aliases, count)
    for (i = 1; i <= count; i++)
        if (i == 1 || aliases[i] != aliases[i - 1])
            text = text " alias " aliases[i]
    return text == "" ? "connected" : trim(text)
}

# ---- what is wanted

function endpoint_actual(id,    name, net, have, want, text) {
    name = nth_word(want_key[id], 3)
    net = nth_word(want_key[id], 4)
    if (docker_state() != "yes" || !(name in container_id))
        return want_value[id]
    if (!((name, net) in endpoint_value))
        return ""
    if (endpoint_network[name, net] != "" && endpoint_network[name, net] != network_id[net])
        return "in a network that is gone"
    if (endpoint_is_half(name, net))
        return "not connected, though Docker has noted it"
    want = want_value[id]
    have = without_host_name(endpoint_value[name, net], want, container_hostname[name])
    if (word_after(want, "ipv4") == "" && word_after(have, "ipv4") != "") {
        sub(/ipv4 [^ ]+ ?/, "", have)
        have = have == "" ? "connected" : have
    }
    if (word_after(want, "ipv4") != "" && word_after(have, "ipv4") == "")
        return "automatic address, " have
    return have
}

# Engines up to 25 add the host name to the aliases by themselves.
function without_host_name(have, want, host_name) {
    if (host_name == "" || has_word(want, host_name))
        return have
    have = " " have " "
    sub(" alias " host_name " ", " ", have)
    return trim(have) == "" ? "connected" : trim(have)
}

function endpoint_check(id,    name, net) {
    name = nth_word(want_key[id], 3)
    net = nth_word(want_key[id], 4)
    if (docker_state() != "yes" || verb == "boot" || (verb == "attach" && !(name in container_id)))
        return
    if (!(name in container_id))
        refuse(container_missing(name))
    else if (container_keeps_out(name))
        refuse("container " name " has " container_keeps_out(name) ", and Docker connects such a one to no network: make it with another")
    else if (((name, net) in endpoint_value) && !endpoint_is_ours(id, name, net) && !endpoint_is_orphan(endpoint_mark[name, net]))
        refuse("container " name " is in the network " net " already, and not by Crosshost (" endpoint_value[name, net] \
            "): docker network disconnect " net " " name)
    else if (verb == "apply" && (net in network_id) && endpoint_actual(id) != want_value[id])
        address_check(id, name, net, fixed_address(want_value[id]))
}

function container_missing(name) {
    return "container " name " does not exist on this host: start it; one that this program makes, `pulumi up --refresh` makes again"
}

function container_keeps_out(name) {
    if ((name, "host") in endpoint_value)
        return "the network of the host itself"
    if ((name, "none") in endpoint_value)
        return "no network by choice (none)"
    return container_mode[name] ~ /^container:/ ? "the network of another container" : ""
}

# connected by a unit of the stack that is not there any more
function endpoint_is_orphan(mark) {
    return mark != "" && stack_of(mark) == stack && !(mark in on_file)
}

# What a connection that failed leaves: the container runs without it, and would not start with it.
function endpoint_is_half(name, net) {
    return ((name, net) in endpoint_value) && endpoint_network[name, net] == "" && container_running[name] == "true"
}

function endpoint_is_left_over(name, net) {
    return endpoint_is_orphan(endpoint_mark[name, net]) && (endpoint_is_half(name, net) || container_running[name] != "true")
}

# connected by us, held by the unit, or of a container that was made for the unit
function endpoint_is_ours(id, name, net) {
    return (id in old_value) || endpoint_mark[name, net] == want_unit[id] || container_mark[name] == want_unit[id]
}

# ---- making

# The bridge driver leaves options alone that it does not know, so one of them is our mark.
function endpoint_connect(name, net, value, mark,    n, words, i, text) {
    n = split(value, words, " ")
    for (i = 1; i < n; i++)
        if (words[i] == "ipv4")
            text = text " --ip " words[++i]
        else if (words[i] == "alias")
            text = text " --alias " words[++i]
    return "network connect" (mark == "" ? "" : " --driver-opt crosshost=" mark) text " " net " " name
}

function endpoint_again(name, net) {
    return endpoint_connect(name, net, endpoint_value[name, net], endpoint_mark[name, net])
}

function endpoint_make(id,    name, net, key) {
    key = want_key[id]
    name = nth_word(key, 3)
    net = nth_word(key, 4)
    if (!(name in container_id))
        return
    default_steps_aside(name, 101.9)
    if (((name, net) in endpoint_value) && !endpoint_is_half(name, net)) {
        step(102, "docker", "network disconnect -f " net " " name, key)
        undo(102, "docker", endpoint_again(name, net))
    }
    step(103, "docker", endpoint_connect(name, net, want_value[id], want_unit[id]), key)
    undo(103, "docker", "network disconnect -f " net " " name)
}

function endpoint_unmake(key) {
    endpoint_leave(nth_word(key, 3), nth_word(key, 4), key, 9)
}

function endpoint_leave(name, net, key, phase) {
    if (!((name, net) in endpoint_value) || (net in network_dying))
        return
    endpoint_leaves[name, net] = 1
    default_steps_aside(name, phase - .1)
    step(phase, "docker", "network disconnect -f " net " " name, key)
    if (!endpoint_is_half(name, net))
        undo(phase, "docker", endpoint_again(name, net))
}

# what changes that failed have left in a network
function endpoint_extras(net,    at, pair) {
    for (at in endpoint_value) {
        split(at, pair, SUBSEP)
        if (pair[2] == net && endpoint_is_left_over(pair[1], net))
            endpoint_leave(pair[1], net, "docker endpoint " pair[1] " " net, 9)
    }
}

# Places of containers in networks: who has which address, as Docker has it now, as it will when one that is stopped starts, and as
# units of any stack want it. So a plan can tell before Docker does that an address is another's.

# Whose places are told: containers on networks of units, those on none, which may have the network of another, and those that run, of
# which Docker lists no connection that failed. All networks are asked for by the same call, since no two may have the same addresses.
function places_note(containers, networks,    i, j, n, nets, ours, name) {
    for (name in networks)
        ours[name] = 1
    for (i = 1; i <= network_count; i++)
        if (network_names[i] !~ /^(bridge|host|none)$/)
            networks[network_names[i]] = 1
    for (i = 1; i <= container_count; i++) {
        if (nth_word(container_list[i], 2) != "exited")
            containers[first_word(container_list[i])] = 1
        n = split(user_word(nth_word(container_list[i], 3)), nets, ",")
        for (j = 1; j <= n; j++)
            if (nets[j] == "-" || (nets[j] in ours) || network_mark[nets[j]] != "")
                containers[first_word(container_list[i])] = 1
    }
}

# `web 10.42.1.9/24 db 10.42.1.10/24`: all that Docker has given out, be it to one that is no more
function places_read(net, text,    n, words, i) {
    n = split(text, words, " ")
    for (i = 1; i < n; i += 2) {
        sub(/\/.*/, "", words[i + 1])
        place_taken[net, words[i]] = words[i + 1]
    }
}

# the address that it always has
function fixed_address(value) {
    return value ~ /^ipv4 / ? nth_word(value, 2) : ""
}

function place_address(name, net,    address) {
    address = fixed_address(endpoint_value[name, net])
    return address == "" ? endpoint_now[name, net] : address
}

# the unit that holds it, or whose container it is
function place_owner(name, net,    id) {
    id = "docker endpoint " name " " net
    return id in want_value ? want_unit[id] : endpoint_mark[name, net] != "" ? endpoint_mark[name, net] : container_mark[name]
}

# Who has an address that a connection is to have. Another unit of the stack that has it is about to change or to go, as no two of a program
# want the same: its container leaves the network, and comes back with its own change. Docker does not say who has it.
function address_check(id, name, net, address,    other, at, pair, n, users, i) {
    if (address == "")
        return
    for (at in place_taken) {
        split(at, pair, SUBSEP)
        if (pair[1] == net && place_taken[at] == address)
            other = pair[2]
    }
    n = network_users(net, users)
    for (i = 1; i <= n; i++)
        if (users[i] != name && place_address(users[i], net) == address)
            other = users[i]
    if (other == "" || other == name)
        return
    if (((other, net) in endpoint_value) && stack_of(place_owner(other, net)) == stack)
        endpoint_leave(other, net, want_key[id], 102)
    else
        refuse(want_key[id] ": " address " is the address of the container " other " on the network " net ": give one of them another (ipv4Address)")
}

# `fact endpoint CONTAINER NETWORK ADDRESS OWNER`, by the units first; of an interface of a container's own, what it lies on in place
# of the network. `fact named NETWORK ADDRESS UNIT NAME...` of a container on another host
function say_places(    at, pair, i, id, words) {
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        split(want_key[id], words, " ")
        if (want_kind[id] == "endpoint")
            say_place(words[3], words[4], fixed_address(want_value[id]), want_unit[id])
        else if (want_kind[id] == "interface")
            say_interface_places(words[2], want_value[id], want_unit[id])
        else if (want_kind[id] == "name")
            print "fact named " words[2], words[3], want_unit[id], want_value[id]
    }
    for (at in endpoint_value) {
        split(at, pair, SUBSEP)
        say_place(pair[1], pair[2], place_address(pair[1], pair[2]), place_owner(pair[1], pair[2]))
    }
    for (at in place_taken) {
        split(at, pair, SUBSEP)
        if (!((pair[2], pair[1]) in endpoint_value))
            say_place(pair[2], pair[1], place_taken[at], "")
    }
}

function say_interface_places(name, value, unit,    n, words, i) {
    n = split(value, words, " ")
    for (i = 1; i < n; i++)
        if (words[i] == "ipv4") {
            sub(/\/.*/, "", words[i + 1])
            say_place(name, words[2], words[i + 1], unit)
        }
}

function say_place(name, net, address, owner,    line) {
    line = name " " net " " (address == "" ? "-" : address) " " (owner == "" ? "-" : owner)
    if (!place_told[line]++)
        print "fact endpoint " line
}

# `fact pool NETWORK DRIVER SUBNET RANGE OWNER`: no two networks of Docker's may have the same
function pools_read(name, text,    n, words, i) {
    n = split(text, words, " ")
    for (i = 1; i < n; i++)
        if (words[i] == "subnet" && words[i + 1] ~ /^[0-9.]+\//)
            network_pools[name, words[i + 1]] = words[i + 2] == "ip-range" ? words[i + 3] : words[i + 4] == "ip-range" ? words[i + 5] : "-"
}

function say_pools(    at, pair) {
    for (at in network_pools) {
        split(at, pair, SUBSEP)
        print "fact pool " pair[1], network_driver[pair[1]], pair[2], network_pools[at], (network_mark[pair[1]] == "" ? "-" : network_mark[pair[1]])
    }
}

# `fact docker-pool BASE` of each that the engine is told to take networks from, where it is told
function say_docker_pools(    text, base) {
    text = read_file("/etc/docker/daemon.json")
    if (!sub(/^.*"default-address-pools"[ \t\n]*:/, "", text))
        return
    sub(/].*/, "", text)
    while (match(text, /"base"[ \t\n]*:[ \t\n]*"[0-9.]+\/[0-9]+"/)) {
        base = substr(text, RSTART, RLENGTH - 1)
        text = substr(text, RSTART + RLENGTH)
        sub(/.*"/, "", base)
        print "fact docker-pool " base
    }
}

# An overlay's link has the first address of the host's part, which Docker would give to the first container that asks for none.
function network_reserved(id,    i, key, address, text) {
    for (i = 1; i <= want_count; i++) {
        key = want_key[want_id[i]]
        address = nth_word(key, 3)
        if (want_unit[want_id[i]] != want_unit[id] || key !~ /^addr / || !sub(/\/32$/, "", address))
            continue
        if (want_value[id] ~ /^bridge / && want_value[id] !~ (" subnet " address "/") && lies_in(address, word_after(want_value[id], "ip-range")))
            text = text " --aux-address " nth_word(key, 2) "=" address
    }
    return text
}

# Whoever deletes a bridge cuts its containers off: made anew, it has none of their ports. One that has ended since has none either.
function bridge_is_cut_off(net, bridge,    n, names, i, ended) {
    if (!network_running[net] || bridge_ports(bridge) || system("ls /sys/class/net/" bridge "/brif 2>/dev/null | grep -q .") == 0)
        return 0
    n = split(network_members[net], names, " ")
    for (i = 1; i <= n; i++)
        ended += (names[i] in container_id) && (container_running[names[i]] != "true" || (container_pid[names[i]] > 0 && process(container_pid[names[i]]) == ""))
    return ended < n
}

function bridge_ports(bridge,    link, count) {
    for (link in link_index)
        if (link_master[link] == bridge)
            count++
    return count + 0
}

# What a container has in its network namespace besides what Docker gives it: interfaces of its own. All is done from the host,
# by the container's process; of one that does not run nothing is wanted.
#   interface CONTAINER NAME: veth BRIDGE host LINK mac M [mtu N] ipv4 A/P... [gateway G] [route C via V]...
#   interface CONTAINER NAME: macvlan PARENT mac M ...

# ---- what units say

function is_inner(kind) {
    return kind == "interface" || kind == "default-route"
}

function inner_note(key, value) {
    inner_wanted[nth_word(key, 2)] = 1
    host_end[interface_word(value, "host")] = 1
}

function interface_words_check(key, value) {
    if (key !~ /^interface [^ ]+ [A-Za-z0-9_.-]+$/ || length(nth_word(key, 3)) > 15)
        refuse(key ": wants a container and a name of at most 15 characters")
    else if (value !~ /^(veth [^ ]+ host|macvlan) [^ ]+ mac [^ ]+ (mtu [0-9]+ )?ipv4 /)
        refuse(key ": wants `veth BRIDGE host LINK` or `macvlan LINK`, then mac, mtu, ipv4")
    words_check(key, value, "veth host macvlan mac mtu ipv4 gateway route via", "")
}

# one of the words behind what it lies on, which may have any name
function interface_word(value, word) {
    sub(/^[^ ]+ [^ ]+/, "", value)
    return word_after(value, word)
}

# the parts of an entry: `veth br0`, `mac M`, `route C via V`
function items_of(value, items,    n, words, i, count) {
    n = split(value, words, " ")
    for (i = 1; i <= n; i++) {
        items[++count] = words[i]
        if (words[i] !~ /^(down|not-ours)$/)
            items[count] = words[i] " " words[++i]
        if (words[i - 1] == "route") {
            items[count] = items[count] " via " words[i + 2]
            i += 2
        }
    }
    return count + 0
}

# ---- what a namespace has: looked into when it is first asked for

function inner_open(name) {
    if (!(name in inner_opened))
        inner_opened[name] = (name in inner_wanted) && container_pid[name] > 0 && inner_bars(name) == "" && inner_look(name)
    return inner_opened[name]
}

# Interfaces of one's own go well with `none`, and with no namespace that is somebody else's.
function inner_bars(name) {
    return container_keeps_out(name) ~ /^no network/ ? "" : container_keeps_out(name)
}

# see within_netns
function inner_look(name,    pid, command, line) {
    pid = container_pid[name]
    inner_process[name] = process(pid)
    command = "exec nsenter -t " pid " -n ip -d -o -batch - 2>/dev/null <<E\nlink show\naddr show\nroute show\nE\n"
    while ((command | getline line) > 0)
        inner_read(name, line)
    close(command)
    return (name, "lo") in inner_mac
}

function inner_read(name, line,    words, at, link) {
    split(line, words, " ")
    gsub(/\\/, " ", line)
    line = trim(line)
    link = words[2]
    sub(/[:@].*/, "", link)
    at = name SUBSEP link
    if (words[1] ~ /^[0-9]+:$/ && words[3] ~ /^</) {
        inner_links[++inner_count] = at
        inner_kind[at] = has_word(line, "veth") ? "veth" : has_word(line, "macvlan mode bridge") ? "macvlan" : "device"
        inner_below[at] = link_numbered(words[2])
        inner_up[at] = words[3] ~ /[<,]UP[,>]/
        inner_mtu[at] = word_after(line, "mtu")
        inner_mac[at] = word_after(line, "link/ether")
        inner_alias[at] = index(line, " alias ") ? substr(line, index(line, " alias ") + 7) : ""
        inner_mark[at] = inner_alias[at] ~ /^crosshost:/ ? substr(inner_alias[at], 11) : word_after(line, "group") == 201 ? "?" : ""
    } else if (words[3] == "inet")
        inner_addresses[at] = inner_addresses[at] " ipv4 " words[4]
    else if (words[1] == "unicast" && word_after(line, "proto") != "kernel" && word_after(line, "metric") == "") {
        gsub(/ (linkdown|dead|proto boot|scope global)|^unicast /, "", line)
        inner_route[name, first_word(line)] = line
        inner_routes[name] = inner_routes[name] " " first_word(line)
    }
}

# the host's link that another namespace calls eth1@if7
function link_numbered(text,    i) {
    sub(/.*@if/, "", text)
    for (i = 1; i <= link_count; i++)
        if (link_number[links[i]] ":" == text)
            return links[i]
    return "nothing"
}

# ---- interfaces: what differs

function is_our_way(way, link) {
    return has_word(way, "proto 201") && word_after(way, "dev") == link
}

# an interface in the words of an entry
function interface_found(name, link,    at, below, value, n, list, i, way) {
    at = name SUBSEP link
    below = inner_below[at]
    value = inner_kind[at] " " below
    if (inner_kind[at] == "veth")
        value = "veth " (link_master[below] == "" ? "nothing" : link_master[below]) " host " below (link_up[below] ? "" : " down")
    value = value " mac " inner_mac[at] " mtu " inner_mtu[at] inner_addresses[at]
    n = split(inner_routes[name], list, " ")
    for (i = 1; i <= n; i++) {
        way = inner_route[name, list[i]]
        if (is_our_way(way, link))
            value = value (list[i] == "default" ? " gateway " : " route " list[i] " via ") word_after(way, "via")
    }
    if (inner_kind[at] == "veth" && link_mtu[below] != inner_mtu[at])
        value = value " mtu " link_mtu[below]
    return value (inner_up[at] ? "" : " down")
}

# what an entry does not say is as below
function interface_wanted(value) {
    return value (interface_word(value, "mtu") != "" ? "" : " mtu " link_mtu[nth_word(value, 2)])
}

function interface_actual(id,    name, link, at, want, have, text, n, list, i) {
    name = nth_word(want_key[id], 2)
    link = nth_word(want_key[id], 3)
    at = name SUBSEP link
    if (!inner_open(name))
        return want_value[id]
    if (!(at in inner_mac))
        return ""
    want = interface_wanted(want_value[id])
    have = interface_found(name, link)
    if (inner_alias[at] != "crosshost:" want_unit[id] || (interface_word(want, "host") != "" && link_alias[inner_below[at]] != "crosshost:" want_unit[id]))
        have = have " not-ours"
    n = items_of(have, list)
    for (i = 1; i <= n; i++)
        if (!has_word(want, list[i]))
            text = text ", " list[i] (is_of_many(list[i]) ? " not in the plan" : "")
    n = items_of(want, list)
    for (i = 1; i <= n; i++)
        if (is_of_many(list[i]) && !has_word(have, list[i]))
            text = text ", " list[i] " missing"
    return text == "" ? want_value[id] : substr(text, 3)
}

function is_of_many(item) {
    return item ~ /^(ipv4|gateway|route) /
}

# ---- interfaces: whose they are

function interface_check(id,    key, name, at, value, parent, host, n, list, i) {
    key = want_key[id]
    value = want_value[id]
    name = nth_word(key, 2)
    at = name SUBSEP nth_word(key, 3)
    parent = nth_word(value, 2)
    host = interface_word(value, "host")
    if (!inner_check(key, name))
        return
    if ((at in inner_mac) && !inner_is_ours(at))
        refuse(key ": the container has an interface of this name, " (inner_mark[at] == "" ? "not ours (" inner_kind[at] inner_addresses[at] ")" : "of " unit_name(inner_mark[at])) ": choose another name")
    if (host == "") {
        parent_check(key, parent)
        kernel_check(key, "macvlan")
    } else if ((host in link_index) && link_mark[host] != "?" && !is_mine(link_mark[host]))
        refuse(key ": the host has a link " host " that is not ours: rename the attachment")
    else if (link_kind[parent] != "bridge")
        refuse(key ": there is no bridge " parent)
    n = items_of(value, list)
    for (i = 1; i <= n; i++)
        item_check(id, key, name, nth_word(key, 3), parent, list[i])
}

function inner_is_ours(at) {
    return inner_mark[at] == "?" || is_mine(inner_mark[at])
}

function item_check(id, key, name, link, parent, item,    address, i, other, way) {
    address = nth_word(item, 2)
    way = inner_route[name, address]
    if (item ~ /^route / && way != "" && !has_word(way, "proto 201"))
        refuse(key ": the container has a route that is not ours, " way)
    if (item !~ /^ipv4 /)
        return
    sub(/\/.*/, "", address)
    if (address == client && !((id in old_value) && index(old_value[id], item)))
        refuse(key ": SSH comes from " address ": choose another address")
    for (i = 1; i <= want_count; i++) {
        other = want_id[i]
        if (other != id && want_kind[other] == "interface" && nth_word(want_value[other], 2) == parent && index(want_value[other], "ipv4 " address "/"))
            refuse(key ": " address " is that of " want_key[other] ", " unit_name(want_unit[other]) ": choose another address")
    }
}

# 1: there is more to ask
function inner_check(key, name) {
    if (docker_state() != "yes" || verb == "boot" || (verb == "attach" && !(name in container_id)))
        return 0
    if (!(name in container_id))
        refuse(container_missing(name))
    else if (inner_bars(name) != "")
        refuse("container " name " has " inner_bars(name) ", and nothing of its own: make it with another")
    else if (container_pid[name] > 0 && !inner_open(name))
        refuse(key ": cannot look into the container by `nsenter -t " container_pid[name] " -n ip`: install util-linux")
    else
        return 1
    return 0
}

# ---- interfaces: making

function interface_make(id,    key, name, link, at, want, have, host, n, list, i) {
    key = want_key[id]
    name = nth_word(key, 2)
    link = nth_word(key, 3)
    at = name SUBSEP link
    if (!inner_open(name))
        return
    want = interface_wanted(want_value[id])
    host = interface_word(want, "host")
    have = at in inner_mac ? interface_found(name, link) : ""
    if (interface_word(want, "gateway") != "" || interface_word(have, "gateway") != "")
        default_due[name] = 1
    if (have != "" && !has_word(have, host == "" ? "macvlan " nth_word(want, 2) : "host " host)) {
        interface_take_away(name, link, key)
        have = ""
    }
    if (have == "") {
        if ((host in link_index) && !(host in host_end_dying))
            step(12, "ip-del", "link del " host, key) # its other end has another name
        step(105, inner_tool("into", name), interface_added(name, link, want), key)
        undo(105, inner_tool("netns", name), "link del dev " link)
    } else
        interface_state(1, name, link, have, inner_alias[at], key)
    n = items_of(have, list)
    for (i = 1; i <= n; i++)
        if (list[i] ~ /^(ipv4|route) / && !has_word(want, list[i]))
            step(105.2, inner_tool("netnsdel", name), item_command("del", list[i], link), key)
    interface_state(0, name, link, want, "crosshost:" want_unit[id], key)
    n = items_of(want, list)
    for (i = 1; have != "" && i <= n; i++)
        if (list[i] ~ /^(ipv4|route) / && !has_word(have, list[i]))
            undo(106, inner_tool("netns", name), item_command("del", list[i], link))
}

# a host's end of a veth goes with the container's
function interface_added(name, link, value,    host) {
    host = interface_word(value, "host")
    if (host == "")
        return "link add link " nth_word(value, 2) " name " link " netns " container_pid[name] " group 201 type macvlan mode bridge"
    return "link add name " host (host in link_index ? " address " link_address[host] : "") " group 201 type veth peer name " link " netns " container_pid[name] " group 201"
}

function item_command(verb, item, link,    words) {
    split(item, words, " ")
    if (words[1] == "ipv4")
        return "addr " verb " " words[2] (verb == "del" || prefix_of(words[2]) > 30 ? "" : " brd +") " dev " link
    return "route " verb " " (words[1] == "gateway" ? "default via " words[2] : words[2] " via " words[4]) " dev " link " proto 201"
}

# All of an interface that is there, as it is to be, or for undoing as it was. The kernel tells the LAN of what comes up where
# arp_notify says so.
function interface_state(undoing, name, link, value, alias, key,    host, tool, n, list, i) {
    host = interface_word(value, "host")
    tool = inner_tool("netns", name)
    if (host != "")
        state_put(undoing, .1, "ip", "link set " host (value ~ /host [^ ]+ down/ ? " down" : " up") (nth_word(value, 2) == "nothing" ? " nomaster" : " master " nth_word(value, 2)) \
            " mtu " (undoing ? link_mtu[host] : interface_word(value, "mtu")) " group 201 alias " alias, key)
    state_put(undoing, .3, tool, "link set dev " link " address " interface_word(value, "mac") " mtu " interface_word(value, "mtu") " group 201 alias " alias, key)
    n = items_of(value, list)
    for (i = 1; i <= n; i++)
        if (list[i] ~ /^ipv4 /)
            state_put(undoing, .3 + i / 1000, tool, item_command("replace", list[i], link), key)
        else if (list[i] ~ /^route / || (undoing && list[i] ~ /^gateway /))
            state_put(undoing, .7, tool, item_command("replace", list[i], link), key)
    state_put(undoing, .5, inner_tool("sysctl", name), "net/ipv4/conf/" link "/arp_notify 1", key)
    if (!sysctl_is_moot("net.ipv6"))
        state_put(undoing, .5, inner_tool("sysctl", name), "net/ipv6/conf/" link "/disable_ipv6 1", key)
    state_put(undoing, .6, tool, "link set dev " link (value ~ / down$/ ? " down" : " up"), key)
    if (host != "" && !undoing)
        step(107, inner_tool("announce", name), host " " link, key)
}

function inner_tool(tool, name) {
    return tool "-" inner_process[name]
}

# undoing begins with the highest phase
function state_put(undoing, at, tool, text, key) {
    sub(/ alias $/, "", text)
    if (undoing)
        undo(13 - at, tool, text)
    else
        step(105 + at, tool, text, key)
}

# ---- unmaking, and putting back

function interface_unmake(key,    name, at) {
    name = nth_word(key, 2)
    at = name SUBSEP nth_word(key, 3)
    if (inner_open(name) && (at in inner_mac) && inner_is_ours(at))
        interface_take_away(name, nth_word(key, 3), key)
}

# First of all, so that what it lies on is there when it is put back. With it goes the default route that leads through it.
function interface_take_away(name, link, key,    at, have) {
    at = name SUBSEP link
    have = interface_found(name, link)
    step(12, inner_tool("netnsdel", name), "link del dev " link, key)
    interface_state(1, name, link, have, inner_alias[at], key)
    undo(13, inner_tool("into", name), interface_added(name, link, have))
    if (word_after(inner_route[name, "default"], "dev") == link)
        default_due[name] = 1
    if (inner_kind[at] == "veth")
        host_end_dying[inner_below[at]] = 1
}

# what bears our mark in a container and is in no unit
function inner_extras(    i, at, part, key) {
    for (i = 1; i <= inner_count; i++) {
        at = inner_links[i]
        split(at, part, SUBSEP)
        key = "interface " part[1] " " part[2]
        if (mode == "observe")
            tell_extra(key, inner_mark[at], inner_kind[at])
        else if (is_mine(inner_mark[at]) && !(key in want_value) && !(key in old_value))
            interface_take_away(part[1], part[2], key)
    }
}

# ---- state, for undoing

function inner_write_state(path,    name, i, j, part, n, list) {
    for (name in inner_wanted)
        inner_open(name)
    for (i = 1; i <= inner_count; i++) {
        split(inner_links[i], part, SUBSEP)
        n = inner_mark[inner_links[i]] == "" ? 0 : items_of(interface_found(part[1], part[2]) " mark " inner_mark[inner_links[i]], list)
        for (j = 1; j <= n; j++)
            print "interface", part[1], part[2], list[j] > path
    }
    for (name in inner_routes) {
        n = split(inner_routes[name], list, " ")
        for (i = 1; i <= n; i++)
            print "interface", name, "route", inner_route[name, list[i]] > path
    }
}

# The default route of a container: through one of its networks, or an interface of its own.
#   default-route CONTAINER: NETWORK

# a container has one default route
function default_note(id, role,    name, other) {
    name = nth_word(want_key[id], 2)
    if (want_kind[id] == "interface" && interface_word(want_value[id], "gateway") == "")
        return
    other = default_entry[name]
    if (other == "")
        default_entry[name] = id
    else if (role == "new")
        refuse(want_key[id] ": the default route of " name " is that of " want_key[other] ", " unit_name(want_unit[other]))
}

# whichever unit says it: another network that is joined may move it
function default_network_note(containers, networks,    name, id) {
    for (name in containers) {
        id = name in default_entry ? default_entry[name] : ""
        if (id != "" && want_kind[id] == "default-route")
            networks[want_value[id]] = 1
    }
}

function default_gateway(name, net) {
    return endpoint_gateway[name, net] ~ /^[0-9]/ ? endpoint_gateway[name, net] : word_after(network_value[net], "gateway")
}

function default_route_actual(id,    name, have) {
    name = nth_word(want_key[id], 2)
    have = inner_open(name) ? inner_route[name, "default"] : ""
    return !inner_open(name) || word_after(have, "via") == default_gateway(name, want_value[id]) ? want_value[id] : have
}

function default_route_check(id,    name, net) {
    name = nth_word(want_key[id], 2)
    net = want_value[id]
    if (inner_check(want_key[id], name) && default_gateway(name, net) == "")
        refuse(want_key[id] ": " (net in network_id ? "the network " net " has no gateway" : "Docker has no network " net))
}

function default_route_unmake(name) {
    if (inner_open(name) && has_word(inner_route[name, "default"], "proto 201"))
        default_due[name] = 1
}

# Docker adds a default route and replaces none: where it may want to, ours steps aside, and comes back after it.
function default_steps_aside(name, phase,    have) {
    if (!inner_open(name))
        return
    have = inner_route[name, "default"]
    if (!(name in default_entry) && !has_word(have, "proto 201") || default_aside[name]++)
        return
    default_due[name] = 1
    if (has_word(have, "proto 201")) {
        step(phase, inner_tool("netnsdel", name), "route del " have, "default-route " name)
        undo(phase, inner_tool("netns", name), "route replace " have)
    }
}

function plan_default_routes(    name, way, have) {
    for (name in default_due) {
        way = default_way(name)
        have = inner_route[name, "default"]
        if (way == "" || !inner_open(name))
            continue
        # what Docker would have there cannot fail a change
        step(108, inner_tool(name in default_entry ? "netns" : "netnsdel", name), "route replace default " way, name in default_entry ? want_key[default_entry[name]] : "default-route " name)
        undo(108, inner_tool("netns", name), have == "" ? "route del default " way : "route replace " have)
    }
}

# what is wanted, or else what Docker tells: the first of the container's networks that has a gateway
function default_way(name,    id, n, nets, i) {
    id = name in default_entry ? default_entry[name] : ""
    if (id != "" && want_kind[id] != "interface" && default_gateway(name, want_value[id]) == "")
        return ""
    if (id != "")
        return "via " (want_kind[id] == "interface" ? interface_word(want_value[id], "gateway") " dev " nth_word(want_key[id], 3) : default_gateway(name, want_value[id])) " proto 201"
    n = split(container_networks[name], nets, " ")
    for (i = 1; i <= n; i++)
        if (endpoint_gateway[name, nets[i]] ~ /^[0-9]/ && !((name, nets[i]) in endpoint_leaves))
            return "via " endpoint_gateway[name, nets[i]]
    return ""
}

# name NETWORK ADDRESS: NAME... What containers of this host find of those on other hosts, in the /etc/hosts that Docker makes for
# each and writes anew at each start; every line of ours ends with the mark of its stack.

function name_check(key, value) {
    if (key !~ /^name [A-Za-z0-9][A-Za-z0-9_.-]* [0-9a-f]*[.:][0-9a-f.:]+$/ || value !~ /^[A-Za-z0-9_][A-Za-z0-9_.-]*( [A-Za-z0-9_][A-Za-z0-9_.-]*)*$/)
        refuse(key ": wants a network, an address, and names")
}

function name_line(id) {
    return nth_word(want_key[id], 3) " " want_value[id]
}

# after a boot there are no lines of before
function members_of_networks(    name, all) {
    for (name in network_members)
        all = all " " network_members[name]
    return all
}

# ---- whose file it is

# Docker says another's file where one is mounted at /etc/hosts, be it the host's own, and that of the other where containers share a
# network. Written to is only the one that Docker made for this container.
function hosts_read(container, escaped,    path) {
    path = unescaped(escaped)
    if (path == "")
        return
    if (path ~ ("/containers/" container_id[container] "/hosts$") && path !~ /[ \t\n]/ && sees_hosts(container))
        container_hosts[container] = path
    else if (container_mode[container] !~ /^container:/) {
        nameless[container] = 1
        if (path !~ /[^A-Za-z0-9_.,:@+\/-]/ && path !~ ("/containers/" container_id[container] "/hosts$"))
            strangers_hosts[path] = 1
    }
}

# what is mounted there last; the same file may have another path in its file system
function sees_hosts(container,    path, line, words, root) {
    path = "/proc/" container_pid[container] "/mountinfo"
    while (container_pid[container] && (getline line < path) > 0)
        if (split(line, words, " ") > 4 && words[5] == "/etc/hosts")
            root = words[4]
    close(path)
    return root == "" || root ~ ("/" container_id[container] "/hosts$")
}

# in which containers a line has to be
function is_named_in(id, container) {
    return container_running[container] == "true" && ((container, nth_word(want_key[id], 2)) in endpoint_value)
}

function name_actual(id,    container, lacking) {
    for (container in container_hosts)
        if (is_named_in(id, container) && !index("\n" names_found(container), "\n" name_line(id) "\n"))
            lacking = lacking (lacking == "" ? "" : ", ") container
    return lacking == "" ? want_value[id] : "missing in " lacking
}

function names_wanted(container,    i, text) {
    for (i = 1; i <= want_count; i++)
        if (want_kind[want_id[i]] == "name" && stack_of(want_unit[want_id[i]]) == stack && is_named_in(want_id[i], container))
            text = text name_line(want_id[i]) "\n"
    return text
}

function names_found(container) {
    if (!(container in names_read))
        names_read[container] = marked_lines(container_hosts[container])
    return names_read[container]
}

function marked_lines(file,    line, mark, text) {
    mark = names_mark()
    while ((getline line < file) > 0)
        if (substr(line, length(line) - length(mark) + 1) == mark)
            text = text substr(line, 1, length(line) - length(mark)) "\n"
    close(file)
    return text
}

function names_mark() {
    return " # crosshost " stack
}

# whether the plan is about names; of which unit
function names_unit(    i, id) {
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        if (want_kind[id] == "name" && (mode == "observe" ? stack_of(want_unit[id]) == stack : is_mine(want_unit[id])))
            return want_unit[id]
    }
    for (i = 1; i <= old_count; i++)
        if (old_key[old_id[i]] ~ /^name /)
            return old_unit[old_id[i]]
    return sweeping() ? me : ""
}

# those that run, or of them what a restart is about: the file of another is written anew when it starts
function names_note(containers,    n, list, i) {
    if (names_unit() == "")
        return
    if (verb == "boot" || restarted != "") {
        n = split(restarted == "" ? members_of_networks() : restarted, list, "[, ]+")
        for (i = 1; i <= n; i++)
            if (list[i] != "")
                containers[list[i]] = 1
        return
    }
    docker_containers()
    for (i = 1; i <= container_count; i++)
        if (nth_word(container_list[i], 2) ~ /^(running|paused)$/)
            containers[nth_word(container_list[i], 1)] = 1
}

function plan_names(    container, wanted, found, file) {
    if (phase == "links")
        return
    for (container in container_hosts) {
        if (names_unit() == "" || container_running[container] != "true")
            continue
        wanted = names_wanted(container)
        found = names_found(container)
        if (wanted == found)
            continue
        step(110, "hosts", container_hosts[container] " " stack " " journal_file(wanted), "names in " container)
        undo(110, "hosts", container_hosts[container] " " stack " " journal_file(found))
    }
    if (names_unit() != "" || speaks_of("converger"))
        find_strays()
    for (file in strays)
        step(110, "hosts", file " " stack " /dev/null", "names in " file)
}

# Versions up to 0.1.0 wrote into what was mounted, the host's own file above all. What bears our mark there goes, and never comes back.
function find_strays(    file, lines) {
    strangers_hosts["/etc/hosts"] = 1
    for (file in strangers_hosts) {
        lines = marked_lines(file)
        if (lines != "")
            strays[file] = lines
    }
}

# lines of names that are wanted no more
function tell_names(    unit, container, file) {
    unit = names_unit()
    if (unit == "")
        return
    for (container in container_hosts)
        if (container_running[container] == "true")
            tell_unwanted(unit, container, names_found(container), names_wanted(container))
    find_strays()
    for (file in strays)
        tell_unwanted(unit, file, strays[file], "")
}

function tell_unwanted(unit, place, found, wanted,    lines, n, i) {
    n = split(found, lines, "\n")
    for (i = 1; i < n; i++)
        if (!index("\n" wanted, "\n" lines[i] "\n"))
            tell(unit, "names in " place, plain("not in the plan, " lines[i]))
}

# Who has a file of its own at /etc/hosts, a volume being named by where it is mounted too. Asked only where there are volumes.
function say_nameless(    command, container) {
    command = "exec docker ps -a --filter volume=/etc/hosts --format " quoted("{{.Names}}") " 2>/dev/null"
    if (containers_have_mounts) {
        while ((command | getline container) > 0)
            nameless[container] = 1
        close(command)
    }
    for (container in nameless)
        print "fact nameless " plain(container)
}

# Containers that are in no network of ours: `docker container NAME: mode host`, and `docker container NAME OTHER: mode container`
# of one that has the network of another. Docker makes such a one anew for no other mode; that is for who created it.

function container_check(key, value) {
    if (value !~ (nth_word(key, 4) == "" ? "^mode (none|host|bridge)$" : "^mode container$"))
        refuse(key ": wants `mode none`, `mode host` or `mode bridge`, or of two containers `mode container`")
}

function container_actual(id,    name, other, mode) {
    name = nth_word(want_key[id], 3)
    other = nth_word(want_key[id], 4)
    if (docker_state() != "yes" || !(name in container_id))
        return want_value[id]
    mode = container_mode_now(name, other)
    if (mode == "bridge" && !((name, mode) in endpoint_value))
        return "disconnected"
    if ("mode " mode == want_value[id] && other != "" && container_running[other] == "true") {
        if (container_running[name] != "true" && container_failed[name] != "")
            return "not started, as " other " did not run"
        if (container_running[name] == "true" && container_started[name] < container_started[other])
            return "cut off since " other " started anew"
    }
    return "mode " mode
}

function container_mode_now(name, other,    mode) {
    mode = container_mode[name]
    if (mode !~ /^container:/)
        return mode == "" || mode == "default" ? "bridge" : mode
    sub(/^container:/, "", mode)
    if (other != "" && mode != other && mode != container_id[other])
        return "container, of one that is gone"
    return "container"
}

function container_check_owner(id,    name, mode) {
    name = nth_word(want_key[id], 3)
    if (docker_state() != "yes" || verb != "apply")
        return
    if (!(name in container_id)) {
        refuse(container_missing(name))
        return
    }
    mode = "mode " container_mode_now(name, nth_word(want_key[id], 4))
    if (mode != want_value[id])
        refuse("container " name " has " mode ", not " want_value[id] ": remove it (docker rm -f " name "), and `pulumi up --refresh` makes it again")
}

# started anew, it is in the network that the other has now
function container_make(id,    name, text) {
    name = nth_word(want_key[id], 3)
    text = container_actual(id)
    if (text == "disconnected")
        step(104, "docker", "network connect bridge " name, want_key[id])
    if (text ~ /^(cut off|not started)/)
        step(104, "docker", (text ~ /^cut/ ? "restart " : "start ") name, want_key[id])
}

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

# What makes systemd-networkd leave our work alone, where it runs.

BEGIN {
    NETWORKD_RUNS = "/run/systemd/netif/state"
    NETWORKD_FOLDER = "/etc/systemd/networkd.conf.d"
    NETWORKD_FILE = NETWORKD_FOLDER "/50-crosshost.conf"
    NETWORKD_MARK = "# Made by Crosshost: routes of containers"
    NETWORKD_TEXT = NETWORKD_MARK " stay when systemd-networkd starts anew.\n[Network]\nManageForeignRoutes=no\n"
    NETWORKS_FOLDER = "/etc/systemd/network"
    # the link that Docker gives a container, as long as it is the host's
    DOCKER_VETH = "veth[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]"
}

# ---- networkd foreign-routes: keep. Only where systemd-networkd runs: it deletes what others route over its links each time
# it starts. It reads the file when it starts, too; made to start here, it would take away addresses that others have added.

function networkd_actual(value,    text) {
    if (read_line(NETWORKD_RUNS) == "")
        return value
    text = read_file(NETWORKD_FILE)
    return text == "" ? "" : text == NETWORKD_TEXT ? value : "changed"
}

function networkd_is_foreign(text) {
    return text != "" && index(text, NETWORKD_MARK) != 1
}

function networkd_check_owner(key) {
    if (networkd_is_foreign(read_file(NETWORKD_FILE)))
        refuse(key ": " NETWORKD_FILE " is there already and not ours (no mark)")
}

function networkd_make(key) {
    step(124, "put", NETWORKD_FILE " 0644 " journal_file(NETWORKD_TEXT), key)
    undo(124, "prune", NETWORKD_FOLDER)
    undo_file(124, NETWORKD_FILE, read_file(NETWORKD_FILE), "0644")
}

# units of all stacks hold it together, and the last one that goes takes it away
function networkd_unmake(key,    i, before) {
    for (i = 1; i <= want_count; i++)
        if (want_key[want_id[i]] == key)
            return
    before = read_file(NETWORKD_FILE)
    if (before == "" || networkd_unmade++ || networkd_is_foreign(before))
        return
    step(135, "remove", NETWORKD_FILE, key)
    step(136, "prune", NETWORKD_FOLDER, key)
    undo_file(135, NETWORKD_FILE, before, "0644")
}

# ---- links. A file that matches them (`Name=*`, `Type=ether`) would have networkd set them up as it says, and take away what we
# added. It goes by the first that matches, so ours comes first, for all units of the stack. It is no entry: no program wants it.

function unmanaged_path() {
    return NETWORKS_FOLDER "/00-0-crosshost-" stack ".network"
}

# of the stack: its links, and the ends of containers' links
function unmanaged_text(    i, id, name, names, count, text) {
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        if (stack_of(want_unit[id]) != stack)
            continue
        name = ""
        if (want_kind[id] == "link" && (first_word(want_value[id]) in LINK_WORDS))
            name = nth_word(want_key[id], 2)
        else if (want_kind[id] == "network" && want_value[id] ~ /^bridge /)
            name = DOCKER_VETH
        else if (want_kind[id] == "interface")
            name = interface_word(want_value[id], "host")
        if (name != "" && !index("\n" text, "\n" name "\n")) {
            names[++count] = name
            text = text name "\n"
        }
    }
    if (!count)
        return ""
    sort_list(names, count)
    text = "# Made by Crosshost: links of " stack " are not for systemd-networkd to set up.\n[Match]\n"
    for (i = 1; i <= count; i++)
        text = text "Name=" names[i] "\n"
    return text "\n[Link]\nUnmanaged=yes\n"
}

# Read anew only where networkd would take a link: else it would also take what somebody has written for later.
function plan_unmanaged(    wanted, before) {
    if (phase != "")
        return
    wanted = unmanaged_text()
    before = read_file(unmanaged_path())
    if (wanted == "" && before != "") {
        step(135, "remove", unmanaged_path(), "networkd links")
        step(136, "prune", NETWORKS_FOLDER, "networkd links")
        undo_file(135, unmanaged_path(), before, "0644")
    }
    if (wanted == "" || (before == "" && read_line(NETWORKD_RUNS) == ""))
        return
    if (wanted != before) {
        step(19, "put", unmanaged_path() " 0644 " journal_file(wanted), "networkd links")
        undo(19, "prune", NETWORKS_FOLDER)
        undo_file(19, unmanaged_path(), before, "0644")
    }
    if (round == 1 && (wanted != before ? grabber(wanted) : links_grabbed()) != "") {
        step(19.5, "networkctl", "reload", "networkd links")
        undo(18.5, "networkctl", "reload")
    }
}

function tell_unmanaged(    wanted, text, found) {
    wanted = unmanaged_text()
    if (wanted == "" || read_line(NETWORKD_RUNS) == "" || !((stack ":host") in on_file))
        return
    text = read_file(unmanaged_path())
    if (text != wanted)
        tell(stack ":host", "networkd links", text == "" ? "missing" : "changed")
    found = links_grabbed()
    if (found != "")
        tell(stack ":host", "networkd links", found)
}

# links of the stack that networkd has in its hands by a file that comes after ours
function links_grabbed(    i, line, file, managed, found) {
    for (i = 1; i <= link_count; i++) {
        if (stack_of(link_mark[links[i]]) != stack)
            continue
        file = managed = ""
        while ((getline line < ("/run/systemd/netif/links/" link_number[links[i]])) > 0) {
            if (line ~ /^NETWORK_FILE=/)
                file = substr(line, 14)
            if (line ~ /^ADMIN_STATE=/)
                managed = substr(line, 13)
        }
        close("/run/systemd/netif/links/" link_number[links[i]])
        if (managed !~ /^(unmanaged|pending|initialized|)$/ && comes_after_ours(file))
            found = found (found == "" ? "" : ", ") links[i] " is managed by " file
    }
    return found
}

function comes_after_ours(file) {
    sub(/^.*\//, "", file)
    return file > "00-0-crosshost-" stack ".network"
}

# what is read before our file and takes links whatever they are called
function say_networkd(    file) {
    if (read_line(NETWORKD_RUNS) == "")
        return
    network_files_read()
    for (file in network_files)
        if (!comes_after_ours(file) && (may_match(file, "ch-any-0", "bridge") || may_match(file, "vx-any-0", "vxlan")))
            print "fact networkd " substr(plain("f" network_files[file]), 2)
}

# ---- which file would take a link; names as the text has them

function grabber(text,    n, lines, i, file) {
    network_files_read()
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++)
        if (sub(/^Name=/, "", lines[i]))
            for (file in network_files)
                if (may_match(file, lines[i] == DOCKER_VETH ? "veth0123abc" : lines[i], link_kind_wanted(lines[i])))
                    return network_files[file]
    return ""
}

# of one name the first folder's, which may be empty to hide the others
function network_files_read(    command, line, folder) {
    command = "exec ls -1 " NETWORKS_FOLDER " /run/systemd/network /usr/local/lib/systemd/network /usr/lib/systemd/network 2>/dev/null"
    while ((command | getline line) > 0)
        if (line ~ /:$/)
            folder = substr(line, 1, length(line) - 1)
        else if (line ~ /\.network$/ && line !~ /^00-0-crosshost-/ && !(line in network_files))
            network_files[line] = folder "/" line
    close(command)
}

# by what links of ours have: a name, a kind, and nothing of a piece of hardware
function may_match(file, name, kind,    line, key, value, in_match, matched) {
    while ((getline line < network_files[file]) > 0) {
        if (line ~ /^\[/)
            in_match = line ~ /^\[Match\]/
        if (!in_match || line !~ /^[A-Za-z]+[ \t]*=/)
            continue
        key = line
        sub(/[ \t]*=.*/, "", key)
        value = line
        sub(/^[^=]*=[ \t]*/, "", value)
        matched = matched == "" ? 1 : matched
        if (key == "Name")
            matched = matched && matches_one(value, name)
        else if (key == "Kind" || key == "Driver")
            matched = matched && matches_one(value, kind)
        else if (key == "Type")
            matched = matched && (matches_one(value, kind) || matches_one(value, "ether"))
        else if (key ~ /^(MACAddress|PermanentMACAddress|Path|SSID|BSSID|WLANInterfaceType)$/)
            matched = 0
    }
    close(network_files[file])
    return matched == 1
}

function link_kind_wanted(name) {
    return (("link " name) in want_value) ? first_word(want_value["link " name]) : "veth"
}

# shell patterns with blanks in between; `!` before them turns them round
function matches_one(patterns, text,    turned, n, list, i, found) {
    turned = sub(/^![ \t]*/, "", patterns)
    n = split(patterns, list, /[ \t]+/)
    for (i = 1; i <= n; i++)
        if (list[i] != "" && text ~ ("^" pattern_of(list[i]) "$"))
            found = 1
    return turned ? !found : found + 0
}

function pattern_of(pattern) {
    gsub(/[.+(){}|^$\\]/, "\\\\&", pattern)
    gsub(/\*/, ".*", pattern)
    gsub(/\?/, ".", pattern)
    gsub(/\[!/, "[^", pattern)
    return pattern
}

# What the host has now: one dump of the kernel for all units, and of nft, iptables and Docker only what the units speak of.

function observe_host(    command, line, kind) {
    command = "exec ip -d -o -batch - <<E\nlink show\naddr show\nroute show table all\nneigh show nud permanent\nE\n"
    while ((command | getline line) > 0)
        take_ip_line(line)
    close(command)
    if (!("lo" in link_index)) {
        refuse(why_ip_is_silent())
        return
    }
    link_settle_marks()
    if (speaks_of("fdb") || has_tunnel_of_ours()) {
        command = "exec bridge fdb show"
        while ((command | getline line) > 0)
            fdb_read(line)
        close(command)
    }
    if (has_nft && (speaks_of("nft") || sweeping() || shows_firewall())) {
        # of tables that iptables keeps it warns each time
        command = "exec nft -s list ruleset" (shows_firewall() ? " 2>/dev/null" : " inet")
        while ((command | getline line) > 0) {
            nft_read(line)
            if (mode == "observe")
                filter_read(line)
        }
        close(command)
    }
    iptables_read_all()
    if (mode == "observe")
        legacy_read()
    if (phase != "links" && (wants_docker() || sweeping()))
        docker_read()
    nft_collect()
}

# `NUMBER-START`, as a number may soon be another's; none of one that is not there
function process(pid,    stat) {
    if (pid !~ /^[0-9]+$/)
        return ""
    stat = read_line("/proc/" pid "/stat")
    sub(/.*\) /, "", stat)
    return stat == "" ? "" : pid "-" nth_word(stat, 20)
}

function take_ip_line(line,    words) {
    split(line, words, " ")
    if (words[1] ~ /^[0-9]+:$/ && words[3] ~ /^</)
        link_read(line)
    else if (words[3] == "inet" || words[3] == "inet6")
        addr_read(line)
    else if (words[1] ~ /^(unicast|blackhole|unreachable|prohibit|throw)$/)
        route_read(line)
    else if (words[2] == "dev" && has_word(line, "PERMANENT"))
        neigh_read(line)
}

function speaks_of(kind) {
    return (kind in kinds_wanted) || (verb == "delete" && !old_count) # its file is gone: only marks tell of it
}

function wants_docker() {
    return mode == "observe" || speaks_of("network") || speaks_of("endpoint") || speaks_of("container") || speaks_of("interface") || speaks_of("default-route") || speaks_of("name")
}

# Uninstalling takes away what is marked, also where somebody has deleted the units that told of it.
function sweeping() {
    return verb == "uninstall"
}

function has_tunnel_of_ours(    i) {
    for (i = 1; i <= link_count; i++)
        if (link_kind[links[i]] == "vxlan" && link_mark[links[i]] != "")
            return 1
    return 0
}

function why_ip_is_silent(    command, line, told) {
    command = "exec ip -V 2>&1"
    if ((command | getline line) > 0)
        told = line
    close(command)
    if (told ~ /BusyBox/)
        return "`ip` is that of BusyBox, which cannot show all that is needed: install iproute2"
    if (told !~ /iproute2/)
        return "iproute2 is not installed (no program `ip`): apt install iproute2"
    return "`ip` tells nothing about this host"
}

# ---- modules: yes (loaded, or part of the kernel), no, or unknown, as in a container that sees no modules

function kernel_module(name,    release, line, path) {
    if (name in module_known)
        return module_known[name]
    if (read_line("/sys/module/" name "/initstate") != "")
        return module_known[name] = "yes"
    release = read_line("/proc/sys/kernel/osrelease")
    path = "/lib/modules/" release "/modules.builtin"
    module_known[name] = "unknown"
    while ((getline line < path) > 0) {
        module_known[name] = "no"
        if (index(line, "/" name ".ko")) {
            module_known[name] = "yes"
            break
        }
    }
    close(path)
    if (module_known[name] == "unknown")
        module_known[name] = kernel_config(name)
    return module_known[name]
}

# the kernel's own word, where it keeps it: what it was not built with, no module brings
function kernel_config(name,    command, line, option) {
    option = "CONFIG_" (name == "8021q" ? "VLAN_8021Q" : toupper(name)) "="
    if (kernel_options == "") {
        kernel_options = " "
        command = "exec gzip -dc /proc/config.gz 2>/dev/null | grep -E \"^CONFIG_(NET|NF_TABLES|VXLAN|MACVLAN|IPVLAN|VLAN_8021Q)=\""
        while ((command | getline line) > 0)
            kernel_options = kernel_options line " "
        close(command)
    }
    if (kernel_options == " " || has_word(kernel_options, option "m"))
        return "unknown"
    if (has_word(kernel_options, option "y"))
        return "yes"
    module_lacks[name] = 1
    return "no"
}

function kernel_check(key, kind,    name) {
    name = kind == "vlan" ? "8021q" : kind
    if (kind != "bridge" && kernel_lacks(name))
        refuse(key ": this kernel (" read_line("/proc/sys/kernel/osrelease") ") has no " name ": install its extra modules, or boot another")
}

# asked without loading it
function kernel_lacks(name) {
    if (kernel_module(name) == "no" && !(name in module_lacks))
        module_lacks[name] = system("exec modprobe -n -q " name " 2>/dev/null") == 1
    return module_lacks[name]
}

# a look at the rules would load what there is none of yet
function shows_firewall() {
    return mode == "observe" && kernel_module("nf_tables") != "no"
}

# ---- packet filters of others: lines by table, and whether the table has a chain that tunnels and containers go through

function filter_read(line,    words) {
    if (line ~ /^table (ip|inet) /) {
        split(line, words, " ")
        filter_now = words[3] ~ /^crosshost_/ ? "" : words[2] " " words[3]
    } else if (line ~ /^table /)
        filter_now = ""
    if (filter_now == "" || line ~ /^[ \t]*}?$/ || filter_skips(line))
        return
    if (line ~ / hook (input|forward) /)
        filters[filter_now] = 1
    filter_lines[++filter_count] = trim(line)
    filter_table[filter_count] = filter_now
}

# sets may hold thousands of addresses, and are not judged
function filter_skips(line) {
    if (line ~ /^[ \t]*(set|map|ct|counter|quota|limit|flowtable|synproxy) [^ ]+.*{$/)
        filter_in_set = 1
    if (!filter_in_set)
        return 0
    if (line ~ /^\t}$/)
        filter_in_set = 0
    return 1
}

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

# The host as far as a change can touch it, in lines that are compared after undoing.

function say_state() {
    write_state("/dev/stdout")
}

function write_state(path,    i, name, at, pair, ignored) {
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        if (link_mark[name] != "" || (("link " name) in want_value))
            print "link", name, link_kind[name], link_state(name) > path
    }
    for (i = 1; i <= addr_count; i++)
        if (!addr_of_kernel[addr_keys[i]])
            print addr_keys[i], addr_words[addr_keys[i]] > path
    for (i = 1; i <= route_count; i++)
        if (route_proto[route_keys[i]] != "kernel")
            print "route", route_raw[route_keys[i]] > path
    for (i = 1; i <= neigh_count; i++)
        print neigh_keys[i], neigh_value[neigh_keys[i]] > path
    for (i = 1; i <= fdb_count; i++)
        print fdb_keys[i], fdb_value[fdb_keys[i]] > path
    for (name in nft_live)
        print "nft", name, plain(nft_live[name]) > path
    for (i = 1; i <= iptables_count; i++)
        print "iptables", iptables_chain[i], iptables_unit[i], iptables_rules[i] > path
    while ((getline name < (journal_dir "/users")) > 0)
        network_users(name, ignored)
    close(journal_dir "/users")
    for (name in network_value)
        print "docker network", name, network_mark[name], network_value[name] > path
    for (at in endpoint_value) {
        split(at, pair, SUBSEP)
        print "docker endpoint", pair[1], pair[2], endpoint_value[at] > path
    }
    inner_write_state(path)
    if (names_unit() != "")
        for (name in container_hosts)
            print "names", name, plain(names_found(name)) > path
    for (at in want_kind)
        if (want_kind[at] == "sysctl")
            print want_key[at], sysctl_read(nth_word(want_key[at], 2)) > path
        else if (want_kind[at] == "promisc")
            print want_key[at], promisc_actual(nth_word(want_key[at], 2)) > path
    close(path)
}

function link_state(name,    kind, n, words, i, text) {
    kind = link_kind[name]
    n = split(LINK_WORDS[kind] " " LINK_COMMON, words, " ")
    for (i = 1; i <= n; i++)
        text = text " " words[i] " " link_word(name, words[i])
    return text " " link_learning(name) " " link_alias[name] (link_up[name] ? " up" : " down")
}

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

# What is told of the host beside drift: what plans are checked with.

BEGIN { DMI = "/sys/class/dmi/id/" }

function boot_id() {
    return read_line("/proc/sys/kernel/random/boot_id")
}

function say_facts(    i, name, key, table) {
    if (docker_state() == "yes" && !network_count)
        docker_networks()
    print "fact kernel " read_line("/proc/sys/kernel/osrelease")
    print "fact docker " docker_version()
    if (docker_elsewhere != "")
        print "fact docker-service " plain(docker_elsewhere)
    if (docker_leaves_iptables())
        print "fact docker-iptables off"
    if (docker_rules_are_gone())
        print "fact docker-rules gone"
    if (is_legacy(has_iptables))
        print "fact iptables legacy"
    print "fact nft " (has_nft ? "yes" : "none")
    print "fact boot " boot_id()
    if (socket != "")
        print "fact socket " socket
    if (tls != "")
        print "fact login-tls yes"
    say_lacks()
    for (i = 1; i <= addr_count; i++) {
        key = addr_keys[i]
        name = addr_device[key]
        if (!addr_is_of_loopback(key) && !addr_of_kernel[key])
            print "fact address " name " " nth_word(key, 3) " " link_mtu[name]
    }
    for (i = 1; i <= route_count; i++) {
        key = route_keys[i]
        if (route_target(key) != "" && !is_own_route(key))
            print "fact route " nth_word(key, 2) " " route_value[key]
        if (route_is_on_link(key))
            print "fact on-link " nth_word(key, 2), route_device[key]
    }
    say_links()
    for (i = 1; i <= want_count; i++)
        if (want_kind[want_id[i]] == "range" && stack_of(want_unit[want_id[i]]) != stack)
            print "fact range " nth_word(want_key[want_id[i]], 2), want_unit[want_id[i]]
    for (table in nft_live)
        print "fact table " table, (nft_mark[table] == "" ? "-" : nft_mark[table])
    for (i = 1; i <= network_count; i++)
        print "fact network " network_names[i], (network_mark[network_names[i]] == "" ? "-" : network_mark[network_names[i]])
    if (docker_state() == "yes") {
        say_containers()
        say_places()
        say_pools()
        say_docker_pools()
        say_nameless()
    }
    say_networkd()
    say_listeners()
    say_macs()
    say_lans()
    say_client()
    say_line("fact vendor ", DMI "sys_vendor")
    say_line("fact chassis ", DMI "chassis_asset_tag")
    say_firewall()
}

# `fact listens tcp 0.0.0.0 80 nginx 812`, and the id of the container that it is in
function say_listeners(    command, line, words, ip, at, pid, name) {
    command = "exec ss -Hltnup 2>/dev/null"
    while ((command | getline line) > 0) {
        split(line, words, " ")
        ip = words[5]
        sub(/(%[^:]*)?:[0-9]+$/, "", ip)
        gsub(/[][]/, "", ip)
        at = index(line, "((\"")
        name = at ? substr(line, at + 3) : "-"
        sub(/".*/, "", name)
        gsub(/ /, "_", name)
        pid = line
        if (!sub(/^.*users:[^=]*,pid=/, "", pid))
            pid = "-"
        sub(/,.*/, "", pid)
        sub(/.*:/, "", words[5])
        print "fact listens " words[1], ip, words[5], plain(name), pid container_of(pid)
    }
    close(command)
}

function container_of(pid,    path, line, id) {
    path = "/proc/" pid "/cgroup"
    while (id == "" && (getline line < path) > 0)
        if (match(line, /docker[-\/][0-9a-f]+/))
            id = " " substr(line, RSTART + 7, RLENGTH - 7)
    close(path)
    return id
}

function say_line(prefix, path,    line) {
    line = read_line(path)
    if (line != "")
        print prefix plain(line)
}

# one question for all of them: most kernels lack none
function say_lacks(    n, names, i, asked) {
    n = split("vxlan macvlan ipvlan 8021q", names, " ")
    for (i = 1; i <= n; i++)
        if (kernel_module(names[i]) == "no" && !(names[i] in module_lacks))
            asked = asked " " names[i]
    if (asked != "" && system("exec modprobe -n -q -a" asked " 2>/dev/null") == 0)
        return
    for (i = 1; i <= n; i++)
        if (kernel_lacks(names[i]))
            print "fact lacks " names[i]
}

# by which others know the stack's containers on a LAN
function say_macs(    at, pair, i) {
    for (at in endpoint_mac) {
        split(at, pair, SUBSEP)
        if (endpoint_mac[at] != "" && (stack_of(network_mark[pair[2]]) == stack || stack_of(place_owner(pair[1], pair[2])) == stack))
            print "fact mac " endpoint_mac[at], pair[1]
    }
    for (i = 1; i <= link_count; i++)
        if (link_kind[links[i]] == "macvlan" && stack_of(link_mark[links[i]]) == stack)
            print "fact mac " link_address[links[i]], links[i]
    for (at in network_value)
        if (network_driver[at] == "ipvlan" && stack_of(network_mark[at]) == stack)
            print "fact mac " link_address[nth_word(network_value[at], 2)], at
}

# of containers there are many, which nobody names
function say_links(    i, name) {
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        if (name !~ /^veth/)
            print "fact link " name, (link_kind[name] == "" ? "device" : link_kind[name]), owner_alias(name)
        if (name !~ /^veth/ && link_master[name] != "")
            print "fact port " name, link_master[name]
        if (link_is_tunnel[name])
            print "fact tunnel " name
        if (is_wireless(name))
            print "fact wireless " name
        if (link_kind[name] == "vxlan")
            print "fact vxlan " name, (has_word(link_words[name], "external") ? "all" : link_word(name, "id")), link_word(name, "dstport"), owner_alias(name)
    }
}

# the tables of packet filters, but for our own: what they do to a tunnel's packets is judged where the plan is made
function say_firewall(    i, table) {
    for (i = 1; i <= filter_count && filter_count < 3000; i++) {
        table = filter_table[i]
        if (filters[table])
            print "rule " filter_lines[i]
    }
    for (i = 1; i <= legacy_count && legacy_count < 3000; i++)
        print "rule " legacy_lines[i]
}

# routes of other stacks are told: two overlays must not overlap
function is_own_route(key,    mark) {
    mark = link_mark[route_owner(key)]
    return stack_of(mark) == stack || (mark == "" && route_proto[key] == 201)
}

# a link that a unit made is still its own when the alias was changed by hand
function owner_alias(name) {
    if (link_alias[name] !~ /^crosshost:/ && link_group[name] == 201 && (("link " name) in want_value))
        return "crosshost:" want_unit["link " name]
    return link_alias[name] == "" ? "-" : plain(link_alias[name])
}

function user_id(    line, id) {
    while ((getline line < "/proc/self/status") > 0)
        if (line ~ /^Uid:/)
            id = nth_word(trim(line), 3)
    close("/proc/self/status")
    return id
}

function user_name(    line, id, words) {
    id = user_id()
    while ((getline line < "/etc/passwd") > 0)
        if (split(line, words, ":") > 2 && words[3] == id) {
            close("/etc/passwd")
            return words[1]
        }
    close("/etc/passwd")
    return id
}

# Variables from the shell: mode (plan, observe or state), verb, stack, me, among, restarted, phase (of boot), round, verifying, has_docker,
# has_iptables, has_nft, client, program, version, lib_dir, run_dir, journal_dir, systemd_dir; for observe journal, stamps, socket.

END {
    take_units()
    if (user_id() != 0)
        refuse("commands run there as " user_name() ", who is not root: write become: \"sudo\"")
    else
        observe_host()
    if (mode == "state")
        say_state()
    else if (mode == "observe" && !refusals)
        say_observed()
    else if (!refusals)
        status = plan()
    for (i = 1; i <= refusals; i++)
        print "crosshost: refused: " (me == "" || me == stack ":*" ? "" : "unit " substr(me, length(stack) + 2) ": ") refusal[i] > "/dev/stderr"
    exit refusals ? 2 : status
}

