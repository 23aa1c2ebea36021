# shellcheck shell=sh
# Asks from inside of containers' network namespaces, by the host's own programs. On standard input:
#
#   look CONTAINER                    whether it runs, and its addresses
#   reach CONTAINER ADDRESS BYTES     a ping of this size, in one piece
#   avoid CONTAINER ADDRESS           a ping that nobody should answer
#   find CONTAINER NAME               what the container finds by a name
#
# What came of each is a line on standard output, in no order, between `crosshost-check 1` and `end`.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
# The host's own engine, and no file of a login's that Docker's command line would follow to another.
export DOCKER_HOST=unix:///run/docker.sock DOCKER_CONFIG=/run/crosshost/no-docker-config
# An echo request carries 20 bytes of IPv4 and 8 of ICMP more than its data.
HEADERS=28
AT_ONCE=40

# main PROGRAM STACK: the host's own, which knows what lies on it.
main() {
    wanted=$(cat)
    echo "crosshost-check 1"
    sh "$1" observe "$2" 2>/dev/null | grep -E '^(rule|fact (address|link|docker|docker-iptables|docker-rules|iptables|container|endpoint|nameless)) '
    if lacks_nothing; then
        # shellcheck disable=SC2046 # names of containers hold no blanks
        docker inspect -f '{{.Name}} {{.State.Pid}} {{.ResolvConfPath}} {{.HostsPath}}' \
            $(printf '%s\n' "$wanted" | awk '{ print $2 }' | sort -u) 2>/dev/null |
            in_turns 8 visit
    fi
    echo end
}

lacks_nothing() {
    missing=0
    lacks docker "Docker" || missing=1
    lacks nsenter "util-linux" || missing=1
    lacks getent "libc-bin" || missing=1
    # The sizes and the way not to cut packets are those of iputils.
    if ! ping -V 2>&1 | grep -q iputils; then
        echo "lacks ping of iputils (package iputils-ping)"
        missing=1
    fi
    return "$missing"
}

lacks() {
    command -v "$1" >/dev/null || {
        echo "lacks $1 (package $2)"
        return 1
    }
}

# in_turns COUNT COMMAND: runs it for each line of input, so many at a time.
in_turns() {
    running=0
    while read -r line; do
        # shellcheck disable=SC2086 # a line is words
        "$2" $line </dev/null &
        running=$((running + 1))
        if [ "$running" -ge "$1" ]; then
            wait
            running=0
        fi
    done
    wait
}

# visit /CONTAINER PID RESOLV_CONF HOSTS
visit() {
    name=${1#/} pid=$2
    echo "container $name $pid"
    [ "$pid" -gt 0 ] || return 0
    inside ip -4 addr show | awk -v name="$name" '
        /^[0-9]+:/ { for (i = 1; i < NF; i++) if ($i == "mtu") mtu = $(i + 1) }
        $1 == "inet" { sub("/.*", "", $2); print "address", name, $2, mtu }'
    asked reach avoid | in_turns "$AT_ONCE" call
    find_names "$3" "$4"
}

inside() {
    nsenter -t "$pid" -n -- "$@"
}

# What is wanted of this container, of these kinds.
asked() {
    printf '%s\n' "$wanted" | awk -v name="$name" -v kinds=" $* " '
        $2 == name && index(kinds, " " $1 " ") { print $1, $3, $4 }'
}

# call reach ADDRESS BYTES, or call avoid ADDRESS
call() {
    if [ "$1" = avoid ]; then
        heard=none
        answers 1 "$2" && heard=small
    elif answers 3 "$2" -M "do" -s $(($3 - HEADERS)); then
        heard=full
    elif answers 2 "$2"; then
        heard=small
    else
        heard=none
    fi
    echo "ping $name $2 $heard"
}

# answers SECONDS ADDRESS OPTION...: one answer in this time is enough.
answers() {
    seconds=$1 address=$2
    shift 2
    inside ping -n -q -c 1 -w "$seconds" "$@" "$address" >/dev/null 2>&1
}

# find_names RESOLV_CONF HOSTS: the container's own, which stand where the host's lookups read theirs. All names by one getent, which
# takes 1.5 ms. It says nothing of a name that it does not find, so after each it is asked for an address, which it always finds.
find_names() {
    resolv_conf=$1 hosts=$2
    # shellcheck disable=SC2046 # names hold no blanks
    set -- $(asked find | awk '{ print $2 }')
    [ $# -gt 0 ] || return 0
    # shellcheck disable=SC2016 # the inner shell expands it
    {
        printf '%s\n' "$@" ''
        inside unshare -m sh -c '
            mount --bind "$1" /etc/resolv.conf && mount --bind "$2" /etc/hosts || exit
            shift 2
            for wanted; do
                set -- "$@" "$wanted" 127.0.0.1
                shift
            done
            RES_OPTIONS="timeout:1 attempts:2" getent -s "files dns" ahostsv4 "$@"' find "$resolv_conf" "$hosts" "$@" 2>/dev/null
    } | awk -v name="$name" '
        !listed && NF { wanted[++count] = $1; next }
        !listed { listed = at = 1; next }
        $2 != "STREAM" { next }
        # a line at a time, as other containers answer by the same pipe
        $3 == "127.0.0.1" { print "name", name, wanted[at++] found; fflush(); found = ""; next }
        !told[at, $1]++ { found = found " " $1 }'
}
