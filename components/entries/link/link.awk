# link NAME: bridges, tunnels (VXLAN, Geneve, GRE, IPIP, WireGuard), and what lies on a NIC: VLANs and the host's own macvlan or ipvlan. Marked by their alias, and by
# group 201 until they have it.

BEGIN {
    # what an entry does not name is at its default: compared, and put back when the word leaves the plan
    LINK_DEFAULTS["vxlan"] = "learning ttl auto ageing 300 master none"
    LINK_DEFAULTS["geneve"] = "ttl auto df unset master none"
    LINK_DEFAULTS["ipip"] = "remote any ttl inherit pmtudisc"
    LINK_DEFAULTS["gre"] = LINK_DEFAULTS["gretap"] = LINK_DEFAULTS["ipip"] " noignore-df"
    LINK_DEFAULTS["bridge"] = "stp_state 0 forward_delay 1500 priority 32768 vlan_filtering 0 mcast_snooping 1"
    LINK_WORDS["vxlan"] = "id local dev dstport ttl ageing"
    LINK_WORDS["geneve"] = "id remote dstport ttl df"
    LINK_WORDS["ipip"] = "local remote ttl"
    LINK_WORDS["gre"] = LINK_WORDS["gretap"] = LINK_WORDS["ipip"] " key"
    LINK_WORDS["macvlan"] = LINK_WORDS["ipvlan"] = "link mode"
    LINK_WORDS["vlan"] = "link id"
    LINK_WORDS["wireguard"] = LINK_FLAGS["wireguard"] = LINK_DEFAULTS["wireguard"] = LINK_IN_PLACE["wireguard"] = "" # the rest is told by `wg`
    LINK_WORDS["bridge"] = "stp_state forward_delay hello_time max_age ageing_time priority vlan_filtering mcast_snooping"
    # each may have `no` before it; and what a link has for which `ip` says neither. gawk 5.2 ends where an unset one is handed on.
    LINK_FLAGS["bridge"] = LINK_FLAGS["vlan"] = LINK_FLAGS["macvlan"] = LINK_FLAGS["ipvlan"] = ""
    LINK_FLAGS["vxlan"] = "learning"
    LINK_FLAGS["geneve"] = ""
    LINK_FLAGS["ipip"] = "pmtudisc"
    LINK_FLAGS["gre"] = LINK_FLAGS["gretap"] = "pmtudisc ignore-df"
    LINK_UNSAID["learning"] = "learning"
    LINK_UNSAID["pmtudisc"] = "pmtudisc"
    LINK_UNSAID["ignore-df"] = "noignore-df"
    LINK_COMMON = "mtu address master isolated"
    LINK_IN_PLACE["vxlan"] = "local dev ttl ageing learning"     # the kernel refuses another id or dstport
    LINK_IN_PLACE["geneve"] = "ttl df"     # id, remote and dstport only when it is made
    LINK_IN_PLACE["gre"] = LINK_IN_PLACE["gretap"] = LINK_IN_PLACE["ipip"] = LINK_IN_PLACE["vlan"] = LINK_IN_PLACE["macvlan"] = LINK_IN_PLACE["ipvlan"] = ""
    LINK_IN_PLACE["bridge"] = LINK_WORDS["bridge"]
}

# ---- what the kernel has: one line of `ip -d -o link show`

function link_dump() {
    return "link show"
}

function link_take(line, words,    part, n, i, name, parent, above) {
    if (words[1] !~ /^[0-9]+:$/ || words[3] !~ /^</)
        return 0
    n = split(line, part, "\\")
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
    link_carrier[name] = words[3] ~ /[<,]LOWER_UP[,>]/
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
    return 1
}

# an alias, which is anybody's text, comes behind what the link is and what it is as a port
function link_read_part(name, text,    kind) {
    kind = first_word(text)
    if (kind == "alias")
        link_alias[name] = substr(text, 7)
    else if (kind == "bridge_slave" && !(name in link_alias))
        link_isolated[name] = word_after(text, "isolated")
    else if (link_kind[name] == "" && !(name in link_alias) && kind !~ /_slave$/) {
        link_kind[name] = kind
        link_words[name] = text
    }
}

# A link that the unit held is still its own when only the alias was changed by hand.
function link_observe(    i, name, id) {
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        id = "link " name
        if (link_group[name] == 201 && link_alias[name] !~ /^crosshost:/ && (id in old_value))
            link_mark[name] = old_unit[id]
    }
    userland_observe()
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
    if (word == "isolated")
        return link_isolated[name]
    if (word == "key")
        return link_key_of(name)
    return word_after(link_words[name], word)
}

# of both ways, which `ip` shows like addresses
function link_key_of(name,    in_key, out_key, part) {
    in_key = word_after(link_words[name], "ikey")
    out_key = word_after(link_words[name], "okey")
    if (in_key != out_key)
        return in_key "/" out_key
    return split(out_key, part, ".") < 4 ? "" : sprintf("%.0f", ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4])
}

# a flag without its `no`, "" if the word is none
function link_stem(kind, word,    stem) {
    stem = word ~ /^no/ ? substr(word, 3) : word
    return has_word(LINK_FLAGS[kind], stem) ? stem : ""
}

function link_flag(name, stem) {
    if (has_word(link_words[name], "no" stem))
        return "no" stem
    return has_word(link_words[name], stem) ? stem : LINK_UNSAID[stem]
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
    words_check(key, substr(value, length(kind) + 2), LINK_WORDS[kind] " " LINK_COMMON, link_all_flags(kind))
}

function link_all_flags(kind,    n, stems, i, text) {
    n = split(LINK_FLAGS[kind], stems, " ")
    for (i = 1; i <= n; i++)
        text = text " " stems[i] " no" stems[i]
    return text
}

function link_canonical(key, value,    kind, n, words, i, stem) {
    kind = first_word(value)
    n = split(LINK_DEFAULTS[kind], words, " ")
    for (i = 1; i <= n; i++) {
        stem = link_stem(kind, words[i])
        if (stem != "") {
            if (!has_word(value, stem) && !has_word(value, "no" stem))
                value = value " " words[i]
        } else {
            if (!has_word(value, words[i]))
                value = value " " words[i] " " words[i + 1]
            i++
        }
    }
    return value
}

# the words of the entry as the link has them; a link that is down says so
function link_actual(id,    name, value, kind, n, words, i, stem, have, text, amiss) {
    name = nth_word(want_key[id], 2)
    value = want_value[id]
    if (!(name in link_index))
        return ""
    kind = first_word(value)
    if (link_kind[name] != kind)
        return link_kind[name] == "" ? "device" : link_kind[name]
    text = kind
    amiss = userland_amiss(name)
    n = split(value, words, " ")
    for (i = 2; i <= n; i++) {
        stem = link_stem(kind, words[i])
        if (stem != "") {
            text = text " " link_flag(name, stem)
            continue
        }
        have = link_word(name, words[i])
        if (have == "" && word_after(LINK_DEFAULTS[kind], words[i]) == words[i + 1])
            have = words[i + 1]       # an older kernel or ip does not print the word
        text = text " " (have == "" ? "no-" words[i] : words[i] " " have)
        i++
    }
    return text (link_up[name] ? "" : " down") (amiss == "" ? "" : " " amiss)
}

function link_owner(id,    name, i, other, value) {
    name = nth_word(want_key[id], 2)
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
    for (i = 1; i <= link_count; i++) {
        other = links[i]
        if (other != name && !is_mine(link_mark[other]) && link_takes(other, value))
            refuse("link " name ": " link_taken(value) " is taken by " other " (" (link_mark[other] == "" ? "not made by Crosshost" : unit_name(link_mark[other])) ")")
    }
}

# whether one gets the packets that are meant for another
function link_takes(other, value,    kind, local) {
    kind = first_word(value)
    if (kind ~ /^(vxlan|geneve)$/)
        return link_kind[other] == kind && number_taken(other, value) && link_word(other, "dstport") == word_after(value, "dstport")
    sub(/^gretap$/, "gre", kind)
    if ((kind != "gre" && kind != "ipip") || tunnel_kind(other) != kind)
        return 0
    local = link_word(other, "local")
    return (local == "any" || local == word_after(value, "local")) && link_word(other, "key") == word_after(value, "key")
}

function link_taken(value) {
    if (value ~ /^(vxlan|geneve) /)
        return "VNI " word_after(value, "id") (value ~ /^geneve/ ? " from " word_after(value, "remote") : "") " on port " word_after(value, "dstport")
    return (value ~ /^gre(tap)? / ? "GRE key " word_after(value, "key") : "IPIP") " at " word_after(value, "local")
}

# one that is `external` takes all that come to its port
function number_taken(name, value) {
    if (has_word(link_words[name], "external"))
        return 1
    return link_word(name, "id") == word_after(value, "id") && (value ~ /^vxlan/ || link_word(name, "remote") == word_after(value, "remote"))
}

# gre or ipip, whatever it carries; that of the kernel itself, which takes what nobody else does, only when it is used
function tunnel_kind(name,    kind) {
    kind = link_kind[name] ~ /^(gretap|erspan)$/ ? "gre" : link_kind[name]
    if ((kind != "gre" && kind != "ipip") || (name ~ /^(gre|gretap|erspan|tunl)0$/ && !link_up[name]))
        return ""
    return kind
}

# the mark, which is not among its words
function link_lacks(id,    name) {
    name = nth_word(want_key[id], 2)
    if (link_alias[name] == "crosshost:" want_unit[id])
        return ""
    return "not ours, " (link_alias[name] == "" ? "no mark" : plain("alias " link_alias[name]))
}

function link_differs(want, have) {
    return differing_words(want, have, 1)
}

function link_rebuilt(id) {
    return nth_word(want_key[id], 2) in link_anew
}

function link_before_docker(id) {
    return 1
}

function link_extras(    i) {
    for (i = 1; i <= link_count; i++)
        if (!(links[i] in host_end))
            extra("link " links[i], link_mark[links[i]], link_kind[links[i]], "")
}

# ---- state, for undoing

function link_state(path,    i, name) {
    for (i = 1; i <= link_count; i++) {
        name = links[i]
        if (link_mark[name] != "" || (("link " name) in want_value))
            print "link", name, link_kind[name], link_text(name) > path
    }
}

function link_text(name,    kind, n, words, i, text) {
    kind = link_kind[name]
    n = split(LINK_WORDS[kind] " " LINK_COMMON, words, " ")
    for (i = 1; i <= n; i++)
        text = text " " words[i] " " link_word(name, words[i])
    n = split(LINK_FLAGS[kind], words, " ")
    for (i = 1; i <= n; i++)
        text = text " " link_flag(name, words[i])
    return text " " link_alias[name] (link_up[name] ? " up" : " down")
}
