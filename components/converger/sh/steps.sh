# shellcheck shell=sh
# Running what awk has planned: files NNN.TOOL, in order. `ip`, `bridge` and `nft` take a file as it is, the others line
# by line. $failure tells what went wrong, $step_file and $step_line where.

run_steps() {
    for file in "$1"/*; do
        [ -f "$file" ] || continue
        case $file in *.keys) continue ;; esac
        step_file=$file
        step_line=''
        run_file "${file##*.}" "$file" 2>"$journal_dir/error" || {
            step_line=$(failed_number "${file##*.}" "$file")
            failure=$(explain "${file##*.}" "$file")
            return 1
        }
    done
    step_file=''
}

# the entries that were changed before a step failed, the first few by name; nft takes a file whole or not at all
changed_before() {
    for keys in "$journal_dir"/*/do/*.keys; do
        [ -f "$keys" ] || continue
        if [ "$keys" = "$step_file.keys" ]; then
            case $step_file in *.nft) ;; *) head -n $((${step_line:-1} - 1)) "$keys" ;; esac
            break
        fi
        cat "$keys"
    done | awk '!known[$0]++ { if (++n <= 3) text = text (n > 1 ? ", " : "") $0 }
        END { printf "%s%s", text, (n > 3 ? " and " n - 3 " more" : "") }'
}

# Undoing goes on whatever fails: what was never done cannot be undone. A word that ip does not know ends its batch at
# once, so then the lines go one by one.
undo_steps() {
    for file in "$1"/*; do
        [ -f "$file" ] || continue
        case $file in
            *.ip) ip -force -batch "$file" || [ $? -eq 1 ] || each_line ip "$file" force ;;
            *.bridge) bridge -force -batch "$file" ;;
            *.nft) nft -f "$file" ;;
            *) each_line "${file##*.}" "$file" force ;;
        esac >/dev/null 2>&1
    done
}

run_file() {
    failed_line=''
    case $1 in
        ip | bridge) "$1" -batch "$2" >/dev/null ;;
        ip-del | bridge-del) "${1%-del}" -force -batch "$2" >/dev/null || : ;; # the kernel may have forgotten by itself
        nft) nft -f "$2" ;;
        netns-*) within_netns "${1#*-}" ip -batch "$2" >/dev/null ;;
        netnsdel-*) within_netns "${1#*-}" ip -force -batch "$2" >/dev/null || : ;;
        *) each_line "$1" "$2" '' ;;
    esac
}

# $1: the process of a container, and when it began, since its number may be another's by now; a command, which runs as root of
# the host in the container's network and nothing else of it
within_netns() {
    process=${1%-*}
    is_process "$1" || return 1
    shift
    nsenter -t "$process" -n -- "$@"
}

is_process() {
    [ "$(began "${1%-*}")" = "${1#*-}" ] || {
        echo "the container was stopped meanwhile" >&2
        return 1
    }
}

each_line() {
    number=0
    while IFS= read -r line <&3; do
        number=$((number + 1))
        run_line "$1" "$line" </dev/null || [ -n "$3" ] || {
            failed_line=$number
            return 1
        }
    done 3<"$2"
}

# the lines hold plain characters only, so that words are words; -f keeps a star a star
run_line() {
    set -f
    # shellcheck disable=SC2086 # split into words
    case $1 in
        put) put_file $2 ;;
        remove) rm -f $2 ;;
        prune) prune_folder $2 ;;
        enable) enable_service $2 ;;
        record) record_table $2 ;;
        insert) insert_rule $2 ;;
        hosts) write_names $2 ;;
        key) make_key $2 ;;
        keep) keep_lease $2 ;;
        profile) activate_profiles $2 ;;
        wireguard-go) wireguard_go $2 ;;
        config) put_config $2 ;;
        config-back) back_config ;;
        daemon) load_config $2 ;;
        sysctl) write_sysctl "${2%% *}" "${2#* }" ;;
        sysctl-*) within_netns "${1#*-}" sh -c 'echo "$1" >"/proc/sys/$0"' $2 ;;
        netns-*) within_netns "${1#*-}" ip $2 ;;
        into-*) is_process "${1#*-}" && ip $2 ;;
        docker)
            case $2 in
                'network connect '*) join_network ${2#network connect } ;;
                'network disconnect -f '*) leave_network ${2#network disconnect -f } ;;
                *) docker $2 >/dev/null ;;
            esac
            ;;
        announce-* | announceat-*) sh "$0" "${1%%-*}" "${1#*-}" $2 >/dev/null 2>&1 7>&- 8>&- 9>&- & ;;
        *) "$1" $2 >/dev/null ;;
    esac
    set -- $?
    set +f
    return "$1"
}

# PROCESS HOST LINK. A bridge takes nothing from a port until the kernel has seen its carrier, which it looks for by the way. With
# arp_notify an address that is set is told to the LAN, be it the same; but no other run may give another in between. Nobody who
# only looks has to wait for that.
announce() {
    tries=100
    until ip -d -o link show dev "$2" | grep -q ' state forwarding ' || [ $((tries -= 1)) -eq 0 ]; do sleep 0.02; done
    lock_shared
    address=$(within_netns "$1" ip -o link show dev "$3" | sed 's/.* link\/[a-z]* \([^ ]*\).*/\1/')
    within_netns "$1" ip link set dev "$3" address "$address"
}

# PROCESS ADDRESS: of an interface that Docker makes, which may not be there yet. As Docker itself from 28 on: three times, as a
# packet may be lost.
announceat() {
    tries=100
    until link=$(within_netns "$1" ip -o addr show to "$2") && [ -n "$link" ] || [ $((tries -= 1)) -eq 0 ]; do sleep 0.02; done
    link=${link#*: }
    link=${link%% *}
    port=$(within_netns "$1" ip -o link show dev "$link" | sed 's/^[0-9]*: [^ ]*@if\([0-9]*\):.*/\1/')
    port=$(ip -o link show | sed -n "s/^$port: \([^@:]*\).*/\1/p")
    within_netns "$1" sh -c 'echo 1 >"/proc/sys/net/ipv4/conf/$0/arp_notify"' "$link"
    for _ in 1 2 3; do
        (announce "$1" "$port" "$link")
        sleep 1
    done
}

make_folder() {
    [ -d "$1" ] || mkdir -p "$1"
}

prune_folder() {
    [ ! -d "$1" ] || rmdir --ignore-fail-on-non-empty "$1"
}

# TABLE CHAIN POSITION RULE: where it stood, or first if others have shortened the chain meanwhile
insert_rule() {
    table=$1 chain=$2 position=$3
    shift 3
    iptables -w 10 -t "$table" -C "$chain" "$@" || iptables -w 10 -t "$table" -I "$chain" "$position" "$@" || iptables -w 10 -t "$table" -I "$chain" "$@"
}

# PATH MODE SOURCE
put_file() {
    make_folder "${1%/*}" || return 1
    if ! install -m "$2" "$3" "$1.new" || ! mv -f "$1.new" "$1"; then
        rm -f "$1.new"
        return 1
    fi
}

# LINK NAME
enable_service() {
    make_folder "${1%/*}" && ln -sf "$systemd_dir/$2" "$1"
}

# NAME VALUE; of a link whose name has a dot the parts come with slashes
write_sysctl() {
    name=$1
    case $name in
        */*) ;;
        *) while [ "$name" != "${name#*.}" ]; do name=${name%%.*}/${name#*.}; done ;;
    esac
    cat >"/proc/sys/$name" <<END # whose error is the kernel's
$2
END
}

# FILE STACK LINES: in place, as it is mounted into its container, which may be gone
write_names() {
    [ -f "$1" ] || return 0
    {
        awk -v mark=" # crosshost $2" 'substr($0, length($0) - length(mark) + 1) != mark' "$1"
        sed "s/\$/ # crosshost $2/" "$3"
    } >"$journal_dir/hosts" && cat "$journal_dir/hosts" >"$1"
}

# FAMILY TABLE WANTED RECORD: what nft prints of a table right after loading it, behind what was wanted
record_table() {
    nft -s list table "$1" "$2" >>"$3" && make_folder "$run_dir/nft" && mv -f "$3" "$4"
}

# the line that a failed file stopped at; a word that ip cannot read is told without its line
failed_number() {
    case $1 in
        ip | bridge | nft | netns-*) shift ;;
        *)
            printf %s "$failed_line"
            return
            ;;
    esac
    number=$(sed -n -e 's/^Command failed .*:\([0-9]*\)$/\1/p' -e 's/^[^:]*:\([0-9]*\):.*/\1/p' "$journal_dir/error" | head -n 1)
    if [ -z "$number" ]; then
        word=$(sed -n 's/^[^"]*"\([^"]*\)".*/\1/p' "$journal_dir/error" | head -n 1)
        number=$(grep -n -w -F -e "$word" "$1" | head -n 1)
    fi
    printf %s "${number%%:*}"
}

# ENTRY: tried `COMMAND`: what the kernel or Docker said
explain() {
    number=$step_line lines=2
    [ "$1" != nft ] || lines=1
    tool=$1
    case $tool in
        netns-* | into-*) tool=ip ;;
        sysctl-*) tool=sysctl ;;
        key) tool='wg genkey >' ;;
        daemon) tool=systemctl ;;
        profile) tool='nmcli connection up' ;;
    esac
    said=$(sed -e '/^Command failed/d' -e "s|^$2:[-0-9:]* ||" "$journal_dir/error" | head -n $lines | tr '\n' ' ')
    [ -n "$said" ] || echo x 2>/dev/null >"$journal_dir/error" || said="no room in $run_dir"
    if [ -n "$number" ]; then
        printf "%s: tried \`%s %s\`: %s" "$(sed -n "${number}p" "$2.keys")" "$tool" "$(sed -n "${number}p" "$2" | sed 's/^ *//')" "${said% }"
    else
        printf "tried \`%s\`: %s" "$tool" "${said% }"
    fi
}
