# Places of containers in networks: who has which address, as Docker has it now, as it will when one that is stopped starts, and as
# units of any stack want it. So a plan can tell before Docker does that an address is another's.

# Whose places are told: containers on networks of units, those on none, which may have the network of another, and those that run, of
# which Docker lists no connection that failed. All networks are asked for by the same call, since no two may have the same addresses.
function places_note(    i, j, n, nets, ours, name) {
    for (name in names_needed)
        ours[name] = 1
    for (i = 1; i <= network_count; i++)
        if (network_names[i] !~ /^(bridge|host|none)$/)
            ask_network(network_names[i])
    for (i = 1; i <= container_count; i++) {
        if (nth_word(container_list[i], 2) != "exited")
            ask_container(first_word(container_list[i]))
        n = split(user_word(nth_word(container_list[i], 3)), nets, ",")
        for (j = 1; j <= n; j++)
            if (nets[j] == "-" || (nets[j] in ours) || network_mark[nets[j]] != "")
                ask_container(first_word(container_list[i]))
    }
}

# `web 10.42.1.9/24 db 10.42.1.10/24`: all that Docker has given out, be it to one that is no more
function places_read(net, text,    n, words, i) {
    n = split(text, words, " ")
    for (i = 1; i < n; i += 2) {
        sub(/\/.*/, "", words[i + 1])
        place_taken[net, words[i]] = words[i + 1]
    }
}

# the address that it always has
function fixed_address(value) {
    return value ~ /^ipv4 / ? nth_word(value, 2) : ""
}

function place_address(name, net,    address) {
    address = fixed_address(endpoint_value[name, net])
    return address == "" ? endpoint_now[name, net] : address
}

# the unit that holds it, or whose container it is
function place_owner(name, net,    id) {
    id = "docker endpoint " name " " net
    return id in want_value ? want_unit[id] : endpoint_mark[name, net] != "" ? endpoint_mark[name, net] : container_mark[name]
}

# `fact endpoint CONTAINER NETWORK ADDRESS OWNER`, by the units first; of an interface of a container's own, what it lies on in place
# of the network. `fact named NETWORK ADDRESS UNIT NAME...` of a container on another host
function say_places(    at, pair, i, id, words) {
    for (i = 1; i <= want_count; i++) {
        id = want_id[i]
        split(want_key[id], words, " ")
        if (want_kind[id] == "endpoint")
            say_place(words[3], words[4], fixed_address(want_value[id]), want_unit[id])
        else if (want_kind[id] == "interface")
            say_interface_places(words[2], want_value[id], want_unit[id])
        else if (want_kind[id] == "name")
            print "fact named " words[2], words[3], want_unit[id], want_value[id]
    }
    for (at in endpoint_value) {
        split(at, pair, SUBSEP)
        say_place(pair[1], pair[2], place_address(pair[1], pair[2]), place_owner(pair[1], pair[2]))
    }
    for (at in place_taken) {
        split(at, pair, SUBSEP)
        if (!((pair[2], pair[1]) in endpoint_value))
            say_place(pair[2], pair[1], place_taken[at], "")
    }
}

function say_interface_places(name, value, unit,    n, words, i) {
    n = split(value, words, " ")
    for (i = 1; i < n; i++)
        if (words[i] == "ipv4") {
            sub(/\/.*/, "", words[i + 1])
            say_place(name, words[2], words[i + 1], unit)
        }
}

function say_place(name, net, address, owner,    line) {
    line = name " " net " " (address == "" ? "-" : address) " " (owner == "" ? "-" : owner)
    if (!place_told[line]++)
        print "fact endpoint " line
}

# `fact pool NETWORK DRIVER SUBNET RANGE OWNER`: no two networks of Docker's may have the same
function pools_read(name, text,    n, words, i) {
    n = split(text, words, " ")
    for (i = 1; i < n; i++)
        if (words[i] == "subnet" && words[i + 1] ~ /^[0-9.]+\//)
            network_pools[name, words[i + 1]] = words[i + 2] == "ip-range" ? words[i + 3] : words[i + 4] == "ip-range" ? words[i + 5] : "-"
}

function say_pools(    at, pair) {
    for (at in network_pools) {
        split(at, pair, SUBSEP)
        print "fact pool " pair[1], network_driver[pair[1]], pair[2], network_pools[at], (network_mark[pair[1]] == "" ? "-" : network_mark[pair[1]])
    }
}

# `fact docker-pool BASE` of each that the engine is told to take networks from, by its configuration or, each with a flag, as the
# service starts it
function say_docker_pools(    words, i, n, base) {
    words = json_words(json_member(docker_config_text(), "default-address-pools"), "") " " docker_flags()
    gsub(/-+default-address-pools?[= ]base=/, "base ", words)
    n = split(words, base, /[ ,]+/)
    for (i = 2; i <= n; i++)
        if (base[i - 1] == "base" && base[i] ~ /^[0-9.]+\/[0-9]+$/)
            print "fact docker-pool " base[i]
}
