# shellcheck shell=sh
# Containers join and leave networks of Docker's. A connection that failed stays in the records of one that runs: it does not start
# again with that, and Docker takes it back only when it has stopped, or was connected once more. One that ends and is started by Docker
# over and over has no moment at which every engine does either, so it is held still meanwhile.

# [WORDS] NETWORK CONTAINER
join_network() {
    for container; do :; done
    try "$container" network connect "$@" || say_again
}

# NETWORK CONTAINER
leave_network() {
    try "$2" network disconnect -f "$1" "$2" && return
    case " $(docker container inspect --format '{{range $net, $_ := .NetworkSettings.Networks}}{{$net}} {{end}}' "$2" 2>/dev/null) " in
        *" $1 "*) docker network connect "$1" "$2" >/dev/null 2>&1 && docker network disconnect -f "$1" "$2" >/dev/null 2>&1 ;;
        *) ;; # it is out, or no more
    esac || say_again
}

# CONTAINER COMMAND; $said: what Docker said
try() {
    about=$1
    shift
    said=$(docker "$@" 2>&1 >/dev/null) && return
    is_between_starts "$about" || return
    true >"$journal_dir/held.$about" || return
    docker stop "$about" >/dev/null 2>&1
    said=$(docker "$@" 2>&1 >/dev/null)
}

say_again() {
    printf '%s\n' "$said" >&2
    return 1
}

# or soon is, if it was before
is_between_starts() {
    for _ in 1 2 3 4; do
        case $(docker container inspect --format '{{.State.Restarting}} {{.RestartCount}}' "$1" 2>/dev/null) in
            true*) return 0 ;;
            'false 0' | '') return 1 ;;
        esac
        sleep 0.3
    done
    return 1
}

# Starts those that were held; of one that cannot, $failure tells.
release_held() {
    for file in "$journal_dir"/held.*; do
        [ -e "$file" ] || continue
        held=${file#"$journal_dir/held."}
        if ! said=$(docker start "$held" 2>&1 >/dev/null); then
            failure="container $held, which Docker kept restarting, was stopped meanwhile: tried \`docker start $held\`: $said"
            return 1
        fi
        rm -f "$file"
    done
}
