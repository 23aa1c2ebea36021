# What networks a host has, in the words of its own tools. It changes nothing.

part() {
    echo "crosshost-import: $1"
    shift
    "$@"
    echo "crosshost-import: ended $?"
}

networks() {
    ids=$(docker network ls --quiet --no-trunc) || return
    # shellcheck disable=SC2086
    docker network inspect $ids
}

# Docker reads the file only where nobody has told it of another.
daemon() {
    [ ! -e /etc/docker/daemon.json ] || cat /etc/docker/daemon.json
}

main() {
    part links ip -j -d link show
    part addresses ip -j -4 addr show
    part routes ip -j -4 route show
    part fdb bridge -j fdb show
    part daemon daemon
    command -v docker >/dev/null && part networks networks
    echo "crosshost-import: whole"
}

main
