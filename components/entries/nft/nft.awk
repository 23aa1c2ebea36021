# nft CHAIN NAME: one table of each family for a unit, loaded as a whole; that of bridges has the chains `bridge-...`. Each nft prints
# rules its own way (sets sorted, numbers in hex, payloads decoded), so what it printed right after loading is recorded, together with
# the rules that were wanted.

BEGIN {
    PER_UNIT["nft"] = 1 # each unit has its own table
    NFT_CHAINS = "prerouting input forward postrouting bridge-prerouting bridge-postrouting"
    NFT_CHAIN["prerouting"] = "type filter hook prerouting priority raw"
    NFT_CHAIN["input"] = "type filter hook input priority filter - 10"
    NFT_CHAIN["forward"] = "type filter hook forward priority filter - 10"
    NFT_CHAIN["postrouting"] = "type nat hook postrouting priority srcnat"
    NFT_CHAIN["bridge-prerouting"] = "type filter hook prerouting priority dstnat" # before what br_netfilter hands on to iptables
    NFT_CHAIN["bridge-postrouting"] = "type filter hook postrouting priority filter"
}

# FAMILY NAME
function nft_table(id,    unit) {
    unit = want_unit[id]
    gsub(/[:.-]/, "_", unit)
    return (is_of_bridges(want_key[id]) ? "bridge" : "inet") " crosshost_" unit
}

function is_of_bridges(key) {
    return key ~ /^nft bridge-/
}

function nft_note(key, value, id, role) {
    nft_speaks_of_bridges = nft_speaks_of_bridges || is_of_bridges(key)
}

function nft_check(key, value) {
    if (!(nth_word(key, 2) in NFT_CHAIN) || nth_word(key, 4) != "")
        refuse(key ": needs a chain (prerouting, input, forward, postrouting, bridge-prerouting, bridge-postrouting) and one name")
}

# ---- what the kernel has: `nft -s list ruleset`

function nft_before_docker(id) {
    return 1
}

function nft_observe(    command, line) {
    if (has_nft && (speaks_of("nft") || sweeping() || shows_firewall())) {
        # of tables that iptables keeps it warns each time
        command = shows_firewall() ? "exec nft -s list ruleset 2>/dev/null" : nft_speaks_of_bridges || sweeping() ? \
            "nft -s list ruleset inet; exec nft -s list ruleset bridge" : "exec nft -s list ruleset inet" # asked for both at once, nft 1.1 shows the last
        while ((command | getline line) > 0) {
            nft_read(line)
            if (mode == "observe")
                filter_read(line)
        }
        close(command)
    }
    nft_collect()
}

function nft_read(line,    words) {
    split(line, words, " ")
    if (words[1] == "table") {
        nft_now = words[2] ~ /^(inet|bridge)$/ && words[3] ~ /^crosshost_/ ? words[2] " " words[3] : ""
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

function nft_record_path(table,    part) {
    split(table, part, " ")
    return run_dir "/nft/" part[2] (part[1] == "inet" ? "" : "." part[1])
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
    table = nft_table(id)
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
        table = nft_table(id)
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

function nft_finish() {
    if (mode == "observe")
        tell_tables()
    else
        plan_tables()
}

function plan_tables(    i, id, table, tables) {
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        if (is_mine(want_unit[id]) && want_kind[id] == "nft")
            tables[nft_table(id)] = 1
    }
    for (table in nft_live)
        if (is_mine(nft_mark[table]))
            tables[table] = 1
    for (table in tables) {
        if (!has_nft)
            refuse("nft is not installed: apt install nftables")
        nft_table_owner(table)
        if (!nft_in_step(table))
            nft_load(table)
    }
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

function nft_table_owner(table) {
    if ((table in nft_live) && nft_mark[table] == "" && nft_want[table] != "")
        refuse("nft table " table ": already exists and was not made by Crosshost (no mark)")
    else if ((table in nft_live) && nft_mark[table] != "" && !is_mine(nft_mark[table]))
        refuse("nft table " table ": belongs to " unit_name(nft_mark[table]))
}

function nft_load(table,    load, record, text, n, chains, i, first) {
    load = nft_want[table] == "" ? "nft.unload" : "nft.load"
    record = nft_want[table] == "" ? "nft.forget" : "nft.record"
    first = "nft table"
    text = "table " table "\ndelete table " table "\n"
    if (nft_want[table] != "") {
        text = text "table " table " {\n comment \"crosshost:" nft_unit[table] "\"\n"
        n = split(NFT_CHAINS, chains, " ")
        for (i = 1; i <= n; i++)
            if ((table, chains[i]) in nft_rules)
                text = text " chain " chains[i] " {\n  " NFT_CHAIN[chains[i]] "; policy accept;\n" nft_rules[table, chains[i]] " }\n"
        text = text "}\n"
    }
    step(load, "nft", text, first)
    undo(load, "nft", "table " table "\ndelete table " table "\n" ((table in nft_live) ? nft_live[table] : ""))
    if (nft_want[table] != "")
        step(record, "record", table " " journal_file(nft_prefixed(nft_want[table])) " " nft_record_path(table), first)
    else
        step(record, "remove", nft_record_path(table), first)
    undo_file(record, nft_record_path(table), read_file(nft_record_path(table)))
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

function nft_state(path,    table) {
    for (table in nft_live)
        print "nft", table, plain(nft_live[table]) > path
}

function nft_facts(    table, part) {
    for (table in nft_live) {
        split(table, part, " ")
        print "fact table " part[2], (nft_mark[table] == "" ? "-" : nft_mark[table]), part[1]
    }
}
