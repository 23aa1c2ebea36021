# Docker's networks as they are.

# all networks there are: names taken by others are told before anything is done
function docker_networks(    command, line) {
    if (engine_says("lists")) {
        containers_listed = 1
        return
    }
    if (docker_known == "silent")
        return
    command = docker_question("network ls --no-trunc --format " quoted("{{.ID}} {{urlquery .Name}} {{.Driver}} {{.Label \"crosshost\"}}"))
    while ((command | getline line) > 0)
        network_listed(line)
    close(command)
    if (!network_count)
        docker_known = "silent"
}

function network_listed(line,    words) {
    split(line, words, " ")
    network_names[++network_count] = words[2]
    network_id[words[2]] = words[1]
    network_driver[words[2]] = words[3]
    network_mark[words[2]] = words[4]
    if (is_mine(words[4]))
        ask_network(words[2])
}

function network_read(line,    name, driver, n, words, i, value) {
    name = user_word(nth_word(line, 1))
    driver = nth_word(line, 2)
    network_members[name] = substr(line, 1, index(line, " / "))
    sub(/^[^ ]+ [^ ]+ /, "", network_members[name])
    gsub("=", "", network_members[name])
    line = substr(line, index(line, " / "))
    n = split(line, words, " //")
    places_read(name, words[n])
    line = substr(line, 1, length(line) - length(words[n]) - 3)
    pools_read(name, line)
    network_id[name] = word_after(line, "id")
    network_driver[name] = driver
    network_mark[name] = user_word(word_after(line, "mark"))
    network_value[name] = ""
    n = split(NETWORK_WORDS[driver], words, " ")
    for (i = 1; i <= n; i++) {
        value = docker_value(line, driver, words[i])
        if (value != "")
            network_value[name] = network_value[name] (network_value[name] == "" ? "" : " ") words[i] " " value
    }
    network_gateway_mode[name] = docker_value(line, driver, "gateway-mode")
    network_running[name] = word_after(line, "running") + 0
    network_reserves[name] = driver == "bridge" && word_after(line, "aux") != "" ? " --aux-address " user_word(word_after(line, "aux-name")) "=" word_after(line, "aux") : ""
    lan_read(name, driver, line)
}

# what Docker calls a word of ours
function docker_word(driver, word) {
    return word in DOCKER_OPTION ? DOCKER_OPTION[word] : word == "mode" ? driver "_mode" : word
}

function docker_value(line, driver, word,    name) {
    name = docker_word(driver, word)
    return name == word ? word_after(line, word) : user_word(word_after(line, "=" name))
}

function network_users(name, users,    command, line, n, order, i, part) {
    if (!(name in users_known)) {
        users_known[name] = ""
        command = "exec docker ps -a --format " quoted("{{.Names}}") " --filter network=" name
        while ((command | getline line) > 0)
            users_known[name] = trim(users_known[name] " " line)
        close(command)
        if (users_known[name] != "")
            docker_lines("container inspect", users_known[name])
    }
    n = split(users_known[name], users, " ")
    for (i = 1; i <= n; i++)
        order[i] = (endpoint_value[users[i], name] ~ /^ipv4/ ? 0 : 1) address_order(endpoint_now[users[i], name]) " " users[i]
    sort_list(order, n)
    for (i = 1; i <= n; i++) {
        split(order[i], part, " ")
        users[i] = part[2]
    }
    return n
}

# Containers in a network, running or not: those with an address of their own first, so that nobody else gets it, then by
# address, so that automatic ones tend to stay.
function address_order(address,    part) {
    split(address, part, ".")
    return sprintf("%03d%03d%03d%03d", part[1], part[2], part[3], part[4])
}
