# Ports that Docker publishes on the host, asked for from a network of ours.
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
    step("network.let.out", "iptables", "-w 10 -t nat -I " rule, want_key[id])
    undo("network.let.out", "iptables", "-w 10 -t nat -D " rule)
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
