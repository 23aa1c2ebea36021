#!/bin/sh
# A stand-in for the docker CLI: networks and containers as files in $FAKES/docker, its answers in the words that the
# converger asks for. Changes are logged. The real engines are tried in the lab.
state=$FAKES/docker
[ -d "$state/containers" ] || mkdir -p "$state/networks" "$state/containers"

# $value: the one line of a file; nothing where there is none
line_of() {
    value=''
    [ ! -e "$1" ] || read -r value <"$1"
}

last() {
    while [ $# -gt 1 ]; do shift; done
    echo "$1"
}

ls_networks() {
    for path in "$state/networks"/*; do
        [ -f "$path" ] || continue
        name=${path##*/}
        read -r driver word mark _ <"$path"
        [ "$word" = mark ] || mark=''
        mark=${mark#=}
        echo "id$name $name $driver $mark"
    done
}

create_network() {
    name=$(last "$@")
    [ ! -e "$state/networks/$name" ] || fail "network with name $name already exists"
    case $name in poison*) fail "invalid pool request: Pool overlaps with other one on this address space" ;; esac
    mark='' ipam='' options='' driver=bridge
    while [ $# -gt 1 ]; do
        case $1 in
            -d) driver=$2 ;;
            -o) options="$options =${2%%=*} =${2#*=}" ;;
            --label) mark=" mark =${2#crosshost=}" ;;
            --subnet | --gateway | --ip-range) ipam="$ipam ${1#--} $2" ;;
            --aux-address) ipam="$ipam aux ${2#*=} aux-name =${2%%=*}" ;;
        esac
        shift 2
    done
    echo "$driver$mark id id$name$ipam$options" >"$state/networks/$name"
}

# by name or id
inspect_network() {
    [ "$1" != none ] || echo "network =none null / id idnone //"
    for name in "$1" "${1#id}"; do
        [ -e "$state/networks/$name" ] || continue
        read -r driver rest <"$state/networks/$name"
        echo "network =$name $driver$(members "$name") / $rest //$(taken "$name")"
        return
    done
}

# as the command line does: the first of these that has the name, containers also by the beginning of an id
inspect_any() {
    if [ -d "$state/containers/$1" ]; then
        inspect_container "$1"
    elif whose_id_begins_with "$1"; then
        inspect_container "$value"
    elif [ -e "$state/images/$1" ]; then
        echo other
    else
        inspect_network "$1"
    fi
}

# HOW --format FORMAT NAME...: where nothing is found, an empty line
inspect_each() {
    how=$1
    shift 3
    for asked in "$@"; do "$how" "$asked"; done | { grep . || echo; }
}

# where a test says so in .id
whose_id_begins_with() {
    for path in "$state/containers"/*/.id; do
        line_of "$path"
        case $value in
            '') ;;
            "$1"*)
                value=${path%/.id}
                value=${value##*/}
                return
                ;;
        esac
    done
    return 1
}

members() {
    for path in "$state/containers"/*/"$1"; do
        path=${path%/*}
        line_of "$path/.running"
        if [ "$value" = true ]; then printf ' =%s' "${path##*/}"; fi
    done
}

# what those that run have of it
taken() {
    for path in "$state/containers"/*/"$1"; do
        line_of "${path%/*}/.running"
        [ "$value" = true ] || continue
        line_of "$path"
        case $value in id*'ipv4 '*) value=${value#*ipv4 } && printf ' %s %s/24' "$(basename "${path%/*}")" "${value%% *}" ;; esac
    done
}

remove_network() {
    [ -e "$state/networks/$1" ] || fail "network $1 not found"
    for path in "$state/containers"/*/"$1"; do
        [ ! -e "$path" ] || fail "network $1 has active endpoints"
    done
    rm "$state/networks/$1"
}

connect() {
    container=$(last "$@")
    words='' mark=''
    while [ $# -gt 2 ]; do
        case $1 in
            --driver-opt) mark=" mark =${2#crosshost=}" ;;
            --ip) words="$words ipv4 $2" ;;
            --alias) words="$words alias =$2" ;;
        esac
        shift 2
    done
    [ -d "$state/containers/$container" ] || fail "No such container: $container"
    [ -e "$state/networks/$1" ] || fail "network $1 not found"
    if [ -e "$state/containers/$container/$1" ]; then
        line_of "$state/containers/$container/$1"
        case $value in id*) is_stopped "$container" || fail "endpoint with name $container already exists in network $1" ;; esac
    fi
    if ! is_stopped "$container"; then
        [ ! -e "$state/containers/$container/.looping" ] || fail "network sandbox for container $container not found"
        address=${words#*ipv4 }
        line_of "$state/taken" # where a test says so: an address that nothing tells of
        case "$words $(taken "$1") x $value/24 " in *'ipv4 '*" ${address%% *}/24 "*) fail_half "$1" "$container" ;; esac
    fi
    take_default_route "$1" "$container"
    [ ! -e "$state/containers/$container/.pid" ] || give_link "$1" "$container"
    echo "id id$1$mark$words" >"$state/containers/$container/$1"
}

is_stopped() {
    line_of "$state/containers/$1/.running"
    [ "$value" = false ]
}

# NETWORK CONTAINER: as engines do, which keep of a connection that failed what was asked for
fail_half() {
    echo "$mark$words" >"$state/containers/$2/$1"
    fail "Address already in use"
}

disconnect() {
    [ -e "$state/containers/$3/$2" ] || fail "container $3 is not connected to network $2"
    if ! is_stopped "$3"; then
        line_of "$state/containers/$3/$2"
        case $value in id*) ;; *) fail "container $3 is not connected to network $2" ;; esac
        [ ! -e "$state/containers/$3/.looping" ] || fail "container $3 is not connected to network $2"
    fi
    take_link "$2" "$3"
    rm "$state/containers/$3/$2"
}

# NETWORK CONTAINER: of one with a process, on a network of a LAN
give_link() {
    line_of "$state/networks/$1"
    case $value in macvlan*) ;; *) return ;; esac
    address=${words#*ipv4 }
    ip link add mvnew link "$(echo "$value" | sed 's/.* =parent =\([^ ]*\).*/\1/')" type macvlan mode bridge || fail "no such parent"
    line_of "$state/containers/$2/.pid"
    ip link set mvnew netns "$value" name "$1"
    (inside "$2" ip addr add "${address%% *}/24" dev "$1") && (inside "$2" ip link set "$1" up)
    words="$words now ${address%% *}"
}

take_link() {
    [ ! -e "$state/containers/$2/.pid" ] || (inside "$2" ip link del "$1" 2>/dev/null)
}

# where a test says so in NETWORK.gateway: as engines do, which add a default route and replace none
take_default_route() {
    if [ -e "$state/$1.gateway" ] && [ -e "$state/containers/$2/.pid" ]; then
        line_of "$state/$1.gateway"
        (inside "$2" ip route add default via "$value" 2>/dev/null) ||
            fail "failed to set gateway while updating gateway: file exists"
    fi
}

inside() {
    line_of "$state/containers/$1/.pid"
    shift
    exec nsenter -t "$value" -n -- "$@"
}

# a process with a network of its own
boot() {
    unshare --net sleep 900 </dev/null >/dev/null 2>&1 &
    echo $! >"$state/containers/$1/.pid"
    # shellcheck disable=SC3013 # dash and bash both know -ef
    while [ "/proc/$!/ns/net" -ef /proc/self/ns/net ]; do sleep 0.01; done
    echo true >"$state/containers/$1/.running"
}

halt() {
    [ -e "$state/containers/$1/.pid" ] || return 0
    line_of "$state/containers/$1/.pid"
    kill "$value" 2>/dev/null
    rm "$state/containers/$1/.pid"
    echo false >"$state/containers/$1/.running"
}

inspect_container() {
    [ -d "$state/containers/$1" ] || return 0
    line_of "$state/containers/$1/.id"
    line="container /$1 ${value:-0123456789abcdef}"
    line_of "$state/containers/$1/.running"
    line="$line $value"
    for word in started failed hostname mode pid mark; do
        line_of "$state/containers/$1/.$word"
        [ "$word" != failed ] || value=${value:+yes}
        case $word in mode | mark | hostname) value=${value:+=$value} ;; esac
        line="$line${value:+ $word $value}"
    done
    line_of "$state/containers/$1/.id"
    hosts=$state/root/containers/${value:-0123456789abcdef}/hosts
    line_of "$state/containers/$1/.mounted"
    if [ -n "$value" ]; then
        line="$line hosts $(echo "$value" | sed 's|/|%2F|g; s| |+|g')"
    elif [ -e "$hosts" ]; then
        line="$line hosts $(echo "$hosts" | sed 's|/|%2F|g')"
    fi
    for path in "$state/containers/$1"/*; do
        [ -f "$path" ] || continue
        line_of "$path"
        line="$line / =${path##*/} $value alias =0123456789ab"
    done
    echo "$line"
}

# restart and start: the container's own network is not looked at here
start_container() {
    [ -d "$state/containers/$1" ] || fail "No such container: $1"
    echo true >"$state/containers/$1/.running"
    rm -f "$state/containers/$1/.failed"
    echo 2999-01-01T00:00:00Z >"$state/containers/$1/.started"
}

# containers by their names, which are their ids here, with their marks; of --filter label those that have one
marked() {
    network=''
    for word in "$@"; do
        case $word in network=*) network=${word#network=} ;; esac
    done
    for path in "$state/containers"/*/.mark; do
        [ -e "$path" ] || continue
        read -r mark <"$path"
        path=${path%/.mark}
        [ -z "$network" ] || [ -e "$path/$network" ] || continue
        echo "${path##*/} $mark"
    done
}

with_images() {
    for path in "$state/containers"/*; do
        [ -d "$path" ] || continue
        line_of "$path/.mark"
        echo "${path##*/} ${path##*/} busybox:1 $value"
    done
}

remove_container() {
    [ -d "$state/containers/$1" ] || fail "No such container: $1"
    halt "$1"
    rm -r "$state/containers/$1"
}

created() {
    [ -d "$state/containers/$1" ] || fail "No such container: $1"
    date -u -r "$state/containers/$1/.running" +%Y-%m-%dT%H:%M:%S.%NZ
}

containers() {
    for path in "$state/containers"/*; do
        [ -d "$path" ] || continue
        networks=''
        for network in "$path"/*; do
            [ ! -e "$network" ] || networks=$networks,${network##*/}
        done
        line_of "$path/.running"
        running=exited
        if [ "$value" = true ]; then running=running; fi
        networks=${networks#,}
        mounts=''
        [ ! -e "$path/.mounted" ] || mounts=+
        echo "$mounts${path##*/} $running =${networks:--}"
    done
}

users() {
    network=$(last "$@")
    network=${network#network=}
    for path in "$state/containers"/*/"$network"; do
        [ -e "$path" ] || continue
        path=${path%/*}
        echo "${path##*/}"
    done
}

fail() {
    echo "Error response from daemon: $1" >&2
    exit 1
}

case "$1 $2" in
    'network create' | 'network rm' | 'network connect' | 'network disconnect' | 'rm -f' | restart* | start* | stop*) echo "$*" >>"$FAKES/docker.log" ;;
    *) echo "$1 $2" >>"$FAKES/docker.asked" ;;
esac
[ ! -e "$state/hangs" ] || exec sleep 70
if [ -e "$state/silent" ]; then # where a test says so: a daemon that runs and does not answer
    case "$1 $2" in *inspect*) echo ;; esac
    fail "Cannot connect to the Docker daemon"
fi
verb=$1
shift
case $verb in
    version) cat "$state/version" ;;
    events)
        case $* in
            *event=reload*) cat "$state/reloaded" 2>/dev/null ;;
            *) exec cat "$state/events" ;; # a pipe, in which a test writes who starts
        esac
        ;;
    ps)
        case $* in
            *label=crosshost*) marked "$@" ;;
            *'{{.Image}}'*) with_images ;;
            *'{{.ID}}={{.Names}}') containers | sed -n 's/\(.*\) running .*/id\1=\1/p' ;;
            *status=running*) containers | sed -n 's/^+*\([^ ]*\) running .*/\1/p' ;;
            *network=*) users "$@" ;;
            *volume=/etc/hosts*) grep -l . "$state/containers"/*/.mounted | sed 's|/.mounted$||; s|.*/||' ;;
            *) containers ;;
        esac
        ;;
    restart | start) start_container "$1" ;;
    stop) echo false >"$state/containers/$1/.running" ;;
    inspect) inspect_each inspect_any "$@" ;;
    rm) remove_container "$(last "$@")" ;;
    container)
        case $3 in
            *Created*) created "$4" ;;
            *State.Status*) if is_stopped "$4"; then echo exited; else echo running; fi ;;
            *RestartCount*) if [ -e "$state/containers/$4/.looping" ] && ! is_stopped "$4"; then echo true 3; else echo false 0; fi ;;
            *'{{$net}} {{end}}') (cd "$state/containers/$4" 2>/dev/null && echo *) ;;
            *) shift && inspect_each inspect_container "$@" ;;
        esac
        ;;
    image) cat "$state/exposes" 2>/dev/null ;;
    network)
        verb=$1
        shift
        case $verb in
            ls) ls_networks ;;
            inspect) inspect_each inspect_network "$@" ;;
            create) create_network "$@" ;;
            rm) remove_network "$1" ;;
            connect) connect "$@" ;;
            disconnect) disconnect "$@" ;;
        esac
        ;;
    boot | halt | inside) "$verb" "$@" ;; # for tests only
    mark) echo "$2" >"$state/containers/$1/.mark" ;; # mark NAME MARK: for tests only
    run) # run NAME [words of connect]: for tests only
        mkdir -p "$state/containers/$1"
        echo true >"$state/containers/$1/.running"
        shift
        [ $# -eq 0 ] || connect "$@"
        ;;
esac
