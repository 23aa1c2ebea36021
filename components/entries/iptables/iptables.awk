# iptables rules of ours beside Docker's. The comment is the mark; a rule is told by its words.

# ---- what the kernel has: of `iptables-save`, which is one process where `iptables -S` would be one for each chain, a few chains

BEGIN { PER_UNIT["iptables"] = 1 }

function iptables_check(key, value) {
    if (key !~ /^iptables (DOCKER-USER|raw-PREROUTING) [^ ]+$/)
        refuse(key ": only rules of the chains DOCKER-USER and raw-PREROUTING are managed")
}

function iptables_note(key, value, id, role) {
    iptables_speaks_of_raw = iptables_speaks_of_raw || key ~ / raw-/
}

function iptables_observe() {
    iptables_read_all()
    if (mode == "observe")
        legacy_read()
}

function iptables_read_all(    asked, lacking) {
    if (!has_iptables || !iptables_is_there())
        return
    asked = iptables_chains()
    if (asked != "")
        lacking = iptables_take("exec iptables-save", asked)
    if (lacking != "")
        iptables_take("{ " lacking "}", asked)
}

# A table in which nft has put what iptables has no words for is left out whole; that is what this returns a command for, by chain.
function iptables_take(command, asked,    line, table, chain, lacking) {
    command = command " 2>/dev/null"
    while ((command | getline line) > 0) {
        if (line ~ /^\*/)
            table = substr(line, 2)
        if (line ~ /^# Table `[a-z]+\047 is incompatible/)
            lacking = lacking iptables_by_chain(asked, substr(nth_word(line, 3), 2, length(nth_word(line, 3)) - 2))
        chain = line ~ /^:/ ? substr(first_word(line), 2) : line ~ /^-[PNA] / ? nth_word(line, 2) : ""
        if (chain != "" && has_word(asked, table "/" chain))
            iptables_read((table == "raw" ? "raw-" : "") chain, line)
    }
    close(command)
    return lacking
}

function iptables_by_chain(asked, table,    n, i, chains, command) {
    n = split(asked, chains, " ")
    for (i = 1; i <= n; i++)
        if (index(chains[i], table "/") == 1)
            command = command "iptables -w 10 -t " table " -S " substr(chains[i], length(table) + 2) "; "
    return "echo \"*" table "\"; " command
}

function iptables_chains(    all, asked) {
    all = sweeping() || (mode == "observe" && docker_state() == "yes")
    if (all || speaks_of("iptables"))
        asked = "filter/DOCKER-USER filter/FORWARD"
    if (all || (phase != "links" && speaks_of("network")))
        asked = asked " nat/DOCKER"
    if (all)
        asked = asked " nat/PREROUTING"
    if ((iptables_speaks_of_raw || sweeping()) && docker_filters_raw())
        asked = asked " raw/PREROUTING"
    return asked
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

function iptables_read(chain, line,    rule, unit) {
    iptables_has[chain] = 1
    if (line ~ /^(:FORWARD DROP |-P FORWARD DROP$)/)
        iptables_drops = 1
    if (line !~ /^-A /)
        return
    iptables_length[chain]++
    gsub(/"/, "", line)
    rule = substr(line, 5 + length(nth_word(line, 2)))
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
    iptables_position[iptables_count] = iptables_length[chain]
    iptables_behind[iptables_count] = (chain in iptables_ended)
}

# ---- rules that let packets in

# Since 28.0 Docker drops what others send to a container's own address before all else: for some ports at first, and since 28.2 for all.
function docker_filters_raw(    part) {
    split(docker_version(), part, ".")
    return part[1] ~ /^[0-9]+$/ && part[1] >= 28 && !docker_leaves_iptables()
}

# Docker asks DOCKER-USER before all else. Where it did not make that chain (20.10 with `bridge: none`, after a boot), or its jump is
# gone, the rule has to stand in FORWARD; where nothing drops, nowhere.
function iptables_place(key) {
    if (key ~ / raw-/)
        return docker_filters_raw() ? "raw-PREROUTING" : ""
    if (iptables_asks_user)
        return "DOCKER-USER"
    if ((iptables_drops || iptables_filters || ("FORWARD" in iptables_ended)) && !docker_leaves_iptables())
        return "FORWARD"
    return ("DOCKER-USER" in iptables_has) ? "DOCKER-USER" : ""
}

function iptables_actual(id,    place, i, value, unreached) {
    place = iptables_place(want_key[id])
    value = want_value[id]
    if (place == "")
        return value
    for (i = 1; i <= iptables_count; i++) {
        if (iptables_unit[i] != want_unit[id] || iptables_rules[i] != value || iptables_behind[i] || iptables_taken[i])
            continue
        if (iptables_chain[i] == place || (iptables_chain[i] == "FORWARD" && place !~ /^raw-/)) {
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
    place = iptables_in(iptables_place(want_key[id]), "-I")
    step("iptables.add", "iptables", place " " rule, want_key[id])
    sub(/ -I /, " -D ", place)
    undo("iptables.add", "iptables", place " " rule)
}

# `-w 10 -t raw -I PREROUTING`
function iptables_in(chain, verb) {
    return "-w 10 -t " iptables_table(chain) " " verb " " iptables_name(chain)
}

function iptables_table(chain) {
    return chain == "DOCKER" ? "nat" : chain ~ /^raw-/ ? "raw" : "filter"
}

function iptables_name(chain) {
    sub(/^raw-/, "", chain)
    return chain
}

# After each wanted rule has taken its own. From the last to the first, so that undoing, which goes backwards, finds at each
# position what stood there.
function iptables_unmake_rest(    i, rule, chain) {
    for (i = iptables_count; i >= 1; i--)
        if (is_mine(iptables_unit[i]) && !iptables_taken[i] && !is_let_out(i)) {
            chain = iptables_chain[i]
            rule = iptables_marked(iptables_rules[i], iptables_unit[i])
            step("iptables.del", "iptables", iptables_in(chain, "-D") " " rule, "iptables " chain)
            undo("iptables.del", "insert", iptables_table(chain) " " iptables_name(chain) " " iptables_position[i] " " rule)
        }
}

# ---- rules that nft does not show

function iptables_extras() {
    if (mode == "observe")
        iptables_tell_rest()
    else if (phase != "links")
        iptables_unmake_rest()
}

function iptables_tell_rest(    i, why) {
    for (i = 1; i <= iptables_count; i++)
        if (!iptables_taken[i] && !iptables_told[i] && !is_let_out(i) && (iptables_unit[i] in on_file) && stack_of(iptables_unit[i]) == stack) {
            why = iptables_behind[i] ? "behind a rule that ends the chain, " : "not in the plan, "
            tell(iptables_unit[i], "iptables " iptables_chain[i], why plain(iptables_rules[i]))
        }
}

function iptables_state(path,    i) {
    for (i = 1; i <= iptables_count; i++)
        print "iptables", iptables_chain[i], iptables_unit[i], iptables_rules[i] > path
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
