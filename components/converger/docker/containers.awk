# Docker's containers as they are, and what they have in networks.

# one line for each, running or not: `NAME STATE NETWORKS id ID mark UNIT ports PORTS`
function docker_containers(    command, line) {
    if (containers_listed++)
        return
    command = "exec docker ps -a --no-trunc --format " quoted("{{if .Mounts}}+{{end}}{{.Names}} {{.State}} ={{with .Networks}}{{urlquery .}}{{else}}-{{end}} id {{.ID}} mark {{.Label \"crosshost\"}} ports {{.Ports}}") " 2>/dev/null"
    while ((command | getline line) > 0) {
        containers_have_mounts += sub(/^\+/, "", line)
        container_listed(line)
    }
    close(command)
}

function container_listed(line,    name, rest) {
    name = first_word(line)
    rest = substr(line, length(name) + 1)
    gsub(/%2C/, ",", rest)
    gsub(/[^,]*\/[^,]*|,/, "", name) # one that another is linked to has names as db,web/db
    container_list[++container_count] = name rest
    container_is_listed[name] = 1
}

# what an attachment may name is checked in a preview, and who has which port; of one that has another's network, that instead of its own
function say_containers(    i, line, name) {
    docker_containers()
    for (i = 1; i <= container_count; i++) {
        line = container_list[i]
        name = first_word(line)
        if (container_mode[name] ~ /^container:/)
            sub(/ =- /, " " container_mode[name] " ", line)
        print "fact container " plain(line)
    }
}

function container_read(line,    name, n, part, i, net) {
    gsub(/ \/ /, "\n", line)
    n = split(line, part, "\n")
    name = nth_word(part[1], 1)
    sub(/^\//, "", name)
    container_id[name] = nth_word(part[1], 2)
    container_running[name] = nth_word(part[1], 3)
    container_started[name] = word_after(part[1], "started")
    sub(/Z$/, "", container_started[name])
    container_failed[name] = word_after(part[1], "failed")
    container_hostname[name] = user_word(word_after(part[1], "hostname"))
    container_mode[name] = user_word(word_after(part[1], "mode"))
    container_pid[name] = word_after(part[1], "pid") + 0
    if (word_after(part[1], "pid") == "0")
        container_running[name] = "false" # between two starts, Docker says that it runs
    container_networks[name] = ""
    container_mark[name] = user_word(word_after(part[1], "mark"))
    hosts_read(name, word_after(part[1], "hosts"))
    for (i = 2; i <= n; i++) {
        net = user_word(first_word(part[i]))
        endpoint_value[name, net] = endpoint_words(part[i], name)
        endpoint_network[name, net] = word_after(part[i], "id")
        endpoint_mark[name, net] = user_word(word_after(part[i], "mark"))
        endpoint_now[name, net] = word_after(part[i], "now")
        endpoint_mac[name, net] = word_after(part[i], "mac")
        endpoint_gateway[name, net] = word_after(part[i], "gateway")
        container_networks[name] = container_networks[name] " " net
    }
}

# the words of an endpoint without the alias that Docker adds, the short id
function endpoint_words(text, name,    n, words, i, kept) {
    n = split(text, words, " ")
    for (i = 2; i <= n; i += 2) {
        if (words[i] == "ipv4" && words[i + 1] ~ /^[0-9.]+$/)
            kept = kept " ipv4 " words[i + 1]
        if (words[i] == "alias" && user_word(words[i + 1]) != substr(container_id[name], 1, 12))
            kept = kept " alias " user_word(words[i + 1])
    }
    return endpoint_text(trim(kept), name)
}
