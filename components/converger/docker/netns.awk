# What a container has in its network namespace besides what Docker gives it. All is done from the host, by the container's process; of one
# that does not run nothing is wanted.

function inner_note(key, value) {
    inner_wanted[nth_word(key, 2)] = 1
    host_end[interface_word(value, "host")] = 1
}

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

# 1: there is more to ask
function inner_check(key, name) {
    if (docker_state() != "yes" || verb == "boot" || (verb == "attach" && !(name in container_id)))
        return 0
    if (!(name in container_id))
        refuse(container_missing(name))
    else if (inner_bars(name) != "")
        refuse("container " name " has " inner_bars(name) " and none of its own: recreate it with another network mode")
    else if (container_pid[name] > 0 && !inner_open(name))
        refuse(key ": cannot look into the container with `nsenter -t " container_pid[name] " -n ip`: install util-linux")
    else
        return 1
    return 0
}

function inner_tool(tool, name) {
    return tool "-" inner_process[name]
}
