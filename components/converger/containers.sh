# shellcheck shell=sh
# Containers are made by Pulumi's Docker provider, and bear the mark of the unit that connects them. One that was made
# while its client was killed is in no state: nobody would ever remove it, and its name would stay taken.

# A container that its unit has connected is whole, and was in a state: one that was lost, or that someone else has.
vacate() {
    marked=$(docker ps -aq --no-trunc --filter "label=crosshost=$stack:$unit") || exit 1
    for id in $marked; do
        made=$(docker container inspect --format '{{.Created}}' "$id") || exit 1
        if [ -n "$(find "$lib_dir/$stack/units/$unit" -newermt "$made" 2>/dev/null)" ]; then
            die "container $container: this stack has made and connected it, but its state does not know it: use the state that does, or remove it (docker rm -f $id)"
        fi
        remove_container "$id"
    done
    holder=$(docker container inspect --format '{{.Config.Image}}{{with index .Config.Labels "crosshost"}}, made by {{.}}{{end}}' "$container" 2>/dev/null) || return 0
    die "container $container: Docker has a container of this name that is not the unit's (image $holder): remove it (docker rm -f $container) or choose another name"
}

# those that keep the unit's networks from being removed
free_networks() {
    [ -f "$lib_dir/$stack/units/$unit" ] || return 0
    sed -n 's/^docker network \([^ :]*\): .*/\1/p' "$lib_dir/$stack/units/$unit" |
        while read -r network; do
            remove_orphans --filter "network=$network" </dev/null
        done || exit 1
}

# marked by this stack for a unit that is not there
remove_orphans() {
    [ -n "$has_docker" ] || return 0
    docker ps -a --no-trunc --format '{{.ID}} {{.Label "crosshost"}}' --filter label=crosshost "$@" 2>/dev/null |
        while read -r id mark; do
            if [ "${mark%%:*}" = "$stack" ] && [ ! -e "$lib_dir/$stack/units/${mark#*:}" ]; then
                remove_container "$id" </dev/null
            fi
        done || exit 1
}

# with the volumes that came with it, as the provider removes its own
remove_container() {
    said=$(docker rm -f -v "$1" 2>&1) || case $said in
        *'No such container'* | *'already in progress'*) ;;
        *) die "$said" ;;
    esac
}

# What starts while this starts is in both lists: the second time there is nothing to do.
watch() {
    docker events --since "$(date +%s)" --filter type=container --filter event=start \
        --format '{{.Actor.Attributes.name}} {{index .Actor.Attributes "crosshost"}}' </dev/null | {
        units_with 'watch containers: ' | xargs -r sed -n 's/^docker endpoint \([^ ]*\) .*/\1/p' | sort -u |
            while read -r name; do attach_now "$name"; done
        while read -r name mark; do
            [ -n "$mark" ] || [ -z "$(units_with "docker endpoint $name ")" ] || attach_now "$name"
        done
    }
}

attach_now() {
    "$0" attach "$stack" "$1" </dev/null
}

# those that hold a place of it
units_of_container() {
    grep -lsF -e "docker endpoint $1 " -e "interface $1 " -e "default-route $1: " "$lib_dir/$stack/units"/*
}

units_with() {
    grep -lsF "$1" "$lib_dir/$stack/units"/*
}
