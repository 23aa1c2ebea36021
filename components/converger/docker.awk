# What Docker has, and its networks.

BEGIN {
    # `index` ends the template for a thing that Docker's program knows by its fields, which then takes it as JSON: so one template is for all kinds
    INSPECT_FORMAT = "{{if index . \"IPAM\"}}" \
        "network ={{urlquery .Name}} {{.Driver}}{{range .Containers}} ={{urlquery .Name}}{{end}} /{{with index .Labels \"crosshost\"}} mark ={{urlquery .}}{{end}} id {{.Id}} running {{len .Containers}}" \
        "{{range .IPAM.Config}}{{with index . \"Subnet\"}} subnet {{.}}{{end}}{{with index . \"Gateway\"}} gateway {{.}}{{end}}{{with index . \"IPRange\"}} ip-range {{.}}{{end}}{{with index . \"AuxiliaryAddresses\"}}{{range $k, $v := .}} aux {{$v}} aux-name ={{urlquery $k}}{{end}}{{end}}{{end}}" \
        "{{range $k, $v := .Options}} ={{urlquery $k}} ={{urlquery $v}}{{end}} //{{range .Containers}}{{if .IPv4Address}} {{.Name}} {{.IPv4Address}}{{end}}{{end}}" \
        "{{else if index . \"State\"}}" \
        "container {{.Name}} {{.Id}} {{.State.Running}} started {{.State.StartedAt}}{{if .State.Error}} failed yes{{end}} hostname ={{urlquery .Config.Hostname}} mode ={{urlquery .HostConfig.NetworkMode}} pid {{.State.Pid}}{{with index .Config.Labels \"crosshost\"}} mark ={{urlquery .}}{{end}}{{with index . \"HostsPath\"}} hosts {{urlquery .}}{{end}}" \
        "{{range $n, $e := .NetworkSettings.Networks}} / ={{urlquery $n}}{{with index $e \"NetworkID\"}} id {{.}}{{end}}{{with index $e \"DriverOpts\"}}{{with index . \"crosshost\"}} mark ={{urlquery .}}{{end}}{{end}}" \
        "{{with index $e \"IPAMConfig\"}}{{with index . \"IPv4Address\"}} ipv4 {{.}}{{end}}{{end}}{{with index $e \"IPAddress\"}} now {{.}}{{end}}{{with index $e \"MacAddress\"}} mac {{.}}{{end}}{{with index $e \"Gateway\"}} gateway {{.}}{{end}}{{range index $e \"Aliases\"}} alias ={{urlquery .}}{{end}}{{end}}" \
        "{{else}}other{{end}}"
    DOCKER_OPTION["macvlan"] = DOCKER_OPTION["ipvlan"] = "parent"
    DOCKER_OPTION["bridge"] = "com.docker.network.bridge.name"
    DOCKER_OPTION["mtu"] = "com.docker.network.driver.mtu"
    DOCKER_OPTION["masquerade"] = "com.docker.network.bridge.enable_ip_masquerade"
    DOCKER_OPTION["gateway-mode"] = "com.docker.network.bridge.gateway_mode_ipv4"
    # the first word is the driver, with the link that it uses
    NETWORK_WORDS["bridge"] = "bridge subnet gateway ip-range mtu masquerade"
    NETWORK_WORDS["macvlan"] = "macvlan mode subnet gateway ip-range aux"
    NETWORK_WORDS["ipvlan"] = "ipvlan mode subnet gateway ip-range aux"
}

# ---- what Docker has

function docker_read(    i, name) {
    if (docker_state() != "yes")
        return
    for (i = 1; i <= want_count; i++)
        if (mode == "observe" || is_mine(want_unit[want_id[i]]))
            docker_note(want_key[want_id[i]], want_value[want_id[i]], names_needed, containers_needed)
    for (i = 1; i <= old_count; i++)
        docker_note(old_key[old_id[i]], old_value[old_id[i]], names_needed, containers_needed)
    for (name in containers_hinted)
        if (is_docker_name(name))
            containers_needed[name] = 1
    default_network_note(containers_needed, names_needed)
    if (seeks_strays())
        docker_networks()
    if (docker_state() != "yes")
        return
    if (mode == "observe") {
        docker_containers()
        places_note(containers_needed, names_needed)
    }
    if (verb == "boot")
        docker_inspect() # for the members of networks
    names_note(containers_needed)
    docker_inspect()
    lan_note(containers_needed)
    docker_inspect()
    docker_claim_bridges()
}

# What is needed and not known yet, by one call. A word that is also the name of a container or an image, or the beginning of
# a container's id, is answered as that: so networks go by their ids where those are known, and what has no answer is asked
# for by its kind. A word that is nothing is asked of volumes and plugins too: so containers that are not listed are left out.
function docker_inspect(    name, words, by_name, hidden) {
    for (name in names_needed)
        if (!(name in inspected) && is_docker_name(name) && (!seeks_strays() || (name in network_id))) {
            inspected[name] = 1
            if (name in network_id)
                words = words " " network_id[name]
            else {
                by_name[name] = 1
                words = words " " name
            }
        }
    for (name in containers_needed)
        if (!(("container", name) in inspected) && (!containers_listed || (name in container_is_listed))) {
            inspected["container", name] = 1
            words = words " " name
        }
    if (words == "")
        return
    docker_lines("inspect", "none" words) # every engine that answers has a network `none`
    if (!docker_answers) {
        docker_known = "silent"
        return
    }
    for (name in by_name)
        if (!(name in network_value))
            hidden = hidden " " name
    if (hidden != "")
        docker_lines("network inspect", hidden)
}

function docker_note(key, value, networks, containers) {
    if (!docker_names_are_plain(key))
        return
    # when a delete looks again, Docker has said yes to the removal
    if (key ~ /^docker network / && (round < 2 || verb !~ /^(delete|uninstall)$/))
        networks[nth_word(key, 3)] = 1
    if (key ~ /^docker (endpoint|container) /)
        containers[nth_word(key, 3)] = 1
    if (key ~ /^docker endpoint /)
        networks[nth_word(key, 4)] = 1
    if (is_inner(first_word(key)))
        containers[nth_word(key, 2)] = 1
    if (key ~ /^default-route /)
        networks[value] = 1
    if (key ~ /^name /)
        networks[nth_word(key, 2)] = 1
    if (key ~ /^docker container [^ ]+ /)
        containers[nth_word(key, 4)] = 1
}

function is_docker_name(text) {
    return text ~ /^[A-Za-z0-9][A-Za-z0-9_.-]*$/
}

# names become words of a command line
function docker_names_are_plain(key) {
    return key !~ /^(docker|interface|default-route) / || key ~ /^(docker [a-z]+|interface|default-route)( [A-Za-z0-9][A-Za-z0-9_.-]*)+$/
}

# An engine that starts while the bridge of a network of ours is gone makes it itself, without our mark: ours to take.
function docker_claim_bridges(    name, link) {
    for (name in network_value) {
        link = word_after(network_value[name], "bridge")
        if (network_mark[name] != "" && network_driver[name] == "bridge" && (link in link_index) && link_alias[link] == "" && link_kind[link] == "bridge")
            link_mark[link] = "?"
    }
}

# Each call of docker takes 20 to 60 ms. What bears our mark and is in no unit is looked for once in a change of a unit that has
# networks, and by no restart.
function seeks_strays() {
    return verb !~ /^(boot|attach)$/ && (mode != "plan" || round == 1) && \
        (mode == "observe" || speaks_of("network") || sweeping())
}

# all networks there are: names taken by others are told before anything is done
function docker_networks(    command, line, words) {
    command = docker_question("network ls --no-trunc --format " quoted("{{.ID}} {{urlquery .Name}} {{.Driver}} {{.Label \"crosshost\"}}"))
    while ((command | getline line) > 0) {
        split(line, words, " ")
        network_names[++network_count] = words[2]
        network_id[words[2]] = words[1]
        network_driver[words[2]] = words[3]
        network_mark[words[2]] = words[4]
        if (is_mine(words[4]))
            names_needed[words[2]] = 1
    }
    close(command)
    if (!network_count)
        docker_known = "silent"
}

# one line for each, running or not: `NAME STATE NETWORKS id ID mark UNIT ports PORTS`
function docker_containers(    command, line, name, rest) {
    if (containers_listed++)
        return
    command = "exec docker ps -a --no-trunc --format " quoted("{{if .Mounts}}+{{end}}{{.Names}} {{.State}} ={{with .Networks}}{{urlquery .}}{{else}}-{{end}} id {{.ID}} mark {{.Label \"crosshost\"}} ports {{.Ports}}") " 2>/dev/null"
    while ((command | getline line) > 0) {
        containers_have_mounts += sub(/^\+/, "", line)
        name = first_word(line)
        rest = substr(line, length(name) + 1)
        gsub(/%2C/, ",", rest)
        gsub(/[^,]*\/[^,]*|,/, "", name) # one that another is linked to has names as db,web/db
        container_list[++container_count] = name rest
        container_is_listed[name] = 1
    }
    close(command)
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

# $reader: `lan` where networks are not to be kept as those of a plan. What is not found is told as an empty line.
function docker_lines(request, names, reader,    command, line, kind) {
    command = docker_question(request " --format " quoted(INSPECT_FORMAT) " " names)
    while ((command | getline line) > 0) {
        if (line == "")
            continue
        docker_answers++
        kind = first_word(line)
        line = substr(line, length(kind) + 2)
        if (reader == "lan")
            lan_read(user_word(nth_word(line, 1)), nth_word(line, 2), substr(line, index(line, " / ")))
        else if (kind == "network")
            network_read(line)
        else if (kind == "container")
            container_read(line)
    }
    close(command)
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

# ---- networks

# Engines from 28 drop what comes routed unless the mode says else; older ones would accept the option and ignore it.
function network_mode_matters(value) {
    return value ~ /^bridge / && docker_version() + 0 >= 28
}

# what Docker calls a word of ours
function docker_word(driver, word) {
    return word in DOCKER_OPTION ? DOCKER_OPTION[word] : word == "mode" ? driver "_mode" : word
}

function docker_value(line, driver, word,    name) {
    name = docker_word(driver, word)
    return name == word ? word_after(line, word) : user_word(word_after(line, "=" name))
}

function network_check(key, value,    driver) {
    driver = first_word(value)
    if (driver in NETWORK_WORDS)
        words_check(key, value, NETWORK_WORDS[driver], "")
    else
        refuse(key ": networks of the driver `" driver "` are not made by this converger (" version ")")
}

function network_actual(id,    name, value, text, n, words, i) {
    name = nth_word(want_key[id], 3)
    value = want_value[id]
    if (docker_state() != "yes")
        return want_value[id]
    if (!(name in network_value))
        return ""
    if (network_driver[name] != first_word(value))
        return network_driver[name]
    n = split(value, words, " ")
    for (i = 1; i < n; i += 2)
        text = text (i > 1 ? " " : "") words[i] " " word_after(network_value[name], words[i])
    if (network_gateway_mode[name] != "nat-unprotected" && network_mode_matters(value))
        text = text " gateway-mode " (network_gateway_mode[name] == "" ? "nat" : network_gateway_mode[name])
    if (network_mark[name] != want_unit[id])
        text = text " not-ours"
    if (value !~ /^bridge / && !(nth_word(value, 2) in link_index))
        text = text " no-parent"
    if (value ~ /^bridge / ? bridge_is_cut_off(name, nth_word(value, 2)) : lan_is_cut_off(name))
        text = text " containers cut off"
    return text
}

function network_check_owner(id,    name) {
    name = nth_word(want_key[id], 3)
    if (want_value[id] !~ /^bridge /)
        lan_check(want_key[id], want_value[id])
    if (!(name in network_id) || is_mine(network_mark[name]))
        return
    if (network_mark[name] != "")
        refuse(want_key[id] ": belongs to " unit_name(network_mark[name]))
    else
        refuse(want_key[id] ": Docker has a network of this name that is not ours (driver " network_driver[name] \
            "): remove it (docker network rm " name ") or choose another name")
}

function network_options(value, mode,    n, words, i, text, driver) {
    n = split(value, words, " ")
    driver = words[1]
    text = "-d " driver
    for (i = 1; i < n; i += 2)
        if (words[i] in DOCKER_OPTION || words[i] == "mode")
            text = text " -o " docker_word(driver, words[i]) "=" words[i + 1]
        else if (words[i] == "aux")
            text = text " --aux-address host=" words[i + 1]
        else
            text = text " --" words[i] " " words[i + 1]
    return text (mode == "" ? "" : " -o " DOCKER_OPTION["gateway-mode"] "=" mode)
}

# A network cannot change in place: it is made anew under the containers that are in it, running or not.
function network_make(id,    name, key) {
    key = want_key[id]
    name = nth_word(key, 3)
    if (docker_is_old())
        refuse("Docker " docker_version() " is too old: 20.10 is the first that will do")
    if (name in network_id)
        network_take_away(name, key)
    step(100, "docker", "network create " network_options(want_value[id], network_mode_matters(want_value[id]) ? "nat-unprotected" : "") network_reserved(id) \
        " --label crosshost=" want_unit[id] " " name, key)
    undo(100, "docker", "network rm " name)
    network_anew[name] = word_after(want_value[id], "subnet")
    if (name in network_id)
        network_reconnect(name, key)
}

function network_take_away(name, key,    n, users, i) {
    n = network_users(name, users)
    for (i = 1; i <= n; i++)
        default_steps_aside(users[i], 9.9)
    for (i = 1; i <= n; i++)
        step(10, "docker", "network disconnect -f " name " " users[i], key)
    for (i = n; i >= 1; i--)
        if (!endpoint_is_half(users[i], name))
            undo(10, "docker", endpoint_again(users[i], name))
    step(11, "docker", "network rm " name, key)
    undo(11, "docker", "network create " network_options(network_value[name], network_gateway_mode[name]) network_reserves[name] \
        " --label crosshost=" network_mark[name] " " name)
}

function network_reconnect(name, key,    n, users, i, value, address) {
    n = network_users(name, users)
    for (i = 1; i <= n; i++) {
        if (endpoint_is_half(users[i], name) || endpoint_is_left_over(users[i], name))
            continue
        value = endpoint_value[users[i], name]
        address = word_after(value, "ipv4")
        if (address != "" && !lies_in(address, network_anew[name]))
            sub("ipv4 " address, "", value)
        step(101, "docker", endpoint_connect(users[i], name, trim(value), endpoint_mark[users[i], name]), key)
        undo(101, "docker", "network disconnect -f " name " " users[i])
        endpoint_anew[users[i], name] = trim(value)
    }
}

# Containers in a network, running or not: those with an address of their own first, so that nobody else gets it, then by
# address, so that automatic ones tend to stay.
function address_order(address,    part) {
    split(address, part, ".")
    return sprintf("%03d%03d%03d%03d", part[1], part[2], part[3], part[4])
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

# Containers of endpoints that the stack holds go with the network; others keep it.
function network_unmake(name,    n, users, i, strangers) {
    if (!(name in network_id) || !is_mine(network_mark[name]))
        return
    n = network_users(name, users)
    for (i = 1; i <= n; i++)
        if (!(("docker endpoint " users[i] " " name) in want_value) && !(("docker endpoint " users[i] " " name) in old_value) && \
            !endpoint_is_orphan(endpoint_mark[users[i], name]))
            strangers = strangers (strangers == "" ? "" : ", ") users[i]
    if (strangers != "")
        refuse("docker network " name ": still used by " strangers "; remove or disconnect: docker network disconnect -f " name " CONTAINER")
    else
        network_take_away(name, "docker network " name)
}
