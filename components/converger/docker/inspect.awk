# What is asked of Docker: what units speak of, by as few calls as can be.

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
}

function docker_read(    i, name) {
    if (docker_state() != "yes")
        return
    for (i = 1; i <= want_count; i++)
        if (mode == "observe" || is_mine(want_unit[want_id[i]]))
            docker_note(want_key[want_id[i]], want_value[want_id[i]])
    for (i = 1; i <= old_count; i++)
        docker_note(old_key[old_id[i]], old_value[old_id[i]])
    for (name in containers_hinted)
        if (is_docker_name(name))
            ask_container(name)
    default_network_note()
    if (seeks_strays())
        docker_networks()
    if (docker_state() != "yes")
        return
    if (mode == "observe") {
        docker_containers()
        places_note()
    }
    if (verb == "boot")
        docker_inspect() # for the members of networks
    names_note()
    docker_inspect()
    lan_note()
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
                words = words " networks/" network_id[name]
            else {
                by_name[name] = 1
                words = words " " name
            }
        }
    for (name in containers_needed)
        if (!(("container", name) in inspected) && (!containers_listed || (name in container_is_listed))) {
            inspected["container", name] = 1
            words = words " containers/" name
        }
    if (words == "" || engine_says(words))
        return
    gsub(/ (networks|containers)\//, " ", words)
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

function docker_note(key, value) {
    if (docker_names_are_plain(key))
        kind_asks(kind_of(key), key, value)
}

function ask_network(name) {
    names_needed[name] = 1
}

function ask_container(name) {
    containers_needed[name] = 1
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

# By the engine's own socket (sh/engine.sh), as whoever only looks asks, who knows each network's id: 1 where all was answered.
function engine_says(asked,    command, line, kind) {
    if (mode != "observe" || !has_perl)
        return 0
    command = "exec perl -e \"$CROSSHOST_ENGINE\" " (network_count ? 0 : 8) " " asked " 2>/dev/null"
    while ((command | getline line) > 0) {
        kind = first_word(line)
        line = substr(line, length(kind) + 2)
        if (kind == "silent")
            docker_known = kind
        else if (kind != "end")
            docker_takes(kind, line)
    }
    close(command)
    return kind == "end"
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
        else
            docker_takes(kind, line)
    }
    close(command)
}

function docker_takes(kind, line) {
    if (kind == "network")
        network_read(line)
    else if (kind == "container")
        container_read(line)
    else if (kind == "listed-network")
        network_listed(line)
    else if (kind == "listed-container")
        container_listed(line)
    else if (kind == "nameless")
        nameless[line] = 1
}
