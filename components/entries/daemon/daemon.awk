# daemon KEY: WORDS. A key of Docker's daemon.json, by Docker's own name of it; lists with commas in between. Units of all stacks write
# into one file, which is the admin's: what they add to it goes again, and all else of it stays.

BEGIN {
    UP_ONLY["daemon"] = 1
    split("bip bridge fixed-cidr default-gateway log-driver firewall-backend", daemon_words, " ")
    for (daemon_i in daemon_words)
        DAEMON_TYPE[daemon_words[daemon_i]] = "text"
    split("mtu ip-masq live-restore userland-proxy iptables allow-direct-routing ip-forward-no-drop", daemon_words, " ")
    for (daemon_i in daemon_words)
        DAEMON_TYPE[daemon_words[daemon_i]] = "bare"
    split("dns registry-mirrors insecure-registries", daemon_words, " ")
    for (daemon_i in daemon_words)
        DAEMON_TYPE[daemon_words[daemon_i]] = "list"
    DAEMON_TYPE["default-address-pools"] = "pools"
    # what Docker takes over while it runs (SIGHUP), and what stands for none of it: a key that is gone leaves things as they are
    DAEMON_RELOADS["live-restore"] = "false"
    DAEMON_RELOADS["registry-mirrors"] = DAEMON_RELOADS["insecure-registries"] = "[]"
}

function daemon_check(key, value,    name) {
    name = nth_word(key, 2)
    if (!(name in DAEMON_TYPE) || key != "daemon " name)
        refuse(key ": this key of daemon.json is not known")
    else if (DAEMON_TYPE[name] == "bare" && value !~ /^(true|false|[0-9]+)$/)
        refuse(key ": needs true, false or a number")
    else if (DAEMON_TYPE[name] == "pools" && value !~ /^base [0-9.]+\/[0-9]+ size [0-9]+(, base [0-9.]+\/[0-9]+ size [0-9]+)*$/)
        refuse(key ": needs `base NETWORK size PREFIX`")
}

# ---- the words of an entry, and what daemon.json has for them

function daemon_json(name, value,    n, list, i, words, text) {
    if (DAEMON_TYPE[name] == "bare")
        return value
    if (DAEMON_TYPE[name] == "text")
        return "\"" value "\""
    n = split(value, list, /, /)
    for (i = 1; i <= n; i++) {
        split(list[i], words, " ")
        text = text (i > 1 ? ", " : "") (DAEMON_TYPE[name] == "list" ? "\"" list[i] "\"" : "{\"base\": \"" words[2] "\", \"size\": " words[4] "}")
    }
    return "[" text "]"
}

function daemon_same(name, value, json) {
    return json != "" && json_words(json, "\"") == json_words(daemon_json(name, value), "\"")
}

function daemon_has(name) {
    return json_member(docker_config_text(), name)
}

function daemon_broken() {
    return json_members(docker_config_text())
}

function daemon_actual(id,    name, json) {
    if (daemon_broken() != "")
        return docker_config() " is " daemon_broken()
    name = nth_word(want_key[id], 2)
    json = daemon_has(name)
    if (daemon_same(name, want_value[id], json))
        return want_value[id]
    json = json_words(json, "")
    return json == want_value[id] ? json " as a value of another type" : json
}

# ---- who has set it

# by a unit on file, that at hand as it was before
function daemon_is_held(name,    id) {
    id = "daemon " name
    return (id in old_value) || ((id in want_value) && !is_mine(want_unit[id]))
}

function daemon_owner(id,    name, json) {
    name = nth_word(want_key[id], 2)
    if (daemon_flag(name) != "")
        refuse(want_key[id] ": " daemon_flag(name) ": remove it there, or the key here")
    if (docker_state() == "none" || docker_elsewhere != "")
        refuse(want_key[id] ": Docker is " (docker_elsewhere == "" ? DOCKER_IS["none"] : "run by " docker_elsewhere ", not by docker.service"))
    if (docker_config() !~ /^\/[A-Za-z0-9_.\/+-]+$/)
        refuse(want_key[id] ": the path of Docker\047s configuration, " docker_config() ", is no plain one")
    if (daemon_broken() != "") {
        refuse(want_key[id] ": " docker_config() " is " daemon_broken())
        return
    }
    json = daemon_has(name)
    if (json != "" && !daemon_is_held(name) && !daemon_same(name, want_value[id], json))
        refuse(want_key[id] ": " docker_config() " has " name " " json_words(json, "") ", which Crosshost has not set: remove it there, or the key here")
    if (name == "bip" && json_words(daemon_has("bridge"), "") != "")
        refuse(want_key[id] ": " docker_config() " has bridge " json_words(daemon_has("bridge"), "") " in place of docker0: remove it there, or the key here")
    if (name == "bridge" && json_words(daemon_has("bip"), "") != "")
        refuse(want_key[id] ": " docker_config() " has bip " json_words(daemon_has("bip"), "") ", and a bridge in place of docker0 has an address of its own: remove it there, or the key here")
}

# where a flag of the service sets what the file would: Docker takes no key from both
function daemon_flag(name,    flag, flags) {
    flag = name
    sub(/pools$/, "pool", flag)
    sub(/mirrors$/, "mirror", flag)
    sub(/registries$/, "registry", flag)
    flags = " " docker_flags() " "
    if (!match(flags, " --" flag "([= ][^ ]*)? ") && !(name == "log-driver" && match(flags, / -?-log-driver[= ][^ ]* /)))
        return ""
    flags = trim(substr(flags, RSTART, RLENGTH))
    if (index(read_file("/etc/default/docker"), "--" flag))
        return "/etc/default/docker has " flags
    return "docker.service has " flags
}
