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
