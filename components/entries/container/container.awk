# Containers that are in no network of ours: `docker container NAME: mode host`, and `docker container NAME OTHER: mode container`
# of one that has the network of another. Docker makes such a one anew for no other mode; that is for who created it.

BEGIN { NEEDS_DOCKER["container"] = 1 }

function container_container(key) {
    return nth_word(key, 3)
}

function container_asks(key, value) {
    ask_container(nth_word(key, 3))
    if (nth_word(key, 4) != "")
        ask_container(nth_word(key, 4))
}

function container_check(key, value) {
    if (value !~ (nth_word(key, 4) == "" ? "^mode (none|host|bridge)$" : "^mode container$"))
        refuse(key ": needs `mode none`, `mode host` or `mode bridge`, or of two containers `mode container`")
}

function container_actual(id,    name, other, mode) {
    name = nth_word(want_key[id], 3)
    other = nth_word(want_key[id], 4)
    if (docker_state() != "yes" || !(name in container_id))
        return want_value[id]
    mode = container_mode_now(name, other)
    if (mode == "bridge" && !((name, mode) in endpoint_value))
        return "disconnected"
    if ("mode " mode == want_value[id] && other != "" && container_running[other] == "true") {
        if (container_running[name] != "true" && container_failed[name] != "")
            return "not started, as " other " did not run"
        if (container_running[name] == "true" && container_started[name] < container_started[other])
            return "cut off since " other " started anew"
    }
    return "mode " mode
}

function container_mode_now(name, other,    mode) {
    mode = container_mode[name]
    if (mode !~ /^container:/)
        return mode == "" || mode == "default" ? "bridge" : mode
    sub(/^container:/, "", mode)
    if (other != "" && mode != other && mode != container_id[other])
        return "container, of one that is gone"
    return "container"
}

function container_owner(id,    name, mode) {
    name = nth_word(want_key[id], 3)
    if (docker_state() != "yes" || verb != "apply")
        return
    if (!(name in container_id)) {
        refuse(container_missing(name))
        return
    }
    mode = "mode " container_mode_now(name, nth_word(want_key[id], 4))
    if (mode != want_value[id])
        refuse("container " name " has " mode ", not " want_value[id] ": remove it (docker rm -f " name "), and `pulumi up --refresh` recreates it")
}

# started anew, it is in the network that the other has now
function container_make(id,    name, text) {
    name = nth_word(want_key[id], 3)
    text = container_actual(id)
    if (text == "disconnected")
        step("container.start", "docker", "network connect bridge " name, want_key[id])
    if (text ~ /^(cut off|not started)/)
        step("container.start", "docker", (text ~ /^cut/ ? "restart " : "start ") name, want_key[id])
}
