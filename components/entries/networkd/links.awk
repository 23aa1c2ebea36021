# Links of ours under systemd-networkd. A file that matches them (`Name=*`, `Type=ether`) would have networkd set them up as it says, and
# take away what we added. It goes by the first that matches, so ours comes first, for all units of the stack. It is no entry: no program
# wants it. Its folder is systemd's, which stays.

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
            name = is_managed_bridge(nth_word(want_key[id], 2)) ? "" : nth_word(want_key[id], 2)
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
        step("networkd.remove", "remove", unmanaged_path(), "networkd links")
        undo_file("networkd.remove", unmanaged_path(), before, "0644")
    }
    if (wanted == "" || (before == "" && read_line(NETWORKD_RUNS) == ""))
        return
    if (wanted != before) {
        step("networkd.links", "put", unmanaged_path() " 0644 " journal_file(wanted), "networkd links")
        undo_file("networkd.links", unmanaged_path(), before, "0644")
    }
    if (round == 1 && (wanted != before ? grabber(wanted) : links_grabbed()) != "") {
        step("networkd.reload", "networkctl", "reload", "networkd links")
        undo("networkd.back.reload", "networkctl", "reload")
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

# links of the stack that networkd has in its hands by a file that comes after ours, but for the bridge of an uplink, by one that tells it to
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
        if (file != managed_path(stack, links[i]) && managed !~ /^(unmanaged|pending|initialized|)$/ && comes_after_ours(file))
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
        if (!comes_after_ours(file) && (may_match(file, "ch-any-0", "bridge") || may_match(file, "vx-any-0", "vxlan") || \
            may_match(file, "gr-any-0", "gre") || may_match(file, "ip-any-0", "ipip") || may_match(file, "wg-any-0", "wireguard") || may_match(file, "gn2-any-0", "geneve") || may_match(file, "gt2-any-0", "gretap")))
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
            matched = matched && (matches_one(value, kind) || matches_one(value, kind == "gre" ? "ipgre" : kind == "ipip" ? "tunnel" : kind == "wireguard" ? "none" : "ether"))
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
