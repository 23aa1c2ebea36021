# Whose file of names it is: what is written to is only the one that Docker made for the container.

# those that run, or of them what a restart is about: the file of another is written anew when it starts
function names_note(    n, list, i) {
    if (names_unit() == "")
        return
    if (verb == "boot" || restarted != "") {
        n = split(restarted == "" ? members_of_networks() : restarted, list, "[, ]+")
        for (i = 1; i <= n; i++)
            if (list[i] != "")
                ask_container(list[i])
        return
    }
    docker_containers()
    for (i = 1; i <= container_count; i++)
        if (nth_word(container_list[i], 2) ~ /^(running|paused)$/)
            ask_container(first_word(container_list[i]))
}

# after a boot there are no lines of before
function members_of_networks(    name, all) {
    for (name in network_members)
        all = all " " network_members[name]
    return all
}

# Docker says another's file where one is mounted at /etc/hosts, be it the host's own, and that of the other where containers share a
# network. Written to is only the one that Docker made for this container.
function hosts_read(container, escaped,    path) {
    path = unescaped(escaped)
    if (path == "")
        return
    if (path ~ ("/containers/" container_id[container] "/hosts$") && path !~ /[ \t\n]/ && sees_hosts(container))
        container_hosts[container] = path
    else if (container_mode[container] !~ /^container:/) {
        nameless[container] = 1
        if (path !~ /[^A-Za-z0-9_.,:@+\/-]/ && path !~ ("/containers/" container_id[container] "/hosts$"))
            strangers_hosts[path] = 1
    }
}

# what is mounted there last; the same file may have another path in its file system
function sees_hosts(container,    path, line, words, root) {
    path = "/proc/" container_pid[container] "/mountinfo"
    while (container_pid[container] && (getline line < path) > 0)
        if (split(line, words, " ") > 4 && words[5] == "/etc/hosts")
            root = words[4]
    close(path)
    return root == "" || root ~ ("/" container_id[container] "/hosts$")
}

# Who has a file of its own at /etc/hosts, a volume being named by where it is mounted too. Asked only where there are volumes.
function say_nameless(    command, container) {
    command = "exec docker ps -a --filter volume=/etc/hosts --format " quoted("{{.Names}}") " 2>/dev/null"
    if (containers_have_mounts) {
        while ((command | getline container) > 0)
            nameless[container] = 1
        close(command)
    }
    for (container in nameless)
        print "fact nameless " plain(container)
}
