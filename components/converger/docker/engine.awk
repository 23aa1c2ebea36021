# The engine: whether it runs, and its version.

BEGIN {
    DOCKER_IS["none"] = "not installed"
    DOCKER_IS["stopped"] = "not running"
    DOCKER_IS["silent"] = "not answering"
}

# none, stopped, silent or yes. A command to a stopped engine could start it by its socket, so the process is looked for.
function docker_state(    pid) {
    if (docker_known != "")
        return docker_known
    if (!has_docker)
        return docker_known = "none"
    pid = read_line("/run/docker.pid")
    if (pid != "")
        docker_known = read_line("/proc/" pid "/status") != "" ? "yes" : "stopped"
    else
        docker_known = docker_service_runs() ? "yes" : "stopped"
    if (docker_known == "stopped")
        pid = socket_holder()
    if (pid != "" && !is_docker_service(service_of(pid)))
        docker_elsewhere = service_of(pid)
    return docker_known
}

function docker_advice() {
    return docker_state() == "stopped" ? ": systemctl start docker" : docker_state() == "silent" ? ": systemctl status docker says why" : ""
}

function docker_service_runs() {
    return system("exec systemctl is-active -q docker.service 2>/dev/null") == 0
}

# our own services wait for it by this name, which may be another's second one
function is_docker_service(service) {
    return service == "" || service == "docker.service" || docker_service_runs()
}

# the process of an engine that keeps its pid in a place of its own
function socket_holder(    command, line, pid) {
    command = "exec ss -Hxlp 2>/dev/null"
    while ((command | getline line) > 0)
        if (line ~ /\/run\/docker\.sock / && match(line, /"dockerd",pid=[0-9]+/))
            pid = substr(line, RSTART + 14, RLENGTH - 14)
    close(command)
    return pid
}

function service_of(pid,    path, line, service) {
    path = "/proc/" pid "/cgroup"
    while ((getline line < path) > 0)
        if (match(line, /[^\/]+\.service$/))
            service = substr(line, RSTART)
    close(path)
    return service
}

# The first one is not waited for without end: the socket of an engine that systemd starts over and over takes it, and nobody answers.
# Who asks with `observe` waits 30 s, maybe 20 of them for the lock; a change has 120 s, and 60.
function docker_question(words) {
    return "exec " (network_count || docker_answers ? "" : "timeout --foreground -k 1 " (mode == "observe" ? 8 : 50) " ") "docker " words " 2>/dev/null"
}

# asked once for each start of the engine: the answer is kept where a change was written
function docker_version() {
    if (docker_state() != "yes")
        return docker_state()
    if (docker_server == "")
        docker_server = word_after(read_line(run_dir "/engine"), engine_process())
    if (docker_server == "") {
        docker_command = docker_question("version --format " quoted("{{.Server.Version}}"))
        docker_command | getline docker_server
        close(docker_command)
        if (docker_server == "")
            docker_known = docker_server = "silent"
    }
    return docker_server
}

function engine_process() {
    return process(read_line("/run/docker.pid"))
}

function engine_note(    line) {
    line = engine_process() " " docker_server
    if (line ~ /^[0-9]+-[0-9]+ [0-9]/ && read_line(run_dir "/engine") != line) {
        print line > (run_dir "/engine")
        close(run_dir "/engine")
    }
}

function docker_is_old(    part) {
    split(docker_version(), part, ".")
    return part[1] ~ /^[0-9]+$/ && part[1] * 1000 + part[2] < 20010
}

# By its configuration, in a file and by flags. What Docker had in the chains before it was started so stays there, a policy that
# drops among it.
function docker_leaves_iptables(    flags, text) {
    if (docker_leaves == "") {
        flags = docker_flags()
        text = docker_config_text()
        if (flags ~ / --iptables=(false|f|0)/ || json_member(text, "iptables") == "false")
            docker_leaves = "off"
        else
            docker_leaves = flags ~ / --firewall-backend[= ]nftables/ || json_member(text, "firewall-backend") == "\"nftables\"" ? "nftables" : "no"
    }
    return docker_leaves != "no"
}

# of the process, or of the one that will be
function docker_flags(    command) {
    if (docker_flags_read++)
        return docker_flags_now
    command = docker_state() == "yes" ? "tr \"\\000\" \" \" <\"/proc/" read_line("/run/docker.pid") "/cmdline\"" : \
        "systemctl show -p ExecStart docker.service"
    command = "exec 2>/dev/null " command
    command | getline docker_flags_now
    close(command)
    return docker_flags_now
}

# its file, by default or where a flag says so
function docker_config(    flags) {
    if (docker_config_path == "") {
        flags = docker_flags()
        docker_config_path = sub(/^.* --config-file[= ]/, "", flags) ? first_word(flags) : "/etc/docker/daemon.json"
    }
    return docker_config_path
}

function docker_config_text() {
    if (!docker_config_is_read++)
        docker_config_now = bytes_of(docker_config())
    return docker_config_now
}

# With nftables it does not start where nobody has switched it on, and leaves it as it is.
function docker_needs_forwarding() {
    return has_docker && docker_leaves_iptables() && docker_leaves == "nftables"
}

# of Docker's own rules, which it makes when it starts: whether somebody has taken them away, as `nft flush ruleset` does
function docker_rules_are_gone(    i) {
    if (docker_state() != "yes" || !has_iptables || !iptables_is_there())
        return 0
    for (i = 1; i <= network_count; i++)
        if (network_driver[network_names[i]] == "bridge")
            break
    if (i > network_count)
        return 0
    if (docker_leaves_iptables())
        return docker_leaves == "nftables" && !filters["ip docker-bridges"]
    return !(("DOCKER" in iptables_has) && ("PREROUTING" in iptables_asks_docker) && ("FORWARD" in iptables_asks_docker))
}
