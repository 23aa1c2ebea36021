# A NIC that systemd-networkd sets up. Its settings are the bridge's as long as that is there: files of ours in /run, before the admin's, say
# so. They go with the power, so that a boot begins as the admin has written it, and this follows.

BEGIN {
    MANAGED_FOLDER = "/run/systemd/network"
    MANAGED_MARK = "# Made by Crosshost from "
}

function managed_path(stack, name) {
    return MANAGED_FOLDER "/00-1-crosshost-" stack "-" name ".network"
}

# the admin's file for the NIC, and what adds to it; "" if it is nobody's
function managed_source(nic,    path, line, file, state, more, is_told) {
    if (nic in managed_known)
        return managed_known[nic]
    if (!(nic in link_number))
        return managed_known[nic] = ""
    path = "/run/systemd/netif/links/" link_number[nic]
    while ((getline line < path) > 0) {
        gsub(/"/, "", line)
        if (sub(/^NETWORK_FILE=/, "", line))
            file = line
        else if (sub(/^NETWORK_FILE_DROPINS=/, "", line)) {
            is_told = 1
            gsub(/:/, " ", line)
            more = " " line
        }
        else if (sub(/^ADMIN_STATE=/, "", line))
            state = line
    }
    close(path)
    if (file ~ /\/00-1-crosshost-[^\/]*\.network$/) {
        line = read_line(file)
        return managed_known[nic] = index(line, MANAGED_MARK) == 1 ? substr(line, length(MANAGED_MARK) + 1) : ""
    }
    if (state == "unmanaged" || file == "")
        return managed_known[nic] = ""
    return managed_known[nic] = trim(file (is_told ? more : managed_dropins(file)))
}

# Debian 12's systemd (252) does not tell what adds to a file. Of one name the first folder's is it, and they are read in the order of names.
function managed_dropins(file,    command, line, name, names, path, count, i, found) {
    command = "for folder in /etc /run /usr/local/lib /usr/lib; do for file in $folder/systemd/network/" quoted(base_name(file) ".d") \
        "/*.conf; do [ ! -e \"$file\" ] || echo \"$file\"; done; done"
    while ((command | getline line) > 0) {
        name = base_name(line)
        if (name in path)
            continue
        path[name] = line
        for (i = count++; i > 0 && names[i] "" > name ""; i--)
            names[i + 1] = names[i]
        names[i + 1] = name
    }
    close(command)
    for (i = 1; i <= count; i++)
        found = found " " path[names[i]]
    return found
}

function is_managed_bridge(name) {
    return (name in uplink_nic) && managed_source(uplink_nic[name]) != ""
}

# sections and what they hold: `port` of the NIC itself, `bridge` all else
function managed_text(nic, bridge, part,    n, files, i, line, section, text, keeps, iaid) {
    n = split(managed_source(nic), files, " ")
    text = MANAGED_MARK managed_source(nic) "\n[Match]\nName=" (part == "port" ? nic : bridge) "\n"
    if (part == "port")
        text = text "\n[Network]\nKeepMaster=yes\nKeepConfiguration=static\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
    for (i = 1; i <= n; i++) {
        section = ""
        while ((getline line < files[i]) > 0) {
            if (line ~ /^[ \t]*([#;].*)?$/)
                continue
            if (line ~ /^[ \t]*\[/) {
                section = trim(line)
                if (managed_has(section, part))
                    text = text "\n" section "\n"
            } else if (managed_has(section, part)) {
                text = text line "\n"
                keeps = keeps || line ~ /^[ \t]*KeepConfiguration[ \t]*=/
            }
        }
        close(files[i])
    }
    if (part == "port")
        return text
    iaid = managed_has_dhcp(nic) ? managed_iaid(nic, bridge) : ""
    if (iaid != "")
        text = text "\n[DHCPv4]\nIAID=" iaid "\n\n[DHCPv6]\nIAID=" iaid "\n"
    # until it is read anew at a boot: what others have added to the NIC stays too
    return text (keeps ? "" : "\n[Network]\nKeepConfiguration=static\n")
}

# By what a server knows the NIC, where it is not by its MAC: of a NIC it comes from its place in the machine, which a bridge has not. It is
# told as long as the NIC has a client of its own, and then our file has it.
function managed_iaid(nic, bridge,    command, line, path) {
    if (nic in managed_iaid_known)
        return managed_iaid_known[nic]
    managed_iaid_known[nic] = ""
    path = managed_path(stack, bridge)
    while ((getline line < path) > 0)
        if (sub(/^IAID=/, "", line))
            managed_iaid_known[nic] = line
    close(path)
    if (managed_iaid_known[nic] != "")
        return managed_iaid_known[nic]
    command = "exec networkctl --no-pager --lines=0 status " nic " 2>/dev/null"
    while ((command | getline line) > 0)
        if (match(line, /IAID:? *0x[0-9a-fA-F]+/)) {
            line = substr(line, RSTART, RLENGTH)
            sub(/^IAID:? */, "", line)
            managed_iaid_known[nic] = line
        }
    close(command)
    return managed_iaid_known[nic]
}

# as systemd reads it: truth in six words of any case, and three words of old
function managed_has_dhcp(nic) {
    return managed_line(nic, "^DHCP=([Yy][Ee][Ss]|[Yy]|[Tt][Rr][Uu][Ee]|[Tt]|[Oo][Nn]|1|ipv4|ipv6|both|v4|v6)$") != ""
}

# the first file and line that are so
function managed_line(nic, pattern,    n, files, i, line, found) {
    n = split(managed_source(nic), files, " ")
    for (i = 1; i <= n && found == ""; i++) {
        while (found == "" && (getline line < files[i]) > 0) {
            gsub(/[ \t]*=[ \t]*/, "=", line)
            line = trim(line)
            if (line ~ pattern)
                found = files[i] " has " line
        }
        close(files[i])
    }
    return found
}

function managed_has(section, part) {
    return section != "[Match]" && section != "" && (section == "[Link]") == (part == "port")
}

function managed_bar(nic,    n, files, more) {
    n = split(managed_source(nic), files, " ")
    if (n && base_name(files[1]) < "00-1-crosshost-")
        return "is set up by " files[1] ", which systemd-networkd reads before any file of Crosshost\047s: rename it, such as to 10-" nic ".network"
    more = managed_line(nic, "^(Bridge|Bond|VRF|VLAN|MACVLAN|MACVTAP|IPVLAN|IPVTAP|BatmanAdvanced|Tunnel|Xfrm|IPoIB|MACsec)=.")
    if (more != "")
        return "has more on it than addresses and routes (" more "), which would not follow to the bridge: leave uplink out"
    return ""
}

function base_name(path) {
    sub(/^.*\//, "", path)
    return path
}

function managed_differs(nic, bridge) {
    return managed_source(nic) != "" && (read_file(managed_path(stack, nic)) != managed_text(nic, bridge, "port") || \
        read_file(managed_path(stack, bridge)) != managed_text(nic, bridge, "bridge"))
}

function managed_make(nic, bridge, key) {
    if (managed_source(nic) == "" || !managed_differs(nic, bridge))
        return
    managed_leave(nic, bridge, key)
    managed_put(managed_path(stack, bridge), managed_text(nic, bridge, "bridge"), key)
    managed_put(managed_path(stack, nic), managed_text(nic, bridge, "port"), key)
    step("uplink.reload", "networkctl", "reload", key)
    undo("uplink.back.reload", "networkctl", "reload")
    if (managed_has_dhcp(nic)) {
        step("uplink.keep", "keep", bridge " " journal_file(managed_lease(nic, bridge, bridge)), key)
        undo("uplink.back.keep", "keep", nic " " journal_file(managed_lease(nic, bridge, nic)))
    }
}

# systemd-networkd takes a lease from a link when it gets another file, and asks for it again. Where no server answers, it is put back.
function managed_lease(nic, bridge, target, also_six,    i, pass, name, text) {
    for (i = 1; i <= addr_count; i++) {
        name = addr_link[addr_keys[i]]
        if ((name == nic || name == bridge) && (addr_keys[i] !~ /:/ || (also_six && !is_of_routers(addr_keys[i]))) && addr_is_to_go(addr_keys[i], name))
            text = text "addr add " addr_as_for(addr_keys[i], target, "") " dev " target "\n"
    }
    for (pass = 0; pass <= 1; pass++)
        for (i = 1; i <= trail_count; i++) {
            name = trail_is_over(i, nic) ? nic : bridge
            if (trail_is_over(i, name) && (!trail_is_six(i) || (also_six && trail_proto[i] != "ra")) && (trails[i] ~ / via /) == pass && trail_is_to_go(i, name))
                text = text "route add " trail_again(i, name, target) "\n"
        }
    return text
}

# Another bridge had the NIC before: one of its name that came again would be given the NIC's addresses and routes before they are moved.
function managed_leave(nic, bridge, key,    former) {
    former = nth_word(read_line(uplink_record(nic)), 2)
    if (former != "" && former != bridge && index(read_line(managed_path(stack, former)), MANAGED_MARK) == 1)
        managed_remove("uplink.files", "uplink.back.files", managed_path(stack, former), key)
}

function managed_put(path, text, key) {
    step("uplink.files", "put", path " 0644 " journal_file(text), key)
    undo_file("uplink.back.files", path, read_file(path), "0644")
}

function managed_unmake(nic, bridge, key) {
    if (index(read_line(managed_path(stack, nic)), MANAGED_MARK) != 1)
        return
    managed_remove("uplink.files.remove", "uplink.release.back.files", managed_path(stack, nic), key)
    managed_remove("uplink.files.remove", "uplink.release.back.files", managed_path(stack, bridge), key)
    step("uplink.files.prune", "prune", MANAGED_FOLDER, key)
    step("uplink.reload.after", "networkctl", "reload", key)
    undo("uplink.release.back.reload", "networkctl", "reload")
    if (managed_has_dhcp(nic)) {
        step("uplink.keep.after", "keep", nic " " journal_file(managed_lease(nic, bridge, nic)), key)
        undo("uplink.release.back.keep", "keep", bridge " " journal_file(managed_lease(nic, bridge, bridge)))
    }
}

function managed_remove(at, back, path, key) {
    step(at, "remove", path, key)
    undo_file(back, path, read_file(path), "0644")
}
