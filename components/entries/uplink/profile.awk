# A NIC that NetworkManager sets up. Profiles of ours in /run, before the admin's, make it the port of the bridge, and give that what his
# gives to the NIC: addresses, lease, name servers and firewalld's zone stay its business. They go with the power, so that a boot begins as
# the admin has written it, and this follows.

BEGIN {
    PROFILE_FOLDER = "/run/NetworkManager/system-connections"
    # what the UUIDs of ours begin with; the rest is that of the admin's
    PROFILE_OF["port"] = "c0550001"
    PROFILE_OF["bridge"] = "c0550002"
}

function profile_path(name) {
    return PROFILE_FOLDER "/crosshost-" stack "-" name ".nmconnection"
}

function profile_id(nic, part) {
    return PROFILE_OF[part] substr(profile_uuid[nic], 9)
}

# the file of the profile that NetworkManager has set up the NIC by; "" if it is nobody's, or of no file
function profile_source(nic,    path, line) {
    if (nic in profile_known)
        return profile_known[nic]
    profile_known[nic] = ""
    if (!(nic in link_number))
        return ""
    profile_metric[nic] = 100 # an Ethernet's
    path = "/run/NetworkManager/devices/" link_number[nic]
    while ((getline line < path) > 0) {
        if (sub(/^connection-uuid=/, "", line))
            profile_uuid[nic] = line
        else if (sub(/^route-metric-default-effective=/, "", line))
            profile_metric[nic] = line
    }
    close(path)
    if (index(profile_uuid[nic], PROFILE_OF["port"]) == 1)
        profile_is_port[nic] = profile_recall(nic)
    else if (profile_uuid[nic] != "") {
        profile_known[nic] = profile_find(nic)
        profile_token[nic] = token_of_routers(nic)
    }
    return profile_known[nic]
}

# The second half of an address that routers tell of: by itself NetworkManager makes it of a link's name and its profile's UUID. With
# temporary ones beside it, it is the one that manages them.
function token_of_routers(nic,    i, key, parts, found) {
    for (i = 1; i <= addr_count; i++) {
        key = addr_keys[i]
        if (addr_link[key] == nic && is_of_routers(key) && (found == "" || addr_flags[key] != ""))
            found = key
    }
    if (found == "")
        return "-"
    split(groups_of(nth_word(found, 3)), parts, ":")
    return "::" parts[5] ":" parts[6] ":" parts[7] ":" parts[8]
}

# one that ends some day, or of a network that they tell of
function is_of_routers(key,    i, network) {
    if (key !~ /:.*\/64$/ || addr_of_kernel[key])
        return 0
    network = network_of(nth_word(key, 3))
    for (i = 1; i <= trail_count; i++)
        if (trail_proto[i] == "ra" && trail_is_over(i, addr_link[key]) && trails[i] ~ /^[^ ]*\/64 / && network_of(first_word(trails[i])) == network)
            return 1
    return addr_lifetime[key] != ""
}

function network_of(address,    parts) {
    split(groups_of(address), parts, ":")
    return parts[1] ":" parts[2] ":" parts[3] ":" parts[4]
}

# all eight of an IPv6 address
function groups_of(address,    at, n, left, right, parts) {
    sub(/\/.*/, "", address)
    at = index(address, "::")
    if (!at)
        return address
    left = substr(address, 1, at - 1)
    right = substr(address, at + 2)
    for (n = split(left, parts, ":") + split(right, parts, ":"); n < 8; n++)
        left = left (left == "" ? "" : ":") "0"
    return left (right == "" ? "" : ":") right
}

# NetworkManager has the NIC, and is not done
function profile_is_awaited(nic,    state) {
    state = read_file("/run/NetworkManager/devices/" link_number[nic])
    return state ~ /(^|\n)managed=true/ && state !~ /\nconnection-uuid=/
}

# as long as the NIC is a port, our file says whose it was
function profile_recall(nic,    line, words) {
    line = read_line(profile_path(nic))
    if (index(line, MANAGED_MARK) != 1)
        return 0
    line = substr(line, length(MANAGED_MARK) + 1)
    split(line, words, " ")
    profile_metric[nic] = words[1]
    profile_token[nic] = words[2]
    profile_uuid[nic] = words[3]
    profile_known[nic] = substr(line, length(words[1] words[2] words[3]) + 4)
    return 1
}

# One written by hand, or by netplan, may have no UUID, which NetworkManager derives from its name then.
function profile_find(nic,    n, paths, i, line, is_for, has_uuid, count, found) {
    n = split(ENVIRON["CROSSHOST_PROFILES"], paths, "\n")
    for (i = 1; i <= n; i++) {
        is_for = has_uuid = 0
        while ((getline line < paths[i]) > 0) {
            line = keyfile_line(line)
            if (line == "uuid=" profile_uuid[nic]) {
                close(paths[i])
                return paths[i]
            }
            is_for = is_for || line == "interface-name=" nic
            has_uuid = has_uuid || line ~ /^uuid=/
        }
        close(paths[i])
        if (is_for && !has_uuid && !count++)
            found = paths[i]
    }
    return count == 1 ? found : ""
}

# As GLib reads it: blanks stand before and behind a group, before a key, and around its `=`; those that end a value are its own.
function keyfile_line(line) {
    sub(/^[ \t]+/, "", line)
    if (line ~ /^\[/)
        sub(/[ \t]+$/, "", line)
    else
        sub(/[ \t]*=[ \t]*/, "=", line)
    return line
}

function profile_has_dhcp(nic) {
    return profile_value(nic, "[ipv4]", "method") == "auto"
}

function profile_value(nic, in_section, name,    path, line, section, found) {
    path = profile_source(nic)
    while (path != "" && (getline line < path) > 0) {
        line = keyfile_line(line)
        if (line ~ /^\[/)
            section = line
        else if (section == in_section && index(line, name "=") == 1)
            found = substr(line, length(name) + 2)
    }
    if (path != "")
        close(path)
    return found
}

# ---- what cannot follow

function profile_bar(nic,    path, found, i) {
    path = profile_source(nic)
    if (profile_uuid[nic] == "")
        return ""
    if (path == "")
        return "is set up by NetworkManager, by no keyfile that is its own: store its profile as one (nmcli connection migrate), or leave uplink out"
    if (!is_profiled(nic))
        return "is set up by somebody else than NetworkManager, which holds it all the same (" path "): let it leave the NIC alone (unmanaged-devices), or leave uplink out"
    found = profile_value(nic, "[connection]", "type")
    if (found !~ /^(ethernet|802-3-ethernet)$/)
        return "has a profile of another type than ethernet (" path " has type=" found "): leave uplink out"
    for (i = 1; i <= link_count; i++)
        if (link_parent[links[i]] == nic && is_profiled(links[i]))
            return "carries " links[i] ", which NetworkManager would take down with it: leave uplink out"
    for (i = 1; i <= addr_count; i++)
        if (addr_link[addr_keys[i]] == nic && addr_keys[i] ~ /:.*\/128$/ && addr_lifetime[addr_keys[i]] != "")
            return "has " nth_word(addr_keys[i], 3) " by DHCPv6, whose server would give the bridge another: give the host a static address, or leave uplink out"
    found = profile_line(nic, "^(\\[802-1x\\]|dhcp-client-id=(duid|ipv6-duid|perm-mac|stable)|method=(shared|dhcp)|(master|controller)=.*)$")
    if (found != "")
        return "has more in its profile than a bridge can have (" found "): leave uplink out"
    return ""
}

# NetworkManager makes a profile of its own of what others have set up
function is_profiled(name) {
    return profile_source(name) != "" && profile_value(name, "[.nmmeta]", "nm-generated") != "true"
}

function profile_line(nic, pattern,    path, line, found) {
    path = profile_source(nic)
    while (found == "" && (getline line < path) > 0) {
        line = keyfile_line(line)
        if (line ~ pattern)
            found = path " has " line
    }
    close(path)
    return found
}

# ---- what ours say

function profile_text(nic, bridge, part,    path, n, lines, i, line, section, text, name, has) {
    path = profile_source(nic)
    n = split(read_file(path), lines, "\n")
    name = part == "port" ? nic : bridge
    text = MANAGED_MARK profile_metric[nic] " " profile_token[nic] " " profile_uuid[nic] " " path "\n[connection]\nid=crosshost-" stack "-" name \
        "\nuuid=" profile_id(nic, part) "\ninterface-name=" name "\nautoconnect-priority=999\n"
    if (part == "port")
        text = text "type=ethernet\nmaster=" bridge "\nslave-type=bridge\n"
    else
        text = text "type=bridge\n\n[bridge]\nstp=false\n"
    text = text "\n[ethernet]\ncloned-mac-address=" link_address[nic] "\n"
    for (i = 1; i <= n; i++) {
        line = keyfile_line(lines[i])
        if (line ~ /^([#;].*)?$/)
            continue
        if (line ~ /^\[/) {
            section = line
            has[section]
            if (profile_has(section, part))
                text = text "\n" line "\n" profile_adds(nic, section, part)
        } else if (profile_has(section, part) && profile_keeps(nic, section, line, part))
            text = text line "\n"
    }
    if (part == "bridge" && !("[ipv6]" in has))
        text = text "\n[ipv6]\nmethod=auto\n" profile_adds(nic, "[ipv6]", part)
    return text
}

function profile_has(section, part) {
    return part == "port" ? section ~ /^\[(ethernet|802-3-ethernet|ethtool|link)\]$/ : \
        section ~ /^\[(connection|ethernet|802-3-ethernet|ipv4|ipv6|proxy|hostname)\]$/
}

function profile_keeps(nic, section, line, part) {
    if (section == "[connection]")
        return line ~ /^(zone|metered|mdns|llmnr|dns-over-tls|dnssec)=/
    if (section ~ /ethernet/)
        return part == "port" ? line !~ /^(assigned-mac-address|cloned-mac-address)=/ : line ~ /^mtu=/
    return line !~ /^(route-metric|dhcp-timeout)=/ && (profile_token[nic] == "-" || line !~ /^(addr-gen-mode|token)=/)
}

# A bridge has another metric by itself than a NIC. Without a server the lease is kept until that answers.
function profile_adds(nic, section, part,    metric) {
    if (part == "port" || section !~ /^\[ipv[46]\]$/)
        return ""
    metric = profile_value(nic, section, "route-metric")
    metric = "route-metric=" (metric == "" || metric == -1 ? profile_metric[nic] : metric) "\n"
    if (section == "[ipv4]")
        return metric "dhcp-timeout=2147483647\n"
    return metric (profile_token[nic] == "-" ? "" : "addr-gen-mode=eui64\ntoken=" profile_token[nic] "\n")
}

# ---- telling it

function profile_differs(nic, bridge) {
    return profile_source(nic) != "" && (!profile_is_port[nic] || read_file(profile_path(nic)) != profile_text(nic, bridge, "port") || \
        read_file(profile_path(bridge)) != profile_text(nic, bridge, "bridge"))
}

function profile_make(nic, bridge, key) {
    if (!profile_differs(nic, bridge))
        return
    profile_leave(nic, bridge, key)
    profile_put(bridge, profile_text(nic, bridge, "bridge"), key)
    profile_put(nic, profile_text(nic, bridge, "port"), key)
    step("uplink.reload", "profile", profile_ours(nic, bridge), key)
    step("uplink.keep", "ip", profile_delay(bridge), key)
    step("uplink.keep", "sysctl", "net/ipv4/conf/" bridge "/ignore_routes_with_linkdown 1", key) # who takes the NIC out by hand is not shut out
    step("uplink.keep", "keep", profile_kept(nic, bridge, bridge), key)
    if (profile_is_port[nic]) {
        undo("uplink.back.keep", "ip", profile_delay(bridge))
        undo("uplink.back.reload", "profile", profile_ours(nic, bridge))
    } else {
        undo("uplink.back.keep", "keep", profile_kept(nic, bridge, nic))
        undo("uplink.back.keep", "remove", profile_lease(nic, bridge))
        undo("uplink.back.reload", "profile", profile_uuid[nic] " " nic)
    }
}

# The bridge lets go of its port when it begins anew, so the port comes last: 0.2 s without a LAN.
function profile_ours(nic, bridge) {
    return profile_id(nic, "bridge") " " bridge " " profile_id(nic, "port") " " nic
}

# which NetworkManager sets by what is usual
function profile_delay(bridge) {
    return "link set dev " bridge " type bridge forward_delay 0"
}

# what others have added, and a lease that no server confirms
function profile_kept(nic, bridge, target) {
    return target " " journal_file(managed_lease(nic, bridge, target, 1))
}

function profile_lease(nic, bridge) {
    return "/var/lib/NetworkManager/internal-" profile_id(nic, "bridge") "-" bridge ".lease"
}

# another bridge had the NIC before
function profile_leave(nic, bridge, key,    before) {
    before = read_file(profile_path(nic))
    if (!sub(/^.*\nmaster=/, "", before))
        return
    sub(/\n.*$/, "", before)
    if (before == bridge)
        return
    profile_remove("uplink.files", "uplink.back.files", before, key)
    step("uplink.keep", "remove", profile_lease(nic, before), key)
}

function profile_put(name, text, key) {
    step("uplink.files", "put", profile_path(name) " 0600 " journal_file(text), key)
    undo_file("uplink.back.files", profile_path(name), read_file(profile_path(name)))
}

function profile_remove(at, back, name, key) {
    step(at, "remove", profile_path(name), key)
    undo_file(back, profile_path(name), read_file(profile_path(name)))
}

function profile_unmake(nic, bridge, key) {
    if (!profile_recall(nic))
        return
    profile_remove("uplink.files.remove", "uplink.release.back.files", nic, key)
    profile_remove("uplink.files.remove", "uplink.release.back.files", bridge, key)
    step("uplink.reload.after", "profile", profile_uuid[nic] " " nic, key)
    step("uplink.keep.after", "keep", profile_kept(nic, bridge, nic), key)
    step("uplink.keep.after", "remove", profile_lease(nic, bridge), key)
    undo("uplink.release.back.keep", "keep", profile_kept(nic, bridge, bridge))
    undo("uplink.release.back.keep", "ip", profile_delay(bridge))
    undo("uplink.release.back.reload", "profile", profile_ours(nic, bridge))
}
