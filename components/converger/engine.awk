# The engine: whether it runs, and its version.

# none, stopped or yes. A command to a stopped engine could start it by its socket, so the process is looked for.
function docker_state(    pid) {
    if (docker_known != "")
        return docker_known
    if (!has_docker)
        return docker_known = "none"
    pid = read_line("/run/docker.pid")
    if (pid != "")
        docker_known = read_line("/proc/" pid "/status") != "" ? "yes" : "stopped"
    else
        docker_known = system("exec systemctl is-active -q docker.service 2>/dev/null") == 0 ? "yes" : "stopped"
    return docker_known
}

# asked once for each start of the engine: the answer is kept where a change was written
function docker_version() {
    if (docker_state() != "yes")
        return docker_state()
    if (docker_server == "")
        docker_server = word_after(read_line(run_dir "/engine"), engine_process())
    if (docker_server == "") {
        docker_command = "exec docker version --format " quoted("{{.Server.Version}}") " 2>/dev/null"
        docker_command | getline docker_server
        close(docker_command)
        if (docker_server == "")
            docker_known = docker_server = "stopped"
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
