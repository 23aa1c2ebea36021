# shellcheck shell=sh
# Containers are made by Pulumi's Docker provider, and bear the mark of the unit that connects them. One that was made
# while its client was killed is in no state: nobody would ever remove it, and its name would stay taken.

# A container that its unit has connected is whole, and was in a state: one that was lost, or that someone else has. $leaving: of
# this stack, and in the way of what the program wants in its place; they would go in the same run, but later.
vacate() {
    there=$(timeout --foreground -k 1 50 docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.Image}} {{.Label "crosshost"}}') ||
        die "container $container: Docker is not answering: systemctl status docker says why"
    printf '%s\n' "$there" | while read -r id name image mark; do
        if [ "${mark%%:*}" = "$stack" ] && is_leaving "$name"; then
            remove_container "$id" </dev/null
        elif [ "$mark" = "$stack:$unit" ]; then
            made=$(docker container inspect --format '{{.Created}}' "$id" </dev/null) || exit 1
            if [ -n "$(find "$lib_dir/$stack/units/$unit" -newermt "$made" 2>/dev/null)" ]; then
                die "container $container: this stack has made and connected it, but its state does not know it: use the state that does, or remove it (docker rm -f $id)"
            fi
            remove_container "$id" </dev/null
        elif case ,$name, in *",$container,"*) ;; *) false ;; esac then
            die "container $container: Docker has a container of this name that does not belong to the unit (image $image${mark:+, made by $mark}): remove it (docker rm -f $container) or choose another name"
        fi
    done || exit 1
}

# NAMES of a container, which are several where another is linked to it
is_leaving() {
    for one in $leaving; do
        case ",$1," in *",$one,"*) return 0 ;; esac
    done
    return 1
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
    timeout --foreground -k 1 50 docker ps -a --no-trunc --format '{{.ID}} {{.Label "crosshost"}}' --filter label=crosshost "$@" 2>/dev/null |
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

# Names that containers are to find from their start, before their unit comes, which knows them all and takes the place of this. Should
# it never come, the next preview finds another `seen` here than its state has.
foretell() {
    on_file=$lib_dir/$stack/units/$unit
    [ -f "$on_file" ] || on_file=/dev/null
    foretold=$(awk -v file="$on_file" '
        function key(line) { return substr(line, 1, index(line, ": ")) }
        { new[key($0)] = 1; lines[++n] = $0 }
        END {
            while ((getline line < file) > 0) {
                known[line] = 1
                if (line !~ /^(seen|drift .*): / && !(key(line) in new))
                    lines[++n] = line
            }
            for (i = 1; i <= n; i++)
                if (!(lines[i] in known)) {
                    for (i = 1; i <= n; i++)
                        print lines[i]
                    exit
                }
        }')
    [ -n "$foretold" ] || return 0
    verb=apply
    change - <<END
$(printf '%s\n' "$foretold" | sort)
seen: e$(date +%s%N)
END
}

# IMAGE: the ports that it declares, a line each; none of one that is not here
exposes() {
    case $1 in
        '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._/:@-]*) die "image \"$1\": is not a valid image name" ;;
    esac
    docker image inspect --format '{{range $port, $_ := .Config.ExposedPorts}}{{println $port}}{{end}}' "$1" 2>/dev/null
    return 0
}

# What happened since is in a folder, a file for each: a run that waits for the lock finds all that the others were to do.
# What starts while this starts is in both lists: the second time there is nothing to do. Who runs is kept from what was told:
# asking Docker takes 50 ms, and it connects a container just before that starts.
watch() {
    seen=$run_dir/seen/$stack
    mkdir -p "$seen" && chmod 0700 "$run_dir" || exit 1
    since=$(date +%s.%N)
    docker events --since "$since" --filter type=container --filter type=network \
        --filter event=start --filter event=die --filter event=rename --filter event=connect --filter event=disconnect \
        --format '{{.Type}} {{.Action}} {{urlquery .Actor.Attributes.name}} {{.Actor.ID}} {{urlquery (index .Actor.Attributes "container")}}' </dev/null | {
        running=' '
        for started in $(docker ps --no-trunc --format '{{.ID}}={{.Names}}' | sed 's|[^=,]*/[^,]*||g; s/,//g'); do
            running="$running$started "
            see "start:${started#*=}"
        done
        attach_seen
        while read -r type action name about inside; do
            happened "$type:$action" "$name" "$about" "$inside"
            if [ -n "$to" ] && [ -n "$(units_of "$action:$to")" ]; then
                see "$action:$to"
                attach_seen &
            fi
        done
    }
}

# EVENT NAME ID CONTAINER. $running: ` ID=NAME ID=NAME `; $to: the name of the container, none where that does not run
happened() {
    to=$2
    case $1 in
        network:*) to=$(running_name "$4") ;;
        container:start) running="$(running_without "$3")$3=$2 " ;;
        container:rename) [ -z "$(running_name "$3")" ] || running="$(running_without "$3")$3=$2 " ;;
        *)
            running=$(running_without "$3")
            to=''
            ;;
    esac
}

see() {
    case $1 in
        *[!A-Za-z0-9_.:-]*) ;;
        *) true >"$seen/$1" ;;
    esac
}

attach_seen() {
    sh "$0" attach "$stack" </dev/null
}

running_name() {
    case $running in
        *" $1="*) running=${running#*" $1="} && printf %s "${running%% *}" ;;
    esac
}

running_without() {
    case $running in
        *" $1="*) printf '%s ' "${running%%" $1="*}" && printf %s "${running#*" $1="*" "}" ;;
        *) printf %s "$running" ;;
    esac
}

attach() {
    set --
    [ -z "$container" ] || set -- "start:$container"
    for file in "$run_dir/seen/$stack"/*; do
        [ -f "$file" ] || continue
        set -- "$@" "${file##*/}"
    done
    for event; do
        rm -f "$run_dir/seen/$stack/$event"
        restarted="$restarted,${event#*:}"
    done
    restarted=${restarted#,}
    phase=rules
    # shellcheck disable=SC2046 # names of units hold no blanks
    settle $(units_of "$@")
}

# The units that hold something of containers to which that happened, and names, which are for all. Whoever disconnects one by
# hand finds it so until the next up.
units_of() {
    [ $# -gt 0 ] || return 0
    pattern='^name '
    for event; do
        case $event in
            connect:*) pattern="$pattern|^(interface|default-route) ${event#*:}[ :]" ;;
            disconnect:*) ;;
            *) pattern="$pattern|^(docker endpoint|interface|default-route|docker container [^ ]+) ${event#*:}[ :]" ;;
        esac
    done
    grep -lsE -e "$pattern" "$lib_dir/$stack/units"/* | sed 's|.*/||'
}
