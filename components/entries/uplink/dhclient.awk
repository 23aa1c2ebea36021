# A NIC whose lease dhclient has, as ifupdown starts it. On the port of a bridge it hears the server as before (it reads what the NIC receives,
# from before the bridge does), and a hook of ours tells its script which link is to have the lease. A boot begins with the NIC by itself, and
# what dhclient gave that is moved like all else. The hook comes before the NIC is moved, as a lease may be renewed while a commit is awaited;
# of a NIC that is no port of ours it does nothing.

BEGIN {
    DHCLIENT_HOOKS = "/etc/dhcp/dhclient-enter-hooks.d"
    # Before the first packet (PREINIT) it is the NIC that has to be up. An MTU is the NIC's too. An address that goes is taken away by its
    # own, as the script flushes all that bear the link's label, and what had the NIC's other labels has that on a bridge.
    DHCLIENT_HOOK = "# Made by Crosshost: while a NIC is the port of a bridge, what DHCP gives it is the bridge\047s.\n" \
        "crosshost_bridge=$(ip -o link show dev \"$interface\" 2>/dev/null | sed -n \047s/.* master \\([^ ]*\\) .*/\\1/p\047)\n" \
        "case $reason:$crosshost_bridge in\n" \
        "    *: | PREINIT*) ;;\n" \
        "    *)\n" \
        "        if ip -o link show dev \"$crosshost_bridge\" | grep -q \047alias crosshost:\047; then\n" \
        "            if [ -n \"$old_ip_address\" ] && [ \"$old_ip_address\" != \"$new_ip_address\" ]; then\n" \
        "                ip -4 addr del \"$old_ip_address${old_subnet_mask:+/$old_subnet_mask}\" dev \"$crosshost_bridge\"\n" \
        "                old_ip_address=\n" \
        "            fi\n" \
        "            case $reason:$old_ip_address in\n" \
        "                BOUND:* | REBOOT:* | TIMEOUT:* | *:) [ -z \"$new_interface_mtu\" ] || ip link set dev \"$interface\" mtu \"$new_interface_mtu\" ;;\n" \
        "            esac\n" \
        "            interface=$crosshost_bridge\n" \
        "        fi\n" \
        "        ;;\n" \
        "esac\n"
}

# of letters that run-parts takes
function dhclient_path(nic,    name) {
    name = "crosshost-" stack "-" nic
    gsub(/[^A-Za-z0-9_-]/, "_", name)
    return DHCLIENT_HOOKS "/" name
}

function dhclient_runs(nic,    pid) {
    pid = read_line("/run/dhclient." nic ".pid")
    return pid ~ /^[0-9]+$/ && read_line("/proc/" pid "/comm") == "dhclient"
}

# at a boot it may begin later
function dhclient_has_lease(nic) {
    return dhclient_runs(nic) || (phase != "" && read_file(dhclient_path(nic)) == DHCLIENT_HOOK)
}

function dhclient_differs(nic) {
    return dhclient_runs(nic) && read_file(dhclient_path(nic)) != DHCLIENT_HOOK
}

function dhclient_make(nic, key) {
    if (!dhclient_differs(nic))
        return
    step("uplink.hook.put", "put", dhclient_path(nic) " 0644 " journal_file(DHCLIENT_HOOK), key)
    undo_file("uplink.hook.put", dhclient_path(nic), read_file(dhclient_path(nic)), "0644")
}

function dhclient_unmake(nic, key,    before) {
    before = read_file(dhclient_path(nic))
    if (before == "")
        return
    step("uplink.hook.remove", "remove", dhclient_path(nic), key)
    undo_file("uplink.hook.remove", dhclient_path(nic), before, "0644")
}

# of a change that a power cut took back
function dhclient_forget(    i) {
    for (i = 1; i <= link_count && connection == ""; i++)
        if (links[i] !~ /^veth/ && !(("uplink " links[i]) in want_value))
            dhclient_unmake(links[i], "uplink " links[i])
}
